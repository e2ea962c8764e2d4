package media

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"

	"github.com/pion/ice/v2"
	"github.com/pion/logging"
)

// SocketBuffer is asked of the kernel in each direction, in bytes: a fan-out to 1,000 listeners is a burst of 120 kB.
// The kernel may grant less (net.core.rmem_max).
const SocketBuffer = 4 << 20

// socket is the one UDP socket of the node. It stands between the kernel and ice.UDPMux and drops what no connection
// can want: pion would open a stream, unauthenticated, for every SSRC it sees.
type socket struct {
	*net.UDPConn
	broken chan error // the first read error that is not Close
	log    logging.LoggerFactory
	mux    ice.UDPMux // divides the socket among connections by ICE user name
	tcp    *tcpPort   // for those whom UDP does not reach; nil: there is none

	mu      sync.RWMutex
	streams map[uint32]int // SSRCs that microphones have declared, and how many did
}

func listen(ctx context.Context, addr string) (*socket, error) {
	var lc net.ListenConfig
	conn, err := lc.ListenPacket(ctx, "udp", addr)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on UDP %s for the audio: %w; choose another address with --media", addr, err)
	}
	udp, ok := conn.(*net.UDPConn)
	if !ok {
		return nil, fmt.Errorf("listen for media on udp %s: not a UDP socket", addr)
	}
	_ = udp.SetReadBuffer(SocketBuffer) // best effort
	_ = udp.SetWriteBuffer(SocketBuffer)
	return &socket{UDPConn: udp, broken: make(chan error, 1), streams: map[uint32]int{}}, nil
}

// ReadFrom implements net.PacketConn for the mux, which stops for good at the first error.
func (s *socket) ReadFrom(b []byte) (int, net.Addr, error) {
	const tolerated = 100 // errors in a row: some systems report a peer's closed port here
	for failures := 0; ; {
		if s.tcp != nil {
			if n, addr, ok := s.tcp.next(b); ok {
				return n, addr, nil
			}
		}
		n, addr, err := s.UDPConn.ReadFrom(b)
		switch {
		case err == nil && s.wanted(b[:n]) && !s.forged(addr):
			return n, addr, nil
		case err == nil:
			failures = 0
		case errors.Is(err, net.ErrClosed):
			return n, addr, err
		case s.tcp != nil && errors.Is(err, os.ErrDeadlineExceeded):
			s.tcp.heed()
		default:
			if failures++; failures > tolerated {
				select {
				case s.broken <- fmt.Errorf("read media socket: %w", err):
				default:
				}
				return n, addr, err
			}
		}
	}
}

// WriteTo implements net.PacketConn for the mux.
func (s *socket) WriteTo(b []byte, addr net.Addr) (int, error) {
	if at, ok := addr.(*net.UDPAddr); ok && s.tcp != nil && standsIn(at.AddrPort().Addr().Unmap()) {
		if c := s.tcp.at(at.AddrPort().Addr().Unmap()); c != nil {
			c.send(b)
		}
		return len(b), nil // what cannot be sent is lost, as on any network
	}
	return s.UDPConn.WriteTo(b, addr)
}

// forged reports whether a datagram pretends to have come over TCP.
func (s *socket) forged(addr net.Addr) bool {
	at, ok := addr.(*net.UDPAddr)
	return s.tcp != nil && ok && standsIn(at.AddrPort().Addr().Unmap())
}

// far is where a packet of this address comes from, and whether it came over TCP.
func (s *socket) far(at netip.Addr) (from netip.Addr, tcp bool) {
	if s.tcp == nil || !standsIn(at) {
		return at, false
	}
	if c := s.tcp.at(at); c != nil {
		return c.far(), true
	}
	return netip.Addr{}, true
}

// wanted tells the protocols apart (RFC 7983) and lets RTP pass only for SSRCs that a live leg has declared.
func (s *socket) wanted(b []byte) bool {
	if len(b) < 12 {
		return false
	}
	switch first := b[0]; {
	case first <= 3, first >= 20 && first <= 63: // STUN, DTLS
		return true
	case first < 128 || first > 191:
		return false
	case b[1] >= 192 && b[1] <= 223: // RTCP, RFC 5761 section 4
		return true
	default:
		s.mu.RLock()
		defer s.mu.RUnlock()
		return s.streams[binary.BigEndian.Uint32(b[8:])] > 0
	}
}

