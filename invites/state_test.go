package invites_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/invites"
	"github.com/stoa-rooms/stoa/invites/invitestest"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

func TestFounding(t *testing.T) {
	c := invitestest.New(t)
	if _, ok := c.State.Rules(); ok || c.State.Count() != 0 {
		t.Error("founded before it is founded")
	}
	c.Found()
	rules, ok := c.State.Rules()
	if !ok || rules != c.Rules {
		t.Errorf("rules %+v", rules)
	}
	founder, ok := c.State.Member(c.ID())
	want := invites.Member{Key: c.ID(), Founder: true, Admitted: c.Rules.IssuedAt, Index: 1}
	if !ok || founder != want {
		t.Errorf("the founder is %+v", founder)
	}
	if n, ok := c.State.Node(c.Node.Public()); !ok || n.Order != 1 || n.Revoked || n.Expires != c.Now+366*day {
		t.Errorf("the node is %+v", n)
	}
	if free := c.State.FreeSlots(c.ID(), c.Now); len(free) != 2 || free[0].Slot != 0 || free[1].Slot != 1 {
		t.Errorf("free slots %v", free)
	}
	if c.State.Community() != c.ID() || c.State.Size(c.Node.Public()) != 3 {
		t.Errorf("community %s at %d", c.State.Community(), c.State.Size(c.Node.Public()))
	}
	if _, ok := c.State.Node(c.ID()); ok {
		t.Error("the root is a node")
	}
}

func TestRulesOfTheHighestOrderHold(t *testing.T) {
	c := founded(t)
	later, earlier := c.Rules, c.Rules
	later.Order, later.AdmitSlots = 5, 7
	earlier.Order, earlier.AdmitSlots = 3, 9
	c.Log(c.Sign(&later, c.Founder), c.Sign(&earlier, c.Founder))
	if r, _ := c.State.Rules(); r != later {
		t.Errorf("in force: %+v", r)
	}
	if c.State.Count() != 1 {
		t.Errorf("%d founders", c.State.Count())
	}
}

func TestAWholeChain(t *testing.T) {
	c := founded(t)
	ann, bob, cy := c.Person("ann"), c.Person("bob"), c.Person("cy")
	c.Admit(c.Founder, ann)
	c.Admit(c.Founder, bob)
	c.Now += day
	invite, key := c.Invite(ann)
	join := c.Join(invite, key, cy)
	if err := c.State.CheckJoin(join, c.Now); err != nil {
		t.Fatal(err)
	}
	c.Log(join)
	index := c.Tree().Size
	admit := c.Accept(join)
	c.Log(admit, c.Grant(cy.Public()))

	m, ok := c.State.Member(cy.Public())
	want := invites.Member{
		Key: cy.Public(), Way: statement.EntryInvite, Sponsor: ann.Public(), Invite: invite.ID(), Join: join.ID(), Admit: admit.ID(),
		Admitted: c.Now, Order: 1, Index: index,
	}
	if diff := cmp.Diff(want, m); !ok || diff != "" {
		t.Error(diff)
	}
	keys := func(ms []invites.Member) (out []identity.PublicKey) {
		for _, m := range ms {
			out = append(out, m.Key)
		}
		return out
	}
	for name, x := range map[string]struct{ got, want []identity.PublicKey }{
		"members":       {keys(slices.Collect(c.State.Members())), []identity.PublicKey{c.ID(), ann.Public(), bob.Public(), cy.Public()}},
		"lineage":       {c.State.Lineage(cy.Public()), []identity.PublicKey{cy.Public(), ann.Public(), c.ID()}},
		"founder's":     {c.State.Lineage(c.ID()), []identity.PublicKey{c.ID()}},
		"stranger's":    {c.State.Lineage(other(c)), nil},
		"children":      {keys(c.State.Children(c.ID())), []identity.PublicKey{ann.Public(), bob.Public()}},
		"ann's":         {keys(c.State.Children(ann.Public())), []identity.PublicKey{cy.Public()}},
		"cy's":          {keys(c.State.Children(cy.Public())), nil},
		"nobody's":      {keys(c.State.Children(other(c))), nil},
		"second member": {keys(slices.Collect(c.State.Members())[1:2]), []identity.PublicKey{ann.Public()}},
	} {
		if !slices.Equal(x.got, x.want) {
			t.Errorf("%s: %v, want %v", name, x.got, x.want)
		}
	}
	if id := join.ID(); bytes.Count(c.State.Encode(), id[:]) != 1 {
		t.Error("the join is kept after its admit")
	}
	v, ok := c.State.Invite(invite.ID())
	if !ok || v.UsedBy != cy.Public() || v.By != ann.Public() || v.Key != key.Public() || v.Issued != c.Now ||
		v.Expires != c.Now+c.Rules.InviteLife || v.Revoked {
		t.Errorf("the invite is %+v", v)
	}
	if _, ok := c.State.Member(other(c)); ok {
		t.Error("a stranger is a member")
	}
}

// A later statement must not show in an older State.
func TestOldStatesStayAsTheyWere(t *testing.T) {
	c := founded(t)
	before, encoded := c.State, c.State.Encode()
	c.Admit(c.Founder, c.Person("ann"))
	c.Invite(c.Person("ann"))
	if !bytes.Equal(before.Encode(), encoded) || before.Count() != 1 || len(before.FreeSlots(c.ID(), c.Now)) != 2 {
		t.Error("the old State changed")
	}
	// Two futures of one State do not meet.
	a, errA := before.Apply(invites.Entry{Log: c.Node.Public(), Index: 3, Statement: c.Entries()[3].Statement})
	b, errB := before.Apply(invites.Entry{Log: c.Node.Public(), Index: 3, Statement: revokeNode(c, firstDelegate(c), 3)})
	if errA != nil || errB != nil {
		t.Fatal(errA, errB)
	}
	if n, _ := a.Node(c.Node.Public()); n.Revoked || len(a.InvitesBy(c.ID())) != 1 || len(b.InvitesBy(c.ID())) != 0 {
		t.Error("one future shows in the other")
	}
}

