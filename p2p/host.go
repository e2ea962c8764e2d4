// Package p2p is the node among nodes: its libp2p host, what it says and hears in gossip, and the streams between nodes.
//
// The host's identity is the node's key, so a node's did:key and its peer id name the same thing, and whoever uses this
// package sees keys only. The package carries bytes and judges none: announcements, checkpoints and log resources go to
// the hooks in [Config], which say what is true. What the package keeps is order: who may say how much, how large
// things may be, how long they may take, and what it costs a peer to send what no honest one does (score.go). What
// holds for the host and for gossip stands in limits.go, score.go and gossip.go, what holds for one protocol beside it, each
// number with its reason.
package p2p

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/host/autorelay"
	circuit "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/proto"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	"github.com/libp2p/go-libp2p/p2p/transport/quic"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	"github.com/multiformats/go-multiaddr"
	madns "github.com/multiformats/go-multiaddr-dns"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/stoa-rooms/stoa/identity"
)

// Config says who the host is, where it is, whom it looks for, and who judges what it hears.
type Config struct {
	Key    identity.PrivateKey
	Listen []string                      // multiaddrs; none: the host does not listen
	Public []string                      // multiaddrs at which others reach it, announced instead of those it listens on
	Peers  []string                      // multiaddrs that end in /p2p/ID, or /dnsaddr names: kept connected
	MDNS   bool                          // look for nodes in the LAN, and be found there
	Topics []string                      // topics to follow beside general
	Denied func(identity.PublicKey) bool // nodes that are refused; it may change its mind. nil: none
	Met    func(identity.PublicKey)      // told of each node that comes, perhaps twice; it must not block. nil: nobody

	Book  Book  // remembers peers across restarts; nil: nobody does
	Rooms Rooms // nil: announcements are passed on unjudged, and rooms are not served
	Logs  Logs  // nil: the same for checkpoints and logs

	Metrics prometheus.Registerer // nil: none
	Now     func() time.Time      // nil: time.Now
	Log     *slog.Logger          // nil: silent
	Options []libp2p.Option       // beside the package's own, for simulated networks
}

// Book remembers where peers are: multiaddrs that end in /p2p/ID, at most 200, newest first.
type Book interface {
	Known() ([]string, error)
	Remember(addrs []string) error // puts these before those that are known
}

// Rooms judges announcements and serves streams about rooms. Its methods are called by several goroutines at once, and
// never before Run.
type Rooms interface {
	// Announced judges a bundle and takes it in. The reason of its error decides whether others hear the bundle from
	// this node, and what it costs the sender (see verdict.go). It keeps the bundle if it likes.
	Announced(bundle []byte) error
	// Live is the bundles of the live rooms known here, of one topic or, for "", of all.
	Live(topic string) [][]byte
	// Stream serves a stream that peer opened. It runs in a goroutine of its own, owns s, and must end when s does: the
	// host waits for it. The first frame must come within ten seconds.
	Stream(peer identity.PublicKey, s *Stream)
}

// Logs judges checkpoints and serves logs. Its methods are called by several goroutines at once, and never before Run.
type Logs interface {
	// Checkpointed judges a checkpoint and takes it in, as Rooms.Announced does with bundles.
	Checkpointed(text string) error
	// Read reads one resource of a log that is kept or followed here, of at most 4 MiB, for another node. Only the reason
	// of an error is passed on.
	Read(from identity.PublicKey, origin, path string) ([]byte, error)
}

// Peer is a connected node.
type Peer struct {
	Key   identity.PublicKey
	Addrs []string // where others may reach it, with /p2p/ID
	Score float64  // in gossip, as of the last second; below -80 it is sent away (see score.go)
}

