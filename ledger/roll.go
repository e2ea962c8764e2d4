package ledger

import (
	"golang.org/x/mod/sumdb/tlog"

	"github.com/stoa-rooms/stoa/statement"
)

// Roll hashes a log from its first leaf on and keeps no more than the path to its end: what it takes to check a whole log
// against its checkpoint. The zero Roll is the empty log.
type Roll struct {
	size  int64
	peaks []tlog.Hash // of the complete subtrees, the largest first: one for each bit of size that is set
}

// Add is the next leaf.
func (r *Roll) Add(id statement.ID) {
	r.peaks = append(r.peaks, Leaf(id))
	for n := r.size; n&1 == 1; n >>= 1 {
		last := len(r.peaks) - 1
		r.peaks[last-1] = tlog.NodeHash(r.peaks[last-1], r.peaks[last])
		r.peaks = r.peaks[:last]
	}
	r.size++
}

// Tree is the head of the log so far.
func (r *Roll) Tree() Tree {
	if r.size == 0 {
		return Tree{Root: emptyRoot()}
	}
	last := len(r.peaks) - 1
	root := r.peaks[last]
	for i := last - 1; i >= 0; i-- {
		root = tlog.NodeHash(r.peaks[i], root)
	}
	return Tree{Size: r.size, Root: root}
}
