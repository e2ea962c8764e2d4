import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { KeyError, openRecovery } from "../../sdk";
import { t } from "../i18n";
import { Field, FileField } from "../parts/field";
import { Form, useText } from "../parts/form";
import { Notice } from "../parts/notice";
import { PlainPage } from "../parts/plain-page";
import { next } from "../router";
import { community, key, restore } from "../state/session";
import { explain } from "../state/toast";

/** Opens a recovery file: the key in it becomes this browser's. */
export function RestorePage(): JSX.Element {
  const m = t().restore;
  const file = useSignal<File | null>(null);
  const fileError = useSignal("");
  const passphrase = useText();
  const otherCommunity = useSignal(false);
  const check = () => {
    fileError.value = file.value === null ? m.fileMissing : "";
    if (passphrase.value === "") passphrase.refuse(m.passphraseMissing);
    return file.value !== null && passphrase.value !== "";
  };
  const open = async () => {
    if (file.value === null) return;
    const bytes = new Uint8Array(await file.value.arrayBuffer());
    const recovery = await openRecovery(bytes, passphrase.value);
    otherCommunity.value = recovery.community !== community.value?.id;
    if (!otherCommunity.value) await restore(recovery, bytes, next.value);
  };
  return (
    <PlainPage title={m.title} lead={m.text}>
      {key.value?.extractable === true && <Notice kind="warning" text={m.replaces} />}
      <Form
        submit={m.submit}
        submitting={m.submitting}
        check={check}
        onSubmit={open}
        explainError={(error) => (error instanceof KeyError ? m[error.why === "passphrase" ? "wrong" : "failed"] : explain(error))}
        after={
          <a class="button button-quiet" href={next.value}>
            {t().common.cancel}
          </a>
        }
      >
        <FileField
          label={m.file}
          choose={m.choose}
          accept=".json,application/json"
          file={file.value}
          error={fileError.value}
          onPick={(picked) => {
            file.value = picked;
            fileError.value = "";
          }}
        />
        <Field
          label={m.passphrase}
          type="password"
          autocomplete="current-password"
          value={passphrase.value}
          error={passphrase.error}
          onText={passphrase.set}
        />
        {otherCommunity.value && <Notice kind="warning" text={m.otherCommunity} />}
      </Form>
    </PlainPage>
  );
}
