import type { Client } from "./client";
import { Cell, type Readable } from "./emitter";
import { OfflineError, ProblemError, refusal } from "./errors";
import { levelTimes, SpeakerLevels } from "./levels";
import { gainOf, type Gains } from "./loudness";
import type { SoundOutput } from "./output";
import { Playback } from "./playback";
import type { Rooms } from "./rooms";
import { summarize, ways, type Diagnosis } from "./diagnosis";
import type { Id } from "./types";

/** Where the sound of a room stands. */
export type AudioStatus =
  | { kind: "idle" }
  | { kind: "connecting" }
  | { kind: "connected" }
  /** It was there and was lost, or the room's other connection was. Trying goes on. */
  | { kind: "reconnecting" }
  /** Nothing has come over UDP for a while, as where it is blocked; TCP is tried beside it. */
  | { kind: "fallback" }
  /** The node answers, but no packet gets through: not over UDP, nor over TCP where the node offers it. Trying goes on. */
  | { kind: "unreachable"; tcp: boolean }
  /** The node gives this person no sound. Trying is over. */
  | { kind: "refused"; problem: ProblemError }
  | { kind: "closed" };

/** Refusals that pass. room-not-here is one: the events may be connected a moment later than the sound. */
const passing: ReadonlySet<string> = new Set([
  "media-busy",
  "rate-limited",
  "room-host-lost",
  "room-not-here",
  "session-required",
  "shutting-down",
  "storage-failed",
  "internal",
]);

/** What the sound needs of the node. */
export type MediaDoor = Pick<Client, "knownNode"> & { rooms: Pick<Rooms, "offerMedia" | "closeMedia"> };

/** Milliseconds. */
const times = {
  connect: 10_000, // from the answer to the first packet; on loopback a quarter of a second
  doubt: 2_500, // of it, until UDP is said to be blocked; around the world it takes one second
  mend: 3_000, // a connection that is "disconnected" may come back by itself
  firstRetry: 500, // doubled each time, up to longestRetry; each wait is this, less up to half by chance
  longestRetry: 4_000,
} as const;

/** Milliseconds between two looks at who speaks in a slot: one frame of 20 ms may pass before it is played as it should. */
const gainPoll = 20;

/**
 * The sound of one room: one RTCPeerConnection, whose lines are the node's number of slots for what is heard and then one for the
 * microphone, negotiated at once and never again. Going on the stage, muting and changing the microphone only exchange
 * the track of that last line. While nothing is to be sent the line has no track, so nothing leaves this device.
 *
 * A connection that fails is replaced by a new one, for as long as the node gives it.
 */
export class RoomAudio {
  readonly #client: MediaDoor;
  readonly #room: Id;
  readonly #status = new Cell<AudioStatus>({ kind: "idle" });
  readonly #levels = new Cell<ReadonlyMap<number, number>>(new Map());
  readonly #speakers = new SpeakerLevels();
  readonly #playback = new Playback();
  readonly #onTrouble: () => void;
  #line: Line | null = null; // in use
  #track: MediaStreamTrack | null = null; // to be sent
  #run = 0; // rises when whatever is under way is given up
  #attempt = 0; // failures since the last success
  #timer: ReturnType<typeof setTimeout> | undefined;
  #poll: ReturnType<typeof setInterval> | undefined;
  #gains: Gains = new Map(); // of speakers who are not played in full
  #tried: Diagnosis | undefined; // the ways of the last attempt that did not come about at once: browsers soon forget them
  #follow: ReturnType<typeof setInterval> | undefined; // of who speaks in which slot, while there are any

  /** `onTrouble` is told when packets stop coming: the other connection may be dead as well. */
  constructor(client: MediaDoor, room: Id, onTrouble: () => void = () => undefined) {
    this.#client = client;
    this.#room = room;
    this.#onTrouble = onTrouble;
  }

  get status(): Readable<AudioStatus> {
    return this.#status;
  }

