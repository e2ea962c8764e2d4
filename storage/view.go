package storage

import (
	"bytes"
	"errors"
	"fmt"
	"sync/atomic"

	badger "github.com/dgraph-io/badger/v4"
)

// view is the state after one acknowledged commit. A read takes the current view and gives it back; a commit puts the
// next one in its place. A failed commit does not, although Badger may show what it wrote.
type view struct {
	head head
	txn  *badger.Txn // read-only; such a transaction may be used by several goroutines

	broken atomic.Bool // the transaction counts an iterator that was never made, and would panic on it

	users   int           // guarded by Store.viewMu
	retired bool          // guarded by Store.viewMu
	gone    chan struct{} // closed when it is retired and nobody uses it
}

func newView(db *badger.DB, h head) *view {
	return &view{head: h, txn: db.NewTransaction(false), gone: make(chan struct{})}
}

// acquire gives the current view to a reader, who must release it.
func (s *Store) acquire() (*view, error) {
	s.viewMu.Lock()
	defer s.viewMu.Unlock()
	if s.view == nil {
		return nil, unreadable(errors.New("the database is not open"))
	}
	s.view.users++
	return s.view, nil
}

func (s *Store) release(v *view) {
	s.viewMu.Lock()
	defer s.viewMu.Unlock()
	v.users--
	v.discardUnused()
}

// publish makes v the view that readers get. The one before it ends with its last reader.
func (s *Store) publish(v *view) (before *view) {
	s.viewMu.Lock()
	defer s.viewMu.Unlock()
	before, s.view = s.view, v
	if v != nil {
		s.head = v.head
	}
	if before != nil {
		before.retired = true
		before.discardUnused()
	}
	return before
}

// latest is the head of the last acknowledged commit, whether or not it can be read now.
func (s *Store) latest() head {
	s.viewMu.Lock()
	defer s.viewMu.Unlock()
	return s.head
}

// discardUnused needs Store.viewMu.
func (v *view) discardUnused() {
	if v.retired && v.users == 0 {
		if !v.broken.Load() {
			v.txn.Discard()
		}
		close(v.gone)
	}
}

// use calls fn with the current view.
func use[T any](s *Store, fn func(*view) (T, error)) (T, error) {
	v, err := s.acquire()
	if err != nil {
		var none T
		return none, err
	}
	defer s.release(v)
	return fn(v)
}

// raw is a copy of a stored value.
func (v *view) raw(key []byte) (value []byte, ok bool, err error) {
	defer func() { rescue(recover(), &err) }()
	item, err := v.txn.Get(key)
	if errors.Is(err, badger.ErrKeyNotFound) {
		return nil, false, nil
	}
	if err == nil {
		value, err = item.ValueCopy(nil)
	}
	if err != nil {
		return nil, false, unreadable(err)
	}
	return value, true, nil
}

// rescue turns a panic of Badger into an error: when it could not make a new memtable, it has none at all any more.
func rescue(p any, err *error) {
	if p != nil {
		*err = unreadable(fmt.Errorf("badger: %v", p))
	}
}

// get is the payload under a key.
func (v *view) get(key []byte) (payload []byte, ok bool, err error) {
	value, ok, err := v.raw(key)
	if err != nil || !ok {
		return nil, false, err
	}
	payload, err = unseal(key, value)
	if err != nil {
		return nil, false, spoiled(key, err)
	}
	return payload, true, nil
}

// spoiled says that the value under key is not what was written.
func spoiled(key []byte, err error) error {
	return unreadable(found(ErrDamaged, "the value of %q: %v", key, err))
}

// scan calls fn with the stored pairs under a prefix, from a key on, in order, until it returns false. Key and value
// are fn's to keep.
func (v *view) scan(prefix, from []byte, values bool, fn func(key, value []byte) (bool, error)) (err error) {
	it, err := v.iterator(prefix)
	if err != nil {
		return err
	}
	defer it.Close()
	for it.Seek(from); it.Valid(); it.Next() {
		var value []byte
		if values {
			if value, err = it.Item().ValueCopy(nil); err != nil {
				return unreadable(err)
			}
		}
		if more, err := fn(it.Item().KeyCopy(nil), value); err != nil || !more {
			return err
		}
	}
	return nil
}

func (v *view) iterator(prefix []byte) (it *badger.Iterator, err error) {
	defer func() {
		rescue(recover(), &err)
		v.broken.CompareAndSwap(false, it == nil)
	}()
	opt := badger.DefaultIteratorOptions
	// Values are in the tables, beside their keys: to fetch them ahead, in a goroutine each, costs more than to read them.
	opt.Prefix, opt.PrefetchValues = prefix, false
	return v.txn.NewIterator(opt), nil
}

// cursor reads stored values under a prefix in the order of their keys, for less than it costs to look up each.
type cursor struct{ it *badger.Iterator }

// cursor begins at the first key that is not before from.
func (v *view) cursor(prefix, from []byte) (cursor, error) {
	it, err := v.iterator(prefix)
	if err == nil {
		it.Seek(from)
	}
	return cursor{it}, err
}

// get is the payload under a key that is not before the one asked for last. It stands near that one: what lies between
// is passed over one by one.
func (c cursor) get(key []byte) (payload []byte, ok bool, err error) {
	for c.it.Valid() && bytes.Compare(c.it.Item().Key(), key) < 0 {
		c.it.Next()
	}
	if !c.it.Valid() || !bytes.Equal(c.it.Item().Key(), key) {
		return nil, false, nil
	}
	value, err := c.it.Item().ValueCopy(nil)
	if err != nil {
		return nil, false, unreadable(err)
	}
	if payload, err = unseal(key, value); err != nil {
		return nil, false, spoiled(key, err)
	}
	return payload, true, nil
}
