package node_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/node"
	"github.com/stoa-rooms/stoa/node/nodetest"
	"github.com/stoa-rooms/stoa/reason"
)

// newPair is one community on two nodes, both with a configuration if there is one.
func newPair(t *testing.T, cfg ...node.Config) (first, second *nodetest.Node, founder *client.Client) {
	t.Helper()
	return newPairOf(t, identity.Generate(), cfg...)
}

// newPairOf is newPair with a founder whose key the test has.
func newPairOf(t *testing.T, key identity.PrivateKey, cfg ...node.Config) (first, second *nodetest.Node, founder *client.Client) {
	t.Helper()
	ctx := t.Context()
	cfg = append(cfg, node.Config{})
	first = nodetest.With(t, cfg[0])
	founder = at(first, key)
	if _, err := founder.Found(ctx, first.Owner, "Café", "Ana"); err != nil {
		t.Fatal(err)
	}
	second = nodetest.With(t, cfg[0], first)
	delegate, err := founder.AddNode(ctx, second.Key(ctx))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := second.Client().Adopt(ctx, second.Owner, delegate, []string{first.Addr()}); err != nil {
		t.Fatal(err)
	}
	return first, second, founder
}

func TestACommunityOnTwoNodes(t *testing.T) {
	ctx := t.Context()
	first, second, founder := newPair(t)
	info, err := second.Client().Node(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if info.Community == nil || info.Community.ID != founder.Key() || info.Community.Name != "Café" || info.Community.Members != 1 {
		t.Fatalf("the second node says %+v", info.Community)
	}

	// An invite made at the first is redeemed at the second, and the newcomer is a member at both.
	link, err := founder.CreateInvite(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	key := identity.Generate()
	there := client.New(second.URL(), key, client.Options{})
	soon(t, "the invite at the second node", func() bool {
		_, err := there.PreviewInvite(ctx, link.ID)
		return err == nil
	})
	if _, err := there.Join(ctx, link.String(), "Léo"); err != nil {
		t.Fatal(err)
	}
	here := client.New(first.URL(), key, client.Options{})
	soon(t, "the member at the first node", func() bool {
		me, err := here.Me(ctx)
		return err == nil && me.Member.Name == "Léo" && len(me.Chain) == 2
	})

	// A room of one is the community's at the other.
	room, err := founder.CreateRoom(ctx, "Both", nil, "en")
	if err != nil {
		t.Fatal(err)
	}
	if r := shown(t, there, room.ID, true); r.Why != api.WhyCommunity {
		t.Errorf("the second node shows it because: %s", r.Why)
	}
	ana := first.Enter(ctx, founder, room.ID)
	second.Enter(ctx, there, room.ID)
	until(t, ana, "Léo in the audience", func(s api.State) bool { return s.Audience.Count == 1 })
}

// TestBothNodesWriteAtOnce has people join at both nodes of a community at the same time, so that each folds the log of the
// other anew while its own grows: whoever has been let in is a member, from that moment on, and nobody is lost.
func TestBothNodesWriteAtOnce(t *testing.T) {
	ctx := t.Context()
	first, second, founder := newPair(t)
	const each = 10
	var work sync.WaitGroup
	for k, n := range []*nodetest.Node{first, second} {
		link, err := founder.CreateInvite(ctx, 0)
		if err != nil {
			t.Fatal(err)
		}
		soon(t, "the invite", func() bool {
			_, err := n.Client().PreviewInvite(ctx, link.ID)
			return err == nil
		})
		work.Go(func() { // each newcomer brings the next
			for i := range each {
				c, name := newPerson().at(n), fmt.Sprintf("Guest %d of node %d", i, k)
				if _, err := c.Join(ctx, link.String(), name); err != nil {
					t.Errorf("%s joins: %v", name, err)
					return
				}
				for range 5 {
					if me, err := c.Me(ctx); err != nil || me.Member.Name != name {
						t.Errorf("%s, who has just been let in: %+v, %v", name, me.Member, err)
					}
				}
				if link, err = c.CreateInvite(ctx, 0); err != nil {
					t.Errorf("%s invites: %v", name, err)
					return
				}
			}
		})
	}
	work.Wait()
	for k, n := range []*nodetest.Node{first, second} {
		soon(t, fmt.Sprintf("everybody at node %d", k), func() bool {
			info, err := n.Client().Node(ctx)
			return err == nil && info.Community.Members == 2*each+1
		})
	}
}

func TestOnlyTheFounderAddsNodes(t *testing.T) {
	ctx := t.Context()
	first := nodetest.New(t)
	founder := first.Found(ctx)
	leo := first.Join(ctx, founder, "Léo")
	if _, err := leo.AddNode(ctx, identity.Generate().Public()); !client.Refused(err, reason.StatementAuthority) {
		t.Errorf("a member adds a node: %v", err)
	}
	second := nodetest.New(t, first)
	delegate, err := founder.AddNode(ctx, second.Key(ctx))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := second.Client().Adopt(ctx, second.URL()+"/#owner=0123456789abcdef0123456789abcdef", delegate, []string{first.Addr()}); !client.Refused(err, reason.OwnerLinkStale) {
		t.Errorf("with a wrong secret: %v", err)
	}
	third := nodetest.New(t, first)
	if _, err := third.Client().Adopt(ctx, third.Owner, delegate, []string{first.Addr()}); !client.Refused(err, reason.StatementAudience) {
		t.Errorf("with another node's delegate: %v", err)
	}
	if _, err := second.Client().Adopt(ctx, second.Owner, delegate, []string{"/ip4/127.0.0.1/tcp/9/p2p/" + third.Peer(ctx)}); !client.Refused(err, reason.RequestInvalid) {
		t.Errorf("with no node in reach: %v", err)
	}
}
