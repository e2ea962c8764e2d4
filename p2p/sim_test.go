package p2p

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/p2p/transport/quicreuse"
	"github.com/marcopolo/simnet"
	"github.com/quic-go/quic-go"
	"go.uber.org/fx"

	"github.com/stoa-rooms/stoa/identity"
)

// A simulated internet: every packet takes 80 ms from any node to any other, and one in twenty is lost. Time is virtual
// (testing/synctest), so that latencies are those of the protocol and not of the machine. The simulator offers delay and
// bandwidth; losses are made where packets enter it.
const (
	simDelay = 80 * time.Millisecond
	simLoss  = 0.05
)

// lossyConn loses packets that it sends.
type lossyConn struct {
	*simnet.SimConn
	cut *atomic.Bool // everything is lost
	mu  sync.Mutex
	rng *rand.Rand
}

func (c *lossyConn) WriteTo(p []byte, to net.Addr) (int, error) {
	c.mu.Lock()
	lost := c.rng.Float64() < simLoss || c.cut.Load()
	c.mu.Unlock()
	if lost {
		return len(p), nil
	}
	return c.SimConn.WriteTo(p, to)
}

// simSource says from which address packets leave: the only one.
type simSource struct{ ip net.IP }

func (s simSource) PreferredSourceIPForDestination(*net.UDPAddr) (net.IP, error) { return s.ip, nil }

// simHost is the config of the i-th node of a simulated network.
func simHost(internet *simnet.Simnet, cut *atomic.Bool, i int) Config {
	ip := simnet.IntToPublicIPv4(i)
	link := simnet.LinkSettings{BitsPerSecond: 20 * simnet.Mibps}
	listen := quicreuse.OverrideListenUDP(func(_ string, addr *net.UDPAddr) (net.PacketConn, error) {
		conn := internet.NewEndpoint(addr, simnet.NodeBiDiLinkSettings{Downlink: link, Uplink: link})
		return &lossyConn{SimConn: conn, cut: cut, rng: rand.New(rand.NewPCG(1, uint64(i)))}, nil
	})
	source := quicreuse.OverrideSourceIPSelector(func() (quicreuse.SourceIPSelector, error) { return simSource{ip}, nil })
	manager := func(l fx.Lifecycle, reset quic.StatelessResetKey, token quic.TokenGeneratorKey, opts ...quicreuse.Option) (*quicreuse.ConnManager, error) {
		cm, err := quicreuse.NewConnManager(reset, token, opts...)
		if err != nil {
			return nil, err
		}
		l.Append(fx.StopHook(cm.Close))
		return cm, nil
	}
	return Config{
		Listen: []string{fmt.Sprintf("/ip4/%s/udp/7082/quic-v1", ip)},
		Options: []libp2p.Option{
			libp2p.DisableIdentifyAddressDiscovery(), // it stalls virtual time
			libp2p.QUICReuse(manager, listen, source),
			func(cfg *libp2p.Config) error { // checks for NATs go out by sockets of their own, past the simulation
				cfg.EnableService = false
				return nil
			},
		},
	}
}

// simBundle is an announcement of a likely size whose bytes do not compress.
func simBundle(rng *rand.ChaCha8, room int) string {
	text := make([]byte, 2000)
	_, _ = rng.Read(text)
	return fmt.Sprintf("room-%d-%s", room, strings.ReplaceAll(string(text), " ", "."))
}

// An announcement reaches fifty nodes, and one that comes late knows all rooms soon.
func TestFiftyNodes(t *testing.T) {
	if testing.Short() {
		t.Skip("fifty nodes take a while")
	}
	nodes, rooms := 50, 40
	if raceEnabled { // it costs ten times as much there, and looks for other things
		nodes, rooms = 12, 10
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // https://github.com/golang/go/issues/78156
	}
	synctest.Test(t, func(t *testing.T) {
		s := newSimulation(t)
		before := heap()
		s.grow(nodes)
		each := float64(heap()-before) / float64(nodes) / 1e6
		t.Logf("heap per node: %.1f MB, with %.1f connections", each, s.meanPeers())
		if each > 10 {
			t.Errorf("a node takes %.1f MB, want 10 at most", each)
		}
		s.measureLatency(t, rooms)
		s.measureLateness(t, rooms)
		s.end()
	})
}

// simulation is a network of nodes.
type simulation struct {
	t       *testing.T
	net     *simnet.Simnet
	cut     atomic.Bool // every packet is lost
	rng     *rand.Rand
	nodes   []*node
	ctx     context.Context //nolint:containedctx // the life of the nodes
	stop    func()
	running sync.WaitGroup
}

