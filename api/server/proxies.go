package server

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
)

// forwardedFor is the header in which a proxy says for whom it passes a request on, after what it was told itself.
const forwardedFor = "X-Forwarded-For"

// Proxies are the addresses whose word is taken for where a request comes from: those of this machine, and those that
// are named. Nil are those of this machine alone.
type Proxies struct {
	named []netip.Prefix             // immutable
	other atomic.Pointer[netip.Addr] // who passed a request on from a private network, and is not among them: the last
}

// ParseProxies reads networks (10.89.0.0/24) and single addresses. All addresses at once are refused: then anybody could
// say that they are somebody else.
func ParseProxies(texts []string) (*Proxies, error) {
	p := &Proxies{}
	for _, text := range texts {
		network, err := netip.ParsePrefix(text)
		if address, one := netip.ParseAddr(text); one == nil {
			address = address.Unmap().WithZone("")
			network, err = netip.PrefixFrom(address, address.BitLen()), nil
		}
		switch {
		case err != nil:
			return nil, fmt.Errorf("--trusted-proxy %q is neither an address nor a network: give something like 10.89.0.5 or 10.89.0.0/24, not a name", text)
		case network.Bits() == 0:
			return nil, fmt.Errorf("--trusted-proxy %q is everybody: then anybody could claim to be at any address; name the proxy's address or network", text)
		}
		p.named = append(p.named, network.Masked())
	}
	return p, nil
}

// trust reports whether what an address says of others is believed.
func (p *Proxies) trust(address netip.Addr) bool {
	return address.IsLoopback() ||
		p != nil && slices.ContainsFunc(p.named, func(network netip.Prefix) bool { return network.Contains(address) })
}

// Distrusted is an address on a private network that passed requests on for others and is not among the proxies: it may be
// a proxy that was forgotten, behind which everybody counts as one. The zero address if there was none.
func (p *Proxies) Distrusted() netip.Addr {
	if p == nil {
		return netip.Addr{}
	}
	if last := p.other.Load(); last != nil {
		return *last
	}
	return netip.Addr{}
}

// addressOf is who a rate counts against: an IPv4 address, or the /64 of an IPv6 address, which is what one household
// gets. Each proxy appends whom it has the request from, so of the addresses passed on the last one counts that is no
// proxy's itself: everything before it is a stranger's word.
func (p *Proxies) addressOf(r *http.Request) netip.Prefix {
	address := parseAddress(r.RemoteAddr)
	passed := strings.Split(strings.Join(r.Header.Values(forwardedFor), ","), ",")
	if p != nil && passed[0] != "" && (address.IsPrivate() || address.IsLinkLocalUnicast()) && !p.trust(address) {
		p.other.Store(&address)
	}
	for i := len(passed) - 1; i >= 0 && p.trust(address); i-- {
		before, ok := parseForwarded(strings.TrimSpace(passed[i]))
		if !ok {
			break // nothing, or no address: the proxy itself is all that is known
		}
		address = before
	}
	bits := 64
	if address.Is4() {
		bits = 32
	}
	prefix, _ := address.WithZone("").Prefix(bits) // fails for no address, which counts as one too
	return prefix
}

// parseForwarded reads an address as proxies write it: alone, or with a port.
func parseForwarded(text string) (netip.Addr, bool) {
	if at, err := netip.ParseAddrPort(text); err == nil {
		return at.Addr().Unmap(), true
	}
	address, err := netip.ParseAddr(text)
	return address.Unmap(), err == nil
}

func parseAddress(remote string) netip.Addr {
	ap, _ := netip.ParseAddrPort(remote) // the zero address for what is none, as in some tests
	return ap.Addr().Unmap()
}
