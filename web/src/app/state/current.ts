import { computed, signal, type ReadonlySignal, type Signal } from "@preact/signals";
import type {
  App, AudioStatus, HostState, Id, Microphone, MicrophoneState, MicrophoneTrouble, Offer, Role, Room, RoomSession, RoomState,
  StreamStatus,
} from "../../sdk";
import { t } from "../i18n";
import { part } from "../parts/part";
import { elsewhere, roomBefore } from "./presence";
import { node } from "./session";
import { say } from "./toast";

/** The room that this tab is in, with everything about it as signals. */
export interface Presence {
  id: Id;
  /** One only listens, under a key made for it. */
  guest: boolean;
  /** One waits for a place: this is one of many attempts. */
  waits: boolean;
  session: RoomSession;
  state: ReadonlySignal<RoomState | null>;
  status: ReadonlySignal<StreamStatus>;
  audio: ReadonlySignal<AudioStatus>;
  /** How the node that hosts the room stands, where that is another one. */
  host: ReadonlySignal<HostState | null>;
  /** The room as its door showed it; null where one came by another way. */
  door: Room | null;
  /** Who is heard speaking: csrc to level, 0 to 1. */
  levels: ReadonlySignal<ReadonlyMap<number, number>>;
  playbackBlocked: ReadonlySignal<boolean>;
  /** What the Mute button shows. */
  muted: ReadonlySignal<boolean>;
  speakingWhileMuted: ReadonlySignal<boolean>;
  /** One's other programs in the room. */
  apps: ReadonlySignal<readonly App[]>;
  /** Nothing is played here because another program listens. */
  quiet: ReadonlySignal<boolean>;
  microphone: ReadonlySignal<MicrophoneState>;
  role: ReadonlySignal<Role>;
  /** One's place in the queue of hands, from 1. */
  position: ReadonlySignal<number | null>;
  offer: ReadonlySignal<Offer | null>;
  /** Why the microphone did not open when it was last asked for. */
  trouble: Signal<MicrophoneTrouble | null>;
  /** Who removed one from the room, if that happened. */
  removedBy: ReadonlySignal<string | null>;
  /** The room that another tab of this browser has entered, if one has: the sound is there. */
  movedTo: Signal<Id | null>;
  stop: () => void;
}

/** What somebody brings from the door of a room: its microphone, if it was opened there, and what the door showed. */
export interface FromDoor {
  microphone?: Microphone;
  door?: Room | null;
  /** To listen without being a member. */
  guest?: boolean;
  /** One waits for a place, and has tried before. */
  waits?: boolean;
}

/** The room one is in, or was until it ended or refused; null in none. */
export const current = signal<Presence | null>(null);

/** Whether the connection to the room is over for good. */
export function isOver(status: StreamStatus): boolean {
  return status.kind === "ended" || status.kind === "refused" || status.kind === "closed";
}

/** The room one is in now. */
export const inRoom = computed(() => {
  const presence = current.value;
  return presence === null || isOver(presence.status.value) ? null : presence;
});

/**
 * All that is needed in a room and not before its door. It is loaded as soon as the page has been shown, and is here
 * whenever there is a {@link Presence}: nothing else makes one.
 */
export const inside = part(async () => {
  const it = await import("../room/inside");
  it.start();
  return it;
});

/** The room that one enters as soon as the code for it is here. */
export const entering = signal<Id | null>(null);

/** Enters a room, leaving the one before. */
export function enter(id: Id, from: FromDoor = {}): void {
  if (inside.here !== null) {
    inside.here.begin(id, from);
    return;
  }
  entering.value = id;
  const settle = () => {
    const still = entering.value === id;
    if (still) entering.value = null;
    return still;
  };
  inside.load().then(
    ({ begin }) => {
      if (settle()) begin(id, from);
      else from.microphone?.close();
    },
    () => {
      if (settle()) sayMissing(() => enter(id, from));
    },
  );
}

/** Says that a part of the page did not come, and offers to try again. */
export function sayMissing(again: () => void): void {
  const retry = { label: t().common.retry, run: again };
  const reload = { label: t().problem.reload, run: () => location.reload() };
  say(t().problem.offline, "warning", ++missed > 1 ? reload : retry);
}

// Many browsers never fetch a module again that failed once: if another attempt is in vain, a reload helps.
let missed = 0;

/** Leaves the room quietly. */
export async function leave(): Promise<void> {
  entering.value = null;
  await inside.here?.depart();
}

/** Forgets a room that is over. */
export function clearOver(): void {
  if (current.value !== null && isOver(current.value.status.value)) {
    current.value.stop();
    current.value = null;
  }
}

/**
 * Goes back into the room in which this tab was before a reload: a guest as a guest, unless they are a member by now. A
 * member whom this browser has forgotten does not come back.
 */
export async function comeBack(member: boolean): Promise<void> {
  const before = roomBefore();
  if (before === null || node.value === null || !(member || before.guest)) return;
  if ((await elsewhere(before.room)) === null) enter(before.room, { guest: !member });
}
