import { batch, computed, effect, signal } from "@preact/signals";
import { Client, KeyError, Keystore, OfflineError, ProblemError, recoveryFileName, type Did, type Me, type MemberKey, type Node, type Recovery } from "../../sdk";
import { locale } from "../i18n";
import { download } from "../parts/download";
import { navigate } from "../router";
import { remember } from "./asking";
import { lacking, type Lack } from "./browser";
import { fetchOnce } from "./early";
import { forgetHidden } from "./hidden";
import { keptSession } from "./kept-session";
import { programOf } from "./program";

/** Who the page is talking to, and as whom. */
export type Phase =
  | { kind: "loading" }
  | { kind: "lacking"; lack: Lack }
  | { kind: "offline" }
  | { kind: "stranger" }
  | { kind: "member"; me: Me }
  /** This browser's member has ended its session from elsewhere. */
  | { kind: "signed-out" }
  /** This browser's member has erased themselves, here or elsewhere; the key is forgotten. */
  | { kind: "erased"; community: string }
  | { kind: "failed"; error: unknown };

export const keystore = new Keystore();
export const client = new Client(location.origin, {
  language: locale.peek(),
  program: programOf(navigator.userAgent),
  sessions: keptSession,
  fetch: fetchOnce,
});

/** Set when the node has become another version than the one that served this page. */
export const outdated = signal(false);

export const phase = signal<Phase>({ kind: "loading" });
export const node = signal<Node | null>(null);
export const key = signal<MemberKey | null>(null);

/** What the node knows of this browser's member. */
export const me = computed(() => (phase.value.kind === "member" ? phase.value.me : null));
export const community = computed(() => node.value?.community ?? null);

/** The node as people know it: the address they typed. */
export const host = location.host;

const retryAfter = 3000;
let retry: ReturnType<typeof setTimeout> | undefined;

effect(() => {
  client.language = locale.value;
});

/** Tells this browser's other tabs that its key is another one now, or none. */
const keys = "BroadcastChannel" in globalThis ? new BroadcastChannel("stoa-key") : null;
keys?.addEventListener("message", () => void followKey().catch(() => undefined));

/** A tab whose member is not this browser's any more begins anew. */
async function followKey(): Promise<void> {
  const own = key.peek();
  if (own === null || (await keystore.load())?.did === own.did) return;
  const told = client.signOut().catch(() => undefined); // also of a session that it has opened since
  use(null);
  await Promise.race([told, new Promise((over) => setTimeout(over, 1_000))]);
  location.reload();
}

client.ended.subscribe((ended) => {
  if (ended && phase.peek().kind === "member") phase.value = { kind: "signed-out" };
});

/**
 * Finds out who this browser is to the node, and does what a member comes back to before the first page is shown. Tries
 * again by itself while the node does not answer.
 */
export async function boot(comeBack: (member: boolean) => Promise<void>): Promise<void> {
  clearTimeout(retry);
  const asked = client.node();
  const stored = keystore.load();
  for (const one of [asked, stored]) one.catch(() => undefined); // it is heard of below
  const lack = await lacking();
  if (lack !== null) {
    phase.value = { kind: "lacking", lack };
    return;
  }
  try {
    const there = await asked;
    node.value = there;
    const own = await stored;
    if (own === null) keptSession.save(null); // whose key is gone, their session is
    use(own);
    const now = await whoIs(there);
    await comeBack(now.kind === "member");
    phase.value = now;
  } catch (error) {
    if (error instanceof OfflineError) {
      phase.value = { kind: "offline" };
      retry = setTimeout(() => void boot(comeBack), retryAfter);
    } else if (error instanceof KeyError) {
      phase.value = { kind: "lacking", lack: { kind: error.why === "insecure" ? "insecure" : "storage" } };
    } else {
      phase.value = { kind: "failed", error };
    }
  }
}

/** Takes a key as this browser's own. */
export function use(own: MemberKey | null): void {
  key.value = own;
  client.signer = own;
}

/** Asks the node, as it is now, who the key belongs to. */
async function whoIs(there: Node): Promise<Phase> {
  if (key.value === null || there.community === undefined) return { kind: "stranger" };
  try {
    const me = await client.me();
    // The founder's word for a node lasts a year; it is given again long before, without a question. The next visit tries
    // again if it fails.
    if (me.founding !== undefined) void client.founder.renewNodes(me.founding).catch(() => undefined);
    return { kind: "member", me };
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    switch (error.code) {
      case "member-unknown":
        return { kind: "stranger" };
      case "session-ended":
        return { kind: "signed-out" };
      case "member-erased":
        await forgetHere(); // it is no member's for ever
        return { kind: "erased", community: there.community.name };
      default:
        throw error;
    }
  }
}

