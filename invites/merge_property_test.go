package invites_test

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/invites"
	"github.com/stoa-rooms/stoa/invites/invitestest"
	"github.com/stoa-rooms/stoa/statement"
)

// federation is a community of several nodes that hear of one another now and then, in part, and late. Each takes what
// its own State lets it take.
type federation struct {
	nodes   []*invitestest.Community
	people  []identity.PrivateKey
	invites []statement.Statement
	asked   []statement.Statement                // joins by nobody's invite
	keys    map[statement.ID]identity.PrivateKey // one-time keys by invite
	rules   int64                                // the order of the last
}

func newFederation(t *rapid.T) *federation {
	first := invitestest.New(t)
	first.Rules.InviteLife = 600
	first.Rules.Period = 3600
	first.Found()
	f := &federation{
		nodes: []*invitestest.Community{first}, people: []identity.PrivateKey{first.Founder},
		keys: map[statement.ID]identity.PrivateKey{}, rules: 1,
	}
	for i := range rapid.IntRange(1, 3).Draw(t, "siblings") {
		f.nodes = append(f.nodes, first.Sibling(fmt.Sprintf("node %d", i), int64(i)+2))
	}
	for _, n := range f.nodes[1:] {
		n.Hear(first)
	}
	for _, name := range []string{"ann", "bob", "cy", "dee", "eve", "fay"} {
		f.people = append(f.people, first.Person(name))
	}
	return f
}

func (f *federation) node(t *rapid.T) *invitestest.Community {
	return f.nodes[rapid.IntRange(0, len(f.nodes)-1).Draw(t, "node")]
}

func (f *federation) person(t *rapid.T) identity.PrivateKey {
	return f.people[rapid.IntRange(0, len(f.people)-1).Draw(t, "person")]
}

// hear lets a node hear more of a log. Nobody vanishes by it but who is displaced.
func (f *federation) hear(t *rapid.T) {
	n, from := f.node(t), f.node(t)
	before := n.State
	if rapid.Bool().Draw(t, "all that it knows") {
		n.Hear(from)
	} else if n != from {
		n.HearLog(from, n.Heard(from)+rapid.Int64Range(0, 5).Draw(t, "more"))
	}
	f.remain(t, before, n.State)
}

func (f *federation) remain(t *rapid.T, before, after invites.State) {
	for m := range before.Members() {
		_, still := after.Member(m.Key)
		if _, displaced := after.Displaced(m.Key); still == displaced {
			t.Fatalf("%s was a member; member: %t, displaced: %t", m.Key, still, displaced)
		}
	}
}

func (f *federation) invite(t *rapid.T) {
	n := f.node(t)
	var free []invites.Slot
	var by identity.PrivateKey
	first := rapid.IntRange(0, len(f.people)-1).Draw(t, "author")
	for i := range f.people {
		by = f.people[(first+i)%len(f.people)]
		if free = n.State.FreeSlots(by.Public(), n.Now); len(free) > 0 {
			break
		}
	}
	if len(free) == 0 {
		return
	}
	slot := free[rapid.IntRange(0, len(free)-1).Draw(t, "slot")]
	key := n.OneTime()
	s := n.Sign(&statement.Invite{
		Community: n.ID(), IssuedAt: n.Now, Expires: n.Now + rapid.Int64Range(1, 600).Draw(t, "life"),
		Key: key.Public(), Grant: slot.Grant, Slot: slot.Slot,
	}, by)
	if n.Try(s) == nil { // the clock of who granted may be ahead
		f.invites, f.keys[s.ID()] = append(f.invites, s), key
	}
}

func (f *federation) redeem(t *rapid.T) {
	n, member := f.node(t), f.person(t)
	if len(f.invites) == 0 {
		return
	}
	first := rapid.IntRange(0, len(f.invites)-1).Draw(t, "invite")
	for i := range f.invites {
		v := f.invites[(first+i)%len(f.invites)]
		if n.Redeem(v, f.keys[v.ID()], member) == nil {
			return
		}
	}
}

func (f *federation) revoke(t *rapid.T) {
	n := f.node(t)
	if len(f.invites) == 0 {
		return
	}
	id := f.invites[rapid.IntRange(0, len(f.invites)-1).Draw(t, "invite")].ID()
	if v, ok := n.State.Invite(id); ok {
		for _, p := range f.people {
			if p.Public() == v.By {
				_ = n.Try(revokeOf(n, id, p)) // used, or revoked before
			}
		}
	}
}

