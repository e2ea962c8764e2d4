package storagetest

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"iter"
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
	Other   *Log // of another node, for this one to follow

	hashes  []tlog.Hash
	history int64 // which of the node's histories this is
}

// NewLog begins the log of a node.
func NewLog(node identity.Signer) *Log {
	l := newLog(node)
	l.Other = newLog(Key(-1))
	return l
}

func newLog(node identity.Signer) *Log {
	member, err := identity.FromSeed(slices.Repeat([]byte{7}, 32))
	must(err)
	return &Log{Node: node, Member: member}
}

// Key is the key number n of somebody.
func Key(n int) identity.PrivateKey {
	seed := sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(n)))
	key, err := identity.FromSeed(seed[:])
	must(err)
	return key
}

// Skip is n Full batches without what comes of them.
func (l *Log) Skip(n int) (own, other storage.Batch) {
	return l.Append(10 * n), l.Other.Append(10 * n)
}

// Name is what the log is called.
func (l *Log) Name() ledger.Log {
	return ledger.Log{Community: l.Member.Public(), Node: l.Node.Public()}
}

// Branch is another history of the log, which begins with the first size entries of this one.
func (l *Log) Branch(size int64) *Log {
	b := &Log{
		Node: l.Node, Member: l.Member, history: l.history + 1,
		Tree:    ledger.Tree{Size: size},
		Entries: slices.Clone(l.Entries[:size]),
		hashes:  slices.Clone(l.hashes[:tlog.StoredHashCount(size)]),
	}
	var err error
	b.Tree.Root, err = tlog.TreeHash(size, b)
	must(err)
	return b
}

// At is the checkpoint that the log had at a size.
func (l *Log) At(size int64) string {
	root, err := tlog.TreeHash(size, l)
	must(err)
	text, err := ledger.SignCheckpoint(l.Origin(), ledger.Tree{Size: size, Root: root}, l.Node)
	must(err)
	return text
}

// Serve is what a node answers who asks it for a resource of the log.
func (l *Log) Serve(path string) ([]byte, error) { return ledger.Serve(source{l}, path) }

// source is a log to be served.
type source struct{ *Log }

// Head implements ledger.Source.
func (s source) Head() ledger.Tree { return s.Tree }

// Checkpoint implements ledger.Source.
func (s source) Checkpoint() string { return s.At(s.Tree.Size) }

// Entries implements ledger.Source.
func (s source) Entries(from int64) iter.Seq2[ledger.Entry, error] {
	return func(yield func(ledger.Entry, error) bool) {
		for _, e := range s.Log.Entries[min(from, s.Tree.Size):] {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// Followed is a batch of Append for a store that follows the log.
func (l *Log) Followed(b storage.Batch) storage.Followed {
	return storage.Followed{Log: l.Name(), Entries: b.Entries, Checkpoint: b.Checkpoint}
}

// Brief is a log number n with a single entry.
func Brief(n int) (*Log, storage.Followed) {
	l := newLog(Key(1000 + n))
	return l, l.Followed(l.Append(1))
}

// Fork is a proof that the node of the log signed another history of it.
func (l *Log) Fork() *ledger.Fork {
	sign := func(t ledger.Tree) string {
		text, err := ledger.SignCheckpoint(l.Origin(), t, l.Node)
		must(err)
		return text
	}
	other := l.Tree
	other.Root[0] ^= 1
	return &ledger.Fork{First: sign(l.Tree), Second: sign(other)}
}

// Peer is the address number n.
func Peer(n int) string { return fmt.Sprintf("/ip4/192.0.2.1/tcp/%d/p2p/peer%d", n, n) }

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
			Period:    index + l.history<<32,
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
	s, err := statement.Sign(&statement.Profile{Community: l.Member.Public(), IssuedAt: 1_700_000_000, Name: name}, Key(n))
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
	return storage.Room{ID: s.ID(), Create: s.Text(), Title: title, Record: []byte(record), Line: line(n)}
}

// Schedule is the scheduled room number n, as planned first or as changed.
func (l *Log) Schedule(n int, changed bool) storage.Schedule {
	title := Text(n)
	body := statement.Schedule{
		Community: l.Member.Public(), IssuedAt: 1_700_000_000, JTI: fmt.Sprintf("plan-%016d", n), Node: l.Node.Public(),
		Title: title.Commitment(), Language: "en", Topics: []string{}, Entry: statement.RoomMembers,
		Start: "2027-02-02T19:30", Zone: "Europe/Paris", Duration: 3600, State: statement.PlanStands,
	}
	first, err := statement.Sign(&body, l.Member)
	must(err)
	out := storage.Schedule{ID: first.ID(), First: first.Text(), Title: title}
	if changed {
		of := first.ID()
		body.Of, body.Number = &of, 1
		latest, err := statement.Sign(&body, l.Member)
		must(err)
		out.Latest = latest.Text()
	}
	return out
}

// Private is something that is kept for the member number n.
func (l *Log) Private(n int, value string) storage.Private {
	return storage.Private{Member: Key(n).Public(), Name: "reminders", Value: []byte(value)}
}

// line is that of room n; every third room never moved.
func line(n int) []byte {
	if n%3 == 1 {
		return nil
	}
	return fmt.Appendf(nil, "line %d", n)
}

// must ends a test on a mistake in the test itself.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
