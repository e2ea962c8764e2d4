package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/node/process"
)

// The communities and their rooms.
const (
	porch     = "The Porch"
	square    = "Le Square"
	onPorch   = "Gardens nobody planted"
	onSquare  = "Demain, c'est jour de marché"
	forPorch  = "gardens" // the topics
	forSquare = "market"
)

// thought is how long people take before they answer one another.
const thought = 700 * time.Millisecond

// evening is all there is.
type evening struct {
	say      func(format string, args ...any)
	binary   string
	dir      string
	logLevel string
	errs     io.Writer // gets what the nodes log

	nodes  []*process.Node // 1 and 2 run The Porch, 3 runs Le Square
	people []*person       // all of them, to close

	ana, ben, emma *person // of The Porch: Ana at node 1, the others at node 2
	chloe, driss   *person // of Le Square, at node 3
	porch, square  api.Room
}

// open starts the nodes, founds the communities, opens the rooms, and brings everybody in. It returns an invite link
// for each node.
func (e *evening) open(ctx context.Context) ([]string, error) {
	if err := e.start(ctx); err != nil {
		return nil, err
	}
	if err := e.found(ctx); err != nil {
		return nil, err
	}
	if err := e.gather(ctx); err != nil {
		return nil, err
	}
	var links []string
	for _, host := range []*person{e.ana, e.ben, e.chloe} {
		link, err := host.CreateInvite(ctx, 0)
		if err != nil {
			return nil, fmt.Errorf("%s invites the newcomer: %w", host.name, err)
		}
		links = append(links, link.String())
	}
	return links, nil
}

// start starts the nodes. Each knows those before it.
func (e *evening) start(ctx context.Context) error {
	for i, topic := range []string{forSquare, forSquare, forPorch} {
		data := filepath.Join(e.dir, fmt.Sprintf("node-%d", i+1))
		n, err := process.Start(ctx, process.Config{
			Binary: e.binary, Data: data, LogLevel: e.logLevel, Log: e.errs, Peers: e.nodes, Flags: []string{"--topic", topic},
		})
		if err != nil {
			return fmt.Errorf("starting node %d: %w", i+1, err)
		}
		e.nodes = append(e.nodes, n)
		e.say("  node %d   %-10s %s", i+1, []string{porch, porch, square}[i], n.Line("web"))
	}
	return nil
}

// found founds the two communities, gives The Porch its second node, and admits everybody.
func (e *evening) found(ctx context.Context) error {
	e.ana = newPerson("Ana", e.nodes[0])
	e.ben, e.emma = newPerson("Ben", e.nodes[1]), newPerson("Emma", e.nodes[1])
	e.chloe, e.driss = newPerson("Chloé", e.nodes[2]), newPerson("Driss", e.nodes[2])
	e.people = []*person{e.ana, e.ben, e.emma, e.chloe, e.driss}
	if _, err := e.ana.Found(ctx, e.nodes[0].Line("owner"), porch, e.ana.name); err != nil {
		return fmt.Errorf("founding %s: %w", porch, err)
	}
	if _, err := e.chloe.Found(ctx, e.nodes[2].Line("owner"), square, e.chloe.name); err != nil {
		return fmt.Errorf("founding %s: %w", square, err)
	}
	key, err := identity.ParseDID(e.nodes[1].Line("node"))
	if err != nil {
		return err
	}
	delegate, err := e.ana.AddNode(ctx, key)
	if err != nil {
		return fmt.Errorf("%s adds node 2: %w", e.ana.name, err)
	}
	if _, err := e.ben.Adopt(ctx, e.nodes[1].Line("owner"), delegate, []string{e.nodes[0].Line("p2p")}); err != nil {
		return fmt.Errorf("node 2 becomes one of %s: %w", porch, err)
	}
	for _, guest := range []struct{ who, by *person }{{e.ben, e.ana}, {e.emma, e.ben}, {e.driss, e.chloe}} {
		if err := guest.who.join(ctx, guest.by); err != nil {
			return err
		}
	}
	return nil
}

