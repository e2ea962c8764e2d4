import { batch, computed, effect, signal } from "@preact/signals";
import { Client, KeyError, Keystore, OfflineError, ProblemError, recoveryFileName, type Me, type MemberKey, type Node, type Recovery } from "../../sdk";
import { locale } from "../i18n";
import { navigate } from "../router";
import { lacking, type Lack } from "./browser";
import { forgetHidden } from "./hidden";

/** Who the page is talking to, and as whom. */
export type Phase =
  | { kind: "loading" }
  | { kind: "lacking"; lack: Lack }
  | { kind: "offline" }
  | { kind: "stranger" }
  | { kind: "member"; me: Me }
  | { kind: "failed"; error: unknown };

export const keystore = new Keystore();
export const client = new Client(location.origin, { language: locale.peek() });

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

/**
 * Finds out who this browser is to the node, and does what a member comes back to before the first page is shown. Tries
 * again by itself while the node does not answer.
 */
export async function boot(comeBack: (member: boolean) => Promise<void>): Promise<void> {
  clearTimeout(retry);
  const lack = lacking();
  if (lack !== null) {
    phase.value = { kind: "lacking", lack };
    return;
  }
  try {
    const there = await client.node();
    node.value = there;
    use(await keystore.load());
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
    if (me.founding !== undefined) void client.renewNodes(me.founding).catch(() => undefined);
    return { kind: "member", me };
  } catch (error) {
    if (error instanceof ProblemError && error.code === "member-unknown") return { kind: "stranger" };
    throw error;
  }
}

/** Reads again what may have changed: invites left, the number of members, the node's version. */
export async function refresh(): Promise<void> {
  const before = node.value;
  const own = key.value;
  const there = await client.node();
  if (before !== null && before.version !== there.version) outdated.value = true;
  node.value = there;
  const now = await whoIs(there);
  if (key.value === own) phase.value = now; // else it is about a key forgotten or replaced meanwhile
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

/** Takes the key of an opened recovery file as this browser's own; then goes to a path. */
export async function restore(recovery: Recovery, then: string): Promise<void> {
  use(await keystore.adopt(recovery));
  await settle(then);
}

/** Writes the recovery file to the person's downloads, then makes the key one that nobody can copy any more. */
export async function saveRecoveryFile(passphrase: string): Promise<void> {
  if (key.value === null || node.value?.community === undefined) return;
  const file = await keystore.seal(passphrase, { community: node.value.community.id, node: location.origin });
  const url = URL.createObjectURL(new Blob([file], { type: "application/json" }));
  const a = document.createElement("a");
  a.href = url;
  a.download = recoveryFileName(key.value.did);
  a.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  use(await keystore.lock());
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
  await client.signOut().catch(() => undefined); // the node may be gone; the key is forgotten all the same
  await keystore.forget();
  if (key.value !== null) forgetHidden(key.value.did);
  use(null);
  phase.value = { kind: "stranger" };
}
