package p2p

import (
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/protocol"
	rcmgr "github.com/libp2p/go-libp2p/p2p/host/resource-manager"
	"github.com/libp2p/go-libp2p/p2p/net/connmgr"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	"github.com/libp2p/go-libp2p/x/rate"
	"github.com/multiformats/go-multiaddr"
	"github.com/prometheus/client_golang/prometheus"
)

// What the host may hold. None of these numbers grows with the machine: a small node and a large one promise the same,
// and a test on either means the same.
const (
	// A federation of a few hundred nodes is the aim, and gossip needs a dozen neighbours, so from 160 connections on
	// the least useful are closed down to 128. 20 s is enough for a newcomer to be identified and asked for its rooms.
	connsLow, connsHigh = 128, 160
	connsGrace          = 20 * time.Second

	// The hard bound lies above the manager's, which trims every 10 s and so may be overrun in between: 200 Sybils that
	// connect at once are held, looked at, and trimmed. A connection has cost 30 to 100 kB.
	connsMost     = 320
	connsIncoming = 256

	// A pair of nodes needs one connection. Two may arise when both dial at once, and two more over other transports.
	connsPerPeer = 8

	// Eight from one address let several nodes live behind one NAT. Our own dials count against the rate as well: a
	// configured peer that is away is dialled every 4 s over two transports, which is 0.5/s, and must not use it up.
	connsPerIPv4, connsPerIPv6 = 8, 8
	connRate, connBurst        = 2, 32

	// Rooms shared by one pair of nodes, in either direction.
	roomStreamsPerPeer = 64
	roomStreams        = 1024

	// An answer of the directory is up to 8 MiB. A peer needs one a minute; two at once is an overlap after reconnection.
	directoryStreamsPerPeer = 2
	directoryStreams        = 32

	// A follower reads four resources of a log at once (logReads); the bound is twice that, since the ends of streams
	// are seen at different times at the two sides.
	logStreamsPerPeer = 8
	logStreams        = 64

	// Gossip keeps one stream in each direction; the rest is for the moment of a replacement.
	gossipStreamsPerPeer = 4
	gossipStreams        = 2 * connsMost

	// A reservation lets one node behind a NAT be reached. Circuits carry what leads to a direct connection, and
	// 128 KiB in 2 minutes are plenty for that: nobody's rooms live on somebody else's bandwidth.
	relayReservations = 32
	relayCircuits     = 4 // per peer
	relayPerIP        = 4
	relayPerASN       = 16
	relayCircuitBytes = 128 << 10
	relayCircuitTime  = 2 * time.Minute
	natChecks         = 30 // a minute, for all peers together: each makes this node dial an address it is told
	natChecksPerPeer  = 3
	natChecksInterval = time.Minute

	// Memory that streams and connections may reserve (mostly receive windows: 16 MiB a yamux stream at worst, of
	// which a slow reader of ours reserves what it leaves unread).
	memoryMost    = 256 << 20
	memoryPerPeer = 64 << 20
)

