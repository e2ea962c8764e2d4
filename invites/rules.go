package invites

import (
	"github.com/stoa-rooms/stoa/statement"
)

// applyRules takes the community's rules. Of several the highest order holds, in whatever order they come. The first
// ones make the root a member: the founder. Each node puts those of other logs into its own, once.
func (s State) applyRules(e Entry, b *statement.Rules) (State, error) {
	if err := checkRoot(s.community, e, b.Community); err != nil {
		return s, err
	}
	in, _ := s.logs.Get(e.Log)
	if b.Order == in.order {
		return s, rejectOrder("rules", b.Order)
	}
	in.order = max(in.order, b.Order)
	s.logs = s.logs.Set(e.Log, in)
	switch {
	case s.rules == nil:
		s.members.append(s.community, founder(s.community, b.IssuedAt, e.Index, s.applied))
	case b.Order == s.rules.Order && e.Statement.ID() != s.rulesID:
		return s, rejectOrder("rules", b.Order)
	case b.Order == s.rules.Order: // another node's log has them
		return s, nil
	case b.Order < s.rules.Order:
		return s, nil
	}
	s = s.withRoot(e)
	s.rules, s.rulesID = b, e.Statement.ID()
	return s, nil
}
