package invites

import (
	"bytes"
	"cmp"
	"iter"
	"slices"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// leaf is where an entry stands.
type leaf struct {
	log   *keeper
	index int64
}

// sources are the leaves at which one thing is said.
type sources struct {
	first   leaf // if not elsewhere: in which log, and at which index first
	several bool // in more than one log
}

func (s *sources) add(at leaf) {
	switch {
	case s.first.log == nil:
		s.first = at
	case s.first.log != at.log:
		s.several = true
	default:
		s.first.index = min(s.first.index, at.index)
	}
}

// none reports whether it is said nowhere.
func (s *sources) none() bool { return s.first.log == nil }

// known reports whether an entry may refer to it: it is said before in the same log, or in another.
func (s *sources) known(at leaf) bool {
	return !s.none() && (s.several || s.first.log != at.log || s.first.index < at.index)
}

// keeper is a log and its node, in a Merge.
type keeper struct {
	node      identity.PublicKey
	next      int64 // the lowest index that may come
	size      int64 // one more than the last index that has force
	delegates []*delegated
	orders    map[int64]bool // of the delegates that the log holds
	rules     []enacted      // each of a higher order than the one before
}

// advance passes over one entry, if it may come next.
func (k *keeper) advance(e Entry) error {
	err := checkIndex(e, k.next)
	if err == nil {
		k.next = e.Index + 1
	}
	return err
}

// order is the highest order among the log's rules.
func (k *keeper) order() int64 {
	if len(k.rules) == 0 {
		return 0
	}
	return k.rules[len(k.rules)-1].rules.Order
}

// isNode reports whether the root's delegate for the log's node is known to an entry.
func (k *keeper) isNode(at leaf) bool {
	return slices.ContainsFunc(k.delegates, func(d *delegated) bool { return d.src.known(at) })
}

// delegated is a delegate, and what will be said about it.
type delegated struct {
	delegate
	src       sources
	revoke    statement.ID // the one that holds
	revokedAt int64        // its iat
	listed    bool         // the State has it already
}

// enacted are rules in a log.
type enacted struct {
	at    leaf
	id    statement.ID
	rules *statement.Rules
}

// withdrawal is a revoke that the root signed.
type withdrawal struct {
	at     leaf
	id     statement.ID
	revoke *statement.Revoke
}

// law is what the root says in all the logs of a Merge. It is known before anything else is folded.
type law struct {
	community   identity.PublicKey
	keepers     map[identity.PublicKey]*keeper
	delegated   map[statement.ID]*delegated
	rules       []enacted      // of all logs; once enacted those in force first
	withdrawals []withdrawal   // until enacted
	refused     map[leaf]error // statements of the root that repeat what their own log holds
}

func newLaw(community identity.PublicKey) law {
	return law{
		community: community,
		keepers:   make(map[identity.PublicKey]*keeper),
		delegated: make(map[statement.ID]*delegated),
		refused:   make(map[leaf]error),
	}
}

func (l *law) keeper(node identity.PublicKey) *keeper {
	k, ok := l.keepers[node]
	if !ok {
		k = &keeper{node: node, orders: make(map[int64]bool)}
		l.keepers[node] = k
	}
	return k
}

func (l *law) leaf(e Entry) leaf { return leaf{l.keeper(e.Log), e.Index} }

// foresee reads what the root says in entries.
func (l *law) foresee(entries iter.Seq[Entry]) {
	for e := range entries {
		at := l.leaf(e)
		if at.log.advance(e) != nil || e.Statement.Signer() != l.community {
			continue
		}
		switch b := e.Statement.Body().(type) {
		case *statement.Delegate:
			l.foreseeDelegate(at, e, b)
		case *statement.Rules:
			l.foreseeRules(at, e, b)
		case *statement.Revoke:
			l.withdrawals = append(l.withdrawals, withdrawal{at, e.Statement.ID(), b})
		}
	}
}

// foreseeDelegate takes a delegate. Two of one order in one log are a mistake, and the first counts; in two logs both
// do, since nodes that cannot reach each other cannot know.
func (l *law) foreseeDelegate(at leaf, e Entry, b *statement.Delegate) {
	if b.Community != l.community {
		return
	}
	if at.log.orders[b.Order] {
		l.refused[at] = rejectOrder("a delegate", b.Order)
		return
	}
	at.log.orders[b.Order] = true
	d, ok := l.delegated[e.Statement.ID()]
	if !ok {
		d = &delegated{delegate: delegateOf(e.Statement.ID(), b)}
		l.delegated[e.Statement.ID()] = d
		node := l.keeper(b.Node)
		node.delegates = append(node.delegates, d)
	}
	d.src.add(at)
}

func (l *law) foreseeRules(at leaf, e Entry, b *statement.Rules) {
	if b.Community != l.community {
		return
	}
	if n := len(at.log.rules); n > 0 {
		switch highest := at.log.rules[n-1].rules.Order; {
		case b.Order == highest:
			l.refused[at] = rejectOrder("rules", b.Order)
			return
		case b.Order < highest:
			return
		}
	}
	r := enacted{at, e.Statement.ID(), b}
	at.log.rules = append(at.log.rules, r)
	l.rules = append(l.rules, r)
}

// enact puts together what was foreseen. Where the root contradicts itself in two logs, the earlier iat counts, and then
// the lower id.
func (l *law) enact() {
	for _, k := range l.keepers {
		k.next = 0
		slices.SortFunc(k.delegates, func(a, b *delegated) int {
			return cmp.Or(cmp.Compare(a.order, b.order), bytes.Compare(a.id[:], b.id[:]))
		})
	}
	slices.SortFunc(l.rules, func(a, b enacted) int {
		return cmp.Or(
			-cmp.Compare(a.rules.Order, b.rules.Order), cmp.Compare(a.rules.IssuedAt, b.rules.IssuedAt),
			bytes.Compare(a.id[:], b.id[:]), bytes.Compare(a.at.log.node[:], b.at.log.node[:]),
		)
	})
	type told struct {
		by *keeper
		of *delegated
	}
	first := make(map[told]bool)
	for _, w := range l.withdrawals {
		d, ok := l.withdraws(w)
		switch {
		case !ok:
		case first[told{w.at.log, d}]:
			l.refused[w.at] = reason.Reject(reason.StatementDuplicate, "delegate %s is revoked", d.id)
		default:
			first[told{w.at.log, d}] = true
			earlier := cmp.Or(cmp.Compare(w.revoke.IssuedAt, d.revokedAt), bytes.Compare(w.id[:], d.revoke[:])) < 0
			if !d.revoked || earlier {
				d.revoked, d.upto, d.revoke, d.revokedAt = true, w.revoke.Upto, w.id, w.revoke.IssuedAt
			}
		}
	}
	l.withdrawals = nil
}

// withdraws finds the delegate that a revoke of the root withdraws.
func (l *law) withdraws(w withdrawal) (*delegated, bool) {
	d, ok := l.delegated[w.revoke.Statement]
	return d, ok && w.revoke.Community == l.community && d.src.known(w.at) && w.at.log.isNode(w.at)
}

// rulesAt are the rules that an entry may go by: the latest of its own log, and then those of other logs that are no
// older, since its node may know them already.
func (l *law) rulesAt(at leaf) iter.Seq[*statement.Rules] {
	return func(yield func(*statement.Rules) bool) {
		own := int64(-1)
		n, _ := slices.BinarySearchFunc(at.log.rules, at.index, func(r enacted, index int64) int {
			return cmp.Compare(r.at.index, index)
		})
		if n > 0 {
			own = at.log.rules[n-1].rules.Order
			if !yield(at.log.rules[n-1].rules) {
				return
			}
		}
		for _, r := range l.rules {
			if r.rules.Order < own {
				return
			}
			if r.at.log != at.log && !yield(r.rules) {
				return
			}
		}
	}
}

// founded is the time of the first rules; the founder's periods count from there.
func (l *law) founded() int64 {
	var first *statement.Rules
	for _, k := range l.keepers {
		if len(k.rules) > 0 && (first == nil || k.rules[0].rules.IssuedAt < first.IssuedAt) {
			first = k.rules[0].rules
		}
	}
	return first.IssuedAt
}

// spoken gives the delegate by which a node says an entry at time iat: of several that of the lowest order.
func (l *law) spoken(e Entry, at leaf, iat int64) (*delegated, error) {
	if err := checkOwnLog(e); err != nil {
		return nil, err
	}
	var refusal error
	for _, d := range at.log.delegates {
		if !d.src.known(at) {
			continue
		}
		if refusal = d.speaks(at.index, iat); refusal == nil {
			return d, nil
		}
	}
	return nil, refusal
}
