package storage

import (
	"crypto/sha256"
	"fmt"
)

// Snapshot is the fold of the first Size entries of the log. It spares a start the replay of those.
type Snapshot struct {
	Size int64
	Fold []byte
}

const (
	partSize = 256 << 10
	maxFold  = 1 << 30
)

func partsOf(length int) int { return (length + partSize - 1) / partSize }

// snapshot plans a snapshot. A fold of one part goes into the transaction of the batch, a longer one before it.
func (p *plan) snapshot(s *Snapshot) error {
	if s == nil {
		return nil
	}
	if s.Size < 0 || s.Size > p.head.tree.Size || len(s.Fold) > maxFold {
		return fmt.Errorf("%w: a snapshot of %d entries, %d bytes, in a log of %d", ErrBatch, s.Size, len(s.Fold), p.head.tree.Size)
	}
	h := snapshotHead{
		number: p.head.number,
		size:   s.Size,
		parts:  partsOf(len(s.Fold)),
		length: int64(len(s.Fold)),
		digest: sha256.Sum256(s.Fold),
	}
	for i := range h.parts {
		key := partKey(p.head.epoch, h.number, i)
		part := seal(key, s.Fold[i*partSize:min(len(s.Fold), (i+1)*partSize)])
		if h.parts > 1 {
			p.pieces = append(p.pieces, writes{string(key): part})
		} else if err := p.set(key, part); err != nil {
			return err
		}
	}
	return p.put(prefix(kindSnapshot, p.head.epoch), h.encode())
}

// Snapshot is the latest snapshot, if there is one.
func (s *Store) Snapshot() (snapshot Snapshot, ok bool, err error) {
	snapshot, err = use(s, func(v *view) (Snapshot, error) {
		h, there, err := v.snapshotHead()
		if err != nil || !there {
			return Snapshot{}, err
		}
		fold, err := v.fold(h)
		if err != nil {
			return Snapshot{}, err
		}
		ok = true
		return Snapshot{Size: h.size, Fold: fold}, nil
	})
	return snapshot, ok, err
}

func (v *view) snapshotHead() (snapshotHead, bool, error) {
	key := prefix(kindSnapshot, v.head.epoch)
	raw, there, err := v.get(key)
	if err != nil || !there {
		return snapshotHead{}, false, err
	}
	h, err := decodeSnapshotHead(raw)
	if err != nil || h.size > v.head.tree.Size {
		return snapshotHead{}, false, spoiled(key, errValue)
	}
	return h, true, nil
}

func (v *view) fold(h snapshotHead) ([]byte, error) {
	fold := make([]byte, 0, h.length)
	for i := range h.parts {
		part, there, err := v.get(partKey(v.head.epoch, h.number, i))
		if err != nil {
			return nil, err
		}
		if !there {
			return nil, unreadable(found(ErrDamaged, "part %d of the snapshot is missing", i))
		}
		fold = append(fold, part...)
	}
	if int64(len(fold)) != h.length || sha256.Sum256(fold) != h.digest {
		return nil, unreadable(found(ErrDamaged, "the snapshot is not what was written"))
	}
	return fold, nil
}
