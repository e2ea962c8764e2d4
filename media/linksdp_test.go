package media

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/pion/webrtc/v3"

	"github.com/stoa-rooms/stoa/reason"
)

func testLocal(slots int) local {
	l := local{
		ufrag: "node", password: "9876543210987654321098", fingerprint: "sha-256 " + strings.Repeat("01:", 31) + "02", session: 7,
		addresses: []netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:7081"), netip.MustParseAddrPort("[2001:db8::1]:7081")},
	}
	for i := range slots {
		l.ssrcs = append(l.ssrcs, uint32(1000+i))
	}
	return l
}

// TestLinkNegotiation: nodes with any number of slots agree on the smaller.
func TestLinkNegotiation(t *testing.T) {
	for relay := 1; relay <= maxSlots; relay++ {
		for _, host := range []int{1, 3, maxSlots} {
			text := linkOffer(testLocal(relay), relay)
			o, err := parseLinkOffer(text, host)
			check(t, err)
			both := min(relay, host)
			if len(o.slots) != both || len(o.mics) != both || o.sections[o.mics[0]].ssrc != 1000 {
				t.Fatalf("%d and %d: %+v", relay, host, o)
			}
			answer := o.answer(testLocal(both))
			a, err := parseLinkAnswer(answer, relay)
			if err != nil {
				t.Fatalf("%d and %d: %v\n%s", relay, host, err, answer)
			}
			if len(a.slots) != both || len(a.mics) != both || a.sections[a.mics[both-1]].ssrc != uint32(999+both) || fmt.Sprint(a.addresses) != "[192.0.2.1:7081 [2001:db8::1]:7081]" {
				t.Fatalf("%d and %d: %+v", relay, host, a)
			}
		}
	}
}

