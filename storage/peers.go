package storage

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// MaxPeers is how many addresses of other nodes are remembered, and maxPeer how long one may be, in bytes. A multiaddr
// with a name, a certificate hash and a peer id has some 300.
const (
	MaxPeers = 200
	maxPeer  = 1024
)

// Peers are the addresses of other nodes that were remembered last, newest first, at most [MaxPeers]. They outlive a
// reset: they belong to the node. ErrDamaged says that they were lost, which the next Batch.Peers ends.
func (s *Store) Peers() ([]string, error) {
	return use(s, func(v *view) ([]string, error) {
		raw, ok, err := v.get([]byte(keyPeers))
		if err != nil || !ok {
			return nil, err
		}
		peers, err := decodePeers(raw)
		if err != nil {
			return nil, spoiled([]byte(keyPeers), err)
		}
		return peers, nil
	})
}

// peers plans to put addresses in front of those that are known.
func (p *plan) peers(seen []string) error {
	if len(seen) == 0 {
		return nil
	}
	stored, ok, err := p.before.raw([]byte(keyPeers))
	if err != nil {
		return err
	}
	var known []string
	if raw, err := unseal([]byte(keyPeers), stored); ok && err == nil {
		known, _ = decodePeers(raw) // lost ones are no reason not to begin anew
	}
	all := make([]string, 0, MaxPeers)
	for _, addr := range slices.Concat(seen, known) {
		if addr == "" || len(addr) > maxPeer {
			return fmt.Errorf("%w: an address of %d bytes", ErrBatch, len(addr))
		}
		if len(all) < MaxPeers && !slices.Contains(all, addr) {
			all = append(all, addr)
		}
	}
	if slices.Equal(all, known) {
		return nil
	}
	return p.put([]byte(keyPeers), encodePeers(all))
}

func encodePeers(peers []string) []byte {
	var out []byte
	for _, addr := range peers {
		out = binary.AppendUvarint(out, uint64(len(addr)))
		out = append(out, addr...)
	}
	return out
}

func decodePeers(raw []byte) ([]string, error) {
	var peers []string
	for len(raw) > 0 {
		addr, rest, err := field(raw)
		if err != nil || len(addr) == 0 || len(addr) > maxPeer || len(peers) == MaxPeers {
			return nil, errValue
		}
		peers, raw = append(peers, string(addr)), rest
	}
	return peers, nil
}
