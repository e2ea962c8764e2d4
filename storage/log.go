package storage

import (
	"fmt"
	"iter"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/ledger"
	"github.com/stoa-rooms/stoa/statement"
)

// Entry is one leaf of a log with its body.
type Entry = ledger.Entry

// leaves is where the entries of one log lie, and how many there are.
type leaves struct {
	name                   string // for errors
	entries, index, hashes []byte // prefixes of keys
	size                   int64
}

// own is the log that this node keeps.
func (v *view) own() leaves {
	e := v.head.epoch
	return leaves{name: "log", entries: prefix(kindEntry, e), index: prefix(kindIndex, e), hashes: prefix(kindHash, e), size: v.head.tree.Size}
}

// log plans the entries of a batch, once they, their hashes and the checkpoint fit the log and one another.
func (p *plan) log(b Batch, node identity.PublicKey) error {
	if len(b.Entries) == 0 {
		if len(b.Hashes) > 0 || b.Checkpoint != "" {
			return fmt.Errorf("%w: hashes or a checkpoint without entries", ErrBatch)
		}
		return nil
	}
	ids := make([]statement.ID, len(b.Entries))
	for i, e := range b.Entries {
		ids[i] = e.ID
		if err := p.entry(e, p.head.tree.Size+int64(i)); err != nil {
			return err
		}
	}
	next, hashes, err := ledger.Append(p.head.tree, p.before, ids)
	if err != nil {
		return err
	}
	if !slices.Equal(b.Hashes, hashes) {
		return fmt.Errorf("%w: not the hashes of its entries", ErrBatch)
	}
	if before := p.head.checkpoint; before != "" && origin(before) != origin(b.Checkpoint) {
		return fmt.Errorf("%w: a checkpoint of another log", ErrBatch)
	}
	if signed, err := parseOwn(b.Checkpoint, node); err != nil || signed != next {
		return fmt.Errorf("%w: not a checkpoint of its entries: %w", ErrBatch, err)
	}
	for _, h := range hashes {
		if err := p.put(numbered(kindHash, p.head.epoch, h.Index), h.Hash[:]); err != nil {
			return err
		}
	}
	p.head.tree, p.head.checkpoint = next, b.Checkpoint
	return nil
}

func (p *plan) entry(e Entry, index int64) error {
	if e.Index != index {
		return fmt.Errorf("%w: entry %d where %d is next", ErrBatch, e.Index, index)
	}
	if len(e.Text) > statement.MaxSize || ledger.IDOf(e.Text) != e.ID {
		return fmt.Errorf("%w: entry %d does not have the id %s", ErrBatch, e.Index, e.ID)
	}
	at := named(kindIndex, p.head.epoch, e.ID)
	_, twice := p.writes[string(at)]
	if _, logged, err := p.before.raw(at); err != nil {
		return err
	} else if twice || logged {
		return fmt.Errorf("%w: %s is in the log already", ErrBatch, e.ID)
	}
	if err := p.put(at, encodeUint64(uint64(index))); err != nil {
		return err
	}
	return p.put(numbered(kindEntry, p.head.epoch, index), []byte(e.Text))
}

// Head is the head of the log. The zero Tree is the empty log.
func (s *Store) Head() ledger.Tree { return s.latest().tree }

// Checkpoint is the signed head of the log; "" for the empty log.
func (s *Store) Checkpoint() string { return s.latest().checkpoint }

// Entry is one entry of the log; ok is false beyond its end.
func (s *Store) Entry(index int64) (e Entry, ok bool, err error) {
	e, err = use(s, func(v *view) (e Entry, err error) {
		e, ok, err = v.entry(v.own(), index)
		return e, err
	})
	return e, ok && err == nil, err
}

// entry is one entry of a log.
func (v *view) entry(l leaves, index int64) (e Entry, ok bool, err error) {
	if index < 0 || index >= l.size {
		return Entry{}, false, nil
	}
	value, there, err := v.raw(at(l.entries, index))
	if err == nil && !there {
		err = unreadable(found(ErrDamaged, "%s entry %d is missing", l.name, index))
	}
	if err != nil {
		return Entry{}, false, err
	}
	e, err = openEntry(l, index, value, v.get)
	return e, err == nil, err
}

// getter gives the payload under a key.
type getter func(key []byte) (payload []byte, ok bool, err error)

