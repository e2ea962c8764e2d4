package storage

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/ledger"
	"github.com/stoa-rooms/stoa/statement"
)

// LayoutVersion is the layout that this package writes. A store of a higher one is refused with [ErrNewer].
//
// # Layout 3
//
// Beside Badger's own files the directory holds these:
//
//	node.key    the node's Ed25519 seed, 32 bytes, mode 0600
//	mark        the number of the last acknowledged commit (mark.go)
//	stoa.lock   locked (flock) while a process has the store open; the text is that process's id
//	database    the name of the directory here that Badger's files are in, a line; none while they are in this one
//	            (rewrite.go)
//
// In Badger, numbers in keys are big-endian, so that keys sort as numbers do. E is the epoch, 4 bytes: it rises by one
// with every Reset, and keys of earlier epochs are garbage. Every value but that of meta/layout is sealed: the payload,
// then the CRC-32C of key and payload, so that no value is taken for another's.
//
//	key                  payload
//	"meta/layout"        the version, 4 bytes; not sealed, so that any later version may read it
//	"meta/node"          the node's public key, 32 bytes
//	"meta/head"          commit number 8 · epoch 4 · log size 8 · sum 8 · checkpoint (text, empty while the log is)
//	"e" E index(8)       statement text                          log entry
//	"i" E id(32)         index 8                                 where in the log a statement is
//	"h" E index(8)       hash 32                                 stored hash of the log's tree, numbered as tlog does
//	"t" E commitment(32) salt 16 · text                          text beside a statement, erasable
//	"p" E member(32)     statement text                          latest profile
//	"r" E room(32)       uvarint n · create statement (n bytes) · salt 16 · uvarint n · title (n bytes) · record
//	"l" E room(32)       proof that the room was handed to the node that now hosts it; none where it never was
//	"d" E schedule(32)   uvarint n · first statement (n bytes) · uvarint n · latest statement (n bytes) · salt 16 · title
//	"u" E member(32) name   what is kept for a member; all of one member's lie under one prefix
//	"S" E                commit number 8 · size 8 · parts 4 · length 8 · SHA-256 32      snapshot of the fold
//	"s" E number(8) part(4)   piece of the snapshot of that commit number, 256 KiB but for the last
//	"F" E community(32) node(32)   a followed log: generation 8 · size 8 · distinct 8 · root 32 ·
//	                     uvarint n · checkpoint (n bytes) · fork proof (JSON, empty without one)
//	"E" E generation(8) index(8)   statement text                its entries
//	"I" E generation(8) id(32)     index 8                       where in it a statement is first
//	"H" E generation(8) index(8)   hash 32                       its stored hashes
//	"x" E member(32)     nothing: the member erased themselves
//	"meta/peers"         addresses of other nodes, newest first: for each uvarint n · n bytes
//	"meta/restored"      community 32 · node 32: whose log the backup had that this store was restored from
//	"meta/rewrite"       commit number 8 of the last erasure, until its bytes are gone from Badger's files
//
// The sum is that of all texts, profiles, rooms, lines, schedules, private things, erasures and records of followed logs: for each, the first 8 bytes of
// SHA-256(key ‖ value), added modulo 2^64. With it a start notices when one of them is missing, too many or of an earlier
// time. The log needs no sum: the root in its checkpoint is one.
//
// What is known of a followed log and cannot be had again, its newest checkpoint and the proof that it forked, is in the
// record, and so in the sum. Its entries can be fetched again. A start computes their root from the stored hashes and
// counts the index; where either is not what the record says, that is logged, the entries are given up, and the log is
// fetched anew. A generation is the number of the commit that began it, times 4096, and the log's place in that commit; it
// sets the keys of what is fetched anew apart from those of what was given up.
//
// # Layouts 1 and 2
//
// Layout 2 had none of "d", "u", "x", "meta/restored", "meta/rewrite" and the file database; layout 1 had none of "l", "F",
// "E", "I", "H" and "meta/peers" either. All else was as it is. A start makes one into layout 3 by saying so.
const LayoutVersion = 3

// The keys outside epochs.
const (
	keyLayout = "meta/layout"
	keyNode   = "meta/node"
	keyHead   = "meta/head"
	keyPeers  = "meta/peers"

	keyRestored = "meta/restored"
	keyRewrite  = "meta/rewrite"
)

