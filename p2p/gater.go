package p2p

import (
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/connmgr"
	"github.com/libp2p/go-libp2p/core/control"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"github.com/stoa-rooms/stoa/identity"
)

// gater decides who may be connected to, and at which addresses. Peers whose id is not of an acceptable Ed25519 key are
// no nodes and are refused like those denied.
type gater struct {
	denied  func(identity.PublicKey) bool
	scores  *scores
	private bool // addresses of private networks may be dialled
	local   bool // addresses of this machine may be dialled
	link    bool // link-local addresses may be dialled

	mu      sync.Mutex
	trusted map[peer.ID]bool // configured by the operator
}

var _ connmgr.ConnectionGater = (*gater)(nil)

// newGater decides once which kinds of addresses this node dials when others name them. Without that, anybody could
// make a public node knock at doors of the network behind it.
func newGater(cfg Config, listen []multiaddr.Multiaddr, s *scores) *gater {
	g := &gater{denied: cfg.Denied, scores: s, trusted: map[peer.ID]bool{}, private: true, link: cfg.MDNS}
	for _, text := range cfg.Public {
		if addr, err := multiaddr.NewMultiaddr(text); err == nil && manet.IsPublicAddr(addr) {
			g.private = cfg.MDNS // it lives on the internet, and in a LAN only if it is told so
		}
	}
	named := slices.Clone(listen)
	for _, text := range cfg.Peers {
		if addr, err := multiaddr.NewMultiaddr(text); err == nil {
			named = append(named, addr)
		}
	}
	g.local = slices.ContainsFunc(named, manet.IsIPLoopback)
	return g
}

// trust marks a peer as the operator's own choice.
func (g *gater) trust(id peer.ID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.trusted[id] = true
}

func (g *gater) trusts(id peer.ID) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.trusted[id]
}

// allows says whether a peer may be connected at all.
func (g *gater) allows(id peer.ID) bool {
	key, err := keyOf(id)
	if err != nil || g.denied != nil && g.denied(key) {
		return false
	}
	return !g.scores.banished(id)
}

// InterceptPeerDial implements connmgr.ConnectionGater.
func (g *gater) InterceptPeerDial(id peer.ID) bool { return g.allows(id) }

// InterceptAddrDial implements connmgr.ConnectionGater.
func (g *gater) InterceptAddrDial(id peer.ID, addr multiaddr.Multiaddr) bool {
	if g.trusts(id) {
		return true
	}
	ip, err := manet.ToIP(addr)
	if err != nil {
		return true // a name; the gater is asked again with what it resolves to
	}
	at, ok := netip.AddrFromSlice(ip)
	if !ok {
		return false
	}
	at = at.Unmap()
	switch {
	case at.IsUnspecified(), at.IsMulticast(), at == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return false
	case at.IsLoopback():
		return g.local
	case at.IsLinkLocalUnicast():
		return g.link
	case at.IsPrivate():
		return g.private
	}
	return true
}

// InterceptAccept implements connmgr.ConnectionGater: before the handshake nobody is known.
func (g *gater) InterceptAccept(network.ConnMultiaddrs) bool { return true }

// InterceptSecured implements connmgr.ConnectionGater.
func (g *gater) InterceptSecured(_ network.Direction, id peer.ID, _ network.ConnMultiaddrs) bool {
	return g.allows(id)
}

// InterceptUpgraded implements connmgr.ConnectionGater.
func (g *gater) InterceptUpgraded(network.Conn) (bool, control.DisconnectReason) { return true, 0 }

func loopbacks() []netip.Prefix {
	return []netip.Prefix{netip.PrefixFrom(netip.AddrFrom4([4]byte{127}), 8), netip.PrefixFrom(netip.IPv6Loopback(), 128)}
}

// expel closes the connections of peers that may not be connected any more: the deny list grows while they are, and
// scores sink.
func (h *Host) expel() {
	for _, id := range h.host.Network().Peers() {
		if !h.gater.allows(id) {
			h.log.Info("p2p: disconnected", "peer", id, "why", "denied, or misbehaved")
			_ = h.host.Network().ClosePeer(id) // it is gone either way
		}
	}
}

// expelEvery is how long a peer that was just denied keeps its connection at most. Its streams and messages are
// refused from the first moment.
const expelEvery = time.Second
