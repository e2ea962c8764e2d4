import { Acts } from "./acts";
import { Authority, type Verdict } from "./authority";
import { RoomAudio, type AudioStatus } from "./audio";
import type { Client } from "./client";
import type { Diagnosis } from "./diagnosis";
import { Cell, Emitter, type Readable, type Subscribable } from "./emitter";
import { OfflineError } from "./errors";
import { MutedSpeech, SpeakerLevels } from "./levels";
import { Microphone, type MicrophoneState } from "./microphone";
import type { SoundOutput } from "./output";
import { me, type RoomState } from "./roomstate";
import { parse, type ClaimsOf } from "./statement";
import { RoomStream, type StreamStatus } from "./stream";
import type { Action, App, Did, Direction, HostState, Id, NewApp, Noticed, Order, Reactions, Removed, RoomEvent } from "./types";

/** What a session in a room may be given. */
export interface RoomSessionOptions {
  /** One that was opened before entering; without it the session makes its own. */
  microphone?: Microphone;
  /** What tests exchange. */
  stream?: Public<RoomStream>;
  audio?: Public<RoomAudio>;
}

/** An event, and what to make of the moderator's act that brought it about; null where no moderator did. */
export interface Judged {
  event: RoomEvent;
  verdict: Verdict | null;
}

/** One line of the room's log, and what to make of it. Who did it, and what, are null where the act cannot be read. */
export interface LogLine extends Order {
  verdict: Verdict;
  by: Did | null;
  claims: ClaimsOf<"act"> | null;
}

/** What moderators did in a room, the oldest first, whom they keep out, and the names of those it is about. */
export interface RoomHistory {
  lines: readonly LogLine[];
  removals: readonly Removed[];
  people: ReadonlyMap<Did, string>;
}

/** What others see of a class. */
type Public<T> = Pick<T, keyof T>;

/** Milliseconds to wait for the node, once it has said yes, or while leaving. */
const patience = { unmuted: 5_000, leaving: 3_000 } as const;

/**
 * One person's presence in one room: its events, its sound, their microphone, and what they do.
 *
 * After a restart of the node or a loss of the network it comes back by itself, in the same role, and always muted.
 * What leaves this device never waits for the node: muting by oneself acts here at once, muting by a moderator as soon
 * as it is heard of, a lost connection as well. Unmuting waits for the node's yes.
 *
 * A room that another node hosts may lose that node and go on at another: the presence and the sound of this one stay,
 * and everybody is muted, from the moment in which the host is lost.
 *
 * Another program may speak or listen for this person. While one speaks, muting is about it, and nothing leaves this
 * device; while one listens, nothing is played here, unless the person wants both.
 *
 * On the stage the microphone stays open while muted, to notice speech that nobody hears, but nothing is sent. Off the
 * stage it is closed.
 */
export class RoomSession {
  readonly roomId: Id;
  readonly microphone: Microphone;
  readonly #acts: Acts;
  readonly #client: Client;
  readonly #authority: Authority;
  readonly #judged = new Emitter<Judged>();
  #judging: Promise<void> = Promise.resolve();
  readonly #stream: Public<RoomStream>;
  readonly #audio: Public<RoomAudio>;
  readonly #muted = new Cell(true);
  readonly #levels = new Cell<ReadonlyMap<number, number>>(new Map());
  readonly #speakingWhileMuted = new Cell(false);
  readonly #quiet = new Cell(false);
  readonly #ownLevel = new SpeakerLevels();
  readonly #mutedSpeech = new MutedSpeech();
  #asked: Asked | null = null; // an unmute on its way
  #here = false; // to be heard here as well, while another program listens
  #trying = false; // the microphone stays open off the stage
  #hearing: (who: Did) => number = () => 1;
  #run: string | null = null; // for which the sound was connected last
  #stops: (() => void)[] = [];

  constructor(client: Client, room: Id, options: RoomSessionOptions = {}) {
    this.roomId = room;
    this.#client = client;
    this.#authority = new Authority(room);
    this.microphone = options.microphone ?? new Microphone();
    this.#stream = options.stream ?? new RoomStream(client, room);
    this.#audio = options.audio ?? new RoomAudio(client, room, () => void this.#stream.probe());
    this.#acts = new Acts(client.rooms, room, this.#stream.standing);
  }

  /** null until the first snapshot; kept while reconnecting, and at the end. */
  get state(): Readable<RoomState | null> {
    return this.#stream.state;
  }

  get status(): Readable<StreamStatus> {
    return this.#stream.status;
  }

  /** How the node that hosts the room stands; null until this node says something of it, and while it hosts itself. */
  get host(): Readable<HostState | null> {
    return this.#stream.host;
  }

