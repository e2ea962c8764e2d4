import type createClient from "openapi-fetch";
import type { paths } from "./api.gen";
import type { ProblemError, refusal } from "./errors";
import type { Answer, RequestOptions } from "./http";
import type { Signer } from "./identity";
import type { Body } from "./statement";
import type { Community, Did, Node } from "./types";

/** What a part of a client is given to speak with. */
export interface Speaker {
  api: ReturnType<typeof createClient<paths>>;
  origin: string;
  /** A question that needs no session, or names its own. */
  ask: <T>(request: (options: RequestOptions) => Promise<Answer<T>>, token?: string | null, signal?: AbortSignal) => Promise<T>;
  /** A question by the signer. */
  asMember: <T>(request: (options: RequestOptions) => Promise<Answer<T>>, signal?: AbortSignal) => Promise<T>;
  /** Whoever acts. Throws session-required where nobody does. */
  signer: () => Signer;
  /** Signed by the signer, or by somebody else. */
  sign: (body: Body, by?: Signer) => Promise<string>;
  /** What the node last said of itself. */
  knownNode: () => Promise<Node>;
  /** The same of a node that must have a community. */
  founded: () => Promise<{ node: Did; community: Community }>;
  /** A refusal by this side, in the client's language. */
  refuse: (code: Parameters<typeof refusal>[0]) => ProblemError;
  /** The node's clock, Unix milliseconds. */
  now: () => number;
  /** The same as statements have it. */
  seconds: () => number;
}
