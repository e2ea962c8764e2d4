package netlab_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stoa-rooms/stoa/node/netlab"
)

func TestMain(m *testing.M) { os.Exit(netlab.Main(m)) }

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	late := time.After(time.Minute)
	for !condition() {
		select {
		case <-look.C:
		case <-late:
			t.Fatalf("never: %s", what)
		}
	}
}

// echo answers datagrams at a place, until the test ends, with the address that each came from.
func echo(t *testing.T, at *netlab.Namespace) netip.AddrPort {
	t.Helper()
	conn, err := at.Network().ListenUDP("udp4", &net.UDPAddr{IP: at.Addr().AsSlice()})
	ok(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		buffer := make([]byte, 1500)
		for {
			_, from, err := conn.ReadFromUDP(buffer)
			if err != nil {
				return
			}
			if _, err := conn.WriteToUDP([]byte(from.IP.String()), from); err != nil {
				t.Error(err)
			}
		}
	}()
	local, err := netip.ParseAddrPort(conn.LocalAddr().String())
	ok(t, err)
	return local
}

// asks sends one datagram and says who the other side took the sender for; "" if no answer comes in time.
func asks(t *testing.T, from *netlab.Namespace, to netip.AddrPort, size int, wait time.Duration) string {
	t.Helper()
	conn, err := from.DialContext(t.Context(), "udp4", to.String())
	ok(t, err)
	defer func() { _ = conn.Close() }()
	_, err = conn.Write(make([]byte, size))
	ok(t, err)
	ok(t, conn.SetReadDeadline(time.Now().Add(wait)))
	answer := make([]byte, 100)
	n, err := conn.Read(answer)
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err)
	}
	return string(answer[:n])
}

const (
	soon  = 5 * time.Second       // an answer comes far within it
	never = 50 * time.Millisecond // an answer, which takes less than one, would have come
)

func TestEverybodyReachesEverybodyUnderTheirOwnAddress(t *testing.T) {
	lab := netlab.New(t, 3)
	var all []*netlab.Namespace
	seen := map[netip.Addr]bool{}
	for i := range 3 {
		all = append(all, lab.Node(i).Namespace, lab.Node(i).Members())
	}
	for _, to := range all {
		at := echo(t, to)
		seen[to.Addr()] = true
		for _, from := range all {
			if got := asks(t, from, at, 1, soon); got != from.Addr().String() {
				t.Errorf("%s takes %s for %q", to.Addr(), from.Addr(), got)
			}
		}
	}
	if len(seen) != 6 {
		t.Errorf("addresses: %v", seen)
	}
}

func TestPartitionAndHeal(t *testing.T) {
	lab := netlab.New(t, 3)
	var at []netip.AddrPort
	for i := range 3 {
		at = append(at, echo(t, lab.Node(i).Namespace))
	}
	// reach expects that exactly the pairs within a group reach each other.
	reach := func(group ...int) {
		t.Helper()
		for i := range 3 {
			for j := range 3 {
				for _, from := range []*netlab.Namespace{lab.Node(i).Namespace, lab.Node(i).Members()} {
					want, wait := from.Addr().String(), soon
					if group[i] != group[j] {
						want, wait = "", never
					}
					if got := asks(t, from, at[j], 1, wait); got != want {
						t.Errorf("groups %v: from %s to node %d: %q", group, from.Addr(), j, got)
					}
				}
			}
		}
	}
	reach(0, 0, 0)
	lab.Partition([]int{0}, []int{1, 2})
	reach(0, 1, 1)
	lab.Partition([]int{0, 1}) // and who is left
	reach(0, 0, 1)
	lab.Partition([]int{0}, []int{1}, []int{2})
	reach(0, 1, 2)
	lab.Heal()
	reach(0, 0, 0)
}

