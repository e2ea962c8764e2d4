package storage

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// probePause is the least time between two attempts of Ready to end a failure: each may touch the disk.
const probePause = time.Second

// Ready says why the store would not take a write now; nil: it would. It waits for nobody, not even for a commit that
// hangs. After a failure it tries, as the next Commit would, whether the disk answers again: else a node that nobody
// sends work to, because it is not ready, would never be.
func (s *Store) Ready() error {
	if !s.mu.TryLock() { // a commit is under way
		if err := s.trouble.Load(); err != nil {
			return refused(*err)
		}
		return nil
	}
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return ErrClosed
	case s.failed != nil && time.Since(s.probed) < probePause:
		return refused(s.failed)
	case s.failed != nil:
		s.probed = time.Now()
		if err := s.resume(); err != nil {
			return refused(err)
		}
		return nil
	}
	if err := s.checkRoom(0); err != nil {
		return refused(err)
	}
	return nil
}

// Size is what a data directory takes, in bytes.
type Size struct {
	Used   uint64 // in its files
	Free   uint64 // on its disk, for this user
	Needed uint64 // of Free, for a commit to be taken
}

// Size looks at the directory. A store in memory has none.
func (s *Store) Size() (Size, error) {
	if s.opt.InMemory {
		return Size{}, nil
	}
	return SizeOf(s.opt.Dir)
}

// SizeOf looks at a directory that need not be open.
func SizeOf(dir string) (Size, error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return Size{}, err
	}
	var size Size
	var tables uint64
	for _, file := range files {
		info, err := os.Lstat(filepath.Join(dir, file.Name()))
		switch {
		case errors.Is(err, fs.ErrNotExist): // a table that was rewritten just now
		case err != nil:
			return size, err
		case info.Mode().IsRegular():
			size.Used += taken(info)
			if filepath.Ext(file.Name()) == tableExt {
				tables += uint64(info.Size())
			}
		}
	}
	size.Needed = 2*memTableSize + min(tables, maxTables)
	size.Free, err = room(dir)
	return size, err
}
