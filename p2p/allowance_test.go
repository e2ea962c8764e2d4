package p2p

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"pgregory.net/rapid"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
)

// Whatever is taken and given back in whatever time: nobody gets more than burst and rate allow of what is not given
// back, nobody's doings touch another's, and the buckets are no more than the bound.
func TestAllowance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		began := time.Unix(1e9, 0)
		now := began
		const rate, burst, most = 2.0, 10.0, 4
		a := newAllowance[int](rate, burst, most, func() time.Time { return now })
		used, passed := map[int]float64{}, 0.0
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			step := time.Duration(rapid.IntRange(-1e9, 2e9).Draw(t, "step")) // clocks are set back, too
			now, passed = now.Add(step), passed+max(step, 0).Seconds()
			key := rapid.IntRange(0, 3).Draw(t, "key")
			if a.take(key, 1) {
				back := rapid.SampledFrom([]float64{0, acceptedGives, copyGives}).Draw(t, "back")
				a.give(key, back)
				used[key] += 1 - back
			}
		}
		for key, n := range used {
			if bound := burst + rate*passed + 0.01; n > bound {
				t.Fatalf("%d used %v, and %v is the most", key, n, bound)
			}
		}
		if len(a.of) > most {
			t.Fatalf("%d buckets", len(a.of))
		}
	})
}

func TestAllowanceOverTime(t *testing.T) {
	now := time.Unix(1e9, 0)
	a := newAllowance[string](2, 4, 2, func() time.Time { return now })
	takes := func(key string) int {
		n := 0
		for a.take(key, 1) {
			n++
		}
		return n
	}
	for _, step := range []struct {
		name  string
		after time.Duration
		key   string
		want  int
	}{
		{"a full bucket", 0, "a", 4},
		{"an empty one", 0, "a", 0},
		{"another's", 0, "b", 4},
		{"after a second", time.Second, "a", 2},
		{"a clock set back", -time.Hour, "a", 0},
		{"beyond the bound all share one", 0, "c", 4},
		{"and it is empty", 0, "d", 0},
		{"full buckets make room", time.Hour + 10*time.Second, "e", 4},
		{"for two", 0, "f", 4},
		{"after very long", 1000 * time.Hour, "a", 4},
	} {
		now = now.Add(step.after)
		if got := takes(step.key); got != step.want {
			t.Errorf("%s: %d tokens, want %d", step.name, got, step.want)
		}
	}
}

func TestScores(t *testing.T) {
	now := time.Unix(1e9, 0)
	s := newScores(func() time.Time { return now })
	near := func(got, want float64) bool { return math.Abs(got-want) < 0.01 }
	for _, step := range []struct {
		name     string
		after    time.Duration
		offences int
		points   float64
		banished bool
	}{
		{"nothing", 0, 0, 0, false},
		{"three offences", 0, 3, 60, false},
		{"half forgotten", penaltyHalf, 0, 30, false},
		{"two more", 0, 2, 70, true},
		{"nearly back", banishment - 1, 0, 35, true},
		{"back", 1, 0, 35, false},
		{"a clock set back", -time.Minute, 0, 37.51, true},
		{"all forgotten", 24 * time.Hour, 0, 0, false},
	} {
		now = now.Add(step.after)
		for range step.offences {
			s.add("p", offencePoints)
		}
		if got := s.points("p"); !near(got, step.points) || s.banished("p") != step.banished {
			t.Errorf("%s: %v points, banished %v; want %v, %v", step.name, got, s.banished("p"), step.points, step.banished)
		}
	}
	s.banish("bad")
	for i := range 3 * penaltiesMost {
		s.add(peer.ID(fmt.Sprint(i)), floodPoints)
	}
	if len(s.of) > penaltiesMost {
		t.Errorf("%d penalties are kept, and %d is the most", len(s.of), penaltiesMost)
	}
	if !s.banished("bad") {
		t.Error("a flood of small offences made a large one forgotten")
	}
}

