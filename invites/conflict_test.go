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

// TestDoubleRedeemRaces: a thousand invites, each used at several nodes at once while they cannot reach each other.
func TestDoubleRedeemRaces(t *testing.T) {
	const races, partitions = 340, 8 // of each number of nodes
	for count := 2; count <= 4; count++ {
		first := invitestest.New(t)
		first.Rules.AdmitSlots = races
		first.Found()
		nodes := []*invitestest.Community{first}
		for i := range count - 1 {
			nodes = append(nodes, first.Sibling(fmt.Sprintf("node %d", i), int64(9-i)))
		}
		for batch := range partitions {
			raceAll(t, nodes, batch, (races+partitions-1-batch)/partitions)
		}
	}
}

// raceAll lets nodes part and meet again; meanwhile each of so many invites is used at two of them, or more.
func raceAll(t *testing.T, nodes []*invitestest.Community, batch, races int) {
	t.Helper()
	type race struct {
		invite statement.Statement
		key    identity.PrivateKey
		people []identity.PrivateKey
		orders []int64
	}
	all := make([]race, races)
	for i := range all {
		all[i].invite, all[i].key = nodes[0].Invite(nodes[0].Founder)
	}
	heal(t, nodes...)
	for i := range all {
		r := &all[i]
		for j := range 2 + i%(len(nodes)-1) {
			n := nodes[(i+j*(len(nodes)-1))%len(nodes)] // not in the order of their delegates
			p := n.Person(fmt.Sprintf("person %d of race %d in %d", j, i, batch))
			join := n.Join(r.invite, r.key, p)
			n.Log(join, n.Accept(join))
			node, _ := n.State.Node(n.Node.Public())
			r.people, r.orders = append(r.people, p), append(r.orders, node.Order)
		}
	}
	heal(t, nodes...)
	s := nodes[batch%len(nodes)].State
	checkTree(t, s)
	for i, r := range all {
		winner := r.people[slices.Index(r.orders, slices.Min(r.orders))].Public()
		for _, p := range r.people {
			_, member := s.Member(p.Public())
			if by, lost := s.Displaced(p.Public()); member != (p.Public() == winner) || lost == member || (lost && by != winner) {
				t.Fatalf("race %d in %d: of %s it is said that they are a member: %t, and lost: %t, to %s", i, batch, p, member, lost, by)
			}
		}
	}
}
