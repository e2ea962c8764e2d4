package invites_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/invites"
	"github.com/stoa-rooms/stoa/invites/invitestest"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// merged folds the logs and expects that nothing in them is void.
func merged(t invitestest.TB, c *invitestest.Community, logs []invites.Log) invites.State {
	t.Helper()
	return invites.Merge(c.ID(), logs, func(e invites.Entry, err error) {
		t.Fatalf("leaf %d of the log of %s, a %s, is void: %v", e.Index, e.Log, e.Statement.Kind(), err)
	})
}

// twoNodes is a founded community with a second node, each knowing all. The first has the lower order.
func twoNodes(t invitestest.TB) (a, b *invitestest.Community) {
	t.Helper()
	a = founded(t)
	b = a.Sibling("second", 2)
	return a, b
}

// heal lets nodes tell one another all, and expects that they agree.
func heal(t invitestest.TB, nodes ...*invitestest.Community) {
	t.Helper()
	for _, n := range nodes {
		n.Hear(nodes...)
	}
	for _, n := range nodes[1:] {
		if !bytes.Equal(n.State.Encode(), nodes[0].State.Encode()) {
			t.Fatalf("the nodes do not agree")
		}
	}
}

func redeem(t invitestest.TB, c *invitestest.Community, invite statement.Statement, key identity.PrivateKey, name string) {
	t.Helper()
	if err := c.Redeem(invite, key, c.Person(name)); err != nil {
		t.Fatalf("%s is not admitted: %v", name, err)
	}
}

func isMember(c *invitestest.Community, name string) bool {
	_, ok := c.State.Member(c.Person(name).Public())
	return ok
}

func sponsor(c *invitestest.Community, name string) string {
	m, ok := c.State.Member(c.Person(name).Public())
	if !ok {
		return "none"
	}
	for _, n := range []string{"founder", "ann", "bob", "cy", "dee", "eve"} {
		if c.Person(n).Public() == m.Sponsor {
			return n
		}
	}
	return m.Sponsor.String()
}

// exported expects the chain of every member to verify offline, with the lineage that the State gives.
func exported(t invitestest.TB, c *invitestest.Community) {
	t.Helper()
	for m := range c.State.Members() {
		data, err := c.Export(m.Key).Encode()
		if err != nil {
			t.Fatalf("export: %v", err)
		}
		r, err := invites.VerifyExport(data)
		if err != nil || !slices.Equal(r.Lineage, c.State.Lineage(m.Key)) {
			t.Fatalf("the chain of %s: %v, %v, want %v", m.Key, r.Lineage, err, c.State.Lineage(m.Key))
		}
	}
}

func TestMergeOfOneLogIsItsFold(t *testing.T) {
	c := grown(t)
	c.Log(revokeNode(c, firstDelegate(c), c.Tree().Size))
	if !bytes.Equal(merged(t, c, c.Logs()).Encode(), c.State.Encode()) {
		t.Error("another State")
	}
}

func TestMembersOfTwoNodes(t *testing.T) {
	a, b := twoNodes(t)
	a.Admit(a.Founder, a.Person("ann"))
	b.Admit(b.Founder, b.Person("bob")) // on the same slot: neither knows the other's invite
	if !isMember(b, "bob") {
		t.Fatal("bob is no member at his own node")
	}
	heal(t, a, b)
	b.Admit(b.Founder, b.Person("cy"))
	a.Hear(b)
	a.Admit(a.Person("cy"), a.Person("dee"))
	heal(t, a, b)
	for name, want := range map[string]string{"ann": "founder", "bob": "none", "cy": "founder", "dee": "cy"} {
		if got := sponsor(a, name); got != want {
			t.Errorf("the sponsor of %s is %s, want %s", name, got, want)
		}
	}
	if m, _ := a.State.Member(a.Person("cy").Public()); m.Order != 2 {
		t.Errorf("cy was admitted by %+v", m)
	}
	merged(t, a, a.Logs())
	exported(t, a)
}

