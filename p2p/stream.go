package p2p

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/peerstore"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/multiformats/go-multiaddr"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
)

const (
	roomProtocol = "/stoa/room/1"

	// MaxFrame is the most bytes of one frame of a room stream: the whole of a full room is the largest thing that is
	// sent.
	MaxFrame = 2 << 20

	// A peer that takes no data for this long is gone or stalled on purpose.
	writeWait = 10 * time.Second

	// Whoever opens a stream says something at once; one that says nothing holds a place for no longer than this.
	firstFrameWait = 10 * time.Second
)

// Stream carries frames between two nodes about one room, in order and in both directions. The connection proves who
// the peer is. Send may be called by several goroutines at once; Receive by one at a time.
type Stream struct {
	peer   identity.PublicKey
	stream network.Stream
	in     *bufio.Reader // by the goroutine that receives
	first  bool          // the deadline of the first frame still holds; by the goroutine that receives
	accuse func()
	over   atomic.Bool // closed or reset from here

	mu sync.Mutex // one frame is written at a time
}

// Peer is the node at the other end.
func (s *Stream) Peer() identity.PublicKey { return s.peer }

// Send sends one frame of at most MaxFrame bytes. A peer that does not take it within ten seconds loses the stream.
func (s *Stream) Send(frame []byte) error {
	if len(frame) > MaxFrame {
		return reason.Reject(reason.RequestTooLarge, "a frame of %d bytes, and %d is the most", len(frame), MaxFrame)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.stream.SetWriteDeadline(time.Now().Add(writeWait)); err != nil {
		return fmt.Errorf("p2p: %w", err)
	}
	if _, err := s.stream.Write(appendFrame(make([]byte, 0, len(frame)+4), frame)); err != nil {
		s.Reset() // whatever part of the frame went out, nothing can follow it
		return fmt.Errorf("p2p: %w", err)
	}
	return nil
}

// Receive waits for the next frame. io.EOF means that the peer closed the stream between frames. After any other error
// the stream is gone; stream-invalid says that the peer is to blame.
func (s *Stream) Receive() ([]byte, error) {
	frame, err := readFrame(s.in, MaxFrame)
	switch {
	case err == nil:
		if s.first {
			s.first = false
			if err := s.stream.SetReadDeadline(time.Time{}); err != nil {
				return nil, fmt.Errorf("p2p: %w", err)
			}
		}
		return frame, nil
	case isOffence(err):
		s.accuse()
	}
	if !errors.Is(err, io.EOF) {
		s.Reset()
	}
	return nil, err
}

// SetReadDeadline ends a Receive that takes longer, this one and all later ones; the zero time lifts it.
func (s *Stream) SetReadDeadline(t time.Time) error {
	if err := s.stream.SetReadDeadline(t); err != nil {
		return fmt.Errorf("p2p: %w", err)
	}
	s.first = false
	return nil
}

// Close ends the stream after what was sent has gone out. It is idempotent, and ends a Receive that waits.
func (s *Stream) Close() error {
	if s.over.Swap(true) {
		return nil
	}
	if err := s.stream.Close(); err != nil {
		return fmt.Errorf("p2p: %w", err)
	}
	return nil
}

// Reset ends the stream at once, at both ends.
func (s *Stream) Reset() {
	s.over.Store(true)
	_ = s.stream.Reset() // it is over either way
}

// OpenRoom opens a stream about rooms of the given node, connecting to it if need be: at addrs, or at what is known of
// it already. The addresses may come from anybody; those that do not name the node, or that this node may not dial,
// are passed over.
func (h *Host) OpenRoom(ctx context.Context, node identity.PublicKey, addrs []string) (*Stream, error) {
	id, err := h.reach(node, addrs)
	if err != nil {
		return nil, err
	}
	s, err := h.open(ctx, id, roomProtocol)
	if err != nil {
		return nil, err
	}
	return h.newStream(node, s), nil
}

func (h *Host) newStream(node identity.PublicKey, s network.Stream) *Stream {
	return &Stream{peer: node, stream: s, in: bufio.NewReader(s), accuse: func() { h.Penalize(node) }}
}

// reach checks that a node may be spoken to, and notes where it is said to be.
func (h *Host) reach(node identity.PublicKey, addrs []string) (peer.ID, error) {
	id, err := peerOf(node)
	if err != nil {
		return "", err
	}
	if !h.gater.allows(id) {
		return "", reason.Reject(reason.NodeDenied, "%s", node)
	}
	var known []multiaddr.Multiaddr
	for _, text := range addrs {
		addr, err := multiaddr.NewMultiaddr(text)
		if err != nil {
			continue
		}
		if transport, of := peer.SplitAddr(addr); transport != nil && (of == "" || of == id) {
			known = append(known, transport)
		}
	}
	if len(known) > 0 && id != h.host.ID() {
		h.host.Peerstore().AddAddrs(id, firstAddrs(known), peerstore.TempAddrTTL)
	}
	return id, nil
}

// open opens a stream. Connections by way of a relay will do; they carry little, but they carry this.
func (h *Host) open(ctx context.Context, id peer.ID, about protocol.ID) (network.Stream, error) {
	s, err := h.host.NewStream(network.WithAllowLimitedConn(ctx, "streams between nodes"), id, about)
	if err != nil {
		return nil, fmt.Errorf("p2p: cannot open %s to %s: %w", about, id, err)
	}
	return s, nil
}

// serve makes a handler of streams out of one that is told who the peer is. It waits for none of them, but the host
// does before it ends.
func (h *Host) serve(handle func(identity.PublicKey, network.Stream)) network.StreamHandler {
	return func(s network.Stream) {
		node, err := keyOf(s.Conn().RemotePeer())
		if err != nil || !h.gater.allows(s.Conn().RemotePeer()) || !h.enter() {
			_ = s.Reset()
			return
		}
		defer h.leave()
		handle(node, s)
	}
}

func (h *Host) serveRoom(node identity.PublicKey, s network.Stream) {
	stream := h.newStream(node, s)
	if err := stream.SetReadDeadline(time.Now().Add(firstFrameWait)); err != nil {
		stream.Reset()
		return
	}
	stream.first = true
	h.cfg.Rooms.Stream(node, stream)
}
