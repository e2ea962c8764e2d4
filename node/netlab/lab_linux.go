package netlab

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Lab is a network of nodes. Its methods fail the test when they fail. It ends with the test.
type Lab struct {
	t       *testing.T
	nodes   []*Node
	starter chan func() // to the thread that starts processes

	mu      sync.Mutex     // one command at a time
	script  *exec.Cmd      // scripts/netlab
	orders  io.WriteCloser // to its standard input; guarded by mu
	answers *bufio.Reader  // of its standard output; guarded by mu
}

// Environment variables by which Main tells New what it found out. They are not for anybody else.
const (
	envDir   = "STOA_NETLAB_DIR"   // where the binary is, or will be
	envOwner = "STOA_NETLAB_OWNER" // the process id of whoever removes it: programs that tests start use it too
	envDeny  = "STOA_NETLAB_DENY"  // why there can be no lab
)

// Main runs the tests of a package that makes labs: TestMain calls it. Where this user may make no namespaces, it first
// starts the test binary anew inside a user namespace, in which they may.
func Main(m *testing.M) int {
	if os.Getenv(envDir) == "" { // else this process has been here before it entered, or a test has started it
		if err := prepare(); err != nil {
			_ = os.Setenv(envDeny, err.Error())
		}
	}
	if os.Getenv(envOwner) == fmt.Sprint(os.Getpid()) {
		defer func() { _ = os.RemoveAll(ownDir()) }() // else whoever comes next does
	}
	return m.Run()
}

// dirPattern is the folder of one process. It holds a binary, which is large.
const dirPattern = "stoa-netlab-%d"

func ownDir() string { return filepath.Join(os.TempDir(), fmt.Sprintf(dirPattern, os.Getpid())) }

// prepare makes a folder for the binary, removes those of processes that were killed, and sees to it that this process
// may make namespaces.
func prepare() error {
	old, err := filepath.Glob(filepath.Join(os.TempDir(), "stoa-netlab-*"))
	if err != nil {
		return err
	}
	for _, dir := range old {
		var pid int
		if _, err := fmt.Sscanf(filepath.Base(dir), dirPattern, &pid); err != nil {
			continue // not from here
		}
		if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			_ = os.RemoveAll(dir) // or somebody else does
		}
	}
	return errors.Join(
		os.Mkdir(ownDir(), 0o700), os.Setenv(envDir, ownDir()), os.Setenv(envOwner, fmt.Sprint(os.Getpid())), enter(),
	)
}

// enter makes sure that this process may make namespaces. If that takes a user namespace, it does not return: the
// process begins anew in there.
func enter() error {
	script, err := scriptPath()
	if err != nil {
		return err
	}
	if exec.Command("unshare", "--net", "true").Run() == nil { //nolint:noctx // it does nothing
		return nil
	}
	if out, err := exec.Command(script, "--enter", "true").CombinedOutput(); err != nil { //nolint:noctx,gosec // the same; the script is the module's
		return fmt.Errorf("%w: %s", err, strings.TrimSpace(string(out)))
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return syscall.Exec(script, append([]string{script, "--enter", self}, os.Args[1:]...), os.Environ()) //nolint:gosec // this program again
}

// moduleRoot is the folder of go.mod. Tests run in the folder of their package.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("netlab: there is no go.mod above the working directory")
		}
		dir = filepath.Dir(dir)
	}
}

func scriptPath() (string, error) {
	root, err := moduleRoot()
	return filepath.Join(root, "scripts", "netlab"), err
}

