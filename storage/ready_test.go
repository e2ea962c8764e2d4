package storage_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/storage"
)

// TestReadySaysWhatCommitWouldMeet: a store whose disk fails is not ready, says why, and is ready again by itself when
// the disk answers, without anybody who commits.
func TestReadySaysWhatCommitWouldMeet(t *testing.T) {
	noLeaks(t)
	failing := false
	f := &faults{fails: func(int) bool { return failing }}
	var seen []error
	opt := storage.Options{Dir: t.TempDir(), Observe: func(took time.Duration, err error) {
		if took <= 0 {
			t.Errorf("a commit took %v", took)
		}
		seen = append(seen, err)
	}}.WithFaults(f.step)
	s := openInsisting(t, opt)
	defer func() { _ = s.Close() }()
	if err := s.Ready(); err != nil {
		t.Fatalf("a new store: %v", err)
	}
	failing = true
	if err := s.Commit(storage.Batch{Peers: []string{"/ip4/203.0.113.7/tcp/7082"}}); reason.Of(err) != reason.StorageFailed {
		t.Fatalf("a commit on a failing disk: %v", err)
	}
	if err := s.Ready(); reason.Of(err) != reason.StorageFailed || !errors.Is(err, errInjected) {
		t.Fatalf("a failing disk: %v", err)
	}
	failing = false
	if err := s.Commit(storage.Batch{Peers: []string{"/ip4/203.0.113.7/tcp/7082"}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Ready(); err != nil {
		t.Fatalf("a disk that answers again: %v", err)
	}
	if len(seen) != 2 || seen[0] == nil || seen[1] != nil {
		t.Errorf("observed %v", seen)
	}
	size, err := s.Size()
	if err != nil || size.Used == 0 || size.Free == 0 || size.Needed == 0 {
		t.Errorf("size %+v, %v", size, err)
	}
}

// TestReadyEndsAFailureByItself: nobody commits to a node that is not ready.
func TestReadyEndsAFailureByItself(t *testing.T) {
	noLeaks(t)
	failing := false
	f := &faults{fails: func(int) bool { return failing }}
	s := openInsisting(t, storage.Options{Dir: t.TempDir()}.WithFaults(f.step))
	defer func() { _ = s.Close() }()
	failing = true
	if err := s.Commit(storage.Batch{Peers: []string{"/ip4/203.0.113.7/tcp/7082"}}); err == nil {
		t.Fatal("a commit on a failing disk")
	}
	failing = false
	if err := s.Ready(); err != nil {
		t.Fatalf("a disk that answers again: %v", err)
	}
}
