package server

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
)

// listener is a client of the WebSocket.
type listener struct {
	*harness
	conn *websocket.Conn
}

// connect opens a WebSocket that has said nothing yet.
func (h *harness) connect(header ...string) *listener {
	h.Helper()
	l, res, err := h.tryConnect(header...)
	if err != nil {
		h.Fatalf("%v (%v)", err, res)
	}
	return l
}

func (h *harness) tryConnect(header ...string) (*listener, *http.Response, error) {
	h.Helper()
	o := &websocket.DialOptions{HTTPClient: h.client, HTTPHeader: http.Header{}}
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			o.Host = header[i+1]
			continue
		}
		o.HTTPHeader.Set(header[i], header[i+1])
	}
	conn, res, err := websocket.Dial(h.Context(), h.url+"/api/v1/events", o)
	if err != nil {
		return nil, res, err
	}
	conn.SetReadLimit(1 << 20)
	h.Cleanup(func() { _ = conn.CloseNow() })
	return &listener{h, conn}, res, nil
}

// enter opens a WebSocket into the test's room.
func (h *harness) enter(token string) (*listener, *fakeVisit) {
	h.Helper()
	l := h.connect()
	l.say(helloText(h.T, api.Hello{Type: "hello", Token: token, Room: &testRoom}))
	return l, h.visit()
}

func (h *harness) visit() *fakeVisit {
	h.Helper()
	select {
	case v := <-h.fake.entered:
		return v
	case <-time.After(10 * time.Second):
		h.Fatal("nobody entered")
		return nil
	}
}

func helloText(t *testing.T, h api.Hello) string {
	t.Helper()
	return encodeJSON(t, h)
}

func (l *listener) say(text string) {
	l.Helper()
	if err := l.conn.Write(l.Context(), websocket.MessageText, []byte(text)); err != nil {
		l.Fatal(err)
	}
}

// hear reads the next event as JSON.
func (l *listener) hear() map[string]any {
	l.Helper()
	ctx, cancel := context.WithTimeout(l.Context(), 10*time.Second)
	defer cancel()
	kind, data, err := l.conn.Read(ctx)
	if err != nil {
		l.Fatalf("instead of an event: %v", err)
	}
	if kind != websocket.MessageText {
		l.Errorf("an event of kind %v", kind)
	}
	var e map[string]any
	if err := json.Unmarshal(data, &e); err != nil {
		l.Fatalf("%s: %v", data, err)
	}
	return e
}

// hearEnd reads until the connection is closed, and gives the close frame.
func (l *listener) hearEnd() websocket.CloseError {
	l.Helper()
	ctx, cancel := context.WithTimeout(l.Context(), 20*time.Second)
	defer cancel()
	for {
		if _, _, err := l.conn.Read(ctx); err != nil {
			var end websocket.CloseError
			if !errors.As(err, &end) {
				l.Fatalf("the connection ended without a close frame: %v", err)
			}
			return end
		}
	}
}

// hearRefusal expects the refused event, and the close frame after it.
func (l *listener) hearRefusal(code string) api.Problem {
	l.Helper()
	e := l.hear()
	if e["type"] != "refused" {
		l.Fatalf("instead of a refusal of %s: %v", code, e)
	}
	var p api.Problem
	if err := json.Unmarshal([]byte(encodeJSON(l.T, e["problem"])), &p); err != nil {
		l.Fatal(err)
	}
	if p.Code != code || p.Title == "" || p.Status != reason.Reason(code).Status() {
		l.Fatalf("refused for %+v, want %s", p, code)
	}
	if end := l.hearEnd(); end.Reason != code || end.Code == websocket.StatusNormalClosure {
		l.Errorf("closed with %v", end)
	}
	return p
}

// wantLeft expects a presence to end.
func (h *harness) wantLeft(v *fakeVisit) {
	h.Helper()
	select {
	case <-v.closed:
	case <-time.After(10 * time.Second):
		h.Fatal("the presence did not end")
	}
}

