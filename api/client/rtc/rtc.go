// Package rtc is the audio of the Go SDK: it hears a room and speaks in it.
//
//	session, err := c.Enter(ctx, room)
//	audio, err := rtc.Join(ctx, session, rtc.Options{})
//	defer audio.Close()
//	err = session.Unmute(ctx)
//	err = audio.Speak(ctx, rtc.OggOpus(file, -30))
//
// [Join] offers everything at once (docs/protocol.md, section 5): K lines that receive a slot each, and last one line
// that sends the microphone. Nothing is renegotiated afterwards. A slot carries whoever speaks, named by the CSRC of
// its packets; [Conn.Slots] and [Conn.Speakers] count what is heard. Audio is Opus as it comes and goes: this package
// encodes and decodes nothing.
//
// Whether a person is heard is up to the room, not to what they send.
package rtc

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/pion/dtls/v2"
	"github.com/pion/ice/v2"
	"github.com/pion/interceptor"
	"github.com/pion/logging"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/transport/v2"
	"github.com/pion/webrtc/v3"

	"github.com/stoa-rooms/stoa/api/client"
)

// Options are how to join.
type Options struct {
	// Engine is what connections share. Give many connections of one process the same; nil makes one for this.
	Engine *Engine
	// Slots is how many streams to receive; 0 asks the node. With 1 it carries the loudest speaker.
	Slots int
	// OnPacket is called with each packet heard, from one goroutine for each slot. The packet is only valid during the
	// call. May be nil.
	OnPacket func(slot int, packet *rtp.Packet)
}

// Engine is what connections can share: the WebRTC settings and a certificate. It is safe for concurrent use.
type Engine struct {
	api    *webrtc.API
	config webrtc.Configuration
}

// Opus as it is offered: RFC 7587, with in-band error correction.
const (
	payloadType = 111
	clockRate   = 48_000
	opusFmtp    = "minptime=10;useinbandfec=1"
)

// closeWithin bounds telling the node that a connection is over.
const closeWithin = 2 * time.Second

// NewEngine makes an engine. It has no interceptors, no data channels, no mDNS names and no servers of any kind: a node
// has one address, which it says.
func NewEngine() (*Engine, error) { return NewEngineOn(nil) }

// NewEngineOn makes an engine that opens its sockets on a network of the caller's; nil is this machine's.
func NewEngineOn(network transport.Net) (*Engine, error) {
	media := &webrtc.MediaEngine{}
	if err := media.RegisterCodec(webrtc.RTPCodecParameters{
		RTPCodecCapability: opus(), PayloadType: payloadType,
	}, webrtc.RTPCodecTypeAudio); err != nil {
		return nil, fmt.Errorf("rtc: %w", err)
	}
	for _, uri := range []string{sdp.AudioLevelURI, sdp.SDESMidURI} {
		extension := webrtc.RTPHeaderExtensionCapability{URI: uri}
		if err := media.RegisterHeaderExtension(extension, webrtc.RTPCodecTypeAudio); err != nil {
			return nil, fmt.Errorf("rtc: %w", err)
		}
	}
	settings := webrtc.SettingEngine{LoggerFactory: &logging.DefaultLoggerFactory{DefaultLogLevel: logging.LogLevelDisabled}}
	settings.SetNet(network)
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	settings.SetSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("rtc: %w", err)
	}
	certificate, err := webrtc.GenerateCertificate(key)
	if err != nil {
		return nil, fmt.Errorf("rtc: %w", err)
	}
	return &Engine{
		api: webrtc.NewAPI(
			webrtc.WithMediaEngine(media), webrtc.WithSettingEngine(settings),
			webrtc.WithInterceptorRegistry(&interceptor.Registry{}),
		),
		config: webrtc.Configuration{Certificates: []webrtc.Certificate{*certificate}},
	}, nil
}

func opus() webrtc.RTPCodecCapability {
	return webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: clockRate, Channels: 2, SDPFmtpLine: opusFmtp}
}

// Conn is one person's audio in one room. It goes on when the room moves to another host: it is with the node that the
// person is connected to. It ends when it is closed, when the room session ends, when that node has been restarted, and
// half a minute after the last sign of it: the network is gone, or the person joined again. It does not come back by
// itself: see Done, close it and join again. It is safe for concurrent use.
type Conn struct {
	client   *client.Client
	stop     context.CancelFunc // ends follow
	pc       *webrtc.PeerConnection
	slots    []*webrtc.RTPTransceiver
	location string // of the connection at the node
	onPacket func(int, *rtp.Packet)
	mic      microphone
	heard    heard

	ready  chan struct{} // closed when connected
	done   chan struct{} // closed when over
	once   sync.Once     // of Close
	closed chan struct{} // closed when Close is through

	mu      sync.Mutex
	over    bool           // no reader starts any more; guarded by mu
	begun   bool           // whether ready is closed; guarded by mu
	readers sync.WaitGroup // Add is guarded by mu
}

// ErrClosed says that a connection is over.
var ErrClosed = errors.New("rtc: the connection is over")

