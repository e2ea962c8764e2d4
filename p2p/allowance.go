package p2p

import (
	"sync"
	"time"
)

// allowance is a set of token buckets, one for each key, with a bound on their number. What was taken can be given
// back, so that a bucket bounds not what somebody does but what of it was useless.
type allowance[K comparable] struct {
	rate  float64 // tokens a second
	burst float64 // what a bucket holds at most, and at first
	most  int     // buckets; whoever comes beyond shares one
	now   func() time.Time

	mu    sync.Mutex
	of    map[K]*bucket
	rest  bucket
	swept time.Time
}

type bucket struct {
	tokens float64
	at     time.Time
}

func newAllowance[K comparable](rate, burst float64, most int, now func() time.Time) *allowance[K] {
	return &allowance[K]{rate: rate, burst: burst, most: most, now: now, of: map[K]*bucket{}, rest: bucket{burst, now()}}
}

// take takes n tokens, all or none.
func (a *allowance[K]) take(key K, n float64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	b := a.bucketLocked(key)
	if b.tokens < n {
		return false
	}
	b.tokens -= n
	return true
}

// give gives n tokens back, up to a full bucket.
func (a *allowance[K]) give(key K, n float64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	b := a.bucketLocked(key)
	b.tokens = min(a.burst, b.tokens+n)
}

func (a *allowance[K]) bucketLocked(key K) *bucket {
	now := a.now()
	b := a.of[key]
	if b == nil {
		if len(a.of) >= a.most {
			a.sweepLocked(now)
		}
		if len(a.of) >= a.most {
			b = &a.rest
		} else {
			b = &bucket{a.burst, now}
			a.of[key] = b
		}
	}
	a.fill(b, now)
	return b
}

func (a *allowance[K]) fill(b *bucket, now time.Time) {
	if passed := now.Sub(b.at).Seconds(); passed > 0 { // a clock that was set back gives nothing and takes nothing
		b.tokens = min(a.burst, b.tokens+passed*a.rate)
	}
	b.at = now
}

// sweepLocked forgets full buckets: they are as good as new ones. Once a second, so that a flood of new keys does not
// pay for a walk over all of them each time.
func (a *allowance[K]) sweepLocked(now time.Time) {
	if since := now.Sub(a.swept); since >= 0 && since < time.Second {
		return
	}
	a.swept = now
	for key, b := range a.of {
		if a.fill(b, now); b.tokens >= a.burst {
			delete(a.of, key)
		}
	}
}
