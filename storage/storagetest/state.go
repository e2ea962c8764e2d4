package storagetest

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/stoa-rooms/stoa/ledger"
	"github.com/stoa-rooms/stoa/statement"
	"github.com/stoa-rooms/stoa/storage"
)

// State is all that a store shows.
type State struct {
	Tree       ledger.Tree
	Checkpoint string
	Entries    []storage.Entry
	Hashes     []tlog.Hash
	Texts      []statement.Text // those asked for that are there
	Profiles   []storage.Profile
	Rooms      []storage.Room
	Snapshot   *storage.Snapshot
}

// Read reads everything, and of the texts those numbered below texts.
func Read(s *storage.Store, texts int) (State, error) {
	state := State{Tree: s.Head(), Checkpoint: s.Checkpoint()}
	for e, err := range s.Entries(0) {
		if err != nil {
			return state, err
		}
		state.Entries = append(state.Entries, e)
		index, ok, err := s.IndexOf(e.ID)
		if err != nil {
			return state, err
		}
		if !ok || index != e.Index {
			return state, fmt.Errorf("entry %d is at %d, %v by its index", e.Index, index, ok)
		}
	}
	for i := range tlog.StoredHashCount(state.Tree.Size) {
		h, err := s.ReadHashes([]int64{i})
		if err != nil {
			return state, err
		}
		state.Hashes = append(state.Hashes, h...)
	}
	for n := range texts {
		t, ok, err := s.Text(Text(n).Commitment())
		if err != nil {
			return state, err
		}
		if ok {
			state.Texts = append(state.Texts, t)
		}
	}
	for p, err := range s.Profiles() {
		if err != nil {
			return state, err
		}
		state.Profiles = append(state.Profiles, p)
	}
	for r, err := range s.Rooms() {
		if err != nil {
			return state, err
		}
		state.Rooms = append(state.Rooms, r)
	}
	snapshot, ok, err := s.Snapshot()
	if ok {
		state.Snapshot = &snapshot
	}
	return state, err
}

// MustRead is Read of a store that must be whole.
func MustRead(tb testing.TB, s *storage.Store, texts int) State {
	tb.Helper()
	state, err := Read(s, texts)
	if err != nil {
		tb.Fatalf("reading everything: %v", err)
	}
	return state
}

// Same fails unless two states are one.
func Same(tb testing.TB, what string, have, want State) {
	tb.Helper()
	if !reflect.DeepEqual(have, want) { // much faster than cmp
		tb.Fatalf("%s (-want +have):\n%s", what, cmp.Diff(want, have))
	}
}
