import { CircleCheck, Info, TriangleAlert } from "lucide-preact";
import type { ComponentChildren, JSX } from "preact";

/** A message in the page: what is the case and, as children, what to do. Announced politely, or at once if it warns. */
export function Notice(props: {
  kind?: "info" | "warning" | "done";
  text: string;
  hint?: string;
  children?: ComponentChildren;
}): JSX.Element {
  const kind = props.kind ?? "info";
  const Icon = { info: Info, warning: TriangleAlert, done: CircleCheck }[kind];
  return (
    <div class={`notice notice-${kind}`} role={kind === "warning" ? "alert" : "status"}>
      <Icon aria-hidden="true" class="icon" />
      <div class="notice-body">
        <p>
          <strong>{props.text}</strong>
          {props.hint !== undefined && <> {props.hint}</>}
        </p>
        {props.children !== undefined && <div class="row">{props.children}</div>}
      </div>
    </div>
  );
}