// Thresholds and points have to fit together: they are what the comments on them say.
func TestScoreArithmetic(t *testing.T) {
	topic := topicScore()
	echo := func(n float64) float64 { return topic.InvalidMessageDeliveriesWeight * n * n }
	invalid := func(n float64) float64 { return echo(n) - n*invalidPoints }
	earned := topic.TimeInMeshWeight*topic.TimeInMeshCap + topic.FirstMessageDeliveriesWeight*topic.FirstMessageDeliveriesCap
	for name, is := range map[string]bool{
		"a restarted node's echo, once, costs little":     echo(1) > gossipThreshold/2,
		"two invalid messages cost gossip":                invalid(2) <= gossipThreshold,
		"four are the end":                                invalid(4) <= graylistThreshold,
		"no service buys exchange":                        topicCap < exchangeThreshold && earned <= topicCap,
		"being chosen does":                               trustedBonus >= exchangeThreshold,
		"one offence stops gossip":                        -offencePoints <= gossipThreshold,
		"four within two minutes banish":                  4*offencePoints*math.Exp2(-2.0/10*0.75) >= banishPoints,
		"three never do":                                  3*offencePoints < banishPoints,
		"neighbours on one address are tolerable up to 6": scoreParams(nil).IPColocationFactorThreshold < connsPerIPv4,
	} {
		if !is {
			t.Errorf("it is not so that %s", name)
		}
	}
}

func TestLengthGuard(t *testing.T) {
	message := appendFrame(appendFrame(nil, make([]byte, 100)), make([]byte, 300))
	for name, c := range map[string]struct {
		data []byte
		ok   bool
	}{
		"messages":       {message, true},
		"empty ones":     {[]byte{0, 0, 0}, true},
		"the largest":    {appendFrame(nil, make([]byte, 300)), true},
		"one too large":  {appendFrame(nil, make([]byte, 301)), false},
		"no length":      {[]byte{0x80, 0x80, 0x80, 0x80, 0x80, 0x80}, false},
		"a huge length":  {[]byte{0xff, 0xff, 0xff, 0x7f}, false},
		"after good one": {append(message, 0xff, 0x7f), false},
	} {
		for _, step := range []int{1, 7, len(c.data)} { // however the bytes come in
			g, ok := lengthGuard{most: 300}, true
			for i := 0; i < len(c.data) && ok; i += step {
				ok = g.pass(c.data[i:min(i+step, len(c.data))])
			}
			if ok != c.ok {
				t.Errorf("%s, %d bytes at a time: passed %v", name, step, ok)
			}
		}
	}
}

func TestPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlaces[identity.PublicKey](2)
		one, two := identity.PublicKey{1}, identity.PublicKey{2}
		var leave []func()
		for _, key := range []identity.PublicKey{one, one, two} {
			done, err := p.wait(t.Context(), key)
			if err != nil {
				t.Fatal(err)
			}
			leave = append(leave, done)
		}
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		if _, err := p.wait(ctx, one); err == nil {
			t.Fatal("a third was let in")
		}
		in := make(chan func())
		go func() {
			done, err := p.wait(t.Context(), one)
			if err != nil {
				t.Error(err)
			}
			in <- done
		}()
		synctest.Wait()
		leave[0]()
		(<-in)()
		leave[1]()
		leave[2]()
		if len(p.of) != 0 {
			t.Errorf("%d keys are remembered", len(p.of))
		}
	})
}

// A judgement that hangs costs its place and nothing else; when all hang, nothing is judged, and nobody is blamed.
func TestJudgementsThatHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &Host{judges: make(chan struct{}, judges)}
		hang := make(chan struct{})
		for range judges {
			began := time.Now()
			wantReason(t, h.judge(t.Context(), func() error { <-hang; return nil }), reason.RateLimited)
			if took := time.Since(began); took != judgeWait {
				t.Errorf("it took %v, want %v", took, judgeWait)
			}
		}
		wantReason(t, h.judge(t.Context(), func() error { return nil }), reason.RateLimited)
		close(hang)
		h.work.Wait()
		synctest.Wait()
		if err := h.judge(t.Context(), func() error { return errFake }); !errors.Is(err, errFake) {
			t.Errorf("the verdict is %v", err)
		}
		h.closing = true
		wantReason(t, h.judge(t.Context(), func() error { return nil }), reason.ShuttingDown)
	})
}
