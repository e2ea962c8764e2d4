package media

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pion/stun"
	"github.com/pion/webrtc/v3"
)

// overTCP makes a client that knows no UDP.
func overTCP(e *webrtc.SettingEngine) {
	e.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeTCP4, webrtc.NetworkTypeTCP6})
}

// TestOverTCP: whom UDP does not reach speaks and hears over TCP, beside those whom it does; a mute acts, and whoever is
// dropped is cut off.
func TestOverTCP(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:0", "0.0.0.0:0", "[::1]:0"} {
		t.Run(addr, func(t *testing.T) {
			s := startServer(t, Config{Addr: addr})
			r := s.Room(roomID(1))
			r.Allow(1, true)
			speaker := join(t, r, 1, clientOptions{slots: 1, mic: true, api: overTCP})
			listener := join(t, r, 2, clientOptions{slots: 1, api: overTCP})
			both := func(e *webrtc.SettingEngine) {
				e.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6})
			}
			near := join(t, r, 3, clientOptions{slots: 1, api: both})
			talk(20, map[*client]uint8{speaker: 30})
			until(t, "heard by both", func() bool { return len(listener.packets()) == 20 && len(near.packets()) == 20 })
			if got := s.Reached(); got.TCP[FromMachine] != 2 || got.UDP[FromMachine] != 1 {
				t.Errorf("reached: %+v", got)
			}
			if got := s.Totals(); got.TCP < 2 { // a pion client makes one for each of its networks
				t.Errorf("%d TCP connections", got.TCP)
			}
			r.Allow(1, false)
			talk(5, map[*client]uint8{speaker: 30})
			if got := len(listener.packets()); got != 20 {
				t.Errorf("%d packets were heard, 5 of them of a muted speaker", got-15)
			}
			r.Drop(1)
			r.Drop(2)
			until(t, "their connections end", func() bool { return s.Totals().TCP == 0 })
		})
	}
}

// visitor is a bare TCP connection to a server, from some address of this machine.
func visitor(t *testing.T, s *Server, from string) net.Conn {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	conn, err := d.DialContext(t.Context(), "tcp", s.TCPAddr().String())
	check(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// closedBy waits until the other side closes.
func closedBy(t *testing.T, conn net.Conn) {
	t.Helper()
	check(t, conn.SetReadDeadline(time.Now().Add(enough)))
	if n, err := io.Copy(io.Discard, conn); n > 0 {
		t.Errorf("%d bytes are answered", n)
	} else if nerr, ok := err.(net.Error); ok && nerr.Timeout() { //nolint:errorlint // of the connection itself
		t.Fatal("the connection stays open")
	}
}

func framed(data []byte) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(data))), data...)
}

// iceCheck is what the client of an answer sends first.
func iceCheck(t *testing.T, user, password string) []byte {
	t.Helper()
	m, err := stun.Build(stun.TransactionID, stun.BindingRequest, stun.NewUsername(user),
		stun.NewShortTermIntegrity(password), stun.Fingerprint)
	check(t, err)
	return framed(m.Raw)
}

// credentials are those of the node in an answer.
func credentials(answer string) (user, password string) {
	user = regexp.MustCompile(`a=ice-ufrag:(\S+)`).FindStringSubmatch(answer)[1]
	return user + ":abcd", regexp.MustCompile(`a=ice-pwd:(\S+)`).FindStringSubmatch(answer)[1]
}

// TestStrangersOverTCP: whoever does not show at once that they are somebody's client is not kept.
func TestStrangersOverTCP(t *testing.T) {
	s := startServer(t, Config{})
	s.socket.tcp.within = 100 * time.Millisecond
	answer, _, err := s.Room(roomID(1)).Offer(t.Context(), 1, offerOf("0", audioLine("0", "recvonly")), Options{})
	check(t, err)
	user, password := credentials(answer)
	bare, err := stun.Build(stun.TransactionID, stun.BindingRequest)
	check(t, err)
	success, err := stun.Build(stun.TransactionID, stun.BindingSuccess, stun.NewUsername(user), stun.NewShortTermIntegrity(password))
	check(t, err)
	for name, says := range map[string][]byte{
		"nothing":              nil,
		"half a length":        {0},
		"half a check":         iceCheck(t, user, password)[:30],
		"HTTP":                 []byte("GET / HTTP/1.1\r\nHost: example\r\n\r\n"),
		"nothing in a frame":   {0, 0},
		"too long":             framed(make([]byte, maxCheck+1)),
		"noise":                framed(bytes.Repeat([]byte{200}, 100)),
		"a check of nobody":    framed(bare.Raw),
		"an unknown user name": iceCheck(t, "nobody:abcd", password),
		"a wrong password":     iceCheck(t, user, password+"x"),
		"an answer":            framed(success.Raw),
	} {
		t.Run(name, func(t *testing.T) {
			conn := visitor(t, s, "127.0.0.1")
			_, err := conn.Write(says)
			check(t, err)
			closedBy(t, conn)
		})
	}
	right := visitor(t, s, "127.0.0.1")
	_, err = right.Write(iceCheck(t, user, password))
	check(t, err)
	reply, err := readFrame(right, make([]byte, maxDatagram))
	if err != nil || !stun.IsMessage(reply) {
		t.Fatalf("the client itself is not answered: %v", err)
	}
	p := s.socket.tcp
	until(t, "the strangers are forgotten", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return len(p.waiting) == 0 && len(p.from) == 0 && len(p.conns) == 1
	})
	if s.Totals().TCPRefused != 11 {
		t.Errorf("%d are counted as refused", s.Totals().TCPRefused)
	}
	s.Room(roomID(1)).Drop(1)
	check(t, right.SetReadDeadline(time.Now().Add(enough)))
	if _, err := io.Copy(io.Discard, right); err != nil {
		t.Errorf("it stays open after its leg has ended: %v", err)
	}
}

