package storage_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	badger "github.com/dgraph-io/badger/v4"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/stoa-rooms/stoa/storage"
	"github.com/stoa-rooms/stoa/storage/storagetest"
)

// wantOpenError checks the kind of an error, and that its text says what a person needs.
func wantOpenError(tb testing.TB, err error, kind storage.Kind, says ...string) {
	tb.Helper()
	e := new(storage.OpenError)
	if !errors.As(err, &e) || !errors.Is(err, kind) || e.Kind != kind {
		tb.Fatalf("have %v, want the kind %q", err, kind)
	}
	for _, text := range says {
		if !strings.Contains(err.Error(), text) {
			tb.Errorf("%q does not say %q", err, text)
		}
	}
}

// data is a data directory to be spoiled.
type data struct {
	t   *testing.T
	dir string
}

// TestOpenRefused has all that can be wrong with a directory but what processes_test.go needs other processes for.
func TestOpenRefused(t *testing.T) {
	for _, c := range []struct {
		name  string
		kind  storage.Kind
		says  string
		spoil func(data)
	}{
		{"a file", storage.ErrNotDirectory, "is not a directory", func(d data) {
			must(d.t, os.RemoveAll(d.dir))
			must(d.t, os.WriteFile(d.dir, nil, 0o600))
		}},
		{"newer layout", storage.ErrNewer, "later version", func(d data) {
			setRaw(d.t, d.dir, "meta/layout", binary.BigEndian.AppendUint32(nil, storage.LayoutVersion+1))
		}},
		{"newer Badger", storage.ErrNewer, "later version", func(d data) {
			overwrite(d.t, d.dir, "MANIFEST", 6, []byte{0, 99})
		}},
		{"no layout", storage.ErrDamaged, "restore", func(d data) { setRaw(d.t, d.dir, "meta/layout", nil) }},
		{"layout 0", storage.ErrDamaged, "restore", func(d data) { setRaw(d.t, d.dir, "meta/layout", make([]byte, 4)) }},
		{"no head", storage.ErrDamaged, "restore", func(d data) { setRaw(d.t, d.dir, "meta/head", nil) }},
		{"no owner", storage.ErrDamaged, "restore", func(d data) { setRaw(d.t, d.dir, "meta/node", nil) }},
		{"key of others to read", storage.ErrBadKeyFile, "chmod 600", func(d data) {
			must(d.t, os.Chmod(filepath.Join(d.dir, "node.key"), 0o640))
		}},
		{"short key", storage.ErrBadKeyFile, "31 bytes", func(d data) {
			must(d.t, os.Truncate(filepath.Join(d.dir, "node.key"), 31))
		}},
		{"long key", storage.ErrBadKeyFile, "33 bytes", func(d data) {
			must(d.t, os.Truncate(filepath.Join(d.dir, "node.key"), 33))
		}},
		{"another key", storage.ErrBadKeyFile, "not the key of the node", func(d data) {
			overwrite(d.t, d.dir, "node.key", 0, bytes.Repeat([]byte{9}, 32))
		}},
		{"no key", storage.ErrBadKeyFile, "missing", func(d data) {
			must(d.t, os.Remove(filepath.Join(d.dir, "node.key")))
		}},
		{"a directory for a key", storage.ErrBadKeyFile, "not a regular file", func(d data) {
			must(d.t, os.Remove(filepath.Join(d.dir, "node.key")))
			must(d.t, os.Mkdir(filepath.Join(d.dir, "node.key"), 0o700))
		}},
		{"no mark", storage.ErrDamaged, "mark is missing", func(d data) {
			must(d.t, os.Remove(filepath.Join(d.dir, "mark")))
		}},
		{"no database", storage.ErrDamaged, "database is missing", func(d data) {
			must(d.t, os.Remove(filepath.Join(d.dir, "MANIFEST")))
		}},
		{"another tree", storage.ErrDamaged, "", func(d data) {
			// The root of the 20 entries is over their first 16, whose hash is that of level 4, number 0.
			setRaw(d.t, d.dir, "h\x00\x00\x00\x00"+string(binary.BigEndian.AppendUint64(nil, uint64(tlog.StoredHashIndex(4, 0)))), make([]byte, 36))
		}},
		{"a profile of another", storage.ErrDamaged, "", func(d data) { swap(d.t, d.dir, "p\x00\x00\x00\x00") }},
		{"an index too few", storage.ErrDamaged, "index of 19", func(d data) {
			setRaw(d.t, d.dir, firstKey(d.t, d.dir, "i\x00\x00\x00\x00"), nil)
		}},
		{"a followed log too few", storage.ErrDamaged, "other logs", func(d data) {
			setRaw(d.t, d.dir, firstKey(d.t, d.dir, "F\x00\x00\x00\x00"), nil)
		}},
		{"a followed log spoiled", storage.ErrDamaged, "", func(d data) { swap(d.t, d.dir, "F\x00\x00\x00\x00") }},
		{"a line too few", storage.ErrDamaged, "missing", func(d data) {
			setRaw(d.t, d.dir, firstKey(d.t, d.dir, "l\x00\x00\x00\x00"), nil)
		}},
		{"a text too few", storage.ErrDamaged, "missing", func(d data) {
			setRaw(d.t, d.dir, firstKey(d.t, d.dir, "t\x00\x00\x00\x00"), nil)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data")
			s := open(t, dir)
			log := storagetest.NewLog(s.Key())
			must(t, s.Commit(storagetest.Full(log, 1)))
			must(t, s.Commit(storagetest.Full(log, 2)))
			must(t, s.Close())
			c.spoil(data{t, dir})
			for range 2 { // being refused once changes nothing
				s, err := storage.Open(storage.Options{Dir: dir})
				if err == nil {
					must(t, s.Close())
				}
				wantOpenError(t, err, c.kind, dir, c.says)
			}
		})
	}
}

