package media

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v3"
)

// peerLeg is a leg over a pion PeerConnection.
//
// pion sees an offer of our own making with no more than it needs: one transport, Opus, no extensions. So what a client
// writes into SDP reaches no code but parseOffer; and payload types and extension ids, which pion would mix up between
// lines, are patched here.
type peerLeg struct {
	pc      *webrtc.PeerConnection
	streams []*stream
	ear     ear
	sock    *socket
	forget  func()                          // takes the SSRCs that the other side sends off the socket's list
	shut    func()                          // ends what came over TCP; guarded by mu
	after   func()                          // what else ends with the leg
	met     func(tcp bool, from netip.Addr) // told where the other side is, if somebody wants to know; else nil
	offered *offer                          // what the leg answered; nil of one that offers itself
	opening sync.Once
	closing sync.Once
	ended   chan struct{}

	mu      sync.Mutex
	ufrag   string      // own; guarded by mu
	silent  atomic.Bool // close has been called; set under mu
	started atomic.Bool // packets can flow, or could
	readers sync.WaitGroup

	restarting sync.Mutex // held while ICE is restarted
}

// settle is how long a leg that has not connected is closed before its PeerConnection is. A connection that comes about
// in pion v3.3.6 just while it is closed can leave ICETransport.stop with a nil mux.
const settle = 50 * time.Millisecond

// maxDatagram is the size of the largest packet that is read: more than any path's MTU lets through.
const maxDatagram = 1500

// stream is one slot on its way to one listener. It is a webrtc.TrackLocal, and the packet that is patched each time.
type stream struct {
	name   string
	sender *webrtc.RTPSender
	writer atomic.Pointer[webrtc.TrackLocalWriter]
	header rtp.Header
	csrc   [1]uint32
	level  [1]byte
}

// newPeerLeg makes a leg for an offer that negotiate answers.
func newPeerLeg(api *webrtc.API, to ear, sock *socket, o *offer) (*peerLeg, error) {
	pc, err := api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, fmt.Errorf("new peer connection: %w", err)
	}
	p := &peerLeg{pc: pc, ear: to, sock: sock, ended: make(chan struct{}), after: func() {}, shut: func() {}}
	p.expect(o)
	pc.OnConnectionStateChange(p.stateChanged)
	pc.OnTrack(p.listen)
	return p, nil
}

// expect lets the socket pass what the other side has said it sends.
func (p *peerLeg) expect(o *offer) {
	var stops []func()
	for _, i := range o.mics {
		stops = append(stops, p.sock.expect(o.sections[i].ssrc))
	}
	p.forget = func() {
		for _, stop := range stops {
			stop()
		}
	}
}

// negotiate applies the offer and writes the answer.
func (p *peerLeg) negotiate(ctx context.Context, o *offer, l local) (string, error) {
	remote := webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: o.plain()}
	if err := p.pc.SetRemoteDescription(remote); err != nil {
		return "", fmt.Errorf("set remote description: %w", err)
	}
	for i, section := range o.slots { // AddTrack fills lines in order, and slots come first in plain
		s := newStream(i, o.sections[section])
		var err error
		if s.sender, err = p.pc.AddTrack(s); err != nil {
			return "", fmt.Errorf("add slot %d: %w", i, err)
		}
		s.header.SSRC = uint32(s.sender.GetParameters().Encodings[0].SSRC)
		p.streams = append(p.streams, s)
		l.ssrcs = append(l.ssrcs, s.header.SSRC)
	}
	answer, err := p.pc.CreateAnswer(nil)
	if err != nil {
		return "", fmt.Errorf("create answer: %w", err)
	}
	if err := p.gather(ctx, answer); err != nil {
		return "", err
	}
	if err := l.readTransport(answer.SDP); err != nil {
		return "", err
	}
	p.known(l)
	p.offered = o
	return o.answer(l), nil
}

