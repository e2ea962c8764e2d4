package rooms

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// Exception is a date of a plan's rule that takes place at another time, or not at all.
type Exception struct {
	Was Date // as the rule has it
	Now Date // when it takes place instead; its Start is 0 where it does not
}

// Cancelled reports whether the date does not take place.
func (e Exception) Cancelled() bool { return e.Now.Start == 0 }

// Exceptions are those of the plan's rule, in the order of the days; none of what was called off as a whole. Days on which
// the rule has no date are left out: it may have been changed since.
func (p Plan) Exceptions() []Exception {
	if p.Cancelled() {
		return nil
	}
	return slices.Clone(p.except)
}

// exceptions works out what the schedule says of single dates.
func (p Plan) exceptions() []Exception {
	var list []Exception
	for _, e := range p.Schedule.Except {
		day, err := time.Parse(statement.LocalDay, e.Day)
		if err != nil {
			continue // no statement has such a day
		}
		was, ok := p.on(day.Unix() / dayLength)
		if !ok {
			continue
		}
		one := Exception{Was: was}
		if start, err := time.Parse(statement.LocalTime, e.Start); err == nil {
			at, _ := wall(start.Unix()).at(p.zone)
			one.Now = Date{Start: at, End: at + p.Schedule.Duration, Day: was.Day}
		}
		list = append(list, one)
	}
	return list
}

// on is the date that the rule has on a day.
func (p Plan) on(day int64) (Date, bool) {
	for d := range ruled(p.Schedule, p.zone, (day-2)*dayLength) {
		if d.Day >= day {
			return d, d.Day == day
		}
	}
	return Date{}, false
}

// dates gives the dates that take place and are not over at a time, in order.
func (p Plan) dates(from int64) iter.Seq[Date] {
	all := ruled(p.Schedule, p.zone, from)
	if len(p.except) == 0 {
		return all
	}
	out := map[int64]bool{}
	var moved []Date
	for _, e := range p.except {
		out[e.Was.Day] = true
		if e.Now.End > from {
			moved = append(moved, e.Now)
		}
	}
	slices.SortFunc(moved, func(a, b Date) int { return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.Day, b.Day)) })
	return func(yield func(Date) bool) {
		last := int64(-1 << 62)
		for d := range merged(except(all, out), moved) {
			if d.Start <= last {
				continue // moved to where there is another
			}
			if last = d.Start; !yield(d) {
				return
			}
		}
	}
}

// except leaves out the dates of some days.
func except(ruled iter.Seq[Date], days map[int64]bool) iter.Seq[Date] {
	return func(yield func(Date) bool) {
		for d := range ruled {
			if !days[d.Day] && !yield(d) {
				return
			}
		}
	}
}

// merged gives the dates of a rule and those that were moved, in order.
func merged(ruled iter.Seq[Date], moved []Date) iter.Seq[Date] {
	return func(yield func(Date) bool) {
		moved := moved
		for d := range ruled {
			for len(moved) > 0 && moved[0].Start <= d.Start {
				if !yield(moved[0]) {
					return
				}
				moved = moved[1:]
			}
			if !yield(d) {
				return
			}
		}
		for _, d := range moved {
			if !yield(d) {
				return
			}
		}
	}
}

// CheckMoved refuses, at a time in Unix seconds, what makes no sense to move a date to, as CheckNew does of a start. What was
// moved before already, by the plan that this one replaces (the zero Plan for a new one), may be past by now.
func (p Plan) CheckMoved(before Plan, at int64) error {
	was := before.Schedule
	for _, e := range p.Schedule.Except {
		if e.Start == "" || was != nil && was.Zone == p.Schedule.Zone && slices.Contains(was.Except, e) {
			continue
		}
		start, err := time.Parse(statement.LocalTime, e.Start)
		if err != nil {
			return reason.Reject(reason.StatementPayload, "%v", err)
		}
		switch now, exists := wall(start.Unix()).at(p.zone); {
		case now < at:
			return reason.Reject(reason.SchedulePast, "%s in %s", e.Start, p.Schedule.Zone)
		case now > at+MaxAhead:
			return reason.Reject(reason.ScheduleFar, "%s in %s", e.Start, p.Schedule.Zone)
		case !exists:
			return reason.Reject(reason.ScheduleGap, "%s in %s", e.Start, p.Schedule.Zone)
		}
	}
	return nil
}