// TestPartitionKeepsConnections: a TCP connection outlives a partition, with what was written meanwhile.
func TestPartitionKeepsConnections(t *testing.T) {
	lab := netlab.New(t, 2)
	l, err := lab.Node(0).Network().ListenTCP("tcp4", &net.TCPAddr{IP: lab.Node(0).Addr().AsSlice()})
	ok(t, err)
	defer func() { _ = l.Close() }()
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		_, _ = io.Copy(conn, conn)
		_ = conn.Close()
	}()
	conn, err := lab.Node(1).Members().DialContext(t.Context(), "tcp", l.Addr().String())
	ok(t, err)
	defer func() { _ = conn.Close() }()
	lab.Partition([]int{0}, []int{1})
	_, err = io.WriteString(conn, "across")
	ok(t, err)
	answer := make([]byte, 6)
	ok(t, conn.SetReadDeadline(time.Now().Add(never)))
	if n, err := conn.Read(answer); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("over a partition came %d bytes, %v", n, err)
	}
	lab.Heal()
	ok(t, conn.SetReadDeadline(time.Now().Add(soon)))
	_, err = io.ReadFull(conn, answer)
	ok(t, err)
	if string(answer) != "across" {
		t.Errorf("%q", answer)
	}
}

func TestFlows(t *testing.T) {
	lab := netlab.New(t, 3)
	a, b := lab.Node(0), lab.Node(1)
	at := echo(t, a.Namespace)
	const packets, size = 50, 172
	for range packets {
		asks(t, b.Members(), at, size, soon)
	}
	here, there := a.Addr(), b.Members().Addr()
	for _, n := range []*netlab.Node{a, b} {
		flows := n.Flows()
		if got, want := netlab.Bytes(flows, there, here, "udp"), uint64(packets*(size+28)); got != want {
			t.Errorf("%s counts %d bytes from the member, want %d", n.Addr(), got, want)
		}
		if got, want := netlab.Bytes(flows, here, there, "udp"), uint64(packets*(len(there.String())+28)); got != want {
			t.Errorf("%s counts %d bytes to the member, want %d", n.Addr(), got, want)
		}
		if got := netlab.Addresses(flows); !slices.Equal(got, []netip.Addr{here, there}) {
			t.Errorf("%s sees %v", n.Addr(), got)
		}
		for _, f := range flows {
			if f.From.Addr() == here && f.From != at || f.To.Addr() == here && f.To != at {
				t.Errorf("%s: ports of %+v", n.Addr(), f)
			}
		}
	}
	if flows := lab.Node(2).Flows(); len(flows) != 0 {
		t.Errorf("node 2 sees what is none of its business: %v", flows)
	}

	// What a partition loses was sent all the same, and what stays behind the node is not on its outer link.
	a.ResetFlows()
	b.ResetFlows()
	lab.Partition([]int{0}, []int{1})
	asks(t, b.Members(), at, size, never)
	asks(t, b.Members(), echo(t, b.Namespace), size, soon)
	if flows := a.Flows(); len(flows) != 0 {
		t.Errorf("after a reset, behind a partition: %v", flows)
	}
	if flows := b.Flows(); len(flows) != 1 || flows[0].Packets != 1 || flows[0].To != at {
		t.Errorf("the sender's side of a partition: %v", flows)
	}
}

// TestNetworkShowsItsOwnInterfaces: what WebRTC gathers in a namespace are the namespace's addresses.
func TestNetworkShowsItsOwnInterfaces(t *testing.T) {
	members := netlab.New(t, 1).Node(0).Members()
	interfaces, err := members.Network().Interfaces()
	ok(t, err)
	var found []string
	for _, i := range interfaces {
		addrs, err := i.Addrs()
		if err != nil {
			continue // it has none
		}
		for _, a := range addrs {
			found = append(found, a.String())
		}
	}
	slices.Sort(found)
	if want := []string{members.Addr().String() + "/24", "127.0.0.1/8"}; !slices.Equal(found, want) {
		t.Errorf("%v, want %v", found, want)
	}
	if _, err := members.DialContext(t.Context(), "tcp", "localhost:1"); err == nil || !strings.Contains(err.Error(), "netlab") {
		t.Errorf("a name was dialled: %v", err)
	}
}

// answers asks the node, from behind it, who it is.
func answers(t *testing.T, n *netlab.Node, wait time.Duration) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), wait)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, n.URL()+"/api/v1/node", nil)
	ok(t, err)
	res, err := n.Members().HTTP().Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	return string(body), err
}

