package storage

import (
	"errors"
	"iter"

	"github.com/stoa-rooms/stoa/identity"
)

// Profile is the profile statement that a member last had stored.
type Profile struct {
	Member identity.PublicKey
	Text   string // compact serialization; its signature is not verified again when it is read
}

// Profile finds the profile of a member.
func (s *Store) Profile(member identity.PublicKey) (p Profile, ok bool, err error) {
	p, err = use(s, func(v *view) (Profile, error) {
		raw, there, err := v.get(named(kindProfile, v.head.epoch, member))
		if err != nil || !there {
			return Profile{}, err
		}
		ok = true
		return Profile{Member: member, Text: string(raw)}, nil
	})
	return p, ok, err
}

// Profiles are all profiles, by key, as of when the loop begins. After an error there are no more.
func (s *Store) Profiles() iter.Seq2[Profile, error] {
	return list(s, kindProfile, func(_ *view, name [32]byte, raw []byte) (Profile, error) {
		member, err := decodeKey(name[:])
		return Profile{Member: member, Text: string(raw)}, err
	})
}

// list reads everything of one kind whose keys are names.
func list[T any](s *Store, kind byte, decode func(v *view, name [32]byte, raw []byte) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		v, err := s.acquire()
		if err != nil {
			yield(none, err)
			return
		}
		defer s.release(v)
		p := prefix(kind, v.head.epoch)
		if err := v.scan(p, p, true, func(key, value []byte) (bool, error) {
			raw, err := unseal(key, value)
			if err != nil || len(key) != len(p)+32 {
				return false, spoiled(key, errValue)
			}
			item, err := decode(v, [32]byte(key[len(p):]), raw)
			if errors.Is(err, errValue) {
				err = spoiled(key, err)
			}
			if err != nil {
				return false, err
			}
			return yield(item, nil), nil
		}); err != nil {
			yield(none, err)
		}
	}
}
