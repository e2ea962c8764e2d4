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
