package invites_test

import (
	"slices"
	"strconv"
	"testing"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/invites"
	"github.com/stoa-rooms/stoa/invites/invitestest"
	"github.com/stoa-rooms/stoa/statement"
)

// twoLogs are about so many entries, of two nodes that take turns: every admit has its invite in the other's log.
func twoLogs(b *testing.B, entries int) (*invitestest.Community, []invites.Log) {
	b.Helper()
	c := founded(b)
	nodes := []identity.PrivateKey{c.Node, c.Person("second")}
	c.Log(delegateOf(c, nodes[1].Public(), nil))
	logs := [][]invites.Entry{slices.Clone(c.Entries()), nil}
	say := func(at int, by identity.PrivateKey, body statement.Body) statement.Statement {
		s := c.Sign(body, by)
		logs[at] = append(logs[at], invites.Entry{Log: nodes[at].Public(), Index: int64(len(logs[at])), Statement: s})
		return s
	}
	people, grants := []identity.PrivateKey{c.Founder}, []statement.ID{c.Entries()[2].Statement.ID()}
	for i := 0; 4*i < entries; i++ {
		key, p, at := c.OneTime(), c.Person("person "+strconv.Itoa(i)), i%2
		invite := say(at, people[i/2], &statement.Invite{
			Community: c.ID(), IssuedAt: c.Now, Expires: c.Now + day, Key: key.Public(), Grant: grants[i/2], Slot: int64(i % 2),
		})
		join := say(1-at, p, c.Join(invite, key, p).Body())
		say(1-at, nodes[1-at], c.Accept(join).Body())
		grant := say(1-at, nodes[1-at], c.Grant(p.Public()).Body())
		people, grants = append(people, p), append(grants, grant.ID())
	}
	return c, []invites.Log{
		{Node: nodes[0].Public(), Entries: slices.Values(logs[0])}, {Node: nodes[1].Public(), Entries: slices.Values(logs[1])},
	}
}

// BenchmarkMerge is what the arrival of an entry from another node costs. For each size, the time for one entry: it must
// not grow with the size.
func BenchmarkMerge(b *testing.B) {
	for _, size := range []int{1_000, 10_000} {
		c, logs := twoLogs(b, size)
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s := invites.Merge(c.ID(), logs, func(e invites.Entry, err error) { b.Fatalf("leaf %d is void: %v", e.Index, err) })
				if s.Count() < size/4 {
					b.Fatalf("%d members", s.Count())
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*size), "ns/entry")
		})
	}
}
