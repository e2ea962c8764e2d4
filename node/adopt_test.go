package node_test

import (
	"testing"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/node"
	"github.com/stoa-rooms/stoa/node/nodetest"
)

// TestASiblingKeepsWhatIsPlannedAtANodeThatIsGone: another node of the community stores it, goes on announcing it, and
// opens the room at its link.
func TestASiblingKeepsWhatIsPlannedAtANodeThatIsGone(t *testing.T) {
	ctx, at := t.Context(), newClock(t, "2027-02-02T12:00")
	cfg := node.Config{Now: at.now}
	first, second, ana := newPair(t, cfg)
	key := identity.Generate()
	leo, there := client.New(first.URL(), key, client.Options{}), client.New(second.URL(), key, client.Options{})
	invite, err := ana.CreateInvite(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := leo.Join(ctx, invite.String(), "Léo"); err != nil {
		t.Fatal(err)
	}
	p := evening()
	p.Moderators = []identity.PublicKey{leo.Key()}
	s := planned(t, ana, p)
	soon(t, "the member at the second node", func() bool {
		_, err := there.Me(ctx)
		return err == nil
	})
	listed := func(_ api.Scheduled, listed bool) bool { return listed }
	sees(t, there, "what is planned, at the second node", s.ID, listed)

	first.Stop()
	second.Stop()
	second.Start() // what it only heard is gone
	at.set(t, "2027-02-02T16:00")
	fresh(t, there)
	sees(t, there, "what is planned, after a restart", s.ID, listed)
	abroad := nodetest.With(t, cfg, second)
	zoe := abroad.Found(ctx)
	sees(t, zoe, "what is planned, at a node that has never met the first", s.ID, listed)

	at.set(t, "2027-02-02T18:21")
	fresh(t, there, zoe)
	room, err := there.OpenPlanned(ctx, s)
	if err != nil {
		t.Fatal(err)
	}
	second.Enter(ctx, there, s.ID)
	shown(t, zoe, room.ID, true)
	enterByLink(t, zoe, s.ID)
}
