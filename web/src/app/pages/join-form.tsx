import type { ComponentChildren, JSX } from "preact";
import { t } from "../i18n";
import { Field } from "../parts/field";
import { Form, useText } from "../parts/form";
import { fault, nameLength, tidy } from "../parts/text";

/** Asks a newcomer for the one thing needed. The founder's page puts its own field before it. */
export function JoinForm(props: {
  before?: JSX.Element;
  check?: () => boolean;
  onJoin: (name: string) => Promise<void>;
  after?: ComponentChildren;
}): JSX.Element {
  const m = t().join;
  const name = useText();
  const check = () => {
    const why = fault(name.value, nameLength);
    if (why !== null) name.refuse({ missing: m.nameMissing, long: m.nameLong, characters: m.nameCharacters }[why]);
    return props.check?.() !== false && why === null;
  };
  return (
    <Form
      submit={m.submit}
      submitting={m.submitting}
      check={check}
      onSubmit={() => props.onJoin(tidy(name.value))}
      after={props.after}
    >
      {props.before}
      <Field
        label={m.name}
        hint={m.nameHint}
        value={name.value}
        error={name.error}
        onText={name.set}
        autocomplete="nickname"
        enterkeyhint="done"
        required
      />
      <p class="secondary small">{m.keyNote}</p>
    </Form>
  );
}
