package rooms

import (
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// maxRemovals bounds the removals that a room remembers. Beyond it the oldest that was lifted is forgotten, and if none
// was, the oldest: a room in which two thousand people had to be removed has other troubles.
const maxRemovals = 2000

// Removal says who may not come back, until when, by whom and why. One that was lifted is kept, without effect, until it
// would have been over: so that it stays lifted when hosts unite what they know.
type Removal struct {
	Key    identity.PublicKey `json:"key"`
	By     identity.PublicKey `json:"by"`
	At     int64              `json:"at"`              // Unix milliseconds
	Until  int64              `json:"until,omitzero"`  // Unix milliseconds; 0: as long as the room, and its series, live
	Lifted int64              `json:"lifted,omitzero"` // when a moderator lifted it, Unix milliseconds
	Act    string             `json:"act,omitzero"`    // the moderator's statement; absent in records of earlier versions
	Reason statement.Text     `json:"reason,omitzero"`
	Room   statement.ID       `json:"room,omitzero"` // the earlier room of the series that it was made in; zero for this one
}

// Carrying is a new room that begins with the removals of earlier rooms of its series. Whoever opens it is let in.
func (s State) Carrying(removals []Removal) State {
	for _, r := range removals {
		if r.valid() && r.Lifted == 0 && (r.Until == 0 || r.Until > s.at) && r.Key != s.config.Creator && s.removed.Len() < maxRemovals {
			s.removed = s.removed.Set(r.Key, r)
		}
	}
	s.over = s.nextOver()
	return s
}

// Removed reports whether somebody may not enter the room.
func (s State) Removed(k identity.PublicKey) bool {
	r, ok := s.removed.Get(k)
	return ok && r.Lifted == 0
}

// Removal is what keeps somebody out of the room; false if nothing does.
func (s State) Removal(k identity.PublicKey) (Removal, bool) {
	r, ok := s.removed.Get(k)
	return r, ok && r.Lifted == 0
}

// Removals lists all removals that are not over, by key, those that were lifted too.
func (s State) Removals() []Removal {
	var list []Removal
	for it := s.removed.Iterator(); !it.Done(); {
		_, r, _ := it.Next()
		list = append(list, r)
	}
	return list
}

func (a Remove) apply(t *turn) error {
	if err := t.moderates(); err != nil {
		return err
	}
	r := Removal{Key: a.Who, By: t.actor, At: t.at, Act: t.act.Text(), Reason: t.reason}
	if a.For != 0 {
		r.Until = t.at + a.For
	}
	if before, removed := t.Removal(a.Who); removed {
		if r.outlasts(before) {
			t.remove(r)
		}
		return nil
	}
	role, err := t.command(a.Who)
	if err != nil {
		return err
	}
	if role == Moderator {
		return reason.Reject(reason.RoomRank, "removing a moderator")
	}
	t.remove(r)
	return nil
}

func (a Lift) apply(t *turn) error {
	if err := t.moderates(); err != nil {
		return err
	}
	r, ok := t.removed.Get(a.Who)
	switch {
	case !ok:
		return reason.Reject(reason.RoomState, "nobody removed them")
	case r.Lifted == 0:
		t.lift(r, t.actor)
	}
	return nil
}

func (a Unite) apply(t *turn) error { //nolint:unparam // an Action's method; this one is never refused
	for _, r := range a.Removed {
		if !r.valid() || r.Until != 0 && r.Until <= t.at {
			continue
		}
		before, known := t.removed.Get(r.Key)
		switch same := known && before.At == r.At && before.By == r.By; {
		case same && before.Lifted == 0 && r.Lifted != 0:
			t.lift(before, identity.PublicKey{})
		case same, known && before.Lifted == 0 && !r.outlasts(before), known && r.Lifted != 0:
		case r.Lifted != 0:
			t.keep(r)
		default:
			t.remove(r)
		}
	}
	return nil
}

// remove takes somebody out of the room, if they are in it, and lets them not come back.
func (t *turn) remove(r Removal) {
	t.leaveStage(StageLeft{Key: r.Key, Why: LeftRemoved, By: r.By})
	t.unseat(r.Key)
	t.lowerHand(r.Key, r.By)
	t.endOffer(r.Key, OfferWithdrawn)
	t.keep(r)
	t.tell(Removed{Removal: r})
}

// lift lets somebody come back. by is zero where another host knows who did.
func (t *turn) lift(r Removal, by identity.PublicKey) {
	r.Lifted = max(t.at, 1)
	t.keep(r)
	t.tell(RemovalEnded{Key: r.Key, By: by})
}

// keep writes a removal down.
func (t *turn) keep(r Removal) {
	if _, known := t.removed.Get(r.Key); !known && t.removed.Len() >= maxRemovals {
		t.removed = t.removed.Delete(t.leastRemoval().Key)
	}
	t.removed = t.removed.Set(r.Key, r)
	t.over = t.nextOver()
}

// leastRemoval is the one to forget.
func (s State) leastRemoval() Removal {
	var least Removal
	for _, r := range s.Removals() {
		older := (r.Lifted != 0) == (least.Lifted != 0) && r.At < least.At
		if least.Key.IsZero() || older || r.Lifted != 0 && least.Lifted == 0 {
			least = r
		}
	}
	return least
}

// nextOver is when the next removal is over; 0 if none will be.
func (s State) nextOver() (next int64) {
	for it := s.removed.Iterator(); !it.Done(); {
		if _, r, _ := it.Next(); r.Until != 0 && (next == 0 || r.Until < next) {
			next = r.Until
		}
	}
	return next
}

// pardon ends the removals whose time is over.
func (t *turn) pardon() {
	if t.over == 0 || t.at < t.over {
		return
	}
	for _, r := range t.Removals() {
		if r.Until == 0 || r.Until > t.at {
			continue
		}
		t.removed = t.removed.Delete(r.Key)
		if r.Lifted == 0 {
			t.tell(RemovalEnded{Key: r.Key})
		}
	}
	t.over = t.nextOver()
}

// outlasts reports whether r ends later than another.
func (r Removal) outlasts(other Removal) bool {
	return other.Until != 0 && (r.Until == 0 || r.Until > other.Until)
}

func (r Removal) valid() bool {
	return !r.Key.IsZero() && !r.By.IsZero() && inTime(r.At) && inTime(r.Until) && inTime(r.Lifted) &&
		(r.Until == 0 || r.Until > r.At)
}

func inTime(at int64) bool { return at >= 0 && at <= maxTime }
