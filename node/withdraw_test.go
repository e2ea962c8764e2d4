package node_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/node/nodetest"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// TestTheFounderWithdrawsANode: whom it has admitted stay, nobody else comes in by it, until the founder adds it again.
func TestTheFounderWithdrawsANode(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	founder, leo, mia := newPerson(), newPerson(), newPerson()
	first := nodetest.New(t)
	second := nodetest.New(t, first)
	ana, anaThere := founder.at(first), founder.at(second)
	if _, err := ana.Found(ctx, first.Owner, "Café", "Ana"); err != nil {
		t.Fatal(err)
	}
	delegate, err := ana.AddNode(ctx, second.Key(ctx))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := second.Client().Adopt(ctx, second.Owner, delegate, []string{first.Addr()}); err != nil {
		t.Fatal(err)
	}
	// The founder's word as a node has it.
	stands := func(at *client.Client, revoked bool) bool {
		about, err := at.Checkup(ctx)
		if err != nil {
			return false
		}
		i := slices.IndexFunc(about.Nodes, func(n api.CommunityNode) bool { return n.Node == second.Key(ctx) })
		return len(about.Nodes) == 2 && about.Nodes[i].Revoked == revoked && !about.Nodes[1-i].Revoked
	}
	// Somebody who comes to the second node with an invite of the first.
	comes := func(who person, name string) error {
		t.Helper()
		link, err := ana.CreateInvite(ctx, 0)
		if err != nil {
			t.Fatal(err)
		}
		soon(t, "the invite at the second node", func() bool {
			_, err := who.at(second).PreviewInvite(ctx, link.ID)
			return err == nil
		})
		_, err = who.at(second).Join(ctx, link.String(), name)
		if err != nil {
			if _, err := ana.RevokeInvite(ctx, link.ID); err != nil { // her slot for the next
				t.Fatal(err)
			}
		}
		return err
	}
	if err := comes(leo, "Léo"); err != nil {
		t.Fatal(err)
	}
	isMember(t, first, leo, "Léo")

	for name, c := range map[string]struct {
		who  *client.Client
		node identity.PublicKey
		want reason.Reason
	}{
		"a member":        {leo.at(first), second.Key(ctx), reason.FounderOnly},
		"the node itself": {ana, first.Key(ctx), reason.NodeSelf},
		"what is no node": {ana, leo.Public(), reason.NodeUnknown},
	} {
		if err := c.who.WithdrawNode(ctx, c.node); !client.Refused(err, c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	if err := ana.WithdrawNode(ctx, second.Key(ctx)); err != nil {
		t.Fatal(err)
	}
	if !stands(ana, true) {
		t.Error("the node is not withdrawn")
	}
	if err := ana.WithdrawNode(ctx, second.Key(ctx)); !client.Refused(err, reason.NodeUnknown) {
		t.Errorf("withdrawn twice: %v", err)
	}
	soon(t, "the second node knowing it", func() bool { return stands(anaThere, true) })
	if err := comes(mia, "Mia"); !client.Refused(err, reason.StatementAuthority) {
		t.Errorf("the withdrawn node takes somebody in: %v", err)
	}
	isMember(t, first, leo, "Léo")
	isMember(t, second, leo, "Léo")

	if _, err := ana.AddNode(ctx, second.Key(ctx)); err != nil {
		t.Fatal(err)
	}
	soon(t, "the word again", func() bool { return stands(ana, false) && stands(anaThere, false) })
	if err := comes(mia, "Mia"); err != nil {
		t.Errorf("the node that was added again: %v", err)
	}
	isMember(t, first, mia, "Mia")
}

// TestAWithdrawalNamesAllDelegates sends revokes that leave the node a word, and one of another.
func TestAWithdrawalNamesAllDelegates(t *testing.T) {
	ctx := t.Context()
	n := nodetest.New(t)
	founder := newPerson()
	ana := founder.at(n)
	if _, err := ana.Found(ctx, n.Owner, "Café", "Ana"); err != nil {
		t.Fatal(err)
	}
	other := identity.Generate().Public()
	var ids []statement.ID
	for range 2 { // renewed once
		delegate, err := ana.AddNode(ctx, other)
		if err != nil {
			t.Fatal(err)
		}
		st, err := statement.Parse(delegate)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, st.ID())
	}
	p, eve := signIn(t, n, founder), newPerson()
	revoke := func(by person, id statement.ID) string {
		return sign(t, &statement.Revoke{Community: founder.Public(), IssuedAt: ana.Now().Unix(), Statement: id}, by.PrivateKey)
	}
	at := strings.Replace(api.PathWithdrawal, "{node}", other.String(), 1)
	for name, c := range map[string]struct {
		revokes []string
		want    reason.Reason
	}{
		"one of two":        {[]string{revoke(founder, ids[0])}, reason.NodeAhead},
		"another's":         {[]string{revoke(founder, ids[0]), revoke(founder, ids[1]), revoke(founder, statement.ID{1})}, reason.NodeAhead},
		"somebody else's":   {[]string{revoke(eve, ids[0]), revoke(eve, ids[1])}, reason.StatementAuthority},
		"no statement":      {[]string{"r"}, reason.StatementSyntax},
		"another kind":      {[]string{sign(t, &statement.Erase{Community: founder.Public(), IssuedAt: ana.Now().Unix()}, founder.PrivateKey)}, reason.StatementKind},
		"one of them twice": {[]string{revoke(founder, ids[0]), revoke(founder, ids[0])}, reason.NodeAhead},
	} {
		if got := p.post(t, at, api.WithdrawNode{Revokes: c.revokes}); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if err := ana.WithdrawNode(ctx, other); err != nil { // all of them; of whose log nothing is here
		t.Error(err)
	}
}
