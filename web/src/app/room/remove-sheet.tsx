import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { Did } from "../../sdk";
import { t } from "../i18n";
import { Dialog } from "../parts/dialog";
import { Field } from "../parts/field";
import { Form, useText } from "../parts/form";
import { fault, reasonBytes, reasonLength, tidy } from "../parts/text";
import type { Presence } from "../state/room";
import { close } from "../state/sheet";
import { say } from "../state/toast";

/** For how long, in seconds; without an end for as long as the room lives. */
const spans = { short: 300, day: 86_400, always: undefined } as const;

/** Takes somebody out of the room: for how long, and why. */
export function RemoveSheet(props: { presence: Presence; who: Did; name: string }): JSX.Element {
  const { presence, who, name } = props;
  const m = t().person;
  const span = useSignal<keyof typeof spans>("short");
  const reason = useText();
  const check = () => {
    const why = fault(reason.value, reasonLength, reasonBytes);
    if (why !== null) {
      reason.refuse({ missing: m.reasonMissing, long: m.reasonLong, characters: m.reasonCharacters }[why]);
    }
    return why === null;
  };
  const remove = async () => {
    const duration = spans[span.value];
    const lasting = duration === undefined ? {} : { duration };
    await presence.session.act({ type: "remove", target: who, reason: tidy(reason.value), ...lasting });
    close();
    say(m.removed(name));
  };
  return (
    <Dialog title={m.removeTitle(name)} onClose={close}>
      <p class="secondary">{m.removeText}</p>
      <Form submit={m.removeConfirm} submitting={t().common.loading} danger check={check} onSubmit={remove}>
        <div role="radiogroup" aria-labelledby="span-label" class="field">
          <span id="span-label" class="legend">
            {m.removeSpan}
          </span>
          {(["short", "day", "always"] as const).map((which) => (
            <label key={which} class="choice">
              <input
                type="radio"
                name="span"
                value={which}
                checked={span.value === which}
                onChange={() => (span.value = which)}
              />
              <span>{m.removeSpans[which]}</span>
            </label>
          ))}
        </div>
        <Field
          label={m.reason}
          hint={m.reasonHint}
          value={reason.value}
          error={reason.error}
          onText={reason.set}
          autocomplete="off"
          required
        />
      </Form>
    </Dialog>
  );
}
