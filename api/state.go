package api

import (
	"slices"

	"github.com/stoa-rooms/stoa/identity"
)

// State is a room as the events so far tell it. It is a value: Apply returns another and modifies nothing, so a State
// can be kept and read at leisure. Its slices must not be written to.
type State struct {
	Run      string             // the run of the last snapshot; "" before the first
	N        int64              // the number of the last event
	You      identity.PublicKey // this person
	Room     Room               // as of the last snapshot, its entry as of now
	Stage    []StagePerson      // in the order of joining
	Hands    []Hand             // in the order of raising
	Offers   []Offer            // in the order of offering
	Audience Audience           // the count and the first 50, at most a second old
	Settings RoomSettings       // how open the stage is
	Create   string             // the create statement
	Roles    []Order            // who made whom a moderator, the oldest first
	Chosen   int64              // the last number at which the moderators may have chosen others: then their list is to be asked for
	Ended    *Ended             // how the room ended; nil while it lives
}

// Role is the role of this person. Whoever is not on the stage is a listener.
func (s State) Role() Role {
	if p, ok := s.Self(); ok {
		return p.Role
	}
	return RoleListener
}

// Self is this person on the stage; false if they are not.
func (s State) Self() (StagePerson, bool) { return s.OnStage(s.You) }

// OnStage is somebody on the stage; false if they are not.
func (s State) OnStage(who identity.PublicKey) (StagePerson, bool) {
	for _, p := range s.Stage {
		if p.Key == who {
			return p, true
		}
	}
	return StagePerson{}, false
}

// HandPosition is this person's place in the queue, from 1; 0 if their hand is not up.
func (s State) HandPosition() int {
	return 1 + slices.IndexFunc(s.Hands, func(h Hand) bool { return h.Key == s.You })
}

// Offered is the offer of the stage to this person; false if there is none.
func (s State) Offered() (Offer, bool) {
	for _, o := range s.Offers {
		if o.Key == s.You {
			return o, true
		}
	}
	return Offer{}, false
}

// Speaker is the person on the stage whom a contributing source of the room's audio names (RFC 3550).
func (s State) Speaker(csrc uint32) (StagePerson, bool) {
	for _, p := range s.Stage {
		if p.CSRC == csrc {
			return p, true
		}
	}
	return StagePerson{}, false
}

// Apply is the state after an event. An event that is not of a room changes nothing. Whether an event is the next one is
// for the caller: compare its number with N.
func (s State) Apply(event Event) State {
	switch e := event.(type) {
	case Snapshot:
		return State{
			Run: e.Run, N: e.N, You: e.You, Room: e.Room,
			Stage: e.Stage, Hands: e.Hands, Offers: e.Offers, Audience: e.Audience,
			Settings: e.Settings, Create: e.Create, Roles: e.Roles, Chosen: e.N,
		}
	case Hallway, Refused, Entry, HostChanged, Reactions, Mine, AppsChanged, Noticed:
		return s
	case AudienceChanged:
		s.Audience = e.Audience
	case SettingsChanged:
		s.Settings = e.Settings
	case PersonChanged:
		s = s.rename(e.Person)
	case EntryChanged:
		s.Room.Entry = e.Entry
	case ChosenChanged:
		s.Chosen = e.N
	case Ended:
		s.Ended = &e
		s.Stage, s.Hands, s.Offers, s.Audience = nil, nil, nil, Audience{}
	case HandRaised:
		s.Hands = slices.Concat(s.Hands, []Hand{e.Hand})
	case HandLowered:
		s.Hands = withoutHand(s.Hands, e.Key)
	case StageOffered:
		s.Offers = slices.Concat(s.Offers, []Offer{e.Offer})
	case OfferEnded:
		s.Offers = without(s.Offers, func(o Offer) bool { return o.Key == e.Key })
	default:
		s = s.applyStage(event)
	}
	s.N = event.Header().N
	return s
}

// applyStage takes in an event about somebody on the stage.
func (s State) applyStage(event Event) State {
	switch e := event.(type) {
	case StageJoined:
		s.Stage = slices.Concat(s.Stage, []StagePerson{e.Person})
		s.Hands = withoutHand(s.Hands, e.Person.Key)
	case StageLeft:
		s.Stage = without(s.Stage, func(p StagePerson) bool { return p.Key == e.Key })
	case Muted:
		return s.change(e.Key, func(p *StagePerson) { p.Muted = true })
	case Unmuted:
		return s.change(e.Key, func(p *StagePerson) { p.Muted = false })
	case RoleChanged:
		s.Roles = slices.Concat(s.Roles[max(0, len(s.Roles)-maxRoles+1):], []Order{orderOf(e)})
		return s.change(e.Key, func(p *StagePerson) { p.Role = e.Role })
	case Connection:
		return s.change(e.Key, func(p *StagePerson) { p.Connected = e.Connected })
	}
	return s
}

// rename is the state with somebody's name and picture changed, wherever they stand.
func (s State) rename(m Member) State {
	s = s.change(m.Key, func(p *StagePerson) { p.Name, p.Picture = m.Name, m.Picture })
	s.Hands, s.Audience.People = slices.Clone(s.Hands), slices.Clone(s.Audience.People)
	for i := range s.Hands {
		if s.Hands[i].Key == m.Key {
			s.Hands[i].Name, s.Hands[i].Picture = m.Name, m.Picture
		}
	}
	for i := range s.Audience.People {
		if p := &s.Audience.People[i]; p.Key == m.Key {
			p.Name, p.Picture = m.Name, m.Picture
		}
	}
	s.Room.Speakers = slices.Clone(s.Room.Speakers)
	for i := range s.Room.Speakers {
		if s.Room.Speakers[i].Key == m.Key {
			s.Room.Speakers[i] = m
		}
	}
	if s.Room.Creator.Key == m.Key {
		s.Room.Creator = m
	}
	return s
}

// maxRoles bounds what a state remembers of who made whom a moderator: as many lines as a room's log has.
const maxRoles = 200

// orderOf is a change of roles as a line of the room's log.
func orderOf(e RoleChanged) Order {
	if e.By == nil && e.Act == "" {
		return Order{At: e.At, Made: &e.Key}
	}
	return Order{At: e.At, Act: e.Act, Reason: e.Reason}
}

// change is the state with somebody on the stage changed.
func (s State) change(who identity.PublicKey, how func(*StagePerson)) State {
	s.Stage = slices.Clone(s.Stage)
	for i := range s.Stage {
		if s.Stage[i].Key == who {
			how(&s.Stage[i])
		}
	}
	return s
}

func withoutHand(hands []Hand, of identity.PublicKey) []Hand {
	return without(hands, func(h Hand) bool { return h.Key == of })
}

// without is a list without some of its elements, in new memory.
func without[T any](list []T, which func(T) bool) []T {
	return slices.DeleteFunc(slices.Clone(list), which)
}
