package storage

import (
	"bytes"
	"errors"
	"fmt"
	"iter"

	"github.com/stoa-rooms/stoa/identity"
)

// Bounds on what is kept for a member.
const (
	MaxPrivate     = 64 << 10 // bytes of one value
	maxPrivateName = 64       // bytes of its name
)

// Private is one thing that a node keeps for one member, and shows to nobody else: a setting, a reminder, the hash of a
// secret. All of a member's lie side by side, under one prefix, so that they can be listed for them and erased with
// [Batch.ErasePrivate]. They are no statements, never leave the node, and are not in the log.
type Private struct {
	Member identity.PublicKey
	Name   string // says what it is, such as "reminders": 1 to 64 bytes
	Value  []byte // opaque here; nil is none: it takes away what was there
}

// private plans the private things of a batch.
func (p *plan) private(b Batch) error {
	for _, member := range b.ErasePrivate {
		under := named(kindPrivate, p.head.epoch, member)
		var keys [][]byte
		if err := p.before.scan(under, under, false, func(key, _ []byte) (bool, error) {
			keys = append(keys, key)
			return true, nil
		}); err != nil {
			return err
		}
		for _, key := range keys {
			if err := p.set(key, nil); err != nil {
				return err
			}
		}
	}
	for _, one := range b.Private {
		if one.Name == "" || len(one.Name) > maxPrivateName || len(one.Value) > MaxPrivate {
			return fmt.Errorf("%w: a private %q of %d bytes", ErrBatch, one.Name, len(one.Value))
		}
		key := append(named(kindPrivate, p.head.epoch, one.Member), one.Name...)
		var value []byte
		if one.Value != nil {
			if err := p.refuseErased(key); err != nil {
				return err
			}
			value = seal(key, one.Value)
		}
		if err := p.set(key, value); err != nil {
			return err
		}
	}
	return nil
}

// Private finds one thing that is kept for a member.
func (s *Store) Private(member identity.PublicKey, name string) (value []byte, ok bool, err error) {
	value, err = use(s, func(v *view) (raw []byte, err error) {
		raw, ok, err = v.get(append(named(kindPrivate, v.head.epoch, member), name...))
		return raw, err
	})
	return value, ok, err
}

// Privates are all things that are kept for a member, by name; for the zero key those of all members, by member. They
// are as of when the loop begins. After an error there are no more.
func (s *Store) Privates(of identity.PublicKey) iter.Seq2[Private, error] {
	return func(yield func(Private, error) bool) {
		v, err := s.acquire()
		if err != nil {
			yield(Private{}, err)
			return
		}
		defer s.release(v)
		all := prefix(kindPrivate, v.head.epoch)
		under := all
		if !of.IsZero() {
			under = named(kindPrivate, v.head.epoch, of)
		}
		if err := v.scan(under, under, true, func(key, value []byte) (bool, error) {
			one, err := decodePrivate(key, value, len(all))
			if errors.Is(err, errValue) {
				err = spoiled(key, err)
			}
			if err != nil {
				return false, err
			}
			return yield(one, nil), nil
		}); err != nil {
			yield(Private{}, err)
		}
	}
}

// PrivatesUnder are the things kept for a member whose names begin with a prefix, by name, as of when the loop begins. After
// an error there are no more.
func (s *Store) PrivatesUnder(member identity.PublicKey, names string) iter.Seq2[Private, error] {
	return func(yield func(Private, error) bool) {
		v, err := s.acquire()
		if err != nil {
			yield(Private{}, err)
			return
		}
		defer s.release(v)
		all := len(prefix(kindPrivate, v.head.epoch))
		under := append(named(kindPrivate, v.head.epoch, member), names...)
		if err := v.scan(under, under, true, func(key, value []byte) (bool, error) {
			one, err := decodePrivate(key, value, all)
			if err != nil {
				return false, spoiled(key, err)
			}
			return yield(one, nil), nil
		}); err != nil {
			yield(Private{}, err)
		}
	}
}

// PrivatesNamed is what all members have under one name, by member. It looks at a key or two of each, whatever else is kept
// for them.
func (s *Store) PrivatesNamed(name string) iter.Seq2[Private, error] {
	return s.privatesOfAll(name, true)
}

// PrivatesBeginning is what all members have under names that begin with a prefix, by member and name. It looks at those
// alone, whatever else is kept for them.
func (s *Store) PrivatesBeginning(names string) iter.Seq2[Private, error] {
	return s.privatesOfAll(names, false)
}

func (s *Store) privatesOfAll(names string, whole bool) iter.Seq2[Private, error] {
	return func(yield func(Private, error) bool) {
		v, err := s.acquire()
		if err != nil {
			yield(Private{}, err)
			return
		}
		defer s.release(v)
		if err := v.privatesOfAll(names, whole, func(p Private) bool { return yield(p, nil) }); err != nil {
			yield(Private{}, err)
		}
	}
}

// privatesOfAll goes from member to member, and looks in each of their places for what begins with names; with whole for
// what has just this name, which is the first of it.
func (v *view) privatesOfAll(names string, whole bool, yield func(Private) bool) error {
	all := prefix(kindPrivate, v.head.epoch)
	it, err := v.iterator(all)
	if err != nil {
		return err
	}
	defer it.Close()
	for it.Seek(all); it.Valid(); {
		key := it.Item().KeyCopy(nil)
		if len(key) <= len(all)+32 {
			return spoiled(key, errValue)
		}
		of := key[:len(all)+32]
		member, err := decodeKey(of[len(all):])
		if err != nil {
			return spoiled(key, err)
		}
		under := append(bytes.Clone(of), names...)
		for it.Seek(under); it.Valid() && bytes.HasPrefix(it.Item().Key(), under); it.Next() {
			one := it.Item().KeyCopy(nil)
			if whole && len(one) > len(under) {
				break
			}
			value, _, err := v.get(one)
			if err != nil {
				return err
			}
			if !yield(Private{Member: member, Name: string(one[len(of):]), Value: value}) {
				return nil
			}
		}
		it.Seek(append(bytes.Clone(of), 0xff)) // names are text, so none begins with this byte
	}
	return nil
}

// decodePrivate reads a stored pair whose key has its member after so many bytes.
func decodePrivate(key, value []byte, after int) (Private, error) {
	raw, err := unseal(key, value)
	if err != nil || len(key) <= after+32 {
		return Private{}, errValue
	}
	member, err := decodeKey(key[after : after+32])
	return Private{Member: member, Name: string(key[after+32:]), Value: append([]byte{}, raw...)}, err
}
