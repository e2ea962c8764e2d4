package rooms

import (
	"slices"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

// Forget is for somebody who erased themselves from their community: they are not in the room any more, and the reasons
// that they gave, or that were given for what was done to them, are gone. A room that they made ends, for its title is
// theirs. It is nobody's command, and never refused.
type Forget struct{ Who identity.PublicKey }

func (a Forget) apply(t *turn) error { //nolint:unparam // an Action's method; this one is never refused
	if indexOf(t.stage, a.Who) >= 0 {
		t.leaveStage(StageLeft{Key: a.Who, Why: LeftLeft})
	} else {
		t.unseat(a.Who)
		t.lowerHand(a.Who, identity.PublicKey{})
		t.endOffer(a.Who, OfferWithdrawn)
	}
	for _, r := range t.Removals() {
		if r.Key == a.Who || r.By == a.Who {
			r.Reason = statement.Text{}
			t.removed = t.removed.Set(r.Key, r)
		}
	}
	t.log = slices.Clone(t.log)
	for i, o := range t.log {
		if st, err := statement.Parse(o.Act); err == nil && st.Concerns(a.Who) {
			t.log[i].Reason = statement.Text{}
		}
	}
	if t.config.Creator == a.Who {
		t.end(EndedEmpty, identity.PublicKey{})
	}
	return nil
}
