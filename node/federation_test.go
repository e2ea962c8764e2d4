package node_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/api/client/rtc"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/node"
	"github.com/stoa-rooms/stoa/node/nodetest"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// square is a room of node A with members of A, B and C in it, each node a community of its own.
type square struct {
	a, b, c        *nodetest.Node
	ana, bea, cleo *client.Client // founders of A, B and C
	room           api.Room
}

func newSquare(t *testing.T) *square {
	t.Helper()
	ctx := t.Context()
	s := &square{}
	s.a = nodetest.New(t)
	s.b = nodetest.New(t, s.a)
	s.c = nodetest.New(t, s.a, s.b)
	s.ana, s.bea, s.cleo = s.a.Found(ctx), s.b.Found(ctx), s.c.Found(ctx)
	var err error
	if s.room, err = s.ana.CreateRoom(ctx, "On the square", []string{"evening"}, "en"); err != nil {
		t.Fatal(err)
	}
	return s
}

// shown waits until a room is in somebody's hallway.
func shown(t *testing.T, who *client.Client, id statement.ID, want bool) api.Room {
	t.Helper()
	var found api.Room
	soon(t, "the hallway of another node", func() bool {
		list, err := who.Rooms(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(list, func(r api.Room) bool { return r.ID == id })
		if i >= 0 {
			found = list[i]
		}
		return (i >= 0) == want
	})
	return found
}

// soon polls a condition, with a deadline that is far beyond what it takes.
func soon(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !is(); {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within a minute", what)
		}
		time.Sleep(20 * time.Millisecond) //nolint:forbidigo // a poll with a deadline
	}
}

func until(t *testing.T, s *client.RoomSession, what string, is func(api.State) bool) api.State {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	state, err := s.Wait(ctx, is)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	return state
}

func onStage(who identity.PublicKey) func(api.State) bool {
	return func(s api.State) bool {
		_, ok := s.OnStage(who)
		return ok
	}
}

func TestARoomIsInTheHallwayOfOthersAndGoneAfterItsEnd(t *testing.T) {
	s := newSquare(t)
	r := shown(t, s.bea, s.room.ID, true)
	if r.Why != api.WhyGeneral || r.Community.Name != "Café" || r.Title != "On the square" || r.Host != s.room.Host {
		t.Errorf("B shows %+v", r)
	}
	ana := s.a.Enter(t.Context(), s.ana, s.room.ID)
	if err := ana.End(t.Context()); err != nil {
		t.Fatal(err)
	}
	shown(t, s.bea, s.room.ID, false)
	if _, err := s.bea.Enter(t.Context(), s.room.ID); !client.Refused(err, reason.RoomUnknown) {
		t.Errorf("entering a room that ended elsewhere: %v", err)
	}
}

func TestAnEveningAcrossNodes(t *testing.T) {
	ctx := t.Context()
	s := newSquare(t)
	shown(t, s.bea, s.room.ID, true)
	shown(t, s.cleo, s.room.ID, true)
	ana := s.a.Enter(ctx, s.ana, s.room.ID)
	bea := s.b.Enter(ctx, s.bea, s.room.ID)
	cleo := s.c.Enter(ctx, s.cleo, s.room.ID)
	audience := until(t, ana, "both in the audience", func(st api.State) bool { return st.Audience.Count == 2 }).Audience
	for _, p := range audience.People {
		if p.Name != "Ana" || p.Home == nil {
			t.Errorf("somebody in the audience is %+v", p)
		}
	}

	if err := bea.RaiseHand(ctx, "May I?"); err != nil {
		t.Fatal(err)
	}
	state := until(t, ana, "the hand", func(st api.State) bool { return len(st.Hands) == 1 })
	if h := state.Hands[0]; h.Key != s.bea.Key() || h.Name != "Ana" || h.Question != "May I?" || h.Home == nil {
		t.Errorf("the hand is %+v", h)
	}
	until(t, cleo, "the hand at the third node", func(st api.State) bool { return len(st.Hands) == 1 })
	if err := ana.OfferStage(ctx, s.bea.Key()); err != nil {
		t.Fatal(err)
	}
	until(t, bea, "the offer", func(st api.State) bool { _, ok := st.Offered(); return ok })
	if err := bea.AcceptOffer(ctx); err != nil {
		t.Fatal(err)
	}
	until(t, cleo, "Bea on the stage", onStage(s.bea.Key()))

	mouth, here, there := connect(t, bea), connect(t, ana), connect(t, cleo)
	talk(t, mouth)
	if err := bea.Unmute(ctx); err != nil {
		t.Fatal(err)
	}
	hears(t, here, "at the host")
	hears(t, there, "at the third node")

	if err := ana.Mute(ctx, s.bea.Key()); err != nil {
		t.Fatal(err)
	}
	deaf(t, here, "at the host, after a mute")
	deaf(t, there, "at the third node, after a mute")

	if err := ana.Remove(ctx, s.bea.Key(), 0, "spam"); err != nil {
		t.Fatal(err)
	}
	<-bea.Done()
	if err := bea.Err(); !client.Refused(err, reason.RoomRemoved) {
		t.Errorf("the removed member is told %v", err)
	}
	if _, err := s.bea.Enter(ctx, s.room.ID); !client.Refused(err, reason.RoomRemoved) {
		t.Errorf("the removed member enters again: %v", err)
	}
}

