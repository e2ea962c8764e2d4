package node

import (
	"iter"
	"time"

	"github.com/stoa-rooms/stoa/identity"
)

const (
	// sightEvery is how often a host looks who is in a room and who speaks.
	sightEvery = time.Second

	// longestSight is the longest time that one look stands for. After a pause of the node it is no more than that.
	longestSight = 5 * time.Second
)

// watching is what a host remembers from one look to the next.
type watching struct {
	last   time.Time
	spoken map[uint32]time.Duration // at the last look, by number
}

// watch looks who is in the room and who has spoken since the last time. A room of another community, which this node
// took over, earns nothing here: its members' invites are for their own nodes to give.
func (h *hosting) watch(now time.Time) {
	span := now.Sub(h.watching.last)
	if span < sightEvery && span >= 0 {
		return
	}
	first := h.watching.last.IsZero()
	h.watching.last = now
	state, founded := h.hallway.community.journal.fold()
	if !founded || state.Community() != h.body().Community {
		return
	}
	seen := sight{
		room: h.id, span: max(0, min(span, longestSight)), people: h.everybody(), spoke: map[identity.PublicKey]time.Duration{},
	}
	spoken := map[uint32]time.Duration{}
	for _, p := range h.state.Stage() {
		total := h.media.Spoken(p.Number)
		spoken[p.Number] = total
		before, known := h.watching.spoken[p.Number]
		if grown := total - before; known && grown > 0 {
			seen.spoke[p.Key] = grown
		}
	}
	h.watching.spoken = spoken
	earnings := h.hallway.community.earnings
	creator := h.state.Config().Creator
	if h.state.Present(creator) {
		seen.host = creator
	} else {
		earnings.left(h.id, creator, false)
	}
	if !first {
		earnings.saw(seen)
	}
}

// watchIn is how long until the next look. In an empty room there is nothing to see.
func (h *hosting) watchIn(now time.Time) time.Duration {
	if h.state.People() == 0 {
		return idle
	}
	return h.watching.last.Add(sightEvery).Sub(now)
}

// everybody is who is in the room: those on the stage who are connected, then those who listen.
func (h *hosting) everybody() iter.Seq[identity.PublicKey] {
	const page = 256
	return func(yield func(identity.PublicKey) bool) {
		for _, p := range h.state.Stage() {
			if p.Connected && !yield(p.Key) {
				return
			}
		}
		for offset := 0; ; offset += page {
			listeners := h.state.Listeners(offset, page)
			for _, l := range listeners {
				if !yield(l.Key) {
					return
				}
			}
			if len(listeners) < page {
				return
			}
		}
	}
}
