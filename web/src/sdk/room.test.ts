import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { RoomAudio, AudioStatus } from "./audio";
import type { Client } from "./client";
import { Cell, Emitter } from "./emitter";
import { MicrophoneError, OfflineError, ProblemError } from "./errors";
import { SoundOutput } from "./output";
import { RoomSession } from "./room";
import { reduce, type RoomState } from "./roomstate";
import { ana, anEntry, aRoom, aSnapshot, event, leo, mia, onStage, stubMicrophone, type FakeMicrophone } from "./sdktest";
import type { StreamStatus } from "./socket";
import type { RoomStream } from "./stream";
import type { Standing } from "./acts";
import type { Action, App, Entry, HostState, Noticed, Reactions, RoomEvent } from "./types";

class FakeStream implements Pick<RoomStream, keyof RoomStream> {
  readonly room = aRoom;
  readonly state = new Cell<RoomState | null>(null);
  readonly status = new Cell<StreamStatus>({ kind: "closed" });
  readonly entry = new Cell<Entry | null>(null);
  readonly standing = new Cell<Standing | null>(null);
  readonly host = new Cell<HostState | null>(null);
  readonly apps = new Cell<readonly App[]>([]);
  readonly events = new Emitter<RoomEvent>();
  readonly reactions = new Emitter<Reactions>();
  readonly mine = new Emitter<void>();
  readonly notices = new Emitter<Noticed>();
  readonly calls: string[] = [];

  open = () => this.status.set({ kind: "connecting" });
  close = () => {
    this.calls.push("close");
    this.status.set({ kind: "closed" });
  };
  expectEnd = () => void this.calls.push("expectEnd");
  probe = () => Promise.resolve();

  tell(told: RoomEvent): void {
    this.state.set(reduce(this.state.value, told));
    this.events.emit(told);
    if (told.type === "snapshot" && this.status.value.kind !== "live") this.status.set({ kind: "live" });
  }
}

class FakeAudio implements Pick<RoomAudio, keyof RoomAudio> {
  readonly status = new Cell<AudioStatus>({ kind: "idle" });
  readonly levels = new Cell<ReadonlyMap<number, number>>(new Map());
  gains: ReadonlyMap<number, number> = new Map();
  setGains = (gains: ReadonlyMap<number, number>) => void (this.gains = gains);
  readonly playbackBlocked = new Cell(false);
  readonly output = new SoundOutput();
  connects = 0;
  sending: MediaStreamTrack | null = null;

  connect = () => {
    this.connects++;
  };
  send = (track: MediaStreamTrack) => {
    this.sending = track;
    return Promise.resolve();
  };
  silence = () => {
    this.sending = null;
  };
  quiet = false;
  setQuiet = (quiet: boolean) => {
    this.quiet = quiet;
  };
  resume = () => Promise.resolve();
  diagnose = () => Promise.resolve({ status: this.status.value.kind });
  hungUp = false;
  close = () => this.status.set({ kind: "closed" });
  hangUp = () => {
    this.hungUp = true;
    this.close();
    return Promise.resolve();
  };
}

let stream: FakeStream;
let audio: FakeAudio;
let device: FakeMicrophone;
let acts: Action[];
let answer: () => Promise<void>;
let session: RoomSession;

beforeEach(() => {
  vi.useFakeTimers();
  device = stubMicrophone();
  stream = new FakeStream();
  audio = new FakeAudio();
  acts = [];
  answer = () => Promise.resolve();
  const act = (_: string, action: Action) => {
    acts.push(action);
    return answer();
  };
  session = new RoomSession({ rooms: { act } } as unknown as Client, aRoom, { stream, audio });
});

