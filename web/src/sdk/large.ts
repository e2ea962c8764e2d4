import { OfflineError } from "./errors";

/** Milliseconds without a sign after which a large answer counts as lost. */
const silence = 60_000;

/** For what a node may take minutes to do. */
export function longPatience(): AbortSignal {
  return AbortSignal.timeout(600_000);
}

/** An answer that may be large: it has as long as it takes, as long as something comes. */
export function largeAnswer(progress: (bytes: number) => void): {
  /** For the request. */
  signal: AbortSignal;
  /** Reads the answer to its end. */
  read(stream: ReadableStream<Uint8Array<ArrayBuffer>> | null | undefined): Promise<Blob>;
} {
  const lost = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(() => lost.abort(), silence);
  };
  wait();
  let bytes = 0;
  const count = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(piece, to) {
      wait();
      progress((bytes += piece.length));
      to.enqueue(piece);
    },
  });
  return {
    signal: lost.signal,
    async read(stream) {
      try {
        // The browser puts what is large on its disk by itself.
        return await new Response(stream?.pipeThrough(count)).blob();
      } catch (cause) {
        throw new OfflineError("the answer was cut off", { cause });
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
