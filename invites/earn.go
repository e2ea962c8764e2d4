package invites

import (
	"iter"
	"slices"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

// Members earn invites by what a node sees them do in the rooms it hosts: hosting, or speaking. This file says what
// counts. The node looks, and signs the grant; what it saw is its own word, which the rules bound.

// Branch is the part of the invite tree that somebody stands in: the founder's guest above them, or they themselves if
// the founder brought them in. The founder is a branch alone. All who came by the open door, and whom they brought, are
// one branch, named by the zero key: nobody vouched that they are several people.
//
// Only so far up are two branches worth anything: whoever has a few slots can fill a room with guests of their own and
// with those of these, but they all stand in one branch, whatever their number. The founder's guests are the first who
// were vouched for one by one.
func (s State) Branch(key identity.PublicKey) (branch identity.PublicKey, ok bool) {
	n, ok := s.current(key)
	if !ok {
		return branch, false
	}
	m := s.members.at(n)
	for n != 0 && m.sponsor != 0 {
		n = m.sponsor
		m = s.members.at(n)
	}
	if n != 0 && m.way() == statement.EntryOpen {
		return identity.PublicKey{}, true
	}
	return m.key, true
}

// Branches are in how many branches people stand, counted up to enough. Who is no member, or is on probation at that
// time (seconds since 1970), does not count.
func (s State) Branches(people iter.Seq[identity.PublicKey], at int64, enough int) int {
	var seen []identity.PublicKey
	for key := range people {
		if s.probation(key) > at {
			continue
		}
		if branch, ok := s.Branch(key); ok && !slices.Contains(seen, branch) {
			if seen = append(seen, branch); len(seen) >= enough {
				break
			}
		}
	}
	return len(seen)
}

// probation is until when somebody is on probation; the founder never is.
func (s State) probation(key identity.PublicKey) int64 {
	n, ok := s.current(key)
	if !ok || n == 0 || s.rules == nil {
		return 0
	}
	return s.members.at(n).admitted + s.rules.Probation
}

// Period is one of the spans of time, counted from a member's admit, in which they may earn invites once.
type Period struct {
	Number int64
	Begins int64 // seconds since 1970
	Ends   int64
}

// Period is a member's at a time, in seconds since 1970.
func (s State) Period(key identity.PublicKey, at int64) (Period, bool) {
	n, ok := s.current(key)
	if !ok || s.rules == nil {
		return Period{}, false
	}
	since := s.members.at(n).admitted
	p := Period{Number: max(at-since, 0) / s.rules.Period}
	p.Begins = since + p.Number*s.rules.Period
	p.Ends = p.Begins + s.rules.Period
	return p, true
}

// Tally is what a node has seen one member do in one period. It is a value: what changes it returns another.
type Tally struct {
	Period int64     `json:"period"`
	Ends   int64     `json:"ends"`             // of the period, seconds since 1970: then the tally is to be forgotten
	Spoken int64     `json:"spoken"`           // milliseconds
	Hosted []Hosting `json:"hosted,omitempty"` // in the member's rooms that live
}

// Hosting is for how long a room of the member has had people from enough branches in it, with the member.
type Hosting struct {
	Room statement.ID `json:"room"`
	Time int64        `json:"time"` // milliseconds
}

// Tally begins a period's, or goes on with the one before if it is of the same period. It is false when there is nothing
// to earn: for who is no member, under rules that give nothing, and when the period's invites have been earned.
func (s State) Tally(before Tally, key identity.PublicKey, at int64) (Tally, bool) {
	p, ok := s.Period(key, at)
	if !ok || s.rules.PeriodSlots == 0 || s.earned(key, p.Number) {
		return Tally{}, false
	}
	if before.Period != p.Number || before.Ends != p.Ends {
		return Tally{Period: p.Number, Ends: p.Ends}, true
	}
	return before, true
}

// earned reports whether a member has what there is to earn in a period, by either deed.
func (s State) earned(key identity.PublicKey, period int64) bool {
	return slices.ContainsFunc(s.Grants(key), func(g Grant) bool { return g.Why != statement.WhyAdmission && g.Period == period })
}

// Speak adds so many milliseconds of speech.
func (t Tally) Speak(span int64) Tally {
	t.Spoken += span
	return t
}

// Host adds so many milliseconds in which people from enough branches were in a room of the member's.
func (t Tally) Host(room statement.ID, span int64) Tally {
	t.Hosted = slices.Clone(t.Hosted)
	i := slices.IndexFunc(t.Hosted, func(h Hosting) bool { return h.Room == room })
	if i < 0 {
		t.Hosted = append(t.Hosted, Hosting{Room: room})
		i = len(t.Hosted) - 1
	}
	t.Hosted[i].Time += span
	return t
}

// Forget leaves out a room that has ended: one evening counts, not the sum of many.
func (t Tally) Forget(room statement.ID) Tally {
	t.Hosted = slices.DeleteFunc(slices.Clone(t.Hosted), func(h Hosting) bool { return h.Room == room })
	return t
}

// Longest is the time in the room that was hosted longest, in milliseconds.
func (t Tally) Longest() (longest int64) {
	for _, h := range t.Hosted {
		longest = max(longest, h.Time)
	}
	return longest
}

// Due is what a member has earned by a tally and was not granted yet.
func (s State) Due(t Tally, key identity.PublicKey, at int64) (statement.Why, bool) {
	now, ok := s.Tally(t, key, at)
	switch {
	case !ok:
		return "", false
	case now.Longest() > 0 && now.Longest() >= s.rules.HostTime*1000:
		return statement.WhyHosting, true
	case now.Spoken > 0 && now.Spoken >= s.rules.SpeakTime*1000:
		return statement.WhySpeaking, true
	default:
		return "", false
	}
}
