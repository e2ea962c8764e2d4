package rooms_test

import (
	"testing"

	"github.com/stoa-rooms/stoa/rooms"
)

// TestVotes holds which lost statements a node claims with.
func TestVotes(t *testing.T) {
	first := rooms.First(newVenue(t, "").create)
	line, shorter := list(t, first, 1, 1, 2, 3), list(t, first, 2, 1, 3)
	var v rooms.Votes
	v.Hear(first, line, lost(t, first, 2), begin)
	v.Hear(first, line, lost(t, first, 9), begin) // not in line
	v.Hear(first, line, line, begin)              // no lost statement
	if !v.Said(node(2)) || v.Said(node(9)) || v.Said(node(1)) {
		t.Errorf("heard: %+v", v)
	}
	v.Hear(first, line, lost(t, first, 3), begin+rooms.VoteStands)
	v.Begin(begin + rooms.VoteStands)
	if !v.Said(node(2)) || !v.Said(node(3)) {
		t.Error("what was just said does not stand")
	}
	if now := v.For(first, shorter); len(now) != 1 || now[0].Signer() != node(3) {
		t.Errorf("by a list without node 2: %v", now)
	}
	v.Begin(begin + rooms.VoteStands + 1)
	if v.Said(node(2)) || !v.Said(node(3)) {
		t.Error("node 2 has found the host again long since")
	}
	v.Hear(first, line, lost(t, first, 3), begin+2*rooms.VoteStands)
	v.Begin(begin + 3*rooms.VoteStands)
	if !v.Said(node(3)) {
		t.Error("node 3 has said it again")
	}
}