func (f *federation) grant(t *rapid.T) {
	n := f.node(t)
	_ = n.Try(n.Sign(&statement.Grant{ // above the rules, or a second one, or to a stranger
		Community: n.ID(), IssuedAt: n.Now, Member: f.person(t).Public(),
		Slots:  rapid.Int64Range(1, 3).Draw(t, "slots"),
		Why:    rapid.SampledFrom([]statement.Why{statement.WhyHosting, statement.WhySpeaking}).Draw(t, "why"),
		Period: rapid.Int64Range(0, 2).Draw(t, "period"),
	}, n.Node))
}

// changeRules changes them at one node, which need not know those that another has.
func (f *federation) changeRules(t *rapid.T) {
	n := f.node(t)
	r := n.Rules
	r.Order = rapid.Int64Range(f.rules, f.rules+1).Draw(t, "order")
	r.AdmitSlots = rapid.Int64Range(1, 3).Draw(t, "admit slots")
	r.Entry = rapid.SampledFrom([]statement.Entry{statement.EntryInvite, statement.EntryAsk, statement.EntryOpen}).Draw(t, "entry")
	if n.Try(n.Sign(&r, n.Founder)) == nil {
		f.rules = max(f.rules, r.Order)
	}
	f.follow()
}

// ask lets somebody in at one node who asked there or elsewhere, as the rules have it that it knows.
func (f *federation) ask(t *rapid.T) {
	n := f.node(t)
	if len(f.asked) == 0 || rapid.Bool().Draw(t, "anew") {
		f.asked = append(f.asked, n.Ask(f.person(t)))
	}
	join := f.asked[rapid.IntRange(0, len(f.asked)-1).Draw(t, "ask")]
	if n.State.CheckAsk(join) != nil {
		return
	}
	_ = n.Try(join) // known, from another node
	var approve statement.Statement
	if n.Rules.Entry == statement.EntryAsk {
		approve = n.Approve(join)
		if n.Try(approve) != nil {
			return
		}
	}
	if rapid.IntRange(0, 9).Draw(t, "crash") == 0 {
		return
	}
	_ = n.Try(n.Let(join, approve))
	_ = n.Try(n.Grant(join.Signer())) // void after the open door
}

// copyRules puts the rules that a node knows into its own log.
func (f *federation) copyRules(t *rapid.T) {
	n := f.node(t)
	id, missing := n.State.RulesMissing(n.Node.Public())
	if !missing {
		return
	}
	for _, from := range f.nodes {
		for _, e := range from.Entries() {
			if e.Statement.ID() == id {
				n.Log(e.Statement)
				if _, still := n.State.RulesMissing(n.Node.Public()); still {
					t.Fatalf("the rules are still missing")
				}
				return
			}
		}
	}
	t.Fatalf("nobody has the rules in force")
}

// follow lets every node go by the rules that it knows.
func (f *federation) follow() {
	for _, n := range f.nodes {
		n.Rules, _ = n.State.Rules()
	}
}

func (f *federation) wait(t *rapid.T) {
	f.node(t).Now += rapid.Int64Range(1, 900).Draw(t, "seconds")
}

// check holds, at every node and moment, what holds of one.
func (f *federation) check(t *rapid.T) {
	f.follow()
	for _, n := range f.nodes {
		s := invites.Merge(n.ID(), n.Logs(), func(e invites.Entry, err error) {
			if e.Log == n.Node.Public() {
				t.Fatalf("leaf %d of its own log, a %s, is void: %v", e.Index, e.Statement.Kind(), err)
			}
		})
		f.remain(t, n.State, s) // what was applied on top of the last merge is in the next
		for _, s := range []invites.State{n.State, s} {
			checkTree(t, s)
			data := s.Encode()
			decoded, err := invites.Decode(data)
			if err != nil || !bytes.Equal(decoded.Encode(), data) {
				t.Fatalf("the snapshot changes when it is read: %v", err)
			}
			for _, p := range f.people {
				if a, b := s.FreeSlots(p.Public(), n.Now), decoded.FreeSlots(p.Public(), n.Now); !slices.Equal(a, b) {
					t.Fatalf("%s has the free slots %v, in the copy from a snapshot %v", p, a, b)
				}
			}
		}
	}
}

