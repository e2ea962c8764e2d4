package invites

import (
	"cmp"
	"slices"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// Chain names the statements that prove a member, in the order they were folded: all that the root said, and the
// grant, invite, join and admit of the member, of their sponsor, and so on. Where somebody in between is displaced it
// has how they came in, and how the one did who displaced them. Folding just these makes the member a member again,
// with the same lineage.
func (s State) Chain(key identity.PublicKey) ([]statement.ID, error) {
	n, ok := s.current(key)
	if !ok {
		return nil, reason.Reject(reason.MemberUnknown, "%s", key)
	}
	chain := slices.Clone(s.roots)
	for a := s.members.at(n).admission; a.sponsor != none; {
		chain = s.prove(chain, a)
		if author := s.authorOf(a.invite); author == a.sponsor {
			a = s.members.at(author).admission
		} else {
			a, _ = s.members.at(author).lost()
			w, _ := winnerOf(&s.members, &s.grants, &s.invites, a.invite)
			chain = s.prove(chain, s.members.at(w).admission)
		}
	}
	slices.SortFunc(chain, func(a, b placed) int { return cmp.Compare(a.place, b.place) })
	chain = slices.Compact(chain) // the grant of two who met on one slot
	ids := make([]statement.ID, len(chain))
	for i, p := range chain {
		ids[i] = p.id
	}
	return ids, nil
}

// prove adds the statements of one admission to a chain.
func (s State) prove(chain []placed, a admission) []placed {
	v := s.invites.at(a.invite)
	g := s.grants.at(v.grant)
	return append(chain, placed{g.id, g.place}, placed{v.id, v.place}, placed{a.join, a.joined}, placed{a.admit, a.place})
}

// authorOf is who made an invite.
func (s State) authorOf(invite number) number { return s.grants.at(s.invites.at(invite).grant).member }
