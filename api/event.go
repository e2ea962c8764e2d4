package api

import (
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

// Hello is the first and only message a client sends on the WebSocket, within five seconds.
//
// With a room, the connection is the member's presence there: opening it enters the room, closing it leaves (the
// audience at once; a place on the stage is held for 60 s). Without a room it carries the hallway.
type Hello struct {
	Type  string        `json:"type" enum:"hello"`
	Token string        `json:"token"`
	Room  *statement.ID `json:"room,omitempty"`
	Run   string        `json:"run,omitempty" doc:"To resume: the run of the last snapshot seen."`
	Since int64         `json:"since,omitempty" doc:"To resume: the n of the last event seen."`
}

// EventType tells the events apart.
type EventType string

// The events. Those of a room are numbered without gaps (n); hallway and refused are not (n is 0).
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
	EventAudience    EventType = "audience"
	EventEnded       EventType = "ended"
	EventHallway     EventType = "hallway"
	EventRefused     EventType = "refused"
)

// Event is one message from the node. The concrete types are below; they are sent and compared as values.
type Event interface{ Header() Head }

// Head begins every event.
type Head struct {
	Type EventType `json:"type"`
	N    int64     `json:"n" doc:"The event's number in its run; the next event has n+1. 0 where events are not numbered."`
	At   int64     `json:"at" doc:"When the node sequenced it, Unix milliseconds."`
}

// Header implements Event.
func (h Head) Header() Head { return h }

// Snapshot is the whole room. It comes first, or again when the client asked for numbers that are no longer kept.
type Snapshot struct {
	Head
	Run      string             `json:"run" doc:"Changes when the numbering starts anew."`
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

// Removed says that somebody was removed from the room and may not come back.
type Removed struct {
	Head
	Key identity.PublicKey `json:"key"`
	By  identity.PublicKey `json:"by"`
}

// AudienceChanged is the audience as it is now; at most one a second.
type AudienceChanged struct {
	Head
	Audience Audience `json:"audience"`
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
	Rooms []Room `json:"rooms" nullable:"false"`
}

// Refused is the last message before the node closes the connection: why it does. A code of shutting-down, room-too-slow
// or session-required means: come back; room-replaced, room-removed and room-unknown mean: do not.
type Refused struct {
	Head
	Problem Problem `json:"problem"`
}
