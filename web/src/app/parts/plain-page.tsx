import type { ComponentChildren, JSX } from "preact";
import { Colonnade } from "./colonnade";
import { Heading } from "./heading";
import { PageFoot } from "./page-foot";

/** A page with one thing to do or to say: joining, the recovery file, whatever cannot go on. */
export function PlainPage(props: { title: string; lead?: string; children?: ComponentChildren }): JSX.Element {
  return (
    <div class="plain">
      <Colonnade />
      <main id="main" class="plain-main stack" tabIndex={-1}>
        <Heading title={props.title} />
        {props.lead !== undefined && <p class="lead">{props.lead}</p>}
        {props.children}
      </main>
      <PageFoot />
    </div>
  );
}
