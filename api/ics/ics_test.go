package ics_test

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	ical "github.com/arran4/golang-ical"
	"github.com/teambition/rrule-go"

	"github.com/stoa-rooms/stoa/api/ics"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/statement"
)

// entry is a plan as edited, with a title.
func entry(t *testing.T, title string, edit func(*statement.Schedule)) ics.Entry {
	t.Helper()
	key := identity.Generate()
	text := statement.NewText(title)
	body := statement.Schedule{
		Community: key.Public(), IssuedAt: 1_800_000_000, JTI: "0123456789abcdef", Node: key.Public(), Title: text.Commitment(),
		Language: "en", Topics: []string{}, Entry: statement.RoomMembers,
		Start: "2027-02-02T19:30", Zone: "Europe/Paris", Duration: 5400, State: statement.PlanStands,
	}
	edit(&body)
	first, err := statement.Sign(&body, key)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := rooms.NewPlan(first, first, text)
	if err != nil {
		t.Fatal(err)
	}
	return ics.Entry{Plan: plan, Title: title, About: "Café\nhttps://stoa.example/r/x", URL: "https://stoa.example/r/x"}
}

const written = 1_801_000_000

func write(t *testing.T, entries ...ics.Entry) string {
	t.Helper()
	var out bytes.Buffer
	if err := ics.Write(&out, "Café; bar, \\ & co", entries, written); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func weekly(s *statement.Schedule) {
	s.Repeat = &statement.Repeat{Every: statement.Weekly, Interval: 1, Days: []statement.Weekday{statement.Tuesday}, Until: "2027-06-29"}
}

// TestLines holds every line to RFC 5545 section 3.1, whatever the title: 75 octets, ended by CR LF, and no character
// cut in two. Unfolded and read back, the title is what it was.
func TestLines(t *testing.T) {
	for _, title := range []string{
		"Songs", strings.Repeat("é", 100), strings.Repeat("👩‍👩‍👧", 30), "a, b; c\\ d: \"e\" <f>", strings.Repeat("word ", 19) + "end",
		strings.Repeat("x", 200), "BEGIN:VEVENT",
	} {
		text := write(t, entry(t, title, weekly))
		for line := range strings.SplitSeq(strings.TrimSuffix(text, "\r\n"), "\r\n") {
			if len(line) > 75 || !utf8.ValidString(line) || strings.ContainsAny(line, "\r\n") {
				t.Errorf("%q: a line of %d octets: %q", title, len(line), line)
			}
		}
		c, err := ical.ParseCalendar(strings.NewReader(text))
		if err != nil || len(c.Events()) != 1 {
			t.Fatalf("%q: %v", title, err)
		}
		if have := c.Events()[0].GetProperty(ical.ComponentPropertySummary).Value; have != title {
			t.Errorf("%q is read back as %q", title, have)
		}
	}
}

func TestOneDateIsInUTC(t *testing.T) {
	text := write(t, entry(t, "Songs", func(*statement.Schedule) {}))
	for _, line := range []string{
		"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Stoa//Audio rooms//EN", "DTSTART:20270202T183000Z", "DTEND:20270202T200000Z",
		"DTSTAMP:20270115T080000Z", "SEQUENCE:0", "STATUS:CONFIRMED", "SUMMARY:Songs", "URL:https://stoa.example/r/x", `DESCRIPTION:Café\nhttps://stoa.example/r/x`,
	} {
		if !strings.Contains(text, line+"\r\n") {
			t.Errorf("no %s in\n%s", line, text)
		}
	}
	if strings.Contains(text, "VTIMEZONE") || strings.Contains(text, "RRULE") {
		t.Error(text)
	}
}

// TestARepeatedRoomHasItsZone reads a calendar as one that knows no zones would: from the offsets beside the rule, the
// dates are those of the plan, in winter and in summer.
func TestARepeatedRoomHasItsZone(t *testing.T) {
	e := entry(t, "Songs", weekly)
	text := write(t, e, entry(t, "More songs", weekly), entry(t, "Songs of the north", func(s *statement.Schedule) {
		weekly(s)
		s.Zone = "America/St_Johns"
	}))
	if n := strings.Count(text, "BEGIN:VTIMEZONE"); n != 2 {
		t.Errorf("%d zones", n)
	}
	for _, line := range []string{
		"DTSTART;TZID=Europe/Paris:20270202T193000", "RRULE:FREQ=WEEKLY;INTERVAL=1;BYDAY=TU;WKST=MO;UNTIL=20270629T215959Z",
		"DURATION:PT90M", "TZID:Europe/Paris", "TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200", "TZOFFSETTO:-0230",
	} {
		if !strings.Contains(text, line+"\r\n") {
			t.Errorf("no %s in\n%s", line, text)
		}
	}
	offsets := offsetsOf(t, text, "Europe/Paris")
	rule, err := rrule.StrToRRule("DTSTART:20270202T193000Z\nRRULE:" + strings.Replace(e.Plan.Rule(), "UNTIL=20270629T215959Z", "UNTIL=20270629T235959Z", 1))
	if err != nil {
		t.Fatal(err)
	}
	want := e.Plan.Some(0, 100)
	for i, wall := range rule.All() {
		offset := int64(0)
		for _, o := range offsets {
			if wall.Unix() >= o.wall {
				offset = o.to
			}
		}
		if have := wall.Unix() - offset; i >= len(want) || have != want[i].Start {
			t.Errorf("date %d is %s", i, time.Unix(have, 0).UTC())
		}
	}
	if len(want) != 22 {
		t.Errorf("%d dates", len(want))
	}
}

// shift is one observance of a VTIMEZONE: from a time on the wall on, an offset in seconds.
type shift struct{ wall, to int64 }

func offsetsOf(t *testing.T, text, zone string) []shift {
	t.Helper()
	_, rest, _ := strings.Cut(text, "TZID:"+zone+"\r\n")
	rest, _, _ = strings.Cut(rest, "END:VTIMEZONE")
	var list []shift
	for part := range strings.SplitSeq(rest, "BEGIN:") {
		_, start, ok := strings.Cut(part, "DTSTART:")
		if !ok {
			continue
		}
		at, err := time.Parse("20060102T150405", start[:15])
		if err != nil {
			t.Fatal(err)
		}
		_, to, _ := strings.Cut(part, "TZOFFSETTO:")
		hour, err := time.Parse("-0700", to[:5])
		if err != nil {
			t.Fatal(err)
		}
		_, seconds := hour.Zone()
		list = append(list, shift{at.Unix(), int64(seconds)})
	}
	return list
}

// TestExceptionsOfARule reads a calendar with a date that was called off and one that was moved: the first is left out by
// those who know EXDATE alone, and cancelled for those who look at single dates.
func TestExceptionsOfARule(t *testing.T) {
	text := write(t, entry(t, "Songs", func(s *statement.Schedule) {
		weekly(s)
		s.Except = []statement.Exception{{Day: "2027-02-09"}, {Day: "2027-02-16", Start: "2027-02-17T20:00"}, {Day: "2027-02-18"}}
	}))
	c, err := ical.ParseCalendar(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	value := func(e *ical.VEvent, name ical.ComponentProperty) string {
		if p := e.GetProperty(name); p != nil {
			return strings.Join(p.ICalParameters["TZID"], ",") + " " + p.Value
		}
		return ""
	}
	var have []string
	for _, e := range c.Events() {
		have = append(have, strings.Join([]string{
			value(e, ical.ComponentPropertyRecurrenceId), value(e, ical.ComponentPropertyDtStart), value(e, ical.ComponentPropertyExdate),
			value(e, ical.ComponentPropertyStatus),
		}, " | "))
	}
	want := []string{
		" | Europe/Paris 20270202T193000 | Europe/Paris 20270209T193000 |  CONFIRMED",
		"Europe/Paris 20270209T193000 | Europe/Paris 20270209T193000 |  |  CANCELLED",
		"Europe/Paris 20270216T193000 | Europe/Paris 20270217T200000 |  |  CONFIRMED",
	}
	if strings.Join(have, "\n") != strings.Join(want, "\n") {
		t.Errorf("have\n%s\nwant\n%s", strings.Join(have, "\n"), strings.Join(want, "\n"))
	}
}
