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

export type Audience = Schemas["Audience"];
export type Community = Schemas["Community"];
export type Entry = Schemas["Entry"];
export type Hand = Schemas["Hand"];
export type HostChanged = Schemas["HostChanged"];
export type Invite = Schemas["Invite"];
export type InvitePreview = Schemas["InvitePreview"];
export type Invites = Schemas["Invites"];
export type InviteState = Invite["state"];
export type Me = Schemas["Me"];
export type Member = Schemas["Member"];
export type Node = Schemas["Node"];
export type Offer = Schemas["Offer"];
export type Person = Schemas["Person"];
export type Problem = Schemas["Problem"];
export type Room = Schemas["Room"];
export type Rules = Schemas["Rules"];
export type Session = Schemas["Session"];
export type Slot = Schemas["Slot"];
export type Snapshot = Schemas["Snapshot"];
export type StagePerson = Schemas["StagePerson"];

/** What a person is in a room. */
export type Role = StagePerson["role"] | "listener";

/** A numbered event of a room that changes what came before. */
export type RoomDelta = Exclude<
  Schemas["Event"],
  Snapshot | Entry | HostChanged | Schemas["Hallway"] | Schemas["Refused"]
>;

/** Everything that makes a room's state. */
export type RoomEvent = Snapshot | RoomDelta;

/** How a room's host stands, as the home node last said of a room that another node hosts. */
export type HostState = Pick<HostChanged, "state" | "host" | "epoch">;

/** Why a room is in the hallway. */
export type Why = Room["why"];

/** What a person does in a room. */
export type Action =
  | { type: "raise_hand"; question?: string }
  | { type: SoloAction }
  | { type: TargetedAction; target: Did };

type ActionType = Schemas["Action"]["type"];

/** The actions on somebody else. */
export type TargetedAction = Extract<
  ActionType,
  | "offer_stage"
  | "dismiss_hand"
  | "mute"
  | "move_to_audience"
  | "appoint_moderator"
  | "withdraw_moderator"
  | "remove"
>;

type SoloAction = Exclude<ActionType, TargetedAction | "raise_hand">;
