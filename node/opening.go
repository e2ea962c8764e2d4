package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/invites"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/statement"
	"github.com/stoa-rooms/stoa/storage"
)

// What a scheduled room becomes: the live room that is opened from it, at the same link.

// opens refuses to have a room opened from a schedule by somebody. Who was removed from the series does not come back by
// opening it, unless they planned it.
func (s *schedules) opens(id statement.ID, by identity.PublicKey, now time.Time) error {
	a, ok := s.known(id)
	if !ok {
		return reason.Reject(reason.ScheduleUnknown, "%s", id)
	}
	if state, founded := s.community.journal.fold(); !founded || state.Community() != a.Community {
		return reason.Reject(reason.ScheduleHost, "another community's")
	}
	if err := a.CheckOpen(by, seconds(now)); err != nil || by == a.Author {
		return err
	}
	for _, r := range s.series(id, millis(now)) {
		if r.Key == by {
			return reason.Reject(reason.RoomRemoved, "from an earlier room of the series")
		}
	}
	return nil
}

// appoints refuses to have a room opened from a schedule whose create statement names others as moderators than its plan:
// their author and those who may open it.
func (s *schedules) appoints(create *statement.Create) error {
	a, ok := s.known(create.Schedule)
	if ok && !slices.ContainsFunc(create.Moderators, func(key identity.PublicKey) bool { return !a.MayOpen(key) }) {
		return nil
	}
	return reason.Reject(reason.ScheduleHost, "a moderator whom the plan does not name")
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

// Create implements server.Rooms.
func (h *hallway) Create(ctx context.Context, member identity.PublicKey, req api.CreateRoom) (api.Room, error) {
	now := h.community.now()
	st, create, err := submitted(req.Create, func(c *statement.Create) int64 { return c.IssuedAt }, now)
	if err != nil {
		return api.Room{}, err
	}
	switch {
	case st.Signer() != member:
		return api.Room{}, reason.Reject(reason.StatementAuthority, "the room is signed by another member")
	case create.Node != h.community.self.Node:
		return api.Room{}, reason.Reject(reason.StatementAudience, "the room names another host")
	case create.IssuedAt < seconds(now)-createLife:
		return api.Room{}, reason.Reject(reason.StatementExpired, "the room was signed more than %d s ago", createLife)
	case req.Title.Commitment() != create.Title:
		return api.Room{}, reason.Reject(reason.TextMismatch, "the statement commits to another title")
	}
	if err := api.CheckTitle(req.Title.Text); err != nil {
		return api.Room{}, err
	}
	door := rooms.Door{Entry: create.Entry, Chosen: req.Chosen}
	if err := door.Check(); err != nil {
		return api.Room{}, err
	}
	if !create.Schedule.IsZero() {
		door = h.nodes.plans.door(create, member, req.Chosen)
	}
	if len(h.live()) >= maxRooms {
		return api.Room{}, reason.Reject(reason.RateLimited, "%d rooms live on this node", maxRooms)
	}
	if id := create.Schedule; !id.IsZero() {
		if err := errors.Join(h.nodes.plans.opens(id, member, now), h.nodes.plans.appoints(create)); err != nil {
			return api.Room{}, err
		}
		if open, ok := h.opened()[id]; ok {
			return h.Room(ctx, open, member) // two who may open it did
		}
	}
	state := rooms.New(rooms.Config{ID: st.ID(), Creator: member, At: millis(now)}).Opened(door).Appointing(create.Moderators)
	if !create.Schedule.IsZero() {
		state = state.Carrying(h.nodes.plans.series(create.Schedule, millis(now)))
	}
	record, err := state.Record().Encode()
	if err != nil {
		return api.Room{}, fmt.Errorf("node: %w", err)
	}
	err = h.community.journal.append(func(fold invites.State) (draft, error) {
		if create.Community != fold.Community() {
			return draft{}, reason.Reject(reason.StatementAudience, "the room is for another community")
		}
		stored := storage.Room{ID: st.ID(), Create: st.Text(), Title: req.Title, Record: record}
		return draft{
			statements: []statement.Statement{st},
			with:       storage.Batch{Rooms: []storage.Room{stored}},
		}, nil
	})
	if err != nil {
		return api.Room{}, err
	}
	r := h.room(st, req.Title, rooms.First(st))
	hosting := newHosting(r, state)
	summary := hosting.summary()
	h.start(r, hosting, summary)
	return *summary, nil
}

// createLife is how old, in seconds, a create statement may be when it is submitted: an old one is not replayed.
const createLife = 10 * 60
