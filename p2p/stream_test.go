package p2p

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/peerstore"
	"github.com/libp2p/go-libp2p/core/protocol"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
)

// stranger is a bare libp2p host that keeps to no rules, connected to n.
func stranger(t *testing.T, n *node) (host.Host, identity.PublicKey) {
	t.Helper()
	s, err := libp2p.New(libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"), libp2p.DisableMetrics())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	s.Peerstore().AddAddrs(n.host.ID(), n.host.Addrs(), peerstore.PermanentAddrTTL)
	key, err := keyOf(s.ID())
	if err != nil {
		t.Fatal(err)
	}
	return s, key
}

// say opens a stream from a stranger and writes what is given, as it is.
func say(t *testing.T, s host.Host, n *node, about protocol.ID, data []byte) network.Stream {
	t.Helper()
	if err := s.Connect(t.Context(), peer.AddrInfo{ID: n.host.ID()}); err != nil {
		t.Fatal(err)
	}
	stream, err := s.NewStream(t.Context(), n.host.ID(), about)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stream.Reset() })
	_, _ = stream.Write(data) // who is refused at the first byte cannot write the last, and sees so as it reads
	return stream
}

// wasReset waits until the other side gave the stream up.
func wasReset(t *testing.T, s network.Stream) {
	t.Helper()
	wasResetWithin(t, s, 20*time.Second)
}

func wasResetWithin(t *testing.T, s network.Stream, wait time.Duration) {
	t.Helper()
	if err := s.SetReadDeadline(time.Now().Add(wait)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, s); !errors.Is(err, network.ErrReset) {
		t.Errorf("the stream ended with %v, want a reset", err)
	}
}

