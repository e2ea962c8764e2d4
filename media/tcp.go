package media

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/pion/stun"
)

const (
	// checkWithin is how long a TCP connection may take until it has shown whose it is. It is the first thing that a
	// client sends: a round trip, and another for a lost packet.
	checkWithin = 5 * time.Second
	// maxUnchecked connections may be at that stage at once, maxUncheckedFrom of them from one address. With one more in
	// all, the one that has waited longest is closed: an honest client waits no longer than a round trip.
	maxUnchecked     = 512
	maxUncheckedFrom = 64
	// maxChecked is how many may stand in all. Each costs a descriptor and about 16 kB.
	maxChecked = 4096
	// maxOfLeg is how many may stand for one leg. A client opens one from each of its addresses to each of the node's, all
	// at once, and keeps to one of them, which it alone knows: so none that lives gives way to another.
	maxOfLeg = 8
	// silentAfter is when a connection of a leg gives way: a client that lives sends a check every few seconds (RFC 7675).
	silentAfter = 15 * time.Second
	// maxCheck is the size of the largest ICE check that is read from somebody unknown. They have about 120 bytes.
	maxCheck = 512

	acceptPause = 50 * time.Millisecond // after an error that passes, such as no descriptor being left
)

// tcpPort lets people in over TCP whose network lets no UDP through: passive ICE-TCP candidates (RFC 6544), with each
// packet behind its length (RFC 4571).
//
// To the rest of the package such a connection is one more sender of datagrams to the node's one socket, at an address
// that stands for it (see [standIn]). So all that holds for UDP holds here, and nobody pays for it who does not use it:
// pion's TCP mux would open a candidate, with a goroutine, for every address of the machine and every connection.
//
// A connection has to begin with an ICE check that is signed with the password of a leg, which only that leg's client
// has. Whatever else comes is closed at once, what does not come after a moment.
type tcpPort struct {
	listener *net.TCPListener
	socket   *socket
	work     sync.WaitGroup
	frames   chan tcpFrame // on their way to whoever reads the socket
	woken    atomic.Bool   // the reader of the socket has been told of frames
	over     chan struct{} // closed with the port
	within   time.Duration // checkWithin, but in tests

	silentAfter time.Duration // silentAfter, but in tests

	refused atomic.Uint64 // connections ever

	mu      sync.Mutex
	closed  bool
	legs    map[string]*tcpLeg      // by ICE user name: who may come
	conns   map[netip.Addr]*tcpConn // that have shown whose they are, by the address that stands for them
	waiting []*tcpGuest             // that have not yet, the oldest first
	from    map[netip.Addr]int      // of waiting, by prefix
	last    uint32                  // number given out last
}

// tcpLeg is a leg whose client may come over TCP.
type tcpLeg struct {
	password string
	over     bool       // guarded by tcpPort.mu
	conns    []*tcpConn // the oldest first; guarded by tcpPort.mu
}

// tcpGuest is a connection that has not shown whose it is.
type tcpGuest struct {
	conn   *net.TCPConn
	prefix netip.Addr
}

// tcpFrame is one packet that came over TCP.
type tcpFrame struct {
	from *net.UDPAddr // that stands for the connection
	data []byte
}

// listenTCP opens the port on addr. Where addr is "", it is the address of the socket, if that is free for TCP too: then
// the port may be nil without an error.
func (s *socket) listenTCP(ctx context.Context, addr string, within time.Duration) (*tcpPort, error) {
	wanted := addr
	if wanted == "" {
		wanted = s.bound().String()
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", wanted)
	if err != nil {
		if addr == "" && (errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, syscall.EACCES)) {
			return nil, nil //nolint:nilnil // the default is a port that may be another's
		}
		return nil, fmt.Errorf("cannot listen on TCP %s for audio without UDP: %w; choose another address with --media-tcp, or switch it off with --media-tcp off", wanted, err)
	}
	listener, ok := l.(*net.TCPListener)
	if !ok {
		return nil, fmt.Errorf("listen for media on tcp %s: not a TCP socket", wanted)
	}
	return &tcpPort{
		listener: listener, socket: s, within: within, silentAfter: silentAfter,
		frames: make(chan tcpFrame, 64), over: make(chan struct{}),
		legs: map[string]*tcpLeg{}, conns: map[netip.Addr]*tcpConn{}, from: map[netip.Addr]int{},
	}, nil
}

