package p2p

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/peerstore"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/p2p/discovery/mdns"
	"github.com/libp2p/go-libp2p/p2p/host/eventbus"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	"github.com/multiformats/go-multiaddr"
)

const (
	// After a partition heals, nodes agree again within 10 s. One dial that is under way and one wait are 8 s.
	dialWait = 4 * time.Second
	waitMost = 4 * time.Second

	// Peers that were known or lost, and are nobody's choice, are looked for more and more seldom, and only while there
	// are fewer connections than a mesh needs.
	waitMostKnown = time.Minute
	enoughPeers   = 12

	waitFirst = time.Second
	seekEvery = 500 * time.Millisecond
	seekDials = 8   // at once
	knownMost = 200 // what a Book holds

	// New connections come in bursts; the book is written once for each.
	bookWait = 5 * time.Second
	// Addresses remembered of one peer.
	bookAddrs = 3

	mdnsName = "_stoa._udp"
)

// seeker keeps configured peers connected, and others while there are few.
type seeker struct {
	host *Host
	book chan struct{} // somebody connected

	mu      sync.Mutex
	sought  []*sought           // configured; by address, since a name may stand for many peers
	known   map[peer.ID]*sought // remembered or lost
	dialing int                 // dials under way
	dials   sync.WaitGroup      // the same, to wait for
}

// sought is somebody to connect to.
type sought struct {
	addr    multiaddr.Multiaddr // as configured, perhaps a name; nil for known peers
	infos   []peer.AddrInfo     // who that is; for a name, when it was resolved last
	chosen  bool                // by the operator
	dialing bool
	wait    time.Duration // before the next attempt
	next    time.Time     // attempt
}

func newSeeker(h *Host) *seeker {
	s := &seeker{host: h, book: make(chan struct{}, 1), known: map[peer.ID]*sought{}}
	for _, text := range h.cfg.Peers {
		addr, err := multiaddr.NewMultiaddr(text)
		if err != nil {
			continue // New refused it
		}
		s.sought = append(s.sought, &sought{addr: addr, chosen: true})
	}
	s.recall()
	return s
}

// recall reads the book.
func (s *seeker) recall() {
	if s.host.cfg.Book == nil {
		return
	}
	known, err := s.host.cfg.Book.Known()
	if err != nil {
		s.host.log.Warn("p2p: the peers that were known are lost", "err", err)
		return
	}
	for _, text := range known[:min(len(known), knownMost)] {
		if info, err := peer.AddrInfoFromString(text); err == nil {
			s.remember(*info, 0)
		}
	}
}

// remember adds a peer to those that are looked for when there are few.
func (s *seeker) remember(info peer.AddrInfo, wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if info.ID == s.host.host.ID() || len(info.Addrs) == 0 {
		return
	}
	one := s.known[info.ID]
	switch {
	case one != nil:
		// The same peer stands in the book once for each of its addresses.
		for _, addr := range info.Addrs {
			if old := one.infos[0].Addrs; !slices.ContainsFunc(old, addr.Equal) && len(old) < maxAddrs {
				one.infos[0].Addrs = append(slices.Clone(old), addr)
			}
		}
	default:
		if len(s.known) >= knownMost {
			s.forgetLocked()
		}
		s.known[info.ID] = &sought{infos: []peer.AddrInfo{{ID: info.ID, Addrs: firstAddrs(info.Addrs)}}, wait: wait, next: s.host.cfg.Now().Add(wait)}
	}
}

// forgetLocked forgets the peer that was in vain for longest.
func (s *seeker) forgetLocked() {
	var worst peer.ID
	for id, one := range s.known {
		if worst == "" || one.wait > s.known[worst].wait {
			worst = id
		}
	}
	delete(s.known, worst)
}

// run dials until ctx ends, and keeps the book.
func (s *seeker) run(ctx context.Context) {
	tick := time.NewTicker(seekEvery)
	defer tick.Stop()
	expel := time.NewTicker(expelEvery)
	defer expel.Stop()
	var write <-chan time.Time
	for s.seek(ctx); ; {
		select {
		case <-ctx.Done():
			s.dials.Wait()
			if write != nil {
				s.writeBook()
			}
			return
		case <-tick.C:
			s.seek(ctx)
		case <-expel.C:
			s.host.expel()
		case <-s.book:
			if write == nil {
				write = time.After(bookWait)
			}
		case <-write:
			write = nil
			s.writeBook()
		}
	}
}

