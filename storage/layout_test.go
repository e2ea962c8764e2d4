package storage

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"syscall"
	"testing"

	"github.com/stoa-rooms/stoa/statement"
)

// FuzzValues reads any bytes as each kind of stored value that is not a statement. What is taken for one must be
// written as it was read: there is one form of each.
func FuzzValues(f *testing.F) {
	h := head{number: 3, epoch: 2, sum: 5, checkpoint: "x"}
	h.tree.Size = 4
	text := statement.Text{Text: "text"}
	f.Add(h.encode())
	f.Add(head{}.encode())
	f.Add(encodeText(text))
	f.Add(encodeRoom(Room{Create: "create", Title: text, Record: []byte("record")}))
	f.Add(encodeSchedule(Schedule{First: "first", Latest: "latest", Title: text}))
	f.Add(snapshotHead{number: 1, size: 2, parts: 2, length: partSize + 1}.encode())
	r := record{generation: 1, distinct: 2, checkpoint: "c", fork: []byte("{}")}
	r.tree.Size = 2
	f.Add(r.encode())
	f.Add(record{generation: 1}.encode())
	f.Add(encodePeers([]string{"a", "bc"}))
	f.Add(encodeUint64(7))
	f.Add(make([]byte, 32))
	f.Add(seal([]byte("key"), []byte("payload")))
	f.Add(append(encodeMark(1), make([]byte, markStride-12)...))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Fuzz(func(t *testing.T, raw []byte) {
		same := func(what string, written []byte, err error) {
			if err == nil && !bytes.Equal(written, raw) {
				t.Errorf("%s: read %x, wrote %x", what, raw, written)
			}
		}
		h, err := decodeHead(raw)
		same("head", h.encode(), err)
		tx, err := decodeText(raw)
		same("text", encodeText(tx), err)
		r, err := decodeRoom(raw)
		same("room", encodeRoom(r), err)
		plan, err := decodeSchedule(raw)
		same("schedule", encodeSchedule(plan), err)
		s, err := decodeSnapshotHead(raw)
		same("snapshot", s.encode(), err)
		rec, err := decodeRecord(raw)
		same("record", rec.encode(), err)
		peers, err := decodePeers(raw)
		same("peers", encodePeers(peers), err)
		n, err := decodeUint64(raw)
		same("number", encodeUint64(n), err)
		hash, err := decodeHash(raw)
		same("hash", hash[:], err)
		key, err := decodeKey(raw)
		same("key", key[:], err)
		payload, err := unseal([]byte("key"), raw)
		same("sealed", seal([]byte("key"), payload), err)
		decodeMark(raw)
	})
}

func TestMark(t *testing.T) {
	raw := make([]byte, markSlots*markStride)
	if _, ok := decodeMark(raw); ok {
		t.Error("zeros are a mark")
	}
	copy(raw, encodeMark(4))
	copy(raw[markStride:], encodeMark(5))
	if n, ok := decodeMark(raw); !ok || n != 5 {
		t.Errorf("have %d, %v", n, ok)
	}
	// Cut at any byte, writing 6 over 4 leaves 5.
	for cut := range 12 {
		torn := slices.Clone(raw)
		copy(torn, encodeMark(6)[:cut])
		if n, ok := decodeMark(torn); !ok || n != 5 {
			t.Errorf("cut at %d: have %d, %v", cut, n, ok)
		}
	}
}

// TestKindOf sorts errors as Badger gives them: only the text of what it wraps is left.
func TestKindOf(t *testing.T) {
	for errno, want := range map[syscall.Errno]Kind{
		syscall.EROFS:   ErrReadOnly,
		syscall.EACCES:  ErrPermission,
		syscall.EPERM:   ErrPermission,
		syscall.ENOSPC:  ErrDiskFull,
		syscall.EDQUOT:  ErrDiskFull,
		syscall.ENOTDIR: ErrNotDirectory,
		syscall.EMFILE:  ErrUnavailable,
		syscall.EIO:     ErrUnavailable,
	} {
		for _, err := range []error{errno, fmt.Errorf("wrapped: %w", errno), errors.New("opaque err: " + errno.Error())} {
			if have := kindOf(err); have != want {
				t.Errorf("%v is %q, want %q", err, have, want)
			}
		}
	}
}