// bound is the address the port is bound to, unmapped.
func (p *tcpPort) bound() netip.AddrPort {
	a, ok := p.listener.Addr().(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(a.AddrPort().Addr().Unmap(), a.AddrPort().Port())
}

// run accepts connections until close.
func (p *tcpPort) run() {
	for {
		conn, err := p.listener.AcceptTCP()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			select {
			case <-time.After(acceptPause):
			case <-p.over:
				return
			}
			continue
		}
		if g := p.take(conn); g != nil {
			p.work.Go(func() { p.receive(g) })
		}
	}
}

// close ends all connections and waits for what was started.
func (p *tcpPort) close() {
	p.mu.Lock()
	if !p.closed {
		p.closed = true
		close(p.over)
	}
	_ = p.listener.Close()
	for _, g := range p.waiting {
		_ = g.conn.Close()
	}
	conns := slices.Collect(maps.Values(p.conns))
	p.mu.Unlock()
	for _, c := range conns {
		c.end()
	}
	p.work.Wait()
}

// take makes room for a connection that says nothing yet; nil if there is none.
func (p *tcpPort) take(conn *net.TCPConn) *tcpGuest {
	prefix := prefixOf(conn.RemoteAddr())
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.from[prefix] >= maxUncheckedFrom || len(p.conns) >= maxChecked {
		p.refused.Add(1)
		_ = conn.Close()
		return nil
	}
	g := &tcpGuest{conn: conn, prefix: prefix}
	if len(p.waiting) >= maxUnchecked {
		_ = p.waiting[0].conn.Close()
		p.forgetLocked(p.waiting[0])
	}
	p.waiting = append(p.waiting, g)
	p.from[prefix]++
	return g
}

// prefixOf is what one client is taken for: an IPv4 address, or a network of 64 bits.
func prefixOf(addr net.Addr) netip.Addr {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	from := tcp.AddrPort().Addr().Unmap()
	if from.Is4() {
		return from
	}
	prefix, _ := from.WithZone("").Prefix(64) // fails only for more bits than there are
	return prefix.Addr()
}

// receive reads a connection until it ends.
func (p *tcpPort) receive(g *tcpGuest) {
	check, leg := p.check(g)
	c := p.admit(g, leg)
	if c == nil {
		p.refused.Add(1)
		_ = g.conn.Close()
		return
	}
	p.work.Go(c.write)
	p.deliver(c, check)
	c.read()
	p.drop(c)
}

// check reads what a connection begins with, and says whose it is; nil if it cannot be told.
func (p *tcpPort) check(g *tcpGuest) (check []byte, leg *tcpLeg) {
	_ = g.conn.SetReadDeadline(time.Now().Add(p.within))
	check, err := readFrame(g.conn, make([]byte, maxCheck))
	if err != nil || !stun.IsMessage(check) {
		return nil, nil
	}
	m := &stun.Message{Raw: slices.Clone(check)}
	if m.Decode() != nil || m.Type != stun.BindingRequest {
		return nil, nil
	}
	name, err := m.Get(stun.AttrUsername)
	if err != nil {
		return nil, nil
	}
	ufrag, _, _ := strings.Cut(string(name), ":")
	leg, password := p.legOf(ufrag)
	if leg == nil || stun.NewShortTermIntegrity(password).Check(m) != nil {
		return nil, nil
	}
	_ = g.conn.SetReadDeadline(time.Time{})
	return check, leg
}

func (p *tcpPort) legOf(ufrag string) (leg *tcpLeg, password string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if leg = p.legs[ufrag]; leg != nil {
		password = leg.password
	}
	return leg, password
}

// admit makes a guest a connection of a leg. Without a leg, or when that has ended, it only forgets the guest.
func (p *tcpPort) admit(g *tcpGuest, leg *tcpLeg) *tcpConn {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forgetLocked(g)
	if p.closed || leg == nil || leg.over || len(p.conns) >= maxChecked {
		return nil
	}
	if len(leg.conns) >= maxOfLeg {
		i := slices.IndexFunc(leg.conns, func(c *tcpConn) bool { return c.silent(p.silentAfter) })
		if i < 0 {
			return nil
		}
		leg.conns[i].end()
		leg.conns = slices.Delete(slices.Clone(leg.conns), i, i+1)
	}
	c := newTCPConn(p, g.conn, p.numberLocked())
	c.leg = leg
	leg.conns = append(leg.conns, c)
	p.conns[c.standIn.AddrPort().Addr().Unmap()] = c
	return c
}

