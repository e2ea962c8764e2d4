package invites

import (
	"math"
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
	id      statement.ID
	member  number
	prev    number // the member's grant before this one
	head    number // the first grant of the same name, with which it is one
	invites number // of a head: the newest on its slots; the others follow by next
	slots   uint16 // statement.MaxSlots at most
	why     reward
	period  int64
	issued  int64
	place   int64
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

// linkGrant puts grant n first among its member's, and finds the grant that it is one with.
func linkGrant(members rows[member], grants rows[grant], n number) {
	g := grants.at(n)
	m := members.at(g.member)
	g.head = n
	if same, ok := named(grants, m, g.why, g.period); ok {
		g.head = same
	}
	g.prev, m.grants = m.grants, n
	grants.put(n, g)
	members.put(g.member, m)
}

// named is the first of the member's grants of one name, which are one grant.
func named(grants rows[grant], m member, why reward, period int64) (number, bool) {
	for n := m.grants; n != none; {
		g := grants.at(n)
		if g.why == why && g.period == period {
			return g.head, true
		}
		n = g.prev
	}
	return none, false
}

// applyGrant gives a member slots, if the rules in force allow as many.
func (s State) applyGrant(e Entry, b *statement.Grant) (State, error) {
	if err := checkAudience(s.community, b.Community); err != nil {
		return s, err
	}
	s, _, err := s.applySpoken(e, b.IssuedAt)
	if err != nil {
		return s, err
	}
	owner, ok := s.current(b.Member)
	if !ok {
		return s, reason.Reject(reason.MemberUnknown, "a grant for %s", b.Member)
	}
	why, err := rewardOf(b.Why)
	if err != nil {
		return s, err
	}
	m := s.members.at(owner)
	if first, ok := named(&s.grants, m, why, b.Period); ok {
		if s.grants.at(first).place < m.place {
			return s, nil // from before they were admitted again; that grant goes on
		}
		return s, reason.Reject(reason.StatementDuplicate, "%s has the grant for %s in period %d", m.key, b.Why, b.Period)
	}
	if why == forAdmission && owner != 0 && m.way() == statement.EntryOpen {
		return s, rejectUnvouched(m.key)
	}
	if err := s.checkGrant(m, why, b); err != nil {
		return s, err
	}
	n := s.grants.add(grant{
		id: e.Statement.ID(), member: owner, invites: none, slots: uint16(b.Slots),
		why: why, period: b.Period, issued: b.IssuedAt, place: s.applied,
	})
	linkGrant(&s.members, &s.grants, n)
	return s, nil
}

func rejectUnvouched(key identity.PublicKey) error {
	return reason.Reject(reason.StatementAuthority, "%s came in by the open door, and begins without slots", key)
}

// checkGrant holds a grant against the rules in force and what the member has. What is earned in one period, by hosting
// and by speaking, is bounded together.
func (s State) checkGrant(m member, why reward, b *statement.Grant) error {
	var other int64
	for n := m.grants; n != none && why != forAdmission; {
		g := s.grants.at(n)
		if g.why != forAdmission && g.period == b.Period {
			other = max(other, int64(g.slots)) // all of them are of the other name
		}
		n = g.prev
	}
	latest, err := allowGrant(s.rules, why, b, other)
	if err == nil && m.admitted > latest {
		return reason.Reject(reason.StatementAuthority, "period %d of %s has not begun", b.Period, m.key)
	}
	return err
}

// allowGrant holds a grant against rules, of which other slots are used up by the grant that is bounded together with
// this one. The period that it is for has begun for whoever was admitted no later than latest.
func allowGrant(r *statement.Rules, why reward, b *statement.Grant, other int64) (latest int64, err error) {
	left := r.PeriodSlots - other
	if why == forAdmission {
		left = r.AdmitSlots
	}
	if b.Slots > left {
		return 0, reason.Reject(reason.StatementAuthority, "%d slots are above the rules, which leave %d", b.Slots, max(left, 0))
	}
	if why == forAdmission {
		return math.MaxInt64, nil
	}
	since := b.IssuedAt + statement.Slack
	if b.Period > since/r.Period { // before 1970
		return math.MinInt64, nil
	}
	return since - b.Period*r.Period, nil
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
// until an invite holds it, and again when that invite was revoked, or expired, before anybody used it. Grants of one
// name are one; it goes by the id of that with the most slots.
func (s State) FreeSlots(key identity.PublicKey, at int64) []Slot {
	owner, ok := s.current(key)
	if !ok {
		return nil
	}
	var heads []number
	widest := make(map[number]grant) // by head
	for n := s.members.at(owner).grants; n != none; {
		g := s.grants.at(n)
		if w, ok := widest[g.head]; !ok || g.slots >= w.slots { // the oldest of equals
			widest[g.head] = g
		}
		if g.head == n {
			heads = append(heads, n)
		}
		n = g.prev
	}
	var free []Slot
	for _, head := range slices.Backward(heads) {
		g := widest[head]
		taken := make([]bool, g.slots)
		for n := s.grants.at(head).invites; n != none; {
			v := s.invites.at(n)
			taken[v.slot] = taken[v.slot] || v.holds(at)
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
