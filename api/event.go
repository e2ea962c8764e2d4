package api

import (
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

// Hello is the first message a client sends on the WebSocket, within five seconds, and the only one but for the answers
// to entries.
//
// With a room, the connection is the member's presence there: opening it enters the room, closing it leaves (the
// audience at once; a place on the stage is held for 60 s). Without a room it carries the hallway.
type Hello struct {
	Type  string        `json:"type" enum:"hello"`
	Token string        `json:"token"`
	Room  *statement.ID `json:"room,omitempty"`
	Run   string        `json:"run,omitempty" doc:"To resume: the run of the last snapshot seen."`
	Since int64         `json:"since,omitzero" doc:"To resume: the n of the last event seen."`
}

// EnterMessage is what a client answers to an event of type entry: it signs its way into a room that another node hosts.
type EnterMessage struct {
	Type  string `json:"type" enum:"enter"`
	Enter string `json:"enter" doc:"An enter statement over the room, epoch, home, host and nonce of the entry event."`
}

// EventType tells the events apart.
type EventType string

// The events. Those of a room are numbered without gaps (n); hallway, refused, entry, host, reactions, mine, apps and notice
// are not (n is 0).
const (
	EventSnapshot    EventType = "snapshot"
	EventHandRaised  EventType = "hand_raised"
	EventHandLowered EventType = "hand_lowered"
	EventOffered     EventType = "stage_offered"
	EventOfferEnded  EventType = "offer_ended"
	EventStageJoined EventType = "stage_joined"
	EventStageLeft   EventType = "stage_left"
	EventMuted       EventType = "muted"
	EventUnmuted     EventType = "unmuted"
	EventRoleChanged EventType = "role_changed"
	EventConnection  EventType = "connection"
	EventRemoved     EventType = "removed"
	EventPardoned    EventType = "removal_ended"
	EventUnmuteAsked EventType = "unmute_asked"
	EventSettings    EventType = "settings"
	EventAudience    EventType = "audience"
	EventEntryChange EventType = "entry_changed"
	EventChosen      EventType = "chosen_changed"
	EventEnded       EventType = "ended"
	EventHallway     EventType = "hallway"
	EventRefused     EventType = "refused"
	EventEntry       EventType = "entry"
	EventHost        EventType = "host"
	EventPerson      EventType = "person_changed"
	EventReactions   EventType = "reactions"
	EventMine        EventType = "mine"
	EventApps        EventType = "apps"
	EventNotice      EventType = "notice"
)

// Event is one message from the node. The concrete types are below; they are sent and compared as values.
type Event interface{ Header() Head }

// Head begins every event.
type Head struct {
	Type EventType `json:"type"`
	N    int64     `json:"n" doc:"The event's number in its run; the next event has n+1. 0 where events are not numbered."`
	At   int64     `json:"at" doc:"When the node sequenced it, Unix milliseconds."`

	Act    string `json:"act,omitempty" doc:"The act statement of the moderator who brought it about. Believe it only after you have verified it."`
	Reason *Text  `json:"reason,omitempty" doc:"With an act that commits to a reason: the reason."`
}

// Header implements Event.
func (h Head) Header() Head { return h }

// Snapshot is the whole room. It comes first, or again when the client asked for numbers that are no longer kept.
type Snapshot struct {
	Head
	Run      string             `json:"run" doc:"Changes when the numbering starts anew."`
	Nonce    string             `json:"nonce,omitempty" doc:"Where this node hosts the room: for each act until the next snapshot. Where another does, the entry event has it."`
	Create   string             `json:"create" doc:"The create statement; its id is the room's, and its signer the first moderator."`
	Settings RoomSettings       `json:"settings"`
	Roles    []Order            `json:"roles" nullable:"false" doc:"Who made whom a moderator: the part of the room's log by which the authority of moderators is verified."`
	You      identity.PublicKey `json:"you"`
	Room     Room               `json:"room"`
	Stage    []StagePerson      `json:"stage" nullable:"false"`
	Hands    []Hand             `json:"hands" nullable:"false"`
	Offers   []Offer            `json:"offers" nullable:"false"`
	Audience Audience           `json:"audience" doc:"The count and the first 50."`
}

// HandRaised adds a hand to the end of the queue.
type HandRaised struct {
	Head
	Hand Hand `json:"hand"`
}

// HandLowered takes a hand from the queue.
type HandLowered struct {
	Head
	Key identity.PublicKey  `json:"key"`
	By  *identity.PublicKey `json:"by,omitempty" doc:"The moderator who dismissed it."`
}

// StageOffered invites somebody to the stage.
type StageOffered struct {
	Head
	Offer Offer `json:"offer"`
}

// OfferEnded says that an offer is no more.
type OfferEnded struct {
	Head
	Key identity.PublicKey `json:"key"`
	Why string             `json:"why" enum:"accepted,declined,expired,withdrawn"`
}

// StageJoined puts somebody on the stage, muted. Their hand, if raised, is gone with it.
type StageJoined struct {
	Head
	Person StagePerson `json:"person"`
}

// StageLeft takes somebody off the stage.
type StageLeft struct {
	Head
	Key identity.PublicKey  `json:"key"`
	Why string              `json:"why" enum:"stepped_down,moved,left,lost,removed"`
	By  *identity.PublicKey `json:"by,omitempty"`
}

// Muted says that a microphone is off. By is absent when its owner did it.
type Muted struct {
	Head
	Key identity.PublicKey  `json:"key"`
	By  *identity.PublicKey `json:"by,omitempty"`
}

// Unmuted says that a microphone is on.
type Unmuted struct {
	Head
	Key identity.PublicKey `json:"key"`
}

// RoleChanged makes somebody on the stage a moderator or a speaker. By is absent when the room did it by itself.
type RoleChanged struct {
	Head
	Key  identity.PublicKey  `json:"key"`
	Role Role                `json:"role" enum:"moderator,speaker"`
	By   *identity.PublicKey `json:"by,omitempty"`
}

// Connection says that somebody on the stage lost or regained their connection.
type Connection struct {
	Head
	Key       identity.PublicKey `json:"key"`
	Connected bool               `json:"connected"`
}

// Removed says that somebody was removed from the room and may not come back, or not so soon.
type Removed struct {
	Head
	Key   identity.PublicKey `json:"key"`
	By    identity.PublicKey `json:"by"`
	Until int64              `json:"until,omitzero" doc:"Unix milliseconds; absent: as long as the room lives."`
}

// RemovalEnded says that somebody may come back. By is absent when the time was over.
type RemovalEnded struct {
	Head
	Key identity.PublicKey  `json:"key"`
	By  *identity.PublicKey `json:"by,omitempty"`
}

// UnmuteAsked asks somebody on the stage to open their microphone. Nobody else can.
type UnmuteAsked struct {
	Head
	Key identity.PublicKey `json:"key"`
	By  identity.PublicKey `json:"by"`
}

// SettingsChanged says how open the stage is now.
type SettingsChanged struct {
	Head
	Settings RoomSettings       `json:"settings"`
	By       identity.PublicKey `json:"by"`
}

// AudienceChanged is the audience as it is now; at most one a second.
type AudienceChanged struct {
	Head
	Audience Audience `json:"audience"`
}

// EntryChanged says that others may enter the room now. Whom that puts out is told by the audience, and by the last word
// to them: room-chosen, or room-members to guests.
type EntryChanged struct {
	Head
	Entry statement.RoomEntry `json:"entry" enum:"members,public,chosen"`
	By    identity.PublicKey  `json:"by"`
}

// ChosenChanged says that the moderators have chosen somebody, or no longer. Whom they chose is for moderators to ask for, so
// it says nothing of it, and comes without the act.
type ChosenChanged struct {
	Head
}

// Ended says that the room is over. The node closes the connection after it.
type Ended struct {
	Head
	Why string              `json:"why" enum:"moderator,empty"`
	By  *identity.PublicKey `json:"by,omitempty"`
}

// Hallway is the list of live rooms; at most one a second.
type Hallway struct {
	Head
	Rooms    []Room      `json:"rooms" nullable:"false"`
	Upcoming []Scheduled `json:"upcoming" nullable:"false" doc:"The next scheduled rooms, fifty at most. All of them: GET /schedules."`
}

// Refused is the last message before the node closes the connection: why it does. A code of shutting-down, room-too-slow
// or session-required means: come back; room-replaced, room-removed and room-unknown mean: do not.
type Refused struct {
	Head
	Problem Problem `json:"problem"`
}

// Entry asks the client to sign its way into a room that another node hosts: it answers with an EnterMessage. It comes
// first, instead of a snapshot, and again whenever the room has a new host. Without an answer within 30 s the node
// closes the connection with enter-stale.
type Entry struct {
	Head
	Room  statement.ID       `json:"room"`
	Epoch int64              `json:"epoch" doc:"Of the host, from 1."`
	Home  identity.PublicKey `json:"home" doc:"This node."`
	Host  identity.PublicKey `json:"host"`
	Nonce string             `json:"nonce" doc:"For the enter statement, and for each act until the next entry."`
}

// HostState is how a room's host stands, as this node sees it.
type HostState string

// The states of a host.
const (
	HostLive HostState = "live"
	HostLost HostState = "lost" // stay: a backup node takes over
)

// HostChanged says that the room's host is lost, or that it has one again.
type HostChanged struct {
	Head
	Host  identity.PublicKey `json:"host"`
	Epoch int64              `json:"epoch"`
	State HostState          `json:"state" enum:"live,lost"`
}

// PersonChanged says that somebody in the room bears another name or picture now.
type PersonChanged struct {
	Head
	Person Member `json:"person"`
}

// Reactions are what people in the room have shown since the last such event; at most one a second. Nobody keeps them.
type Reactions struct {
	Head
	Counts []ReactionCount `json:"counts" nullable:"false"`
	Stage  []StageReaction `json:"stage" nullable:"false" doc:"Those of people on the stage, at most 20; they are counted too."`
}

// Mine says that something of the member's own has changed, perhaps on another of their devices: profile, settings or
// relations. Ask for them anew.
type Mine struct {
	Head
}

// WithHead is the event with another number and time, but of the same type: what a relay does to the events of a host. The
// act that brought it about stays with it.
func WithHead(event Event, h Head) Event {
	was := event.Header()
	h.Type, h.Act, h.Reason = was.Type, was.Act, was.Reason
	return withHead(event, h)
}

// WithAct is the event with the act that brought it about, and the reason to which that commits, if it has one.
func WithAct(event Event, act string, why *Text) Event {
	h := event.Header()
	h.Act, h.Reason = act, why
	return withHead(event, h)
}

func withHead(event Event, h Head) Event { //nolint:funlen // one case for each event
	switch e := event.(type) {
	case Snapshot:
		e.Head = h
		return e
	case HandRaised:
		e.Head = h
		return e
	case HandLowered:
		e.Head = h
		return e
	case StageOffered:
		e.Head = h
		return e
	case OfferEnded:
		e.Head = h
		return e
	case StageJoined:
		e.Head = h
		return e
	case StageLeft:
		e.Head = h
		return e
	case Muted:
		e.Head = h
		return e
	case Unmuted:
		e.Head = h
		return e
	case RoleChanged:
		e.Head = h
		return e
	case Connection:
		e.Head = h
		return e
	case Removed:
		e.Head = h
		return e
	case RemovalEnded:
		e.Head = h
		return e
	case UnmuteAsked:
		e.Head = h
		return e
	case SettingsChanged:
		e.Head = h
		return e
	case AudienceChanged:
		e.Head = h
		return e
	case EntryChanged:
		e.Head = h
		return e
	case ChosenChanged:
		e.Head = h
		return e
	case Ended:
		e.Head = h
		return e
	case PersonChanged:
		e.Head = h
		return e
	default:
		return event // not numbered
	}
}

// OfRoom reports whether an event is one of those that a room's host numbers: what happened there. In the others a node
// speaks to its own members.
func OfRoom(event Event) bool {
	if _, whole := event.(Snapshot); whole {
		return false
	}
	n := event.Header().N + 1
	return WithHead(event, Head{N: n}).Header().N == n
}
