package rooms_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/teambition/rrule-go"
	"pgregory.net/rapid"

	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/statement"
)

var planTitle = statement.Text{Salt: statement.Salt{7}, Text: "Songs of the week"}

// schedule is a plan's first statement by the creator, as edited.
func schedule(tb testing.TB, edit func(*statement.Schedule)) statement.Statement {
	tb.Helper()
	s := &statement.Schedule{
		Community: key(rootKey), IssuedAt: now, JTI: "0123456789abcdef", Node: node(0), Title: planTitle.Commitment(),
		Language: "en", Topics: []string{"music"}, Entry: statement.RoomMembers,
		Start: "2027-02-02T19:30", Zone: "Europe/Paris", Duration: 3600, State: statement.PlanStands,
	}
	edit(s)
	return sign(tb, creatorKey, s)
}

func plan(tb testing.TB, edit func(*statement.Schedule)) rooms.Plan {
	tb.Helper()
	s := schedule(tb, edit)
	return must[rooms.Plan](tb)(rooms.NewPlan(s, s, planTitle))
}

// signed is a statement by the creator with any payload.
func signed(tb testing.TB, kind statement.Kind, payload string) string {
	tb.Helper()
	part := base64.RawURLEncoding.EncodeToString
	input := part(fmt.Appendf(nil, `{"alg":"EdDSA","typ":"stoa-%s+jwt","kid":"%s"}`, kind, key(creatorKey))) + "." + part([]byte(payload))
	return input + "." + part(must[[]byte](tb)(private(creatorKey).Sign([]byte(input))))
}

// unix is a time in UTC in Unix seconds.
func unix(tb testing.TB, text string) int64 {
	tb.Helper()
	return must[time.Time](tb)(time.Parse("2006-01-02T15:04", text)).Unix()
}

// starts are when the first dates begin, in UTC.
func starts(p rooms.Plan, from int64, most int) []string {
	var list []string
	for _, d := range p.Some(from, most) {
		list = append(list, time.Unix(d.Start, 0).UTC().Format("2006-01-02T15:04"))
	}
	return list
}

