package client

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// eventQueue is how many events wait for whoever reads Events.
const eventQueue = 256

// Waits before reconnecting grow from the first to the last, and vary so that a node's restart does not bring everybody
// back at one moment.
const (
	firstWait = 200 * time.Millisecond
	lastWait  = 10 * time.Second
)

// State is a room as the events so far tell it.
type State = api.State

// RoomSession is a person's presence in a room, from Enter until Close, Leave, the room's end or a refusal for good.
//
// It reconnects by itself, after a loss of the network as after a restart of the node, and goes on where it was: who is
// on the stage or has a hand up keeps that for 60 s, muted. A session has one goroutine, and one more per connection
// inside the WebSocket library. It is safe for concurrent use.
type RoomSession struct {
	client   *Client
	room     statement.ID // set until Enter has returned
	entering bool         // Enter has not returned
	cancel   context.CancelFunc
	close    sync.Once
	closed   chan struct{} // closed by Close: nothing waits for the reader of events any more
	ended    chan struct{} // closed when run has returned
	turn     chan struct{} // holds one: the signed action that is under way
	events   chan api.Event

	mu        sync.Mutex
	state     State                 // guarded by mu
	host      api.HostChanged       // guarded by mu
	nonce     string                // of the present entry, which actions are signed with; "" before any; guarded by mu
	abroad    bool                  // whether another node hosts the room, so that every action is signed; guarded by mu
	acts      int64                 // how many actions were signed with nonce; guarded by mu
	changed   chan struct{}         // closed at the next change of state, host or connected, and by then replaced; guarded by mu
	connected bool                  // guarded by mu
	claimed   bool                  // whether Events was called; guarded by mu
	authority *api.Authority        // guarded by mu
	verdicts  map[int64]api.Verdict // by the numbers of events; guarded by mu
	anew      bool                  // whether the next connection must begin with a snapshot; guarded by mu
	socket    *socket               // the present connection, or nil; guarded by mu
	leaving   bool                  // whether the end is this side's wish; guarded by mu
	err       error                 // why it ended; guarded by mu
}

// Enter takes this person into a room, wherever it is hosted. Entering from elsewhere ends this session with room-replaced. ctx bounds only the
// call: the session lasts until it is closed.
func (c *Client) Enter(ctx context.Context, room statement.ID) (*RoomSession, error) {
	s := &RoomSession{
		client: c, room: room, entering: true, closed: make(chan struct{}), ended: make(chan struct{}), turn: make(chan struct{}, 1),
		events: make(chan api.Event, eventQueue), changed: make(chan struct{}),
		authority: api.NewAuthority(room), verdicts: map[int64]api.Verdict{},
	}
	socket, first, err := s.enter(ctx)
	if Refused(err, reason.SessionRequired) { // and by now forgotten
		socket, first, err = s.enter(ctx)
	}
	if err != nil {
		return nil, err
	}
	if snapshot, ok := first.(api.Snapshot); ok {
		s.lead(snapshot.Room)
	}
	s.entering = false
	background, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.cancel = cancel
	if err := s.take(background, first); err != nil {
		cancel()
		socket.abandon()
		return nil, err
	}
	s.attach(socket)
	go s.run(background, socket)
	return s, nil
}

// enter connects for the first time, and waits for the snapshot that says that this person has been let in.
func (s *RoomSession) enter(ctx context.Context) (*socket, api.Event, error) {
	ctx, cancel := context.WithTimeout(ctx, enterWithin)
	defer cancel()
	socket, err := s.connect(ctx)
	if err != nil {
		return nil, nil, err
	}
	for {
		first, err := s.next(ctx, socket)
		if err != nil {
			socket.abandon()
			return nil, nil, err
		}
		if !aside(first) {
			return socket, first, nil
		}
	}
}

// Client is the person.
func (s *RoomSession) Client() *Client { return s.client }

// Room is the room's id.
func (s *RoomSession) Room() statement.ID { return s.room }

// State is the room as it now is, as far as this side knows.
func (s *RoomSession) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

// Connected reports whether the events are flowing; false while reconnecting and after the end.
func (s *RoomSession) Connected() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.connected
}

