import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useEffect } from "preact/hooks";
import { t } from "../i18n";
import { Named } from "../parts/named";
import { PlainPage } from "../parts/plain-page";
import { link, navigate, paths } from "../router";
import type { Lack } from "../state/browser";
import { comeBack } from "../state/current";
import { boot, client, community, me } from "../state/session";

function ToHallway(props: { second?: boolean }): JSX.Element {
  return (
    <a class={props.second === true ? "button" : "button button-primary"} href={paths.hallway}>
      {me.value === null && community.value !== null ? (
        <Named say={t().door.front} name={community.value.name} />
      ) : (
        t().common.toHallway
      )}
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

/** The code of this page did not come: the node does not answer, or it has become another version. */
export function MissingPage({ onRetry }: { onRetry: () => void }): JSX.Element {
  return (
    <PlainPage title={t().problem.offline} lead={t().problem.missingHint}>
      <div class="row">
        <button type="button" class="button button-primary" onClick={onRetry}>
          {t().common.retry}
        </button>
        <button type="button" class="button" onClick={() => location.reload()}>
          {t().problem.reload}
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

/** A member opened an invite or the owner link. The way on takes the link, and the secret in it, out of the history. */
export function AlreadyPage(): JSX.Element {
  const m = t().already;
  const to = link.value;
  const invite = to.kind === "invite" ? to.invite : null;
  const room = to.kind === "invite" ? to.room : null;
  const unused = useSignal(false);
  useEffect(() => {
    unused.value = false;
    if (invite === null) return;
    let shown = true;
    client.invites.preview(invite).then(
      () => (unused.value = shown),
      () => undefined, // used, expired or revoked: there is nothing to leave to anybody
    );
    return () => {
      shown = false;
    };
  }, [invite]);
  const goOn = (path: string, label: string, primary: boolean) => (
    <a
      class={primary ? "button button-primary" : "button"}
      href={path}
      onClick={(e) => {
        if (e.button !== 0 || e.ctrlKey || e.metaKey || e.altKey || e.shiftKey) return;
        e.preventDefault();
        navigate(path, { replace: true });
      }}
    >
      {label}
    </a>
  );
  return (
    <PlainPage title={m.title} lead={m.text(me.value?.member.name ?? "")}>
      {to.kind === "owner" && <p class="secondary">{m.owner}</p>}
      {unused.value && <p class="secondary">{m.invite}</p>}
      <div class="row">
        {room !== null && goOn(paths.room(room), t().common.toRoom, true)}
        {goOn(paths.hallway, t().common.toHallway, room === null)}
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
  children?: ComponentChildren;
}): JSX.Element {
  return (
    <PlainPage title={props.title} lead={props.text}>
      {props.children}
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
