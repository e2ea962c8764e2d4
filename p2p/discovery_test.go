package p2p

import (
	"context"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"
	madns "github.com/multiformats/go-multiaddr-dns"

	"github.com/stoa-rooms/stoa/identity"
)

func TestConfiguredPeersAreKeptConnected(t *testing.T) {
	a := start(t, Config{})
	addrs := a.Addrs()
	b := start(t, Config{Peers: []string{addrs[0]}})
	eventually(t, "connected", func() bool { return b.Connected(a.key.Public()) })
	if !b.host.ConnManager().IsProtected(a.host.ID(), "") {
		t.Error("a configured peer may be trimmed")
	}
	if err := a.host.Network().ClosePeer(b.host.ID()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "connected again", func() bool { return b.Connected(a.key.Public()) && a.Connected(b.key.Public()) })
}

// A peer that is away is dialled for as long as it takes, never in step and never seldom.
func TestBackoff(t *testing.T) {
	now := time.Unix(1e9, 0)
	for _, c := range []struct {
		chosen bool
		want   []time.Duration
	}{
		{true, []time.Duration{1, 2, 4, 4, 4}},
		{false, []time.Duration{1, 2, 4, 8, 16, 32, 60, 60}},
	} {
		one := sought{chosen: c.chosen}
		seen := map[time.Duration]bool{}
		for i, want := range c.want {
			want *= time.Second
			one.later(now)
			got := one.next.Sub(now)
			if got > want || got < want*4/5 {
				t.Errorf("chosen %v: wait %d is %v, want %v less a fifth at most", c.chosen, i, got, want)
			}
			seen[want-got] = true
		}
		if len(seen) < 2 {
			t.Error("waits have no chance in them")
		}
	}
}

// dnsRecords is a DNS of TXT records.
type dnsRecords map[string][]string

func (d dnsRecords) LookupIPAddr(context.Context, string) ([]net.IPAddr, error) { return nil, errFake }

func (d dnsRecords) LookupTXT(_ context.Context, name string) ([]string, error) {
	if records, ok := d[strings.TrimSuffix(name, ".")]; ok {
		return records, nil
	}
	return nil, errFake
}