// expect lets RTP with this SSRC pass until the returned function is called. 0 is nobody's.
func (s *socket) expect(ssrc uint32) (stop func()) {
	if ssrc == 0 {
		return func() {}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.streams[ssrc]++
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.streams[ssrc]--; s.streams[ssrc] == 0 {
			delete(s.streams, ssrc)
		}
	})
}

// bound is the address the socket is bound to, unmapped.
func (s *socket) bound() netip.AddrPort {
	a, ok := s.LocalAddr().(*net.UDPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(a.AddrPort().Addr().Unmap(), a.AddrPort().Port())
}

// advertised lists the addresses that answers name: the configured ones, else the one the socket is bound to, else
// those of the interfaces; loopback only if there is no other.
func (s *socket) advertised(public []netip.AddrPort) []netip.AddrPort {
	bound := s.bound()
	var out, loopback []netip.AddrPort
	for _, p := range public {
		if p.Port() == 0 {
			p = netip.AddrPortFrom(p.Addr(), bound.Port())
		}
		out = append(out, p)
	}
	if len(out) > 0 {
		return out
	}
	if !bound.Addr().IsUnspecified() {
		return []netip.AddrPort{bound}
	}
	interfaces, _ := net.InterfaceAddrs() // none is as good as an error: loopback remains
	for _, i := range interfaces {
		prefix, err := netip.ParsePrefix(i.String())
		if err != nil {
			continue
		}
		at := netip.AddrPortFrom(prefix.Addr().Unmap(), bound.Port())
		switch {
		case at.Addr().IsLoopback():
			loopback = append(loopback, at)
		case at.Addr().IsGlobalUnicast():
			out = append(out, at)
		}
	}
	switch {
	case len(out) > 0:
		return out
	case len(loopback) > 0:
		return loopback
	default:
		return []netip.AddrPort{netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), bound.Port())}
	}
}

// advertisedTCP lists the same addresses for TCP. A configured port is that of the router in front, and holds if both
// listen on one number.
func (s *socket) advertisedTCP(public, udp []netip.AddrPort) []netip.AddrPort {
	if s.tcp == nil {
		return nil
	}
	bound := s.tcp.bound()
	switch {
	case bound.Port() == s.bound().Port():
		return udp
	case len(public) == 0 && !bound.Addr().IsUnspecified():
		return []netip.AddrPort{bound}
	}
	out := make([]netip.AddrPort, 0, len(udp))
	for _, a := range udp {
		out = append(out, netip.AddrPortFrom(a.Addr(), bound.Port()))
	}
	return out
}

// close closes the socket and what belongs to it.
func (s *socket) close() {
	if s.tcp != nil {
		s.tcp.close()
	}
	_ = s.mux.Close() // closes the UDP socket
}

// newMux makes the socket's mux, which closes it.
func (s *socket) newMux(log logging.LoggerFactory) {
	s.log = log
	mux := ice.NewUDPMuxDefault(ice.UDPMuxParams{Logger: log.NewLogger("mux"), UDPConn: s})
	if s.bound().Addr().IsUnspecified() {
		s.mux = anyMux{UDPMuxDefault: mux, port: int(s.bound().Port())}
	} else {
		s.mux = mux
	}
}

// anyMux is the mux of a socket that listens on all addresses. Under an ICE-lite agent the local candidate only stands
// for the socket, so one of each family does, where pion would make one, with a goroutine, for every address of the
// machine and every connection.
type anyMux struct {
	*ice.UDPMuxDefault
	port int
}

// GetListenAddresses implements ice.UDPMux.
func (m anyMux) GetListenAddresses() []net.Addr {
	return []net.Addr{
		&net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: m.port},
		&net.UDPAddr{IP: net.IPv6loopback, Port: m.port},
	}
}
