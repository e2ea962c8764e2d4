import { render } from "preact";
import { App } from "./app";
import { startLanguage } from "./i18n";
import { startRouter } from "./router";
import { loadRest } from "./start";
import { comeBack } from "./state/current";
import { boot } from "./state/session";
import { startTheme } from "./state/settings";
import { startTitle } from "./state/title";

startTheme();

// Other languages are built on this very module: awaited here, it would wait for itself.
void startLanguage().then(async () => {
  startTitle();
  startRouter();

  const place = document.getElementById("app");
  if (place !== null) render(<App />, place);

  await boot(comeBack);
  await loadRest();
});
