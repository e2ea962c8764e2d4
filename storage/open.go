// Package storage keeps what a node must not lose.
//
// A [Store] is one directory with one Badger database and the node's key: the node's log with the hashes of its tree
// and its signed checkpoint, the texts that statements commit to, profiles, the live rooms, and a snapshot of the fold
// of the log so that a start need not replay all of it; what it follows of the logs of other nodes, and the addresses of
// nodes it has met. layout.go has the table of what lies where.
//
// Everything changes through [Store.Commit]: one [Batch], wholly durable when Commit returns nil, wholly absent when it
// returns an error. Whoever reads sees the last acknowledged commit, never a later one. What is read is checked; what
// is wrong is an error that is [ErrDamaged], never a value.
//
// # When the disk fails
//
// Before each commit the store looks for room on the disk. If there is too little, the commit is refused and nothing
// has happened; the next one looks again. A commit that fails on its way leaves it open whether it is on disk. Then the
// store takes no writes, and reads go on with the state before. The next Commit first tries the disk and, if that
// answers, reopens the database, puts everything the failed batch touched back as it was, durably, and only then goes
// on. So an error always means that nothing changed, unless the process dies before such a recovery: then the next
// start finds the failed batch whole or not at all, as after any crash.
package storage

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	badger "github.com/dgraph-io/badger/v4"

	"github.com/stoa-rooms/stoa/identity"
)

// Options say what to open.
type Options struct {
	Dir      string       // the data directory; created if it is not there
	InMemory bool         // keep nothing: no directory, a new key, everything gone at Close
	Log      *slog.Logger // what Badger and the store have to say; nil for silence

	// Observe is told of each commit that was not the caller's mistake: how long it took, syncing included, and why it
	// failed, if it did. nil: nobody is.
	Observe func(took time.Duration, err error)

	// faults stands between the store and each of its writes, in tests.
	faults func(step string, do func() error) error
	// room replaces the free space of the disk, in tests.
	room func(dir string) (uint64, error)
	// large replaces how long a log is at which a start is frugal, in tests.
	large int64
}

// Store is an open data directory. Its methods may be called from any goroutine.
type Store struct {
	opt Options
	log *slog.Logger
	key identity.PrivateKey

	// mu is held by whoever writes: a commit, a recovery, Close.
	mu      sync.Mutex
	lock    *os.File
	files   string        // the directory of Badger's files; "" in memory
	mark    *mark         // nil in memory
	db      *badger.DB    // nil while a recovery has not succeeded
	retired *view         // taken from readers, some of whom may still have it
	closing *closing      // a database that has been told to close and has not come back; else nil
	stuck   chan struct{} // a token for each time Badger could not write a memtable to disk; one fits
	memFile int           // number of the newest memtable file
	tables  uint64        // bytes in tables, as of the newest memtable
	failed  error         // why no write is taken; nil when writes are
	reopen  time.Time     // not before this
	undo    writes        // what puts the store back to head
	closed  bool
	probed  time.Time // when Ready looked last

	trouble atomic.Pointer[error] // failed, for who cannot wait for mu

	viewMu sync.Mutex
	head   head  // of the last acknowledged commit; written only by who holds mu too
	view   *view // of the last acknowledged commit; nil while there is none to read
}

// Open opens a data directory, or makes one. An error is an *[OpenError].
func Open(opt Options) (*Store, error) {
	s := &Store{opt: opt, log: opt.Log, stuck: make(chan struct{}, 1)}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.opt.room == nil {
		s.opt.room = room
	}
	if s.opt.faults == nil {
		s.opt.faults = func(_ string, do func() error) error { return do() }
	}
	if s.opt.large == 0 {
		s.opt.large = largeLog
	}
	var err error
	if opt.InMemory {
		s.key = identity.Generate()
		err = s.start(0)
	} else {
		err = s.openDir()
	}
	if err != nil {
		if closeErr := s.Close(); closeErr != nil {
			s.log.Warn("closing what could not be opened", "error", closeErr)
		}
		return nil, openError(opt.Dir, err)
	}
	return s, nil
}

