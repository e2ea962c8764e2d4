package invites_test

import (
	"bytes"
	"iter"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/invites"
	"github.com/stoa-rooms/stoa/invites/invitestest"
	"github.com/stoa-rooms/stoa/statement"
)

// pool is everything that three nodes and four people may say, most of it in contradiction to the rest.
type pool struct {
	*invitestest.Community
	nodes   []identity.PrivateKey
	keepers []identity.PublicKey // the nodes, and one who is none
	said    []statement.Statement
}

func newPool(tb testing.TB) *pool {
	tb.Helper()
	p := &pool{Community: invitestest.New(tb)}
	p.nodes = []identity.PrivateKey{p.Node, p.Person("second"), p.Person("third")}
	for _, n := range append(slices.Clip(p.nodes), p.Person("no node")) {
		p.keepers = append(p.keepers, n.Public())
	}
	say := func(by identity.PrivateKey, body statement.Body) statement.Statement {
		s := p.Sign(body, by)
		p.said = append(p.said, s)
		return s
	}
	strict := p.Rules
	strict.Order, strict.PeriodSlots, strict.InviteLife = 2, 2, day
	say(p.Founder, &p.Rules)
	say(p.Founder, &strict)
	asking, open := p.Rules, strict
	asking.Order, asking.Entry, open.Order, open.Entry = 3, statement.EntryAsk, 4, statement.EntryOpen
	say(p.Founder, &asking)
	say(p.Founder, &open)
	for i, n := range p.nodes {
		d := delegateOf(p.Community, n.Public(), func(d *statement.Delegate) { d.Order = int64(i) + 1 })
		p.said = append(p.said, d, delegateOf(p.Community, n.Public(), func(d *statement.Delegate) { d.Order = 9 - int64(i) }))
		say(p.Founder, &statement.Revoke{
			Community: p.ID(), IssuedAt: p.Now, Statement: d.ID(), Upto: []statement.LogPrefix{{Log: n.Public(), Size: 20}},
		})
	}
	people := []identity.PrivateKey{p.Founder, p.Person("ann"), p.Person("bob"), p.Person("cy")}
	for _, author := range people[:3] {
		for i, n := range p.nodes {
			say(n, &statement.Grant{
				Community: p.ID(), IssuedAt: p.Now + 8*day, Member: author.Public(), Slots: 2, Why: statement.WhyHosting, Period: 1,
			})
			grant := say(n, &statement.Grant{
				Community: p.ID(), IssuedAt: p.Now, Member: author.Public(), Slots: int64(i%2) + 1, Why: statement.WhyAdmission,
			})
			key := p.OneTime()
			invite := say(author, &statement.Invite{
				Community: p.ID(), IssuedAt: p.Now, Expires: p.Now + day + int64(i), Key: key.Public(), Grant: grant.ID(), Slot: int64(i % 2),
			})
			say(author, &statement.Revoke{Community: p.ID(), IssuedAt: p.Now, Statement: invite.ID()})
			for _, member := range people[1:] {
				join := p.Join(invite, key, member)
				p.said = append(p.said, join)
				for late, n := range p.nodes {
					say(n, &statement.Admit{
						Community: p.ID(), IssuedAt: p.Now + int64(late), Member: member.Public(), Join: join.ID(), Way: statement.EntryInvite,
					})
				}
			}
		}
	}
	for _, member := range people[1:3] {
		join := p.Ask(member)
		p.said = append(p.said, join)
		for _, by := range []identity.PrivateKey{p.Founder, member} {
			say(by, p.Approve(join).Body())
		}
		for late, n := range p.nodes {
			for _, way := range []statement.Statement{p.Approve(join), {}} {
				b := *p.Let(join, way).Body().(*statement.Admit)
				b.IssuedAt += int64(late)
				say(n, &b)
			}
		}
	}
	return p
}

// logs reads pairs of bytes: a log, how far its index goes on, and a statement.
func (p *pool) logs(data []byte) []invites.Log {
	entries := make([][]invites.Entry, len(p.keepers))
	index := make([]int64, len(entries))
	for ; len(data) >= 2; data = data[2:] {
		i := int(data[0]) % len(entries)
		index[i] += int64(data[0]>>2)%4 - int64(data[0]>>7) // mostly on, sometimes not
		entries[i] = append(entries[i], invites.Entry{
			Log: p.keepers[i], Index: index[i], Statement: p.said[int(data[1])%len(p.said)],
		})
		index[i]++
	}
	logs := make([]invites.Log, len(entries))
	for i := range logs {
		logs[i] = invites.Log{Node: p.keepers[i], Entries: slices.Values(entries[i])}
	}
	return logs
}

// inOrder is the pool said once, each statement in the log of the node that matters to it, in the order of the pool.
func (p *pool) inOrder() []byte {
	var data []byte
	for i, s := range p.said {
		log := slices.IndexFunc(p.nodes, func(n identity.PrivateKey) bool { return n.Public() == s.Signer() })
		if log < 0 {
			log = i % len(p.nodes)
		}
		if s.Kind() != statement.KindRevoke {
			data = append(data, byte(log), byte(i))
		}
	}
	return data
}

