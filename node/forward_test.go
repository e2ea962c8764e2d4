package node_test

import (
	"context"
	"errors"
	"iter"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/api/client/rtc"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
)

// silence is how long after a moderator's command a packet may still arrive: it was on its way.
const silence = 100 * time.Millisecond

// party is a room of a real node: Ana moderates, Léo is on the stage and talks whatever he is told, Mina listens.
type party struct {
	node            *process
	ana, leo, mina  *client.RoomSession
	mouth, ear      *rtc.Conn // Léo's and Mina's audio
	leoKey, minaKey identity.PublicKey
}

func newParty(t *testing.T) *party {
	t.Helper()
	ctx := t.Context()
	n := startProcess(t, filepath.Join(t.TempDir(), "data"), "127.0.0.1:0")
	ana, leo, mina := n.client(), n.client(), n.client()
	if _, err := ana.Found(ctx, n.lines["owner"], "Café", "Ana"); err != nil {
		t.Fatal(err)
	}
	for c, name := range map[*client.Client]string{leo: "Léo", mina: "Mina"} {
		link, err := ana.CreateInvite(ctx, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Join(ctx, link.String(), name); err != nil {
			t.Fatal(err)
		}
	}
	room, err := ana.CreateRoom(ctx, "On the porch", nil, "en")
	if err != nil {
		t.Fatal(err)
	}
	p := &party{node: n, leoKey: leo.Key(), minaKey: mina.Key()}
	p.ana, p.leo, p.mina = enter(t, ana, room.ID), enter(t, leo, room.ID), enter(t, mina, room.ID)
	bringOnStage(t, p.ana, p.leo)
	p.ear, p.mouth = connect(t, p.mina), connect(t, p.leo)
	talk(t, p.mouth)
	return p
}

func connect(t *testing.T, s *client.RoomSession) *rtc.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	c, err := rtc.Join(ctx, s, rtc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// talk sends speech until the test ends, whether or not anybody wants it.
func talk(t *testing.T, c *rtc.Conn) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() {
		err := c.Speak(ctx, frames())
		if !errors.Is(err, context.Canceled) && !errors.Is(err, rtc.ErrClosed) {
			t.Error(err)
		}
	})
	t.Cleanup(func() { cancel(); work.Wait() })
}

func frames() iter.Seq2[rtc.Frame, error] {
	return func(yield func(rtc.Frame, error) bool) {
		for n := byte(0); ; n++ {
			opus := slices.Concat([]byte{15 << 3}, slices.Repeat([]byte{n}, 60)) // hybrid, 20 ms, one frame
			if !yield(rtc.Frame{Opus: opus, Duration: 20 * time.Millisecond, Level: -20}, nil) {
				return
			}
		}
	}
}

// packets is how many packets of anybody Mina has got.
func (p *party) packets() uint64 {
	var n uint64
	for _, s := range p.ear.Slots() {
		n += s.Packets
	}
	return n
}

func (p *party) hear(t *testing.T) {
	t.Helper()
	before := p.packets()
	for deadline := time.Now().Add(10 * time.Second); p.packets() < before+10; {
		if time.Now().After(deadline) {
			t.Fatal("nothing is heard")
		}
		time.Sleep(5 * time.Millisecond) //nolint:forbidigo // a poll with a deadline
	}
}

// silent holds from now on, packets on their way excepted, for as long as 25 packets take.
func (p *party) silent(t *testing.T) {
	t.Helper()
	time.Sleep(silence) //nolint:forbidigo // the bound that is tested
	before := p.packets()
	time.Sleep(500 * time.Millisecond) //nolint:forbidigo // 25 packets would have come
	if after := p.packets(); after != before {
		t.Errorf("%d packets came more than %v after the command", after-before, silence)
	}
}

