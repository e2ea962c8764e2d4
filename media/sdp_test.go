package media

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v3"

	"github.com/stoa-rooms/stoa/reason"
)

// audioLine is one media section of an offer in the shape that clients write.
func audioLine(mid, direction string, more ...string) string {
	s := "m=audio 9 UDP/TLS/RTP/SAVPF 109 0\r\nc=IN IP4 0.0.0.0\r\na=mid:" + mid + "\r\na=" + direction +
		"\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\na=fingerprint:sha-256 " + strings.Repeat("AB:", 31) + "CD\r\n" +
		"a=setup:actpass\r\na=rtcp-mux\r\na=rtpmap:109 opus/48000/2\r\na=rtpmap:0 PCMU/8000\r\na=extmap:3/recvonly " + levelURI + "\r\n"
	for _, m := range more {
		s += m + "\r\n"
	}
	return s
}

func offerOf(bundle string, sections ...string) string {
	s := "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
	if bundle != "" {
		s += "a=group:BUNDLE " + bundle + "\r\n"
	}
	return s + strings.Join(sections, "")
}

const ssrcLine = "a=ssrc:1234 cname:x"

const videoLine = "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:v\r\na=sendrecv\r\na=rtpmap:96 VP8/90000\r\n"

const dataLine = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:d\r\na=sctp-port:5000\r\n"

func TestOfferUses(t *testing.T) {
	tests := []struct {
		name  string
		offer string
		want  []use
	}{
		{
			"slots and microphone",
			offerOf("0 1 2 3", audioLine("0", "recvonly"), audioLine("1", "recvonly"), audioLine("2", "recvonly"), audioLine("3", "sendonly", ssrcLine)),
			[]use{useSlot, useSlot, useSlot, useMic},
		},
		{"microphone first", offerOf("0 1", audioLine("0", "sendonly", ssrcLine), audioLine("1", "recvonly")), []use{useMic, useSlot}},
		{
			"more lines than slots",
			offerOf("0 1 2 3 4", audioLine("0", "recvonly"), audioLine("1", "recvonly"), audioLine("2", "recvonly"), audioLine("3", "recvonly"), audioLine("4", "sendrecv", ssrcLine)),
			[]use{useSlot, useSlot, useSlot, useInactive, useMic},
		},
		{"all lines both ways", offerOf("0 1", audioLine("0", "sendrecv", ssrcLine), audioLine("1", "sendrecv", ssrcLine)), []use{useSlot, useMic}},
		{"one line that receives", offerOf("0", audioLine("0", "recvonly")), []use{useSlot}},
		{"one line that sends", offerOf("0", audioLine("0", "sendonly", ssrcLine)), []use{useMic}},
		{"one line both ways", offerOf("0", audioLine("0", "sendrecv", ssrcLine)), []use{useBoth}},
		{"one line both ways without SSRC", offerOf("0", audioLine("0", "sendrecv")), []use{useSlot}},
		{"no bundle, one transport", offerOf("", audioLine("0", "recvonly"), audioLine("1", "sendonly", ssrcLine)), []use{useSlot, useNone}},
		{"outside the bundle", offerOf("0 2", audioLine("0", "recvonly"), audioLine("1", "recvonly"), audioLine("2", "sendonly", ssrcLine)), []use{useSlot, useNone, useMic}},
		{"video and data", offerOf("v 0 d", videoLine, audioLine("0", "recvonly"), dataLine), []use{useNone, useSlot, useNone}},
		{"an inactive line", offerOf("0 1", audioLine("0", "inactive"), audioLine("1", "recvonly")), []use{useInactive, useSlot}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o, err := parseOffer(tt.offer, 3, Both)
			if err != nil {
				t.Fatal(err)
			}
			var got []use
			for _, s := range o.sections {
				got = append(got, s.use)
			}
			if fmt.Sprint(got) != fmt.Sprint(tt.want) {
				t.Errorf("uses %v, want %v", got, tt.want)
			}
			checkAnswer(t, tt.offer, answerFor(&o))
		})
	}
}