// resourceManager is the written form of the limits above.
func resourceManager(metrics prometheus.Registerer) (network.ResourceManager, error) {
	limits := rcmgr.DefaultLimits // for libp2p's own small protocols, unscaled
	libp2p.SetDefaultServiceLimits(&limits)
	few := func(in, out int) rcmgr.ResourceLimits {
		return rcmgr.ResourceLimits{
			StreamsInbound: rcmgr.LimitVal(in), StreamsOutbound: rcmgr.LimitVal(out), Streams: rcmgr.LimitVal(in + out),
			Memory: memoryMost,
		}
	}
	whole := rcmgr.ResourceLimits{
		Conns: connsMost, ConnsInbound: connsIncoming, ConnsOutbound: connsMost, FD: connsMost,
		Streams: 8192, StreamsInbound: 4096, StreamsOutbound: 4096, Memory: memoryMost,
	}
	young := rcmgr.ResourceLimits{ // connections and streams of which it is not known yet whose and what they are
		Conns: 96, ConnsInbound: 64, ConnsOutbound: 64, FD: 96,
		Streams: 512, StreamsInbound: 256, StreamsOutbound: 256, Memory: memoryMost / 4,
	}
	cfg := rcmgr.PartialLimitConfig{
		System: whole, AllowlistedSystem: whole, Transient: young, AllowlistedTransient: young,
		PeerDefault: rcmgr.ResourceLimits{
			Conns: connsPerPeer, ConnsInbound: connsPerPeer, ConnsOutbound: connsPerPeer, FD: connsPerPeer,
			Streams: 256, StreamsInbound: 128, StreamsOutbound: 128, Memory: memoryPerPeer,
		},
		Protocol: map[protocol.ID]rcmgr.ResourceLimits{
			roomProtocol:      few(roomStreams, roomStreams),
			directoryProtocol: few(directoryStreams, directoryStreams),
			logProtocol:       few(logStreams, logStreams),
		},
		ProtocolPeer: map[protocol.ID]rcmgr.ResourceLimits{
			roomProtocol:      few(roomStreamsPerPeer, roomStreamsPerPeer),
			directoryProtocol: few(directoryStreamsPerPeer, directoryStreamsPerPeer),
			logProtocol:       few(logStreamsPerPeer, logStreamsPerPeer),
		},
	}
	for _, id := range pubsub.GossipSubDefaultProtocols {
		cfg.Protocol[id] = few(gossipStreams, gossipStreams)
		cfg.ProtocolPeer[id] = few(gossipStreamsPerPeer, gossipStreamsPerPeer)
	}
	opts := []rcmgr.Option{
		rcmgr.WithLimitPerSubnet(
			[]rcmgr.ConnLimitPerSubnet{{PrefixLength: 32, ConnCount: connsPerIPv4}},
			[]rcmgr.ConnLimitPerSubnet{{PrefixLength: 56, ConnCount: connsPerIPv6}, {PrefixLength: 48, ConnCount: 8 * connsPerIPv6}},
		),
		rcmgr.WithConnRateLimiters(connRates()),
	}
	if metrics == nil {
		opts = append(opts, rcmgr.WithMetricsDisabled())
	}
	return rcmgr.NewResourceManager(rcmgr.NewFixedLimiter(cfg.Build(limits.Scale(0, 0))), opts...)
}

// connRates bounds new connections per address. Loopback is exempt, as in all of go-libp2p's limits by address: who
// can connect from this machine can do worse.
func connRates() *rate.Limiter {
	limiter := &rate.Limiter{SubnetRateLimiter: rate.SubnetLimiter{
		IPv4SubnetLimits: []rate.SubnetLimit{{PrefixLength: 32, Limit: rate.Limit{RPS: connRate, Burst: connBurst}}},
		IPv6SubnetLimits: []rate.SubnetLimit{
			{PrefixLength: 56, Limit: rate.Limit{RPS: connRate, Burst: connBurst}},
			{PrefixLength: 48, Limit: rate.Limit{RPS: 4 * connRate, Burst: 4 * connBurst}},
		},
		GracePeriod: time.Minute,
	}}
	for _, prefix := range loopbacks() {
		limiter.NetworkPrefixLimits = append(limiter.NetworkPrefixLimits, rate.PrefixLimit{Prefix: prefix})
	}
	return limiter
}

func connectionManager() (*connmgr.BasicConnMgr, error) {
	return connmgr.NewConnManager(connsLow, connsHigh, connmgr.WithGracePeriod(connsGrace))
}

func relayResources() relay.Resources {
	return relay.Resources{
		Limit:                 &relay.RelayLimit{Duration: relayCircuitTime, Data: relayCircuitBytes},
		ReservationTTL:        time.Hour, // the protocol's usual one; it is refreshed while in use
		MaxReservations:       relayReservations,
		MaxCircuits:           relayCircuits,
		BufferSize:            2048,
		MaxReservationsPerIP:  relayPerIP,
		MaxReservationsPerASN: relayPerASN,
	}
}

// maxAddrs bounds the addresses taken from anybody for one peer: eight is what an announcement may carry.
const maxAddrs = 8

func firstAddrs(addrs []multiaddr.Multiaddr) []multiaddr.Multiaddr {
	return addrs[:min(len(addrs), maxAddrs)]
}
