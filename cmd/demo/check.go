package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/stoa-rooms/stoa/api"
)

const (
	// heardWithin is what the demo promises: that a newcomer hears a room of somebody else's node within a minute.
	heardWithin = time.Minute
	// enough is how many packets are speech and no accident: two seconds of 20 ms.
	enough = 100
)

// check does what the newcomer is told to do: joins by the link of node 1, finds the room of node 3 in the hallway,
// enters it and listens. It fails if nobody was heard within a minute.
func (e *evening) check(ctx context.Context, link string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, heardWithin, errors.New("not within a minute"))
	defer cancel()
	start := time.Now()
	nora := newPerson("Nora", e.nodes[0])
	defer nora.close() //nolint:contextcheck // leaving must also work once ctx has ended
	err := e.hear(ctx, nora, link)
	if err != nil {
		return fmt.Errorf("a newcomer does not hear the room of node 3: %w", errors.Join(err, context.Cause(ctx)))
	}
	e.say("\nA newcomer at node 1 heard %q, which runs on node 3, after %.1f s.", onSquare, time.Since(start).Seconds())
	return nil
}

func (e *evening) hear(ctx context.Context, nora *person, link string) error {
	if err := nora.joinBy(ctx, link); err != nil {
		return err
	}
	var room api.Room
	if err := until(ctx, "the room comes into the hallway", func() (bool, error) {
		rooms, err := nora.Rooms(ctx)
		i := slices.IndexFunc(rooms, func(r api.Room) bool { return r.Title == onSquare && r.Community.Name == square })
		if i >= 0 {
			room = rooms[i]
		}
		return i >= 0, err
	}); err != nil {
		return err
	}
	if at := e.nodes[2].Line("node"); room.Host.String() != at {
		return fmt.Errorf("the room is hosted by %s, not by node 3, %s", room.Host, at)
	}
	if err := nora.enter(ctx, room.ID); err != nil {
		return err
	}
	if err := nora.listen(ctx); err != nil {
		return err
	}
	return until(ctx, "somebody is heard", func() (bool, error) {
		heard := nora.audio.Speakers()
		for _, p := range nora.session.State().Stage {
			if heard[p.CSRC].Packets >= enough {
				return true, nil
			}
		}
		return false, nil
	})
}
