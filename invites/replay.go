package invites

import (
	"iter"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

// Replay folds whole logs from the beginning, as a follower does. What is refused is void: it is handed to void with
// the refusal, and passed over. A revoke of a delegate acts on what came before it too, which is why entries is read
// twice and must give the same entries both times.
func Replay(community identity.PublicKey, entries iter.Seq[Entry], void func(Entry, error)) State {
	s := New(community)
	s.foreseen = foresee(community, entries)
	for e := range entries {
		next, err := s.Apply(e)
		if err != nil {
			void(e, err)
		}
		s = next
	}
	s.foreseen = nil
	return s
}

// foresee finds the delegates that get revoked, and what of their nodes' word still counts. The first revoke holds, as
// it does in the fold.
func foresee(community identity.PublicKey, entries iter.Seq[Entry]) map[statement.ID][]statement.LogPrefix {
	delegated := make(map[statement.ID]bool)
	revoked := make(map[statement.ID][]statement.LogPrefix)
	for e := range entries {
		if e.Statement.Signer() != community {
			continue
		}
		switch b := e.Statement.Body().(type) {
		case *statement.Delegate:
			delegated[e.Statement.ID()] = true
		case *statement.Revoke:
			if _, twice := revoked[b.Statement]; b.Community == community && delegated[b.Statement] && !twice {
				revoked[b.Statement] = b.Upto
			}
		}
	}
	return revoked
}
