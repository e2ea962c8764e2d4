// Package ledger is the arithmetic of a node's log, without its storage.
//
// Every node keeps an append-only transparency log: a Merkle tree (RFC 6962) whose leaves are the ids of the statements
// it made durable. The signed head of the tree is a checkpoint. Whoever holds a checkpoint can check that a statement
// is in the log ([CheckInclusion]), that a later head only added to it ([CheckConsistency]), and can prove to others
// that a node signed two histories ([Fork]).
//
// The tree is that of golang.org/x/mod/sumdb/tlog, and so is the numbering of the hashes that [Append] gives back for
// storing. Checkpoints are C2SP tlog-checkpoints (https://c2sp.org/tlog-checkpoint). The package reads no clock and
// does no I/O but through the [tlog.HashReader] it is given.
package ledger

import (
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

// MaxSize is the largest log, in leaves. It is what JSON can count (RFC 7493), and far from where the arithmetic of
// tlog overflows.
const MaxSize = statement.MaxInt

// maxProof is more hashes than any proof in a log of MaxSize needs: at most two a level.
const maxProof = 128

// ErrProof says that a proof of inclusion or consistency does not hold.
var ErrProof = errors.New("ledger: the proof does not hold")

// Tree is the head of a log: how many leaves it has and the RFC 6962 hash over them. The zero Tree is the empty log;
// its checkpoint carries the hash of nothing.
type Tree struct {
	Size int64
	Root tlog.Hash
}

// StoredHash is one hash of the tree that has to be kept, under the index that tlog gives it.
type StoredHash struct {
	Index int64
	Hash  tlog.Hash
}

// Leaf is the RFC 6962 leaf hash of a statement: over the 32 bytes of its id.
func Leaf(id statement.ID) tlog.Hash { return tlog.RecordHash(id[:]) }

// Append adds leaves to a log. It reads at most a few hashes of the old tree from r, and gives the new head and the
// hashes to store, in order of index. An error is r's, or says that the log is full.
func Append(tree Tree, r tlog.HashReader, ids []statement.ID) (next Tree, hashes []StoredHash, err error) {
	if tree.Size < 0 || tree.Size > MaxSize-int64(len(ids)) {
		return Tree{}, nil, fmt.Errorf("ledger: a log of %d leaves takes no %d more", tree.Size, len(ids))
	}
	first := tlog.StoredHashCount(tree.Size)
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		return readBoth(r, first, hashes, indexes)
	})
	for i, id := range ids {
		added, err := tlog.StoredHashesForRecordHash(tree.Size+int64(i), Leaf(id), reader)
		if err != nil {
			return Tree{}, nil, fmt.Errorf("ledger: append: %w", err)
		}
		for _, h := range added {
			hashes = append(hashes, StoredHash{Index: first + int64(len(hashes)), Hash: h})
		}
	}
	next.Size = tree.Size + int64(len(ids))
	next.Root, err = tlog.TreeHash(next.Size, reader)
	if err != nil {
		return Tree{}, nil, fmt.Errorf("ledger: append: %w", err)
	}
	return next, hashes, nil
}

// readBoth reads stored hashes, those from index first on out of fresh, the others from r.
func readBoth(r tlog.HashReader, first int64, fresh []StoredHash, indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	var old []int64
	var place []int
	for i, index := range indexes {
		if index >= first {
			out[i] = fresh[index-first].Hash
			continue
		}
		old, place = append(old, index), append(place, i)
	}
	if len(old) == 0 {
		return out, nil
	}
	read, err := r.ReadHashes(old)
	if err != nil {
		return nil, err
	}
	if len(read) != len(old) {
		return nil, fmt.Errorf("asked for %d stored hashes, was given %d", len(old), len(read))
	}
	for i, h := range read {
		out[place[i]] = h
	}
	return out, nil
}

// ProveInclusion makes the proof that leaf index is in the tree of the given size.
func ProveInclusion(r tlog.HashReader, size, index int64) (tlog.RecordProof, error) {
	if size > MaxSize || index < 0 || index >= size {
		return nil, fmt.Errorf("ledger: no leaf %d in a log of %d", index, size)
	}
	return tlog.ProveRecord(size, index, r)
}

// ProveConsistency makes the proof that the tree of size next begins with the tree of size old.
func ProveConsistency(r tlog.HashReader, old, next int64) (tlog.TreeProof, error) {
	if old < 0 || old > next || next > MaxSize {
		return nil, fmt.Errorf("ledger: a log of %d is no beginning of one of %d", old, next)
	}
	if old == 0 {
		return tlog.TreeProof{}, nil
	}
	return tlog.ProveTree(next, old, r)
}

// CheckInclusion verifies that the leaf at index in tree is the statement with that id. The error is [ErrProof].
func CheckInclusion(proof tlog.RecordProof, tree Tree, index int64, id statement.ID) error {
	if tree.Size > MaxSize || len(proof) > maxProof {
		return fmt.Errorf("%w: out of bounds", ErrProof)
	}
	if err := tlog.CheckRecord(proof, tree.Size, tree.Root, index, Leaf(id)); err != nil {
		return fmt.Errorf("%w: %s is not leaf %d of %d", ErrProof, id, index, tree.Size)
	}
	return nil
}

// CheckConsistency verifies that the log with head next begins with the log with head old. Every log begins with the
// empty one, by an empty proof. The error is [ErrProof].
func CheckConsistency(proof tlog.TreeProof, old, next Tree) error {
	if old.Size < 0 || old.Size > next.Size || next.Size > MaxSize || len(proof) > maxProof {
		return fmt.Errorf("%w: out of bounds", ErrProof)
	}
	if old.Size == 0 {
		if len(proof) != 0 {
			return fmt.Errorf("%w: the empty log needs no hashes", ErrProof)
		}
		return nil
	}
	if err := tlog.CheckTree(proof, next.Size, next.Root, old.Size, old.Root); err != nil {
		return fmt.Errorf("%w: the log of %d does not begin with that of %d", ErrProof, next.Size, old.Size)
	}
	return nil
}

// Counts reports whether leaf index of a log lies within the prefixes that a revoke left standing. A log that is not
// named has no leaf that counts.
func Counts(upto []statement.LogPrefix, log identity.PublicKey, index int64) bool {
	for _, p := range upto {
		if p.Log == log {
			return index < p.Size
		}
	}
	return false
}
