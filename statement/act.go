package statement

import (
	"regexp"

	"github.com/stoa-rooms/stoa/identity"
)

// maxQuestion is how long a question may be, in bytes: as long as the API's longest, which fits into MaxSize with all
// else. What it may look like is the API's business.
const maxQuestion = 2000

// Act is what a member does in a room. Signed by the member, so that nobody on the way can invent or repeat it: it
// carries the nonce that the host gave for their entry and a number above that of their last act. Everything that is
// done in a room of another node is said this way, and whatever a moderator does, wherever the room is: so everybody
// there can see the authority behind it. Of all acts, removals and their undoing are in the log.
type Act struct {
	Room     ID                 `json:"aud"`
	IssuedAt int64              `json:"iat"`
	Nonce    string             `json:"nonce"`
	Number   int64              `json:"n"`   // from 1, rising
	Do       string             `json:"do"`  // an action of the API, such as "raise_hand"
	Target   identity.PublicKey `json:"sub"` // the person acted on; the signer where there is nobody else
	Question string             `json:"question"`
	Duration *int64             `json:"duration,omitzero"` // seconds, from 1; nil: without end, or of no matter
	Reason   *Commitment        `json:"reason,omitzero"`   // to a removal's reason, which travels beside
	Switch   *Switch            `json:"switch,omitzero"`   // where the action turns something on or off
	Reaction string             `json:"reaction,omitzero"` // with "react": which
	Entry    RoomEntry          `json:"entry,omitzero"`    // with set_entry: who may enter from now on
}

// Switch turns something on or off.
type Switch string

// The positions of a switch.
const (
	SwitchOn  Switch = "on"
	SwitchOff Switch = "off"
)

var doPattern = regexp.MustCompile(`^[a-z_]{1,32}$`)

// Kind implements Body.
func (*Act) Kind() Kind { return KindAct }

func (a *Act) audience() string { return a.Room.String() }

func (a *Act) check() error {
	if err := all(
		since(a.IssuedAt),
		matches("nonce", a.Nonce, jtiPattern),
		within("n", a.Number, 1, MaxInt),
		matches("do", a.Do, doPattern),
		length("question", a.Question, 0, maxQuestion),
		length("reaction", a.Reaction, 0, 32),
	); err != nil {
		return err
	}
	if a.Duration != nil {
		if err := within("duration", *a.Duration, 1, MaxSpan); err != nil {
			return err
		}
	}
	if a.Switch != nil {
		if err := oneOf("switch", *a.Switch, SwitchOn, SwitchOff); err != nil {
			return err
		}
	}
	return roomEntryAgain(a.Entry)
}
