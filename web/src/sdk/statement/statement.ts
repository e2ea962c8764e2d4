import { encodeBase64url } from "../base64url";
import type { Signer } from "../identity";
import { bodies, type Body, type Kind } from "./bodies";
import { open, refusedAs, signingInput, verify, type Envelope } from "./envelope";
import { parseObject } from "./ijson";
import { RefusedError } from "./refusal";
import { Faults } from "./shape";

/** One statement whose syntax and signature have been checked. */
export type Statement<K extends Kind = Kind> = Body<K> & {
  /** The compact serialization. */
  readonly text: string;
  /** SHA-256 of header.payload in base64url. */
  readonly id: string;
  /** The did:key that signed. */
  readonly signer: string;
};

/**
 * Reads one statement and verifies its signature: of any kind or, with a second argument, of that kind only. It looks at
 * no clock, and not at who may say what. Rejects with a {@link RefusedError}, for the first fault in this order: size,
 * base64url, header, kind, kid, payload, keys in it, claims out of bounds, signature.
 */
export async function parse(text: string): Promise<Statement>;
export async function parse<K extends Kind>(text: string, want: K): Promise<Statement<K>>;
export async function parse(text: string, want: Kind | null = null): Promise<Statement> {
  const envelope = open(text, want);
  const body = readBody(envelope);
  if (body.kind === "join" && body.claims.redeem !== undefined) await parse(body.claims.redeem, "redeem");
  await verify(text, envelope);
  return { ...body, text, id: await idOf(envelope), signer: envelope.signer };
}

function readBody({ kind, payload }: Envelope): Body {
  const faults = new Faults();
  const claims = refusedAs("statement-payload", () => bodies[kind](parseObject(payload), faults));
  faults.settle();
  return { kind, claims } as Body; // the claims are those of the kind
}

async function idOf({ input }: Envelope): Promise<string> {
  return encodeBase64url(new Uint8Array(await crypto.subtle.digest("SHA-256", input)));
}

/**
 * Signs claims, and gives the statement's text. Rejects with a {@link RefusedError} for claims that {@link parse} would
 * refuse, and with the signer's own error when that cannot sign.
 */
export async function sign(body: Body, signer: Signer): Promise<string> {
  const input = signingInput(body.kind, signer.did, JSON.stringify(body.claims));
  const signature = await signer.sign(new TextEncoder().encode(input));
  const text = `${input}.${encodeBase64url(signature)}`;
  await parse(text, body.kind);
  return text;
}

/**
 * Throws a {@link RefusedError} for a statement meant for anything but want: the did:key of a community, for a session
 * the did:key of a node, for what is said in or about a room its id.
 */
export function checkAudience(statement: Statement, want: string): void {
  if (statement.claims.aud !== want) {
    throw new RefusedError("statement-audience", `${statement.kind} for ${statement.claims.aud}`);
  }
}
