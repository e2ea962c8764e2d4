import { render } from "preact";
import { App } from "./app";
import { startLanguage } from "./i18n";
import { startRouter } from "./router";
import { loadRest } from "./start";
import { comeBack } from "./state/current";
import { boot } from "./state/session";
import { startTheme } from "./state/settings";
import { surely } from "./state/surely";
import { startTitle } from "./state/title";

startTheme();

const place = document.getElementById("app");

let failures = 0;

/** Many browsers never fetch a module again that failed once; and after an update of the node it is there no more. */
async function reloadIfItAnswers(): Promise<void> {
  const { ok } = await fetch("/api/v1/node", { cache: "no-store" }).catch(() => ({ ok: false }));
  if (ok) location.reload();
}

/** What is said while there are no words in one language. */
function sayNoWords(): void {
  const said = document.createElement("p");
  said.className = "noscript";
  said.setAttribute("role", "status");
  said.textContent = "The node does not answer. Trying again… · Le nœud ne répond pas. Nouvel essai…";
  place?.replaceChildren(said);
  if (++failures > 1) void reloadIfItAnswers();
}

// Languages are built on this very module: awaited here, they would wait for themselves.
void surely(startLanguage, sayNoWords).then(async () => {
  startTitle();
  startRouter();

  if (place !== null) {
    place.replaceChildren();
    render(<App />, place);
  }

  await boot(comeBack);
  await loadRest();
});