// TestFloodOverTCP: silent connections of one address are few, those of many give way to whoever comes, and a client has
// no more than a few itself.
func TestFloodOverTCP(t *testing.T) {
	s := startServer(t, Config{})
	p := s.socket.tcp
	p.within = enough
	waiting := func() int {
		p.mu.Lock()
		defer p.mu.Unlock()
		return len(p.waiting)
	}
	answer, _, err := s.Room(roomID(1)).Offer(t.Context(), 1, offerOf("0", audioLine("0", "recvonly")), Options{})
	check(t, err)
	user, password := credentials(answer)
	for range maxUncheckedFrom {
		visitor(t, s, "127.0.0.2")
	}
	until(t, "all wait", func() bool { return waiting() == maxUncheckedFrom })
	closedBy(t, visitor(t, s, "127.0.0.2")) // one too many of that address

	const addresses = maxUnchecked / maxUncheckedFrom
	for n := 3; n <= 2+addresses; n++ {
		for range maxUncheckedFrom {
			visitor(t, s, "127.0.0."+strconv.Itoa(n))
		}
	}
	until(t, "the node is full of them", func() bool { return waiting() == maxUnchecked && p.refused.Load() >= 1+maxUncheckedFrom })
	var own []net.Conn
	answers := func(conn net.Conn) error {
		_, err := conn.Write(iceCheck(t, user, password))
		check(t, err)
		check(t, conn.SetReadDeadline(time.Now().Add(enough)))
		_, err = readFrame(conn, make([]byte, maxDatagram))
		return err
	}
	come := func() error {
		own = append(own, visitor(t, s, "127.0.0.1"))
		return answers(own[len(own)-1])
	}
	for range maxOfLeg {
		if err := come(); err != nil {
			t.Fatalf("a client is kept out: %v", err)
		}
	}
	if come() == nil || s.Totals().TCP != maxOfLeg {
		t.Errorf("one too many of a client was let in, of %d", s.Totals().TCP)
	}
	if err := answers(own[0]); err != nil { // it may be the one that the client keeps to
		t.Errorf("the first gave way to it: %v", err)
	}
	p.mu.Lock()
	p.silentAfter = 0 // so that all are taken for dead
	p.mu.Unlock()
	if err := come(); err != nil {
		t.Errorf("a client that came from a new network is kept out: %v", err)
	}
	_, _ = io.Copy(io.Discard, own[0]) // until it is closed, for the one that came
}

// TestSlowReaderOverTCP: a client that takes nothing costs the room no time and little memory, and what it hears when it
// goes on is the newest.
func TestSlowReaderOverTCP(t *testing.T) {
	s := startServer(t, Config{})
	answer, _, err := s.Room(roomID(1)).Offer(t.Context(), 1, offerOf("0", audioLine("0", "recvonly")), Options{})
	check(t, err)
	user, password := credentials(answer)
	slow := visitor(t, s, "127.0.0.1")
	_, err = slow.Write(iceCheck(t, user, password))
	check(t, err)
	_, err = readFrame(slow, make([]byte, maxDatagram))
	check(t, err)
	at := standIn(1, netip.AddrPort{}.Addr())
	const count = 20_000 // 24 MB: more than the kernel takes
	for n := range uint32(count) {
		_, err := s.socket.WriteTo(binary.BigEndian.AppendUint32(make([]byte, 1196), n), at)
		check(t, err)
	}
	c := s.socket.tcp.at(at.AddrPort().Addr())
	if waits := len(c.out); waits > tcpQueue {
		t.Errorf("%d packets wait", waits)
	}
	heard, last := 0, uint32(0)
	for last != count-1 {
		b, err := readFrame(slow, make([]byte, maxDatagram))
		check(t, err)
		if len(b) != 1200 {
			continue // pion's
		}
		n := binary.BigEndian.Uint32(b[len(b)-4:])
		if heard++; n < last {
			t.Fatalf("%d after %d", n, last)
		}
		last = n
	}
	if heard == count {
		t.Error("nothing was dropped, so nothing was tried")
	}
}

