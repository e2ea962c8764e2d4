package rooms_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/statement"
)

// TestOldHostOrClaim is the rule for every number of listed nodes and signatures: "the side with more listed nodes wins,
// the old host counting as one; a tie goes to the old host unless it restarted".
func TestOldHostOrClaim(t *testing.T) {
	v := newVenue(t, "")
	first := rooms.First(v.create)
	want := map[int]string{ // by listed nodes: for one signature, two, …; claim, host, or = for a tie
		1: "=", 2: "hc", 3: "h=c", 4: "hhcc", 5: "hh=cc",
	}
	for listed, outcomes := range want {
		nodes := []int{1, 2, 3, 4, 5}[:listed]
		l := list(t, first, 1, nodes...)
		for i, outcome := range outcomes {
			c := claim(t, first, l, now+10, 1, nodes[1:i+1]...)
			if (c.Compare(first) > 0) != (outcome == 'c') || c.Compare(first) != -first.Compare(c) {
				t.Errorf("%d of %d: compare %d", i+1, listed, c.Compare(first))
			}
			decisions := map[rune][3]rooms.Decision{ // the host's, that of one that restarted, the claimant's
				'c': {rooms.Yield, rooms.Yield, rooms.Stay},
				'h': {rooms.Stay, rooms.Stay, rooms.Yield},
				'=': {rooms.Stay, rooms.Yield, rooms.Ask},
			}
			got := [3]rooms.Decision{
				first.Decide(c, now+9), first.Decide(c, now+10), c.Decide(first, now+100),
			}
			if got != decisions[outcome] {
				t.Errorf("%d of %d: they decide %v, want %v", i+1, listed, got, decisions[outcome])
			}
			old, young := v.announce(t, first, now+10, 1), v.announce(t, first, now+11, 2)
			mine := v.announce(t, c, now+10, 1)
			if got := c.Hear(old, 0); got != rooms.Stay {
				t.Errorf("%d of %d: the claimant hears of the host from before and decides to %s", i+1, listed, got)
			}
			if got := c.Hear(young, 0); got != decisions[outcome][2] {
				t.Errorf("%d of %d: the claimant hears the host alive and decides to %s", i+1, listed, got)
			}
			if got := first.Hear(mine, now+9); got != decisions[outcome][0] {
				t.Errorf("%d of %d: the host hears the claimant and decides to %s", i+1, listed, got)
			}
			for _, p := range []struct {
				host rooms.Announcement
				want bool
			}{{old, true}, {young, outcome == 'c'}} {
				if rooms.Prefer(mine, p.host) != p.want || rooms.Prefer(p.host, mine) == p.want {
					t.Errorf("%d of %d: of the host at %d and the claim at %d, the claim is preferred: %v",
						i+1, listed, p.host.Issued-now, mine.Issued-now, !p.want)
				}
			}
		}
	}
}

func TestRivalClaims(t *testing.T) {
	first := rooms.First(newVenue(t, "").create)
	l := list(t, first, 4, 1, 2, 3, 4, 5)
	longer, older := list(t, first, 5, 2, 1, 3), list(t, first, 3, 2, 1)
	lower, higher := 1, 2
	if slices.Compare(bytesOf(node(1)), bytesOf(node(2))) > 0 {
		lower, higher = 2, 1
	}
	for name, tt := range map[string]struct{ wins, loses rooms.Tenure }{
		"more signatures": {claim(t, first, l, now, 5, 4, 3), claim(t, first, l, now, 1, 2)},
		"the earlier place": {
			claim(t, first, l, now, 2, 3), claim(t, first, l, now, 4, 5),
		},
		"the newer list": {claim(t, first, longer, now, 3, 2), claim(t, first, l, now, 1, 2)},
		"one that prevails over the host before more signatures": {
			claim(t, first, older, now, 2, 1), claim(t, first, l, now, 1, 2, 3),
		},
		"the lower key": { // a host that signs two lists of one number
			claim(t, first, list(t, first, 9, lower, 6), now, lower), claim(t, first, list(t, first, 9, higher, 7), now, higher),
		},
		"whatever follows": {
			claim(t, first, l, now, 5, 4, 3),
			func() rooms.Tenure {
				next := claim(t, first, l, now, 1, 2)
				return claim(t, next, list(t, next, 1, 2, 3), now, 2, 3)
			}(),
		},
	} {
		if tt.wins.Compare(tt.loses) <= 0 || tt.loses.Compare(tt.wins) >= 0 {
			t.Errorf("%s: does not win", name)
		}
		if d := tt.loses.Decide(tt.wins, now+1000); d != rooms.Yield {
			t.Errorf("%s: the loser decides to %s", name, d)
		}
		if d := tt.wins.Decide(tt.loses, now+1000); d != rooms.Stay {
			t.Errorf("%s: the winner decides to %s", name, d)
		}
	}
}

