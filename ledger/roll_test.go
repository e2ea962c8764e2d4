package ledger_test

import (
	"testing"

	"github.com/stoa-rooms/stoa/ledger"
	"github.com/stoa-rooms/stoa/statement"
)

// TestRollIsTheTree compares every size up to beyond a tile with the naive tree.
func TestRollIsTheTree(t *testing.T) {
	var roll ledger.Roll
	var leaves []statement.ID
	for n := range 600 {
		if got, want := roll.Tree(), (ledger.Tree{Size: int64(n), Root: rootOf(leaves)}); got != want {
			t.Fatalf("%d leaves: %v, want %v", n, got, want)
		}
		leaves = append(leaves, id(n))
		roll.Add(leaves[n])
	}
}
