package invites_test

import (
	"testing"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/invites/invitestest"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// attempt is a join that may be wrong in any way.
type attempt struct {
	community, redeemFor identity.PublicKey
	invite               statement.ID
	key                  identity.PrivateKey // that signs the redeem
	names                identity.PublicKey  // the member in the redeem
	member               identity.PrivateKey // that signs the join
}

func (a attempt) join(c *invitestest.Community) statement.Statement {
	redeem := c.Sign(&statement.Redeem{Community: a.redeemFor, Invite: a.invite, Member: a.names}, a.key)
	return c.Sign(&statement.Join{Community: a.community, IssuedAt: c.Now, Redeem: redeem.Text()}, a.member)
}

// honest is bob's join by a fresh invite of the founder.
func honest(c *invitestest.Community) attempt {
	invite, key := c.Invite(c.Founder)
	bob := c.Person("bob")
	return attempt{c.ID(), c.ID(), invite.ID(), key, bob.Public(), bob}
}

// revoked is an attempt by an invite that was taken back.
func revoked(c *invitestest.Community) attempt {
	a := honest(c)
	c.Log(revokeOf(c, a.invite, c.Founder))
	return a
}

// used is bob's attempt by an invite that ann came in by.
func used(c *invitestest.Community) attempt {
	a := honest(c)
	ann := a
	ann.member, ann.names = c.Person("ann"), c.Person("ann").Public()
	join := ann.join(c)
	c.Log(join, c.Accept(join))
	return a
}

func joinRefusals() []struct {
	name string
	want reason.Reason
	make func(c *invitestest.Community) attempt
} {
	late := func(c *invitestest.Community, a attempt) attempt {
		c.Now += c.Rules.InviteLife + statement.Slack + 1
		return a
	}
	return []struct {
		name string
		want reason.Reason
		make func(c *invitestest.Community) attempt
	}{
		{"expired", reason.InviteExpired, func(c *invitestest.Community) attempt { return late(c, honest(c)) }},
		{"revoked", reason.InviteRevoked, revoked},
		{"used", reason.InviteUsed, used},
		{"unknown", reason.InviteUnknown, func(c *invitestest.Community) attempt {
			a := honest(c)
			a.invite[0] ^= 1
			return a
		}},
		{"forged", reason.InviteForged, func(c *invitestest.Community) attempt {
			a := honest(c)
			a.key = c.Person("thief")
			return a
		}},
		{"forged by the member who joins", reason.InviteForged, func(c *invitestest.Community) attempt {
			a := honest(c)
			a.key = a.member
			return a
		}},
		{"re-bound", reason.InviteRebound, func(c *invitestest.Community) attempt {
			a := honest(c)
			a.member = c.Person("thief")
			return a
		}},
		{"a join for another community", reason.InviteCommunity, func(c *invitestest.Community) attempt {
			a := honest(c)
			a.community = other(c)
			return a
		}},
		{"a redeem for another community", reason.InviteCommunity, func(c *invitestest.Community) attempt {
			a := honest(c)
			a.redeemFor = other(c)
			return a
		}},
		{"an invite of another community", reason.InviteCommunity, func(c *invitestest.Community) attempt {
			a := honest(c)
			a.community, a.redeemFor, a.invite = other(c), other(c), statement.ID{7}
			return a
		}},
		{"the founder's own", reason.MemberAlready, func(c *invitestest.Community) attempt {
			a := honest(c)
			a.member, a.names = c.Founder, c.ID()
			return a
		}},
		{"by a member", reason.MemberAlready, func(c *invitestest.Community) attempt {
			c.Admit(c.Founder, c.Person("bob"))
			return honest(c)
		}},
		{"expired, its slot spent again within the slack", reason.InviteExpired, func(c *invitestest.Community) attempt {
			a := honest(c)
			v, _ := c.State.Invite(a.invite)
			c.Now = v.Expires + 1
			c.Log(inviteBy(c, c.Founder, func(i *statement.Invite) { i.Grant, i.Slot = v.Grant, v.Slot }))
			return a
		}},
		// Of several reasons the first of the documented order is given.
		{"community before forged", reason.InviteCommunity, func(c *invitestest.Community) attempt {
			a := honest(c)
			a.community, a.key = other(c), c.Person("thief")
			return a
		}},
		{"unknown before re-bound", reason.InviteUnknown, func(c *invitestest.Community) attempt {
			a := honest(c)
			a.invite, a.member = statement.ID{1}, c.Person("thief")
			return a
		}},
		{"forged before re-bound", reason.InviteForged, func(c *invitestest.Community) attempt {
			a := honest(c)
			a.key, a.member = c.Person("thief"), c.Person("thief")
			return a
		}},
		{"re-bound before used", reason.InviteRebound, func(c *invitestest.Community) attempt {
			a := used(c)
			a.member = c.Person("thief")
			return a
		}},
		{"already before used", reason.MemberAlready, func(c *invitestest.Community) attempt {
			a := used(c)
			a.member, a.names = c.Person("ann"), c.Person("ann").Public()
			return a
		}},
		{"used before expired", reason.InviteUsed, func(c *invitestest.Community) attempt { return late(c, used(c)) }},
		{"revoked before expired", reason.InviteRevoked, func(c *invitestest.Community) attempt { return late(c, revoked(c)) }},
	}
}

func TestJoinRefused(t *testing.T) {
	for _, r := range joinRefusals() {
		t.Run(r.name, func(t *testing.T) {
			c := founded(t)
			join := r.make(c).join(c)
			refused(t, c, join, r.want)
			if got := reason.Of(c.State.CheckJoin(join, c.Now)); got != r.want {
				t.Errorf("CheckJoin refuses for %q, want %q", got, r.want)
			}
		})
	}
}

func TestCheckJoinAgreesWithTheAdmit(t *testing.T) {
	c := founded(t)
	a := honest(c)
	join := a.join(c)
	v, _ := c.State.Invite(a.invite)
	c.Log(join)
	for _, at := range []int64{c.Now, v.Expires, v.Expires + statement.Slack, v.Expires + statement.Slack + 1, v.Expires + 9999} {
		c.Now = at
		_, admitted := c.State.Apply(c.Entry(c.Accept(join)))
		if got, want := reason.Of(c.State.CheckJoin(join, at)), reason.Of(admitted); got != want {
			t.Errorf("at %d: CheckJoin says %q, the admit %q", at, got, want)
		}
		if late := at > v.Expires+statement.Slack; late != (reason.Of(admitted) == reason.InviteExpired) {
			t.Errorf("at %d: %v", at, admitted)
		}
	}
	if got := reason.Of(c.State.CheckJoin(c.Grant(c.ID()), c.Now)); got != reason.StatementKind {
		t.Errorf("a grant for a join: %q", got)
	}
}

// A client's clock may run ahead of the node's: the join's own time counts too, as it will when the join is folded.
func TestCheckJoinLooksAtTheJoinsTime(t *testing.T) {
	c := founded(t)
	a := honest(c)
	v, _ := c.State.Invite(a.invite)
	c.Now = v.Expires + statement.Slack + 1
	if got := reason.Of(c.State.CheckJoin(a.join(c), v.Expires)); got != reason.InviteExpired {
		t.Errorf("refused for %q", got)
	}
}

func TestJoinTwiceIsRefused(t *testing.T) {
	c := founded(t)
	join := honest(c).join(c)
	c.Log(join)
	refused(t, c, join, reason.StatementDuplicate)
}

func TestAdmitRefused(t *testing.T) {
	// Each is bob's admit by an honest join, changed by edit.
	admit := func(edit func(c *invitestest.Community, a *statement.Admit)) func(*invitestest.Community) statement.Statement {
		return func(c *invitestest.Community) statement.Statement {
			join := honest(c).join(c)
			c.Log(join)
			b := &statement.Admit{
				Community: c.ID(), IssuedAt: c.Now, Member: join.Signer(), Join: join.ID(), Way: statement.EntryInvite,
			}
			edit(c, b)
			return c.Sign(b, c.Node)
		}
	}
	checkRefusals(t, []refusal{
		{"of another community", reason.StatementAudience, admit(func(c *invitestest.Community, a *statement.Admit) {
			a.Community = other(c)
		})},
		{"by the founder", reason.StatementAuthority, func(c *invitestest.Community) statement.Statement {
			join := honest(c).join(c)
			c.Log(join)
			return c.Sign(c.Accept(join).Body(), c.Founder)
		}},
		{"without a join", reason.StatementAuthority, func(c *invitestest.Community) statement.Statement {
			return c.Accept(honest(c).join(c))
		}},
		{"of another than who joined", reason.InviteRebound, admit(func(c *invitestest.Community, a *statement.Admit) {
			a.Member = c.Person("thief").Public()
		})},
		{"of a member", reason.MemberAlready, admit(func(c *invitestest.Community, a *statement.Admit) { a.Member = c.ID() })},
		{"by asking", reason.StatementAuthority, admit(func(c *invitestest.Community, a *statement.Admit) {
			a.Way, a.Approve = statement.EntryAsk, c.Entries()[0].Statement.ID()
		})},
		{"by the open door", reason.StatementAuthority, admit(func(_ *invitestest.Community, a *statement.Admit) {
			a.Way = statement.EntryOpen
		})},
		{"when the invite is long expired", reason.InviteExpired, admit(func(c *invitestest.Community, a *statement.Admit) {
			a.IssuedAt += c.Rules.InviteLife + statement.Slack + 1
		})},
		{"when the invite was revoked meanwhile", reason.InviteRevoked, admit(func(c *invitestest.Community, _ *statement.Admit) {
			c.Log(revokeOf(c, c.State.InvitesBy(c.ID())[0].ID, c.Founder))
		})},
		{"a second time", reason.MemberAlready, func(c *invitestest.Community) statement.Statement {
			join := honest(c).join(c)
			c.Log(join, c.Accept(join))
			c.Now++
			return c.Accept(join)
		}},
		{"of the second who joined by one invite", reason.InviteUsed, func(c *invitestest.Community) statement.Statement {
			a := honest(c)
			first := a.join(c)
			a.member, a.names = c.Person("ann"), c.Person("ann").Public()
			second := a.join(c)
			c.Log(first, second, c.Accept(first))
			return c.Accept(second)
		}},
	})
}