func answerFor(o *offer) string {
	l := local{
		ufrag: "node", password: "9876543210987654321098", fingerprint: "sha-256 " + strings.Repeat("01:", 31) + "02", session: 7,
		addresses: []netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:7081"), netip.MustParseAddrPort("[2001:db8::1]:7081")},
	}
	for i := range o.slots {
		l.ssrcs = append(l.ssrcs, uint32(1000+i))
	}
	return o.answer(l)
}

// checkAnswer holds an answer against the rules of RFC 3264, 8843 and 9429.
func checkAnswer(t *testing.T, offer, answer string) {
	t.Helper()
	var o, a sdp.SessionDescription
	check(t, o.UnmarshalString(offer))
	if err := a.UnmarshalString(answer); err != nil {
		t.Fatalf("answer: %v\n%s", err, answer)
	}
	if strings.Contains(strings.ReplaceAll(answer, "\r\n", ""), "\n") || strings.Contains(answer, "\r\r") {
		t.Errorf("line ends:\n%q", answer)
	}
	if len(a.MediaDescriptions) != len(o.MediaDescriptions) {
		t.Fatalf("%d sections, offered %d", len(a.MediaDescriptions), len(o.MediaDescriptions))
	}
	if _, lite := a.Attribute("ice-lite"); !lite {
		t.Error("not ICE-lite")
	}
	group, _ := a.Attribute("group")
	candidates := 0
	for i, m := range a.MediaDescriptions {
		was := o.MediaDescriptions[i]
		mid, _ := m.Attribute("mid")
		if wasMid, _ := was.Attribute("mid"); mid != wasMid || m.MediaName.Media != was.MediaName.Media || strings.Join(m.MediaName.Protos, "/") != strings.Join(was.MediaName.Protos, "/") {
			t.Errorf("section %d is %v %q", i, m.MediaName, mid)
		}
		accepted := m.MediaName.Port.Value != 0
		if inGroup := strings.Contains(" "+group+" ", " "+mid+" "); group != "" && inGroup != accepted {
			t.Errorf("section %d: accepted %v, bundled %v", i, accepted, inGroup)
		}
		if !accepted {
			continue
		}
		if fmtp, _ := m.Attribute("fmtp"); fmtp != "109 minptime=10;useinbandfec=1" {
			t.Errorf("section %d: fmtp %q", i, fmtp)
		}
		for _, key := range []string{"ice-ufrag", "ice-pwd", "fingerprint", "setup", "rtcp-mux", "extmap"} {
			if _, ok := m.Attribute(key); !ok {
				t.Errorf("section %d lacks %s", i, key)
			}
		}
		_, theySend := was.Attribute("sendonly")
		_, theyReceive := was.Attribute("recvonly")
		_, weSend := m.Attribute("sendonly")
		_, weReceive := m.Attribute("recvonly")
		_, both := m.Attribute("sendrecv")
		if theySend && (weSend || both) || theyReceive && (weReceive || both) {
			t.Errorf("section %d: directions do not match", i)
		}
		for _, x := range m.Attributes {
			if x.Key == "candidate" {
				candidates++
			}
		}
	}
	if candidates != 2 {
		t.Errorf("%d candidates", candidates)
	}
}

