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
	Entry     statement.RoomEntry `json:"entry" enum:"members,public,chosen" doc:"Who may enter now."`
	Community Community           `json:"community"`
	Host      identity.PublicKey  `json:"host" doc:"The node that hosts the room."`
	Creator   Member              `json:"creator"`
	Created   int64               `json:"created"`
	Speakers  []Member            `json:"speakers" nullable:"false" doc:"Up to four people on the stage."`
	Stage     int                 `json:"stage" doc:"People on the stage."`
	Listening int                 `json:"listening" doc:"People in the audience, guests among them."`
	Ended     bool                `json:"ended"`
	Epoch     int64               `json:"epoch" doc:"How many hosts the room has had, from 1."`
	Why       Why                 `json:"why" enum:"here,community,topic,general" doc:"Why it is in this hallway."`
	Topic     string              `json:"topic,omitempty" doc:"With why topic: the topic that this node follows."`
	Schedule  *statement.ID       `json:"schedule,omitempty" doc:"The scheduled room that it was opened from: its link is /r/{schedule}."`
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
	// Chosen is in no statement, for what is logged cannot be forgotten.
	Chosen []identity.PublicKey `json:"chosen,omitempty" nullable:"false" maxItems:"500" doc:"With entry chosen: who may enter beside the creator."`
}

// Chosen is whom the moderators of a room chose.
type Chosen struct {
	People []Member `json:"people" nullable:"false" doc:"Members of other communities are without a name until they have entered."`
}

// GuestSession is the session of somebody who only listens, in one room. It is counted and kept nowhere. The token is used
// as a member's; all it is good for is that room's events and sound.
type GuestSession struct {
	Token   string `json:"token"`
	Expires int64  `json:"expires" doc:"Unix milliseconds. Each use moves it on."`
	Room    Room   `json:"room"`
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
	Key     identity.PublicKey   `json:"key"`
	Name    string               `json:"name"`
	Picture statement.Commitment `json:"picture,omitzero" doc:"Their picture at /pictures/{digest}, if they have one."`
	CSRC    uint32               `json:"csrc" format:"uint32" doc:"The contributing source (RFC 3550) that names this person in the room's audio."`
	Home    *identity.PublicKey  `json:"home,omitempty" doc:"The node they came by, where it is not the room's host."`
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
	Count  int      `json:"count" doc:"Without the guests."`
	Guests int      `json:"guests" doc:"How many listen as guests: nobody knows who they are."`
	People []Person `json:"people" nullable:"false"`
}

// AudiencePage is which part of the audience is wanted: of everybody, or of those whose names hold Query, whatever its
// accents and capitals.
type AudiencePage struct {
	Offset, Limit int
	Query         string
}

// ActionType is something a person does in a room.
type ActionType string

// The actions. Those in the second group are moderators' commands, and those in the third act on somebody else and need a
// target.
const (
	ActRaiseHand    ActionType = "raise_hand"
	ActLowerHand    ActionType = "lower_hand"
	ActAcceptOffer  ActionType = "accept_offer"
	ActDeclineOffer ActionType = "decline_offer"
	ActStepDown     ActionType = "step_down"
	ActMuteSelf     ActionType = "mute_self"
	ActUnmute       ActionType = "unmute"
	ActLeave        ActionType = "leave"
	ActReact        ActionType = "react" // with a reaction

	ActEnd       ActionType = "end"
	ActSetEntry  ActionType = "set_entry" // with an entry
	ActMuteAll   ActionType = "mute_all"
	ActLockStage ActionType = "lock_stage" // with a switch
	ActAskMode   ActionType = "ask_mode"   // with a switch
	ActSlowMode  ActionType = "slow_mode"  // with a duration, or without one to end it

	ActOffer       ActionType = "offer_stage"
	ActDismissHand ActionType = "dismiss_hand"
	ActMute        ActionType = "mute"
	ActAskToUnmute ActionType = "ask_to_unmute"
	ActMove        ActionType = "move_to_audience"
	ActAppoint     ActionType = "appoint_moderator"
	ActWithdraw    ActionType = "withdraw_moderator"
	ActRemove      ActionType = "remove" // with a reason, and a duration unless it is for as long as the room lives
	ActLift        ActionType = "lift_removal"
	ActChoose      ActionType = "choose"
	ActUnchoose    ActionType = "unchoose"
)

// Bounds of durations, in seconds: of a removal that ends, and of slow mode.
const (
	MinRemoval = 60
	MaxRemoval = 30 * 24 * 3600
	MinSlow    = 5
	MaxSlow    = 3600
)

