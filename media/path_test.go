package media

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
)

// path is a network between a host and whoever connects to addr. It can be cut.
type path struct {
	t    *testing.T
	conn *net.UDPConn
	addr netip.AddrPort
	host atomic.Value // net.Addr
	cut  atomic.Bool
	down atomic.Int64 // bytes of audio from the host

	mu    sync.Mutex
	sides map[netip.AddrPort]*net.UDPConn // towards the host, one for each who connects
	work  sync.WaitGroup
}

func newPath(t *testing.T) *path {
	t.Helper()
	p := &path{t: t, sides: map[netip.AddrPort]*net.UDPConn{}}
	p.conn = p.socket()
	p.addr = p.conn.LocalAddr().(*net.UDPAddr).AddrPort() //nolint:forcetypeassert // a UDP socket
	p.work.Go(p.up)
	t.Cleanup(func() {
		_ = p.conn.Close()
		p.mu.Lock()
		for _, side := range p.sides {
			_ = side.Close()
		}
		p.mu.Unlock()
		p.work.Wait()
	})
	return p
}

func (p *path) socket() *net.UDPConn {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	check(p.t, err)
	return conn
}

func (p *path) up() {
	b := make([]byte, maxDatagram)
	for {
		n, from, err := p.conn.ReadFromUDPAddrPort(b)
		if err != nil {
			return
		}
		p.mu.Lock()
		side := p.sides[from]
		if side == nil {
			side = p.socket()
			p.sides[from] = side
			p.work.Go(func() { p.back(side, from) })
		}
		p.mu.Unlock()
		if !p.cut.Load() {
			_, _ = side.WriteTo(b[:n], p.host.Load().(net.Addr)) //nolint:forcetypeassert // stored as one
		}
	}
}

func (p *path) back(side *net.UDPConn, to netip.AddrPort) {
	b := make([]byte, maxDatagram)
	for {
		n, _, err := side.ReadFromUDPAddrPort(b)
		if err != nil {
			return
		}
		if p.cut.Load() {
			continue
		}
		if b[0] >= 128 && b[0] < 192 && (b[1] < 192 || b[1] > 223) {
			p.down.Add(int64(n))
		}
		_, _ = p.conn.WriteToUDPAddrPort(b[:n], to)
	}
}
