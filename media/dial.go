package media

import (
	"context"
	"fmt"

	"github.com/pion/webrtc/v3"
)

// newDialingLeg makes a leg that offers n slots each way. sock is its own and ends with it.
func newDialingLeg(api *webrtc.API, to ear, sock *socket, n int) (*peerLeg, error) {
	pc, err := api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, fmt.Errorf("new peer connection: %w", err)
	}
	p := &peerLeg{pc: pc, ear: to, sock: sock, ended: make(chan struct{}), forget: func() {}, shut: func() {}, after: func() { _ = sock.mux.Close() }}
	pc.OnConnectionStateChange(p.stateChanged)
	pc.OnTrack(p.listen)
	if err := p.addLines(n); err != nil {
		_ = pc.Close()
		return nil, err
	}
	return p, nil
}

// addLines adds the lines of linkOffer, in its order.
func (p *peerLeg) addLines(n int) error {
	for range n {
		down := webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}
		if _, err := p.pc.AddTransceiverFromKind(webrtc.RTPCodecTypeAudio, down); err != nil {
			return fmt.Errorf("add line down: %w", err)
		}
	}
	for i := range n {
		s := newStream(i, section{payloadType: linkPayloadType, levelID: linkLevelID})
		up := webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}
		t, err := p.pc.AddTransceiverFromTrack(s, up)
		if err != nil {
			return fmt.Errorf("add line up: %w", err)
		}
		s.sender = t.Sender()
		s.header.SSRC = uint32(s.sender.GetParameters().Encodings[0].SSRC)
		p.streams = append(p.streams, s)
	}
	return nil
}

// offer writes the offer that accept takes the answer to.
func (p *peerLeg) offer(ctx context.Context, l local) (string, error) {
	own, err := p.pc.CreateOffer(nil)
	if err != nil {
		return "", fmt.Errorf("create offer: %w", err)
	}
	if err := p.gather(ctx, own); err != nil {
		return "", err
	}
	if err := l.readTransport(own.SDP); err != nil {
		return "", err
	}
	p.known(l)
	for _, s := range p.streams {
		l.ssrcs = append(l.ssrcs, s.header.SSRC)
	}
	return linkOffer(l, len(p.streams)), nil
}

// accept starts to connect.
func (p *peerLeg) accept(a *linkAnswer) error {
	p.streams = p.streams[:len(a.slots)]
	for _, i := range a.mics {
		_ = p.sock.expect(a.sections[i].ssrc) // the socket ends with the leg
	}
	remote := webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: a.plain()}
	if err := p.pc.SetRemoteDescription(remote); err != nil {
		return fmt.Errorf("set remote description: %w", err)
	}
	return nil
}
