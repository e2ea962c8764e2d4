import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { RoomAudio, type MediaDoor } from "./audio";
import { OfflineError, ProblemError } from "./errors";
import { aRoom, FakeTrack } from "./sdktest";

/** One side of a connection, told by the test what the other does. */
class FakePeer {
  static all: FakePeer[] = [];
  readonly lines: { direction: string; sent: unknown[]; sources: { source: number; timestamp: number; audioLevel: number }[] }[] = [];
  connectionState: RTCPeerConnectionState = "new";
  onconnectionstatechange: (() => void) | null = null;
  localDescription: { sdp: string } | null = null;
  answer: string | null = null;

  constructor() {
    FakePeer.all.push(this);
  }

  addTransceiver(_: string, { direction }: { direction: string }) {
    const line = { direction, sent: [] as unknown[], sources: [] };
    this.lines.push(line);
    return {
      sender: {
        replaceTrack: (track: unknown) => {
          line.sent.push(track);
          return Promise.resolve();
        },
      },
      receiver: { track: {}, getContributingSources: () => line.sources },
    };
  }

  setLocalDescription(): Promise<void> {
    this.localDescription = { sdp: `offer of ${this.lines.map(({ direction }) => direction).join()}` };
    return Promise.resolve();
  }

  setRemoteDescription({ sdp }: { sdp: string }): Promise<void> {
    if (sdp === "garbage") return Promise.reject(new Error("cannot be parsed"));
    this.answer = sdp;
    return Promise.resolve();
  }

  getStats(): Promise<Map<string, unknown>> {
    const inbound = { id: "in", type: "inbound-rtp", packetsReceived: 50, concealedSamples: 30, silentConcealedSamples: 20, totalSamplesReceived: 1000 };
    const transport = { id: "t", type: "transport", selectedCandidatePairId: "p" };
    const pair = { id: "p", type: "candidate-pair", state: "succeeded", nominated: true, currentRoundTripTime: 0.02, localCandidateId: "l" };
    const other = { id: "o", type: "local-candidate", protocol: "tcp", tcpType: "active", candidateType: "host", address: "192.0.2.1" };
    const far = { id: "r", type: "remote-candidate", protocol: "udp", candidateType: "host", address: "192.0.2.1" };
    const local = { id: "l", type: "local-candidate", protocol: "udp", candidateType: "host", address: "192.0.2.1" };
    return Promise.resolve(new Map([inbound, transport, pair, local, other, far].map((entry) => [entry.id, entry])));
  }

  become(state: RTCPeerConnectionState): void {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }

  close(): void {
    this.connectionState = "closed";
  }

  get open(): boolean {
    return this.connectionState !== "closed";
  }
}

class FakeNode implements MediaDoor {
  readonly offers: string[] = [];
  readonly closed: string[] = [];
  trouble: Error | null = null;
  answer = "answer";
  readonly rooms = this;

  knownNode = () => Promise.resolve({ slots: 3 } as never);
  offerMedia = (room: string, sdp: string) => {
    expect(room).toBe(aRoom);
    this.offers.push(sdp);
    return this.trouble ? Promise.reject(this.trouble) : Promise.resolve({ answer: this.answer, leg: `leg-${this.offers.length}` });
  };
  closeMedia = (_: string, leg: string) => {
    this.closed.push(leg);
    return Promise.resolve();
  };
}

let node: FakeNode;
let audio: RoomAudio;
let blocked: boolean;
let touched: (() => void) | null;
let troubles: number;
let players: { onpause: (() => void) | null }[];

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0);
  FakePeer.all = [];
  blocked = false;
  touched = null;
  troubles = 0;
  players = [];
  vi.stubGlobal("RTCPeerConnection", FakePeer);
  vi.stubGlobal("MediaStream", Array);
  vi.stubGlobal("Audio", class {
    srcObject: unknown = null;
    onpause: (() => void) | null = null;
    constructor() {
      players.push(this);
    }
    play = () => (blocked ? Promise.reject(new DOMException("", "NotAllowedError")) : Promise.resolve());
    pause = () => undefined;
  });
  vi.stubGlobal("document", {
    addEventListener: (_: string, listener: () => void) => (touched = listener),
    removeEventListener: () => (touched = null),
  });
  node = new FakeNode();
  audio = new RoomAudio(node, aRoom, () => troubles++);
});

