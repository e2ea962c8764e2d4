package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sync/errgroup"
)

// hallCmd keeps a room full of people open, for somebody to come in by a browser and look at it.
type hallCmd struct {
	People int `help:"How many listen." default:"2000"`
}

// Run fills the room, prints the way in, and waits until its input ends.
func (c *hallCmd) Run(ctx context.Context, all *cli, r *report) (err error) {
	if err := openFiles(uint64(4*c.People + 1000)); err != nil {
		return err
	}
	h, end, err := all.hall(ctx, 1+c.People)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for _, who := range h.members {
		group.Go(func() error {
			session, err := who.Enter(inner, h.room.ID)
			for again := 0; err != nil && again < 3 && inner.Err() == nil; again++ { // a machine that is busy answers late
				session, err = who.Enter(inner, h.room.ID)
			}
			if err != nil {
				return fmt.Errorf("entering: %w", err)
			}
			go func() { // it is in the room until the end
				<-ctx.Done()
				session.Close()
			}()
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	invite, err := h.members[c.People].CreateInvite(ctx, 0)
	if err != nil {
		return err
	}
	r.note("invite %s", invite)
	r.note("room %s/r/%s", h.node.Line("web"), h.room.ID)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(io.Discard, os.Stdin)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return nil
	}
}