// forgetLocked takes a guest off the list.
func (p *tcpPort) forgetLocked(g *tcpGuest) {
	i := slices.Index(p.waiting, g)
	if i < 0 {
		return // it had to give way
	}
	p.waiting = slices.Delete(p.waiting, i, i+1)
	if p.from[g.prefix]--; p.from[g.prefix] == 0 {
		delete(p.from, g.prefix)
	}
}

// drop forgets a connection that has ended.
func (p *tcpPort) drop(c *tcpConn) {
	c.end()
	p.mu.Lock()
	defer p.mu.Unlock()
	c.leg.conns = slices.DeleteFunc(slices.Clone(c.leg.conns), func(o *tcpConn) bool { return o == c })
	delete(p.conns, c.standIn.AddrPort().Addr().Unmap())
}

// numberLocked finds an address that stands for no connection.
func (p *tcpPort) numberLocked() *net.UDPAddr {
	for {
		p.last++
		at := standIn(p.last, p.socket.bound().Addr())
		if p.conns[at.AddrPort().Addr().Unmap()] == nil {
			return at
		}
	}
}

// Addresses that stand for TCP connections: 240.0.0.0/4, which is reserved for ever (RFC 1112), and for a socket that
// speaks IPv6 alone 100::/64, where nothing is (RFC 6666).
//
//nolint:gochecknoglobals // constants
var (
	standIns4 = netip.MustParsePrefix("240.0.0.0/4")
	standIns6 = netip.MustParsePrefix("100::/64")
)

// standIn is the address that stands for connection n at a socket that is bound to this address.
func standIn(n uint32, bound netip.Addr) *net.UDPAddr {
	const discard = 9 // the port of RFC 6544 for connections that are opened by the other side
	if bound.Is6() && !bound.IsUnspecified() {
		at := standIns6.Addr().As16()
		binary.BigEndian.PutUint32(at[12:], n)
		return &net.UDPAddr{IP: at[:], Port: discard}
	}
	at := make(net.IP, net.IPv4len)
	binary.BigEndian.PutUint32(at, 0xF0000000|n)
	return &net.UDPAddr{IP: at, Port: discard}
}

// standsIn reports whether an address stands for a TCP connection.
func standsIn(at netip.Addr) bool { return standIns4.Contains(at) || standIns6.Contains(at) }

// welcome lets the client of a leg come over TCP until the returned function is called, which ends what has come. What was
// said to it before is sent still.
func (p *tcpPort) welcome(ufrag, password string) (stop func()) {
	leg := &tcpLeg{password: password}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.legs[ufrag] = leg
	return sync.OnceFunc(func() {
		p.mu.Lock()
		if p.legs[ufrag] == leg {
			delete(p.legs, ufrag)
		}
		leg.over = true
		conns := leg.conns
		leg.conns = nil
		p.mu.Unlock()
		for _, c := range conns {
			c.end()
		}
	})
}

// at is the connection that an address stands for; nil if there is none.
func (p *tcpPort) at(addr netip.Addr) *tcpConn {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.conns[addr]
}

// count is how many connections belong to somebody.
func (p *tcpPort) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.conns)
}

// deliver hands a packet to whoever reads the socket. It waits while there are too many, and TCP with it.
func (p *tcpPort) deliver(c *tcpConn, data []byte) {
	select {
	case p.frames <- tcpFrame{c.standIn, data}:
	case <-p.over:
		return
	}
	if p.woken.CompareAndSwap(false, true) {
		_ = p.socket.SetReadDeadline(time.Unix(1, 0)) // the reader looks here then
	}
}

// next is a packet that has come, if there is one.
func (p *tcpPort) next(b []byte) (n int, from net.Addr, ok bool) {
	select {
	case f := <-p.frames:
		return copy(b, f.data), f.from, true
	default:
		return 0, nil, false
	}
}

// heed is called by the reader of the socket when it has been woken. The order matters: whoever finds woken true has
// sent their frame before the reader looks for it.
func (p *tcpPort) heed() {
	_ = p.socket.SetReadDeadline(time.Time{})
	p.woken.Store(false)
}

// readFrame reads one packet into b. One that does not fit is an error: no client sends it.
func readFrame(r io.Reader, b []byte) ([]byte, error) {
	var length [2]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, err
	}
	n := int(binary.BigEndian.Uint16(length[:]))
	if n > len(b) {
		return nil, io.ErrShortBuffer
	}
	_, err := io.ReadFull(r, b[:n])
	return b[:n], err
}
