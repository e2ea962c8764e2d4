import { useSignal } from "@preact/signals";
import { Ear, Mic } from "lucide-preact";
import type { JSX } from "preact";
import type { App, Direction, NewApp } from "../../sdk";
import { locale, t } from "../i18n";
import { LinkField } from "../parts/copy";
import { Dialog } from "../parts/dialog";
import { Notice } from "../parts/notice";
import type { Presence } from "../state/room";
import { close } from "../state/sheet";
import { attempt } from "../state/toast";

/** Lets other programs speak or listen for one, by tokens, and takes these back. */
export function AppsSheet({ presence }: { presence: Presence }): JSX.Element {
  const m = t().apps;
  const made = useSignal<NewApp | null>(null);
  const busy = useSignal(false);
  const create = async (direction: Direction) => {
    busy.value = true;
    try {
      made.value = await presence.session.createApp(direction);
    } finally {
      busy.value = false;
    }
  };
  const button = (direction: Direction) => (
    <button type="button" class="button" disabled={busy.value} onClick={() => attempt(create(direction))}>
      {direction === "speak" ? <Mic aria-hidden="true" /> : <Ear aria-hidden="true" />}
      {busy.value ? m.creating : m[direction]}
    </button>
  );
  return (
    <Dialog title={m.title} onClose={close}>
      <p>{m.intro}</p>
      {made.value === null ? (
        <div class="stack">
          {button("speak")}
          {button("listen")}
        </div>
      ) : (
        <Secret presence={presence} made={made.value} />
      )}
      <section class="stack" aria-label={m.connected}>
        <h3>{m.connected}</h3>
        {presence.apps.value.length === 0 && <p class="secondary">{m.none}</p>}
        <ul class="app-list">
          {presence.apps.value.map((app) => (
            <Row key={app.id} presence={presence} app={app} />
          ))}
        </ul>
      </section>
    </Dialog>
  );
}

/** What the other program needs, in the one moment in which it is known. */
function Secret({ presence, made }: { presence: Presence; made: NewApp }): JSX.Element {
  const m = t().apps;
  const speaks = made.app.direction === "speak";
  return (
    <div class="stack">
      <LinkField label={m.url} link={made.url} />
      <LinkField label={m.token} hint={m.tokenHint} link={made.token} />
      <LinkField label={m.command} link={commandLine(made)} />
      {speaks && <p class="secondary small">{m.obs}</p>}
      {speaks && presence.role.value === "listener" && <p>{m.stageFirst}</p>}
    </div>
  );
}

/** A line for a shell: microphone in, or loudspeaker out. */
function commandLine({ app, url, token }: NewApp): string {
  return app.direction === "speak"
    ? `gst-launch-1.0 autoaudiosrc ! audioconvert ! audioresample ! opusenc ! rtpopuspay ! whipsink auth-token=${token} whip-endpoint=${url}`
    : `gst-launch-1.0 whepsrc auth-token=${token} whep-endpoint=${url} video-caps=none ! rtpopusdepay ! opusdec ! autoaudiosink`;
}

function Row({ presence, app }: { presence: Presence; app: App }): JSX.Element {
  const m = t().apps;
  const name = app.direction === "speak" ? m.forSpeaking : m.forListening;
  const time = new Intl.DateTimeFormat(locale.value, { timeStyle: "short" }).format(app.expires);
  return (
    <li>
      <span class="app-what">
        <strong>{name}</strong>
        <span class="secondary small">
          {app.connected ? m.isConnected : m.waits}, {m.until(time)}
        </span>
      </span>
      <button
        type="button"
        class="button"
        aria-label={m.disconnect(name)}
        onClick={() => attempt(presence.session.revokeApp(app.id))}
      >
        {m.disconnectShort}
      </button>
    </li>
  );
}

/** What other programs do for one at present, and how to do it here instead. */
export function AppNotices({ presence }: { presence: Presence }): JSX.Element {
  const m = t().apps;
  const voice = presence.apps.value.find((app) => app.connected && app.direction === "speak");
  return (
    <>
      {voice !== undefined && (
        <Notice text={m.speaking} hint={m.speakingHint}>
          <button type="button" class="button" onClick={() => attempt(presence.session.revokeApp(voice.id))}>
            {m.useMicrophone}
          </button>
        </Notice>
      )}
      {presence.quiet.value && (
        <Notice text={m.listening} hint={m.listeningHint}>
          <button type="button" class="button" onClick={() => presence.session.listenHere()}>
            {m.listenHere}
          </button>
        </Notice>
      )}
    </>
  );
}
