package rooms

import (
	"slices"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
)

// Role is what somebody is in a room.
type Role string

// The roles.
const (
	Moderator Role = "moderator"
	Speaker   Role = "speaker"
	Listener  Role = "listener"
)

// AudiencePerson is a connected listener.
type AudiencePerson struct {
	Key    identity.PublicKey
	Number uint32
}

// Role is the role of somebody who has a place in the room, connected or held.
func (s State) Role(k identity.PublicKey) (Role, bool) {
	if i := indexOf(s.stage, k); i >= 0 {
		return s.stage[i].Role, true
	}
	if _, ok := s.audience.Get(k); ok {
		return Listener, true
	}
	if indexOf(s.hands, k) >= 0 {
		return Listener, true
	}
	return "", false
}

// Present reports whether somebody is connected to the room.
func (s State) Present(k identity.PublicKey) bool {
	if i := indexOf(s.stage, k); i >= 0 {
		return s.stage[i].Connected
	}
	_, ok := s.audience.Get(k)
	return ok
}

// Number is the number that names somebody in the room's audio (its CSRC): from 1, and theirs as long as they have a
// place. It is not given to anybody else while the room lives, not by another host either (see Takeover); only a restart
// of the host in one epoch may give those of listeners anew.
func (s State) Number(k identity.PublicKey) (uint32, bool) {
	if i := indexOf(s.stage, k); i >= 0 {
		return s.stage[i].Number, true
	}
	if n, ok := s.audience.Get(k); ok {
		return n, true
	}
	if i := indexOf(s.hands, k); i >= 0 {
		return s.hands[i].Number, true
	}
	return 0, false
}

// Listening is the number of connected listeners.
func (s State) Listening() int { return s.audience.Len() }

// Listeners is a page of the connected listeners, in the order in which they entered. It takes time proportional to
// offset + limit.
func (s State) Listeners(offset, limit int) []AudiencePerson {
	list := make([]AudiencePerson, 0, max(0, min(limit, s.entries.Len()-offset)))
	it := s.entries.Iterator()
	for i := 0; !it.Done() && i-offset < limit; i++ {
		n, k, _ := it.Next()
		if i >= offset {
			list = append(list, AudiencePerson{Key: k, Number: n})
		}
	}
	return list
}

// People is how many have a place in the room, connected or held.
func (s State) People() int {
	n := len(s.stage) + s.audience.Len()
	for _, h := range s.hands {
		if h.Until != 0 {
			n++
		}
	}
	return n
}

func (Enter) apply(t *turn) error {
	k := t.actor
	if err := t.Admits(k); err != nil {
		return err
	}
	if i := indexOf(t.stage, k); i >= 0 {
		t.connectStage(i)
		return nil
	}
	if t.Present(k) {
		return nil
	}
	if i := indexOf(t.hands, k); i >= 0 {
		h := t.hands[i]
		h.Until = 0
		t.hands = replaced(t.hands, i, h)
		t.seat(k, h.Number)
		return nil
	}
	if limit := t.config.Limits.people(); t.People() >= limit {
		return reason.Reject(reason.RoomFull, "%d people", limit)
	}
	t.last++
	if slices.Contains(t.named, k) && len(t.stage)+len(t.offers) < t.config.Limits.stage() {
		p := StagePerson{Key: k, Number: t.last, Role: Moderator, Muted: true, Connected: true, By: t.config.Creator, Since: t.at}
		t.stage = with(t.stage, p)
		t.tell(StageJoined{p})
		return nil
	}
	t.seat(k, t.last)
	return nil
}

func (Leave) apply(t *turn) error { //nolint:unparam // an Action's method; this one is never refused
	k := t.actor
	if i := indexOf(t.stage, k); i >= 0 {
		if isModerator(t.stage[i]) && !t.othersModerate(k) && t.People() > 1 {
			t.disconnectStage(i, Grace)
			return nil
		}
		t.leaveStage(StageLeft{Key: k, Why: LeftLeft})
		return nil
	}
	t.unseat(k)
	t.lowerHand(k, identity.PublicKey{})
	t.endOffer(k, OfferWithdrawn)
	return nil
}

func (Disconnect) apply(t *turn) error { //nolint:unparam // an Action's method; this one is never refused
	k := t.actor
	if i := indexOf(t.stage, k); i >= 0 {
		t.disconnectStage(i, Hold)
		return nil
	}
	if !t.unseat(k) {
		return nil
	}
	if i := indexOf(t.hands, k); i >= 0 {
		h := t.hands[i]
		h.Until = t.at + Hold
		t.hands = replaced(t.hands, i, h)
		return nil
	}
	t.endOffer(k, OfferWithdrawn)
	return nil
}

func (Tick) apply(*turn) error { return nil }

// seat puts somebody into the audience.
func (t *turn) seat(k identity.PublicKey, number uint32) {
	t.audience = t.audience.Set(k, number)
	t.entries = t.entries.Set(number, k)
	t.tell(AudienceChanged{})
}

// unseat takes somebody out of the audience. It reports whether they were there.
func (t *turn) unseat(k identity.PublicKey) bool {
	number, ok := t.audience.Get(k)
	if !ok {
		return false
	}
	t.audience = t.audience.Delete(k)
	t.entries = t.entries.Delete(number)
	t.tell(AudienceChanged{})
	return true
}
