package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// node is a running node, in a process of its own.
type node struct {
	cmd   *exec.Cmd
	lines map[string]string // what it printed, by name; read-only once it runs
	ended chan struct{}     // closed when the process has ended and err is set
	err   error
}

const (
	startWithin = 20 * time.Second
	endWithin   = 10 * time.Second
)

// startNode starts a node on free ports of the loopback, and waits until it answers. peers are nodes it connects to.
func startNode(ctx context.Context, binary, data, logLevel string, errs io.Writer, peers []*node, flags ...string) (*node, error) {
	args := append([]string{
		"run", "--data", data, "--http", "127.0.0.1:0", "--media", "127.0.0.1:0", "--p2p", "/ip4/127.0.0.1/tcp/0",
		"--log-level", logLevel,
	}, flags...)
	for _, p := range peers {
		args = append(args, "--peer", p.lines["p2p"])
	}
	n := &node{lines: map[string]string{}, ended: make(chan struct{})}
	n.cmd = exec.Command(binary, args...) //nolint:noctx,gosec // stop ends it, after the people have left; the binary is the caller's choice
	n.cmd.Stderr = errs
	// In a process group of its own: Ctrl-C is for the demo, which lets the people leave before the nodes end.
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
		return nil, errors.Join(fmt.Errorf("the node does not start: %w", ctx.Err()), n.stop())
	}
}

// read takes in what the node prints and waits for its end.
func (n *node) read(out io.Reader, ready chan<- struct{}) {
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

// stop ends the process and waits for it.
func (n *node) stop() error {
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
