import { OfflineError, ProblemError } from "./errors";

/** Milliseconds after which a request counts as lost. */
const patience = 15_000;

/** What every request is made with. */
export type RequestOptions = {
  headers: Record<string, string>;
  signal: AbortSignal;
};

/** What openapi-fetch makes of a response: data, or an error that is JSON or text. */
export interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** Makes one request. Returns the data; rejects with a {@link ProblemError} or an {@link OfflineError}. */
export async function ask<T>(
  language: string,
  token: string | null,
  request: (options: RequestOptions) => Promise<Answer<T>>,
  signal: AbortSignal = AbortSignal.timeout(patience),
): Promise<T> {
  const headers: Record<string, string> = { "Accept-Language": language };
  if (token !== null) headers["Authorization"] = `Bearer ${token}`;
  let answer: Answer<T>;
  try {
    answer = await request({ headers, signal });
  } catch (cause) {
    throw new OfflineError("no answer", { cause });
  }
  if (answer.response.ok) return answer.data as T;
  // Whatever is no problem document was written by something between here and the node.
  if (!isProblem(answer.error)) throw new OfflineError(`status ${answer.response.status}`);
  throw new ProblemError(answer.error);
}

function isProblem(value: unknown): value is { code: string; title: string; status: number; detail?: string } {
  return (
    typeof value === "object" &&
    value !== null &&
    "code" in value &&
    typeof value.code === "string" &&
    "title" in value &&
    typeof value.title === "string" &&
    "status" in value &&
    typeof value.status === "number"
  );
}