// Key is the node's key.
func (s *Store) Key() identity.PrivateKey { return s.key }

// openDir does what Open does on disk. The key and the mark are made before the database, so where there is a database
// they must be there too.
func (s *Store) openDir() error {
	dir := s.opt.Dir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	var err error
	if s.lock, err = lockDir(dir); err != nil {
		return err
	}
	if s.files, err = findDatabase(dir); err != nil {
		return err
	}
	exists, err := inspect(s.files, s.badgerOptions(), s.log)
	if err != nil {
		return err
	}
	if err := s.openKey(exists); err != nil {
		return err
	}
	var marked uint64
	if err := s.opt.faults("mark file", func() error {
		s.mark, marked, err = loadMark(dir, !exists)
		return err
	}); err != nil {
		return err
	}
	if !exists && marked > 0 {
		return found(ErrDamaged, "its database is missing")
	}
	if err := s.checkRoom(0); err != nil {
		return err
	}
	return s.start(marked)
}

func (s *Store) openKey(exists bool) (err error) {
	s.key, err = readKey(s.opt.Dir)
	switch {
	case !errors.Is(err, fs.ErrNotExist):
		return err
	case exists:
		return found(ErrBadKeyFile, "it is missing: restore it from a backup")
	}
	return s.opt.faults("key file", func() error {
		s.key, err = createKey(s.opt.Dir)
		return err
	})
}

// start opens the database and checks that it is the one that was closed, or crashed, last.
func (s *Store) start(marked uint64) error {
	if err := s.openBadger(); err != nil {
		return err
	}
	v := newView(s.db, head{})
	h, err := s.check(v, marked)
	v.txn.Discard()
	if err != nil {
		return err
	}
	if h.number > marked {
		// It is there and will be served, so from now on it must not get lost. inspect has synced it.
		if err := s.acknowledge(h.number); err != nil {
			return err
		}
	}
	s.publish(newView(s.db, h))
	if err := s.checkFollowed(); err != nil {
		return err
	}
	if err := s.sweep(); err != nil {
		return err
	}
	if err := s.finishErasing(); err != nil {
		return err
	}
	return s.letGo()
}

// largeLog is how many entries a log has whose check reads so much that it is worth letting go of it.
const largeLog = 100_000

// letGo opens the database anew. Badger reads tables through memory maps, and pages of them that were read once count as
// the process's memory until the system wants them back: for a million entries 60 MB, which nobody reads again.
func (s *Store) letGo() error {
	h := s.latest()
	if s.opt.InMemory || h.tree.Size < s.opt.large {
		return nil
	}
	if err := s.closeBadger(readerWait); err != nil {
		return err
	}
	if err := s.openBadger(); err != nil {
		return err
	}
	s.publish(newView(s.db, h))
	return nil
}

// checkRoom refuses to begin what might not find room. Badger writes through memory maps of files with holes: a full
// disk does not fail such a write but ends the process. So a commit begins only when there is room for a memtable to
// be flushed, and for tables to be rewritten, at once.
func (s *Store) checkRoom(size int) error {
	return s.need(2*memTableSize + min(s.tables, maxTables) + uint64(size))
}

func (s *Store) need(need uint64) error {
	if s.opt.InMemory {
		return nil
	}
	free, err := s.opt.room(s.opt.Dir)
	if err != nil {
		return err
	}
	if free < need {
		return found(ErrDiskFull, "%d MiB are free, %d MiB are needed", free>>20, (need+1<<20-1)>>20)
	}
	return nil
}

// Close waits for a commit and for readers, then closes the directory. It may be called again. An error says that the
// database could not be closed, because the disk takes no writes or somebody goes on reading; it is then as after a
// crash, with nothing lost, and the directory stays locked until the process ends.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	if err := s.closeBadger(closeWait); err != nil {
		return err
	}
	var errs []error
	if s.mark != nil {
		errs = append(errs, s.mark.close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	return errors.Join(errs...)
}
