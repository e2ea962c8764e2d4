package storage_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stoa-rooms/stoa/storage"
	"github.com/stoa-rooms/stoa/storage/storagetest"
)

// backupOf is a backup of a store after some Full batches.
func backupOf(tb testing.TB, batches int) (*storage.Store, *storagetest.Log, []byte) {
	tb.Helper()
	s := open(tb, scratch(tb))
	tb.Cleanup(func() { must(tb, s.Close()) })
	log := storagetest.NewLog(s.Key())
	for n := range batches {
		must(tb, s.Commit(storagetest.Full(log, n+1)))
	}
	var out bytes.Buffer
	info, err := s.Backup(&out)
	must(tb, err)
	if info.Size != int64(10*batches) || info.Node != s.Key().Public() || batches > 0 && info.Community != log.Member.Public() {
		tb.Errorf("the backup says %+v", info)
	}
	return s, log, out.Bytes()
}

// TestRestored restores a backup: all is there but what belongs to the process that was, under a new key, with an empty
// log, and the log of the node that was is one to follow, which goes on.
func TestRestored(t *testing.T) {
	old, log, backup := backupOf(t, 5)
	before := storagetest.MustRead(t, old, 8)
	dir := filepath.Join(scratch(t), "data")
	info, err := storage.Restore(bytes.NewReader(backup), dir, nil)
	must(t, err)
	if info.Size != 50 {
		t.Errorf("it says %+v", info)
	}
	s := open(t, dir)
	defer func() { must(t, s.Close()) }()
	if s.Key().Public() == old.Key().Public() {
		t.Error("the backup had the node's key")
	}
	was, ok, err := s.Restored()
	if err != nil || !ok || was != log.Name() {
		t.Errorf("restored from %v, %v, %v", was, ok, err)
	}
	after := storagetest.MustRead(t, s, 8)
	want := storagetest.State{Texts: before.Texts, Profiles: before.Profiles, Schedules: before.Schedules, Private: before.Private, Peers: before.Peers, Followed: before.Followed}
	want.Followed = append(want.Followed, storagetest.Followed{
		Log: log.Name(), Tree: before.Tree, Checkpoint: before.Checkpoint, Entries: before.Entries, Hashes: before.Hashes,
	})
	slices.SortFunc(want.Followed, func(a, b storagetest.Followed) int { return bytes.Compare(a.Log.Node[:], b.Log.Node[:]) })
	storagetest.Same(t, "restored", after, want)

	// The node that was has gone on after the backup, and so does its log here.
	must(t, s.Commit(storage.Batch{Followed: []storage.Followed{log.Followed(log.Append(10))}}))
	f, _, err := s.FollowedLog(log.Name())
	must(t, err)
	if f.Head().Size != 60 {
		t.Errorf("the old log has %d entries", f.Head().Size)
	}
	// A log of its own begins at 0.
	own := storagetest.NewLog(s.Key())
	must(t, s.Commit(own.Append(3)))
	if s.Head().Size != 3 {
		t.Errorf("the new log has %d entries", s.Head().Size)
	}
}

// TestBackupCutOrFlipped cuts a backup at each byte near its parts and many between, and flips bits: it is refused, in
// words, and the directory stays empty.
func TestBackupCutOrFlipped(t *testing.T) {
	_, _, backup := backupOf(t, 2)
	refused := func(what string, at int, raw []byte) {
		t.Helper()
		_, err := storage.CheckBackup(bytes.NewReader(raw))
		if !errors.Is(err, storage.ErrBackup) && !errors.Is(err, storage.ErrNewer) {
			t.Fatalf("%s at %d of %d: %v", what, at, len(backup), err)
		}
		if at%(len(backup)/20) != 0 {
			return
		}
		dir := t.TempDir()
		if _, err := storage.Restore(bytes.NewReader(raw), dir, nil); !errors.Is(err, storage.ErrBackup) && !errors.Is(err, storage.ErrNewer) {
			t.Fatalf("%s at %d: restored: %v", what, at, err)
		}
		if files, err := os.ReadDir(dir); err != nil || len(files) > 0 {
			t.Fatalf("%s at %d left %v, %v", what, at, files, err)
		}
	}
	edge := func(i int) bool { return i < 600 || i > len(backup)-200 || i%(len(backup)/997+1) == 0 }
	for i := range backup {
		if !edge(i) {
			continue
		}
		refused("cut", i, backup[:i])
		flipped := bytes.Clone(backup)
		flipped[i] ^= 1 << (i % 8)
		refused("flipped", i, flipped)
	}
	refused("more", len(backup), append(bytes.Clone(backup), 0))
	if _, err := storage.CheckBackup(bytes.NewReader(backup)); err != nil {
		t.Errorf("as it was written: %v", err)
	}
}