// TestDoubleRedeem: one invite is used at two nodes that cannot reach each other.
func TestDoubleRedeem(t *testing.T) {
	a, b := twoNodes(t)
	invite, key := a.Invite(a.Founder)
	b.Hear(a)
	redeem(t, b, invite, key, "bob") // first in time
	redeem(t, a, invite, key, "ann")
	b.Admit(b.Person("bob"), b.Person("cy")) // before the second node knows
	pending, pendingKey := b.Invite(b.Person("bob"))
	heal(t, a, b)

	if !isMember(a, "ann") || isMember(a, "bob") {
		t.Fatal("the lower order does not win")
	}
	bob := b.Person("bob")
	if winner, lost := b.State.Displaced(bob.Public()); !lost || winner != a.Person("ann").Public() {
		t.Errorf("bob is displaced: %t, by %s", lost, winner)
	}
	if _, lost := b.State.Displaced(a.Person("ann").Public()); lost {
		t.Error("ann is displaced")
	}
	if got := sponsor(b, "cy"); got != "founder" {
		t.Errorf("cy's sponsor is %s", got)
	}
	if got := b.State.Children(b.ID()); len(got) != 2 || b.State.Count() != 3 || b.State.Children(bob.Public()) != nil {
		t.Errorf("the founder's guests are %+v", got)
	}
	if b.State.FreeSlots(bob.Public(), b.Now) != nil || b.State.Lineage(bob.Public()) != nil || b.State.InvitesBy(bob.Public()) != nil {
		t.Error("bob still has what members have")
	}
	merged(t, b, b.Logs())
	exported(t, b)

	for _, n := range []*invitestest.Community{a, b} {
		if got := reason.Of(n.State.CheckJoin(n.Join(invite, key, bob), n.Now)); got != reason.AdmitLost {
			t.Errorf("bob, again by the same invite: %q", got)
		}
		if got := reason.Of(n.State.CheckJoin(n.Join(invite, key, n.Person("eve")), n.Now)); got != reason.InviteUsed {
			t.Errorf("eve, by the used invite: %q", got)
		}
		if got := reason.Of(n.State.CheckJoin(n.Join(pending, pendingKey, n.Person("eve")), n.Now)); got != reason.InviteRevoked {
			t.Errorf("eve, by an invite of bob's: %q", got)
		}
		refused(t, n, inviteBy(n, bob, nil), reason.MemberUnknown)
		refused(t, n, n.Grant(bob.Public()), reason.MemberUnknown)
	}
}

func TestDisplacedIsAdmittedAgain(t *testing.T) {
	for _, by := range []string{"founder", "ann", "cy"} {
		t.Run(by, func(t *testing.T) {
			a, b := twoNodes(t)
			invite, key := a.Invite(a.Founder)
			b.Hear(a)
			redeem(t, b, invite, key, "bob")
			redeem(t, a, invite, key, "ann")
			b.Admit(b.Person("bob"), b.Person("cy"))
			b.Admit(b.Person("cy"), b.Person("dee"))
			heal(t, a, b)

			b.Admit(b.Person(by), b.Person("bob"))
			if got := sponsor(b, "bob"); got != by {
				t.Fatalf("before the next merge bob's sponsor is %s", got)
			}
			if free := b.State.FreeSlots(b.Person("bob").Public(), b.Now); len(free) != 1 {
				t.Errorf("bob has %d slots, of two of which one is spent", len(free))
			}
			for m := range b.State.Members() {
				if _, err := invites.VerifyExport(encoded(t, b.Export(m.Key))); err != nil {
					t.Errorf("the chain of %s before the next merge: %v", m.Key, err)
				}
			}
			decoded, err := invites.Decode(b.State.Encode())
			if err != nil || !bytes.Equal(decoded.Encode(), b.State.Encode()) {
				t.Fatalf("a snapshot before the next merge: %v", err)
			}

			heal(t, a, b)
			back := "bob" // his guest is his again
			if by == "cy" {
				back = "founder" // or neither would lead to the founder
			}
			for name, want := range map[string]string{"bob": by, "cy": back, "dee": "cy"} {
				if got := sponsor(a, name); got != want {
					t.Errorf("the sponsor of %s is %s, want %s", name, got, want)
				}
			}
			if _, lost := a.State.Displaced(b.Person("bob").Public()); lost {
				t.Error("bob is displaced still")
			}
			b.Admit(b.Person("bob"), b.Person("eve"))
			heal(t, a, b)
			if got := sponsor(a, "eve"); got != "bob" {
				t.Errorf("eve's sponsor is %s", got)
			}
			merged(t, a, a.Logs())
			exported(t, a)
		})
	}
}

