package server

import (
	"context"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/reason"
)

const enterText = `{"type":"enter","enter":"signed"}`

// asked is somebody who was sent an entry and has not answered it.
func (h *harness) asked(token string) (*listener, *fakeVisit) {
	h.Helper()
	l, v := h.enter(token)
	l.hearEntry(v)
	return l, v
}

func (l *listener) hearEntry(v *fakeVisit) {
	l.Helper()
	v.events <- api.Entry{Head: api.Head{Type: api.EventEntry}, Room: testRoom, Epoch: 1, Home: l.node, Host: l.node, Nonce: "n"}
	if e := l.hear(); e["type"] != "entry" || e["nonce"] != "n" || e["n"] != 0.0 {
		l.Fatalf("instead of an entry: %v", e)
	}
}

func (h *harness) wantAnswer(v *fakeVisit, want string) {
	h.Helper()
	select {
	case got := <-v.answers:
		if got != want {
			h.Errorf("answered %q, want %q", got, want)
		}
	case <-time.After(10 * time.Second):
		h.Fatal("no answer")
	}
}

func TestEachEntryMayBeAnswered(t *testing.T) {
	h := start(t)
	l, v := h.asked(h.token())
	l.say(enterText)
	h.wantAnswer(v, "signed")
	v.events <- api.Snapshot{Head: api.Head{Type: api.EventSnapshot, N: 1}, Run: "r"}
	if e := l.hear(); e["type"] != "snapshot" {
		t.Errorf("after the answer came %v", e)
	}
	l.hearEntry(v) // the room has another host
	l.hearEntry(v) // and another, before the client has answered
	l.say(`{"enter":"second","type":"enter"}`)
	h.wantAnswer(v, "second")
	long := strings.Repeat("a", maxEnter-len(`{"type":"enter","enter":""}`))
	l.say(`{"type":"enter","enter":"` + long + `"}`)
	h.wantAnswer(v, long)
	v.events <- api.HostChanged{Head: api.Head{Type: api.EventHost}, Host: h.node, Epoch: 3, State: api.HostLive}
	if e := l.hear(); e["type"] != "host" || e["state"] != "live" {
		t.Errorf("then came %v", e)
	}
	l.say(enterText) // one more than was asked for
	l.hearRefusal("request-invalid")
	h.wantLeft(v)
	if len(v.answers) != 0 {
		t.Errorf("%q was handed on", <-v.answers)
	}
}

func TestAnswersThatAreNone(t *testing.T) {
	h := start(t)
	token := h.token()
	for name, c := range map[string]struct{ text, code string }{
		"garbage":         {"\x00\x01garbage", "request-invalid"},
		"empty":           {"", "request-invalid"},
		"not an object":   {`"enter"`, "request-invalid"},
		"null":            {`null`, "request-invalid"},
		"a hello":         {`{"type":"hello","token":"` + token + `"}`, "request-invalid"},
		"no type":         {`{"enter":"signed"}`, "request-invalid"},
		"type in capital": {`{"Type":"enter","enter":"signed"}`, "request-invalid"},
		"no statement":    {`{"type":"enter"}`, "request-invalid"},
		"empty statement": {`{"type":"enter","enter":""}`, "request-invalid"},
		"unknown member":  {`{"type":"enter","enter":"signed","more":1}`, "request-invalid"},
		"enter twice":     {`{"type":"enter","enter":"signed","enter":"signed"}`, "request-invalid"},
		"two documents":   {enterText + enterText, "request-invalid"},
		"8 KiB and one":   {enterText + strings.Repeat(" ", maxEnter), "request-too-large"},
		"1 MiB":           {strings.Repeat("a", 1<<20), "request-too-large"},
	} {
		t.Run(name, func(t *testing.T) {
			h := h.in(t)
			l, v := h.asked(token)
			l.say(c.text)
			l.hearRefusal(c.code)
			h.wantLeft(v)
			if len(v.answers) != 0 {
				t.Errorf("%q was handed on", <-v.answers)
			}
		})
	}
	l, _ := h.asked(token)
	if err := l.conn.Write(t.Context(), websocket.MessageBinary, []byte(enterText)); err != nil {
		t.Fatal(err)
	}
	l.hearRefusal("request-invalid")
}

func TestNobodyAnswersInTheHallway(t *testing.T) {
	h := start(t)
	l := h.connect()
	l.say(helloText(t, api.Hello{Type: "hello", Token: h.token()}))
	l.hear()
	l.say(enterText)
	l.hearRefusal("request-invalid")
}

func TestWhyAnAnswerIsRefusedIsTold(t *testing.T) {
	h := start(t)
	token := h.token()
	for _, r := range []reason.Reason{reason.EnterStale, reason.StatementSignature, reason.ChainInvalid} {
		l, v := h.asked(token)
		v.judge(func(context.Context, string) error { return reason.Reject(r, "no") })
		l.say(enterText)
		l.hearRefusal(string(r))
		h.wantLeft(v)
	}
	l, v := h.asked(token)
	v.judge(func(context.Context, string) error { panic("the fake was told to") })
	l.say(enterText)
	l.hearRefusal("internal")
	h.wantLeft(v)
}

// While an answer is being taken, events go on, and the end of the connection ends the wait.
func TestAnswersThatTakeTime(t *testing.T) {
	inBubble(t, func(h *harness) {
		l, v := h.asked(h.token())
		ended := make(chan error, 1)
		v.judge(func(ctx context.Context, _ string) error {
			<-ctx.Done()
			ended <- ctx.Err()
			return ctx.Err()
		})
		l.say(enterText)
		h.wantAnswer(v, "signed")
		v.events <- api.Unmuted{Head: api.Head{Type: api.EventUnmuted, N: 1}}
		if e := l.hear(); e["type"] != "unmuted" {
			h.Errorf("meanwhile came %v", e)
		}
		began := time.Now()
		_ = l.conn.CloseNow()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			h.Error(err)
		}
		h.wantLeft(v)
		if took := time.Since(began); took > time.Second {
			h.Errorf("the wait went on for %s", took)
		}
	})
}

// An answer that is begun and never ended holds nothing for long.
func TestAnswerThatNeverEnds(t *testing.T) {
	inBubble(t, func(h *harness) {
		conn := h.rawSocket(h.token())
		v := h.visit()
		v.events <- api.Entry{Head: api.Head{Type: api.EventEntry}}
		if _, err := conn.Read(make([]byte, 1000)); err != nil {
			h.Fatal(err)
		}
		began := time.Now()
		endless := binary.BigEndian.AppendUint64([]byte{0x81, 0xff}, 1<<40)
		if _, err := conn.Write(append(endless, 0, 0, 0, 0, 'a')); err != nil {
			h.Fatal(err)
		}
		<-v.closed
		if took := time.Since(began); took > helloWithin+time.Second {
			h.Errorf("it took %s", took)
		}
	})
}

func FuzzEnterMessage(f *testing.F) {
	f.Add([]byte(enterText))
	f.Add([]byte(`{"type":"enter","enter":""}`))
	f.Add([]byte(`{"type":"hello","enter":"x"}`))
	f.Add([]byte(`[[[[`))
	f.Fuzz(func(t *testing.T, data []byte) {
		enter, err := parseEnter(data)
		if err != nil && reason.Of(err) != reason.RequestInvalid {
			t.Fatalf("refused for %s", reason.Of(err))
		}
		if err == nil && (enter == "" || len(enter) > len(data)) {
			t.Fatalf("%q was taken as %q", data, enter)
		}
	})
}
