package media

import (
	"testing"
	"time"
)

// TestSpoken: time counts while somebody is let through and louder than silence, and not while they are only unmuted.
func TestSpoken(t *testing.T) {
	h := newHall(3, 3, 3)
	h.now = time.Hour
	for _, span := range []struct {
		name      string
		may       bool
		level     uint8
		low, high time.Duration // by which it grows in ten seconds
	}{
		{"muted", false, 30, 0, 0},
		{"unmuted and silent", true, 127, 0, 0},
		{"in a quiet room", true, 66, 0, 0},
		{"speaking", true, 30, 9700 * time.Millisecond, 10 * time.Second},
		{"silent again", true, 127, 0, 700 * time.Millisecond},
		{"muted while speaking", false, 30, 0, 0},
		{"speaking again", true, 40, 9700 * time.Millisecond, 10200 * time.Millisecond},
	} {
		p := h.people[1].person
		p.may.Store(span.may)
		before := p.spoken
		for range 500 {
			h.say(1, span.level)
			h.now += frameTime
		}
		if grown := p.spoken - before; grown < span.low || grown > span.high {
			t.Errorf("%s for 10 s: %v of speech", span.name, grown)
		}
	}
	if other := h.people[2].person; other.spoken != 0 {
		t.Errorf("somebody who sent nothing has spoken for %v", other.spoken)
	}
}
