import type { Client } from "./client";

/** What became of an audio connection that was made only to see whether it comes about. */
export interface MediaTest {
  reached: boolean;
  /** Milliseconds from the node's answer to the connection, or until it was given up. */
  took: number;
  /** Of the way that was found: where the node was reached, and over what. */
  address?: string;
  protocol?: string;
  /** Round trip in milliseconds, where the browser says it. */
  roundTrip?: number;
  /** Where the node says that it can be reached. */
  offered: string[];
  /** Whether it was reached over TCP as well, as from a network that blocks UDP; absent where it does not offer that. */
  tcp?: boolean;
}

/** How long a connection may take. On loopback it takes a quarter of a second, around the world two. */
const patience = 8_000;

const candidates = /^a=candidate:\S+ 1 (\S+) \d+ (\S+) (\d+) .*\r\n/gim;

/**
 * Makes an audio connection with the node that carries nothing, and another over TCP alone where there is that way too. Rejects
 * when the node refuses; see Client.
 */
export async function testMedia(client: Client): Promise<MediaTest> {
  const test = await connection(client, (answer) => answer);
  if (!test.offered.some((at) => at.endsWith("/tcp"))) return test;
  if (test.protocol === "tcp") return { ...test, tcp: true };
  const over = await connection(client, (answer) =>
    answer.replace(candidates, (line, protocol: string) => (protocol.toLowerCase() === "tcp" ? line : "")),
  );
  return { ...test, tcp: over.reached };
}

/** Makes one connection, with as much of the answer as is to be used. */
async function connection(client: Client, used: (answer: string) => string): Promise<MediaTest> {
  const pc = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  try {
    pc.addTransceiver("audio", { direction: "recvonly" });
    await pc.setLocalDescription();
    const answer = await client.founder.testMedia(pc.localDescription?.sdp ?? "");
    await pc.setRemoteDescription({ type: "answer", sdp: used(answer) });
    const offered = [...answer.matchAll(candidates)].map(
      ([, protocol = "", address = "", port = ""]) => `${address} ${port}/${protocol.toLowerCase()}`,
    );
    const start = performance.now();
    const reached = await connected(pc);
    const test = { reached, took: Math.round(performance.now() - start), offered };
    return reached ? { ...test, ...(await way(pc)) } : test;
  } finally {
    pc.close();
  }
}

async function connected(pc: RTCPeerConnection): Promise<boolean> {
  return new Promise((done) => {
    const timer = setTimeout(() => done(false), patience);
    const look = () => {
      if (pc.connectionState !== "connected" && pc.connectionState !== "failed") return;
      clearTimeout(timer);
      done(pc.connectionState === "connected");
    };
    pc.addEventListener("connectionstatechange", look);
    look();
  });
}

/** The pair of addresses that the connection uses (webrtc-stats). */
async function way(pc: RTCPeerConnection): Promise<Pick<MediaTest, "address" | "protocol" | "roundTrip">> {
  const entries = new Map<string, Record<string, unknown>>();
  (await pc.getStats()).forEach((entry: Record<string, unknown>, id: string) => entries.set(id, entry));
  const pair = [...entries.values()].find((e) => e["type"] === "candidate-pair" && e["nominated"] === true);
  const remote = entries.get(String(pair?.["remoteCandidateId"]));
  const seconds = pair?.["currentRoundTripTime"];
  return {
    ...(remote && { address: String(remote["address"]), protocol: String(remote["protocol"]) }),
    ...(typeof seconds === "number" && { roundTrip: Math.round(seconds * 1000) }),
  };
}
