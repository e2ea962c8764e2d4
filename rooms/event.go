package rooms

import (
	"slices"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

// Event tells one thing that a command changed. The set is closed, one type for each room event of package api. In all
// of them a zero By means that no moderator did it: the person themselves, or the room.
type Event interface {
	// durable reports whether the event changes the Record.
	durable() bool
}

// Durable reports whether the Record may be another after these events, its Log left out, so that the host has to store
// it anew. Entering, muting, offers and lost connections are not durable.
func Durable(events []Event) bool {
	for _, e := range events {
		if e.durable() {
			return true
		}
	}
	return false
}

// Noted reports whether the room's log has grown. It is stored with the Record; but a command that changes nothing else of
// it, such as a mute, need not fail when the log cannot be written.
func Noted(events []Event) bool {
	return slices.ContainsFunc(events, func(e Event) bool { _, ok := e.(Logged); return ok })
}

// HandRaised adds a hand to the end of the queue.
type HandRaised struct{ Hand Hand }

// HandLowered takes a hand from the queue: its owner did, a moderator dismissed it, or its owner is gone.
type HandLowered struct {
	Key identity.PublicKey
	By  identity.PublicKey
}

// StageOffered invites a listener to the stage.
type StageOffered struct{ Offer StageOffer }

// OfferEnded says that an offer is no more.
type OfferEnded struct {
	Key identity.PublicKey
	Why OfferEndedWhy
}

// OfferEndedWhy is what became of an offer.
type OfferEndedWhy string

// What becomes of offers. Withdrawn means that the person left, was lost or was removed.
const (
	OfferAccepted  OfferEndedWhy = "accepted"
	OfferDeclined  OfferEndedWhy = "declined"
	OfferExpired   OfferEndedWhy = "expired"
	OfferWithdrawn OfferEndedWhy = "withdrawn"
)

// StageJoined puts a listener on the stage, muted, and takes their hand from the queue.
type StageJoined struct{ Person StagePerson }

// StageLeft takes somebody off the stage: into the audience if they stepped down or were moved and are connected, else
// out of the room.
type StageLeft struct {
	Key identity.PublicKey
	Why StageLeftWhy
	By  identity.PublicKey
}

// StageLeftWhy is how somebody left the stage.
type StageLeftWhy string

// The ways off the stage. Lost means that the connection did not come back in time.
const (
	LeftSteppedDown StageLeftWhy = "stepped_down"
	LeftMoved       StageLeftWhy = "moved"
	LeftLeft        StageLeftWhy = "left"
	LeftLost        StageLeftWhy = "lost"
	LeftRemoved     StageLeftWhy = "removed"
)

// Muted says that a microphone is off.
type Muted struct {
	Key identity.PublicKey
	By  identity.PublicKey
}

// Unmuted says that a microphone is on.
type Unmuted struct{ Key identity.PublicKey }

// RoleChanged makes somebody on the stage a moderator or a speaker.
type RoleChanged struct {
	Key  identity.PublicKey
	Role Role
	By   identity.PublicKey
}

// Connection says that somebody on the stage lost or regained their connection.
type Connection struct {
	Key       identity.PublicKey
	Connected bool
}

// UnmuteAsked asks somebody on the stage to open their microphone.
type UnmuteAsked struct {
	Key identity.PublicKey
	By  identity.PublicKey
}

// Removed says that somebody may not come back, or not so soon. It follows the events that took them from their place.
type Removed struct{ Removal Removal }

// RemovalEnded says that somebody may come back: a moderator lifted the removal, or its time is over.
type RemovalEnded struct {
	Key identity.PublicKey
	By  identity.PublicKey
}

// SettingsChanged says how the stage is open now.
type SettingsChanged struct {
	Settings Settings
	By       identity.PublicKey
}

// Logged says that the room's log has one more line. It comes last among the events of a command.
type Logged struct{ Order Order }

// AudienceChanged says that the list of connected listeners is another. Ask State for it, when it suits.
type AudienceChanged struct{}

// EntryChanged says that others may enter now.
type EntryChanged struct {
	Entry statement.RoomEntry
	By    identity.PublicKey
}

// ChosenChanged says that the list of chosen people is another. What it is, is for moderators to ask for.
type ChosenChanged struct{}

// PutOut says that somebody in the audience may not be in the room any more, though they may be let in again.
type PutOut struct{ Key identity.PublicKey }

// Ended says that the room is over, and with it everything in it.
type Ended struct {
	Why EndedWhy
	By  identity.PublicKey
}

// EndedWhy is why a room ended.
type EndedWhy string

// Why rooms end.
const (
	EndedByModerator EndedWhy = "moderator"
	EndedEmpty       EndedWhy = "empty" // nobody was left who could moderate
)

func (HandRaised) durable() bool      { return true }
func (HandLowered) durable() bool     { return true }
func (StageOffered) durable() bool    { return false }
func (OfferEnded) durable() bool      { return false }
func (StageJoined) durable() bool     { return true }
func (StageLeft) durable() bool       { return true }
func (Muted) durable() bool           { return false }
func (Unmuted) durable() bool         { return false }
func (RoleChanged) durable() bool     { return true }
func (Connection) durable() bool      { return false }
func (UnmuteAsked) durable() bool     { return false }
func (Removed) durable() bool         { return true }
func (RemovalEnded) durable() bool    { return true }
func (SettingsChanged) durable() bool { return true }
func (Logged) durable() bool          { return false }
func (AudienceChanged) durable() bool { return false }
func (EntryChanged) durable() bool    { return true }
func (ChosenChanged) durable() bool   { return true }
func (PutOut) durable() bool          { return false }
func (Ended) durable() bool           { return true }
