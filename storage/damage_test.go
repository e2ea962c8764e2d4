package storage_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	badger "github.com/dgraph-io/badger/v4"

	"github.com/stoa-rooms/stoa/statement"
	"github.com/stoa-rooms/stoa/storage"
	"github.com/stoa-rooms/stoa/storage/storagetest"
)

// scratch is a directory for tests that write much and often: in memory where the system has a place for that, so that
// a sync costs nothing.
func scratch(tb testing.TB) string {
	tb.Helper()
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		if dir, err := os.MkdirTemp("/dev/shm", "stoa-test-"); err == nil { //nolint:usetesting // in another place
			tb.Cleanup(func() {
				if err := os.RemoveAll(dir); err != nil {
					tb.Error(err)
				}
			})
			return dir
		}
	}
	return tb.TempDir()
}

// image is a data directory in memory. Badger's logs are long files of mostly nothing.
type image map[string]file

type file struct {
	data []byte // up to the last byte that is not zero
	size int64
}

// take is the directory as a crash would leave it now.
func take(tb testing.TB, dir string) image {
	tb.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		tb.Fatal(err)
	}
	out := image{}
	for _, f := range files {
		raw, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			tb.Fatal(err)
		}
		out[f.Name()] = file{data: bytes.Clone(bytes.TrimRight(raw, "\x00")), size: int64(len(raw))}
	}
	return out
}

// with is the image with one file changed.
func (i image) with(name string, f file) image {
	out := maps.Clone(i)
	out[name] = f
	return out
}

// put writes the image into an empty directory.
func (i image) put(tb testing.TB, dir string) {
	tb.Helper()
	for name, f := range i {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, f.data, 0o600); err != nil {
			tb.Fatal(err)
		}
		if err := os.Truncate(path, f.size); err != nil {
			tb.Fatal(err)
		}
	}
}

// newest is the last file with an extension.
func (i image) newest(tb testing.TB, ext string) string {
	tb.Helper()
	names := slices.Sorted(maps.Keys(i))
	names = slices.DeleteFunc(names, func(name string) bool { return filepath.Ext(name) != ext })
	if len(names) == 0 {
		tb.Fatalf("no %s file", ext)
	}
	return names[len(names)-1]
}

// openImage opens a copy of an image, reads everything, and closes it again.
func openImage(tb testing.TB, i image) (storagetest.State, error) {
	tb.Helper()
	dir := scratch(tb)
	i.put(tb, dir)
	s, err := storage.Open(storage.Options{Dir: dir})
	if err != nil {
		if e := new(storage.OpenError); !errors.As(err, &e) {
			tb.Fatalf("open failed with %T: %v", err, err)
		}
		return storagetest.State{}, errors.Join(err, os.RemoveAll(dir))
	}
	state, err := storagetest.Read(s, 8)
	if closeErr := s.Close(); closeErr != nil {
		tb.Fatalf("close: %v", closeErr)
	}
	return state, errors.Join(err, os.RemoveAll(dir))
}

// TestLastRecordCut cuts Badger's log at every byte of the last commit, as a crash in the middle of it could, and as
// only a failing disk could once it has been acknowledged.
func TestLastRecordCut(t *testing.T) {
	for _, c := range []struct {
		name string
		cuts int // about how many; 0: every byte
		last func(*storagetest.Log) storage.Batch
	}{
		{"one text", 0, func(*storagetest.Log) storage.Batch {
			return storage.Batch{Texts: []statement.Text{storagetest.Text(5)}}
		}},
		{"ten entries and more", 80, func(l *storagetest.Log) storage.Batch { return storagetest.Full(l, 2) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := scratch(t)
			s := open(t, dir)
			log := storagetest.NewLog(s.Key())
			if err := s.Commit(storagetest.Full(log, 1)); err != nil {
				t.Fatal(err)
			}
			before, crashed := storagetest.MustRead(t, s, 8), take(t, dir)
			if err := s.Commit(c.last(log)); err != nil {
				t.Fatal(err)
			}
			after, acknowledged := storagetest.MustRead(t, s, 8), take(t, dir)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			wal := acknowledged.newest(t, ".mem")
			start, end := len(crashed[wal].data), len(acknowledged[wal].data)
			if start == 0 || end-start < 100 {
				t.Fatalf("the last commit is at %d to %d of %s", start, end, wal)
			}
			step := 1
			if c.cuts > 0 {
				step = (end - start) / c.cuts
			}
			seen := map[string]int{}
			for at := start; at <= end; at += step {
				if at+step > end {
					at = end
				}
				cuts := map[string]file{"cut": {acknowledged[wal].data[:at], int64(at)}}
				if at%8 == 0 || at == end {
					cuts["zeroed"] = file{acknowledged[wal].data[:at], acknowledged[wal].size}
				}
				for name, f := range cuts {
					what := fmt.Sprintf("%s at %d of %d", name, at, end)
					cutImage := acknowledged.with(wal, f)
					// In the middle of the commit the mark is still that of the one before.
					state, err := openImage(t, cutImage.with("mark", crashed["mark"]))
					if err != nil {
						t.Fatalf("crash, %s: %v", what, err)
					}
					seen["crash "+same(t, what, state, before, after)]++
					if c.cuts == 0 && at%4 != 0 && at != end {
						continue
					}
					// Once the commit is acknowledged, losing it is damage.
					state, err = openImage(t, cutImage)
					switch {
					case err == nil:
						storagetest.Same(t, "acknowledged, "+what, state, after)
						seen["kept"]++
					case errors.Is(err, storage.ErrDamaged):
						seen["damaged"]++
					default:
						t.Fatalf("acknowledged, %s: %v", what, err)
					}
				}
			}
			for _, outcome := range []string{"crash before", "crash after", "kept", "damaged"} {
				if seen[outcome] == 0 {
					t.Errorf("never seen: %q; seen: %v", outcome, seen)
				}
			}
		})
	}
}

