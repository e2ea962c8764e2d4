package server

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"github.com/stoa-rooms/stoa/api"
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

func TestPanicEndsOneWebSocketOnly(t *testing.T) {
	h := start(t)
	token := h.token()
	_, stays := h.enter(token)
	h.fake.mu.Lock()
	h.fake.panics = true
	h.fake.mu.Unlock()
	l := h.connect()
	l.say(helloText(t, api.Hello{Type: "hello", Token: token, Room: &testRoom}))
	l.hearRefusal("internal")
	if !strings.Contains(h.logs.String(), "fake_test.go") {
		t.Errorf("the log lacks the stack: %s", h.logs)
	}
	select {
	case <-stays.closed:
		t.Error("another ended with it")
	default:
	}
}

func TestNoHello(t *testing.T) {
	inBubble(t, func(h *harness) {
		began := time.Now()
		h.connect().hearRefusal("session-required")
		if took := time.Since(began); took < 5*time.Second || took > 7*time.Second {
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
				limit := 30 * time.Second
				if talk {
					limit = 10 * time.Second
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
		if took := time.Since(began); took > 3*time.Second {
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
			if gap := time.Since(last); gap < time.Second {
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