// TestOneMemberOfTwoNodes: the same person is admitted at two nodes, by one join or by two.
func TestOneMemberOfTwoNodes(t *testing.T) {
	t.Run("one join", func(t *testing.T) {
		a, b := twoNodes(t)
		invite, key := a.Invite(a.Founder)
		b.Hear(a)
		redeem(t, b, invite, key, "bob")
		redeem(t, a, invite, key, "bob")
		b.Admit(b.Person("bob"), b.Person("cy"))
		heal(t, a, b)
		if m, _ := b.State.Member(b.Person("bob").Public()); m.Order != 1 || m.Invite != invite.ID() || b.State.Count() != 3 {
			t.Errorf("bob is %+v, of %d", m, b.State.Count())
		}
		if got := sponsor(b, "cy"); got != "bob" {
			t.Errorf("cy's sponsor is %s", got)
		}
		if free := a.State.FreeSlots(a.Person("bob").Public(), a.Now); len(free) != 1 {
			t.Errorf("bob's grants of two nodes are one, and he has %d slots", len(free))
		}
		merged(t, a, a.Logs())
		exported(t, a)
	})
	t.Run("two invites", func(t *testing.T) {
		a, b := twoNodes(t)
		a.Admit(a.Founder, a.Person("ann"))
		b.Hear(a)
		first, firstKey := a.Invite(a.Person("ann"))
		second, secondKey := b.Invite(b.Founder)
		redeem(t, b, second, secondKey, "bob")
		redeem(t, a, first, firstKey, "bob")
		heal(t, a, b)
		if got := sponsor(b, "bob"); got != "ann" {
			t.Errorf("bob's sponsor is %s", got)
		}
		if v, _ := b.State.Invite(second.ID()); v.UsedBy != b.Person("bob").Public() {
			t.Errorf("the other invite is not spent: %+v", v)
		}
		if len(b.State.FreeSlots(b.ID(), b.Now)) != 0 {
			t.Error("its slot is free")
		}
		if got := reason.Of(b.State.CheckJoin(b.Join(second, secondKey, b.Person("cy")), b.Now)); got != reason.InviteUsed {
			t.Errorf("cy by the spent invite: %q", got)
		}
		exported(t, b)
	})
}

// TestTwoInvitesOnOneSlot: they are conflicting redemptions of one invite.
func TestTwoInvitesOnOneSlot(t *testing.T) {
	a, b := twoNodes(t)
	atA, keyA := a.Invite(a.Founder)
	atB, keyB := b.Invite(b.Founder)
	heal(t, a, b)
	if free := a.State.FreeSlots(a.ID(), a.Now); len(free) != 1 {
		t.Fatalf("free slots %v", free)
	}
	for _, s := range []statement.Statement{a.Join(atA, keyA, a.Person("ann")), a.Join(atB, keyB, a.Person("ann"))} {
		if err := a.State.CheckJoin(s, a.Now); err != nil {
			t.Errorf("both are pending: %v", err)
		}
	}
	redeem(t, b, atA, keyA, "bob")
	redeem(t, a, atB, keyB, "ann")
	heal(t, a, b)
	if winner, lost := a.State.Displaced(a.Person("bob").Public()); !lost || winner != a.Person("ann").Public() {
		t.Errorf("bob is displaced: %t, by %s", lost, winner)
	}
	if got := reason.Of(a.State.CheckJoin(a.Join(atB, keyB, a.Person("bob")), a.Now)); got != reason.AdmitLost {
		t.Errorf("bob, by the other invite on the slot: %q", got)
	}
	exported(t, a)

	// Used at one node only, it takes the slot with it.
	a, b = twoNodes(t)
	atA, keyA = a.Invite(a.Founder)
	atB, keyB = b.Invite(b.Founder)
	redeem(t, a, atA, keyA, "ann")
	heal(t, a, b)
	if got := reason.Of(b.State.CheckJoin(b.Join(atB, keyB, b.Person("bob")), b.Now)); got != reason.InviteUsed {
		t.Errorf("bob, on ann's slot: %q", got)
	}
}

