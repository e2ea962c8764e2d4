package media

import (
	"testing"

	"github.com/stoa-rooms/stoa/reason"
)

// TestAVoiceInPlaceOfTheMicrophone: of somebody's own connection and the program that speaks for them one is heard, and
// when the program has ended, neither.
func TestAVoiceInPlaceOfTheMicrophone(t *testing.T) {
	r := startServer(t, Config{}).Room(roomID(1))
	r.Allow(1, true)
	listener := join(t, r, 2, clientOptions{slots: 3})
	page := join(t, r, 1, clientOptions{slots: 3, mic: true})
	talk(10, map[*client]uint8{page: 30})
	until(t, "the page is heard", func() bool { return listener.speakers()[1] == 10 })

	voice := newClient(t, clientOptions{mic: true})
	voice.offerTo(r, 1, Options{For: Voice})
	talk(10, map[*client]uint8{page: 30, voice: 30})
	until(t, "the program alone is heard", func() bool {
		s := r.Stats().People[1]
		return listener.speakers()[1] == 20 && s.Received == 30 && s.Refused == 10
	})
	ear := newClient(t, clientOptions{slots: 1})
	ear.offerTo(r, 1, Options{For: Ear})
	until(t, "both kinds are counted", func() bool {
		s := r.Stats().People[1]
		return s.Ears == 1 && s.Voice == voice.leg && s.Leg == page.leg
	})
	talk(5, map[*client]uint8{voice: 30})
	until(t, "heard", func() bool { return listener.speakers()[1] == 25 })
	if n := len(ear.packets()) + len(page.packets()); n != 0 {
		t.Errorf("somebody's programs heard %d packets of their own", n)
	}

	check(t, r.Hangup(1, voice.leg))
	if s := r.Stats().People[1]; s.Allowed || s.Voice != "" || s.Leg != page.leg {
		t.Errorf("after the program's end: %+v", s)
	}
	talk(5, map[*client]uint8{page: 30})
	until(t, "refused", func() bool { return r.Stats().People[1].Refused == 15 })
	r.Allow(1, true)
	talk(5, map[*client]uint8{page: 30})
	until(t, "the page is heard again", func() bool { return listener.speakers()[1] == 30 })
	r.Drop(1)
	if _, left := r.Stats().People[1]; left {
		t.Error("somebody who was dropped is there")
	}
}

// TestEarsAreBounded for each person.
func TestEarsAreBounded(t *testing.T) {
	r := startServer(t, Config{}).Room(roomID(1))
	offer := offerOf("0", audioLine("0", "recvonly"))
	refused := 0
	for range maxLegs + 1 {
		if _, _, err := r.Offer(t.Context(), 1, offer, Options{For: Ear}); err != nil {
			if reason.Of(err) != reason.MediaBusy {
				t.Fatal(err)
			}
			refused++
		}
	}
	if refused != 1 {
		t.Errorf("%d of %d refused", refused, maxLegs+1)
	}
}

// offerTo connects a client for what options say.
func (c *client) offerTo(r *Room, number uint32, o Options) {
	c.t.Helper()
	c.number, c.room = number, r
	answer, leg, err := r.Offer(c.t.Context(), number, c.pc.LocalDescription().SDP, o)
	check(c.t, err)
	c.leg = leg
	check(c.t, c.accept(answer))
}
