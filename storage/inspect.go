package storage

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	badger "github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/fb"
	"github.com/dgraph-io/badger/v4/options"
	"github.com/dgraph-io/badger/v4/table"
	"golang.org/x/sync/errgroup"
)

// inspect looks at Badger's files before Badger does. Badger ends the process on some damaged files, passes over
// others, deletes tables that its manifest does not name, and reads a block that fails its checksum as one that has
// nothing in it. So what can be checked is checked here, by plain reads: that every file may be read and written, and
// every byte of every table. It reports whether Badger has a store here already.
func inspect(dir string, opt badger.Options, log *slog.Logger) (exists bool, err error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return false, err
	}
	for _, file := range files {
		if !isBadgers(file.Name()) {
			continue
		}
		if err := inspectFile(filepath.Join(dir, file.Name()), log); err != nil {
			return false, err
		}
	}
	manifest, err := readManifest(dir, opt)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	for id, t := range manifest.Tables {
		if t.Compression != options.None {
			return false, found(ErrDamaged, "table %s is compressed, which none is here", table.IDToFilename(id))
		}
	}
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for id := range manifest.Tables {
		name := table.IDToFilename(id)
		group.Go(func() error {
			if err := inspectTable(filepath.Join(dir, name)); err != nil {
				return fmt.Errorf("table %s: %w", name, err)
			}
			return nil
		})
	}
	return true, group.Wait()
}

// isBadgers reports whether a file is one that Badger will open.
func isBadgers(name string) bool {
	switch filepath.Ext(name) {
	case memExt, logExt, tableExt:
		return true
	}
	return slices.Contains([]string{"MANIFEST", "KEYREGISTRY", "DISCARD", "LOCK"}, name)
}

// inspectFile opens a file for writing as Badger will. An empty log is removed: killed between making such a file and
// giving it its size, Badger would take it for a new one and fail its next start with "Create a new file". A memtable's
// log is synced: a process that was killed may not have done so, and what is in it is about to be served.
func inspectFile(path string, log *slog.Logger) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0) //nolint:gosec // the data directory is the operator's choice
	if err != nil {
		return err
	}
	ext := filepath.Ext(path)
	info, err := f.Stat()
	if err == nil && ext == memExt {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if info.Size() == 0 && (ext == memExt || ext == logExt) {
		log.Info("removing a log that was never begun", "file", filepath.Base(path))
		return os.Remove(path)
	}
	return nil
}

func readManifest(dir string, opt badger.Options) (badger.Manifest, error) {
	f, err := os.Open(filepath.Join(dir, badger.ManifestFilename)) //nolint:gosec // as above
	if err != nil {
		return badger.Manifest{}, err
	}
	m, _, err := badger.ReplayManifestFile(f, opt.ExternalMagicVersion, opt)
	return m, errors.Join(err, f.Close())
}

// inspectTable checks every checksum of a Badger table (badger/v4 table/builder.go): blocks, then index, length of
// index 4, checksum of index, length of checksum 4.
func inspectTable(path string) error {
	raw, err := os.ReadFile(path) //nolint:gosec // the data directory is the operator's choice
	if errors.Is(err, fs.ErrNotExist) {
		return found(ErrDamaged, "it is missing")
	}
	if err != nil {
		return err
	}
	rest, sum, ok := cutSized(raw)
	if !ok {
		return found(ErrDamaged, "it is cut short")
	}
	rest, index, ok := cutSized(rest)
	if !ok || len(index) == 0 || !checksumHolds(index, sum) { // of nothing, zeros are the checksum
		return found(ErrDamaged, "its index is not what was written")
	}
	blocks := fb.GetRootAsTableIndex(index, 0) // sound: its checksum holds
	at := 0
	for i := range blocks.OffsetsLength() {
		var block fb.BlockOffset
		if !blocks.Offsets(&block, i) || int(block.Offset()) != at || int(block.Len()) > len(rest)-at {
			return found(ErrDamaged, "block %d is not where the index has it", i)
		}
		at += int(block.Len())
		data, sum, ok := cutSized(rest[int(block.Offset()):at])
		if !ok || !checksumHolds(data, sum) {
			return found(ErrDamaged, "block %d is not what was written", i)
		}
	}
	if at != len(rest) {
		return found(ErrDamaged, "its blocks end elsewhere than its index begins")
	}
	return nil
}

// cutSized cuts off the end of raw: bytes, then their length in 4.
func cutSized(raw []byte) (rest, end []byte, ok bool) {
	n := len(raw) - 4
	if n < 0 {
		return nil, nil, false
	}
	size := int(binary.BigEndian.Uint32(raw[n:]))
	if size > n {
		return nil, nil, false
	}
	return raw[:n-size], raw[n-size : n], true
}

// checksumHolds compares data with a checksum as Badger writes it: the protobuf message Checksum with nothing but the
// CRC-32C in field 2.
func checksumHolds(data, encoded []byte) bool {
	var want []byte
	if sum := crc32.Checksum(data, castagnoli); sum != 0 {
		want = binary.AppendUvarint([]byte{2 << 3}, uint64(sum))
	}
	return bytes.Equal(encoded, want)
}
