package media

import (
	"context"
	"fmt"
	"strings"

	"github.com/pion/webrtc/v3"

	"github.com/stoa-rooms/stoa/reason"
)

// Credentials are what one side of a connection is known by in ICE (RFC 8445 section 5.3).
type Credentials struct{ User, Password string }

// Fragment is the node's side of a restarted connection as an SDP fragment (RFC 8840).
type Fragment string

// Restart gives a person's connection new ICE credentials, for a client that has come to another network and keeps all
// else: lines, keys, what is forwarded. The client takes what is returned, and checks anew; until one of its checks has
// come nothing is sent to it, and when none comes the connection ends as one whose client is lost.
//
// Refusals are media-leg-gone, media-sdp for credentials that are none, and app-restart when it did not work; then the
// connection is as it was, or ends by itself.
func (r *Room) Restart(ctx context.Context, number uint32, id LegID, theirs Credentials) (Fragment, error) {
	if !iceChars.MatchString(theirs.User) || !iceChars.MatchString(theirs.Password) || len(theirs.Password) < 22 {
		return "", reason.Reject(reason.MediaSDP, "no ICE credentials")
	}
	g := r.legOf(number, id)
	if g == nil {
		return "", reason.Reject(reason.MediaLegGone, "person %d has no leg %s", number, id)
	}
	l, err := g.restart(ctx, theirs)
	if err != nil {
		return "", reason.Reject(reason.AppRestart, "%v", err)
	}
	s := r.server
	l.addresses = s.socket.advertised(s.config.Public)
	l.overTCP = s.socket.advertisedTCP(s.config.Public, l.addresses)
	return g.offered.fragment(l), nil
}

// legOf is the leg of that id of a person; nil if there is none over a PeerConnection.
func (r *Room) legOf(number uint32, id LegID) *peerLeg {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.people[number]
	if p == nil {
		return nil
	}
	for _, c := range p.legs {
		if g, ok := c.leg.(*peerLeg); ok && c.id == id {
			return g
		}
	}
	return nil
}

// restart negotiates the same lines under new credentials, which makes pion start ICE anew and leave DTLS as it is.
func (p *peerLeg) restart(ctx context.Context, theirs Credentials) (local, error) {
	p.restarting.Lock()
	defer p.restarting.Unlock()
	if p.offered == nil || !p.started.Load() || p.silent.Load() {
		return local{}, fmt.Errorf("it has not connected yet, or no more")
	}
	o := *p.offered
	o.ufrag, o.password = theirs.User, theirs.Password
	remote := webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: o.plain()}
	if err := p.pc.SetRemoteDescription(remote); err != nil {
		return local{}, fmt.Errorf("set remote description: %w", err)
	}
	answer, err := p.pc.CreateAnswer(nil)
	if err != nil {
		return local{}, fmt.Errorf("create answer: %w", err)
	}
	if err := p.gather(ctx, answer); err != nil {
		return local{}, err
	}
	var l local
	if err := l.readTransport(answer.SDP); err != nil {
		return local{}, err
	}
	p.known(l)
	return l, nil
}

// fragment writes what is new after a restart: RFC 8840 section 9, as RFC 9725 section 4.3.3 wants it.
func (o *offer) fragment(l local) Fragment {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	line("a=ice-lite\r\na=ice-ufrag:%s\r\na=ice-pwd:%s", l.ufrag, l.password)
	for _, s := range o.sections {
		if s.use == useNone {
			continue
		}
		line("m=audio %d %s %d", l.addresses[0].Port(), s.proto, s.payloadType)
		if s.mid != "" {
			line("a=mid:%s", s.mid)
		}
		writeCandidates(line, l)
		break // all sections share one transport
	}
	return Fragment(b.String())
}
