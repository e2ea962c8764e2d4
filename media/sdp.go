package media

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"

	"github.com/stoa-rooms/stoa/reason"
)

// Limits of an offer. A browser's offer with three slots has about 120 lines and 6 KiB.
const (
	MaxSDP      = 64 << 10 // bytes
	MaxSections = 64       // media lines
	maxSDPLines = 2048
)

const (
	levelURI = "urn:ietf:params:rtp-hdrext:ssrc-audio-level" // RFC 6464
	opusFmtp = "minptime=10;useinbandfec=1"                  // RFC 7587 section 6.1; usedtx stays at its default, off
)

// use is what the node does with one media section of an offer.
type use int

const (
	useNone     use = iota // rejected
	useInactive            // accepted for Opus, but nothing flows
	useSlot                // carries a slot to the client
	useMic                 // carries the microphone
	useBoth                // the only line of a client that sends and receives on it
)

// section is one media section of an offer.
type section struct {
	media, proto, formats string // as offered, echoed when rejected
	codec                 string // of the first format, too
	mid                   string
	sends, receives       bool
	usable                bool // secure RTP audio that speaks Opus
	payloadType, levelID  uint8
	ssrc                  uint32 // the first declared; 0 if none is
	reducedRTCP           bool
	use                   use
}

// offer is a checked SDP offer: all that is needed to answer it, with or without pion.
type offer struct {
	ufrag, password   string
	hash, fingerprint string
	setup             string // "active", "passive" or "actpass"
	bundled           bool
	sections          []section
	slots             []int // sections that carry slots, in order
	mics              []int // sections that bring audio, in order: the microphone, or what another node sends
}

// The grammars of RFC 8839 section 5.4, RFC 8122 section 5 and RFC 5888 section 4.
var (
	iceChars    = regexp.MustCompile(`^[A-Za-z0-9+/]{4,256}$`)
	fingerChars = regexp.MustCompile(`^([0-9A-Fa-f]{2}:){15,63}[0-9A-Fa-f]{2}$`)
	hashNames   = regexp.MustCompile(`^sha-(256|384|512)$`)
	midChars    = regexp.MustCompile("^[!#$%&'*+.0-9A-Z^_`a-z{|}~-]{1,32}$")
	protoChars  = regexp.MustCompile(`^[A-Za-z0-9/.-]{1,64}$`)
	formatChars = regexp.MustCompile(`^[A-Za-z0-9 .+-]{1,512}$`)
	codecChars  = regexp.MustCompile(`^[A-Za-z0-9.+-]{1,32}/[0-9]{1,9}(/[0-9]{1,3})?$`)
)

// parseOffer checks an offer and decides what each of its media sections is for: the last audio line that sends is the
// microphone, and of those that receive, the first ones, up to slots, carry slots. What the connection is not for is not
// negotiated.
func parseOffer(text string, slots int, purpose Purpose) (offer, error) {
	var o offer
	parsed, err := o.read(text)
	if err != nil {
		return offer{}, err
	}
	first := o.bundle(parsed)
	if first < 0 {
		return offer{}, reason.Reject(reason.MediaNoAudio, "no secure audio line with opus/48000/2 that sends or receives")
	}
	if purpose == Voice {
		slots = 0
	}
	if o.assign(slots, purpose != Ear); len(o.slots) == 0 && len(o.mics) == 0 {
		return offer{}, reason.Reject(reason.MediaNoAudio, "no line goes the way that this connection is for, or it declares no SSRC")
	}
	return o, o.readTransport(parsed, parsed.MediaDescriptions[first])
}

// read takes in the media sections of a description, offer or answer, and returns the whole of it.
func (o *offer) read(text string) (*sdp.SessionDescription, error) {
	if len(text) > MaxSDP || strings.Count(text, "\n") > maxSDPLines || strings.Count(text, "\nm=") > MaxSections {
		return nil, reason.Reject(reason.MediaSDPSize, "%d bytes", len(text))
	}
	if !strings.HasPrefix(text, "v=0") {
		return nil, reason.Reject(reason.MediaSDP, "not SDP")
	}
	var parsed sdp.SessionDescription
	if err := parsed.UnmarshalString(text); err != nil {
		return nil, reason.Reject(reason.MediaSDP, "%v", err)
	}
	mids := map[string]bool{}
	for _, m := range parsed.MediaDescriptions {
		s := readSection(m)
		if _, offered := m.Attribute(sdp.AttrKeyMID); offered && (!midChars.MatchString(s.mid) || mids[s.mid]) {
			return nil, reason.Reject(reason.MediaSDP, "mid %q", s.mid)
		}
		if s.mid != "" {
			mids[s.mid] = true
		}
		if !protoChars.MatchString(s.proto) || !formatChars.MatchString(s.formats) || !protoChars.MatchString(s.media) {
			return nil, reason.Reject(reason.MediaSDP, "media line %q %q %q", s.media, s.proto, s.formats)
		}
		o.sections = append(o.sections, s)
	}
	return &parsed, nil
}

