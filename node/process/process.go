// Package process runs a node as a process of its own, for programs that need real ones: the demo, and the load
// generator.
package process

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Node is a running node.
type Node struct {
	cmd   *exec.Cmd
	lines map[string]string // what it printed, by name; read-only once it runs
	ended chan struct{}     // closed when the process has ended and err is set
	err   error
}

// Config says how to run a node.
type Config struct {
	Binary   string    // the path of stoa
	Data     string    // its data directory
	LogLevel string    // of --log-level
	Log      io.Writer // where its log goes; nil for nowhere
	Peers    []*Node   // whom it connects to
	Flags    []string  // after the others, so they win
	Wrap     []string  // a command that runs it, such as taskset with its arguments; it must become the node (exec)
}

const (
	startWithin = 20 * time.Second
	endWithin   = 10 * time.Second
)

// Start starts a node on free ports of the loopback, and waits until it answers.
func Start(ctx context.Context, c Config) (*Node, error) {
	args := append(slices.Clone(c.Wrap), c.Binary,
		"run", "--data", c.Data, "--http", "127.0.0.1:0", "--media", "127.0.0.1:0", "--p2p", "/ip4/127.0.0.1/tcp/0",
		"--log-level", c.LogLevel,
	)
	for _, p := range c.Peers {
		args = append(args, "--peer", p.Line("p2p"))
	}
	n := &Node{lines: map[string]string{}, ended: make(chan struct{})}
	n.cmd = exec.Command(args[0], append(args[1:], c.Flags...)...) //nolint:noctx,gosec // Stop ends it, after the people have left; the binary is the caller's choice
	n.cmd.Stderr = c.Log
	// In a process group of its own: Ctrl-C is for the program, which lets the people leave before the nodes end.
	n.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := n.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := n.cmd.Start(); err != nil {
		return nil, err
	}
	ready := make(chan struct{})
	go n.read(out, ready)
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	select {
	case <-ready:
		return n, nil
	case <-n.ended:
		return nil, fmt.Errorf("the node ended: %w", n.err)
	case <-ctx.Done():
		return nil, errors.Join(fmt.Errorf("the node does not start: %w", ctx.Err()), n.Stop())
	}
}

// Line is what the node printed under a name, such as web or owner; "" if nothing.
func (n *Node) Line(name string) string { return n.lines[name] }

// Ended is closed when the process has ended.
func (n *Node) Ended() <-chan struct{} { return n.ended }

// Err is why it ended, once it has. An end that nobody asked for is an error.
func (n *Node) Err() error { return n.err }

// PID is the process id.
func (n *Node) PID() int { return n.cmd.Process.Pid }

// Kill ends the process at once, as kill -9 does, and waits for it.
func (n *Node) Kill() error {
	err := n.cmd.Process.Kill()
	<-n.ended
	return err
}

// read takes in what the node prints and waits for its end.
func (n *Node) read(out io.Reader, ready chan<- struct{}) {
	scan := bufio.NewScanner(out)
	for done := false; scan.Scan(); {
		name, value, _ := strings.Cut(scan.Text(), " ")
		if done {
			continue
		}
		n.lines[name] = value
		if name == "p2p" { // the last kind of line
			done = true
			close(ready)
		}
	}
	n.err = n.cmd.Wait()
	if n.err == nil {
		n.err = errors.New("without being told to")
	}
	close(n.ended)
}

// Stop tells the node to end and waits for it.
func (n *Node) Stop() error {
	select {
	case <-n.ended:
		return nil // whoever waits for it has said so
	default:
	}
	if err := n.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-n.ended:
		if !n.cmd.ProcessState.Success() {
			return fmt.Errorf("a node ended with %w", n.err)
		}
		return nil
	case <-time.After(endWithin):
		err := n.cmd.Process.Kill()
		<-n.ended
		return errors.Join(errors.New("a node did not end, and was killed"), err)
	}
}
