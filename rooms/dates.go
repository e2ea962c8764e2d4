package rooms

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/stoa-rooms/stoa/statement"
)

// Date is one time at which a scheduled room takes place, in Unix seconds.
type Date struct {
	Start int64
	End   int64 // by the estimate of who planned it
	Day   int64 // on which the rule has it, counted on the wall from 1970-01-01: what names it, wherever it was moved
}

// Named is the day that names the date, as an Exception has it.
func (d Date) Named() string { return time.Unix(d.Day*dayLength, 0).UTC().Format(statement.LocalDay) }

// A day on the wall is counted from 1970-01-01, which was a Thursday.
const (
	dayLength = 24 * 60 * 60
	lastDay   = int64(statement.MaxTime) / dayLength
)

// days gives the days of a rule that begins on a day, in order, from around another day on: it may begin with a few that
// are earlier, but never gives all that there have been. It ends with the rule, and at the latest with the year 9999.
func days(first, from int64, repeat *statement.Repeat) iter.Seq[int64] {
	until, left := lastDay, int64(1)
	if repeat != nil {
		if left = repeat.Dates; left == 0 {
			left = -1 // as many as there are
		}
		if repeat.Until != "" {
			if t, err := time.Parse(statement.LocalDay, repeat.Until); err == nil { // statement has parsed it, too
				until = t.Unix() / dayLength
			}
		}
	}
	return func(yield func(int64) bool) {
		for day := range allDays(first, from, repeat) {
			if day > until || left == 0 || !yield(day) {
				return
			}
			left--
		}
	}
}

// allDays is days without an end.
func allDays(first, from int64, repeat *statement.Repeat) iter.Seq[int64] {
	if repeat == nil {
		return func(yield func(int64) bool) { yield(first) }
	}
	if repeat.Dates > 0 {
		from = first // to count them
	}
	switch repeat.Every {
	case statement.Weekly:
		return weekly(first, from, repeat)
	case statement.Monthly:
		return monthly(first, from, repeat.Interval)
	default:
		return func(yield func(int64) bool) {
			for day := skip(first, from, repeat.Interval); day <= lastDay && yield(day); day += repeat.Interval {
			}
		}
	}
}

// skip goes from a number in steps to the last that is not above another, without counting them out.
func skip(n, to, step int64) int64 {
	if to <= n {
		return n
	}
	return to - (to-n)%step
}

func weekly(first, from int64, repeat *statement.Repeat) iter.Seq[int64] {
	var weekdays []int64
	for i, day := range statement.Weekdays() {
		if slices.Contains(repeat.Days, day) {
			weekdays = append(weekdays, int64(i))
		}
	}
	monday := first - (first+3)%7
	return func(yield func(int64) bool) {
		for week := skip(monday, from, 7*repeat.Interval); week <= lastDay; week += 7 * repeat.Interval {
			for _, day := range weekdays {
				if week+day >= first && !yield(week+day) {
					return
				}
			}
		}
	}
}

// monthly leaves out months that do not have the day.
func monthly(first, from, interval int64) iter.Seq[int64] {
	start := time.Unix(first*dayLength, 0).UTC()
	there := time.Unix(from*dayLength, 0).UTC()
	number := func(t time.Time) int64 { return int64(t.Year())*12 + int64(t.Month()) - 1 }
	return func(yield func(int64) bool) {
		for m := skip(number(start), number(there)-1, interval); ; m += interval {
			t := time.Date(int(m/12), time.Month(m%12+1), start.Day(), 0, 0, 0, 0, time.UTC)
			day := t.Unix() / dayLength
			if day > lastDay {
				return
			}
			if t.Day() == start.Day() && !yield(day) {
				return
			}
		}
	}
}

// ruled gives the dates of a schedule's rule that are not over at a time, in order, whatever became of them. A rule without
// an end gives them without end: whoever asks says when it is enough.
func ruled(s *statement.Schedule, zone *time.Location, from int64) iter.Seq[Date] {
	start, err := time.Parse(statement.LocalTime, s.Start)
	if err != nil {
		return func(func(Date) bool) {} // no statement has such a start
	}
	first, clock := start.Unix()/dayLength, start.Unix()%dayLength
	// Offsets and the length of a date are less than two days each.
	around := (from-s.Duration)/dayLength - 2
	return func(yield func(Date) bool) {
		last := int64(-1 << 62)
		for day := range days(first, around, s.Repeat) {
			at, _ := wall(day*dayLength + clock).at(zone)
			if at <= last {
				continue // a zone that leaves out a whole day, as Samoa did in 2011, has two dates at once
			}
			last = at
			if d := (Date{Start: at, End: at + s.Duration, Day: day}); d.End > from && !yield(d) {
				return
			}
		}
	}
}

// Rule is the plan's repetition as RFC 5545 writes it, for a calendar in which the start has the plan's zone; "" for a
// room of one date.
func (p Plan) Rule() string {
	r := p.Schedule.Repeat
	if r == nil {
		return ""
	}
	parts := []string{"FREQ=" + strings.ToUpper(string(r.Every)), fmt.Sprint("INTERVAL=", r.Interval)}
	switch r.Every {
	case statement.Weekly:
		var list []string
		for _, day := range r.Days {
			list = append(list, strings.ToUpper(string(day)))
		}
		parts = append(parts, "BYDAY="+strings.Join(list, ","), "WKST=MO")
	case statement.Monthly:
		parts = append(parts, "BYMONTHDAY="+strings.TrimPrefix(p.Schedule.Start[len("2006-01-"):len("2006-01-02")], "0"))
	default: // every day
	}
	switch {
	case r.Dates > 0:
		parts = append(parts, fmt.Sprint("COUNT=", r.Dates))
	case r.Until != "":
		end, err := time.Parse(statement.LocalDay, r.Until)
		if err != nil {
			break // no statement has such a day
		}
		// The last second of that day there, in UTC as section 3.3.10 wants it.
		at, _ := wall(end.Unix() + dayLength - 1).at(p.zone)
		parts = append(parts, "UNTIL="+time.Unix(at, 0).UTC().Format("20060102T150405Z"))
	}
	return strings.Join(parts, ";")
}