// gather opens the rooms and brings everybody in, and those who talk onto the stages.
func (e *evening) gather(ctx context.Context) error {
	var err error
	if e.porch, err = e.ana.CreateRoom(ctx, onPorch, []string{forPorch}, "en"); err != nil {
		return fmt.Errorf("%s opens a room: %w", e.ana.name, err)
	}
	if e.square, err = e.chloe.CreateRoom(ctx, onSquare, []string{forSquare}, "fr"); err != nil {
		return fmt.Errorf("%s opens a room: %w", e.chloe.name, err)
	}
	for _, in := range []struct {
		room api.Room
		who  *person
	}{{e.porch, e.ana}, {e.porch, e.ben}, {e.square, e.chloe}, {e.square, e.driss}, {e.square, e.emma}} {
		if err := in.who.enter(ctx, in.room.ID); err != nil {
			return err
		}
	}
	if err := e.ben.takesStage(ctx, e.ana, ""); err != nil {
		return err
	}
	return e.driss.takesStage(ctx, e.chloe, "")
}

// talk has people talk in both rooms until ctx ends, which is no error, or something fails.
func (e *evening) talk(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return again(ctx, e.talkOnPorch) })
	group.Go(func() error { return again(ctx, e.talkOnSquare) })
	for i, n := range e.nodes {
		group.Go(func() error {
			select {
			case <-n.Ended():
				return fmt.Errorf("node %d ended: %w", i+1, n.Err())
			case <-ctx.Done():
				return nil
			}
		})
	}
	return group.Wait()
}

// again holds a conversation over and over.
func again(ctx context.Context, conversation func(context.Context) error) error {
	for {
		err := conversation(ctx)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // the end broke them off in mid-sentence
		}
		if err != nil {
			return err
		}
	}
}

// line is what somebody says.
type line struct {
	who  *person
	file string
}

// converse has people say their lines in turn.
func converse(ctx context.Context, lines ...line) error {
	for _, l := range lines {
		if err := l.who.speak(ctx, l.file); err != nil {
			return err
		}
		if !client.Pause(ctx, thought) {
			return ctx.Err()
		}
	}
	return nil
}

func (e *evening) talkOnPorch(ctx context.Context) error {
	return converse(ctx, line{e.ana, "ana-1"}, line{e.ben, "ben-1"}, line{e.ana, "ana-2"}, line{e.ben, "ben-2"})
}

// talkOnSquare has a visitor in it, whose community and node are others: she asks for the stage each time.
func (e *evening) talkOnSquare(ctx context.Context) error {
	if err := converse(ctx, line{e.chloe, "chloe-1"}, line{e.driss, "driss-1"}); err != nil {
		return err
	}
	if err := e.emma.takesStage(ctx, e.chloe, "What time must I come for apricots?"); err != nil {
		return err
	}
	if err := converse(ctx, line{e.emma, "emma-1"}); err != nil {
		return err
	}
	if err := e.emma.session.StepDown(ctx); err != nil {
		return fmt.Errorf("%s steps down: %w", e.emma.name, err)
	}
	return converse(ctx, line{e.chloe, "chloe-2"})
}

// explain tells the newcomer what is there and what to do.
func (e *evening) explain(links []string) {
	e.say(`
Two rooms are open, and people talk in them:

  %-30s  on node 1, English: Ana, and Ben by way of node 2
  %-30s  on node 3, French: Chloé and Driss, and Emma by way of node 2

1. Open this in a browser, give a name and join %s:

   %s

2. Enter "%s" and press "Join listening".
   You are at node 1, of %s. The room you hear runs on node 3, of %s.

3. Raise your hand, or look who is on the stage and where they come from. Each link is
   good for one person; at the other nodes these are:

   node 2, %s: %s
   node 3, %s: %s

Ctrl-C ends it all and leaves nothing behind.`,
		onPorch, onSquare, porch, links[0], onSquare, porch, square, porch, links[1], square, links[2])
}

// close has everybody leave and ends the nodes.
func (e *evening) close() error {
	for _, p := range e.people {
		p.close()
	}
	var all error
	for _, n := range e.nodes {
		all = errors.Join(all, n.Stop())
	}
	return all
}
