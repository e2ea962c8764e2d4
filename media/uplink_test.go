package media

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/stoa-rooms/stoa/reason"
)

// TestFailedFollow: whatever comes between, Follow says what, and leaves no link.
func TestFailedFollow(t *testing.T) {
	host := startServer(t, Config{}).Room(roomID(1))
	boom := errors.New("boom")
	silent := newPath(t)
	silent.cut.Store(true)
	silenced := startPatient(t, Config{Public: []netip.AddrPort{silent.addr}}, patience{time.Second, disconnectedAfter, failedAfter}).Room(roomID(1))
	b := startPatient(t, Config{}, patience{time.Second, disconnectedAfter, failedAfter}).Room(roomID(1))
	tests := []struct {
		name string
		ask  exchange
		want error
	}{
		{"the exchange fails", func(context.Context, string) (string, error) { return "", boom }, boom},
		{"no answer", func(context.Context, string) (string, error) { return "hello", nil }, reason.Reject(reason.MediaSDP, "")},
		{"the answer of a page's leg", func(ctx context.Context, offer string) (string, error) {
			answer, _, err := host.Offer(ctx, 8, offer, Options{})
			return answer, err
		}, reason.Reject(reason.MediaSDP, "")},
		{"unreachable", askedAs("b", silenced), reason.Reject(reason.RoomHostLost, "")},
		{"the room leads meanwhile", func(ctx context.Context, offer string) (string, error) {
			b.Lead()
			return host.AnswerLink(ctx, "b", offer)
		}, reason.Reject(reason.MediaLegGone, "")},
		{"too slow", func(ctx context.Context, offer string) (string, error) {
			until(t, "the handshake expires", func() bool {
				b.server.mu.Lock()
				defer b.server.mu.Unlock()
				return b.server.handshakes == 0
			})
			return host.AnswerLink(ctx, "b", offer)
		}, reason.Reject(reason.RoomHostLost, "")},
	}
	for _, tt := range tests {
		err := b.Follow(t.Context(), tt.ask)
		if !errors.Is(err, tt.want) && (reason.Of(tt.want) == "" || reason.Of(err) != reason.Of(tt.want)) {
			t.Errorf("%s: %v", tt.name, err)
		}
		if s := b.Stats(); s.Uplink != nil || b.UplinkLost() != nil {
			t.Errorf("%s: an uplink remains", tt.name)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	err := b.Follow(ctx, func(ctx context.Context, offer string) (string, error) {
		defer cancel()
		return silenced.AnswerLink(ctx, "b", offer)
	})
	if !errors.Is(err, context.Canceled) || b.Stats().Uplink != nil {
		t.Errorf("given up: %v", err)
	}
	b.server.wait.handshake = handshakeTime // this one is to connect, on a slow machine too
	check(t, b.Follow(t.Context(), askedAs("b", host)))
	b.Close()
	if err := b.Follow(t.Context(), askedAs("b", host)); reason.Of(err) != reason.RoomEnded {
		t.Errorf("a closed room: %v", err)
	}
	idle, err := New(Config{})
	check(t, err)
	if err := idle.Room(roomID(1)).Follow(t.Context(), askedAs("b", host)); reason.Of(err) != reason.ShuttingDown {
		t.Errorf("before Run: %v", err)
	}
}

// TestFollowReplaces: the second of two at once wins, and the first says so.
func TestFollowReplaces(t *testing.T) {
	host := startServer(t, Config{}).Room(roomID(1))
	b := startServer(t, Config{}).Room(roomID(1))
	other := startServer(t, Config{}).Room(roomID(1))
	var second error
	first := b.Follow(t.Context(), func(ctx context.Context, offer string) (string, error) {
		second = b.Follow(ctx, askedAs("b", other))
		return host.AnswerLink(ctx, "b", offer)
	})
	if second != nil || reason.Of(first) != reason.MediaLegGone {
		t.Fatalf("first %v, second %v", first, second)
	}
	before := b.UplinkLost()
	check(t, b.Follow(t.Context(), askedAs("b", host)))
	if b.UplinkLost() == before {
		t.Error("the same uplink")
	}
	select {
	case <-before:
		t.Error("a link that was replaced counts as lost")
	default:
	}
	speaker := joinFrom(t, "b", b, host, 2)
	listener := join(t, host, 3, clientOptions{slots: 3})
	talk(5, map[*client]uint8{speaker: 30})
	until(t, "heard over the last", func() bool { return len(listener.packets()) == 5 })
}

func TestAnswerLinkRefuses(t *testing.T) {
	s := startPatient(t, Config{}, patience{300 * time.Millisecond, disconnectedAfter, failedAfter})
	host := s.Room(roomID(1))
	good := linkOffer(testLocal(3), 3)
	for _, tt := range []struct {
		name, home, offer string
		want              reason.Reason
	}{
		{"no home", "", good, reason.RequestInvalid},
		{"not SDP", "b", "hello", reason.MediaSDP},
		{"too long", "b", good + strings.Repeat("a=x\r\n", 30_000), reason.MediaSDPSize},
		{"a page's offer", "b", offerOf("0 1", audioLine("0", "recvonly"), audioLine("1", "sendonly", ssrcLine), audioLine("2", "recvonly")), reason.MediaSDP},
	} {
		if _, err := host.AnswerLink(t.Context(), tt.home, tt.offer); reason.Of(err) != tt.want {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	for n := range maxLinks {
		if _, err := host.AnswerLink(t.Context(), string(rune('A'+n)), good); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(host.Stats().Links); n == maxLinks { // none has expired on a slow machine
		if _, err := host.AnswerLink(t.Context(), "one more", good); reason.Of(err) != reason.MediaBusy {
			t.Errorf("one link too many: %v", err)
		}
		if _, err := host.AnswerLink(t.Context(), "A", good); err != nil {
			t.Errorf("in place of an earlier one: %v", err)
		}
	}
	until(t, "what never connects expires", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(host.Stats().Links) == 0 && s.handshakes == 0
	})
	relay, other := startServer(t, Config{}).Room(roomID(1)), startServer(t, Config{}).Room(roomID(1))
	check(t, relay.Follow(t.Context(), askedAs("b", other)))
	if _, err := relay.AnswerLink(t.Context(), "b", good); reason.Of(err) != reason.RoomHostLost {
		t.Errorf("at a relay: %v", err)
	}
	host.Close()
	if _, err := host.AnswerLink(t.Context(), "b", good); reason.Of(err) != reason.RoomEnded {
		t.Errorf("in a closed room: %v", err)
	}
}

// TestRenumber: numbers of people who come along one after another may be each other's. Nobody is heard under somebody
// else's.
func TestRenumber(t *testing.T) {
	r := startServer(t, Config{}).Room(roomID(1))
	var who []*client
	for n := range uint32(3) {
		r.Allow(1+n, true)
		who = append(who, join(t, r, 1+n, clientOptions{slots: 3, mic: true}))
	}
	listener := join(t, r, 9, clientOptions{slots: 3})
	r.Renumber(1, 2)
	r.Renumber(5, 6) // nobody
	r.Renumber(3, 0)
	r.Renumber(3, 3)
	talk(10, map[*client]uint8{who[0]: 30, who[1]: 30})
	until(t, "heard under the new number", func() bool { return listener.speakers()[2] == 10 })
	until(t, "set aside", func() bool { return who[1].speakers()[2] == 10 }) // hears
	if got := listener.speakers(); len(got) != 1 {
		t.Errorf("heard %v", got)
	}
	r.Renumber(2, 3) // the one who had it at first
	r.Renumber(3, 1) // the one who had that at first
	talk(10, map[*client]uint8{who[0]: 30, who[1]: 30, who[2]: 30})
	until(t, "all heard", func() bool { s := listener.speakers(); return s[2] == 20 && s[3] == 10 && s[1] == 10 })
	for i, number := range []uint32{2, 3, 1} {
		if got := r.Stats().People[number].Leg; got != who[i].leg {
			t.Errorf("%d has another's leg", number)
		}
	}
	if got := who[0].speakers(); got[2] != 0 {
		t.Errorf("hears themselves: %v", got)
	}
	if err := r.Hangup(1, who[0].leg); reason.Of(err) != reason.MediaLegGone {
		t.Errorf("hangup by a former number: %v", err)
	}
	r.Renumber(2, 3)
	check(t, r.Hangup(3, who[1].leg)) // still known by that
	r.Renumber(1, 3)
	r.Renumber(9, 3)
	if s := r.Stats().People; s[3].Leg != listener.leg || len(s) != 1 {
		t.Errorf("%+v", s)
	}
	r.Drop(3) // and everybody set aside under it
	if s := r.Stats().People; len(s) != 0 {
		t.Errorf("%+v", s)
	}
}

// TestSourcesOfALine: a run is one speaker's unbroken stretch.
func TestSourcesOfALine(t *testing.T) {
	var serials uint64
	next := func() uint64 { serials++; return serials }
	tests := []struct {
		name    string
		speaker uint32
		seq     uint16
		source  uint64 // 0: refused
	}{
		{"first", 1, 65530, 1},
		{"next", 1, 65531, 1},
		{"after a gap, wrapped", 1, 2, 1},
		{"late", 1, 65535, 1},
		{"a copy is the slot's business", 1, 2, 1},
		{"another speaker", 2, 3, 2},
		{"late, of the one before", 1, 1, 0},
		{"late, from before the run", 2, 2, 0},
		{"the second again", 2, 4, 2},
		{"back to the first", 1, 5, 3},
		{"started anew", 1, 60000, 4},
		{"far ahead", 1, 60500, 4},
	}
	var r run
	for _, tt := range tests {
		got, ok := r.admit(packet{csrc: tt.speaker, seq: tt.seq}, next)
		if got != tt.source || ok != (tt.source != 0) {
			t.Errorf("%s: source %d", tt.name, got)
		}
	}
}

// TestARunHasOneSpeaker, whatever comes in whatever order.
func TestARunHasOneSpeaker(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var serials uint64
		var r run
		speakers := map[uint64]uint32{}
		for range rapid.IntRange(1, 200).Draw(t, "packets") {
			p := packet{csrc: uint32(rapid.IntRange(1, 3).Draw(t, "speaker")), seq: uint16(rapid.IntRange(-150, 150).Draw(t, "seq"))}
			source, ok := r.admit(p, func() uint64 { serials++; return serials })
			if !ok {
				continue
			}
			if was, known := speakers[source]; known && was != p.csrc {
				t.Fatalf("source %d is %d and %d", source, was, p.csrc)
			}
			speakers[source] = p.csrc
		}
	})
}

// stillRelay is a room that follows without a connection, and a listener in it. say lets the host send one packet.
func stillRelay(t *testing.T, takes int) (r *Room, listener *fakeLeg, say func(line int, speaker uint32, level uint8)) {
	t.Helper()
	s, err := New(Config{})
	check(t, err)
	r = s.Room(roomID(1))
	up := &link{up: newForwarder(3), lines: make([]line, 3)}
	up.room, up.flow = r, newBucket(3)
	up.listener = up.up.add(&up.nobody, &fakeLeg{n: 3})
	r.following, r.uplink = true, up
	listener = &fakeLeg{n: takes}
	r.forwarder.add(&person{number: 9000}, listener)
	var seq [3]uint16
	var now time.Duration
	return r, listener, func(line int, speaker uint32, level uint8) {
		r.mu.Lock()
		defer r.mu.Unlock()
		seq[line]++
		now += frameTime / 2
		p := packet{csrc: speaker, seq: seq[line], timestamp: uint32(samplesIn(now)), level: level, payload: speech}
		r.forwardLinked(arrival{link: up, line: line, packet: p, at: now})
	}
}

// TestStrangersAreFew: a host that invents speakers makes a relay keep a bounded number of them.
func TestStrangersAreFew(t *testing.T) {
	r, _, say := stillRelay(t, 3)
	for n := range 5000 {
		say(n%3, uint32(1+n), 20)
	}
	top := r.forwarder.layers[3].selector
	if len(r.strangers) != maxStrangers || len(top.voices) > maxStrangers {
		t.Errorf("%d strangers, %d voices", len(r.strangers), len(top.voices))
	}
	if r.strangers[5000] == nil || top.seats[4999%3].voice.person != 5000 {
		t.Error("the latest is not among them")
	}
}

// TestOneSlotHearsTheHostsSwitches: whoever takes one slot at a relay does not wait for somebody from whom the host has
// taken theirs; but whoever has got another slot of the host has not gone.
func TestOneSlotHearsTheHostsSwitches(t *testing.T) {
	for _, moves := range []bool{false, true} {
		_, listener, say := stillRelay(t, 1)
		for range 100 {
			say(0, 1, 25)
			say(1, 2, 55)
		}
		if moves {
			say(2, 1, 25)
		}
		before := len(listener.sent)
		for range 5 {
			say(0, 3, 40)
			if moves {
				say(2, 1, 25)
			}
		}
		for _, b := range listener.sent[before:] {
			if want := map[bool]uint32{false: 3, true: 1}[moves]; b.speaker != want {
				t.Errorf("moves %v: heard %d", moves, b.speaker)
			}
		}
		if len(listener.sent) != before+5 {
			t.Errorf("moves %v: heard %d packets of 5", moves, len(listener.sent)-before)
		}
	}
}

// TestRelayFollowsTheHost: when the host gives a slot to somebody else, a relay does so with the same packet. It would
// take 300 ms to come to it by itself. And whoever takes one slot hears the newcomer soon.
func TestRelayFollowsTheHost(t *testing.T) {
	h := newHall(2, 0, 0, 0, 2, 1)
	for _, p := range h.people {
		p.may.Store(true)
	}
	say := func(number uint32, slot int, level uint8) {
		p := h.people[number]
		p.seq++
		p.ts += frame
		h.relay(p.person, slot, uint64(number), packet{seq: p.seq, timestamp: p.ts, level: level, payload: speech}, h.now)
	}
	for range 100 {
		say(1, 0, 25)
		say(2, 1, 30)
		h.now += frameTime
	}
	h.left(1)
	for range 5 {
		say(3, 0, 28)
		say(2, 1, 30)
		h.now += frameTime
	}
	if got := h.heard(4); got[1] != 100 || got[2] != 105 || got[3] != 5 {
		t.Errorf("with all slots: %v", got)
	}
	if got := h.heard(5); got[3] < 4 {
		t.Errorf("with one slot: %v", got)
	}
	for _, b := range h.people[4].leg.sent {
		if want := map[uint32]int{1: 0, 2: 1, 3: 0}[b.speaker]; b.slot != want {
			t.Fatalf("%d is in slot %d", b.speaker, b.slot)
		}
	}
}

// TestRelayLatency measures what a link adds to the way of a packet on one machine, down from the host and up to it.
// The machine's own unrest, seen without a link, is allowed for.
func TestRelayLatency(t *testing.T) {
	const packets = 250
	host := startServer(t, Config{}).Room(roomID(1))
	b := follow(t, "b", host)
	host.Allow(1, true)
	far, near := join(t, host, 1, clientOptions{slots: 3, mic: true}), joinFrom(t, "b", b, host, 2)
	atHost, atRelay := join(t, host, 3, clientOptions{slots: 3}), join(t, b, 4, clientOptions{slots: 3})
	sent := map[*client][]time.Time{}
	tick := time.NewTicker(frameTime)
	defer tick.Stop()
	for range packets {
		for _, c := range []*client{far, near} {
			sent[c] = append(sent[c], time.Now())
			c.speak(30, speech)
		}
		<-tick.C
	}
	took := func(from, to *client) []time.Duration {
		until(t, "heard", func() bool { return to.speakers()[from.number] == packets })
		var out []time.Duration
		for _, p := range to.packets() {
			if p.header.CSRC[0] == from.number {
				out = append(out, p.at.Sub(sent[from][len(out)]))
			}
		}
		return out
	}
	direct := took(far, atHost)
	rank := func(d []time.Duration) time.Duration { return slices.Sorted(slices.Values(d))[len(d)*99/100] }
	for _, way := range []struct {
		name     string
		from, to *client
	}{{"host to relay", far, atRelay}, {"relay to host", near, atHost}, {"relay to host and back", near, atRelay}} {
		added := took(way.from, way.to)
		for i := range added {
			added[i] -= direct[i]
		}
		t.Logf("%s adds %v in the middle, %v at p99; direct at p99: %v", way.name, slices.Sorted(slices.Values(added))[packets/2], rank(added), rank(direct))
		if limit := 20*time.Millisecond + rank(direct); rank(added) > limit && !raceDetector {
			t.Errorf("%s adds %v", way.name, rank(added))
		}
	}
}

// TestLinksAtOnce runs everything that links can do against everything, for the race detector. What remains works.
func TestLinksAtOnce(t *testing.T) {
	host := startServer(t, Config{}).Room(roomID(1))
	b := startServer(t, Config{}).Room(roomID(1))
	c := follow(t, "c", host)
	host.Allow(1, true)
	speaker, listener := join(t, host, 1, clientOptions{slots: 3, mic: true}), join(t, c, 2, clientOptions{slots: 3})
	local := joinFrom(t, "b", b, host, 3)
	b.server.wait.handshake = 2 * time.Second // for what is begun and never ended below
	var work sync.WaitGroup
	stop := make(chan struct{})
	for i := range uint32(4) {
		work.Go(func() {
			for turn := i; ; turn++ {
				select {
				case <-stop:
					return
				default:
				}
				switch turn % 8 {
				case 0:
					_ = b.Follow(context.Background(), askedAs("b", host)) // another may have come between
				case 1:
					b.Lead()
				case 2:
					_, _ = b.AnswerLink(context.Background(), "c", linkOffer(testLocal(3), 3)) // b may follow just now
				case 3:
					host.DropLink("b")
					host.Carry(50+i, "b")
				case 4:
					b.Renumber(3, 60+i)
					b.Renumber(60+i, 3)
				case 5:
					host.Allow(3, turn%16 == 5)
					b.Allow(3, turn%16 == 5)
				case 6:
					host.Drop(50 + i)
					b.Drop(50 + i)
					b.UplinkLost()
				case 7:
					host.Stats()
					b.Stats()
				}
			}
		})
	}
	talk(60, map[*client]uint8{speaker: 30, local: 35})
	close(stop)
	work.Wait()
	for n := range uint32(4) {
		b.Renumber(60+n, 3)
	}
	until(t, "the host is heard throughout", func() bool { return listener.speakers()[1] == 60 })
	b.server.wait.handshake = handshakeTime
	check(t, b.Follow(t.Context(), askedAs("b", host)))
	host.Carry(3, "b")
	host.Allow(3, true)
	b.Allow(3, true)
	was := listener.speakers()[3]
	until(t, "the relay is heard", func() bool { // the first words may come before the link has opened
		talk(10, map[*client]uint8{local: 30})
		return listener.speakers()[3] > was
	})
}
