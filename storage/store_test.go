package storage_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/stoa-rooms/stoa/storage"
	"github.com/stoa-rooms/stoa/storage/storagetest"
)

func TestDisk(t *testing.T) {
	noLeaks(t)
	storagetest.Run(t, storagetest.Suite{Open: open})
}

func TestMemory(t *testing.T) {
	noLeaks(t)
	storagetest.Run(t, storagetest.Suite{Forgets: true, Open: func(tb testing.TB, _ string) *storage.Store {
		tb.Helper()
		s, err := storage.Open(storage.Options{InMemory: true})
		if err != nil {
			tb.Fatal(err)
		}
		return s
	}})
}

func open(tb testing.TB, dir string) *storage.Store {
	tb.Helper()
	s, err := storage.Open(storage.Options{Dir: dir})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// noLeaks fails a test that leaves goroutines behind. It is not for tests of damaged directories: Badger leaves some
// when it cannot open one.
func noLeaks(t *testing.T) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) })
}