func TestTCPPort(t *testing.T) {
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	check(t, err)
	defer taken.Close()
	offer := offerOf("0", audioLine("0", "recvonly"))
	for name, c := range map[string]Config{
		"taken, by default": {Addr: taken.Addr().String()},
		"off":               {TCP: NoTCP},
	} {
		s := startServer(t, c)
		answer, _, err := s.Room(roomID(1)).Offer(t.Context(), 1, offer, Options{})
		check(t, err)
		if s.TCPAddr() != nil || strings.Contains(answer, "tcptype") {
			t.Errorf("%s: %v\n%s", name, s.TCPAddr(), answer)
		}
	}
	other, err := New(Config{Addr: "127.0.0.1:0", TCP: taken.Addr().String()})
	check(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if err := other.Run(ctx); err == nil || !strings.Contains(err.Error(), "--media-tcp") {
		t.Errorf("a port that was asked for and is taken: %v", err)
	}
}

// TestTCPCandidates: each address is offered for TCP as for UDP, and none before UDP.
func TestTCPCandidates(t *testing.T) {
	public := []netip.AddrPort{netip.MustParseAddrPort("192.0.2.7:0"), netip.MustParseAddrPort("[2001:db8::7]:9")}
	same := startServer(t, Config{Public: public})
	apart := startServer(t, Config{Public: public, TCP: "127.0.0.1:0"})
	unlike := startServer(t, Config{Addr: "127.0.0.1:0", TCP: "127.0.0.2:0"})
	port := func(a net.Addr) string {
		_, p, err := net.SplitHostPort(a.String())
		check(t, err)
		return p
	}
	for name, c := range map[string]struct {
		s    *Server
		want []string
	}{
		"one number":      {same, []string{"192.0.2.7 " + port(same.LocalAddr()), "2001:db8::7 9"}},
		"two numbers":     {apart, []string{"192.0.2.7 " + port(apart.TCPAddr()), "2001:db8::7 " + port(apart.TCPAddr())}},
		"another address": {unlike, []string{"127.0.0.2 " + port(unlike.TCPAddr())}},
	} {
		answer, _, err := c.s.Room(roomID(1)).Offer(t.Context(), 1, offerOf("0", audioLine("0", "recvonly")), Options{})
		check(t, err)
		lines := regexp.MustCompile(`a=candidate:\d+ 1 (udp|tcp) (\d+) (\S+ \d+) typ host( tcptype passive)?\r\n`).FindAllStringSubmatch(answer, -1)
		var got []string
		lowest := uint64(1 << 32)
		for _, l := range lines {
			priority, err := strconv.ParseUint(l[2], 10, 32)
			check(t, err)
			if priority >= lowest {
				t.Errorf("%s: %s is not after the one before", name, l[0])
			}
			lowest = priority
			if (l[1] == "tcp") != (l[4] != "") {
				t.Errorf("%s: %s", name, l[0])
			}
			if l[1] == "tcp" {
				got = append(got, l[3])
			}
		}
		if strings.Join(got, ", ") != strings.Join(c.want, ", ") {
			t.Errorf("%s: %q, not %q", name, got, c.want)
		}
	}
}

// TestForgedStandIn: no datagram can pretend to be a TCP connection, and nothing is sent to where none is.
func TestForgedStandIn(t *testing.T) {
	s := startServer(t, Config{}).socket
	for _, bound := range []string{"0.0.0.0", "127.0.0.1", "::", "::1"} {
		at := standIn(1<<28-1, netip.MustParseAddr(bound))
		if !s.forged(at) {
			t.Errorf("%v is let through", at)
		}
		if n, err := s.WriteTo(make([]byte, 20), at); n != 20 || err != nil {
			t.Errorf("to %v: %d, %v", at, n, err)
		}
		if from, tcp := s.far(at.AddrPort().Addr().Unmap()); from.IsValid() || !tcp {
			t.Errorf("%v is %v", at, from)
		}
	}
	if s.forged(&net.UDPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 9}) {
		t.Error("an honest address is refused")
	}
}
