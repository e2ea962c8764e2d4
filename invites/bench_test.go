package invites

import (
	"crypto/sha256"
	"encoding/binary"
	"runtime"
	"testing"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

// crowd is the State after a million statements of a hundred thousand people: each was admitted by an invite (three
// statements), was granted slots four times, and made three invites besides those that were used. It is put together
// from records, since a million signatures take minutes.
func crowd(people int) State {
	s := New(name[identity.PublicKey](0, 0))
	s.rules = &statement.Rules{Order: 1, Period: 1, Entry: statement.EntryInvite}
	s.members.append(s.community, founder(s.community, 0, 0, 0))
	next := func() int64 { s.applied++; return s.applied }
	give := func(to number) {
		for i := range 4 {
			g := s.grants.add(grant{
				id: name[statement.ID](1, s.grants.len()), member: to, invites: none, slots: 3, why: min(reward(i), 1),
				period: int64(i), issued: 1_800_000_000, place: next(),
			})
			linkGrant(&s.members, &s.grants, g)
		}
	}
	invite1 := func(by number, slot uint16) number {
		id := name[statement.ID](2, s.invites.len())
		v := s.invites.append(id, invite{
			id: id, key: name[identity.PublicKey](3, s.invites.len()), grant: s.members.at(by).grants, used: none,
			slot: slot, issued: 1_800_000_000, expires: 1_800_600_000, place: next(),
		})
		linkInvite(&s.members, &s.grants, &s.invites, v)
		return v
	}
	give(0)
	for i := 1; i < people; i++ {
		sponsor := number((i - 1) / 2)
		v := invite1(sponsor, uint16((i-1)%2))
		key := name[identity.PublicKey](4, i)
		n := s.members.append(key, newMember(key, admission{
			join: name[statement.ID](5, i), admit: name[statement.ID](6, i), invite: v, approval: none, sponsor: sponsor,
			admitted: 1_800_000_000, order: 1, joined: next(), place: next(),
		}))
		linkMember(&s.members, &s.invites, n)
		give(n)
		for range 3 {
			invite1(n, 2)
		}
	}
	s.applied++
	return s
}

func name[K ~[32]byte](kind, n int) K {
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:], uint64(kind))
	binary.LittleEndian.PutUint64(b[8:], uint64(n))
	return sha256.Sum256(b[:])
}

func BenchmarkDecode(b *testing.B) {
	data := crowd(100_000).Encode()
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	var s State
	for b.Loop() {
		var err error
		if s, err = Decode(data); err != nil {
			b.Fatal(err)
		}
	}
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.HeapAlloc)/1e6, "MB-live")
	b.ReportMetric(float64(m.HeapSys)/1e6, "MB-sys")
	runtime.KeepAlive(s)
	runtime.KeepAlive(data)
}

func BenchmarkEncode(b *testing.B) {
	s := crowd(100_000)
	b.ReportAllocs()
	for b.Loop() {
		s.Encode()
	}
}
