//go:build !linux && !darwin

package storage

import (
	"io/fs"
	"math"
	"os"
	"path/filepath"
)

// lockFile is open while a store is open.
const lockFile = "stoa.lock"

// lockDir does not lock here: Badger's own lock on the directory does.
func lockDir(dir string) (*os.File, error) {
	return os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR|os.O_CREATE, 0o600)
}

// taken is the size of a file.
func taken(info fs.FileInfo) uint64 { return uint64(info.Size()) }

// room is not known here.
func room(string) (uint64, error) { return math.MaxUint64, nil }