// What the fuzzer begins with must bring in people and displace some, or it looks at nothing.
func TestPool(t *testing.T) {
	p := newPool(t)
	void := 0
	s := invites.Merge(p.ID(), p.logs(p.inOrder()), func(invites.Entry, error) { void++ })
	displaced := 0
	for _, name := range []string{"ann", "bob", "cy"} {
		if _, lost := s.Displaced(p.Person(name).Public()); lost {
			displaced++
		}
	}
	if s.Count() < 3 || displaced+s.Count() != 4 || void == 0 {
		t.Errorf("%d members, %d displaced, %d void", s.Count(), displaced, void)
	}
}

func FuzzMerge(f *testing.F) {
	p := newPool(f)
	f.Add([]byte{})
	f.Add(p.inOrder())
	backwards := p.inOrder()
	slices.Reverse(backwards)
	for i := 0; i+1 < len(backwards); i += 2 {
		backwards[i], backwards[i+1] = backwards[i+1], backwards[i]
	}
	f.Add(backwards)
	f.Add(append(p.inOrder(), backwards...))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) <= 2048 {
			p.check(t, data)
		}
	})
}

// TestContradictions merges what nobody honest would say: of the pool some, mostly in order, anywhere.
func TestContradictions(t *testing.T) {
	p := newPool(t)
	all := p.inOrder()
	rapid.Check(t, func(t *rapid.T) {
		var data []byte
		for _, start := range []int{0, 0, 1}[:rapid.IntRange(1, 3).Draw(t, "rounds")] {
			for i := 2 * start; i+1 < len(all); i += 2 {
				switch n := rapid.IntRange(0, 19).Draw(t, "fate"); {
				case i < 20 || n > 10: // who the nodes are is mostly needed
					data = append(data, all[i], all[i+1])
				case n > 8:
					data = append(data, byte(n), all[i+1])
				case n > 7 && len(data) > 40:
					at := 2 * rapid.IntRange(10, len(data)/2-1).Draw(t, "earlier")
					data = slices.Insert(data, at, all[i], all[i+1])
				}
			}
		}
		p.check(t, data)
	})
}

// check holds a Merge against what is true of every one.
func (p *pool) check(t invitestest.TB, data []byte) {
	t.Helper()
	logs := p.logs(data)
	void := 0
	s := invites.Merge(p.ID(), logs, func(invites.Entry, error) { void++ })
	checkTree(t, s)
	walk(s)
	encoded := s.Encode()
	decoded, err := invites.Decode(encoded)
	if err != nil || !bytes.Equal(decoded.Encode(), encoded) {
		t.Fatalf("the snapshot changes when it is read: %v", err)
	}
	slices.Reverse(logs)
	again := 0
	r := invites.Merge(p.ID(), append(slices.Clip(logs[1:]), logs[0]), func(invites.Entry, error) { again++ })
	if again != void || !bytes.Equal(r.Encode(), encoded) {
		t.Fatalf("another order of the logs gives another State")
	}
	var mixed []invites.Entry // one of each log in turn
	for i := range data {
		for _, l := range logs {
			if all := slices.Collect(l.Entries); i < len(all) {
				mixed = append(mixed, all[i])
			}
		}
	}
	r = invites.Replay(p.ID(), slices.Values(mixed), func(invites.Entry, error) {})
	if !bytes.Equal(r.Encode(), encoded) {
		t.Fatalf("a replay of the mixed logs gives another State")
	}
	for m := range s.Members() {
		p.checkChain(t, s, m, logs)
	}
}

// rising is a log without the leaves that have been passed. No real log has them, and in a part of it they may count.
func rising(all iter.Seq[invites.Entry]) (out []invites.Entry) {
	next := int64(0)
	for e := range all {
		if e.Index >= next {
			out, next = append(out, e), e.Index+1
		}
	}
	return out
}

// checkChain folds just the chain of a member. They must be a member by it, too. (Their sponsor may be another: what is
// left out may have closed a circle.)
func (p *pool) checkChain(t invitestest.TB, s invites.State, m invites.Member, logs []invites.Log) {
	t.Helper()
	ids, err := s.Chain(m.Key)
	if err != nil {
		t.Fatalf("the chain of %s: %v", m.Key, err)
	}
	part := slices.Clone(logs)
	for i, l := range logs {
		part[i].Entries = slices.Values(slices.DeleteFunc(rising(l.Entries), func(e invites.Entry) bool {
			return !slices.Contains(ids, e.Statement.ID())
		}))
	}
	alone := invites.Merge(p.ID(), part, func(invites.Entry, error) {})
	if _, ok := alone.Member(m.Key); !ok {
		t.Fatalf("%s is no member by the chain alone", m.Key)
	}
}