// What the first byte of a key says.
const (
	kindEntry    = 'e'
	kindIndex    = 'i'
	kindHash     = 'h'
	kindText     = 't'
	kindProfile  = 'p'
	kindRoom     = 'r'
	kindSnapshot = 'S'
	kindPart     = 's'
	kindLine     = 'l'
	kindSchedule = 'd'
	kindPrivate  = 'u'
	kindErased   = 'x'

	kindFollowed      = 'F'
	kindFollowedEntry = 'E'
	kindFollowedIndex = 'I'
	kindFollowedHash  = 'H'
)

// kinds are all kinds of keys that have an epoch; summed are those in the sum; followed are those that have a generation
// too; personal are those whose name begins with a member's key. Each has a row in Keeping.
const (
	kinds    = "eihtprlduxSsFEIH"
	summed   = "tprlduxF"
	followed = "EIH"
	personal = "pu"
)

// prefix begins every key of one kind and epoch.
func prefix(kind byte, epoch uint32) []byte {
	return binary.BigEndian.AppendUint32([]byte{kind}, epoch)
}

// numbered is the key of kind with a number.
func numbered(kind byte, epoch uint32, n int64) []byte {
	return binary.BigEndian.AppendUint64(prefix(kind, epoch), uint64(n))
}

// named is the key of kind with a 32-byte name.
func named(kind byte, epoch uint32, name [32]byte) []byte {
	return append(prefix(kind, epoch), name[:]...)
}

// at is the key of number n below a prefix.
func at(prefix []byte, n int64) []byte {
	return binary.BigEndian.AppendUint64(slices.Clip(prefix), uint64(n))
}

// followedKey is the key of the record of a followed log.
func followedKey(epoch uint32, log ledger.Log) []byte {
	return append(named(kindFollowed, epoch, log.Community), log.Node[:]...)
}

// partKey is the key of one piece of a snapshot.
func partKey(epoch uint32, number uint64, part int) []byte {
	return binary.BigEndian.AppendUint32(numbered(kindPart, epoch, int64(number)), uint32(part))
}

// errValue says that a stored value is not what its key says it is.
var errValue = errors.New("malformed value")

var castagnoli = crc32.MakeTable(crc32.Castagnoli) //nolint:gochecknoglobals // immutable table

// seal makes the stored value of a payload.
func seal(key, payload []byte) []byte {
	out := make([]byte, 0, len(payload)+crc32.Size)
	out = append(out, payload...)
	return binary.BigEndian.AppendUint32(out, checksum(key, payload))
}

// unseal gives the payload of a stored value, which it shares memory with.
func unseal(key, value []byte) ([]byte, error) {
	n := len(value) - crc32.Size
	if n < 0 || binary.BigEndian.Uint32(value[n:]) != checksum(key, value[:n]) {
		return nil, errValue
	}
	return value[:n], nil
}

func checksum(key, payload []byte) uint32 {
	return crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, payload)
}

// weight is what a stored pair adds to the sum.
func weight(key, value []byte) uint64 {
	h := sha256.New()
	h.Write(key)
	h.Write(value)
	return binary.BigEndian.Uint64(h.Sum(nil))
}

// head is the state of the store that every commit replaces.
type head struct {
	number     uint64 // of the commit
	epoch      uint32
	tree       ledger.Tree // its root is not stored: the checkpoint says it
	sum        uint64
	checkpoint string
}

const headSize = 8 + 4 + 8 + 8

func (h head) encode() []byte {
	out := make([]byte, 0, headSize+len(h.checkpoint))
	out = binary.BigEndian.AppendUint64(out, h.number)
	out = binary.BigEndian.AppendUint32(out, h.epoch)
	out = binary.BigEndian.AppendUint64(out, uint64(h.tree.Size))
	out = binary.BigEndian.AppendUint64(out, h.sum)
	return append(out, h.checkpoint...)
}

// decodeHead reads all of a head but the root.
func decodeHead(raw []byte) (head, error) {
	if len(raw) < headSize || len(raw) > headSize+ledger.MaxCheckpoint {
		return head{}, errValue
	}
	h := head{
		number:     binary.BigEndian.Uint64(raw),
		epoch:      binary.BigEndian.Uint32(raw[8:]),
		sum:        binary.BigEndian.Uint64(raw[20:]),
		checkpoint: string(raw[headSize:]),
	}
	size := binary.BigEndian.Uint64(raw[12:])
	if size > ledger.MaxSize || (size == 0) != (h.checkpoint == "") {
		return head{}, errValue
	}
	h.tree.Size = int64(size)
	return h, nil
}

