package p2p

import (
	"fmt"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/stoa-rooms/stoa/identity"
)

// PeerID is the libp2p peer id of a key.
func PeerID(key identity.PublicKey) (string, error) {
	id, err := peerOf(key)
	if err != nil {
		return "", err
	}
	return id.String(), nil
}

func peerOf(key identity.PublicKey) (peer.ID, error) {
	pub, err := crypto.UnmarshalEd25519PublicKey(key[:])
	if err != nil {
		return "", fmt.Errorf("p2p: %w", err)
	}
	id, err := peer.IDFromPublicKey(pub)
	if err != nil {
		return "", fmt.Errorf("p2p: %w", err)
	}
	return id, nil
}

// keyOf is the key that a peer id stands for. Peers of other key types are no nodes: their ids are refused, and so are
// the weak keys that identity refuses everywhere.
func keyOf(id peer.ID) (identity.PublicKey, error) {
	pub, err := id.ExtractPublicKey()
	if err != nil {
		return identity.PublicKey{}, fmt.Errorf("p2p: no key in peer id %s: %w", id, err)
	}
	if pub.Type() != crypto.Ed25519 {
		return identity.PublicKey{}, fmt.Errorf("%w: peer id %s is of another kind of key", identity.ErrKey, id)
	}
	raw, err := pub.Raw()
	if err != nil {
		return identity.PublicKey{}, fmt.Errorf("p2p: %w", err)
	}
	return identity.FromBytes(raw)
}
