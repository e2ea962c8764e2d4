import { computed, effect, signal, untracked } from "@preact/signals";
import {
  Client, findPerson, MicrophoneError, moderators, myHandPosition, myOffer, myRole, RoomSession,
  type Did, type Id, type Judged, type MicrophoneTrouble, type Offer, type Role, type RoomSettings, type RoomState, type StagePerson,
} from "../../sdk";
import { duration, t } from "../i18n";
import { navigate, paths, route } from "../router";
import { cue } from "./cue";
import { current, inRoom, isOver, type FromDoor, type Presence } from "./current";
import { follow } from "./follow";
import { markEntered, markLeft, onEnteredElsewhere } from "./presence";
import { hearing, reload } from "./mine";
import { hear } from "./notices";
import { settings } from "./settings";
import { client, key, me } from "./session";
import { open, sheet } from "./sheet";
import { attempt, explain, hush, say, type Toast } from "./toast";

// What is known of the room before its code is here, for those inside it.
export { clearOver, current, enter, inRoom, leave, type Presence } from "./current";

function attach(id: Id, session: RoomSession, { door = null, guest = false, waits = false }: FromDoor): Presence {
  const until = new AbortController();
  const state = follow(session.state, until.signal);
  const trouble = signal<MicrophoneTrouble | null>(null);
  const removedBy = signal<string | null>(null);
  const movedTo = signal<Id | null>(null);
  const of = <T>(initial: T, read: (state: RoomState) => T) =>
    computed(() => (state.value === null ? initial : read(state.value)));
  const presence: Presence = {
    id, guest, waits, session, state, trouble, removedBy, movedTo, door,
    status: follow(session.status, until.signal),
    audio: follow(session.audio, until.signal),
    host: follow(session.host, until.signal),
    levels: follow(session.levels, until.signal),
    playbackBlocked: follow(session.playbackBlocked, until.signal),
    muted: follow(session.muted, until.signal),
    speakingWhileMuted: follow(session.speakingWhileMuted, until.signal),
    apps: follow(session.apps, until.signal),
    quiet: follow(session.quiet, until.signal),
    microphone: follow(session.microphone.state, until.signal),
    role: of<Role>("listener", myRole),
    position: of<number | null>(null, myHandPosition),
    offer: of<Offer | null>(null, myOffer),
    stop: () => until.abort(),
  };
  const stopEvents = session.events.subscribe((event) => {
    if (event.type === "removed" && event.key === state.value?.you) {
      removedBy.value = nameOf(presence, event.by);
      hush(); // whatever was said of the room is of no matter now
    }
  });
  const stopJudged = session.judged.subscribe((judged) => announce(presence, judged));
  const stopBack = session.microphone.fellBack.subscribe(() => say(t().mic.switched));
  const stopOutput = session.output.fellBack.subscribe(() => say(t().mic.outputSwitched));
  const stopInterrupted = session.microphone.interrupted.subscribe(() => {
    if (presence.role.value !== "listener") say(t().mic.interrupted);
  });
  const stopTrouble = effect(() => {
    const mic = presence.microphone.value;
    trouble.value = mic.kind === "failed" ? mic.why : null;
  });
  const stopOver = effect(() => {
    if (isOver(presence.status.value)) markLeft();
  });
  let waiting = waits;
  const stopWaiting = effect(() => {
    if (!waiting || presence.status.value.kind !== "live") return;
    waiting = false;
    untracked(() => {
      markEntered(id, guest);
      say(t().door.gotIn);
    });
  });
  let lost = false;
  const stopHost = session.host.subscribe((host) => {
    const back = lost && host?.state === "live" && presence.role.value !== "listener";
    if (back) say(t().room.goesOn);
    lost = host?.state === "lost";
  });
  const stopHearing = effect(() => {
    const how = new Map((state.value?.stage ?? []).map(({ key }) => [key, hearing(key)]));
    session.setHearing((who) => how.get(who) ?? 1);
  });
  const stopMine = guest ? () => undefined : session.mine.subscribe(reload);
  const stopNotices = session.notices.subscribe(hear);
  const stops = [stopHearing, stopMine, stopNotices, stopEvents, stopJudged, stopBack, stopOutput, stopInterrupted, stopTrouble, stopOver, stopWaiting, stopHost];
  for (const stop of stops) {
    until.signal.addEventListener("abort", stop, { once: true });
  }
  return presence;
}

