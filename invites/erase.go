package invites

import (
	"bytes"
	"iter"
	"slices"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// A member who erases themselves leaves for good: their key is no member's any more and never is again, whatever else is in
// the logs and wherever it stands. Invites of theirs that nobody used are void. The people whom they brought in stay, and
// their chains still lead through the key, of which nothing else is left. The founder stays: every chain ends there.

// Erased reports whether somebody erased themselves.
func (s State) Erased(key identity.PublicKey) bool {
	_, erased := s.erased.Get(key)
	return erased
}

// Erasures are the keys of all who did, in no order.
func (s State) Erasures() iter.Seq[identity.PublicKey] {
	return func(yield func(identity.PublicKey) bool) {
		for it := s.erased.Iterator(); !it.Done(); {
			if key, _, _ := it.Next(); !yield(key) {
				return
			}
		}
	}
}

// CheckErase says whether a member may erase themselves. A refusal is a *reason.RejectError: founder-stays, member-unknown,
// or member-erased.
func (s State) CheckErase(key identity.PublicKey) error {
	if _, known := s.members.find(key); !known {
		return reason.Reject(reason.MemberUnknown, "%s erases themselves", key)
	}
	if s.Erased(key) {
		return rejectErased(key)
	}
	return checkEraser(s.community, key)
}

func checkEraser(community, key identity.PublicKey) error {
	if key == community {
		return reason.Reject(reason.FounderStays, "")
	}
	return nil
}

func rejectErased(key identity.PublicKey) error {
	return reason.Reject(reason.MemberErased, "%s", key)
}

// applyErase takes a member away who says so.
func (s State) applyErase(e Entry, b *statement.Erase) (State, error) {
	key := e.Statement.Signer()
	if err := checkAudience(s.community, b.Community); err != nil {
		return s, err
	}
	if err := s.CheckErase(key); err != nil {
		return s, err
	}
	if _, member := s.current(key); member {
		s.left++
	}
	s.erased = s.erased.Set(key, struct{}{})
	return s, nil
}

// standErase lets an erase stand once its signer is known. What they signed, at whatever place, loses no force by it.
func (u *union) standErase(it item, b *statement.Erase) (need, error) {
	key := it.Statement.Signer()
	if err := checkAudience(u.community, b.Community); err != nil {
		return need{}, err
	}
	if err := checkEraser(u.community, key); err != nil {
		return need{}, err
	}
	if p, ok := u.personOf[key]; !ok || !p.src.known(it.at) {
		return need{aPerson, key}, nil
	}
	by := erasedBy{it.at.log, key}
	if u.erased[by] {
		return need{}, rejectErased(key)
	}
	u.erased[by] = true
	return need{}, nil
}

// withErased gives a State those who erased themselves.
func (s State) withErased(keys iter.Seq[identity.PublicKey]) State {
	for key := range keys {
		if s.Erased(key) {
			continue
		}
		if _, member := s.current(key); member {
			s.left++
		}
		s.erased = s.erased.Set(key, struct{}{})
	}
	return s
}

// erased writes who erased themselves, if anybody did: snapshots from before that could be still are read.
func (w *writer) erased(s State) {
	if s.erased.Len() == 0 {
		return
	}
	keys := slices.SortedFunc(s.Erasures(), compareKeys)
	w.count(len(keys))
	for _, k := range keys {
		w.key(k)
	}
}

// erased reads who erased themselves. All were admitted once, and none is the founder.
func (d *decoder) erased() (keys []identity.PublicKey) {
	if d.err != nil || len(d.data) == 0 {
		return nil
	}
	count := d.count(32)
	if count == 0 {
		d.fail("a list of nobody")
	}
	for range count {
		k := read32[identity.PublicKey](&d.reader)
		if n, known := d.memberOf.Get(k); !known || n == 0 || len(keys) > 0 && compareKeys(keys[len(keys)-1], k) >= 0 {
			d.fail("%s is erased, and was no member", k)
			return nil
		}
		keys = append(keys, k)
	}
	return keys
}

func compareKeys(a, b identity.PublicKey) int { return bytes.Compare(a[:], b[:]) }