  get audio(): Readable<AudioStatus> {
    return this.#audio.status;
  }

  /** Each event, after {@link state} has taken it in. */
  get events(): Subscribable<RoomEvent> {
    return this.#stream.events;
  }

  /** Each event once more, in the same order, when the act that brought it about has been verified. */
  get judged(): Subscribable<Judged> {
    return this.#judged;
  }

  /** What moderators did, each line verified, and whom they keep out. */
  async history(): Promise<RoomHistory> {
    const { create, orders, removals, people } = await this.#client.rooms.log(this.roomId);
    await this.#judging;
    const verdicts = await this.#authority.replay(create, orders);
    const read = async ({ act }: Order) => (act === undefined ? null : parse(act, "act").catch(() => null));
    const acts = await Promise.all(orders.map(read));
    const lines = orders.map((order, i) => {
      const act = acts[i] ?? null;
      return { ...order, verdict: verdicts[i] ?? "refused", by: act?.signer ?? null, claims: act?.claims ?? null };
    });
    return { lines, removals, people: new Map(people.map(({ key, name }) => [key, name])) };
  }

  /** Who speaks, oneself included: csrc to level, 0 to 1. Whoever is not in it is silent. */
  get levels(): Readable<ReadonlyMap<number, number>> {
    return this.#levels;
  }

  /** The browser plays nothing before the person has touched the page: {@link resumeSound}. */
  get playbackBlocked(): Readable<boolean> {
    return this.#audio.playbackBlocked;
  }

  /** Where the room's sound comes out. */
  get output(): SoundOutput {
    return this.#audio.output;
  }

  /** Other programs of this person's in the room: those that are connected, and those that have a token. */
  get apps(): Readable<readonly App[]> {
    return this.#stream.apps;
  }

  /** Whether nothing is played here because another program listens. */
  get quiet(): Readable<boolean> {
    return this.#quiet;
  }

  /** Whether the room hears nothing of this person, from here or by another program: what the Mute button shows. */
  get muted(): Readable<boolean> {
    return this.#muted;
  }

  /** On the stage, muted, and speaking all the same. */
  get speakingWhileMuted(): Readable<boolean> {
    return this.#speakingWhileMuted;
  }

  /** What people show without a word; at most one a second. */
  get reactions(): Subscribable<Reactions> {
    return this.#stream.reactions;
  }

  /** Something of this person's own has changed, perhaps on another of their devices. */
  get mine(): Subscribable<void> {
    return this.#stream.mine;
  }

  /** What this person is told of, in this room or of others. */
  get notices(): Subscribable<Noticed> {
    return this.#stream.notices;
  }

  /** Says how loud each person is to be played, 0 to 1. It is asked anew when the stage changes, or when it is set. */
  setHearing(hearing: (who: Did) => number): void {
    this.#hearing = hearing;
    this.#tune();
  }

