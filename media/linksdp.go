package media

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"

	"github.com/stoa-rooms/stoa/reason"
)

// A link is negotiated by SDP of one shape. The relay offers n lines that only receive, for the host's slots, and then
// n that only send, for its own; all Opus with the RFC 6464 level, under one payload type and one extension id, in one
// bundle. The host accepts as many of either kind as it has slots, the first ones, and leaves the others inactive.

// What a relay's offer names.
const (
	linkPayloadType = 111
	linkLevelID     = 1
)

// maxCandidates is how many addresses of the host a relay tries.
const maxCandidates = 8

// linkOffer writes the offer of a link with n slots each way. It names no addresses: the host learns the relay's from
// its first packet.
func linkOffer(l local, n int) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	line("v=0\r\no=- %d 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0", l.session)
	b.WriteString("a=group:BUNDLE")
	for i := range 2 * n {
		fmt.Fprintf(&b, " %d", i)
	}
	line("")
	for i := range 2 * n {
		line("m=audio 9 UDP/TLS/RTP/SAVPF %d\r\nc=IN IP4 0.0.0.0\r\na=mid:%d", linkPayloadType, i)
		line("a=ice-ufrag:%s\r\na=ice-pwd:%s\r\na=fingerprint:%s\r\na=setup:actpass\r\na=rtcp-mux", l.ufrag, l.password, l.fingerprint)
		line("a=rtpmap:%d opus/48000/2\r\na=fmtp:%[1]d %s\r\na=extmap:%d %s", linkPayloadType, opusFmtp, linkLevelID, levelURI)
		if i < n {
			line("a=recvonly")
		} else {
			line("a=sendonly\r\na=msid:slot-%d slot-%[1]d\r\na=ssrc:%d cname:stoa", i-n, l.ssrcs[i-n])
		}
	}
	return b.String()
}

// parseLinkOffer checks a relay's offer. The host has that many slots.
func parseLinkOffer(text string, slots int) (offer, error) {
	var o offer
	parsed, err := o.read(text)
	if err != nil {
		return offer{}, err
	}
	if err := o.checkLink(parsed); err != nil {
		return offer{}, err
	}
	if o.setup != "actpass" {
		return offer{}, reason.Reject(reason.MediaSDP, "setup %q", o.setup)
	}
	n := len(o.sections) / 2
	for i := range o.sections {
		s := &o.sections[i]
		switch {
		case s.receives == s.sends || s.receives != (i < n) || s.sends && s.ssrc == 0:
			return offer{}, reason.Reject(reason.MediaSDP, "line %d of a link", i)
		case i%n >= slots:
			s.use = useInactive
		case i < n:
			s.use = useSlot
			o.slots = append(o.slots, i)
		default:
			s.use = useMic
			o.mics = append(o.mics, i)
		}
	}
	return o, nil
}

// checkLink holds a description against what the offer and the answer of a link have in common.
func (o *offer) checkLink(parsed *sdp.SessionDescription) error {
	if n := len(o.sections); n < 2 || n%2 != 0 || n > 2*maxSlots {
		return reason.Reject(reason.MediaSDP, "%d lines in a link", n)
	}
	if o.bundle(parsed) != 0 || !o.bundled {
		return reason.Reject(reason.MediaSDP, "a link is one bundle")
	}
	ssrcs := map[uint32]bool{}
	for i, s := range o.sections {
		if !s.usable || s.payloadType != o.sections[0].payloadType || s.levelID != o.sections[0].levelID || s.levelID == 0 {
			return reason.Reject(reason.MediaSDP, "line %d of a link", i)
		}
		if s.ssrc != 0 && ssrcs[s.ssrc] {
			return reason.Reject(reason.MediaSDP, "SSRC %d twice", s.ssrc)
		}
		ssrcs[s.ssrc] = true
	}
	return o.readTransport(parsed, parsed.MediaDescriptions[0])
}

// linkAnswer is a checked answer to linkOffer. Its mics are the slots that come down.
type linkAnswer struct {
	offer
	addresses []netip.AddrPort // of the host
}