// Host is a libp2p host. Its methods may be called by several goroutines at once.
type Host struct {
	cfg      Config
	log      *slog.Logger
	host     host.Host
	gater    *gater
	scores   *scores
	counts   *counters
	gossip   *gossip
	served   *allowance[identity.PublicKey] // answers of the directory
	reads    *places[identity.PublicKey]    // of logs, at other nodes
	judges   chan struct{}                  // an element for each judgement that runs
	asks     chan peer.ID                   // peers to ask for their rooms
	resolver *madns.Resolver
	stop     context.CancelFunc // ends gossip
	ready    chan struct{}      // closed when New is done

	reachable atomic.Int32 // a network.Reachability, as others last told

	following sync.Mutex // held while topics are reconciled

	mu      sync.Mutex
	running bool
	closing bool
	topics  []string              // that Follow named
	asked   map[peer.ID]time.Time // when a peer was asked for its rooms

	closed func() error   // closes once
	work   sync.WaitGroup // handlers and judgements; grows only while not closing
}

// New starts a host that listens, and does nothing else before Run. A host that is not run is ended by Close.
func New(cfg Config) (*Host, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	listen, err := parseAddrs(cfg.Listen)
	if err != nil {
		return nil, err
	}
	for _, name := range cfg.Topics {
		if !validTopic(name) {
			return nil, fmt.Errorf("p2p: %q is not a topic: 1 to %d of a-z, 0-9 and -", name, maxTopic)
		}
	}
	for _, addrs := range [][]string{cfg.Public, cfg.Peers} {
		if _, err := parseAddrs(addrs); err != nil {
			return nil, err
		}
	}
	counts, err := newCounters(cfg.Metrics)
	if err != nil {
		return nil, err
	}
	h := &Host{
		cfg: cfg, log: cfg.Log, counts: counts, scores: newScores(cfg.Now), resolver: madns.DefaultResolver,
		served: newAllowance[identity.PublicKey](directoryServeRate, directoryServeBurst, peersMost, cfg.Now),
		reads:  newPlaces[identity.PublicKey](logReads),
		judges: make(chan struct{}, judges),
		asks:   make(chan peer.ID, connsMost),
		asked:  map[peer.ID]time.Time{},
		ready:  make(chan struct{}),
	}
	h.closed = sync.OnceValue(h.shutDown)
	h.gater = newGater(cfg, listen, h.scores)
	if err := h.listen(listen); err != nil {
		return nil, err
	}
	var ctx context.Context
	ctx, h.stop = context.WithCancel(context.Background())
	if h.gossip, err = newGossip(ctx, h); err != nil {
		return nil, errors.Join(err, h.close())
	}
	close(h.ready)
	return h, nil
}

// CheckAddrs refuses texts that are no multiaddrs.
func CheckAddrs(texts []string) error {
	_, err := parseAddrs(texts)
	return err
}

func parseAddrs(texts []string) ([]multiaddr.Multiaddr, error) {
	addrs := make([]multiaddr.Multiaddr, 0, len(texts))
	for _, text := range texts {
		addr, err := multiaddr.NewMultiaddr(text)
		if err != nil {
			return nil, fmt.Errorf("p2p: %q is not a multiaddr such as /ip4/127.0.0.1/tcp/7082: %w", text, err)
		}
		addrs = append(addrs, addr)
	}
	return addrs, nil
}

// listen starts the libp2p host.
func (h *Host) listen(addrs []multiaddr.Multiaddr) error {
	opts, err := h.options(addrs)
	if err != nil {
		return fmt.Errorf("p2p: %w", err)
	}
	h.host, err = libp2p.New(opts...)
	if err != nil {
		return fmt.Errorf("p2p: cannot listen on %v: %w", h.cfg.Listen, err)
	}
	// libp2p is content when one address of several can be had.
	got := slices.DeleteFunc(h.host.Network().ListenAddresses(), isCircuit)
	if len(got) < len(addrs) {
		return errors.Join(fmt.Errorf("p2p: cannot listen on all of %v, only on %v", h.cfg.Listen, got), h.host.Close())
	}
	return nil
}

