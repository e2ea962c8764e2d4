import { computed, effect, signal } from "@preact/signals";
import { ProblemError, type Did, type Notice, type Noticed, type NoticeList, type NoticeSettings } from "../../sdk";
import { locale, relative, t } from "../i18n";
import { why } from "../i18n/told";
import { navigate, paths, route } from "../router";
import { followHallway } from "./hallway";
import { hiddenBy } from "./hidden";
import { Kept } from "./kept";
import { inRoom } from "./room";
import { client, me } from "./session";
import { attempt, say } from "./toast";
import { unread } from "./unread";

/** What this member was told, the newest first; null until the node has said it. */
export const notices = signal<readonly Notice[] | null>(null);

/** What they want to be told; null until the node has said it. */
export const noticeSettings = new Kept<NoticeSettings | null>(null);

const member = computed(() => me.value?.member.key ?? null);

/** Why a notice came, in a few words. */
export function reason({ kind, by, topic, start }: Notice): string {
  return why(t().notices.told, locale.value, { kind, by: by?.name, topic, start }, Date.now());
}

/** Takes in what the member is told now, and says it, unless it is quiet or they are there. */
export function hear({ notice, unread: count }: Noticed): void {
  const before = notices.peek() ?? [];
  if (before.some(({ n }) => n === notice.n)) return; // a room and the hallway both say it
  notices.value = [notice, ...before].slice(0, 50);
  unread.value = count;
  if (notice.quiet || isHere(notice)) return;
  const title = notice.title ?? t().notices.told.untitled;
  const text = notice.kind === "reminder" && notice.start !== undefined ? t().plan.due(title, relative(notice.start, Date.now())) : t().notices.toast(title, reason(notice));
  say(text, "info", { label: t().notices.open, run: () => navigate(paths.room(notice.room)) });
}

/** Whether a notice is about the room that the member is in: by its own link, or by that of what it was opened from. */
function isHere({ room }: Notice): boolean {
  const presence = inRoom.value;
  if (presence === null) return false;
  const now = presence.state.value?.room;
  return [presence.id, now?.id, now?.schedule].includes(room);
}

/** Marks what the member has seen. */
export async function markRead(which: readonly Notice[]): Promise<void> {
  const numbers = which.filter(({ read }) => !read).map(({ n }) => n);
  if (numbers.length > 0) take(await client.notices.read(numbers));
}

/** Changes what the member wants to be told. */
export function chooseNotices(how: (now: NoticeSettings) => NoticeSettings): Promise<void> {
  return noticeSettings.change(
    (now) => now && how(now),
    async (wish) => wish && client.notices.setSettings(wish),
  );
}

/** The communities that the member has hidden in this browser, as they were last looked at. */
let hiddenBefore: { member: Did; ids: readonly Did[] } | null = null;

/** Tells the node of what has been hidden here, or is shown again: of those the member wants to hear nothing. */
function hush(): void {
  if (member.value === null) {
    hiddenBefore = null;
    return;
  }
  const now = { member: member.value, ids: hiddenBy(member.value).map(({ id }) => id) };
  const before = hiddenBefore;
  hiddenBefore = now;
  if (noticeSettings.peek() === null || before?.member !== now.member) return;
  const shown = before.ids.filter((id) => !now.ids.includes(id));
  const hidden = now.ids.filter((id) => !before.ids.includes(id));
  if (shown.length + hidden.length === 0) return;
  attempt(chooseNotices((wish) => ({ ...wish, hidden: [...new Set([...wish.hidden.filter((id) => !shown.includes(id)), ...hidden])] })));
}

function take(list: NoticeList): void {
  notices.value = list.notices;
  unread.value = list.unread;
}

/** Asks the node for all of it. */
export async function loadNotices(): Promise<void> {
  const of = member.peek();
  const [list] = await Promise.all([client.notices.list(), noticeSettings.load(() => client.notices.settings())]);
  if (of !== null && member.peek() === of) take(list);
}

/** Follows who this browser belongs to, and listens for them wherever on this page they are. */
export function startNotices(): void {
  effect(() => {
    notices.value = null;
    unread.value = 0;
    noticeSettings.reset(null);
    if (member.value === null) return;
    loadNotices().catch((error: unknown) => {
      if (!(error instanceof ProblemError)) setTimeout(() => void loadNotices().catch(() => undefined), 5_000);
    });
  });
  effect(hush);
  // A room has a connection of its own, which says the same.
  const listens = computed(() => member.value !== null && route.value.page !== "room");
  effect(() => (listens.value ? followHallway() : undefined));
  // Who has come to a room has no need to be told of it.
  effect(() => {
    const about = (notices.value ?? []).filter((notice) => !notice.read && isHere(notice));
    if (about.length > 0) markRead(about).catch(() => undefined); // it is read the next time
  });
}
