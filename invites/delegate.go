package invites

import (
	"errors"
	"slices"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/ledger"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// ErrReplay is Apply's answer to a revoke of a delegate that reaches back before entries already folded. Nothing is
// wrong with it, but a fold cannot unlearn: build the State anew with [Replay], over the same entries and this one.
var ErrReplay = errors.New("invites: the revoke voids statements that are already folded")

// Node is a key that the root made a node of the community.
type Node struct {
	Key      identity.PublicKey
	Delegate statement.ID // the delegate statement that this tells of
	Order    int64        // of conflicting admits, that of the node with the lower order wins
	Issued   int64        // seconds since 1970
	Expires  int64        // after it the node says nothing new
	Revoked  bool
	Upto     []statement.LogPrefix // when revoked: what of the node's word still counts
}

// delegate is one delegate statement.
type delegate struct {
	id      statement.ID
	node    identity.PublicKey
	order   int64
	issued  int64
	expires int64
	said    int64 // one more than the last index of the node's log that has force by this delegate
	revoked bool
	upto    []statement.LogPrefix // never changed
}

// Node is what is known of a node's key. Of several delegates it tells of one that is not revoked and runs longest.
func (s State) Node(key identity.PublicKey) (Node, bool) {
	var best delegate
	found := false
	for _, d := range s.delegates {
		if d.node != key {
			continue
		}
		if !found || (best.revoked && !d.revoked) || (best.revoked == d.revoked && d.expires > best.expires) {
			best, found = d, true
		}
	}
	return Node{
		Key: best.node, Delegate: best.id, Order: best.order, Issued: best.issued, Expires: best.expires,
		Revoked: best.revoked, Upto: slices.Clone(best.upto),
	}, found
}

// Delegates are the statements by which a key is a node: those that are not revoked.
func (s State) Delegates(key identity.PublicKey) []statement.ID {
	ids := []statement.ID{}
	for _, d := range s.delegates {
		if d.node == key && !d.revoked {
			ids = append(ids, d.id)
		}
	}
	return ids
}

// isNode reports whether the root ever delegated to key.
func (s State) isNode(key identity.PublicKey) bool {
	return slices.ContainsFunc(s.delegates, func(d delegate) bool { return d.node == key })
}

// anyRevoked reports whether the root withdrew a node.
func (s State) anyRevoked() bool {
	return slices.ContainsFunc(s.delegates, func(d delegate) bool { return d.revoked })
}

// applySpoken accepts that a node says e at time iat, and gives the order of the delegate by which it may: of several
// the lowest. What a node says has force only in its own log.
func (s State) applySpoken(e Entry, iat int64) (State, int64, error) {
	node := e.Statement.Signer()
	if err := checkOwnLog(e); err != nil { // and e.Log is a node's
		return s, 0, err
	}
	var refusal error
	by := -1
	for i, d := range s.delegates {
		if d.node != node {
			continue
		}
		err := d.speaks(e.Index, iat)
		switch {
		case err != nil:
			refusal = err
		case by < 0 || d.order < s.delegates[by].order:
			by = i
		}
	}
	if by < 0 {
		return s, 0, refusal
	}
	d := s.delegates[by]
	d.said = e.Index + 1
	return s.withDelegate(by, d), d.order, nil
}

// checkOwnLog refuses what stands in another log than its signer's.
func checkOwnLog(e Entry) error {
	if signer := e.Statement.Signer(); e.Log != signer {
		return reason.Reject(reason.StatementAuthority, "a %s of %s in the log of %s", e.Statement.Kind(), signer, e.Log)
	}
	return nil
}

// withDelegate changes one delegate.
func (s State) withDelegate(i int, d delegate) State {
	s.delegates = slices.Clone(s.delegates)
	s.delegates[i] = d
	return s
}

// speaks says whether what the node says at time iat and index of its own log has force by this delegate.
func (d delegate) speaks(index, iat int64) error {
	switch {
	case d.revoked && !ledger.Counts(d.upto, d.node, index):
		return reason.Reject(reason.StatementAuthority, "node %s is revoked from before index %d on", d.node, index)
	case iat > d.expires:
		return reason.Reject(reason.StatementExpired, "node %s was a node until %d", d.node, d.expires)
	case iat < d.issued-statement.Slack:
		return reason.Reject(reason.StatementAuthority, "node %s was no node before %d", d.node, d.issued)
	default:
		return nil
	}
}

// applyDelegate makes a key a node. Only the root delegates, each time with a new order.
func (s State) applyDelegate(e Entry, b *statement.Delegate) (State, error) {
	if err := checkRoot(s.community, e, b.Community); err != nil {
		return s, err
	}
	if slices.ContainsFunc(s.delegates, func(d delegate) bool { return d.order == b.Order }) {
		return s, rejectOrder("a delegate", b.Order)
	}
	s = s.withRoot(e)
	s.delegates = append(slices.Clip(s.delegates), delegateOf(e.Statement.ID(), b))
	return s, nil
}

func delegateOf(id statement.ID, b *statement.Delegate) delegate {
	return delegate{id: id, node: b.Node, order: b.Order, issued: b.IssuedAt, expires: b.Expires}
}

func rejectOrder(what string, order int64) error {
	return reason.Reject(reason.StatementDuplicate, "%s of order %d: known", what, order)
}

// applyRevoke withdraws an invite or a delegate.
func (s State) applyRevoke(e Entry, b *statement.Revoke) (State, error) {
	if err := checkAudience(s.community, b.Community); err != nil {
		return s, err
	}
	if n, ok := s.invites.find(b.Statement); ok {
		return s.applyRevokeInvite(n, e, b)
	}
	if i := slices.IndexFunc(s.delegates, func(d delegate) bool { return d.id == b.Statement }); i >= 0 {
		return s.applyRevokeDelegate(i, e, b)
	}
	return s, rejectUnknownRevoke(b.Statement)
}

func rejectUnknownRevoke(id statement.ID) error {
	return reason.Reject(reason.InviteUnknown, "nothing to revoke is called %s", id)
}

func (s State) applyRevokeDelegate(i int, e Entry, b *statement.Revoke) (State, error) {
	if err := checkRoot(s.community, e, b.Community); err != nil {
		return s, err
	}
	d := s.delegates[i]
	if d.revoked {
		return s, reason.Reject(reason.StatementDuplicate, "delegate %s is revoked", d.id)
	}
	if d.said > 0 && !ledger.Counts(b.Upto, d.node, d.said-1) {
		return s, ErrReplay
	}
	d.revoked, d.upto = true, b.Upto
	return s.withDelegate(i, d).withRoot(e), nil
}
