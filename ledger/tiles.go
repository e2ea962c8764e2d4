package ledger

import (
	"golang.org/x/mod/sumdb/tlog"

	"github.com/stoa-rooms/stoa/reason"
)

// Fetch reads one resource of a log from somebody who may lie. An answer longer than the resource's MaxBytes need not
// be read to its end.
type Fetch func(path string) ([]byte, error)

// remote is a tree that somebody else has. Every hash that is read through it has been shown to be in the tree: tlog
// fetches the tiles above it as well and computes the root. That takes at most two tiles for each of the seven levels.
type remote struct {
	tree  Tree
	fetch Fetch
	err   error // the first of fetch
}

// Height implements tlog.TileReader.
func (*remote) Height() int { return tileHeight }

// SaveTiles implements tlog.TileReader.
func (*remote) SaveTiles([]tlog.Tile, [][]byte) {}

// ReadTiles implements tlog.TileReader.
func (r *remote) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	out := make([][]byte, len(tiles))
	for i, t := range tiles {
		at := Resource{Kind: KindTile, Level: t.L, N: t.N, Width: t.W}
		data, err := r.fetch(at.Path())
		if err != nil {
			r.err = err
			return nil, err
		}
		out[i] = data // tlog looks at its length
	}
	return out, nil
}

// ReadHashes implements tlog.HashReader.
func (r *remote) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	return tlog.TileHashReader(tlog.Tree{N: r.tree.Size, Hash: r.tree.Root}, r).ReadHashes(indexes)
}

// root is the root that the first size leaves of the tree have. Even for the whole tree it is worth asking: somebody
// must have the tiles along its edge.
func (r *remote) root(size int64) (tlog.Hash, error) {
	h, err := tlog.TreeHash(size, r)
	return h, r.explain(err)
}

// proof shows that the tree begins with what it has at that size.
func (r *remote) proof(size int64) (tlog.TreeProof, error) {
	p, err := ProveConsistency(r, size, r.tree.Size)
	return p, r.explain(err)
}

// explain tells an answer that is wrong from one that did not come.
func (r *remote) explain(err error) error {
	switch {
	case err == nil:
		return nil
	case r.err != nil:
		return r.err
	}
	return reason.Reject(reason.LogInvalid, "tiles of the log of %d: %v", r.tree.Size, err)
}
