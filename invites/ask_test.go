package invites_test

import (
	"bytes"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/invites"
	"github.com/stoa-rooms/stoa/invites/invitestest"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// asking is a community in which strangers may ask.
func asking(t invitestest.TB) *invitestest.Community {
	c := founded(t)
	c.Change(func(r *statement.Rules) { r.Entry = statement.EntryAsk })
	return c
}

// open is a community that everybody may join.
func open(t invitestest.TB) *invitestest.Community {
	c := founded(t)
	c.Change(func(r *statement.Rules) { r.Entry = statement.EntryOpen })
	return c
}

func TestAskAndBeApproved(t *testing.T) {
	c := asking(t)
	eve := c.Person("eve")
	join := c.Ask(eve)
	if err := c.State.CheckAsk(join); err != nil {
		t.Fatal(err)
	}
	if got := reason.Of(c.State.CheckJoin(join, c.Now)); got != reason.EntryAsk {
		t.Errorf("admitted without an answer: %q", got)
	}
	approve := c.Approve(join)
	admit := c.Let(join, approve)
	c.Log(join, approve)
	index := c.Tree().Size
	c.Log(admit, c.Grant(eve.Public()))
	m, ok := c.State.Member(eve.Public())
	want := invites.Member{
		Key: eve.Public(), Way: statement.EntryAsk, Sponsor: c.ID(), Approve: approve.ID(), Join: join.ID(), Admit: admit.ID(),
		Admitted: c.Now, Order: 1, Index: index,
	}
	if diff := cmp.Diff(want, m); !ok || diff != "" {
		t.Error(diff)
	}
	if n := len(c.State.FreeSlots(eve.Public(), c.Now)); n != 2 {
		t.Errorf("%d slots on admission", n)
	}
	c.Admit(eve, c.Person("fay"))
	if line := c.State.Lineage(c.Person("fay").Public()); len(line) != 3 || line[1] != eve.Public() {
		t.Errorf("the lineage of fay is %v", line)
	}
}

func TestTheOpenDoor(t *testing.T) {
	c := open(t)
	eve := c.Person("eve")
	join := c.Ask(eve)
	if err := c.State.CheckJoin(join, c.Now); err != nil {
		t.Fatal(err)
	}
	c.Log(join, c.Let(join, statement.Statement{}))
	m, _ := c.State.Member(eve.Public())
	if m.Way != statement.EntryOpen || m.Sponsor != c.ID() {
		t.Errorf("%+v", m)
	}
	refused(t, c, c.Grant(eve.Public()), reason.StatementAuthority)
	c.Log(c.Sign(&statement.Grant{
		Community: c.ID(), IssuedAt: c.Now, Member: eve.Public(), Slots: 3, Why: statement.WhySpeaking,
	}, c.Node))
	c.Admit(eve, c.Person("fay"))
	c.Change(func(r *statement.Rules) { r.Entry = statement.EntryInvite })
	if _, still := c.State.Member(eve.Public()); !still || c.State.Count() != 3 {
		t.Error("members do not stay members when the door is closed")
	}
}

// What the fold refuses of who asks and who answers. Each statement is also void in a merge of the whole log with it.
func TestUninvitedRefused(t *testing.T) {
	approveBy := func(by string, edit func(c *invitestest.Community, b *statement.Approve)) func(*invitestest.Community) statement.Statement {
		return func(c *invitestest.Community) statement.Statement {
			c.Change(func(r *statement.Rules) { r.Entry = statement.EntryAsk })
			join := c.Ask(c.Person("eve"))
			c.Log(join)
			b := *c.Approve(join).Body().(*statement.Approve)
			edit(c, &b)
			return c.Sign(&b, c.Person(by))
		}
	}
	same := func(*invitestest.Community, *statement.Approve) {}
	in := func(entry statement.Entry) func(c *invitestest.Community) {
		return func(c *invitestest.Community) { c.Change(func(r *statement.Rules) { r.Entry = entry }) }
	}
	for _, r := range []refusal{
		{"an approval by a member", reason.StatementAuthority, approveBy("eve", same)},
		{"an approval by a node", reason.StatementAuthority, approveBy("node", same)},
		{"an approval for another community", reason.StatementAudience, approveBy("founder", func(c *invitestest.Community, b *statement.Approve) {
			b.Community = other(c)
		})},
		{"an approval of another than who asked", reason.StatementAuthority, approveBy("founder", func(c *invitestest.Community, b *statement.Approve) {
			b.Member = c.Person("fay").Public()
		})},
		{"an approval before the join", reason.AskUnknown, approveBy("founder", func(c *invitestest.Community, b *statement.Approve) {
			b.Join = c.Ask(c.Person("fay")).ID()
		})},
		{"an approval of who has an invite", reason.StatementAuthority, func(c *invitestest.Community) statement.Statement {
			join := honest(c).join(c)
			c.Log(join)
			return c.Approve(join)
		}},
		{"one approval twice", reason.StatementDuplicate, func(c *invitestest.Community) statement.Statement {
			in(statement.EntryAsk)(c)
			join := c.Ask(c.Person("eve"))
			c.Log(join, c.Approve(join))
			return c.Approve(join)
		}},
		{"an admit by the approval of another join", reason.StatementAuthority, func(c *invitestest.Community) statement.Statement {
			in(statement.EntryAsk)(c)
			eve, fay := c.Ask(c.Person("eve")), c.Ask(c.Person("fay"))
			approve := c.Approve(eve)
			c.Log(eve, fay, approve)
			return c.Let(fay, approve)
		}},
		{"an admit by an approval that is not in the log", reason.StatementAuthority, func(c *invitestest.Community) statement.Statement {
			in(statement.EntryAsk)(c)
			eve := c.Ask(c.Person("eve"))
			c.Log(eve)
			return c.Let(eve, c.Approve(eve))
		}},
		{"an admit by the open door where it is closed", reason.EntryClosed, func(c *invitestest.Community) statement.Statement {
			in(statement.EntryAsk)(c)
			eve := c.Ask(c.Person("eve"))
			c.Log(eve)
			return c.Let(eve, statement.Statement{})
		}},
		{"an admit by the open door that was closed meanwhile", reason.EntryClosed, func(c *invitestest.Community) statement.Statement {
			in(statement.EntryOpen)(c)
			eve := c.Ask(c.Person("eve"))
			c.Log(eve)
			in(statement.EntryInvite)(c)
			return c.Let(eve, statement.Statement{})
		}},
		{"an admit by an approval where nobody is asked any more", reason.EntryClosed, func(c *invitestest.Community) statement.Statement {
			in(statement.EntryAsk)(c)
			eve := c.Ask(c.Person("eve"))
			approve := c.Approve(eve)
			c.Log(eve, approve)
			in(statement.EntryInvite)(c)
			return c.Let(eve, approve)
		}},
		{"an admit by the way of an invite without one", reason.StatementAuthority, func(c *invitestest.Community) statement.Statement {
			in(statement.EntryOpen)(c)
			eve := c.Ask(c.Person("eve"))
			c.Log(eve)
			return c.Accept(eve)
		}},
	} {
		t.Run(r.name, func(t *testing.T) {
			c := founded(t)
			s := r.make(c)
			refused(t, c, s, r.want)
			void := 0
			after := invites.Replay(c.ID(), slices.Values(append(slices.Clip(c.Entries()), c.Entry(s))), func(invites.Entry, error) { void++ })
			if void != 1 || !bytes.Equal(after.Encode(), c.State.Encode()) {
				t.Errorf("in a replay %d entries are void", void)
			}
		})
	}
	for _, r := range []refusal{
		{"asking where there are only invites", reason.EntryClosed, func(c *invitestest.Community) statement.Statement {
			return c.Ask(c.Person("eve"))
		}},
		{"a member who asks", reason.MemberAlready, func(c *invitestest.Community) statement.Statement {
			in(statement.EntryAsk)(c)
			return c.Ask(c.Founder)
		}},
		{"asking another community", reason.InviteCommunity, func(c *invitestest.Community) statement.Statement {
			in(statement.EntryAsk)(c)
			return c.Sign(&statement.Join{Community: other(c), IssuedAt: c.Now}, c.Person("eve"))
		}},
	} {
		t.Run(r.name, func(t *testing.T) {
			c := founded(t)
			s := r.make(c)
			refused(t, c, s, r.want)
			if got := reason.Of(c.State.CheckAsk(s)); got != r.want {
				t.Errorf("CheckAsk refuses for %q, want %q", got, r.want)
			}
		})
	}
}

// The chain of whoever came in without an invite verifies offline, and no other does.
func TestExportOfTheUninvited(t *testing.T) {
	c := asking(t)
	eve, fay := c.Person("eve"), c.Person("fay")
	join := c.Ask(eve)
	approve := c.Approve(join)
	c.Log(join, approve, c.Let(join, approve), c.Grant(eve.Public()))
	c.Change(func(r *statement.Rules) { r.Entry = statement.EntryOpen })
	through := c.Ask(fay)
	c.Log(through, c.Let(through, statement.Statement{}))
	c.Change(func(r *statement.Rules) { r.Entry = statement.EntryInvite })
	c.Admit(eve, c.Person("gil"))
	for _, key := range []identity.PublicKey{eve.Public(), fay.Public(), c.Person("gil").Public(), {}} {
		r, err := invites.VerifyExport(encoded(t, c.Export(key)))
		if err != nil || !slices.Equal(r.Lineage, c.State.Lineage(key)) {
			t.Errorf("%v: %v", r.Lineage, err)
		}
	}
	for name, leaveOut := range map[string]statement.ID{"approve": approve.ID(), "join": join.ID()} {
		x := c.Export(eve.Public())
		x.Statements = slices.DeleteFunc(x.Statements, func(e invites.ExportedEntry) bool {
			s, err := statement.Parse(e.Statement)
			return err == nil && s.ID() == leaveOut
		})
		if _, err := invites.VerifyExport(encoded(t, x)); err == nil {
			t.Errorf("verified without the %s", name)
		}
	}
	// Of a log whose node lets in whom it likes: by the approval of its own, and through a door that is closed.
	for name, forge := range map[string]func(c *invitestest.Community, join statement.Statement) []statement.Statement{
		"an approval by the node": func(c *invitestest.Community, join statement.Statement) []statement.Statement {
			by := c.Sign(c.Approve(join).Body(), c.Node)
			return []statement.Statement{join, by, c.Let(join, by)}
		},
		"a closed door": func(c *invitestest.Community, join statement.Statement) []statement.Statement {
			return []statement.Statement{join, c.Let(join, statement.Statement{})}
		},
	} {
		c := asking(t)
		x := c.Forged(forge(c, c.Ask(eve))...)
		x.Member = eve.Public()
		if _, err := invites.VerifyExport(encoded(t, x)); reason.Of(err) != reason.StatementAuthority && reason.Of(err) != reason.EntryClosed {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Two nodes that cannot reach each other: what each may do goes by its own log, and the union is one.
func TestAskAtTwoNodes(t *testing.T) {
	a := asking(t)
	b := a.Sibling("second", 2)
	eve, fay := a.Person("eve"), a.Person("fay")
	join := a.Ask(eve)
	first, second := a.Approve(join), b.Sign(&statement.Approve{
		Community: a.ID(), IssuedAt: a.Now + 1, Member: eve.Public(), Join: join.ID(),
	}, a.Founder)
	a.Log(join, first, a.Let(join, first))
	b.Log(join, second, b.Let(join, second))
	open := b.Ask(fay) // the founder opens the door at b, which a has not heard of
	rules := b.Rules
	rules.Order, rules.Entry = 3, statement.EntryOpen
	b.Log(b.Sign(&rules, b.Founder), open, b.Let(open, statement.Statement{}))
	heal(t, a, b)
	for _, c := range []*invitestest.Community{a, b} {
		if m, ok := c.State.Member(eve.Public()); !ok || m.Approve != first.ID() || m.Order != 1 {
			t.Errorf("eve came in by %+v", m)
		}
		if m, ok := c.State.Member(fay.Public()); !ok || m.Way != statement.EntryOpen {
			t.Errorf("fay came in by %+v", m)
		}
	}
	// Now a knows the rules; its own log does not hold them until it puts them there.
	id, missing := a.State.RulesMissing(a.Node.Public())
	if !missing || id.IsZero() {
		t.Fatal("a does not miss the rules")
	}
	if _, missing := b.State.RulesMissing(b.Node.Public()); missing {
		t.Error("b misses its own rules")
	}
	copied := a.Sign(&rules, a.Founder)
	a.Log(copied)
	refused(t, a, copied, reason.StatementDuplicate)
	if _, missing := a.State.RulesMissing(a.Node.Public()); missing {
		t.Error("a misses rules that it holds")
	}
	heal(t, a, b)
	gil := a.Ask(a.Person("gil"))
	approve := a.Approve(gil)
	a.Log(gil, approve)
	refused(t, a, a.Let(gil, approve), reason.EntryClosed)
}

// A snapshot of the layout before, as an earlier version left it, is read, and says the same.
func TestSnapshotOfLayout2(t *testing.T) {
	data, err := os.ReadFile("testdata/fold2")
	if err != nil {
		t.Fatal(err)
	}
	old, err := invites.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if old.Count() < 4 {
		t.Errorf("%d members", old.Count())
	}
	walk(old)
	for m := range old.Members() {
		if !m.Founder && (m.Way != statement.EntryInvite || m.Invite.IsZero()) {
			t.Errorf("%+v", m)
		}
	}
	again, err := invites.Decode(old.Encode())
	if err != nil || !bytes.Equal(again.Encode(), old.Encode()) {
		t.Errorf("written anew it does not say the same: %v", err)
	}
	for n := range data {
		if _, err := invites.Decode(data[:n]); err == nil {
			t.Fatalf("cut to %d bytes it is read", n)
		}
	}
}

// TestRulesCopiedAfterwards: a node goes by rules that it has heard of, and puts them into its own log only then. The
// chain of whoever it let in meanwhile proves them.
func TestRulesCopiedAfterwards(t *testing.T) {
	a, b := twoNodes(t)
	b.Change(func(r *statement.Rules) { r.Entry = statement.EntryOpen })
	a.Hear(b)
	fay := a.Person("fay")
	join := a.Ask(fay)
	a.Log(join, a.Let(join, statement.Statement{}))
	rules := b.Rules
	a.Log(a.Sign(&rules, a.Founder))
	heal(t, a, b)
	if m, ok := a.State.Member(fay.Public()); !ok || m.Way != statement.EntryOpen {
		t.Fatalf("fay came in by %+v", m)
	}
	exported(t, a)
	exported(t, b)
}
