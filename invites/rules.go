package invites

import (
	"github.com/stoa-rooms/stoa/statement"
)

// applyRules takes the community's rules. Of several the highest order holds, in whatever order they come. The first
// ones make the root a member: the founder.
func (s State) applyRules(e Entry, b *statement.Rules) (State, error) {
	if err := checkRoot(s.community, e, b.Community); err != nil {
		return s, err
	}
	switch {
	case s.rules == nil:
		s.members.append(s.community, founder(s.community, b.IssuedAt, e.Index, s.applied))
	case b.Order == s.rules.Order:
		return s, rejectOrder("rules", b.Order)
	case b.Order < s.rules.Order:
		return s, nil
	}
	s = s.withRoot(e)
	s.rules = b
	return s, nil
}
