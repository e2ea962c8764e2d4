package node_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v3"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/reason"
)

// sending is one way in which a program uses the connection that it was given, and whether its member is heard by it.
type sending struct {
	what   string
	offers func(p *program, pc *webrtc.PeerConnection) // nil: one audio line
	packet func(n int) (rtp.Header, []byte)            // nil: speech
	heard  bool
	answer map[string]int // what the answer has, and how often
}

// bent is speech with something of each packet changed.
func bent(bend func(h *rtp.Header, payload *[]byte)) func(n int) (rtp.Header, []byte) {
	return func(n int) (rtp.Header, []byte) {
		h, payload := speech(n)
		bend(&h, &payload)
		return h, payload
	}
}

func sendings() []sending {
	return []sending{
		{what: "speech, without levels", heard: true, answer: map[string]int{"ssrc-audio-level": 0}},
		{what: "under another SSRC than it negotiated", packet: bent(func(h *rtp.Header, _ *[]byte) { h.SSRC = 0x5a5a5a5a })},
		{what: "as another payload type", packet: bent(func(h *rtp.Header, _ *[]byte) { h.PayloadType = 97 })},
		{what: "padding alone", packet: bent(func(h *rtp.Header, payload *[]byte) {
			h.Padding, *payload = true, append(make([]byte, 59), 60)
		})},
		{what: "padding that is longer than its packet", packet: bent(func(h *rtp.Header, payload *[]byte) {
			h.Padding, *payload = true, append(make([]byte, 59), 255)
		})},
		{what: "packets with nothing in them", packet: bent(func(_ *rtp.Header, payload *[]byte) { *payload = nil })},
		{what: "speech with padding", heard: true, packet: bent(func(h *rtp.Header, payload *[]byte) {
			h.Padding, *payload = true, append(*payload, 0, 0, 0, 4)
		})},
		{what: "with extensions that nobody negotiated", heard: true, packet: bent(func(h *rtp.Header, _ *[]byte) {
			_ = h.SetExtension(9, []byte{0xff, 1})
		})},
		{what: "beside video", heard: true, answer: map[string]int{"m=video 0": 1, "a=recvonly": 1}, offers: func(p *program, pc *webrtc.PeerConnection) {
			video, err := webrtc.NewTrackLocalStaticRTP(vp8(), "camera", "program") // which wants to know its codec
			if err == nil {
				_, err = pc.AddTrack(video)
			}
			if err != nil {
				p.t.Fatal(err)
			}
			p.track = sends(p.t, pc, opus())
		}},
		{what: "in forty lines", heard: true, answer: map[string]int{"a=recvonly": 1, "a=inactive": 39}, offers: func(p *program, pc *webrtc.PeerConnection) {
			for range 40 {
				p.track = sends(p.t, pc, opus()) // the last is taken
			}
		}},
	}
}

// TestWhatAProgramSends is heard if it is what was negotiated, and nothing else is.
func TestWhatAProgramSends(t *testing.T) {
	for where, on := range map[string]func(*testing.T) *porch{"within a node": newPorch, "across nodes": newPorchAcross} {
		t.Run(where, func(t *testing.T) {
			p := on(t)
			for _, c := range sendings() {
				whip := app(t, p.leo, api.DirectionSpeak)
				whip.offers, whip.socket = c.offers, newStubborn(t)
				whip.connect(0)
				for line, n := range c.answer {
					if got := strings.Count(whip.pc.RemoteDescription().SDP, line); got != n {
						t.Errorf("%s: %q is in the answer %d times, not %d", c.what, line, got, n)
					}
				}
				packet := c.packet
				if packet == nil {
					packet = speech
				}
				p.muted(t, false)
				if whip.say(packet); c.heard {
					p.hears(t, c.what)
				} else if p.hearsNothing(t, c.what); whip.socket.sent.Load() < 20 {
					t.Errorf("%s: only %d packets were sent", c.what, whip.socket.sent.Load())
				}
				if err := p.leo.Client().RevokeApp(t.Context(), p.leo.Room(), whip.id); err != nil {
					t.Fatal(err)
				}
				p.muted(t, true)
			}
		})
	}
}

// TestWhatAProgramCannotOffer: each time by a real client, whose connection would be in order.
func TestWhatAProgramCannotOffer(t *testing.T) {
	p := newPorch(t)
	for what, offers := range map[string]func(p *program, pc *webrtc.PeerConnection){
		"video alone": func(p *program, pc *webrtc.PeerConnection) { sends(p.t, pc, vp8()) },
		"a data channel alone": func(p *program, pc *webrtc.PeerConnection) {
			if _, err := pc.CreateDataChannel("chat", nil); err != nil {
				p.t.Fatal(err)
			}
		},
		"audio that is not Opus": func(p *program, pc *webrtc.PeerConnection) {
			sends(p.t, pc, opus())
			if err := pc.GetTransceivers()[0].SetCodecPreferences([]webrtc.RTPCodecParameters{{RTPCodecCapability: pcmu(), PayloadType: 0}}); err != nil {
				p.t.Fatal(err)
			}
		},
		"lines that only listen":   func(p *program, pc *webrtc.PeerConnection) { receives(p.t, pc, 3) },
		"lines to hear forty more": func(p *program, pc *webrtc.PeerConnection) { receives(p.t, pc, 40) },
	} {
		whip := app(t, p.leo, api.DirectionSpeak)
		whip.offers = offers
		if status, code := whip.post(0); status != http.StatusBadRequest || code != string(reason.MediaNoAudio) {
			t.Errorf("%s: %d %s", what, status, code)
		}
		if err := p.leo.Client().RevokeApp(t.Context(), p.leo.Room(), whip.id); err != nil {
			t.Fatal(err)
		}
	}
	p.muted(t, true)
}

// TestTheAudienceIsNotHeard, whatever its programs send: neither by what spoke before its member left the stage, nor over
// a connection that is there to listen.
func TestTheAudienceIsNotHeard(t *testing.T) {
	for where, on := range map[string]func(*testing.T) *porch{"within a node": newPorch, "across nodes": newPorchAcross} {
		t.Run(where, func(t *testing.T) {
			ctx := t.Context()
			p := on(t)
			whip := app(t, p.leo, api.DirectionSpeak)
			whip.socket = newStubborn(t)
			whip.connect(0)
			whip.talk()
			p.hears(t, "on the stage")
			if err := p.ana.Move(ctx, p.leoKey.Public()); err != nil {
				t.Fatal(err)
			}
			sent := whip.socket.sent.Load()
			p.hearsNothing(t, "in the audience")
			if n := whip.socket.sent.Load() - sent; n < 20 {
				t.Errorf("the program sent %d packets from the audience", n)
			}
			if status, code := whip.again().post(0); status != http.StatusForbidden || code != string(reason.RoomRole) {
				t.Errorf("a new connection from the audience: %d %s", status, code)
			}

			whep := app(t, p.leo, api.DirectionListen)
			whep.socket = newStubborn(t)
			whep.offers = func(q *program, pc *webrtc.PeerConnection) {
				q.track = &microphone{codec: opus()}
				if _, err := pc.AddTransceiverFromTrack(q.track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendrecv}); err != nil {
					t.Fatal(err)
				}
			}
			whep.connect(1)
			whep.talk()
			speaks(t, p.ana)
			eventually(t, "the program hears Ana", func() bool { return whep.heard.Load() > 10 })
			sent = whep.socket.sent.Load()
			p.hearsNothing(t, "over a line to listen")
			if n := whep.socket.sent.Load() - sent; n < 20 {
				t.Errorf("the program sent %d packets over the line to listen", n)
			}
		})
	}
}
