package api

import (
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
)

// RoomSettings is how open the stage is to those who listen.
type RoomSettings struct {
	Locked bool  `json:"locked" doc:"No hand is raised. Moderators go on inviting whom they choose."`
	Ask    bool  `json:"ask" doc:"A hand comes with a question."`
	Slow   int64 `json:"slow" doc:"Least seconds between two raisings of a hand by one person; 0 for none."`
}

// Order is one line of a room's log: what a moderator did, as they signed it; or that the room made somebody a moderator,
// because no other was left.
type Order struct {
	At     int64               `json:"at" doc:"When the host did it, Unix milliseconds."`
	Act    string              `json:"act,omitempty" doc:"The moderator's act statement."`
	Reason *Text               `json:"reason,omitempty" doc:"The reason to which the act commits."`
	Made   *identity.PublicKey `json:"made,omitempty" doc:"Without an act: the moderator whom the room made."`
}

// Removal says who may not come back, and why.
type Removal struct {
	Person Member `json:"person"`
	By     Member `json:"by"`
	At     int64  `json:"at" doc:"Unix milliseconds."`
	Until  int64  `json:"until,omitzero" doc:"Unix milliseconds; absent: as long as the room lives."`
	Act    string `json:"act,omitempty" doc:"The moderator's act statement."`
	Reason *Text  `json:"reason,omitempty" doc:"The reason to which the act commits."`
}

// RoomLog is what moderators did in a room, as much of it as is kept, and whom they keep out.
type RoomLog struct {
	Create   string    `json:"create" doc:"The create statement, with which the authority of moderators begins."`
	Orders   []Order   `json:"orders" nullable:"false" doc:"The oldest first; at most 200. Lines about roles are kept longest."`
	Removals []Removal `json:"removals" nullable:"false" doc:"Those in force."`
	People   []Member  `json:"people" nullable:"false" doc:"The names of those whom the log is about, as far as the host knows them."`
}

// RemovedError is the refusal of somebody who was removed from a room: room-removed, with what there is to say.
type RemovedError struct{ Removal Removal }

// Error implements error.
func (e *RemovedError) Error() string { return string(reason.RoomRemoved) }

// Unwrap is the refusal.
func (e *RemovedError) Unwrap() error { return reason.Reject(reason.RoomRemoved, "") }
