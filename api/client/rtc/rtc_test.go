package rtc_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtp"
	"go.uber.org/goleak"

	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/api/client/rtc"
	"github.com/stoa-rooms/stoa/node/nodetest"
	"github.com/stoa-rooms/stoa/reason"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// talk is speech without end: 20 ms frames of Opus that a forwarder cannot tell from others.
func talk(level int) iter.Seq2[rtc.Frame, error] {
	return func(yield func(rtc.Frame, error) bool) {
		for n := byte(0); ; n++ {
			opus := slices.Concat([]byte{15 << 3}, slices.Repeat([]byte{n}, 60)) // hybrid, 20 ms, one frame
			if !yield(rtc.Frame{Opus: opus, Duration: 20 * time.Millisecond, Level: level}, nil) {
				return
			}
		}
	}
}

// speaking has somebody speak until the test ends.
func speaking(t *testing.T, c *rtc.Conn, level int) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() {
		if err := c.Speak(ctx, talk(level)); !errors.Is(err, context.Canceled) && !errors.Is(err, rtc.ErrClosed) {
			t.Error(err)
		}
	})
	t.Cleanup(func() { cancel(); work.Wait() })
}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	late := time.After(time.Minute)
	for !condition() {
		select {
		case <-look.C:
		case <-late:
			t.Fatalf("never: %s", what)
		}
	}
}

func joined(t *testing.T, s *client.RoomSession, opts rtc.Options) *rtc.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	c, err := rtc.Join(ctx, s, opts)
	ok(t, err)
	t.Cleanup(c.Close)
	return c
}

// pair is a host who is unmuted and a guest who listens, in a room of a real node.
func pair(t *testing.T) (host, guest *client.RoomSession) {
	t.Helper()
	ctx := t.Context()
	n := nodetest.New(t)
	ana := n.Found(ctx)
	leo := n.Join(ctx, ana, "Léo")
	room, err := ana.CreateRoom(ctx, "Evening talk", nil, "en")
	ok(t, err)
	host, guest = n.Enter(ctx, ana, room.ID), n.Enter(ctx, leo, room.ID)
	ok(t, host.Unmute(ctx))
	return host, guest
}

func number(t *testing.T, s *client.RoomSession) uint32 {
	t.Helper()
	p, is := s.State().Self()
	if !is {
		t.Fatal("not on the stage")
	}
	return p.CSRC
}

func TestHearing(t *testing.T) {
	ctx := t.Context()
	host, guest := pair(t)
	var seen atomic.Int64
	speaker := joined(t, host, rtc.Options{})
	listener := joined(t, guest, rtc.Options{OnPacket: func(_ int, p *rtp.Packet) {
		if len(p.Payload) == 61 && len(p.CSRC) == 1 {
			seen.Add(1)
		}
	}})
	speaking(t, speaker, -20)
	ana := number(t, host)
	eventually(t, "100 packets are heard", func() bool { return listener.Speakers()[ana].Packets >= 100 })

	heard := listener.Speakers()[ana]
	if heard.Lost != 0 || heard.Level != -20 || time.Since(heard.At) > 5*time.Second || heard.Bytes != 61*heard.Packets {
		t.Errorf("heard %+v", heard)
	}
	slots := listener.Slots()
	if len(slots) != 3 || slots[0].Packets < 100 || slots[1].Packets+slots[2].Packets != 0 {
		t.Errorf("slots %+v", slots)
	}
	if seen.Load() < 100 {
		t.Errorf("the callback saw %d packets", seen.Load())
	}
	for _, s := range speaker.Slots() {
		if s.Packets != 0 {
			t.Error("the speaker hears themselves")
		}
	}
	if len(listener.Speakers()) != 1 {
		t.Errorf("heard: %+v", listener.Speakers())
	}
	eventually(t, "the node reports on the microphone", func() bool { return speaker.Report().Count > 0 })
	if r := speaker.Report(); r.FractionLost != 0 {
		t.Errorf("lost on loopback: %+v", r)
	}

	// Muted, whatever the client goes on sending.
	ok(t, host.MuteSelf(ctx))
	before, sent := listener.Speakers()[ana].Packets, speaker.Sent()
	eventually(t, "15 more packets are sent", func() bool { return speaker.Sent() >= sent+15 })
	if after := listener.Speakers()[ana].Packets; after > before+2 { // what was under way
		t.Errorf("%d packets heard while muted", after-before)
	}
	ok(t, host.Unmute(ctx))
	eventually(t, "heard again", func() bool { return listener.Speakers()[ana].Packets > before+50 })
	if lost := listener.Speakers()[ana].Lost; lost != 0 {
		t.Errorf("%d packets read as lost after a pause", lost)
	}
}

