package p2p

import (
	"context"
	"crypto/sha256"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p-pubsub"

	"github.com/stoa-rooms/stoa/reason"
)

const (
	// A live room's announcement is repeated every 15 s and void after 45 s, with other bytes each time. What is said
	// again with the same bytes within that time is the same announcement on another topic, or a replay.
	heardTime = 45 * time.Second
	// Texts remembered, at 200 B each.
	heardMost = 8192
)

// heard remembers what was judged lately, by its bytes. A room is announced on general and on each of its topics: the
// second copy gets the verdict of the first without being judged again. A copy on a topic where it was accepted is a
// replay.
type heard struct {
	now func() time.Time

	mu     sync.Mutex
	young  map[[sha256.Size]byte]*hearing // since turned
	old    map[[sha256.Size]byte]*hearing // those before
	turned time.Time
}

// hearing is one text that is judged, or was.
type hearing struct {
	done   chan struct{} // closed when it is
	err    error         // the verdict; after done
	at     time.Time
	topics []string // on which it was accepted; guarded by heard.mu
}

func newHeard(now func() time.Time) *heard {
	return &heard{now: now, young: map[[sha256.Size]byte]*hearing{}, turned: now()}
}

// judge gives the verdict on a text heard on a topic, calling judge at most once for all copies of it. With no topic,
// it was found in a directory, which is never a replay.
func (h *heard) judge(ctx context.Context, topic string, text []byte, judge func() error) error {
	sum := sha256.Sum256(text)
	h.mu.Lock()
	one, known := h.findLocked(sum)
	if !known {
		one = &hearing{done: make(chan struct{}), at: h.now()}
		h.young[sum] = one
	}
	h.mu.Unlock()
	if !known {
		one.err = judge()
		close(one.done)
		if transient(one.err) {
			h.forget(sum)
		}
	}
	select {
	case <-one.done:
	case <-ctx.Done():
		return reason.Reject(reason.RateLimited, "another copy is still judged")
	}
	if one.err != nil {
		return one.err
	}
	if topic == "" {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if slices.Contains(one.topics, topic) {
		return reason.Reject(reason.AnnounceStale, "heard before on this topic")
	}
	one.topics = append(one.topics, topic)
	return nil
}

// said notes a text that this node says itself: hearing it from others is a replay.
func (h *heard) said(ctx context.Context, topic string, text []byte) {
	_ = h.judge(ctx, topic, text, func() error { return nil }) // nobody is judged
}

// transient says that a verdict may be another one a moment later. What is ignored may be welcome when clocks, rooms or
// policies have moved on, unless it is ignored for its age.
func transient(err error) bool {
	why := reason.Of(err)
	return verdictOf(err) == pubsub.ValidationIgnore && why != reason.AnnounceStale && why != reason.StatementExpired
}

func (h *heard) forget(sum [sha256.Size]byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.young, sum)
	delete(h.old, sum)
}

// findLocked finds a text of the last heardTime, and forgets older ones, half of them at a time.
func (h *heard) findLocked(sum [sha256.Size]byte) (*hearing, bool) {
	now := h.now()
	if since := now.Sub(h.turned); since >= heardTime || since < 0 || len(h.young) >= heardMost/2 {
		h.old, h.young, h.turned = h.young, map[[sha256.Size]byte]*hearing{}, now
	}
	one, ok := h.young[sum]
	if !ok {
		one, ok = h.old[sum]
	}
	if !ok {
		return nil, false
	}
	if since := now.Sub(one.at); since >= heardTime || since < 0 {
		return nil, false
	}
	return one, true
}