// parseLinkAnswer checks the answer to an offer with n slots each way.
func parseLinkAnswer(text string, n int) (linkAnswer, error) {
	var a linkAnswer
	parsed, err := a.read(text)
	if err != nil {
		return linkAnswer{}, err
	}
	if len(a.sections) != 2*n {
		return linkAnswer{}, reason.Reject(reason.MediaSDP, "%d lines in answer to %d", len(a.sections), 2*n)
	}
	if err := a.checkLink(parsed); err != nil {
		return linkAnswer{}, err
	}
	if _, lite := parsed.Attribute("ice-lite"); !lite || a.setup != "passive" {
		return linkAnswer{}, reason.Reject(reason.MediaSDP, "the host is not ICE-lite, or not the DTLS server")
	}
	if first := a.sections[0]; first.payloadType != linkPayloadType || first.levelID != linkLevelID {
		return linkAnswer{}, reason.Reject(reason.MediaSDP, "payload type or extension id was not offered")
	}
	for i := range a.sections {
		if !a.take(i, n) {
			return linkAnswer{}, reason.Reject(reason.MediaSDP, "line %d of a link", i)
		}
	}
	if len(a.slots) == 0 || len(a.mics) == 0 {
		return linkAnswer{}, reason.Reject(reason.MediaSDP, "a link without slots")
	}
	a.readCandidates(parsed.MediaDescriptions[0])
	if len(a.addresses) == 0 {
		return linkAnswer{}, reason.Reject(reason.MediaSDP, "no address of the host")
	}
	return a, nil
}

// take reads line i of an answer to n lines each way, and reports whether it is as it must be.
func (a *linkAnswer) take(i, n int) bool {
	s := &a.sections[i]
	down := i < n
	switch {
	case s.mid != strconv.Itoa(i):
		return false
	case !s.sends && !s.receives:
		s.use = useInactive
	case down && s.sends && !s.receives && s.ssrc != 0 && len(a.mics) == i:
		s.use = useMic
		a.mics = append(a.mics, i)
	case !down && s.receives && !s.sends && len(a.slots) == i-n:
		s.use = useSlot
		a.slots = append(a.slots, i)
	default:
		return false
	}
	return true
}

// readCandidates takes the first of the addresses at which the host says it can be reached over UDP (RFC 8839 section
// 5.1). Names are not looked up.
func (a *linkAnswer) readCandidates(m *sdp.MediaDescription) {
	for _, x := range m.Attributes {
		f := strings.Fields(x.Value)
		if x.Key != "candidate" || len(f) < 8 || f[1] != "1" || !strings.EqualFold(f[2], "udp") || len(a.addresses) == maxCandidates {
			continue
		}
		ip, err := netip.ParseAddr(f[4])
		port, err2 := strconv.ParseUint(f[5], 10, 16)
		if err != nil || err2 != nil || port == 0 || ip.Zone() != "" || ip.IsUnspecified() || ip.IsMulticast() {
			continue
		}
		if at := netip.AddrPortFrom(ip.Unmap(), uint16(port)); !slices.Contains(a.addresses, at) {
			a.addresses = append(a.addresses, at)
		}
	}
}

// plain writes the answer for pion.
func (a *linkAnswer) plain() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	line("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=ice-lite")
	b.WriteString("a=group:BUNDLE")
	for i := range a.sections {
		fmt.Fprintf(&b, " %d", i)
	}
	line("\r\na=ice-ufrag:%s\r\na=ice-pwd:%s\r\na=fingerprint:%s %s", a.ufrag, a.password, a.hash, a.fingerprint)
	for i, s := range a.sections {
		line("m=audio 9 UDP/TLS/RTP/SAVPF %d\r\nc=IN IP4 0.0.0.0\r\na=mid:%d\r\na=setup:passive\r\na=rtcp-mux\r\na=%s", linkPayloadType, i, s.use.offered())
		line("a=rtpmap:%d opus/48000/2\r\na=fmtp:%[1]d %s", linkPayloadType, opusFmtp)
		if s.use == useMic {
			line("a=msid:slot-%d slot-%[1]d\r\na=ssrc:%d cname:stoa", i, s.ssrc)
		}
		if i == 0 {
			writeCandidates(line, local{addresses: a.addresses})
		}
	}
	return b.String()
}
