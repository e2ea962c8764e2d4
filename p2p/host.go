// Package p2p is the node among nodes: its libp2p host.
//
// The host's identity is the node's key, so a node's did:key and its peer id name the same thing. For now the host
// listens and answers; rooms and logs do not travel between nodes yet.
package p2p

import (
	"crypto/ed25519"
	"fmt"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"

	"github.com/stoa-rooms/stoa/identity"
)

// PeerID is the libp2p peer id of a key.
func PeerID(key identity.PublicKey) (string, error) {
	pub, err := crypto.UnmarshalEd25519PublicKey(key[:])
	if err != nil {
		return "", fmt.Errorf("p2p: %w", err)
	}
	id, err := peer.IDFromPublicKey(pub)
	if err != nil {
		return "", fmt.Errorf("p2p: %w", err)
	}
	return id.String(), nil
}

// Config says who the host is and where it listens.
type Config struct {
	Key    identity.PrivateKey
	Listen []string // multiaddrs; none: the host does not listen
}

// Host is a running libp2p host.
type Host struct {
	host host.Host
}

// Listen starts a host. Close ends it.
func Listen(cfg Config) (*Host, error) {
	key, err := crypto.UnmarshalEd25519PrivateKey(ed25519.NewKeyFromSeed(cfg.Key.Seed()))
	if err != nil {
		return nil, fmt.Errorf("p2p: %w", err)
	}
	addrs := make([]multiaddr.Multiaddr, 0, len(cfg.Listen))
	for _, text := range cfg.Listen {
		addr, err := multiaddr.NewMultiaddr(text)
		if err != nil {
			return nil, fmt.Errorf("p2p: %q is not a multiaddr such as /ip4/127.0.0.1/tcp/7082: %w", text, err)
		}
		addrs = append(addrs, addr)
	}
	opts := []libp2p.Option{libp2p.Identity(key), libp2p.ListenAddrs(addrs...), libp2p.DisableRelay()}
	if len(addrs) == 0 {
		opts = append(opts, libp2p.NoListenAddrs)
	}
	h, err := libp2p.New(opts...)
	if err != nil {
		return nil, fmt.Errorf("p2p: cannot listen on %v: %w", cfg.Listen, err)
	}
	return &Host{host: h}, nil
}

// Addrs are the multiaddrs at which the host can be reached, its peer id included.
func (h *Host) Addrs() []string {
	var all []string
	for _, addr := range h.host.Addrs() {
		all = append(all, addr.String()+"/p2p/"+h.host.ID().String())
	}
	return all
}

// Close ends the host and waits for it.
func (h *Host) Close() error {
	if err := h.host.Close(); err != nil {
		return fmt.Errorf("p2p: %w", err)
	}
	return nil
}
