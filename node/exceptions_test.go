package node_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/node"
	"github.com/stoa-rooms/stoa/node/nodetest"
	"github.com/stoa-rooms/stoa/reason"
)

// calendarAt is what a calendar reads at an address.
func calendarAt(t *testing.T, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// TestOneDateIsCalledOff has the second date of a weekly room called off, and undone, and called off again: members of
// another community see it, calendars read it, nobody opens it, and nobody is reminded of it, also after a restart.
func TestOneDateIsCalledOff(t *testing.T) {
	t.Parallel()
	ctx, at := t.Context(), newClock(t, "2027-02-03T12:00")
	a := nodetest.With(t, node.Config{Now: at.now})
	b := nodetest.With(t, node.Config{Now: at.now}, a)
	ana, bea := a.Found(ctx), b.Found(ctx)
	leo := a.Join(ctx, ana, "Léo")
	s := planned(t, ana, evening())
	if start(s.Dates[0]) != "2027-02-09T18:30" || s.Dates[0].Day != "2027-02-09" {
		t.Fatalf("planned %+v", s.Dates)
	}
	if err := leo.Remind(ctx, s.ID, 1800); err != nil {
		t.Fatal(err)
	}
	link, err := leo.LinkCalendar(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := leo.CancelDate(ctx, s, "2027-02-09"); !client.Refused(err, reason.ScheduleAuthor) {
		t.Errorf("a date called off by somebody else: %v", err)
	}
	next := func(day, start string) func(api.Scheduled, bool) bool {
		return func(s api.Scheduled, listed bool) bool {
			return listed && s.Dates[0].Day == day && startOf(s) == start && !s.Cancelled
		}
	}
	off, err := ana.CancelDate(ctx, s, "2027-02-09")
	if err != nil || len(off.Except) != 1 || off.Except[0].Was != s.Dates[0].Start {
		t.Fatalf("called off: %+v, %v", off.Except, err)
	}
	sees(t, bea, "called off", s.ID, next("2027-02-16", "2027-02-16T18:30"))
	sees(t, leo, "called off", s.ID, next("2027-02-16", "2027-02-16T18:30"))
	if text := calendarAt(t, link); !strings.Contains(text, "EXDATE;TZID=Europe/Paris:20270209T193000\r\n") || !strings.Contains(text, "STATUS:CANCELLED") {
		t.Errorf("a calendar reads %s", text)
	}
	back, err := ana.RestoreDate(ctx, off, "2027-02-09")
	if err != nil || len(back.Except) != 0 {
		t.Fatalf("undone: %+v, %v", back.Except, err)
	}
	sees(t, bea, "undone", s.ID, next("2027-02-09", "2027-02-09T18:30"))
	if text := calendarAt(t, link); strings.Contains(text, "EXDATE") || strings.Contains(text, "CANCELLED") {
		t.Errorf("after it was undone a calendar reads %s", text)
	}
	if _, err := ana.MoveDate(ctx, back, "2027-02-16", "2027-02-01T20:00"); !client.Refused(err, reason.SchedulePast) {
		t.Errorf("moved into the past: %v", err)
	}
	off, err = ana.CancelDate(ctx, back, "2027-02-09")
	if err != nil {
		t.Fatal(err)
	}
	moved, err := ana.MoveDate(ctx, off, "2027-02-16", "2027-02-17T20:00")
	if err != nil {
		t.Fatal(err)
	}
	sees(t, bea, "moved", s.ID, next("2027-02-16", "2027-02-17T19:00"))

	a.Stop()
	a.Start()
	his := listen(t, leo)
	at.set(t, "2027-02-09T18:29")
	fresh(t, ana)
	if _, err := ana.OpenPlanned(ctx, moved); !client.Refused(err, reason.ScheduleEarly) {
		t.Errorf("the date that was called off is opened: %v", err)
	}
	at.set(t, "2027-02-17T18:50")
	fresh(t, ana)
	if due := <-his; due.Start != moved.Dates[0].Start {
		t.Errorf("reminded of %+v, not of the date that was moved", due)
	}
	room, err := ana.OpenPlanned(ctx, moved)
	if err != nil {
		t.Fatal(err)
	}
	if after, err := leo.Schedule(ctx, s.ID); err != nil || after.Room == nil || *after.Room != room.ID || start(after.Dates[1]) != "2027-02-23T18:30" {
		t.Errorf("open where it was moved to: %+v, %v", after, err)
	}
}

// startOf is when the next date begins, in UTC.
func startOf(s api.Scheduled) string { return start(s.Dates[0]) }

// TestTheOnlyDateLeftIsNotCalledOffAlone refuses a plan without a date: that is for calling off the room.
func TestTheOnlyDateLeftIsNotCalledOffAlone(t *testing.T) {
	ctx, at := t.Context(), newClock(t, "2027-02-03T12:00")
	n := nodetest.With(t, node.Config{Now: at.now})
	ana := n.Found(ctx)
	p := evening()
	p.Repeat.Dates = 2
	s := planned(t, ana, p)
	if _, err := ana.CancelDate(ctx, s, "2027-02-09"); !client.Refused(err, reason.SchedulePast) {
		t.Errorf("called off: %v", err)
	}
}
