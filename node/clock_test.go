package node

import (
	"log/slog"
	"testing"
	"time"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/statement"
)

func TestAClockIsSetBack(t *testing.T) {
	t.Parallel()
	const noon = int64(1_800_000_000_000)
	hour := time.Hour.Milliseconds()
	var c clock
	for _, step := range []struct {
		what string
		wall int64
		ran  time.Duration
		want int64
	}{
		{"at first", noon, time.Minute, 0},
		{"as it goes on", noon + 1000, time.Minute + time.Second, 0},
		{"a little slower", noon + 1900, time.Minute + 2*time.Second, 0},
		{"slower still", noon + 2200, time.Minute + 3*time.Second, 0},
		{"set back by an hour", noon + 4000 - hour, time.Minute + 4*time.Second, hour},
		{"as it goes on from there", noon + 64_000 - hour, 2*time.Minute + 4*time.Second, 0},
		{"set right", noon + 70_000, 2*time.Minute + 10*time.Second, 0},
		{"and back", noon + 72_000 - hour, 2*time.Minute + 12*time.Second, hour},
	} {
		if got := c.back(step.wall, step.ran); got != step.want {
			t.Errorf("%s: by %d ms, want %d", step.what, got, step.want)
		}
	}
}

// TestARoomIsSetBackWithTheClock: whoever has not come within the time that a place is held has lost it that much later, by
// whatever the clock says then.
func TestARoomIsSetBackWithTheClock(t *testing.T) {
	t.Parallel()
	now := time.Now()
	r := &room{now: func() time.Time { return now }, born: now, log: slog.New(slog.DiscardHandler)}
	h := newHosting(r, rooms.New(rooms.Config{ID: statement.ID{1}, Creator: identity.PublicKey{1}, At: millis(now)}))
	next := h.state.Next()
	if h.time(now); h.state.Next() != next || next != millis(now)+rooms.Hold {
		t.Fatalf("held until %d", h.state.Next())
	}
	h.clock.wall += time.Hour.Milliseconds() // it said so
	if h.time(now); h.state.Next() != next-time.Hour.Milliseconds() {
		t.Errorf("held for %d ms", h.state.Next()-millis(now))
	}
	if wait := until(0, 1<<53); wait != idle {
		t.Errorf("for something in the far future: %s", wait)
	}
}
