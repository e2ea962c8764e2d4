package node

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/statement"
	"github.com/stoa-rooms/stoa/storage"
)

// schedules are the rooms that are planned: those of this community, which the node stores and announces, and those that
// other communities announce. Every node of a community keeps all its plans, so that one that was away misses nothing and
// any of them goes on announcing.
type schedules struct {
	community *community
	nodes     *network // set before anything is asked
	url       string   // of this node's page; set before anything is asked
	log       *slog.Logger

	// told tells a member of a date that they wanted to be reminded of. It is set before run.
	told func(member identity.PublicKey, due due)

	writing sync.Mutex // held while what is stored is decided and written

	mu       sync.Mutex
	plans    map[statement.ID]rooms.Plan           // of this community; guarded by mu
	agenda   *rooms.Agenda                         // what was announced, by this node too; guarded by mu
	said     map[statement.ID]int64                // when this node announced it last, Unix seconds; guarded by mu
	again    map[statement.ID]bool                 // what is to be announced at once; guarded by mu
	shown    string                                // what the hallway showed last; guarded by mu
	reminded map[identity.PublicKey][]reminder     // guarded by mu
	feeds    map[feedHash]identity.PublicKey       // guarded by mu
	chosen   map[statement.ID][]identity.PublicKey // whom the authors of plans chose; guarded by mu
}

// Bounds on what is shown and kept.
const (
	hallwayPlans = 50                 // in the hallway's events
	shownDates   = 5                  // of each
	personPlans  = 10                 // in somebody's profile
	keptPlans    = 4 * rooms.MaxPlans // of one author, those that are over or cancelled included
)

func newSchedules(c *community, log *slog.Logger) *schedules {
	return &schedules{
		community: c, log: log,
		told:     func(identity.PublicKey, due) {},
		plans:    map[statement.ID]rooms.Plan{},
		agenda:   rooms.NewAgenda(),
		said:     map[statement.ID]int64{},
		again:    map[statement.ID]bool{},
		reminded: map[identity.PublicKey][]reminder{},
		feeds:    map[feedHash]identity.PublicKey{},
		chosen:   map[statement.ID][]identity.PublicKey{},
	}
}

// load brings back what is stored.
func (s *schedules) load() error {
	for stored, err := range s.community.journal.store.Schedules() {
		if err != nil {
			return fmt.Errorf("node: %w", err)
		}
		plan, err := readPlan(stored)
		switch {
		case reason.Of(err) == reason.ScheduleZone: // the list of zones is another one than it was
			s.log.Warn("a scheduled room is left out: its time zone is unknown here", "schedule", stored.ID, "error", err)
		case err != nil:
			return fmt.Errorf("node: stored schedule %s: %w", stored.ID, err)
		default:
			s.plans[stored.ID] = plan
			if err := s.loadChosen(plan); err != nil {
				return err
			}
		}
	}
	return s.loadPrivate()
}

func readPlan(stored storage.Schedule) (rooms.Plan, error) {
	first, err := statement.ParseKind[*statement.Schedule](stored.First)
	if err != nil {
		return rooms.Plan{}, err
	}
	latest := first
	if stored.Latest != "" {
		if latest, err = statement.ParseKind[*statement.Schedule](stored.Latest); err != nil {
			return rooms.Plan{}, err
		}
	}
	return rooms.NewPlan(first, latest, stored.Title)
}