func bytesOf(k identity.PublicKey) []byte { return k[:] }

func TestTenuresThatDoNotCompete(t *testing.T) {
	v := newVenue(t, "")
	first, other := rooms.First(v.create), rooms.First(newVenue(t, "other").create)
	c := claim(t, first, list(t, first, 1, 1, 2), now, 1, 2)
	if first.Compare(rooms.First(v.create)) != 0 || first.Compare(other) != 0 || c.Compare(other) != 0 {
		t.Error("the same tenure, or tenures of two rooms, are ordered")
	}
	if other.Decide(c, now+1000) != rooms.Stay || c.Decide(other, 0) != rooms.Stay || c.Decide(c, now+1000) != rooms.Stay {
		t.Error("a host gives way to another room, or to itself")
	}
	if !c.Extends(first) || first.Extends(c) || c.Extends(c) || c.Extends(other) {
		t.Error("Extends does not tell what goes on from what")
	}
}

func TestEndAndClaim(t *testing.T) {
	v := newVenue(t, "")
	first := rooms.First(v.create)
	l := list(t, first, 1, 1, 2)
	majority, minority := claim(t, first, l, now+10, 1, 2), claim(t, first, l, now+10, 1)
	for name, tt := range map[string]struct {
		claim rooms.Tenure
		end   int64
		want  bool
	}{
		"a majority that claimed after the end":  {majority, now + 9, false},
		"a majority that claimed before the end": {majority, now + 11, true},
		"a minority that claimed after the end":  {minority, now + 9, false},
		"a minority that claimed before the end": {minority, now + 11, false},
	} {
		end, goesOn := v.announce(t, first, tt.end, 5, ends), v.announce(t, tt.claim, now+20, 1)
		if rooms.Prefer(goesOn, end) != tt.want || rooms.Prefer(end, goesOn) == tt.want {
			t.Errorf("%s goes on: want %v", name, tt.want)
		}
	}
}

// TestOneCountsOfAny holds that Compare is a total order over whatever tenures of a room there may be.
func TestOneCountsOfAny(t *testing.T) {
	v := newVenue(t, "")
	tenures := []rooms.Tenure{rooms.First(v.create)}
	first := tenures[0]
	lists := []statement.Statement{list(t, first, 1, 1, 2, 3, 4, 5), list(t, first, 2, 2, 1), list(t, first, 3, 3, 1, 2)}
	for _, by := range [][]int{{1}, {1, 2}, {1, 2, 3}, {2, 1}, {2, 3, 4}, {3, 4}, {5, 4, 3, 2}} {
		tenures = append(tenures, claim(t, first, lists[0], now+5, by[0], by[1:]...))
	}
	for _, by := range [][]int{{1}, {2}, {1, 2}, {2, 1}} {
		tenures = append(tenures, claim(t, first, lists[1], now+6, by[0], by[1:]...))
	}
	for _, by := range [][]int{{3}, {3, 1}, {1, 2}} {
		tenures = append(tenures, claim(t, first, lists[2], now+7, by[0], by[1:]...))
	}
	for _, base := range slices.Clone(tenures[1:]) {
		other := nodeOf(base.Host)%5 + 1
		l := list(t, base, 1, other, 7, 8)
		tenures = append(tenures, claim(t, base, l, now+9, other), claim(t, base, l, now+9, other, 7, 8))
	}
	rapid.Check(t, func(t *rapid.T) {
		draw := func(label string) rooms.Tenure { return rapid.SampledFrom(tenures).Draw(t, label) }
		a, b, c := draw("a"), draw("b"), draw("c")
		if a.Compare(b) != -b.Compare(a) {
			t.Fatalf("not antisymmetric")
		}
		if a.Compare(b) > 0 && b.Compare(c) > 0 && a.Compare(c) <= 0 {
			t.Fatalf("not transitive")
		}
		if a.Compare(b) == 0 && (a.Host != b.Host || a.Epoch != b.Epoch) {
			t.Fatalf("two hosts count alike")
		}
	})
	for i, a := range tenures {
		for j, b := range tenures {
			if (a.Compare(b) == 0) != (i == j) {
				t.Errorf("tenures %d and %d count alike", i, j)
			}
			// Where nobody has restarted, the higher one stays, and the lower one yields or asks it.
			if lower := b.Decide(a, 0); a.Compare(b) > 0 && a.Host != b.Host && (a.Decide(b, 0) != rooms.Stay || lower == rooms.Stay) {
				t.Errorf("tenures %d and %d: decide %s and %s", i, j, a.Decide(b, 0), lower)
			}
		}
	}
}

