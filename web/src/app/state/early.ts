/** What public/early.js has asked before this code was here, by path. Each answer is taken once. */
interface Early {
  token: string | null;
  answer: Promise<Response>;
}

/** Milliseconds after which an answer is too old to be the first one. */
const freshFor = 10_000;

const answers = new Map(Object.entries((globalThis as { stoaEarly?: Readonly<Record<string, Early>> }).stoaEarly ?? {}));

/** Makes a request, unless its answer is on its way already. */
export function fetchOnce(request: Request): Promise<Response> {
  const early = taken(request);
  // Without an answer it is asked as if it had not been.
  if (early === null) return fetch(request);
  const late = new Promise<never>((_, fail) => {
    request.signal.addEventListener("abort", () => fail(new Error("no answer in time")), { once: true });
  });
  return Promise.race([early, late]).catch(() => fetch(request)); // which fails at once where time is up
}

function taken({ method, url, headers }: Request): Promise<Response> | null {
  const { pathname, search } = new URL(url);
  const early = answers.get(pathname);
  if (method !== "GET" || search !== "" || early === undefined) return null;
  answers.delete(pathname);
  const same = headers.get("Authorization") === (early.token === null ? null : `Bearer ${early.token}`);
  return same && performance.now() < freshFor ? early.answer : null;
}
