package storage_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/storage"
	"github.com/stoa-rooms/stoa/storage/storagetest"
)

var errInjected = errors.New("injected")

// faults fails some of the writes of a store: before they are made, or after, when nobody can know whether they are on
// disk.
type faults struct {
	fails func(n int) bool // by count of steps, from 1
	after bool
	n     int
	dir   string   // of the store
	hit   []string // the steps that failed
}

func (f *faults) step(name string, do func() error) error {
	f.n++
	if !f.fails(f.n) {
		return do()
	}
	f.hit = append(f.hit, name)
	if !f.after {
		return errInjected
	}
	return errors.Join(do(), errInjected)
}

// openInsisting opens a store whose opening may fail.
func openInsisting(tb testing.TB, opt storage.Options) *storage.Store {
	tb.Helper()
	for range 10 {
		s, err := storage.Open(opt)
		if err == nil {
			return s
		}
		if e := new(storage.OpenError); !errors.As(err, &e) || !errors.Is(err, errInjected) {
			tb.Fatalf("open failed with %v", err)
		}
	}
	tb.Fatal("opening never succeeds")
	return nil
}

// TestFailingOften runs the whole suite while writes fail, at first every few, then less often.
func TestFailingOften(t *testing.T) {
	noLeaks(t)
	squares := make([]int, 50)
	for i := range squares {
		squares[i] = (i + 1) * (i + 1)
	}
	for _, after := range []bool{false, true} {
		t.Run(fmt.Sprintf("after=%v", after), func(t *testing.T) {
			all := map[string]*faults{}
			storagetest.Run(t, storagetest.Suite{Fails: true, Open: func(tb testing.TB, dir string) *storage.Store {
				tb.Helper()
				f := all[dir]
				if f == nil {
					f = &faults{after: after, fails: func(n int) bool { return slices.Contains(squares, n-2) }}
					f.dir = scratch(tb)
					all[dir] = f
				}
				return openInsisting(tb, storage.Options{Dir: f.dir}.WithFaults(f.step))
			}})
			for dir, f := range all {
				if len(f.hit) == 0 {
					t.Errorf("no write failed in %s", dir)
				}
			}
		})
	}
}

// TestFailingInTurn fails, in a history with every kind of write, each write in its turn: alone, and with the attempts
// to recover that follow.
func TestFailingInTurn(t *testing.T) {
	noLeaks(t)
	want := history(t, &faults{fails: func(int) bool { return false }})
	for _, after := range []bool{false, true} {
		for _, length := range []int{1, 3} {
			t.Run(fmt.Sprintf("after=%v/%d", after, length), func(t *testing.T) {
				t.Parallel()
				steps := map[string]int{}
				for turn := 1; ; turn++ {
					f := &faults{after: after, fails: func(n int) bool { return n >= turn && n < turn+length }}
					have := history(t, f)
					if len(f.hit) == 0 {
						break
					}
					for _, step := range f.hit {
						steps[step]++
					}
					storagetest.Same(t, fmt.Sprintf("with write %d failing (%s)", turn, f.hit), have, want)
				}
				kinds := []string{"commit", "mark", "open", "mark file"}
				for _, step := range kinds {
					if steps[step] == 0 {
						t.Errorf("step %q never failed: %v", step, steps)
					}
				}
			})
		}
	}
}

// history is the state, after a reopening without faults, of a store that has seen everything.
func history(tb testing.TB, f *faults) storagetest.State {
	tb.Helper()
	dir := scratch(tb)
	// The same key each time, so that the states can be compared.
	if err := os.WriteFile(filepath.Join(dir, "node.key"), slices.Repeat([]byte{3}, 32), 0o600); err != nil {
		tb.Fatal(err)
	}
	opt := storage.Options{Dir: dir}.WithFaults(f.step)
	s := openInsisting(tb, opt)
	log := storagetest.NewLog(s.Key())
	storagetest.Insist(tb, s, storagetest.Full(log, 1))
	storagetest.Insist(tb, s, storage.Batch{Reset: true})
	log = storagetest.NewLog(s.Key())
	storagetest.Insist(tb, s, storagetest.Full(log, 2))
	storagetest.Insist(tb, s, storage.Batch{Snapshot: &storage.Snapshot{Size: 7, Fold: make([]byte, 600_000)}})
	if err := s.Close(); err != nil {
		tb.Fatal(err)
	}
	s = openInsisting(tb, opt)
	storagetest.Insist(tb, s, storagetest.Full(log, 3))
	before := storagetest.MustRead(tb, s, 8)
	if err := s.Close(); err != nil {
		tb.Fatal(err)
	}
	s = open(tb, dir)
	after := storagetest.MustRead(tb, s, 8)
	if err := s.Close(); err != nil {
		tb.Fatal(err)
	}
	storagetest.Same(tb, "after reopening", after, before)
	return after
}

// TestNewKeyFails fails the first write of all.
func TestNewKeyFails(t *testing.T) {
	noLeaks(t)
	for _, after := range []bool{false, true} {
		dir := t.TempDir()
		f := &faults{after: after, fails: func(n int) bool { return n == 1 }}
		if s, err := storage.Open(storage.Options{Dir: dir}.WithFaults(f.step)); err == nil || !slices.Equal(f.hit, []string{"key file"}) {
			t.Fatalf("opened %v although %q failed", s, f.hit)
		}
		if err := open(t, dir).Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFullDisk refuses writes while there is no room, changes nothing, and goes on by itself when there is.
func TestFullDisk(t *testing.T) {
	noLeaks(t)
	free := uint64(1 << 30)
	opt := storage.Options{Dir: t.TempDir()}.WithRoom(func(string) (uint64, error) { return free, nil })
	s, err := storage.Open(opt)
	if err != nil {
		t.Fatal(err)
	}
	log := storagetest.NewLog(s.Key())
	storagetest.Insist(t, s, storagetest.Full(log, 1))
	before := storagetest.MustRead(t, s, 8)
	next := storagetest.Full(log, 2)
	free = 1 << 20
	for range 3 {
		if err := s.Commit(next); reason.Of(err) != reason.StorageFailed || !errors.Is(err, storage.ErrDiskFull) {
			t.Fatalf("have %v", err)
		}
		storagetest.Same(t, "on a full disk", storagetest.MustRead(t, s, 8), before)
	}
	free = 1 << 30
	if err := s.Commit(next); err != nil {
		t.Fatalf("with room again: %v", err)
	}
	after := storagetest.MustRead(t, s, 8)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	free = 1 << 20
	if _, err := storage.Open(opt); !errors.Is(err, storage.ErrDiskFull) {
		t.Fatalf("opening on a full disk: %v", err)
	}
	free = 1 << 30
	s = open(t, opt.Dir)
	storagetest.Same(t, "after all", storagetest.MustRead(t, s, 8), after)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
