package media

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// Distance is from how far away somebody reached the node's media.
type Distance int

// The distances.
const (
	FromMachine  Distance = iota // from this machine
	FromNetwork                  // from a private network
	FromInternet                 // from a public address
)

// Distances is how many there are.
const Distances = int(FromInternet) + 1

// Reached is how people and other nodes have reached the media so far: connections over which packets could flow.
type Reached struct {
	UDP, TCP [Distances]uint64 // by Distance
	Last     time.Time         // zero: none yet
}

// reached counts connections that came about.
type reached struct {
	mu    sync.Mutex
	count Reached // guarded by mu
}

// Reached says what connections came about since the start.
func (s *Server) Reached() Reached {
	s.reached.mu.Lock()
	defer s.reached.mu.Unlock()
	return s.reached.count
}

// note counts one connection.
func (r *reached) note(tcp bool, from netip.Addr) {
	at := distanceOf(from)
	r.mu.Lock()
	defer r.mu.Unlock()
	if tcp {
		r.count.TCP[at]++
	} else {
		r.count.UDP[at]++
	}
	r.count.Last = time.Now()
}

// distanceOf tells how far away an address is. One of this machine's own is not far, whatever network it belongs to.
func distanceOf(from netip.Addr) Distance {
	from = from.Unmap().WithZone("")
	if from.IsLoopback() {
		return FromMachine
	}
	own, _ := net.InterfaceAddrs() // without them a public address counts as what it looks like
	for _, one := range own {
		if prefix, err := netip.ParsePrefix(one.String()); err == nil && prefix.Addr().Unmap() == from {
			return FromMachine
		}
	}
	if from.IsPrivate() || from.IsLinkLocalUnicast() || !from.IsGlobalUnicast() {
		return FromNetwork
	}
	return FromInternet
}

// far is where the other side of a connection is, and whether it came over TCP.
func (p *peerLeg) far() (from netip.Addr, tcp, ok bool) {
	sctp := p.pc.SCTP() // carries nothing here, but leads to the one transport
	if sctp == nil || sctp.Transport() == nil {
		return from, false, false
	}
	pair, err := sctp.Transport().ICETransport().GetSelectedCandidatePair()
	if err != nil || pair == nil {
		return from, false, false
	}
	at, err := netip.ParseAddr(pair.Remote.Address)
	if err != nil {
		return from, false, false
	}
	from, tcp = p.sock.far(at)
	return from, tcp, from.IsValid()
}