// TestReadRefused spoils what is not looked at until it is read.
func TestReadRefused(t *testing.T) {
	for name, spoil := range map[string]func(d data, key, prefix string){
		"missing":   func(d data, key, _ string) { setRaw(d.t, d.dir, key, nil) },
		"changed":   func(d data, key, _ string) { setRaw(d.t, d.dir, key, bytes.Repeat([]byte{1}, 60)) },
		"another's": func(d data, _, prefix string) { swap(d.t, d.dir, prefix) },
	} {
		for _, kind := range []string{"e", "i", "h", "s", "S"} {
			if kind == "i" && name == "missing" {
				continue // is noticed at once: TestOpenRefused
			}
			dir := t.TempDir()
			s := open(t, dir)
			must(t, s.Commit(storagetest.Full(storagetest.NewLog(s.Key()), 1)))
			must(t, s.Close())
			prefix := kind + "\x00\x00\x00\x00"
			spoil(data{t, dir}, firstKey(t, dir, prefix), prefix)
			s = open(t, dir)
			state, err := storagetest.Read(s, 4)
			// Without its head there is no snapshot, which is no lie: a start then replays the log.
			if none := kind == "S" && name == "missing" && err == nil && state.Snapshot == nil; !none && !errors.Is(err, storage.ErrDamaged) {
				t.Errorf("%s %q: have %v", name, kind, err)
			}
			must(t, s.Close())
		}
	}
}

// TestEntryOfAnother puts, well sealed, one entry in the place of another: only the tree knows better.
func TestEntryOfAnother(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	log := storagetest.NewLog(s.Key())
	must(t, s.Commit(storagetest.Full(log, 1)))
	must(t, s.Close())
	key := firstKey(t, dir, "e\x00\x00\x00\x00")
	setRaw(t, dir, key, storage.Seal([]byte(key), []byte(log.Entries[1].Text)))
	s = open(t, dir)
	if e, ok, err := s.Entry(0); ok || !errors.Is(err, storage.ErrDamaged) {
		t.Errorf("have %v, %v, %v", e, ok, err)
	}
	for e, err := range s.Entries(0) {
		if !errors.Is(err, storage.ErrDamaged) {
			t.Errorf("have %v, %v", e, err)
		}
	}
	must(t, s.Close())
}

// TestSwept looks for what nothing points to any more.
func TestSwept(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	log := storagetest.NewLog(s.Key())
	must(t, s.Commit(storagetest.Full(log, 1)))
	for length := range 3 {
		must(t, s.Commit(storage.Batch{Snapshot: &storage.Snapshot{Fold: make([]byte, 1_000_000-length*300_000)}}))
	}
	if have := countKeys(t, s, dir); have['s'] != 2 || have['S'] != 1 {
		t.Errorf("after three snapshots: %v", have)
	}
	s = open(t, dir)
	must(t, s.Commit(storage.Batch{Reset: true}))
	if have := countKeys(t, s, dir); len(have) != 1 || have['m'] != 4 {
		t.Errorf("after a reset: %v", have)
	}
}

