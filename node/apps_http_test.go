package node_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/pion/webrtc/v3"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/reason"
)

const sdpType, fragmentType = "application/sdp", "application/trickle-ice-sdpfrag"

// TestWhatWHIPAsks of an endpoint besides audio: RFC 9725, sections 4.2 to 4.6.
func TestWhatWHIPAsks(t *testing.T) {
	p := newPorch(t)
	whip := app(t, p.leo, api.DirectionSpeak)
	whip.connect(0)
	session := p.node.URL() + whip.location
	if !strings.HasPrefix(whip.location, "/whip/"+p.leo.Room().String()+"/") || !strings.HasPrefix(whip.etag, `"`) {
		t.Errorf("Location %q, ETag %q", whip.location, whip.etag)
	}
	trickle := "a=group:BUNDLE 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n" +
		"a=candidate:1 1 udp 2130706431 192.0.2.1 3478 typ host generation 0\r\na=end-of-candidates\r\n"
	for _, c := range []struct {
		name, method, url, body string
		header                  map[string]string
		status                  int
		code                    reason.Reason
	}{
		{"GET is kept for later", "GET", whip.url, "", nil, 405, reason.MethodDenied},
		{"so is PUT", "PUT", whip.url, "", nil, 405, reason.MethodDenied},
		{"and GET of a connection", "GET", session, "", nil, 405, reason.MethodDenied},
		{"POST to a connection", "POST", session, "", nil, 405, reason.MethodDenied},
		{"DELETE of an endpoint", "DELETE", whip.url, "", nil, 405, reason.MethodDenied},
		{"an offer in JSON", "POST", whip.url, "{}", map[string]string{"Content-Type": "application/json"}, 415, reason.RequestMedia},
		{"an offer of no type", "POST", whip.url, "v=0", nil, 415, reason.RequestMedia},
		{"an offer that is none", "POST", whip.url, "hello", map[string]string{"Content-Type": sdpType}, 400, reason.MediaSDP},
		{"no offer", "POST", whip.url, "", map[string]string{"Content-Type": sdpType}, 400, reason.MediaSDP},
		{"trickled candidates", "PATCH", session, trickle, map[string]string{"Content-Type": fragmentType, "If-Match": whip.etag}, 204, ""},
		{"without If-Match", "PATCH", session, trickle, map[string]string{"Content-Type": fragmentType}, 428, reason.AppETag},
		{"for another ICE session", "PATCH", session, trickle, map[string]string{"Content-Type": fragmentType, "If-Match": `"x"`}, 412, reason.AppStale},
		{"among several", "PATCH", session, trickle, map[string]string{"Content-Type": fragmentType, "If-Match": `"x", ` + whip.etag}, 204, ""},
		{"a weak tag", "PATCH", session, trickle, map[string]string{"Content-Type": fragmentType, "If-Match": "W/" + whip.etag}, 412, reason.AppStale},
		{"an ICE restart without credentials", "PATCH", session, "a=end-of-candidates\r\n", map[string]string{"Content-Type": fragmentType, "If-Match": "*"}, 400, reason.AppFragment},
		{"an ICE restart with a short password", "PATCH", session, "a=ice-ufrag:abcd\r\na=ice-pwd:0123\r\n", map[string]string{"Content-Type": fragmentType, "If-Match": "*"}, 400, reason.MediaSDP},
		{"a fragment in JSON", "PATCH", session, "{}", map[string]string{"Content-Type": "application/json", "If-Match": whip.etag}, 415, reason.RequestMedia},
		{"a fragment that is none", "PATCH", session, "\x00\xff", map[string]string{"Content-Type": fragmentType, "If-Match": whip.etag}, 400, reason.AppFragment},
		{"an empty fragment", "PATCH", session, "", map[string]string{"Content-Type": fragmentType, "If-Match": whip.etag}, 400, reason.AppFragment},
		{"a broken candidate", "PATCH", session, "a=candidate:1 1 udp\r\n", map[string]string{"Content-Type": fragmentType, "If-Match": whip.etag}, 400, reason.AppFragment},
		{"a long fragment", "PATCH", session, strings.Repeat("a=x\r\n", 4000), map[string]string{"Content-Type": fragmentType, "If-Match": whip.etag}, 400, reason.AppFragment},
		{"another's connection", "DELETE", session + "x", "", nil, 404, reason.MediaLegGone},
	} {
		res, body := whip.ask(c.method, c.url, c.body, c.header)
		if res.StatusCode != c.status || codeOf(body) != string(c.code) {
			t.Errorf("%s: %d %s, want %d %s", c.name, res.StatusCode, codeOf(body), c.status, c.code)
		}
		if c.status == 405 && res.Header.Get("Allow") == "" {
			t.Errorf("%s: 405 without Allow", c.name)
		}
	}
	nobody := whip.again()
	nobody.token = ""
	if res, _ := nobody.ask("POST", whip.url, "v=0", map[string]string{"Content-Type": sdpType}); res.StatusCode != 401 || res.Header.Get("WWW-Authenticate") != "Bearer" {
		t.Errorf("without a token: %d, %q", res.StatusCode, res.Header.Get("WWW-Authenticate"))
	}
	if whip.end() != http.StatusOK || whip.end() != http.StatusNotFound {
		t.Error("DELETE does not end the connection once")
	}
}

