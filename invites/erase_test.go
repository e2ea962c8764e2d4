package invites_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/invites"
	"github.com/stoa-rooms/stoa/invites/invitestest"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

func erase(c *invitestest.Community, by identity.PrivateKey) statement.Statement {
	return c.Sign(&statement.Erase{Community: c.ID(), IssuedAt: c.Now}, by)
}

// TestWhoErasesThemselvesIsNoMember goes through what is left: nothing of theirs, and everything of those below them.
func TestWhoErasesThemselvesIsNoMember(t *testing.T) {
	c := founded(t)
	ann, bob := c.Person("ann"), c.Person("bob")
	c.Admit(c.Founder, ann)
	c.Admit(ann, bob)
	pending, key := c.Invite(ann)
	if c.State.Count() != 3 {
		t.Fatalf("%d members", c.State.Count())
	}
	c.Log(erase(c, ann))
	if isMember(c, "ann") || !c.State.Erased(ann.Public()) || c.State.Count() != 2 {
		t.Errorf("ann is a member: %t, erased: %t, of %d", isMember(c, "ann"), c.State.Erased(ann.Public()), c.State.Count())
	}
	if free := c.State.FreeSlots(ann.Public(), c.Now); len(free) > 0 {
		t.Errorf("ann has %d slots", len(free))
	}
	if !isMember(c, "bob") || sponsor(c, "bob") != "ann" || len(c.State.Lineage(bob.Public())) != 3 {
		t.Errorf("bob: %t, by %s, %d above", isMember(c, "bob"), sponsor(c, "bob"), len(c.State.Lineage(bob.Public())))
	}
	if invite, ok := c.State.Invite(pending.ID()); !ok || !invite.Revoked {
		t.Errorf("her invite is %+v", invite)
	}
	if got := reason.Of(c.State.CheckJoin(c.Join(pending, key, c.Person("cy")), c.Now)); got != reason.InviteRevoked {
		t.Errorf("by her invite: %s", got)
	}
	exported(t, c) // bob's chain goes on leading through her key

	// She does not come back under that key; under another she may.
	again, key := c.Invite(c.Founder)
	if got := reason.Of(c.State.CheckJoin(c.Join(again, key, ann), c.Now)); got != reason.MemberErased {
		t.Errorf("with her old key: %s", got)
	}
	redeem(t, c, again, key, "anew")

	loaded, err := invites.Decode(c.State.Encode())
	if err != nil || !bytes.Equal(loaded.Encode(), c.State.Encode()) || !loaded.Erased(ann.Public()) || loaded.Count() != c.State.Count() {
		t.Errorf("a snapshot gives %d members, %v", loaded.Count(), err)
	}
	whole := invites.Replay(c.ID(), slices.Values(c.Entries()), func(e invites.Entry, err error) {
		t.Errorf("leaf %d is void: %v", e.Index, err)
	})
	if !bytes.Equal(whole.Encode(), c.State.Encode()) {
		t.Error("a replay gives another state")
	}
}

// TestErasureIsRefused has every way in which an erase means nothing.
func TestErasureIsRefused(t *testing.T) {
	c := founded(t)
	ann := c.Person("ann")
	c.Admit(c.Founder, ann)
	other := identity.Generate()
	for name, s := range map[string]struct {
		st   statement.Statement
		want reason.Reason
	}{
		"of who is no member":   {erase(c, c.Person("nobody")), reason.MemberUnknown},
		"of the founder":        {erase(c, c.Founder), reason.FounderStays},
		"by the node":           {erase(c, c.Node), reason.MemberUnknown},
		"for another community": {c.Sign(&statement.Erase{Community: other.Public(), IssuedAt: c.Now}, ann), reason.StatementAudience},
	} {
		if got := reason.Of(c.Try(s.st)); got != s.want {
			t.Errorf("an erase %s: %s, want %s", name, got, s.want)
		}
	}
	// Ahead of the join that makes her a member it is refused, and nothing remembers it.
	bob := c.Person("bob")
	if got := reason.Of(c.Try(erase(c, bob))); got != reason.MemberUnknown {
		t.Errorf("before the join: %s", got)
	}
	c.Admit(c.Founder, bob)
	if !isMember(c, "bob") {
		t.Error("bob is no member after an erase that had no force")
	}
	if _, err := c.State.Apply(invites.Entry{Log: other.Public(), Statement: erase(c, ann)}); reason.Of(err) != reason.StatementAuthority {
		t.Errorf("in the log of nobody's node: %v", err)
	}
	c.Log(erase(c, ann))
	c.Now++
	if got := reason.Of(c.Try(erase(c, ann))); got != reason.MemberErased {
		t.Errorf("a second time: %s", got)
	}
}

// TestErasedAtOneOfTwoNodes lets somebody erase themselves at one node while the other, which cannot hear it, goes on.
func TestErasedAtOneOfTwoNodes(t *testing.T) {
	a, b := twoNodes(t)
	ann := a.Person("ann")
	a.Admit(a.Founder, ann)
	heal(t, a, b)
	a.Log(erase(a, ann))
	invite, key := b.Invite(ann)
	redeem(t, b, invite, key, "bob") // b does not know yet
	if isMember(a, "ann") || !isMember(b, "ann") {
		t.Error("the nodes know of each other already")
	}
	heal(t, a, b)
	for _, n := range []*invitestest.Community{a, b} {
		if isMember(n, "ann") || !isMember(n, "bob") || sponsor(n, "bob") != "ann" {
			t.Errorf("ann: %t, bob: %t by %s", isMember(n, "ann"), isMember(n, "bob"), sponsor(n, "bob"))
		}
	}
	exported(t, a)

	// The same said at both nodes is one erasure.
	cy := a.Person("cy")
	a.Admit(a.Founder, cy)
	heal(t, a, b)
	a.Log(erase(a, cy))
	b.Now++
	b.Log(erase(b, cy))
	heal(t, a, b)
	if a.State.Count() != 2 {
		t.Errorf("%d members", a.State.Count())
	}
}
