import { useSignal } from "@preact/signals";
import type { ComponentType, JSX } from "preact";
import { useEffect } from "preact/hooks";
import { t } from "../i18n";
import { MissingPage } from "../pages/trouble";
import { Loading } from "./loading";
import { part, type Part } from "./part";

interface LaterProps<P> {
  /** The same function each time. */
  load: () => Promise<ComponentType<P>>;
  props: P;
}

const parts = new WeakMap<() => Promise<unknown>, Part<unknown>>();

/** The part that a function loads. */
function partOf<T>(load: () => Promise<T>): Part<T> {
  const known = parts.get(load) as Part<T> | undefined;
  if (known !== undefined) return known;
  const made = part(load);
  parts.set(load, made);
  return made;
}

/** A page whose code is loaded when it is first shown. Where it is here already, it is shown at once. */
export function Later<P extends object>({ load, props }: LaterProps<P>): JSX.Element {
  const page = partOf(load);
  const missing = useSignal<Part<unknown> | null>(null);
  const want = () => {
    missing.value = null;
    page.load().catch(() => (missing.value = page));
  };
  useEffect(want, [page]);
  const Page = page.here;
  if (Page !== null) return <Page {...props} />;
  return missing.value === page ? <MissingPage onRetry={want} /> : <Loading />;
}

/** A piece of a page: nothing stands in its place before its code is here. */
export function Soon<P extends object>({ load, props }: LaterProps<P>): JSX.Element | null {
  const piece = partOf(load);
  useEffect(() => void piece.load().catch(() => undefined), [piece]);
  const Piece = piece.here;
  return Piece === null ? null : <Piece {...props} />;
}

/** How long a press may stay without an answer, in milliseconds. */
const patience = 300;

/**
 * What opens over the page by a press. What was pressed keeps the focus until it is here; that it is on its way is said
 * if it takes a while, and if it does not come, `onMissing` is told, which may offer it again.
 */
export function Opening<P extends object>(props: LaterProps<P> & { onMissing: () => void }): JSX.Element | null {
  const sheet = partOf(props.load);
  const slow = useSignal(false);
  useEffect(() => {
    if (sheet.here !== null) return;
    let gone = false;
    const timer = setTimeout(() => (slow.value = true), patience);
    sheet.load().catch(() => !gone && props.onMissing());
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [sheet]);
  const Sheet = sheet.here;
  if (Sheet !== null) return <Sheet {...props.props} />;
  return (
    <div class="toast-place" role="status">
      {slow.value && (
        <div class="toast toast-info">
          <p>{t().common.loading}</p>
        </div>
      )}
    </div>
  );
}
