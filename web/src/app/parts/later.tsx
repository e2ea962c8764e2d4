import { useSignal } from "@preact/signals";
import type { ComponentType, JSX } from "preact";
import { useEffect } from "preact/hooks";
import { OfflinePage } from "../pages/trouble";
import { Loading } from "./loading";

interface LaterProps<P> {
  /** The same function each time. */
  load: () => Promise<ComponentType<P>>;
  props: P;
}

/** A page whose code is loaded when it is first shown. */
export function Later<P extends object>({ load, props }: LaterProps<P>): JSX.Element {
  const page = useSignal<{ Page?: ComponentType<P>; failed?: true }>({});
  useEffect(() => {
    let gone = false;
    page.value = {};
    load().then(
      (Page) => {
        if (!gone) page.value = { Page };
      },
      () => {
        if (!gone) page.value = { failed: true };
      },
    );
    return () => {
      gone = true;
    };
  }, [load]);
  const { Page, failed } = page.value;
  if (failed === true) return <OfflinePage />;
  return Page === undefined ? <Loading /> : <Page {...props} />;
}
