package netlab

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Where a node listens, at its address.
const (
	portHTTP  = 7080
	portMedia = 7081
	portP2P   = 7082
)

const (
	startWithin = 30 * time.Second // to start, on a machine that does other things too
	stopWithin  = 10 * time.Second // to stop
)

// Node is a place for a node and, while one runs there, the process. Its methods are for one goroutine. Embedded is the
// namespace the process runs in.
type Node struct {
	*Namespace

	t       *testing.T
	lab     *Lab
	members *Namespace
	data    string // the data directory; "" before the first start
	flags   []string
	process *process // nil before the first start
}

// process is one run of the binary.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{} // closed when it has ended and err is set
	err   error
	ready chan struct{} // closed when it has said all that it says

	mu     sync.Mutex
	lines  map[string][]string // what it printed; guarded by mu
	wanted bool                // whether its end is the test's wish; guarded by mu
}

// Members is where the people of this node are: behind it, at an address of their own.
func (n *Node) Members() *Namespace { return n.members }

// URL is where the node answers: http://10.77.0.1:7080.
func (n *Node) URL() string { return fmt.Sprintf("http://%s:%d", n.addr, portHTTP) }

// Multiaddr is where other nodes reach it, its peer id included. It is the same after a restart.
func (n *Node) Multiaddr() string {
	n.t.Helper()
	return fmt.Sprintf("/ip4/%s/tcp/%d/p2p/%s", n.addr, portP2P, n.Line("peer"))
}

// Line is what the node printed under a name at its last start, such as node, peer, web or owner; "" if nothing.
func (n *Node) Line(name string) string {
	lines := n.Lines(name)
	if len(lines) == 0 {
		return ""
	}
	return lines[0]
}

// Lines is all that the node printed under a name since its last start.
func (n *Node) Lines(name string) []string {
	n.t.Helper()
	if n.process == nil {
		n.t.Fatal("the node was never started")
	}
	n.process.mu.Lock()
	defer n.process.mu.Unlock()
	return slices.Clone(n.process.lines[name])
}

// Start runs the node, with flags beside those that say where it listens, and waits until it answers. Started again it
// goes on with its data, and without flags with those of the start before.
func (n *Node) Start(flags ...string) {
	n.t.Helper()
	if n.running() {
		n.t.Fatalf("the node at %s runs already", n.addr)
	}
	n.checkEnd()
	binary, err := build(n.t.Context())
	check(n.t, err)
	if n.data == "" {
		n.data = filepath.Join(n.t.TempDir(), "data")
		n.t.Cleanup(n.end)
	}
	if len(flags) > 0 {
		n.flags = flags
	}
	p := &process{
		ended: make(chan struct{}), ready: make(chan struct{}), lines: map[string][]string{},
		cmd: exec.Command(binary, append([]string{ //nolint:noctx,gosec // the test ends it, in one way or another; it is the module's own
			"run", "--data", n.data, "--log-level", "warn",
			"--http", fmt.Sprintf("%s:%d", n.addr, portHTTP), "--media", fmt.Sprintf("%s:%d", n.addr, portMedia),
			"--p2p", fmt.Sprintf("/ip4/%s/tcp/%d", n.addr, portP2P),
			"--p2p", fmt.Sprintf("/ip4/%s/udp/%d/quic-v1", n.addr, portP2P),
		}, n.flags...)...),
	}
	p.cmd.Stderr = n.t.Output()
	out, err := p.cmd.StdoutPipe()
	check(n.t, err)
	check(n.t, n.Namespace.Start(p.cmd))
	n.process = p
	go p.run(out)
	select {
	case <-p.ready:
	case <-p.ended:
		n.t.Fatalf("the node at %s did not start: %v", n.addr, p.err)
	case <-time.After(startWithin):
		n.t.Fatalf("the node at %s does not start", n.addr)
	}
}

// run reads what the process prints until it ends, and waits for it.
func (p *process) run(out io.Reader) {
	scan := bufio.NewScanner(out)
	for scan.Scan() {
		name, value, _ := strings.Cut(scan.Text(), " ")
		p.mu.Lock()
		first := len(p.lines[name]) == 0
		p.lines[name] = append(p.lines[name], value)
		p.mu.Unlock()
		if first && name == "p2p" { // the last kind of line
			close(p.ready)
		}
	}
	p.err = p.cmd.Wait()
	close(p.ended)
}

