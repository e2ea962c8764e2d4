import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { t } from "../i18n";
import { Form } from "../parts/form";
import { PlainPage } from "../parts/plain-page";
import { paths } from "../router";
import { leave } from "../state/current";
import { key, phase, signIn } from "../state/session";
import { ForgetDialog } from "./keys";

/** After this browser's session was ended from another: nothing goes on by itself. */
export function SignedOutPage(): JSX.Element {
  const m = t().farewell;
  const forgetting = useSignal(false);
  useEffect(() => void leave().catch(() => undefined), []); // the node has done so already
  return (
    <PlainPage title={m.outTitle} lead={m.outText}>
      <Form
        submit={m.signIn}
        submitting={t().common.loading}
        onSubmit={signIn}
        after={
          <button type="button" class="button button-danger" onClick={() => (forgetting.value = true)}>
            {t().profile.forget}
          </button>
        }
      >
        <p class="secondary">{m.outStranger}</p>
      </Form>
      {forgetting.value && <ForgetDialog unsaved={key.value?.extractable === true} founder={false} onClose={() => (forgetting.value = false)} />}
    </PlainPage>
  );
}

/** After somebody has erased themselves. */
export function ErasedPage({ community }: { community: string }): JSX.Element {
  const m = t().farewell;
  useEffect(() => void leave().catch(() => undefined), []); // the node has done so already
  return (
    <PlainPage title={m.erasedTitle} lead={m.erasedText(community)}>
      <p>{m.erasedKey}</p>
      <p class="secondary">{m.erasedBack}</p>
      <div class="row">
        <a class="button" href={paths.hallway} onClick={() => (phase.value = { kind: "stranger" })}>
          {t().common.goOn}
        </a>
      </div>
    </PlainPage>
  );
}
