import { render } from "preact";
import { App } from "./app";
import { startLanguage } from "./i18n";
import { startKeys } from "./room/keys";
import { startRouter } from "./router";
import { startDevice } from "./state/device";
import { startFresh } from "./state/fresh";
import { startMine } from "./state/mine";
import { comeBack, startPresence } from "./state/room";
import { startNotices } from "./state/notices";
import { startPush } from "./state/push";
import { boot } from "./state/session";
import { startTheme } from "./state/settings";
import { startTitle } from "./state/title";

startTheme();

// Other languages are built on this very module: awaited here, it would wait for itself.
void startLanguage().then(() => {
  startTitle();
  startRouter();
  startKeys();
  startDevice();
  startMine();
  startPresence();
  startFresh();
  startNotices();
  startPush();

  const place = document.getElementById("app");
  if (place !== null) render(<App />, place);

  void boot(comeBack);
});
