package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
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

	number int64 // of the last announcement; see nextNumber

	writing sync.Mutex // held while what is stored is decided and written

	mu       sync.Mutex
	plans    map[statement.ID]rooms.Plan           // of this community; guarded by mu
	agenda   *rooms.Agenda                         // what was announced, by this node too; guarded by mu
	said     map[statement.ID]int64                // when this node announced it last, Unix seconds; guarded by mu
	again    map[statement.ID]bool                 // what is to be announced before its time; guarded by mu
	shown    string                                // what the hallway showed last; guarded by mu
	reminded map[identity.PublicKey][]reminder     // guarded by mu
	feeds    map[feedHash]identity.PublicKey       // guarded by mu
	chosen   map[statement.ID][]identity.PublicKey // whom the authors of plans chose; guarded by mu
	removed  map[statement.ID][]rooms.Removal      // who was removed from rooms of a series; guarded by mu
}

// Bounds on what is kept.
const (
	keptPlans   = 4 * rooms.MaxPlans // of one author, those that are over or cancelled included
	keptRemoved = 200                // people removed from one series, the last ones
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
		removed:  map[statement.ID][]rooms.Removal{},
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
			if err := errors.Join(s.loadChosen(plan), s.loadRemoved(plan)); err != nil {
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
	if err := s.stillKnown(p); err != nil {
		return err
	}
	batch := storage.Batch{DropSchedules: drop, Private: s.lists(drop)}
	if chosen != nil {
		list, err := chosenList(p, *chosen)
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
			gone = append(gone,
				storage.Private{Member: p.Author, Name: keptChosen + id.String()},
				storage.Private{Member: p.Author, Name: keptSeries + id.String()})
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
		delete(s.removed, id)
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