func isCircuit(addr multiaddr.Multiaddr) bool {
	_, err := addr.ValueForProtocol(multiaddr.P_CIRCUIT)
	return err == nil
}

func (h *Host) options(addrs []multiaddr.Multiaddr) ([]libp2p.Option, error) {
	key, err := crypto.UnmarshalEd25519PrivateKey(ed25519.NewKeyFromSeed(h.cfg.Key.Seed()))
	if err != nil {
		return nil, err
	}
	resources, err := resourceManager(h.cfg.Metrics)
	if err != nil {
		return nil, err
	}
	conns, err := connectionManager()
	if err != nil {
		return nil, err
	}
	opts := []libp2p.Option{
		libp2p.Identity(key),
		libp2p.UserAgent("stoa"),
		libp2p.Transport(tcp.NewTCPTransport),
		libp2p.Transport(libp2pquic.NewTransport),
		libp2p.ResourceManager(resources),
		libp2p.ConnectionManager(conns),
		libp2p.ConnectionGater(h.gater),
		libp2p.EnableRelay(),
		libp2p.EnableRelayService(relay.WithResources(relayResources())),
		// Behind a NAT, other nodes lend a relay; nobody else is asked for one.
		libp2p.EnableAutoRelayWithPeerSource(h.relays, autorelay.WithBootDelay(0), autorelay.WithMinCandidates(1)),
		libp2p.EnableNATService(),
		libp2p.AutoNATServiceRateLimit(natChecks, natChecksPerPeer, natChecksInterval),
		libp2p.EnableHolePunching(),
	}
	if len(addrs) == 0 {
		opts = append(opts, libp2p.NoListenAddrs)
	} else {
		opts = append(opts, libp2p.ListenAddrs(addrs...))
	}
	if public, err := parseAddrs(h.cfg.Public); err != nil {
		return nil, err
	} else if len(public) > 0 {
		opts = append(opts, libp2p.AddrsFactory(func(own []multiaddr.Multiaddr) []multiaddr.Multiaddr {
			return slices.Concat(public, slices.DeleteFunc(slices.Clone(own), func(a multiaddr.Multiaddr) bool { return !isCircuit(a) }))
		}))
	}
	if h.cfg.Metrics == nil {
		opts = append(opts, libp2p.DisableMetrics())
	} else {
		opts = append(opts, libp2p.PrometheusRegisterer(h.cfg.Metrics))
	}
	return append(opts, h.cfg.Options...), nil
}

// relays names connected peers that serve as relays.
func (h *Host) relays(ctx context.Context, most int) <-chan peer.AddrInfo {
	found := make(chan peer.AddrInfo, most)
	defer close(found)
	select {
	case <-h.ready:
	default: // libp2p asks again
		return found
	}
	for _, id := range h.host.Network().Peers() {
		if len(found) == most || ctx.Err() != nil {
			break
		}
		if has, err := h.host.Peerstore().SupportsProtocols(id, circuit.ProtoIDv2Hop); err == nil && len(has) > 0 {
			found <- h.host.Peerstore().PeerInfo(id)
		}
	}
	return found
}

// Run follows topics, serves and finds peers until ctx ends; then it closes the host and waits for everything it
// started, Rooms.Stream included. It is called once.
func (h *Host) Run(ctx context.Context) error {
	events, err := h.subscribe()
	if err != nil {
		return errors.Join(err, h.close())
	}
	defer func() { _ = events.Close() }() // there is nothing to lose
	h.mu.Lock()
	h.running = true
	h.mu.Unlock()
	h.follow()
	if h.cfg.Rooms != nil {
		h.host.SetStreamHandler(roomProtocol, h.serve(h.serveRoom))
		h.host.SetStreamHandler(directoryProtocol, h.serve(h.serveDirectory))
	}
	if h.cfg.Logs != nil {
		h.host.SetStreamHandler(logProtocol, h.serve(h.serveLog))
	}
	var loops sync.WaitGroup
	for range directoryAsks {
		loops.Go(func() { h.askDirectories(ctx) })
	}
	seek := newSeeker(h)
	loops.Go(func() { h.watch(ctx, events, seek) })
	loops.Go(func() { seek.run(ctx) })
	if h.cfg.MDNS {
		defer h.findInLAN(seek)()
	}
	<-ctx.Done()
	loops.Wait()
	return h.close()
}

