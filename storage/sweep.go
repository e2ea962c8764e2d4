package storage

import (
	"encoding/binary"
	"errors"
	"math"
)

// sweepStep is how many keys one transaction deletes.
const sweepStep = 1000

// sweep deletes what no head reaches any more: earlier epochs, pieces of earlier snapshots, and entries of logs that are
// followed no longer or are fetched anew.
func (s *Store) sweep() error {
	v, err := s.acquire()
	if err != nil {
		return err
	}
	defer s.release(v)
	current, _, err := v.snapshotHead()
	if err != nil && !errors.Is(err, ErrDamaged) {
		return err // a spoiled one is said to whoever asks for it; its pieces go
	}
	g := &garbage{store: s, writes: writes{}}
	for _, kind := range []byte(kinds) {
		if err := v.scan([]byte{kind}, []byte{kind}, false, func(key, _ []byte) (bool, error) {
			epoch := binary.BigEndian.Uint32(key[1:])
			if epoch >= v.head.epoch && kind != kindPart {
				return false, nil
			}
			if epoch == v.head.epoch && binary.BigEndian.Uint64(key[5:]) == current.number {
				return true, nil
			}
			return true, g.add(key)
		}); err != nil {
			return err
		}
	}
	if err := v.sweepFollowed(g); err != nil {
		return err
	}
	return g.flush()
}

// sweepFollowed finds the entries of generations that no record names. Of those that one names it looks at a single key
// each, whatever there is of them.
func (v *view) sweepFollowed(g *garbage) error {
	records, err := v.records()
	if err != nil {
		return err
	}
	live := map[uint64]bool{}
	for _, r := range records {
		live[r.generation] = true
	}
	for _, kind := range []byte(followed) {
		p := prefix(kind, v.head.epoch)
		for next, more := uint64(0), true; more; {
			more = false
			if err := v.scan(p, at(p, int64(next)), false, func(key, _ []byte) (bool, error) {
				generation := binary.BigEndian.Uint64(key[len(p):])
				if !live[generation] {
					return true, g.add(key)
				}
				next, more = generation+1, generation < math.MaxUint64
				return false, nil
			}); err != nil {
				return err
			}
		}
	}
	return nil
}

// garbage collects keys and deletes them, so many at a time.
type garbage struct {
	store  *Store
	writes writes
}

func (g *garbage) add(key []byte) error {
	g.writes[string(key)] = nil
	if len(g.writes) < sweepStep {
		return nil
	}
	return g.flush()
}

func (g *garbage) flush() error {
	w := g.writes
	g.writes = writes{}
	if len(w) == 0 {
		return nil
	}
	return g.store.transact(w)
}
