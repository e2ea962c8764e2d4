package invites_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/invites"
	"github.com/stoa-rooms/stoa/invites/invitestest"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

func delegateOf(c *invitestest.Community, node identity.PublicKey, edit func(*statement.Delegate)) statement.Statement {
	b := &statement.Delegate{
		Community: c.ID(), IssuedAt: c.Now, Expires: c.Now + 366*day, Node: node, Order: 2,
	}
	if edit != nil {
		edit(b)
	}
	return c.Sign(b, c.Founder)
}

// revokeNode withdraws a delegate; of the node's own log size leaves still count.
func revokeNode(c *invitestest.Community, delegate statement.ID, size int64) statement.Statement {
	return c.Sign(&statement.Revoke{
		Community: c.ID(), IssuedAt: c.Now, Statement: delegate,
		Upto: []statement.LogPrefix{{Log: c.Node.Public(), Size: size}},
	}, c.Founder)
}

func firstDelegate(c *invitestest.Community) statement.ID { return c.Entries()[0].Statement.ID() }

func TestDelegateRefused(t *testing.T) {
	checkRefusals(t, []refusal{
		{"of another community", reason.StatementAudience, func(c *invitestest.Community) statement.Statement {
			return delegateOf(c, other(c), func(d *statement.Delegate) { d.Community = other(c) })
		}},
		{"by a node", reason.StatementAuthority, func(c *invitestest.Community) statement.Statement {
			return c.Sign(delegateOf(c, other(c), nil).Body(), c.Node)
		}},
		{"by a member", reason.StatementAuthority, func(c *invitestest.Community) statement.Statement {
			c.Admit(c.Founder, c.Person("ann"))
			return c.Sign(delegateOf(c, other(c), nil).Body(), c.Person("ann"))
		}},
		{"of an order that is taken", reason.StatementDuplicate, func(c *invitestest.Community) statement.Statement {
			return delegateOf(c, other(c), func(d *statement.Delegate) { d.Order = 1 })
		}},
		{"revoked by a node", reason.StatementAuthority, func(c *invitestest.Community) statement.Statement {
			return revokeOf(c, firstDelegate(c), c.Node)
		}},
		{"revoked by a member", reason.StatementAuthority, func(c *invitestest.Community) statement.Statement {
			c.Admit(c.Founder, c.Person("ann"))
			return revokeOf(c, firstDelegate(c), c.Person("ann"))
		}},
		{"revoked twice", reason.StatementDuplicate, func(c *invitestest.Community) statement.Statement {
			c.Log(revokeNode(c, firstDelegate(c), c.Tree().Size))
			c.Now++
			return revokeNode(c, firstDelegate(c), c.Tree().Size)
		}},
	})
}

func TestAnExpiredDelegateSaysNothingNew(t *testing.T) {
	c := founded(t)
	node, _ := c.State.Node(c.Node.Public())
	c.Now = node.Expires - 1
	join := honest(c).join(c)
	c.Log(join)

	c.Now = node.Expires + 1
	refused(t, c, c.Accept(join), reason.StatementExpired)

	// What it says no later than its expiry counts, whenever it is folded; renewed, it goes on.
	c.Now = node.Expires
	if _, err := c.State.Apply(c.Entry(c.Accept(join))); err != nil {
		t.Errorf("an admit in the last second: %v", err)
	}
	c.Log(delegateOf(c, c.Node.Public(), nil))
	c.Now++
	c.Log(c.Accept(join))
	if m, _ := c.State.Member(join.Signer()); m.Order != 2 {
		t.Errorf("admitted by the delegate of order %d", m.Order)
	}
	if now, _ := c.State.Node(c.Node.Public()); now.Order != 2 || now.Expires != node.Expires+366*day {
		t.Errorf("the node is known by %+v", now)
	}
}

func TestADelegateSaysNothingFromBeforeIt(t *testing.T) {
	c := founded(t)
	join := honest(c).join(c)
	c.Log(join)
	c.Now -= statement.Slack + 1
	refused(t, c, c.Accept(join), reason.StatementAuthority)
}

func TestANodeSpeaksInItsOwnLogOnly(t *testing.T) {
	c := founded(t)
	sibling := c.Person("sibling")
	c.Log(delegateOf(c, sibling.Public(), nil))
	join := honest(c).join(c)
	c.Log(join)
	admit := c.Sign(c.Accept(join).Body(), sibling)
	refused(t, c, admit, reason.StatementAuthority)

	next, err := c.State.Apply(invites.Entry{Log: sibling.Public(), Index: 0, Statement: admit})
	if err != nil {
		t.Fatalf("in its own log: %v", err)
	}
	m, _ := next.Member(join.Signer())
	if m.Order != 2 || m.Index != 0 || m.Sponsor != c.ID() {
		t.Errorf("admitted as %+v", m)
	}
	if next.Size(sibling.Public()) != 1 || next.Size(c.Node.Public()) != c.Tree().Size {
		t.Errorf("folded to %d and %d", next.Size(sibling.Public()), next.Size(c.Node.Public()))
	}
}

func TestTheLowestOrderOfANodeSpeaks(t *testing.T) {
	c := invitestest.New(t)
	for _, order := range []int64{5, 3, 7} {
		c.Log(delegateOf(c, c.Node.Public(), func(d *statement.Delegate) { d.Order = order }))
	}
	c.Log(c.Sign(&c.Rules, c.Founder), c.Grant(c.ID()))
	c.Admit(c.Founder, c.Person("ann"))
	if m, _ := c.State.Member(c.Person("ann").Public()); m.Order != 3 {
		t.Errorf("admitted by the delegate of order %d", m.Order)
	}
}

