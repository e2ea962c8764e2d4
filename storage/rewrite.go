package storage

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	badger "github.com/dgraph-io/badger/v4"
)

// Badger goes on holding what was deleted or replaced, in its logs and tables, until it happens to rewrite them. So what
// has to be gone is made to go by writing a new database with nothing but what the store has now, in a directory of its
// own, and removing the old one. The file databaseFile says which one counts; it changes at one instant.
const (
	databaseFile   = "database"
	databasePrefix = "db-"
)

// findDatabase gives the directory with Badger's files, and removes those that a rewrite which did not end, or did not
// tidy up, has left. It is called while the data directory is locked.
func findDatabase(dir string) (string, error) {
	raw, err := os.ReadFile(filepath.Join(dir, databaseFile)) //nolint:gosec // the data directory is the operator's choice
	name := strings.TrimSuffix(string(raw), "\n")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		name = ""
	case err != nil:
		return "", err
	case !isDatabase(name):
		return "", found(ErrDamaged, "the file %s does not name a database", databaseFile)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	for _, f := range files {
		stale := isDatabase(f.Name()) && f.Name() != name || name != "" && !f.IsDir() && isBadgers(f.Name())
		if stale {
			if err := os.RemoveAll(filepath.Join(dir, f.Name())); err != nil {
				return "", err
			}
		}
	}
	return filepath.Join(dir, name), nil
}

// isDatabase reports whether a file name is that of a rewritten database.
func isDatabase(name string) bool {
	n, ok := strings.CutPrefix(name, databasePrefix)
	_, err := strconv.ParseUint(n, 10, 63)
	return ok && err == nil
}

// Rewrite makes the bytes of what was erased go from the data directory: from Badger's logs, and from old versions and
// deleted keys in its tables. It does nothing where nothing was erased since it last did. Commits wait for it, some
// seconds for a large store; readers go on. An error says that the bytes may still be there; it may be called again, and
// the next start does so. What a file system or a disk keeps of removed files is beyond it.
func (s *Store) Rewrite() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	if s.failed != nil {
		if err := s.resume(); err != nil {
			return refused(fmt.Errorf("%w (since: %w)", err, s.failed))
		}
	}
	if err := s.finishErasing(); err != nil {
		return refused(err)
	}
	return nil
}

// finishErasing rewrites the database if an erasure has to be finished. The caller holds mu, or is alone.
func (s *Store) finishErasing() error {
	v, err := s.acquire()
	if err != nil {
		return err
	}
	_, owed, err := v.get([]byte(keyRewrite))
	if err != nil || !owed {
		s.release(v)
		return err
	}
	if s.opt.InMemory {
		s.release(v)
		return nil // there are no files, and Badger's memory ends with the process
	}
	next, err := s.copyDatabase(v)
	s.release(v)
	if err != nil {
		return err
	}
	return s.changeDatabase(next)
}

// copyDatabase writes all that the store has now into a new database beside the old one, and gives its directory.
func (s *Store) copyDatabase(v *view) (next string, err error) {
	if err := s.checkRoom(int(min(s.tables, maxTables))); err != nil {
		return "", err
	}
	number := uint64(1)
	if n, err := strconv.ParseUint(strings.TrimPrefix(filepath.Base(s.files), databasePrefix), 10, 63); err == nil && s.files != filepath.Clean(s.opt.Dir) {
		number = n + 1
	}
	next = filepath.Join(s.opt.Dir, databasePrefix+strconv.FormatUint(number, 10))
	err = s.opt.faults("rewrite", func() error {
		if err := os.RemoveAll(next); err != nil {
			return err
		}
		return s.fillDatabase(next, func(put func(key, value []byte) error) error {
			return v.live(func(kept Kept, key, value []byte) error {
				if kept.key == keyRewrite {
					return nil
				}
				return put(key, value)
			})
		})
	})
	if err != nil {
		return "", errors.Join(err, os.RemoveAll(next))
	}
	return next, nil
}

// fillDatabase makes a database with what fill puts into it, on disk when it returns.
func (s *Store) fillDatabase(dir string, fill func(put func(key, value []byte) error) error) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	db, err := badger.Open(s.badgerOptionsIn(dir).WithSyncWrites(false)) // closing it syncs
	if err != nil {
		return err
	}
	batch := db.NewWriteBatch()
	err = fill(batch.Set)
	if err == nil {
		err = batch.Flush()
	}
	batch.Cancel()
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	return syncFiles(dir)
}

// syncFiles makes all files of a directory durable, and their names.
func syncFiles(dir string) error {
	files, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, file := range files {
		f, err := os.OpenFile(filepath.Join(dir, file.Name()), os.O_RDWR, 0) //nolint:gosec // the data directory is the operator's choice
		if err != nil {
			return err
		}
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			return err
		}
	}
	return syncDir(dir)
}

// live gives all stored pairs that the head reaches, in the order of the table and then of keys.
func (v *view) live(fn func(kept Kept, key, value []byte) error) error {
	snapshot, _, err := v.snapshotHead()
	if err != nil && !errors.Is(err, ErrDamaged) {
		return err
	}
	for _, kept := range Keeping() {
		if kept.kind == 0 {
			value, ok, err := v.raw([]byte(kept.key))
			if err == nil && ok {
				err = fn(kept, []byte(kept.key), value)
			}
			if err != nil {
				return err
			}
			continue
		}
		p := prefix(kept.kind, v.head.epoch)
		if kept.kind == kindPart {
			p = numbered(kindPart, v.head.epoch, int64(snapshot.number))
		}
		if err := v.scan(p, p, true, func(key, value []byte) (bool, error) {
			err := fn(kept, key, value)
			return err == nil, err
		}); err != nil {
			return err
		}
	}
	return nil
}

// changeDatabase opens the new database, checks that it has all of the old one, puts it in the old one's place, and
// removes that.
func (s *Store) changeDatabase(next string) error {
	before, beforeFiles := s.db, s.files
	fail := func(err error) error {
		s.db, s.files, s.memFile = before, beforeFiles, 0
		return errors.Join(err, s.noteRotation(), os.RemoveAll(next))
	}
	if _, err := inspect(next, s.badgerOptionsIn(next), s.log); err != nil {
		return fail(err)
	}
	s.files = next
	if err := s.openBadger(); err != nil {
		return fail(err)
	}
	v := newView(s.db, s.head)
	h, err := s.check(v, s.head.number)
	if err == nil {
		err = s.opt.faults("change", func() error {
			return writeFile(s.opt.Dir, databaseFile, []byte(filepath.Base(next)+"\n"))
		})
	}
	if err != nil {
		v.txn.Discard()
		return fail(errors.Join(err, s.db.Close()))
	}
	v.head = h
	old := s.publish(v)
	timer := time.NewTimer(closeWait)
	defer timer.Stop()
	select {
	case <-old.gone:
	case <-timer.C:
		return errors.New("somebody is still reading what was erased: it is removed at the next start")
	}
	if err := before.Close(); err != nil {
		return err
	}
	_, err = findDatabase(s.opt.Dir)
	return err
}
