package node

import (
	"context"
	"errors"
	"slices"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/invites"
	"github.com/stoa-rooms/stoa/ledger"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// Withdrawal implements server.Nodes. What of the node's log is here goes on to count: those whom it admitted stay.
func (n *network) Withdrawal(_ context.Context, member, node identity.PublicKey) (api.Withdrawal, error) {
	state, founded := n.journal.fold()
	if !founded || state.Community() != member {
		return api.Withdrawal{}, reason.Reject(reason.FounderOnly, "")
	}
	if err := n.checkWithdrawn(state, node); err != nil {
		return api.Withdrawal{}, err
	}
	w := api.Withdrawal{Delegates: state.Delegates(node), Upto: []statement.LogPrefix{}}
	f, ok, err := n.journal.store.FollowedLog(ledger.Log{Community: state.Community(), Node: node})
	if err != nil {
		return api.Withdrawal{}, err
	}
	if ok {
		if _, signed := f.Signed(); signed.Size > 0 {
			w.Upto = append(w.Upto, statement.LogPrefix{Log: node, Size: signed.Size, Root: statement.Commitment(signed.Root)})
		}
	}
	return w, nil
}

// checkWithdrawn refuses to withdraw what is no node, and this one: a community whose last node withdrew itself could
// write nothing any more, not even that.
func (n *network) checkWithdrawn(state invites.State, node identity.PublicKey) error {
	switch {
	case node == n.journal.key.Public():
		return reason.Reject(reason.NodeSelf, "")
	case len(state.Delegates(node)) == 0:
		return reason.Reject(reason.NodeUnknown, "")
	}
	return nil
}

// WithdrawNode implements server.Nodes. All delegates go in one write, so that none is left by which the node speaks on.
func (n *network) WithdrawNode(_ context.Context, member, node identity.PublicKey, req api.WithdrawNode) error {
	var all []statement.Statement
	var named []statement.ID
	for _, text := range req.Revokes {
		st, body, err := submitted(text, func(r *statement.Revoke) int64 { return r.IssuedAt }, n.now())
		if err != nil {
			return err
		}
		if st.Signer() != member {
			return reason.Reject(reason.StatementAuthority, "a revoke is signed by another key")
		}
		all, named = append(all, st), append(named, body.Statement)
	}
	err := n.journal.append(func(state invites.State) (draft, error) {
		if state.Community() != member {
			return draft{}, reason.Reject(reason.FounderOnly, "")
		}
		if err := n.checkWithdrawn(state, node); err != nil {
			return draft{}, err
		}
		delegates := state.Delegates(node)
		stray := func(id statement.ID) bool { return !slices.Contains(delegates, id) }
		left := func(id statement.ID) bool { return !slices.Contains(named, id) }
		if slices.ContainsFunc(named, stray) || slices.ContainsFunc(delegates, left) {
			return draft{}, reason.Reject(reason.NodeAhead, "these are not all delegates of the node, or others'")
		}
		return draft{statements: all}, nil
	})
	if errors.Is(err, invites.ErrReplay) {
		return reason.Reject(reason.NodeAhead, "")
	}
	if err == nil {
		n.log.Info("the founder withdrew a node", "node", node)
	}
	return err
}
