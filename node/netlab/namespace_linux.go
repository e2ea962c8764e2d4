package netlab

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pion/transport/v2"
	"github.com/pion/transport/v2/stdnet"
	"golang.org/x/sys/unix"
)

// Namespace is a place in the network, with an address of its own. It is safe for concurrent use.
type Namespace struct {
	t    *testing.T
	lab  *Lab
	addr netip.Addr
	file *os.File // the namespace

	mu     sync.Mutex
	client *http.Client // made when it is first asked for; guarded by mu
}

// Addr is the namespace's address.
func (ns *Namespace) Addr() netip.Addr { return ns.addr }

// Path is a file that stands for the namespace while the test runs: nsenter --net=PATH, or STOA_NETNS=PATH for
// scripts/chromium-in, which is a browser in the namespace.
func (ns *Namespace) Path() string { return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), ns.file.Fd()) }

// Do runs a function on a thread that is in the namespace. Every socket it opens, and every process it starts, belongs
// there. What it hands to other goroutines does not run there.
func (ns *Namespace) Do(f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // and never unlocks: the thread ends with this goroutine, and nobody meets it again
		if err := ns.enter(); err != nil {
			done <- err
			return
		}
		done <- f()
	}()
	return <-done
}

// enter moves this thread into the namespace.
func (ns *Namespace) enter() error {
	if err := unix.Setns(int(ns.file.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("netlab: entering a namespace: %w", err)
	}
	return nil
}

// Start starts a program in the namespace. When the test's process ends, however it ends, so does the program.
func (ns *Namespace) Start(cmd *exec.Cmd) error {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	done := make(chan error, 1)
	ns.lab.starter <- func() {
		if err := ns.enter(); err != nil {
			done <- err
			return
		}
		done <- cmd.Start()
	}
	return <-done
}

// DialContext connects from the namespace. Addresses are numbers: nothing here resolves names.
func (ns *Namespace) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if _, err := netip.ParseAddrPort(address); err != nil {
		return nil, fmt.Errorf("netlab: %w", err) // a name would be looked up, and perhaps dialled, by other threads
	}
	var conn net.Conn
	err := ns.Do(func() (err error) {
		conn, err = (&net.Dialer{Timeout: 15 * time.Second}).DialContext(ctx, network, address)
		return err
	})
	return conn, err
}

// HTTP makes requests and opens WebSockets from the namespace: for client.Options.
func (ns *Namespace) HTTP() *http.Client {
	ns.mu.Lock()
	defer ns.mu.Unlock()
	if ns.client == nil {
		ns.client = &http.Client{Transport: &http.Transport{DialContext: ns.DialContext, MaxIdleConnsPerHost: 100}}
	}
	return ns.client
}

func (ns *Namespace) close() {
	ns.mu.Lock()
	defer ns.mu.Unlock()
	if ns.client != nil {
		ns.client.CloseIdleConnections()
	}
	if ns.file != nil {
		_ = ns.file.Close() // it was only held
	}
}

// Network is the namespace for WebRTC: what pion's SettingEngine.SetNet takes. Its interfaces are those of now.
func (ns *Namespace) Network() transport.Net {
	ns.t.Helper()
	var inside *stdnet.Net
	check(ns.t, ns.Do(func() (err error) {
		inside, err = stdnet.NewNet()
		return err
	}))
	return &network{Net: inside, ns: ns}
}

// network opens the sockets of pion's ICE agent in a namespace. Looking up names and interfaces is left to stdnet, which
// has read the namespace's when it was made.
type network struct {
	*stdnet.Net

	ns *Namespace
}

// in does something in a namespace that returns a value.
func in[T any](ns *Namespace, f func() (T, error)) (T, error) {
	var value T
	err := ns.Do(func() (err error) {
		value, err = f()
		return err
	})
	return value, err
}

// ListenPacket implements transport.Net.
func (n *network) ListenPacket(network, address string) (net.PacketConn, error) {
	return in(n.ns, func() (net.PacketConn, error) { return n.Net.ListenPacket(network, address) })
}

// ListenUDP implements transport.Net.
func (n *network) ListenUDP(network string, at *net.UDPAddr) (transport.UDPConn, error) {
	return in(n.ns, func() (transport.UDPConn, error) { return n.Net.ListenUDP(network, at) })
}

// ListenTCP implements transport.Net.
func (n *network) ListenTCP(network string, at *net.TCPAddr) (transport.TCPListener, error) {
	return in(n.ns, func() (transport.TCPListener, error) { return n.Net.ListenTCP(network, at) })
}

// Dial implements transport.Net.
func (n *network) Dial(network, address string) (net.Conn, error) {
	return n.ns.DialContext(context.Background(), network, address)
}

// DialUDP implements transport.Net.
func (n *network) DialUDP(network string, from, to *net.UDPAddr) (transport.UDPConn, error) {
	return in(n.ns, func() (transport.UDPConn, error) { return n.Net.DialUDP(network, from, to) })
}

// DialTCP implements transport.Net.
func (n *network) DialTCP(network string, from, to *net.TCPAddr) (transport.TCPConn, error) {
	return in(n.ns, func() (transport.TCPConn, error) { return n.Net.DialTCP(network, from, to) })
}

// CreateDialer implements transport.Net.
func (n *network) CreateDialer(*net.Dialer) transport.Dialer { return n }
