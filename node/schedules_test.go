package node_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/node"
	"github.com/stoa-rooms/stoa/node/nodetest"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// clock is the time of nodes, which can be moved on.
type clock struct{ ahead atomic.Int64 }

// newClock begins at a time in UTC.
func newClock(t *testing.T, text string) *clock {
	t.Helper()
	c := &clock{}
	c.set(t, text)
	return c
}

func (c *clock) set(t *testing.T, text string) {
	t.Helper()
	at, err := time.Parse("2006-01-02T15:04", text)
	if err != nil {
		t.Fatal(err)
	}
	c.ahead.Store(int64(time.Until(at)))
}

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// evening is a weekly room at half past seven in Paris, from Tuesday, 2 February 2027 on.
func evening() client.Planned {
	return client.Planned{
		Title: "Songs of the week", Topics: []string{"music"}, Language: "en", Start: "2027-02-02T19:30", Zone: "Europe/Paris",
		Repeat: &statement.Repeat{Every: statement.Weekly, Interval: 1, Days: []statement.Weekday{statement.Tuesday}},
	}
}

// planned plans a room, or fails.
func planned(t *testing.T, who *client.Client, p client.Planned) api.Scheduled {
	t.Helper()
	s, err := who.Plan(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// sees waits until somebody sees a scheduled room as it should be.
func sees(t *testing.T, who *client.Client, what string, id statement.ID, is func(s api.Scheduled, listed bool) bool) {
	t.Helper()
	soon(t, what, func() bool {
		list, err := who.Schedules(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(list, func(s api.Scheduled) bool { return s.ID == id })
		if i < 0 {
			return is(api.Scheduled{}, false)
		}
		return is(list[i], true)
	})
}

// fresh makes a client believe the node's clock as it is now.
func fresh(t *testing.T, who ...*client.Client) {
	t.Helper()
	for _, c := range who {
		if _, err := c.Node(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// start is when a room begins, in UTC.
func start(d api.Date) string { return time.UnixMilli(d.Start).UTC().Format("2006-01-02T15:04") }

func TestAScheduledRoomOpensAtItsLink(t *testing.T) {
	ctx, at := t.Context(), newClock(t, "2027-02-02T12:00")
	n := nodetest.With(t, node.Config{Now: at.now})
	ana := n.Found(ctx)
	leo := n.Join(ctx, ana, "Léo")
	s := planned(t, ana, evening())
	if len(s.Dates) != 5 || start(s.Dates[0]) != "2027-02-02T18:30" || start(s.Dates[4]) != "2027-03-02T18:30" || s.Author.Name != "Ana" || s.Room != nil {
		t.Fatalf("planned %+v", s)
	}
	sees(t, leo, "upcoming", s.ID, func(s api.Scheduled, listed bool) bool { return listed && s.Title == "Songs of the week" })

	refusedAs := func(what string, who *client.Client, want reason.Reason) {
		t.Helper()
		if _, err := who.OpenPlanned(ctx, s); !client.Refused(err, want) {
			t.Errorf("%s: %v, want %s", what, err, want)
		}
	}
	refusedAs("hours before", ana, reason.ScheduleEarly)
	if _, err := leo.Room(ctx, s.ID); !client.Refused(err, reason.ScheduleEarly) {
		t.Errorf("its link, hours before: %v", err)
	}
	at.set(t, "2027-02-02T18:19")
	fresh(t, ana, leo)
	refusedAs("eleven minutes before", ana, reason.ScheduleEarly)
	at.set(t, "2027-02-02T18:21")
	fresh(t, ana, leo)
	refusedAs("by somebody else", leo, reason.ScheduleHost)

	room, err := ana.OpenPlanned(ctx, s)
	if err != nil {
		t.Fatal(err)
	}
	if room.ID == s.ID || room.Schedule == nil || *room.Schedule != s.ID {
		t.Fatalf("opened %+v", room)
	}
	if again, err := ana.OpenPlanned(ctx, s); err != nil || again.ID != room.ID {
		t.Errorf("opened twice: %v, %v", again.ID, err)
	}
	host := n.Enter(ctx, ana, room.ID)
	guest := n.Enter(ctx, leo, s.ID) // by the link that was given away
	until(t, guest, "the room", func(st api.State) bool { return st.Room.ID == room.ID && len(st.Stage) == 1 })
	sees(t, leo, "open", s.ID, func(s api.Scheduled, _ bool) bool { return s.Room != nil && *s.Room == room.ID })
	if there, err := leo.Room(ctx, s.ID); err != nil || there.ID != room.ID {
		t.Errorf("its link: %v, %v", there.ID, err)
	}
	if err := host.End(ctx); err != nil {
		t.Fatal(err)
	}
	until(t, guest, "the end", func(st api.State) bool { return st.Ended != nil })

	at.set(t, "2027-02-02T20:00")
	fresh(t, ana, leo)
	n.Stop()
	n.Start()
	after, err := leo.Schedule(ctx, s.ID)
	if err != nil || after.Room != nil || start(after.Dates[0]) != "2027-02-09T18:30" {
		t.Errorf("after the end and a restart: %+v, %v", after, err)
	}
}

func TestPlansThatAreRefused(t *testing.T) {
	ctx, at := t.Context(), newClock(t, "2027-02-02T12:00")
	n := nodetest.With(t, node.Config{Now: at.now})
	ana := n.Found(ctx)
	leo := n.Join(ctx, ana, "Léo")
	for name, tt := range map[string]struct {
		edit func(*client.Planned)
		want reason.Reason
	}{
		"in the past":               {func(p *client.Planned) { p.Start, p.Repeat = "2027-01-02T19:30", nil }, reason.SchedulePast},
		"in an unknown zone":        {func(p *client.Planned) { p.Zone = "Mars/Olympus" }, reason.ScheduleZone},
		"in the zone of a file":     {func(p *client.Planned) { p.Zone = "../../etc/passwd" }, reason.StatementPayload},
		"at a time that is skipped": {func(p *client.Planned) { p.Start, p.Repeat = "2027-03-28T02:30", nil }, reason.ScheduleGap},
		"in five years":             {func(p *client.Planned) { p.Start, p.Repeat = "2032-02-02T19:30", nil }, reason.ScheduleFar},
		"every second":              {func(p *client.Planned) { p.Repeat.Every, p.Repeat.Days = "secondly", nil }, reason.StatementPayload},
		"on the 30th of February":   {func(p *client.Planned) { p.Start, p.Repeat = "2027-02-30T19:30", nil }, reason.StatementPayload},
		"with a title of controls":  {func(p *client.Planned) { p.Title = "a\u202eb" }, reason.TextInvalid},
	} {
		p := evening()
		tt.edit(&p)
		if _, err := ana.Plan(ctx, p); !client.Refused(err, tt.want) && reason.Of(err) != tt.want {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}
	s := planned(t, ana, evening())
	if _, err := leo.ChangePlan(ctx, s, evening()); !client.Refused(err, reason.ScheduleAuthor) {
		t.Errorf("changed by another: %v", err)
	}
	if _, err := leo.CancelPlan(ctx, s); !client.Refused(err, reason.ScheduleAuthor) {
		t.Errorf("cancelled by another: %v", err)
	}
	p := evening()
	p.Title = "Songs of the month"
	changed, err := ana.ChangePlan(ctx, s, p)
	if err != nil || changed.ID != s.ID || changed.Title != p.Title || changed.Number != 1 {
		t.Fatalf("changed: %+v, %v", changed, err)
	}
	if _, err := ana.ChangePlan(ctx, s, p); !client.Refused(err, reason.ScheduleStale) {
		t.Errorf("changed as it was before: %v", err)
	}
	if _, err := ana.CancelPlan(ctx, changed); err != nil {
		t.Fatal(err)
	}
	if _, err := ana.OpenPlanned(ctx, changed); !client.Refused(err, reason.ScheduleCancelled) {
		t.Errorf("opened after it was called off: %v", err)
	}
	if err := leo.Remind(ctx, s.ID, 600); !client.Refused(err, reason.ScheduleUnknown) {
		t.Errorf("reminded of what was called off: %v", err)
	}
	if err := leo.Remind(ctx, s.ID, 8*24*3600); !client.Refused(err, reason.RequestInvalid) {
		t.Errorf("reminded more than a week before: %v", err)
	}
	for i := range 51 {
		p := evening()
		p.Title = fmt.Sprint("Evening ", i)
		_, err := leo.Plan(ctx, p)
		if i == 50 && !client.Refused(err, reason.ScheduleLimit) || i < 50 && err != nil {
			t.Fatalf("plan %d: %v", i, err)
		}
	}
	planned(t, ana, evening()) // others still may
}

// enterByLink enters a room by the link of its plan, as soon as that leads there. After hours in one step of the clock a plan
// of another node may be forgotten for a moment, until it is announced again.
func enterByLink(t *testing.T, who *client.Client, plan statement.ID) *client.RoomSession {
	t.Helper()
	var s *client.RoomSession
	var err error
	defer func() {
		if err != nil {
			t.Logf("at the link of its plan: %v", err)
		}
	}()
	soon(t, "the room at the link of its plan", func() bool {
		s, err = who.Enter(t.Context(), plan)
		return err == nil
	})
	t.Cleanup(s.Close)
	return s
}

// TestPlansAreHeardElsewhere has another community hear of a plan, of its change and its end, also after a restart of the
// node, and enter the room by the plan's link.
func TestPlansAreHeardElsewhere(t *testing.T) {
	t.Parallel()
	ctx, at := t.Context(), newClock(t, "2027-02-02T12:00")
	a := nodetest.With(t, node.Config{Now: at.now})
	b := nodetest.With(t, node.Config{Now: at.now, Topics: []string{"music"}}, a)
	ana, bea := a.Found(ctx), b.Found(ctx)
	s := planned(t, ana, evening())
	sees(t, bea, "heard of", s.ID, func(s api.Scheduled, listed bool) bool {
		return listed && s.Why == api.WhyTopic && s.Topic == "music" && s.Community.Name == "Café" && s.Author.Name == "Ana" && len(s.Dates) == 5
	})
	p := evening()
	p.Title, p.Start, p.Repeat = "Songs of the day", "2027-02-02T20:30", nil
	changed, err := ana.ChangePlan(ctx, s, p)
	if err != nil {
		t.Fatal(err)
	}
	sees(t, bea, "changed", s.ID, func(s api.Scheduled, listed bool) bool {
		return listed && s.Title == p.Title && start(s.Dates[0]) == "2027-02-02T19:30"
	})
	if err := bea.Remind(ctx, s.ID, 60); err != nil {
		t.Errorf("a room of another community: %v", err)
	}
	c := nodetest.With(t, node.Config{Now: at.now}, a) // a newcomer asks the directory
	cleo := c.Found(ctx)
	sees(t, cleo, "found in a directory", s.ID, func(_ api.Scheduled, listed bool) bool { return listed })

	at.set(t, "2027-02-02T19:25")
	fresh(t, ana, bea, cleo)
	room, err := ana.OpenPlanned(ctx, changed)
	if err != nil {
		t.Fatal(err)
	}
	host := a.Enter(ctx, ana, room.ID)
	sees(t, bea, "open", s.ID, func(s api.Scheduled, _ bool) bool { return s.Room != nil && *s.Room == room.ID })
	guest := enterByLink(t, bea, s.ID)
	until(t, guest, "a room of another node", func(st api.State) bool { return st.Room.ID == room.ID && len(st.Stage) == 1 })
	if err := host.End(ctx); err != nil {
		t.Fatal(err)
	}
	a.Stop()
	a.Start()
	if _, err := ana.CancelPlan(ctx, changed); err != nil {
		t.Fatal(err)
	}
	sees(t, bea, "called off, by a node that was restarted", s.ID, func(_ api.Scheduled, listed bool) bool { return !listed })
}

// TestReminders reminds a member in their open hallway once, whatever is restarted, and others not at all.
func TestReminders(t *testing.T) {
	t.Parallel()
	ctx, at := t.Context(), newClock(t, "2027-02-02T12:00")
	n := nodetest.With(t, node.Config{Now: at.now})
	ana := n.Found(ctx)
	leo := n.Join(ctx, ana, "Léo")
	s := planned(t, ana, evening())
	if err := leo.Remind(ctx, s.ID, 1800); err != nil {
		t.Fatal(err)
	}
	if mine, err := leo.Schedule(ctx, s.ID); err != nil || mine.Reminder == nil || *mine.Reminder != 1800 {
		t.Errorf("Léo's reminder: %+v, %v", mine.Reminder, err)
	}
	if hers, err := ana.Schedule(ctx, s.ID); err != nil || hers.Reminder != nil {
		t.Errorf("Ana sees Léo's reminder: %+v, %v", hers.Reminder, err)
	}
	n.Stop()
	n.Start()
	his, hers := listen(t, leo), listen(t, ana)
	at.set(t, "2027-02-02T18:01")
	due := <-his
	if due.Room != s.ID || due.Title != s.Title || due.Start != s.Dates[0].Start || due.By == nil || due.By.Key != ana.Key() {
		t.Errorf("reminded of %+v", due)
	}
	at.set(t, "2027-02-02T18:10")
	n.Stop()
	n.Start()
	his = listen(t, leo)
	at.set(t, "2027-02-09T18:05")
	if due := <-his; due.Start != s.Dates[1].Start {
		t.Errorf("reminded again of %+v", due)
	}
	select {
	case due := <-hers:
		t.Errorf("Ana is reminded of %+v", due)
	default:
	}
}

// listen carries what comes into a member's hallway that they are told of, which is open when it returns.
func listen(t *testing.T, who *client.Client) <-chan api.Notice {
	t.Helper()
	due, open := make(chan api.Notice, 8), make(chan struct{})
	go func() {
		first := true
		for event, err := range who.Hallway(t.Context()) {
			if err != nil {
				return // the node was stopped, or the test is over
			}
			if first {
				first = false
				close(open)
			}
			if told, ok := event.(api.Noticed); ok {
				due <- told.Notice
			}
		}
	}()
	<-open
	return due
}

func TestCalendarFeeds(t *testing.T) {
	ctx, at := t.Context(), newClock(t, "2027-02-02T12:00")
	n := nodetest.With(t, node.Config{Now: at.now})
	ana := n.Found(ctx)
	s := planned(t, ana, evening())
	read := func(url string) (int, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
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
		if res.StatusCode == http.StatusOK && !strings.HasPrefix(res.Header.Get("Content-Type"), "text/calendar") {
			t.Errorf("%s is %s", url, res.Header.Get("Content-Type"))
		}
		return res.StatusCode, string(body)
	}
	link, err := ana.LinkCalendar(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		url  string
		code int
		has  bool
	}{
		"Ana's":                              {link, 200, true},
		"Ana's, of one room":                 {link + "?room=" + s.ID.String(), 200, true},
		"Ana's, of an unknown room":          {link + "?room=" + statement.ID{1}.String(), 404, false},
		"the public one":                     {n.URL() + "/calendar/public.ics", 200, false},
		"the public one, of a members' room": {n.URL() + "/calendar/public.ics?room=" + s.ID.String(), 404, false},
		"a guess":                            {n.URL() + "/calendar/" + strings.Repeat("A", 43) + ".ics", 404, false},
		"without its ending":                 {strings.TrimSuffix(link, ".ics"), 404, false},
	} {
		code, body := read(tt.url)
		if code != tt.code || strings.Contains(body, "SUMMARY:Songs of the week") != tt.has {
			t.Errorf("%s: %d %s", name, code, body)
		}
	}
	if _, err := ana.CancelPlan(ctx, s); err != nil {
		t.Fatal(err)
	}
	if _, body := read(link); !strings.Contains(body, "STATUS:CANCELLED") || !strings.Contains(body, "SEQUENCE:1") {
		t.Errorf("called off: %s", body)
	}
	n.Stop()
	n.Start()
	if code, _ := read(link); code != 200 {
		t.Errorf("after a restart: %d", code)
	}
	if _, err := ana.LinkCalendar(ctx); err != nil {
		t.Fatal(err)
	}
	if code, body := read(link); code != 404 || !strings.Contains(body, string(reason.CalendarUnknown)) {
		t.Errorf("the link before: %d %s", code, body)
	}
	if file, err := ana.ScheduleFile(ctx, s.ID); err != nil || !strings.Contains(string(file), "UID:"+s.ID.String()) {
		t.Errorf("a file: %s, %v", file, err)
	}
}