func newSimulation(t *testing.T) *simulation {
	t.Helper()
	s := &simulation{
		t: t, rng: rand.New(rand.NewPCG(7, 7)),
		net: &simnet.Simnet{LatencyFunc: simnet.StaticLatency(simDelay), Logger: slog.New(slog.DiscardHandler)},
	}
	s.net.Start()
	s.ctx, s.stop = context.WithCancel(t.Context())
	return s
}

func (s *simulation) end() {
	s.stop()
	s.running.Wait()
	s.net.Close()
}

// add adds a node that knows some.
func (s *simulation) add(peers ...*node) *node {
	cfg := simHost(s.net, &s.cut, len(s.nodes))
	n := &node{key: identity.Generate(), rooms: &fakeRooms{}, logs: &fakeLogs{}}
	for _, p := range peers {
		cfg.Peers = append(cfg.Peers, p.Addrs()...)
	}
	cfg.Key, cfg.Rooms, cfg.Logs = n.key, n.rooms, n.logs
	var err error
	if n.Host, err = New(cfg); err != nil {
		s.t.Fatal(err)
	}
	s.running.Go(func() {
		if err := n.Run(s.ctx); err != nil {
			s.t.Error(err)
		}
	})
	s.nodes = append(s.nodes, n)
	return n
}

// grow adds nodes that know four earlier ones each, so that nobody knows everybody, and lets them find together.
func (s *simulation) grow(count int) {
	for i := range count {
		var peers []*node
		for _, j := range s.rng.Perm(i)[:min(i, 4)] {
			peers = append(peers, s.nodes[j])
		}
		s.add(peers...)
	}
	pass(15 * time.Second)
}

// measureLatency lets nodes announce rooms, and looks when the others heard of them.
func (s *simulation) measureLatency(t *testing.T, rooms int) {
	t.Helper()
	source := rand.NewChaCha8([32]byte{7})
	var latencies []time.Duration
	said := map[string]time.Time{}
	for room := range rooms {
		bundle, from := simBundle(source, room), s.nodes[s.rng.IntN(len(s.nodes))]
		said[bundle] = time.Now()
		if err := from.Announce(s.ctx, []string{"music"}, []byte(bundle)); err != nil {
			t.Fatal(err)
		}
		if err := from.rooms.Announced([]byte(bundle)); err != nil { // it is its own
			t.Fatal(err)
		}
		pass(250 * time.Millisecond)
	}
	pass(10 * time.Second)
	missing := 0
	for bundle, at := range said {
		for _, n := range s.nodes {
			if heard, ok := n.rooms.when(bundle); ok {
				latencies = append(latencies, heard.Sub(at))
			} else {
				missing++
			}
		}
	}
	slices.Sort(latencies)
	at := func(q float64) time.Duration { return latencies[int(q*float64(len(latencies)-1))] }
	t.Logf("%d announcements at %d nodes: p50 %v, p99 %v, worst %v", rooms, len(s.nodes), at(0.5), at(0.99), at(1))
	if missing > 0 {
		t.Errorf("%d announcements are missing", missing)
	}
	if p99 := at(0.99); p99 > 2*time.Second {
		t.Errorf("p99 is %v, want 2 s at most", p99)
	}
}

// measureLateness adds a node that knows two, and looks when it knows all rooms.
func (s *simulation) measureLateness(t *testing.T, rooms int) {
	t.Helper()
	late := s.add(s.nodes[3], s.nodes[len(s.nodes)/2])
	wait := func(what string, is func() bool) time.Time {
		for deadline := time.Now().Add(30 * time.Second); !is(); pass(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("not within 30 s: %s", what)
			}
		}
		return time.Now()
	}
	first := wait("it is connected", func() bool { return len(late.Peers()) > 0 })
	known := wait("it knows all rooms", func() bool { live, _ := late.rooms.count(); return live == rooms })
	t.Logf("a late node knew %d rooms %v after its first connection", rooms, known.Sub(first))
	if took := known.Sub(first); took > 2*time.Second {
		t.Errorf("that took %v, want 2 s at most", took)
	}
}

// pass lets virtual time pass.
func pass(d time.Duration) {
	time.Sleep(d) //nolint:forbidigo // in the simulation it is exact
}

func (s *simulation) meanPeers() float64 {
	total := 0
	for _, n := range s.nodes {
		total += len(n.Peers())
	}
	return float64(total) / float64(len(s.nodes))
}

// heap is how many bytes are in use after a collection.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
