import type { JSX } from "preact";
import { t } from "../i18n";
import { Dialog } from "../parts/dialog";
import { Field } from "../parts/field";
import { Form, useText } from "../parts/form";
import { fault, questionLength, tidy } from "../parts/text";
import type { Presence } from "../state/room";
import { close } from "../state/sheet";

/** Raises the hand with a one-line question. */
export function QuestionSheet({ presence }: { presence: Presence }): JSX.Element {
  const m = t().room;
  const question = useText();
  const check = () => {
    const why = fault(question.value, questionLength);
    if (why !== null) {
      question.refuse({ missing: m.questionMissing, long: m.questionLong, characters: m.questionCharacters }[why]);
    }
    return why === null;
  };
  const send = async () => {
    await presence.session.raiseHand(tidy(question.value));
    close();
  };
  return (
    <Dialog title={m.askTitle} onClose={close}>
      <Form submit={m.questionSend} submitting={t().common.loading} check={check} onSubmit={send}>
        <Field
          label={m.question}
          hint={m.questionHint}
          value={question.value}
          error={question.error}
          onText={question.set}
          autocomplete="off"
          enterkeyhint="send"
        />
      </Form>
    </Dialog>
  );
}
