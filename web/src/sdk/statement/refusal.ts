/** Why a statement is refused; the codes are those of the node's package reason. */
export type StatementReason =
  | "statement-syntax" // not three parts of canonical base64url
  | "statement-size" // more than 4 KiB
  | "statement-header" // anything but exactly alg, typ and kid
  | "statement-kind" // a kind this version does not know, or not the one asked for
  | "statement-key" // a malformed, non-canonical or small-order key
  | "statement-payload" // not I-JSON, or not the claims of its kind
  | "statement-signature" // does not verify, S >= L included
  | "statement-audience"; // meant for another community, node or room

/** A statement that is refused. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
  readonly reason: StatementReason;

  constructor(reason: StatementReason, detail: string) {
    super(`${reason}: ${detail}`);
    this.reason = reason;
  }
}

/** JSON that is not what it has to be. Whoever knows what it was meant for makes a {@link RefusedError} of it. */
export class MalformedError extends Error {
  override readonly name = "MalformedError";
}
