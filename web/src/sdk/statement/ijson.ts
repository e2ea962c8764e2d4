import { MalformedError } from "./refusal";

/** A value of I-JSON (RFC 7493), without null, which no statement has a use for. Numbers are integers. */
export type Json = string | number | boolean | readonly Json[] | JsonObject;

/** An object; a Map, so that no member name means anything to JavaScript. */
export type JsonObject = ReadonlyMap<string, Json>;

/** How deep objects and arrays may nest: one more than the deepest body has. */
const maxDepth = 4;

const space = /[ \t\n\r]*/y;
const integer = /(?:0|-?[1-9][0-9]*)(?![0-9.eE])/y;
const string = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const forbidden = /[\p{Surrogate}\p{Noncharacter_Code_Point}]/u; // a surrogate here is a lone one

/**
 * Reads bytes as one I-JSON object: UTF-8, no duplicate names, no lone surrogates, no noncharacters, integers within
 * ±(2^53−1) in their one notation. Throws a {@link MalformedError}. JSON.parse would take the last of two members and
 * round numbers, and so read another statement than the node does.
 */
export function parseObject(bytes: Uint8Array): JsonObject {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new MalformedError("not UTF-8");
  }
  const scanner = new Scanner(text);
  const object = scanner.object(1);
  scanner.end();
  return object;
}

class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  object(depth: number): JsonObject {
    const members = new Map<string, Json>();
    this.#series("{", "}", depth, () => {
      const name = this.#string();
      if (members.has(name)) this.#fail("a duplicate name");
      if (!this.#punctuation(":")) this.#fail("no colon");
      members.set(name, this.#value(depth + 1));
    });
    return members;
  }

  end(): void {
    this.#match(space);
    if (this.#at < this.#text.length) this.#fail("something after the JSON object");
  }

  #value(depth: number): Json {
    this.#match(space);
    switch (this.#text.charAt(this.#at)) {
      case '"':
        return this.#string();
      case "{":
        return this.object(depth);
      case "[": {
        const items: Json[] = [];
        this.#series("[", "]", depth, () => items.push(this.#value(depth + 1)));
        return items;
      }
      case "t":
        return this.#literal("true", true);
      case "f":
        return this.#literal("false", false);
      default:
        return this.#integer();
    }
  }

  /** What stands between two brackets, separated by commas. */
  #series(open: string, close: string, depth: number, item: () => void): void {
    if (!this.#punctuation(open)) this.#fail(`no ${open}`);
    if (depth > maxDepth) this.#fail("nested too deep");
    if (this.#punctuation(close)) return;
    do item();
    while (this.#punctuation(","));
    if (!this.#punctuation(close)) this.#fail(`no ${close}`);
  }

  #string(): string {
    this.#match(space);
    const token = this.#match(string);
    if (token === null) this.#fail("no string");
    const value = JSON.parse(token) as string;
    if (forbidden.test(value)) this.#fail("a lone surrogate or a noncharacter");
    return value;
  }

  #integer(): number {
    const token = this.#match(integer);
    const value = Number(token);
    if (token === null || !Number.isSafeInteger(value)) this.#fail("no value, or no integer within 2^53-1");
    return value;
  }

  #literal(word: string, value: boolean): boolean {
    if (!this.#text.startsWith(word, this.#at)) this.#fail("no value");
    this.#at += word.length;
    return value;
  }

  /** Steps over one character, if it comes next. */
  #punctuation(character: string): boolean {
    this.#match(space);
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const token = pattern.exec(this.#text)?.[0] ?? null;
    this.#at += token?.length ?? 0;
    return token;
  }

  #fail(what: string): never {
    throw new MalformedError(`${what}, at character ${this.#at}`);
  }
}
