package node_test

import (
	"io"
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
	pc    *webrtc.PeerConnection
	track *webrtc.TrackLocalStaticRTP
	heard atomic.Int64
	gone  chan struct{} // closed when the connection is over

	location, etag string // of the connection
}

// app makes a token and the program that is to use it.
func app(t *testing.T, origin string, s *client.RoomSession, direction api.Direction) (*program, api.NewApp) {
	t.Helper()
	made, err := s.Client().CreateApp(t.Context(), s.Room(), direction)
	if err != nil {
		t.Fatal(err)
	}
	return &program{t: t, url: origin + made.Path, token: made.Token}, made
}

// again is the same program, started anew.
func (p *program) again() *program { return &program{t: p.t, url: p.url, token: p.token} }

// open makes a connection with lines to listen on, or with one to speak on if there are none.
func (p *program) open(lines int) string {
	p.t.Helper()
	var media webrtc.MediaEngine
	opus := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}
	if err := media.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: opus, PayloadType: 96}, webrtc.RTPCodecTypeAudio); err != nil {
		p.t.Fatal(err)
	}
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
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
	for range lines {
		if _, err := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeAudio, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
			p.t.Fatal(err)
		}
	}
	if lines == 0 {
		if p.track, err = webrtc.NewTrackLocalStaticRTP(opus, "voice", "program"); err != nil {
			p.t.Fatal(err)
		}
		if _, err := pc.AddTransceiverFromTrack(p.track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}); err != nil {
			p.t.Fatal(err)
		}
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
	eventually(p.t, "connected", func() bool { return p.pc.ConnectionState() == webrtc.PeerConnectionStateConnected })
}

// talk sends speech until the test ends.
func (p *program) talk() {
	stop := make(chan struct{})
	p.t.Cleanup(func() { close(stop) })
	go func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		packet := rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 96}, Payload: append([]byte{15 << 3}, make([]byte, 60)...)}
		for {
			select {
			case <-tick.C:
				packet.SequenceNumber++
				packet.Timestamp += 960
				_ = p.track.WriteRTP(&packet) // not there yet, or no more
			case <-stop:
				return
			}
		}
	}()
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
