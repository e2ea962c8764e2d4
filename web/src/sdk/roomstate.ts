import type { Audience, Did, Hand, Member, Offer, Person, Role, Room, RoomDelta, RoomEvent, RoomSettings, Snapshot, StagePerson } from "./types";

/** A room as its events told it. */
export interface RoomState {
  /** The numbering that `n` belongs to. */
  readonly run: string;
  /** The last event's number. */
  readonly n: number;
  /** The last event's time, Unix milliseconds by the node's clock. */
  readonly at: number;
  readonly you: Did;
  readonly room: Room;
  /** In the order of joining. */
  readonly stage: readonly StagePerson[];
  /** In the order of the queue. */
  readonly hands: readonly Hand[];
  readonly offers: readonly Offer[];
  /** How open the stage is to those who listen. */
  readonly settings: RoomSettings;
  /** The count, and the first people of it who are not on the stage. */
  readonly audience: Audience;
  /** The last event's number at which the moderators may have chosen others: then their list is to be asked for. */
  readonly chosen: number;
  /** Set once the room is over. */
  readonly ended: Extract<RoomDelta, { type: "ended" }> | null;
}

/**
 * The state after an event. Pure: the same events give the same state. A snapshot makes a state from nothing; any other
 * event needs the state before it. Whether the numbers follow each other is for the {@link RoomStream} to see. Events
 * of a type that this version does not know count, and change nothing else.
 */
export function reduce(state: RoomState | null, event: RoomEvent): RoomState {
  if (event.type === "snapshot") return fromSnapshot(event);
  if (state === null) throw new Error(`event ${event.type} before any snapshot`);
  return withCounts({ ...state, ...change(state, event), n: event.n, at: event.at });
}

function fromSnapshot(event: Snapshot): RoomState {
  const { run, n, at, you, room, stage, hands, offers, settings, audience } = event;
  return { run, n, at, you, room, stage, hands, offers, settings, audience, chosen: n, ended: null };
}

/** Somebody with another name or picture, wherever they stand. */
function renamed(state: RoomState, { key, name, picture }: Member): Partial<RoomState> {
  const as = <T extends Member>(person: T): T => {
    if (person.key !== key) return person;
    const now: T = { ...person, name };
    if (picture === undefined) delete now.picture;
    else now.picture = picture;
    return now;
  };
  return {
    stage: state.stage.map(as),
    hands: state.hands.map(as),
    audience: { ...state.audience, people: state.audience.people.map(as) },
    room: { ...state.room, creator: as(state.room.creator), speakers: state.room.speakers.map(as) },
  };
}

/** What one event changes. Events repeat nothing, but every case also holds when it is told what is so already. */
function change(state: RoomState, event: RoomDelta): Partial<RoomState> {
  switch (event.type) {
    case "hand_raised":
      return { hands: [...without(state.hands, event.hand.key), event.hand] };
    case "hand_lowered":
      return { hands: without(state.hands, event.key) };
    case "stage_offered":
      return { offers: [...without(state.offers, event.offer.key), event.offer] };
    case "offer_ended":
      return { offers: without(state.offers, event.key) };
    case "stage_joined":
      return { ...gone(state, event.person.key), stage: [...without(state.stage, event.person.key), event.person] };
    case "person_changed":
      return renamed(state, event.person);
    case "stage_left":
      return { stage: without(state.stage, event.key) };
    case "muted":
      return { stage: onStage(state, event.key, { muted: true }) };
    case "unmuted":
      return { stage: onStage(state, event.key, { muted: false }) };
    case "role_changed":
      return { stage: onStage(state, event.key, { role: event.role }) };
    case "connection":
      // Whoever lost the connection is not heard, and comes back muted.
      return {
        stage: onStage(state, event.key, event.connected ? { connected: true } : { connected: false, muted: true }),
      };
    case "removed":
      return gone(state, event.key);
    case "settings":
      return { settings: event.settings };
    case "removal_ended":
    case "unmute_asked":
      return {};
    case "audience":
      return { audience: event.audience };
    case "entry_changed":
      return { room: { ...state.room, entry: event.entry } };
    case "chosen_changed":
      return { chosen: event.n };
    case "ended":
      return { ended: event, room: { ...state.room, ended: true } };
    default:
      event satisfies never;
      return {};
  }
}

/** The state without any trace of somebody. The audience's count is right again with the next audience event. */
function gone(state: RoomState, key: Did): Partial<RoomState> {
  const people = without(state.audience.people, key);
  const count = state.audience.count - (state.audience.people.length - people.length);
  return {
    stage: without(state.stage, key),
    hands: without(state.hands, key),
    offers: without(state.offers, key),
    audience: { ...state.audience, count, people },
  };
}

/** Keeps what the room's card says in step with the room. */
function withCounts(state: RoomState): RoomState {
  const speakers = state.stage.slice(0, 4).map(({ key, name, picture }) => ({ key, name, ...(picture !== undefined && { picture }) }));
  const listening = state.audience.count + state.audience.guests;
  return { ...state, room: { ...state.room, speakers, stage: state.stage.length, listening } };
}

function without<T extends { key: Did }>(people: readonly T[], key: Did): T[] {
  return people.filter((person) => person.key !== key);
}

function onStage(state: RoomState, key: Did, what: Partial<StagePerson>): StagePerson[] {
  return state.stage.map((person) => (person.key === key ? { ...person, ...what } : person));
}

/** My place on the stage; null in the audience. */
export function me(state: RoomState): StagePerson | null {
  return state.stage.find((person) => person.key === state.you) ?? null;
}

/** Somebody's role; whoever is not on the stage listens. */
export function roleOf(state: RoomState, key: Did): Role {
  return state.stage.find((person) => person.key === key)?.role ?? "listener";
}

/** My role. */
export function myRole(state: RoomState): Role {
  return roleOf(state, state.you);
}

/** Whether the room takes me for muted. Off the stage everybody is. */
export function amMuted(state: RoomState): boolean {
  return me(state)?.muted ?? true;
}

/** My raised hand. */
export function myHand(state: RoomState): Hand | null {
  return state.hands.find((hand) => hand.key === state.you) ?? null;
}

/** My place in the queue of hands, from 1; null without a raised hand. */
export function myHandPosition(state: RoomState): number | null {
  const index = state.hands.findIndex((hand) => hand.key === state.you);
  return index < 0 ? null : index + 1;
}

/** The unanswered offer of the stage to me. */
export function myOffer(state: RoomState): Offer | null {
  return state.offers.find((offer) => offer.key === state.you) ?? null;
}

/** The moderators, in the order of the stage. */
export function moderators(state: RoomState): StagePerson[] {
  return state.stage.filter((person) => person.role === "moderator");
}

/** Somebody in the room whom the state names: on the stage, with a hand, or on the audience's first page. */
export function findPerson(state: RoomState, key: Did): Person | null {
  return everybody(state).find((person) => person.key === key) ?? null;
}

/** Whom the audio calls by this number. */
export function personByCsrc(state: RoomState, csrc: number): Person | null {
  return everybody(state).find((person) => person.csrc === csrc) ?? null;
}

function everybody(state: RoomState): Person[] {
  return [...state.stage, ...state.hands, ...state.audience.people];
}
