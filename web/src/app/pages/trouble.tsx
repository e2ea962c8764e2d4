import type { JSX } from "preact";
import { t } from "../i18n";
import { PlainPage } from "../parts/plain-page";
import { paths, type Route } from "../router";
import type { Lack } from "../state/browser";
import { comeBack } from "../state/room";
import { boot, me } from "../state/session";

function ToHallway(props: { second?: boolean }): JSX.Element {
  return (
    <a class={props.second === true ? "button" : "button button-primary"} href={paths.hallway}>
      {t().common.toHallway}
    </a>
  );
}

/** The node does not answer. */
export function OfflinePage(): JSX.Element {
  return (
    <PlainPage title={t().problem.offline} lead={t().problem.offlineHint}>
      <div class="row">
        <button type="button" class="button button-primary" onClick={() => void boot(comeBack)}>
          {t().common.retry}
        </button>
      </div>
    </PlainPage>
  );
}

/** The page failed in a way that nobody foresaw. */
export function FailedPage(): JSX.Element {
  return (
    <PlainPage title={t().problem.title} lead={t().problem.unexpected}>
      <div class="row">
        <button type="button" class="button button-primary" onClick={() => location.reload()}>
          {t().problem.reload}
        </button>
      </div>
    </PlainPage>
  );
}

/** This browser or this address cannot do what is needed. */
export function LackingPage(props: { lack: Lack }): JSX.Element {
  const m = t().problem;
  switch (props.lack.kind) {
    case "insecure":
      return <PlainPage title={m.insecureTitle} lead={m.insecure} />;
    case "storage":
      return <PlainPage title={m.storageTitle} lead={m.storage} />;
    case "old":
      return <PlainPage title={m.oldTitle} lead={m.old(props.lack.missing)} />;
  }
}

/** An address that leads nowhere. */
export function NotFoundPage(): JSX.Element {
  return (
    <PlainPage title={t().notFound.title} lead={t().notFound.text}>
      <div class="row">
        <ToHallway />
      </div>
    </PlainPage>
  );
}

/** A member opened an invite or the owner link. */
export function AlreadyPage(props: { by: Route["page"] }): JSX.Element {
  const m = t().already;
  return (
    <PlainPage title={m.title} lead={m.text(me.value?.member.name ?? "")}>
      <p class="secondary">{props.by === "invite" ? m.invite : m.owner}</p>
      <div class="row">
        <ToHallway />
      </div>
    </PlainPage>
  );
}

/** A room that is over for this person, or never was. */
export function ClosedRoomPage(props: {
  title: string;
  text: string;
  /** What else than going away may help. */
  action?: { label: string; run: () => void };
}): JSX.Element {
  return (
    <PlainPage title={props.title} lead={props.text}>
      <div class="row">
        {props.action !== undefined && (
          <button type="button" class="button button-primary" onClick={props.action.run}>
            {props.action.label}
          </button>
        )}
        <ToHallway second={props.action !== undefined} />
      </div>
    </PlainPage>
  );
}