func TestEventsOfARoomArriveInOrder(t *testing.T) {
	h := start(t)
	l, v := h.enter(h.token())
	head := api.Head{Type: api.EventSnapshot, N: 1, At: 5}
	v.events <- api.Snapshot{Head: head, Run: "r1", You: h.ana.Public()}
	v.events <- api.Muted{Head: api.Head{Type: api.EventMuted, N: 2, At: 6}, Key: h.ana.Public()}
	v.events <- api.Ended{Head: api.Head{Type: api.EventEnded, N: 3, At: 7}, Why: "empty"}
	v.end(nil)
	snapshot := l.hear()
	if snapshot["type"] != "snapshot" || snapshot["run"] != "r1" || snapshot["n"] != 1.0 || snapshot["you"] != h.ana.Public().String() {
		t.Errorf("first came %v", snapshot)
	}
	for _, list := range []string{"stage", "hands", "offers"} {
		if got, ok := snapshot[list].([]any); !ok || len(got) != 0 {
			t.Errorf("%s is %v, not an empty list", list, snapshot[list])
		}
	}
	want := map[string]any{"type": "muted", "n": 2.0, "at": 6.0, "key": h.ana.Public().String()}
	if diff := cmp.Diff(want, l.hear()); diff != "" {
		t.Errorf("second (-want +got):\n%s", diff)
	}
	if e := l.hear(); e["type"] != "ended" {
		t.Errorf("third came %v", e)
	}
	if end := l.hearEnd(); end.Code != websocket.StatusNormalClosure {
		t.Errorf("closed with %v", end)
	}
	h.wantLeft(v)
}

func TestResumeIsPassedOn(t *testing.T) {
	h := start(t)
	l := h.connect()
	l.say(helloText(t, api.Hello{Type: "hello", Token: h.token(), Room: &testRoom, Run: "r1", Since: 41}))
	h.visit()
	want := memberCall{testRoom, h.ana.Public(), Resume{Run: "r1", Since: 41}}
	if diff := cmp.Diff(want, h.fake.last()); diff != "" {
		t.Errorf("entering (-want +got):\n%s", diff)
	}
}

func TestWhyAPresenceEndedIsTold(t *testing.T) {
	h := start(t)
	token := h.token()
	for _, r := range []reason.Reason{reason.RoomReplaced, reason.RoomRemoved, reason.RoomTooSlow, reason.ShuttingDown} {
		l, v := h.enter(token)
		v.events <- api.Muted{Head: api.Head{Type: api.EventMuted, N: 1}}
		v.end(reason.Reject(r, ""))
		if e := l.hear(); e["type"] != "muted" {
			t.Errorf("an event before the end was lost: %v", e)
		}
		l.hearRefusal(string(r))
		h.wantLeft(v)
	}
}

func TestRoomsThatLetNobodyIn(t *testing.T) {
	h := start(t)
	token := h.token()
	for _, r := range []reason.Reason{reason.RoomUnknown, reason.RoomRemoved, reason.RoomFull} {
		h.fake.answer(reason.Reject(r, ""))
		l := h.connect("Accept-Language", "fr")
		l.say(helloText(t, api.Hello{Type: "hello", Token: token, Room: &testRoom}))
		if p := l.hearRefusal(string(r)); p.Title != r.Sentence("fr") {
			t.Errorf("in French: %q", p.Title)
		}
	}
	h.fake.answer(errors.New("disk on fire at /var/lib"))
	l := h.connect()
	l.say(helloText(t, api.Hello{Type: "hello", Token: token, Room: &testRoom}))
	if p := l.hearRefusal("internal"); strings.Contains(p.Detail, "fire") {
		t.Error("the refusal tells internals")
	}
	if !strings.Contains(h.logs.String(), "disk on fire") {
		t.Error("the log does not")
	}
}

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

func TestNoHello(t *testing.T) {
	inBubble(t, func(h *harness) {
		began := time.Now()
		h.connect().hearRefusal("session-required")
		if took := time.Since(began); took < helloWithin || took > helloWithin+closeWithin {
			h.Errorf("after %s", took)
		}
	})
}

// A client that never reads is gone soon after there is something to read; and when there is nothing, by its silence to
// pings.
func TestClientsThatNeverRead(t *testing.T) {
	for name, talk := range map[string]bool{"while the room talks": true, "while the room is silent": false} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(h *harness) {
				_ = h.rawSocket(h.token())
				v := h.visit()
				began := time.Now()
				if talk {
					for n := range h.fake.buffer {
						v.events <- api.Unmuted{Head: api.Head{Type: api.EventUnmuted, N: int64(n)}}
					}
				}
				<-v.closed
				limit := pingEvery + pongWithin
				if talk {
					limit = writeWithin
				}
				if took := time.Since(began); took > limit+time.Second {
					h.Errorf("it took %s", took)
				}
			})
		})
	}
}

// A frame that is begun and never ended, of any announced length, holds nothing for long.
func TestFrameThatNeverEnds(t *testing.T) {
	inBubble(t, func(h *harness) {
		conn := h.rawSocket(h.token())
		v := h.visit()
		began := time.Now()
		endless := binary.BigEndian.AppendUint64([]byte{0x81, 0xff}, 1<<40)
		if _, err := conn.Write(append(endless, 0, 0, 0, 0, 'a')); err != nil {
			h.Fatal(err)
		}
		<-v.closed
		_, _ = io.Copy(io.Discard, conn)
		if took := time.Since(began); took > closeWithin+time.Second {
			h.Errorf("it took %s", took)
		}
	})
}

