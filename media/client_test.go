package media

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pion/ice/v2"
	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v3"
	"go.uber.org/goleak"

	"github.com/stoa-rooms/stoa/statement"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// enough is how long a test waits for what should happen at once.
const enough = time.Minute

// startServer runs a server on loopback until the test ends.
func startServer(tb testing.TB, config Config) *Server {
	tb.Helper()
	return startPatient(tb, config, patience{handshakeTime, disconnectedAfter, failedAfter})
}

func startPatient(tb testing.TB, config Config, wait patience) *Server {
	tb.Helper()
	if config.Addr == "" {
		config.Addr = "127.0.0.1:0"
	}
	s, err := New(config)
	check(tb, err)
	s.wait = wait
	ctx, cancel := context.WithCancel(tb.Context())
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx) }()
	select {
	case <-s.Ready():
	case err := <-ran:
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		cancel()
		select {
		case err := <-ran:
			if err != nil {
				tb.Errorf("Run: %v", err)
			}
		case <-time.After(enough):
			tb.Error("Run does not end")
		}
	})
	return s
}

func roomID(n byte) statement.ID {
	var id statement.ID
	id[0] = n
	return id
}

// until polls a condition that should come true.
func until(tb testing.TB, what string, holds func() bool) {
	tb.Helper()
	poll, end := time.NewTicker(5*time.Millisecond), time.After(enough)
	defer poll.Stop()
	for !holds() {
		select {
		case <-poll.C:
		case <-end:
			tb.Fatalf("never: %s", what)
		}
	}
}

// client is a pion client of a room: any number of slot lines, and perhaps a microphone line after them.
type client struct {
	t       testing.TB
	pc      *webrtc.PeerConnection
	number  uint32
	room    *Room
	leg     LegID
	mic     *microphoneTrack
	levelID uint8
	seq     uint16
	ts      uint32

	mu      sync.Mutex
	heard   []heardPacket
	reports []rtcp.ReceptionReport
}

type heardPacket struct {
	slot   int
	at     time.Time
	header rtp.Header
	level  int // -1: none
	size   int
}

type clientOptions struct {
	slots int
	mic   bool
	api   func(*webrtc.SettingEngine)
	Options
}

// newClient makes a client with its offer applied.
func newClient(tb testing.TB, o clientOptions) *client {
	tb.Helper()
	var engine webrtc.MediaEngine
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	if o.api != nil {
		o.api(&settings)
	}
	check(tb, engine.RegisterCodec(webrtc.RTPCodecParameters{
		RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2, SDPFmtpLine: "minptime=10;useinbandfec=1;usedtx=1"},
		PayloadType:        109,
	}, webrtc.RTPCodecTypeAudio))
	check(tb, engine.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: levelURI}, webrtc.RTPCodecTypeAudio))
	api := webrtc.NewAPI(webrtc.WithMediaEngine(&engine), webrtc.WithSettingEngine(settings), webrtc.WithInterceptorRegistry(&interceptor.Registry{}))
	pc, err := api.NewPeerConnection(webrtc.Configuration{})
	check(tb, err)
	c := &client{t: tb, pc: pc, seq: 65500, ts: 4_294_960_000} // both wrap soon
	tb.Cleanup(func() { check(tb, pc.GracefulClose()) })
	for range o.slots {
		_, err := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeAudio, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
		check(tb, err)
	}
	if o.mic {
		c.mic = &microphoneTrack{}
		tr, err := pc.AddTransceiverFromTrack(c.mic, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
		check(tb, err)
		go c.readReports(tr.Sender())
	}
	pc.OnTrack(c.listen)
	offer, err := pc.CreateOffer(nil)
	check(tb, err)
	gathered := webrtc.GatheringCompletePromise(pc)
	check(tb, pc.SetLocalDescription(offer))
	<-gathered
	return c
}

// join connects a new client to a room.
func join(tb testing.TB, r *Room, number uint32, o clientOptions) *client {
	tb.Helper()
	c := newClient(tb, o)
	c.number, c.room = number, r
	answer, leg, err := r.Offer(tb.Context(), number, c.pc.LocalDescription().SDP, o.Options)
	check(tb, err)
	c.leg = leg
	check(tb, c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}))
	until(tb, "connected", func() bool {
		p := r.Stats().People[number]
		return p.Leg == leg && p.Connected && c.pc.ConnectionState() == webrtc.PeerConnectionStateConnected
	})
	if o.mic {
		for _, e := range c.pc.GetTransceivers()[o.slots].Sender().GetParameters().HeaderExtensions {
			if e.URI == levelURI {
				c.levelID = uint8(e.ID)
			}
		}
	}
	return c
}

