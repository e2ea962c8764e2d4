package node

import (
	"context"
	"crypto/rand"
	"sync"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
)

// Bounds of a room's event stream.
const (
	keptEvents   = 512 // events kept for clients that resume
	queuedEvents = 256 // events queued for one client before it counts as too slow
)

// stream numbers a room's events and hands them to those who are connected. It is owned by the room's loop. It never
// waits for a client: whoever does not read in time is dropped and may resume.
type stream struct {
	run  string // changes when the numbering starts anew: with each start of the node
	n    int64
	kept []api.Event // the last events, oldest first
	subs map[identity.PublicKey]*subscription
}

func newStream() stream {
	return stream{run: rand.Text(), subs: map[identity.PublicKey]*subscription{}}
}

// send numbers an event, queues it for everybody, and returns it.
func (s *stream) send(at int64, build func(api.Head) api.Event) api.Event {
	s.n++
	event := build(api.Head{N: s.n, At: at})
	if len(s.kept) == keptEvents {
		s.kept = append([]api.Event(nil), s.kept[keptEvents/2:]...)
	}
	s.kept = append(s.kept, event)
	for key, sub := range s.subs {
		if !sub.offer(event) {
			s.close(key, reason.Reject(reason.RoomTooSlow, "%d events unread", queuedEvents))
		}
	}
	return event
}

// tell queues an event without a number for everybody: it is no part of the room.
func (s *stream) tell(event api.Event) {
	for key, sub := range s.subs {
		if !sub.offer(event) {
			s.close(key, reason.Reject(reason.RoomTooSlow, "%d events unread", queuedEvents))
		}
	}
}

// forget makes a break that nobody resumes over: what comes next is a snapshot, with the next number.
func (s *stream) forget() {
	s.n++
	s.kept = nil
}

// takeOut is who follows. They hear nothing from now on, before they are put back with a snapshot: events without it
// would be a gap to them, and they would enter anew.
func (s *stream) takeOut() map[identity.PublicKey]*subscription {
	before := s.subs
	s.subs = map[identity.PublicKey]*subscription{}
	return before
}

// since are the events after number n of a run; false when they are not all kept.
func (s *stream) since(run string, n int64) ([]api.Event, bool) {
	missing := s.n - n
	if run != s.run || missing < 0 || missing > int64(len(s.kept)) || missing > queuedEvents {
		return nil, false
	}
	return s.kept[int64(len(s.kept))-missing:], true
}

// open subscribes somebody; an older subscription of theirs ends.
func (s *stream) open(sub *subscription) {
	if s.subs[sub.member] != sub {
		s.close(sub.member, reason.Reject(reason.RoomReplaced, ""))
		s.subs[sub.member] = sub
	}
}

// close ends somebody's subscription. A nil error says that all went well.
func (s *stream) close(key identity.PublicKey, why error) {
	if sub, ok := s.subs[key]; ok {
		delete(s.subs, key)
		sub.end(why)
	}
}

// closeAll ends every subscription.
func (s *stream) closeAll(why error) {
	for key := range s.subs {
		s.close(key, why)
	}
}

// subscription is one member's end of a stream. It implements server.Subscription.
type subscription struct {
	member identity.PublicKey
	guest  bool   // gets no list of listeners
	run    string // what the client has seen: the run of its last snapshot, and its last number
	since  int64

	events chan api.Event // written and closed by the room's loop alone
	closed bool           // owned by the loop
	leave  func()
	answer func(ctx context.Context, enter string) error
	once   sync.Once

	mu  sync.Mutex
	why error // guarded by mu
}

func newSubscription(member identity.PublicKey, run string, since int64) *subscription {
	return &subscription{member: member, run: run, since: since, events: make(chan api.Event, queuedEvents)}
}

// offer queues an event without waiting; false when the queue is full.
func (s *subscription) offer(event api.Event) bool {
	if s.closed {
		return true
	}
	if s.guest {
		event = api.ForGuest(event)
	}
	select {
	case s.events <- event:
		return true
	default:
		return false
	}
}

// end closes the queue, once. Called by the room's loop alone.
func (s *subscription) end(why error) {
	if s.closed {
		return
	}
	s.closed = true
	s.mu.Lock()
	s.why = why
	s.mu.Unlock()
	close(s.events)
}

// Events implements server.Subscription.
func (s *subscription) Events() <-chan api.Event { return s.events }

// Answer implements server.Subscription.
func (s *subscription) Answer(ctx context.Context, enter string) error { return s.answer(ctx, enter) }

// Err implements server.Subscription.
func (s *subscription) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.why
}

// Close implements server.Subscription: the member's connection is gone.
func (s *subscription) Close() { s.once.Do(s.leave) }
