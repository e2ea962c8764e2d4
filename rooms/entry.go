package rooms

import (
	"errors"

	"github.com/benbjohnson/immutable"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// MaxChosen is how many people moderators may choose for one room.
const MaxChosen = 500

// Door is who may enter a room. The creator and whoever is on the stage always may.
//
// Guests, who only listen, are not in the State: nobody keeps who they are. The host counts them and asks
// [State.AdmitsGuest] before it lets one more in, so they never take a place that a member could have.
type Door struct {
	Entry  statement.RoomEntry  `json:"entry"`
	Chosen []identity.PublicKey `json:"chosen,omitempty"` // with any entry: a room may be opened and closed again
}

// Check refuses a door that no room can have: room-chosen-list for too many people, one of them twice, or nobody's key.
func (d Door) Check() error {
	switch d.Entry {
	case statement.RoomMembers, statement.RoomPublic, statement.RoomChosen:
	default:
		return reason.Reject(reason.RequestInvalid, "no such entry")
	}
	if len(d.Chosen) > MaxChosen {
		return reason.Reject(reason.RoomChosenList, "%d people, at most %d", len(d.Chosen), MaxChosen)
	}
	if err := d.distinct(); err != nil {
		return reason.Reject(reason.RoomChosenList, "%v", err)
	}
	return nil
}

func (d Door) distinct() error {
	seen := make(map[identity.PublicKey]bool, len(d.Chosen))
	for _, k := range d.Chosen {
		if k.IsZero() || seen[k] {
			return errors.New("somebody twice, or nobody's key")
		}
		seen[k] = true
	}
	return nil
}

// Opened is a new room with another door than that of New, which lets members in. The door must have passed Check.
func (s State) Opened(d Door) State {
	s.entry = d.Entry
	for _, k := range d.Chosen {
		s.chosen = s.chosen.Set(k, struct{}{})
	}
	return s
}

// Entry is who may enter.
func (s State) Entry() statement.RoomEntry { return s.entry }

// Chosen is everybody whom the moderators chose, by key.
func (s State) Chosen() []identity.PublicKey {
	var list []identity.PublicKey
	for it := s.chosen.Iterator(); !it.Done(); {
		k, _, _ := it.Next()
		list = append(list, k)
	}
	return list
}

// Admits says why somebody may not enter: room-removed, room-chosen. Nil if nothing is against it but the room being
// full.
func (s State) Admits(k identity.PublicKey) error {
	switch {
	case s.Removed(k):
		return reason.Reject(reason.RoomRemoved, "")
	case !s.mayEnter(k):
		return reason.Reject(reason.RoomChosen, "")
	}
	return nil
}

// AdmitsGuest says why one more guest may not listen beside so many others: room-members or room-chosen when the room is
// not public, room-guests-full.
func (s State) AdmitsGuest(others int) error {
	switch s.entry {
	case statement.RoomPublic:
	case statement.RoomChosen:
		return reason.Reject(reason.RoomChosen, "")
	default:
		return reason.Reject(reason.RoomMembers, "")
	}
	if limit := s.config.Limits.guests(); others >= limit {
		return reason.Reject(reason.RoomGuestsFull, "%d guests", limit)
	}
	return nil
}

func (s State) mayEnter(k identity.PublicKey) bool {
	if s.entry != statement.RoomChosen || k == s.config.Creator || indexOf(s.stage, k) >= 0 {
		return true
	}
	_, chosen := s.chosen.Get(k)
	return chosen
}

func (a SetEntry) apply(t *turn) error {
	if err := t.moderates(); err != nil {
		return err
	}
	if err := (Door{Entry: a.Entry}).Check(); err != nil {
		return err
	}
	if t.entry == a.Entry {
		return nil
	}
	t.entry = a.Entry
	t.tell(EntryChanged{Entry: a.Entry, By: t.actor})
	if a.Entry == statement.RoomChosen {
		for _, p := range t.stage { // or they could not come back from the audience, where stepping down takes them
			t.chosen = t.chosen.Set(p.Key, struct{}{})
		}
		t.putOut()
	}
	return nil
}

func (a Choose) apply(t *turn) error {
	if err := t.moderates(); err != nil {
		return err
	}
	if _, already := t.chosen.Get(a.Who); already {
		return nil
	}
	if a.Who.IsZero() || t.chosen.Len() >= MaxChosen {
		return reason.Reject(reason.RoomChosenList, "%d people", t.chosen.Len())
	}
	t.chosen = t.chosen.Set(a.Who, struct{}{})
	t.tell(ChosenChanged{})
	return nil
}

func (a Unchoose) apply(t *turn) error {
	if err := t.moderates(); err != nil {
		return err
	}
	if _, chosen := t.chosen.Get(a.Who); !chosen {
		return nil
	}
	if indexOf(t.stage, a.Who) >= 0 {
		return reason.Reject(reason.RoomState, "somebody on the stage stays chosen")
	}
	t.chosen = t.chosen.Delete(a.Who)
	t.tell(ChosenChanged{})
	t.putOut()
	return nil
}

// putOut takes everybody out of the audience who may not enter any more.
func (t *turn) putOut() {
	var out []identity.PublicKey
	for it := t.audience.Iterator(); !it.Done(); {
		if k, _, _ := it.Next(); !t.mayEnter(k) {
			out = append(out, k)
		}
	}
	for _, h := range t.hands {
		if h.Until != 0 && !t.mayEnter(h.Key) {
			out = append(out, h.Key)
		}
	}
	for _, k := range out {
		t.unseat(k)
		t.lowerHand(k, identity.PublicKey{})
		t.endOffer(k, OfferWithdrawn)
		t.tell(PutOut{Key: k})
	}
}

func noChosen() *immutable.SortedMap[identity.PublicKey, struct{}] {
	return immutable.NewSortedMap[identity.PublicKey, struct{}](byKey{})
}
