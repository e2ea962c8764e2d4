// Package media forwards live audio between the people of a room. It never decodes a packet and never writes one to
// disk.
//
// A [Server] has one UDP socket, to which everybody comes (over TCP too: tcp.go), and any number of rooms. In a [Room],
// everybody has one connection, a leg, with K slot streams down and one microphone line up, negotiated once by
// [Room.Offer]. Whether a microphone is forwarded is said by [Room.Allow]; the package never asks who may speak.
//
// A packet takes this way: the leg decrypts it (peerconn.go) and hands it to its connection (connection.go), which
// drops what is malformed, not allowed or too much, and queues the rest for the room's one goroutine (room.go). There
// the forwarder (forward.go) asks the selector (selector.go) whether its speaker has a slot, lets the slot rewrite it
// into a continuous stream (slot.go), and has each listener's leg patch, encrypt and send it. One build serves all
// listeners; whoever speaks is left out of their own. Reports on loss go the other way (rtcp.go).
//
// A room may be spread over several nodes. The host is the one that chooses who is heard. Each other node, a relay, has
// one link with it (link.go): [Room.Follow] there, [Room.AnswerLink] here. A link is one more listener to the host, so
// what it costs does not depend on how many listen at the relay; and the relay's people come up it in slots, named by
// their CSRC. The host lets pass whom it allows and [Room.Carry] gives to that relay. A relay forwards the slots that
// come down as they are, leaving everybody out of what they hear (uplink.go).
//
// Everything that decides is free of clocks, locks and pion: packet.go, level.go, selector.go, slot.go, forward.go,
// rtcp.go, sdp.go and linksdp.go. The numbers in them come from the RFCs named there and from measurements in browsers.
package media

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/ice/v2"
	"github.com/pion/interceptor"
	"github.com/pion/logging"
	"github.com/pion/webrtc/v3"

	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

const (
	// DefaultSlots is how many speakers everybody hears at once, unless configured.
	DefaultSlots = 3
	maxSlots     = 16

	// maxHandshakes is how many legs may be on their way to a connection at once. Each costs about 200 kB until it
	// connects or expires.
	maxHandshakes = 256

	// handshakeTime is how long a leg may take from its answer until packets can flow.
	handshakeTime = 15 * time.Second

	// Nothing is sent to a leg that has not been heard from for these two together: consent, RFC 7675 section 5.1,
	// allows 30 s. A pion agent looks every 2 s.
	disconnectedAfter = 8 * time.Second
	failedAfter       = 20 * time.Second

	// A relay, which has to find another way when its link to the host is lost, is told sooner.
	linkDisconnectedAfter = 4 * time.Second
	linkFailedAfter       = 6 * time.Second

	retransmitDTLS = 300 * time.Millisecond
)

// patience is how long a server waits for a client. Tests wait less.
type patience struct {
	handshake            time.Duration // from the answer until packets can flow
	disconnected, failed time.Duration
}

// DTLS-SRTP protection profiles, RFC 7714 section 14.2 and RFC 5764 section 4.1.2.
const (
	aeadAES128GCM = 0x0007
	aes128CMSHA80 = 0x0001
)

// Config is what a server needs to know.
type Config struct {
	Addr   string           // UDP address to listen on, such as "127.0.0.1:7081"; with port 0 the system chooses
	TCP    string           // TCP address for those whom UDP does not reach; none: Addr, if it is free for TCP too; NoTCP: nowhere
	Public []netip.AddrPort // addresses that answers name instead of Addr's; port 0 stands for the port listened on
	Slots  int              // speakers heard at once; 0 means DefaultSlots
	Log    *slog.Logger     // nil discards
}

// NoTCP as Config.TCP lets nobody in over TCP.
const NoTCP = "off"

// Server is the media half of a node.
type Server struct {
	config  Config
	wait    patience
	start   time.Time
	serial  atomic.Uint64 // of connections
	ready   chan struct{}
	tally   tally
	reached reached
	work    sync.WaitGroup // rooms' goroutines and legs

	mu         sync.Mutex
	rooms      map[statement.ID]*Room
	socket     *socket // nil before Run
	stopped    bool
	handshakes int
	guests     int // of the handshakes
	tests      int // see Test
}

