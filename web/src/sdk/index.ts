/**
 * The client of a Stoa node, without a user interface: keys, statements, the API, and a room with its audio.
 *
 * - {@link Keystore} keeps the member's key in this browser, and seals and opens recovery files.
 * - {@link Client} is one node: founding and joining it, and in its parts all that members do there: rooms, schedules,
 *   invites, asks, people, notices, own, founder.
 * - {@link HallwayStream} follows the list of live rooms.
 * - {@link RoomSession} is this person's presence in one room: its state, its sound, the microphone, what they do. It is
 *   made of a {@link RoomStream} and a {@link RoomAudio}, and comes back by itself after any loss of connection.
 *
 * What changes is a {@link Readable}: `value` now, `subscribe` for later.
 */
export * from "./types";
export { Cell, Emitter, type Readable, type Subscribable } from "./emitter";
export { KeyError, loadSentences, MicrophoneError, OfflineError, ProblemError, type KeyTrouble, type MicrophoneTrouble, type SentenceLanguage, type Sentences } from "./errors";
export { addLink, adoptLink, inviteLink, isId, ownerLink, parseLink, roomLink, type Link } from "./links";
export { peerIdOf } from "./identity";
export { Keystore, type MemberKey } from "./keystore";
export { openRecovery, recoveryFileName, sealRecovery, shortestPassphrase, type Recovery, type RecoveryFile } from "./recovery";
export { wishOf } from "./schedules";
export type { CreatedInvite } from "./invitations";
export type { ProfileWish } from "./people";
export type { KeptSession, SessionKeep } from "./session";
export { Client, type ClientOptions } from "./client";
export {
  amMuted,
  findPerson,
  me,
  moderators,
  myHand,
  myHandPosition,
  myOffer,
  myRole,
  personByCsrc,
  reduce,
  roleOf,
  type RoomState,
} from "./roomstate";
export { byWhom, type Verdict } from "./authority";
export { HallwayStream, RoomStream, type StreamStatus } from "./stream";
export { Microphone, type MicrophoneState } from "./microphone";
export { SoundOutput } from "./output";
export { RoomAudio, type AudioStatus } from "./audio";
export type { Diagnosis } from "./diagnosis";
export { testMedia, type MediaTest } from "./mediatest";
export { RoomSession, type Judged, type LogLine, type RoomHistory, type RoomSessionOptions } from "./room";
