/**
 * The signed statements of Stoa: JWS in compact serialization, strict to the letter. {@link parse} is the only code that
 * reads them; it and the node's package statement are held to one set of examples (statement/testdata/vectors).
 */
export { isKind, type Body, type ClaimsOf, type Kind } from "./bodies";
export { RefusedError, type StatementReason } from "./refusal";
export { sign } from "./signing";
export { checkAudience, parse, type Statement } from "./statement";
export { commitmentOf, newText, type Text } from "./text";
