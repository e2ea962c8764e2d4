// Package ics writes scheduled rooms as an iCalendar (RFC 5545), for the calendars that people keep elsewhere.
//
// A room of one date is written in UTC. One that comes again is written in the zone it was planned in, with the rule and
// the zone's offsets beside it, so that a calendar that knows no zones has the right times, too: half past seven stays
// half past seven.
package ics

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	ical "github.com/arran4/golang-ical"

	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/statement"
)

// Entry is one scheduled room.
type Entry struct {
	Plan  rooms.Plan
	Title string
	About string // a line or more
	URL   string // of the room
}

// refresh is how often a calendar ought to look again.
const refresh = "PT1H"

// ahead is how far a zone's offsets are written down, in seconds. Whoever subscribes gets later ones in time.
const ahead = 6 * 366 * 24 * 60 * 60

// year is a long one, in seconds.
const year = 366 * 24 * 60 * 60

// Write writes a calendar as of a time in Unix seconds.
func Write(w io.Writer, name string, entries []Entry, at int64) error {
	c := ical.NewCalendar()
	c.SetProductId("-//Stoa//Audio rooms//EN")
	c.SetCalscale("GREGORIAN")
	c.SetMethod(ical.MethodPublish)
	c.SetName(name)
	c.SetRefreshInterval(refresh, ical.WithValue("DURATION"))
	c.SetXPublishedTTL(refresh)
	zones := map[string]bool{}
	for _, e := range entries {
		if zone := e.Plan.Schedule.Zone; e.Plan.Schedule.Repeat != nil && !zones[zone] {
			zones[zone] = true
			c.AddVTimezone(timezone(e, entries, at))
		}
	}
	for _, e := range entries {
		if event := event(e); event != nil {
			c.AddVEvent(event)
		}
		for _, x := range e.Plan.Exceptions() {
			c.AddVEvent(exception(e, x))
		}
	}
	if err := c.SerializeTo(w, ical.WithNewLine("\r\n")); err != nil {
		return fmt.Errorf("ics: %w", err)
	}
	return nil
}

// event is the room's VEVENT; nil for one that has no date at all.
func event(e Entry) *ical.VEvent {
	s, v := e.Plan.Schedule, about(e)
	if e.Plan.Cancelled() {
		v.SetStatus(ical.ObjectStatusCancelled)
	} else {
		v.SetStatus(ical.ObjectStatusConfirmed)
	}
	if s.Repeat != nil {
		v.SetProperty(ical.ComponentPropertyDtStart, compact(s.Start)+"00", ical.WithTZID(s.Zone))
		v.AddRrule(e.Plan.Rule())
		v.SetProperty(ical.ComponentPropertyDuration, minutes(s.Duration))
		for _, x := range e.Plan.Exceptions() {
			if x.Cancelled() {
				v.AddExdate(ruled(s, x), ical.WithTZID(s.Zone))
			}
		}
		return v
	}
	d, ok := e.Plan.First()
	if !ok {
		return nil
	}
	v.SetStartAt(time.Unix(d.Start, 0))
	v.SetEndAt(time.Unix(d.End, 0))
	return v
}

// about is a VEVENT with what all of a room have in common.
func about(e Entry) *ical.VEvent {
	s := e.Plan.Schedule
	v := ical.NewEvent(e.Plan.ID.String() + "@stoa")
	v.SetDtStampTime(time.Unix(s.IssuedAt, 0)) // when it was last revised (section 3.8.7.2)
	v.SetSequence(int(min(s.Number, math.MaxInt32)))
	v.SetSummary(e.Title)
	v.SetDescription(e.About)
	v.SetURL(e.URL)
	return v
}

// exception is the VEVENT of one date that was moved or called off, in the place of the one that the rule gives (section
// 3.8.4.4). What was called off is among the EXDATEs too: a calendar that does not look at the status leaves it out.
func exception(e Entry, x rooms.Exception) *ical.VEvent {
	s, v := e.Plan.Schedule, about(e)
	v.SetProperty(ical.ComponentPropertyRecurrenceId, ruled(s, x), ical.WithTZID(s.Zone))
	start, status := ruled(s, x), ical.ObjectStatusCancelled
	if !x.Cancelled() {
		start, status = e.Plan.Wall(x.Now.Start).Format(form), ical.ObjectStatusConfirmed
	}
	v.SetStatus(status)
	v.SetProperty(ical.ComponentPropertyDtStart, start, ical.WithTZID(s.Zone))
	v.SetProperty(ical.ComponentPropertyDuration, minutes(s.Duration))
	return v
}

// form is a time on the wall as iCalendar writes it.
const form = "20060102T150405"

// ruled is when the rule has a date, on the wall of the plan's zone.
func ruled(s *statement.Schedule, x rooms.Exception) string {
	_, clock, _ := strings.Cut(s.Start, "T")
	return compact(x.Was.Named()+"T"+clock) + "00"
}

func minutes(seconds int64) string { return fmt.Sprintf("PT%dM", (seconds+59)/60) }

// compact is a time as iCalendar writes it.
func compact(local string) string { return strings.NewReplacer("-", "", ":", "").Replace(local) }

// timezone is the VTIMEZONE of an entry's zone, for all entries in it: what its offset is from before the first of them
// until some years from now.
func timezone(e Entry, entries []Entry, at int64) *ical.VTimezone {
	from := at
	for _, other := range entries {
		if d, ok := other.Plan.First(); ok && other.Plan.Schedule.Zone == e.Plan.Schedule.Zone {
			from = min(from, d.Start)
		}
	}
	zone := ical.NewTimezone(e.Plan.Schedule.Zone)
	for _, s := range e.Plan.Shifts(from-year, at+ahead) {
		kind := &ical.Standard{}
		kind.SetProperty(ical.ComponentPropertyDtStart, time.Unix(s.At+s.From, 0).UTC().Format(form))
		kind.SetProperty(ical.ComponentProperty(ical.PropertyTzoffsetfrom), offset(s.From))
		kind.SetProperty(ical.ComponentProperty(ical.PropertyTzoffsetto), offset(s.To))
		kind.SetProperty(ical.ComponentProperty(ical.PropertyTzname), s.Name)
		if s.Summer {
			zone.Components = append(zone.Components, &ical.Daylight{ComponentBase: kind.ComponentBase})
		} else {
			zone.Components = append(zone.Components, kind)
		}
	}
	return zone
}

// offset is an offset from UTC as iCalendar writes it.
func offset(seconds int64) string {
	sign := "+"
	if seconds < 0 {
		sign, seconds = "-", -seconds
	}
	text := fmt.Sprintf("%s%02d%02d", sign, seconds/3600, seconds/60%60)
	if seconds%60 != 0 {
		text += fmt.Sprintf("%02d", seconds%60)
	}
	return text
}