/**
 * Enters a room, leaving the one before; if that loses its last moderator, they are asked about it. Whoever is at the door
 * of the new one calls `enter`.
 */
export function begin(id: Id, from: FromDoor = {}): void {
  const before = inRoom.peek();
  const state = before?.state.peek() ?? null;
  if (before !== null && before.id !== id && state !== null && leavesNobody(state)) {
    open({ kind: "last", next: { enter: () => moveTo(id, from), stay: () => from.microphone?.close() } });
  } else {
    moveTo(id, from);
  }
}

function moveTo(id: Id, from: FromDoor): void {
  const { microphone, guest = false } = from;
  const before = current.value;
  if (before !== null) {
    before.stop();
    attempt(part(before));
  }
  const by = guest ? new Client(location.origin, { language: client.language, guest: id }) : client;
  const session = new RoomSession(by, id, microphone === undefined ? {} : { microphone });
  current.value = attach(id, session, from);
  if (guest) guests.set(current.value, by);
  session.enter();
  if (from.waits !== true) markEntered(id, guest); // who waits takes the sound from no other tab before there is a place
}

// The sessions of those who only listen, to be closed when they leave: their places are few.
const guests = new WeakMap<Presence, Client>();

/** Ends a presence at the node. */
async function part(presence: Presence): Promise<void> {
  await presence.session.leave();
  await guests.get(presence)?.signOut().catch(() => undefined); // the node forgets it within a minute
}

/** Leaves the room quietly. Everybody calls `leave`. */
export async function depart(): Promise<void> {
  const presence = current.value;
  if (presence === null) return;
  current.value = null;
  markLeft();
  presence.stop();
  await part(presence);
}

/** Follows what other tabs of this browser do, and a guest who becomes a member. */
export function startPresence(): void {
  onEnteredElsewhere((room) => {
    const presence = inRoom.peek();
    if (presence === null) return;
    presence.movedTo.value = room;
    // A member's second connection to a room ends the first at the node, which knows them; leaving would end both.
    if (presence.guest || presence.id !== room) attempt(part(presence));
    if (route.value.page !== "room") say(presence.id === room ? t().replaced.text : t().door.movedThere);
  });
  effect(() => {
    if (me.value !== null) untracked(enterAsMember);
  });
}

/** Whoever listened as a guest and is a member now stays where they are, as that member. */
function enterAsMember(): void {
  const presence = current.value;
  if (presence?.guest !== true || presence.status.value.kind === "ended") return;
  moveTo(presence.id, { door: presence.door });
  const save = { label: t().recovery.bannerAction, run: () => navigate(paths.recovery(location.pathname)) };
  if (key.peek()?.extractable === true) say(t().door.nowMember, "info", save);
  else say(t().door.nowAs(me.peek()?.member.name ?? "")); // by a recovery file
}

/** Whether the room waits for its host, or for another one. */
export function isHostLost(presence: Presence): boolean {
  return presence.host.value?.state === "lost";
}

/** The name by which the room knows somebody. */
export function nameOf(presence: Presence, who: Did | undefined): string {
  const state = presence.state.value;
  const person = state === null || who === undefined ? null : findPerson(state, who);
  return person?.name ?? t().room.aModerator;
}

/** Opens one's microphone to the room. What hinders it is said; the promise never rejects. */
export async function unmute(presence: Presence): Promise<void> {
  presence.trouble.value = null;
  hush();
  try {
    await presence.session.unmute();
  } catch (error) {
    if (error instanceof MicrophoneError) presence.trouble.value = error.why;
    else say(explain(error), "warning");
  }
}

