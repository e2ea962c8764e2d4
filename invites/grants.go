package invites

import (
	"slices"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// Slot is one right to invite.
type Slot struct {
	Grant statement.ID
	Slot  int64
}

// grant is one grant statement.
type grant struct {
	id     statement.ID
	member number
	prev   number // the member's grant before this one
	held   number // an invite that holds a slot; the others follow by next
	slots  uint16 // statement.MaxSlots at most
	why    reward
	period int64
	issued int64
	place  int64
}

// reward is a statement.Why in a byte.
type reward uint8

const (
	forAdmission reward = iota
	forHosting
	forSpeaking
	rewards // how many there are
)

func rewardOf(why statement.Why) (reward, error) {
	switch why {
	case statement.WhyAdmission:
		return forAdmission, nil
	case statement.WhyHosting:
		return forHosting, nil
	case statement.WhySpeaking:
		return forSpeaking, nil
	default:
		return 0, reason.Reject(reason.StatementAuthority, "nobody earns invites for %q", why)
	}
}

// linkGrant puts grant n first among its member's.
func linkGrant(members rows[member], grants rows[grant], n number) {
	g := grants.at(n)
	m := members.at(g.member)
	g.prev, m.grants = m.grants, n
	grants.put(n, g)
	members.put(g.member, m)
}

// applyGrant gives a member slots, if the rules in force allow as many.
func (s State) applyGrant(e Entry, b *statement.Grant) (State, error) {
	if err := s.checkAudience(b.Community); err != nil {
		return s, err
	}
	s, _, err := s.applySpoken(e, b.IssuedAt)
	if err != nil {
		return s, err
	}
	owner, ok := s.members.find(b.Member)
	if !ok {
		return s, reason.Reject(reason.MemberUnknown, "a grant for %s", b.Member)
	}
	why, err := rewardOf(b.Why)
	if err != nil {
		return s, err
	}
	if err := s.checkGrant(s.members.at(owner), why, b); err != nil {
		return s, err
	}
	n := s.grants.add(grant{
		id: e.Statement.ID(), member: owner, held: none, slots: uint16(b.Slots),
		why: why, period: b.Period, issued: b.IssuedAt, place: s.applied,
	})
	linkGrant(&s.members, &s.grants, n)
	return s, nil
}

// checkGrant holds a grant against the rules in force and what the member has. Grants of one (member, why, period)
// are one grant. What is earned in one period, by hosting and by speaking, is bounded together.
func (s State) checkGrant(m member, why reward, b *statement.Grant) error {
	left := s.rules.PeriodSlots
	if why == forAdmission {
		left = s.rules.AdmitSlots
	} else if since := b.IssuedAt + statement.Slack - m.admitted; since < 0 || b.Period > since/s.rules.Period {
		return reason.Reject(reason.StatementAuthority, "period %d of %s has not begun", b.Period, m.key)
	}
	for n := m.grants; n != none; {
		g := s.grants.at(n)
		if g.why == why && g.period == b.Period {
			return reason.Reject(reason.StatementDuplicate, "%s has the grant for %s in period %d", m.key, b.Why, b.Period)
		}
		if why != forAdmission && g.why != forAdmission && g.period == b.Period {
			left -= int64(g.slots)
		}
		n = g.prev
	}
	if b.Slots > left {
		return reason.Reject(reason.StatementAuthority, "%d slots are above the rules, which leave %d", b.Slots, max(left, 0))
	}
	return nil
}

// findGrant is the member's grant of that id.
func (s State) findGrant(m member, id statement.ID) (number, bool) {
	for n := m.grants; n != none; n = s.grants.at(n).prev {
		if s.grants.at(n).id == id {
			return n, true
		}
	}
	return none, false
}

// FreeSlots are the slots that a member may spend on an invite made at that time, oldest grant first. A slot is free
// until an invite holds it, and again when that invite was revoked, or expired, before anybody used it.
func (s State) FreeSlots(key identity.PublicKey, at int64) []Slot {
	owner, ok := s.members.find(key)
	if !ok {
		return nil
	}
	var grants []grant
	for n := s.members.at(owner).grants; n != none; {
		g := s.grants.at(n)
		grants = append(grants, g)
		n = g.prev
	}
	var free []Slot
	for _, g := range slices.Backward(grants) {
		taken := make([]bool, g.slots)
		for n := g.held; n != none; {
			v := s.invites.at(n)
			taken[v.slot] = v.holds(at)
			n = v.next
		}
		for slot, t := range taken {
			if !t {
				free = append(free, Slot{Grant: g.id, Slot: int64(slot)})
			}
		}
	}
	return free
}
