package rooms

import (
	"slices"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

// The bounds of a room's log: lines, and bytes of their acts and reasons. A full log fits into one message between nodes.
const (
	MaxLog      = 200
	maxLogBytes = 96 << 10
)

// Order is one line of a room's log: what a moderator did, as they signed it, or that the room made somebody a moderator
// because no other was left.
type Order struct {
	At     int64              `json:"at"`              // when the host did it, Unix milliseconds
	Act    string             `json:"act,omitzero"`    // the moderator's statement
	Reason statement.Text     `json:"reason,omitzero"` // to which the act commits
	Made   identity.PublicKey `json:"made,omitzero"`   // without an act: the moderator whom the room made
	Role   bool               `json:"role,omitzero"`   // whether it is about who moderates
}

func (o Order) size() int { return len(o.Act) + len(o.Reason.Text) + 64 }

// Log is what moderators did, the oldest first: as much of it as is kept. The lines about who moderates are kept longest,
// because they show by what right the others were written: who comes late follows them from the creator on.
func (s State) Log() []Order { return slices.Clone(s.log) }

// note writes a line into the log of a room that lives.
func (t *turn) note(o Order) {
	if t.ended.Why != "" {
		return
	}
	t.log = trimmed(with(t.log, o), MaxLog, maxLogBytes)
	t.tell(Logged{Order: o})
}

// trimmed is a log within the bounds: the oldest lines go, those about roles after all others. It may change the list.
func trimmed(log []Order, lines, size int) []Order {
	total := 0
	for _, o := range log {
		total += o.size()
	}
	for len(log) > lines || total > size {
		i := max(0, slices.IndexFunc(log, func(o Order) bool { return !o.Role }))
		total -= log[i].size()
		log = slices.Delete(log, i, i+1)
	}
	return log
}
