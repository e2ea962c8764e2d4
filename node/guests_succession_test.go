package node_test

import (
	"testing"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// TestGuestsOutliveTheHost: who listens by way of the next host, or of a third node, goes on hearing over the connection
// that they have, and is counted by the next host.
func TestGuestsOutliveTheHost(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := newSquare(t)
	shown(t, s.bea, s.room.ID, true)
	ana := s.a.Enter(ctx, s.ana, s.room.ID)
	if err := ana.SetEntry(ctx, statement.RoomPublic); err != nil {
		t.Fatal(err)
	}
	soon(t, "the open door is announced", func() bool {
		r, err := s.c.Client().Door(ctx, s.room.ID)
		return err == nil && r.Entry == statement.RoomPublic
	})
	bea := s.b.Enter(ctx, s.bea, s.room.ID)
	moderates(t, ana, bea, s.bea.Key())
	atB, atC := aGuest(t, s.b, s.room.ID), aGuest(t, s.c, s.room.ID)
	until(t, ana, "two guests", guests(2))
	mouth, here, there := connect(t, bea), connect(t, atB), connect(t, atC)
	talk(t, mouth)
	if err := bea.Unmute(ctx); err != nil {
		t.Fatal(err)
	}
	hears(t, here, "by a guest at B, before")
	hears(t, there, "by a guest at C, before")
	time.Sleep(4 * time.Second) //nolint:forbidigo // until B follows the log of A, and is in line; nothing shows it

	s.a.Stop()
	until(t, bea, "the next host", func(st api.State) bool { return st.Room.Epoch == 2 })
	until(t, bea, "two guests at the next host", guests(2))
	if err := bea.Unmute(ctx); err != nil {
		t.Fatal(err)
	}
	hears(t, here, "by a guest at the next host")
	hears(t, there, "by a guest at a third node")
	if err := bea.SetEntry(ctx, statement.RoomMembers); err != nil {
		t.Fatal(err)
	}
	for _, g := range []*client.RoomSession{atB, atC} {
		<-g.Done()
		if err := g.Err(); !client.Refused(err, reason.RoomMembers) {
			t.Errorf("put out with %v", err)
		}
	}
}