func readSection(m *sdp.MediaDescription) section {
	s := section{
		media:   m.MediaName.Media,
		proto:   strings.Join(m.MediaName.Protos, "/"),
		formats: strings.Join(m.MediaName.Formats, " "),
	}
	s.mid, _ = m.Attribute(sdp.AttrKeyMID)
	_, s.reducedRTCP = m.Attribute(sdp.AttrKeyRTCPRsize)
	_, bundleOnly := m.Attribute("bundle-only")
	s.sends, s.receives = true, true // sendrecv is the default, RFC 8866 section 6.7
	opus := false
	for _, a := range m.Attributes {
		switch a.Key {
		case sdp.AttrKeySendOnly:
			s.sends, s.receives = true, false
		case sdp.AttrKeyRecvOnly:
			s.sends, s.receives = false, true
		case sdp.AttrKeyInactive:
			s.sends, s.receives = false, false
		case "rtpmap":
			format, codec, _ := strings.Cut(a.Value, " ")
			s.describe(format, codec)
			pt, err := strconv.ParseUint(format, 10, 7)
			if !opus && err == nil && strings.EqualFold(codec, "opus/48000/2") && slices.Contains(m.MediaName.Formats, format) {
				opus, s.payloadType = true, uint8(pt)
			}
		case sdp.AttrKeyExtMap:
			number, uri, _ := strings.Cut(a.Value, " ")
			number, _, _ = strings.Cut(number, "/") // a direction
			id, err := strconv.ParseUint(number, 10, 8)
			if uri, _, _ = strings.Cut(uri, " "); err == nil && uri == levelURI && id >= 1 && id <= 14 {
				s.levelID = uint8(id)
			}
		case sdp.AttrKeySSRC:
			number, _, _ := strings.Cut(a.Value, " ")
			if n, err := strconv.ParseUint(number, 10, 32); err == nil && s.ssrc == 0 {
				s.ssrc = uint32(n)
			}
		}
	}
	secure := strings.HasSuffix(s.proto, "RTP/SAVPF") || strings.HasSuffix(s.proto, "RTP/SAVP")
	s.usable = s.media == "audio" && opus && secure && (m.MediaName.Port.Value != 0 || bundleOnly)
	return s
}

// bundle keeps only sections that can share one transport, and returns the first that anything may flow on, or -1.
func (o *offer) bundle(parsed *sdp.SessionDescription) int {
	first := slices.IndexFunc(o.sections, func(s section) bool { return s.usable && (s.sends || s.receives) })
	if first < 0 {
		return -1
	}
	var group []string
	for _, a := range parsed.Attributes {
		if mids := strings.Fields(a.Value); a.Key == sdp.AttrKeyGroup && len(mids) > 0 && mids[0] == "BUNDLE" &&
			o.sections[first].mid != "" && slices.Contains(mids[1:], o.sections[first].mid) {
			group = mids[1:]
			o.bundled = true
		}
	}
	for i := range o.sections {
		if i != first && !slices.Contains(group, o.sections[i].mid) {
			o.sections[i].usable = false
		}
	}
	return first
}

// assign decides what each usable section is for.
func (o *offer) assign(slots int, speaks bool) {
	mic := -1
	for i, s := range o.sections {
		// pion can tell streams of several lines apart only by their declared SSRC (RFC 5576).
		if speaks && s.usable && s.sends && s.ssrc != 0 {
			mic = i
		}
	}
	for i := range o.sections {
		s := &o.sections[i]
		switch {
		case !s.usable:
			s.use = useNone
		case i == mic:
			s.use = useMic
			o.mics = []int{i}
		case s.receives && len(o.slots) < slots:
			s.use = useSlot
			o.slots = append(o.slots, i)
		default:
			s.use = useInactive
		}
	}
	if len(o.slots) == 0 && mic >= 0 && o.sections[mic].receives && slots > 0 {
		o.sections[mic].use = useBoth
		o.slots = []int{mic}
	}
}

// readTransport finds ICE and DTLS parameters, in the section or for the session.
func (o *offer) readTransport(parsed *sdp.SessionDescription, m *sdp.MediaDescription) error {
	find := func(key string) string {
		if v, ok := m.Attribute(key); ok {
			return v
		}
		v, _ := parsed.Attribute(key)
		return v
	}
	o.ufrag, o.password, o.setup = find("ice-ufrag"), find("ice-pwd"), find(sdp.AttrKeyConnectionSetup)
	o.hash, o.fingerprint, _ = strings.Cut(find("fingerprint"), " ")
	o.hash = strings.ToLower(o.hash)
	if o.setup == "" {
		o.setup = sdp.ConnectionRoleActive.String() // the default of an offer, RFC 4145 section 4
	}
	switch {
	case !iceChars.MatchString(o.ufrag) || !iceChars.MatchString(o.password) || len(o.password) < 22:
		return reason.Reject(reason.MediaSDP, "no ICE credentials")
	case !hashNames.MatchString(o.hash) || !fingerChars.MatchString(o.fingerprint):
		return reason.Reject(reason.MediaSDP, "no usable certificate fingerprint")
	case o.setup != "active" && o.setup != "passive" && o.setup != "actpass":
		return reason.Reject(reason.MediaSDP, "setup %q", o.setup)
	}
	return nil
}