func TestOfferRefusals(t *testing.T) {
	good := offerOf("0", audioLine("0", "recvonly"))
	with := func(old, replacement string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("%q is not in the offer", old)
		}
		return strings.ReplaceAll(good, old, replacement)
	}
	tests := []struct {
		name, offer string
		want        reason.Reason
	}{
		{"nothing", "", reason.MediaSDP},
		{"garbage", "hello\x00\xff", reason.MediaSDP},
		{"json", `{"type":"offer"}`, reason.MediaSDP},
		{"1 MiB", strings.Repeat("a=x\r\n", 1<<20/5), reason.MediaSDPSize},
		{"over 64 KiB", good + strings.Repeat("a", MaxSDP), reason.MediaSDPSize},
		{"5,000 lines", good + strings.Repeat("a=x\r\n", 5000), reason.MediaSDPSize},
		{"5,000 media lines", good + strings.Repeat("m=a 0 x 0\r\n", 5000), reason.MediaSDPSize},
		{"65 media lines", good + strings.Repeat("m=audio 0 RTP/AVP 0\r\n", 64), reason.MediaSDPSize},
		{"no media", offerOf(""), reason.MediaNoAudio},
		{"video only", offerOf("v", videoLine), reason.MediaNoAudio},
		{"data only", offerOf("d", dataLine), reason.MediaNoAudio},
		{"no Opus", with("opus/48000/2", "speex/48000/2"), reason.MediaNoAudio},
		{"mono Opus", with("opus/48000/2", "opus/48000"), reason.MediaNoAudio},
		{"Opus is not in the list", with("SAVPF 109 0", "SAVPF 0"), reason.MediaNoAudio},
		{"payload type of 8 bits", with("109", "209"), reason.MediaNoAudio},
		{"plain RTP", with("UDP/TLS/RTP/SAVPF", "RTP/AVP"), reason.MediaNoAudio},
		{"disabled line", with("m=audio 9", "m=audio 0"), reason.MediaNoAudio},
		{"inactive", with("recvonly\r\na=ice", "inactive\r\na=ice"), reason.MediaNoAudio},
		{"sends, no SSRC", offerOf("0", audioLine("0", "sendonly")), reason.MediaNoAudio},
		{"no user name", with("a=ice-ufrag:abcd\r\n", ""), reason.MediaSDP},
		{"bad user name", with("abcd", "ab cd"), reason.MediaSDP},
		{"short password", with("0123456789012345678901", "0123"), reason.MediaSDP},
		{"no fingerprint", with("a=fingerprint", "a=x"), reason.MediaSDP},
		{"SHA-1", with("sha-256", "sha-1"), reason.MediaSDP},
		{"odd fingerprint", with(":CD", ":C"), reason.MediaSDP},
		{"held connection", with("actpass", "holdconn"), reason.MediaSDP},
		{"a mid twice", offerOf("0", audioLine("0", "recvonly"), audioLine("0", "recvonly")), reason.MediaSDP},
		{"a mid with spaces", with("a=mid:0", "a=mid:0 1"), reason.MediaSDP},
		{"an empty mid", with("a=mid:0", "a=mid:"), reason.MediaSDP},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := parseOffer(tt.offer, 3, Both); reason.Of(err) != tt.want {
				t.Errorf("%v, want %s", err, tt.want)
			}
		})
	}
}

// TestRecordedOffers reads offers that browsers made.
func TestRecordedOffers(t *testing.T) {
	files, err := filepath.Glob("testdata/offers/*.sdp")
	check(t, err)
	if len(files) == 0 {
		t.Fatal("no recorded offers")
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		check(t, err)
		o, err := parseOffer(string(text), 3, Both)
		if err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		if len(o.slots) != 3 || !slices.Equal(o.mics, []int{3}) || o.sections[3].levelID == 0 || o.sections[3].ssrc == 0 || o.setup != "actpass" {
			t.Errorf("%s: %+v", f, o)
		}
	}
}

// FuzzOffer: what is accepted can be answered, the answer parses, and pion takes the plain offer made of it.
func FuzzOffer(f *testing.F) {
	f.Add(offerOf("0 1 2 3", audioLine("0", "recvonly"), audioLine("1", "recvonly"), audioLine("2", "recvonly"), audioLine("3", "sendonly", ssrcLine)))
	f.Add(offerOf("v 0 d", videoLine, audioLine("0", "sendrecv", ssrcLine), dataLine))
	f.Add(offerOf("", audioLine("0", "recvonly")))
	f.Fuzz(func(t *testing.T, text string) {
		o, err := parseOffer(text, 3, Both)
		if err != nil {
			switch reason.Of(err) {
			case reason.MediaSDP, reason.MediaSDPSize, reason.MediaNoAudio:
			default:
				t.Fatalf("refused with %v", err)
			}
			return
		}
		answer := answerFor(&o)
		var a sdp.SessionDescription
		if err := a.UnmarshalString(answer); err != nil {
			t.Fatalf("answer: %v\n%q", err, answer)
		}
		if len(a.MediaDescriptions) != len(o.sections) || len(o.slots) > 3 || len(o.slots) == 0 && len(o.mics) == 0 {
			t.Fatalf("%d sections for %d", len(a.MediaDescriptions), len(o.sections))
		}
		plain := webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: o.plain()}
		if _, err := plain.Unmarshal(); err != nil {
			t.Fatalf("plain: %v\n%q", err, plain.SDP)
		}
	})
}
