package storage

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/stoa-rooms/stoa/identity"
)

// KeyFile is the file in the data directory that holds the seed of the node's key (RFC 8032), 32 bytes.
const KeyFile = "node.key"

const seedSize = 32

// readKey reads the node's key. The error is fs.ErrNotExist when there is none yet.
func readKey(dir string) (identity.PrivateKey, error) {
	var key identity.PrivateKey
	f, err := os.Open(filepath.Join(dir, KeyFile)) //nolint:gosec // the data directory is the operator's choice
	if err != nil {
		return key, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return key, err
	}
	switch mode := info.Mode(); {
	case !mode.IsRegular():
		return key, found(ErrBadKeyFile, "it is not a regular file")
	case mode.Perm()&0o077 != 0:
		return key, found(ErrBadKeyFile, "its mode %04o lets others read it: chmod 600 %s; if others may have read it, it is no longer secret",
			mode.Perm(), f.Name())
	}
	seed, err := io.ReadAll(io.LimitReader(f, seedSize+1))
	if err != nil {
		return key, err
	}
	if len(seed) != seedSize {
		return key, found(ErrBadKeyFile, "it has %d bytes, not %d: restore it from a backup", info.Size(), seedSize)
	}
	return identity.FromSeed(seed)
}

// createKey makes a new key and its file. Until the file is whole and on disk it does not have its name.
func createKey(dir string) (identity.PrivateKey, error) {
	key := identity.Generate()
	if err := writeFile(dir, KeyFile, key.Seed()); err != nil {
		return identity.PrivateKey{}, err
	}
	return key, nil
}

// writeFile puts a small file in place, mode 0600: all of it or nothing, and synced.
func writeFile(dir, name string, content []byte) (err error) {
	temporary := filepath.Join(dir, name+".new")
	if err := os.Remove(temporary); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the data directory is the operator's choice
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(temporary, filepath.Join(dir, name))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", name, err), os.Remove(temporary))
	}
	return syncDir(dir)
}

// syncDir makes the names of a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // the data directory is the operator's choice
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