func TestClientsThatAnswerPingsStay(t *testing.T) {
	inBubble(t, func(h *harness) {
		token := h.token()
		l, v := h.enter(token)
		heard := make(chan error, 1)
		go func() {
			_, _, err := l.conn.Read(context.WithoutCancel(h.Context()))
			heard <- err
		}()
		time.Sleep(30 * time.Hour) //nolint:forbidigo // virtual time: longer than an unused session lives
		h.server.sessions.sweep()
		v.events <- api.Unmuted{Head: api.Head{Type: api.EventUnmuted, N: 1}}
		if err := <-heard; err != nil {
			h.Fatal(err)
		}
		h.me(token).wantStatus(h.T, 200)
	})
}

func TestPresenceEndsWithTheConnection(t *testing.T) {
	h := start(t)
	token := h.token()
	l, v := h.enter(token)
	_ = l.conn.CloseNow()
	h.wantLeft(v)
	l, v = h.enter(token)
	if err := l.conn.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Error(err)
	}
	h.wantLeft(v)
}

func TestSigningOutClosesTheWebSocketsOfThatSession(t *testing.T) {
	h := start(t)
	token, other := h.token(), h.token()
	l, v := h.enter(token)
	hall := h.connect()
	hall.say(helloText(t, api.Hello{Type: "hello", Token: token}))
	hall.hear()
	_, stays := h.enter(other)
	h.ask(request{method: "DELETE", path: "/api/v1/sessions", token: token}).wantStatus(t, 204)
	l.hearRefusal("session-required")
	hall.hearRefusal("session-required")
	h.wantLeft(v)
	select {
	case <-stays.closed:
		t.Error("the other session's presence ended")
	default:
	}
}

func TestHallwayComesAtOnceAndAfterChanges(t *testing.T) {
	h := start(t)
	h.fake.change(api.Room{ID: testRoom, Title: "First"})
	l := h.connect()
	l.say(helloText(t, api.Hello{Type: "hello", Token: h.token()}))
	for _, want := range []string{"First", "Second"} {
		for deadline := time.Now().Add(10 * time.Second); ; {
			e := l.hear()
			if e["type"] != "hallway" || e["n"] != 0.0 {
				t.Fatalf("instead of a hallway: %v", e)
			}
			if strings.Contains(encodeJSON(t, e["rooms"]), want) {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("no hallway with %s", want)
			}
		}
		h.fake.change(api.Room{ID: testRoom, Title: "Second"})
	}
}

func TestHallwayComesAtMostOnceASecond(t *testing.T) {
	inBubble(t, func(h *harness) {
		l := h.connect()
		l.say(helloText(h.T, api.Hello{Type: "hello", Token: h.token()}))
		l.hear()
		stop := time.Now().Add(5 * time.Second)
		go func() {
			for n := 0; time.Now().Before(stop); n++ {
				h.fake.change(api.Room{Listening: n})
				time.Sleep(10 * time.Millisecond) //nolint:forbidigo // virtual time
			}
		}()
		last, heard := time.Time{}, 0
		for {
			e := l.hear()
			if gap := time.Since(last); gap < hallwayEvery {
				h.Errorf("two within %s", gap)
			}
			last, heard = time.Now(), heard+1
			if rooms, _ := e["rooms"].([]any); rooms[0].(map[string]any)["listening"] == 499.0 {
				break
			}
		}
		if heard < 4 || heard > 7 {
			h.Errorf("%d in five seconds", heard)
		}
	})
}

func TestShutdownIsTold(t *testing.T) {
	inBubble(t, func(h *harness) {
		token := h.token()
		l, v := h.enter(token)
		hall := h.connect()
		hall.say(helloText(h.T, api.Hello{Type: "hello", Token: token}))
		hall.hear()
		silent := h.connect()
		deaf := h.rawSocket(token)
		deafVisit := h.visit()
		began := time.Now()
		ended := make(chan error, 1)
		go func() { ended <- h.stop() }()
		for _, one := range []*listener{l, hall, silent} {
			e := one.hear()
			if p, _ := e["problem"].(map[string]any); e["type"] != "refused" || p["code"] != "shutting-down" {
				h.Errorf("instead of goodbye: %v", e)
			}
			if end := one.hearEnd(); end.Code != websocket.StatusGoingAway {
				h.Errorf("closed with %v", end)
			}
		}
		if err := <-ended; err != nil {
			h.Error(err)
		}
		if took := time.Since(began); took > 3*time.Second {
			h.Errorf("it took %s", took)
		}
		<-v.closed
		<-deafVisit.closed
		_ = deaf.Close()
		if _, err := h.client.Get(h.url + "/api/v1/node"); err == nil { //nolint:bodyclose // there is no answer
			h.Error("the node still answers")
		}
	})
}