func TestApplyAllIsAllOrNothing(t *testing.T) {
	c := founded(t)
	invite, key := c.Invite(c.Founder)
	join := c.Join(invite, key, c.Person("ann"))
	entries := make([]invites.Entry, 3)
	for i, s := range []statement.Statement{join, c.Accept(join), c.Grant(c.Person("ann").Public())} {
		entries[i] = invites.Entry{Log: c.Node.Public(), Index: c.Tree().Size + int64(i), Statement: s}
	}
	next, err := c.State.ApplyAll(entries)
	if err != nil || next.Count() != 2 || len(next.FreeSlots(c.Person("ann").Public(), c.Now)) != 2 {
		t.Fatalf("%d members, %v", next.Count(), err)
	}
	entries[2].Statement = c.Accept(join)
	before := c.State.Encode()
	next, err = c.State.ApplyAll(entries)
	if reason.Of(err) != reason.MemberAlready || !bytes.Equal(next.Encode(), before) {
		t.Errorf("half a batch is left: %v", err)
	}
}

func TestSlotsComeBack(t *testing.T) {
	c := founded(t)
	free := func() int { return len(c.State.FreeSlots(c.ID(), c.Now)) }
	a, _ := c.Invite(c.Founder)
	c.Invite(c.Founder)
	if free() != 0 {
		t.Fatalf("%d free of 2 spent", free())
	}
	c.Log(revokeOf(c, a.ID(), c.Founder))
	if free() != 1 {
		t.Errorf("%d free after a revoke", free())
	}
	c.Now += c.Rules.InviteLife
	if free() != 1 {
		t.Errorf("%d free in the last second of an invite", free())
	}
	c.Now++
	if free() != 2 {
		t.Errorf("%d free after an expiry", free())
	}
	c.Admit(c.Founder, c.Person("ann"))
	c.Now += 1000 * day
	if free() != 1 {
		t.Errorf("%d free after an invite was used", free())
	}
	if all := c.State.InvitesBy(c.ID()); len(all) != 3 || all[0].ID != a.ID() || !all[0].Revoked || all[2].UsedBy.IsZero() {
		t.Errorf("invites %+v", all)
	}
	if c.State.FreeSlots(other(c), c.Now) != nil || c.State.InvitesBy(other(c)) != nil {
		t.Error("a stranger has slots or invites")
	}
}

func TestTheRootMayRevokeAnybodysInvite(t *testing.T) {
	c := founded(t)
	ann := c.Person("ann")
	c.Admit(c.Founder, ann)
	s, _ := c.Invite(ann)
	c.Log(revokeOf(c, s.ID(), c.Founder))
	if v, _ := c.State.Invite(s.ID()); !v.Revoked {
		t.Error("not revoked")
	}
}

func TestEarnedSlots(t *testing.T) {
	c := founded(t)
	c.Now += 8 * day
	c.Log(
		grantTo(c, func(g *statement.Grant) { g.Why, g.Slots, g.Period = statement.WhySpeaking, 1, 1 }),
		grantTo(c, func(g *statement.Grant) { g.Slots, g.Period = 2, 1 }),
		grantTo(c, func(g *statement.Grant) { g.Slots, g.Period = 3, 0 }),
	)
	free := c.State.FreeSlots(c.ID(), c.Now)
	if len(free) != 2+1+2+3 {
		t.Fatalf("free slots %v", free)
	}
	last := free[len(free)-1]
	c.Log(inviteBy(c, c.Founder, func(i *statement.Invite) { i.Grant, i.Slot = last.Grant, last.Slot }))
	if slices.Contains(c.State.FreeSlots(c.ID(), c.Now), last) {
		t.Error("the slot is free and spent")
	}
}

// The slots of one grant are spent, given back and spent again in every order.
func TestEverySlotIsHeldByItsLastInvite(t *testing.T) {
	c := invitestest.New(t)
	c.Rules.AdmitSlots = 3
	c.Found()
	grant := c.State.FreeSlots(c.ID(), c.Now)[0].Grant
	spend := func(slot int64) statement.ID {
		s := inviteBy(c, c.Founder, func(i *statement.Invite) { i.Grant, i.Slot = grant, slot })
		c.Log(s)
		return s.ID()
	}
	last := map[int64]statement.ID{}
	for _, slot := range []int64{0, 1, 2, 1, 0, 0, 2, 2, 1, 0} {
		if id, ok := last[slot]; ok {
			c.Log(revokeOf(c, id, c.Founder))
		}
		last[slot] = spend(slot)
		if free := c.State.FreeSlots(c.ID(), c.Now); len(free) != 3-len(last) {
			t.Fatalf("free %v with %d spent", free, len(last))
		}
	}
	decoded, err := invites.Decode(c.State.Encode())
	if err != nil {
		t.Fatal(err)
	}
	for slot, id := range last {
		s := inviteBy(c, c.Founder, func(i *statement.Invite) { i.Grant, i.Slot = grant, slot })
		for _, st := range []invites.State{c.State, decoded} {
			if _, err := st.Apply(c.Entry(s)); reason.Of(err) != reason.InviteNone {
				t.Errorf("slot %d, held by %s: %v", slot, id, err)
			}
		}
	}
}