  #tune(): void {
    const gains = new Map<number, number>();
    for (const { key, csrc } of this.state.value?.stage ?? []) {
      const gain = this.#hearing(key);
      if (gain !== 1) gains.set(csrc, gain);
    }
    this.#audio.setGains(gains);
  }

  /** Enters the room. How it goes is told by {@link status}. */
  enter(): void {
    if (this.#stops.length > 0) return;
    this.#stops = [
      this.#stream.status.subscribe((status) => this.#onStatus(status)),
      this.#stream.host.subscribe((host) => this.#onHost(host)),
      this.#stream.events.subscribe((event) => {
        this.#judge(event);
        this.#onEvent();
      }),
      this.#stream.apps.subscribe(() => this.#onApps()),
      this.#audio.levels.subscribe(() => this.#mergeLevels()),
      this.microphone.readings.subscribe((level) => this.#onReading(level)),
      this.microphone.track.subscribe((track) => this.#onTrack(track)),
      this.microphone.state.subscribe((state) => this.#onMicrophone(state)),
      this.microphone.interrupted.subscribe(() => this.#onInterrupted()),
    ];
    this.#stream.open();
  }

  /** Leaves the room. Never rejects: without the node, its closed connection says the same, after 60 s on the stage. */
  async leave(): Promise<void> {
    const { kind } = this.status.value;
    const inside = kind === "live" || kind === "reconnecting";
    this.#fallSilent();
    this.microphone.close();
    if (inside) {
      this.#stream.expectEnd();
      await Promise.race([this.#sayGoodbye(), new Promise((done) => setTimeout(done, patience.leaving))]);
    }
    this.#stream.close();
    this.#end();
  }

  /** Does something in the room. What it changed comes as events. */
  act(action: Action): Promise<void> {
    return this.#acts.do(action);
  }

  /** Raises the hand, perhaps with a question of one line. */
  raiseHand(question?: string): Promise<void> {
    return this.act(question ? { type: "raise_hand", question } : { type: "raise_hand" });
  }

  lowerHand(): Promise<void> {
    return this.act({ type: "lower_hand" });
  }

  acceptOffer(): Promise<void> {
    return this.act({ type: "accept_offer" });
  }

  declineOffer(): Promise<void> {
    return this.act({ type: "decline_offer" });
  }

  /** Goes from the stage to the audience. */
  stepDown(): Promise<void> {
    this.#fallSilent();
    return this.act({ type: "step_down" });
  }

  /** Invites somebody to the stage. */
  offerStage(who: Did): Promise<void> {
    return this.act({ type: "offer_stage", target: who });
  }

  /** Stops sending at once, then tells the room. */
  async mute(): Promise<void> {
    const told = this.#asked !== null || this.#heardByRoom;
    this.#fallSilent();
    if (told) await this.act({ type: "mute_self" });
  }

  /** Lets the microphone be tried: until the returned function is called it stays open off the stage, too. It sends nothing there. */
  tryMicrophone(): () => void {
    this.#trying = true;
    return () => {
      this.#trying = false;
      this.#reconcile();
    };
  }

  /**
   * Opens the microphone, asks the room, and sends once the room has said yes. Rejects with a MicrophoneError, a
   * ProblemError or an OfflineError; then nothing is sent.
   */
  async unmute(): Promise<void> {
    if (this.voice !== null) return this.act({ type: "unmute" });
    await this.microphone.open();
    this.#asked ??= this.#ask();
    const { answer } = this.#asked;
    this.#reconcile(); // the room may hear this person already
    await answer;
  }

  /** The program that speaks for this person; null while this device does. */
  get voice(): App | null {
    return this.#connected("speak");
  }

  #connected(direction: Direction): App | null {
    return this.#stream.apps.value.find((app) => app.connected && app.direction === direction) ?? null;
  }

  /** Lets another program speak for this person, or listen. */
  createApp(direction: Direction): Promise<NewApp> {
    return this.#client.rooms.createApp(this.roomId, direction);
  }

  /** Ends another program's connection, and its token. If it spoke, this person is muted from then on. */
  revokeApp(id: string): Promise<void> {
    return this.#client.rooms.revokeApp(this.roomId, id);
  }

  /** Plays here as well what another program plays. */
  listenHere(): void {
    this.#here = true;
    this.#onApps();
  }

  /** Plays what the browser has held back. To be called in the handler of a click. */
  resumeSound(): Promise<void> {
    return this.#audio.resume();
  }

  /** What the connections are like, for "Copy diagnosis". */
  async diagnose(): Promise<Diagnosis> {
    const state = this.state.value;
    const browser = navigator.userAgent;
    const sound = await this.#audio.diagnose();
    const { kind } = this.status.value;
    const node = await this.#client.knownNode().then(({ version }) => version, () => undefined); // out of reach, perhaps
    return { at: new Date().toISOString(), browser, node, room: this.roomId, events: { status: kind, n: state?.n }, sound };
  }

  /** Whether the room takes this person for one who is on the stage and not muted. */
  get #heardByRoom(): boolean {
    const mine = this.#me;
    return mine !== null && !mine.muted;
  }

  get #me() {
    return this.state.value && me(this.state.value);
  }

  #ask(): Asked {
    const asked = new Asked();
    const timer = setTimeout(() => asked.fail(new OfflineError("the room did not answer")), patience.unmuted);
    const done = () => {
      clearTimeout(timer);
      if (this.#asked === asked) this.#asked = null;
      if (this.#me === null) this.microphone.close();
    };
    asked.answer.then(done, done);
    if (!this.#heardByRoom) this.act({ type: "unmute" }).catch((error: unknown) => asked.fail(error));
    return asked;
  }

  #onStatus({ kind }: StreamStatus): void {
    if (kind === "live") {
      this.#connect();
      this.#reconcile();
    } else if (kind === "reconnecting") {
      this.#fallSilent();
    } else if (kind !== "connecting") {
      this.#end();
    }
  }

  #onApps(): void {
    const elsewhere = this.#connected("listen") !== null;
    if (!elsewhere) this.#here = false;
    this.#quiet.set(elsewhere && !this.#here);
    this.#audio.setQuiet(this.#quiet.value);
    this.#reconcile();
  }

  #onHost(host: HostState | null): void {
    if (host?.state === "lost") this.#fallSilent();
    else if (host !== null && this.state.value !== null) this.#reconcile(); // tells what it could not be told meanwhile
  }

  #connect(): void {
    this.#run = this.state.value?.run ?? null;
    this.#audio.connect();
  }

  #judge(event: RoomEvent): void {
    this.#judging = this.#judging.then(async () => {
      const verdict = await this.#authority.take(event);
      this.#judged.emit({ event, verdict });
    });
  }

  #onEvent(): void {
    // The sound belongs to the run, not to the host: a snapshot of the same run stands for the room at its new host.
    const renewed = this.status.value.kind === "live" && this.state.value?.run !== this.#run;
    if (renewed) this.#connect();
    this.#tune();
    this.#reconcile();
    this.#mergeLevels();
  }

  /** Brings what is sent in step with what the room says of this person. */
  #reconcile(): void {
    if (!this.#heardByRoom) {
      this.#hush(); // muted, moved, removed, or come back
      if (this.#me === null && this.#asked === null && !this.#trying) this.microphone.close();
    } else if (this.voice !== null) {
      this.#yield();
    } else if (this.#asked !== null) {
      this.#speak();
      this.#asked.succeed();
    } else if (this.#muted.value) {
      this.#tellMuted(); // it fell silent while the room could not be told
    }
  }

  /** Leaves speaking to another program. */
  #yield(): void {
    this.#audio.silence();
    this.#ownLevel.clear();
    this.microphone.close();
    this.#speakingWhileMuted.set(false);
    this.#muted.set(false);
    this.#asked?.succeed();
  }

  #tellMuted(): void {
    this.act({ type: "mute_self" }).catch(() => undefined); // refused when the room has noticed by now
  }

  /** Sends what the microphone hears. */
  #speak(): void {
    const track = this.microphone.track.value;
    if (track === null) {
      this.#tellMuted(); // unplugged meanwhile
      return;
    }
    void this.#audio.send(track);
    this.#mutedSpeech.clear();
    this.#speakingWhileMuted.set(false);
    this.#muted.set(false);
  }

  /** Sends nothing. */
  #hush(): void {
    if (this.#muted.value) return;
    this.#audio.silence();
    this.#ownLevel.clear();
    this.#muted.set(true);
  }

  /** Sends nothing, and will not when the room says yes to an earlier wish. */
  #fallSilent(): void {
    this.#hush();
    this.#asked?.fail(new OfflineError("muted meanwhile"));
    this.#asked = null;
  }

  /** Another device took the place of the one before, or is about to: that one was unplugged. */
  #onTrack(track: MediaStreamTrack | null): void {
    if (this.#muted.value || this.voice !== null) return;
    if (track !== null) void this.#audio.send(track);
    else this.#audio.silence();
  }

  /** After a telephone call nobody is heard before they say so. */
  #onInterrupted(): void {
    if (this.#muted.value || this.voice !== null) return;
    this.#fallSilent();
    this.#tellMuted();
  }

  /** No other device could be opened. */
  #onMicrophone(state: MicrophoneState): void {
    if (state.kind !== "failed" || this.#muted.value || this.voice !== null) return;
    this.#fallSilent();
    this.#tellMuted();
  }

  #onReading(level: number): void {
    if (this.#muted.value) {
      this.#speakingWhileMuted.set(this.#me !== null && this.#mutedSpeech.read(level, performance.now()));
    }
    this.#mergeLevels();
  }

  /** What is heard, and oneself. */
  #mergeLevels(): void {
    const levels = new Map(this.#audio.levels.value);
    // Rings go out with the word that somebody is muted, not when the last packet has faded.
    for (const { csrc, muted } of this.state.value?.stage ?? []) if (muted) levels.delete(csrc);
    const mine = this.#me;
    if (mine !== null && !this.#muted.value) {
      const now = performance.now();
      const own = { source: mine.csrc, timestamp: now, audioLevel: this.microphone.level.value };
      for (const [csrc, level] of this.#ownLevel.read([own], now)) levels.set(csrc, level);
    }
    if (levels.size > 0 || this.#levels.value.size > 0) this.#levels.set(levels);
  }

  async #sayGoodbye(): Promise<void> {
    await this.#audio.hangUp();
    await this.act({ type: "leave" }).catch(() => undefined); // out of reach, or out of the room by now
  }

  #end(): void {
    for (const stop of this.#stops) stop();
    this.#stops = [];
    this.#fallSilent();
    this.#levels.set(new Map());
    this.#speakingWhileMuted.set(false);
    this.microphone.close();
    this.#audio.close();
  }
}

/** A question to the room that an event answers. */
class Asked {
  readonly answer: Promise<void>;
  succeed: () => void = () => undefined;
  fail: (error: unknown) => void = () => undefined;

  constructor() {
    this.answer = new Promise((resolve, reject) => {
      this.succeed = resolve;
      this.fail = reject;
    });
  }
}
