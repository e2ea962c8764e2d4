/**
 * What travels between a client and a node, by the names of the node's package api. The types come from its OpenAPI
 * document. Times are Unix milliseconds.
 */
import type { components } from "./api.gen";

type Schemas = components["schemas"];

/** The name of a key: did:key:z6Mk… */
export type Did = string;

/** The id of a statement, and so of an invite or a room: 43 characters of base64url. */
export type Id = string;

export type App = Schemas["App"];
export type AppsChanged = Schemas["AppsChanged"];
export type Ask = Schemas["Ask"];
export type Asking = Schemas["Asking"];
export type Audience = Schemas["Audience"];
export type Checkup = Schemas["Checkup"];
export type Community = Schemas["Community"];
export type Earning = Schemas["Earning"];
export type Entry = Schemas["Entry"];
export type Founding = Schemas["Founding"];
export type Grant = Schemas["Grant"];
export type Hand = Schemas["Hand"];
export type HostChanged = Schemas["HostChanged"];
export type Invite = Schemas["Invite"];
export type InvitePreview = Schemas["InvitePreview"];
export type Invites = Schemas["Invites"];
export type Me = Schemas["Me"];
export type Member = Schemas["Member"];
export type Mine = Schemas["Mine"];
export type Node = Schemas["Node"];
export type Noticed = Schemas["Noticed"];
export type Notice = Schemas["Notice"];
export type NoticeList = Schemas["NoticeList"];
export type NoticeSettings = Schemas["NoticeSettings"];
export type Offer = Schemas["Offer"];
export type OpenSession = Schemas["OpenSession"];
export type PeoplePage = Schemas["People"];
export type Person = Schemas["Person"];
export type PersonRelation = Schemas["PersonRelation"];
export type Order = Schemas["Order"];
export type Problem = Schemas["Problem"];
export type Profile = Schemas["Profile"];
export type Reactions = Schemas["Reactions"];
export type Reaction = Schemas["StageReaction"]["reaction"];
export type Relation = Schemas["Relation"];
export type Removed = Schemas["Removal"];
export type QuietHours = Schemas["QuietHours"];
export type PushSubscriptionInfo = Schemas["PushSubscription"];
export type Room = Schemas["Room"];
export type RoomLog = Schemas["RoomLog"];
export type RoomSettings = Schemas["RoomSettings"];
export type Rules = Schemas["Rules"];
export type Scheduled = Schemas["Scheduled"];
export type ScheduleDate = Schemas["Date"];
export type ScheduleException = Schemas["Exception"];
export type ScheduleRepeat = Schemas["Repeat"];
export type Settings = Schemas["Settings"];
export type Slot = Schemas["Slot"];
export type Snapshot = Schemas["Snapshot"];
export type Standing = Schemas["Standing"];
export type StagePerson = Schemas["StagePerson"];

/** What a person is in a room. */
export type Role = StagePerson["role"] | "listener";

/** A numbered event of a room that changes what came before. */
export type RoomDelta = Exclude<
  Schemas["Event"],
  Snapshot | Entry | HostChanged | Reactions | Mine | AppsChanged | Noticed | Schemas["Hallway"] | Schemas["Refused"]
>;

/** What another program does for its member. */
export type Direction = App["direction"];

/** An app with what lets it in: the token is told only once. */
export interface NewApp {
  app: App;
  token: string;
  /** The address of the WHIP or WHEP endpoint. */
  url: string;
}

/** Everything that makes a room's state. */
export type RoomEvent = Snapshot | RoomDelta;

/** How a room's host stands, as the home node last said of a room that another node hosts. */
export type HostState = Pick<HostChanged, "state" | "host" | "epoch">;

/** Why a room is in the hallway. */
export type Why = Room["why"];

/** What a person does in a room. */
export type Action =
  | { type: "raise_hand"; question?: string }
  | { type: "react"; reaction: Reaction }
  | { type: SoloAction }
  | { type: SwitchedAction; switch: "on" | "off" }
  | { type: "slow_mode"; duration?: number }
  | { type: "set_entry"; entry: RoomEntry }
  | { type: TargetedAction; target: Did }
  | Removal;

/** Takes somebody out of the room: for so many seconds, or for as long as it lives. Everybody can read the reason. */
export interface Removal {
  type: "remove";
  target: Did;
  duration?: number;
  reason: string;
}

/** Who may enter a room. */
export type RoomEntry = Room["entry"];

type ActionType = Schemas["Action"]["type"];

/** The actions on somebody else. */
export type TargetedAction = Extract<
  ActionType,
  | "offer_stage"
  | "dismiss_hand"
  | "mute"
  | "move_to_audience"
  | "ask_to_unmute"
  | "appoint_moderator"
  | "withdraw_moderator"
  | "lift_removal"
  | "choose"
  | "unchoose"
>;

type SwitchedAction = Extract<ActionType, "lock_stage" | "ask_mode">;

type SoloAction = Exclude<ActionType, TargetedAction | SwitchedAction | "raise_hand" | "react" | "slow_mode" | "set_entry" | "remove">;

/** What a moderator does, and nobody else. */
const commands: ReadonlySet<string> = new Set<ActionType>([
  "end", "mute_all", "lock_stage", "ask_mode", "slow_mode",
  "offer_stage", "dismiss_hand", "mute", "ask_to_unmute", "move_to_audience", "appoint_moderator", "withdraw_moderator",
  "remove", "lift_removal", "set_entry", "choose", "unchoose",
]);

/** Whether an action of this type is a moderator's command, which is signed wherever the room is. */
export function isCommandType(type: string): boolean {
  return commands.has(type);
}

/** A room to open: for members, without another entry. The people chosen matter where the entry is `chosen`. */
export interface RoomWish {
  title: string;
  topics: string[];
  language: string;
  entry?: RoomEntry;
  chosen?: readonly Did[];
  /** The planned room that it is opened from. */
  schedule?: Id;
  /** With a schedule: whom its opener appoints, of those whom it names. */
  moderators?: readonly Did[];
}

/** A room to plan: the time is that of a clock on the wall in a zone. */
export interface PlanWish extends Omit<RoomWish, "schedule" | "moderators"> {
  start: string;
  zone: string;
  /** About how long, in seconds. */
  duration: number;
  repeat: ScheduleRepeat | null;
  /** The dates of it that are left out or moved, by day. */
  except?: readonly { day: string; start?: string }[];
  /** Who may open it besides its author. */
  moderators: readonly Did[];
}
