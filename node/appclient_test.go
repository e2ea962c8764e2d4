package node_test

import (
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v3"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
)

// program is another program of a member's: it knows an endpoint and a token, WHIP or WHEP, and nothing of Stoa. It
// sends no audio level, and knows the SRTP profiles that pion offers by default.
type program struct {
	t     *testing.T
	url   string // of the endpoint
	token string
	id    string // of the app
	pc    *webrtc.PeerConnection
	track *microphone
	heard atomic.Int64
	gone  chan struct{} // closed when the connection is over

	location, etag string // of the connection

	offers func(*program, *webrtc.PeerConnection) // what it offers, where that is not what open is asked for
	socket *stubborn                              // where it goes on when the node has ended the connection; else nil
}

// app makes a token and the program that is to use it, at the node of whose member it is.
func app(t *testing.T, s *client.RoomSession, direction api.Direction) *program {
	t.Helper()
	made, err := s.Client().CreateApp(t.Context(), s.Room(), direction)
	if err != nil {
		t.Fatal(err)
	}
	return &program{t: t, url: s.Client().URL() + made.Path, token: made.Token, id: made.App.ID}
}

// speaks is a program by which somebody is heard.
func speaks(t *testing.T, of *client.RoomSession) *program {
	t.Helper()
	whip := app(t, of, api.DirectionSpeak)
	whip.connect(0)
	whip.talk()
	return whip
}

// listens is a program by which somebody listens, in so many lines.
func listens(t *testing.T, of *client.RoomSession, lines int) *program {
	t.Helper()
	whep := app(t, of, api.DirectionListen)
	whep.connect(lines)
	return whep
}

// again is the same program, started anew.
func (p *program) again() *program { return &program{t: p.t, url: p.url, token: p.token} }

// open makes a connection with lines to listen on, or with one to speak on if there are none.
func (p *program) open(lines int) string {
	p.t.Helper()
	var media webrtc.MediaEngine
	for _, codec := range []webrtc.RTPCodecParameters{
		{RTPCodecCapability: opus(), PayloadType: 96}, {RTPCodecCapability: pcmu(), PayloadType: 0}, {RTPCodecCapability: vp8(), PayloadType: 97},
	} {
		if err := media.RegisterCodec(codec, kindOf(codec.RTPCodecCapability)); err != nil {
			p.t.Fatal(err)
		}
	}
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	if p.socket != nil {
		settings.SetICEUDPMux(webrtc.NewICEUDPMux(nil, p.socket))
	}
	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(&media), webrtc.WithSettingEngine(settings),
		webrtc.WithInterceptorRegistry(&interceptor.Registry{})).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		p.t.Fatal(err)
	}
	p.pc, p.gone = pc, make(chan struct{})
	p.t.Cleanup(func() { _ = pc.Close() })
	var once sync.Once
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateFailed || s == webrtc.PeerConnectionStateClosed {
			once.Do(func() { close(p.gone) })
		}
	})
	pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for {
			if _, _, err := track.ReadRTP(); err != nil {
				return
			}
			p.heard.Add(1)
		}
	})
	switch {
	case p.offers != nil:
		p.offers(p, pc)
	case lines == 0:
		p.track = sends(p.t, pc, opus())
	default:
		receives(p.t, pc, lines)
	}
	offer, err := pc.CreateOffer(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(offer); err != nil {
		p.t.Fatal(err)
	}
	<-gathered
	return pc.LocalDescription().SDP
}

// post offers, and says how it was refused: the status and the reason.
func (p *program) post(lines int) (status int, code string) {
	p.t.Helper()
	offer := p.open(lines)
	res, body := p.ask(http.MethodPost, p.url, offer, map[string]string{"Content-Type": "application/sdp"})
	if res.StatusCode != http.StatusCreated {
		return res.StatusCode, codeOf(body)
	}
	p.location, p.etag = res.Header.Get("Location"), res.Header.Get("ETag")
	if err := p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: body}); err != nil {
		p.t.Fatal(err)
	}
	return res.StatusCode, ""
}

// connect offers, and waits until audio can flow.
func (p *program) connect(lines int) {
	p.t.Helper()
	if status, code := p.post(lines); status != http.StatusCreated {
		p.t.Fatalf("the offer is refused: %d %s", status, code)
	}
	defer func() {
		if state := p.pc.ConnectionState(); state != webrtc.PeerConnectionStateConnected {
			p.t.Logf("%s: ICE %s, DTLS %s", state, p.pc.ICEConnectionState(), p.pc.SCTP().Transport().State())
		}
	}()
	eventually(p.t, "connected", func() bool { return p.pc.ConnectionState() == webrtc.PeerConnectionStateConnected })
}

// talk sends speech until the test ends.
func (p *program) talk() { p.say(speech) }

