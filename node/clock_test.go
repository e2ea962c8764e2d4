package node

import (
	"testing"
	"time"
)

func TestClockGoesOn(t *testing.T) {
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
		{"the machine's clock", noon, time.Minute, noon},
		{"as it goes on", noon + 1000, time.Minute + time.Second, noon + 1000},
		{"set back by an hour", noon + 2000 - hour, time.Minute + 2*time.Second, noon + 2000},
		{"and time passes", noon + 62_000 - hour, 2*time.Minute + 2*time.Second, noon + 62_000},
		{"by less than a millisecond, often", noon + 62_000 - hour, 2*time.Minute + 2*time.Second + 900*time.Microsecond, noon + 62_000},
		{"set right", noon + 70_000, 2*time.Minute + 10*time.Second, noon + 70_000},
		{"set forward", noon + hour, 2*time.Minute + 11*time.Second, noon + hour},
		{"and back", noon + 72_000, 2*time.Minute + 12*time.Second, noon + hour + 1000},
	} {
		if got := c.at(step.wall, step.ran); got != step.want {
			t.Errorf("%s: %d ms after noon, want %d", step.what, got-noon, step.want-noon)
		}
	}
}

// TestARoomsTimeIsToldByTheClock: where the clock was set back by an hour, an offer of 30 s ends in 30 s for those who are
// told of it, too.
func TestARoomsTimeIsToldByTheClock(t *testing.T) {
	t.Parallel()
	noon := time.Date(2027, 2, 2, 12, 0, 0, 0, time.UTC)
	now := noon
	h := &hosting{room: &room{now: func() time.Time { return now }, born: noon.Add(-time.Minute)}}
	h.clock = clock{wall: millis(noon.Add(time.Hour)), ran: time.Minute}
	for range 3 {
		if lead := h.millis() - millis(now); lead != time.Hour.Milliseconds() {
			t.Errorf("%v: the room is %d ms ahead", now, lead)
		}
		ends := h.millis() + 30_000
		if told := h.wall(ends); told != millis(now)+30_000 {
			t.Errorf("%v: told to end %d ms from now", now, told-millis(now))
		}
		if wait := until(h.millis(), ends); wait != 30*time.Second {
			t.Errorf("%v: waits %s", now, wait)
		}
		now = now.Add(10 * time.Second)
	}
	if wait := until(0, 1<<53); wait != idle {
		t.Errorf("for something in the far future: %s", wait)
	}
}
