package p2p

import (
	"context"
	"sync"
)

// places bounds what is done at once for each key.
type places[K comparable] struct {
	each int

	mu sync.Mutex
	of map[K]*place
}

type place struct {
	free  chan struct{} // holds one element for each who is in
	users int           // who is in or waits; guarded by places.mu
}

func newPlaces[K comparable](each int) *places[K] {
	return &places[K]{each: each, of: map[K]*place{}}
}

// wait waits for a place. The function it returns gives it back.
func (p *places[K]) wait(ctx context.Context, key K) (func(), error) {
	p.mu.Lock()
	at := p.of[key]
	if at == nil {
		at = &place{free: make(chan struct{}, p.each)}
		p.of[key] = at
	}
	at.users++
	p.mu.Unlock()
	gone := func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if at.users--; at.users == 0 {
			delete(p.of, key)
		}
	}
	select {
	case at.free <- struct{}{}:
		return func() { <-at.free; gone() }, nil
	case <-ctx.Done():
		gone()
		return nil, ctx.Err()
	}
}