// say sends what it is given until the test ends, fifty times a second.
func (p *program) say(what func(n int) (rtp.Header, []byte)) {
	stop := make(chan struct{})
	p.t.Cleanup(func() { close(stop) })
	go func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for n := 1; ; n++ {
			select {
			case <-tick.C:
				p.track.send(what(n))
			case <-stop:
				return
			}
		}
	}()
}

// speech is the nth packet of somebody who talks.
func speech(n int) (rtp.Header, []byte) {
	at := uint32(n)
	return rtp.Header{Version: 2, PayloadType: 96, SequenceNumber: uint16(at), Timestamp: 960 * at}, append([]byte{15 << 3}, make([]byte, 60)...)
}

// microphone is a line on which a program sends whatever it likes. It says of itself what was negotiated, where a header
// says nothing else.
type microphone struct {
	codec  webrtc.RTPCodecCapability
	mu     sync.Mutex
	ssrc   webrtc.SSRC
	writer webrtc.TrackLocalWriter
}

func opus() webrtc.RTPCodecCapability {
	return webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}
}

func vp8() webrtc.RTPCodecCapability {
	return webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}
}

func pcmu() webrtc.RTPCodecCapability {
	return webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypePCMU, ClockRate: 8000}
}

func kindOf(codec webrtc.RTPCodecCapability) webrtc.RTPCodecType {
	kind, _, _ := strings.Cut(codec.MimeType, "/")
	return webrtc.NewRTPCodecType(kind)
}

// sends adds a line to send on.
func sends(t *testing.T, pc *webrtc.PeerConnection, codec webrtc.RTPCodecCapability) *microphone {
	t.Helper()
	m := &microphone{codec: codec}
	if _, err := pc.AddTransceiverFromTrack(m, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}); err != nil {
		t.Fatal(err)
	}
	return m
}

// receives adds lines to listen on.
func receives(t *testing.T, pc *webrtc.PeerConnection, lines int) {
	t.Helper()
	for range lines {
		if _, err := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeAudio, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
			t.Fatal(err)
		}
	}
}

// Bind implements webrtc.TrackLocal.
func (m *microphone) Bind(c webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ssrc, m.writer = c.SSRC(), c.WriteStream()
	return webrtc.RTPCodecParameters{RTPCodecCapability: m.codec, PayloadType: c.CodecParameters()[0].PayloadType}, nil
}

// Unbind implements webrtc.TrackLocal.
func (m *microphone) Unbind(webrtc.TrackLocalContext) error { return nil }

// ID, RID, StreamID and Kind implement webrtc.TrackLocal.
func (m *microphone) ID() string                { return "voice" }
func (m *microphone) RID() string               { return "" }
func (m *microphone) StreamID() string          { return "program" }
func (m *microphone) Kind() webrtc.RTPCodecType { return kindOf(m.codec) }

// send sends one packet, once the connection is there.
func (m *microphone) send(h rtp.Header, payload []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.writer == nil {
		return
	}
	if h.SSRC == 0 {
		h.SSRC = uint32(m.ssrc)
	}
	_, _ = m.writer.WriteRTP(&h, payload) // not there yet, or no more
}

// stubborn is the socket of a program that goes on, from the same address, whatever the node says to end the connection.
type stubborn struct {
	net.PacketConn
	sent  atomic.Int64  // packets of audio
	over  chan struct{} // closed when the node has hung up
	alert sync.Once
}

func newStubborn(t *testing.T) *stubborn {
	t.Helper()
	conn, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &stubborn{PacketConn: conn, over: make(chan struct{})}
}

// ReadFrom loses the alerts of DTLS, with which the node hangs up (RFC 7983: the first byte of a record is its type).
func (s *stubborn) ReadFrom(p []byte) (int, net.Addr, error) {
	for {
		n, from, err := s.PacketConn.ReadFrom(p)
		if err != nil || n == 0 || p[0] != 21 {
			return n, from, err
		}
		s.alert.Do(func() { close(s.over) })
	}
}

// WriteTo counts what is RTP or RTCP.
func (s *stubborn) WriteTo(p []byte, to net.Addr) (int, error) {
	if len(p) > 0 && p[0] >= 128 && p[0] < 192 {
		s.sent.Add(1)
	}
	return s.PacketConn.WriteTo(p, to)
}

// end ends the connection, as such a program does.
func (p *program) end() int {
	p.t.Helper()
	res, _ := p.ask(http.MethodDelete, p.origin()+p.location, "", nil)
	return res.StatusCode
}

func (p *program) origin() string {
	origin, _, _ := strings.Cut(p.url, "/wh")
	return origin
}

// ask makes a request with the token.
func (p *program) ask(method, url, body string, header map[string]string) (*http.Response, string) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	if p.token != "" {
		req.Header.Set("Authorization", "Bearer "+p.token)
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return res, string(data)
}

// codeOf is the reason in a problem document.
func codeOf(body string) string {
	_, rest, _ := strings.Cut(body, `"code":"`)
	code, _, _ := strings.Cut(rest, `"`)
	return code
}