// New makes a server that Run starts.
func New(config Config) (*Server, error) {
	if config.Slots == 0 {
		config.Slots = DefaultSlots
	}
	if config.Slots < 1 || config.Slots > maxSlots {
		return nil, fmt.Errorf("media: %d slots, not 1 to %d", config.Slots, maxSlots)
	}
	for _, p := range config.Public {
		if !p.Addr().IsValid() || p.Addr().IsUnspecified() {
			return nil, fmt.Errorf("media: public address %v cannot be reached", p)
		}
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	return &Server{
		config: config,
		wait:   patience{handshakeTime, disconnectedAfter, failedAfter},
		start:  time.Now(),
		ready:  make(chan struct{}),
		rooms:  map[statement.ID]*Room{},
	}, nil
}

// Run listens and serves until ctx is done, then closes every room and leg and returns nil. A server runs once.
func (s *Server) Run(ctx context.Context) error {
	sock, err := s.listen(ctx)
	if err != nil {
		return err
	}
	sock.newMux(pionLog(ctx, s.config.Log))
	s.mu.Lock()
	if s.socket != nil {
		s.mu.Unlock()
		sock.close()
		return fmt.Errorf("media: a server runs once")
	}
	s.socket = sock
	s.mu.Unlock()
	close(s.ready)
	s.config.Log.Info("media listens", "addr", sock.LocalAddr().String())

	select {
	case <-ctx.Done():
	case err = <-sock.broken:
	}
	s.stop()
	sock.close() // last, so that legs could say goodbye
	return err
}

// pairsTried is how many numbers the system is asked for until it gives one that is free for TCP too.
const pairsTried = 20

// listen opens the one UDP socket, and lets people in over TCP too, unless that is switched off. Where any number will do,
// it is one that both can have.
func (s *Server) listen(ctx context.Context) (*socket, error) {
	_, number, _ := net.SplitHostPort(s.config.Addr)
	for tried := 1; ; tried++ {
		sock, err := listen(ctx, s.config.Addr)
		if err != nil || s.config.TCP == NoTCP {
			return sock, err
		}
		port, err := sock.listenTCP(ctx, s.config.TCP, checkWithin)
		switch {
		case err != nil:
			_ = sock.Close()
			return nil, err
		case port != nil:
			sock.tcp = port
			port.work.Go(port.run)
			return sock, nil
		case number == "0" && tried < pairsTried:
			_ = sock.Close()
		default:
			s.config.Log.Warn("another program has the TCP port of the audio's number, so people whose network blocks UDP hear nothing; "+
				"give another with --media-tcp", "addr", sock.LocalAddr().String())
			return sock, nil
		}
	}
}

// stop closes all rooms and waits for what they started.
func (s *Server) stop() {
	s.mu.Lock()
	s.stopped = true
	rooms := make([]*Room, 0, len(s.rooms))
	for _, r := range s.rooms {
		rooms = append(rooms, r)
	}
	s.mu.Unlock()
	for _, r := range rooms {
		r.Close()
	}
	s.work.Wait()
}

// Ready is closed when the server listens.
func (s *Server) Ready() <-chan struct{} { return s.ready }

// Listens reports whether people can come: the socket is open, and the server is not ending.
func (s *Server) Listens() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.socket != nil && !s.stopped
}

// LocalAddr is the address listened on, nil before Ready.
func (s *Server) LocalAddr() net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.socket == nil {
		return nil
	}
	return s.socket.LocalAddr()
}

// TCPAddr is the address at which people come over TCP; nil before Ready, and if they cannot.
func (s *Server) TCPAddr() net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.socket == nil || s.socket.tcp == nil {
		return nil
	}
	return s.socket.tcp.listener.Addr()
}

// Room is the room of that id, made if it is not there. It lives until its Close.
func (s *Server) Room(id statement.ID) *Room {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rooms[id]
	if r == nil {
		r = newRoom(id, s)
		s.rooms[id] = r
	}
	return r
}

func (s *Server) forget(r *Room) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rooms[r.id] == r {
		delete(s.rooms, r.id)
	}
}

// now is the time that rooms count in.
func (s *Server) now() time.Duration { return time.Since(s.start) }

// caller is whoever a leg is made for.
type caller interface {
	ear
	begin(g leg, release, expired func())
	wait()
}

// open makes the leg that answers c's offer. The caller closes it.
func (s *Server) open(c caller, o *offer, options Options) (*peerLeg, local, error) {
	var here local
	g, err := s.admit(c, options.Guest, func() (*peerLeg, error) {
		as := lite
		if options.Compat {
			as = compat
		}
		here = s.local()
		here.addresses = s.socket.advertised(s.config.Public)
		here.overTCP = s.socket.advertisedTCP(s.config.Public, here.addresses)
		g, err := newPeerLeg(newAPI(s.socket, as, s.wait, c.closed), c, s.socket, o)
		if err == nil {
			g.met = s.reached.note
		}
		return g, err
	})
	return g, here, err
}

// dial makes a leg that offers instead. It has a socket of its own: connections that share one can be told apart only
// by their far addresses, and two nodes may have any number of rooms in common. Nobody has to reach the socket first,
// so it needs no open port.
func (s *Server) dial(ctx context.Context, c caller) (*peerLeg, local, error) {
	s.mu.Lock()
	base := s.socket
	s.mu.Unlock()
	if base == nil {
		return nil, local{}, reason.Reject(reason.ShuttingDown, "media does not run")
	}
	sock, err := listen(ctx, netip.AddrPortFrom(base.bound().Addr(), 0).String())
	if err != nil {
		return nil, local{}, err
	}
	sock.newMux(base.log)
	g, err := s.admit(c, false, func() (*peerLeg, error) {
		wait := patience{disconnected: min(s.wait.disconnected, linkDisconnectedAfter), failed: min(s.wait.failed, linkFailedAfter)}
		return newDialingLeg(newAPI(sock, full, wait, c.closed), c, sock, s.config.Slots)
	})
	if err != nil {
		_ = sock.mux.Close()
		return nil, local{}, err
	}
	return g, s.local(), nil
}

