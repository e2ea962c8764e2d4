package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtp"

	"github.com/stoa-rooms/stoa/api/client"
)

// sightings is what was seen in an evening.
type sightings struct {
	visits, turns, taken, cuts, kills, packets atomic.Int64

	mu    sync.Mutex
	wrong map[string]int // by what it was; guarded by mu
	first []string       // the first of them in words; guarded by mu
}

// say notes that a promise was broken.
func (s *sightings) say(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wrong == nil {
		s.wrong = map[string]int{}
	}
	s.wrong[format]++
	if len(s.first) < 20 {
		s.first = append(s.first, fmt.Sprintf(format, args...))
	}
}

func (s *sightings) count(format string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.wrong[format]
}

// What can be wrong.
const (
	heardUnpermitted = "%d hears %d, who has been silent for %d ms"
	heardElsewhere   = "%d in room %d hears %d, who is in room %d"
	heardOneself     = "%d hears themselves"
	heardNothing     = "%d has heard nothing for %d ms, while %d speaks in the room"
)

// grace is how long packets may be on their way, and this program late, before somebody is heard who may not be: what the
// forwarder itself is held to, 100 ms, is tested elsewhere.
const grace = 1500

// deaf is how long somebody may hear nothing while somebody speaks, in milliseconds: connections that broke come back
// within that.
const deaf = 10_000

// hear looks at a packet.
func (e *evening) hear(s *soul, room int, p *rtp.Packet) {
	if len(p.Payload) < 5 {
		return // a slot at rest
	}
	e.seen.packets.Add(1)
	now := ms()
	n, from := int(binary.BigEndian.Uint16(p.Payload[1:])), int(binary.BigEndian.Uint16(p.Payload[3:]))
	if n >= len(e.souls) {
		return
	}
	s.heard.Store(now)
	switch since := e.souls[n].silent.Load(); {
	case n == s.n:
		e.seen.say(heardOneself, s.n)
	case from != room:
		e.seen.say(heardElsewhere, s.n, room, n, from)
	case since != 0 && now-since > grace:
		e.seen.say(heardUnpermitted, s.n, n, now-since)
	}
}

// watch looks once a second whether everybody hears who should.
func (e *evening) watch(ctx context.Context) {
	for client.Pause(ctx, time.Second) {
		now, up := ms(), e.upSince.Load()
		if up == 0 {
			continue
		}
		for _, s := range e.souls {
			session := s.session.Load()
			if s.listening.Load() == 0 || session == nil || !session.Connected() {
				continue
			}
			other, speaks := e.speakerFor(s)
			if since := max(up, speaks, s.listening.Load(), s.heard.Load()); other != nil && now-since > deaf {
				e.seen.say(heardNothing, s.n, now-since, other.n)
			}
		}
	}
}

// speakerFor is somebody who speaks in the room of s, and since when they do.
func (e *evening) speakerFor(s *soul) (other *soul, since int64) {
	for _, other := range e.souls {
		speaks, connected := other.speaking.Load(), other.listening.Load()
		if other != s && speaks != 0 && connected != 0 && other.room.Load() == s.room.Load() {
			return other, max(speaks, connected)
		}
	}
	return nil, 0
}

// figures says what was seen.
func (e *evening) figures(r *report) {
	r.note("%d visits, %d turns to speak, %d times the word was taken, %d cuts of a network, %d kills of the node, %d packets heard",
		e.seen.visits.Load(), e.seen.turns.Load(), e.seen.taken.Load(), e.seen.cuts.Load(), e.seen.kills.Load(), e.seen.packets.Load())
	for _, promise := range []struct{ what, format string }{
		{"heard who may not be", heardUnpermitted},
		{"heard from another room", heardElsewhere},
		{"heard themselves", heardOneself},
		{"heard nothing while somebody spoke", heardNothing},
	} {
		n := e.seen.count(promise.format)
		r.figure(promise.what, fmt.Sprint(n), "0", n == 0)
	}
	e.seen.mu.Lock()
	defer e.seen.mu.Unlock()
	for _, words := range e.seen.first {
		r.note("    %s", words)
	}
}
