package node

import (
	"context"
	"runtime"
	"strconv"
	"sync"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/checkup"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/media"
	"github.com/stoa-rooms/stoa/reason"
)

// operator answers the founder's page about the node. It implements server.Operator.
type operator struct{ examiner }

// founder refuses everybody else.
func (o *operator) founder(member identity.PublicKey) error {
	if state, founded := o.community.journal.fold(); !founded || state.Community() != member {
		return reason.Reject(reason.FounderOnly, "")
	}
	return nil
}

// Checkup implements server.Operator.
func (o *operator) Checkup(ctx context.Context, member identity.PublicKey, lang string) (api.Checkup, error) {
	if err := o.founder(member); err != nil {
		return api.Checkup{}, err
	}
	is := api.Checkup{
		At: millis(o.community.now()), Version: o.cfg.Version, Go: runtime.Version(),
		Addrs: o.nodes.host.Addrs(), Findings: wireFindings(o.running(ctx), lang),
		Nodes: []api.CommunityNode{}, Peers: []api.ConnectedNode{},
	}
	if o.cfg.Metrics != "" {
		is.Metrics = "http://" + o.cfg.Metrics + "/metrics"
	}
	state, _ := o.community.journal.fold()
	before, _, err := o.community.journal.store.Restored()
	if err != nil {
		return api.Checkup{}, err
	}
	ours := map[identity.PublicKey]bool{}
	for n := range state.Nodes() {
		ours[n.Key] = !n.Revoked
		is.Nodes = append(is.Nodes, api.CommunityNode{
			Node: n.Key, Order: n.Order, Expires: n.Expires * 1000, Revoked: n.Revoked,
			Self: n.Key == o.community.self.Node, Connected: o.nodes.host.Connected(n.Key),
			Before: n.Key == before.Node,
		})
	}
	for _, peer := range o.nodes.host.Peers() {
		one := api.ConnectedNode{Node: peer.Key, Community: ours[peer.Key]}
		if len(peer.Addrs) > 0 {
			one.Addr = peer.Addrs[0]
		}
		is.Peers = append(is.Peers, one)
	}
	return is, nil
}

// wireFindings are findings as the API and the command line have them.
func wireFindings(all []checkup.Finding, lang string) []api.Finding {
	out := make([]api.Finding, 0, len(all))
	for _, f := range all {
		out = append(out, api.Finding{
			Check: f.Code.Check(), Code: string(f.Code), State: api.FindingState(f.Code.State()), Says: f.Says(lang), Fix: f.Fix(lang),
		})
	}
	return out
}

// TestMedia implements server.Operator.
func (o *operator) TestMedia(ctx context.Context, member identity.PublicKey, sdp string, compat bool) (string, error) {
	if err := o.founder(member); err != nil {
		return "", err
	}
	return o.media.Test(ctx, sdp, media.Options{Compat: compat})
}

// What another node asks to compare clocks: a resource beside the logs, for any node that is connected.
const (
	clockOrigin = "clock"
	clockPath   = "now"
	clocksMost  = 15 // nodes asked at once
)

// clocks are by how much the clocks of other nodes are ahead of this one's, as far as they answer before ctx ends.
func (n *network) clocks(ctx context.Context) []time.Duration {
	peers := n.host.Peers()
	var wait sync.WaitGroup
	var mu sync.Mutex
	var all []time.Duration
	for _, peer := range peers[:min(len(peers), clocksMost)] {
		wait.Go(func() {
			asked, start := n.now(), time.Now()
			data, err := n.host.ReadLog(ctx, peer.Key, clockOrigin, clockPath)
			if err != nil {
				return // it does not know the question, or is slow
			}
			there, err := strconv.ParseInt(string(data), 10, 64)
			if err != nil {
				n.blame(peer.Key)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, time.UnixMilli(there).Sub(asked.Add(time.Since(start)/2)))
		})
	}
	wait.Wait()
	return all
}
