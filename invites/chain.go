package invites

import (
	"cmp"
	"slices"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// Chain names the statements that prove a member, in the order they were folded: all that the root said, and the
// grant, invite, join and admit of the member (or the join, the approve and the admit), of the invite's author, and so on. Of who was admitted more than once it
// has all of it, and of who was displaced how the one came in who displaced them. Folding just these makes the member
// a member again, with the same lineage (unless what is left out closes a circle; see [Merge]).
//
// A node copies what the root said into its own log, perhaps after it has gone by it: so those statements ([State.Roots])
// are folded from every log that has them, the others from any.
func (s State) Chain(key identity.PublicKey) ([]statement.ID, error) {
	n, ok := s.current(key)
	if !ok {
		return nil, reason.Reject(reason.MemberUnknown, "%s", key)
	}
	chain := slices.Clone(s.roots)
	seen := map[number]bool{0: true, n: true}
	for next := []number{n}; len(next) > 0; next = next[1:] {
		m := s.members.at(next[0])
		if next[0] == 0 {
			continue
		}
		for _, a := range append(slices.Clip(m.others), m.admission) {
			chain = s.prove(chain, a)
			if w, ok := s.winner(a); ok {
				chain = s.prove(chain, s.members.at(w).admission)
			}
			if by := s.brought(a); !seen[by] {
				seen[by] = true
				next = append(next, by)
			}
		}
	}
	slices.SortFunc(chain, func(a, b placed) int { return cmp.Compare(a.place, b.place) })
	chain = slices.Compact(chain) // the grants of several invites, and winners
	ids := make([]statement.ID, len(chain))
	for i, p := range chain {
		ids[i] = p.id
	}
	return ids, nil
}

// prove adds the statements of one admission to a chain.
func (s State) prove(chain []placed, a admission) []placed {
	switch a.way() {
	case statement.EntryInvite:
		v := s.invites.at(a.invite)
		g := s.grants.at(v.grant)
		chain = append(chain, placed{g.id, g.place}, placed{v.id, v.place})
	case statement.EntryAsk:
		p := s.approvals.at(a.approval)
		chain = append(chain, placed{p.id, p.place})
	case statement.EntryOpen:
	}
	return append(chain, placed{a.join, a.joined}, placed{a.admit, a.place})
}

// winner is who came in on the slot of an admission by invite.
func (s State) winner(a admission) (number, bool) {
	if a.invite == none {
		return none, false
	}
	return winnerOf(&s.members, &s.grants, &s.invites, a.invite)
}

// brought is by whose word an admission was: the invite's author, who approved, or the root that left the door open.
func (s State) brought(a admission) number {
	switch a.way() {
	case statement.EntryInvite:
		return s.authorOf(a.invite)
	case statement.EntryAsk:
		return s.approvals.at(a.approval).by
	default:
		return 0
	}
}

// authorOf is who made an invite.
func (s State) authorOf(invite number) number { return s.grants.at(s.invites.at(invite).grant).member }
