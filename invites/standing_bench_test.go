package invites_test

import (
	"strconv"
	"testing"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/invites"
	"github.com/stoa-rooms/stoa/invites/invitestest"
	"github.com/stoa-rooms/stoa/statement"
)

// town is a community of so many people who came in by each of the three ways, and have earned invites in two periods: by
// hosting in one, by speaking in the next.
func town(b *testing.B, people int) *invitestest.Community {
	b.Helper()
	c := founded(b)
	rules := func(entry statement.Entry) { c.Change(func(r *statement.Rules) { r.Entry = entry }) }
	members := []identity.PrivateKey{c.Founder}
	join := func(i int) identity.PrivateKey {
		p := c.Person("person " + strconv.Itoa(i))
		members = append(members, p)
		return p
	}
	third := people / 3
	rules(statement.EntryOpen)
	for i := range third {
		ask := c.Ask(join(i))
		c.Log(ask, c.Let(ask, statement.Statement{}))
	}
	rules(statement.EntryAsk)
	for i := range third {
		p := join(third + i)
		ask := c.Ask(p)
		approve := c.Approve(ask)
		c.Log(ask, approve, c.Let(ask, approve), c.Grant(p.Public()))
	}
	for i := 0; len(members) <= people; i++ {
		sponsor := members[third+1+i] // the first who was granted slots on admission, and so on
		for range 2 {
			c.Admit(sponsor, join(len(members)))
		}
	}
	r := c.Rules
	c.Now += 2 * r.Period
	for i, p := range members[1:] {
		for period, why := range []statement.Why{statement.WhyHosting, statement.WhySpeaking} {
			if i%2 == 0 {
				c.Log(c.Sign(&statement.Grant{
					Community: c.ID(), IssuedAt: c.Now, Member: p.Public(), Slots: r.PeriodSlots, Why: why, Period: int64(period),
				}, c.Node))
			}
		}
	}
	return c
}

// BenchmarkFold is what a node does with the log of a large community when it starts without a snapshot, but for reading and
// verifying the statements. For each size, the time for one entry: it must not grow with the size.
func BenchmarkFold(b *testing.B) {
	for _, people := range []int{1_000, 10_000} {
		b.Run(strconv.Itoa(people), func(b *testing.B) {
			c := town(b, people)
			entries := c.Entries()
			b.ReportAllocs()
			for b.Loop() {
				s, err := invites.New(c.ID()).ApplyAll(entries)
				if err != nil || s.Count() < people {
					b.Fatalf("%d members, %v", s.Count(), err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(entries)), "ns/entry")
		})
	}
}

// BenchmarkStanding is what it costs to say how one member of a large community stands, and what there is to earn for them:
// a node does it for everybody in a room each second.
func BenchmarkStanding(b *testing.B) {
	for _, people := range []int{1_000, 10_000} {
		b.Run(strconv.Itoa(people), func(b *testing.B) {
			c := town(b, people)
			s, err := invites.New(c.ID()).ApplyAll(c.Entries())
			if err != nil {
				b.Fatal(err)
			}
			var keys []identity.PublicKey
			for m := range s.Members() {
				keys = append(keys, m.Key)
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				key := keys[i%len(keys)]
				standing, ok := s.Standing(key)
				if _, branch := s.Branch(key); !ok || !branch {
					b.Fatalf("%s stands nowhere: %+v", key, standing)
				}
				s.Tally(invites.Tally{}, key, c.Now)
				s.FreeSlots(key, c.Now)
			}
		})
	}
}