// TestRestoreInto goes through the directories into which nothing is restored.
func TestRestoreInto(t *testing.T) {
	_, _, backup := backupOf(t, 1)
	running := open(t, t.TempDir())
	defer func() { must(t, running.Close()) }()
	for name, c := range map[string]struct {
		prepare func(dir string) error
		kind    storage.Kind
		says    string
	}{
		"somebody's files": {func(dir string) error { return os.WriteFile(filepath.Join(dir, "letter.txt"), nil, 0o600) }, storage.ErrNotEmpty, "letter.txt"},
		"a node's": {func(dir string) error {
			s, err := storage.Open(storage.Options{Dir: dir})
			if err != nil {
				return err
			}
			return s.Close()
		}, storage.ErrNotEmpty, "not empty"},
		"a restore that did not end": {func(dir string) error { return os.Mkdir(filepath.Join(dir, "restoring"), 0o700) }, storage.ErrNotEmpty, "earlier restore"},
		"a file":                     {func(dir string) error { return errors.Join(os.Remove(dir), os.WriteFile(dir, nil, 0o600)) }, storage.ErrNotDirectory, ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data")
			must(t, os.Mkdir(dir, 0o700))
			must(t, c.prepare(dir))
			before := len(files(t, filepath.Dir(dir)))
			_, err := storage.Restore(bytes.NewReader(backup), dir, nil)
			if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("have %v", err)
			}
			if after := len(files(t, filepath.Dir(dir))); after != before {
				t.Errorf("%d files before, %d after", before, after)
			}
		})
	}
	if newer := append([]byte("stoa backup 2\n"), backup[14:]...); true {
		if _, err := storage.CheckBackup(bytes.NewReader(newer)); !errors.Is(err, storage.ErrNewer) {
			t.Errorf("of a newer format: %v", err)
		}
	}
	if newer := bytes.Replace(backup, []byte(`{"layout":3,`), []byte(`{"layout":9,`), 1); true {
		if _, err := storage.CheckBackup(bytes.NewReader(newer)); !errors.Is(err, storage.ErrNewer) {
			t.Errorf("of a newer layout: %v", err)
		}
	}
}

// TestBackupWhileWriting makes backups while batches are committed: each is the state after some batch.
func TestBackupWhileWriting(t *testing.T) {
	s := open(t, scratch(t))
	defer func() { must(t, s.Close()) }()
	log := storagetest.NewLog(s.Key())
	done := make(chan error, 1)
	go func() {
		var err error
		for n := 1; n <= 12 && err == nil; n++ {
			err = s.Commit(storagetest.Full(log, n))
		}
		done <- err
	}()
	for running := true; running; {
		select {
		case err := <-done:
			must(t, err)
			running = false
		default:
		}
		var out bytes.Buffer
		info, err := s.Backup(&out)
		must(t, err)
		dir := filepath.Join(scratch(t), "data")
		_, err = storage.Restore(&readSeeker{bytes.NewReader(out.Bytes())}, dir, nil)
		must(t, err)
		r := open(t, dir)
		want := storagetest.After(s.Key(), int(info.Size/10))
		have := storagetest.MustRead(t, r, 16)
		have.Followed, want.Followed = nil, nil
		storagetest.Same(t, "restored", have, storagetest.State{Texts: want.Texts, Profiles: want.Profiles, Schedules: want.Schedules, Private: want.Private, Peers: want.Peers})
		must(t, r.Close())
	}
}

// readSeeker hides what else a bytes.Reader can do.
type readSeeker struct{ r *bytes.Reader }

func (r *readSeeker) Read(p []byte) (int, error) { return r.r.Read(p[:min(len(p), 1000)]) }
func (r *readSeeker) Seek(at int64, whence int) (int64, error) {
	return r.r.Seek(at, whence)
}

// FuzzBackup reads any bytes as a backup.
func FuzzBackup(f *testing.F) {
	_, _, backup := backupOf(f, 1)
	_, _, empty := backupOf(f, 0)
	f.Add(backup)
	f.Add(empty)
	f.Add(backup[:len(backup)/2])
	f.Add([]byte("stoa backup 1\n{}\n\xff\xff\xff\xff\x7f"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if _, err := storage.CheckBackup(bytes.NewReader(raw)); err == nil {
			dir := filepath.Join(t.TempDir(), "data")
			if _, err := storage.Restore(bytes.NewReader(raw), dir, nil); err != nil {
				if _, left := os.Stat(dir); !errors.Is(left, os.ErrNotExist) {
					t.Errorf("refused with %v, and left %v", err, left)
				}
			}
		}
	})
}