// mayCall reports whether an address that another node names is one to send to. Otherwise anybody could make this node knock
// at doors of its own machine and of the network behind it: it is the rule of p2p for what it dials.
func (s *Server) mayCall(to netip.Addr) bool {
	s.mu.Lock()
	here := s.socket.bound().Addr()
	s.mu.Unlock()
	named := func(kind func(netip.Addr) bool) bool {
		return slices.ContainsFunc(s.config.Public, func(p netip.AddrPort) bool { return kind(p.Addr()) })
	}
	switch {
	case to.IsLoopback():
		return here.IsLoopback() || named(netip.Addr.IsLoopback)
	case to.IsLinkLocalUnicast(), to == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return false
	case to.IsPrivate(): // a node that lives on the internet does not knock in a LAN
		return !named(func(a netip.Addr) bool { return !a.IsPrivate() && !a.IsLoopback() })
	}
	return true
}

// admit makes a leg with create, unless there are too many on their way already.
func (s *Server) admit(c caller, guest bool, create func() (*peerLeg, error)) (*peerLeg, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.stopped || s.socket == nil:
		return nil, reason.Reject(reason.ShuttingDown, "media does not run")
	case s.handshakes >= maxHandshakes:
		return nil, reason.Reject(reason.MediaBusy, "%d handshakes", maxHandshakes)
	case guest && s.guests >= maxHandshakes/2:
		return nil, reason.Reject(reason.MediaBusy, "%d handshakes of guests", maxHandshakes/2)
	}
	g, err := create()
	if err != nil {
		return nil, err
	}
	s.handshakes++
	if guest {
		s.guests++
	}
	c.begin(g, sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.handshakes--
		if guest {
			s.guests--
		}
	}), c.closed)
	s.work.Go(c.wait)
	return g, nil
}

// local begins the node's side of a description.
func (s *Server) local() local {
	var session [8]byte
	_, _ = rand.Read(session[:])                                    // never fails
	return local{session: binary.BigEndian.Uint64(session[:]) >> 2} // fits 63 bits, RFC 9429 section 5.2.1
}

// agent is a way to be one end of a connection.
type agent int

const (
	lite   agent = iota // answers with ICE-lite and AEAD_AES_128_GCM alone
	compat              // lite, with Options.Compat
	full                // offers, and makes its way to the other side
)

// newAPI is pion for one leg, with everything switched off that is not needed: interceptors, mDNS, sockets of its own. A far
// side that is not to be borne is told to tooMany, on a goroutine of its own.
func newAPI(sock *socket, as agent, wait patience, tooMany func()) *webrtc.API {
	var e webrtc.SettingEngine
	e.LoggerFactory = sock.log
	e.SetLite(as != full)
	e.SetICEUDPMux(sock.mux)
	e.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6})
	e.SetIncludeLoopbackCandidate(true) // of the mux; what others see is local.addresses
	e.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	e.SetICETimeouts(wait.disconnected, wait.failed, 2*time.Second)
	e.BufferFactory = streamBuffers(tooMany)
	e.SetDTLSRetransmissionInterval(retransmitDTLS)
	e.SetDTLSInsecureSkipHelloVerify(true)            // ICE has verified the address
	_ = e.SetAnsweringDTLSRole(webrtc.DTLSRoleServer) // fails only for other values
	if as == compat {
		e.SetSRTPProtectionProfiles(aeadAES128GCM, aes128CMSHA80)
	} else {
		e.SetSRTPProtectionProfiles(aeadAES128GCM)
	}
	var opus webrtc.MediaEngine
	_ = opus.RegisterCodec(webrtc.RTPCodecParameters{ // fails only for other kinds
		RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeOpus, ClockRate: clockRate, Channels: 2, SDPFmtpLine: opusFmtp,
		},
		PayloadType: linkPayloadType,
	}, webrtc.RTPCodecTypeAudio)
	return webrtc.NewAPI(webrtc.WithSettingEngine(e), webrtc.WithMediaEngine(&opus), webrtc.WithInterceptorRegistry(&interceptor.Registry{}))
}

// pionLog passes what pion logs on at debug level: its warnings are about single packets and clients, which anybody can
// provoke.
func pionLog(ctx context.Context, log *slog.Logger) logging.LoggerFactory {
	factory := &logging.DefaultLoggerFactory{
		Writer:          slog.NewLogLogger(log.Handler(), slog.LevelDebug).Writer(),
		DefaultLogLevel: logging.LogLevelDisabled,
	}
	if log.Enabled(ctx, slog.LevelDebug) {
		factory.DefaultLogLevel = logging.LogLevelInfo
	}
	return factory
}