func TestLinkOfferRefuses(t *testing.T) {
	good := linkOffer(testLocal(2), 2)
	lines := strings.SplitAfter(good, "m=audio")
	session, _, _ := strings.Cut(good, "m=audio")
	for name, bad := range map[string]string{
		"empty":              "",
		"no lines":           session,
		"an odd number":      strings.Join(lines[:4], "")[:strings.LastIndex(strings.Join(lines[:4], ""), "m=audio")],
		"too many lines":     linkOffer(testLocal(maxSlots+1), maxSlots+1),
		"video":              strings.Replace(good, "m=audio", "m=video", 1),
		"rejected line":      strings.Replace(good, "m=audio 9", "m=audio 0", 1),
		"both ways":          strings.Replace(good, "a=recvonly", "a=sendrecv", 1),
		"inactive":           strings.Replace(good, "a=recvonly", "a=inactive", 1),
		"wrong order":        strings.Replace(strings.Replace(good, "a=recvonly", "a=x", 1), "a=sendonly", "a=recvonly", 1),
		"only up":            strings.ReplaceAll(good, "a=recvonly", "a=sendonly\r\na=ssrc:5 x"),
		"no level":           strings.ReplaceAll(good, "a=extmap:1 ", "a=extmap:1 x"),
		"two levels":         strings.Replace(good, "a=extmap:1 ", "a=extmap:2 ", 1),
		"two payload types":  strings.Replace(strings.Replace(good, "SAVPF 111", "SAVPF 112", 1), "a=rtpmap:111", "a=rtpmap:112", 1),
		"no SSRC":            strings.Replace(good, "a=ssrc:1001", "a=x:1001", 1),
		"one SSRC twice":     strings.Replace(good, "a=ssrc:1001", "a=ssrc:1000", 1),
		"no bundle":          strings.Replace(good, "a=group:BUNDLE", "a=group:LS", 1),
		"outside the bundle": strings.Replace(good, "BUNDLE 0 1 2 3", "BUNDLE 0 1 2", 1),
		"one mid twice":      strings.Replace(good, "a=mid:3", "a=mid:2", 1),
		"no fingerprint":     strings.ReplaceAll(good, "a=fingerprint", "a=x"),
		"no password":        strings.ReplaceAll(good, "a=ice-pwd", "a=x"),
		"no choice of roles": strings.ReplaceAll(good, "actpass", "passive"),
		"not secure":         strings.ReplaceAll(good, "UDP/TLS/RTP/SAVPF", "RTP/AVPF"),
	} {
		if bad == good {
			t.Fatalf("%s: nothing changed", name)
		}
		if _, err := parseLinkOffer(bad, 3); reason.Of(err) != reason.MediaSDP {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLinkAnswerRefuses(t *testing.T) {
	o, err := parseLinkOffer(linkOffer(testLocal(2), 2), 2)
	check(t, err)
	good := o.answer(testLocal(2))
	if _, err := parseLinkAnswer(good, 2); err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]string{
		"empty":               "",
		"not lite":            strings.Replace(good, "a=ice-lite", "a=x", 1),
		"active":              strings.ReplaceAll(good, "a=setup:passive", "a=setup:active"),
		"another payload":     strings.ReplaceAll(good, "111", "112"),
		"another extension":   strings.ReplaceAll(good, "a=extmap:1 ", "a=extmap:2 "),
		"other mids":          strings.ReplaceAll(strings.ReplaceAll(good, "a=mid:3", "a=mid:x"), "1 2 3", "1 2 x"),
		"a rejected line":     strings.Replace(good, "m=audio 7081", "m=audio 0", 1),
		"both ways":           strings.Replace(good, "a=sendonly", "a=sendrecv", 1),
		"the wrong way":       strings.Replace(good, "a=sendonly", "a=recvonly", 1),
		"nothing down":        strings.ReplaceAll(good, "a=sendonly", "a=inactive"),
		"nothing up":          strings.ReplaceAll(good, "a=recvonly", "a=inactive"),
		"a hole":              strings.Replace(good, "a=sendonly", "a=inactive", 1),
		"no SSRC":             strings.Replace(good, "a=ssrc:1000", "a=x:1000", 1),
		"no address":          strings.ReplaceAll(good, "a=candidate", "a=x"),
		"a name":              strings.ReplaceAll(strings.ReplaceAll(good, " 192.0.2.1 ", " example.com "), " 2001:db8::1 ", " x.local "),
		"nowhere":             strings.ReplaceAll(strings.ReplaceAll(good, " 192.0.2.1 ", " 0.0.0.0 "), " 2001:db8::1 ", " ff02::1 "),
		"port 0":              strings.ReplaceAll(good, " 7081 typ", " 0 typ"),
		"an answer to others": linkOffer(testLocal(3), 3),
	} {
		if bad == good {
			t.Fatalf("%s: nothing changed", name)
		}
		if _, err := parseLinkAnswer(bad, 2); reason.Of(err) != reason.MediaSDP {
			t.Errorf("%s: %v", name, err)
		}
	}
	var many strings.Builder
	for i := range 100 {
		fmt.Fprintf(&many, "a=candidate:1 1 udp 1 192.0.2.%d 7 typ host\r\n", i)
	}
	a, err := parseLinkAnswer(strings.Replace(good, "a=candidate", many.String()+"a=candidate", 1), 2)
	if err != nil || len(a.addresses) != maxCandidates {
		t.Errorf("%d addresses: %v", len(a.addresses), err)
	}
}

// FuzzLink: what is accepted can be answered, or handed to pion; everything else is refused for a reason.
func FuzzLink(f *testing.F) {
	offer := linkOffer(testLocal(3), 3)
	o, err := parseLinkOffer(offer, 3)
	check(f, err)
	f.Add(offer)
	f.Add(o.answer(testLocal(3)))
	f.Add(linkOffer(testLocal(1), 1))
	f.Fuzz(func(t *testing.T, text string) {
		refused := func(err error) bool {
			if err != nil && reason.Of(err) != reason.MediaSDP && reason.Of(err) != reason.MediaSDPSize {
				t.Fatalf("refused with %v", err)
			}
			return err != nil
		}
		var plain []webrtc.SessionDescription
		if o, err := parseLinkOffer(text, 3); !refused(err) {
			if len(o.slots) == 0 || len(o.slots) > 3 || len(o.mics) != len(o.slots) {
				t.Fatalf("%d down, %d up", len(o.slots), len(o.mics))
			}
			plain = append(plain, webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: o.plain()},
				webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: o.answer(testLocal(3))})
		}
		for n := range 3 {
			if a, err := parseLinkAnswer(text, n); !refused(err) {
				if len(a.slots) == 0 || len(a.slots) > n || len(a.mics) == 0 || len(a.mics) > n {
					t.Fatalf("%d down, %d up", len(a.mics), len(a.slots))
				}
				plain = append(plain, webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: a.plain()})
			}
		}
		for _, d := range plain {
			if _, err := d.Unmarshal(); err != nil {
				t.Fatalf("%v\n%q", err, d.SDP)
			}
		}
	})
}

// TestMayCall: another node names addresses, and this one does not knock wherever it is told to.
func TestMayCall(t *testing.T) {
	inside := startServer(t, Config{})
	public := startServer(t, Config{Public: []netip.AddrPort{netip.MustParseAddrPort("203.0.113.7:7081")}})
	anywhere := startServer(t, Config{Addr: "0.0.0.0:0"})
	for _, tt := range []struct {
		to                       string
		inside, public, anywhere bool
	}{
		{"203.0.113.9", true, true, true},
		{"2001:db8::9", true, true, true},
		{"10.0.0.1", true, false, true},
		{"fd00::1", true, false, true},
		{"127.0.0.1", true, true, false}, // both of the first listen there
		{"::1", true, true, false},
		{"169.254.169.254", false, false, false},
		{"fe80::1", false, false, false},
		{"255.255.255.255", false, false, false},
	} {
		to := netip.MustParseAddr(tt.to)
		if got := [3]bool{inside.mayCall(to), public.mayCall(to), anywhere.mayCall(to)}; got != [3]bool{tt.inside, tt.public, tt.anywhere} {
			t.Errorf("%s: %v", tt.to, got)
		}
	}
}

func TestFollowCallsNoAddressThatItMayNot(t *testing.T) {
	host := startServer(t, Config{Public: []netip.AddrPort{netip.MustParseAddrPort("169.254.169.254:80")}}).Room(roomID(1))
	r := startServer(t, Config{}).Room(roomID(1))
	if err := r.Follow(t.Context(), askedAs("b", host)); reason.Of(err) != reason.MediaSDP {
		t.Errorf("%v", err)
	}
}
