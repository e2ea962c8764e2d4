package media

import (
	"testing"

	"github.com/pion/rtcp"
)

// TestNamingManySourcesEndsALeg: each SSRC that a client names costs memory until its leg ends.
func TestNamingManySourcesEndsALeg(t *testing.T) {
	r := startServer(t, Config{}).Room(roomID(1))
	r.Allow(1, true)
	speaker := join(t, r, 1, clientOptions{slots: 3, mic: true})
	listener, greedy := join(t, r, 2, clientOptions{slots: 3}), join(t, r, 3, clientOptions{slots: 3})
	name := func(c *client, first, n uint32) {
		t.Helper()
		for ssrc := first; ssrc < first+n; ssrc++ {
			check(t, c.pc.WriteRTCP([]rtcp.Packet{&rtcp.Goodbye{Sources: []uint32{ssrc}}}))
		}
	}
	name(listener, 1000, maxStreams/2)
	name(greedy, 1000, 2*maxStreams)
	until(t, "the leg ends", func() bool { return r.Stats().People[3].Leg == "" })
	talk(5, map[*client]uint8{speaker: 30})
	until(t, "the other hears", func() bool { return len(listener.packets()) == 5 })
}

func TestFullBufferDropsInSilence(t *testing.T) {
	b := streamBuffers(func() { t.Error("too many") })(1, 7)
	packet := make([]byte, 1000)
	for range 3 * rtpBufferSize / len(packet) {
		if n, err := b.Write(packet); n != len(packet) || err != nil {
			t.Fatalf("%d %v", n, err)
		}
	}
}