  /** Who is heard speaking now: csrc to level, 0 to 1. Nobody hears themselves, so oneself is not among them. */
  get levels(): Readable<ReadonlyMap<number, number>> {
    return this.#levels;
  }

  /** The browser plays nothing before the person has touched the page. Any touch resumes, and so does {@link resume}. */
  get playbackBlocked(): Readable<boolean> {
    return this.#playback.blocked;
  }

  /** Where the room's sound comes out. */
  get output(): SoundOutput {
    return this.#playback.output;
  }

  /** Makes a new connection. One that is in use is heard until the new one is there. */
  connect(): void {
    if (this.#over) return;
    this.#attempt = 0;
    void this.#dial();
  }

  /** Sends this track from now on, also over connections made later. */
  async send(track: MediaStreamTrack): Promise<void> {
    this.#track = track;
    await this.#line?.microphone.replaceTrack(track);
  }

  /** Sends nothing any more. */
  silence(): void {
    this.#track = null;
    void this.#line?.microphone.replaceTrack(null);
  }

  /** Lets nothing be heard here, while the sound comes in all the same; or lets it be heard again. */
  setQuiet(quiet: boolean): void {
    this.#playback.setQuiet(quiet);
  }

  /** Plays these speakers more quietly, or not at all, in whichever slot they come; the others in full. */
  setGains(gains: Gains): void {
    this.#gains = gains;
    this.#followGains();
  }

  /** Plays what the browser has held back. To be called in the handler of a click. */
  resume(): Promise<void> {
    return this.#playback.resume();
  }

  /** What the connection is like, in figures, for whoever has to find out why nothing is heard. */
  async diagnose(): Promise<Diagnosis> {
    const pc = this.#line?.pc;
    return {
      status: this.#status.value.kind,
      connection: pc?.connectionState ?? "none",
      ice: pc?.iceConnectionState ?? "none",
      playbackBlocked: this.#playback.blocked.value,
      sending: this.#track !== null,
      lastAttempt: this.#tried,
      ...summarize(await pc?.getStats()),
    };
  }

  /** Ends it on this side. */
  close(): void {
    if (!this.#over) this.#finish({ kind: "closed" });
  }

  /** Ends it, on the node as well. Never rejects: a node out of reach notices by itself. */
  async hangUp(): Promise<void> {
    const leg = this.#line?.leg;
    this.close();
    if (leg !== undefined) await this.#client.rooms.closeMedia(this.#room, leg).catch(() => undefined);
  }

  get #over(): boolean {
    const { kind } = this.#status.value;
    return kind === "closed" || kind === "refused";
  }

  async #dial(): Promise<void> {
    const run = this.#begin();
    const pc = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
    try {
      const line = await this.#negotiate(pc);
      if (run === this.#run) this.#use(line);
      else pc.close();
    } catch (error) {
      pc.close();
      if (run === this.#run) this.#failed(error);
    }
  }

  #begin(): number {
    clearTimeout(this.#timer);
    if (this.#line !== null) {
      this.#line.pc.onconnectionstatechange = null; // still heard, but no longer waited for
      if (this.#status.value.kind === "connected") this.#status.set({ kind: "reconnecting" });
    } else if (this.#status.value.kind === "idle") {
      this.#status.set({ kind: "connecting" });
    }
    return ++this.#run;
  }

  async #negotiate(pc: RTCPeerConnection): Promise<Line> {
    const { slots } = await this.#client.knownNode();
    const heard = Array.from({ length: slots }, () => pc.addTransceiver("audio", { direction: "recvonly" }));
    const microphone = pc.addTransceiver("audio", { direction: "sendonly" });
    await pc.setLocalDescription();
    // The node is ICE-lite: it learns this side's addresses from the checks that reach it, and needs no candidates.
    const { answer, leg } = await this.#client.rooms.offerMedia(this.#room, pc.localDescription?.sdp ?? "");
    await pc.setRemoteDescription({ type: "answer", sdp: answer });
    const tcp = offersTCP(answer);
    return { pc, leg, tcp, receivers: heard.map(({ receiver }) => receiver), microphone: microphone.sender };
  }

  #use(line: Line): void {
    this.#drop();
    this.#line = line;
    void line.microphone.replaceTrack(this.#track);
    this.#playback.play(line.receivers.map(({ track }) => track));
    this.#poll = setInterval(() => this.#readLevels(line), levelTimes.poll);
    this.#followGains();
    line.pc.onconnectionstatechange = () => this.#changed(line.pc.connectionState);
    this.#after(times.doubt, () => this.#doubt(line));
    this.#changed(line.pc.connectionState);
  }

  #doubt(line: Line): void {
    if (line.tcp && this.#status.value.kind !== "unreachable") this.#status.set({ kind: "fallback" });
    const keep = (stats: RTCStatsReport) => (this.#tried = ways(stats));
    line.pc.getStats().then(keep, () => undefined);
    this.#after(times.connect - times.doubt, () => this.#unreachable());
  }

  #changed(state: RTCPeerConnectionState): void {
    if (state === "connected") {
      clearTimeout(this.#timer);
      this.#attempt = 0;
      this.#status.set({ kind: "connected" });
    } else if (state === "disconnected") {
      this.#onTrouble();
      this.#after(times.mend, () => void this.#dial());
    } else if (state === "failed") {
      this.#onTrouble();
      if (this.#status.value.kind === "connected") void this.#dial();
      else this.#unreachable();
    }
  }

  #unreachable(): void {
    this.#status.set({ kind: "unreachable", tcp: this.#line?.tcp ?? false });
    this.#retry();
  }

  #failed(error: unknown): void {
    if (error instanceof OfflineError || (error instanceof ProblemError && passing.has(error.code))) {
      this.#retry();
    } else {
      // What is no refusal is an answer that the browser could not use.
      const problem = error instanceof ProblemError ? error : refusal("media-sdp", "en");
      this.#finish({ kind: "refused", problem });
    }
  }

  #retry(): void {
    const pause = Math.min(times.firstRetry * 2 ** this.#attempt, times.longestRetry);
    this.#attempt++;
    this.#after(pause * (1 - Math.random() / 2), () => void this.#dial());
  }

  #after(ms: number, then: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(then, ms);
  }

  #readLevels(line: Line): void {
    const sources = line.receivers.flatMap((receiver) => receiver.getContributingSources());
    const speaking = this.#speakers.read(sources, performance.now());
    if (speaking.size > 0 || this.#levels.value.size > 0) this.#levels.set(speaking);
  }

  /** Looks after the slots' loudness while somebody is to be played otherwise than in full: that costs a little. */
  #followGains(): void {
    clearInterval(this.#follow);
    this.#applyGains();
    if (this.#gains.size > 0 && this.#line !== null) this.#follow = setInterval(() => this.#applyGains(), gainPoll);
  }

  #applyGains(): void {
    const receivers = this.#line?.receivers ?? [];
    this.#playback.setGains(receivers.map((receiver) => gainOf(receiver.getContributingSources(), this.#gains)));
  }

  #drop(): void {
    clearInterval(this.#poll);
    clearInterval(this.#follow);
    this.#speakers.clear();
    this.#levels.set(new Map());
    if (this.#line === null) return;
    this.#line.pc.onconnectionstatechange = null;
    this.#line.pc.close();
    this.#line = null;
  }

  #finish(status: AudioStatus): void {
    clearTimeout(this.#timer);
    this.#run++;
    this.#track = null;
    this.#drop();
    this.#playback.stop();
    this.#status.set(status);
  }
}

/** Whether an answer says that the node can be reached over TCP (RFC 6544). */
function offersTCP(answer: string): boolean {
  return /^a=candidate:\S+ 1 tcp .* tcptype passive/im.test(answer);
}

/** One negotiated connection. */
interface Line {
  pc: RTCPeerConnection;
  leg: string;
  tcp: boolean; // the node can be reached over TCP too
  receivers: RTCRtpReceiver[];
  microphone: RTCRtpSender;
}
