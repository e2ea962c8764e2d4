package media

import (
	"net/netip"
	"testing"

	"github.com/pion/webrtc/v3"

	"github.com/stoa-rooms/stoa/reason"
)

// TestTotalsOutliveThePeople: counters of the server never go down, whoever leaves and whichever room is closed.
func TestTotalsOutliveThePeople(t *testing.T) {
	s := startServer(t, Config{})
	r := s.Room(roomID(1))
	r.Allow(1, true)
	speaker := join(t, r, 1, clientOptions{slots: 1, mic: true})
	muted := join(t, r, 2, clientOptions{slots: 1, mic: true})
	listener := join(t, r, 3, clientOptions{slots: 3})
	talk(10, map[*client]uint8{speaker: 30, muted: 30})
	until(t, "heard", func() bool { return len(listener.packets()) == 10 && len(muted.packets()) == 10 })
	until(t, "counted", func() bool { return s.Totals().Refused == 10 })
	want := Totals{
		Rooms: 1, Legs: 3,
		FromPeople: 20, Refused: 10, Sent: 20, SentBytes: 20 * uint64(len(speech)), Switches: 1,
	}
	is := s.Totals()
	is.Losses = nil
	if got := [...]uint64{is.FromPeople, is.Refused, is.Sent, is.SentBytes, is.Switches, is.Excess, is.Unfit}; got !=
		[...]uint64{want.FromPeople, want.Refused, want.Sent, want.SentBytes, want.Switches, 0, 0} {
		t.Errorf("%+v, not %+v", is, want)
	}
	if is.Rooms != 1 || is.Legs != 3 {
		t.Errorf("%+v, not %+v", is, want)
	}
	until(t, "a speaker", func() bool {
		speaker.speak(30, speech)
		return s.Totals().Speakers == 1
	})
	sent := s.Totals().Sent
	if reached := s.Reached(); reached.UDP[FromMachine] != 3 || reached.TCP != [Distances]uint64{} || reached.Last.IsZero() {
		t.Errorf("reached %+v", reached)
	}
	r.Drop(1)
	r.Close()
	after := s.Totals()
	if after.Rooms != 0 || after.Legs != 0 || after.Speakers != 0 || after.Sent < sent || after.FromPeople < want.FromPeople {
		t.Errorf("after the end: %+v", after)
	}
}

func TestDistance(t *testing.T) {
	for text, want := range map[string]Distance{
		"127.0.0.1": FromMachine, "::1": FromMachine, "::ffff:127.0.0.1": FromMachine,
		"10.1.2.3": FromNetwork, "192.168.9.9": FromNetwork, "fe80::1": FromNetwork, "fd00::1": FromNetwork,
		"203.0.113.7": FromInternet, "2001:db8::1": FromInternet,
	} {
		if got := distanceOf(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: %d, not %d", text, got, want)
		}
	}
}

// TestTest: a connection that carries nothing comes about like any other, is counted, and only so many stand at once.
func TestTest(t *testing.T) {
	s := startServer(t, Config{})
	c := newClient(t, clientOptions{slots: 1})
	answer, err := s.Test(t.Context(), c.pc.LocalDescription().SDP, Options{})
	check(t, err)
	check(t, c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}))
	until(t, "connected", func() bool {
		return c.pc.ConnectionState() == webrtc.PeerConnectionStateConnected && s.Reached().UDP[FromMachine] == 1
	})
	if _, err := s.Test(t.Context(), "no offer", Options{}); reason.Of(err) != reason.MediaSDP {
		t.Errorf("no offer: %v", err)
	}
	for range maxTests - 1 {
		_, err := s.Test(t.Context(), offerOf("0", audioLine("0", "recvonly")), Options{})
		check(t, err)
	}
	if _, err := s.Test(t.Context(), offerOf("0", audioLine("0", "recvonly")), Options{}); reason.Of(err) != reason.MediaBusy {
		t.Errorf("one too many: %v", err)
	}
}