// Events hands on each event after State has taken it in. It is closed at the session's end; see Err. A snapshot in the
// middle stands for events that were missed, or for a room that goes on at another host; audio goes on too, unless the
// snapshot is of another run. Entries, which this session answers, are there to be seen. Who calls Events must go on reading: the session waits for them, and a node
// does not wait for a session. Until the first call only the latest 256 events are kept.
func (s *RoomSession) Events() <-chan api.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.claimed = true
	return s.events
}

// Wait waits until the room's state fulfils a condition, and returns that state. It fails when ctx ends first, and with
// ErrEnded or the refusal when the session does.
func (s *RoomSession) Wait(ctx context.Context, condition func(State) bool) (State, error) {
	for {
		s.mu.Lock()
		state, changed := s.state, s.changed
		s.mu.Unlock()
		if condition(state) {
			return state, nil
		}
		select {
		case <-changed:
		case <-s.ended:
			if state = s.State(); condition(state) {
				return state, nil
			}
			return state, errors.Join(ErrEnded, s.Err())
		case <-ctx.Done():
			return state, fmt.Errorf("client: waiting for a room: %w", ctx.Err())
		}
	}
}

// ErrEnded says that a room session is over.
var ErrEnded = errors.New("client: the room session is over")

// Done is closed when the session is over.
func (s *RoomSession) Done() <-chan struct{} { return s.ended }

// Err is why the session is over: nil while it is not, and when the room ended, Leave or Close ended it; else the
// refusal.
func (s *RoomSession) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Close ends the connection, and with it the presence: a listener is gone at once, a place on the stage or in the queue
// is held for 60 s. It waits until all has ended. Closing again does nothing.
func (s *RoomSession) Close() {
	s.mu.Lock()
	s.leaving = true
	socket := s.socket
	s.mu.Unlock()
	s.close.Do(func() { close(s.closed) })
	if socket != nil {
		socket.close()
	}
	s.cancel()
	<-s.ended
}

// Leave gives up the place in the room and closes the session. Leaving a session that is over does nothing.
func (s *RoomSession) Leave(ctx context.Context) error {
	s.mu.Lock()
	s.leaving = true // the node closes the connection after the action
	s.mu.Unlock()
	select {
	case <-s.ended:
		return nil
	default:
	}
	err := s.act(ctx, api.Action{Type: api.ActLeave})
	s.Close()
	return err
}

// RaiseHand puts this person at the end of the queue, with a question of one line or none.
func (s *RoomSession) RaiseHand(ctx context.Context, question string) error {
	return s.act(ctx, api.Action{Type: api.ActRaiseHand, Question: question})
}

// LowerHand takes this person from the queue.
func (s *RoomSession) LowerHand(ctx context.Context) error { return s.self(ctx, api.ActLowerHand) }

// AcceptOffer goes on the stage, muted.
func (s *RoomSession) AcceptOffer(ctx context.Context) error { return s.self(ctx, api.ActAcceptOffer) }

// DeclineOffer stays in the audience.
func (s *RoomSession) DeclineOffer(ctx context.Context) error {
	return s.self(ctx, api.ActDeclineOffer)
}

// StepDown goes from the stage into the audience.
func (s *RoomSession) StepDown(ctx context.Context) error { return s.self(ctx, api.ActStepDown) }

// MuteSelf closes this person's microphone.
func (s *RoomSession) MuteSelf(ctx context.Context) error { return s.self(ctx, api.ActMuteSelf) }

// Unmute opens this person's microphone.
func (s *RoomSession) Unmute(ctx context.Context) error { return s.self(ctx, api.ActUnmute) }

// React shows something without a word.
func (s *RoomSession) React(ctx context.Context, what api.Reaction) error {
	return s.act(ctx, api.Action{Type: api.ActReact, Reaction: what})
}

func (s *RoomSession) self(ctx context.Context, do api.ActionType) error {
	return s.act(ctx, api.Action{Type: do})
}

// run reads events until the session ends. It owns the events channel and every connection.
func (s *RoomSession) run(ctx context.Context, socket *socket) {
	err := s.converse(ctx, socket)
	s.mu.Lock()
	if !s.leaving && s.state.Ended == nil {
		s.err = err
	}
	s.connected = false
	s.mu.Unlock()
	s.cancel()
	close(s.events)
	close(s.ended)
}