// same says which of two states a third is.
func same(t *testing.T, what string, state, before, after storagetest.State) string {
	t.Helper()
	if state.Checkpoint == before.Checkpoint && len(state.Texts) == len(before.Texts) {
		storagetest.Same(t, what, state, before)
		return "before"
	}
	storagetest.Same(t, what, state, after)
	return "after"
}

// damagedStore is the image of a store that has tables, a log, and a snapshot in pieces.
func damagedStore(t *testing.T) (image, storagetest.State) {
	t.Helper()
	dir := scratch(t)
	var log *storagetest.Log
	for n := 1; ; n++ {
		s := open(t, dir)
		if log == nil {
			log = storagetest.NewLog(s.Key())
		}
		b := storagetest.Full(log, n)
		if n == 2 {
			b.Snapshot.Fold = bytes.Repeat([]byte("fold"), 100_000)
		}
		if err := s.Commit(b); err != nil {
			t.Fatal(err)
		}
		i, state := take(t, dir), storagetest.MustRead(t, s, 8)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if n == 3 {
			return i, state
		}
	}
}

// mustNotLie opens a damaged image. Either that is said, or what is served is the truth.
func mustNotLie(t *testing.T, what string, i image, want storagetest.State) (said bool) {
	t.Helper()
	state, err := openImage(t, i)
	if err == nil {
		storagetest.Same(t, what, state, want)
		return false
	}
	if !errors.Is(err, storage.ErrDamaged) && !errors.Is(err, storage.ErrBadKeyFile) && !errors.Is(err, storage.ErrNewer) {
		t.Errorf("%s: %v", what, err)
	}
	return true
}

// TestBitFlipped changes one byte at many places of every file.
func TestBitFlipped(t *testing.T) {
	i, want := damagedStore(t)
	if mustNotLie(t, "untouched", i, want) {
		t.Fatal("the untouched store is called damaged")
	}
	said := map[string]int{}
	for name, f := range i {
		for n := range min(len(f.data), 80) {
			at := n
			if len(f.data) > 80 {
				at = n * len(f.data) / 80
			}
			data := bytes.Clone(f.data)
			data[at] ^= 1 << (n % 8)
			if mustNotLie(t, fmt.Sprintf("%s with byte %d of %d flipped", name, at, f.size), i.with(name, file{data, f.size}), want) {
				said[kindOfFile(name)]++
			}
		}
	}
	for _, kind := range []string{".sst", ".mem", ".key", "MANIFEST"} {
		if said[kind] == 0 {
			t.Errorf("no flipped byte in a %s file was noticed: %v", kind, said)
		}
	}
}

// TestFileCutOrMissing cuts every file at many places, and removes it.
func TestFileCutOrMissing(t *testing.T) {
	i, want := damagedStore(t)
	said := map[string]int{}
	for name, f := range i {
		for n := range 60 {
			size := int64(n * len(f.data) / 60)
			if mustNotLie(t, fmt.Sprintf("%s cut at %d of %d", name, size, f.size), i.with(name, file{f.data[:size], size}), want) {
				said[kindOfFile(name)]++
			}
		}
		missing := maps.Clone(i)
		delete(missing, name)
		if mustNotLie(t, "without "+name, missing, want) {
			said["missing "+kindOfFile(name)]++
		}
	}
	for _, kind := range []string{".sst", ".mem", ".key", "MANIFEST", "mark"} {
		if said[kind] == 0 || said["missing "+kind] == 0 {
			t.Errorf("a cut or missing %s file was not noticed: %v", kind, said)
		}
	}
}

func kindOfFile(name string) string {
	if ext := filepath.Ext(name); ext != "" {
		return ext
	}
	return name
}

// TestNeverBegun opens a directory in which Badger was killed between creating a log and giving it its size. Badger
// itself fails on that, once.
func TestNeverBegun(t *testing.T) {
	i, want := damagedStore(t)
	for _, name := range []string{"99999.mem", "999999.vlog"} {
		state, err := openImage(t, i.with(name, file{}))
		if err != nil {
			t.Fatalf("with an empty %s: %v", name, err)
		}
		storagetest.Same(t, "with an empty "+name, state, want)
	}
	if err := badgerAlone(t, i.with("99999.mem", file{})); err == nil || !strings.Contains(err.Error(), "Create a new file") {
		t.Errorf("Badger opens an empty memtable with %v: is removing it still needed?", err)
	}
}

// badgerAlone opens an image without what this package does first.
func badgerAlone(t *testing.T, i image) error {
	t.Helper()
	dir := scratch(t)
	i.put(t, dir)
	db, err := badger.Open(storage.BadgerOptions(dir))
	if err != nil {
		return err
	}
	return db.Close()
}
