package invites

import (
	"cmp"
	"slices"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// Chain names the statements that prove a member, in the order they were folded: all that the root said, and the
// grant, invite, join and admit of the member, of their sponsor, and so on. Folding just these makes the member a
// member again.
func (s State) Chain(key identity.PublicKey) ([]statement.ID, error) {
	n, ok := s.members.find(key)
	if !ok {
		return nil, reason.Reject(reason.MemberUnknown, "%s", key)
	}
	chain := slices.Clone(s.roots)
	for {
		m := s.members.at(n)
		if m.sponsor == none {
			break
		}
		v := s.invites.at(m.invite)
		g := s.grants.at(v.grant)
		chain = append(chain,
			placed{g.id, g.place}, placed{v.id, v.place}, placed{m.join, m.joined}, placed{m.admit, m.place})
		n = m.sponsor
	}
	slices.SortFunc(chain, func(a, b placed) int { return cmp.Compare(a.place, b.place) })
	ids := make([]statement.ID, len(chain))
	for i, p := range chain {
		ids[i] = p.id
	}
	return ids, nil
}
