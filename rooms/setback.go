package rooms

import (
	"slices"

	"github.com/benbjohnson/immutable"

	"github.com/stoa-rooms/stoa/identity"
)

// SetBack is the room at a host whose clock was set back by so many milliseconds: places, hands and offers are held as long
// as before, and the order of what happened stays. How long a removal lasts was told as a time, and it lasts until then.
func (s State) SetBack(by int64) State {
	back := func(at *int64) {
		if *at != 0 {
			*at = max(*at-by, 1)
		}
	}
	back(&s.at)
	back(&s.vacant)
	s.stage, s.hands, s.offers = slices.Clone(s.stage), slices.Clone(s.hands), slices.Clone(s.offers)
	for i := range s.stage {
		back(&s.stage[i].Until)
		back(&s.stage[i].Since)
	}
	for i := range s.hands {
		back(&s.hands[i].At)
		back(&s.hands[i].Until)
	}
	for i := range s.offers {
		back(&s.offers[i].Expires)
	}
	raised := immutable.NewSortedMap[identity.PublicKey, int64](byKey{})
	for it := s.raised.Iterator(); !it.Done(); {
		k, at, _ := it.Next()
		back(&at)
		raised = raised.Set(k, at)
	}
	s.raised = raised
	return s
}
