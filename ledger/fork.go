package ledger

import (
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/stoa-rooms/stoa/identity"
)

// ErrFork says that a fork proof proves nothing.
var ErrFork = errors.New("ledger: no proof of a fork")

// Fork proves, to anybody, that a node signed two histories of its log. Either both checkpoints are of one size with
// different roots; or the First is the smaller one, and Proof shows that the log of Second begins with another head,
// Other, at that size.
type Fork struct {
	First  string         `json:"first"`
	Second string         `json:"second"`
	Other  tlog.Hash      `json:"other,omitzero"`
	Proof  tlog.TreeProof `json:"proof,omitempty"`
}

// Check verifies that f proves a fork of the log origin of the node with that key. The error is [ErrCheckpoint] or
// [ErrFork].
func (f Fork) Check(origin string, key identity.PublicKey) error {
	first, err := ParseCheckpoint(f.First, origin, key)
	if err != nil {
		return fmt.Errorf("first: %w", err)
	}
	second, err := ParseCheckpoint(f.Second, origin, key)
	if err != nil {
		return fmt.Errorf("second: %w", err)
	}
	if first.Size == second.Size {
		if first.Root == second.Root {
			return fmt.Errorf("%w: the same head twice", ErrFork)
		}
		if len(f.Proof) > 0 || f.Other != (tlog.Hash{}) {
			return fmt.Errorf("%w: two heads of one size need no hashes", ErrFork)
		}
		return nil
	}
	if f.Other == first.Root {
		return fmt.Errorf("%w: the second goes on from the first", ErrFork)
	}
	if first.Size == 0 {
		return fmt.Errorf("%w: every log begins empty", ErrFork)
	}
	if err := CheckConsistency(f.Proof, Tree{Size: first.Size, Root: f.Other}, second); err != nil {
		return fmt.Errorf("%w: %w", ErrFork, err)
	}
	return nil
}
