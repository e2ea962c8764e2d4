package server

import (
	"context"
	"sync"
	"time"

	"github.com/stoa-rooms/stoa/api"
)

const hallwayEvery = time.Second // at most one hallway a second

// hallway is the list of live rooms as it goes to everybody who looks at it: encoded once, the newest only. Somebody who
// reads slowly misses some, and nobody waits.
type hallway struct {
	rooms Rooms
	plans Schedules
	now   func() time.Time

	mu      sync.Mutex
	frame   []byte        // nil until run has begun; guarded by mu
	changed chan struct{} // closed when frame is replaced; guarded by mu
}

func newHallway(rooms Rooms, plans Schedules, now func() time.Time) *hallway {
	return &hallway{rooms: rooms, plans: plans, now: now, changed: make(chan struct{})}
}

// latest is the newest hallway and a channel that is closed when there is a newer one.
func (h *hallway) latest() ([]byte, <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.frame, h.changed
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
	frame, err := encode(api.Hallway{
		Head: api.Head{Type: api.EventHallway, At: h.now().UnixMilli()}, Rooms: rooms, Upcoming: upcoming,
	})
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.frame = frame
	close(h.changed)
	h.changed = make(chan struct{})
	return nil
}
