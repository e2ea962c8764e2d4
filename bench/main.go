// Command bench loads a real node, in a process of its own, the way communities do, and prints what it measured beside
// what was promised. Figures are of the machine it runs on: compare ratios, and runs made right after one another.
//
//	bench store     a community of 100,000 with a million statements: start, memory, full verification
//	bench join      200 people come into a live room within ten seconds
//	bench evening   30 people in five rooms, with kills of the node and cuts of networks
//	bench hall      a room with 2,000 listeners, kept open to look at it in a browser
//	bench siege     10,000 idle connections, slow readers, and a flood of strangers at the door
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// cli is the command line.
type cli struct {
	Stoa string `help:"The binary to load." default:"bin/stoa" type:"existingfile"`
	CPU  string `help:"The processors that the node may use, as taskset has them; all if empty. Give this program the others." placeholder:"LIST"`

	Store   storeCmd   `cmd:"" help:"Start a node with a large store."`
	Join    joinCmd    `cmd:"" help:"Bring people into a live room."`
	Evening eveningCmd `cmd:"" help:"People who come and go while the node is killed and networks are cut."`
	Hall    hallCmd    `cmd:"" help:"Keep a room full of people open, to look at it in a browser."`
	Siege   siegeCmd   `cmd:"" help:"Idle connections, slow readers, and a flood of strangers."`
}

// wrap is what the node is started by.
func (c *cli) wrap() []string {
	if c.CPU == "" {
		return nil
	}
	return []string{"taskset", "-c", c.CPU}
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, out, errs io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c cli
	parser, err := kong.New(&c,
		kong.Name("bench"), kong.Description("Loads a node."), kong.Writers(out, errs),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	if err != nil {
		_, _ = fmt.Fprintln(errs, "bench:", err)
		return 1
	}
	command, err := parser.Parse(args)
	if err != nil {
		_, _ = fmt.Fprintln(errs, "bench:", err)
		return 2
	}
	r := &report{out: out}
	if err := command.Run(&c, r); err != nil {
		_, _ = fmt.Fprintln(errs, "bench:", err)
		return 1
	}
	if r.missed {
		return 1
	}
	return 0
}
