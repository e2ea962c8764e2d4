package p2p

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
)

// The directory protocol: whoever opens the stream sends one frame, the topic it asks for (empty: all), and closes its
// side. The other sends one frame for each live room, its announcement bundle, and closes.
const (
	directoryProtocol = "/stoa/directory/1"

	// Bounds of one answer, for whoever sends and whoever reads it. 2,000 rooms is far above what a hallway can show.
	directoryRooms = 2000
	directoryBytes = 8 << 20
	directoryWait  = 10 * time.Second

	// Peers are asked once on connection. Flapping connections do not make it more often than this: in between, gossip
	// repeats every room four times.
	directoryAgain = time.Minute

	// But for once, soon: what is said between the first answer and the moment when both have each other in their mesh
	// (within a heartbeat of knowing each other's topics) would be missed until it is repeated.
	directorySettle = 2 * time.Second

	// Peers asked at the same time. Each holds up to 8 MiB, and most of what the second says the first has said.
	directoryAsks = 4

	// A peer may ask three times at once and then every 20 s: more often than any that keeps to directoryAgain.
	directoryServeRate  = 1.0 / 20
	directoryServeBurst = 3
)

// wantDirectory notes that a peer should be asked for its rooms, unless it was of late.
func (h *Host) wantDirectory(id peer.ID) {
	if h.cfg.Rooms == nil {
		return
	}
	now := h.cfg.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	for other, at := range h.asked {
		if since := now.Sub(at); since >= directoryAgain || since < 0 {
			delete(h.asked, other)
		}
	}
	if _, ok := h.asked[id]; ok {
		return
	}
	select {
	case h.asks <- id:
		h.asked[id] = now
		time.AfterFunc(directorySettle, func() {
			select {
			case h.asks <- id:
			default: // the same
			}
		})
	default: // more newcomers than can be asked: gossip will tell of their rooms
	}
}

// askDirectories asks the peers that wantDirectory noted, until ctx ends.
func (h *Host) askDirectories(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case id := <-h.asks:
			n, err := h.askDirectory(ctx, id)
			if err != nil && ctx.Err() == nil {
				h.log.Debug("p2p: directory", "peer", id, "rooms", n, "err", err)
			}
		}
	}
}

// askDirectory asks one peer for all its live rooms and hands them on. It returns how many were read.
func (h *Host) askDirectory(ctx context.Context, id peer.ID) (int, error) {
	ctx, stop := context.WithTimeout(ctx, directoryWait)
	defer stop()
	s, err := h.open(network.WithNoDial(ctx, "it may be gone by now"), id, directoryProtocol)
	if err != nil {
		return 0, err
	}
	defer context.AfterFunc(ctx, func() { _ = s.Reset() })()
	n, err := h.takeDirectory(ctx, s)
	if err != nil {
		_ = s.Reset()
		if isOffence(err) {
			h.penalize(id)
		}
		return n, err
	}
	return n, s.Close()
}

func (h *Host) takeDirectory(ctx context.Context, s network.Stream) (int, error) {
	if _, err := s.Write(appendFrame(nil, nil)); err != nil {
		return 0, fmt.Errorf("p2p: %w", err)
	}
	_ = s.CloseWrite() // it fails when the other has answered already, and whether it has is seen next
	return readDirectory(bufio.NewReader(s), func(bundle []byte) error {
		err := h.gossip.heard.judge(ctx, "", bundle, func() error {
			return h.judge(ctx, func() error { return h.cfg.Rooms.Announced(bundle) })
		})
		if err != nil && verdictOf(err) == pubsub.ValidationReject {
			return offenceError{err}
		}
		return nil
	})
}

// readDirectory reads an answer and calls take for every bundle, until the end, the first error, or a bound is passed.
func readDirectory(r *bufio.Reader, take func([]byte) error) (int, error) {
	total := 0
	for n := 0; ; n++ {
		bundle, err := readFrame(r, MaxBundle)
		switch {
		case errors.Is(err, io.EOF):
			return n, nil
		case err != nil:
			return n, err
		}
		if total += len(bundle); n == directoryRooms || total > directoryBytes {
			return n, offence("a directory without an end")
		}
		if err := take(bundle); err != nil {
			return n, err
		}
	}
}

// serveDirectory answers a peer that asks.
func (h *Host) serveDirectory(node identity.PublicKey, s network.Stream) {
	err := h.answerDirectory(node, s)
	if err != nil {
		_ = s.Reset()
	}
	if isOffence(err) {
		h.Penalize(node)
	}
}

func (h *Host) answerDirectory(node identity.PublicKey, s network.Stream) error {
	if err := s.SetDeadline(time.Now().Add(directoryWait)); err != nil {
		return fmt.Errorf("p2p: %w", err)
	}
	frame, err := readFrame(bufio.NewReader(s), maxTopic)
	if err != nil {
		return err
	}
	topic := string(frame)
	if topic != "" && !validTopic(topic) {
		return offence("%q is no topic", topic)
	}
	if !h.served.take(node, 1) {
		return reason.Reject(reason.RateLimited, "the directory")
	}
	bundles := slices.Clone(h.cfg.Rooms.Live(topic))
	// Whoever is new asks several peers at once, and knows everything sooner if each begins elsewhere.
	rand.Shuffle(len(bundles), func(i, j int) { bundles[i], bundles[j] = bundles[j], bundles[i] })
	w := bufio.NewWriterSize(s, 16<<10)
	total := 0
	for i, bundle := range bundles {
		if total += len(bundle); i == directoryRooms || total > directoryBytes {
			break
		}
		if _, err := w.Write(appendFrame(nil, bundle)); err != nil {
			return fmt.Errorf("p2p: %w", err)
		}
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("p2p: %w", err)
	}
	return s.Close()
}
