import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { hush, toast } from "../state/toast";

// What lies below an open dialog is neither read out nor pressed, so the message is shown where one can be: in the newest.
const places = signal<readonly object[]>([]);

/** Where the passing message is shown: at the foot of the page, and of each dialog over it. */
export function ToastPlace(): JSX.Element {
  const self = useRef({}).current;
  useLayoutEffect(() => {
    places.value = [...places.peek(), self];
    return () => {
      places.value = places.peek().filter((place) => place !== self);
    };
  }, []);
  const message = places.value.at(-1) === self ? toast.value : null;
  return (
    <div class="toast-place" role="status">
      {message !== null && (
        <div class={`toast toast-${message.kind}`}>
          <p>{message.text}</p>
          {message.action !== undefined && (
            <button
              type="button"
              onClick={() => {
                hush();
                message.action?.run();
              }}
            >
              {message.action.label}
            </button>
          )}
        </div>
      )}
    </div>
  );
}
