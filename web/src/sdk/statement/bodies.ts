import { fitExceptions, fits, wallDay, wallTime, weekdays } from "./schedule";
import { bytes, hash, integer, key, list, matching, object, oneOf, string, stringThat, where, type Reader } from "./shape";

// Bounds on claims. They are wide: what a community allows is in its rules.
const maxInt = Number.MAX_SAFE_INTEGER;
const maxSlots = 1000;
const maxSpan = 10 * 366 * 24 * 60 * 60;
const maxPeople = 1_000_000;
const maxEpoch = 1_000_000;
const maxSuccessors = 5;

/** Seconds since 1970, from the year 2020 to the end of the year 9999. */
const time = integer(1_577_836_800, 253_402_300_799);
const span = integer(0, maxSpan);
const slots = integer(0, maxSlots);
const people = integer(0, maxPeople);
/** Of a room's host, from 1. */
const epoch = integer(1, maxEpoch);
/** Random characters of base64url. */
const nonce = matching(/^[A-Za-z0-9_-]{16,43}$/);
const topic = matching(/^[a-z0-9-]{1,32}$/);
/** BCP 47: a primary language and perhaps a region. */
const language = matching(/^[a-z]{2,3}(-[A-Z]{2})?$/);
/** An address that is safe to show and to open: https, a host, and visible ASCII alone. */
const safeLink = /^https:\/\/[A-Za-z0-9.-]+(:[0-9]{1,5})?([/?#][!-~]*)?$/;
/** Who may enter a room. */
const entries = ["members", "public", "chosen"] as const;

const expiresLater = (claims: { iat: number; exp: number }): boolean => claims.exp > claims.iat;
const expiresWithin =
  (seconds: number) =>
  (claims: { iat: number; exp: number }): boolean =>
    expiresLater(claims) && claims.exp <= claims.iat + seconds;

/** What a room is about. */
const topics = list(topic, 3, (each) => each);
const roomEntry = oneOf(...entries);
/** Where it is there only if it says something new. */
const entryAgain = oneOf("", ...entries);

/** When a scheduled room comes again. */
const repeat = object({
  every: oneOf("daily", "weekly", "monthly"),
  interval: integer(1, 99),
  days: { optional: list(oneOf(...weekdays), weekdays.length, (day) => day) },
  until: { optional: string },
  dates: { optional: integer(0, 1000) },
});

/** A date of it that is left out or moved. */
const exception = object({
  day: stringThat((text) => wallDay(text) !== null),
  start: { optional: stringThat((text) => wallTime(text) !== null) },
});

/**
 * The claims of every kind: the sealed set of bodies, as in the node's package statement. Keys are did:keys, ids and
 * commitments are base64url, times are seconds.
 */
export const bodies = {
  /** Root: makes the key sub a node of the community. */
  delegate: where(object({ aud: key, iat: time, exp: time, sub: key, order: integer(1, maxInt) }), expiresLater),

  /** Root: the numbers a community lives by. */
  rules: object({
    aud: key,
    iat: time,
    order: integer(1, maxInt),
    name: hash,
    entry: oneOf("invite", "ask", "open"),
    admit_slots: slots,
    period_slots: slots,
    period: integer(3600, maxSpan),
    invite_life: integer(60, maxSpan),
    host_people: integer(1, 1000),
    host_time: span,
    speak_time: span,
    probation: span,
  }),

  /** Node: gives the member sub slots to invite with. */
  grant: where(
    object({
      aud: key,
      iat: time,
      sub: key,
      slots: integer(1, maxSlots),
      why: oneOf("admission", "hosting", "speaking"),
      period: integer(0, maxInt),
    }),
    (claims) => claims.why !== "admission" || claims.period === 0,
  ),

  /** Member: spends one slot of a grant on a one-time key. */
  invite: where(
    object({ aud: key, iat: time, exp: time, key, grant: hash, slot: integer(0, maxSlots - 1), note: { optional: hash } }),
    expiresLater,
  ),

  /** One-time key: binds an invite to the member sub. */
  redeem: object({ aud: key, invite: hash, sub: key }),

  /** New member: asks to be let in, with a redeem in compact serialization, or by nobody's invite. */
  join: object({ aud: key, iat: time, redeem: { optional: string } }),

  /** Steward: lets the member sub in, who asked, and answers for them. */
  approve: object({ aud: key, iat: time, sub: key, join: hash }),

  /** Node: accepts a join. With the way ask it names the approval. */
  admit: where(
    object({ aud: key, iat: time, sub: key, join: hash, way: oneOf("invite", "ask", "open"), approve: { optional: hash } }),
    (claims) => (claims.way === "ask") === (claims.approve !== undefined),
  ),

  /** Author of an invite, or root for a delegate: withdraws the statement sub. */
  revoke: object({
    aud: key,
    iat: time,
    sub: hash,
    upto: { optional: list(object({ log: key, size: integer(0, maxInt), root: hash }), 16, (prefix) => prefix.log) },
  }),

  /** Member: answers the challenge of the node aud. */
  session: where(
    object({ aud: key, iat: time, exp: time, origin: bytes(1, 300), nonce: bytes(16, 100) }),
    expiresLater,
  ),

  /** Member: what they say of themselves. */
  profile: object({
    aud: key,
    iat: time,
    name: bytes(1, 400),
    bio: { optional: bytes(0, 1000) },
    links: { optional: list(stringThat((link) => link.length <= 160 && safeLink.test(link)), 4, (link) => link) },
    topics: { optional: list(topic, 8, (each) => each) },
    langs: { optional: list(language, 6, (each) => each) },
    picture: { optional: hash },
  }),

  /** Member: opens a room on a node. The id of this statement is the room's. */
  create: where(
    object({
      aud: key,
      iat: time,
      jti: nonce,
      node: key,
      title: hash,
      lang: language,
      topics,
      entry: roomEntry,
      schedule: { optional: hash },
      moderators: { optional: list(key, 5, (moderator) => moderator) },
    }),
    ({ schedule, moderators = [] }) => moderators.length === 0 || schedule !== undefined,
  ),

  /** Member: plans a room. The id of the first of a chain is the room's link; the one with the highest number holds. */
  schedule: where(
    object({
      aud: key,
      iat: time,
      jti: nonce,
      node: key,
      title: hash,
      lang: language,
      topics,
      entry: roomEntry,
      start: stringThat((text) => wallTime(text) !== null),
      zone: matching(/^(?=.{1,64}$)[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+){0,2}$/),
      duration: integer(300, 86_400),
      repeat: { optional: repeat },
      moderators: { optional: list(key, 5, (moderator) => moderator) },
      except: { optional: list(exception, 24, ({ day }) => day) },
      state: oneOf("planned", "cancelled"),
      n: integer(0, maxInt),
      of: { optional: hash },
    }),
    ({ repeat, except = [], start, state, n, of }) =>
      (repeat === undefined || fits(repeat, start)) && fitExceptions(except, repeat !== undefined) && (of === undefined) === (n === 0) && (n > 0 || state === "planned"),
  ),

  /** Node: closes the room aud for ever. */
  end: object({ aud: hash, iat: time }),

  /** Member: leaves for good, and is to be forgotten. */
  erase: object({ aud: key, iat: time }),

  /** Member: takes them into the room aud, hosted by host, by way of the node home. The nonce is the host's. */
  enter: object({ aud: hash, iat: time, epoch, home: key, host: key, nonce }),

  /** Home node: vouches for one enter of the member sub. */
  ticket: where(object({ aud: hash, iat: time, exp: time, host: key, sub: key, enter: hash }), expiresWithin(60)),

  /**
   * Member: does something in the room aud, which another node hosts or which they moderate. The nonce is that of their
   * entry; n rises.
   */
  act: object({
    aud: hash,
    iat: time,
    nonce,
    n: integer(1, maxInt),
    do: matching(/^[a-z_]{1,32}$/),
    sub: key,
    question: bytes(0, 2000),
    duration: { optional: integer(1, maxSpan) },
    reason: { optional: hash },
    switch: { optional: oneOf("on", "off") },
    reaction: { optional: bytes(0, 32) },
    entry: { optional: entryAgain },
  }),

  /** Member: lets the node home open their microphone in the room aud, for programs of theirs that hold no key. */
  lend: where(object({ aud: hash, iat: time, exp: time, home: key }), expiresWithin(12 * 3600)),

  /** Host: tells other nodes of the room aud. */
  announce: where(
    object({
      aud: hash,
      iat: time,
      exp: time,
      epoch,
      n: integer(1, maxInt),
      state: oneOf("live", "ended", "scheduled"),
      stage: people,
      listening: people,
      entry: { optional: entryAgain },
    }),
    (claims) =>
      claims.state === "scheduled"
        ? expiresWithin(10_800)(claims) && claims.epoch === 1 && claims.stage === 0 && claims.listening === 0
        : expiresWithin(120)(claims),
  ),

  /** Host: the nodes that may take over the room aud, the first one first. */
  succession: object({
    aud: hash,
    iat: time,
    epoch,
    n: integer(1, maxInt),
    nodes: list(key, maxSuccessors, (node) => node),
  }),

  /** Listed node: has lost the host sub of the room aud. */
  lost: object({ aud: hash, iat: time, epoch, sub: key }),

  /** Listed node: takes over the room aud. */
  claim: where(
    object({ aud: hash, iat: time, epoch: integer(2, maxEpoch), list: hash, lost: list(hash, maxSuccessors, (id) => id) }),
    (claims) => claims.lost.length > 0,
  ),
} satisfies Record<string, Reader<{ aud: string }>>;

/** What a statement says. */
export type Kind = keyof typeof bodies;

/** The claims of a kind. */
export type ClaimsOf<K extends Kind> = ReturnType<(typeof bodies)[K]>;

/** A kind with its claims. */
export type Body<K extends Kind = Kind> = { [Each in K]: { readonly kind: Each; readonly claims: ClaimsOf<Each> } }[K];

/** Whether this version knows the kind. */
export function isKind(kind: string): kind is Kind {
  return Object.hasOwn(bodies, kind);
}
