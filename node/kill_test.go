package node_test

import (
	"context"
	"flag"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

// kills is how often the node is killed: a few times in every test run, 1,000 times by `make soak`.
var kills = flag.Int("kills", 5, "how often TestKillWhileRedeeming kills the node")

// guest is somebody who tries to redeem an invite while the node is killed.
type guest struct {
	key    identity.PrivateKey
	invite statement.ID
	acked  bool // the node said 201
}

// TestKillWhileRedeeming kills the node with SIGKILL while invites are redeemed, two guests racing for each. However
// often: what was acknowledged is there, and no invite has let two people in.
func TestKillWhileRedeeming(t *testing.T) {
	ctx := t.Context()
	data := filepath.Join(t.TempDir(), "data")
	founderKey := identity.Generate()
	p := startProcess(t, data, "127.0.0.1:0")
	if _, err := p.clientOf(founderKey).Found(ctx, p.lines["owner"], "Café", "Ana"); err != nil {
		t.Fatal(err)
	}
	members := []identity.PrivateKey{founderKey}
	var links []client.InviteLink
	slowest := time.Duration(0)
	for range *kills {
		links, members = createInvites(ctx, t, p, links, members)
		guests := race(ctx, p, links)
		start := time.Now()
		p = startProcess(t, data, p.addr)
		slowest = max(slowest, time.Since(start))
		in := checkGuests(ctx, t, p, guests)
		for _, g := range in {
			members = append(members, g.key)
		}
		// An invite that the kill left unused is as good as before.
		links = slices.DeleteFunc(links, func(l client.InviteLink) bool {
			return slices.ContainsFunc(in, func(g *guest) bool { return g.invite == l.ID })
		})
		if t.Failed() {
			return
		}
	}
	t.Logf("%d kills; %d members have invites left; the slowest start took %v", *kills, len(members), slowest)
}

// createInvites brings the links up to four, from members who have invites left. It returns them, and the members who
// may have some left then.
func createInvites(ctx context.Context, t *testing.T, p *process, links []client.InviteLink, members []identity.PrivateKey) ([]client.InviteLink, []identity.PrivateKey) {
	t.Helper()
	for i := 0; i < len(members) && len(links) < 4; {
		c := p.clientOf(members[i])
		mine, err := c.Invites(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if mine.Left == 0 {
			members = slices.Delete(members, i, i+1)
			continue
		}
		link, err := c.CreateInvite(ctx, 0)
		if err != nil {
			t.Fatal(err)
		}
		links = append(links, link)
	}
	if len(links) == 0 {
		t.Fatal("nobody has an invite left")
	}
	return links, members
}

// race redeems each invite twice at once, and kills the node somewhere in the middle.
func race(ctx context.Context, p *process, links []client.InviteLink) []*guest {
	var guests []*guest
	var wait sync.WaitGroup
	for _, link := range links {
		for range 2 {
			g := &guest{key: identity.Generate(), invite: link.ID}
			guests = append(guests, g)
			wait.Go(func() {
				_, err := p.clientOf(g.key).Join(ctx, link.String(), "Guest")
				g.acked = err == nil
			})
		}
	}
	timer := time.NewTimer(time.Duration(rand.IntN(25_000)) * time.Microsecond)
	<-timer.C
	_ = p.cmd.Process.Kill()
	wait.Wait()
	_ = p.cmd.Wait()
	return guests
}

// checkGuests holds the restarted node to what it said. It returns those who are members.
func checkGuests(ctx context.Context, t *testing.T, p *process, guests []*guest) []*guest {
	t.Helper()
	var in []*guest
	by := map[statement.ID]int{}
	for _, g := range guests {
		_, err := p.clientOf(g.key).Me(ctx)
		switch {
		case err == nil:
			in = append(in, g)
			by[g.invite]++
		case g.acked:
			t.Errorf("%s was told to be admitted, and is no member after the restart: %v", g.key.Public(), err)
		}
	}
	for invite, n := range by {
		if n > 1 {
			t.Errorf("invite %s let %d people in", invite, n)
		}
	}
	return in
}

// TestKillKeepsTheRoom kills the node while people are on stage: the room comes back with them, muted.
func TestKillKeepsTheRoom(t *testing.T) {
	ctx := t.Context()
	data := filepath.Join(t.TempDir(), "data")
	p := startProcess(t, data, "127.0.0.1:0")
	ana := p.client()
	if _, err := ana.Found(ctx, p.lines["owner"], "Café", "Ana"); err != nil {
		t.Fatal(err)
	}
	link, err := ana.CreateInvite(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	leo := p.client()
	if _, err := leo.Join(ctx, link.String(), "Léo"); err != nil {
		t.Fatal(err)
	}
	room, err := ana.CreateRoom(ctx, "On the porch", nil, "en")
	if err != nil {
		t.Fatal(err)
	}
	host, guest := enter(t, ana, room.ID), enter(t, leo, room.ID)
	bringOnStage(t, host, guest)
	if err := guest.Unmute(ctx); err != nil {
		t.Fatal(err)
	}
	waitFor(t, host, func(s client.State) bool { p, on := s.OnStage(leo.Key()); return on && !p.Muted })

	p.kill(t)
	startProcess(t, data, p.addr)
	for _, s := range []*client.RoomSession{host, guest} {
		state := waitFor(t, s, func(s client.State) bool {
			a, onA := s.OnStage(ana.Key())
			l, onL := s.OnStage(leo.Key())
			return onA && onL && a.Connected && l.Connected && a.Muted && l.Muted
		})
		if a, _ := state.OnStage(ana.Key()); a.Role != api.RoleModerator {
			t.Errorf("Ana came back as %s", a.Role)
		}
		if l, _ := state.OnStage(leo.Key()); l.Role != api.RoleSpeaker {
			t.Errorf("Léo came back as %s", l.Role)
		}
	}
}

func enter(t *testing.T, c *client.Client, room statement.ID) *client.RoomSession {
	t.Helper()
	s, err := c.Enter(t.Context(), room)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func waitFor(t *testing.T, s *client.RoomSession, condition func(client.State) bool) client.State {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	state, err := s.Wait(ctx, condition)
	if err != nil {
		t.Fatalf("waited in vain: %v; the room is %+v", err, state)
	}
	return state
}

// bringOnStage lets a listener raise a hand and follow the moderator's offer.
func bringOnStage(t *testing.T, host, guest *client.RoomSession) {
	t.Helper()
	ctx, who := t.Context(), guest.Client().Key()
	if err := guest.RaiseHand(ctx, ""); err != nil {
		t.Fatal(err)
	}
	if err := host.OfferStage(ctx, who); err != nil {
		t.Fatal(err)
	}
	if err := guest.AcceptOffer(ctx); err != nil {
		t.Fatal(err)
	}
	waitFor(t, host, func(s client.State) bool { _, on := s.OnStage(who); return on })
}
