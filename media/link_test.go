package media

import (
	"context"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/pion/rtcp"
)

// exchange is the way to a host without a network of its own.
type exchange = func(ctx context.Context, offer string) (string, error)

// askedAs offers a link to a host in the name of a home.
func askedAs(home string, host *Room) exchange {
	return func(ctx context.Context, offer string) (string, error) { return host.AnswerLink(ctx, home, offer) }
}

// follow makes a room of a new server a relay of host.
func follow(t *testing.T, home string, host *Room) *Room {
	t.Helper()
	r := startServer(t, Config{}).Room(host.id)
	linkUp(t, home, r, host)
	return r
}

// linkUp makes a room a relay of host, and waits until the host has the connection too.
func linkUp(t *testing.T, home string, relay, host *Room) {
	t.Helper()
	check(t, relay.Follow(t.Context(), askedAs(home, host)))
	until(t, "the link, at the host too", func() bool { return host.Stats().Links[home].Connected })
}

// joinFrom connects a speaker at a relay, with the permission that both nodes would give.
func joinFrom(t *testing.T, home string, relay, host *Room, number uint32) *client {
	t.Helper()
	host.Carry(number, home)
	host.Allow(number, true)
	relay.Allow(number, true)
	return join(t, relay, number, clientOptions{slots: 3, mic: true})
}

// TestLinkCarriesBothWays: whoever speaks at the host or at a relay is heard at the host and at every relay, in streams
// without a gap, and not by themselves.
func TestLinkCarriesBothWays(t *testing.T) {
	host := startServer(t, Config{}).Room(roomID(1))
	b, c := follow(t, "b", host), follow(t, "c", host)
	host.Allow(1, true)
	all := []*client{
		join(t, host, 1, clientOptions{slots: 3, mic: true}), joinFrom(t, "b", b, host, 2),
		join(t, host, 3, clientOptions{slots: 3}), join(t, b, 4, clientOptions{slots: 3}), join(t, c, 5, clientOptions{slots: 3}),
	}
	talk(60, map[*client]uint8{all[0]: 30, all[1]: 35})
	for _, at := range all {
		want := map[uint32]int{1: 60, 2: 60}
		delete(want, at.number)
		for who, n := range want {
			until(t, "heard", func() bool { return at.speakers()[who] == n })
		}
		if got := at.speakers(); len(got) != len(want) {
			t.Errorf("%d hears %v", at.number, got)
		}
		checkContinuous(t, at)
		for _, p := range at.packets() {
			if want := map[uint32]int{1: 0x80 | 30, 2: 0x80 | 35}[p.header.CSRC[0]]; p.level != want || p.size != len(speech) {
				t.Fatalf("%d hears %d at level %#x, %d bytes", at.number, p.header.CSRC[0], p.level, p.size)
			}
		}
	}
	for name, s := range map[string]LinkStats{"b": host.Stats().Links["b"], "up": *b.Stats().Uplink} {
		if !s.Connected || s.Refused != 0 || s.Unfit != 0 || s.Excess != 0 || s.Received == 0 || s.Sent == 0 {
			t.Errorf("%s: %+v", name, s)
		}
	}
	if p := b.Stats().People[2]; p.Received != 60 || p.Forwarded != 60 {
		t.Errorf("the speaker at their own node: %+v", p)
	}
	if p := host.Stats().People[2]; p.Received != 60 || p.Forwarded != 60 || p.LastForwarded.IsZero() {
		t.Errorf("the relay's speaker at the host: %+v", p)
	}
}

// checkContinuous: each slot that a client heard is one stream, whatever came to be sent in it. Packets may arrive in
// any order.
func checkContinuous(t *testing.T, c *client) {
	t.Helper()
	slots := map[int][]heardPacket{}
	for _, p := range c.packets() {
		slots[p.slot] = append(slots[p.slot], p)
	}
	for slot, heard := range slots {
		slices.SortStableFunc(heard, func(a, b heardPacket) int {
			return int(int16(a.header.SequenceNumber - b.header.SequenceNumber)) // serial arithmetic
		})
		for i, p := range heard {
			if p.header.SequenceNumber != uint16(1+i) {
				t.Fatalf("%d, slot %d: packet %d has sequence number %d", c.number, slot, i, p.header.SequenceNumber)
			}
			if i > 0 && int32(p.header.Timestamp-heard[i-1].header.Timestamp) < frame {
				t.Fatalf("%d, slot %d: time %d after %d", c.number, slot, p.header.Timestamp, heard[i-1].header.Timestamp)
			}
		}
	}
}

