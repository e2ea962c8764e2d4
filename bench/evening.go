package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtp"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/api/client/rtc"
	"github.com/stoa-rooms/stoa/node/process"
	"github.com/stoa-rooms/stoa/statement"
)

// eveningCmd lets people come and go while the node is killed and networks are cut, and watches whether what a node
// promises holds: nobody is heard who may not be, and everybody who stays can hear.
type eveningCmd struct {
	People int           `help:"How many." default:"30"`
	Rooms  int           `help:"In how many rooms." default:"5"`
	For    time.Duration `help:"How long." default:"10m"`
	Kill   time.Duration `help:"How often the node is killed (kill -9)." default:"1m"`
	Seed   uint64        `help:"Of what people do." default:"1"`
}

// Run spends the evening.
func (c *eveningCmd) Run(ctx context.Context, all *cli, r *report) (err error) {
	dir, err := os.MkdirTemp("", "stoa-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	e := &evening{binary: all.Stoa, data: dir, wrap: all.wrap(), http: freePort("tcp"), media: freePort("udp")}
	if err := e.start(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.node.Stop()) }()
	if err := e.gather(ctx, c.People, c.Rooms); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.For)
	defer cancel()
	var work sync.WaitGroup
	for i, s := range e.souls {
		random := rand.New(rand.NewPCG(c.Seed, uint64(i)))
		if i < c.Rooms {
			work.Go(func() { e.moderate(ctx, s, i, random) })
		} else {
			work.Go(func() { e.wander(ctx, s, random) })
		}
	}
	work.Go(func() { e.watch(ctx) })
	for client.Pause(ctx, c.Kill) {
		e.kill(ctx)
	}
	work.Wait()
	e.figures(r)
	return nil
}

// evening is a node, its people, and what was seen of them.
type evening struct {
	binary, data, http, media string
	wrap                      []string
	node                      *process.Node
	souls                     []*soul
	rooms                     []atomic.Pointer[statement.ID]
	upSince                   atomic.Int64 // of the node, Unix ms; 0 while it is down
	seen                      sightings
}

// soul is one person. They send audio without end, whether they may or not.
type soul struct {
	*client.Client

	n      int
	wire   *wire
	engine *rtc.Engine

	session atomic.Pointer[client.RoomSession]
	room    atomic.Int64 // which; -1 for none
	// since when they may not be heard, Unix ms; 0 while they may.
	silent atomic.Int64
	// since when they may, and are connected; 0 while they may not.
	speaking atomic.Int64
	// since when they should hear; 0 while they cannot.
	listening atomic.Int64
	// when they last heard speech.
	heard atomic.Int64
}

func ms() int64 { return time.Now().UnixMilli() }

func (s *soul) hush() {
	s.speaking.Store(0)
	s.silent.CompareAndSwap(0, ms())
}