func TestDates(t *testing.T) {
	for name, tt := range map[string]struct {
		start, zone string
		repeat      *statement.Repeat
		from        string // UTC; the beginning if empty
		want        []string
	}{
		"once": {start: "2027-02-02T19:30", zone: "Europe/Paris", want: []string{"2027-02-02T18:30"}},
		"half past seven in winter and in summer": {
			start: "2027-03-27T19:30", zone: "Europe/Paris", repeat: &statement.Repeat{Every: "daily", Interval: 1},
			want: []string{"2027-03-27T18:30", "2027-03-28T17:30", "2027-03-29T17:30"},
		},
		"a time that the clocks skip is by the offset before": {
			start: "2027-03-27T02:30", zone: "Europe/Paris", repeat: &statement.Repeat{Every: "daily", Interval: 1},
			want: []string{"2027-03-27T01:30", "2027-03-28T01:30", "2027-03-29T00:30"},
		},
		"a time that comes twice is the first": {
			start: "2027-10-30T02:30", zone: "Europe/Paris", repeat: &statement.Repeat{Every: "daily", Interval: 1},
			want: []string{"2027-10-30T00:30", "2027-10-31T00:30", "2027-11-01T01:30"},
		},
		"half an hour of summer time": {
			start: "2027-04-03T19:00", zone: "Australia/Lord_Howe", repeat: &statement.Repeat{Every: "daily", Interval: 1},
			want: []string{"2027-04-03T08:00", "2027-04-04T08:30", "2027-04-05T08:30"},
		},
		"clocks that go forward at midnight": {
			start: "2027-09-04T00:00", zone: "America/Santiago", repeat: &statement.Repeat{Every: "daily", Interval: 1, Dates: 3},
			want: []string{"2027-09-04T04:00", "2027-09-05T04:00", "2027-09-06T03:00"},
		},
		"a day that a zone leaves out is none twice": {
			start: "2027-02-02T10:00", zone: "Pacific/Kiritimati", repeat: &statement.Repeat{Every: "daily", Interval: 1, Dates: 2},
			want: []string{"2027-02-01T20:00", "2027-02-02T20:00"},
		},
		"every other week, on two days": {
			start: "2027-02-02T19:30", zone: "UTC",
			repeat: &statement.Repeat{Every: "weekly", Interval: 2, Days: []statement.Weekday{"fr", "mo", "tu"}},
			want:   []string{"2027-02-02T19:30", "2027-02-05T19:30", "2027-02-15T19:30", "2027-02-16T19:30"},
		},
		"a week begins on Monday": {
			start: "2027-02-07T12:00", zone: "UTC",
			repeat: &statement.Repeat{Every: "weekly", Interval: 2, Days: []statement.Weekday{"mo", "su"}},
			want:   []string{"2027-02-07T12:00", "2027-02-15T12:00", "2027-02-21T12:00"},
		},
		"a month without the day has none": {
			start: "2027-01-31T12:00", zone: "UTC", repeat: &statement.Repeat{Every: "monthly", Interval: 1, Dates: 4},
			want: []string{"2027-01-31T12:00", "2027-03-31T12:00", "2027-05-31T12:00", "2027-07-31T12:00"},
		},
		"a leap day": {
			start: "2028-02-29T12:00", zone: "UTC", repeat: &statement.Repeat{Every: "monthly", Interval: 12},
			want: []string{"2028-02-29T12:00", "2032-02-29T12:00", "2036-02-29T12:00"},
		},
		"a day longer than the rule": {
			start: "2027-02-02T12:00", zone: "UTC", repeat: &statement.Repeat{Every: "daily", Interval: 1, Until: "2027-02-03"},
			want: []string{"2027-02-02T12:00", "2027-02-03T12:00"},
		},
		"far in, without counting": {
			start: "2027-02-02T12:00", zone: "UTC", repeat: &statement.Repeat{Every: "daily", Interval: 3},
			from: "9999-12-20T00:00", want: []string{"9999-12-20T12:00", "9999-12-23T12:00", "9999-12-26T12:00", "9999-12-29T12:00"},
		},
		"one that is on is not over": {
			start: "2027-02-02T12:00", zone: "UTC", repeat: &statement.Repeat{Every: "daily", Interval: 1, Dates: 2},
			from: "2027-02-02T12:59", want: []string{"2027-02-02T12:00", "2027-02-03T12:00"},
		},
		"one that ends now is over": {
			start: "2027-02-02T12:00", zone: "UTC", repeat: &statement.Repeat{Every: "daily", Interval: 1, Dates: 2},
			from: "2027-02-02T13:00", want: []string{"2027-02-03T12:00"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := plan(t, func(s *statement.Schedule) { s.Start, s.Zone, s.Repeat = tt.start, tt.zone, tt.repeat })
			from := int64(0)
			if tt.from != "" {
				from = unix(t, tt.from)
			}
			most := len(tt.want)
			if tt.repeat == nil || tt.repeat.Until != "" || tt.repeat.Dates > 0 || tt.from != "" {
				most++ // there is no other
			}
			if have := starts(p, from, most); !slices.Equal(have, tt.want) {
				t.Errorf("have %q, want %q", have, tt.want)
			}
		})
	}
}

// drawRepeat is any rule that begins on a day.
func drawRepeat(rt *rapid.T, start time.Time) *statement.Repeat {
	r := &statement.Repeat{
		Every:    rapid.SampledFrom([]statement.Frequency{statement.Daily, statement.Weekly, statement.Monthly}).Draw(rt, "every"),
		Interval: rapid.Int64Range(1, 99).Draw(rt, "interval"),
	}
	if r.Every == statement.Weekly {
		for _, day := range statement.Weekdays() {
			if day == statement.DayOf(start) || rapid.Bool().Draw(rt, string(day)) {
				r.Days = append(r.Days, day)
			}
		}
	}
	switch rapid.IntRange(0, 2).Draw(rt, "end") {
	case 0:
		r.Dates = rapid.Int64Range(1, 60).Draw(rt, "dates")
	case 1:
		r.Until = start.AddDate(0, 0, rapid.IntRange(0, 2000).Draw(rt, "until")).Format(statement.LocalDay)
	}
	return r
}