// Join connects the audio of a person who is in a room, and waits until it flows. What the node refuses is an
// *api.Problem.
func Join(ctx context.Context, session *client.RoomSession, opts Options) (*Conn, error) {
	if opts.Engine == nil {
		var err error
		if opts.Engine, err = NewEngine(); err != nil {
			return nil, err
		}
	}
	if opts.Slots == 0 {
		node, err := session.Client().Node(ctx)
		if err != nil {
			return nil, err
		}
		opts.Slots = node.Slots
	}
	c, err := opts.Engine.open(opts)
	if err != nil {
		return nil, err
	}
	c.client = session.Client()
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	c.stop = stop
	run := session.State().Run
	c.readers.Go(func() { c.follow(background, session, run) })
	if err := c.connect(ctx, session); err != nil {
		c.Close() //nolint:contextcheck // it tells the node also when ctx has ended
		return nil, err
	}
	return c, nil
}

// connect negotiates and waits until audio flows.
func (c *Conn) connect(ctx context.Context, session *client.RoomSession) error {
	if err := c.negotiate(ctx, session); err != nil {
		return err
	}
	select {
	case <-c.ready:
		return nil
	case <-c.done:
		return fmt.Errorf("%w before it began", ErrClosed)
	case <-ctx.Done():
		return fmt.Errorf("rtc: connecting: %w", ctx.Err())
	}
}

// follow ends the connection with the room session, and with the run of the node in which it was made.
func (c *Conn) follow(ctx context.Context, session *client.RoomSession, run string) {
	_, _ = session.Wait(ctx, func(s client.State) bool { return s.Run != run }) // whatever it was, it is over
	c.changed(webrtc.PeerConnectionStateClosed)
}

// open makes the lines of an offer: the slots first, the microphone last.
func (e *Engine) open(opts Options) (*Conn, error) {
	pc, err := e.api.NewPeerConnection(e.config)
	if err != nil {
		return nil, fmt.Errorf("rtc: %w", err)
	}
	c := &Conn{
		pc: pc, onPacket: opts.OnPacket,
		ready: make(chan struct{}), done: make(chan struct{}), closed: make(chan struct{}),
	}
	for range opts.Slots {
		line, err := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeAudio, webrtc.RTPTransceiverInit{
			Direction: webrtc.RTPTransceiverDirectionRecvonly,
		})
		if err != nil {
			return nil, errors.Join(fmt.Errorf("rtc: %w", err), pc.Close())
		}
		c.slots = append(c.slots, line)
	}
	c.heard.init(opts.Slots)
	if err := c.mic.open(pc); err != nil {
		return nil, errors.Join(err, pc.Close())
	}
	pc.OnTrack(c.hear)
	pc.OnConnectionStateChange(c.changed)
	return c, nil
}

// negotiate makes the one offer, has it answered, and learns the numbers of the header extensions.
func (c *Conn) negotiate(ctx context.Context, session *client.RoomSession) error {
	offer, err := c.pc.CreateOffer(nil)
	if err != nil {
		return fmt.Errorf("rtc: %w", err)
	}
	gathered := webrtc.GatheringCompletePromise(c.pc)
	if err := c.pc.SetLocalDescription(offer); err != nil {
		return fmt.Errorf("rtc: %w", err)
	}
	select {
	case <-gathered:
	case <-ctx.Done():
		return fmt.Errorf("rtc: gathering addresses: %w", ctx.Err())
	}
	answer, location, err := c.client.OfferMedia(ctx, session.Room(), c.pc.LocalDescription().SDP)
	if err != nil {
		return err
	}
	c.location = location
	if err := c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		return fmt.Errorf("rtc: the node's answer: %w", err)
	}
	c.mic.negotiated()
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.over {
		c.readers.Go(c.mic.listen)
	}
	return nil
}

// changed follows the connection's state.
func (c *Conn) changed(state webrtc.PeerConnectionState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch state {
	case webrtc.PeerConnectionStateConnected:
		if !c.begun && !c.over {
			c.begun = true
			close(c.ready)
		}
	case webrtc.PeerConnectionStateFailed, webrtc.PeerConnectionStateClosed:
		if !c.over {
			c.over = true
			close(c.done)
		}
	default: // on its way, or silent for a moment
	}
}

// Done is closed when the connection is over.
func (c *Conn) Done() <-chan struct{} { return c.done }

// Close ends the connection, tells the node, and waits until nothing runs any more. Closing again does nothing.
func (c *Conn) Close() {
	c.once.Do(func() {
		defer close(c.closed)
		if c.location != "" {
			ctx, cancel := context.WithTimeout(context.Background(), closeWithin)
			defer cancel()
			// The node also notices by itself, and may have ended the connection before.
			_ = c.client.CloseMedia(ctx, c.location)
		}
		c.stop()
		_ = c.pc.Close() // it is over either way
		c.changed(webrtc.PeerConnectionStateClosed)
		c.readers.Wait()
	})
	<-c.closed
}
