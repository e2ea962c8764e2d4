package server

import (
	"crypto/tls"
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

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/reason"
)

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
		deafVisit.events <- api.Unmuted{Head: api.Head{Type: api.EventUnmuted, N: 1}}
		synctest.Wait() // so that the server is in the middle of a write
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
		if _, err := h.client.Get(h.url + "/api/v1/node"); err == nil {
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

// With TLS the page is told to come back only that way, and WebSockets work as before.
func TestServingTLS(t *testing.T) {
	certified := httptest.NewUnstartedServer(nil)
	certified.StartTLS()
	certificates, roots := certified.TLS.Certificates, certified.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	certified.Close()
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true}
	h := startOn(t, tlsListener{ln, &tls.Config{Certificates: certificates, MinVersion: tls.VersionTLS12}}, transport, "https://"+ln.Addr().String())
	r := h.ask(request{method: "GET", path: "/"})
	r.wantStatus(t, 200)
	if r.header.Get("Strict-Transport-Security") == "" {
		t.Error("no HSTS")
	}
	if csp := r.header.Get("Content-Security-Policy"); !strings.Contains(csp, "connect-src 'self' wss://"+ln.Addr().String()+";") {
		t.Errorf("the policy is %s", csp)
	}
	l, v := h.enter(h.token())
	v.end(reason.Reject(reason.RoomReplaced, ""))
	l.hearRefusal("room-replaced")
}

// tlsListener tells startOn to serve TLS.
type tlsListener struct {
	net.Listener
	config *tls.Config
}
