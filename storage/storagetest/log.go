package storagetest

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/ledger"
	"github.com/stoa-rooms/stoa/statement"
	"github.com/stoa-rooms/stoa/storage"
)

// Log writes batches for a store. It keeps the log's hashes itself, so it knows what the store must hold, and it is
// the same whenever it is made for the same node.
type Log struct {
	Node    identity.Signer
	Member  identity.PrivateKey
	Tree    ledger.Tree
	Entries []storage.Entry

	hashes []tlog.Hash
}

// NewLog begins the log of a node.
func NewLog(node identity.Signer) *Log {
	member, err := identity.FromSeed(slices.Repeat([]byte{7}, 32))
	must(err)
	return &Log{Node: node, Member: member}
}

// Append is a batch with the next n entries.
func (l *Log) Append(n int) storage.Batch {
	var b storage.Batch
	ids := make([]statement.ID, n)
	for i := range n {
		index := l.Tree.Size + int64(i)
		s, err := statement.Sign(&statement.Grant{
			Community: l.Member.Public(),
			IssuedAt:  1_700_000_000 + index,
			Member:    l.Member.Public(),
			Slots:     3,
			Why:       statement.WhySpeaking,
			Period:    index,
		}, l.Node)
		must(err)
		ids[i] = s.ID()
		b.Entries = append(b.Entries, storage.Entry{Index: index, ID: s.ID(), Text: s.Text()})
	}
	next, hashes, err := ledger.Append(l.Tree, tlog.HashReaderFunc(l.ReadHashes), ids)
	must(err)
	for _, h := range hashes {
		l.hashes = append(l.hashes, h.Hash)
	}
	b.Hashes = hashes
	b.Checkpoint, err = ledger.SignCheckpoint(l.Origin(), next, l.Node)
	must(err)
	l.Tree, l.Entries = next, append(l.Entries, b.Entries...)
	return b
}

// Origin is the first line of the log's checkpoints.
func (l *Log) Origin() string { return ledger.Origin(l.Member.Public(), l.Node.Public()) }

// ReadHashes implements tlog.HashReader.
func (l *Log) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		out[i] = l.hashes[index]
	}
	return out, nil
}

// Text is the text number n.
func Text(n int) statement.Text {
	digest := sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(n)))
	return statement.Text{Salt: statement.Salt(digest[:statement.SaltSize]), Text: fmt.Sprintf("text %d", n)}
}

// Profile is a profile of the member number n.
func (l *Log) Profile(n int, name string) statement.Statement {
	seed := sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(n)))
	member, err := identity.FromSeed(seed[:])
	must(err)
	s, err := statement.Sign(&statement.Profile{Community: l.Member.Public(), IssuedAt: 1_700_000_000, Name: name}, member)
	must(err)
	return s
}

// Room is the room number n.
func (l *Log) Room(n int, record string) storage.Room {
	title := Text(n)
	s, err := statement.Sign(&statement.Create{
		Community: l.Member.Public(),
		IssuedAt:  1_700_000_000,
		JTI:       fmt.Sprintf("room-%016d", n),
		Node:      l.Node.Public(),
		Title:     title.Commitment(),
		Language:  "en",
		Topics:    []string{"go"},
		Entry:     statement.RoomMembers,
	}, l.Member)
	must(err)
	return storage.Room{ID: s.ID(), Create: s.Text(), Title: title, Record: []byte(record)}
}

// must ends a test on a mistake in the test itself.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
