package invites

import (
	"cmp"
	"slices"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

// Grant is what a member was given, and why. Grants of one name are one.
type Grant struct {
	ID     statement.ID
	Why    statement.Why
	Period int64
	Slots  int64
	Issued int64 // seconds since 1970
}

// Grants are a member's, in the order in which they came.
func (s State) Grants(key identity.PublicKey) []Grant {
	owner, ok := s.current(key)
	if !ok {
		return nil
	}
	var out []Grant
	at := make(map[number]int) // by head
	for n := s.members.at(owner).grants; n != none; {
		g := s.grants.at(n)
		i, ok := at[g.head]
		if !ok {
			i = len(out)
			at[g.head] = i
			out = append(out, Grant{Why: g.why.why(), Period: g.period})
		}
		if int64(g.slots) >= out[i].Slots { // the oldest of equals
			out[i].ID, out[i].Slots, out[i].Issued = g.id, int64(g.slots), g.issued
		}
		n = g.prev
	}
	slices.Reverse(out)
	slices.SortStableFunc(out, func(a, b Grant) int { return cmp.Compare(a.Issued, b.Issued) })
	return out
}

func (r reward) why() statement.Why {
	switch r {
	case forHosting:
		return statement.WhyHosting
	case forSpeaking:
		return statement.WhySpeaking
	default:
		return statement.WhyAdmission
	}
}

// Standing is how a member stands in the community.
type Standing struct {
	Member    Member
	Probation int64 // until when, in seconds since 1970; 0 for the founder
	Answers   int   // how many people the member is the sponsor of
}

// Standing is a member's.
func (s State) Standing(key identity.PublicKey) (Standing, bool) {
	n, ok := s.current(key)
	if !ok {
		return Standing{}, false
	}
	out := Standing{Member: s.member(n), Probation: s.probation(key)}
	for i := s.members.at(n).guests; i != none; i = s.members.at(i).sibling {
		out.Answers++
	}
	return out, true
}

// NextOrder is an order that no delegate has, for the next one.
func (s State) NextOrder() int64 {
	next := int64(1)
	for _, d := range s.delegates {
		next = max(next, d.order+1)
	}
	return next
}
