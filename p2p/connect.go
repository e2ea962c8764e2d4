package p2p

import (
	"context"
	"fmt"

	"github.com/multiformats/go-multiaddr"

	"github.com/stoa-rooms/stoa/identity"
)

// Connect connects to a node at a multiaddr that ends in /p2p/ID, or at a /dnsaddr name, and returns its key.
func (h *Host) Connect(ctx context.Context, addr string) (identity.PublicKey, error) {
	parsed, err := multiaddr.NewMultiaddr(addr)
	if err != nil {
		return identity.PublicKey{}, fmt.Errorf("p2p: %q is not a multiaddr: %w", addr, err)
	}
	infos, err := h.resolve(ctx, parsed)
	if err != nil {
		return identity.PublicKey{}, err
	}
	for _, info := range infos {
		if err = h.connect(ctx, info, true); err == nil {
			return keyOf(info.ID)
		}
	}
	return identity.PublicKey{}, fmt.Errorf("p2p: %q cannot be reached: %w", addr, err)
}
