package rooms_test

import (
	"testing"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/statement"
)

// people of the tests below.
func who(n byte) identity.PublicKey { return key(creatorKey + n) }

func opened(tb testing.TB, at int64) rooms.State {
	tb.Helper()
	return rooms.New(rooms.Config{ID: statement.ID{7}, Creator: who(0), At: at})
}

// do applies an action, or fails.
func do(tb testing.TB, s rooms.State, at int64, by identity.PublicKey, a rooms.Action) rooms.State {
	tb.Helper()
	next, _, err := s.Apply(rooms.Command{At: at, Actor: by, Do: a})
	if err != nil {
		tb.Fatalf("%T: %v", a, err)
	}
	return next
}

// TestARoomCarriesRemovals opens a room with removals of the one before it.
func TestARoomCarriesRemovals(t *testing.T) {
	const at = 1_000_000
	s := opened(t, at).Carrying([]rooms.Removal{
		{Key: who(1), By: who(9), At: 10, Room: statement.ID{1}},
		{Key: who(2), By: who(9), At: 10, Until: at + 60_000},
		{Key: who(3), By: who(9), At: 10, Until: at},
		{Key: who(4), By: who(9), At: 10, Lifted: 20},
		{Key: who(0), By: who(9), At: 10},
	})
	for n, out := range []bool{false, true, true, false, false} {
		if s.Removed(who(byte(n))) != out {
			t.Errorf("person %d: removed is %v", n, !out)
		}
	}
	s = do(t, s, at, who(0), rooms.Enter{})
	if _, _, err := s.Apply(rooms.Command{At: at, Actor: who(1), Do: rooms.Enter{}}); reason.Of(err) != reason.RoomRemoved {
		t.Errorf("entered: %v", err)
	}
	restored := rooms.Restore(must[rooms.Record](t)(rooms.ParseRecord(must[[]byte](t)(s.Record().Encode()))), at)
	if r, ok := restored.Removal(who(1)); !ok || r.Room != (statement.ID{1}) {
		t.Errorf("after a restart: %+v", r)
	}
	s = do(t, s, at+60_001, who(0), rooms.Tick{})
	s = do(t, s, at+60_002, who(2), rooms.Enter{})
	s = do(t, s, at+60_003, who(0), rooms.Lift{Who: who(1)})
	do(t, s, at+60_004, who(1), rooms.Enter{})
}

// TestModeratorsComeAppointed has people whom the creator appointed with the opening come, step down, be withdrawn and be lost.
func TestModeratorsComeAppointed(t *testing.T) {
	const at = 1_000_000
	role := func(s rooms.State, n byte) rooms.Role {
		r, _ := s.Role(who(n))
		return r
	}
	s := opened(t, at).Appointing([]identity.PublicKey{who(1), who(2), who(3), who(0)})
	s = do(t, s, at, who(0), rooms.Enter{})
	for n := byte(1); n < 5; n++ {
		s = do(t, s, at, who(n), rooms.Enter{})
	}
	if role(s, 1) != rooms.Moderator || role(s, 2) != rooms.Moderator || role(s, 3) != rooms.Moderator || role(s, 4) != rooms.Listener {
		t.Fatalf("they came as %s, %s, %s, %s", role(s, 1), role(s, 2), role(s, 3), role(s, 4))
	}
	if p := s.Stage()[1]; !p.Muted || p.By != who(0) {
		t.Errorf("%+v", p)
	}
	s = do(t, s, at, who(1), rooms.StepDown{})
	s = do(t, s, at, who(0), rooms.Withdraw{Who: who(2)})
	for n := byte(1); n < 4; n++ {
		s = do(t, s, at, who(n), rooms.Leave{})
	}
	s = rooms.Restore(must[rooms.Record](t)(rooms.ParseRecord(must[[]byte](t)(s.Record().Encode()))), at)
	for n := range byte(4) {
		s = do(t, s, at+1, who(n), rooms.Enter{})
	}
	if role(s, 1) != rooms.Listener || role(s, 2) != rooms.Listener || role(s, 3) != rooms.Moderator {
		t.Errorf("they came again as %s, %s, %s", role(s, 1), role(s, 2), role(s, 3))
	}
	full := rooms.New(rooms.Config{ID: statement.ID{7}, Creator: who(0), At: at, Limits: rooms.Limits{Stage: 1}}).Appointing([]identity.PublicKey{who(1)})
	full = do(t, full, at, who(0), rooms.Enter{})
	if full = do(t, full, at, who(1), rooms.Enter{}); role(full, 1) != rooms.Listener {
		t.Errorf("on a full stage as %s", role(full, 1))
	}
}