// accept applies the answer, and waits until packets can flow.
func (c *client) accept(answer string) error {
	c.t.Helper()
	if err := c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		return err
	}
	until(c.t, "connected", func() bool {
		c.room.mu.Lock()
		defer c.room.mu.Unlock()
		open := false
		for _, l := range c.room.people[c.number].legs {
			open = open || l.id == c.leg && l.isOpen
		}
		return open && c.pc.ConnectionState() == webrtc.PeerConnectionStateConnected
	})
	return nil
}

func check(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func (c *client) listen(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
	slot := slices.IndexFunc(c.pc.GetTransceivers(), func(t *webrtc.RTPTransceiver) bool { return t.Receiver() == receiver })
	var levelID uint8
	for _, e := range receiver.GetParameters().HeaderExtensions {
		if e.URI == levelURI {
			levelID = uint8(e.ID)
		}
	}
	for {
		p, _, err := track.ReadRTP()
		if err != nil {
			return
		}
		h := heardPacket{slot: slot, at: time.Now(), header: p.Header, level: -1, size: len(p.Payload)}
		if e := p.GetExtension(levelID); len(e) == 1 {
			h.level = int(e[0])
		}
		c.mu.Lock()
		c.heard = append(c.heard, h)
		c.mu.Unlock()
	}
}

func (c *client) readReports(s *webrtc.RTPSender) {
	for {
		packets, _, err := s.ReadRTCP()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe) {
			return
		}
		for _, p := range packets {
			if rr, ok := p.(*rtcp.ReceiverReport); ok {
				c.mu.Lock()
				c.reports = append(c.reports, rr.Reports...)
				c.mu.Unlock()
			}
		}
	}
}

// packets is a copy of what was heard so far.
func (c *client) packets() []heardPacket {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.heard)
}

// speakers counts what was heard by CSRC.
func (c *client) speakers() map[uint32]int {
	out := map[uint32]int{}
	for _, p := range c.packets() {
		for _, csrc := range p.header.CSRC {
			out[csrc]++
		}
	}
	return out
}

// speak sends one 20 ms packet.
func (c *client) speak(level uint8, payload []byte) {
	c.t.Helper()
	p := &rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: c.seq, Timestamp: c.ts}, Payload: payload}
	c.seq++
	c.ts += 960
	p.PayloadType, p.SSRC = 109, c.mic.ssrc
	if c.levelID != 0 {
		check(c.t, p.SetExtension(c.levelID, []byte{0x80 | level}))
	}
	c.write(&p.Header, p.Payload)
}

// write sends any packet.
func (c *client) write(h *rtp.Header, payload []byte) {
	c.t.Helper()
	_, err := c.mic.writer.WriteRTP(h, payload)
	check(c.t, err)
}

// microphoneTrack is a webrtc.TrackLocal that sends just what it is given.
type microphoneTrack struct {
	writer webrtc.TrackLocalWriter
	ssrc   uint32
}

func (m *microphoneTrack) Bind(c webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	m.writer, m.ssrc = c.WriteStream(), uint32(c.SSRC())
	return c.CodecParameters()[0], nil
}
func (m *microphoneTrack) Unbind(webrtc.TrackLocalContext) error { return nil }
func (m *microphoneTrack) ID() string                            { return "mic" }
func (m *microphoneTrack) RID() string                           { return "" }
func (m *microphoneTrack) StreamID() string                      { return "mic" }
func (m *microphoneTrack) Kind() webrtc.RTPCodecType             { return webrtc.RTPCodecTypeAudio }

// talk speaks for a number of 20 ms frames in real time, one client a level.
func talk(frames int, who map[*client]uint8) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range frames {
		for c, level := range who {
			c.speak(level, speech)
		}
		<-tick.C
	}
}

// speech stands for an Opus packet of 20 ms: SILK wideband, one frame.
var speech = append([]byte{9 << 3}, make([]byte, 79)...)

// frameOf is one recorded frame of testdata/*.voice.
type frameOf struct {
	level   uint8
	payload []byte
}

func voiceFile(tb testing.TB, name string) []frameOf {
	tb.Helper()
	b, err := os.ReadFile("testdata/" + name + ".voice")
	check(tb, err)
	var out []frameOf
	for len(b) >= 3 {
		n := int(binary.BigEndian.Uint16(b[1:]))
		out = append(out, frameOf{b[0], b[3 : 3+n]})
		b = b[3+n:]
	}
	return out
}
