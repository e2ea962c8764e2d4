package p2p

import (
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/stoa-rooms/stoa/identity"
)

func TestHostIsItsKey(t *testing.T) {
	n := start(t, Config{Listen: []string{"/ip4/127.0.0.1/tcp/0"}})
	want, err := PeerID(n.key.Public())
	if err != nil {
		t.Fatal(err)
	}
	addrs := n.Addrs()
	if len(addrs) != 1 || !strings.HasSuffix(addrs[0], "/p2p/"+want) {
		t.Fatalf("addrs %v, want one that ends in the peer id %s", addrs, want)
	}

	other, err := libp2p.New(libp2p.NoListenAddrs, libp2p.DisableMetrics())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	info, err := peer.AddrInfoFromString(addrs[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Connect(t.Context(), *info); err != nil {
		t.Fatalf("the handshake proves the peer id, and it failed: %v", err)
	}
	if key, err := keyOf(info.ID); err != nil || key != n.key.Public() {
		t.Errorf("the key of the peer id is %s, %v; want %s", key, err, n.key.Public())
	}
}

func TestListenOnlyListens(t *testing.T) {
	h, err := New(Config{Key: identity.Generate(), Listen: []string{"/ip4/127.0.0.1/tcp/0"}, Rooms: &fakeRooms{}})
	if err != nil {
		t.Fatal(err)
	}
	if len(h.Addrs()) != 1 {
		t.Errorf("addrs %v", h.Addrs())
	}
	if slices.Contains(h.host.Mux().Protocols(), roomProtocol) {
		t.Error("rooms are served before Run")
	}
	for range 2 {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestNewRefusesNonsense(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	_, port, _ := strings.Cut(taken.Addr().String(), ":")
	for name, cfg := range map[string]Config{
		"no multiaddr":     {Listen: []string{"127.0.0.1:7082"}},
		"no port":          {Listen: []string{"/ip4/127.0.0.1/tcp/70000"}},
		"nothing":          {Listen: []string{""}},
		"one of two taken": {Listen: []string{"/ip4/127.0.0.1/udp/0/quic-v1", "/ip4/127.0.0.1/tcp/" + port}},
		"public":           {Public: []string{"stoa.example"}},
		"peer":             {Peers: []string{"stoa.example"}},
		"topic":            {Topics: []string{"Music"}},
	} {
		cfg.Key = identity.Generate()
		if h, err := New(cfg); err == nil {
			_ = h.Close()
			t.Errorf("%s: New succeeded", name)
		}
	}
}

func TestPublicAddressesAreAnnouncedInstead(t *testing.T) {
	h, err := New(Config{Key: identity.Generate(), Listen: []string{"/ip4/127.0.0.1/tcp/0"}, Public: []string{"/dns4/stoa.example/tcp/7082"}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = h.Close() }()
	id, err := PeerID(h.cfg.Key.Public())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := h.Addrs(), []string{"/dns4/stoa.example/tcp/7082/p2p/" + id}; !slices.Equal(got, want) {
		t.Errorf("addrs %v, want %v", got, want)
	}
}

func TestOtherKeysAreNoNodes(t *testing.T) {
	for _, kind := range []int{crypto.ECDSA, crypto.Secp256k1} {
		_, pub, err := crypto.GenerateKeyPair(kind, 0)
		if err != nil {
			t.Fatal(err)
		}
		id, err := peer.IDFromPublicKey(pub)
		if err != nil {
			t.Fatal(err)
		}
		if key, err := keyOf(id); err == nil {
			t.Errorf("a key of kind %d is %s", kind, key)
		}
	}
	if _, err := keyOf("nonsense"); err == nil {
		t.Error("nonsense has a key")
	}
}

func TestMetrics(t *testing.T) {
	reg := prometheus.NewRegistry()
	for range 2 { // hosts in one process share a registry
		h, err := New(Config{Key: identity.Generate(), Metrics: reg})
		if err != nil {
			t.Fatal(err)
		}
		h.counts.verdict(nil)
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	}
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			values[f.GetName()] += m.GetCounter().GetValue()
		}
	}
	if got := values["stoa_p2p_messages_total"]; got != 2 {
		t.Errorf("%v messages counted by two hosts, want 2", got)
	}
	for _, want := range []string{"stoa_p2p_dropped_total", "stoa_p2p_penalties_total", "libp2p_rcmgr_limit", "libp2p_swarm_dial_ranking_delay_seconds"} {
		if _, ok := values[want]; !ok {
			t.Errorf("no metric %s", want)
		}
	}
}