// gather applies the leg's own description and waits until it is complete.
func (p *peerLeg) gather(ctx context.Context, own webrtc.SessionDescription) error {
	gathered := webrtc.GatheringCompletePromise(p.pc)
	if err := p.pc.SetLocalDescription(own); err != nil {
		return fmt.Errorf("set local description: %w", err)
	}
	select { // a moment: there is only the one socket to gather
	case <-gathered:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// plain writes the offer for pion: slots first, then what the other side sends, all with one payload type.
func (o *offer) plain() string {
	var order []int
	for _, i := range o.slots {
		if o.sections[i].use == useSlot {
			order = append(order, i)
		}
	}
	order = append(order, o.mics...)
	payloadType := o.sections[order[len(order)-1]].payloadType // the microphone's is the one that pion reads
	var b, mids strings.Builder
	for i, n := range order {
		s := o.sections[n]
		fmt.Fprintf(&mids, " %d", i)
		fmt.Fprintf(&b, "m=audio 9 UDP/TLS/RTP/SAVPF %d\r\nc=IN IP4 0.0.0.0\r\na=mid:%d\r\na=rtcp-mux\r\na=%s\r\n",
			payloadType, i, s.use.offered())
		fmt.Fprintf(&b, "a=rtpmap:%d opus/48000/2\r\na=fmtp:%[1]d %s\r\n", payloadType, opusFmtp)
		if s.use != useSlot {
			fmt.Fprintf(&b, "a=msid:mic-%d mic-%[1]d\r\na=ssrc:%d cname:mic\r\n", i, s.ssrc)
		}
	}
	return fmt.Sprintf("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE%s\r\na=ice-ufrag:%s\r\na=ice-pwd:%s\r\n"+
		"a=fingerprint:%s %s\r\na=setup:%s\r\n%s", mids.String(), o.ufrag, o.password, o.hash, o.fingerprint, o.setup, b.String())
}

// readTransport takes the node's own credentials from pion's description.
func (l *local) readTransport(own string) error {
	var d sdp.SessionDescription
	if err := d.UnmarshalString(own); err != nil {
		return fmt.Errorf("read own description: %w", err)
	}
	l.fingerprint, _ = d.Attribute("fingerprint")
	for _, m := range d.MediaDescriptions {
		if ufrag, ok := m.Attribute("ice-ufrag"); ok {
			l.ufrag = ufrag
			l.password, _ = m.Attribute("ice-pwd")
		}
	}
	if l.ufrag == "" || l.password == "" || l.fingerprint == "" {
		return fmt.Errorf("own description lacks credentials")
	}
	return nil
}

func newStream(i int, s section) *stream {
	st := &stream{name: fmt.Sprintf("slot-%d", i)}
	st.header = rtp.Header{Version: 2, PayloadType: s.payloadType, CSRC: st.csrc[:]}
	if s.levelID != 0 {
		_ = st.header.SetExtension(s.levelID, st.level[:]) // fails only on an existing extension
	}
	return st
}

// Bind implements webrtc.TrackLocal.
func (s *stream) Bind(c webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	w := c.WriteStream()
	s.writer.Store(&w)
	return c.CodecParameters()[0], nil
}

// Unbind implements webrtc.TrackLocal.
func (s *stream) Unbind(webrtc.TrackLocalContext) error {
	s.writer.Store(nil)
	return nil
}

// ID implements webrtc.TrackLocal.
func (s *stream) ID() string { return s.name }

// RID implements webrtc.TrackLocal.
func (s *stream) RID() string { return "" }

// StreamID implements webrtc.TrackLocal.
func (s *stream) StreamID() string { return s.name }

// Kind implements webrtc.TrackLocal.
func (s *stream) Kind() webrtc.RTPCodecType { return webrtc.RTPCodecTypeAudio }

// stateChanged runs in a goroutine of its own for each change.
func (p *peerLeg) stateChanged(state webrtc.PeerConnectionState) {
	switch state {
	case webrtc.PeerConnectionStateConnected:
		p.connected()
	case webrtc.PeerConnectionStateFailed, webrtc.PeerConnectionStateClosed: // consent is lost, or close was called
		if !p.silent.Load() {
			p.ear.closed()
		}
	default:
	}
}

// connected comes again after a short loss of consent.
func (p *peerLeg) connected() {
	p.opening.Do(func() {
		p.started.Store(true)
		if from, tcp, ok := p.far(); ok && p.met != nil {
			p.met(tcp, from)
		}
		for i, s := range p.streams {
			p.read(func(b []byte) (int, error) {
				n, _, err := s.sender.Read(b)
				return n, err
			}, func(raw []byte) { p.ear.reported(i, raw) })
		}
		p.ear.opened()
	})
}

// read calls next and then yield until the leg is closed, in a goroutine that close waits for.
func (p *peerLeg) read(next func([]byte) (int, error), yield func([]byte)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.silent.Load() {
		return
	}
	p.readers.Go(func() {
		b := make([]byte, maxDatagram)
		for {
			n, err := next(b)
			switch {
			case err == nil && !p.silent.Load():
				yield(b[:n])
			case err != nil && n == 0: // closed; with n > 0 only this packet is unfit
				return
			}
		}
	})
}

// slots implements leg.
func (p *peerLeg) slots() int { return len(p.streams) }

// ssrc implements leg.
func (p *peerLeg) ssrc(slot int) uint32 { return p.streams[slot].header.SSRC }

// send implements leg.
func (p *peerLeg) send(b *build, seq uint16) {
	s := p.streams[b.slot]
	w := s.writer.Load()
	if w == nil || p.silent.Load() {
		return
	}
	s.header.SequenceNumber, s.header.Timestamp, s.header.Marker = seq, b.timestamp, b.marker
	s.csrc[0], s.level[0] = b.speaker, b.level
	_, _ = (*w).WriteRTP(&s.header, b.payload) // a packet that cannot be sent is lost, as on any network
}

// report implements leg.
func (p *peerLeg) report(r report) {
	if p.silent.Load() {
		return
	}
	var own uint32
	if len(p.streams) > 0 {
		own = p.streams[0].header.SSRC
	}
	_ = p.pc.WriteRTCP([]rtcp.Packet{ // RFC 3550 section 6.1: a report and the sender's name
		&rtcp.ReceiverReport{SSRC: own, Reports: []rtcp.ReceptionReport{{
			SSRC: r.ssrc, FractionLost: r.lost, TotalLost: r.lostTotal, LastSequenceNumber: r.highest,
			Jitter: r.jitter, LastSenderReport: r.lastSR, Delay: r.sinceSR,
		}}},
		rtcp.NewCNAMESourceDescription(own, "stoa"),
	})
}

// listen reads one line that the other side sends on. pion calls it when its first packet has come. There are only
// lines that were negotiated: plain declares their streams, and the socket lets no other through.
func (p *peerLeg) listen(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
	p.read(func(b []byte) (int, error) {
		n, _, err := track.Read(b)
		return n, err
	}, p.ear.heard)
	p.read(func(b []byte) (int, error) {
		n, _, err := receiver.Read(b)
		return n, err
	}, func(raw []byte) { p.ear.reported(microphone, raw) })
}

// close implements leg.
func (p *peerLeg) close() {
	p.closing.Do(func() {
		p.mu.Lock()
		p.silent.Store(true)
		p.mu.Unlock()
		p.forget()
		go func() {
			defer close(p.ended)
			if !p.started.Load() {
				p.deafen()
			}
			_ = p.pc.GracefulClose() // it has told the client what it could
			p.mu.Lock()
			p.shut()
			p.mu.Unlock()
			p.readers.Wait()
			p.after()
		}()
	})
}

// known keeps the leg's own user name, by which its client may come over TCP too.
func (p *peerLeg) known(l local) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ufrag = l.ufrag
	if p.sock.tcp != nil && !p.silent.Load() {
		p.shut()
		p.shut = p.sock.tcp.welcome(l.ufrag, l.password)
	}
}

// deafen lets nothing more through to the connection, and waits until what came before has had its effect.
func (p *peerLeg) deafen() {
	p.mu.Lock()
	ufrag := p.ufrag
	p.mu.Unlock()
	if ufrag == "" { // not negotiated
		return
	}
	p.sock.mux.RemoveConnByUfrag(ufrag)
	<-time.After(settle)
}

// done implements leg.
func (p *peerLeg) done() <-chan struct{} { return p.ended }