func TestOnlyThePermittedAreForwarded(t *testing.T) {
	p := newParty(t)
	ctx := t.Context()
	t.Run("on the stage, muted", p.silent)
	if err := p.leo.Unmute(ctx); err != nil {
		t.Fatal(err)
	}
	t.Run("unmuted", p.hear)
	if err := p.ana.Mute(ctx, p.leoKey); err != nil {
		t.Fatal(err)
	}
	t.Run("muted by a moderator", p.silent)
	if err := p.leo.Unmute(ctx); err != nil {
		t.Fatal(err)
	}
	t.Run("unmuted again", p.hear)
	if err := p.leo.MuteSelf(ctx); err != nil {
		t.Fatal(err)
	}
	t.Run("muted by oneself", p.silent)
	if err := p.leo.Unmute(ctx); err != nil {
		t.Fatal(err)
	}
	p.hear(t)
	if err := p.ana.Move(ctx, p.leoKey); err != nil {
		t.Fatal(err)
	}
	t.Run("moved to the audience", p.silent)
	if err := p.leo.Unmute(ctx); !client.Refused(err, reason.RoomRole) {
		t.Errorf("a listener unmutes: %v", err)
	}
	t.Run("still in the audience", p.silent)
}

func TestARemovedPersonIsOut(t *testing.T) {
	p := newParty(t)
	ctx := t.Context()
	if err := p.leo.Unmute(ctx); err != nil {
		t.Fatal(err)
	}
	p.hear(t)
	talk(t, connectSpeaking(t, p.ana))
	heardBy := func() (n uint64) {
		for _, s := range p.mouth.Slots() {
			n += s.Packets
		}
		return n
	}
	eventually(t, "Léo hears Ana", func() bool { return heardBy() > 10 })
	if err := p.ana.Remove(ctx, p.leoKey, 0, "spam"); err != nil {
		t.Fatal(err)
	}
	time.Sleep(silence) //nolint:forbidigo // the bound that is tested
	before := heardBy()
	time.Sleep(500 * time.Millisecond) //nolint:forbidigo // 25 packets would have come
	if after := heardBy(); after != before {
		t.Errorf("the removed person got %d packets more", after-before)
	}
	<-p.leo.Done()
	if err := p.leo.Err(); !client.Refused(err, reason.RoomRemoved) {
		t.Errorf("the session of the removed person ended with %v", err)
	}
	if _, err := p.leo.Client().Enter(ctx, p.leo.Room()); !client.Refused(err, reason.RoomRemoved) {
		t.Errorf("the removed person enters again: %v", err)
	}
	if _, _, err := p.leo.Client().OfferMedia(ctx, p.leo.Room(), "v=0\r\n"); !client.Refused(err, reason.RoomRemoved) {
		t.Errorf("the removed person connects audio again: %v", err)
	}
	if err := p.leo.Client().Act(ctx, p.leo.Room(), api.Action{Type: api.ActUnmute}); !client.Refused(err, reason.RoomRemoved) {
		t.Errorf("the removed person acts: %v", err)
	}
	if _, err := p.leo.Client().Room(ctx, p.leo.Room()); !client.Refused(err, reason.RoomRemoved) {
		t.Errorf("the removed person asks for the room: %v", err)
	}
	// Nor does a restart of the node forget it.
	p.node.kill(t)
	p.node = startProcess(t, p.node.data, p.node.addr)
	if _, err := p.leo.Client().Enter(ctx, p.leo.Room()); !client.Refused(err, reason.RoomRemoved) {
		t.Errorf("the removed person enters after a restart: %v", err)
	}
}

// connectSpeaking connects the audio of somebody on the stage and unmutes them.
func connectSpeaking(t *testing.T, s *client.RoomSession) *rtc.Conn {
	t.Helper()
	c := connect(t, s)
	if err := s.Unmute(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c
}

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !condition(); {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
		time.Sleep(5 * time.Millisecond) //nolint:forbidigo // a poll with a deadline
	}
}

// TestSpeakersReceiveReports holds the node to telling speakers how they arrive: without it browsers send no FEC.
func TestSpeakersReceiveReports(t *testing.T) {
	p := newParty(t)
	if err := p.leo.Unmute(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a receiver report", func() bool { return p.mouth.Report().Count > 0 })
}