func TestARevokedDelegateCountsUpToItsPrefix(t *testing.T) {
	c := founded(t)
	join := honest(c).join(c)
	c.Log(join)
	// Two more leaves of the node's log count: the revoke itself takes one of them.
	c.Log(revokeNode(c, firstDelegate(c), c.Tree().Size+2))
	if n, ok := c.State.Node(c.Node.Public()); !ok || !n.Revoked || n.Upto[0].Size != c.Tree().Size+1 {
		t.Fatalf("the node is known by %+v", n)
	}
	inside, outside := c.Entry(c.Accept(join)), c.Entry(c.Accept(join))
	outside.Index++
	if _, err := c.State.Apply(outside); reason.Of(err) != reason.StatementAuthority {
		t.Errorf("beyond the prefix: %v", err)
	}
	if _, err := c.State.Apply(inside); err != nil {
		t.Errorf("the last of the prefix: %v", err)
	}
}

func TestARevokeWithoutPrefixesVoidsAll(t *testing.T) {
	c := invitestest.New(t)
	d := delegateOf(c, c.Node.Public(), nil)
	c.Log(d, c.Sign(&c.Rules, c.Founder), revokeOf(c, d.ID(), c.Founder))
	refused(t, c, c.Grant(c.ID()), reason.StatementAuthority)
}

// delegated anew, a node that was revoked may speak again, beyond the prefix of the first delegate too.
func TestDelegatesOfOneNodeStandAlone(t *testing.T) {
	c := founded(t)
	c.Log(revokeNode(c, firstDelegate(c), c.Tree().Size))
	c.Log(delegateOf(c, c.Node.Public(), nil))
	c.Admit(c.Founder, c.Person("ann"))
	if n, _ := c.State.Node(c.Node.Public()); n.Revoked || n.Order != 2 {
		t.Errorf("the node is known by %+v", n)
	}
}

func TestARevokeThatReachesBackNeedsAReplay(t *testing.T) {
	c := founded(t)
	ann, bob, cy := c.Person("ann"), c.Person("bob"), c.Person("cy")
	c.Admit(c.Founder, ann)
	size := c.Tree().Size
	c.Admit(ann, bob)
	c.Admit(bob, cy)

	revoke := c.Entry(revokeNode(c, firstDelegate(c), size))
	before := c.State.Encode()
	after, err := c.State.Apply(revoke)
	if !errors.Is(err, invites.ErrReplay) || !bytes.Equal(after.Encode(), before) {
		t.Fatalf("applied with %v", err)
	}

	var void []int64
	entries := append(slices.Clone(c.Entries()), revoke)
	s := invites.Replay(c.ID(), slices.Values(entries), func(e invites.Entry, err error) {
		if reason.Of(err) == reason.Internal {
			t.Errorf("leaf %d: %v", e.Index, err)
		}
		void = append(void, e.Index)
	})
	if _, ok := s.Member(ann.Public()); !ok {
		t.Error("ann, admitted within the prefix, is lost")
	}
	for _, p := range []identity.PrivateKey{bob, cy} {
		if _, ok := s.Member(p.Public()); ok {
			t.Errorf("%s, admitted beyond the prefix, is a member", p)
		}
	}
	if n, _ := s.Node(c.Node.Public()); !n.Revoked {
		t.Error("the node is not revoked")
	}
	// Ann's invite and bob's join are theirs and stand; bob's admit and grant, and all after, are void.
	if want := []int64{size + 2, size + 3, size + 4, size + 5, size + 6, size + 7}; !slices.Equal(void, want) {
		t.Errorf("void are %v, want %v", void, want)
	}

	// Once the void is left out, nothing is foreseen any more, and the plain fold gives the same State.
	plain := invites.New(c.ID())
	for _, e := range entries {
		if slices.Contains(void, e.Index) {
			continue
		}
		if plain, err = plain.Apply(e); err != nil {
			t.Fatalf("leaf %d: %v", e.Index, err)
		}
	}
	if !bytes.Equal(plain.Encode(), s.Encode()) {
		t.Error("the replay's State is another than the plain fold's")
	}
}

func TestReplayIsTheFold(t *testing.T) {
	c := founded(t)
	c.Admit(c.Founder, c.Person("ann"))
	c.Admit(c.Person("ann"), c.Person("bob"))
	s := invites.Replay(c.ID(), slices.Values(c.Entries()), func(e invites.Entry, err error) {
		t.Errorf("leaf %d is void: %v", e.Index, err)
	})
	if !bytes.Equal(s.Encode(), c.State.Encode()) {
		t.Error("another State")
	}
}

// A revoke that only claims to be the root's must not make a replay void anything.
func TestReplayForeseesTheRootsRevokesOnly(t *testing.T) {
	c := founded(t)
	c.Admit(c.Founder, c.Person("ann"))
	forged := c.Entry(c.Sign(revokeNode(c, firstDelegate(c), 0).Body(), c.Person("ann")))
	entries := append(slices.Clone(c.Entries()), forged)
	var void int
	s := invites.Replay(c.ID(), slices.Values(entries), func(invites.Entry, error) { void++ })
	if s.Count() != 2 || void != 1 {
		t.Errorf("%d members, %d void", s.Count(), void)
	}
}