// keep stores a plan of this community with whom its author chose, and drops what it is told to. Without a list the one
// that is stored stays. The caller holds writing.
func (s *schedules) keep(p rooms.Plan, chosen *[]identity.PublicKey, drop ...statement.ID) error {
	batch := storage.Batch{DropSchedules: drop, Private: s.lists(drop)}
	if chosen != nil {
		list, err := guestList(p, *chosen)
		if err != nil {
			return err
		}
		batch.Private = append(batch.Private, list)
	}
	stored := storage.Schedule{ID: p.ID, First: p.Origin.Text(), Title: p.Title}
	if p.Latest.ID() != p.ID {
		stored.Latest = p.Latest.Text()
	}
	batch.Schedules = []storage.Schedule{stored}
	if err := s.community.journal.store.Commit(batch); err != nil {
		return fmt.Errorf("node: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plans[p.ID] = p
	if chosen != nil {
		s.chosen[p.ID] = slices.Clone(*chosen)
	}
	s.dropLocked(drop)
	return nil
}

// lists are the lists of plans that go.
func (s *schedules) lists(drop []statement.ID) (gone []storage.Private) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range drop {
		if p, ok := s.plans[id]; ok {
			gone = append(gone, storage.Private{Member: p.Author, Name: keptChosen + id.String()})
		}
	}
	return gone
}

func (s *schedules) dropLocked(drop []statement.ID) {
	for _, id := range drop {
		delete(s.plans, id)
		delete(s.said, id)
		delete(s.again, id)
		delete(s.chosen, id)
	}
}

// stands reports whether a plan is one that its author still has in front of them.
func stands(p rooms.Plan, at int64) bool {
	_, left := p.Next(at)
	return left
}

// place finds out whether one more plan of somebody may be kept, and what of theirs that is over makes place for it.
func (s *schedules) place(author identity.PublicKey, at int64) ([]statement.ID, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all, theirs := 0, 0
	var over []rooms.Plan
	for _, p := range s.plans {
		standing := stands(p, at)
		if standing {
			all++
		}
		switch {
		case p.Author != author:
		case standing:
			theirs++
		default:
			over = append(over, p)
		}
	}
	if theirs >= rooms.MaxPlans || all >= rooms.MaxCommunityPlans {
		return nil, reason.Reject(reason.ScheduleLimit, "%d of one member, %d in all", theirs, all)
	}
	slices.SortFunc(over, func(a, b rooms.Plan) int { return cmp.Compare(a.Schedule.IssuedAt, b.Schedule.IssuedAt) })
	var drop []statement.ID
	for _, p := range over[:max(0, len(over)+theirs+1-keptPlans)] {
		drop = append(drop, p.ID)
	}
	return drop, nil
}

// submittedPlan reads a schedule that a member submits.
func (s *schedules) submittedPlan(member identity.PublicKey, req api.PlanRoom) (statement.Statement, error) {
	now := s.community.now()
	st, body, err := submitted(req.Schedule, func(b *statement.Schedule) int64 { return b.IssuedAt }, now)
	if err != nil {
		return st, err
	}
	state, founded := s.community.journal.fold()
	switch host, ok := state.Node(body.Node); {
	case !founded:
		return st, reason.Reject(reason.FoundedNot, "")
	case st.Signer() != member:
		return st, reason.Reject(reason.StatementAuthority, "the schedule is signed by another member")
	case body.Community != state.Community():
		return st, reason.Reject(reason.StatementAudience, "the schedule is for another community")
	case !ok || host.Revoked:
		return st, reason.Reject(reason.StatementAudience, "the schedule names a host that is no node of the community")
	case body.IssuedAt < seconds(now)-createLife:
		return st, reason.Reject(reason.StatementExpired, "the schedule was signed more than %d s ago", createLife)
	}
	return st, api.CheckTitle(req.Title.Text)
}

// Plan implements server.Schedules.
func (s *schedules) Plan(_ context.Context, member identity.PublicKey, req api.PlanRoom) (api.Scheduled, error) {
	st, err := s.submittedPlan(member, req)
	if err != nil {
		return api.Scheduled{}, err
	}
	plan, err := rooms.NewPlan(st, st, req.Title)
	if err != nil {
		return api.Scheduled{}, err
	}
	at := seconds(s.community.now())
	if err := errors.Join(plan.CheckNew(at), plan.CheckMoved(rooms.Plan{}, at)); err != nil {
		return api.Scheduled{}, err
	}
	if err := (rooms.Door{Entry: plan.Schedule.Entry, Chosen: req.Chosen}).Check(); err != nil {
		return api.Scheduled{}, err
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	if known, ok := s.known(plan.ID); ok { // sent again, since the answer was lost
		return s.wireFor(known, member, at), nil
	}
	drop, err := s.place(member, at)
	if err != nil {
		return api.Scheduled{}, err
	}
	if err := s.keep(plan, &req.Chosen, drop...); err != nil {
		return api.Scheduled{}, err
	}
	s.nodes.hallway.tell()
	return s.wireFor(s.own(plan), member, at), nil
}

// Change implements server.Schedules.
func (s *schedules) Change(_ context.Context, member identity.PublicKey, id statement.ID, req api.PlanRoom) (api.Scheduled, error) {
	st, err := s.submittedPlan(member, req)
	if err != nil {
		return api.Scheduled{}, err
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	known, ok := s.known(id)
	at := seconds(s.community.now())
	switch {
	case !ok || known.Community != st.Body().(*statement.Schedule).Community:
		return api.Scheduled{}, reason.Reject(reason.ScheduleUnknown, "%s", id)
	case known.Latest.ID() == st.ID(): // sent again
		return s.wireFor(known, member, at), nil
	}
	if err := (rooms.Door{Entry: st.Body().(*statement.Schedule).Entry, Chosen: req.Chosen}).Check(); err != nil {
		return api.Scheduled{}, err
	}
	plan, err := known.Change(st, req.Title)
	if err != nil {
		return api.Scheduled{}, err
	}
	chosen := &req.Chosen
	if plan.Cancelled() {
		chosen = nil // they are to hear of it
	} else if err := errors.Join(plan.CheckNew(at), plan.CheckMoved(known.Plan, at)); err != nil {
		return api.Scheduled{}, err
	}
	if err := s.keep(plan, chosen); err != nil {
		return api.Scheduled{}, err
	}
	s.nodes.hallway.tell()
	return s.wireFor(s.own(plan), member, at), nil
}

// own is a plan of this community as if it had been announced.
func (s *schedules) own(p rooms.Plan) rooms.PlanAnnouncement {
	return rooms.PlanAnnouncement{Plan: p, By: s.community.names.member(p.Author).Name}
}

// known is a scheduled room, of this community or as it was announced.
func (s *schedules) known(id statement.ID) (rooms.PlanAnnouncement, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p, ok := s.plans[id]; ok {
		return s.own(p), true
	}
	return s.agenda.Get(id)
}

// all are the scheduled rooms that are known; of this community only those of members.
func (s *schedules) all() []rooms.PlanAnnouncement {
	state, _ := s.community.journal.fold()
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []rooms.PlanAnnouncement
	for _, p := range s.plans {
		if _, member := state.Member(p.Author); member {
			list = append(list, s.own(p))
		}
	}
	for _, a := range s.agenda.List("") {
		if _, own := s.plans[a.ID]; !own {
			list = append(list, a)
		}
	}
	return list
}

// coming is a scheduled room and its next date.
type coming struct {
	rooms.PlanAnnouncement
	next rooms.Date
}

// coming are the rooms with a date ahead, or on, the next one first.
func (s *schedules) coming(at int64) []coming {
	var list []coming
	for _, a := range s.all() {
		if next, ok := a.Next(at); ok {
			list = append(list, coming{a, next})
		}
	}
	slices.SortFunc(list, func(a, b coming) int {
		return cmp.Or(cmp.Compare(a.next.Start, b.next.Start), bytes.Compare(a.ID[:], b.ID[:]))
	})
	return list
}

// looks is what of the next rooms changes as time passes.
func looks(list []coming) string {
	var out strings.Builder
	for _, one := range list {
		fmt.Fprint(&out, one.ID, one.next.Start, " ")
	}
	return out.String()
}

func (s *schedules) wireAll(list []coming, at int64) []api.Scheduled {
	open := s.nodes.hallway.opened()
	wired := make([]api.Scheduled, 0, len(list))
	about := s.about()
	for _, a := range list {
		one := s.wire(a.PlanAnnouncement, about, at)
		if room, ok := open[a.ID]; ok {
			one.Room = &room
		}
		wired = append(wired, one)
	}
	return wired
}

// Upcoming implements server.Schedules.
func (s *schedules) Upcoming() []api.Scheduled {
	at := seconds(s.community.now())
	list := forAll(s.coming(at))
	list = list[:min(len(list), hallwayPlans)]
	s.mu.Lock()
	s.shown = looks(list)
	s.mu.Unlock()
	return s.wireAll(list, at)
}

// plannedBy is what somebody planned and anybody may know of, the next one first.
func (s *schedules) plannedBy(author identity.PublicKey) []api.Scheduled {
	at := seconds(s.community.now())
	list := slices.DeleteFunc(forAll(s.coming(at)), func(c coming) bool { return c.Author != author })
	return s.wireAll(list[:min(len(list), personPlans)], at)
}

// looksOld reports whether the hallway shows a date that is over.
func (s *schedules) looksOld(at int64) bool {
	list := forAll(s.coming(at))
	list = list[:min(len(list), hallwayPlans)]
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shown != looks(list)
}

// Schedules implements server.Schedules.
func (s *schedules) Schedules(member identity.PublicKey) ([]api.Scheduled, error) {
	at := seconds(s.community.now())
	coming := slices.DeleteFunc(s.coming(at), func(a coming) bool { return !s.mayKnow(a.Plan, member) })
	list := s.wireAll(coming, at)
	for i := range list {
		list[i].Reminder = s.reminderOf(member, list[i].ID)
		list[i].Chosen = s.whom(coming[i].Plan, member)
	}
	return list, nil
}

// Schedule implements server.Schedules.
func (s *schedules) Schedule(id statement.ID, member identity.PublicKey) (api.Scheduled, error) {
	a, ok := s.known(id)
	if !ok || !s.mayKnow(a.Plan, member) {
		return api.Scheduled{}, reason.Reject(reason.ScheduleUnknown, "%s", id)
	}
	one := s.wireFor(a, member, seconds(s.community.now()))
	if room, ok := s.nodes.hallway.opened()[id]; ok {
		one.Room = &room
	}
	one.Reminder = s.reminderOf(member, id)
	return one, nil
}

// wireFor is a scheduled room as a member gets it who may know of it.
func (s *schedules) wireFor(a rooms.PlanAnnouncement, member identity.PublicKey, at int64) api.Scheduled {
	one := s.wire(a, s.about(), at)
	one.Chosen = s.whom(a.Plan, member)
	return one
}

// about is this node's community.
func (s *schedules) about() api.Community {
	if state, founded := s.community.journal.fold(); founded {
		return s.community.about(state)
	}
	return api.Community{}
}

// wire is a scheduled room as clients get it, at a time in Unix seconds; own is this node's community.
func (s *schedules) wire(a rooms.PlanAnnouncement, own api.Community, at int64) api.Scheduled {
	p := a.Schedule
	one := api.Scheduled{
		ID: a.ID, Title: a.Title.Text, Topics: append([]string{}, p.Topics...), Language: p.Language, Entry: p.Entry,
		Host: p.Node, Author: api.Member{Key: a.Author, Name: a.By}, Openers: []api.Member{},
		Start: p.Start, Zone: p.Zone, Duration: p.Duration, Number: p.Number, Cancelled: a.Cancelled(), Dates: []api.Date{},
	}
	for _, key := range p.Moderators {
		one.Openers = append(one.Openers, s.community.names.member(key))
	}
	if r := p.Repeat; r != nil {
		one.Repeat = &api.Repeat{Every: r.Every, Interval: r.Interval, Days: r.Days, Until: r.Until, Dates: r.Dates}
	}
	for _, x := range a.Exceptions() {
		e := api.Exception{Day: x.Was.Named(), Was: x.Was.Start * 1000}
		if !x.Cancelled() {
			e.Start = a.Wall(x.Now.Start).Format(statement.LocalTime)
		}
		one.Except = append(one.Except, e)
	}
	for _, d := range a.Some(at, shownDates) {
		one.Dates = append(one.Dates, wireDate(d))
	}
	if len(one.Dates) == 0 {
		if d, ok := a.Last(at); ok {
			last := wireDate(d)
			one.Last = &last
		}
	}
	if own.ID == a.Community {
		one.Community = own
	} else if a.Rules != nil {
		one.Community = api.Community{ID: a.Community, Name: a.Name, Entry: a.Rules.Entry, Rules: *a.Rules}
	}
	one.Why, one.Topic = s.nodes.hallway.why(&api.Room{Host: p.Node, Community: one.Community, Topics: one.Topics})
	return one
}

func wireDate(d rooms.Date) api.Date {
	return api.Date{Start: d.Start * 1000, End: d.End * 1000, Day: d.Named()}
}

// opens refuses to have a room opened from a schedule by somebody at a time in Unix seconds.
func (s *schedules) opens(id statement.ID, by identity.PublicKey, at int64) error {
	a, ok := s.known(id)
	if !ok {
		return reason.Reject(reason.ScheduleUnknown, "%s", id)
	}
	if state, founded := s.community.journal.fold(); !founded || state.Community() != a.Community {
		return reason.Reject(reason.ScheduleHost, "another community's")
	}
	return a.CheckOpen(by, at)
}

// closed says why no room is open at the link of a schedule; nil where it is none.
func (s *schedules) closed(id statement.ID) error {
	a, ok := s.known(id)
	switch {
	case !ok:
		return nil
	case a.Cancelled():
		return reason.Reject(reason.ScheduleCancelled, "")
	case !stands(a.Plan, seconds(s.community.now())):
		return reason.Reject(reason.SchedulePast, "it has no date any more")
	}
	return reason.Reject(reason.ScheduleEarly, "")
}

// from is the schedule that a room was opened from, if its creator may open that.
func (s *schedules) from(create *statement.Create, creator identity.PublicKey) *statement.ID {
	if create.Schedule.IsZero() {
		return nil
	}
	a, ok := s.known(create.Schedule)
	if !ok || a.Community != create.Community || !a.MayOpen(creator) {
		return nil
	}
	id := create.Schedule
	return &id
}

// opened is the live rooms that were opened from schedules, by schedule.
func (h *hallway) opened() map[statement.ID]statement.ID {
	open := map[statement.ID]statement.ID{}
	for _, a := range h.nodes.told() {
		if id := h.nodes.plans.from(a.Create, a.Creator); id != nil {
			open[*id] = a.ID
		}
	}
	for _, r := range h.live() {
		if id := h.nodes.plans.from(r.body(), r.create.Signer()); id != nil && !r.view.Load().Ended {
			open[*id] = r.id
		}
	}
	return open
}

// resolve is the room that an id leads to: that of a schedule leads to the room that is open from it.
func (h *hallway) resolve(id statement.ID) statement.ID {
	if h.here(id) != nil {
		return id
	}
	if room, ok := h.opened()[id]; ok {
		return room
	}
	return id
}
