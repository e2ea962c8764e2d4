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
  const loaded = useSignal<{ by?: typeof load; Page?: ComponentType<P> }>({});
  useEffect(() => {
    let gone = false;
    const settle = (Page?: ComponentType<P>) => {
      if (!gone) loaded.value = Page === undefined ? { by: load } : { by: load, Page };
    };
    load().then(settle, () => settle());
    return () => {
      gone = true;
    };
  }, [load]);
  const { by, Page } = loaded.value;
  // From one such page to another, what was loaded is the former page still, and these are not its props.
  if (by !== load) return <Loading />;
  return Page === undefined ? <OfflinePage /> : <Page {...props} />;
}
