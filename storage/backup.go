package storage

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/ledger"
)

// A backup is one file: backupMagic, a line of JSON ([BackupInfo]), the stored pairs, and an end.
//
//	pair   uvarint n > 0 · key (n bytes) · uvarint n · stored value (n bytes)
//	end    0 · how many pairs there were, 8 bytes · SHA-256 of all before
//
// It has what the last acknowledged commit reaches and nothing else: no earlier versions, nothing that was erased, and
// not the node's key, so whoever finds it can read what the node could read but cannot speak for it.
const backupMagic = "stoa backup 1\n"

const (
	maxBackupHead  = 4096
	maxBackupKey   = 256
	maxBackupValue = MaxBatch
)

// BackupInfo is what a backup says of itself.
type BackupInfo struct {
	Layout    uint32             `json:"layout"`
	Node      identity.PublicKey `json:"node"`               // whose it is
	Community identity.PublicKey `json:"community,omitzero"` // zero before one is founded
	Size      int64              `json:"size"`               // of the node's log
	Epoch     uint32             `json:"epoch"`
	Number    uint64             `json:"commit"`
	Log       string             `json:"checkpoint,omitzero"` // its signed head
}

// Backup writes a backup of the store as it is now, while it goes on being used. The store's readers do not wait, nor do
// commits.
func (s *Store) Backup(w io.Writer) (BackupInfo, error) {
	v, err := s.acquire()
	if err != nil {
		return BackupInfo{}, err
	}
	defer s.release(v)
	info := BackupInfo{
		Layout: LayoutVersion, Node: s.key.Public(), Size: v.head.tree.Size, Epoch: v.head.epoch, Number: v.head.number,
		Log: v.head.checkpoint,
	}
	if restored, ok, err := v.restored(); err != nil {
		return info, err
	} else if ok {
		info.Community = restored.Community
	}
	if info.Log != "" {
		log, err := ledger.LogOf(info.Log)
		if err != nil {
			return info, spoiled([]byte(keyHead), err)
		}
		info.Community = log.Community
	}
	out := backupWriter{w: bufio.NewWriter(w), sum: sha256.New()}
	head, err := json.Marshal(info)
	if err != nil {
		return info, fmt.Errorf("storage: %w", err)
	}
	out.write([]byte(backupMagic), head, []byte("\n"))
	if err := v.live(func(kept Kept, key, value []byte) error {
		if kept.bound == drops && kept.key != keyHead && kept.key != keyNode {
			return nil
		}
		out.pair(key, value)
		return out.err
	}); err != nil {
		return info, err
	}
	out.end()
	return info, out.err
}

// backupWriter writes a backup and adds it up. After an error it does nothing more.
type backupWriter struct {
	w     *bufio.Writer
	sum   hash.Hash
	pairs uint64
	err   error
}

func (b *backupWriter) write(parts ...[]byte) {
	for _, p := range parts {
		if b.err == nil {
			_, b.err = b.w.Write(p)
		}
		b.sum.Write(p)
	}
}

func (b *backupWriter) pair(key, value []byte) {
	b.pairs++
	b.write(binary.AppendUvarint(nil, uint64(len(key))), key, binary.AppendUvarint(nil, uint64(len(value))), value)
}

func (b *backupWriter) end() {
	b.write([]byte{0}, encodeUint64(b.pairs))
	b.write(b.sum.Sum(nil))
	if b.err == nil {
		b.err = b.w.Flush()
	}
}

// CheckBackup reads a backup to its end and says what is in it, or that it is not whole or not what was written. The
// error is [ErrBackup] or [ErrNewer].
func CheckBackup(r io.Reader) (BackupInfo, error) {
	return readBackup(r, func(_ Kept, _, _ []byte) error { return nil })
}

// readBackup calls fn with the pairs of a backup. Only when it returns without an error was the backup whole.
func readBackup(r io.Reader, fn func(kept Kept, key, value []byte) error) (BackupInfo, error) {
	b := backupReader{r: bufio.NewReader(r), sum: sha256.New()}
	info, err := b.head()
	if err != nil {
		return info, err
	}
	var pairs uint64
	for {
		key, err := b.field(maxBackupKey)
		if err != nil {
			return info, err
		}
		if len(key) == 0 {
			break
		}
		value, err := b.field(maxBackupValue)
		if err != nil {
			return info, err
		}
		kept, ok := keptOf(key)
		if !ok {
			return info, found(ErrBackup, "it has a key %q that this version does not know", key)
		}
		if err := fn(kept, key, value); err != nil {
			return info, err
		}
		pairs++
	}
	return info, b.end(pairs)
}

// backupReader reads a backup and adds it up. It holds one pair at a time.
type backupReader struct {
	r   *bufio.Reader
	sum hash.Hash
}

// ReadByte implements io.ByteReader.
func (b *backupReader) ReadByte() (byte, error) {
	c, err := b.r.ReadByte()
	if err == nil {
		b.sum.Write([]byte{c})
	}
	return c, err
}

func (b *backupReader) read(n uint64) ([]byte, error) {
	// Grown as it comes, so that a length alone costs no memory.
	var out bytes.Buffer
	if _, err := io.CopyN(&out, b.r, int64(n)); err != nil {
		return nil, cut(err)
	}
	b.sum.Write(out.Bytes())
	return out.Bytes(), nil
}

func (b *backupReader) field(most uint64) ([]byte, error) {
	n, err := binary.ReadUvarint(b)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, cut(err)
	case err != nil || n > most:
		return nil, found(ErrBackup, "it is not what was written")
	}
	return b.read(n)
}

func (b *backupReader) head() (BackupInfo, error) {
	var info BackupInfo
	magic, err := b.read(uint64(len(backupMagic)))
	if err != nil || string(magic) != backupMagic {
		if bytes.HasPrefix(magic, []byte("stoa backup ")) {
			return info, found(ErrNewer, "this version reads %q", backupMagic[:len(backupMagic)-1])
		}
		return info, found(ErrBackup, "it is not a file that stoa backup wrote")
	}
	line, err := b.r.ReadSlice('\n')
	if err != nil {
		if errors.Is(err, io.EOF) {
			return info, cut(err)
		}
		return info, found(ErrBackup, "it is not what was written")
	}
	b.sum.Write(line)
	if len(line) > maxBackupHead || json.Unmarshal(line, &info) != nil || info.Layout == 0 || info.Node.IsZero() {
		return info, found(ErrBackup, "it is not what was written")
	}
	if info.Layout > LayoutVersion {
		return info, found(ErrNewer, "it has layout %d, this version knows %d", info.Layout, LayoutVersion)
	}
	return info, nil
}

func (b *backupReader) end(pairs uint64) error {
	count, err := b.read(8)
	if err != nil {
		return err
	}
	want := b.sum.Sum(nil)
	sum, err := b.read(sha256.Size)
	if err != nil {
		return err
	}
	if !bytes.Equal(sum, want) || binary.BigEndian.Uint64(count) != pairs {
		return found(ErrBackup, "it is not what was written: its checksum is wrong")
	}
	if _, err := b.r.ReadByte(); !errors.Is(err, io.EOF) {
		return found(ErrBackup, "it goes on after its end")
	}
	return nil
}

// cut is the error of a file that ends too early.
func cut(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return found(ErrBackup, "it is cut short")
	}
	return err
}