afterEach(async () => {
  answer = () => Promise.resolve();
  await session.leave();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const settle = () => vi.advanceTimersByTimeAsync(0);
const said = () => acts.map(({ type }) => type);

/** Léo in the audience. */
function listen(): void {
  session.enter();
  stream.tell(aSnapshot());
}

/** Léo on the stage, muted; the next event is number 12. */
function speak(): void {
  listen();
  stream.tell(event(11, { type: "stage_joined", person: onStage(leo, "speaker") }));
}

/** Léo heard; the next event is number 13. */
async function heard(): Promise<void> {
  speak();
  const unmuted = session.unmute();
  await settle();
  stream.tell(event(12, { type: "unmuted", key: leo }));
  await unmuted;
}

describe("sound", () => {
  test("is connected when the room is entered, and anew after each reconnection", () => {
    listen();
    expect(audio.connects).toBe(1);
    stream.status.set({ kind: "reconnecting", since: 0, attempt: 1 });
    stream.tell({ ...aSnapshot(), run: "run-2" });
    expect(audio.connects).toBe(2);
  });

  test.each<StreamStatus>([
    { kind: "ended" },
    { kind: "refused", problem: new ProblemError({ code: "room-removed", status: 403, title: "" }) },
  ])("ends with the room: $kind", async (status) => {
    await heard();
    stream.status.set(status);
    expect([audio.status.value.kind, audio.sending, session.muted.value]).toEqual(["closed", null, true]);
    expect(audio.hungUp).toBe(false); // the node has done so
    expect(session.microphone.state.value.kind).toBe("closed");
  });
});

describe("unmuting", () => {
  test("opens the microphone, asks, and sends only once the room says yes", async () => {
    speak();
    const unmuted = session.unmute();
    await settle();
    expect([said(), audio.sending, session.muted.value]).toEqual([["unmute"], null, true]);
    stream.tell(event(12, { type: "unmuted", key: leo }));
    await unmuted;
    expect([audio.sending, session.muted.value]).toEqual([device.tracks[0], false]);
  });

  test("asking twice is one question", async () => {
    speak();
    const both = Promise.all([session.unmute(), session.unmute()]);
    await settle();
    stream.tell(event(12, { type: "unmuted", key: leo }));
    await both;
    expect([said(), device.tracks.length]).toEqual([["unmute"], 1]);
  });

  test("a refusal is told, and nothing is sent", async () => {
    speak();
    const refusal = new ProblemError({ code: "room-role", status: 403, title: "" });
    answer = () => Promise.reject(refusal);
    await expect(session.unmute()).rejects.toBe(refusal);
    expect([audio.sending, session.muted.value]).toEqual([null, true]);
  });

  test("a yes that never comes is a loss; when it comes too late, the room is told the truth", async () => {
    speak();
    const unmuted = expect(session.unmute()).rejects.toBeInstanceOf(OfflineError);
    await vi.advanceTimersByTimeAsync(5000);
    await unmuted;
    stream.tell(event(12, { type: "unmuted", key: leo }));
    expect([said(), audio.sending]).toEqual([["unmute", "mute_self"], null]);
  });

  test("without a microphone the room is not even asked", async () => {
    speak();
    device.refuse("NotAllowedError");
    const error = await session.unmute().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(MicrophoneError);
    expect(error).toMatchObject({ why: "blocked" });
    expect(said()).toEqual([]);
  });

  test("a mute that was on its way before the yes does not undo it", async () => {
    speak();
    const unmuted = session.unmute();
    await settle();
    stream.tell(event(12, { type: "muted", key: leo, by: ana }));
    stream.tell(event(13, { type: "unmuted", key: leo }));
    await unmuted;
    expect(session.muted.value).toBe(false);
  });

  test("muting meanwhile wins", async () => {
    speak();
    const unmuted = expect(session.unmute()).rejects.toBeInstanceOf(OfflineError);
    await settle();
    await session.mute();
    await unmuted;
    stream.tell(event(12, { type: "unmuted", key: leo }));
    expect([audio.sending, session.muted.value]).toEqual([null, true]);
  });
});

describe("muting", () => {
  test("by oneself is at once, before the room knows", async () => {
    await heard();
    answer = () => new Promise(() => undefined);
    void session.mute();
    expect([audio.sending, session.muted.value, said().at(-1)]).toEqual([null, true, "mute_self"]);
  });

  test("by a moderator is at once, and the microphone stays open", async () => {
    await heard();
    stream.tell(event(13, { type: "muted", key: leo, by: ana }));
    expect([audio.sending, session.muted.value, session.microphone.state.value.kind]).toEqual([null, true, "open"]);
    expect(said()).toEqual(["unmute"]);
  });

  test("of somebody else changes nothing", async () => {
    await heard();
    stream.tell(event(13, { type: "muted", key: ana, by: ana }));
    expect([audio.sending, session.muted.value]).toEqual([device.tracks[0], false]);
  });

  test("leaving the stage closes the microphone", async () => {
    await heard();
    stream.tell(event(13, { type: "stage_left", key: leo, why: "moved", by: ana }));
    expect([audio.sending, session.muted.value, session.microphone.state.value.kind]).toEqual([null, true, "closed"]);
    expect(device.tracks[0]?.readyState).toBe("ended");
  });

  test("while muted already, there is nothing to tell", async () => {
    speak();
    await session.mute();
    expect(said()).toEqual([]);
  });
});

describe("losing the connection", () => {
  test("stops sending at once, and comes back muted whatever the room thought", async () => {
    await heard();
    stream.status.set({ kind: "reconnecting", since: 0, attempt: 1 });
    expect([audio.sending, session.muted.value]).toEqual([null, true]);
    stream.status.set({ kind: "live" }); // resumed, without the room having noticed
    expect([said(), audio.sending, session.muted.value]).toEqual([["unmute", "mute_self"], null, true]);
  });

  test("an unmute on its way is lost with it", async () => {
    speak();
    const unmuted = expect(session.unmute()).rejects.toBeInstanceOf(OfflineError);
    await settle();
    stream.status.set({ kind: "reconnecting", since: 0, attempt: 1 });
    await unmuted;
  });
});

describe("losing the host", () => {
  const lost = () => stream.host.set({ state: "lost", host: ana, epoch: 1 });

  test("stops sending at once, whatever the room last said", async () => {
    await heard();
    lost();
    expect([audio.sending, session.muted.value, session.host.value?.state]).toEqual([null, true, "lost"]);
    expect(said()).toEqual(["unmute"]); // there is nobody to tell
  });

  test("an unmute on its way is lost with it", async () => {
    speak();
    const unmuted = expect(session.unmute()).rejects.toBeInstanceOf(OfflineError);
    await settle();
    lost();
    await unmuted;
  });

  test("at the next host everybody is muted, and the sound stays", async () => {
    await heard();
    lost();
    stream.tell({ ...aSnapshot(), n: 13, stage: [onStage(ana, "moderator"), onStage(leo, "speaker")] });
    stream.host.set({ state: "live", host: mia, epoch: 2 });
    expect([audio.connects, session.muted.value, session.state.value?.n]).toEqual([1, true, 13]);
    expect(said()).toEqual(["unmute"]);
    const unmuted = session.unmute();
    await settle();
    stream.tell(event(14, { type: "unmuted", key: leo }));
    await unmuted;
    expect(audio.sending).toBe(device.tracks[0]);
  });

  test("the same host is back: it is told that nothing is sent", async () => {
    await heard();
    lost();
    stream.host.set({ state: "live", host: ana, epoch: 1 });
    expect([said(), session.muted.value]).toEqual([["unmute", "mute_self"], true]);
  });

  test("another run brings another connection for the sound", async () => {
    await heard();
    stream.tell({ ...aSnapshot(), run: "run-2", stage: [onStage(leo, "speaker")] });
    expect([audio.connects, audio.sending, session.muted.value]).toEqual([2, null, true]);
  });

  test("a microphone opened at the door is not closed before the room has been seen", async () => {
    await session.microphone.open();
    session.enter();
    stream.host.set({ state: "live", host: ana, epoch: 1 });
    expect(session.microphone.state.value.kind).toBe("open");
  });
});

test("where another node hosts the room, actions go one by one, each at its place under the entry in force", async () => {
  const places: unknown[] = [];
  const answers: (() => void)[] = [];
  const act = (_room: string, { type }: Action, place: unknown) => {
    places.push([type, place]);
    return type === "leave" ? Promise.resolve() : new Promise<void>((resolve) => answers.push(resolve));
  };
  session = new RoomSession({ rooms: { act } } as unknown as Client, aRoom, { stream, audio });
  listen();
  const { nonce } = anEntry();
  stream.standing.set({ nonce: anEntry().nonce, abroad: true });
  const both = Promise.all([session.raiseHand("Rye?"), session.lowerHand()]);
  await settle();
  expect(places).toEqual([["raise_hand", { nonce, n: 1 }]]);
  answers.shift()?.();
  await settle();
  expect(places.at(-1)).toEqual(["lower_hand", { nonce, n: 2 }]);
  answers.shift()?.();
  await both;
  stream.standing.set({ nonce: anEntry(2, mia).nonce, abroad: true });
  const third = session.raiseHand();
  await settle();
  expect(places.at(-1)).toEqual(["raise_hand", { nonce: anEntry(2).nonce, n: 1 }]);
  answers.shift()?.();
  await third;
  stream.standing.set(null);
  void session.lowerHand();
  expect(places.at(-1)).toEqual(["lower_hand", undefined]);
});

describe("leaving", () => {
  test("says so, then ends everything", async () => {
    await heard();
    await session.leave();
    expect(said().at(-1)).toBe("leave");
    expect([stream.calls, audio.hungUp]).toEqual([["expectEnd", "close"], true]);
    expect([audio.status.value.kind, session.microphone.state.value.kind, audio.sending]).toEqual(["closed", "closed", null]);
  });

  test("does not wait long for a node that does not answer", async () => {
    listen();
    answer = () => new Promise(() => undefined);
    const left = session.leave();
    await vi.advanceTimersByTimeAsync(3000);
    await left;
    expect(session.status.value.kind).toBe("closed");
  });

  test("before the room was entered there is nothing to say", async () => {
    session.enter();
    await session.leave();
    expect(said()).toEqual([]);
  });
});

describe("the microphone", () => {
  test("opened before entering is closed for a listener, and kept for the stage", async () => {
    await session.microphone.open();
    listen();
    expect(session.microphone.state.value.kind).toBe("closed");
    await session.leave();

    stream = new FakeStream();
    session = new RoomSession({ rooms: { act: () => Promise.resolve() } } as unknown as Client, aRoom, { stream, audio: new FakeAudio() });
    await session.microphone.open();
    session.enter();
    stream.tell({ ...aSnapshot(), stage: [onStage(leo, "moderator")] });
    expect(session.microphone.state.value.kind).toBe("open");
  });

  test("is tried by a listener whatever happens in the room, and closed when that is over", async () => {
    listen();
    const over = session.tryMicrophone();
    await session.microphone.open();
    stream.tell(event(11, { type: "stage_joined", person: onStage(ana, "speaker") }));
    expect([session.microphone.state.value.kind, audio.sending]).toEqual(["open", null]);
    over();
    expect(session.microphone.state.value.kind).toBe("closed");
  });

  test("tried on the stage, stays open", async () => {
    await heard();
    session.tryMicrophone()();
    expect([session.microphone.state.value.kind, session.muted.value]).toEqual(["open", false]);
  });

  test("unplugged while speaking: the default one is heard instead", async () => {
    await heard();
    const fellBack: string[] = [];
    session.microphone.fellBack.subscribe((label) => fellBack.push(label));
    device.tracks[0]?.unplug();
    expect(audio.sending).toBeNull();
    await settle();
    expect([audio.sending, session.muted.value, fellBack]).toEqual([device.tracks[1], false, ["Default"]]);
  });

  test("interrupted by a call while speaking: muted, and the room knows", async () => {
    await heard();
    device.tracks[0]?.onmute?.();
    await settle();
    expect([audio.sending, session.muted.value, said().at(-1)]).toEqual([null, true, "mute_self"]);
  });

  test("unplugged, and there is no other: muted, and the room knows", async () => {
    await heard();
    device.refuse("NotFoundError");
    device.tracks[0]?.unplug();
    await settle();
    expect([audio.sending, session.muted.value, said().at(-1)]).toEqual([null, true, "mute_self"]);
    expect(session.microphone.state.value).toEqual({ kind: "failed", why: "missing" });
  });

  test("changed while speaking: the new one is heard, the old one let go", async () => {
    await heard();
    await session.microphone.open("usb");
    expect(audio.sending).toBe(device.tracks[1]);
    expect(device.tracks.map(({ readyState }) => readyState)).toEqual(["ended", "live"]);
  });

  test("speech while muted is noticed, on the stage only", async () => {
    await heard();
    await session.mute();
    stream.tell(event(13, { type: "muted", key: leo }));
    device.hears(0.2);
    await vi.advanceTimersByTimeAsync(1000);
    expect(session.speakingWhileMuted.value).toBe(true);
    device.hears(0);
    await vi.advanceTimersByTimeAsync(3000);
    expect(session.speakingWhileMuted.value).toBe(false);

    device.hears(0.2);
    await vi.advanceTimersByTimeAsync(1000);
    const unmuted = session.unmute();
    await settle();
    stream.tell(event(14, { type: "unmuted", key: leo }));
    await unmuted;
    expect(session.speakingWhileMuted.value).toBe(false);
  });
});

describe("rings", () => {
  test("others' come from the sound, one's own from the microphone", async () => {
    await heard();
    audio.levels.set(new Map([[1, 0.3]]));
    device.hears(0.2);
    await vi.advanceTimersByTimeAsync(500);
    expect([...session.levels.value.keys()].sort()).toEqual([1, 2]);
    device.hears(0);
    await vi.advanceTimersByTimeAsync(500);
    expect([...session.levels.value.keys()]).toEqual([1]);
    stream.tell(event(13, { type: "muted", key: ana }));
    expect(session.levels.value.size).toBe(0);
    device.hears(0.2);
    await vi.advanceTimersByTimeAsync(500);
    expect([...session.levels.value.keys()]).toEqual([2]);
    await session.mute();
    stream.tell(event(14, { type: "muted", key: leo }));
    expect(session.levels.value.size).toBe(0);
  });
});

describe("another program", () => {
  const app = (direction: App["direction"], connected: boolean): App => ({
    id: direction,
    direction,
    connected,
    created: 0,
    expires: 1,
  });

  test("that speaks takes the place of this microphone, and is what muting is about", async () => {
    await heard();
    stream.apps.set([app("speak", true)]);
    expect([audio.sending, session.muted.value, session.microphone.state.value.kind]).toEqual([null, false, "closed"]);
    await session.mute();
    stream.tell(event(13, { type: "muted", key: leo }));
    expect([said().slice(-1), session.muted.value]).toEqual([["mute_self"], true]);
    const before = device.tracks.length;
    await session.unmute();
    stream.tell(event(14, { type: "unmuted", key: leo }));
    expect([said().slice(-1), session.muted.value, audio.sending]).toEqual([["unmute"], false, null]);
    expect(device.tracks.length).toBe(before); // the microphone stayed closed
  });

  test("that begins to speak is not taken for a mistake of the room's", async () => {
    speak();
    stream.apps.set([app("speak", true)]);
    stream.tell(event(12, { type: "unmuted", key: leo }));
    await settle();
    expect([said(), session.muted.value, audio.sending]).toEqual([[], false, null]);
  });

  test("that has ended leaves this person muted, and nothing is sent", async () => {
    speak();
    stream.apps.set([app("speak", true)]);
    stream.tell(event(12, { type: "unmuted", key: leo }));
    stream.apps.set([app("speak", false)]);
    stream.tell(event(13, { type: "muted", key: leo }));
    await settle();
    expect([session.muted.value, audio.sending, session.voice]).toEqual([true, null, null]);
  });

  test("that listens is all that is heard, unless the person wants both", () => {
    listen();
    stream.apps.set([app("listen", true)]);
    expect([session.quiet.value, audio.quiet]).toEqual([true, true]);
    session.listenHere();
    expect([session.quiet.value, audio.quiet]).toEqual([false, false]);
    stream.apps.set([app("listen", false)]);
    stream.apps.set([app("listen", true)]);
    expect(audio.quiet).toBe(true); // it was asked for the one before
    stream.apps.set([]);
    expect(audio.quiet).toBe(false);
  });
});