func (n *Node) running() bool {
	if n.process == nil {
		return false
	}
	select {
	case <-n.process.ended:
		return false
	default:
		return true
	}
}

// signal sends a signal to the process, and says whether that is to be its end.
func (n *Node) signal(s syscall.Signal, last bool) {
	n.t.Helper()
	if !n.running() {
		n.t.Fatalf("the node at %s does not run", n.addr)
	}
	n.process.mu.Lock()
	n.process.wanted = n.process.wanted || last
	n.process.mu.Unlock()
	if err := n.process.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		n.t.Fatal(err)
	}
}

// Stop tells the node to end and waits for it. One that fails, or takes more than ten seconds, fails the test.
func (n *Node) Stop() {
	n.t.Helper()
	n.signal(syscall.SIGTERM, true)
	n.signal(syscall.SIGCONT, true) // one that is suspended notices nothing
	select {
	case <-n.process.ended:
		if n.process.err != nil {
			n.t.Errorf("the node at %s ended with %v", n.addr, n.process.err)
		}
	case <-time.After(stopWithin):
		n.t.Errorf("the node at %s does not end", n.addr)
		n.Kill()
	}
}

// Kill ends the node as a power cut would, and waits until it is gone.
func (n *Node) Kill() {
	n.t.Helper()
	n.signal(syscall.SIGKILL, true)
	<-n.process.ended
}

// Suspend stops the node from doing anything (SIGSTOP); its sockets stay open. When it returns, every thread has stopped:
// the signal alone lets those of other processors run on for a moment.
func (n *Node) Suspend() {
	n.t.Helper()
	n.signal(syscall.SIGSTOP, false)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for limit := time.After(stopWithin); !stopped(n.process.cmd.Process.Pid); {
		select {
		case <-tick.C:
		case <-limit:
			n.t.Fatalf("the node at %s does not stop", n.addr)
		}
	}
}

// stopped reports whether every thread of a process is in state T (proc_pid_stat(5)).
func stopped(pid int) bool {
	stats, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil || len(stats) == 0 {
		return false
	}
	for _, file := range stats {
		stat, err := os.ReadFile(file) //nolint:gosec // below /proc, of a process that the test started
		if err != nil {
			return false
		}
		_, after, found := bytes.Cut(stat, []byte(") ")) // the name before it is the program's own
		if !found || !bytes.HasPrefix(after, []byte("T")) {
			return false
		}
	}
	return true
}

// Resume lets a suspended node go on.
func (n *Node) Resume() {
	n.t.Helper()
	n.signal(syscall.SIGCONT, false)
}

// end is for the end of the test.
func (n *Node) end() {
	if n.running() {
		n.Stop()
	}
	n.checkEnd()
}

// checkEnd fails the test if the node has ended without being told to.
func (n *Node) checkEnd() {
	n.t.Helper()
	if n.process == nil {
		return
	}
	n.process.mu.Lock()
	defer n.process.mu.Unlock()
	if !n.process.wanted {
		n.t.Errorf("the node at %s ended by itself: %v", n.addr, n.process.err)
	}
}

// build makes the binary of a node, once for the process. With the race detector on here, it is on there too.
func build(ctx context.Context) (string, error) {
	binary := filepath.Join(os.Getenv(envDir), "stoa")
	if _, err := os.Stat(binary); err == nil { //nolint:gosec // the folder is what Main made
		return binary, nil
	}
	root, err := moduleRoot()
	if err != nil {
		return "", err
	}
	fresh, err := os.MkdirTemp(os.Getenv(envDir), "build-") // of tests that run at the same time each builds its own
	if err != nil {
		return "", err
	}
	args := []string{"build", "-o", filepath.Join(fresh, "stoa")}
	if info, ok := debug.ReadBuildInfo(); ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		args = append(args, "-race")
	}
	cmd := exec.CommandContext(ctx, "go", append(args, "./cmd/stoa")...) //nolint:gosec // the arguments are those above
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the node: %w\n%s", err, out)
	}
	return binary, os.Rename(filepath.Join(fresh, "stoa"), binary) //nolint:gosec // the folder is what Main made
}
