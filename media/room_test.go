package media

import (
	"sync"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"github.com/stoa-rooms/stoa/reason"
)

func TestOneSpeakerThreeListeners(t *testing.T) {
	r := startServer(t, Config{}).Room(roomID(1))
	r.Allow(1, true)
	speaker := join(t, r, 1, clientOptions{slots: 3, mic: true})
	var audience []*client
	for n := range uint32(3) {
		audience = append(audience, join(t, r, 2+n, clientOptions{slots: 3, mic: true}))
	}
	talk(60, map[*client]uint8{speaker: 30}) // wraps sequence number and timestamp
	for _, c := range audience {
		until(t, "60 packets heard", func() bool { return len(c.packets()) == 60 })
		first := c.packets()[0].header
		for i, p := range c.packets() {
			switch {
			case len(p.header.CSRC) != 1 || p.header.CSRC[0] != 1:
				t.Fatalf("CSRC %v", p.header.CSRC)
			case p.level != 0x80|30:
				t.Fatalf("level %#x", p.level)
			case p.header.SequenceNumber != uint16(1+i):
				t.Fatalf("packet %d has sequence number %d", i, p.header.SequenceNumber)
			case p.header.Timestamp != first.Timestamp+uint32(960*i):
				t.Fatalf("packet %d has timestamp %d after %d", i, p.header.Timestamp, first.Timestamp)
			case p.header.Marker != (i == 0):
				t.Fatalf("marker of packet %d is %v", i, p.header.Marker)
			case p.size != len(speech):
				t.Fatalf("payload of %d bytes", p.size)
			}
		}
	}
	if got := speaker.packets(); len(got) != 0 {
		t.Fatalf("the speaker heard %d packets of their own", len(got))
	}
	if s := r.Stats().People[1]; s.Forwarded != 60 || s.Received != 60 || s.LastForwarded.IsZero() {
		t.Fatalf("stats %+v", s)
	}
}

func TestThreeOfFiveSpeakers(t *testing.T) {
	r := startServer(t, Config{}).Room(roomID(1))
	levels := map[*client]uint8{}
	var all []*client
	for n := range uint32(5) {
		r.Allow(1+n, true)
		c := join(t, r, 1+n, clientOptions{slots: 3, mic: true})
		all = append(all, c)
		levels[c] = []uint8{30, 55, 22, 48, 36}[n]
	}
	listener := join(t, r, 9, clientOptions{slots: 3})
	one := join(t, r, 10, clientOptions{slots: 1})
	settled := func(each uint64) func() bool {
		return func() bool {
			for _, c := range all {
				if p := r.Stats().People[c.number]; p.Received < each {
					return false
				}
			}
			return true
		}
	}
	talk(60, levels) // the quiet ones may have a slot until the loud have come
	until(t, "all received", settled(60))
	before, alone := listener.speakers(), one.speakers()
	talk(50, levels)
	until(t, "all received", settled(110))
	for n, loud := range map[uint32]bool{1: true, 2: false, 3: true, 4: false, 5: true} {
		if loud {
			until(t, "a loud voice is heard", func() bool { return listener.speakers()[n] > before[n]+40 })
		} else if got := listener.speakers()[n] - before[n]; got > 5 { // a packet that is late on a busy machine is silence
			t.Errorf("%d was heard %d times beside three louder voices", n, got)
		}
	}
	if now := one.speakers(); now[3] <= alone[3]+40 {
		t.Errorf("with one slot: %v, then %v", alone, now)
	}
	for _, c := range all {
		if got := c.speakers(); got[c.number] != 0 {
			t.Errorf("%d heard %d packets of their own", c.number, got[c.number])
		}
	}
	if got := all[0].speakers(); got[3] == 0 || got[5] == 0 {
		t.Errorf("a speaker heard %v", got)
	}
}

// TestMuteActsOnTheNextPacket: after Allow(false) has returned nothing is forwarded, though the client goes on sending.
func TestMuteActsOnTheNextPacket(t *testing.T) {
	r := startServer(t, Config{}).Room(roomID(1))
	r.Allow(1, true)
	speaker := join(t, r, 1, clientOptions{slots: 3, mic: true})
	listener := join(t, r, 2, clientOptions{slots: 3})
	for range 5 {
		stop := goOn(speaker)
		heard := len(listener.packets())
		until(t, "heard", func() bool { return len(listener.packets()) > heard+5 })
		r.Allow(1, false)
		was := r.Stats().People[1]
		until(t, "the client goes on", func() bool { return r.Stats().People[1].Refused > was.Refused+10 })
		if now := r.Stats().People[1]; now.Forwarded != was.Forwarded || !now.LastForwarded.Equal(was.LastForwarded) {
			t.Errorf("%d packets were forwarded after the mute", now.Forwarded-was.Forwarded)
		}
		stop()
		r.Allow(1, true)
	}
}

