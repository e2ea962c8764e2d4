package p2p

import (
	"testing"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/protocol"

	"github.com/stoa-rooms/stoa/identity"
)

// One peer has a few streams of each kind, however many it opens, and another peer has its own. Loopback is exempt from
// limits by address only, so these hold here as well.
func TestStreamsPerPeerAreBounded(t *testing.T) {
	hold := make(chan struct{})
	n := start(t, Config{Rooms: &fakeRooms{stream: func(_ identity.PublicKey, s *Stream) { <-hold; s.Reset() }}})
	defer close(hold)
	for _, c := range []struct {
		about protocol.ID
		most  int
	}{{roomProtocol, roomStreamsPerPeer}, {directoryProtocol, directoryStreamsPerPeer}, {logProtocol, logStreamsPerPeer}} {
		for range 2 { // peers
			s, key := stranger(t, n)
			open := func() int {
				id, err := peerOf(key)
				if err != nil {
					t.Fatal(err)
				}
				count := 0
				for _, conn := range n.host.Network().ConnsToPeer(id) {
					for _, stream := range conn.GetStreams() {
						if stream.Protocol() == c.about {
							count++
						}
					}
				}
				return count
			}
			var streams []network.Stream
			for range c.most {
				streams = append(streams, say(t, s, n, c.about, []byte{5})) // a length, and nothing after it
			}
			eventually(t, string(c.about)+": as many as are allowed are open", func() bool { return open() == c.most })
			for range 3 {
				wasResetWithin(t, say(t, s, n, c.about, []byte{5}), firstFrameWait/2) // not because of its silence
			}
			if got := open(); got > c.most {
				t.Errorf("%s: %d streams of one peer, and %d is the most", c.about, got, c.most)
			}
			for _, stream := range streams {
				_ = stream.Reset()
			}
		}
	}
}
