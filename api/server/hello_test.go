package server

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
)

func TestHellosThatAreNone(t *testing.T) {
	h := start(t)
	token := h.token()
	room := testRoom.String()
	for name, c := range map[string]struct{ text, code string }{
		"garbage":         {"\x00\x01garbage", "request-invalid"},
		"empty":           {"", "request-invalid"},
		"not an object":   {`"hello"`, "request-invalid"},
		"null":            {`null`, "request-invalid"},
		"another type":    {`{"type":"goodbye","token":"` + token + `"}`, "request-invalid"},
		"no type":         {`{"token":"` + token + `"}`, "request-invalid"},
		"type in capital": {`{"Type":"hello","token":"` + token + `"}`, "request-invalid"},
		"no token":        {`{"type":"hello"}`, "session-required"},
		"wrong token":     {`{"type":"hello","token":"AAAA"}`, "session-required"},
		"unknown member":  {`{"type":"hello","token":"` + token + `","admin":true}`, "request-invalid"},
		"token twice":     {`{"type":"hello","token":"x","token":"` + token + `"}`, "request-invalid"},
		"two documents":   {`{"type":"hello","token":"` + token + `"}{}`, "request-invalid"},
		"no room id":      {`{"type":"hello","token":"` + token + `","room":"lobby"}`, "request-invalid"},
		"resume nothing":  {`{"type":"hello","token":"` + token + `","run":"r","since":3}`, "request-invalid"},
		"negative":        {`{"type":"hello","token":"` + token + `","room":"` + room + `","since":-1}`, "request-invalid"},
		"fraction":        {`{"type":"hello","token":"` + token + `","room":"` + room + `","since":1.5}`, "request-invalid"},
		"4 KiB and one":   {`{"type":"hello","token":"` + token + `"}` + strings.Repeat(" ", maxHello), "request-too-large"},
		"64 KiB":          {strings.Repeat("a", 64<<10), "request-too-large"},
		"1 MiB":           {strings.Repeat("a", 1<<20), "request-too-large"},
	} {
		t.Run(name, func(t *testing.T) {
			h := h.in(t)
			l := h.connect()
			l.say(c.text)
			l.hearRefusal(c.code)
		})
	}
	l := h.connect()
	if err := l.conn.Write(t.Context(), websocket.MessageBinary, []byte(helloText(t, api.Hello{Type: "hello", Token: token}))); err != nil {
		t.Fatal(err)
	}
	l.hearRefusal("request-invalid")
	if n := h.fake.count(); n != 0 {
		t.Errorf("%d calls went through", n)
	}
}

func TestHelloOfExactlyTheLimitIsTaken(t *testing.T) {
	h := start(t)
	text := helloText(t, api.Hello{Type: "hello", Token: h.token(), Room: &testRoom})
	l := h.connect()
	l.say(text + strings.Repeat(" ", maxHello-len(text)))
	h.visit()
}

func TestNothingMayFollowTheHello(t *testing.T) {
	h := start(t)
	token := h.token()
	for name, frame := range map[string]string{
		"small": "{}", "empty": "", "64 KiB": strings.Repeat("a", 64<<10), "4 MiB": strings.Repeat("a", 4<<20),
	} {
		l, v := h.enter(token)
		_ = l.conn.Write(t.Context(), websocket.MessageText, []byte(frame)) // a large one may be cut off
		h.wantLeft(v)
		if len(frame) < 1<<20 {
			l.hearRefusal("request-invalid")
		}
		t.Log(name)
	}
}

// Bytes that are no frames end the connection and the presence.
func TestFramesThatAreNone(t *testing.T) {
	h := start(t)
	token := h.token()
	for name, send := range map[string]string{
		"garbage":          strings.Repeat("\xff\x00garbage", 100),
		"unmasked":         "\x81\x02{}",
		"reserved bit":     "\xc1\x80\x00\x00\x00\x00",
		"unknown opcode":   "\x83\x80\x00\x00\x00\x00",
		"continuation":     "\x80\x80\x00\x00\x00\x00",
		"large ping":       "\x89\xfe\x00\x7e\x00\x00\x00\x00" + strings.Repeat("a", 126),
		"fragmented close": "\x08\x80\x00\x00\x00\x00",
		"end":              "",
	} {
		t.Run(name, func(t *testing.T) {
			h := h.in(t)
			conn := h.rawSocket(token)
			v := h.visit()
			if send == "" {
				_ = conn.Close()
			} else if _, err := io.WriteString(conn, send); err != nil {
				t.Fatal(err)
			}
			h.wantLeft(v)
			if send != "" {
				_, err := io.Copy(io.Discard, conn) // ends because the server closes
				var late net.Error
				if errors.As(err, &late) && late.Timeout() {
					t.Error("the connection stays open")
				}
			}
		})
	}
}

