package storage

import (
	"crypto/sha256"
	"fmt"
	"iter"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/ledger"
	"github.com/stoa-rooms/stoa/statement"
)

// Entry is one leaf of the node's log with its body.
type Entry struct {
	Index int64
	ID    statement.ID
	Text  string // compact serialization; its signature is not verified again when it is read
}

// idOf is the id a text must have, whatever the text: that of header.payload.
func idOf(text string) statement.ID {
	signed := text
	if dot := strings.LastIndexByte(text, '.'); dot >= 0 {
		signed = text[:dot]
	}
	return sha256.Sum256([]byte(signed))
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
	if len(e.Text) > statement.MaxSize || idOf(e.Text) != e.ID {
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
	e, err = use(s, func(v *view) (Entry, error) {
		if index < 0 || index >= v.head.tree.Size {
			return Entry{}, nil
		}
		ok = true
		value, there, err := v.raw(numbered(kindEntry, v.head.epoch, index))
		if err == nil && !there {
			err = unreadable(found(ErrDamaged, "log entry %d is missing", index))
		}
		if err != nil {
			return Entry{}, err
		}
		return v.entry(index, value)
	})
	return e, ok && err == nil, err
}

// entry reads a stored entry and compares it with its leaf in the tree.
func (v *view) entry(index int64, value []byte) (Entry, error) {
	key := numbered(kindEntry, v.head.epoch, index)
	text, err := unseal(key, value)
	if err != nil {
		return Entry{}, spoiled(key, err)
	}
	e := Entry{Index: index, Text: string(text)}
	e.ID = idOf(e.Text)
	leaf, err := v.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
	if err != nil {
		return Entry{}, err
	}
	if leaf[0] != ledger.Leaf(e.ID) {
		return Entry{}, unreadable(found(ErrDamaged, "log entry %d is not the leaf of its place", index))
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
		next, stopped := max(from, 0), false
		err = v.scan(prefix(kindEntry, v.head.epoch), numbered(kindEntry, v.head.epoch, next), true, func(key, value []byte) (bool, error) {
			if string(key) != string(numbered(kindEntry, v.head.epoch, next)) {
				return false, nil // a gap, said below
			}
			e, err := v.entry(next, value)
			if err != nil {
				return false, err
			}
			next++
			stopped = !yield(e, nil)
			return !stopped, nil
		})
		if err == nil && next < v.head.tree.Size {
			err = unreadable(found(ErrDamaged, "log entry %d is missing", next))
		}
		if err != nil && !stopped {
			yield(Entry{}, err)
		}
	}
}

// IndexOf finds a statement in the log.
func (s *Store) IndexOf(id statement.ID) (index int64, ok bool, err error) {
	index, err = use(s, func(v *view) (int64, error) {
		key := named(kindIndex, v.head.epoch, id)
		raw, there, err := v.get(key)
		if err != nil || !there {
			return 0, err
		}
		n, err := decodeUint64(raw)
		if err != nil || n >= uint64(v.head.tree.Size) {
			return 0, spoiled(key, errValue)
		}
		ok = true
		return int64(n), nil
	})
	return index, ok, err
}

// ReadHashes implements tlog.HashReader: stored hashes of the log's tree. One beyond the tree is an error.
func (s *Store) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	return use(s, func(v *view) ([]tlog.Hash, error) { return v.ReadHashes(indexes) })
}
