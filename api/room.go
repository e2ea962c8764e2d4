package api

import (
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// Room is one room as the hallway shows it.
type Room struct {
	ID        statement.ID        `json:"id"`
	Title     string              `json:"title"`
	Topics    []string            `json:"topics" nullable:"false"`
	Language  string              `json:"language"`
	Entry     statement.RoomEntry `json:"entry" enum:"members"`
	Community Community           `json:"community"`
	Host      identity.PublicKey  `json:"host" doc:"The node that hosts the room."`
	Creator   Member              `json:"creator"`
	Created   int64               `json:"created"`
	Speakers  []Member            `json:"speakers" nullable:"false" doc:"Up to four people on the stage."`
	Stage     int                 `json:"stage" doc:"People on the stage."`
	Listening int                 `json:"listening" doc:"People in the audience."`
	Ended     bool                `json:"ended"`
	Epoch     int64               `json:"epoch" doc:"How many hosts the room has had, from 1."`
	Why       Why                 `json:"why" enum:"here,community,topic,general" doc:"Why it is in this hallway."`
	Topic     string              `json:"topic,omitempty" doc:"With why topic: the topic that this node follows."`
}

// Why is why a room is in a hallway.
type Why string

// Why rooms are shown.
const (
	WhyHere      Why = "here"      // this node hosts it
	WhyCommunity Why = "community" // another node of this community hosts it
	WhyTopic     Why = "topic"     // this node follows one of its topics
	WhyGeneral   Why = "general"   // announced to everybody
)

// RoomList is the hallway.
type RoomList struct {
	Rooms []Room `json:"rooms" nullable:"false"`
}

// CreateRoom opens a room.
type CreateRoom struct {
	Create string `json:"create" doc:"A create statement; its id is the room's."`
	Title  Text   `json:"title" doc:"The title, to which the statement commits."`
}

// Role is what a person is in a room.
type Role string

// The roles.
const (
	RoleModerator Role = "moderator"
	RoleSpeaker   Role = "speaker"
	RoleListener  Role = "listener"
)

// Person is somebody in a room.
type Person struct {
	Key  identity.PublicKey  `json:"key"`
	Name string              `json:"name"`
	CSRC uint32              `json:"csrc" format:"uint32" doc:"The contributing source (RFC 3550) that names this person in the room's audio."`
	Home *identity.PublicKey `json:"home,omitempty" doc:"The node they came by, where it is not the room's host."`
}

// StagePerson is somebody on the stage.
type StagePerson struct {
	Person
	Role      Role `json:"role" enum:"moderator,speaker"`
	Muted     bool `json:"muted"`
	Connected bool `json:"connected" doc:"False while the place is held for somebody whose connection was lost."`
}

// Hand is a raised hand. Hands are listed in the order in which they were raised.
type Hand struct {
	Person
	Question string `json:"question,omitempty"`
	At       int64  `json:"at"`
}

// Offer is an invitation to the stage that has not been answered.
type Offer struct {
	Key     identity.PublicKey `json:"key"`
	By      identity.PublicKey `json:"by"`
	Expires int64              `json:"expires"`
}

// Audience is a page of the people who listen.
type Audience struct {
	Count  int      `json:"count"`
	People []Person `json:"people" nullable:"false"`
}

// ActionType is something a person does in a room.
type ActionType string

// The actions. Those in the second group act on somebody else and need a target.
const (
	ActRaiseHand    ActionType = "raise_hand"
	ActLowerHand    ActionType = "lower_hand"
	ActAcceptOffer  ActionType = "accept_offer"
	ActDeclineOffer ActionType = "decline_offer"
	ActStepDown     ActionType = "step_down"
	ActMuteSelf     ActionType = "mute_self"
	ActUnmute       ActionType = "unmute"
	ActLeave        ActionType = "leave"
	ActEnd          ActionType = "end"

	ActOffer       ActionType = "offer_stage"
	ActDismissHand ActionType = "dismiss_hand"
	ActMute        ActionType = "mute"
	ActMove        ActionType = "move_to_audience"
	ActAppoint     ActionType = "appoint_moderator"
	ActWithdraw    ActionType = "withdraw_moderator"
	ActRemove      ActionType = "remove"
)

// Action is one command to a room. The answer is 204; what it changed arrives as events.
type Action struct {
	Type     ActionType          `json:"type" enum:"raise_hand,lower_hand,accept_offer,decline_offer,step_down,mute_self,unmute,leave,end,offer_stage,dismiss_hand,mute,move_to_audience,appoint_moderator,withdraw_moderator,remove"`
	Target   *identity.PublicKey `json:"target,omitempty" doc:"The person acted on."`
	Question string              `json:"question,omitempty" doc:"With raise_hand: one line, at most 200 characters."`
	Act      string              `json:"act,omitempty" doc:"The same as a signed act statement. Needed where another node hosts the room."`
}

// Targeted reports whether the action is one on somebody.
func (t ActionType) Targeted() bool {
	switch t {
	case ActOffer, ActDismissHand, ActMute, ActMove, ActAppoint, ActWithdraw, ActRemove:
		return true
	default:
		return false
	}
}

// Check refuses an action that is wrong whoever sends it: a target where none belongs or none where one must be, a
// question that is no text, or an act too large to be a statement. What the act says is for the room's host to read.
func (a Action) Check() error {
	targeted := false
	switch a.Type {
	case ActRaiseHand, ActLowerHand, ActAcceptOffer, ActDeclineOffer, ActStepDown, ActMuteSelf, ActUnmute, ActLeave, ActEnd:
	case ActOffer, ActDismissHand, ActMute, ActMove, ActAppoint, ActWithdraw, ActRemove:
		targeted = true
	default:
		return reason.Reject(reason.RequestInvalid, "no such action")
	}
	switch {
	case targeted && a.Target == nil:
		return reason.Reject(reason.RequestInvalid, "%s needs a target", a.Type)
	case !targeted && a.Target != nil:
		return reason.Reject(reason.RequestInvalid, "%s has no target", a.Type)
	case a.Type != ActRaiseHand && a.Question != "":
		return reason.Reject(reason.RequestInvalid, "%s has no question", a.Type)
	case len(a.Act) > statement.MaxSize:
		return reason.Reject(reason.StatementSize, "an act of %d bytes", len(a.Act))
	}
	return CheckQuestion(a.Question)
}