func TestRevokedHereUsedThere(t *testing.T) {
	a, b := twoNodes(t)
	invite, key := a.Invite(a.Founder)
	b.Hear(a)
	a.Log(revokeOf(a, invite.ID(), a.Founder))
	redeem(t, b, invite, key, "bob")
	heal(t, a, b)
	if v, _ := a.State.Invite(invite.ID()); !isMember(a, "bob") || v.Revoked || v.UsedBy != a.Person("bob").Public() {
		t.Errorf("the invite is %+v", v)
	}

	// The slot was free meanwhile, and two came in on it.
	a, b = twoNodes(t)
	invite, key = a.Invite(a.Founder)
	b.Hear(a)
	a.Log(revokeOf(a, invite.ID(), a.Founder))
	again, againKey := a.Invite(a.Founder)
	redeem(t, a, again, againKey, "ann")
	redeem(t, b, invite, key, "bob")
	heal(t, a, b)
	if !isMember(a, "ann") || isMember(a, "bob") {
		t.Error("the lower order does not win")
	}
	exported(t, a)

	// A node that knows of the revoke admits nobody, and a log where it stands before the admit neither.
	a, b = twoNodes(t)
	invite, key = a.Invite(a.Founder)
	b.Hear(a)
	b.Log(revokeOf(b, invite.ID(), b.Founder))
	a.Hear(b)
	if got := reason.Of(a.Redeem(invite, key, a.Person("ann"))); got != reason.InviteRevoked {
		t.Errorf("ann, by a revoked invite: %q", got)
	}
	join := b.Join(invite, key, b.Person("bob"))
	forged := append(slices.Clone(b.Entries()), invites.Entry{Log: b.Node.Public(), Index: 1, Statement: join},
		invites.Entry{Log: b.Node.Public(), Index: 2, Statement: b.Accept(join)})
	var void []reason.Reason
	s := invites.Merge(a.ID(), []invites.Log{
		{Node: a.Node.Public(), Entries: slices.Values(a.Entries())},
		{Node: b.Node.Public(), Entries: slices.Values(forged)},
	}, func(_ invites.Entry, err error) { void = append(void, reason.Of(err)) })
	if s.Count() != 1 || !slices.Equal(void, []reason.Reason{reason.InviteRevoked}) {
		t.Errorf("%d members, void for %v", s.Count(), void)
	}
}

func TestGrantsOfOneNameAreOne(t *testing.T) {
	a, b := twoNodes(t)
	small := a.Rules
	small.Order, small.AdmitSlots = 2, 1
	invite, key := a.Invite(a.Founder)
	b.Hear(a)
	a.Log(a.Sign(&small, a.Founder))
	a.Rules = small
	redeem(t, a, invite, key, "ann") // granted one slot
	redeem(t, b, invite, key, "ann") // granted two
	atB, _ := b.Invite(b.Person("ann"))
	heal(t, a, b)
	ann := a.Person("ann").Public()
	free := a.State.FreeSlots(ann, a.Now)
	if len(free) != 1 || free[0].Slot != 1 || free[0].Grant != atB.Body().(*statement.Invite).Grant {
		t.Errorf("free slots %v", free)
	}
	refused(t, a, a.Grant(ann), reason.StatementDuplicate)
	a.Log(inviteBy(a, a.Person("ann"), nil))
	heal(t, a, b)
	if free := b.State.FreeSlots(ann, b.Now); len(free) != 0 {
		t.Errorf("free slots %v", free)
	}
	merged(t, a, a.Logs())
}

// TestEarnedAtTwoNodes: what one node grants in a period does not void what the other did.
func TestEarnedAtTwoNodes(t *testing.T) {
	a, b := twoNodes(t)
	a.Log(grantTo(a, func(*statement.Grant) {}))
	b.Log(grantTo(b, func(g *statement.Grant) { g.Why = statement.WhySpeaking }))
	heal(t, a, b)
	if free := a.State.FreeSlots(a.ID(), a.Now); len(free) != 2+3+3 {
		t.Errorf("free slots %v", free)
	}
	merged(t, a, a.Logs())
}

// TestRulesOfAnotherLog: a node that has not heard of new rules goes by the old ones; in its own log they bind at once.
func TestRulesOfAnotherLog(t *testing.T) {
	a, b := twoNodes(t)
	strict := a.Rules
	strict.Order, strict.AdmitSlots = 2, 1
	a.Log(a.Sign(&strict, a.Founder))
	b.Admit(b.Founder, b.Person("bob"))
	heal(t, a, b)
	if free := a.State.FreeSlots(a.Person("bob").Public(), a.Now); len(free) != 2 {
		t.Errorf("free slots %v", free)
	}
	if r, _ := b.State.Rules(); r != strict {
		t.Errorf("in force: %+v", r)
	}
	merged(t, a, a.Logs())
	exported(t, a)
	a.Rules = b.Rules
	invite, key := a.Invite(a.Founder)
	join := a.Join(invite, key, a.Person("cy"))
	a.Log(join, a.Accept(join))
	refused(t, a, a.Grant(a.Person("cy").Public()), reason.StatementAuthority)
}