// goOn lets a client talk until the returned function is called or the test ends.
func goOn(c *client) (stop func()) {
	stopping, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stopping:
				return
			default:
				talk(1, map[*client]uint8{c: 30})
			}
		}
	}()
	stop = sync.OnceFunc(func() {
		close(stopping)
		<-stopped
	})
	c.t.Cleanup(stop)
	return stop
}

func TestAudienceIsNotForwardedOverTheNetwork(t *testing.T) {
	r := startServer(t, Config{}).Room(roomID(1))
	r.Allow(1, true)
	speaker := join(t, r, 1, clientOptions{slots: 3, mic: true})
	intruder := join(t, r, 2, clientOptions{slots: 3, mic: true})
	listener := join(t, r, 3, clientOptions{slots: 3})
	talk(30, map[*client]uint8{speaker: 40, intruder: 10})
	until(t, "the speaker is heard", func() bool { return listener.speakers()[1] == 30 })
	until(t, "the intruder is refused", func() bool { return r.Stats().People[2].Refused == 30 })
	if got := listener.speakers()[2]; got != 0 {
		t.Fatalf("%d packets of the audience were forwarded", got)
	}
}

// TestNewLegReplacesTheOld: what still comes over the old one is not forwarded, and the old one ends.
func TestNewLegReplacesTheOld(t *testing.T) {
	closed := make(chan LegID, 10)
	r := startServer(t, Config{}).Room(roomID(1))
	r.OnLegClosed(func(_ uint32, leg LegID) { closed <- leg })
	r.Allow(1, true)
	listener := join(t, r, 2, clientOptions{slots: 3})
	old := join(t, r, 1, clientOptions{slots: 3, mic: true})
	talk(10, map[*client]uint8{old: 30})
	until(t, "the old leg is heard", func() bool { return listener.speakers()[1] == 10 })
	r.mu.Lock()
	before := r.people[1].leg(Both)
	r.mu.Unlock()
	c := join(t, r, 1, clientOptions{slots: 3, mic: true})
	if c.leg == old.leg {
		t.Fatal("the same leg")
	}
	for i := range 5 { // what was decrypted before the old leg ended
		before.heard(marshal(t, rtp.Packet{
			Header:  rtp.Header{Version: 2, PayloadType: 109, SSRC: old.mic.ssrc, SequenceNumber: old.seq + uint16(i), Timestamp: old.ts + uint32(960*i)},
			Payload: speech,
		}))
	}
	until(t, "refused", func() bool { return r.Stats().People[1].Refused == 5 })
	talk(10, map[*client]uint8{old: 30, c: 30})
	until(t, "the new leg is heard", func() bool { return listener.speakers()[1] == 20 })
	if got := r.Stats().People[1]; got.Forwarded != 20 {
		t.Errorf("%d packets forwarded, not 10 and 10", got.Forwarded)
	}
	for i, p := range listener.packets() {
		if p.header.SequenceNumber != uint16(1+i) {
			t.Fatalf("packet %d has sequence number %d", i, p.header.SequenceNumber)
		}
	}
	if err := r.Hangup(1, old.leg); reason.Of(err) != reason.MediaLegGone {
		t.Errorf("hangup of the old leg: %v", err)
	}
	check(t, r.Hangup(1, c.leg))
	if s := r.Stats().People[1]; s.Leg != "" || !s.Allowed {
		t.Errorf("after hangup: %+v", s)
	}
	if len(closed) != 0 {
		t.Error("OnLegClosed told of a leg that its owner ended")
	}
}

// TestDroppedPersonHearsAndSaysNothing, also over the old connection and with a new one.
func TestDroppedPersonHearsAndSaysNothing(t *testing.T) {
	r := startServer(t, Config{}).Room(roomID(1))
	r.Allow(1, true)
	r.Allow(2, true)
	speaker := join(t, r, 1, clientOptions{slots: 3, mic: true})
	removed := join(t, r, 2, clientOptions{slots: 3, mic: true})
	listener := join(t, r, 3, clientOptions{slots: 3})
	talk(10, map[*client]uint8{speaker: 30, removed: 30})
	until(t, "both are heard", func() bool { s := listener.speakers(); return s[1] == 10 && s[2] == 10 })
	until(t, "all is heard", func() bool { return len(removed.packets()) == 10 })
	r.Drop(2)
	talk(10, map[*client]uint8{speaker: 30, removed: 30})
	until(t, "the other is heard", func() bool { return listener.speakers()[1] == 20 })
	if got := listener.speakers()[2]; got != 10 {
		t.Errorf("%d packets of a dropped person were forwarded", got-10)
	}
	if got := len(removed.packets()); got != 10 {
		t.Errorf("a dropped person heard %d packets", got-10)
	}
	if _, there := r.Stats().People[2]; there {
		t.Error("a dropped person is still counted")
	}
	again := join(t, r, 2, clientOptions{slots: 3, mic: true})
	talk(10, map[*client]uint8{again: 30})
	until(t, "refused", func() bool { return r.Stats().People[2].Refused == 10 })
	if got := listener.speakers()[2]; got != 10 {
		t.Errorf("permission survived Drop: %d packets", got-10)
	}
}