// seek starts the dials that are due.
func (s *seeker) seek(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.sought {
		s.dialLocked(ctx, one)
	}
	if len(s.host.host.Network().Peers()) >= enoughPeers {
		return
	}
	// Map order is random: a node with a long book does not knock at the same doors first each time.
	for one := range maps.Values(s.known) {
		s.dialLocked(ctx, one)
	}
}

func (s *seeker) dialLocked(ctx context.Context, one *sought) {
	now := s.host.cfg.Now()
	if one.dialing || now.Before(one.next) || s.dialing >= seekDials {
		return
	}
	if len(one.infos) > 0 && s.connected(one.infos) {
		one.wait = 0 // so that the next loss is answered at once
		return
	}
	one.dialing = true
	s.dialing++
	addr, infos := one.addr, slices.Clone(one.infos) // the rest of one changes under mu
	s.dials.Go(func() {
		infos, err := s.dial(ctx, addr, infos, one.chosen)
		s.mu.Lock()
		defer s.mu.Unlock()
		one.dialing = false
		s.dialing--
		if addr != nil && len(infos) > 0 {
			one.infos = infos
		}
		if err == nil && s.connected(infos) {
			one.wait = 0
			return
		}
		s.host.log.Debug("p2p: dial", "err", err)
		one.later(s.host.cfg.Now())
	})
}

// later doubles the wait, with a fifth of chance in it, so that nodes that lost each other do not knock in step.
func (one *sought) later(now time.Time) {
	most := waitMostKnown
	if one.chosen {
		most = waitMost
	}
	one.wait = min(max(2*one.wait, waitFirst), most)
	one.next = now.Add(one.wait - rand.N(one.wait/5))
}

func (s *seeker) connected(infos []peer.AddrInfo) bool {
	for _, info := range infos {
		if info.ID == s.host.host.ID() {
			continue // a name may stand for this node too
		}
		if s.host.host.Network().Connectedness(info.ID) != network.Connected {
			return false
		}
	}
	return true
}

// dial connects to all that a sought one stands for.
func (s *seeker) dial(ctx context.Context, addr multiaddr.Multiaddr, infos []peer.AddrInfo, chosen bool) ([]peer.AddrInfo, error) {
	ctx, stop := context.WithTimeout(ctx, dialWait)
	defer stop()
	if addr != nil {
		found, err := s.host.resolve(ctx, addr)
		if err != nil {
			return nil, err
		}
		infos = found
	}
	var failed []error
	for _, info := range infos {
		if chosen {
			s.host.choose(info.ID)
		}
		failed = append(failed, s.host.connect(ctx, info, chosen))
	}
	return infos, errors.Join(failed...)
}

// choose marks a peer as the operator's: its connection is never trimmed, and it is trusted with more.
func (h *Host) choose(id peer.ID) {
	h.gater.trust(id)
	h.host.ConnManager().Protect(id, "configured")
}

func (h *Host) connect(ctx context.Context, info peer.AddrInfo, again bool) error {
	if info.ID == h.host.ID() {
		return nil
	}
	if again {
		if s, ok := h.host.Network().(*swarm.Swarm); ok {
			s.Backoff().Clear(info.ID) // libp2p's own is up to five minutes
		}
	}
	return h.host.Connect(ctx, info) // a connection through a relay is not enough, and a new one is tried
}

// resolve finds who a configured address is. Names under /dnsaddr stand for any number of peers, and for others tomorrow.
func (h *Host) resolve(ctx context.Context, addr multiaddr.Multiaddr) ([]peer.AddrInfo, error) {
	all := []multiaddr.Multiaddr{addr}
	for range 4 { // a name may lead to names
		if !slices.ContainsFunc(all, isDNSAddr) {
			break
		}
		var next []multiaddr.Multiaddr
		for _, one := range all {
			if !isDNSAddr(one) {
				next = append(next, one)
				continue
			}
			found, err := h.resolver.Resolve(ctx, one)
			if err != nil {
				return nil, fmt.Errorf("p2p: %s: %w", one, err)
			}
			next = append(next, found...)
		}
		all = next[:min(len(next), 4*maxAddrs)]
	}
	infos, err := peer.AddrInfosFromP2pAddrs(slices.DeleteFunc(all, func(a multiaddr.Multiaddr) bool {
		_, id := peer.SplitAddr(a)
		return id == "" || isDNSAddr(a)
	})...)
	if err != nil {
		return nil, fmt.Errorf("p2p: %w", err)
	}
	if len(infos) == 0 {
		return nil, fmt.Errorf("p2p: %s names no peer: it must end in /p2p/ID, or be a /dnsaddr name whose records do", addr)
	}
	return infos, nil
}

