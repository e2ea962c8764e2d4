package media

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pion/webrtc/v3"

	"github.com/stoa-rooms/stoa/reason"
)

// restart makes a client's connection start ICE anew, as a client that has come to another network does: it makes an
// offer with new credentials, of which only those and the node's go over the line.
func (c *client) restart(t *testing.T) {
	t.Helper()
	offer, err := c.pc.CreateOffer(&webrtc.OfferOptions{ICERestart: true})
	check(t, err)
	gathered := webrtc.GatheringCompletePromise(c.pc)
	check(t, c.pc.SetLocalDescription(offer))
	<-gathered
	part := func(of, key string) string {
		return regexp.MustCompile(`a=` + key + `:(\S+)`).FindStringSubmatch(of)[1]
	}
	before := c.pc.CurrentRemoteDescription().SDP
	fragment, err := c.room.Restart(t.Context(), c.number, c.leg, Credentials{part(offer.SDP, "ice-ufrag"), part(offer.SDP, "ice-pwd")})
	check(t, err)
	answer := before
	for _, key := range []string{"ice-ufrag", "ice-pwd"} {
		was, is := part(before, key), part(string(fragment), key)
		if was == is {
			t.Errorf("%s is the same as before", key)
		}
		answer = strings.ReplaceAll(answer, was, is)
	}
	check(t, c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}))
}

// TestRestart: a connection starts ICE anew and goes on, in both directions, over UDP and over TCP, more than once.
func TestRestart(t *testing.T) {
	for name, api := range map[string]func(*webrtc.SettingEngine){"UDP": nil, "TCP": overTCP} {
		t.Run(name, func(t *testing.T) {
			s := startServer(t, Config{})
			r := s.Room(roomID(1))
			r.Allow(1, true)
			speaker := join(t, r, 1, clientOptions{slots: 1, mic: true, api: api})
			listener := join(t, r, 2, clientOptions{slots: 1, api: api})
			said := 0
			for range 3 {
				talk(5, map[*client]uint8{speaker: 30})
				said += 5
				until(t, "heard", func() bool { return len(listener.packets()) == said })
				for _, c := range []*client{speaker, listener} {
					c.restart(t)
					until(t, "checks anew", func() bool { return c.pc.ConnectionState() == webrtc.PeerConnectionStateConnected && s.selected(c) })
				}
			}
			talk(5, map[*client]uint8{speaker: 30})
			until(t, "heard after the last", func() bool { return len(listener.packets()) == said+5 })
			if got := r.Stats().People[2]; got.Leg != listener.leg || !got.Connected {
				t.Errorf("%+v", got)
			}
		})
	}
}

// selected reports whether the node's side of a connection has a way again.
func (s *Server) selected(c *client) bool {
	g := c.room.legOf(c.number, c.leg)
	_, _, ok := g.far()
	return ok
}

// TestRestartRefused: what is no credential, and what is no connection, changes nothing; a restart that no check follows
// ends the connection as any loss.
func TestRestartRefused(t *testing.T) {
	r := startPatient(t, Config{}, patience{handshakeTime, 3 * time.Second, time.Second}).Room(roomID(1))
	r.Allow(1, true)
	speaker := join(t, r, 1, clientOptions{slots: 1, mic: true})
	listener := join(t, r, 2, clientOptions{slots: 1})
	waiting, leg, err := r.Offer(t.Context(), 3, offerOf("0", audioLine("0", "recvonly")), Options{})
	check(t, err)
	_ = waiting
	good := Credentials{"abcd", "0123456789012345678901"}
	for _, c := range []struct {
		name   string
		number uint32
		leg    LegID
		theirs Credentials
		want   reason.Reason
	}{
		{"no credentials", 2, listener.leg, Credentials{}, reason.MediaSDP},
		{"a short password", 2, listener.leg, Credentials{"abcd", "short"}, reason.MediaSDP},
		{"a line break", 2, listener.leg, Credentials{"abcd", "0123456789012345678901\r\na=x"}, reason.MediaSDP},
		{"another's leg", 2, speaker.leg, good, reason.MediaLegGone},
		{"nobody", 9, speaker.leg, good, reason.MediaLegGone},
		{"not connected yet", 3, leg, good, reason.AppRestart},
	} {
		if _, err := r.Restart(t.Context(), c.number, c.leg, c.theirs); reason.Of(err) != c.want {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	talk(5, map[*client]uint8{speaker: 30})
	until(t, "heard", func() bool { return len(listener.packets()) == 5 })
	_, err = r.Restart(t.Context(), 2, listener.leg, good)
	check(t, err)
	until(t, "the connection ends", func() bool { return r.Stats().People[2].Leg == "" })
}