// local is the node's side of an answer.
type local struct {
	ufrag, password, fingerprint string // fingerprint with its hash in front
	session                      uint64
	addresses                    []netip.AddrPort // where the client finds the node over UDP, best first
	overTCP                      []netip.AddrPort // where over TCP
	ssrcs                        []uint32         // of the slots, in the offer's order
}

// answer writes the SDP answer (RFC 9429): ICE-lite, all candidates included, one transport for all sections.
func (o *offer) answer(l local) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	line("v=0\r\no=- %d 1 IN %s\r\ns=-\r\nt=0 0\r\na=ice-lite", l.session, family(l.addresses[0].Addr()))
	if o.bundled {
		b.WriteString("a=group:BUNDLE")
		for _, s := range o.sections {
			if s.use != useNone {
				b.WriteString(" " + s.mid)
			}
		}
		line("")
	}
	slot, candidates := 0, false
	for _, s := range o.sections {
		if s.use == useNone {
			s.reject(line)
			continue
		}
		o.accept(line, s, l)
		if s.use == useSlot || s.use == useBoth {
			line("a=msid:slot-%d slot-%[1]d\r\na=ssrc:%d cname:stoa", slot, l.ssrcs[slot])
			slot++
		}
		if !candidates {
			candidates = true
			writeCandidates(line, l)
		}
	}
	return b.String()
}

// describe keeps what the first format is, as far as it can be said again.
func (s *section) describe(format, codec string) {
	if format == s.first() && codecChars.MatchString(codec) {
		s.codec = codec
	}
}

// first is the format that the offer would like best.
func (s *section) first() string {
	format, _, _ := strings.Cut(s.formats, " ")
	return format
}

// reject writes a section that is not taken. It has to have one format, which says nothing (RFC 3264, section 6). That is
// described all the same: clients on pion cannot read an answer with one that is not.
func (s *section) reject(line func(string, ...any)) {
	line("m=%s 0 %s %s\r\nc=IN IP4 0.0.0.0\r\na=inactive", s.media, s.proto, s.first())
	if s.codec != "" {
		line("a=rtpmap:%s %s", s.first(), s.codec)
	}
	if s.mid != "" {
		line("a=mid:%s", s.mid)
	}
}

func (o *offer) accept(line func(string, ...any), s section, l local) {
	line("m=audio %d %s %d\r\nc=IN %s", l.addresses[0].Port(), s.proto, s.payloadType, family(l.addresses[0].Addr()))
	if s.mid != "" {
		line("a=mid:%s", s.mid)
	}
	line("a=ice-ufrag:%s\r\na=ice-pwd:%s\r\na=fingerprint:%s\r\na=setup:%s\r\na=rtcp-mux",
		l.ufrag, l.password, l.fingerprint, o.answerSetup())
	if s.reducedRTCP {
		line("a=rtcp-rsize")
	}
	line("a=rtpmap:%d opus/48000/2\r\na=fmtp:%[1]d %s", s.payloadType, opusFmtp)
	if s.levelID != 0 {
		line("a=extmap:%d %s", s.levelID, levelURI)
	}
	line("a=%s", s.use.direction())
}

// answerSetup is the DTLS role of the node: server, unless the client insists on it (RFC 8842 section 5.3).
func (o *offer) answerSetup() string {
	if o.setup == "passive" {
		return "active"
	}
	return "passive"
}

// direction is the attribute in the answer.
func (u use) direction() string {
	switch u {
	case useSlot:
		return "sendonly"
	case useMic:
		return "recvonly"
	case useBoth:
		return "sendrecv"
	default:
		return "inactive"
	}
}

// offered is the attribute of an offer that direction answers.
func (u use) offered() string {
	switch u {
	case useSlot:
		return "recvonly"
	case useMic:
		return "sendonly"
	default:
		return u.direction()
	}
}

// writeCandidates writes host candidates with the priorities of RFC 8445 section 5.1.2.1. Those for TCP wait for the other
// side to connect, and come after all of UDP: RFC 6544 section 4.2 recommends a type preference of 90, and 4 of 7 for
// this direction.
func writeCandidates(line func(string, ...any), l local) {
	for i, a := range l.addresses {
		priority := 126<<24 | (65535-i)<<8 | 255
		line("a=candidate:%d 1 udp %d %s %d typ host", i+1, priority, a.Addr(), a.Port())
	}
	for i, a := range l.overTCP {
		priority := 90<<24 | (4<<13|8191-i)<<8 | 255
		line("a=candidate:%d 1 tcp %d %s %d typ host tcptype passive", len(l.addresses)+i+1, priority, a.Addr(), a.Port())
	}
	line("a=end-of-candidates")
}

// family writes an address for o= and c= lines.
func family(a netip.Addr) string {
	if a.Is6() {
		return "IP6 " + a.String()
	}
	return "IP4 " + a.String()
}
