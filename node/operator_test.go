package node_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/node"
	"github.com/stoa-rooms/stoa/node/nodetest"
	"github.com/stoa-rooms/stoa/reason"
)

// codes are the codes of a checkup.
func codes(c api.Checkup) []string {
	var all []string
	for _, f := range c.Findings {
		all = append(all, f.Code)
	}
	return all
}

// TestCheckupIsTheFounders: how the node is run is nobody else's business.
func TestCheckupIsTheFounders(t *testing.T) {
	ctx := t.Context()
	n := nodetest.With(t, node.Config{Version: "9.9.9", Peers: []string{"/ip4/127.0.0.1/tcp/1/p2p/12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq"}})
	ana := n.Found(ctx)
	leo := n.Join(ctx, ana, "Léo")
	_, err := leo.Checkup(ctx)
	if !client.Refused(err, reason.FounderOnly) {
		t.Errorf("a member: %v", err)
	}
	is, err := ana.Checkup(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range []string{
		"https-local", "udp-local", "tcp-local", "peers-lost", "reach-local", "clock-alone", "disk-ok", "store-writes", "data-ok", "delegate-ok",
	} {
		if !slices.Contains(codes(is), code) {
			t.Errorf("%s is not among %v", code, codes(is))
		}
	}
	if is.Version != "9.9.9" || len(is.Nodes) != 1 || !is.Nodes[0].Self || is.Nodes[0].Expires < time.Now().UnixMilli() || is.Metrics != "" {
		t.Errorf("%+v", is)
	}
	for _, f := range is.Findings {
		if f.Says == "" || strings.Contains(f.Says+f.Fix, "{") || f.Check == "" || f.State == "" {
			t.Errorf("%+v", f)
		}
	}
}

// TestCheckupComparesClocks: of three nodes one is ten minutes ahead. It learns that it is; the others are content.
func TestCheckupComparesClocks(t *testing.T) {
	ctx := t.Context()
	one := nodetest.New(t)
	two := nodetest.New(t, one)
	ahead := nodetest.With(t, node.Config{Now: func() time.Time { return time.Now().Add(10 * time.Minute) }}, one, two)
	for _, c := range []struct {
		of   *nodetest.Node
		want string
	}{{two, "clock-ok"}, {ahead, "clock-off"}} {
		founder := c.of.Found(ctx)
		eventually(t, "two peers", func() bool {
			is, err := founder.Checkup(ctx)
			if err != nil {
				t.Fatal(err)
			}
			return len(is.Peers) == 2
		})
		is, err := founder.Checkup(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(codes(is), c.want) {
			t.Errorf("%s is not among %v", c.want, codes(is))
		}
		for _, f := range is.Findings {
			if f.Code == "clock-off" && !strings.Contains(f.Says, "10m0s from the median of 2 other nodes") {
				t.Errorf("%s", f.Says)
			}
		}
	}
}