// Action is one command to a room. The answer is 204; what it changed arrives as events.
type Action struct {
	Type     ActionType          `json:"type" enum:"raise_hand,lower_hand,accept_offer,decline_offer,step_down,mute_self,unmute,leave,react,end,set_entry,mute_all,lock_stage,ask_mode,slow_mode,offer_stage,dismiss_hand,mute,ask_to_unmute,move_to_audience,appoint_moderator,withdraw_moderator,remove,lift_removal,choose,unchoose"`
	Target   *identity.PublicKey `json:"target,omitempty" doc:"The person acted on."`
	Question string              `json:"question,omitempty" doc:"With raise_hand: one line, at most 200 characters."`
	Entry    statement.RoomEntry `json:"entry,omitempty" enum:"members,public,chosen" doc:"With set_entry: who may enter from now on."`
	Reaction Reaction            `json:"reaction,omitempty" enum:"heart,agree,laugh,celebrate,insight,thanks" doc:"With react."`
	Duration int64               `json:"duration,omitzero" doc:"Seconds. With remove: 60 to 2592000, or absent for as long as the room lives. With slow_mode: 5 to 3600, or absent to end it."`
	Switch   statement.Switch    `json:"switch,omitempty" enum:"on,off" doc:"With lock_stage and ask_mode."`
	Reason   *Text               `json:"reason,omitempty" doc:"With remove: why, one line of at most 200 characters, to which the act commits. Everybody in the room can read it."`
	Act      string              `json:"act,omitempty" doc:"The same as a signed act statement. Needed for moderators' commands, and where another node hosts the room."`
}

// Targeted reports whether the action is one on somebody.
func (t ActionType) Targeted() bool {
	switch t {
	case ActOffer, ActDismissHand, ActMute, ActAskToUnmute, ActMove, ActAppoint, ActWithdraw, ActRemove, ActLift,
		ActChoose, ActUnchoose:
		return true
	default:
		return false
	}
}

// Moderates reports whether the action is a moderator's command, which is always signed.
func (t ActionType) Moderates() bool {
	switch t {
	case ActEnd, ActSetEntry, ActMuteAll, ActLockStage, ActAskMode, ActSlowMode:
		return true
	default:
		return t.Targeted()
	}
}

// Check refuses an action that is wrong whoever sends it: a target, switch, duration or reason where none belongs or none
// where one must be, a question or a reason that is no text, or an act too large to be a statement. What the act says is
// for the room's host to read.
func (a Action) Check() error {
	if err := a.checkParts(); err != nil {
		return err
	}
	if len(a.Act) > statement.MaxSize {
		return reason.Reject(reason.StatementSize, "an act of %d bytes", len(a.Act))
	}
	if a.Type == ActRemove {
		if a.Reason == nil {
			return reason.Reject(reason.TextInvalid, "a removal needs a reason")
		}
		if err := CheckReason(a.Reason.Text); err != nil {
			return err
		}
	}
	return CheckQuestion(a.Question)
}

// checkParts refuses parts that are missing or do not belong.
func (a Action) checkParts() error {
	switched := a.Type == ActLockStage || a.Type == ActAskMode
	switch targeted := a.Type.Targeted(); {
	case !a.Type.known():
		return reason.Reject(reason.RequestInvalid, "no such action")
	case targeted && a.Target == nil:
		return reason.Reject(reason.RequestInvalid, "%s needs a target", a.Type)
	case !targeted && a.Target != nil:
		return reason.Reject(reason.RequestInvalid, "%s has no target", a.Type)
	case a.Type != ActRaiseHand && a.Question != "":
		return reason.Reject(reason.RequestInvalid, "%s has no question", a.Type)
	case (a.Type == ActSetEntry) != (a.Entry != ""):
		return reason.Reject(reason.RequestInvalid, "an entry goes with set_entry")
	case switched && a.Switch != statement.SwitchOn && a.Switch != statement.SwitchOff:
		return reason.Reject(reason.RequestInvalid, "%s turns on or off", a.Type)
	case !switched && a.Switch != "":
		return reason.Reject(reason.RequestInvalid, "%s has no switch", a.Type)
	case a.Type == ActReact && !a.Reaction.Known():
		return reason.Reject(reason.RequestInvalid, "no such reaction: %q", a.Reaction)
	case a.Type != ActReact && a.Reaction != "":
		return reason.Reject(reason.RequestInvalid, "%s has no reaction", a.Type)
	case a.Type != ActRemove && a.Reason != nil:
		return reason.Reject(reason.RequestInvalid, "%s has no reason", a.Type)
	}
	return a.checkDuration()
}

func (a Action) checkDuration() error {
	var low, high int64
	switch a.Type {
	case ActRemove:
		low, high = MinRemoval, MaxRemoval
	case ActSlowMode:
		low, high = MinSlow, MaxSlow
	default:
	}
	if a.Duration != 0 && (a.Duration < low || a.Duration > high) {
		return reason.Reject(reason.RequestInvalid, "%s for %d s", a.Type, a.Duration)
	}
	return nil
}

func (t ActionType) known() bool {
	switch t {
	case ActRaiseHand, ActLowerHand, ActAcceptOffer, ActDeclineOffer, ActStepDown, ActMuteSelf, ActUnmute, ActLeave, ActReact:
		return true
	default:
		return t.Moderates()
	}
}