// rawSocket enters the test's room by hand, for what no library would send.
func (h *harness) rawSocket(token string) net.Conn {
	h.Helper()
	host := strings.TrimPrefix(h.url, "http://")
	conn := h.dialAny()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	hello := helloText(h.T, api.Hello{Type: "hello", Token: token, Room: &testRoom})
	shake := "GET /api/v1/events HTTP/1.1\r\nHost: " + host + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
	if _, err := io.WriteString(conn, shake); err != nil {
		h.Fatal(err)
	}
	var head strings.Builder
	one := make([]byte, 1)
	for !strings.HasSuffix(head.String(), "\r\n\r\n") {
		if _, err := conn.Read(one); err != nil {
			h.Fatal(err)
		}
		head.Write(one)
	}
	if !strings.HasPrefix(head.String(), "HTTP/1.1 101") {
		h.Fatal(head.String())
	}
	if _, err := conn.Write(append([]byte{0x81, 0xfe, byte(len(hello) >> 8), byte(len(hello)), 0, 0, 0, 0}, hello...)); err != nil {
		h.Fatal(err)
	}
	return conn
}

func (h *harness) dialAny() net.Conn {
	h.Helper()
	if h.client.Transport.(*http.Transport).DialContext != nil {
		return h.dial()
	}
	conn, err := (&net.Dialer{}).DialContext(h.Context(), "tcp", strings.TrimPrefix(h.url, "http://"))
	if err != nil {
		h.Fatal(err)
	}
	h.Cleanup(func() { _ = conn.Close() })
	return conn
}

func FuzzHello(f *testing.F) {
	token := strings.Repeat("A", 43)
	f.Add([]byte(`{"type":"hello","token":"` + token + `"}`))
	f.Add([]byte(`{"type":"hello","token":"` + token + `","room":"` + testRoom.String() + `","run":"r","since":3}`))
	f.Add([]byte(`{"type":"hello","token":"","since":-1}`))
	f.Add([]byte(`[[[[`))
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := parseHello(data)
		if err != nil {
			if r := reason.Of(err); r != reason.RequestInvalid && r != reason.SessionRequired {
				t.Fatalf("refused for %s", r)
			}
			return
		}
		if h.Type != "hello" || h.Token == "" || h.Since < 0 || h.Room == nil && (h.Run != "" || h.Since != 0) {
			t.Fatalf("%q was taken as %+v", data, h)
		}
	})
}

// FuzzAction sends anything as an action: it is done as it was written, or refused with a code.
func FuzzAction(f *testing.F) {
	ana := identity.Generate()
	for _, a := range []string{
		`{"type":"raise_hand","question":"why?"}`, `{"type":"leave"}`, `{"type":"mute","target":"` + ana.Public().String() + `"}`,
		`{"type":"mute"}`, `{}`, `[`, `{"type":"raise_hand","question":"\u202e"}`,
	} {
		f.Add([]byte(a))
	}
	back := newFake(ana.Public())
	back.admit(ana.Public(), "Ana")
	s := fuzzServer(f, back)
	token, _ := s.sessions.open(ana.Public(), "")
	f.Fuzz(func(t *testing.T, data []byte) {
		before := back.count()
		status, code := fuzzPost(t, s, "/api/v1/rooms/"+testRoom.String()+"/actions", token, data)
		switch {
		case status == http.StatusNoContent:
			call, _ := back.last().(memberCall)
			action, ok := call.Arg.(api.Action)
			if !ok || back.count() != before+1 || action.Check() != nil {
				t.Fatalf("%q led to %v", data, back.last())
			}
		case code == "" || status >= 500:
			t.Fatalf("%q: %d %q", data, status, code)
		case back.count() != before:
			t.Fatalf("%q was refused and done", data)
		}
	})
}
