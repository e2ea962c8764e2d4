package p2p

import (
	"strings"
	"testing"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/stoa-rooms/stoa/identity"
)

func TestHostIsItsKey(t *testing.T) {
	key := identity.Generate()
	h, err := Listen(Config{Key: key, Listen: []string{"/ip4/127.0.0.1/tcp/0"}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	}()
	want, err := PeerID(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	addrs := h.Addrs()
	if len(addrs) != 1 || !strings.HasSuffix(addrs[0], "/p2p/"+want) {
		t.Fatalf("addrs %v, want one that ends in the peer id %s", addrs, want)
	}

	other, err := libp2p.New(libp2p.NoListenAddrs)
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
}

func TestListenRefusesNonsense(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:7082", "/ip4/127.0.0.1/tcp/70000", ""} {
		if h, err := Listen(Config{Key: identity.Generate(), Listen: []string{addr}}); err == nil {
			_ = h.Close()
			t.Errorf("Listen(%q) succeeded", addr)
		}
	}
}
