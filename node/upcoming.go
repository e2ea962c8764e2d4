package node

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/statement"
)

// Bounds on what is shown of scheduled rooms.
const (
	hallwayPlans = 50 // in the hallway's events
	shownDates   = 5  // of each
	personPlans  = 10 // in somebody's profile
)

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

// Public implements server.Schedules.
func (s *schedules) Public(id statement.ID) (api.Scheduled, error) {
	a, ok := s.known(id)
	at := seconds(s.community.now())
	if !ok || !isPublic(a.Schedule.Entry) || !stands(a.Plan, at) {
		return api.Scheduled{}, reason.Reject(reason.ScheduleUnknown, "%s", id)
	}
	return s.wire(a, s.about(), at), nil
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
