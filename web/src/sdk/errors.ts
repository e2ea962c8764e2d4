import type reasons from "../../../reason/sentences.json";
import type { Problem, Removed } from "./types";

/** The node refused. The title is one sentence for a person, in the language the client asks in. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly code: string;
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  /** With room-removed: by whom, why and until when. */
  readonly removal: Removed | null;

  constructor(problem: Pick<Problem, "code" | "status" | "title" | "removal"> & { detail?: string | undefined }) {
    super(`${problem.code}: ${problem.title}`);
    this.code = problem.code;
    this.status = problem.status;
    this.title = problem.title;
    this.detail = problem.detail ?? "";
    this.removal = problem.removal ?? null;
  }
}

/** The HTTP status and the sentence for each reason there is, in one language, as the node says it. */
export type Sentences = Readonly<Record<keyof typeof reasons, { status: number; title: string }>>;

/** The languages that there are sentences in. */
export type SentenceLanguage = "en" | "fr";

const sentences: Partial<Record<SentenceLanguage, Sentences>> = {};

/**
 * Loads the sentences of a language, for the refusals that need no question to the node: what the node refuses it says
 * itself, so the first page does without them. Before, the title of such a refusal is its code.
 */
export async function loadSentences(language: SentenceLanguage): Promise<Sentences> {
  const { default: said } = await (language === "fr" ? import("virtual:sentences/sentences.fr") : import("virtual:sentences/sentences.en"));
  return (sentences[language] = said as Sentences);
}

/** A refusal that needs no question to the node, in the node's own words. */
export function refusal(code: keyof Sentences, language: string): ProblemError {
  return new ProblemError({ code, ...(sentences[language === "fr" ? "fr" : "en"]?.[code] ?? { status: 0, title: code }) });
}

/** The node could not be reached, or did not answer. Whether it acted on the request is unknown. */
export class OfflineError extends Error {
  override readonly name = "OfflineError";
}

/** Why there is no microphone: the person or a policy said no; there is none; another program holds it; not HTTPS. */
export type MicrophoneTrouble = "blocked" | "missing" | "busy" | "insecure";

/** The microphone could not be opened. */
export class MicrophoneError extends Error {
  override readonly name = "MicrophoneError";
  readonly why: MicrophoneTrouble;

  constructor(why: MicrophoneTrouble, cause?: unknown) {
    super(`microphone: ${why}`, { cause });
    this.why = why;
  }
}

/**
 * What is wrong with keys in this browser or with a recovery file: `insecure` (not HTTPS, so no Web Crypto),
 * `unsupported` (no Ed25519), `storage` (no IndexedDB, or it failed), `sealed` (the key is not extractable, so no
 * recovery file can be made of it any more), `file` (not a recovery file, or of a newer version), `passphrase` (wrong
 * passphrase, or a changed file), `short` (a passphrase that is too short).
 */
export type KeyTrouble = "insecure" | "unsupported" | "storage" | "sealed" | "file" | "passphrase" | "short";

/** A key could not be made, stored, sealed or opened. */
export class KeyError extends Error {
  override readonly name = "KeyError";
  readonly why: KeyTrouble;

  constructor(why: KeyTrouble, cause?: unknown) {
    super(`key: ${why}`, { cause });
    this.why = why;
  }
}
