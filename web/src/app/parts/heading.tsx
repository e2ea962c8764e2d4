import type { ComponentChildren, JSX } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { pageTitle } from "../state/title";

let firstPage = true;

/** The page's one heading. Names the window, and takes the focus when one page follows another. */
export function Heading(props: { title: string; children?: ComponentChildren; hidden?: boolean }): JSX.Element {
  const ref = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => {
    pageTitle.value = props.title;
  }, [props.title]);
  useEffect(() => {
    if (!firstPage) ref.current?.focus({ preventScroll: true });
    firstPage = false;
  }, []);
  return (
    <h1 ref={ref} tabIndex={-1} class={props.hidden === true ? "visually-hidden" : undefined}>
      {props.children ?? props.title}
    </h1>
  );
}