// checkTree holds a State against what is true of every one.
func checkTree(t invitestest.TB, s invites.State) {
	t.Helper()
	by := map[statement.ID]identity.PublicKey{}
	count, guests := 0, 0
	for m := range s.Members() {
		count++
		guests += len(s.Children(m.Key))
		line := s.Lineage(m.Key)
		if line[0] != m.Key || line[len(line)-1] != s.Community() {
			t.Fatalf("the lineage of %s is %v", m.Key, line)
		}
		if m.Founder {
			continue
		}
		if line[1] != m.Sponsor {
			t.Fatalf("the lineage of %s, by %s, is %v", m.Key, m.Sponsor, line)
		}
		if m.Way != statement.EntryInvite {
			if m.Sponsor != s.Community() {
				t.Fatalf("%+v came in by nobody's word", m)
			}
			continue
		}
		if other, twice := by[m.Invite]; twice {
			t.Fatalf("invite %s brought in %s and %s", m.Invite, other, m.Key)
		}
		by[m.Invite] = m.Key
		v, ok := s.Invite(m.Invite)
		if !ok || v.UsedBy != m.Key || v.Revoked {
			t.Fatalf("%+v came in by %+v", m, v)
		}
		if winner, lost := s.Displaced(v.By); lost == (v.By == m.Sponsor) && lost {
			t.Fatalf("the sponsor of %s is displaced by %s", m.Key, winner)
		}
	}
	if count != s.Count() || (count > 0 && guests != count-1) {
		t.Fatalf("%d members, counted %d, of whom %d are somebody's guests", count, s.Count(), guests)
	}
}

// admits are all admits of all logs, by member and by slot, those that count first.
func (f *federation) admits() (byMember map[identity.PublicKey]int, bySlot map[string][]identity.PublicKey) {
	type admit struct {
		slot         string
		member       identity.PublicKey
		order, index int64
	}
	grants := map[statement.ID]string{}
	slots := map[statement.ID]string{} // by invite and by join
	var all []admit
	byMember, bySlot = map[identity.PublicKey]int{}, map[string][]identity.PublicKey{}
	for _, kind := range []statement.Kind{"grant", "invite", "join", "admit"} {
		for order, n := range f.nodes {
			for _, e := range n.Entries() {
				if e.Statement.Kind() != kind {
					continue
				}
				switch b := e.Statement.Body().(type) {
				case *statement.Grant:
					grants[e.Statement.ID()] = fmt.Sprint(b.Member, b.Why, b.Period)
				case *statement.Invite:
					slots[e.Statement.ID()] = fmt.Sprint(grants[b.Grant], b.Slot)
				case *statement.Join:
					if b.Redeem == "" {
						slots[e.Statement.ID()] = e.Statement.ID().String() // nobody else's
						continue
					}
					slots[e.Statement.ID()] = slots[b.Redeemed().Body().(*statement.Redeem).Invite]
				case *statement.Admit:
					all = append(all, admit{slots[b.Join], b.Member, int64(order), e.Index})
					byMember[b.Member]++
				}
			}
		}
	}
	slices.SortFunc(all, func(a, b admit) int {
		return cmp.Or(cmp.Compare(a.order, b.order), cmp.Compare(a.index, b.index))
	})
	for _, a := range all {
		bySlot[a.slot] = append(bySlot[a.slot], a.member)
	}
	return byMember, bySlot
}

// TestUnionOfLogs: whatever nodes that follow the rules do in whatever partitions, once they have heard all they agree;
// nothing that any of them took is void; and of every slot the admit that should has won.
func TestUnionOfLogs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := newFederation(t)
		t.Repeat(map[string]func(*rapid.T){
			"hear":    f.hear,
			"invite":  f.invite,
			"invite2": f.invite,
			"redeem":  f.redeem,
			"redeem2": f.redeem,
			"revoke":  f.revoke,
			"grant":   f.grant,
			"rules":   f.changeRules,
			"ask":     f.ask,
			"ask2":    f.ask,
			"copy":    f.copyRules,
			"wait":    f.wait,
			"":        f.check,
		})
		before := make([]invites.State, len(f.nodes))
		for i, n := range f.nodes {
			before[i] = n.State
		}
		heal(t, f.nodes...)
		for i, n := range f.nodes {
			f.remain(t, before[i], n.State)
		}
		first := f.nodes[0]
		all := first.State.Encode()
		logs := first.Logs()
		for i := range logs {
			j := rapid.IntRange(0, i).Draw(t, "place of a log")
			logs[i], logs[j] = logs[j], logs[i]
		}
		if !bytes.Equal(merged(t, first, logs).Encode(), all) {
			t.Fatalf("another order of the logs gives another State")
		}
		checkTree(t, first.State)
		exported(t, first)
		byMember, bySlot := f.admits()
		for slot, members := range bySlot {
			_, ok := first.State.Member(members[0])
			if byMember[members[0]] == 1 && !ok {
				t.Fatalf("of %v on slot %s the first is not a member", members, slot)
			}
			for _, m := range members[1:] {
				winner, lost := first.State.Displaced(m)
				if byMember[m] == 1 && byMember[members[0]] == 1 && m != members[0] && (!lost || winner != members[0]) {
					t.Fatalf("of %v on slot %s, %s lost: %t, to %s", members, slot, m, lost, winner)
				}
			}
		}
	})
}
