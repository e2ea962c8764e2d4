package netlab_test

import (
	"testing"
	"time"

	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/node/netlab"
	"github.com/stoa-rooms/stoa/reason"
)

// TestAnInviteRedeemedOnBothSidesOfAPartition: a community on two nodes that are apart admits two people by one invite.
// When they are together again, the one whose node was delegated first is a member at both, and the other is told.
func TestAnInviteRedeemedOnBothSidesOfAPartition(t *testing.T) {
	ctx := t.Context()
	lab := netlab.New(t, 2)
	first, second := lab.Node(0), lab.Node(1)
	first.Start()
	second.Start("--peer", first.Multiaddr())
	founder := at(first, first.Members())
	_, err := founder.Found(ctx, first.Line("owner"), "Two houses", "Ana")
	ok(t, err)
	other, err := identity.ParseDID(second.Line("node"))
	ok(t, err)
	delegate, err := founder.AddNode(ctx, other)
	ok(t, err)
	_, err = at(second, second.Members()).Adopt(ctx, second.Line("owner"), delegate, []string{first.Multiaddr()})
	ok(t, err)
	link, err := founder.CreateInvite(ctx, 0)
	ok(t, err)
	waits(t, "the invite at the second node", 20*time.Second, func() bool {
		_, err := at(second, second.Members()).PreviewInvite(ctx, link.ID)
		return err == nil
	})

	lab.Partition([]int{0}, []int{1})
	loser := at(second, second.Members())
	_, err = loser.Join(ctx, link.String(), "Léo") // the second node takes it first
	ok(t, err)
	_, err = loser.Me(ctx)
	ok(t, err)
	key := identity.Generate()
	winner := client.New(first.URL(), key, client.Options{HTTP: first.Members().HTTP()})
	_, err = winner.Join(ctx, link.String(), "Mina")
	ok(t, err)
	lab.Heal()

	t.Logf("told after %s", waits(t, "the loser is told", 60*time.Second, func() bool {
		_, err := loser.Me(ctx)
		return client.Refused(err, reason.AdmitLost)
	}))
	there := client.New(second.URL(), key, client.Options{HTTP: second.Members().HTTP()})
	t.Logf("known after %s", waits(t, "the winner is a member at the second node, by name", 60*time.Second, func() bool {
		me, err := there.Me(ctx)
		return err == nil && me.Member.Name == "Mina"
	}))
	info, err := at(second, second.Members()).Node(ctx)
	ok(t, err)
	if info.Community.Members != 2 {
		t.Errorf("the second node counts %d members", info.Community.Members)
	}
}
