package storage_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	badger "github.com/dgraph-io/badger/v4"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/stoa-rooms/stoa/ledger"
	"github.com/stoa-rooms/stoa/storage"
	"github.com/stoa-rooms/stoa/storage/storagetest"
)

// layout1 is a directory that the last version with layout 1 wrote: storagetest.Full batches 1 and 2 of that version, for
// the key whose seed is 32 times the byte 3.
func layout1(tb testing.TB) (dir string) {
	tb.Helper()
	dir = scratch(tb)
	f, err := os.Open("testdata/layout1.tgz")
	must(tb, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	must(tb, err)
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return dir
		}
		must(tb, err)
		content, err := io.ReadAll(r)
		must(tb, err)
		must(tb, os.WriteFile(filepath.Join(dir, filepath.Base(h.Name)), content, 0o600))
	}
}

// afterLayout1 is what such a directory holds.
func afterLayout1(s *storage.Store) storagetest.State {
	state := storagetest.After(s.Key(), 2)
	state.Followed, state.Peers, state.Schedules, state.Private = nil, nil, nil, nil
	for i := range state.Rooms {
		state.Rooms[i].Line = nil
	}
	return state
}

func layoutOf(t *testing.T, dir string) (version uint32) {
	t.Helper()
	inBadger(t, dir, func(txn *badger.Txn) error {
		item, err := txn.Get([]byte("meta/layout"))
		if err != nil {
			return err
		}
		raw, err := item.ValueCopy(nil)
		version = binary.BigEndian.Uint32(raw)
		return err
	})
	return version
}

// TestMigration opens a store of layout 1: everything is there, and everything of layout 2 can be added.
func TestMigration(t *testing.T) {
	dir := layout1(t)
	if v := layoutOf(t, dir); v != 1 {
		t.Fatalf("the fixture has layout %d", v)
	}
	for range 2 {
		s := open(t, dir)
		storagetest.Same(t, "a store of layout 1", storagetest.MustRead(t, s, 8), afterLayout1(s))
		must(t, s.Close())
		if v := layoutOf(t, dir); v != storage.LayoutVersion {
			t.Fatalf("opened, it has layout %d", v)
		}
		// A crash that loses the change of the layout loses nothing else: it is made again.
		setRaw(t, dir, "meta/layout", []byte{0, 0, 0, 1})
	}
	s := open(t, dir)
	log := storagetest.NewLog(s.Key())
	log.Append(20)
	must(t, s.Commit(storagetest.Full(log, 3)))
	before := storagetest.MustRead(t, s, 8)
	if len(before.Followed) != 2 || len(before.Peers) != 2 || before.Tree.Size != 30 || before.Rooms[0].Line == nil {
		t.Errorf("have %d followed logs, %d peers, %d entries", len(before.Followed), len(before.Peers), before.Tree.Size)
	}
	must(t, s.Close())
	s = open(t, dir)
	storagetest.Same(t, "reopened", storagetest.MustRead(t, s, 8), before)
	must(t, s.Close())
}

// TestMigrationFails fails each write of a migration in its turn.
func TestMigrationFails(t *testing.T) {
	for _, after := range []bool{false, true} {
		for turn := 1; ; turn++ {
			dir := layout1(t)
			f := &faults{after: after, fails: func(n int) bool { return n == turn }}
			s := openInsisting(t, storage.Options{Dir: dir}.WithFaults(f.step))
			storagetest.Same(t, "after a failed migration", storagetest.MustRead(t, s, 8), afterLayout1(s))
			must(t, s.Close())
			if len(f.hit) == 0 {
				if turn < 3 {
					t.Errorf("only %d writes", turn-1)
				}
				break
			}
		}
	}
}

// TestFollowedDamaged spoils the stored entries of a followed log. Where a start notices, it says so, gives them up and
// goes on; the checkpoint, the proof and everything else are as before.
func TestFollowedDamaged(t *testing.T) {
	changed := bytes.Repeat([]byte{1}, 60)
	for _, c := range []struct {
		name, kind string
		spoil      func(d data, key, prefix string)
	}{
		{"a hash missing", "H", func(d data, key, _ string) { setRaw(d.t, d.dir, key, nil) }},
		{"a hash changed", "H", func(d data, key, _ string) { setRaw(d.t, d.dir, key, changed) }},
		{"another hash", "H", func(d data, key, _ string) {
			setRaw(d.t, d.dir, key, storage.Seal([]byte(key), make([]byte, tlog.HashSize)))
		}},
		{"an index too few", "I", func(d data, key, _ string) { setRaw(d.t, d.dir, key, nil) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := scratch(t)
			s := open(t, dir)
			log := storagetest.NewLog(s.Key())
			must(t, s.Commit(storagetest.Full(log, 1)))
			part := log.Other.Followed(log.Other.Append(6)) // 16 in all: one hash is the root
			part.Fork = log.Other.Fork()
			must(t, s.Commit(storage.Batch{Followed: []storage.Followed{part}}))
			want := storagetest.MustRead(t, s, 8)
			must(t, s.Close())

			prefix := c.kind + "\x00\x00\x00\x00"
			key := firstKey(t, dir, prefix)
			if c.kind == "H" {
				key = key[:13] + string(binary.BigEndian.AppendUint64(nil, uint64(tlog.StoredHashIndex(4, 0))))
			}
			c.spoil(data{t, dir}, key, prefix)

			var out bytes.Buffer
			s, err := storage.Open(storage.Options{Dir: dir, Log: slog.New(slog.NewTextHandler(&out, nil))})
			must(t, err)
			if !strings.Contains(out.String(), "damaged; it is fetched anew") || !strings.Contains(out.String(), log.Other.Node.Public().String()) {
				t.Errorf("the log says %q", out.String())
			}
			i := slices.IndexFunc(want.Followed, func(f storagetest.Followed) bool { return f.Log == log.Other.Name() })
			entries := want.Followed[i].Entries
			full := want.Followed[i]
			want.Followed[i] = storagetest.Followed{Log: full.Log, Checkpoint: full.Checkpoint, Fork: full.Fork}
			storagetest.Same(t, "after damage", storagetest.MustRead(t, s, 8), want)
			if left := countKeys(t, s, dir); left[c.kind[0]] > 2 { // of the brief log beside it
				t.Errorf("what was given up is still there: %v", left)
			}
			s = open(t, dir)
			must(t, s.Commit(storage.Batch{Followed: []storage.Followed{{Log: full.Log, Entries: entries}}}))
			want.Followed[i] = full
			storagetest.Same(t, "fetched again", storagetest.MustRead(t, s, 8), want)
			must(t, s.Close())
		})
	}
}