func TestResolve(t *testing.T) {
	h, err := New(Config{Key: identity.Generate()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = h.Close() }()
	one, err := PeerID(identity.Generate().Public())
	if err != nil {
		t.Fatal(err)
	}
	two, err := PeerID(identity.Generate().Public())
	if err != nil {
		t.Fatal(err)
	}
	h.resolver, err = madns.NewResolver(madns.WithDefaultResolver(dnsRecords{
		"_dnsaddr.stoa.example":  {"dnsaddr=/ip4/1.2.3.4/tcp/1/p2p/" + one, "dnsaddr=/dnsaddr/more.example", "dnsaddr=/ip4/1.2.3.4/tcp/9", "spf"},
		"_dnsaddr.more.example":  {"dnsaddr=/ip4/5.6.7.8/udp/1/quic-v1/p2p/" + two},
		"_dnsaddr.loop.example":  {"dnsaddr=/dnsaddr/loop.example"},
		"_dnsaddr.empty.example": {"v=spf1"},
	}))
	if err != nil {
		t.Fatal(err)
	}
	for addr, want := range map[string][]string{
		"/ip4/1.2.3.4/tcp/1/p2p/" + one:       {one},
		"/dnsaddr/stoa.example":               {one, two},
		"/dnsaddr/stoa.example/p2p/" + one:    {one},
		"/dnsaddr/more.example":               {two},
		"/dnsaddr/loop.example":               nil,
		"/dnsaddr/empty.example":              nil,
		"/dnsaddr/unknown.example":            nil,
		"/ip4/1.2.3.4/tcp/1":                  nil,
		"/dns4/stoa.example/tcp/1/p2p/" + one: {one}, // libp2p resolves it as it dials
	} {
		parsed, err := multiaddr.NewMultiaddr(addr)
		if err != nil {
			t.Fatal(err)
		}
		infos, err := h.resolve(t.Context(), parsed)
		if (err != nil) != (want == nil) {
			t.Errorf("%s: %v", addr, err)
		}
		var got []string
		for _, info := range infos {
			got = append(got, info.ID.String())
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s stands for %v, want %v", addr, got, want)
		}
	}
}

func TestBook(t *testing.T) {
	a := start(t, Config{})
	book := &fakeBook{wrote: make(chan []string, 8), known: append([]string{"nonsense", "/ip4/127.0.0.1/tcp/1"}, a.Addrs()...)}
	b := start(t, Config{Book: book})
	eventually(t, "a peer that the book knows is found", func() bool { return b.Connected(a.key.Public()) })
	c := start(t, Config{Peers: b.Addrs()})
	eventually(t, "another comes by itself", func() bool { return len(b.AddrsOf(c.key.Public())) > 0 })
	b.stop() // before the wait is over, and yet nothing is lost
	select {
	case addrs := <-book.wrote:
		for _, n := range []*node{a, c} {
			if !slices.ContainsFunc(addrs, func(addr string) bool { return slices.Contains(n.Addrs(), addr) }) {
				t.Errorf("the book has %v, and nothing of %v", addrs, n.Addrs())
			}
		}
	default:
		t.Fatal("nothing was remembered")
	}
	if len(book.wrote) != 0 {
		t.Error("the book was written more than once for two that came together")
	}
}

func TestBookThatFails(t *testing.T) {
	a := start(t, Config{})
	b := start(t, Config{Book: &fakeBook{err: errFake}, Peers: a.Addrs()})
	eventually(t, "peers are found without the book", func() bool { return b.Connected(a.key.Public()) })
}

func TestLostPeersAreLookedForAgain(t *testing.T) {
	a := start(t, Config{})
	b := start(t, Config{})
	if err := b.host.Connect(t.Context(), peer.AddrInfo{ID: a.host.ID(), Addrs: a.host.Addrs()}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "both see it", func() bool { return a.Connected(b.key.Public()) && len(b.AddrsOf(a.key.Public())) > 0 })
	old := b.host.Network().ConnsToPeer(a.host.ID())[0].ID()
	if err := a.host.Network().ClosePeer(b.host.ID()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "there is a new connection", func() bool {
		return slices.ContainsFunc(b.host.Network().ConnsToPeer(a.host.ID()), func(c network.Conn) bool { return c.ID() != old })
	})
}

func TestConnect(t *testing.T) {
	a := start(t, Config{})
	b := start(t, Config{})
	key, err := b.Connect(t.Context(), a.Addrs()[0])
	if err != nil || key != a.key.Public() || !b.Connected(key) {
		t.Errorf("connected to %s, %v", key, err)
	}
	for _, addr := range []string{"nonsense", "/ip4/127.0.0.1/tcp/1", "/ip4/127.0.0.1/tcp/1/p2p/" + start(t, Config{}).host.ID().String()} {
		if _, err := b.Connect(t.Context(), addr); err == nil {
			t.Errorf("connected to %q", addr)
		}
	}
}

// The book of a seeker holds 200 at most, whatever comes.
func TestKnownPeersAreBounded(t *testing.T) {
	h, err := New(Config{Key: identity.Generate()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = h.Close() }()
	s := newSeeker(h)
	addr := multiaddr.StringCast("/ip4/1.2.3.4/tcp/1")
	for range 2 * knownMost {
		id, err := peerOf(identity.Generate().Public())
		if err != nil {
			t.Fatal(err)
		}
		s.remember(peer.AddrInfo{ID: id, Addrs: slices.Repeat([]multiaddr.Multiaddr{addr}, 50)}, 0)
		s.remember(peer.AddrInfo{ID: id, Addrs: []multiaddr.Multiaddr{multiaddr.StringCast("/ip4/1.2.3.4/tcp/2")}}, 0)
		if n := len(s.known[id].infos[0].Addrs); n > maxAddrs {
			t.Fatalf("%d addresses of one peer", n)
		}
	}
	if len(s.known) != knownMost {
		t.Errorf("%d peers are known, want %d", len(s.known), knownMost)
	}
	s.remember(peer.AddrInfo{ID: h.host.ID(), Addrs: []multiaddr.Multiaddr{addr}}, 0)
	if s.known[h.host.ID()] != nil {
		t.Error("the host looks for itself")
	}
}

func TestAddressesOfStrangers(t *testing.T) {
	id, err := peerOf(identity.Generate().Public())
	if err != nil {
		t.Fatal(err)
	}
	internet := Config{Public: []string{"/ip4/93.184.216.34/tcp/7082"}}
	for _, c := range []struct {
		name  string
		cfg   Config
		addr  string
		wants bool
	}{
		{"a public one", internet, "/ip4/1.2.3.4/tcp/1", true},
		{"a name", internet, "/dns4/stoa.example/tcp/1", true},
		{"this machine, on the internet", internet, "/ip4/127.0.0.1/tcp/1", false},
		{"this machine, mapped", internet, "/ip6/::ffff:127.0.0.1/tcp/1", false},
		{"this machine in a demo", Config{Listen: []string{"/ip4/127.0.0.1/tcp/1"}}, "/ip4/127.0.0.1/tcp/2", true},
		{"this machine with a peer there", Config{Peers: []string{"/ip4/127.0.0.1/tcp/1"}}, "/ip4/127.0.0.1/tcp/2", true},
		{"a private one, on the internet", internet, "/ip4/10.0.0.1/tcp/1", false},
		{"a private one by IPv6, on the internet", internet, "/ip6/fd00::1/udp/1/quic-v1", false},
		{"a private one, at home", Config{}, "/ip4/192.168.0.7/tcp/1", true},
		{"a private one, with mDNS", Config{Public: internet.Public, MDNS: true}, "/ip4/192.168.0.7/tcp/1", true},
		{"link-local", Config{}, "/ip4/169.254.169.254/tcp/80", false},
		{"link-local, with mDNS", Config{MDNS: true}, "/ip6/fe80::1/tcp/80", true},
		{"everywhere", Config{MDNS: true}, "/ip4/0.0.0.0/tcp/1", false},
		{"multicast", Config{MDNS: true}, "/ip4/224.0.0.251/udp/5353/quic-v1", false},
		{"broadcast", Config{MDNS: true}, "/ip4/255.255.255.255/udp/1/quic-v1", false},
	} {
		listen, err := parseAddrs(c.cfg.Listen)
		if err != nil {
			t.Fatal(err)
		}
		g := newGater(c.cfg, listen, newScores(time.Now))
		if got := g.InterceptAddrDial(id, multiaddr.StringCast(c.addr)); got != c.wants {
			t.Errorf("%s: dialled %v, want %v", c.name, got, c.wants)
		}
		g.trust(id)
		if !g.InterceptAddrDial(id, multiaddr.StringCast(c.addr)) {
			t.Errorf("%s: the operator's own choice is not dialled", c.name)
		}
	}
}

// Nodes in one LAN find each other when they are told to look. Where multicast is missing, as in many containers,
// looking fails and nothing else does.
func TestLAN(t *testing.T) {
	a := start(t, Config{MDNS: true, Listen: []string{"/ip4/0.0.0.0/tcp/0"}})
	b := start(t, Config{})
	seek := newSeeker(b.Host)
	lanPeers{seek}.HandlePeerFound(peer.AddrInfo{ID: a.host.ID(), Addrs: a.host.Addrs()})
	lanPeers{seek}.HandlePeerFound(peer.AddrInfo{ID: b.host.ID(), Addrs: b.host.Addrs()})
	if len(seek.known) != 1 {
		t.Fatalf("%d peers were found, want the other", len(seek.known))
	}
	seek.seek(t.Context())
	seek.dials.Wait()
	if !b.Connected(a.key.Public()) {
		t.Error("what was found was not dialled")
	}
}

func TestRelayIsAskedOfNodesOnly(t *testing.T) {
	n := start(t, Config{})
	s, err := libp2p.New(libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"), libp2p.DisableMetrics(), libp2p.ForceReachabilityPublic(), libp2p.EnableRelayService())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	connect(t, s, n)
	eventually(t, "the peer that relays is found", func() bool {
		var found []peer.ID
		for info := range n.relays(t.Context(), 4) {
			found = append(found, info.ID)
		}
		return slices.Equal(found, []peer.ID{s.ID()})
	})
	if got := len(n.relays(t.Context(), 0)); got != 0 {
		t.Errorf("%d relays, and none was asked for", got)
	}
}

func connect(t *testing.T, s host.Host, n *node) {
	t.Helper()
	if err := s.Connect(t.Context(), peer.AddrInfo{ID: n.host.ID(), Addrs: n.host.Addrs()}); err != nil {
		t.Fatal(err)
	}
	if s.Network().Connectedness(n.host.ID()) != network.Connected {
		t.Fatal("not connected")
	}
}

// After a partition a configured peer is back within ten seconds, however long it was.
func TestPartitionHeals(t *testing.T) {
	if testing.Short() {
		t.Skip("virtual minutes of real hosts take a while")
	}
	synctest.Test(t, func(t *testing.T) {
		s := newSimulation(t)
		a := s.add()
		b := s.add(a)
		pass(5 * time.Second)
		if !b.Connected(a.key.Public()) {
			t.Fatal("not connected")
		}
		s.cut.Store(true)
		pass(10 * time.Minute)
		if b.Connected(a.key.Public()) {
			t.Fatal("connected over nothing")
		}
		s.cut.Store(false)
		healed := time.Now()
		for !b.Connected(a.key.Public()) && time.Since(healed) < time.Minute {
			pass(10 * time.Millisecond)
		}
		t.Logf("together again %v after the partition", time.Since(healed))
		if took := time.Since(healed); took > 8*time.Second {
			t.Errorf("it took %v, want 8 s at most", took)
		}
		s.end()
	})
}