/** Opens or closes one's microphone. */
export function toggleMute(presence: Presence): void {
  if (presence.muted.value) void unmute(presence);
  else attempt(presence.session.mute());
}

/** Raises or lowers one's hand. Where a hand comes with a question, that is asked for first. */
export function toggleHand(presence: Presence): void {
  if (presence.position.value !== null) attempt(presence.session.lowerHand());
  else if (presence.state.value?.settings.ask === true) open({ kind: "question" });
  else attempt(presence.session.raiseHand());
}

/** Who could moderate after the moderators: the connected speakers, the longest on the stage first. */
export function followers(state: RoomState): StagePerson[] {
  return state.stage.filter((p) => p.role === "speaker" && p.connected && p.key !== state.you);
}

/** Who would moderate if all moderators were gone; null: the room would end. */
export function nextModerator(state: RoomState): StagePerson | null {
  return state.stage.find((p) => p.role === "speaker" && p.connected) ?? null;
}

/** Whether nobody would moderate if one left, and somebody is there to be left alone. */
export function leavesNobody(state: RoomState): boolean {
  const others = moderators(state).some((p) => p.key !== state.you && p.connected);
  if (myRole(state) !== "moderator" || others) return false;
  return followers(state).length > 0 || state.room.listening > 0;
}

/**
 * Says what happened to oneself, to everybody how the stage is open, and to moderators what waits for them. What came with
 * an act that is wrong is said with a warning.
 */
function announce(presence: Presence, { event, verdict }: Judged): void {
  const m = t().room;
  const state = presence.state.value;
  const you = state?.you;
  const byOther = "by" in event && event.by !== undefined && event.by !== you;
  const tell = (text: string, action?: Toast["action"]) =>
    verdict === "refused" ? say(`${text} ${m.unverified}`, "warning", action) : say(text, "info", action);
  switch (event.type) {
    case "muted":
      if (event.key === you && byOther) tell(m.mutedBy(nameOf(presence, event.by)));
      break;
    case "unmute_asked": {
      const action = { label: m.unmute, run: () => void unmute(presence) };
      if (event.key === you && presence.muted.value) tell(m.askedToUnmute(nameOf(presence, event.by)), action);
      break;
    }
    case "stage_left":
      if (event.key === you && event.why === "moved") tell(m.movedBy(nameOf(presence, event.by)));
      break;
    case "stage_joined":
      if (event.person.key === you && event.person.role === "speaker") tell(m.nowSpeaker);
      break;
    case "role_changed":
      if (event.key === you) tell(event.role === "moderator" ? m.nowModerator : m.noLongerModerator);
      break;
    case "hand_raised":
      if (event.hand.key !== you && presence.role.value === "moderator") tell(m.handRaisedBy(event.hand.name));
      break;
    case "hand_lowered":
      if (event.key === you && event.by !== undefined) tell(m.dismissed);
      break;
    case "stage_offered":
      if (event.offer.key === you && settings.cues.value) cue();
      break;
    case "settings":
      if (byOther) tell(openness(event.settings));
      break;
    case "entry_changed":
      if (event.by !== you) say(m.entryChanged[event.entry](nameOf(presence, event.by)));
      break;
    case "snapshot":
    case "offer_ended":
    case "person_changed":
    case "unmuted":
    case "connection":
    case "removed":
    case "removal_ended":
    case "chosen_changed":
    case "audience":
    case "ended":
  }
}

/** Whether a dialog is open: then single keys do nothing. */
export function isDialogOpen(): boolean {
  return sheet.value !== null || (inRoom.value?.offer.value ?? null) !== null;
}

/** How open the stage is to those who listen, in a sentence or two. */
export function openness({ locked, ask, slow }: RoomSettings): string {
  const m = t().room;
  if (locked) return m.stageLocked;
  const conditions = [...(ask ? [m.stageAsks] : []), ...(slow > 0 ? [m.stageSlow(duration(slow * 1000))] : [])];
  return conditions.length > 0 ? conditions.join(" ") : m.stageOpen;
}