// countKeys closes a store and counts what lies in it by kind.
func countKeys(t *testing.T, s *storage.Store, dir string) map[byte]int {
	t.Helper()
	must(t, s.Close())
	have := map[byte]int{}
	inBadger(t, dir, func(txn *badger.Txn) error {
		it := txn.NewIterator(badger.DefaultIteratorOptions)
		defer it.Close()
		for it.Rewind(); it.Valid(); it.Next() {
			have[it.Item().Key()[0]]++
		}
		return nil
	})
	return have
}

// TestFollowedReadRefused spoils an entry of a followed log, which only whoever reads it can notice.
func TestFollowedReadRefused(t *testing.T) {
	dir := scratch(t)
	s := open(t, dir)
	log := storagetest.NewLog(s.Key())
	part := log.Other.Followed(log.Other.Append(3))
	must(t, s.Commit(storage.Batch{Followed: []storage.Followed{part}}))
	must(t, s.Close())
	key := firstKey(t, dir, "E\x00\x00\x00\x00")
	setRaw(t, dir, key, storage.Seal([]byte(key), []byte(part.Entries[1].Text)))
	s = open(t, dir)
	f, ok, err := s.FollowedLog(log.Other.Name())
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if e, ok, err := f.Entry(0); ok || !errors.Is(err, storage.ErrDamaged) {
		t.Errorf("have %v, %v, %v", e, ok, err)
	}
	must(t, s.Commit(storage.Batch{Followed: []storage.Followed{{Log: f.Log(), Anew: true, Entries: part.Entries}}}))
	if _, _, err := f.Entry(0); !errors.Is(err, storage.ErrForgotten) {
		t.Errorf("what was given up is read with %v", err)
	}
	f, _, err = s.FollowedLog(f.Log())
	must(t, err)
	if e, ok, err := f.Entry(0); err != nil || !ok || e != part.Entries[0] {
		t.Errorf("fetched again: %v, %v, %v", e, ok, err)
	}
	must(t, s.Close())
}

// TestPeersDamaged spoils the remembered addresses: that is said, and ends with the next ones.
func TestPeersDamaged(t *testing.T) {
	dir := scratch(t)
	s := open(t, dir)
	must(t, s.Commit(storage.Batch{Peers: []string{"a"}}))
	must(t, s.Close())
	setRaw(t, dir, "meta/peers", []byte("a"))
	s = open(t, dir)
	if peers, err := s.Peers(); !errors.Is(err, storage.ErrDamaged) {
		t.Errorf("have %q, %v", peers, err)
	}
	must(t, s.Commit(storage.Batch{Peers: []string{"b"}}))
	if peers, err := s.Peers(); err != nil || !slices.Equal(peers, []string{"b"}) {
		t.Errorf("have %q, %v", peers, err)
	}
	must(t, s.Close())
}

// TestFollowedSwept looks for entries that no followed log names any more, in more than one transaction's worth of keys.
func TestFollowedSwept(t *testing.T) {
	dir := scratch(t)
	s := open(t, dir)
	log := storagetest.NewLog(s.Key())
	for range 3 {
		must(t, s.Commit(storage.Batch{Followed: []storage.Followed{log.Other.Followed(log.Other.Append(200))}}))
	}
	brief, one := storagetest.Brief(1)
	must(t, s.Commit(storage.Batch{Followed: []storage.Followed{one}}))
	must(t, s.Commit(storage.Batch{Followed: []storage.Followed{{Log: log.Other.Name(), Anew: true}}}))
	have := countKeys(t, s, dir)
	if have['F'] != 2 || have['E'] != 1 || have['I'] != 1 || have['H'] != 1 {
		t.Errorf("with one log of one entry left: %v", have)
	}
	s = open(t, dir)
	must(t, s.Commit(storage.Batch{Unfollow: []ledger.Log{log.Other.Name(), brief.Name()}}))
	if have := countKeys(t, s, dir); have['F']+have['E']+have['I']+have['H'] != 0 {
		t.Errorf("with no log left: %v", have)
	}
}
