import { DoorOpen, FileKey } from "lucide-preact";
import type { JSX } from "preact";
import { t } from "../i18n";
import { Notice } from "../parts/notice";
import { PlainPage } from "../parts/plain-page";
import { paths, route } from "../router";
import { sent } from "../state/asking";
import { community, forget, key } from "../state/session";
import { attempt } from "../state/toast";
import { MiniBar } from "../room/current-room";
import { AskForm, WaitingPage } from "./ask";

/** For whoever comes without a link, or by that of a room that is not for them: what this place is, and the ways in. */
export function StrangerPage({ why }: { why?: string }): JSX.Element {
  const m = t().stranger;
  const here = community.value;
  if (here === null) return <PlainPage title={m.unfoundedTitle} lead={m.unfounded} />;
  const request = sent.value;
  if (request !== null && request.did === key.value?.did) return <WaitingPage request={request} community={here} />;
  return (
    <PlainPage title={here.name} lead={m.text}>
      {here.entry !== "invite" && (
        <section class="card" aria-label={here.entry === "open" ? t().join.title(here.name) : t().entry.ask}>
          <AskForm community={here} />
        </section>
      )}
      {key.value !== null && (
        <Notice text={m.unknownKey} hint={m.unknownKeyHint}>
          <button type="button" class="button" onClick={() => attempt(forget())}>
            {t().profile.forget}
          </button>
        </Notice>
      )}
      <ul class="ways stack">
        <li>
          <DoorOpen aria-hidden="true" />
          <p>
            {why !== undefined && <strong>{why} </strong>}
            {m.invited}
          </p>
        </li>
        <li>
          <FileKey aria-hidden="true" />
          <div class="stack">
            <p>{m.restoreHint}</p>
            <a class="button" href={paths.restore(route.value.page === "room" ? location.pathname : paths.hallway)}>
              {m.restore}
            </a>
          </div>
        </li>
      </ul>
      <MiniBar />
    </PlainPage>
  );
}