// TestPagesOfOthersMayConnectApps: a token is all that counts, so any origin may ask; nothing else of the node is open so.
func TestPagesOfOthersMayConnectApps(t *testing.T) {
	p := newPorch(t)
	whep := app(t, p.leo, api.DirectionListen)
	res, _ := whep.ask("OPTIONS", whep.url, "", map[string]string{
		"Origin": "https://player.example", "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type",
	})
	h := res.Header
	if res.StatusCode != 204 || h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Accept-Post") != sdpType ||
		!strings.Contains(h.Get("Access-Control-Allow-Methods"), "POST") || !strings.Contains(h.Get("Access-Control-Allow-Headers"), "Authorization") {
		t.Errorf("OPTIONS: %d %v", res.StatusCode, h)
	}
	res, body := whep.ask("POST", whep.url, whep.open(1), map[string]string{"Origin": "https://player.example", "Content-Type": sdpType})
	if res.StatusCode != 201 || res.Header.Get("Access-Control-Allow-Origin") != "*" ||
		!strings.Contains(res.Header.Get("Access-Control-Expose-Headers"), "Location") || res.Header.Get("Accept-Patch") != fragmentType {
		t.Errorf("POST: %d %v %s", res.StatusCode, res.Header, body)
	}
	res, body = whep.ask("POST", p.node.URL()+api.Base+"/rooms/"+p.leo.Room().String()+"/media", "v=0",
		map[string]string{"Origin": "https://player.example", "Content-Type": sdpType})
	if res.StatusCode != 403 || codeOf(body) != string(reason.OriginDenied) {
		t.Errorf("the API itself for another origin: %d %s", res.StatusCode, body)
	}
}

// TestOffersOfOtherPrograms: what is no audio is rejected line by line, for programs that always offer video; what leaves
// nothing is refused.
func TestOffersOfOtherPrograms(t *testing.T) {
	p := newPorch(t)
	whip := app(t, p.leo, api.DirectionSpeak)
	post := func(offer string) (int, string) {
		res, body := whip.ask("POST", whip.url, offer, map[string]string{"Content-Type": sdpType})
		return res.StatusCode, body
	}
	offer := func(mids string, sections ...string) string {
		return "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE" + mids + "\r\na=ice-options:trickle ice2\r\na=ice-ufrag:abcd\r\n" +
			"a=ice-pwd:0123456789012345678901\r\na=fingerprint:sha-256 " + strings.Repeat("AB:", 31) + "AB\r\na=setup:actpass\r\n" + strings.Join(sections, "")
	}
	section := func(media, mid, direction string, payload int, ssrc int) string {
		codec := "opus/48000/2"
		if media == "video" {
			codec = "H264/90000"
		}
		return fmt.Sprintf("m=%s 9 UDP/TLS/RTP/SAVPF %d\r\nc=IN IP4 0.0.0.0\r\na=mid:%s\r\na=rtcp-mux\r\na=%s\r\na=rtpmap:%[2]d %[5]s\r\na=ssrc:%[6]d cname:x\r\n",
			media, payload, mid, direction, codec, ssrc)
	}
	data := "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:d\r\na=sctp-port:5000\r\n"
	audio := section("audio", "a", "sendonly", 97, 7)

	status, answer := post(offer(" v a", section("video", "v", "sendonly", 96, 8), audio))
	if status != 201 || !strings.Contains(answer, "m=video 0 ") || !strings.Contains(answer, "a=group:BUNDLE a\r\n") ||
		!strings.Contains(answer, "a=recvonly") || !strings.Contains(answer, "a=rtpmap:97 opus") || !strings.Contains(answer, "a=end-of-candidates") {
		t.Errorf("video before audio: %d\n%s", status, answer)
	}
	if status, answer = post(offer(" a d", audio, data)); status != 201 || !strings.Contains(answer, "m=application 0 ") {
		t.Errorf("a data channel: %d\n%s", status, answer)
	}
	if status, answer = post(offer(" a", section("audio", "a", "sendrecv", 97, 7))); status != 201 || !strings.Contains(answer, "a=recvonly") {
		t.Errorf("a line in both directions: %d\n%s", status, answer)
	}
	var many, mids strings.Builder
	for i := range 40 {
		fmt.Fprintf(&mids, " %d", i)
		many.WriteString(section("audio", fmt.Sprint(i), "sendonly", 97, 100+i))
	}
	if status, answer = post(offer(mids.String(), many.String())); status != 201 || strings.Count(answer, "a=recvonly") != 1 || strings.Count(answer, "a=inactive") != 39 {
		t.Errorf("forty lines: %d, %d taken, %d not", status, strings.Count(answer, "a=recvonly"), strings.Count(answer, "a=inactive"))
	}
	for _, c := range []struct {
		name, offer string
		status      int
		code        reason.Reason
	}{
		{"video alone", offer(" v", section("video", "v", "sendonly", 96, 8)), 400, reason.MediaNoAudio},
		{"a data channel alone", offer(" d", data), 400, reason.MediaNoAudio},
		{"audio that only receives", offer(" a", section("audio", "a", "recvonly", 97, 7)), 400, reason.MediaNoAudio},
		{"a mebibyte", offer(" a", audio, strings.Repeat("a=x:"+strings.Repeat("y", 60)+"\r\n", 16<<10)), 413, reason.MediaSDPSize},
		{"seventy lines", offer("", strings.Repeat(strings.ReplaceAll(audio, "a=mid:a\r\n", ""), 70)), 413, reason.MediaSDPSize},
	} {
		if status, body := post(c.offer); status != c.status || codeOf(body) != string(c.code) {
			t.Errorf("%s: %d %s, want %d %s", c.name, status, codeOf(body), c.status, c.code)
		}
	}
	p.hearsNothing(t, "offers that nothing was sent for")
}