// TestMuteAtTheHostStopsARelay: after Allow(false) at the host not one more packet of a relay's speaker is sent to
// anybody; and the same at the relay, where the link carries none any more.
func TestMuteAtTheHostStopsARelay(t *testing.T) {
	host := startServer(t, Config{}).Room(roomID(1))
	b := follow(t, "b", host)
	speaker := joinFrom(t, "b", b, host, 2)
	here, there := join(t, host, 3, clientOptions{slots: 3}), join(t, b, 4, clientOptions{slots: 3})
	stop := goOn(speaker)
	defer stop()
	for _, at := range []*Room{host, b} {
		heard := len(there.packets())
		until(t, "heard", func() bool { return len(here.packets()) > 5 && len(there.packets()) > heard+5 })
		before := host.Stats()
		at.Allow(2, false)
		sent := at.Stats()
		until(t, "the client goes on", func() bool { return at.Stats().People[2].Refused > before.People[2].Refused+10 })
		after := at.Stats()
		if at == host {
			if got := after.People[2].Forwarded; got != sent.People[2].Forwarded || after.Links["b"].Sent != sent.Links["b"].Sent {
				t.Errorf("%d packets were forwarded after the mute", got-sent.People[2].Forwarded)
			}
			if after.Links["b"].Refused == 0 {
				t.Error("the link does not count what it refused")
			}
		} else if after.Uplink.Sent != sent.Uplink.Sent || after.People[4].Sent != sent.People[4].Sent {
			t.Errorf("after the mute at the relay %d went up and %d down", after.Uplink.Sent-sent.Uplink.Sent, after.People[4].Sent-sent.People[4].Sent)
		}
		at.Allow(2, true)
	}
}

// TestHostRefusesWhatARelayMayNotSay: a relay that lets people speak who are muted at the host, are another node's, or
// are nobody, is not heard with them; and nobody speaks twice.
func TestHostRefusesWhatARelayMayNotSay(t *testing.T) {
	host := startServer(t, Config{}).Room(roomID(1))
	b := follow(t, "b", host)
	host.Allow(1, true) // of the host itself
	host.Carry(2, "b")  // muted
	host.Carry(3, "c")
	host.Allow(3, true)
	listener := join(t, host, 9, clientOptions{slots: 3})
	local := join(t, host, 1, clientOptions{slots: 3, mic: true})
	for _, number := range []uint32{1, 2, 3, 77} {
		b.Allow(number, true)
		liar := join(t, b, number, clientOptions{mic: true})
		was := host.Stats().Links["b"].Refused
		talk(10, map[*client]uint8{liar: 20, local: 40})
		until(t, "refused", func() bool { return host.Stats().Links["b"].Refused == was+10 })
		b.Drop(number)
	}
	until(t, "the host's own is heard", func() bool { return listener.speakers()[1] == 40 })
	if got := listener.speakers(); len(got) != 1 {
		t.Errorf("heard %v", got)
	}
	if _, made := host.Stats().People[77]; made {
		t.Error("a relay has made up a person")
	}
	host.Carry(1, "b") // then their own leg does not count
	was := host.Stats().People[1].Refused
	talk(5, map[*client]uint8{local: 20})
	until(t, "refused", func() bool { return host.Stats().People[1].Refused == was+5 })
}

// TestBytesDoNotDependOnListeners: what the host sends to a relay is the same for one listener there and for twenty.
func TestBytesDoNotDependOnListeners(t *testing.T) {
	sent := map[int]int64{}
	for _, listeners := range []int{1, 20} {
		path := newPath(t)
		hosting := startServer(t, Config{Public: []netip.AddrPort{path.addr}})
		path.host.Store(hosting.LocalAddr())
		host := hosting.Room(roomID(1))
		host.Allow(1, true)
		speaker := join(t, host, 1, clientOptions{slots: 3, mic: true})
		b := follow(t, "b", host)
		var audience []*client
		for n := range listeners {
			audience = append(audience, join(t, b, uint32(100+n), clientOptions{slots: 3}))
		}
		before := path.down.Load()
		talk(40, map[*client]uint8{speaker: 30})
		for _, c := range audience {
			until(t, "heard", func() bool { return len(c.packets()) == 40 })
		}
		sent[listeners] = path.down.Load() - before
	}
	t.Logf("bytes of audio from host to relay: %v", sent)
	if sent[1] != sent[20] || sent[1] < int64(40*len(speech)) {
		t.Errorf("%d bytes for one listener, %d for twenty", sent[1], sent[20])
	}
}

