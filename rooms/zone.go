package rooms

import (
	"time"
	_ "time/tzdata" // so that a node knows the zones where the system has no list of them

	"github.com/stoa-rooms/stoa/reason"
)

// Zone finds a time zone by its IANA name. Refused with schedule-zone: one that this node does not know. Another may,
// whose list is newer; so it is no reason to think ill of whoever names it.
func Zone(name string) (*time.Location, error) {
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || zone == time.Local {
		return nil, reason.Reject(reason.ScheduleZone, "%q", name)
	}
	return zone, nil
}

// wall is a time as a clock on the wall shows it: seconds since 1970, as if it were in UTC.
type wall int64

// at is when a clock in a zone shows w, in Unix seconds. Of two such moments it is the first. Where the clock skips w, it
// is the moment by the offset before the gap (RFC 5545 section 3.3.5), and false is returned.
func (w wall) at(zone *time.Location) (int64, bool) {
	offset := func(t int64) int64 {
		_, seconds := time.Unix(t, 0).In(zone).Zone()
		return int64(seconds)
	}
	// No offset is as large, so the moment lies between the two; and no zone changes its offset twice within them.
	const margin = 26 * 60 * 60
	before, after := offset(int64(w)-margin), offset(int64(w)+margin)
	first, second := int64(w)-before, int64(w)-after
	switch {
	case offset(first) == before:
		return first, true
	case offset(second) == after:
		return second, true
	}
	return first, false
}

// Wall is a moment, in Unix seconds, as a clock shows it where the plan was made.
func (p Plan) Wall(at int64) time.Time { return time.Unix(at, 0).In(p.zone) }

// Shift is a change of a zone's offset, or what held before the first.
type Shift struct {
	At       int64 // Unix seconds
	From, To int64 // offsets from UTC, in seconds
	Name     string
	Summer   bool
}

// Shifts are the offsets that the plan's zone has between two times in Unix seconds: the one at the first, as if it began
// there, and every change. At most 100 are given.
func (p Plan) Shifts(from, to int64) []Shift {
	at := func(t int64) Shift {
		local := time.Unix(t, 0).In(p.zone)
		name, offset := local.Zone()
		return Shift{At: t, From: int64(offset), To: int64(offset), Name: name, Summer: local.IsDST()}
	}
	same := func(a, b Shift) bool { return a.To == b.To && a.Name == b.Name && a.Summer == b.Summer }
	now := at(from)
	list := []Shift{now}
	for t := from + dayLength; t < to+dayLength && len(list) < 100; t += dayLength {
		next := at(t)
		if same(now, next) {
			continue
		}
		low, high := t-dayLength, t
		for high-low > 1 {
			if middle := (low + high) / 2; same(now, at(middle)) {
				low = middle
			} else {
				high = middle
			}
		}
		next.At, next.From = high, now.To
		list, now = append(list, next), next
	}
	return list
}
