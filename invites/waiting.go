package invites

import (
	"bytes"
	"cmp"
	"iter"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

// MaxAsks is how many requests wait in a community. Of as many it is kept that they were declined.
const MaxAsks = 500

// Ask is a request to join by nobody's invite, as far as nodes of a community agree on it: each keeps one for each person.
type Ask struct {
	Member   identity.PublicKey `json:"member"`
	ID       statement.ID       `json:"id"` // of the join statement
	At       int64              `json:"at"` // milliseconds, as Expires
	Expires  int64              `json:"expires"`
	Declined bool               `json:"declined,omitzero"`
}

// Prevails reports whether a counts where b of the same person is known: of two requests the later counts, and one that was
// declined anywhere is declined.
func (a Ask) Prevails(b Ask) bool {
	if a.Declined || b.Declined {
		return a.Declined && !b.Declined
	}
	return a.ID != b.ID && cmp.Or(cmp.Compare(a.At, b.At), bytes.Compare(a.ID[:], b.ID[:])) > 0
}

// Compare is the order in which requests take their places: who was declined first, for that makes places, and the oldest.
func (a Ask) Compare(b Ask) int {
	switch {
	case a.Declined == b.Declined:
		return cmp.Compare(a.At, b.At)
	case a.Declined:
		return -1
	default:
		return 1
	}
}

// Place reports whether a finds a place among the requests of a community, and who gives way for it: nobody (the zero key) while
// there are places. Nobody gives way for who waits; whoever was declined longest ago, for who was declined later.
func (a Ask) Place(all iter.Seq[Ask]) (gives identity.PublicKey, ok bool) {
	count, oldest := 0, Ask{}
	for b := range all {
		if b.Member == a.Member || b.Declined != a.Declined {
			continue
		}
		if count++; count == 1 || b.At < oldest.At {
			oldest = b
		}
	}
	switch {
	case count < MaxAsks:
		return identity.PublicKey{}, true
	case !a.Declined || a.At < oldest.At:
		return identity.PublicKey{}, false
	default:
		return oldest.Member, true
	}
}
