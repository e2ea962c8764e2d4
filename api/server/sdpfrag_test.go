package server

import (
	"testing"

	"github.com/stoa-rooms/stoa/reason"
)

const trickled = "a=group:BUNDLE 0 1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\na=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n" +
	"a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw network-id 1\r\n" +
	"a=candidate:3471623853 1 udp 2122194687 2001:db8::1 61765 typ host\r\na=end-of-candidates\r\n"

func TestParseFragment(t *testing.T) {
	f, err := parseFragment(trickled)
	if err != nil || f.candidates != 2 || !f.ended || f.theirs != (Credentials{"EsAw", "P2uYro0UCOQ4zxjKXaWCBui1"}) {
		t.Errorf("%+v, %v", f, err)
	}
	for _, text := range []string{
		"", "\r\n\r\n", "v=0\r\n", "a=\r\n", "hello", "a=ice-ufrag:a\r\n", "a=ice-pwd:" + string(make([]byte, 30)),
		"a=candidate:1 1 udp 1 192.0.2.1\r\n", "a=candidate:1 1 udp 1 192.0.2.1 9 typ\r\n", "a=mid:0\x00\r\n", "a=mid:é\r\n",
	} {
		if _, err := parseFragment(text); reason.Of(err) != reason.AppFragment {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzParseFragment(f *testing.F) {
	f.Add(trickled)
	f.Add("a=end-of-candidates")
	f.Add("m=\n\na=candidate:")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parseFragment(text)
		if err != nil && (reason.Of(err) != reason.AppFragment || got != fragment{}) {
			t.Errorf("%+v, %v", got, err)
		}
		if got.candidates > maxFragmentLines+1 {
			t.Errorf("%d candidates", got.candidates)
		}
	})
}
