package rooms

import (
	"iter"
	"slices"
	"time"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// The times of a scheduled room, in seconds.
const (
	OpenBefore = 10 * 60             // how early it may be opened
	OpenWithin = 60 * 60             // how long after the start at least
	MaxAhead   = 2 * 366 * dayLength // how far ahead the first date may be
	KeepPlan   = 30 * dayLength      // how long after its last date, or its cancellation, it is remembered
)

// MaxPlans is how many rooms one member may have planned at a time.
const MaxPlans = 50

// Plan is a scheduled room: the schedules that one member signed for it, of which the last holds. It is a value, and
// never changed.
type Plan struct {
	ID        statement.ID // of the first schedule: the room's link
	Author    identity.PublicKey
	Community identity.PublicKey
	Schedule  *statement.Schedule // that holds
	Origin    statement.Statement // the first schedule
	Latest    statement.Statement // that holds; Origin, where there is only one
	Title     statement.Text      // that it commits to

	zone   *time.Location
	except []Exception // worked out once: dates are asked for again and again
}

// NewPlan puts a plan together from the first schedule and the one that holds, which may be the same. The refusals:
// statement-authority and statement-audience where the second may not replace the first; text-mismatch for another title;
// schedule-zone.
func NewPlan(first, latest statement.Statement, title statement.Text) (Plan, error) {
	begun, ok := first.Body().(*statement.Schedule)
	if !ok || begun.Of != nil {
		return Plan{}, reason.Reject(reason.StatementAuthority, "not the first schedule")
	}
	p := Plan{ID: first.ID(), Author: first.Signer(), Community: begun.Community, Schedule: begun, Origin: first, Latest: first}
	if latest.ID() != first.ID() {
		if err := p.replaces(latest); err != nil {
			return Plan{}, err
		}
		p.Schedule, p.Latest = latest.Body().(*statement.Schedule), latest
	}
	if title.Commitment() != p.Schedule.Title {
		return Plan{}, reason.Reject(reason.TextMismatch, "another title than was committed to")
	}
	p.Title = title
	var err error
	if p.zone, err = Zone(p.Schedule.Zone); err == nil {
		p.except = p.exceptions()
	}
	return p, err
}

// replaces refuses what is no later schedule of the same room.
func (p Plan) replaces(later statement.Statement) error {
	s, ok := later.Body().(*statement.Schedule)
	switch {
	case !ok || s.Of == nil || *s.Of != p.ID:
		return reason.Reject(reason.StatementAuthority, "no schedule of this room")
	case s.Community != p.Community:
		return reason.Reject(reason.StatementAudience, "meant for community %s", s.Community)
	case later.Signer() == p.Author, later.Signer() == p.Community && s.State == statement.PlanCancelled:
		return nil
	}
	return reason.Reject(reason.ScheduleAuthor, "signed by %s", later.Signer())
}

// Change is the plan with a later schedule. Refused, besides what NewPlan refuses: schedule-cancelled for what has been
// called off, and schedule-stale for what is not newer.
func (p Plan) Change(later statement.Statement, title statement.Text) (Plan, error) {
	if err := p.replaces(later); err != nil {
		return Plan{}, err
	}
	switch s := later.Body().(*statement.Schedule); {
	case p.Cancelled():
		return Plan{}, reason.Reject(reason.ScheduleCancelled, "")
	case s.State != statement.PlanCancelled && s.Number <= p.Schedule.Number:
		return Plan{}, reason.Reject(reason.ScheduleStale, "number %d after %d", s.Number, p.Schedule.Number)
	}
	return NewPlan(p.Origin, later, title)
}

// newer reports whether p holds rather than what is known of the same room: a cancellation before anything else, then
// the higher number, then the lower id, so that all nodes agree.
func (p Plan) newer(known Plan) bool {
	if p.Cancelled() != known.Cancelled() {
		return p.Cancelled()
	}
	if a, b := p.Schedule.Number, known.Schedule.Number; a != b {
		return a > b
	}
	a, b := p.Latest.ID(), known.Latest.ID()
	return slices.Compare(a[:], b[:]) < 0
}

// Newer reports whether other is to replace p.
func (p Plan) Newer(other Plan) bool { return other.newer(p) }

// CheckNew refuses, at a time in Unix seconds, what makes no sense to plan any more or yet: schedule-past when no date is
// left, schedule-far when the next is more than MaxAhead away, schedule-gap when the clocks of the zone skip the start.
func (p Plan) CheckNew(at int64) error {
	start, err := time.Parse(statement.LocalTime, p.Schedule.Start)
	if err != nil {
		return reason.Reject(reason.StatementPayload, "%v", err)
	}
	next, ok := p.Next(at)
	switch _, exists := wall(start.Unix()).at(p.zone); {
	case !ok || p.Schedule.Repeat == nil && next.Start < at:
		return reason.Reject(reason.SchedulePast, "%s in %s", p.Schedule.Start, p.Schedule.Zone)
	case next.Start > at+MaxAhead:
		return reason.Reject(reason.ScheduleFar, "%s in %s", p.Schedule.Start, p.Schedule.Zone)
	case !exists:
		return reason.Reject(reason.ScheduleGap, "%s in %s", p.Schedule.Start, p.Schedule.Zone)
	}
	return nil
}

// Cancelled reports whether it has been called off.
func (p Plan) Cancelled() bool { return p.Schedule.State == statement.PlanCancelled }

// Secret reports whether the room has been for chosen people from the first: then nobody else is told of it. Who heard of
// one that was open before has to hear that it is no more.
func (p Plan) Secret() bool {
	first, ok := p.Origin.Body().(*statement.Schedule)
	return ok && first.Entry == statement.RoomChosen && p.Schedule.Entry == statement.RoomChosen
}

// Dates gives the dates that are not over at a time in Unix seconds, in order; none of what was called off. A plan may
// have them without end.
func (p Plan) Dates(from int64) iter.Seq[Date] {
	if p.Cancelled() {
		return func(func(Date) bool) {}
	}
	return p.dates(from)
}

// Next is the first date that is not over; false when there is none.
func (p Plan) Next(at int64) (Date, bool) {
	for d := range p.Dates(at) {
		return d, true
	}
	return Date{}, false
}

// First is the date that the plan's rule begins with, whether or not it takes place.
func (p Plan) First() (Date, bool) {
	for d := range ruled(p.Schedule, p.zone, 0) {
		return d, true
	}
	return Date{}, false
}

// Some are the first few dates that are not over.
func (p Plan) Some(at int64, most int) []Date {
	list := make([]Date, 0, most)
	for d := range p.Dates(at) {
		if len(list) == most {
			break
		}
		list = append(list, d)
	}
	return list
}

// Last is the last date, of a plan that is over and was not cancelled, if it was not longer than KeepPlan ago.
func (p Plan) Last(at int64) (last Date, ok bool) {
	for d := range p.Dates(at - KeepPlan) {
		if d.End > at {
			return Date{}, false
		}
		last, ok = d, true
	}
	return last, ok
}

// Past reports whether the plan has been over, or cancelled, for so long that it may be forgotten.
func (p Plan) Past(at int64) bool {
	if p.Cancelled() {
		return p.Schedule.IssuedAt < at-KeepPlan
	}
	_, ok := p.Next(at - KeepPlan)
	return !ok
}

// MayOpen reports whether somebody may open the room when its time has come.
func (p Plan) MayOpen(who identity.PublicKey) bool {
	return who == p.Author || slices.Contains(p.Schedule.Moderators, who)
}

// CheckOpen refuses to have the room opened by somebody at a time in Unix seconds: schedule-host for anybody but the
// author and the moderators, schedule-cancelled, and schedule-early but from OpenBefore a date until it is over, and for
// OpenWithin at least.
func (p Plan) CheckOpen(who identity.PublicKey, at int64) error {
	switch {
	case !p.MayOpen(who):
		return reason.Reject(reason.ScheduleHost, "%s", who)
	case p.Cancelled():
		return reason.Reject(reason.ScheduleCancelled, "")
	}
	for d := range p.Dates(at - OpenWithin) {
		if d.Start-OpenBefore > at {
			return reason.Reject(reason.ScheduleEarly, "%d s before it opens", d.Start-OpenBefore-at)
		}
		if at < max(d.End, d.Start+OpenWithin) {
			return nil
		}
	}
	return reason.Reject(reason.SchedulePast, "it has no date any more")
}

// size is about how much memory a plan holds on to, in bytes.
func (p Plan) size() int {
	n := 1024 + 2*len(p.Latest.Text()) + len(p.Title.Text) + 128*len(p.except)
	if p.Latest.ID() != p.ID {
		n += 2 * len(p.Origin.Text())
	}
	return n
}
