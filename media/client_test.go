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

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v3"
	"go.uber.org/goleak"

	"github.com/stoa-rooms/stoa/statement"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what should happen at once.
const patience = 15 * time.Second

// startServer runs a server on loopback until the test ends.
func startServer(t testing.TB, config Config) *Server {
	t.Helper()
	if config.Addr == "" {
		config.Addr = "127.0.0.1:0"
	}
	s, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx) }()
	select {
	case <-s.Ready():
	case err := <-ran:
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-ran:
			if err != nil {
				t.Errorf("Run: %v", err)
			}
		case <-time.After(patience):
			t.Error("Run does not end")
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
func until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
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
	mic     *webrtc.TrackLocalStaticRTP
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
func newClient(t testing.TB, o clientOptions) *client {
	t.Helper()
	var engine webrtc.MediaEngine
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	if o.api != nil {
		o.api(&settings)
	}
	check(t, engine.RegisterCodec(webrtc.RTPCodecParameters{
		RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2, SDPFmtpLine: "minptime=10;useinbandfec=1;usedtx=1"},
		PayloadType:        109,
	}, webrtc.RTPCodecTypeAudio))
	check(t, engine.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: levelURI}, webrtc.RTPCodecTypeAudio))
	api := webrtc.NewAPI(webrtc.WithMediaEngine(&engine), webrtc.WithSettingEngine(settings), webrtc.WithInterceptorRegistry(&interceptor.Registry{}))
	pc, err := api.NewPeerConnection(webrtc.Configuration{})
	check(t, err)
	c := &client{t: t, pc: pc, seq: 65500, ts: 4_294_960_000} // both wrap soon
	t.Cleanup(func() { check(t, pc.GracefulClose()) })
	for range o.slots {
		_, err := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeAudio, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
		check(t, err)
	}
	if o.mic {
		c.mic, err = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}, "mic", "mic")
		check(t, err)
		tr, err := pc.AddTransceiverFromTrack(c.mic, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
		check(t, err)
		go c.readReports(tr.Sender())
	}
	pc.OnTrack(c.listen)
	offer, err := pc.CreateOffer(nil)
	check(t, err)
	gathered := webrtc.GatheringCompletePromise(pc)
	check(t, pc.SetLocalDescription(offer))
	<-gathered
	return c
}

// join connects a new client to a room.
func join(t testing.TB, r *Room, number uint32, o clientOptions) *client {
	t.Helper()
	c := newClient(t, o)
	c.number, c.room = number, r
	answer, leg, err := r.Offer(t.Context(), number, c.pc.LocalDescription().SDP, o.Options)
	check(t, err)
	c.leg = leg
	check(t, c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}))
	until(t, "connected", func() bool {
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

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
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
	if c.levelID != 0 {
		check(c.t, p.SetExtension(c.levelID, []byte{0x80 | level}))
	}
	check(c.t, c.mic.WriteRTP(p))
}

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

func voiceFile(t testing.TB, name string) []frameOf {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name + ".voice")
	check(t, err)
	var out []frameOf
	for len(b) >= 3 {
		n := int(binary.BigEndian.Uint16(b[1:]))
		out = append(out, frameOf{b[0], b[3 : 3+n]})
		b = b[3+n:]
	}
	return out
}
