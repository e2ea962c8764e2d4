package p2p

import (
	"errors"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
)

// guardedHost is the host as gossip sees it. Gossip cuts a stream on which an RPC is announced that is larger than
// allowed, but holds it against nobody; the guard reads along and does.
type guardedHost struct {
	host.Host
	most   uint64
	accuse func(peer.ID)
}

// SetStreamHandler implements host.Host.
func (h *guardedHost) SetStreamHandler(id protocol.ID, handle network.StreamHandler) {
	h.Host.SetStreamHandler(id, func(s network.Stream) {
		handle(&guardedStream{Stream: s, guard: lengthGuard{most: h.most}, accuse: func() { h.accuse(s.Conn().RemotePeer()) }})
	})
}

var errTooLong = errors.New("p2p: an RPC that is too long")

type guardedStream struct {
	network.Stream
	guard  lengthGuard
	accuse func()
}

// Read implements io.Reader.
func (s *guardedStream) Read(p []byte) (int, error) {
	n, err := s.Stream.Read(p)
	if !s.guard.pass(p[:n]) {
		s.accuse()
		_ = s.Reset()
		return 0, errTooLong
	}
	return n, err
}

// lengthGuard follows the length prefixes of a sequence of messages.
type lengthGuard struct {
	most  uint64
	left  uint64 // bytes of the present message that are still to come
	size  uint64 // what is read of the present length
	shift uint
}

// pass reads on, and reports false when a length is above the bound or no varint.
func (g *lengthGuard) pass(data []byte) bool {
	for len(data) > 0 {
		if skip := min(g.left, uint64(len(data))); skip > 0 {
			data, g.left = data[skip:], g.left-skip
			continue
		}
		b := data[0]
		data = data[1:]
		g.size |= uint64(b&0x7f) << g.shift
		g.shift += 7
		if g.size > g.most || g.shift > 28 {
			return false
		}
		if b < 0x80 {
			g.left, g.size, g.shift = g.size, 0, 0
		}
	}
	return true
}
