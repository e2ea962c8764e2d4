package p2p

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/stoa-rooms/stoa/identity"
)

func TestLateJoinerKnowsAllRooms(t *testing.T) {
	a := start(t, Config{})
	const live = 300
	for i := range live {
		if err := a.rooms.Announced(bundleOf(fmt.Sprintf("room-%d-", i), 2500)); err != nil {
			t.Fatal(err)
		}
	}
	b := start(t, Config{Peers: a.Addrs()})
	eventually(t, "b knows all rooms", func() bool { n, _ := b.rooms.count(); return n == live })
	if _, calls := b.rooms.count(); calls != live {
		t.Errorf("b judged %d times, want %d", calls, live)
	}
	// Coming back does not make it ask again.
	for range 3 {
		b.wantDirectory(a.host.ID())
	}
	if n := len(b.asks); n != 0 {
		t.Errorf("%d more questions are planned", n)
	}
}

func TestDirectoryAsksOnceAMinute(t *testing.T) {
	now := time.Unix(1e9, 0)
	h, err := New(Config{Key: start(t, Config{}).key, Rooms: &fakeRooms{}, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = h.Close() }()
	for _, step := range []struct {
		after time.Duration
		asks  int
	}{{0, 1}, {time.Second, 1}, {directoryAgain - 2*time.Second, 1}, {time.Second, 2}, {time.Second, 2}} {
		now = now.Add(step.after)
		h.wantDirectory("p")
		if got := len(h.asks); got != step.asks {
			t.Errorf("after %v: %d questions, want %d", step.after, got, step.asks)
		}
	}
}

// Whoever is asked may answer anything.
func TestBadDirectoryAnswers(t *testing.T) {
	room := appendFrame(nil, []byte("room"))
	for name, c := range map[string]struct {
		answer  []byte
		endless bool
		rooms   int
		cost    float64
	}{
		"an answer":              {answer: room, rooms: 1},
		"an ignored one":         {answer: append(appendFrame(nil, []byte("announce-stale 1")), room...), rooms: 1},
		"an invalid room":        {answer: append(appendFrame(nil, []byte("announce-host 1")), room...), cost: offencePoints},
		"garbage":                {answer: bytes.Repeat([]byte{0xff}, 100), cost: offencePoints},
		"a bundle too large":     {answer: append(room, appendFrame(nil, make([]byte, MaxBundle+1))...), rooms: 1, cost: offencePoints},
		"half a bundle":          {answer: append(room, 9, 'x'), rooms: 1},
		"one that does not end":  {endless: true, rooms: 1, cost: offencePoints},
		"one that says nothing ": {},
	} {
		t.Run(name, func(t *testing.T) {
			n := start(t, Config{})
			s, key := stranger(t, n)
			s.SetStreamHandler(directoryProtocol, func(s network.Stream) {
				_, _ = io.Copy(io.Discard, s)
				_, _ = s.Write(c.answer)
				for c.endless {
					if _, err := s.Write(room); err != nil {
						break
					}
				}
				_ = s.Close()
			})
			if err := s.Connect(t.Context(), peer.AddrInfo{ID: n.host.ID()}); err != nil {
				t.Fatal(err)
			}
			id, err := peerOf(key)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = n.askDirectory(t.Context(), id) // the host asked on its own as well, perhaps at the same time
			eventually(t, "the answer is dealt with", func() bool {
				rooms, _ := n.rooms.count()
				points := n.scores.points(id)
				return rooms == c.rooms && (points > 0) == (c.cost > 0)
			})
		})
	}
}

func TestDirectoryAnswersAreBounded(t *testing.T) {
	n := start(t, Config{})
	for i := range directoryRooms + 100 {
		if err := n.rooms.Announced(fmt.Appendf(nil, "room-%d", i)); err != nil {
			t.Fatal(err)
		}
	}
	asker := start(t, Config{Peers: n.Addrs()})
	eventually(t, "as many rooms as an answer has", func() bool { live, _ := asker.rooms.count(); return live >= directoryRooms })
	if got := asker.scores.points(n.host.ID()); got != 0 {
		t.Errorf("an answer that keeps to the bound cost %v", got)
	}
	s, _ := stranger(t, n)
	for i := range directoryServeBurst + 1 {
		stream := say(t, s, n, directoryProtocol, appendFrame(nil, []byte("general")))
		if i == directoryServeBurst {
			wasReset(t, stream)
			continue
		}
		if _, err := stream.Read(make([]byte, 1)); err != nil {
			t.Fatalf("question %d: %v", i, err)
		}
		_ = stream.Reset()
	}
}

func TestBadDirectoryQuestions(t *testing.T) {
	n := start(t, Config{})
	for _, c := range []struct {
		name string
		data []byte
		cost float64
	}{
		{"a topic that is none", appendFrame(nil, []byte("General")), offencePoints},
		{"one that is too long", appendFrame(nil, bytes.Repeat([]byte("x"), maxTopic+1)), offencePoints},
		{"half a question", []byte{5, 'x'}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, key := stranger(t, n)
			stream := say(t, s, n, directoryProtocol, c.data)
			_ = stream.CloseWrite() // or it is refused already
			wasReset(t, stream)
			id, err := peerOf(key)
			if err != nil {
				t.Fatal(err)
			}
			eventually(t, "it costs what it should", func() bool { return (n.scores.points(id) > 0) == (c.cost > 0) })
		})
	}
}

// Whoever opens streams and says nothing loses them when the deadline of the first frame has passed. The deadline is
// looked at rather than waited for.
func TestSilence(t *testing.T) {
	for about, serve := range map[string]func(*Host, network.Stream){
		directoryProtocol: func(h *Host, s network.Stream) { h.serveDirectory(identity.PublicKey{}, s) },
		logProtocol:       func(h *Host, s network.Stream) { h.serveLog(identity.PublicKey{}, s) },
		roomProtocol: func(h *Host, s network.Stream) {
			h.cfg.Rooms = &fakeRooms{stream: func(_ identity.PublicKey, s *Stream) { _, _ = s.Receive() }}
			h.serveRoom(identity.PublicKey{}, s)
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			a, b := net.Pipe()
			defer func() { _ = b.Close() }()
			began := time.Now()
			serve(&Host{cfg: Config{Now: time.Now}}, &pipeStream{pipe: a})
			if took := time.Since(began); took != firstFrameWait && took != directoryWait {
				t.Errorf("%s: silence was heard for %v", about, took)
			}
			if _, err := b.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
				t.Errorf("%s: the stream ended with %v", about, err)
			}
		})
	}
}
