package storagetest

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/stoa-rooms/stoa/identity"
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
	Schedules  []storage.Schedule
	Private    []storage.Private
	Snapshot   *storage.Snapshot
	Followed   []Followed
	Peers      []string
}

// Followed is all that a store shows of a followed log.
type Followed struct {
	Log        ledger.Log
	Tree       ledger.Tree
	Checkpoint string
	Fork       *ledger.Fork
	Entries    []storage.Entry
	Hashes     []tlog.Hash
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
	for one, err := range s.Schedules() {
		if err != nil {
			return state, err
		}
		state.Schedules = append(state.Schedules, one)
	}
	for one, err := range s.Privates(identity.PublicKey{}) {
		if err != nil {
			return state, err
		}
		state.Private = append(state.Private, one)
	}
	for f, err := range s.FollowedLogs() {
		if err != nil {
			return state, err
		}
		one, err := readFollowed(f)
		if err != nil {
			return state, err
		}
		state.Followed = append(state.Followed, one)
	}
	var err error
	if state.Peers, err = s.Peers(); err != nil {
		return state, err
	}
	snapshot, ok, err := s.Snapshot()
	if ok {
		state.Snapshot = &snapshot
	}
	return state, err
}

func readFollowed(f storage.FollowedLog) (Followed, error) {
	out := Followed{Log: f.Log(), Tree: f.Head(), Checkpoint: f.Checkpoint()}
	var err error
	if out.Fork, err = f.Fork(); err != nil {
		return out, err
	}
	for e, err := range f.Entries(0) {
		if err != nil {
			return out, err
		}
		out.Entries = append(out.Entries, e)
		index, ok, err := f.IndexOf(e.ID)
		if err != nil {
			return out, err
		}
		if !ok || index > e.Index {
			return out, fmt.Errorf("entry %d of a followed log is at %d, %v by its index", e.Index, index, ok)
		}
	}
	for i := range tlog.StoredHashCount(out.Tree.Size) {
		h, err := f.ReadHashes([]int64{i})
		if err != nil {
			return out, err
		}
		out.Hashes = append(out.Hashes, h...)
	}
	return out, nil
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