func TestStageWithoutRenegotiation(t *testing.T) {
	ctx := t.Context()
	host, guest := pair(t)
	ears := joined(t, host, rtc.Options{})
	voice := joined(t, guest, rtc.Options{})
	speaking(t, voice, -30) // from the audience
	eventually(t, "ten packets are sent", func() bool { return voice.Sent() >= 10 })
	if heard := ears.Speakers(); len(heard) != 0 {
		t.Errorf("the audience is heard: %+v", heard)
	}
	leo := guest.Client().Key()
	ok(t, host.OfferStage(ctx, leo))
	ok(t, guest.AcceptOffer(ctx))
	ok(t, guest.Unmute(ctx))
	state, err := guest.Wait(ctx, func(s client.State) bool { _, is := s.Self(); return is })
	ok(t, err)
	self, _ := state.Self()
	eventually(t, "the guest is heard", func() bool { return ears.Speakers()[self.CSRC].Packets > 20 })
	ok(t, host.Remove(ctx, leo, 0, "spam"))
	select {
	case <-voice.Done():
	case <-time.After(10 * time.Second):
		t.Error("the connection of somebody who was removed goes on")
	}
	if err := voice.WriteOpus(rtc.Frame{Opus: []byte{0xf8, 1, 2}, Duration: 20 * time.Millisecond}); !errors.Is(err, rtc.ErrClosed) {
		t.Errorf("writing to what is over: %v", err)
	}
	_, err = rtc.Join(ctx, guest, rtc.Options{})
	if !client.Refused(err, reason.RoomRemoved) {
		t.Errorf("joining after the removal: %v", err)
	}
}

func TestManyListeners(t *testing.T) {
	const listeners = 40
	ctx := t.Context()
	n := nodetest.New(t)
	ana := n.Found(ctx)
	room, err := ana.CreateRoom(ctx, "Evening talk", nil, "en")
	ok(t, err)
	host := n.Enter(ctx, ana, room.ID)
	ok(t, host.Unmute(ctx))
	engine, err := rtc.NewEngine()
	ok(t, err)
	speaker := joined(t, host, rtc.Options{Engine: engine})
	speaking(t, speaker, -20)

	by := ana // each brings in the next
	conns := make([]*rtc.Conn, listeners)
	var work sync.WaitGroup
	for i := range conns {
		by = n.Join(ctx, by, fmt.Sprintf("Listener %d", i))
		session := n.Enter(ctx, by, room.ID)
		work.Go(func() {
			var err error
			if conns[i], err = rtc.Join(ctx, session, rtc.Options{Engine: engine, Slots: 1}); err != nil {
				t.Error(err)
			}
		})
	}
	work.Wait()
	if t.Failed() {
		return
	}
	for i, c := range conns {
		eventually(t, fmt.Sprintf("listener %d hears", i), func() bool { return c.Slots()[0].Packets > 20 })
	}
	for _, c := range conns {
		work.Go(c.Close)
	}
	work.Wait()
	conns[0].Close() // again
}

func TestJoinFromOutsideTheRoom(t *testing.T) {
	host, guest := pair(t)
	guest.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, err := host.Wait(ctx, func(s client.State) bool { return s.Audience.Count == 0 && s.N > 1 })
	ok(t, err)
	if _, err := rtc.Join(ctx, guest, rtc.Options{}); !client.Refused(err, reason.RoomNotHere) {
		t.Error(err)
	}
}

func TestWriteOpusRefuses(t *testing.T) {
	host, _ := pair(t)
	c := joined(t, host, rtc.Options{Slots: 1})
	for name, f := range map[string]rtc.Frame{
		"nothing":    {Duration: 20 * time.Millisecond},
		"no time":    {Opus: []byte{1}},
		"too long":   {Opus: []byte{1}, Duration: time.Second},
		"too loud":   {Opus: []byte{1}, Duration: 20 * time.Millisecond, Level: 1},
		"too silent": {Opus: []byte{1}, Duration: 20 * time.Millisecond, Level: -128},
	} {
		if err := c.WriteOpus(f); err == nil {
			t.Errorf("%s was written", name)
		}
	}
	broken := errors.New("broken")
	err := c.Speak(t.Context(), func(yield func(rtc.Frame, error) bool) { yield(rtc.Frame{}, broken) })
	if !errors.Is(err, broken) {
		t.Error(err)
	}
}

// ok fails the test on an error.
func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