// openEntry reads a stored entry and compares it with its leaf in the tree.
func openEntry(l leaves, index int64, value []byte, get getter) (Entry, error) {
	key := at(l.entries, index)
	text, err := unseal(key, value)
	if err != nil {
		return Entry{}, spoiled(key, err)
	}
	e := Entry{Index: index, Text: string(text)}
	e.ID = ledger.IDOf(e.Text)
	leaf, err := storedHash(l, tlog.StoredHashIndex(0, index), get)
	if err != nil {
		return Entry{}, err
	}
	if leaf != ledger.Leaf(e.ID) {
		return Entry{}, unreadable(found(ErrDamaged, "%s entry %d is not the leaf of its place", l.name, index))
	}
	return e, nil
}

// Entries are those from index from to the end of the log as it is when the loop begins. After an error there are no
// more.
func (s *Store) Entries(from int64) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		v, err := s.acquire()
		if err != nil {
			yield(Entry{}, err)
			return
		}
		defer s.release(v)
		v.each(v.own(), from, yield)
	}
}

// each gives the entries of a log from an index on. With an error comes the index of the entry that it is about.
func (v *view) each(l leaves, from int64, yield func(Entry, error) bool) {
	next, stopped := max(from, 0), false
	err := v.read(l, next, func(key, value []byte, leaf getter) (bool, error) {
		if next >= l.size || string(key) != string(at(l.entries, next)) {
			return false, nil // a gap, said below
		}
		e, err := openEntry(l, next, value, leaf)
		if err != nil {
			return false, err
		}
		next++
		stopped = !yield(e, nil)
		return !stopped, nil
	})
	if err == nil && !stopped && next < l.size {
		err = unreadable(found(ErrDamaged, "%s entry %d is missing", l.name, next))
	}
	if err != nil && !stopped {
		yield(Entry{Index: next}, err)
	}
}

// read calls fn with the stored entries of a log from an index on, and with what reads the hashes of their leaves, which
// lie in the same order.
func (v *view) read(l leaves, from int64, fn func(key, value []byte, leaf getter) (bool, error)) error {
	hashes, err := v.cursor(l.hashes, at(l.hashes, tlog.StoredHashIndex(0, from)))
	if err != nil {
		return err
	}
	defer hashes.it.Close()
	return v.scan(l.entries, at(l.entries, from), true, func(key, value []byte) (bool, error) {
		return fn(key, value, hashes.get)
	})
}

// IndexOf finds a statement in the log.
func (s *Store) IndexOf(id statement.ID) (index int64, ok bool, err error) {
	index, err = use(s, func(v *view) (n int64, err error) {
		n, ok, err = v.indexOf(v.own(), id)
		return n, err
	})
	return index, ok, err
}

func (v *view) indexOf(l leaves, id statement.ID) (index int64, ok bool, err error) {
	key := append(slices.Clip(l.index), id[:]...)
	raw, there, err := v.get(key)
	if err != nil || !there {
		return 0, false, err
	}
	n, err := decodeUint64(raw)
	if err != nil || n >= uint64(l.size) {
		return 0, false, spoiled(key, errValue)
	}
	return int64(n), true, nil
}

// ReadHashes implements tlog.HashReader: stored hashes of the log's tree. One beyond the tree is an error.
func (s *Store) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	return use(s, func(v *view) ([]tlog.Hash, error) { return v.ReadHashes(indexes) })
}

// ReadHashes implements tlog.HashReader for the node's log as of this view.
func (v *view) ReadHashes(indexes []int64) ([]tlog.Hash, error) { return v.hashes(v.own(), indexes) }

// hashes are stored hashes of a log.
func (v *view) hashes(l leaves, indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index < 0 || index >= tlog.StoredHashCount(l.size) {
			return nil, fmt.Errorf("storage: no stored hash %d in a log of %d", index, l.size)
		}
		var err error
		if out[i], err = storedHash(l, index, v.get); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// storedHash is one stored hash of a log.
func storedHash(l leaves, index int64, get getter) (tlog.Hash, error) {
	key := at(l.hashes, index)
	payload, ok, err := get(key)
	if err == nil && !ok {
		err = unreadable(found(ErrDamaged, "stored hash %d is missing", index))
	}
	if err != nil {
		return tlog.Hash{}, err
	}
	hash, err := decodeHash(payload)
	if err != nil {
		return tlog.Hash{}, spoiled(key, err)
	}
	return hash, nil
}
