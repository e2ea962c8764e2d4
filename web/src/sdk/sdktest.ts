/** People, rooms and events for the tests of this folder. */
import { vi } from "vitest";
import type { Community, Entry, HostChanged, Person, RoomDelta, Snapshot, StagePerson } from "./types";

export const ana = "did:key:z6MkAna";
export const leo = "did:key:z6MkLeo";
export const mia = "did:key:z6MkMia";
export const noor = "did:key:z6MkNoor";

/** The id of the room of {@link aSnapshot}. */
export const aRoom = "A".repeat(43);

export const aCommunity: Community = {
  id: ana,
  name: "Café",
  entry: "invite",
  members: 4,
  rules: {
    aud: ana,
    iat: 1_790_000_000,
    order: 1,
    name: "A".repeat(43),
    entry: "invite",
    admit_slots: 2,
    period_slots: 3,
    period: 604_800,
    invite_life: 1_209_600,
    host_people: 3,
    host_time: 600,
    speak_time: 600,
    probation: 6_048_000,
  },
};

export function person(key: string): Person {
  const name = key.slice("did:key:z6Mk".length);
  return { key, name, csrc: 1 + [ana, leo, mia, noor].indexOf(key) };
}

export function onStage(key: string, role: StagePerson["role"]): StagePerson {
  return { ...person(key), role, muted: true, connected: true };
}

/** Ana moderates and is heard, Léo (who looks) and Mia listen among three, Mia with a raised hand. */
export function aSnapshot(): Snapshot {
  return {
    type: "snapshot",
    n: 10,
    at: 10_000,
    run: "run-1",
    you: leo,
    room: {
      id: aRoom,
      title: "Bread",
      topics: ["baking"],
      language: "en",
      entry: "members",
      community: aCommunity,
      host: noor,
      creator: { key: ana, name: "Ana" },
      created: 1_000,
      speakers: [{ key: ana, name: "Ana" }],
      stage: 1,
      listening: 3,
      ended: false,
      epoch: 1,
      why: "here",
    },
    stage: [{ ...onStage(ana, "moderator"), muted: false }],
    hands: [{ ...person(mia), at: 1, question: "Rye?" }],
    offers: [],
    create: "",
    roles: [],
    settings: { locked: false, ask: false, slow: 0 },
    audience: { count: 3, guests: 0, people: [person(leo), person(mia)] },
  };
}

type WithoutHead<T> = T extends unknown ? Omit<T, "n" | "at"> : never;

/** The nth event. */
export function event<T extends WithoutHead<RoomDelta>>(n: number, what: T): T & { n: number; at: number } {
  return { ...what, n, at: n * 1000 };
}

/** Noor's node hosts the room, and asks by way of Ana's. */
export function anEntry(epoch = 1, host = noor): Entry {
  return { type: "entry", n: 0, at: 0, room: aRoom, epoch, home: ana, host, nonce: `nonce-of-epoch-${epoch}` };
}

/** What becomes of the room's host. */
export function hostIs(state: HostChanged["state"], epoch = 1, host = noor): HostChanged {
  return { type: "host", n: 0, at: 0, state, host, epoch };
}

/** A microphone's track, which can be unplugged. */
export class FakeTrack {
  readonly kind = "audio";
  readonly deviceId: string;
  readonly label: string;
  readyState: MediaStreamTrackState = "live";
  onended: (() => void) | null = null;
  onmute: (() => void) | null = null;

  constructor(deviceId: string, label: string) {
    this.deviceId = deviceId;
    this.label = label;
  }

  getSettings(): MediaTrackSettings {
    return { deviceId: this.deviceId };
  }

  stop(): void {
    this.readyState = "ended";
  }

  unplug(): void {
    this.readyState = "ended";
    this.onended?.();
  }
}

/** What stands for a MediaStream: tracks, and nothing else. */
class FakeTracks {
  readonly tracks: FakeTrack[];

  constructor(tracks: FakeTrack[]) {
    this.tracks = tracks;
  }
}

/** What a test does with the device's microphone. */
export interface FakeMicrophone {
  /** The tracks opened so far. */
  readonly tracks: FakeTrack[];
  /** The constraints they were opened with. */
  readonly asked: MediaTrackConstraints[];
  /** From now on opening fails like this. */
  refuse(name: string): void;
  /** From now on it hears a tone of this level. */
  hears(level: number): void;
}

/** Gives the globals a microphone. vi.unstubAllGlobals takes it away. */
export function stubMicrophone(): FakeMicrophone {
  const tracks: FakeTrack[] = [];
  const asked: MediaTrackConstraints[] = [];
  let refusal: string | null = null;
  let level = 0;
  const mediaDevices = Object.assign(new EventTarget(), {
    getUserMedia({ audio }: { audio: MediaTrackConstraints }) {
      asked.push(audio);
      if (refusal !== null) return Promise.reject(new DOMException("", refusal));
      const device = audio.deviceId as { exact: string } | undefined;
      const track = new FakeTrack(device?.exact ?? "default", device?.exact ?? "Default");
      tracks.push(track);
      return Promise.resolve({ getAudioTracks: () => [track] });
    },
    enumerateDevices: () =>
      Promise.resolve([
        { kind: "audioinput", deviceId: "default", label: "Default" },
        { kind: "audioinput", deviceId: "usb", label: "USB" },
        { kind: "audiooutput", deviceId: "speaker", label: "Speaker" },
        { kind: "audioinput", deviceId: "", label: "" },
      ]),
  });
  const stored = new Map<string, string>();
  vi.stubGlobal("navigator", { mediaDevices, userAgent: "test" });
  vi.stubGlobal("localStorage", {
    getItem: (name: string) => stored.get(name) ?? null,
    setItem: (name: string, value: string) => stored.set(name, value),
  });
  vi.stubGlobal("MediaStream", FakeTracks);
  vi.stubGlobal(
    "AudioContext",
    class {
      readonly state = "running";
      createMediaStreamSource = () => ({ connect: () => undefined });
      createAnalyser = () => ({ fftSize: 0, getFloatTimeDomainData: (samples: Float32Array) => samples.fill(level) });
      close = () => Promise.resolve();
    },
  );
  return {
    tracks,
    asked,
    refuse: (name) => (refusal = name),
    hears: (heard) => (level = heard),
  };
}
