package rooms_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/statement"
)

// later is a change of a plan by somebody.
func later(tb testing.TB, p rooms.Plan, by byte, number int64, edit func(*statement.Schedule)) statement.Statement {
	tb.Helper()
	s, id := *p.Schedule, p.ID
	s.Of, s.Number = &id, number
	edit(&s)
	return sign(tb, by, &s)
}

func same0(*statement.Schedule) {}

func cancel(s *statement.Schedule) { s.State = statement.PlanCancelled }

func weeklyPlan(s *statement.Schedule) {
	s.Repeat = &statement.Repeat{Every: statement.Weekly, Interval: 1, Days: []statement.Weekday{statement.Tuesday}}
}

func TestChange(t *testing.T) {
	p := plan(t, weeklyPlan)
	other := plan(t, func(s *statement.Schedule) { s.JTI = "another0123456789" })
	changed := must[rooms.Plan](t)(p.Change(later(t, p, creatorKey, 2, func(s *statement.Schedule) { s.Start = "2027-02-02T20:00" }), planTitle))
	if changed.ID != p.ID || changed.Author != p.Author || starts(changed, 0, 1)[0] != "2027-02-02T19:00" {
		t.Errorf("changed: %+v", changed)
	}
	called := must[rooms.Plan](t)(changed.Change(later(t, p, rootKey, 1, cancel), planTitle)) // the founder, who saw an older one
	if _, ok := called.Next(0); ok || !called.Cancelled() {
		t.Error("what was called off takes place")
	}
	for name, tt := range map[string]struct {
		of    rooms.Plan
		to    statement.Statement
		title statement.Text
		want  string
	}{
		"the same again":                 {changed, later(t, p, creatorKey, 2, same0), planTitle, "schedule-stale"},
		"an older one":                   {changed, later(t, p, creatorKey, 1, same0), planTitle, "schedule-stale"},
		"the first":                      {changed, p.Origin, planTitle, "statement-authority"},
		"by another member":              {p, later(t, p, creatorKey+5, 1, same0), planTitle, "schedule-author"},
		"cancelled by another member":    {p, later(t, p, creatorKey+5, 1, cancel), planTitle, "schedule-author"},
		"changed by the root":            {p, later(t, p, rootKey, 1, same0), planTitle, "schedule-author"},
		"that of another room":           {p, later(t, other, creatorKey, 1, same0), planTitle, "statement-authority"},
		"after it was called off":        {called, later(t, p, creatorKey, 9, same0), planTitle, "schedule-cancelled"},
		"called off twice":               {called, later(t, p, creatorKey, 9, cancel), planTitle, "schedule-cancelled"},
		"with another title":             {p, later(t, p, creatorKey, 1, same0), statement.Text{Text: "Another"}, "text-mismatch"},
		"in a zone that nobody knows":    {p, later(t, p, creatorKey, 1, func(s *statement.Schedule) { s.Zone = "Mars/Olympus" }), planTitle, "schedule-zone"},
		"for another community":          {p, later(t, p, creatorKey, 1, func(s *statement.Schedule) { s.Community = key(rootKey + 9) }), planTitle, "statement-audience"},
		"what is no schedule":            {p, newVenue(t, "").create, planTitle, "statement-authority"},
		"as it should be, from the root": {p, later(t, p, rootKey, 5, cancel), planTitle, "ok"},
	} {
		if _, err := tt.of.Change(tt.to, tt.title); refusal(err) != tt.want {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}
	// Whichever two plans of one room meet, the same one holds on every node.
	rival := must[rooms.Plan](t)(p.Change(later(t, p, creatorKey, 2, func(s *statement.Schedule) { s.Duration = 600 }), planTitle))
	for _, pair := range [][2]rooms.Plan{{p, changed}, {changed, called}, {changed, rival}} {
		if pair[0].Newer(pair[1]) == pair[1].Newer(pair[0]) {
			t.Errorf("%d and %d: both or neither is newer", pair[0].Schedule.Number, pair[1].Schedule.Number)
		}
	}
}

func TestCheckNew(t *testing.T) {
	at := unix(t, "2027-01-01T00:00")
	for name, tt := range map[string]struct {
		edit func(*statement.Schedule)
		want string
	}{
		"in a month":             {same0, "ok"},
		"in the past":            {func(s *statement.Schedule) { s.Start = "2026-12-24T19:30" }, "schedule-past"},
		"that has begun":         {func(s *statement.Schedule) { s.Start = "2027-01-01T00:30" }, "schedule-past"},
		"weekly since last year": {func(s *statement.Schedule) { s.Start = "2026-12-22T19:30"; weeklyPlan(s) }, "ok"},
		"weekly until last year": {func(s *statement.Schedule) {
			s.Start = "2026-12-01T19:30"
			weeklyPlan(s)
			s.Repeat.Until = "2026-12-30"
		}, "schedule-past"},
		"weekly, three times, over": {func(s *statement.Schedule) { s.Start = "2026-12-01T19:30"; weeklyPlan(s); s.Repeat.Dates = 3 }, "schedule-past"},
		"for ever":                  {weeklyPlan, "ok"},
		"in three years":            {func(s *statement.Schedule) { s.Start = "2030-01-01T19:30" }, "schedule-far"},
		"at a time that is skipped": {func(s *statement.Schedule) { s.Start = "2027-03-28T02:30" }, "schedule-gap"},
		"at a time that is twice":   {func(s *statement.Schedule) { s.Start = "2027-10-31T02:30" }, "ok"},
		"on a leap day":             {func(s *statement.Schedule) { s.Start = "2028-02-29T12:00" }, "ok"},
	} {
		if err := plan(t, tt.edit).CheckNew(at); refusal(err) != tt.want {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}
}

func TestCheckOpen(t *testing.T) {
	p := plan(t, func(s *statement.Schedule) {
		weeklyPlan(s)
		s.Repeat.Dates, s.Duration = 2, 1800
		s.Moderators = []identity.PublicKey{key(creatorKey + 1)}
	})
	first := unix(t, "2027-02-02T18:30")
	const week = 7 * 24 * 3600
	for _, tt := range []struct {
		by   byte
		at   int64
		want string
	}{
		{creatorKey, first - 601, "schedule-early"},
		{creatorKey, first - 600, "ok"},
		{creatorKey + 1, first, "ok"},
		{creatorKey, first + 3599, "ok"},
		{creatorKey, first + 3600, "schedule-early"},
		{creatorKey, first + week + 3599, "ok"},
		{creatorKey, first + week + 3600, "schedule-past"},
		{creatorKey + 2, first, "schedule-host"},
		{rootKey, first, "schedule-host"},
	} {
		if err := p.CheckOpen(key(tt.by), tt.at); refusal(err) != tt.want {
			t.Errorf("%d, %d s from the start: %v, want %s", tt.by, tt.at-first, err, tt.want)
		}
	}
	called := must[rooms.Plan](t)(p.Change(later(t, p, creatorKey, 1, cancel), planTitle))
	if err := called.CheckOpen(p.Author, first); reason.Of(err) != reason.ScheduleCancelled {
		t.Errorf("called off: %v", err)
	}
	if p.Past(first+week) || p.Past(first+week+29*24*3600) || !p.Past(first+week+31*24*3600) {
		t.Error("a plan is remembered for thirty days after its last date")
	}
}

// planned is the announcement of a plan by the node n, if it is one, at now.
func planned(tb testing.TB, p rooms.Plan, number int64) rooms.PlanAnnouncement {
	tb.Helper()
	return must[rooms.PlanAnnouncement](tb)(rooms.NewPlanAnnouncement(planBundle(tb, p, number, now)))
}

func planBundle(tb testing.TB, p rooms.Plan, number, at int64) rooms.PlanBundle {
	tb.Helper()
	v := newVenue(tb, "")
	return rooms.PlanBundle{
		Announce: sign(tb, nodeKeys, &statement.Announce{
			Room: p.ID, IssuedAt: at, Expires: at + rooms.PlanLife, Epoch: 1, Number: number, State: statement.RoomScheduled,
		}),
		Plan: p, Delegate: v.delegate, Rules: v.rules, Name: v.name, Author: "Ana",
	}
}

func TestParsePlanRefuses(t *testing.T) {
	p := plan(t, weeklyPlan)
	changed := must[rooms.Plan](t)(p.Change(later(t, p, creatorKey, 1, func(s *statement.Schedule) { s.Duration = 600 }), planTitle))
	v, valid := newVenue(t, ""), planned(t, changed, 1).Raw
	other := plan(t, func(s *statement.Schedule) { s.JTI = "another0123456789" })
	announce := func(by byte, edit func(*statement.Announce)) string {
		body := &statement.Announce{Room: p.ID, IssuedAt: now, Expires: now + 60, Epoch: 1, Number: 1, State: statement.RoomScheduled}
		edit(body)
		return sign(t, by, body).Text()
	}
	for name, tt := range map[string]struct {
		edit func(b bundle)
		want string
	}{
		"as it should be":           {func(bundle) {}, "ok"},
		"an unknown member":         {func(b bundle) { b.set(t, "later", 1) }, "ok"},
		"without its author's name": {func(b bundle) { delete(b, "author") }, "ok"},
		"a long author":             {func(b bundle) { b.set(t, "author", string(make([]byte, 161))) }, "announce-invalid"},
		"another title":             {func(b bundle) { b.set(t, "title", statement.Text{Text: "x"}) }, "announce-invalid"},
		"another name":              {func(b bundle) { b.set(t, "name", statement.Text{Text: "x"}) }, "announce-invalid"},
		"of another room": {func(b bundle) {
			b.set(t, "announce", announce(nodeKeys, func(a *statement.Announce) { a.Room = other.ID }))
		}, "announce-invalid"},
		"as a live room": {func(b bundle) {
			b.set(t, "announce", announce(nodeKeys, func(a *statement.Announce) { a.State = statement.RoomLive }))
		}, "announce-invalid"},
		"by a node of nobody":        {func(b bundle) { b.set(t, "announce", announce(nodeKeys+1, func(*statement.Announce) {})) }, "announce-host"},
		"by its author":              {func(b bundle) { b.set(t, "announce", announce(creatorKey, func(*statement.Announce) {})) }, "announce-host"},
		"without the first":          {func(b bundle) { delete(b, "first") }, "announce-invalid"},
		"with another first":         {func(b bundle) { b.set(t, "first", other.Origin.Text()) }, "announce-invalid"},
		"with a change as the first": {func(b bundle) { b["first"] = b["schedule"] }, "announce-invalid"},
		"changed by somebody else":   {func(b bundle) { b.set(t, "schedule", later(t, p, creatorKey+5, 2, same0).Text()) }, "schedule-author"},
		"in a zone of the future": {func(b bundle) {
			b.set(t, "schedule", later(t, p, creatorKey, 2, func(s *statement.Schedule) { s.Zone = "Mars/Olympus" }).Text())
		}, "schedule-zone"},
		"a create for the schedule":  {func(b bundle) { b.set(t, "schedule", v.create.Text()) }, "statement-kind"},
		"no schedule":                {func(b bundle) { delete(b, "schedule") }, "statement-syntax"},
		"no delegate":                {func(b bundle) { delete(b, "delegate") }, "statement-syntax"},
		"rules for the delegate":     {func(b bundle) { b["delegate"] = b["rules"] }, "statement-kind"},
		"a delegate of another root": {func(b bundle) { b.set(t, "delegate", sign(t, rootKey+9, v.delegate.Body()).Text()) }, "announce-invalid"},
		"rules of another root":      {func(b bundle) { b.set(t, "rules", sign(t, rootKey+9, v.rules.Body()).Text()) }, "announce-invalid"},
		"a damaged signature":        {func(b bundle) { b.set(t, "announce", announce(nodeKeys, func(*statement.Announce) {})+"AA") }, "statement-signature"},
		"after the node's time": {func(b bundle) {
			b.set(t, "announce", announce(nodeKeys, func(a *statement.Announce) { a.IssuedAt, a.Expires = now+2000, now+2060 }))
		}, "announce-host"},
		"a title that is no text": {func(b bundle) { b["title"] = jsontext.Value(`"x"`) }, "announce-invalid"},
	} {
		b := open(t, valid)
		tt.edit(b)
		raw := marshal(t, b)
		if _, err := rooms.ParsePlan(raw); refusal(err) != tt.want {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
		if _, err := rooms.ParseAnnouncement(raw); err == nil {
			t.Errorf("%s: taken for a live room", name)
		}
	}
	if !rooms.IsPlan(valid) || rooms.IsPlan(v.announce(t, rooms.First(v.create), now, 1).Raw) || rooms.IsPlan([]byte("{")) {
		t.Error("bundles are taken for one another")
	}
	if _, err := rooms.ParsePlan(make([]byte, rooms.MaxBundle+1)); reason.Of(err) != reason.AnnounceInvalid {
		t.Errorf("too large: %v", err)
	}
}

func TestAgenda(t *testing.T) {
	p := plan(t, weeklyPlan)
	changed := must[rooms.Plan](t)(p.Change(later(t, p, creatorKey, 1, func(s *statement.Schedule) { s.Duration = 600 }), planTitle))
	called := must[rooms.Plan](t)(changed.Change(later(t, p, rootKey, 1, cancel), planTitle))
	over := plan(t, func(s *statement.Schedule) { s.Start = "2020-02-02T19:30"; s.JTI = "over0123456789abc" })
	g := rooms.NewAgenda()
	for _, step := range []struct {
		what    string
		plan    rooms.Plan
		number  int64
		at      int64
		want    string
		changed bool
		shown   int
	}{
		{"heard of", p, 1, now, "ok", true, 1},
		{"repeated", p, 2, now, "ok", false, 1},
		{"replayed", p, 1, now, "announce-stale", false, 1},
		{"too early", p, 3, now - statement.Slack - 1, "announce-early", false, 1},
		{"expired", p, 3, now + rooms.PlanLife + statement.Slack + 1, "announce-stale", false, 1},
		{"changed", changed, 3, now, "ok", true, 1},
		{"as it was before, said anew", p, 4, now, "announce-stale", false, 1},
		{"over for years", over, 1, now, "announce-stale", false, 1},
		{"called off", called, 4, now, "ok", true, 0},
		{"as it was, after that", changed, 5, now, "announce-stale", false, 0},
		{"called off, repeated", called, 5, now, "ok", false, 0},
	} {
		was, err := g.Add(planned(t, step.plan, step.number), step.at*1000)
		if refusal(err) != step.want || was != step.changed || len(g.List("")) != step.shown {
			t.Errorf("%s: %v, changed %v, %d shown", step.what, err, was, len(g.List("")))
		}
	}
	if have := g.Bundles("music"); len(have) != 1 || len(g.Bundles("books")) != 0 {
		t.Errorf("%d bundles: what was called off is passed on", len(have))
	}
	for after, left := range map[int64]bool{rooms.PlanLife: true, statement.MaxPlanLife + statement.Slack - 1: true} {
		if g.Expire((now + after) * 1000); (len(g.Bundles("")) == 1) != left {
			t.Errorf("%d s after", after)
		}
	}
	if g.Expire((now + statement.MaxPlanLife + statement.Slack + 2) * 1000); len(g.Bundles("")) != 0 || g.Size() != 0 {
		t.Error("never forgotten")
	}
}

// TestAgendaForgetsAnAuthor drops what somebody planned who erased themselves, what they called off included.
func TestAgendaForgetsAnAuthor(t *testing.T) {
	p := plan(t, weeklyPlan)
	g := rooms.NewAgenda()
	if _, err := g.Add(planned(t, p, 1), now*1000); err != nil {
		t.Fatal(err)
	}
	by := func(author identity.PublicKey) func(rooms.PlanAnnouncement) bool {
		return func(a rooms.PlanAnnouncement) bool { return a.Author == author }
	}
	if g.Forget(by(key(99))); len(g.List("")) != 1 {
		t.Error("what somebody else planned is gone")
	}
	if g.Forget(by(p.Author)); len(g.List("")) != 0 || len(g.Bundles("")) != 0 || g.Size() != 0 {
		t.Errorf("%d plans, %d bytes", len(g.Bundles("")), g.Size())
	}
	if _, known := g.Get(p.ID); known {
		t.Error("it is still known")
	}
}

// TestAgendaIsBounded gives it more than it takes: of one author, of one community, and in all.
func TestAgendaIsBounded(t *testing.T) {
	g, n := rooms.NewAgenda(), 0
	a := planned(t, plan(t, weeklyPlan), 1)
	add := func(author, community byte) error {
		n++
		one := a
		one.ID, one.Author, one.Community = statement.ID{byte(n), byte(n >> 8), 1}, identity.PublicKey{author, 1}, identity.PublicKey{community, 2}
		_, err := g.Add(one, now*1000)
		return err
	}
	for i := range rooms.MaxPlans + 1 {
		if want := map[bool]string{true: "announce-full", false: "ok"}[i == rooms.MaxPlans]; refusal(add(1, 1)) != want {
			t.Fatalf("plan %d of one author is not %s", i, want)
		}
	}
	for i := rooms.MaxPlans; i <= rooms.MaxCommunityPlans; i++ {
		if want := map[bool]string{true: "announce-full", false: "ok"}[i == rooms.MaxCommunityPlans]; refusal(add(byte(2+i/40), 1)) != want {
			t.Fatalf("plan %d of one community is not %s", i, want)
		}
	}
	for i := range rooms.MaxKnownPlans + 100 {
		_ = add(byte(100+i%100), byte(100+i%10))
	}
	if err := add(250, 250); err != nil {
		t.Errorf("somebody who has planned nothing is kept out: %v", err)
	}
	if have := len(g.List("")); have > rooms.MaxKnownPlans || g.Size() > rooms.MaxPlanBytes {
		t.Errorf("%d rooms of %d bytes", have, g.Size())
	}
}

// FuzzParsePlan holds that what is accepted holds together, and can be taken in in its time.
func FuzzParsePlan(f *testing.F) {
	p := plan(f, weeklyPlan)
	f.Add(planned(f, p, 1).Raw)
	changed := must[rooms.Plan](f)(p.Change(later(f, p, creatorKey, 1, cancel), planTitle))
	f.Add(planned(f, changed, 2).Raw)
	f.Add(planned(f, plan(f, same0), 3).Raw)
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := rooms.ParsePlan(data)
		if err != nil {
			refused(t, err)
			return
		}
		if !slices.Equal(a.Raw, data) || a.ID != a.Origin.ID() || !rooms.IsPlan(data) {
			t.Fatalf("does not hold together: %s", fmt.Sprint(a))
		}
		if _, err := rooms.NewAgenda().Add(a, a.Issued*1000); err != nil && reason.Of(err) != reason.AnnounceStale {
			t.Fatalf("refused in its time: %v", err)
		}
	})
}
