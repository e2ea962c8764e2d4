package node

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/media"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/statement"
	"github.com/stoa-rooms/stoa/storage"
)

// audiencePage is how many listeners a snapshot and an audience event list; the rest is asked for by page.
const audiencePage = 50

// audienceEvery is the least time between two audience events, so that presence costs no n² (design section 4).
const audienceEvery = time.Second

// room is one live room: the loop that alone owns its state. Whoever wants something of it hands it a function.
//
// A command becomes real in this order: the pure transition; what it takes away is taken away in the media at once; the
// durable part is stored; what it gives is given in the media; everybody is told. If storing fails, the old state stays
// and the actor gets the error.
type room struct {
	id      statement.ID
	create  *statement.Create
	text    string // the create statement's
	title   statement.Text
	names   *names
	store   *storage.Store
	media   *media.Room
	about   func() api.Community
	changed func()            // tells the hallway
	finish  func(*room) error // writes the end of the room
	now     func() time.Time
	log     *slog.Logger

	tasks chan func()
	done  chan struct{} // closed when the loop has returned
	view  atomic.Pointer[api.Room]

	// Owned by the loop.
	state     rooms.State
	stream    stream
	numbers   map[identity.PublicKey]uint32 // who asked for a media connection
	allowed   map[uint32]bool               // whom the media forwards, by number
	abandoned bool                          // the community is gone, and the room with it
	audience  struct {
		stale bool      // somebody came or went since the last audience event
		last  time.Time // when that was
	}
}

// run is the loop. It returns when ctx ends or the room does.
func (r *room) run(ctx context.Context) {
	defer close(r.done)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			r.stream.closeAll(reason.Reject(reason.ShuttingDown, ""))
			return
		case task := <-r.tasks:
			task()
		case <-timer.C:
			r.tick()
		}
		if _, over := r.state.Ended(); over || r.abandoned {
			r.media.Close()
			return
		}
		timer.Reset(r.wait())
	}
}

// wait is how long until something is due.
func (r *room) wait() time.Duration {
	const idle = time.Hour
	wait := idle
	now := r.now()
	if next := r.state.Next(); next != 0 {
		wait = min(wait, time.UnixMilli(next).Sub(now))
	}
	if r.audience.stale {
		wait = min(wait, r.audience.last.Add(audienceEvery).Sub(now))
	}
	return max(wait, time.Millisecond)
}

// do runs f in the loop and waits for it. It fails when the room is over.
func (r *room) do(ctx context.Context, f func() error) error {
	result := make(chan error, 1)
	select {
	case r.tasks <- func() { result <- f() }:
	case <-r.done:
		return reason.Reject(reason.RoomEnded, "")
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case err := <-result:
		return err
	case <-r.done:
		select {
		case err := <-result: // the last task's answer
			return err
		default:
			return reason.Reject(reason.RoomEnded, "")
		}
	}
}

// tick lets time pass.
func (r *room) tick() {
	now := r.now()
	if next := r.state.Next(); next != 0 && next <= millis(now) {
		r.must(rooms.Command{Do: rooms.Tick{}})
	}
	r.tellAudience()
}

// must applies what happens to a room whether or not it can be written down: people go, time passes.
func (r *room) must(c rooms.Command) {
	c.At = millis(r.now())
	next, events, err := r.state.Apply(c)
	if err != nil {
		r.log.Error("the room refused what cannot be refused", "room", r.id, "action", fmt.Sprintf("%T", c.Do), "error", err)
		return
	}
	if err := r.save(next, events); err != nil {
		r.log.Error("the room goes on, but a restart will not know of the last change", "room", r.id, "error", err)
	}
	r.publish(c, next, events)
}

// apply is a command of a person.
func (r *room) apply(actor identity.PublicKey, do rooms.Action) error {
	c := rooms.Command{At: millis(r.now()), Actor: actor, Do: do}
	next, events, err := r.state.Apply(c)
	if err != nil {
		return err
	}
	r.silence(next)
	if err := r.save(next, events); err != nil {
		r.permit(r.state)
		return err
	}
	r.publish(c, next, events)
	return nil
}

// save stores what must survive a restart. The end of the room is written to the log instead.
func (r *room) save(next rooms.State, events []rooms.Event) error {
	if _, over := next.Ended(); over {
		return r.finish(r)
	}
	if !rooms.Durable(events) {
		return nil
	}
	stored, err := r.stored(next)
	if err != nil {
		return err
	}
	return r.store.Commit(storage.Batch{Rooms: []storage.Room{stored}})
}

// stored is the room as the store keeps it.
func (r *room) stored(state rooms.State) (storage.Room, error) {
	record, err := state.Record().Encode()
	if err != nil {
		return storage.Room{}, fmt.Errorf("node: %w", err)
	}
	return storage.Room{ID: r.id, Create: r.text, Title: r.title, Record: record}, nil
}

// silence stops the media of everybody who may not be heard in next: before anything is written or told.
func (r *room) silence(next rooms.State) {
	for number, may := range r.allowed {
		if may && !maySend(next, number) {
			r.media.Allow(number, false)
			r.allowed[number] = false
		}
	}
}

// permit makes the media forward exactly those who may be heard in state.
func (r *room) permit(state rooms.State) {
	r.silence(state)
	for _, p := range state.Stage() {
		if may := state.MaySend(p.Key); may && !r.allowed[p.Number] {
			r.media.Allow(p.Number, true)
			r.allowed[p.Number] = true
		}
	}
}

func maySend(state rooms.State, number uint32) bool {
	for _, p := range state.Stage() {
		if p.Number == number {
			return state.MaySend(p.Key)
		}
	}
	return false
}

// publish makes next the state of the room and tells everybody.
func (r *room) publish(c rooms.Command, next rooms.State, events []rooms.Event) {
	r.state = next
	r.permit(next)
	at := millis(r.now())
	for _, event := range events {
		if _, ok := event.(rooms.AudienceChanged); ok {
			r.audience.stale = true
			continue
		}
		r.stream.send(at, func(h api.Head) api.Event { return r.wire(event, h) })
	}
	r.dropGone(c.Actor, events)
	r.tellAudience()
	r.view.Store(r.summary())
	r.changed()
}

// dropGone ends the connections of those whom a command took out of the room. A place that is held keeps its media
// connection: it may outlive the loss of the other one.
func (r *room) dropGone(actor identity.PublicKey, events []rooms.Event) {
	gone := func(key identity.PublicKey) {
		number, known := r.numbers[key]
		if !known || r.onStage(key) || r.state.Present(key) {
			return
		}
		r.media.Drop(number)
		delete(r.numbers, key)
		delete(r.allowed, number)
	}
	gone(actor)
	for _, event := range events {
		switch e := event.(type) {
		case rooms.StageLeft:
			gone(e.Key)
		case rooms.Removed:
			gone(e.Key)
			r.stream.close(e.Key, reason.Reject(reason.RoomRemoved, ""))
		case rooms.Ended:
			r.stream.closeAll(nil)
		}
	}
}

func (r *room) onStage(key identity.PublicKey) bool {
	role, ok := r.state.Role(key)
	return ok && role != rooms.Listener
}

// tellAudience sends the audience if it changed and the last such event is old enough.
func (r *room) tellAudience() {
	now := r.now()
	if !r.audience.stale || now.Before(r.audience.last.Add(audienceEvery)) {
		return
	}
	r.audience.stale, r.audience.last = false, now
	r.stream.send(millis(now), func(h api.Head) api.Event {
		h.Type = api.EventAudience
		return api.AudienceChanged{Head: h, Audience: r.page(0, audiencePage)}
	})
}
