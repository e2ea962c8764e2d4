import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useId } from "preact/hooks";
import { OfflineError, ProblemError, type Me } from "../../sdk";
import { size, t, tp } from "../i18n";
import { Dialog } from "../parts/dialog";
import { download } from "../parts/download";
import { Field } from "../parts/field";
import { Form, useText } from "../parts/form";
import { Notice } from "../parts/notice";
import { tidy } from "../parts/text";
import { leave } from "../state/room";
import { client, erase } from "../state/session";
import { explain, say } from "../state/toast";

/** All that the node holds on somebody, to take along. */
export function OwnData({ self }: { self: Me }): JSX.Element {
  const m = tp().own;
  const id = useId();
  const came = useSignal<number | null>(null);
  const failure = useSignal<string | null>(null);
  const take = async () => {
    failure.value = null;
    came.value = 0;
    try {
      const archive = await client.own.export((bytes) => (came.value = bytes));
      download(archive, `stoa-${self.member.key.slice(-8)}-${new Date().toISOString().slice(0, 10)}.zip`);
      say(m.saved);
    } catch (error) {
      if (error instanceof OfflineError && came.value > 0) failure.value = m.cut;
      else if (error instanceof ProblemError && error.code === "rate-limited") failure.value = m.busy;
      else failure.value = explain(error);
    } finally {
      came.value = null;
    }
  };
  return (
    <section class="card stack" aria-labelledby={id}>
      <h2 id={id}>{m.data}</h2>
      <p>{m.dataText}</p>
      {failure.value !== null && <Notice kind="warning" text={failure.value} />}
      <div class="row">
        <button type="button" class="button" disabled={came.value !== null} onClick={() => void take()}>
          {m.download}
        </button>
        <span role="status" class="secondary small">
          {came.value !== null && (came.value === 0 ? m.downloading : m.downloaded(size(came.value)))}
        </span>
      </div>
    </section>
  );
}

/** The way out. A founder has none, and is told why. */
export function LeaveForGood({ self }: { self: Me }): JSX.Element {
  const m = tp().own;
  const id = useId();
  const asking = useSignal(false);
  return (
    <section class="card stack card-danger" aria-labelledby={id}>
      <h2 id={id}>{m.leave}</h2>
      {self.founder ? (
        <>
          <p>{m.founderStays}</p>
          <p class="secondary">{m.founderInstead}</p>
        </>
      ) : (
        <>
          <p>{m.leaveText}</p>
          <div class="row">
            <button type="button" class="button button-danger" onClick={() => (asking.value = true)}>
              {m.erase}
            </button>
          </div>
        </>
      )}
      {asking.value && <EraseDialog name={self.member.name} onClose={() => (asking.value = false)} />}
    </section>
  );
}

/** Says what goes and what stays, and asks for the name, so that nobody is erased by a slip. */
function EraseDialog(props: { name: string; onClose: () => void }): JSX.Element {
  const m = tp().own;
  const name = useText();
  const alike = (text: string) => tidy(text).toLocaleLowerCase();
  const check = () => {
    if (alike(name.value) === alike(props.name)) return true;
    name.refuse(m.eraseNameWrong);
    return false;
  };
  const go = async () => {
    await leave().catch(() => undefined); // the erasure takes them out of the room too
    await erase();
  };
  return (
    <Dialog title={m.eraseTitle} onClose={props.onClose} asks>
      <h3>{m.goes}</h3>
      <ul class="bullets">{m.goesList.map((what) => <li key={what}>{what}</li>)}</ul>
      <h3>{m.stays}</h3>
      <ul class="bullets">{m.staysList.map((what) => <li key={what}>{what}</li>)}</ul>
      <p>
        <strong>{m.eraseKey}</strong>
      </p>
      <Form
        submit={m.eraseConfirm}
        submitting={m.erasing}
        danger
        check={check}
        onSubmit={go}
        after={
          <button type="button" class="button button-wide" onClick={props.onClose}>
            {t().common.cancel}
          </button>
        }
      >
        <Field label={m.eraseName(props.name)} value={name.value} error={name.error} onText={name.set} autocomplete="off" spellcheck={false} />
      </Form>
    </Dialog>
  );
}
