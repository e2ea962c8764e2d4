package rooms_test

import (
	"slices"
	"testing"

	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/statement"
)

// without is a weekly plan with exceptions.
func without(tb testing.TB, except ...statement.Exception) rooms.Plan {
	tb.Helper()
	return plan(tb, func(s *statement.Schedule) {
		weeklyPlan(s)
		s.Except = except
	})
}

func TestExceptions(t *testing.T) {
	for name, tt := range map[string]struct {
		except []statement.Exception
		from   string // UTC; the beginning if empty
		want   []string
	}{
		"none": {want: []string{"2027-02-02T18:30", "2027-02-09T18:30", "2027-02-16T18:30"}},
		"one left out": {
			except: []statement.Exception{{Day: "2027-02-09"}},
			want:   []string{"2027-02-02T18:30", "2027-02-16T18:30", "2027-02-23T18:30"},
		},
		"the first left out": {
			except: []statement.Exception{{Day: "2027-02-02"}},
			want:   []string{"2027-02-09T18:30", "2027-02-16T18:30"},
		},
		"moved to the day after, and left out": {
			except: []statement.Exception{{Day: "2027-02-09", Start: "2027-02-10T20:00"}, {Day: "2027-02-16"}},
			want:   []string{"2027-02-02T18:30", "2027-02-10T19:00", "2027-02-23T18:30"},
		},
		"moved behind the next": {
			except: []statement.Exception{{Day: "2027-02-02", Start: "2027-02-11T20:00"}},
			want:   []string{"2027-02-09T18:30", "2027-02-11T19:00", "2027-02-16T18:30"},
		},
		"moved before the first": {
			except: []statement.Exception{{Day: "2027-02-09", Start: "2027-02-01T20:00"}},
			want:   []string{"2027-02-01T19:00", "2027-02-02T18:30", "2027-02-16T18:30"},
		},
		"moved into what is over by then": {
			except: []statement.Exception{{Day: "2027-02-16", Start: "2027-02-03T20:00"}}, from: "2027-02-05T00:00",
			want: []string{"2027-02-09T18:30", "2027-02-23T18:30"},
		},
		"still to come, though the rule's own is over": {
			except: []statement.Exception{{Day: "2027-02-02", Start: "2027-02-06T20:00"}}, from: "2027-02-05T00:00",
			want: []string{"2027-02-06T19:00", "2027-02-09T18:30"},
		},
		"moved to where there is another": {
			except: []statement.Exception{{Day: "2027-02-09", Start: "2027-02-16T19:30"}},
			want:   []string{"2027-02-02T18:30", "2027-02-16T18:30", "2027-02-23T18:30"},
		},
		"on a day without a date": {
			except: []statement.Exception{{Day: "2027-02-10"}, {Day: "2027-02-11", Start: "2027-02-12T20:00"}},
			want:   []string{"2027-02-02T18:30", "2027-02-09T18:30", "2027-02-16T18:30"},
		},
	} {
		from := int64(0)
		if tt.from != "" {
			from = unix(t, tt.from)
		}
		if have := starts(without(t, tt.except...), from, len(tt.want)); !slices.Equal(have, tt.want) {
			t.Errorf("%s: have %q, want %q", name, have, tt.want)
		}
	}
	three := plan(t, func(s *statement.Schedule) {
		s.Repeat = &statement.Repeat{Every: statement.Daily, Interval: 1, Dates: 3}
		s.Except = []statement.Exception{{Day: "2027-02-03"}, {Day: "2027-02-04", Start: "2027-03-01T19:30"}}
	})
	if have := starts(three, 0, 9); !slices.Equal(have, []string{"2027-02-02T18:30", "2027-03-01T18:30"}) {
		t.Errorf("three dates, of which one is left out and the last one moved: %q", have)
	}
	if d, _ := three.Next(unix(t, "2027-02-05T00:00")); d.Named() != "2027-02-04" {
		t.Errorf("a date that was moved is named %s", d.Named())
	}
	if list := three.Exceptions(); len(list) != 2 || !list[0].Cancelled() || list[1].Cancelled() || list[0].Was.Start != unix(t, "2027-02-03T18:30") {
		t.Errorf("exceptions %v", list)
	}
}

// TestADateThatIsCalledOffIsNotOpened has a weekly room whose second date does not take place, until that is undone.
func TestADateThatIsCalledOffIsNotOpened(t *testing.T) {
	p := without(t, statement.Exception{Day: "2027-02-09"})
	at := unix(t, "2027-02-09T18:30")
	if err := p.CheckOpen(p.Author, at); reason.Of(err) != reason.ScheduleEarly {
		t.Errorf("the date that was called off: %v", err)
	}
	again := must[rooms.Plan](t)(p.Change(later(t, p, creatorKey, 1, func(s *statement.Schedule) { s.Except = nil }), planTitle))
	if err := again.CheckOpen(p.Author, at); err != nil {
		t.Errorf("after that was undone: %v", err)
	}
	moved := without(t, statement.Exception{Day: "2027-02-09", Start: "2027-02-10T20:00"})
	if err := moved.CheckOpen(p.Author, unix(t, "2027-02-10T18:55")); err != nil {
		t.Errorf("where it was moved to: %v", err)
	}
}

func TestCheckMoved(t *testing.T) {
	before, at := without(t), unix(t, "2027-02-03T12:00")
	for start, want := range map[string]string{
		"2027-02-10T20:00": "ok", "2027-02-03T12:00": "schedule-past", "2027-03-28T02:30": "schedule-gap", "2031-02-10T20:00": "schedule-far",
	} {
		p := without(t, statement.Exception{Day: "2027-02-09", Start: start})
		if err := p.CheckMoved(before, at); refusal(err) != want {
			t.Errorf("to %s: %v, want %s", start, err, want)
		}
		if err := p.CheckMoved(p, at+10*366*24*3600); err != nil {
			t.Errorf("to %s, long ago: %v", start, err)
		}
	}
}
