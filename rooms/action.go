package rooms

import (
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

// Action is something done to a room. The set is closed.
//
// All but Enter, Leave, Disconnect, Tick, Unite and Forget need an actor who is connected to the room; room-removed or
// room-not-here otherwise. Those of moderators refuse others with room-role, a target without a place in the room with
// room-person-gone, and a target who moderates with room-rank, unless they say differently. In a room that has ended,
// everything but Leave, Disconnect and Tick is refused with room-ended.
type Action interface{ apply(t *turn) error }

// The actions of coming and going, in presence.go.
type (
	// Enter connects the actor. Somebody whose place was held has it again, muted; whoever is new joins the audience.
	// Entering while connected, from another device for instance, is not refused: it mutes. Refused: room-removed,
	// room-chosen, room-full.
	Enter struct{}

	// Leave gives up the actor's place for good, connected or not. Only the last connected moderator of a room in which
	// others are has the place held for Grace. Succeeds also for somebody who is not here.
	Leave struct{}

	// Disconnect says that the actor's connection is gone. It mutes. Somebody on the stage or with a raised hand keeps
	// their place for Hold; a listener is gone at once. Succeeds also for somebody who is not connected.
	Disconnect struct{}

	// Tick lets time pass.
	Tick struct{}

	// Unite brings in what moderators removed while another node hosted the room: in every epoch it has had, and on both
	// sides of a partition. Whoever is here leaves, a moderator too. The actor is the zero key. Of two removals of one
	// person the longer counts; one that was lifted on either side is lifted. Succeeds without effect where that changes
	// nothing; a removal that no Record could hold (without key or moderator, or with a time out of range), or that is
	// over, is passed over.
	Unite struct{ Removed []Removal }
)

// The actions of listeners, in hands.go.
type (
	// RaiseHand puts the actor at the end of the queue. Succeeds without effect, also on the question, if their hand
	// is up. Refused: room-role for those on the stage, room-queue-full, and by the Settings room-locked, room-question
	// and room-slow.
	RaiseHand struct{ Question string }

	// LowerHand takes the actor from the queue. Succeeds also if their hand is not up.
	LowerHand struct{}

	// AcceptOffer puts the actor on the stage, muted. Succeeds also for somebody who is there. Refused:
	// room-offer-expired without an offer that stands.
	AcceptOffer struct{}

	// DeclineOffer ends the offer; a raised hand stays up. Succeeds also without an offer.
	DeclineOffer struct{}
)

// The actions of people on the stage, in stage.go. All refuse a listener with room-role, StepDown excepted.
type (
	// StepDown takes the actor into the audience. Succeeds also for a listener. Refused: room-rank for the last
	// moderator, who has to appoint another first, leave, or end the room.
	StepDown struct{}

	// MuteSelf closes the actor's microphone. Succeeds also if it is closed.
	MuteSelf struct{}

	// Unmute opens the actor's microphone. Succeeds also if it is open. Nobody can do this for somebody else.
	Unmute struct{}

	// Speak opens the actor's microphone because a program of theirs has begun to send. Succeeds also if it is open.
	// Refused: room-hushed after a moderator's mute, until the person has unmuted themselves.
	Speak struct{}
)

// The actions of moderators, in hands.go, stage.go, moderators.go, removal.go and settings.go.
type (
	// Offer invites a listener to the stage. It stands for OfferLife and keeps a place free that long. Succeeds without
	// effect if one stands. Refused: room-state for somebody on the stage, room-stage-full.
	Offer struct{ Who identity.PublicKey }

	// DismissHand takes somebody from the queue. Succeeds also if their hand is not up.
	DismissHand struct{ Who identity.PublicKey }

	// Mute closes a speaker's microphone. Succeeds also if it is closed. Refused: room-state for a listener.
	Mute struct{ Who identity.PublicKey }

	// Move takes a speaker into the audience. Succeeds also if they are there.
	Move struct{ Who identity.PublicKey }

	// Appoint makes a speaker a moderator. Succeeds also if they are one. Refused: room-state for a listener.
	Appoint struct{ Who identity.PublicKey }

	// Withdraw makes a moderator a speaker: the creator withdraws anybody, another moderator only those they appointed,
	// everybody themselves, and nobody the last moderator (room-rank). Succeeds also if they are not one.
	Withdraw struct{ Who identity.PublicKey }

	// MuteAll closes the microphones of all speakers; not those of moderators. Succeeds also if all are closed.
	MuteAll struct{}

	// AskToUnmute asks somebody on the stage to open their microphone: nobody opens another's. Succeeds without effect if
	// it is open, or if they were asked within AskAgain. Refused: room-state for a listener.
	AskToUnmute struct{ Who identity.PublicKey }

	// Remove takes a speaker or listener out of the room for so many milliseconds, for as long as it lives with 0.
	// Succeeds without effect for somebody who is removed for as long already; somebody removed for less is then for
	// longer.
	Remove struct {
		Who identity.PublicKey
		For int64
	}

	// Lift lets somebody who was removed come back. Succeeds also if another moderator did so. Refused: room-state for
	// somebody who is not removed.
	Lift struct{ Who identity.PublicKey }

	// Lock closes the stage to those who ask: no hand is raised. Hands that are up stay, and moderators go on inviting
	// whom they choose. Succeeds also if it is so.
	Lock struct{ On bool }

	// AskMode makes every hand come with a question. Succeeds also if it is so.
	AskMode struct{ On bool }

	// SlowMode sets the least time between two raisings of a hand by one person, in seconds up to MaxSlow; 0 for none.
	// Succeeds also if it is so. Refused: request-invalid for less than 0 or more than MaxSlow.
	SlowMode struct{ Seconds int64 }

	// SetEntry lets others in than before. Making a room one for chosen people chooses those on the stage, and puts out
	// of the audience whom nobody chose. Succeeds also if nothing changes. Refused: request-invalid for no such entry.
	SetEntry struct{ Entry statement.RoomEntry }

	// Choose puts somebody, in the room or not, on the list of those who may enter a room for chosen people. Succeeds
	// also if they are on it. Refused: room-chosen-list for too many.
	Choose struct{ Who identity.PublicKey }

	// Unchoose takes somebody off that list, and, while the room is for chosen people, out of the audience. Succeeds also
	// if they were not on it. Refused: room-state for somebody on the stage.
	Unchoose struct{ Who identity.PublicKey }

	// End ends the room.
	End struct{}
)