// TestUnfitPackets: foreign payload types, foreign SSRCs, padding and junk are not forwarded and break nothing.
func TestUnfitPackets(t *testing.T) {
	r := startServer(t, Config{}).Room(roomID(1))
	r.Allow(1, true)
	speaker := join(t, r, 1, clientOptions{slots: 1, mic: true})
	listener := join(t, r, 2, clientOptions{slots: 3})
	talk(2, map[*client]uint8{speaker: 30})
	until(t, "heard", func() bool { return len(listener.packets()) == 2 })
	for i := range 200 {
		h := rtp.Header{Version: 2, PayloadType: 109, SSRC: speaker.mic.ssrc, SequenceNumber: speaker.seq, Timestamp: speaker.ts}
		speaker.seq++
		switch i % 4 {
		case 0:
			h.PayloadType = 0
		case 1:
			h.SSRC = uint32(i)
		case 2:
			h.Padding, h.PaddingSize = true, 255
			speaker.write(&h, nil)
			continue
		case 3:
			speaker.write(&h, make([]byte, 1300))
			continue
		}
		speaker.write(&h, speech)
	}
	until(t, "counted", func() bool { return r.Stats().People[1].Unfit >= 100 })
	talk(5, map[*client]uint8{speaker: 30})
	until(t, "still heard", func() bool { return len(listener.packets()) == 7 })
	if s := r.Stats().People[1]; s.Forwarded != 7 {
		t.Errorf("%+v", s)
	}
}

// TestFloodIsCut: a client that sends without pause is forwarded at a bounded rate.
func TestFloodIsCut(t *testing.T) {
	r := startServer(t, Config{}).Room(roomID(1))
	r.Allow(1, true)
	speaker := join(t, r, 1, clientOptions{slots: 1, mic: true})
	join(t, r, 2, clientOptions{slots: 1})
	start := time.Now()
	for range 3000 {
		speaker.speak(30, speech)
	}
	until(t, "many arrived", func() bool { return r.Stats().People[1].Received > 1000 })
	most := uint64(packetBurst + packetRate*(time.Since(start).Seconds()+1))
	until(t, "the rest is cut off", func() bool { s := r.Stats().People[1]; return s.Excess >= s.Received-most })
	if s := r.Stats().People[1]; s.Forwarded > most {
		t.Errorf("%d packets forwarded, at most %d expected", s.Forwarded, most)
	}
}

// TestSpeakersGetReports: a speaker's receiver reports carry the loss that a listener reports.
func TestSpeakersGetReports(t *testing.T) {
	r := startServer(t, Config{}).Room(roomID(1))
	r.Allow(1, true)
	speaker := join(t, r, 1, clientOptions{slots: 1, mic: true})
	listener := join(t, r, 2, clientOptions{slots: 1})
	reported := func() (rtcp.ReceptionReport, bool) {
		speaker.mu.Lock()
		defer speaker.mu.Unlock()
		if n := len(speaker.reports); n > 0 {
			return speaker.reports[n-1], true
		}
		return rtcp.ReceptionReport{}, false
	}
	until(t, "a report without loss", func() bool {
		talk(5, map[*client]uint8{speaker: 30})
		got, ok := reported()
		return ok && got.SSRC == speaker.mic.ssrc && got.FractionLost < 26 && got.LastSequenceNumber > 1<<16|65500
	})
	slot := listener.packets()[0].header.SSRC
	check(t, listener.pc.WriteRTCP([]rtcp.Packet{&rtcp.ReceiverReport{SSRC: 1, Reports: []rtcp.ReceptionReport{{SSRC: slot, FractionLost: 26}}}}))
	until(t, "a report with the audience's loss", func() bool {
		talk(5, map[*client]uint8{speaker: 30})
		got, _ := reported()
		return got.FractionLost >= 26 && got.FractionLost < 60
	})
	if loss := r.Stats().People[2].Loss; loss < 0.1 || loss > 0.11 {
		t.Errorf("the listener's loss is %v", loss)
	}
}
