import type { JSX } from "preact";
import { t } from "../i18n";
import { close } from "../state/sheet";
import { Dialog } from "./dialog";

/** Asks before something that cannot be undone. */
export function ConfirmDialog(props: {
  title: string;
  text: string;
  warning?: string;
  confirm: string;
  cancel?: string;
  onConfirm: () => void;
  /** Called before onConfirm too. Without it the sheet of the page is closed. */
  onClose?: () => void;
}): JSX.Element {
  const done = props.onClose ?? close;
  return (
    <Dialog title={props.title} onClose={done} asks>
      <p>{props.text}</p>
      {props.warning !== undefined && (
        <p>
          <strong>{props.warning}</strong>
        </p>
      )}
      <div class="sheet-actions sheet-actions-row">
        <button
          type="button"
          class="button button-danger"
          onClick={() => {
            done();
            props.onConfirm();
          }}
        >
          {props.confirm}
        </button>
        <button type="button" class="button" onClick={done}>
          {props.cancel ?? t().common.cancel}
        </button>
      </div>
    </Dialog>
  );
}
