package client

import (
	"slices"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
)

// State is a room as the events so far tell it. It is a value: Apply returns another and modifies nothing, so a State
// can be kept and read at leisure. Its slices must not be written to.
type State struct {
	Run      string             // the run of the last snapshot; "" before the first
	N        int64              // the number of the last event
	You      identity.PublicKey // this person
	Room     api.Room           // as of the last snapshot
	Stage    []api.StagePerson  // in the order of joining
	Hands    []api.Hand         // in the order of raising
	Offers   []api.Offer        // in the order of offering
	Audience api.Audience       // the count and the first 50, at most a second old
	Ended    *api.Ended         // how the room ended; nil while it lives
}

// Role is the role of this person. Whoever is not on the stage is a listener.
func (s State) Role() api.Role {
	if p, ok := s.Self(); ok {
		return p.Role
	}
	return api.RoleListener
}

// Self is this person on the stage; false if they are not.
func (s State) Self() (api.StagePerson, bool) { return s.OnStage(s.You) }

// OnStage is somebody on the stage; false if they are not.
func (s State) OnStage(who identity.PublicKey) (api.StagePerson, bool) {
	for _, p := range s.Stage {
		if p.Key == who {
			return p, true
		}
	}
	return api.StagePerson{}, false
}

// HandPosition is this person's place in the queue, from 1; 0 if their hand is not up.
func (s State) HandPosition() int {
	return 1 + slices.IndexFunc(s.Hands, func(h api.Hand) bool { return h.Key == s.You })
}

// Offered is the offer of the stage to this person; false if there is none.
func (s State) Offered() (api.Offer, bool) {
	for _, o := range s.Offers {
		if o.Key == s.You {
			return o, true
		}
	}
	return api.Offer{}, false
}

// Speaker is the person on the stage whom a contributing source of the room's audio names (RFC 3550).
func (s State) Speaker(csrc uint32) (api.StagePerson, bool) {
	for _, p := range s.Stage {
		if p.CSRC == csrc {
			return p, true
		}
	}
	return api.StagePerson{}, false
}

// Apply is the state after an event. An event that is not of a room changes nothing. Whether an event is the next one is
// for the caller: compare its number with N.
func (s State) Apply(event api.Event) State {
	switch e := event.(type) {
	case api.Snapshot:
		return State{
			Run: e.Run, N: e.N, You: e.You, Room: e.Room,
			Stage: e.Stage, Hands: e.Hands, Offers: e.Offers, Audience: e.Audience,
		}
	case api.Hallway, api.Refused:
		return s
	case api.AudienceChanged:
		s.Audience = e.Audience
	case api.Ended:
		s.Ended = &e
		s.Stage, s.Hands, s.Offers, s.Audience = nil, nil, nil, api.Audience{}
	case api.HandRaised:
		s.Hands = slices.Concat(s.Hands, []api.Hand{e.Hand})
	case api.HandLowered:
		s.Hands = withoutHand(s.Hands, e.Key)
	case api.StageOffered:
		s.Offers = slices.Concat(s.Offers, []api.Offer{e.Offer})
	case api.OfferEnded:
		s.Offers = without(s.Offers, func(o api.Offer) bool { return o.Key == e.Key })
	default:
		s = s.applyStage(event)
	}
	s.N = event.Header().N
	return s
}

// applyStage takes in an event about somebody on the stage.
func (s State) applyStage(event api.Event) State {
	switch e := event.(type) {
	case api.StageJoined:
		s.Stage = slices.Concat(s.Stage, []api.StagePerson{e.Person})
		s.Hands = withoutHand(s.Hands, e.Person.Key)
	case api.StageLeft:
		s.Stage = without(s.Stage, func(p api.StagePerson) bool { return p.Key == e.Key })
	case api.Muted:
		return s.change(e.Key, func(p *api.StagePerson) { p.Muted = true })
	case api.Unmuted:
		return s.change(e.Key, func(p *api.StagePerson) { p.Muted = false })
	case api.RoleChanged:
		return s.change(e.Key, func(p *api.StagePerson) { p.Role = e.Role })
	case api.Connection:
		return s.change(e.Key, func(p *api.StagePerson) { p.Connected = e.Connected })
	}
	return s
}

// change is the state with somebody on the stage changed.
func (s State) change(who identity.PublicKey, how func(*api.StagePerson)) State {
	s.Stage = slices.Clone(s.Stage)
	for i := range s.Stage {
		if s.Stage[i].Key == who {
			how(&s.Stage[i])
		}
	}
	return s
}

func withoutHand(hands []api.Hand, of identity.PublicKey) []api.Hand {
	return without(hands, func(h api.Hand) bool { return h.Key == of })
}

// without is a list without some of its elements, in new memory.
func without[T any](list []T, which func(T) bool) []T {
	return slices.DeleteFunc(slices.Clone(list), which)
}
