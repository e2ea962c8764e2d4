import type { JSX } from "preact";
import { shortestPassphrase } from "../../sdk";
import { t } from "../i18n";
import { Field } from "../parts/field";
import { Form, useText } from "../parts/form";
import { Notice } from "../parts/notice";
import { PlainPage } from "../parts/plain-page";
import { length } from "../parts/text";
import { navigate, next } from "../router";
import { SaveAgain } from "./keys";
import { community, hasRecoveryFile, key, me, saveRecoveryFile } from "../state/session";
import { say } from "../state/toast";

/** After joining, and from the banner: the file that brings the key back. */
export function RecoveryPage(): JSX.Element {
  const m = t().recovery;
  const passphrase = useText();
  const goOn = () => navigate(next.value, { replace: true });
  if (key.value?.extractable !== true) {
    return (
      <PlainPage title={t().profile.recovery} lead={m.kept}>
        <div class="row">
          {hasRecoveryFile() && <SaveAgain />}
          <button type="button" class="button button-primary" onClick={goOn}>
            {t().common.goOn}
          </button>
        </div>
      </PlainPage>
    );
  }
  const check = () => {
    if (length(passphrase.value) >= shortestPassphrase) return true;
    passphrase.refuse(m.passphraseShort);
    return false;
  };
  const save = async () => {
    await saveRecoveryFile(passphrase.value);
    say(m.saved);
    goOn();
  };
  return (
    <PlainPage title={m.title} lead={m.text}>
      {me.value?.founder === true && <Notice text={m.founder(community.value?.name ?? "")} />}
      <Form
        submit={m.save}
        submitting={m.saving}
        check={check}
        onSubmit={save}
        after={
          <button type="button" class="button button-quiet" onClick={goOn}>
            {m.later}
          </button>
        }
      >
        <Field
          label={m.passphrase}
          hint={m.passphraseHint}
          type="password"
          autocomplete="new-password"
          value={passphrase.value}
          error={passphrase.error}
          onText={passphrase.set}
        />
      </Form>
      <p class="secondary small">{m.privateWindow}</p>
    </PlainPage>
  );
}