// TestNothingButAnEarlierWord: in its own log an entry may refer to nothing later, in another to anything.
func TestNothingButAnEarlierWord(t *testing.T) {
	a, b := twoNodes(t)
	invite, key := a.Invite(a.Founder)
	b.Hear(a)
	redeem(t, b, invite, key, "bob")
	swapped := slices.Clone(b.Entries())
	swapped[0].Statement, swapped[1].Statement = swapped[1].Statement, swapped[0].Statement
	own := invites.Log{Node: a.Node.Public(), Entries: slices.Values(a.Entries())}
	var void []statement.Kind
	s := invites.Merge(a.ID(), []invites.Log{own, {Node: b.Node.Public(), Entries: slices.Values(swapped)}},
		func(e invites.Entry, _ error) { void = append(void, e.Statement.Kind()) })
	if s.Count() != 1 || !slices.Equal(void, []statement.Kind{"admit", "grant"}) {
		t.Errorf("%d members, void %v", s.Count(), void)
	}
	// The join in another log too: then b may have known it.
	index := a.Tree().Size
	own.Entries = slices.Values(append(slices.Clone(a.Entries()),
		invites.Entry{Log: a.Node.Public(), Index: index, Statement: swapped[1].Statement}))
	s = merged(t, a, []invites.Log{own, {Node: b.Node.Public(), Entries: slices.Values(swapped)}})
	if s.Count() != 2 {
		t.Errorf("%d members", s.Count())
	}
}

func TestUpto(t *testing.T) {
	a, b := twoNodes(t)
	b.Admit(b.Founder, b.Person("bob"))
	b.Admit(b.Founder, b.Person("cy"))
	a.Hear(b)
	for upto, want := range map[int64]int{-1: 1, 0: 3, 1: 1, 3: 2, 4: 2, 7: 3, 100: 3} {
		logs := a.Logs()
		logs[1].Upto = upto
		s := invites.Merge(a.ID(), logs, func(invites.Entry, error) {})
		if s.Count() != want {
			t.Errorf("up to %d: %d members, want %d", upto, s.Count(), want)
		}
	}
}

// TestARevokedNodeOfTwo: the revoke counts wherever it stands, for everything the node said.
func TestARevokedNodeOfTwo(t *testing.T) {
	a, b := twoNodes(t)
	b.Admit(b.Founder, b.Person("bob"))
	size := b.Tree().Size
	b.Admit(b.Person("bob"), b.Person("cy"))
	a.Hear(b)
	var delegate statement.ID
	for _, e := range a.Entries() {
		if d, ok := e.Statement.Body().(*statement.Delegate); ok && d.Node == b.Node.Public() {
			delegate = e.Statement.ID()
		}
	}
	revoke := a.Sign(&statement.Revoke{
		Community: a.ID(), IssuedAt: a.Now, Statement: delegate,
		Upto: []statement.LogPrefix{{Log: b.Node.Public(), Size: size}},
	}, a.Founder)
	entries := append(slices.Clone(a.Entries()), a.Entry(revoke))
	var void int
	s := invites.Merge(a.ID(), []invites.Log{
		{Node: b.Node.Public(), Entries: slices.Values(b.Entries())},
		{Node: a.Node.Public(), Entries: slices.Values(entries)},
	}, func(invites.Entry, error) { void++ })
	if _, ok := s.Member(a.Person("bob").Public()); !ok || s.Count() != 2 || void != 2 {
		t.Errorf("%d members, %d void", s.Count(), void)
	}
	if n, _ := s.Node(b.Node.Public()); !n.Revoked {
		t.Error("the node is not revoked")
	}
}

// TestTheRootContradictsItself: orders that are taken at another node, which the founder's client could not know.
func TestTheRootContradictsItself(t *testing.T) {
	a, b := twoNodes(t)
	c, d := a.Person("third").Public(), a.Person("fourth").Public()
	a.Log(delegateOf(a, c, func(d *statement.Delegate) { d.Order = 3 }))
	b.Log(delegateOf(b, d, func(d *statement.Delegate) { d.Order = 3 }))
	early, late := a.Rules, a.Rules
	early.Order, late.Order, early.IssuedAt, late.AdmitSlots = 2, 2, early.IssuedAt-1, 9
	a.Log(a.Sign(&late, a.Founder))
	b.Log(b.Sign(&early, b.Founder))
	heal(t, a, b)
	if _, ok := a.State.Node(c); !ok {
		t.Error("the third node is none")
	}
	if _, ok := a.State.Node(d); !ok {
		t.Error("the fourth node is none")
	}
	if r, _ := a.State.Rules(); r != early {
		t.Errorf("in force: %+v", r)
	}
	merged(t, a, a.Logs())
}