// TestLockedTwice opens a directory twice in one process.
func TestLockedTwice(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	_, err := storage.Open(storage.Options{Dir: dir})
	wantOpenError(t, err, storage.ErrLocked, dir, "process ", "stop that one")
	must(t, s.Commit(storagetest.Full(storagetest.NewLog(s.Key()), 1)))
	must(t, s.Close())
	must(t, open(t, dir).Close())
}

// TestALargeLogIsOpenedTwice opens a directory as one with a large log: everything is there, and it goes on.
func TestALargeLogIsOpenedTwice(t *testing.T) {
	dir, opened := t.TempDir(), 0
	opt := storage.Options{Dir: dir}.WithLarge(1).WithFaults(func(step string, do func() error) error {
		if step == "open" {
			opened++
		}
		return do()
	})
	s, err := storage.Open(opt)
	must(t, err)
	log := storagetest.NewLog(s.Key())
	for n := range 3 {
		must(t, s.Commit(storagetest.Full(log, n+1)))
		before := s.Head()
		must(t, s.Close())
		opened = 0
		if s, err = storage.Open(opt); err != nil || s.Head() != before {
			t.Fatalf("head %v, want %v (%v)", s.Head(), before, err)
		}
		if opened != 2 {
			t.Errorf("Badger was opened %d times", opened)
		}
		count := int64(0)
		for e, err := range s.Entries(0) {
			if err != nil || e.Index != count {
				t.Fatalf("entry %d is %d, %v", count, e.Index, err)
			}
			count++
		}
		if count != before.Size {
			t.Errorf("%d entries, want %d", count, before.Size)
		}
	}
	must(t, s.Close())
}

// TestFilesAreOurs checks the modes of what is secret, and that nothing half-made is left.
func TestFilesAreOurs(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "data")
	must(t, open(t, dir).Close())
	for name, mode := range map[string]os.FileMode{".": 0o700, "node.key": 0o600} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*.new")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	// One that was left half-made by a crash is in nobody's way.
	dir = t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "node.key.new"), []byte("half"), 0o644))
	must(t, open(t, dir).Close())
}

// TestLog checks that what Badger says arrives in the node's log, and nothing of the key does.
func TestLog(t *testing.T) {
	var out bytes.Buffer
	s, err := storage.Open(storage.Options{Dir: t.TempDir(), Log: slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	must(t, err)
	must(t, s.Close())
	if !strings.Contains(out.String(), "level=DEBUG msg=badger said=") {
		t.Errorf("the log: %s", out.String())
	}
	if strings.Contains(out.String(), "level=WARN") || strings.Contains(out.String(), "level=ERROR") {
		t.Errorf("an ordinary start and stop warns: %s", out.String())
	}
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func overwrite(t *testing.T, dir, name string, at int64, with []byte) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_RDWR, 0)
	must(t, err)
	_, err = f.WriteAt(with, at)
	must(t, errors.Join(err, f.Close()))
}

// inBadger does something to the database behind the store's back.
func inBadger(t *testing.T, dir string, do func(*badger.Txn) error) {
	t.Helper()
	db, err := badger.Open(storage.BadgerOptions(dir))
	must(t, err)
	must(t, errors.Join(db.Update(do), db.Close()))
}

// setRaw sets a stored value, or with nil deletes it.
func setRaw(t *testing.T, dir, key string, value []byte) {
	t.Helper()
	inBadger(t, dir, func(txn *badger.Txn) error {
		if value == nil {
			return txn.Delete([]byte(key))
		}
		return txn.Set([]byte(key), value)
	})
}

func firstKey(t *testing.T, dir, prefix string) (key string) {
	t.Helper()
	inBadger(t, dir, func(txn *badger.Txn) error {
		it := txn.NewIterator(badger.DefaultIteratorOptions)
		defer it.Close()
		if it.Seek([]byte(prefix)); !it.ValidForPrefix([]byte(prefix)) {
			return errors.New("nothing there")
		}
		key = string(it.Item().KeyCopy(nil))
		return nil
	})
	return key
}

// swap puts the value of the second key with a prefix under the first, as a database would that mixes them up.
func swap(t *testing.T, dir, prefix string) {
	t.Helper()
	inBadger(t, dir, func(txn *badger.Txn) error {
		it := txn.NewIterator(badger.DefaultIteratorOptions)
		defer it.Close()
		it.Seek([]byte(prefix))
		first := it.Item().KeyCopy(nil)
		it.Next()
		value, err := it.Item().ValueCopy(nil)
		return errors.Join(err, txn.Set(first, value))
	})
}
