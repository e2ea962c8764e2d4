package storage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	badger "github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"
)

// Sizes of Badger's parts. A node with little data then needs 12 MB of memory, one that has just loaded 200,000
// statements 165 MB.
const (
	memTableSize = 8 << 20
	valueLogSize = 16 << 20
	maxTables    = 64 << 20 // more tables than this are never rewritten at once
)

// Names of Badger's files.
const (
	memExt   = ".mem"  // log of a memtable
	logExt   = ".vlog" // values too long for a table: here none are
	tableExt = ".sst"
)

// How long to wait for a disk that is slow. Badger tries for ever to write what it cannot write.
const (
	badgerWait = 30 * time.Second
	closeWait  = 30 * time.Second // for readers, when the store is closed
	readerWait = 2 * time.Second  // before a repair, which is tried again

	// A failed badger.Open leaves goroutines and mappings behind, so it is not tried again at once.
	reopenPause = 10 * time.Second
)

// badgerOptions are safe ones (Badger's defaults do not sync), for a node with little memory.
func (s *Store) badgerOptions() badger.Options {
	return s.badgerOptionsIn(s.files)
}

// badgerOptionsIn are those for a database in some directory; "" in memory.
func (s *Store) badgerOptionsIn(dir string) badger.Options {
	return badger.DefaultOptions(dir).
		WithInMemory(s.opt.InMemory).
		WithLogger(badgerLog{s.log, s.stuck}).
		WithSyncWrites(true).
		WithVerifyValueChecksum(true).
		WithChecksumVerificationMode(options.OnBlockRead).
		WithMemTableSize(memTableSize).
		WithNumMemtables(2).
		WithValueLogFileSize(valueLogSize).
		WithNumCompactors(2).
		// Signatures and hashes do not compress, and what is not compressed needs no cache beside the system's.
		WithCompression(options.None).
		WithBlockCacheSize(0).
		WithDetectConflicts(false). // there is one writer
		WithMetricsEnabled(false)
}

// openBadger opens the database.
func (s *Store) openBadger() error {
	if wait := time.Until(s.reopen); wait > 0 {
		return fmt.Errorf("it could not be opened; the next attempt is in %s", wait.Round(time.Millisecond))
	}
	return s.opt.faults("open", func() error {
		db, err := badger.Open(s.badgerOptions())
		if err != nil {
			s.reopen = time.Now().Add(reopenPause)
			return err
		}
		s.db, s.memFile = db, 0
		return s.noteRotation()
	})
}

// noteRotation makes the name of a new memtable file durable, which Badger does not, before a commit in it is
// acknowledged, and counts the tables anew.
func (s *Store) noteRotation() error {
	if s.opt.InMemory {
		return nil
	}
	if s.memFile > 0 {
		_, err := os.Lstat(filepath.Join(s.files, fmt.Sprintf("%05d"+memExt, s.memFile+1)))
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
	}
	files, err := os.ReadDir(s.files)
	if err != nil {
		return err
	}
	s.tables = 0
	for _, f := range files {
		name := f.Name()
		if n, err := strconv.Atoi(strings.TrimSuffix(name, memExt)); err == nil {
			s.memFile = max(s.memFile, n)
		}
		if info, err := f.Info(); err == nil && filepath.Ext(name) == tableExt {
			s.tables += uint64(info.Size())
		}
	}
	return syncDir(s.files)
}

// closeBadger closes the database, if it is open, once nobody reads it. Closing flushes the memtable into a table, so it
// needs room.
func (s *Store) closeBadger(readers time.Duration) error {
	if v := s.publish(nil); v != nil {
		s.retired = v
	}
	if s.retired != nil {
		timer := time.NewTimer(readers)
		defer timer.Stop()
		select {
		case <-s.retired.gone:
			s.retired = nil
		case <-timer.C:
			return errors.New("somebody is still reading")
		}
	}
	if s.db != nil {
		if err := s.need(2 * memTableSize); err != nil {
			return fmt.Errorf("the database is left as it is: %w", err)
		}
		db, closing := s.db, &closing{done: make(chan struct{})}
		s.db, s.closing = nil, closing
		go func() {
			closing.err = db.Close()
			close(closing.done)
		}()
	}
	if s.closing == nil {
		return nil
	}
	if !s.settled(s.closing.done) {
		return errors.New("the database does not close: it cannot write")
	}
	err := s.closing.err
	s.closing = nil
	return err
}

// closing is a database that has been told to close.
type closing struct {
	done chan struct{}
	err  error // once done is closed
}

// settled waits until done is closed, but not for ever, and not after Badger has failed to write a memtable to disk: it
// then tries again each second, and nothing else it was told to do gets done.
func (s *Store) settled(done <-chan struct{}) bool {
	select {
	case <-s.stuck: // of an earlier time
	default:
	}
	timer := time.NewTimer(badgerWait)
	defer timer.Stop()
	select {
	case <-done:
	case <-s.stuck:
	case <-timer.C:
	}
	select {
	case <-done:
		return true
	default:
		return false
	}
}

// badgerLog passes on what Badger has to say. What it calls an error is a warning here: where it matters to the node,
// it also comes back as an error. All but one, which settled waits for.
type badgerLog struct {
	log   *slog.Logger
	stuck chan<- struct{}
}

// Errorf implements badger.Logger.
func (l badgerLog) Errorf(format string, args ...any) {
	if strings.HasPrefix(format, "error flushing memtable to disk") {
		select {
		case l.stuck <- struct{}{}:
		default:
		}
	}
	l.print(slog.LevelWarn, format, args)
}

// Warningf implements badger.Logger.
func (l badgerLog) Warningf(format string, args ...any) { l.print(slog.LevelWarn, format, args) }

// Infof implements badger.Logger.
func (l badgerLog) Infof(format string, args ...any) { l.print(slog.LevelDebug, format, args) }

// Debugf implements badger.Logger.
func (l badgerLog) Debugf(format string, args ...any) { l.print(slog.LevelDebug, format, args) }

func (l badgerLog) print(level slog.Level, format string, args []any) {
	// Badger says several things for each commit: most are not worth formatting.
	if ctx := context.Background(); l.log.Enabled(ctx, level) {
		l.log.Log(ctx, level, "badger", "said", strings.TrimSpace(fmt.Sprintf(format, args...)))
	}
}
