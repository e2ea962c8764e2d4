import { X } from "lucide-preact";
import type { ComponentChildren, JSX, TargetedPointerEvent } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../i18n";
import { closeOnBack } from "../router";
import { ToastPlace } from "./toast-place";

interface DialogProps {
  title: string;
  /** Called once, whichever way the dialog is left: Escape, the close button, a press outside, Back. */
  onClose: () => void;
  /** Without a close button and without closing by a press outside: the dialog asks for an answer. */
  asks?: boolean;
  /** Stands before the title. */
  lead?: ComponentChildren;
  children: ComponentChildren;
}

/** A modal sheet: from below on a phone, centred elsewhere. Focus is kept inside and goes back to the opener. */
export function Dialog(props: DialogProps): JSX.Element {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  const onClose = useRef(props.onClose);
  onClose.current = props.onClose;
  useLayoutEffect(() => {
    const dialog = ref.current;
    const opener = document.activeElement;
    dialog?.showModal();
    // A question is read before it is answered, and a key already on its way must not answer it.
    if (props.asks === true) dialog?.querySelector("h2")?.focus();
    return () => {
      dialog?.close();
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
    };
  }, []);
  useLayoutEffect(() => closeOnBack(() => onClose.current()), []);
  const pressed = (e: TargetedPointerEvent<HTMLDialogElement>) => {
    if (props.asks === true || e.target !== e.currentTarget) return;
    const box = e.currentTarget.getBoundingClientRect();
    const inside = e.clientX >= box.left && e.clientX <= box.right && e.clientY >= box.top && e.clientY <= box.bottom;
    if (!inside) props.onClose();
  };
  return (
    <dialog
      ref={ref}
      class="sheet"
      aria-labelledby={id}
      onPointerDown={pressed}
      onCancel={(e) => {
        e.preventDefault();
        props.onClose();
      }}
    >
      <header class="sheet-head">
        {props.lead}
        <h2 id={id} tabIndex={-1}>
          {props.title}
        </h2>
        {props.asks !== true && (
          <button type="button" class="icon-button" aria-label={t().common.close} onClick={props.onClose}>
            <X aria-hidden="true" />
          </button>
        )}
      </header>
      {props.children}
      <ToastPlace />
    </dialog>
  );
}
