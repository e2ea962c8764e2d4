import { forgetPush } from "../state/push";
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useId } from "preact/hooks";
import type { Me } from "../../sdk";
import { t } from "../i18n";
import { Dialog } from "../parts/dialog";
import { navigate, paths } from "../router";
import { leave } from "../state/room";
import { forget, hasRecoveryFile, key, keystore, saveRecoveryFileAgain } from "../state/session";
import { attempt, say } from "../state/toast";

/** The key, its copy, and how to be rid of it here. */
export function Keys({ self }: { self: Me }): JSX.Element {
  const m = t().profile;
  const forgetting = useSignal(false);
  const id = useId();
  const unsaved = key.value?.extractable === true;
  return (
    <section class="card stack" aria-labelledby={id}>
      <h2 id={id}>{m.key}</h2>
      <p class="key">{self.member.key}</p>
      <p>{unsaved ? t().recovery.missing : t().recovery.kept}</p>
      <RecoveryFile unsaved={unsaved} />
      <p class="secondary small">{t().recovery.privateWindow}</p>
      <Persistence />
      <div class="row">
        <button type="button" class="button button-danger" onClick={() => (forgetting.value = true)}>
          {m.forget}
        </button>
      </div>
      {forgetting.value && <ForgetDialog unsaved={unsaved} founder={self.founder} onClose={() => (forgetting.value = false)} />}
    </section>
  );
}

/** The way to the recovery file, or to one more copy of it. */
function RecoveryFile({ unsaved }: { unsaved: boolean }): JSX.Element {
  const m = t().key;
  const has = hasRecoveryFile();
  return (
    <>
      {!unsaved && <p class="secondary small">{has ? m.fileAgainHint : m.fileElsewhere}</p>}
      <div class="row">
        {unsaved ? (
          <a class="button button-primary" href={paths.recovery(paths.profile)}>
            {t().recovery.save}
          </a>
        ) : has ? (
          <SaveAgain />
        ) : (
          <a class="button" href={paths.restore(paths.profile)}>
            {m.fileOpen}
          </a>
        )}
      </div>
    </>
  );
}

/** Saves the recovery file once more. */
export function SaveAgain(): JSX.Element {
  const save = () => {
    saveRecoveryFileAgain();
    say(t().recovery.saved);
  };
  return (
    <button type="button" class="button" onClick={save}>
      {t().key.fileAgain}
    </button>
  );
}

/** Whether the browser keeps the key when space runs short; it can be asked to. */
function Persistence(): JSX.Element | null {
  const m = t().key;
  const keeps = useSignal<boolean | null>(null);
  useEffect(() => void keystore.persisted().then((is) => (keeps.value = is)), []);
  if (keeps.value === null) return null;
  if (keeps.value) return <p class="secondary small">{m.keeps}</p>;
  const ask = async () => {
    keeps.value = await keystore.persist();
    if (!keeps.value) say(m.keepRefused, "warning");
  };
  return (
    <>
      <p class="secondary small">{m.mayForget}</p>
      <div class="row">
        <button type="button" class="button" onClick={() => attempt(ask())}>
          {m.askToKeep}
        </button>
      </div>
    </>
  );
}

/** How long a node that does not answer is waited for before the key goes, in milliseconds. */
const patience = 3_000;

/** Asks before the key goes from this browser, and for its recovery file first. */
export function ForgetDialog(props: { unsaved: boolean; founder: boolean; onClose: () => void }): JSX.Element {
  const m = t().profile;
  const forgetAll = async () => {
    await leave().catch(() => undefined); // the node may be gone; the key is forgotten all the same
    await Promise.race([forgetPush().catch(() => undefined), new Promise((over) => setTimeout(over, patience))]);
    await forget();
    navigate(paths.hallway);
  };
  return (
    <Dialog title={m.forgetTitle} onClose={props.onClose} asks>
      <p>{m.forgetHint}</p>
      {props.unsaved && (
        <p>
          <strong>{props.founder ? m.forgetUnsavedFounder : m.forgetUnsaved}</strong>
        </p>
      )}
      <div class="sheet-actions">
        {props.unsaved && (
          <a class="button button-primary button-wide" href={paths.recovery(paths.profile)}>
            {t().key.forgetFirst}
          </a>
        )}
        {!props.unsaved && hasRecoveryFile() && <SaveAgain />}
        <button
          type="button"
          class="button button-danger button-wide"
          onClick={() => {
            props.onClose();
            attempt(forgetAll());
          }}
        >
          {m.forgetConfirm}
        </button>
        <button type="button" class="button button-wide" onClick={props.onClose}>
          {t().common.cancel}
        </button>
      </div>
    </Dialog>
  );
}
