package rooms_test

import (
	"testing"

	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/statement"
)

// TestForget takes somebody out who erased themselves: from the stage, the queue and the audience; and reasons with them.
func TestForget(t *testing.T) {
	s := rooms.New(rooms.Config{ID: statement.ID{1}, Creator: key(1), At: 1})
	do := func(by byte, a rooms.Action) []rooms.Event {
		t.Helper()
		c := rooms.Command{At: 2, Do: a, Reason: statement.Text{Text: "a reason"}}
		if by != 0 {
			c.Actor = key(by)
		}
		next, events, err := s.Apply(c)
		if err != nil {
			t.Fatalf("%T: %v", a, err)
		}
		s = next
		return events
	}
	for by := byte(1); by <= 4; by++ {
		do(by, rooms.Enter{})
	}
	do(2, rooms.RaiseHand{Question: "may I?"})
	do(1, rooms.Remove{Who: key(3)})
	do(1, rooms.Remove{Who: key(4)})
	do(0, rooms.Forget{Who: key(2)})
	if s.Present(key(2)) || len(s.Hands()) > 0 {
		t.Error("they are still here")
	}
	do(0, rooms.Forget{Who: key(3)})
	for _, r := range s.Removals() {
		if forgotten := r.Key == key(3); forgotten != (r.Reason == statement.Text{}) {
			t.Errorf("the removal of %s: %q", r.Key, r.Reason.Text)
		}
	}
	do(0, rooms.Forget{Who: key(9)}) // somebody who was never here
	do(0, rooms.Forget{Who: key(1)}) // by whom the other reason was, and whose the room is
	if _, over := s.Ended(); !over {
		t.Error("the room goes on without who made it")
	}
}
