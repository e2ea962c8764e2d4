package node

import (
	"context"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/invites"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
	"github.com/stoa-rooms/stoa/storage"
)

// adoptTime is how long a node that joins a community waits for the others' logs, before it goes on without.
const adoptTime = 15 * time.Second

// AddNode implements server.Nodes: the founder makes another key a node of the community.
func (n *network) AddNode(_ context.Context, member identity.PublicKey, req api.AddNode) error {
	st, body, err := submitted(req.Delegate, func(d *statement.Delegate) int64 { return d.IssuedAt }, n.now())
	if err != nil {
		return err
	}
	err = n.journal.append(func(state invites.State) (draft, error) {
		switch {
		case st.Signer() != member || member != state.Community():
			return draft{}, reason.Reject(reason.StatementAuthority, "only the founder adds nodes")
		case body.Expires <= seconds(n.now()):
			return draft{}, reason.Reject(reason.StatementExpired, "the delegate has expired")
		}
		return draft{statements: []statement.Statement{st}}, nil
	})
	if err != nil {
		return err
	}
	n.followSiblings()
	return nil
}

// Adopt implements server.Nodes: this node, which has no community, becomes one more of the founder's. Its own log
// begins with the delegate; everything else comes from the logs of the other nodes.
func (n *network) Adopt(ctx context.Context, req api.AdoptRequest) (api.Node, error) {
	c := n.hallway.community
	now := n.now()
	if _, founded := n.journal.fold(); founded {
		return api.Node{}, reason.Reject(reason.FoundedAlready, "")
	}
	if err := c.owner.check(req.Secret, now); err != nil {
		return api.Node{}, err
	}
	st, body, err := submitted(req.Delegate, func(d *statement.Delegate) int64 { return d.IssuedAt }, now)
	switch {
	case err != nil:
		return api.Node{}, err
	case st.Signer() != body.Community:
		return api.Node{}, reason.Reject(reason.StatementAuthority, "the delegate is not signed by the community's founder")
	case body.Node != c.self.Node:
		return api.Node{}, reason.Reject(reason.StatementAudience, "the delegate names another node")
	case body.Expires <= seconds(now):
		return api.Node{}, reason.Reject(reason.StatementExpired, "the delegate has expired")
	}
	others, err := n.connect(ctx, req.Peers)
	if err != nil {
		return api.Node{}, err
	}
	if err := n.journal.found(body.Community, draft{statements: []statement.Statement{st}, with: storage.Batch{}}); err != nil {
		return api.Node{}, err
	}
	c.owner.close()
	for _, other := range others {
		n.wantLog(body.Community, other)
	}
	ctx, cancel := context.WithTimeout(ctx, adoptTime)
	defer cancel()
	n.await(ctx, func() bool {
		state, _ := n.journal.fold()
		rules, ruled := state.Rules()
		if !ruled {
			return false
		}
		_, named, err := n.journal.store.Text(rules.Name)
		return named || err != nil
	})
	n.log.Info("this node is one of a community now", "community", body.Community)
	return c.Node(), nil
}

// connect reaches other nodes, at least one of those named.
func (n *network) connect(ctx context.Context, addrs []string) ([]identity.PublicKey, error) {
	ctx, cancel := context.WithTimeout(ctx, tellTime)
	defer cancel()
	var all []identity.PublicKey
	var last error
	for _, addr := range addrs {
		key, err := n.host.Connect(ctx, addr)
		if err != nil {
			last = err
			continue
		}
		all = append(all, key)
	}
	if len(all) == 0 {
		return nil, reason.Reject(reason.RequestInvalid, "none of the community's nodes can be reached: %v", last)
	}
	return all, nil
}

// await waits until the fold is as wished, or ctx ends.
func (n *network) await(ctx context.Context, wished func() bool) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !wished() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
