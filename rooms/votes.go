package rooms

import (
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

// VoteStands is how long, in milliseconds, a node's word that the host is lost counts for one that has the host still. The
// nodes in line notice a loss at most so long after one another: some by a connection that breaks, at once, others by the
// pings that are not answered. Whoever said it longer ago has found the host again.
const VoteStands = (MissesGone + 2) * PingEvery

// Votes are what the nodes in line have said of a lost host, as one of them has heard it: the last of each. The zero Votes
// is empty.
type Votes struct {
	last map[identity.PublicKey]vote
}

type vote struct {
	lost statement.Statement
	at   int64 // when it was heard
}

// Hear takes in a lost statement at the given time, in milliseconds since any moment, if it counts for a claim after t by the list.
func (v *Votes) Hear(t Tenure, list, lost statement.Statement, at int64) {
	if list.IsZero() || t.CheckLost(list, lost) != nil {
		return
	}
	if v.last == nil {
		v.last = map[identity.PublicKey]vote{}
	}
	v.last[lost.Signer()] = vote{lost: lost, at: at}
}

// Begin is when this node loses the host itself: what was said before counts from now on as long as the host is lost, unless
// it does not stand any more.
func (v *Votes) Begin(at int64) {
	for node, said := range v.last {
		if at-said.at > VoteStands {
			delete(v.last, node)
		}
	}
}

// Said reports whether a node's word is among them.
func (v *Votes) Said(node identity.PublicKey) bool {
	_, said := v.last[node]
	return said
}

// For are those that count for a claim after t by a list: of nodes that have left the line since, none do.
func (v *Votes) For(t Tenure, list statement.Statement) []statement.Statement {
	var counting []statement.Statement
	for _, said := range v.last {
		if t.CheckLost(list, said.lost) == nil {
			counting = append(counting, said.lost)
		}
	}
	return counting
}
