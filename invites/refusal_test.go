package invites_test

import (
	"bytes"
	"testing"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/invites"
	"github.com/stoa-rooms/stoa/invites/invitestest"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

const day = 86400

// founded is a community whose founder has two free slots.
func founded(t invitestest.TB) *invitestest.Community {
	t.Helper()
	c := invitestest.New(t)
	c.Found()
	return c
}

// refused expects the fold to refuse s, and to change nothing.
func refused(t *testing.T, c *invitestest.Community, s statement.Statement, want reason.Reason) {
	t.Helper()
	before := c.State.Encode()
	after, err := c.State.Apply(c.Entry(s))
	if got := reason.Of(err); got != want {
		t.Errorf("refused for %q (%v), want %q", got, err, want)
	}
	if !bytes.Equal(after.Encode(), before) || !bytes.Equal(c.State.Encode(), before) {
		t.Error("a refusal changed the State")
	}
}

// refusal is a statement, made in a fresh community, that the fold must refuse.
type refusal struct {
	name string
	want reason.Reason
	make func(c *invitestest.Community) statement.Statement
}

func checkRefusals(t *testing.T, all []refusal) {
	t.Helper()
	for _, r := range all {
		t.Run(r.name, func(t *testing.T) {
			c := founded(t)
			refused(t, c, r.make(c), r.want)
		})
	}
}

// inviteBy is an invite on a member's first free slot, changed by edit.
func inviteBy(c *invitestest.Community, by identity.PrivateKey, edit func(*statement.Invite)) statement.Statement {
	free := c.State.FreeSlots(by.Public(), c.Now)
	b := &statement.Invite{
		Community: c.ID(), IssuedAt: c.Now, Expires: c.Now + day, Key: c.OneTime().Public(),
	}
	if len(free) > 0 {
		b.Grant, b.Slot = free[0].Grant, free[0].Slot
	}
	if edit != nil {
		edit(b)
	}
	return c.Sign(b, by)
}

// grantTo is a grant on hosting in period 0 to the founder, changed by edit.
func grantTo(c *invitestest.Community, edit func(*statement.Grant)) statement.Statement {
	b := &statement.Grant{
		Community: c.ID(), IssuedAt: c.Now, Member: c.ID(), Slots: 3, Why: statement.WhyHosting,
	}
	edit(b)
	return c.Sign(b, c.Node)
}

func revokeOf(c *invitestest.Community, id statement.ID, by identity.PrivateKey) statement.Statement {
	return c.Sign(&statement.Revoke{Community: c.ID(), IssuedAt: c.Now, Statement: id}, by)
}

func other(c *invitestest.Community) identity.PublicKey { return c.Person("other community").Public() }

func TestEntriesThatStandWhereNothingMay(t *testing.T) {
	c := founded(t)
	good := inviteBy(c, c.Founder, nil)
	stranger := c.Person("stranger")
	cases := []struct {
		name  string
		entry invites.Entry
		want  reason.Reason
	}{
		{"no statement", invites.Entry{Log: c.Node.Public(), Index: 3}, reason.StatementKind},
		{"a negative index", invites.Entry{Log: c.Node.Public(), Index: -1, Statement: good}, reason.StatementAuthority},
		{"an index past counting", invites.Entry{
			Log: c.Node.Public(), Index: statement.MaxInt, Statement: good,
		}, reason.StatementAuthority},
		{"an index that has been passed", invites.Entry{Log: c.Node.Public(), Index: 2, Statement: good}, reason.StatementDuplicate},
		{"the log of a stranger", invites.Entry{Log: stranger.Public(), Index: 3, Statement: good}, reason.StatementAuthority},
	}
	for _, x := range cases {
		before := c.State.Encode()
		next, err := c.State.Apply(x.entry)
		if got := reason.Of(err); got != x.want {
			t.Errorf("%s: refused for %q, want %q", x.name, got, x.want)
		}
		if !bytes.Equal(next.Encode(), before) {
			t.Errorf("%s: the State changed", x.name)
		}
	}
	if _, err := c.State.Apply(c.Entry(good)); err != nil {
		t.Errorf("the same invite where it may stand: %v", err)
	}
}

func TestKindsThatAreNeverLogged(t *testing.T) {
	c := founded(t)
	for _, body := range []statement.Body{
		&statement.Profile{Community: c.ID(), IssuedAt: c.Now, Name: "Zeno"},
		&statement.Session{
			Node: c.Node.Public(), IssuedAt: c.Now, Expires: c.Now + 1, Origin: "http://x", Nonce: "0123456789abcdef",
		},
		&statement.Redeem{Community: c.ID(), Member: c.ID()},
	} {
		refused(t, c, c.Sign(body, c.Founder), reason.StatementKind)
	}
}

func TestRulesRefused(t *testing.T) {
	rules := func(c *invitestest.Community, by identity.PrivateKey, edit func(*statement.Rules)) statement.Statement {
		r := c.Rules
		r.Order = 2
		edit(&r)
		return c.Sign(&r, by)
	}
	checkRefusals(t, []refusal{
		{"of another community", reason.StatementAudience, func(c *invitestest.Community) statement.Statement {
			return rules(c, c.Founder, func(r *statement.Rules) { r.Community = other(c) })
		}},
		{"by the node", reason.StatementAuthority, func(c *invitestest.Community) statement.Statement {
			return rules(c, c.Node, func(*statement.Rules) {})
		}},
		{"of an order that is taken", reason.StatementDuplicate, func(c *invitestest.Community) statement.Statement {
			return rules(c, c.Founder, func(r *statement.Rules) { r.Order = 1; r.AdmitSlots = 9 })
		}},
	})
}

func TestGrantRefused(t *testing.T) {
	grant := func(edit func(c *invitestest.Community, g *statement.Grant)) func(*invitestest.Community) statement.Statement {
		return func(c *invitestest.Community) statement.Statement {
			return grantTo(c, func(g *statement.Grant) { edit(c, g) })
		}
	}
	checkRefusals(t, []refusal{
		{"of another community", reason.StatementAudience, grant(func(c *invitestest.Community, g *statement.Grant) {
			g.Community = other(c)
		})},
		{"by the founder", reason.StatementAuthority, func(c *invitestest.Community) statement.Statement {
			return c.Sign(&statement.Grant{
				Community: c.ID(), IssuedAt: c.Now, Member: c.ID(), Slots: 3, Why: statement.WhyHosting,
			}, c.Founder)
		}},
		{"to a stranger", reason.MemberUnknown, grant(func(c *invitestest.Community, g *statement.Grant) {
			g.Member = other(c)
		})},
		{"a second on admission", reason.StatementDuplicate, grant(func(_ *invitestest.Community, g *statement.Grant) {
			g.Why, g.Slots, g.IssuedAt = statement.WhyAdmission, 1, g.IssuedAt+1
		})},
		{"above the rules", reason.StatementAuthority, grant(func(_ *invitestest.Community, g *statement.Grant) {
			g.Slots = 4
		})},
		{"a second in a period", reason.StatementDuplicate, func(c *invitestest.Community) statement.Statement {
			c.Log(grantTo(c, func(g *statement.Grant) { g.Slots = 1 }))
			return grantTo(c, func(g *statement.Grant) { g.Slots = 2 })
		}},
		{"above the rules together", reason.StatementAuthority, func(c *invitestest.Community) statement.Statement {
			c.Log(grantTo(c, func(g *statement.Grant) { g.Slots = 2 }))
			return grantTo(c, func(g *statement.Grant) { g.Why, g.Slots = statement.WhySpeaking, 2 })
		}},
		{"for a period to come", reason.StatementAuthority, grant(func(_ *invitestest.Community, g *statement.Grant) {
			g.Period = 1
		})},
		{"from before the admit", reason.StatementAuthority, func(c *invitestest.Community) statement.Statement {
			c.Now += day
			c.Admit(c.Founder, c.Person("ann"))
			return grantTo(c, func(g *statement.Grant) { g.Member, g.IssuedAt = c.Person("ann").Public(), g.IssuedAt-1000 })
		}},
	})
}

func TestGrantAdmissionAboveTheRulesIsVoid(t *testing.T) {
	c := founded(t)
	ann := c.Person("ann")
	invite, key := c.Invite(c.Founder)
	join := c.Join(invite, key, ann)
	c.Log(join, c.Accept(join))
	refused(t, c, grantTo(c, func(g *statement.Grant) {
		g.Member, g.Why, g.Slots = ann.Public(), statement.WhyAdmission, 3
	}), reason.StatementAuthority)
	if free := c.State.FreeSlots(ann.Public(), c.Now); len(free) != 0 {
		t.Errorf("a void grant gave %v", free)
	}
}

func TestInviteRefused(t *testing.T) {
	invite := func(edit func(c *invitestest.Community, i *statement.Invite)) func(*invitestest.Community) statement.Statement {
		return func(c *invitestest.Community) statement.Statement {
			return inviteBy(c, c.Founder, func(i *statement.Invite) { edit(c, i) })
		}
	}
	checkRefusals(t, []refusal{
		{"of another community", reason.StatementAudience, invite(func(c *invitestest.Community, i *statement.Invite) {
			i.Community = other(c)
		})},
		{"by a stranger", reason.MemberUnknown, func(c *invitestest.Community) statement.Statement {
			slot := c.State.FreeSlots(c.ID(), c.Now)[0]
			return inviteBy(c, c.Person("stranger"), func(i *statement.Invite) { i.Grant, i.Slot = slot.Grant, slot.Slot })
		}},
		{"twice the same", reason.StatementDuplicate, func(c *invitestest.Community) statement.Statement {
			s, _ := c.Invite(c.Founder)
			return s
		}},
		{"on no grant", reason.InviteNone, invite(func(_ *invitestest.Community, i *statement.Invite) {
			i.Grant = statement.ID{1}
		})},
		{"on somebody else's grant", reason.InviteNone, func(c *invitestest.Community) statement.Statement {
			c.Admit(c.Founder, c.Person("ann"))
			slot := c.State.FreeSlots(c.ID(), c.Now)[0]
			return inviteBy(c, c.Person("ann"), func(i *statement.Invite) { i.Grant, i.Slot = slot.Grant, slot.Slot })
		}},
		{"on a slot past the grant", reason.InviteNone, invite(func(_ *invitestest.Community, i *statement.Invite) {
			i.Slot = 2
		})},
		{"on a slot that is taken", reason.InviteNone, func(c *invitestest.Community) statement.Statement {
			slot := c.State.FreeSlots(c.ID(), c.Now)[0]
			c.Invite(c.Founder)
			return inviteBy(c, c.Founder, func(i *statement.Invite) { i.Slot = slot.Slot })
		}},
		{"on a slot that is used, long after", reason.InviteNone, func(c *invitestest.Community) statement.Statement {
			slot := c.State.FreeSlots(c.ID(), c.Now)[0]
			c.Admit(c.Founder, c.Person("ann"))
			c.Now += 100 * day
			return inviteBy(c, c.Founder, func(i *statement.Invite) { i.Slot = slot.Slot })
		}},
		{"in the second another expires", reason.InviteNone, func(c *invitestest.Community) statement.Statement {
			slot := c.State.FreeSlots(c.ID(), c.Now)[0]
			c.Invite(c.Founder)
			c.Now += c.Rules.InviteLife
			return inviteBy(c, c.Founder, func(i *statement.Invite) { i.Slot = slot.Slot })
		}},
		{"from before its grant", reason.StatementAuthority, invite(func(_ *invitestest.Community, i *statement.Invite) {
			i.IssuedAt -= statement.Slack + 1
		})},
		{"for longer than the rules allow", reason.StatementAuthority, invite(func(c *invitestest.Community, i *statement.Invite) {
			i.Expires = i.IssuedAt + c.Rules.InviteLife + 1
		})},
	})
}

func TestRevokeInviteRefused(t *testing.T) {
	checkRefusals(t, []refusal{
		{"of another community", reason.StatementAudience, func(c *invitestest.Community) statement.Statement {
			s, _ := c.Invite(c.Founder)
			return c.Sign(&statement.Revoke{Community: other(c), IssuedAt: c.Now, Statement: s.ID()}, c.Founder)
		}},
		{"unknown", reason.InviteUnknown, func(c *invitestest.Community) statement.Statement {
			return revokeOf(c, statement.ID{1}, c.Founder)
		}},
		{"by a stranger", reason.StatementAuthority, func(c *invitestest.Community) statement.Statement {
			s, _ := c.Invite(c.Founder)
			return revokeOf(c, s.ID(), c.Person("stranger"))
		}},
		{"by another member", reason.StatementAuthority, func(c *invitestest.Community) statement.Statement {
			c.Admit(c.Founder, c.Person("ann"))
			s, _ := c.Invite(c.Founder)
			return revokeOf(c, s.ID(), c.Person("ann"))
		}},
		{"by the node", reason.StatementAuthority, func(c *invitestest.Community) statement.Statement {
			s, _ := c.Invite(c.Founder)
			return revokeOf(c, s.ID(), c.Node)
		}},
		{"of a used one", reason.InviteUsed, func(c *invitestest.Community) statement.Statement {
			c.Admit(c.Founder, c.Person("ann"))
			return revokeOf(c, c.State.InvitesBy(c.ID())[0].ID, c.Founder)
		}},
		{"twice", reason.InviteRevoked, func(c *invitestest.Community) statement.Statement {
			s, _ := c.Invite(c.Founder)
			c.Log(revokeOf(c, s.ID(), c.Founder))
			c.Now++
			return revokeOf(c, s.ID(), c.Founder)
		}},
		{"with a prefix", reason.StatementPayload, func(c *invitestest.Community) statement.Statement {
			s, _ := c.Invite(c.Founder)
			return c.Sign(&statement.Revoke{
				Community: c.ID(), IssuedAt: c.Now, Statement: s.ID(), Upto: []statement.LogPrefix{{Log: c.Node.Public()}},
			}, c.Founder)
		}},
	})
}

// TestOfActsOnlyRemovalsAreLogged holds that they change nothing in the fold: members are none the less for it.
func TestOfActsOnlyRemovalsAreLogged(t *testing.T) {
	c := founded(t)
	act := func(do string) statement.Statement {
		return c.Sign(&statement.Act{
			Room: statement.ID{1}, IssuedAt: c.Now, Nonce: "0123456789abcdef", Number: 1, Do: do, Target: c.Person("Ana").Public(),
		}, c.Founder)
	}
	for _, do := range []string{"remove", "lift_removal"} {
		after, err := c.State.Apply(c.Entry(act(do)))
		if err != nil || after.Count() != c.State.Count() {
			t.Errorf("%s: %v", do, err)
		}
	}
	for _, do := range []string{"mute", "removed", "_"} {
		refused(t, c, act(do), reason.StatementKind)
	}
}

func TestCreateAndEndRefused(t *testing.T) {
	create := func(c *invitestest.Community, by identity.PrivateKey, edit func(*statement.Create)) statement.Statement {
		b := &statement.Create{
			Community: c.ID(), IssuedAt: c.Now, JTI: "0123456789abcdef", Node: c.Node.Public(),
			Language: "en", Entry: statement.RoomMembers, Topics: []string{"general"},
		}
		edit(b)
		return c.Sign(b, by)
	}
	nothing := func(*statement.Create) {}
	checkRefusals(t, []refusal{
		{"a room of another community", reason.StatementAudience, func(c *invitestest.Community) statement.Statement {
			return create(c, c.Founder, func(b *statement.Create) { b.Community = other(c) })
		}},
		{"a room by a stranger", reason.MemberUnknown, func(c *invitestest.Community) statement.Statement {
			return create(c, c.Person("stranger"), nothing)
		}},
		{"a room on a stranger's node", reason.StatementAuthority, func(c *invitestest.Community) statement.Statement {
			return create(c, c.Founder, func(b *statement.Create) { b.Node = other(c) })
		}},
		{"an end by a member", reason.StatementAuthority, func(c *invitestest.Community) statement.Statement {
			room := create(c, c.Founder, nothing)
			c.Log(room)
			return c.Sign(&statement.End{Room: room.ID(), IssuedAt: c.Now}, c.Founder)
		}},
	})

	c := founded(t)
	room := create(c, c.Founder, nothing)
	c.Log(room, c.Sign(&statement.End{Room: room.ID(), IssuedAt: c.Now}, c.Node))
}