afterEach(() => {
  audio.close();
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const settle = () => vi.advanceTimersByTimeAsync(0);
const status = () => audio.status.value.kind;

/** The newest connection. */
function peer(): FakePeer {
  const newest = FakePeer.all.at(-1);
  if (!newest) throw new Error("no connection");
  return newest;
}

async function connected(): Promise<FakePeer> {
  audio.connect();
  await settle();
  peer().become("connected");
  expect(status()).toBe("connected");
  return peer();
}

describe("connecting", () => {
  test("offers the slots first and the microphone last", async () => {
    audio.connect();
    expect(status()).toBe("connecting");
    await settle();
    expect(node.offers).toEqual(["offer of recvonly,recvonly,recvonly,sendonly"]);
    expect(peer().answer).toBe("answer");
    peer().become("connected");
    expect(status()).toBe("connected");
  });

  test("tries again while the room or the node is not ready", async () => {
    audio.connect();
    for (const trouble of [problem("room-not-here"), new OfflineError("x"), problem("media-busy")]) {
      node.trouble = trouble;
      await settle();
      expect(status()).toBe("connecting");
      await vi.advanceTimersByTimeAsync(8000);
    }
    node.trouble = null;
    await vi.advanceTimersByTimeAsync(8000);
    peer().become("connected");
    expect(status()).toBe("connected");
    expect(FakePeer.all.filter(({ open }) => open)).toHaveLength(1);
  });

  test.each(["room-removed", "room-unknown", "media-sdp"])("%s is final", async (code) => {
    node.trouble = problem(code);
    audio.connect();
    await settle();
    expect(audio.status.value).toMatchObject({ kind: "refused", problem: { code } });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(node.offers).toHaveLength(1);
  });

  test("an answer that the browser cannot use is final", async () => {
    node.answer = "garbage";
    audio.connect();
    await settle();
    expect([status(), peer().open]).toEqual(["refused", false]);
  });

  test("nothing over UDP: TCP is said to be tried where the node offers it, and is as good", async () => {
    node.answer = "v=0\r\na=candidate:2 1 tcp 1518083839 192.0.2.1 7081 typ host tcptype passive\r\n";
    audio.connect();
    await settle();
    await vi.advanceTimersByTimeAsync(2_500);
    expect(status()).toBe("fallback");
    peer().become("connected");
    expect(status()).toBe("connected");
    await vi.advanceTimersByTimeAsync(60_000);
    expect([status(), FakePeer.all.length]).toEqual(["connected", 1]);
  });

  test("neither over UDP nor over TCP", async () => {
    node.answer = "v=0\r\na=candidate:2 1 tcp 1518083839 192.0.2.1 7081 typ host tcptype passive\r\n";
    audio.connect();
    await settle();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(audio.status.value).toEqual({ kind: "unreachable", tcp: true });
    expect(await audio.diagnose()).toMatchObject({ lastAttempt: { candidates: { node: { "udp host": 1 } } } });
    await vi.advanceTimersByTimeAsync(500 + 3_000); // the next attempt is in doubt too, and that is known
    expect([status(), FakePeer.all.length]).toEqual(["unreachable", 2]);
  });

  test("no packet gets through: said, and tried again", async () => {
    audio.connect();
    await settle();
    await vi.advanceTimersByTimeAsync(2_500);
    expect(status()).toBe("connecting"); // nothing else is tried
    await vi.advanceTimersByTimeAsync(7_500);
    expect(audio.status.value).toEqual({ kind: "unreachable", tcp: false });
    await vi.advanceTimersByTimeAsync(500);
    expect([status(), FakePeer.all.length]).toEqual(["unreachable", 2]);
    peer().become("connected");
    expect(status()).toBe("connected");
  });
});

describe("losing packets", () => {
  test("failed: a new connection at once, and the other one is looked at", async () => {
    const first = await connected();
    first.become("failed");
    await settle();
    expect([status(), FakePeer.all.length, troubles]).toEqual(["reconnecting", 2, 1]);
    peer().become("connected");
    expect([status(), first.open]).toEqual(["connected", false]);
  });

  test("disconnected: it may mend by itself for a moment", async () => {
    const first = await connected();
    first.become("disconnected");
    await vi.advanceTimersByTimeAsync(2000);
    first.become("connected");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(FakePeer.all).toHaveLength(1);

    first.become("disconnected");
    await vi.advanceTimersByTimeAsync(3000);
    expect(FakePeer.all).toHaveLength(2);
  });

  test("a connection that is being replaced is heard until then, and not waited for", async () => {
    const first = await connected();
    node.trouble = new OfflineError("x");
    audio.connect();
    await settle();
    expect([status(), first.open]).toEqual(["reconnecting", true]);
    first.become("disconnected");
    node.trouble = null;
    await vi.advanceTimersByTimeAsync(500);
    peer().become("connected");
    await vi.advanceTimersByTimeAsync(60_000);
    expect([status(), first.open, node.offers.length]).toEqual(["connected", false, 3]);
  });

  test("two reconnections at once leave one connection", async () => {
    await connected();
    audio.connect();
    audio.connect();
    await settle();
    expect(FakePeer.all.filter(({ open }) => open)).toEqual([peer()]);
  });
});

describe("the microphone line", () => {
  const track = new FakeTrack("x", "X") as unknown as MediaStreamTrack;

  test("takes the track and gives it back, without a new offer", async () => {
    const { lines } = await connected();
    await audio.send(track);
    audio.silence();
    expect(lines.map(({ sent }) => sent)).toEqual([[], [], [], [null, track, null]]);
    expect(node.offers).toHaveLength(1);
  });

  test("has the track over a new connection too, unless it was silenced", async () => {
    await connected();
    await audio.send(track);
    audio.connect();
    await settle();
    expect(peer().lines[3]?.sent).toEqual([track]);
    audio.silence();
    audio.connect();
    await settle();
    expect(peer().lines[3]?.sent).toEqual([null]);
  });

  test("a track from before the connection is sent once it is there", async () => {
    await audio.send(track);
    await connected();
    expect(peer().lines[3]?.sent).toEqual([track]);
  });
});

describe("hearing", () => {
  test("who speaks is told by the sources of the slots", async () => {
    const { lines } = await connected();
    for (let timestamp = 0; timestamp < 5; timestamp++) {
      lines.slice(0, 2).forEach((line, i) => (line.sources = [{ source: 7 + i, timestamp, audioLevel: i === 0 ? 0.2 : 0 }]));
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(audio.levels.value).toEqual(new Map([[7, 0.2]]));
    await vi.advanceTimersByTimeAsync(1000);
    expect(audio.levels.value.size).toBe(0);
  });

  test("blocked playback is told, and resumed by a touch", async () => {
    blocked = true;
    await connected();
    expect(audio.playbackBlocked.value).toBe(true);
    await audio.resume();
    expect(audio.playbackBlocked.value).toBe(true);
    blocked = false;
    touched?.();
    await settle();
    expect([audio.playbackBlocked.value, touched]).toEqual([false, null]);
  });

  test("playback that the system stops is taken up again, and a refusal is told", async () => {
    await connected();
    blocked = true;
    players.at(-1)?.onpause?.();
    await settle();
    expect(audio.playbackBlocked.value).toBe(true);
    blocked = false;
    players.at(-1)?.onpause?.();
    await settle();
    expect(audio.playbackBlocked.value).toBe(false);
  });

  test("a diagnosis has the figures, and no address", async () => {
    await connected();
    const diagnosis = await audio.diagnose();
    expect(diagnosis).toMatchObject({
      status: "connected",
      candidates: { here: { "udp host": 1, "tcp host active": 1 }, node: { "udp host": 1 } },
      tried: { "udp host succeeded nominated": 1 },
      path: { rtt: 0.02, protocol: "udp", candidate: "host" },
      slots: [{ packets: 50, concealedPercent: 1 }],
    });
    expect(JSON.stringify(diagnosis)).not.toContain("192.0.2.1");
  });
});

describe("closing", () => {
  test("hanging up ends the connection here and on the node, once and for good", async () => {
    await connected();
    await audio.hangUp();
    await audio.hangUp();
    audio.connect();
    await vi.advanceTimersByTimeAsync(60_000);
    expect([status(), peer().open, node.closed, node.offers.length]).toEqual(["closed", false, ["leg-1"], 1]);
  });

  test("closing leaves the node alone", async () => {
    await connected();
    audio.close();
    await settle();
    expect([status(), peer().open, node.closed]).toEqual(["closed", false, []]);
  });

  test("while an offer is on its way", async () => {
    audio.connect();
    audio.close();
    await settle();
    expect(FakePeer.all.every(({ open }) => !open)).toBe(true);
  });

  test("with a node that is gone", async () => {
    await connected();
    node.closeMedia = () => Promise.reject(new OfflineError("x"));
    await audio.hangUp();
    expect(status()).toBe("closed");
  });
});

function problem(code: string): ProblemError {
  return new ProblemError({ code, status: 400, title: code });
}