// freePort is an address of the loopback that nobody listens on now.
func freePort(network string) string {
	if network == "udp" {
		c, err := net.ListenPacket("udp", "127.0.0.1:0") //nolint:noctx // at once
		if err != nil {
			return "127.0.0.1:0"
		}
		defer func() { _ = c.Close() }()
		return c.LocalAddr().String()
	}
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // at once
	if err != nil {
		return "127.0.0.1:0"
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func (e *evening) start(ctx context.Context) (err error) {
	e.node, err = process.Start(ctx, process.Config{
		Binary: e.binary, Data: e.data, LogLevel: "error", Log: os.Stderr, Wrap: e.wrap,
		Flags: []string{"--http", e.http, "--media", e.media},
	})
	if err == nil {
		e.upSince.Store(ms())
	}
	return err
}

// kill ends the node without a word and starts it again.
func (e *evening) kill(ctx context.Context) {
	e.upSince.Store(0)
	_ = e.node.Kill() // killed is what it should be
	for _, s := range e.souls {
		s.hush()
	}
	e.seen.kills.Add(1)
	if err := e.start(context.WithoutCancel(ctx)); err != nil {
		e.seen.say("the node does not start again: %v", err)
	}
}

// gather founds the community, brings everybody in, and opens the rooms.
func (e *evening) gather(ctx context.Context, people, rooms int) error {
	h, err := openHall(ctx, e.node, people)
	if err != nil {
		return err
	}
	e.rooms = make([]atomic.Pointer[statement.ID], rooms)
	for i := range h.members {
		w, err := newWire()
		if err != nil {
			return err
		}
		engine, err := rtc.NewEngineOn(w)
		if err != nil {
			return err
		}
		s := &soul{n: i, wire: w, engine: engine, Client: client.New(e.node.Line("web"), h.keys[i], client.Options{HTTP: w.http()})}
		s.room.Store(-1)
		s.silent.Store(ms())
		e.souls = append(e.souls, s)
	}
	return nil
}

// moderate is the evening of somebody who opens a room and stays: they invite whoever raises a hand, and now and then
// take the word from somebody.
func (e *evening) moderate(ctx context.Context, s *soul, room int, random *rand.Rand) {
	for ctx.Err() == nil {
		opened, err := s.CreateRoom(ctx, fmt.Sprintf("Room %d", room), nil, "en")
		if err != nil {
			client.Pause(ctx, time.Second)
			continue
		}
		e.rooms[room].Store(&opened.ID)
		e.visit(ctx, s, room, opened.ID, func(ctx context.Context, session *client.RoomSession) {
			e.speak(ctx, s, session)
			for client.Pause(ctx, 500*time.Millisecond) {
				if p, on := session.State().Self(); on && p.Muted && p.Connected && session.Connected() {
					e.speak(ctx, s, session) // back after a break
				}
				e.host(ctx, s, session, random)
			}
		})
	}
}

// host is one look of a moderator at their room.
func (e *evening) host(ctx context.Context, s *soul, session *client.RoomSession, random *rand.Rand) {
	state := session.State()
	for _, h := range state.Hands {
		_ = session.OfferStage(ctx, h.Key) // the next look sees what became of it
	}
	for _, p := range state.Stage {
		other := e.find(p)
		if other == s || other.room.Load() != s.room.Load() || random.IntN(20) > 0 {
			continue // of who vanished into another room the place is kept here for a while
		}
		take := session.Move
		if random.IntN(2) == 0 && !p.Muted {
			take = session.Mute
		}
		if take(ctx, p.Key) == nil {
			other.hush()
			e.seen.taken.Add(1)
		}
	}
}

func (e *evening) find(p api.StagePerson) *soul {
	for _, s := range e.souls {
		if s.Key() == p.Key {
			return s
		}
	}
	return &soul{}
}

// wander is the evening of everybody else.
func (e *evening) wander(ctx context.Context, s *soul, random *rand.Rand) {
	for client.Pause(ctx, time.Duration(random.IntN(2000))*time.Millisecond) {
		room := random.IntN(len(e.rooms))
		id := e.rooms[room].Load()
		if id == nil {
			continue
		}
		stay := time.Duration(15+random.IntN(30)) * time.Second
		inner, cancel := context.WithTimeout(ctx, stay)
		e.visit(inner, s, room, *id, func(ctx context.Context, session *client.RoomSession) {
			for client.Pause(ctx, time.Duration(1+random.IntN(5))*time.Second) {
				switch random.IntN(4) {
				case 0:
					s.wire.cut(true)
					s.listening.Store(0)
					s.speaking.Store(0)
					e.seen.cuts.Add(1)
					client.Pause(ctx, time.Duration(1+random.IntN(8))*time.Second)
					s.wire.cut(false)
				default:
					e.takeTurn(ctx, s, session, random)
				}
			}
		})
		cancel()
	}
}

// takeTurn raises a hand, speaks for a while if somebody offers the stage, and goes back.
func (e *evening) takeTurn(ctx context.Context, s *soul, session *client.RoomSession, random *rand.Rand) {
	if session.RaiseHand(ctx, "") != nil {
		return
	}
	wait, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if _, err := session.Wait(wait, func(st api.State) bool { _, ok := st.Offered(); return ok }); err != nil || session.AcceptOffer(ctx) != nil {
		return
	}
	e.speak(ctx, s, session)
	client.Pause(ctx, time.Duration(3+random.IntN(10))*time.Second)
	if random.IntN(2) == 0 && session.MuteSelf(ctx) == nil {
		s.hush()
	}
	if session.StepDown(ctx) == nil {
		s.hush()
	}
}

// speak opens a microphone.
func (e *evening) speak(ctx context.Context, s *soul, session *client.RoomSession) {
	before := s.silent.Swap(0) // from here on they may be heard
	if err := session.Unmute(ctx); err != nil {
		s.silent.CompareAndSwap(0, max(before, ms()))
		return
	}
	s.speaking.Store(ms())
	e.seen.turns.Add(1)
}

// visit goes into a room with audio, and leaves: properly, or by vanishing.
func (e *evening) visit(ctx context.Context, s *soul, room int, id statement.ID, do func(context.Context, *client.RoomSession)) {
	session, err := s.Enter(ctx, id)
	if err != nil {
		client.Pause(ctx, time.Second)
		return
	}
	s.session.Store(session)
	s.room.Store(int64(room))
	e.seen.visits.Add(1)
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-session.Done():
			cancel()
		case <-ctx.Done():
		}
	}()
	var work sync.WaitGroup
	work.Go(func() { e.audio(ctx, s, session, room) })
	do(ctx, session)
	s.room.Store(-1)
	s.listening.Store(0)
	goodbye, done := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	if s.n%2 == 0 {
		_ = session.Leave(goodbye)
	}
	session.Close()
	done()
	cancel()
	work.Wait()
	s.hush()
}

// audio keeps somebody's audio connected, and sends without end.
func (e *evening) audio(ctx context.Context, s *soul, session *client.RoomSession, room int) {
	payload := binary.BigEndian.AppendUint16([]byte{15 << 3}, uint16(s.n))
	payload = append(binary.BigEndian.AppendUint16(payload, uint16(room)), make([]byte, 60)...)
	frames := func(yield func(rtc.Frame, error) bool) {
		for yield(rtc.Frame{Opus: payload, Duration: 20 * time.Millisecond, Level: -25}, nil) {
		}
	}
	for ctx.Err() == nil {
		conn, err := rtc.Join(ctx, session, rtc.Options{Engine: s.engine, Slots: 3, OnPacket: func(_ int, p *rtp.Packet) {
			e.hear(s, room, p)
		}})
		if err != nil {
			client.Pause(ctx, 500*time.Millisecond)
			continue
		}
		s.listening.Store(ms())
		_ = conn.Speak(ctx, frames) // until ctx or the connection ends
		s.listening.Store(0)
		s.speaking.Store(0)
		conn.Close() //nolint:contextcheck // it tells the node also when ctx has ended
	}
}