func TestElectionFitsTheTime(t *testing.T) {
	// The worst case of the first in line: the host dies just after it answered; the claim; two seconds to take over.
	if worst := rooms.PingEvery*(rooms.MissesGone+1) + rooms.ClaimDelay(0) + 2_000; worst > rooms.SilenceMost {
		t.Errorf("the first in line is heard after %d ms", worst)
	}
	if worst := rooms.PingEvery*(rooms.MissesGone+1) + rooms.ClaimDelay(1) + 2_000; worst > rooms.SilenceMost {
		t.Errorf("the second in line is heard after %d ms", worst)
	}
	seen := map[int64]bool{}
	for place := range statement.MaxSuccessors {
		e := rooms.ClaimEpoch(7, place)
		if e <= 7 || e > 7+statement.MaxEpochs || seen[e] {
			t.Errorf("place %d claims epoch %d", place, e)
		}
		seen[e] = true
		if place > 0 && rooms.ClaimDelay(place)-rooms.ClaimDelay(place-1) < rooms.PingEvery {
			t.Errorf("place %d claims before it can have heard of the claim before it", place)
		}
	}
}

func TestSuccessors(t *testing.T) {
	s := rooms.New(config(rooms.Limits{}))
	stage := func(n byte) []step {
		return []step{
			{0, key(n), rooms.Enter{}},
			{0, key(0), rooms.Offer{Who: key(n)}},
			{0, key(n), rooms.AcceptOffer{}},
		}
	}
	s = play(t, s, step{0, key(0), rooms.Enter{}})
	for n := byte(1); n <= 4; n++ {
		s = play(t, s, stage(n)...)
	}
	// 3 is appointed before 1; 2 and 4 speak; 5 to 9 listen, 9 first.
	s = play(t, s, step{10, key(0), rooms.Appoint{Who: key(3)}}, step{20, key(0), rooms.Appoint{Who: key(1)}})
	for _, n := range []byte{9, 5, 6, 7, 8} {
		s = play(t, s, step{30, key(n), rooms.Enter{}})
	}
	everywhere := func(identity.PublicKey) bool { return true }
	homes := func(of map[byte]int) func(identity.PublicKey) identity.PublicKey {
		return func(k identity.PublicKey) identity.PublicKey {
			for n, home := range of {
				if key(n) == k {
					return node(home)
				}
			}
			return identity.PublicKey{}
		}
	}
	for _, tt := range []struct {
		name    string
		homes   map[byte]int
		follows func(identity.PublicKey) bool
		want    []int
	}{
		{"all at the host", nil, everywhere, nil},
		{"all at the host, which says so", map[byte]int{0: 0, 1: 0, 5: 0}, everywhere, nil},
		{"moderators by appointment, then speakers, then listeners", map[byte]int{9: 1, 4: 2, 1: 3, 3: 4, 2: 5}, everywhere, []int{4, 3, 5, 2, 1}},
		{"five at most", map[byte]int{0: 1, 1: 2, 2: 3, 3: 4, 4: 5, 5: 6, 9: 7}, everywhere, []int{1, 4, 2, 3, 5}},
		{"each once", map[byte]int{0: 1, 1: 1, 2: 2, 4: 1, 5: 2, 6: 3}, everywhere, []int{1, 2, 3}},
		{"by entry", map[byte]int{5: 1, 6: 2, 7: 3, 8: 4, 9: 5}, everywhere, []int{5, 1, 2, 3, 4}},
		{
			"only those that follow",
			map[byte]int{0: 1, 1: 2, 5: 3},
			func(k identity.PublicKey) bool { return k != node(1) },
			[]int{2, 3},
		},
		{"strangers do not count", map[byte]int{20: 1}, everywhere, nil},
	} {
		var want []identity.PublicKey
		for _, n := range tt.want {
			want = append(want, node(n))
		}
		if got := rooms.Successors(s, node(0), homes(tt.homes), tt.follows); !slices.Equal(got, want) {
			numbers := make([]int, len(got))
			for i, k := range got {
				numbers[i] = nodeOf(k)
			}
			t.Errorf("%s: %v, want %v", tt.name, numbers, tt.want)
		}
	}
}
