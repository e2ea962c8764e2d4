package invites

import (
	"bytes"
	"cmp"
	"iter"
	"math"
	"slices"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
)

// Log is what one node's log holds, as far as it is known.
type Log struct {
	Node    identity.PublicKey
	Entries iter.Seq[Entry] // by rising index; gaps are allowed
	// Upto bounds what is read of a log that has forked, at the last size on which its histories agree: entries at it
	// or beyond are passed over. 0 is no bound; a negative one lets nothing count.
	Upto int64
}

// entries are the log's entries below its bound.
func (l Log) entries() iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		if l.Upto < 0 {
			return
		}
		for e := range l.Entries {
			if (l.Upto > 0 && e.Index >= l.Upto) || !yield(e) {
				return
			}
		}
	}
}

// Merge folds the union of several nodes' logs, each from its beginning, and as far as it is here. The State depends on
// which entries there are and on nothing else: neither the order of the logs nor of their arrival. There is at most one
// Log of each node. What has no force is handed to void with the refusal, in the order of the logs' delegates. Each log
// is read once, and held in memory meanwhile.
//
// What a statement refers to must come before it in its own log, or anywhere in another: then its node knew it. Beyond
// that an entry is held against its own log alone, so that one that stands keeps standing whatever else arrives (but a
// node's revocation). The root's word counts first: a revoked delegate's node has said nothing but what the revoke
// leaves; a grant or an invite must keep to the latest rules in its own log, or to later ones in another. A node admits
// one person on a slot, and earned slots of a period are bounded in each log.
//
// Then every admit that stands is taken in the order of its node's delegate, and of its leaf in the log. Whoever it
// admits is a member by it, unless they are one already, or somebody came in on the slot before; grants of one name
// are one, with the slots of the largest. Who came in by no admit is displaced ([State.Displaced]). Their grants and invites
// are void from then on ([State.Apply] takes nothing that is built on them), but the people who came in by them stay,
// and have for sponsor the next member above. An invite that was revoked in one log and used in another was used.
//
// Two people may, at different nodes, have brought in one another. Of admits that would close such a circle those count
// first that were needed for both to be known; the others only bring back somebody who is displaced.
func Merge(community identity.PublicKey, logs []Log, void func(Entry, error)) State {
	u := newUnion(community)
	held := make([][]Entry, len(logs))
	for i, l := range logs {
		held[i] = slices.Collect(l.entries())
	}
	for i, l := range logs {
		u.foresee(ofNode(l.Node, held[i]))
	}
	u.enact()

	// Members are listed in the order in which they are met; so that is by what is in the logs too.
	inOrder := make([]int, len(logs))
	for i := range logs {
		inOrder[i] = i
	}
	slices.SortFunc(inOrder, func(a, b int) int {
		x, y := logs[a].Node, logs[b].Node
		return cmp.Or(cmp.Compare(u.firstOrder(x), u.firstOrder(y)), bytes.Compare(x[:], y[:]))
	})
	for _, i := range inOrder {
		for _, e := range held[i] {
			if e.Log == logs[i].Node {
				u.take(e)
			} else {
				u.refuse(e, reason.Reject(reason.StatementAuthority, "an entry of the log of %s in that of %s", e.Log, logs[i].Node))
			}
		}
	}
	return u.state(void)
}

func ofNode(node identity.PublicKey, entries []Entry) iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		for _, e := range entries {
			if e.Log == node && !yield(e) {
				return
			}
		}
	}
}

// firstOrder is the lowest order of a node's delegates.
func (u *union) firstOrder(node identity.PublicKey) int64 {
	first := int64(math.MaxInt64)
	for _, d := range u.keeper(node).delegates {
		first = min(first, d.order)
	}
	return first
}

// Replay is [Merge] of logs whose entries come mixed, each log's by rising index. Over entries of one log that Apply
// took one by one it gives the same State.
func Replay(community identity.PublicKey, entries iter.Seq[Entry], void func(Entry, error)) State {
	var logs []Log
	held := make(map[identity.PublicKey][]Entry)
	for e := range entries {
		if held[e.Log] == nil {
			logs = append(logs, Log{Node: e.Log})
		}
		held[e.Log] = append(held[e.Log], e)
	}
	for i, l := range logs {
		logs[i].Entries = slices.Values(held[l.Node])
	}
	return Merge(community, logs, void)
}