// TestLossOfTheHost: when the host is gone, the relay is told, its legs stay, and after Lead its people hear each
// other again.
func TestLossOfTheHost(t *testing.T) {
	path := newPath(t)
	hosting := startServer(t, Config{Public: []netip.AddrPort{path.addr}})
	path.host.Store(hosting.LocalAddr())
	host := hosting.Room(roomID(1))
	b := startPatient(t, Config{}, patience{handshakeTime, 3 * time.Second, time.Second}).Room(roomID(1))
	if b.UplinkLost() != nil {
		t.Error("an uplink before the first")
	}
	linkUp(t, "b", b, host)
	lost := b.UplinkLost()
	speaker := joinFrom(t, "b", b, host, 2)
	listener := join(t, b, 3, clientOptions{slots: 3})
	talk(10, map[*client]uint8{speaker: 30})
	until(t, "heard by way of the host", func() bool { return len(listener.packets()) == 10 })
	select {
	case <-lost:
		t.Fatal("lost too early")
	default:
	}
	path.cut.Store(true)
	select {
	case <-lost:
	case <-time.After(enough):
		t.Fatal("the relay is not told")
	}
	if b.UplinkLost() != lost {
		t.Error("whoever asks later does not learn it")
	}
	talk(5, map[*client]uint8{speaker: 30})
	until(t, "refused", func() bool { return b.Stats().People[2].Refused == 5 })
	b.Lead()
	if b.UplinkLost() != nil {
		t.Error("an uplink at the host")
	}
	talk(10, map[*client]uint8{speaker: 30})
	until(t, "heard without the host", func() bool { return len(listener.packets()) == 20 })
	checkContinuous(t, listener)
	if s := b.Stats(); s.People[2].Leg != speaker.leg || s.People[3].Leg != listener.leg || !s.People[3].Connected {
		t.Errorf("the legs did not stay: %+v", s.People)
	}
}

// TestRelayTakesOver: the host ends, a relay leads, another follows it; everybody keeps their leg, gets another number,
// and hears streams that go on.
func TestRelayTakesOver(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	hosting, err := New(Config{Addr: "127.0.0.1:0"})
	check(t, err)
	ended := make(chan error, 1)
	go func() { ended <- hosting.Run(ctx) }()
	<-hosting.Ready()
	host := hosting.Room(roomID(1))
	b, c := follow(t, "b", host), follow(t, "c", host)
	ben, cat := joinFrom(t, "b", b, host, 2), joinFrom(t, "c", c, host, 3)
	listeners := []*client{join(t, b, 4, clientOptions{slots: 3}), join(t, c, 5, clientOptions{slots: 3})}
	both := map[*client]uint8{ben: 30, cat: 33}
	talk(30, both)
	for _, l := range listeners {
		until(t, "heard", func() bool { s := l.speakers(); return s[2] == 30 && s[3] == 30 })
	}
	stop()
	check(t, <-ended)
	talk(10, both) // into the void

	b.Lead()
	b.Renumber(2, 1)
	b.Renumber(4, 2)
	b.Carry(3, "c")
	b.Allow(3, true)
	check(t, c.Follow(t.Context(), askedAs("c", b)))
	until(t, "audio resumes", func() bool {
		talk(5, both)
		for _, l := range listeners {
			if s := l.speakers(); s[1] < 20 || s[3] < 50 {
				return false
			}
		}
		return true
	})
	for _, at := range append(listeners, ben, cat) {
		until(t, "all heard", func() bool { return settledStream(at) })
		checkContinuous(t, at)
	}
	if got := ben.speakers(); got[1] != 0 || got[2] != 0 {
		t.Errorf("a speaker hears themselves: %v", got)
	}
	if s := b.Stats(); s.People[1].Leg != ben.leg || s.People[2].Leg != listeners[0].leg || s.People[4].Leg != "" {
		t.Errorf("%+v", s.People)
	}
	if got := listeners[1].speakers(); got[2] != 30 {
		t.Errorf("after the change still heard by the old number: %v", got)
	}
}

