package server

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/goleak"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock is a clock that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// harness is a running server with a fake node behind it and a member to ask as.
type harness struct {
	*testing.T
	server *Server
	fake   *fake
	clock  *clock
	node   identity.PublicKey
	ana    identity.PrivateKey // a member
	url    string
	client *http.Client
	logs   *syncBuffer
	stop   func() error // ends the server and waits for it
}

// in is the harness for a subtest.
func (h *harness) in(t *testing.T) *harness {
	t.Helper()
	sub := *h
	sub.T = t
	return &sub
}

type option func(*Config)

func withLimits(l Limits) option { return func(c *Config) { c.Limits = l } }

func withWeb(files fs.FS) option { return func(c *Config) { c.Web = files } }

func start(t *testing.T, options ...option) *harness {
	t.Helper()
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DisableCompression: true}
	return startOn(t, ln, transport, "http://"+ln.Addr().String(), options...)
}

func startOn(t *testing.T, ln net.Listener, transport *http.Transport, url string, options ...option) *harness {
	t.Helper()
	h := &harness{
		T: t, clock: &clock{now: time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC)},
		node: identity.Generate().Public(), ana: identity.Generate(),
		url: url, logs: &syncBuffer{},
		client: &http.Client{
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	h.fake = newFake(h.node)
	h.fake.admit(h.ana.Public(), "Ana")
	config := Config{
		Node: h.node, PublicURL: h.url, Origins: []string{"https://cafe.example"},
		Web:       fstest.MapFS{"index.html": {Data: []byte("<!doctype html><title>Stoa</title>")}},
		Community: h.fake, Entry: h.fake, Invites: h.fake, Rooms: h.fake, Doors: h.fake, Media: h.fake, Nodes: h.fake, Logs: h.fake,
		People: h.fake, Own: h.fake, Notices: h.fake,
		Log: slog.New(slog.NewTextHandler(h.logs, nil)), Clock: h.clock.Now,
	}
	for _, o := range options {
		o(&config)
	}
	s, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	h.server = s
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var secret *tls.Config
	if l, ok := ln.(tlsListener); ok {
		secret = l.config
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, ln, secret) }()
	h.stop = sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		if err := h.stop(); err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return h
}

// syncBuffer is a log that tests read.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// reply is an answer, read to its end.
type reply struct {
	status  int
	header  http.Header
	body    string
	problem api.Problem
}

// request is what a test sends.
type request struct {
	method, path string
	body         string
	token        string
	kind         string // Content-Type; application/json for a body when empty
	header       map[string]string
	host         string
}

// ask sends a request and reads the answer.
func (h *harness) ask(r request) reply {
	h.Helper()
	req, err := http.NewRequestWithContext(h.Context(), r.method, h.url+r.path, strings.NewReader(r.body))
	if err != nil {
		h.Fatal(err)
	}
	if r.kind != "" {
		req.Header.Set("Content-Type", r.kind)
	} else if r.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if r.token != "" {
		req.Header.Set("Authorization", "Bearer "+r.token)
	}
	for name, value := range r.header {
		req.Header.Set(name, value)
	}
	req.Host = r.host
	return h.do(req)
}

func (h *harness) do(req *http.Request) reply {
	h.Helper()
	res, err := h.client.Do(req)
	if err != nil {
		h.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		h.Fatal(err)
	}
	out := reply{status: res.StatusCode, header: res.Header, body: string(data)}
	if res.Header.Get("Content-Type") == "application/problem+json" && req.Method != http.MethodHead {
		if err := json.Unmarshal(data, &out.problem); err != nil {
			h.Fatalf("problem %q: %v", data, err)
		}
		if out.problem.Status != out.status {
			h.Errorf("the problem says %d, the answer %d", out.problem.Status, out.status)
		}
	}
	return out
}

// wantProblem asserts that an answer is this refusal.
func (r reply) wantProblem(t *testing.T, status int, code string) {
	t.Helper()
	if r.status != status || r.problem.Code != code {
		t.Fatalf("got %d %s, want %d %s\n%s", r.status, r.problem.Code, status, code, r.body)
	}
	if r.problem.Type != "urn:stoa:reason:"+code || r.problem.Title == "" {
		t.Errorf("problem lacks type or title: %s", r.body)
	}
}

// wantStatus asserts the status of an answer.
func (r reply) wantStatus(t *testing.T, status int) {
	t.Helper()
	if r.status != status {
		t.Fatalf("got %d, want %d\n%s", r.status, status, r.body)
	}
}

// decode reads the body of an answer.
func decode[T any](t *testing.T, r reply) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(r.body), &v); err != nil {
		t.Fatalf("%q: %v", r.body, err)
	}
	return v
}

// challenge asks for a nonce.
func (h *harness) challenge() api.Challenge {
	h.Helper()
	r := h.ask(request{method: "POST", path: "/api/v1/sessions/challenge"})
	r.wantStatus(h.T, http.StatusCreated)
	return decode[api.Challenge](h.T, r)
}

// claim is a session statement that holds; tests spoil it.
func (h *harness) claim() *statement.Session {
	h.Helper()
	now := h.clock.Now().Unix()
	return &statement.Session{
		Node: h.node, IssuedAt: now, Expires: now + 60, Origin: h.url, Nonce: h.challenge().Nonce,
	}
}

func (h *harness) sign(body statement.Body, signer identity.Signer) string {
	h.Helper()
	s, err := statement.Sign(body, signer)
	if err != nil {
		h.Fatal(err)
	}
	return s.Text()
}

// open sends a session statement.
func (h *harness) open(text string, header ...string) reply {
	h.Helper()
	r := request{method: "POST", path: "/api/v1/sessions", body: encodeJSON(h.T, api.SessionRequest{Session: text}), header: map[string]string{}}
	for i := 0; i+1 < len(header); i += 2 {
		r.header[header[i]] = header[i+1]
	}
	return h.ask(r)
}

// token opens a session for Ana.
func (h *harness) token() string {
	h.Helper()
	return h.tokenOf(h.ana)
}

func (h *harness) tokenOf(who identity.PrivateKey) string {
	h.Helper()
	r := h.open(h.sign(h.claim(), who))
	r.wantStatus(h.T, http.StatusCreated)
	return decode[api.Session](h.T, r).Token
}

func encodeJSON(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
