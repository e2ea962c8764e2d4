package server

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
)

const hallwayEvery = time.Second // at most one hallway a second

// hallway is the list of live rooms as it goes to everybody who looks at it: encoded once, the newest only. Somebody who
// reads slowly misses some, and nobody waits.
type hallway struct {
	rooms Rooms
	plans Schedules
	doors Doors
	now   func() time.Time

	mu       sync.Mutex
	listed   []api.Room      // what frame tells; never modified in place; guarded by mu
	upcoming []api.Scheduled // the same
	frame    []byte          // nil until run has begun; guarded by mu
	changed  chan struct{}   // closed when frame is replaced; guarded by mu
}

func newHallway(rooms Rooms, doors Doors, plans Schedules, now func() time.Time) *hallway {
	return &hallway{rooms: rooms, doors: doors, plans: plans, now: now, changed: make(chan struct{})}
}

// latest is the newest hallway of a member and a channel that is closed when there is a newer one. The few who may enter
// a room for chosen people get a hallway of their own.
func (h *hallway) latest(member identity.PublicKey) ([]byte, <-chan struct{}) {
	h.mu.Lock()
	listed, upcoming, frame, changed := h.listed, h.upcoming, h.frame, h.changed
	h.mu.Unlock()
	private, invited := h.doors.Private(member), h.plans.Invited(member)
	if frame == nil || len(private)+len(invited) == 0 {
		return frame, changed
	}
	own, err := h.encode(withPrivate(listed, private), withInvited(upcoming, invited))
	if err != nil {
		return frame, changed // it says less, but it can be sent
	}
	return own, changed
}

// withPrivate is the hallway of somebody who may also enter some rooms for chosen people: those first.
func withPrivate(listed, private []api.Room) []api.Room {
	if len(private) == 0 {
		return listed
	}
	return slices.Concat(private, listed)
}

// withInvited is what is planned for somebody who may also enter some of what is for chosen people, the next one first.
func withInvited(upcoming, invited []api.Scheduled) []api.Scheduled {
	all := slices.Concat(invited, upcoming)
	slices.SortStableFunc(all, func(a, b api.Scheduled) int { return cmp.Compare(nextStart(a), nextStart(b)) })
	return all
}

func nextStart(s api.Scheduled) int64 {
	if len(s.Dates) == 0 {
		return math.MaxInt64
	}
	return s.Dates[0].Start
}

func (h *hallway) encode(rooms []api.Room, upcoming []api.Scheduled) ([]byte, error) {
	return encode(api.Hallway{
		Head: api.Head{Type: api.EventHallway, At: h.now().UnixMilli()}, Rooms: rooms, Upcoming: upcoming,
	})
}

// run keeps the hallway up to date until ctx ends.
func (h *hallway) run(ctx context.Context) error {
	for {
		changed := h.rooms.Changed() // before the list, so that no change falls between
		if err := h.publish(h.rooms.List(), h.plans.Upcoming()); err != nil {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil
		}
		select {
		case <-time.After(hallwayEvery):
		case <-ctx.Done():
			return nil
		}
	}
}

func (h *hallway) publish(rooms []api.Room, upcoming []api.Scheduled) error {
	frame, err := h.encode(rooms, upcoming)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.listed, h.upcoming, h.frame = rooms, upcoming, frame
	close(h.changed)
	h.changed = make(chan struct{})
	return nil
}