func isDNSAddr(addr multiaddr.Multiaddr) bool {
	first, _ := multiaddr.SplitFirst(addr)
	return first != nil && first.Protocol().Code == multiaddr.P_DNSADDR
}

// writeBook remembers who is connected now, and where.
func (s *seeker) writeBook() {
	var addrs []string
	for _, p := range s.host.Peers() {
		addrs = append(addrs, p.Addrs[:min(len(p.Addrs), bookAddrs)]...)
	}
	if len(addrs) == 0 {
		return
	}
	if err := s.host.cfg.Book.Remember(addrs[:min(len(addrs), knownMost)]); err != nil {
		s.host.log.Warn("p2p: cannot remember peers", "err", err)
	}
}

func (h *Host) subscribe() (event.Subscription, error) {
	events, err := h.host.EventBus().Subscribe([]any{
		new(event.EvtPeerIdentificationCompleted), new(event.EvtPeerProtocolsUpdated), new(event.EvtPeerConnectednessChanged),
		new(event.EvtLocalReachabilityChanged),
	}, eventbus.BufSize(1024), eventbus.Name("stoa")) // whoever emits waits for whoever reads
	if err != nil {
		return nil, fmt.Errorf("p2p: %w", err)
	}
	return events, nil
}

// watch acts on who comes and goes.
func (h *Host) watch(ctx context.Context, events event.Subscription, s *seeker) {
	for _, id := range h.host.Network().Peers() { // those that came before
		if has, err := h.host.Peerstore().SupportsProtocols(id, directoryProtocol); err == nil {
			h.met(s, id, has)
		}
	}
	for {
		select {
		case <-ctx.Done():
			return
		case e := <-events.Out():
			switch e := e.(type) {
			case event.EvtPeerIdentificationCompleted:
				h.met(s, e.Peer, e.Protocols)
			case event.EvtPeerProtocolsUpdated:
				h.met(s, e.Peer, e.Added)
			case event.EvtLocalReachabilityChanged:
				h.reachable.Store(int32(e.Reachability))
			case event.EvtPeerConnectednessChanged:
				if e.Connectedness == network.NotConnected {
					h.lost(s, e.Peer)
				}
			}
		}
	}
}

// met looks after a peer that was identified.
func (h *Host) met(s *seeker, id peer.ID, protocols []protocol.ID) {
	if slices.Contains(protocols, directoryProtocol) {
		h.wantDirectory(id)
		if node, err := keyOf(id); err == nil && h.cfg.Met != nil {
			h.cfg.Met(node)
		}
	}
	if h.cfg.Book != nil {
		select {
		case s.book <- struct{}{}:
		default: // somebody else's coming is not acted on yet
		}
	}
}

// lost looks after a peer that is gone: it is looked for, as one of those that were known.
func (h *Host) lost(s *seeker, id peer.ID) {
	h.gossip.subs.forget(id)
	if h.gater.allows(id) {
		s.remember(peer.AddrInfo{ID: id, Addrs: h.host.Peerstore().Addrs(id)}, waitFirst)
	}
}

// lanPeers connects to nodes that mDNS found.
type lanPeers struct{ seek *seeker }

// HandlePeerFound implements mdns.Notifee.
func (l lanPeers) HandlePeerFound(info peer.AddrInfo) {
	h := l.seek.host
	if info.ID == h.host.ID() {
		return
	}
	h.host.Peerstore().AddAddrs(info.ID, firstAddrs(info.Addrs), peerstore.TempAddrTTL)
	l.seek.remember(info, 0)
}

// findInLAN starts mDNS. The function it returns ends it.
func (h *Host) findInLAN(s *seeker) func() {
	service := mdns.NewMdnsService(h.host, mdnsName, lanPeers{s})
	if err := service.Start(); err != nil {
		h.log.Warn("p2p: nodes in the LAN cannot be looked for", "err", err)
		return func() {}
	}
	return func() { _ = service.Close() } // it has nothing to lose
}