// New builds a network of n nodes, of which none runs yet.
func New(t *testing.T, n int) *Lab {
	t.Helper()
	if why := os.Getenv(envDeny); why != "" {
		t.Fatalf("there can be no network here: %s", why)
	}
	if os.Getenv(envDir) == "" {
		t.Fatal("TestMain must call netlab.Main")
	}
	path, err := scriptPath()
	check(t, err)
	l := &Lab{t: t, starter: make(chan func()), script: exec.Command(path, fmt.Sprint(n))} //nolint:noctx,gosec // it ends with its input; the script is the module's
	var complaints strings.Builder
	l.script.Stderr = &complaints
	l.orders, err = l.script.StdinPipe()
	check(t, err)
	out, err := l.script.StdoutPipe()
	check(t, err)
	l.answers = bufio.NewReader(out)
	check(t, l.script.Start())
	go l.startProcesses()
	t.Cleanup(l.close)
	for range n {
		l.nodes = append(l.nodes, &Node{t: t, lab: l, Namespace: &Namespace{t: t, lab: l}, members: &Namespace{t: t, lab: l}})
	}
	for {
		line, err := l.answers.ReadString('\n')
		if err != nil {
			_ = l.script.Wait()
			t.Fatalf("the network cannot be built: %s", strings.TrimSpace(complaints.String()))
		}
		if line == "ready\n" {
			return l
		}
		l.place(line)
	}
}

// place takes in one line of the script: where a namespace is.
func (l *Lab) place(line string) {
	l.t.Helper()
	var what, addr string
	var number, pid int
	if _, err := fmt.Sscan(line, &what, &number, &pid, &addr); err != nil {
		l.t.Fatalf("scripts/netlab says %q: %v", line, err)
	}
	ns := l.nodes[number].Namespace
	if what == "members" {
		ns = l.nodes[number].members
	}
	var err error
	ns.addr, err = netip.ParseAddr(addr)
	check(l.t, err)
	ns.file, err = os.Open(fmt.Sprintf("/proc/%d/ns/net", pid))
	check(l.t, err)
}

// endWithin bounds the end of the script, which has only to notice that its input is over.
const endWithin = 10 * time.Second

// close ends everything. By now the processes of the lab have ended: their own clean-up came first.
func (l *Lab) close() {
	close(l.starter)
	for _, n := range l.nodes {
		for _, ns := range []*Namespace{n.Namespace, n.members} {
			ns.close()
		}
	}
	if l.script.ProcessState != nil {
		return // it could not build the network
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = l.orders.Close() // which ends it
	kill := time.AfterFunc(endWithin, func() { _ = l.script.Process.Kill() })
	defer kill.Stop()
	if err := l.script.Wait(); err != nil {
		l.t.Errorf("scripts/netlab: %v", err)
	}
}

// startProcesses is the thread that starts the processes of the lab. The kernel kills a process when the thread that
// started it ends (PR_SET_PDEATHSIG), so this one lasts as long as the lab, and no process lasts longer.
func (l *Lab) startProcesses() {
	runtime.LockOSThread() // and never unlocks: the thread has been elsewhere, and ends with this goroutine
	for start := range l.starter {
		start()
	}
}

// order has the script do something, and returns its answer.
func (l *Lab) order(command string) string {
	l.t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	_, err := io.WriteString(l.orders, command+"\n")
	check(l.t, err)
	answer, err := l.answers.ReadString('\n')
	check(l.t, err)
	if strings.HasPrefix(answer, "error") {
		l.t.Fatalf("scripts/netlab: %s", answer)
	}
	return answer
}

// Node is node number i, from 0.
func (l *Lab) Node(i int) *Node { return l.nodes[i] }

// Partition cuts the groups of nodes off from one another, their people with them. Nodes in no group form one more.
// Nobody's addresses, routes or sockets change: packets are lost on the way. It replaces an earlier partition.
func (l *Lab) Partition(groups ...[]int) {
	l.t.Helper()
	command := []string{"partition"}
	for _, group := range groups {
		command = append(command, strings.ReplaceAll(strings.Trim(fmt.Sprint(group), "[]"), " ", ","))
	}
	l.order(strings.Join(command, " "))
}

// Heal lets everybody reach everybody again.
func (l *Lab) Heal() {
	l.t.Helper()
	l.order("heal")
}

// check fails the test on an error.
func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