// TestTheyBroughtInOneAnother: two pairs of nodes that cannot reach each other admit two people, each by the other.
func TestTheyBroughtInOneAnother(t *testing.T) {
	p := founded(t)
	q, r, s := p.Sibling("q", 2), p.Sibling("r", 3), p.Sibling("s", 4)
	q.Hear(p)
	r.Hear(p)
	s.Hear(p)
	one, oneKey := p.Invite(p.Founder)
	r.Hear(p)
	redeem(t, r, one, oneKey, "ann")
	p.Hear(r)
	p.Admit(p.Person("ann"), p.Person("bob"))

	s.Log(grantTo(s, func(*statement.Grant) {}))
	free := s.State.FreeSlots(s.ID(), s.Now)
	key := s.OneTime()
	two := inviteBy(s, s.Founder, func(i *statement.Invite) {
		i.Grant, i.Slot, i.Key = free[len(free)-1].Grant, free[len(free)-1].Slot, key.Public()
	})
	s.Log(two)
	redeem(t, s, two, key, "bob")
	q.Hear(s)
	q.Admit(q.Person("bob"), q.Person("ann"))

	heal(t, p, q, r, s)
	for name, want := range map[string]string{"ann": "founder", "bob": "ann"} {
		if got := sponsor(p, name); got != want {
			t.Errorf("the sponsor of %s is %s, want %s", name, got, want)
		}
	}
	merged(t, p, p.Logs())
	exported(t, p)
}

func TestAMergedStateGoesOn(t *testing.T) {
	a, b := twoNodes(t)
	b.Admit(b.Founder, b.Person("bob"))
	a.Hear(b)
	revoke := a.Sign(&statement.Revoke{Community: a.ID(), IssuedAt: a.Now, Statement: firstDelegate(a)}, a.Founder)
	if _, err := a.State.Apply(a.Entry(revoke)); err == nil {
		t.Error("a revoke that reaches back was applied")
	}
	a.Admit(a.Person("bob"), a.Person("cy"))
	before := a.State
	a.Hear(b)
	if fmt.Sprint(slices.Collect(before.Members())) != fmt.Sprint(slices.Collect(a.State.Members())) {
		t.Error("the members differ after the next merge")
	}
}

// TestDoubleRedeemRaces: a thousand partitions in which one invite is used everywhere at once.
func TestDoubleRedeemRaces(t *testing.T) {
	for race := range 1000 {
		first := founded(t)
		nodes := []*invitestest.Community{first}
		for i := range 1 + race%3 {
			nodes = append(nodes, first.Sibling(fmt.Sprintf("node %d", i), int64(race*7+i*5)%11+2+int64(i)*20))
		}
		invite, key := first.Invite(first.Founder)
		for _, n := range nodes {
			n.Hear(first)
		}
		people := make(map[identity.PublicKey]bool)
		for i := range nodes {
			n := nodes[(i*5+race)%len(nodes)]
			name := fmt.Sprintf("person %d", i)
			people[n.Person(name).Public()] = true
			redeem(t, n, invite, key, name)
			if i%2 == 0 {
				n.Admit(n.Person(name), n.Person("guest of "+name))
			}
		}
		heal(t, nodes...)
		winner, _ := first.State.Invite(invite.ID())
		if m, ok := first.State.Member(winner.UsedBy); !ok || m.Order != 1 {
			t.Fatalf("race %d: %+v won", race, m)
		}
		for p := range people {
			by, lost := first.State.Displaced(p)
			if _, member := first.State.Member(p); lost != (p != winner.UsedBy) || member == lost || (lost && by != winner.UsedBy) {
				t.Fatalf("race %d: of %s it is said that they lost: %t, to %s", race, p, lost, by)
			}
		}
		if want := 2 + (len(nodes)+1)/2; first.State.Count() != want {
			t.Fatalf("race %d: %d members, want %d", race, first.State.Count(), want)
		}
	}
}
