package ledger_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/ledger"
	"github.com/stoa-rooms/stoa/statement"
)

// memory keeps stored hashes by index.
type memory []tlog.Hash

func (m memory) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= int64(len(m)) {
			return nil, fmt.Errorf("hash %d of %d", index, len(m))
		}
		out[i] = m[index]
	}
	return out, nil
}

func id(n int) statement.ID { return sha256.Sum256(fmt.Appendf(nil, "leaf %d", n)) }

func ids(from, to int) []statement.ID {
	var out []statement.ID
	for n := from; n < to; n++ {
		out = append(out, id(n))
	}
	return out
}

// rootOf is the tree head as RFC 6962, section 2.1, defines it.
func rootOf(leaves []statement.ID) [32]byte {
	switch len(leaves) {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return sha256.Sum256(append([]byte{0}, leaves[0][:]...))
	}
	k := 1
	for 2*k < len(leaves) {
		k *= 2
	}
	left, right := rootOf(leaves[:k]), rootOf(leaves[k:])
	return sha256.Sum256(append(append([]byte{1}, left[:]...), right[:]...))
}

// grow appends n leaves, one by one or in batches.
func grow(tb testing.TB, n, batch int) (ledger.Tree, memory) {
	tb.Helper()
	var tree ledger.Tree
	var m memory
	for from := 0; from < n; from += batch {
		next, fresh, err := ledger.Append(tree, m, ids(from, min(from+batch, n)))
		if err != nil {
			tb.Fatal(err)
		}
		for _, h := range fresh {
			if h.Index != int64(len(m)) {
				tb.Fatalf("hash of index %d where %d comes next", h.Index, len(m))
			}
			m = append(m, h.Hash)
		}
		tree = next
	}
	return tree, m
}

func TestAppendMakesTheTreeOfRFC6962(t *testing.T) {
	for n := range 70 {
		for _, batch := range []int{1, 2, 3, 7, 64} {
			tree, m := grow(t, n, batch)
			if n > 0 && (tree.Size != int64(n) || [32]byte(tree.Root) != rootOf(ids(0, n))) {
				t.Fatalf("%d leaves in batches of %d: wrong head %+v", n, batch, tree)
			}
			if int64(len(m)) != tlog.StoredHashCount(int64(n)) {
				t.Fatalf("%d leaves: %d stored hashes", n, len(m))
			}
		}
	}
}

func TestAppendOfNothingIsTheSameTree(t *testing.T) {
	tree, m := grow(t, 5, 1)
	next, fresh, err := ledger.Append(tree, m, nil)
	if err != nil || next != tree || len(fresh) != 0 {
		t.Fatalf("%+v, %d hashes, %v", next, len(fresh), err)
	}
}

func TestAppendRefuses(t *testing.T) {
	broken := errors.New("broken")
	fails := tlog.HashReaderFunc(func([]int64) ([]tlog.Hash, error) { return nil, broken })
	short := tlog.HashReaderFunc(func([]int64) ([]tlog.Hash, error) { return nil, nil })
	if _, _, err := ledger.Append(ledger.Tree{Size: 3}, fails, ids(0, 1)); !errors.Is(err, broken) {
		t.Errorf("the reader's error is lost: %v", err)
	}
	if _, _, err := ledger.Append(ledger.Tree{Size: 3}, short, ids(0, 1)); err == nil {
		t.Error("a reader that gives no hashes is believed")
	}
	for _, size := range []int64{-1, ledger.MaxSize, 1 << 62} {
		if _, _, err := ledger.Append(ledger.Tree{Size: size}, memory{}, ids(0, 1)); err == nil {
			t.Errorf("a log of %d leaves grows", size)
		}
	}
}

func TestInclusion(t *testing.T) {
	const most = 17
	for n := 1; n <= most; n++ {
		tree, m := grow(t, n, n)
		for i := range n {
			proof, err := ledger.ProveInclusion(m, tree.Size, int64(i))
			if err != nil {
				t.Fatal(err)
			}
			if err := ledger.CheckInclusion(proof, tree, int64(i), id(i)); err != nil {
				t.Errorf("leaf %d of %d: %v", i, n, err)
			}
			for _, bad := range []error{
				ledger.CheckInclusion(proof, tree, int64(i), id(i+1)),
				ledger.CheckInclusion(proof, tree, int64(i)+1, id(i)),
				ledger.CheckInclusion(proof, tree, int64(i)-1, id(i)),
				ledger.CheckInclusion(slices.Concat(proof, tlog.RecordProof{{}}), tree, int64(i), id(i)),
				ledger.CheckInclusion(proof, ledger.Tree{Size: tree.Size}, int64(i), id(i)),
			} {
				if !errors.Is(bad, ledger.ErrProof) {
					t.Errorf("leaf %d of %d: a wrong proof holds: %v", i, n, bad)
				}
			}
		}
	}
}

func TestConsistency(t *testing.T) {
	const most = 17
	heads := make([]ledger.Tree, most+1)
	var m memory
	for n := 1; n <= most; n++ {
		heads[n], m = grow(t, n, n)
	}
	for n := 0; n <= most; n++ {
		for old := 0; old <= n; old++ {
			proof, err := ledger.ProveConsistency(m, int64(old), int64(n))
			if err != nil {
				t.Fatal(err)
			}
			if err := ledger.CheckConsistency(proof, heads[old], heads[n]); err != nil {
				t.Errorf("%d after %d: %v", n, old, err)
			}
			other := heads[old]
			other.Root[0] ^= 1
			if old > 0 && !errors.Is(ledger.CheckConsistency(proof, other, heads[n]), ledger.ErrProof) {
				t.Errorf("%d goes on from another %d", n, old)
			}
			long := slices.Concat(proof, tlog.TreeProof{{}})
			if !errors.Is(ledger.CheckConsistency(long, heads[old], heads[n]), ledger.ErrProof) {
				t.Errorf("%d after %d: a longer proof holds", n, old)
			}
		}
	}
	if !errors.Is(ledger.CheckConsistency(nil, heads[3], heads[2]), ledger.ErrProof) {
		t.Error("a log shrinks")
	}
}

// The arithmetic of tlog does not end above 2^62; a checkpoint may claim any size.
func TestHugeSizesAreRefused(t *testing.T) {
	huge := ledger.Tree{Size: 1<<63 - 1}
	if err := ledger.CheckInclusion(make(tlog.RecordProof, 64), huge, 1<<62, id(0)); !errors.Is(err, ledger.ErrProof) {
		t.Errorf("inclusion: %v", err)
	}
	if err := ledger.CheckConsistency(make(tlog.TreeProof, 64), ledger.Tree{Size: 1 << 62}, huge); !errors.Is(err, ledger.ErrProof) {
		t.Errorf("consistency: %v", err)
	}
	if _, err := ledger.ProveInclusion(memory{}, huge.Size, 5); err == nil {
		t.Error("a proof in a log that cannot be")
	}
	if _, err := ledger.ProveConsistency(memory{}, 5, huge.Size); err == nil {
		t.Error("a proof of consistency with a log that cannot be")
	}
}

func TestCounts(t *testing.T) {
	a, b := identity.PublicKey{1}, identity.PublicKey{2}
	upto := []statement.LogPrefix{{Log: a, Size: 10}}
	for _, c := range []struct {
		log   identity.PublicKey
		index int64
		want  bool
	}{{a, 0, true}, {a, 9, true}, {a, 10, false}, {b, 0, false}} {
		if got := ledger.Counts(upto, c.log, c.index); got != c.want {
			t.Errorf("index %d of %v: %t", c.index, c.log[0], got)
		}
	}
}