// settledStream reports whether no packet is missing between those that came.
func settledStream(c *client) bool {
	count, highest := map[int]int{}, map[int]int{}
	for _, p := range c.packets() {
		count[p.slot]++
		highest[p.slot] = max(highest[p.slot], int(p.header.SequenceNumber))
	}
	for slot, n := range count {
		if highest[slot] != n {
			return false
		}
	}
	return true
}

// TestSwitchingThereAndBack: a room becomes a relay and a host again, and what its people hear goes on.
func TestSwitchingThereAndBack(t *testing.T) {
	host := startServer(t, Config{}).Room(roomID(1))
	b := startServer(t, Config{}).Room(roomID(1))
	b.Allow(1, true)
	speaker := join(t, b, 1, clientOptions{slots: 3, mic: true})
	listener := join(t, b, 2, clientOptions{slots: 3})
	far := join(t, host, 9, clientOptions{slots: 3})
	host.Carry(1, "b")
	host.Allow(1, true)
	heard := 0
	for turn := range 3 {
		talk(20, map[*client]uint8{speaker: 30})
		heard += 20
		until(t, "heard alone", func() bool { return len(listener.packets()) == heard })
		linkUp(t, "b", b, host)
		talk(20, map[*client]uint8{speaker: 30})
		heard += 20
		until(t, "heard by way of the host", func() bool { return len(listener.packets()) == heard && len(far.packets()) == 20*(turn+1) })
		b.Lead()
		if b.Stats().Uplink != nil {
			t.Error("an uplink at a host")
		}
	}
	checkContinuous(t, listener)
	checkContinuous(t, far)
}

// TestDropLink: nothing more goes in or out, and the relay learns it in time.
func TestDropLink(t *testing.T) {
	host := startServer(t, Config{}).Room(roomID(1))
	b := startPatient(t, Config{}, patience{handshakeTime, 3 * time.Second, time.Second}).Room(roomID(1))
	linkUp(t, "b", b, host)
	speaker, local := joinFrom(t, "b", b, host, 2), join(t, host, 1, clientOptions{slots: 3, mic: true})
	host.Allow(1, true)
	talk(5, map[*client]uint8{speaker: 30, local: 35})
	until(t, "heard both ways", func() bool { return len(speaker.packets()) == 5 && len(local.packets()) == 5 })
	host.DropLink("b")
	host.DropLink("nobody's")
	talk(5, map[*client]uint8{speaker: 30, local: 35})
	select {
	case <-b.UplinkLost():
	case <-time.After(enough):
		t.Fatal("the relay is not told")
	}
	if len(speaker.packets()) != 5 || len(local.packets()) != 5 || len(host.Stats().Links) != 0 {
		t.Errorf("%d and %d packets after the link's end", len(speaker.packets())-5, len(local.packets())-5)
	}
}

// TestManyRoomsBetweenTwoNodes: each has its link, in both directions, though every node has one UDP port.
func TestManyRoomsBetweenTwoNodes(t *testing.T) {
	one := startServer(t, Config{Addr: ":0", Public: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}})
	two := startServer(t, Config{})
	var speakers, listeners []*client
	for n := range byte(4) {
		host, relay := one.Room(roomID(n)), two.Room(roomID(n))
		if n%2 == 1 {
			host, relay = relay, host
		}
		check(t, relay.Follow(t.Context(), askedAs("relay", host)))
		speakers = append(speakers, joinFrom(t, "relay", relay, host, 2))
		listeners = append(listeners, join(t, host, 3, clientOptions{slots: 3}))
	}
	talk(10, map[*client]uint8{speakers[0]: 30, speakers[1]: 30, speakers[2]: 30, speakers[3]: 30})
	for _, l := range listeners {
		until(t, "heard", func() bool { return l.speakers()[2] == 10 && len(l.packets()) == 10 })
	}
}