/** Reads again what the node is: another version than the page's is told. */
export async function refreshNode(): Promise<Node> {
  const before = node.value;
  const there = await client.node();
  if (before !== null && before.version !== there.version) outdated.value = true;
  node.value = there;
  return there;
}

/** Reads again what may have changed: invites left, the number of members, the node's version. */
export async function refresh(): Promise<void> {
  const own = key.value;
  const there = await refreshNode();
  const now = await whoIs(there);
  // Otherwise it is about a key forgotten or replaced meanwhile.
  if (key.value === own || (key.value === null && now.kind === "erased")) phase.value = now;
}

/** Runs a founding or a joining under this browser's key, made first if there is none; then goes to a path. */
export async function become(how: () => Promise<unknown>, then: string): Promise<void> {
  const before = await keystore.load();
  use(before ?? (await keystore.create()));
  try {
    await how();
  } catch (error) {
    // Refused: a key made for nothing is forgotten. Offline: the node may have taken it, so it is kept for a retry.
    if (before === null && error instanceof ProblemError) {
      await keystore.forget();
      use(null);
    }
    throw error;
  }
  void keystore.persist();
  await settle(then);
}

/** Takes the key of an opened recovery file, and the file, as this browser's own; then goes to a path. */
export async function restore(recovery: Recovery, file: Uint8Array<ArrayBuffer>, then: string): Promise<void> {
  use(await keystore.adopt(recovery, file));
  keys?.postMessage(null);
  client.signIn(); // also where an earlier session was ended from elsewhere
  void keystore.persist();
  await settle(then);
}

/** Writes the recovery file to the person's downloads, then makes the key one that nobody can copy any more. */
export async function saveRecoveryFile(passphrase: string): Promise<void> {
  if (key.value === null || node.value?.community === undefined) return;
  const file = await keystore.seal(passphrase, { community: node.value.community.id, node: location.origin });
  saveFile(key.value.did, file);
  use(await keystore.lock(file));
}

/** Writes the recovery file to the person's downloads once more, where this browser has it. */
export function saveRecoveryFileAgain(): void {
  const own = key.value;
  if (own !== null && own.file !== null) saveFile(own.did, own.file);
}

/** Whether this browser has the recovery file of its key. */
export function hasRecoveryFile(): boolean {
  return key.value !== null && key.value.file !== null;
}

function saveFile(did: Did, file: Uint8Array<ArrayBuffer>): void {
  download(new Blob([file], { type: "application/json" }), recoveryFileName(did));
}

/** Shows who one is now and the page to go on with in one step, without the page before in between. */
async function settle(then: string): Promise<void> {
  const there = await client.node();
  const now = await whoIs(there);
  batch(() => {
    navigate(then, { replace: true });
    node.value = there;
    phase.value = now;
  });
}

/** Removes the key from this browser. */
export async function forget(): Promise<void> {
  void client.signOut().catch(() => undefined); // the node may be gone; the key is forgotten all the same, and at once
  client.signer = null; // so that nothing opens another session meanwhile
  await forgetHere();
  keys?.postMessage(null);
  phase.value = { kind: "stranger" };
}

/** Takes everything of the member out of this browser. */
async function forgetHere(): Promise<void> {
  const own = key.value;
  if (own !== null) forgetHidden(own.did);
  // Another tab may have got a new key since.
  if (own === null || (await keystore.load())?.did === own.did) await keystore.forget();
  remember(null);
  keptSession.save(null);
  use(null);
}

/** Erases the member at the node, and takes them out of this browser. */
export async function erase(): Promise<void> {
  await client.own.erase();
  const name = community.value?.name ?? "";
  await forgetHere();
  batch(() => {
    navigate("/", { replace: true });
    phase.value = { kind: "erased", community: name };
  });
}

/** Opens a session again after it was ended from elsewhere. */
export async function signIn(): Promise<void> {
  client.signIn();
  const there = await client.node();
  node.value = there;
  phase.value = await whoIs(there);
}
