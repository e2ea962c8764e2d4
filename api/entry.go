package api

import (
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

// Paths of the ways in, and of the rules, relative to Base.
const (
	PathAsks    = "/asks"              // POST AskRequest -> Ask, 201; GET Asks, for stewards
	PathAsk     = "/asks/{id}"         // GET  Ask, without a session
	PathApprove = "/asks/{id}/approve" // POST Approve -> Member
	PathDecline = "/asks/{id}/decline" // POST, 204
	PathRules   = "/rules"             // POST ChangeRules -> Community
)

// AskRequest joins by nobody's invite.
type AskRequest struct {
	Join    string `json:"join" doc:"A join statement without a redeem."`
	Profile string `json:"profile" doc:"The profile statement of who asks."`
	Message string `json:"message,omitempty" doc:"A word to whoever answers, at most 300 characters. It is forgotten with the answer."`
}

// AskState is where a request to join stands.
type AskState string

// The states of a request.
const (
	AskWaiting  AskState = "waiting"
	AskJoined   AskState = "joined"
	AskDeclined AskState = "declined"
	AskClosed   AskState = "closed" // the community takes people by invite only since; the request waits on
)

// Ask is a request to join. Only who knows its id, which is that of the join, can look at it.
type Ask struct {
	ID      statement.ID `json:"id"`
	State   AskState     `json:"state" enum:"waiting,joined,declined,closed"`
	At      int64        `json:"at" doc:"Unix milliseconds."`
	Expires int64        `json:"expires,omitzero" doc:"Unix milliseconds: then it is forgotten, answered or not. Absent once they have joined: that stays."`
}

// Asking is a request as stewards see it.
type Asking struct {
	Ask
	Member  Member `json:"member"`
	Message string `json:"message"`
}

// Asks are the requests that wait for an answer, oldest first.
type Asks struct {
	Asks []Asking `json:"asks" nullable:"false"`
}

// Approve answers a request. The steward who signs it is the sponsor.
type Approve struct {
	Approve string `json:"approve" doc:"An approve statement that names the join and who asked."`
}

// ChangeRules puts new rules in place of those in force.
type ChangeRules struct {
	Rules string `json:"rules" doc:"A rules statement by the founder, of the order after that of the rules in force."`
	Name  Text   `json:"name" doc:"The community's name, to which the rules commit."`
}

// Grant is what a member was given to invite with, and why.
type Grant struct {
	Why   statement.Why `json:"why" enum:"admission,hosting,speaking"`
	Slots int64         `json:"slots"`
	At    int64         `json:"at" doc:"Unix milliseconds."`
}

// Earning is how far the member has come towards the next invites.
type Earning struct {
	Slots      int64         `json:"slots" doc:"How many invites there are to earn in a period."`
	Begins     int64         `json:"begins" doc:"When the member's period began, Unix milliseconds."`
	Ends       int64         `json:"ends" doc:"When the next one begins."`
	Earned     statement.Why `json:"earned,omitempty" enum:"hosting,speaking" doc:"Why the invites of this period were given. Without it they can still be earned, by hosting or by speaking."`
	HostPeople int64         `json:"host_people" doc:"How many people of different branches of the invite tree make hosting count."`
	HostTime   int64         `json:"host_time" doc:"For how long, in one room, milliseconds."`
	SpeakTime  int64         `json:"speak_time" doc:"For how long in all, milliseconds."`
	People     int           `json:"people" doc:"How many of them are in the member's room now."`
	Hosted     int64         `json:"hosted" doc:"Milliseconds."`
	Spoken     int64         `json:"spoken" doc:"Milliseconds."`
}

// Standing is how a member stands.
type Standing struct {
	Way       statement.Entry `json:"way,omitempty" enum:"invite,ask,open" doc:"How they came in. The founder came in by no way."`
	Probation int64           `json:"probation,omitzero" doc:"Until when they are on probation, Unix milliseconds; absent when they are not."`
	Answers   int             `json:"answers" doc:"How many people they are the sponsor of."`
}

// NodeTerm is for how long the founder has made a key a node of the community.
type NodeTerm struct {
	Node    identity.PublicKey `json:"node"`
	Expires int64              `json:"expires" doc:"Unix milliseconds."`
}

// Founding is what only the founder needs to know.
type Founding struct {
	Nodes []NodeTerm `json:"nodes" nullable:"false" doc:"The community's nodes. A node whose time is over admits nobody, and opens no rooms: sign a new delegate before."`
	Order int64      `json:"order" doc:"An order for the next delegate that none has."`
}
