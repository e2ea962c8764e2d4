package p2p

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeRooms is a hallway that believes everything, unless the bundle begins with the reason to refuse it for.
type fakeRooms struct {
	stream func(identity.PublicKey, *Stream)

	mu    sync.Mutex
	calls int
	live  map[string]time.Time // when it was first heard
}

func (r *fakeRooms) Announced(bundle []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls++
	if why, _, ok := strings.Cut(string(bundle), " "); ok {
		return reason.Reject(reason.Reason(why), "")
	}
	if r.live == nil {
		r.live = map[string]time.Time{}
	}
	if _, ok := r.live[string(bundle)]; !ok {
		r.live[string(bundle)] = time.Now()
	}
	return nil
}

func (r *fakeRooms) Live(string) [][]byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all [][]byte
	for bundle := range r.live {
		all = append(all, []byte(bundle))
	}
	return all
}

func (r *fakeRooms) Stream(peer identity.PublicKey, s *Stream) {
	if r.stream == nil {
		s.Reset()
		return
	}
	r.stream(peer, s)
}

func (r *fakeRooms) has(bundle string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, ok := r.live[bundle]
	return ok
}

func (r *fakeRooms) when(bundle string) (time.Time, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at, ok := r.live[bundle]
	return at, ok
}

func (r *fakeRooms) count() (live, calls int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.live), r.calls
}

// fakeLogs has one log.
type fakeLogs struct {
	mu          sync.Mutex
	checkpoints []string
	resources   map[string][]byte // by path
}

func (l *fakeLogs) Checkpointed(text string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.checkpoints = append(l.checkpoints, text)
	return nil
}

func (l *fakeLogs) heard() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.checkpoints)
}

func (l *fakeLogs) Read(_ identity.PublicKey, origin, path string) ([]byte, error) {
	if body, ok := l.resources[path]; ok && origin == "log" {
		return body, nil
	}
	return nil, reason.Reject(reason.NotFound, "%s %s", origin, path)
}

// fakeBook is a book in memory.
type fakeBook struct {
	mu    sync.Mutex
	known []string
	wrote chan []string
	err   error
}

func (b *fakeBook) Known() ([]string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.known), b.err
}

func (b *fakeBook) Remember(addrs []string) error {
	b.mu.Lock()
	b.known = append(slices.Clone(addrs), b.known...)
	b.mu.Unlock()
	if b.wrote != nil {
		b.wrote <- addrs
	}
	return b.err
}

// node is a host that runs.
type node struct {
	*Host
	key   identity.PrivateKey
	rooms *fakeRooms
	logs  *fakeLogs
	stop  func() // idempotent; waits
}

// start runs a host on loopback until the test ends. What cfg leaves out is filled in.
func start(t *testing.T, cfg Config) *node {
	t.Helper()
	n := &node{key: identity.Generate(), rooms: &fakeRooms{}, logs: &fakeLogs{}}
	if cfg.Listen == nil {
		cfg.Listen = []string{"/ip4/127.0.0.1/udp/0/quic-v1", "/ip4/127.0.0.1/tcp/0"}
	}
	if rooms, ok := cfg.Rooms.(*fakeRooms); ok {
		n.rooms = rooms
	}
	if logs, ok := cfg.Logs.(*fakeLogs); ok {
		n.logs = logs
	}
	cfg.Key, cfg.Rooms, cfg.Logs = n.key, n.rooms, n.logs
	var err error
	if n.Host, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx) }()
	n.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(n.stop)
	eventually(t, "the host serves", func() bool { return slices.Contains(n.host.Mux().Protocols(), logProtocol) })
	return n
}

// eventually waits until what is true, at most for ten seconds.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-deadline:
			t.Fatalf("not within 10 s: %s", what)
		case <-tick.C:
		}
	}
}

// meet waits until all hear each other in gossip, directly or by way of the others, and forgets what was said for that.
func meet(t *testing.T, nodes ...*node) {
	t.Helper()
	try := 0
	eventually(t, "everybody hears everybody", func() bool {
		all := true
		for _, from := range nodes {
			probe := "probe-" + from.key.Public().String()
			if err := from.Announce(t.Context(), nil, fmt.Appendf(nil, "%s-%d", probe, try)); err != nil {
				t.Fatal(err)
			}
			for _, to := range nodes {
				all = all && (to == from || to.rooms.heard(probe))
			}
		}
		try++
		return all
	})
	for _, n := range nodes { // nothing of it is on its way any more
		end := "end-" + n.key.Public().String()
		if err := n.Announce(t.Context(), nil, []byte(end)); err != nil {
			t.Fatal(err)
		}
		eventually(t, "everybody hears the last", func() bool {
			return !slices.ContainsFunc(nodes, func(to *node) bool { return to != n && !to.rooms.heard(end) })
		})
	}
	for _, n := range nodes {
		n.rooms.reset()
	}
}

func (r *fakeRooms) heard(prefix string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for bundle := range r.live {
		if strings.HasPrefix(bundle, prefix) {
			return true
		}
	}
	return false
}

func (r *fakeRooms) reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls, r.live = 0, nil
}

func wantReason(t *testing.T, err error, want reason.Reason) {
	t.Helper()
	if got := reason.Of(err); got != want {
		t.Errorf("refused for %q (%v), want %q", got, err, want)
	}
}

var errFake = errors.New("fake")

func bundleOf(name string, size int) []byte {
	return append([]byte(name), bytes.Repeat([]byte("."), max(0, size-len(name)))...)
}