func (h *Host) close() error { return h.closed() }

// Close ends a host that was never run. One that runs ends with its context.
func (h *Host) Close() error { return h.close() }

func (h *Host) shutDown() error {
	h.mu.Lock()
	h.closing = true
	h.mu.Unlock()
	h.stop()
	err := h.host.Close()
	h.work.Wait()
	if err != nil {
		return fmt.Errorf("p2p: %w", err)
	}
	return nil
}

// enter counts a piece of work that the host waits for before it ends; false: it is ending.
func (h *Host) enter() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closing {
		return false
	}
	h.work.Add(1)
	return true
}

func (h *Host) leave() { h.work.Done() }

// Addrs are the multiaddrs at which the host can be reached, its peer id included.
func (h *Host) Addrs() []string { return withID(h.host.Addrs(), h.host.ID()) }

func withID(addrs []multiaddr.Multiaddr, id peer.ID) []string {
	var all []string
	for _, addr := range addrs {
		if transport, _ := peer.SplitAddr(addr); transport != nil {
			all = append(all, transport.String()+"/p2p/"+id.String())
		}
	}
	return all
}

// AddrsOf are the multiaddrs at which a node may be reached as far as is known here, its peer id included: at most
// eight, those first that were dialled with success.
func (h *Host) AddrsOf(node identity.PublicKey) []string {
	id, err := peerOf(node)
	if err != nil {
		return nil
	}
	if id == h.host.ID() {
		return h.Addrs()
	}
	return h.addrsOf(id)
}

func (h *Host) addrsOf(id peer.ID) []string {
	var addrs []multiaddr.Multiaddr
	for _, conn := range h.host.Network().ConnsToPeer(id) {
		if conn.Stat().Direction == network.DirOutbound {
			addrs = append(addrs, conn.RemoteMultiaddr())
		}
	}
	for _, addr := range h.host.Peerstore().Addrs(id) {
		if !slices.ContainsFunc(addrs, addr.Equal) {
			addrs = append(addrs, addr)
		}
	}
	return withID(firstAddrs(addrs), id)
}

// Connected reports whether a node is connected, be it by way of a relay.
func (h *Host) Connected(node identity.PublicKey) bool {
	id, err := peerOf(node)
	if err != nil {
		return false
	}
	state := h.host.Network().Connectedness(id)
	return state == network.Connected || state == network.Limited
}

// Reachable says whether other nodes can connect to this one, as those tell that have tried (AutoNAT); known is false
// until enough have.
func (h *Host) Reachable() (can, known bool) {
	is := network.Reachability(h.reachable.Load())
	return is == network.ReachabilityPublic, is != network.ReachabilityUnknown
}

// Peers are the nodes that are connected.
func (h *Host) Peers() []Peer {
	var all []Peer
	for _, id := range h.host.Network().Peers() {
		if key, err := keyOf(id); err == nil {
			all = append(all, Peer{Key: key, Addrs: h.addrsOf(id), Score: h.gossip.lastScore(id)})
		}
	}
	return all
}

// Penalize holds against a node that it sent something on a stream that is invalid for everyone for ever. Four times
// within minutes, and it is disconnected and refused for ten.
func (h *Host) Penalize(node identity.PublicKey) {
	if id, err := peerOf(node); err == nil {
		h.penalize(id)
	}
}

func (h *Host) penalize(id peer.ID) {
	h.scores.add(id, offencePoints)
	h.counts.penalties.Inc()
	h.log.Info("p2p: offence", "peer", id, "points", h.scores.points(id))
}
