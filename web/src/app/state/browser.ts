/** What this browser or this address lacks, so that nothing can work. */
export type Lack = { kind: "insecure" } | { kind: "storage" } | { kind: "old"; missing: string };

/** The first thing that is lacking, if any. */
export function lacking(): Lack | null {
  if (!isSecureContext) return { kind: "insecure" };
  const missing = [
    ["RTCPeerConnection" in window, "WebRTC"],
    ["indexedDB" in window, "IndexedDB"],
    ["HTMLDialogElement" in window, "<dialog>"],
    ["Segmenter" in Intl, "Intl.Segmenter"],
  ].flatMap(([has, name]) => (has === true ? [] : [String(name)]));
  return missing.length === 0 ? null : { kind: "old", missing: missing.join(", ") };
}
