package server

import (
	"container/list"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Rate is a token bucket: so many a second, so many at once.
type Rate struct {
	PerSecond float64
	Burst     int
}

// Limits are how much one client may ask for. A zero field stands for its default.
type Limits struct {
	// Requests of any kind from one address.
	Requests Rate
	// Costly requests from one address: those that verify signatures, write, or shake hands.
	Costly Rate
	// Asks: requests to join by nobody's invite from one address.
	Asks Rate
	// Actions of one session: what changes rooms and invites.
	Actions Rate
	// Addresses is how many addresses are remembered; the one unseen for longest is forgotten first.
	Addresses int
	// Sessions of one member; the one unused for longest is closed first.
	Sessions int
	// Guests is how many sessions of guests may be open in all, GuestsPerAddress from one address.
	Guests, GuestsPerAddress int
	// Sockets is how many WebSockets may be open in all, SocketsPerAddress from one address, SocketsPerSession in one
	// session.
	Sockets, SocketsPerAddress, SocketsPerSession int
}

// DefaultLimits leave room for a hall full of people behind one address, and for test suites: the first visit of one
// person takes some 15 requests, 4 of them costly.
func DefaultLimits() Limits {
	return Limits{
		Requests:          Rate{PerSecond: 300, Burst: 3000},
		Costly:            Rate{PerSecond: 150, Burst: 1500},
		Asks:              Rate{PerSecond: 1.0 / 60, Burst: 20},
		Actions:           Rate{PerSecond: 20, Burst: 100},
		Addresses:         10_000,
		Sessions:          20,
		Guests:            4_000,
		GuestsPerAddress:  200,
		Sockets:           20_000,
		SocketsPerAddress: 4_000,
		SocketsPerSession: 10,
	}
}

func (l Limits) orDefault() Limits {
	d := DefaultLimits()
	for _, r := range []struct{ have, standard *Rate }{
		{&l.Requests, &d.Requests}, {&l.Costly, &d.Costly}, {&l.Asks, &d.Asks}, {&l.Actions, &d.Actions},
	} {
		if *r.have == (Rate{}) {
			*r.have = *r.standard
		}
	}
	for _, n := range []struct{ have, standard *int }{
		{&l.Addresses, &d.Addresses},
		{&l.Sessions, &d.Sessions},
		{&l.Guests, &d.Guests},
		{&l.GuestsPerAddress, &d.GuestsPerAddress},
		{&l.Sockets, &d.Sockets},
		{&l.SocketsPerAddress, &d.SocketsPerAddress},
		{&l.SocketsPerSession, &d.SocketsPerSession},
	} {
		if *n.have == 0 {
			*n.have = *n.standard
		}
	}
	return l
}

func (r Rate) limiter() *rate.Limiter { return rate.NewLimiter(rate.Limit(r.PerSecond), r.Burst) }

// take takes one token, or says how long until there is one.
func take(l *rate.Limiter, now time.Time) time.Duration {
	r := l.ReserveN(now, 1)
	if !r.OK() {
		return time.Second // a burst of zero: never
	}
	wait := r.DelayFrom(now)
	if wait > 0 {
		r.CancelAt(now)
	}
	return wait
}

// buckets hold one token bucket for each address.
type buckets struct {
	rate Rate
	size int

	mu     sync.Mutex
	byAddr map[netip.Prefix]*list.Element // guarded by mu
	recent *list.List                     // of *bucket, the last used in front; guarded by mu
}

type bucket struct {
	address netip.Prefix
	limiter *rate.Limiter
}

func newBuckets(r Rate, size int) *buckets {
	return &buckets{rate: r, size: size, byAddr: map[netip.Prefix]*list.Element{}, recent: list.New()}
}

// take takes one token of an address, or says how long until there is one.
func (b *buckets) take(address netip.Prefix, now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	e, ok := b.byAddr[address]
	if ok {
		b.recent.MoveToFront(e)
	} else {
		if b.recent.Len() >= b.size {
			last := b.recent.Remove(b.recent.Back()).(*bucket)
			delete(b.byAddr, last.address)
		}
		e = b.recent.PushFront(&bucket{address, b.rate.limiter()})
		b.byAddr[address] = e
	}
	return take(e.Value.(*bucket).limiter, now)
}

// sockets knows the open WebSockets: it counts them, and waits for them at the end.
type sockets struct {
	total, perAddress int

	mu     sync.Mutex
	byAddr map[netip.Prefix]int // guarded by mu
	count  int                  // guarded by mu
	open   map[*socket]struct{} // those whose handshake is done; guarded by mu
	closed bool                 // no more are let in; guarded by mu
	done   sync.WaitGroup       // Add is guarded by mu
}

func newSockets(l Limits) *sockets {
	return &sockets{
		total: l.Sockets, perAddress: l.SocketsPerAddress,
		byAddr: map[netip.Prefix]int{}, open: map[*socket]struct{}{},
	}
}

// enter counts one more; false when there are too many. Whoever enters leaves.
func (s *sockets) enter(address netip.Prefix) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.count >= s.total || s.byAddr[address] >= s.perAddress {
		return false
	}
	s.count++
	s.byAddr[address]++
	s.done.Add(1)
	return true
}

// opened makes one that has entered known to drain.
func (s *sockets) opened(c *socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[c] = struct{}{}
}

func (s *sockets) leave(address netip.Prefix, c *socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, c)
	s.count--
	if s.byAddr[address]--; s.byAddr[address] == 0 {
		delete(s.byAddr, address)
	}
	s.done.Done()
}

// drain lets nobody in any more and waits until all have left; those who have not within the limit are cut off.
func (s *sockets) drain(limit time.Duration) {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	cut := time.AfterFunc(limit, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		for c := range s.open {
			_ = c.raw.Close() // its goroutines notice
		}
	})
	defer cut.Stop()
	s.done.Wait()
}
