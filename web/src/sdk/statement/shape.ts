import { decodeBase64url } from "../base64url";
import { publicKeyOfDid } from "../identity";
import type { Json } from "./ijson";
import { MalformedError, RefusedError } from "./refusal";

/**
 * What is wrong with claims of the right types. It is looked at only once all types are right, keys before bounds, so
 * that every implementation gives the same reason.
 */
export class Faults {
  key: string | null = null;
  bound: string | null = null;

  /** Throws what was found. */
  settle(): void {
    if (this.key !== null) throw new RefusedError("statement-key", this.key);
    if (this.bound !== null) throw new RefusedError("statement-payload", this.bound);
  }
}

/** Reads one claim. Throws a {@link MalformedError} for a wrong type, and notes anything else that is wrong. */
export type Reader<T> = (value: Json, faults: Faults) => T;

/** A claim that may be absent. */
export interface Optional<T> {
  readonly optional: Reader<T>;
}

type Fields = Readonly<Record<string, Reader<unknown> | Optional<unknown>>>;

type ReadOf<F> = F extends Reader<infer T> ? T : never;

/** The object that fields read. */
export type ObjectOf<F extends Fields> = {
  -readonly [N in keyof F as F[N] extends Reader<unknown> ? N : never]: ReadOf<F[N]>;
} & {
  -readonly [N in keyof F as F[N] extends Optional<unknown> ? N : never]?: F[N] extends Optional<infer T> ? T : never;
};

/** What an optional member may not be: it says nothing, so it is left out. The last are the 32 zero bytes of a hash. */
const empties: ReadonlySet<Json> = new Set<Json>(["", 0, false, "A".repeat(43)]);

/** An object of exactly these members. */
export function object<const F extends Fields>(fields: F): Reader<ObjectOf<F>> {
  return (value, faults) => {
    if (!(value instanceof Map)) throw new MalformedError("not an object");
    const members = new Map<string, Json>(value);
    const read: Record<string, unknown> = {};
    for (const [name, field] of Object.entries(fields)) {
      const member = members.get(name);
      if (member === undefined) {
        if (typeof field === "function") throw new MalformedError(`member ${name} is missing`);
        continue;
      }
      members.delete(name);
      if (typeof field !== "function" && empties.has(member)) throw new MalformedError(`member ${name} is there, and empty`);
      read[name] = (typeof field === "function" ? field : field.optional)(member, faults);
    }
    if (members.size > 0) throw new MalformedError("a member that is not known");
    return read as ObjectOf<F>;
  };
}

/** A list of at most max items, no two of them equal by what key says of them. */
export function list<T>(item: Reader<T>, max: number, key: (item: T) => unknown): Reader<T[]> {
  return (value, faults) => {
    if (!Array.isArray(value)) throw new MalformedError("not an array");
    const items = (value as readonly Json[]).map((each) => item(each, faults));
    if (items.length > max) faults.bound ??= "too many items";
    if (new Set(items.map(key)).size < items.length) faults.bound ??= "one item twice";
    return items;
  };
}

/** A string, whatever is in it. */
export const string: Reader<string> = (value) => {
  if (typeof value !== "string") throw new MalformedError("not a string");
  return value;
};

/** A string that holds to a rule. */
export function stringThat(rule: (text: string) => boolean): Reader<string> {
  return (value, faults) => {
    const text = string(value, faults);
    if (!rule(text)) faults.bound ??= "a string out of bounds";
    return text;
  };
}

/** A string of so many bytes in UTF-8. */
export const bytes = (low: number, high: number): Reader<string> =>
  stringThat((text) => {
    const size = new TextEncoder().encode(text).length;
    return low <= size && size <= high;
  });

/** A string that matches. */
export const matching = (pattern: RegExp): Reader<string> => stringThat((text) => pattern.test(text));

/** One of these strings. */
export function oneOf<const T extends string>(...words: T[]): Reader<T> {
  return stringThat((text) => (words as string[]).includes(text)) as Reader<T>;
}

/** An integer within two others. */
export function integer(low: number, high: number): Reader<number> {
  return (value, faults) => {
    if (typeof value !== "number") throw new MalformedError("not a number");
    if (value < low || value > high) faults.bound ??= `${value} is not within ${low} and ${high}`;
    return value;
  };
}

/** The did:key of an acceptable key. */
export const key: Reader<string> = (value, faults) => {
  const did = string(value, faults);
  if (!publicKeyOfDid(did)) faults.key ??= "not an acceptable Ed25519 key";
  return did;
};

/** 32 bytes in base64url: an id or a commitment. */
export const hash: Reader<string> = (value, faults) => {
  const text = string(value, faults);
  if (decodeBase64url(text)?.length !== 32) throw new MalformedError("not 43 characters of base64url");
  return text;
};

/** What holds between the claims of one object. */
export function where<T>(reader: Reader<T>, rule: (claims: T) => boolean): Reader<T> {
  return (value, faults) => {
    const claims = reader(value, faults);
    if (!rule(claims)) faults.bound ??= "claims that contradict each other";
    return claims;
  };
}