func encodeUint64(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

func decodeUint64(raw []byte) (uint64, error) {
	if len(raw) != 8 {
		return 0, errValue
	}
	return binary.BigEndian.Uint64(raw), nil
}

func decodeHash(raw []byte) (tlog.Hash, error) {
	if len(raw) != tlog.HashSize {
		return tlog.Hash{}, errValue
	}
	return tlog.Hash(raw), nil
}

func decodeKey(raw []byte) (identity.PublicKey, error) {
	key, err := identity.FromBytes(raw)
	if err != nil {
		return key, errValue
	}
	return key, nil
}

func encodeText(t statement.Text) []byte { return append(t.Salt[:], t.Text...) }

func decodeText(raw []byte) (statement.Text, error) {
	if len(raw) < statement.SaltSize {
		return statement.Text{}, errValue
	}
	return statement.Text{
		Salt: statement.Salt(raw[:statement.SaltSize]),
		Text: string(raw[statement.SaltSize:]),
	}, nil
}

func encodeRoom(r Room) []byte {
	var out []byte
	out = binary.AppendUvarint(out, uint64(len(r.Create)))
	out = append(out, r.Create...)
	out = append(out, r.Title.Salt[:]...)
	out = binary.AppendUvarint(out, uint64(len(r.Title.Text)))
	out = append(out, r.Title.Text...)
	return append(out, r.Record...)
}

// decodeRoom reads all of a room but its id, which is in the key. The record is a copy.
func decodeRoom(raw []byte) (Room, error) {
	create, raw, err := field(raw)
	if err != nil {
		return Room{}, err
	}
	if len(raw) < statement.SaltSize {
		return Room{}, errValue
	}
	salt := statement.Salt(raw[:statement.SaltSize])
	title, raw, err := field(raw[statement.SaltSize:])
	if err != nil {
		return Room{}, err
	}
	return Room{
		Create: string(create),
		Title:  statement.Text{Salt: salt, Text: string(title)},
		Record: append([]byte{}, raw...),
	}, nil
}

// field cuts off bytes that have their length in front.
func field(raw []byte) (f, rest []byte, err error) {
	n, w := binary.Uvarint(raw)
	if w <= 0 || w != uvarintLen(n) || n > uint64(len(raw)-w) {
		return nil, nil, errValue
	}
	return raw[w : w+int(n)], raw[w+int(n):], nil
}

// uvarintLen is the only length n is written in.
func uvarintLen(n uint64) int { return len(binary.AppendUvarint(nil, n)) }

// snapshotHead says which parts make up the snapshot.
type snapshotHead struct {
	number uint64 // of the commit that wrote it; names the parts
	size   int64  // of the log, as the fold has it
	parts  int
	length int64 // of all parts together
	digest [sha256.Size]byte
}

const snapshotHeadSize = 8 + 8 + 4 + 8 + sha256.Size

func (s snapshotHead) encode() []byte {
	out := make([]byte, 0, snapshotHeadSize)
	out = binary.BigEndian.AppendUint64(out, s.number)
	out = binary.BigEndian.AppendUint64(out, uint64(s.size))
	out = binary.BigEndian.AppendUint32(out, uint32(s.parts))
	out = binary.BigEndian.AppendUint64(out, uint64(s.length))
	return append(out, s.digest[:]...)
}

func decodeSnapshotHead(raw []byte) (snapshotHead, error) {
	if len(raw) != snapshotHeadSize {
		return snapshotHead{}, errValue
	}
	size, parts, length := binary.BigEndian.Uint64(raw[8:]), binary.BigEndian.Uint32(raw[16:]), binary.BigEndian.Uint64(raw[20:])
	if size > ledger.MaxSize || length > maxFold || int(parts) != partsOf(int(length)) {
		return snapshotHead{}, errValue
	}
	return snapshotHead{
		number: binary.BigEndian.Uint64(raw),
		size:   int64(size),
		parts:  int(parts),
		length: int64(length),
		digest: [sha256.Size]byte(raw[28:]),
	}, nil
}