func TestNode(t *testing.T) {
	lab := netlab.New(t, 2)
	n := lab.Node(1)
	n.Start()
	key := n.Line("node")
	expect := func() {
		t.Helper()
		body, err := answers(t, n, soon)
		ok(t, err)
		if key == "" || !strings.Contains(body, key) {
			t.Fatalf("the node %q answers %s", key, body)
		}
	}
	expect()
	if n.URL() != n.Line("web") || !strings.HasPrefix(n.Line("owner"), n.URL()) {
		t.Errorf("it says it is at %q", n.Line("web"))
	}
	if listens := n.Lines("p2p"); !slices.Contains(listens, n.Multiaddr()) {
		t.Errorf("it listens at %v, not at %s", listens, n.Multiaddr())
	}
	n.Suspend()
	if body, err := answers(t, n, never); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("suspended, it answers %q, %v", body, err)
	}
	n.Resume()
	expect()
	n.Kill()
	if _, err := answers(t, n, soon); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("killed: %v", err)
	}
	n.Start()
	expect()
	n.Stop()
	n.Start("--log-level", "error")
	expect()
	n.Suspend() // the end of the test copes
}

// crash, set in the environment, makes the test binary build a lab with programs in it and end badly.
const crash = "STOA_NETLAB_CRASH"

// TestCrash is what TestNothingIsLeft runs in another process.
func TestCrash(t *testing.T) {
	how := os.Getenv(crash)
	if how == "" {
		how = "well"
	}
	lab := netlab.New(t, 2)
	lab.Node(0).Start()
	sleep := exec.Command("sleep", "1000")
	ok(t, lab.Node(1).Members().Start(sleep))
	t.Cleanup(func() { _ = sleep.Process.Kill(); _ = sleep.Wait() })
	for _, ns := range []*netlab.Namespace{lab.Node(0).Namespace, lab.Node(0).Members(), lab.Node(1).Namespace, lab.Node(1).Members()} {
		name, err := os.Readlink(ns.Path())
		ok(t, err)
		_, _ = fmt.Fprintln(os.Stdout, "namespace", name)
	}
	if _, err := answers(t, lab.Node(0), soon); err != nil {
		t.Fatal(err)
	}
	switch how {
	case "panic":
		panic("as it was asked to")
	case "kill":
		ok(t, syscall.Kill(os.Getpid(), syscall.SIGKILL))
	case "exit":
		os.Exit(3)
	}
}

func TestNothingIsLeft(t *testing.T) {
	self, err := os.Executable()
	ok(t, err)
	links := listed(t, "ip", "-o", "link")
	names := listed(t, "ip", "netns")
	for how, want := range map[string]bool{"well": true, "panic": false, "kill": false, "exit": false} {
		t.Run(how, func(t *testing.T) {
			cmd := exec.Command(self, "-test.run", "^TestCrash$", "-test.v")
			cmd.Env = append(os.Environ(), crash+"="+how, "TMPDIR="+t.TempDir())
			out, err := cmd.CombinedOutput()
			if (err == nil) != want {
				t.Fatalf("%v\n%s", err, out)
			}
			var lab []string
			scan := bufio.NewScanner(bytes.NewReader(out))
			for scan.Scan() {
				if name, is := strings.CutPrefix(scan.Text(), "namespace "); is {
					lab = append(lab, name)
				}
			}
			if len(lab) != 4 {
				t.Fatalf("it built no lab:\n%s", out)
			}
			eventually(t, "no process is left in the lab", func() bool { return len(inhabitants(t, lab)) == 0 })
		})
	}
	if now := listed(t, "ip", "-o", "link"); now != links {
		t.Errorf("links outside the lab: %s", now)
	}
	if now := listed(t, "ip", "netns"); now != names {
		t.Errorf("names outside the lab: %s", now)
	}
}

func listed(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).Output()
	ok(t, err)
	return string(out)
}

// inhabitants are the threads of this machine that are in one of the namespaces.
func inhabitants(t *testing.T, namespaces []string) []string {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/task/[0-9]*/ns/net")
	ok(t, err)
	return slices.DeleteFunc(all, func(path string) bool {
		name, err := os.Readlink(path)
		return err != nil || !slices.Contains(namespaces, name) // one that has ended is in none
	})
}