func TestARoomOutlivesItsHost(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := newSquare(t)
	shown(t, s.bea, s.room.ID, true)
	shown(t, s.cleo, s.room.ID, true)
	ana := s.a.Enter(ctx, s.ana, s.room.ID)
	bea, cleo := s.b.Enter(ctx, s.bea, s.room.ID), s.c.Enter(ctx, s.cleo, s.room.ID)
	if err := ana.OfferStage(ctx, s.bea.Key()); err != nil {
		t.Fatal(err)
	}
	until(t, bea, "the offer", func(st api.State) bool { _, ok := st.Offered(); return ok })
	if err := bea.AcceptOffer(ctx); err != nil {
		t.Fatal(err)
	}
	until(t, ana, "Bea on the stage", onStage(s.bea.Key()))
	if err := ana.Appoint(ctx, s.bea.Key()); err != nil {
		t.Fatal(err)
	}
	gone := s.b.Join(ctx, s.bea, "Gil")
	gil := s.b.Enter(ctx, gone, s.room.ID)
	if err := ana.Remove(ctx, gone.Key(), 0, "spam"); err != nil {
		t.Fatal(err)
	}
	<-gil.Done()
	mouth, ear := connect(t, bea), connect(t, cleo)
	talk(t, mouth)
	if err := bea.Unmute(ctx); err != nil {
		t.Fatal(err)
	}
	hears(t, ear, "before")
	run := cleo.State().Run
	time.Sleep(4 * time.Second) //nolint:forbidigo // until B and C follow the log of A, and are in line; nothing shows it

	s.a.Stop()
	moved := func(st api.State) bool { return st.Room.Epoch == 2 }
	until(t, bea, "the next host, at B", moved)
	state := until(t, cleo, "the next host, at C", moved)
	if state.Run != run {
		t.Error("the run changed, so every client connects its audio anew")
	}
	p, ok := state.OnStage(s.bea.Key())
	if !ok || p.Role != api.RoleModerator || !p.Muted {
		t.Errorf("Bea is %+v at the next host", p)
	}
	if err := bea.Unmute(ctx); err != nil {
		t.Fatal(err)
	}
	hears(t, ear, "after the host is gone")
	if _, err := gone.Enter(ctx, s.room.ID); !client.Refused(err, reason.RoomRemoved) {
		t.Errorf("who was removed enters at the next host: %v", err)
	}

	ana.Close() // or it comes back by itself, and one of the two replaces the other
	s.a.Start()
	shown(t, s.ana, s.room.ID, true)
	again := s.a.Enter(ctx, s.ana, s.room.ID)
	if st := until(t, again, "the old host follows", moved); st.Role() != api.RoleModerator && st.Role() != api.RoleListener {
		t.Errorf("Ana comes back as %s", st.Role())
	}
}

func TestAHostRefusesWhomItDenies(t *testing.T) {
	ctx := t.Context()
	b := nodetest.New(t)
	bea := b.Found(ctx)
	a := nodetest.With(t, node.Config{Deny: []string{bea.Key().String()}}, b)
	ana := a.Found(ctx)
	room, err := ana.CreateRoom(ctx, "Closed", nil, "en")
	if err != nil {
		t.Fatal(err)
	}
	a.Enter(ctx, ana, room.ID)
	shown(t, bea, room.ID, true)
	if _, err := bea.Enter(ctx, room.ID); !client.Refused(err, reason.CommunityDenied) {
		t.Errorf("a member of a denied community: %v", err)
	}
}

// hears waits until somebody gets packets.
func hears(t *testing.T, c *rtc.Conn, where string) {
	t.Helper()
	before := heard(c)
	soon(t, "speech "+where, func() bool { return heard(c) >= before+10 })
}

// deaf waits until nothing has come for as long as 25 packets take.
func deaf(t *testing.T, c *rtc.Conn, where string) {
	t.Helper()
	soon(t, "silence "+where, func() bool {
		before := loud(c)
		time.Sleep(500 * time.Millisecond) //nolint:forbidigo // the silence that is waited for
		return loud(c) < before+100
	})
}

func heard(c *rtc.Conn) (n uint64) {
	for _, s := range c.Slots() {
		n += s.Packets
	}
	return n
}

// loud is how many bytes of Opus have come: what a slot sends while it rests are a few.
func loud(c *rtc.Conn) (n uint64) {
	for _, s := range c.Slots() {
		n += s.Bytes
	}
	return n
}