func TestStreamCarriesFrames(t *testing.T) {
	echo := func(_ identity.PublicKey, s *Stream) {
		for {
			frame, err := s.Receive()
			if err != nil {
				_ = s.Close()
				return
			}
			if err := s.Send(frame); err != nil {
				return
			}
		}
	}
	host := start(t, Config{Rooms: &fakeRooms{stream: echo}})
	home := start(t, Config{})
	ctx := t.Context()
	other := identity.Generate().Public()
	if _, err := home.OpenRoom(ctx, host.key.Public(), nil); err == nil {
		t.Fatal("a node of which nothing is known was reached")
	}
	otherID, err := PeerID(other)
	if err != nil {
		t.Fatal(err)
	}
	misled := strings.Replace(host.Addrs()[0], host.host.ID().String(), otherID, 1)
	if _, err := home.OpenRoom(ctx, host.key.Public(), []string{misled, "nonsense"}); err == nil {
		t.Fatal("an address of another node was taken")
	}
	s, err := home.OpenRoom(ctx, host.key.Public(), host.Addrs())
	if err != nil {
		t.Fatal(err)
	}
	if s.Peer() != host.key.Public() {
		t.Errorf("the stream is to %s", s.Peer())
	}
	var senders sync.WaitGroup
	const each = 20
	for _, b := range []byte("abc") {
		senders.Go(func() {
			for i := range each {
				if err := s.Send(bytes.Repeat([]byte{b}, i*1000)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	next := map[byte]int{}
	for range 3 * each {
		frame, err := s.Receive()
		if err != nil {
			t.Fatal(err)
		}
		if len(frame) == 0 {
			continue
		}
		next[frame[0]] += 1000
		if want := bytes.Repeat(frame[:1], next[frame[0]]); !bytes.Equal(frame, want) {
			t.Fatalf("a frame of %d bytes came back otherwise, or out of turn", len(want))
		}
	}
	senders.Wait()
	if err := s.Send(make([]byte, MaxFrame)); err != nil {
		t.Error(err)
	}
	if frame, err := s.Receive(); err != nil || len(frame) != MaxFrame {
		t.Errorf("the largest frame came back as %d bytes, %v", len(frame), err)
	}
	wantReason(t, s.Send(make([]byte, MaxFrame+1)), reason.RequestTooLarge)
	if err := s.SetReadDeadline(time.Now().Add(10 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	var late net.Error
	if _, err := s.Receive(); !errors.As(err, &late) || !late.Timeout() {
		t.Errorf("nothing to receive: %v, want a timeout", err)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestStreamEndsWithoutLosingWhatWasSent(t *testing.T) {
	got := make(chan []byte, 3)
	ended := make(chan error, 1)
	host := start(t, Config{Rooms: &fakeRooms{stream: func(_ identity.PublicKey, s *Stream) {
		for {
			frame, err := s.Receive()
			if err != nil {
				ended <- err
				s.Reset()
				return
			}
			got <- frame
		}
	}}})
	home := start(t, Config{Peers: host.Addrs()})
	s, err := home.OpenRoom(t.Context(), host.key.Public(), host.Addrs())
	if err != nil {
		t.Fatal(err)
	}
	for _, frame := range []string{"one", "two", "three"} {
		if err := s.Send([]byte(frame)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"one", "two", "three"} {
		if frame := <-got; string(frame) != want {
			t.Errorf("got %q, want %q", frame, want)
		}
	}
	if err := <-ended; !errors.Is(err, io.EOF) {
		t.Errorf("the stream ended with %v, want its end", err)
	}
}

func TestBadRoomStreams(t *testing.T) {
	refused := make(chan error, 1)
	n := start(t, Config{Rooms: &fakeRooms{stream: func(_ identity.PublicKey, s *Stream) {
		_, err := s.Receive()
		refused <- err
	}}})
	for _, c := range []struct {
		name  string
		data  []byte
		ended bool // the writer closes its side
		cost  float64
	}{
		{"a frame that is too large", appendFrame(nil, make([]byte, MaxFrame+1))[:64], false, offencePoints},
		{"a length without end", bytes.Repeat([]byte{0xff}, 10), false, offencePoints},
		{"a length in a longer form", []byte{0x81, 0x00, 'x'}, false, offencePoints},
		{"half a frame", []byte{5, 'h', 'a'}, true, 0},
		{"half a length", []byte{0x85}, true, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, key := stranger(t, n)
			stream := say(t, s, n, roomProtocol, c.data)
			if c.ended {
				_ = stream.CloseWrite() // or it is refused already
			}
			wantReason(t, <-refused, reason.StreamInvalid)
			wasReset(t, stream)
			id, err := peerOf(key)
			if err != nil {
				t.Fatal(err)
			}
			if got := n.scores.points(id); got < c.cost*0.99 || got > c.cost {
				t.Errorf("it cost %v, want %v", got, c.cost)
			}
		})
	}
}

func TestOffendersAreSentAway(t *testing.T) {
	n := start(t, Config{})
	s, key := stranger(t, n)
	if err := s.Connect(t.Context(), peer.AddrInfo{ID: n.host.ID()}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the stranger is connected", func() bool { return n.Connected(key) })
	for range 4 {
		n.Penalize(key)
	}
	eventually(t, "the stranger is gone", func() bool { return !n.Connected(key) && len(s.Network().Peers()) == 0 })
	if stream, err := s.NewStream(t.Context(), n.host.ID(), roomProtocol); err == nil {
		_, err = stream.Write([]byte{1, 'x'})
		if err == nil {
			wasReset(t, stream)
		}
	}
	if n.Connected(key) {
		t.Error("the stranger is back")
	}
	_, err := n.OpenRoom(t.Context(), key, nil)
	wantReason(t, err, reason.NodeDenied)
}

// The first frame is due soon, and the next ones may take any time, unless whoever serves the stream says otherwise.
func TestOnlyTheFirstFrameIsHurried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		go func() {
			for i := range 3 {
				pass(time.Duration(i) * time.Hour)
				_, _ = b.Write(appendFrame(nil, []byte("hello")))
			}
		}()
		fake := &pipeStream{pipe: a}
		h := &Host{cfg: Config{Rooms: &fakeRooms{stream: func(_ identity.PublicKey, s *Stream) {
			for i := range 3 {
				if frame, err := s.Receive(); err != nil || string(frame) != "hello" {
					t.Errorf("frame %d is %q, %v", i, frame, err)
				}
			}
			if len(fake.deadlines) != 2 {
				t.Errorf("deadlines %v, want the first frame's, and that lifted", fake.deadlines)
			}
			if err := s.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
				t.Error(err)
			}
			var late net.Error
			if _, err := s.Receive(); !errors.As(err, &late) || !late.Timeout() {
				t.Errorf("nothing came, and that was %v", err)
			}
		}}}}
		h.serveRoom(identity.PublicKey{}, fake)
	})
}

// pipeStream is a network.Stream over a pipe, as far as Stream needs one.
type pipeStream struct {
	network.Stream
	pipe      net.Conn
	deadlines []time.Time
}

func (p *pipeStream) Read(b []byte) (int, error)         { return p.pipe.Read(b) }
func (p *pipeStream) Write(b []byte) (int, error)        { return p.pipe.Write(b) }
func (p *pipeStream) Close() error                       { return p.pipe.Close() }
func (p *pipeStream) Reset() error                       { return p.pipe.Close() }
func (p *pipeStream) SetDeadline(t time.Time) error      { return p.pipe.SetDeadline(t) }
func (p *pipeStream) SetWriteDeadline(t time.Time) error { return p.pipe.SetWriteDeadline(t) }
func (p *pipeStream) SetReadDeadline(t time.Time) error {
	p.deadlines = append(p.deadlines, t)
	return p.pipe.SetReadDeadline(t)
}

func TestDenied(t *testing.T) {
	var mu sync.Mutex
	var denied identity.PublicKey
	served := make(chan identity.PublicKey, 8)
	rooms := &fakeRooms{stream: func(k identity.PublicKey, s *Stream) { served <- k; s.Reset() }}
	n := start(t, Config{Rooms: rooms, Denied: func(k identity.PublicKey) bool {
		mu.Lock()
		defer mu.Unlock()
		return k == denied
	}})
	other := start(t, Config{Peers: n.Addrs()})
	bystander := start(t, Config{Peers: n.Addrs()})
	eventually(t, "both are connected", func() bool {
		return n.Connected(other.key.Public()) && n.Connected(bystander.key.Public())
	})
	mu.Lock()
	denied = other.key.Public()
	mu.Unlock()
	knock := func(from *node) { // whether it is answered shows in served
		s, err := from.OpenRoom(t.Context(), n.key.Public(), n.Addrs())
		if err != nil {
			return
		}
		_ = s.Send([]byte("hello"))
		_, _ = s.Receive()
		s.Reset()
	}
	knock(other) // its connection may live on for a second
	knock(bystander)
	if k := <-served; k != bystander.key.Public() {
		t.Error("a denied node was served")
	}
	_, err := n.OpenRoom(t.Context(), other.key.Public(), other.Addrs())
	wantReason(t, err, reason.NodeDenied)
	_, err = n.ReadLog(t.Context(), other.key.Public(), "log", "checkpoint")
	wantReason(t, err, reason.NodeDenied)
	eventually(t, "the denied one is gone", func() bool { return !n.Connected(other.key.Public()) })
	if !n.Connected(bystander.key.Public()) {
		t.Error("the bystander is gone as well")
	}
	if err := n.host.Connect(t.Context(), peer.AddrInfo{ID: other.host.ID(), Addrs: other.host.Addrs()}); err == nil {
		t.Error("a denied node was dialled")
	}
	knock(other)
	if len(served) > 0 {
		t.Error("a denied node was served on a new connection")
	}
	_, pub, err := crypto.GenerateKeyPair(crypto.Secp256k1, 0)
	if err != nil {
		t.Fatal(err)
	}
	id, err := peer.IDFromPublicKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	if n.gater.InterceptSecured(network.DirInbound, id, nil) {
		t.Error("a peer with another kind of key is let in")
	}
}