// A request under way when the server ends is answered; one that comes then is told to come back.
func TestShutdownFinishesWhatIsUnderWay(t *testing.T) {
	inBubble(t, func(h *harness) {
		conn := h.dial()
		if _, err := io.WriteString(conn, "POST /api/v1/join HTTP/1.1\r\nHost: node.test\r\nContent-Type: application/json\r\nContent-Length: 26\r\n\r\n"); err != nil {
			h.Fatal(err)
		}
		synctest.Wait()
		ended := make(chan error, 1)
		go func() { ended <- h.stop() }()
		time.Sleep(time.Second) //nolint:forbidigo // virtual time
		late := httptest.NewRecorder()
		h.server.Handler().ServeHTTP(late, httptest.NewRequestWithContext(h.Context(), http.MethodGet, "http://node.test/api/v1/node", nil))
		if late.Code != 503 || late.Header().Get("Retry-After") == "" || !strings.Contains(late.Body.String(), "shutting-down") {
			h.Errorf("a late request: %d %s", late.Code, late.Body)
		}
		if _, err := io.WriteString(conn, `{"join":"j","profile":"p"}`); err != nil {
			h.Fatal(err)
		}
		answer := make([]byte, 12)
		if _, err := io.ReadFull(conn, answer); err != nil || string(answer) != "HTTP/1.1 201" {
			h.Errorf("the answer is %q (%v)", answer, err)
		}
		go func() { _, _ = io.Copy(io.Discard, conn) }()
		if err := <-ended; err != nil {
			h.Error(err)
		}
	})
}

func TestWebSocketsAreForOurPages(t *testing.T) {
	h := start(t)
	for _, c := range []struct {
		header []string
		status int
	}{
		{[]string{"Origin", "https://evil.example"}, 403},
		{[]string{"Origin", "null"}, 403},
		{[]string{"Origin", strings.Replace(h.url, "http:", "https:", 1)}, 403},
		{[]string{"Origin", h.url + ".evil.example"}, 403},
		{[]string{"Host", "evil.example"}, 421},
		{[]string{"Host", "evil.example", "Origin", "http://evil.example"}, 421},
	} {
		_, res, err := h.tryConnect(c.header...)
		if err == nil || res == nil || res.StatusCode != c.status {
			t.Errorf("%v: %v %v", c.header, res, err)
		}
	}
	for _, origin := range []string{h.url, "https://cafe.example"} {
		h.connect("Origin", origin)
	}
}

func TestHandshakesThatAreNone(t *testing.T) {
	h := start(t)
	upgrade := map[string]string{
		"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
	}
	for name, value := range map[string]string{
		"Connection": "keep-alive", "Upgrade": "h2c", "Sec-WebSocket-Version": "8", "Sec-WebSocket-Key": "short",
	} {
		r := request{method: "GET", path: "/api/v1/events", header: maps.Clone(upgrade)}
		r.header[name] = value
		h.ask(r).wantProblem(t, 400, "request-invalid")
	}
	h.ask(request{method: "POST", path: "/api/v1/events", header: upgrade}).wantProblem(t, 405, "method-not-allowed")
}

func TestWebSocketsAreCounted(t *testing.T) {
	h := start(t, withLimits(Limits{SocketsPerAddress: 2}))
	one := h.connect()
	h.connect()
	_, res, err := h.tryConnect()
	if err == nil || res.StatusCode != 429 || res.Header.Get("Retry-After") == "" {
		t.Fatalf("a third: %v %v", res, err)
	}
	if _, _, err := h.tryConnect("X-Forwarded-For", "192.0.2.9"); err != nil {
		t.Errorf("another address: %v", err)
	}
	_ = one.conn.CloseNow()
	for deadline := time.Now().Add(10 * time.Second); ; {
		if _, _, err := h.tryConnect(); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the place of one that left is not given away")
		}
	}
}

func TestWebSocketsAreCountedInAll(t *testing.T) {
	h := start(t, withLimits(Limits{Sockets: 1}))
	h.connect()
	if _, res, err := h.tryConnect("X-Forwarded-For", "192.0.2.9"); err == nil || res.StatusCode != 429 {
		t.Errorf("one too many: %v %v", res, err)
	}
}

func TestWebSocketsOfASessionAreCounted(t *testing.T) {
	h := start(t, withLimits(Limits{SocketsPerSession: 1}))
	token := h.token()
	h.enter(token)
	l := h.connect()
	l.say(helloText(t, api.Hello{Type: "hello", Token: token, Room: &testRoom}))
	l.hearRefusal("rate-limited")
	h.enter(h.token())
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
	token, _ := s.sessions.open(ana.Public())
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