// converse reads from one connection after the other. It returns what ended the session.
func (s *RoomSession) converse(ctx context.Context, socket *socket) error {
	wait := firstWait
	for {
		heard, err := s.follow(ctx, socket)
		s.detach(socket)
		if heard {
			wait = firstWait
		}
		for socket = nil; socket == nil; {
			if s.over(ctx) || !worthRetrying(err) {
				return err
			}
			Pause(ctx, wait/2+rand.N(wait/2))
			wait = min(2*wait, lastWait)
			socket, err = s.connect(ctx)
		}
		s.attach(socket)
	}
}

// over reports whether the session has come to its end, by this side's wish or the room's.
func (s *RoomSession) over(ctx context.Context) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return ctx.Err() != nil || s.leaving || s.state.Ended != nil
}

// follow takes in events until the connection fails, an event is missing or the room ends. It reports whether it heard
// anything.
func (s *RoomSession) follow(ctx context.Context, socket *socket) (heard bool, err error) {
	for {
		event, err := s.next(ctx, socket)
		if err != nil {
			return heard, err
		}
		if err := s.take(ctx, event); err != nil {
			return heard, err
		}
		if _, ended := event.(api.Ended); ended {
			return true, nil
		}
		heard = true
	}
}

// next is the next event of a connection; if it is an entry, it has been answered. A session that the node has forgotten
// is forgotten here too.
func (s *RoomSession) next(ctx context.Context, socket *socket) (api.Event, error) {
	event, err := socket.next(ctx)
	if Refused(err, reason.SessionRequired) {
		s.client.forget(socket.token)
	}
	if entry, ok := event.(api.Entry); ok {
		err = s.answer(ctx, socket, entry)
	}
	return event, err
}

// aside reports whether an event is beside the room's numbering.
func aside(event api.Event) bool {
	switch event.(type) {
	case api.Entry, api.HostChanged, api.Reactions, api.Mine, api.AppsChanged, api.Noticed:
		return true
	default:
		return false
	}
}

// errGap says that the node sent an event that does not follow the last one.
var errGap = errors.New("client: events are missing")

// take takes one event in and hands it on.
func (s *RoomSession) take(ctx context.Context, event api.Event) error {
	s.mu.Lock()
	if !s.followsLocked(event) {
		s.anew = true
		s.mu.Unlock()
		return errGap
	}
	s.hostLocked(event)
	s.judgeLocked(event)
	s.state = s.state.Apply(event)
	s.anew = s.anew && aside(event)
	s.noteLocked()
	if !s.claimed && len(s.events) == cap(s.events) {
		<-s.events // this goroutine is the only writer, and nobody reads
	}
	s.mu.Unlock()
	select {
	case s.events <- event: // even if the session was closed meanwhile: the state has it
		return nil
	default:
	}
	select {
	case s.events <- event:
		return nil
	case <-s.closed:
		return ErrEnded
	case <-ctx.Done():
		return ctx.Err()
	}
}

// followsLocked reports whether an event is the next one, or needs to follow none.
func (s *RoomSession) followsLocked(event api.Event) bool {
	if _, snapshot := event.(api.Snapshot); snapshot || aside(event) {
		return true
	}
	return s.state.Run != "" && event.Header().N == s.state.N+1
}

func (s *RoomSession) noteLocked() {
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *RoomSession) attach(socket *socket) {
	s.mu.Lock()
	s.socket, s.connected = socket, true
	s.noteLocked()
	leaving := s.leaving
	s.mu.Unlock()
	if leaving { // Close came while this connection was made
		socket.close()
	}
}

func (s *RoomSession) detach(socket *socket) {
	s.mu.Lock()
	s.socket, s.connected = nil, false
	s.noteLocked()
	s.mu.Unlock()
	socket.abandon()
}

// worthRetrying tells a passing failure from one that lasts. Whatever is not a refusal is the network's.
func worthRetrying(err error) bool {
	var p *api.Problem
	if !errors.As(err, &p) {
		return !errors.Is(err, api.ErrEvent)
	}
	switch reason.Reason(p.Code) {
	case reason.ShuttingDown, reason.RoomTooSlow, reason.SessionRequired, reason.SessionChallenge, reason.RateLimited,
		reason.RoomFull, reason.StorageFailed, reason.Internal,
		reason.RoomHostLost, reason.EnterStale, reason.TicketExpired, reason.HomeLimit:
		return true
	default:
		return false
	}
}
