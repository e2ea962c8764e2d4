package media

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// fakeLeg keeps what it is asked to send.
type fakeLeg struct {
	n    int
	sent []sentPacket
}

type sentPacket struct {
	build
	number uint16
}

func (f *fakeLeg) slots() int                { return f.n }
func (f *fakeLeg) ssrc(slot int) uint32      { return uint32(slot) }
func (f *fakeLeg) send(b *build, seq uint16) { f.sent = append(f.sent, sentPacket{*b, seq}) }
func (f *fakeLeg) report(report)             {}
func (f *fakeLeg) close()                    {}
func (f *fakeLeg) done() <-chan struct{}     { return nil }

// hall is a forwarder with fake people.
type hall struct {
	*forwarder
	people map[uint32]*fakePerson
	now    time.Duration
}

type fakePerson struct {
	*person
	*listener
	leg *fakeLeg
	seq uint16
	ts  uint32
}

func newHall(slots int, takes ...int) *hall {
	h := &hall{forwarder: newForwarder(slots), people: map[uint32]*fakePerson{}}
	for i, n := range takes {
		p := &fakePerson{person: &person{number: uint32(1 + i)}, leg: &fakeLeg{n: n}, seq: uint16(7000 * i), ts: uint32(i) << 30}
		p.listener = h.add(p.person, p.leg)
		h.people[p.number] = p
	}
	return h
}

// say lets a person send one packet.
func (h *hall) say(number uint32, level uint8) {
	p := h.people[number]
	p.seq++
	p.ts += 960
	h.forward(p.person, uint64(number), packet{seq: p.seq, timestamp: p.ts, level: level, payload: speech}, h.now)
}

// heard counts the packets of each speaker that a person got.
func (h *hall) heard(number uint32) map[uint32]int {
	out := map[uint32]int{}
	for _, b := range h.people[number].leg.sent {
		out[b.speaker]++
	}
	return out
}

// TestOneSlotHearsTheDominantSpeaker: a listener who takes one slot gets the loudest voice, while others get three.
func TestOneSlotHearsTheDominantSpeaker(t *testing.T) {
	h := newHall(3, 3, 3, 3, 3, 1, 3, 2)
	levels := map[uint32]uint8{1: 40, 2: 34, 3: 22, 4: 46}
	for n := range levels {
		h.people[n].may.Store(true)
	}
	for range 200 {
		for n, level := range levels {
			h.say(n, level)
		}
		h.now += frameTime
	}
	tail := func(number uint32) map[uint32]bool {
		out := map[uint32]bool{}
		sent := h.people[number].leg.sent
		for _, b := range sent[len(sent)-30:] {
			out[b.speaker] = true
		}
		return out
	}
	if got := tail(5); len(got) != 1 || !got[3] {
		t.Errorf("with one slot: %v", got)
	}
	if got := tail(7); len(got) != 2 || !got[3] || !got[2] {
		t.Errorf("with two slots: %v", got)
	}
	if got := tail(6); len(got) != 3 || got[4] {
		t.Errorf("with three slots: %v", got)
	}
	if got := h.heard(3); got[3] != 0 || got[1] == 0 || got[2] == 0 {
		t.Errorf("the loudest heard %v", got)
	}
}

// TestAudienceIsNotForwarded: whoever was not allowed is not, however loud.
func TestAudienceIsNotForwarded(t *testing.T) {
	h := newHall(3, 3, 3)
	for range 100 {
		h.say(1, 10)
		h.now += frameTime
	}
	if len(h.people[2].leg.sent) != 0 {
		t.Fatalf("%d packets of the audience were forwarded", len(h.people[2].leg.sent))
	}
	if n := h.people[1].refused.Load(); n != 100 {
		t.Fatalf("%d packets counted as refused", n)
	}
}

// TestMuteStopsAFanOut: somebody muted while a packet of theirs goes out to the audience is not sent to the rest.
func TestMuteStopsAFanOut(t *testing.T) {
	h := newHall(1, 1, 1, 1)
	h.people[1].may.Store(true)
	cut := &cuttingLeg{fakeLeg: fakeLeg{n: 1}, who: h.people[1].person}
	h.remove(h.people[2].listener)
	h.remove(h.people[3].listener)
	h.add(h.people[2].person, cut)
	h.add(h.people[3].person, h.people[3].leg)
	h.say(1, 20)
	if len(cut.sent) != 1 || len(h.people[3].leg.sent) != 0 {
		t.Fatalf("sent %d before the mute and %d after it", len(cut.sent), len(h.people[3].leg.sent))
	}
}

// cuttingLeg mutes who as soon as it gets a packet.
type cuttingLeg struct {
	fakeLeg
	who *person
}

func (c *cuttingLeg) send(b *build, seq uint16) {
	c.fakeLeg.send(b, seq)
	c.who.may.Store(false)
}

// TestForwarderInvariants: in any course of a conversation nobody hears themselves or anyone who may not speak, and
// every listener's slots are streams without holes whose time never runs backwards.
func TestForwarderInvariants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := newHall(3, 3, 3, 1, 2, 3, 3, 0)
		all := uint32(len(h.people))
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			n := uint32(rapid.IntRange(1, int(all)).Draw(t, "person"))
			p := h.people[n]
			switch rapid.IntRange(0, 20).Draw(t, "what") {
			case 0:
				p.may.Store(!p.may.Load())
				h.quiet(n)
			case 1: // a new leg in place of the old: numbers start anew
				h.remove(p.listener)
				checkStreams(t, n, p.leg.sent)
				p.leg = &fakeLeg{n: p.leg.n}
				p.listener = h.add(p.person, p.leg)
			case 2:
				h.forget(n)
			default:
				counts := map[uint32]int{}
				for m, q := range h.people {
					counts[m] = len(q.leg.sent)
				}
				h.say(n, rapid.Uint8Range(10, 90).Draw(t, "level"))
				for m, q := range h.people {
					for _, b := range q.leg.sent[counts[m]:] {
						switch {
						case b.speaker != n:
							t.Fatalf("%d is sent as %d", n, b.speaker)
						case b.speaker == m:
							t.Fatalf("%d hears themselves", m)
						case !p.may.Load():
							t.Fatalf("%d is forwarded and may not speak", n)
						}
					}
				}
				h.now += time.Duration(rapid.IntRange(0, 15).Draw(t, "ms")) * time.Millisecond
			}
		}
		for m, q := range h.people {
			checkStreams(t, m, q.leg.sent)
		}
	})
}

func checkStreams(t *rapid.T, who uint32, sent []sentPacket) {
	last := map[int]sentPacket{}
	for _, b := range sent {
		before, ok := last[b.slot]
		last[b.slot] = b
		switch {
		case !ok && b.number != 1:
			t.Fatalf("listener %d, slot %d starts at %d", who, b.slot, b.number)
		case ok && b.number != before.number+1:
			t.Fatalf("listener %d, slot %d: %d after %d", who, b.slot, b.number, before.number)
		case ok && int32(b.timestamp-before.timestamp) <= 0:
			t.Fatalf("listener %d, slot %d: time %d after %d", who, b.slot, b.timestamp, before.timestamp)
		}
	}
}