// TestDatesAreThoseOfRFC5545 holds the dates against another implementation, on a clock without summer time, from the
// beginning and from the middle; and in any zone, that they are in order and within what was asked.
func TestDatesAreThoseOfRFC5545(t *testing.T) {
	zones := []string{"Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Casablanca", "Pacific/Apia", "America/Nuuk"}
	rapid.Check(t, func(rt *rapid.T) {
		start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).
			Add(time.Duration(rapid.IntRange(0, 5*366*24*60).Draw(rt, "start")) * time.Minute)
		repeat := drawRepeat(rt, start)
		set := func(zone string) rooms.Plan {
			return plan(t, func(s *statement.Schedule) {
				s.Start, s.Zone, s.Repeat = start.Format(statement.LocalTime), zone, repeat
			})
		}
		rule, err := rrule.StrToRRule("DTSTART:" + start.Format("20060102T150405Z") + "\nRRULE:" + set("UTC").Rule())
		if err != nil {
			rt.Fatal(err)
		}
		const most = 40
		for _, from := range []time.Time{{}, start.AddDate(0, rapid.IntRange(0, 100).Draw(rt, "from"), 1)} {
			var want []string
			for next, after := rule.Iterator(), from.Add(-time.Hour); len(want) < most; {
				at, ok := next()
				if !ok || at.Year() > 2200 { // later than that the other one stops by itself
					break
				}
				if at.After(after) {
					want = append(want, at.Format("2006-01-02T15:04"))
				}
			}
			have := starts(set("UTC"), from.Unix(), most)
			have = slices.DeleteFunc(have, func(at string) bool { return at > "2200-12-31T23:59" })
			if !slices.Equal(have, want) {
				rt.Fatalf("%s of %s from %s: have %q, want %q", set("UTC").Rule(), start, from, have, want)
			}
			last := rooms.Date{Start: from.Unix() - 3600}
			for _, d := range set(rapid.SampledFrom(zones).Draw(rt, "zone")).Some(from.Unix(), most) {
				if d.Start <= last.Start || d.End != d.Start+3600 || d.End <= from.Unix() {
					rt.Fatalf("%v after %v, from %d", d, last, from.Unix())
				}
				last = d
			}
		}
	})
}

func TestZones(t *testing.T) {
	for _, name := range []string{"UTC", "Europe/Paris", "America/Argentina/ComodRivadavia", "Etc/GMT+12"} {
		if _, err := rooms.Zone(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"", "Local", "Europe/Atlantis", "../../etc/passwd", "/etc/localtime", "europe\x00", "Mars/Olympus"} {
		if _, err := rooms.Zone(name); reason.Of(err) != reason.ScheduleZone {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// FuzzSchedule reads any claims as a schedule's. What is accepted gives its dates in order, at once, however it repeats.
func FuzzSchedule(f *testing.F) {
	for _, repeat := range []string{
		"", `,"repeat":{"every":"daily","interval":1}`, `,"repeat":{"every":"monthly","interval":99,"dates":1000}`,
		`,"repeat":{"every":"weekly","interval":2,"days":["tu","fr"],"until":"2027-06-29"}`, `,"repeat":{"every":"secondly","interval":1}`,
	} {
		f.Add("2027-02-02T19:30", "Europe/Paris", repeat, int64(1_900_000_000))
	}
	f.Add("2028-02-29T02:30", "Australia/Lord_Howe", `,"repeat":{"every":"monthly","interval":12}`, int64(253_402_300_799))
	f.Add("9999-12-31T23:59", "Etc/GMT+12", `,"repeat":{"every":"daily","interval":99}`, int64(-1))
	f.Fuzz(func(t *testing.T, start, zone, repeat string, from int64) {
		text := fmt.Sprintf(`{"aud":"%s","iat":%d,"jti":"0123456789abcdef","node":"%s","title":"%s","lang":"en","topics":[],"entry":"members",`+
			`"start":%q,"zone":%q,"duration":3600,"state":"planned","n":0%s}`,
			key(rootKey), now, node(0), planTitle.Commitment(), start, zone, repeat)
		s, err := statement.ParseKind[*statement.Schedule](signed(t, statement.KindSchedule, text))
		if err != nil {
			refused(t, err)
			return
		}
		p, err := rooms.NewPlan(s, s, planTitle)
		if err != nil {
			refused(t, err)
			return
		}
		from = min(max(from, -1<<40), 1<<40)
		last := rooms.Date{Start: -1 << 62}
		for _, d := range p.Some(from, 100) {
			if d.Start <= last.Start || d.End <= from {
				t.Fatalf("%v after %v, from %d", d, last, from)
			}
			last = d
		}
		if next, ok := p.Next(from); ok && next.Start != p.Some(from, 1)[0].Start {
			t.Fatalf("next is %v", next)
		}
		_ = p.CheckNew(from)
		_ = p.CheckOpen(p.Author, from)
		_ = p.Past(from)
	})
}
