package storage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// markFile holds the number of the last commit that was acknowledged.
//
// Badger replays its write-ahead log up to the first record that is not whole and takes that for the end: right after a
// crash, but a log that lost its last records by other means would quietly open as an earlier state of the node. The
// mark is written and synced after Badger has synced a commit and before the commit is acknowledged. So Badger may be
// one commit ahead of the mark, never behind; if it is behind, the store is [ErrDamaged].
//
// The file has two slots in different sectors, used in turn, so that a write cut short leaves the other one: commit
// number 8 · CRC-32C of it 4.
const markFile = "mark"

const (
	markSlots  = 2
	markStride = 512
)

// mark is the open mark file.
type mark struct {
	f *os.File
}

// openMark opens the file; fs.ErrNotExist if there is none.
func openMark(dir string) (*mark, uint64, error) {
	f, err := os.OpenFile(filepath.Join(dir, markFile), os.O_RDWR, 0) //nolint:gosec // the data directory is the operator's choice
	if err != nil {
		return nil, 0, err
	}
	raw := make([]byte, markSlots*markStride)
	if n, err := f.ReadAt(raw, 0); n != len(raw) {
		return nil, 0, errors.Join(found(ErrDamaged, "the file %s is cut short", markFile), err, f.Close())
	}
	number, ok := decodeMark(raw)
	if !ok {
		return nil, 0, errors.Join(found(ErrDamaged, "the file %s is not readable", markFile), f.Close())
	}
	return &mark{f: f}, number, nil
}

// createMark makes the file of a new store: no commit yet.
func createMark(dir string) (*mark, error) {
	raw := make([]byte, markSlots*markStride)
	copy(raw, encodeMark(0))
	if err := writeFile(dir, markFile, raw); err != nil {
		return nil, err
	}
	m, _, err := openMark(dir)
	return m, err
}

// loadMark opens the file, or creates it if there is none and a new store may have none.
func loadMark(dir string, mayCreate bool) (*mark, uint64, error) {
	m, number, err := openMark(dir)
	if !errors.Is(err, fs.ErrNotExist) {
		return m, number, err
	}
	if !mayCreate {
		return nil, 0, found(ErrDamaged, "the file %s is missing", markFile)
	}
	m, err = createMark(dir)
	return m, 0, err
}

// set acknowledges a commit.
func (m *mark) set(number uint64) error {
	at := int64(number%markSlots) * markStride
	if _, err := m.f.WriteAt(encodeMark(number), at); err != nil {
		return fmt.Errorf("write %s: %w", markFile, err)
	}
	if err := m.f.Sync(); err != nil {
		return fmt.Errorf("sync %s: %w", markFile, err)
	}
	return nil
}

func (m *mark) close() error { return m.f.Close() }

func encodeMark(number uint64) []byte {
	out := encodeUint64(number)
	return binary.BigEndian.AppendUint32(out, checksum([]byte(markFile), out))
}

// decodeMark gives the highest number of a whole slot.
func decodeMark(raw []byte) (number uint64, ok bool) {
	for ; len(raw) >= markStride; raw = raw[markStride:] {
		payload, err := unseal([]byte(markFile), raw[:8+4])
		if err != nil {
			continue
		}
		if n, err := decodeUint64(payload); err == nil {
			number, ok = max(number, n), true
		}
	}
	return number, ok
}