// TestAProgramRestartsICE: who comes to another network keeps the connection, and is heard on; the tags of before are
// stale, and a restart that no check follows ends like any loss.
func TestAProgramRestartsICE(t *testing.T) {
	p := newPorch(t)
	whip := speaks(t, p.leo)
	p.hears(t, "the program")
	session, header := p.node.URL()+whip.location, func(match string) map[string]string {
		return map[string]string{"Content-Type": fragmentType, "If-Match": match}
	}
	tags := []string{whip.etag}
	for range 2 {
		was := whip.pc.CurrentRemoteDescription().SDP
		offer, err := whip.pc.CreateOffer(&webrtc.OfferOptions{ICERestart: true})
		if err != nil {
			t.Fatal(err)
		}
		if err := whip.pc.SetLocalDescription(offer); err != nil {
			t.Fatal(err)
		}
		res, body := whip.ask("PATCH", session, "a=ice-ufrag:"+attribute(offer.SDP, "ice-ufrag")+"\r\na=ice-pwd:"+attribute(offer.SDP, "ice-pwd")+"\r\n", header("*"))
		if res.StatusCode != 200 || res.Header.Get("Content-Type") != fragmentType || slices.Contains(tags, res.Header.Get("ETag")) {
			t.Fatalf("%d %v\n%s", res.StatusCode, res.Header, body)
		}
		tags = append(tags, res.Header.Get("ETag"))
		answer := was
		for _, key := range []string{"ice-ufrag", "ice-pwd"} {
			answer = strings.ReplaceAll(answer, attribute(was, key), attribute(body, key))
		}
		if answer == was || !strings.Contains(body, "a=candidate:") {
			t.Fatalf("nothing new in\n%s", body)
		}
		if err := whip.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
			t.Fatal(err)
		}
		p.hears(t, "the program, after it has restarted")
	}
	for i, tag := range tags {
		want := 412
		if i == len(tags)-1 {
			want = 204
		}
		if res, body := whip.ask("PATCH", session, "a=end-of-candidates\r\n", header(tag)); res.StatusCode != want {
			t.Errorf("the tag of session %d: %d %s", i, res.StatusCode, codeOf(body))
		}
	}
	other := app(t, p.ana, api.DirectionSpeak)
	res, body := other.ask("PATCH", session, "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n", header("*"))
	if res.StatusCode != 404 || codeOf(body) != string(reason.MediaLegGone) {
		t.Errorf("by another's token: %d %s", res.StatusCode, body)
	}
	if whip.end() != http.StatusOK {
		t.Error("DELETE after restarts")
	}
	p.muted(t, true)
}

// attribute is the first of that name in SDP.
func attribute(sdp, key string) string {
	_, rest, _ := strings.Cut(sdp, "a="+key+":")
	value, _, _ := strings.Cut(rest, "\r\n")
	return value
}