// TestNodesOfDifferentSlots: the smaller number counts, either way.
func TestNodesOfDifferentSlots(t *testing.T) {
	for _, slots := range [][2]int{{1, 3}, {3, 1}} {
		host := startServer(t, Config{Slots: slots[0]}).Room(roomID(1))
		b := startServer(t, Config{Slots: slots[1]}).Room(roomID(1))
		linkUp(t, "b", b, host)
		host.Allow(1, true)
		local := join(t, host, 1, clientOptions{slots: slots[0], mic: true})
		host.Carry(2, "b")
		host.Allow(2, true)
		b.Allow(2, true)
		speaker := join(t, b, 2, clientOptions{slots: slots[1], mic: true})
		talk(5, map[*client]uint8{speaker: 30})
		until(t, "heard at the host", func() bool { return local.speakers()[2] == 5 })
		talk(70, map[*client]uint8{local: 30}) // the one slot may still be the other's
		until(t, "heard at the relay", func() bool { return speaker.speakers()[1] > 20 })
	}
}

// TestOneSlotAtARelay: a listener there who takes one slot hears the loudest of those whom the host has chosen.
func TestOneSlotAtARelay(t *testing.T) {
	host := startServer(t, Config{}).Room(roomID(1))
	b := follow(t, "b", host)
	levels := map[*client]uint8{}
	for n, level := range []uint8{45, 22, 40} {
		host.Allow(uint32(1+n), true)
		levels[join(t, host, uint32(1+n), clientOptions{slots: 3, mic: true})] = level
	}
	one := join(t, b, 9, clientOptions{slots: 1})
	talk(60, levels)
	before := one.speakers()
	talk(40, levels)
	until(t, "the loudest is heard", func() bool { return one.speakers()[2] == before[2]+40 })
}

// TestDroppedAtARelay: whoever is dropped there is not heard there any more, though the host still sends them; somebody
// else's new arrival under that number is.
func TestDroppedAtARelay(t *testing.T) {
	host := startServer(t, Config{}).Room(roomID(1))
	b := follow(t, "b", host)
	host.Allow(1, true)
	speaker, listener := join(t, host, 1, clientOptions{slots: 3, mic: true}), join(t, b, 2, clientOptions{slots: 3})
	stop := goOn(speaker)
	defer stop()
	until(t, "heard", func() bool { return len(listener.packets()) > 5 })
	b.Drop(1)
	was := b.Stats()
	until(t, "the host goes on", func() bool { return b.Stats().Uplink.Refused > was.Uplink.Refused+10 })
	if now := b.Stats(); now.People[2].Sent != was.People[2].Sent {
		t.Errorf("%d packets of a dropped person were forwarded", now.People[2].Sent-was.People[2].Sent)
	}
	until(t, "heard again in time", func() bool { return b.Stats().People[2].Sent > was.People[2].Sent })
	b.Allow(1, false)
	was = b.Stats()
	until(t, "the host goes on", func() bool { return b.Stats().Uplink.Refused > was.Uplink.Refused+10 })
	if now := b.Stats(); now.People[2].Sent != was.People[2].Sent {
		t.Errorf("%d packets of a muted person were forwarded", now.People[2].Sent-was.People[2].Sent)
	}
}

// TestLossIsReportedAcrossNodes: a speaker is told what listeners at the other node lose, in either direction.
func TestLossIsReportedAcrossNodes(t *testing.T) {
	for _, down := range []bool{true, false} {
		host := startServer(t, Config{}).Room(roomID(1))
		b := follow(t, "b", host)
		host.Allow(1, true)
		speaker, listener := join(t, host, 1, clientOptions{slots: 3, mic: true}), joinFrom(t, "b", b, host, 2)
		if !down {
			speaker, listener = listener, speaker
		}
		reported := func() (lost uint8, ok bool) {
			speaker.mu.Lock()
			defer speaker.mu.Unlock()
			if n := len(speaker.reports); n > 0 {
				return speaker.reports[n-1].FractionLost, true
			}
			return 0, false
		}
		until(t, "a report with the loss beyond", func() bool {
			talk(5, map[*client]uint8{speaker: 30})
			if heard := listener.packets(); len(heard) > 0 {
				check(t, listener.pc.WriteRTCP([]rtcp.Packet{&rtcp.ReceiverReport{SSRC: 1, Reports: []rtcp.ReceptionReport{{SSRC: heard[0].header.SSRC, FractionLost: 60}}}}))
			}
			lost, ok := reported()
			return ok && lost >= 59 && lost < 90
		})
	}
}
