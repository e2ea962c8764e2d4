// Command demo shows Stoa on one machine: three real nodes of two communities, with people who talk.
//
// Two nodes run the community The Porch, one runs Le Square. The people are bots on the Go SDK (api/client) that speak
// what scripts/voices has recorded, in rooms on different nodes. The newcomer gets an invite link for each node, and
// hears a room that runs on somebody else's. `make demo` builds the node and runs it.
//
//	person.go  somebody: a client, their presence in a room, their audio
//	evening.go who they are, where they meet and what they say
//	check.go   --check: a newcomer who only listens, and tells whether there was something to hear
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

// cli is the command line.
type cli struct {
	Stoa     string        `help:"The node's binary (default ${default})." default:"bin/stoa" placeholder:"FILE"`
	For      time.Duration `help:"End by itself after this time, such as 10m." placeholder:"DURATION"`
	Check    bool          `help:"Listen on node 1 to the room of node 3 for a moment, and end: status 0 if it was heard."`
	LogLevel string        `name:"log-level" help:"How much the nodes tell: debug, info, warn or error." enum:"debug,info,warn,error" default:"error"`
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is the whole program. Its result is the exit status: 0 if all went well to the end, which Ctrl-C is too.
func run(args []string, out, errs io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var flags cli
	parser, err := kong.New(&flags, kong.Name("demo"), kong.Writers(out, errs),
		kong.Description("Three nodes of two communities on this machine, with people who talk."))
	if err != nil {
		_, _ = fmt.Fprintln(errs, "demo:", err)
		return 1
	}
	if _, err := parser.Parse(args); err != nil {
		_, _ = fmt.Fprintln(errs, "demo:", err)
		return 2
	}
	if err := demo(ctx, flags, out, errs); err != nil {
		_, _ = fmt.Fprintln(errs, "\ndemo:", err)
		return 1
	}
	return 0
}

// setupWithin bounds everything up to the first word. It takes a few seconds.
const setupWithin = time.Minute

// demo runs from the first node's start until all of it has ended and its data is removed.
func demo(ctx context.Context, flags cli, out, errs io.Writer) (err error) {
	if _, err := os.Stat(flags.Stoa); err != nil {
		return fmt.Errorf("there is no node to run: %w; make build makes it, and --stoa says where it is", err)
	}
	dir, err := os.MkdirTemp("", "stoa-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	say := func(format string, args ...any) { _, _ = fmt.Fprintf(out, format+"\n", args...) }
	e := &evening{say: say, binary: flags.Stoa, dir: dir, logLevel: flags.LogLevel, errs: errs}
	defer func() { err = errors.Join(err, e.close()) }() //nolint:contextcheck // leaving must also work once ctx has ended
	say("Stoa: three nodes of two communities on this machine, with people who talk.\n")

	setup, cancel := context.WithTimeout(ctx, setupWithin)
	defer cancel()
	links, err := e.open(setup)
	if ctx.Err() != nil {
		return nil // the wish to end came early; what it broke off is no failure
	}
	if err != nil {
		return err
	}
	talks, hush := context.WithCancelCause(ctx)
	defer hush(nil)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		hush(e.talk(talks))
	}()
	defer func() { hush(nil); <-ended }()
	if flags.Check {
		return e.check(talks, links[0])
	}
	e.explain(links)
	return e.wait(talks, flags.For)
}

// wait waits for the end: the time, the wish of whoever sits at the terminal, or a failure.
func (e *evening) wait(ctx context.Context, limit time.Duration) error {
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	<-ctx.Done()
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, context.Canceled), errors.Is(cause, context.DeadlineExceeded):
		e.say("\nThe evening is over. The nodes end, and their data is removed.")
		return nil
	default:
		return cause
	}
}
