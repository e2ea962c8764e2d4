package node_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stoa-rooms/stoa/node"
	"github.com/stoa-rooms/stoa/node/nodetest"
)

// TestANewcomerFindsTheRoomsOfItsPeerAtOnce: a node that comes late is told of a room by its host, which announces it no
// more, for its clock stands still.
func TestANewcomerFindsTheRoomsOfItsPeerAtOnce(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	var stopped atomic.Int64 // the time at which the clock stands, Unix milliseconds; 0 while it goes
	a := nodetest.With(t, node.Config{Now: func() time.Time {
		if at := stopped.Load(); at != 0 {
			return time.UnixMilli(at)
		}
		return time.Now()
	}})
	ana := a.Found(ctx)
	room, err := ana.CreateRoom(ctx, "On the square", []string{"evening"}, "en")
	if err != nil {
		t.Fatal(err)
	}
	a.Enter(ctx, ana, room.ID)
	time.Sleep(3 * time.Second) //nolint:forbidigo // for the announcements of the opening
	stopped.Store(time.Now().UnixMilli())
	time.Sleep(6 * time.Second) //nolint:forbidigo // until gossip offers them to nobody any more
	b := nodetest.New(t, a)
	shown(t, b.Found(ctx), room.ID, true)
}
