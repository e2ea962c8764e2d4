/** Figures about a room's connections, to be copied into a report. It names no person and holds no secret. */
export type Diagnosis = Record<string, unknown>;

/** What is read of RTCStatsReport's entries (webrtc-stats); which of them a browser fills in differs. */
interface Entry {
  id: string;
  type: string;
  [name: string]: unknown;
}

/** The few figures of a connection's statistics that explain sound: round trip, what was lost, what was made up, which ways there are. */
export function summarize(report: RTCStatsReport | undefined): Diagnosis {
  const entries = read(report);
  const all = [...entries.values()];
  const transport = all.find(({ type }) => type === "transport");
  const pair =
    entries.get(String(transport?.["selectedCandidatePairId"])) ??
    all.find((entry) => entry.type === "candidate-pair" && entry["nominated"] === true);
  const local = entries.get(String(pair?.["localCandidateId"]));
  return {
    ...ways(report),
    path: { rtt: pair?.["currentRoundTripTime"], protocol: local?.["protocol"], candidate: local?.["candidateType"] },
    slots: all.filter(({ type }) => type === "inbound-rtp").map(inbound),
    microphone: all.filter(({ type }) => type === "outbound-rtp").map(outbound),
    heardThere: all
      .filter(({ type }) => type === "remote-inbound-rtp")
      .map((entry) => ({ rtt: entry["roundTripTime"], fractionLost: entry["fractionLost"], jitter: entry["jitter"] })),
  };
}

function read(report: RTCStatsReport | undefined): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  report?.forEach((entry: Entry) => entries.set(entry.id, entry));
  return entries;
}

/** The ways of a connection that are tried. Candidates are counted by their kind: their addresses are nobody else's business. */
export function ways(report: RTCStatsReport | undefined): Diagnosis {
  const entries = read(report);
  const all = [...entries.values()];
  const way = (id: unknown) => kindOf(entries.get(String(id)));
  return {
    candidates: {
      here: counted(all.filter(({ type }) => type === "local-candidate").map(kindOf)),
      node: counted(all.filter(({ type }) => type === "remote-candidate").map(kindOf)),
    },
    tried: counted(
      all
        .filter(({ type }) => type === "candidate-pair")
        .map((entry) => `${way(entry["localCandidateId"])} ${String(entry["state"])}${entry["nominated"] === true ? " nominated" : ""}`),
    ),
  };
}

/** "udp host", "tcp host active": what a candidate is, without where. */
function kindOf(candidate: Entry | undefined): string {
  const parts = [candidate?.["protocol"], candidate?.["candidateType"], candidate?.["tcpType"]];
  return parts.filter((part) => typeof part === "string" && part !== "").join(" ");
}

function counted(kinds: string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of kinds) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

/** Concealed samples count without the silent ones: pauses are concealed as well, and nobody hears that. */
function inbound(entry: Entry): Diagnosis {
  const concealed = number(entry["concealedSamples"]) - number(entry["silentConcealedSamples"]);
  const emitted = number(entry["jitterBufferEmittedCount"]);
  return {
    packets: entry["packetsReceived"],
    lost: entry["packetsLost"],
    bytes: entry["bytesReceived"],
    jitter: entry["jitter"],
    concealedPercent: percent(concealed, number(entry["totalSamplesReceived"])),
    bufferMilliseconds: emitted > 0 ? Math.round((1000 * number(entry["jitterBufferDelay"])) / emitted) : undefined,
    level: entry["audioLevel"],
  };
}

function outbound(entry: Entry): Diagnosis {
  return { packets: entry["packetsSent"], bytes: entry["bytesSent"], active: entry["active"] };
}

function number(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

function percent(part: number, whole: number): number | undefined {
  return whole > 0 ? Math.round((10_000 * part) / whole) / 100 : undefined;
}
