package rooms_test

import (
	"testing"

	"github.com/stoa-rooms/stoa/rooms"
)

// TestAClockThatIsSetBack: what is held is held as long as before, by the clock as it is then; a removal ends when it was
// told to.
func TestAClockThatIsSetBack(t *testing.T) {
	const hour = 3_600_000
	s, c := scene(t, rooms.Limits{})
	s = play(
		t, s, step{0, c["creator"], rooms.SlowMode{Seconds: 60}}, step{0, c["listener"], rooms.RaiseHand{}},
		step{0, c["listener"], rooms.LowerHand{}}, step{0, c["creator"], rooms.Remove{Who: c["hand"], For: 600_000}},
		step{0, c["creator"], rooms.Offer{Who: c["listener"]}}, step{0, c["speaker"], rooms.Disconnect{}},
	)
	removal, _ := s.Removal(c["hand"])
	offers, next := s.Offers(), s.Next()
	s = s.SetBack(hour)
	if got := s.Next(); got != next-hour {
		t.Errorf("the next thing happens %d ms after the clock says, want %d", got-start, next-hour-start)
	}
	if got := s.Offers(); got[len(got)-1].Expires != offers[len(offers)-1].Expires-hour {
		t.Errorf("an offer until %d", got[len(got)-1].Expires)
	}
	if now, _ := s.Removal(c["hand"]); now.Until != removal.Until || now.Until == 0 {
		t.Errorf("a removal until %d, as told: %d", now.Until, removal.Until)
	}
	wait := rooms.Command{At: start - hour + 59_000, Actor: c["listener"], Do: rooms.RaiseHand{}}
	if got := outcome(t, s, wait); got != "slow" {
		t.Errorf("a hand before its time: %s", got)
	}
	wait.At = start - hour + 61_000
	if got := outcome(t, s, wait); got != "ok" {
		t.Errorf("a hand in its time: %s", got)
	}
	if _, on := s.Role(c["speaker"]); !on {
		t.Error("the place is not held")
	}
	s, _, _ = s.Apply(rooms.Command{At: start - hour + rooms.Hold + 1000, Do: rooms.Tick{}})
	if _, on := s.Role(c["speaker"]); on {
		t.Error("the place is held for ever")
	}
}
