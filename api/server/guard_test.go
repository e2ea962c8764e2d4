package server

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stoa-rooms/stoa/identity"
)

func TestHostsThatAreNotOurs(t *testing.T) {
	h := start(t)
	port := h.url[strings.LastIndex(h.url, ":"):]
	for _, host := range []string{
		"evil.example", "evil.example" + port, "127.0.0.1", "127.0.0.1:1", "localhost" + port, "127.0.0.1.nip.io" + port,
		"127.0.0.1" + port + ".evil.example", "cafe.example.evil.example", "xcafe.example", "cafe.example.", "cafe.example:80",
		"[::ffff:127.0.0.1]" + port, "2130706433" + port, "0.0.0.0" + port,
	} {
		for _, path := range []string{"/", "/api/v1/node", "/openapi.json", "/assets/x.js"} {
			t.Run(host+path, func(t *testing.T) {
				h := h.in(t)
				h.ask(request{method: "GET", path: path, host: host}).wantProblem(t, 421, "host-denied")
			})
		}
	}
}

func TestHostsThatAreOurs(t *testing.T) {
	h := start(t)
	for _, host := range []string{"", "cafe.example", "CAFE.example", "cafe.example:443"} {
		h.ask(request{method: "GET", path: "/api/v1/node", host: host}).wantStatus(t, 200)
	}
}

func TestOriginsThatMayNotChangeAnything(t *testing.T) {
	h := start(t)
	token := h.token()
	act := request{method: "POST", path: "/api/v1/rooms/" + testRoom.String() + "/actions", body: `{"type":"leave"}`, token: token}
	before := h.fake.count()
	for _, origin := range []string{
		"https://evil.example", "null", "http://127.0.0.1", "https://127.0.0.1" + h.url[strings.LastIndex(h.url, ":"):],
		h.url + ".evil.example", h.url + "/", strings.ToUpper(h.url), "http://cafe.example", "https://cafe.example:443",
		"https://cafe.example.evil.example", "https://evil.example/https://cafe.example", "file://", " " + "null", "",
	} {
		t.Run("from "+origin, func(t *testing.T) {
			h := h.in(t)
			r := act
			r.header = map[string]string{"Origin": origin}
			h.ask(r).wantProblem(t, 403, "origin-denied")
			r = request{method: "DELETE", path: "/api/v1/sessions", token: token, header: r.header}
			h.ask(r).wantProblem(t, 403, "origin-denied")
		})
	}
	if h.fake.count() != before {
		t.Error("something was done")
	}
	h.me(token).wantStatus(t, 200)
	for _, origin := range []string{h.url, "https://cafe.example"} {
		act.header = map[string]string{"Origin": origin}
		h.ask(act).wantStatus(t, 204)
	}
	act.header = nil
	h.ask(act).wantStatus(t, 204)
}

func TestTwoOriginsAreNone(t *testing.T) {
	h := start(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.url+"/api/v1/sessions/challenge", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header["Origin"] = []string{h.url, h.url}
	h.do(req).wantProblem(t, 403, "origin-denied")
}

func TestReadingNeedsNoOrigin(t *testing.T) {
	h := start(t)
	r := h.ask(request{method: "GET", path: "/api/v1/node", header: map[string]string{"Origin": "https://evil.example"}})
	r.wantStatus(t, 200)
	if r.header.Get("Access-Control-Allow-Origin") != "" || r.header.Get("Cross-Origin-Resource-Policy") != "same-origin" {
		t.Error("another origin may read the answer")
	}
}

func TestHeadersOfEveryAnswer(t *testing.T) {
	h := start(t)
	ws := "ws" + strings.TrimPrefix(h.url, "http")
	for _, r := range []request{
		{method: "GET", path: "/"},
		{method: "GET", path: "/nothing", header: map[string]string{"Accept": "text/html"}},
		{method: "GET", path: "/api/v1/node"},
		{method: "GET", path: "/api/v1/me"},
		{method: "GET", path: "/openapi.json"},
		{method: "POST", path: "/api/v1/join", body: "x"},
	} {
		t.Run(r.method+r.path, func(t *testing.T) {
			h := h.in(t)
			got := h.ask(r).header
			for name, want := range map[string]string{
				"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
				"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
			} {
				if got.Get(name) != want {
					t.Errorf("%s is %q", name, got.Get(name))
				}
			}
			csp := got.Get("Content-Security-Policy")
			for _, part := range []string{
				"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'",
				"object-src 'none'", "form-action 'self'", "connect-src 'self' " + ws, "worker-src 'self'",
			} {
				if !strings.Contains(csp+";", part+";") {
					t.Errorf("the policy lacks %s: %s", part, csp)
				}
			}
			if strings.Contains(csp, "unsafe") || strings.Contains(csp, "*") {
				t.Errorf("the policy is loose: %s", csp)
			}
			if !strings.Contains(got.Get("Permissions-Policy"), "microphone=(self)") {
				t.Error("no microphone")
			}
			if got.Get("Strict-Transport-Security") != "" {
				t.Error("plain http promises TLS")
			}
		})
	}
	if csp := h.ask(request{method: "GET", path: "/", host: "cafe.example"}).header.Get("Content-Security-Policy"); !strings.Contains(csp, "connect-src 'self' wss://cafe.example;") {
		t.Errorf("the other origin's policy is %s", csp)
	}
}

// raw sends bytes and reads an answer, as a client that is no library would.
func (h *harness) raw(send string) (*http.Response, net.Conn) {
	h.Helper()
	conn, err := (&net.Dialer{}).DialContext(h.Context(), "tcp", strings.TrimPrefix(h.url, "http://"))
	if err != nil {
		h.Fatal(err)
	}
	h.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(conn, send); err != nil {
		h.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		h.Fatal(err)
	}
	h.Cleanup(func() { _ = res.Body.Close() })
	return res, conn
}

// A body that is announced as too large is refused before any of it has come.
func TestTooLargeIsSaidAtOnce(t *testing.T) {
	h := start(t)
	token := h.token()
	host := strings.TrimPrefix(h.url, "http://")
	media := "/api/v1/rooms/" + testRoom.String() + "/media"
	for path, kind := range map[string]string{"/api/v1/join": "application/json", media: "application/sdp"} {
		for _, size := range []int{maxBody + 1, 1 << 20, 1 << 40} {
			res, _ := h.raw(fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n",
				path, host, token, kind, size))
			if res.StatusCode != 413 || !res.Close {
				t.Errorf("%s: %d, closing %v", path, res.StatusCode, res.Close)
			}
		}
	}
}

// A body without a length is read no further than the limit.
func TestTooLargeWithoutLength(t *testing.T) {
	h := start(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.url+"/api/v1/join", io.LimitReader(spaces{}, maxBody+1))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	h.do(req).wantProblem(t, 413, "request-too-large")
}

type spaces struct{}

func (spaces) Read(p []byte) (int, error) { return copy(p, bytes.Repeat([]byte(" "), len(p))), nil }

func TestBodyOfExactlyTheLimitIsTaken(t *testing.T) {
	h := start(t)
	body := `{"join":"j","profile":"p"}`
	body += strings.Repeat(" ", maxBody-len(body))
	h.ask(request{method: "POST", path: "/api/v1/join", body: body}).wantStatus(t, 201)
}

func TestAddressesShareARate(t *testing.T) {
	h := start(t, withLimits(Limits{Requests: Rate{PerSecond: 1, Burst: 5}}))
	for range 5 {
		h.ask(request{method: "GET", path: "/api/v1/node"}).wantStatus(t, 200)
	}
	r := h.ask(request{method: "GET", path: "/"})
	r.wantProblem(t, 429, "rate-limited")
	if got := r.header.Get("Retry-After"); got != "1" {
		t.Errorf("Retry-After is %q", got)
	}
	h.ask(request{method: "GET", path: "/api/v1/node", header: map[string]string{"X-Forwarded-For": "192.0.2.1"}}).wantStatus(t, 200)
	h.clock.advance(time.Second)
	h.ask(request{method: "GET", path: "/api/v1/node"}).wantStatus(t, 200)
	h.ask(request{method: "GET", path: "/api/v1/node"}).wantProblem(t, 429, "rate-limited")
}

func TestCostlyRequestsHaveARateOfTheirOwn(t *testing.T) {
	h := start(t, withLimits(Limits{Costly: Rate{PerSecond: 0.1, Burst: 3}}))
	for _, path := range []string{"/api/v1/sessions/challenge", "/api/v1/join", "/api/v1/found"} {
		h.ask(request{method: "POST", path: path, body: "{}"})
	}
	for _, path := range []string{"/api/v1/sessions/challenge", "/api/v1/join", "/api/v1/found", "/api/v1/sessions"} {
		r := h.ask(request{method: "POST", path: path, body: "{}"})
		r.wantProblem(t, 429, "rate-limited")
		if got := r.header.Get("Retry-After"); got != "10" {
			t.Errorf("Retry-After is %q", got)
		}
	}
	h.ask(request{method: "GET", path: "/api/v1/node"}).wantStatus(t, 200)
}

// Requests to join are kept for weeks, so one address may make a few, whatever else it asks for.
func TestRequestsToJoinHaveARateOfTheirOwn(t *testing.T) {
	h := start(t)
	ask := func(from string) request {
		return request{
			method: "POST", path: "/api/v1/asks", body: `{"join":"j","profile":"p"}`, header: map[string]string{"X-Forwarded-For": from},
		}
	}
	const home, household, elsewhere = "192.0.2.1", "2001:db8::1", "192.0.2.2"
	for range DefaultLimits().Asks.Burst {
		h.ask(ask(home)).wantStatus(t, 201)
		h.ask(ask(household)).wantStatus(t, 201)
	}
	kept := h.fake.count()
	for _, from := range []string{home, household, "2001:db8::ffff:2"} {
		r := h.ask(ask(from))
		r.wantProblem(t, 429, "rate-limited")
		if got := r.header.Get("Retry-After"); got != "60" {
			t.Errorf("Retry-After is %q", got)
		}
	}
	if h.fake.count() != kept {
		t.Error("a request above the rate is handed on")
	}
	h.ask(ask(elsewhere)).wantStatus(t, 201)
	h.ask(request{method: "GET", path: "/api/v1/node", header: map[string]string{"X-Forwarded-For": home}}).wantStatus(t, 200)
	h.clock.advance(time.Minute)
	h.ask(ask(home)).wantStatus(t, 201)
	h.ask(ask(home)).wantProblem(t, 429, "rate-limited")
}

func TestSessionsHaveARateOfActions(t *testing.T) {
	h := start(t, withLimits(Limits{Actions: Rate{PerSecond: 1, Burst: 2}}))
	bob := identity.Generate()
	h.fake.admit(bob.Public(), "Bob")
	ana, other := h.token(), h.tokenOf(bob)
	act := request{method: "POST", path: "/api/v1/rooms/" + testRoom.String() + "/actions", body: `{"type":"raise_hand"}`, token: ana}
	h.ask(act).wantStatus(t, 204)
	h.ask(act).wantStatus(t, 204)
	h.ask(act).wantProblem(t, 429, "rate-limited")
	h.ask(request{method: "GET", path: "/api/v1/rooms", token: ana}).wantStatus(t, 200)
	act.token = other
	h.ask(act).wantStatus(t, 204)
}

func TestWhichAddressCounts(t *testing.T) {
	proxies, err := ParseProxies([]string{"10.89.0.0/24", "203.0.113.9", "2001:db8:99::/48"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ remote, forwarded, want string }{
		{"192.0.2.7:1234", "", "192.0.2.7/32"},
		{"192.0.2.7:1234", "198.51.100.1", "192.0.2.7/32"}, // a stranger's word
		{"127.0.0.1:1234", "", "127.0.0.1/32"},
		{"127.0.0.1:1234", "198.51.100.1", "198.51.100.1/32"},
		{"127.0.0.1:1234", "10.0.0.1, 198.51.100.1", "198.51.100.1/32"}, // only the proxy's own entry
		{"127.0.0.1:1234", "198.51.100.1, garbage", "127.0.0.1/32"},
		{"127.0.0.1:1234", "198.51.100.1:5678", "198.51.100.1/32"},
		{"127.0.0.1:1234", "[2001:db8:1:2:3::4]:5678", "2001:db8:1:2::/64"},
		{"10.89.0.5:1234", "198.51.100.1", "198.51.100.1/32"}, // a proxy in another container
		{"[::ffff:10.89.0.5]:1234", "198.51.100.1", "198.51.100.1/32"},
		{"10.89.0.5:1234", "", "10.89.0.5/32"},
		{"10.89.0.5:1234", "garbage", "10.89.0.5/32"},
		{"10.90.0.5:1234", "198.51.100.1", "10.90.0.5/32"},                            // another network
		{"10.89.0.5:1234", "192.0.2.1, 198.51.100.1, 203.0.113.9", "198.51.100.1/32"}, // a proxy behind a proxy; the rest is a claim
		{"203.0.113.9:1234", "10.89.0.77, 10.89.0.78", "10.89.0.77/32"},               // from the inside, through all of them
		{"[2001:db8:99::1]:1234", "198.51.100.1", "198.51.100.1/32"},
		{"[::1]:1234", "2001:db8:1:2:3::4", "2001:db8:1:2::/64"},
		{"[2001:db8:1:2:3::4]:1234", "", "2001:db8:1:2::/64"},
		{"[::ffff:192.0.2.7]:1234", "", "192.0.2.7/32"},
		{"[fe80::1%eth0]:1234", "", "fe80::/64"},
		{"pipe", "", "invalid Prefix"},
	} {
		r := &http.Request{RemoteAddr: c.remote, Header: http.Header{}}
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if got := proxies.addressOf(r).String(); got != c.want {
			t.Errorf("%s forwarded for %q counts as %s, want %s", c.remote, c.forwarded, got, c.want)
		}
	}
}

func TestProxiesThatCannotBe(t *testing.T) {
	for text, want := range map[string]string{
		"proxy": "neither an address nor a network", "10.89.0.0/33": "neither", "": "neither", "0.0.0.0/0": "is everybody", "::/0": "is everybody",
	} {
		if _, err := ParseProxies([]string{"10.89.0.0/24", text}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestAForgottenProxyIsNoticed: only on a private network, where a proxy may be; a stranger's header means nothing.
func TestAForgottenProxyIsNoticed(t *testing.T) {
	proxies, err := ParseProxies([]string{"10.89.0.0/24"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ remote, forwarded, want string }{
		{"192.0.2.7:1234", "198.51.100.1", "invalid IP"},
		{"10.89.0.5:1234", "198.51.100.1", "invalid IP"},
		{"127.0.0.1:1234", "198.51.100.1", "invalid IP"},
		{"10.90.0.5:1234", "", "invalid IP"},
		{"10.90.0.5:1234", "198.51.100.1", "10.90.0.5"},
	} {
		r := &http.Request{RemoteAddr: c.remote, Header: http.Header{}}
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		proxies.addressOf(r)
		if got := proxies.Distrusted().String(); got != c.want {
			t.Errorf("%s forwarded for %q: %s is noticed, want %s", c.remote, c.forwarded, got, c.want)
		}
	}
}

func TestForgottenAddressesAreTheOldest(t *testing.T) {
	b := newBuckets(Rate{PerSecond: 0.001, Burst: 1}, 2)
	now := time.Unix(1_800_000_000, 0)
	at := func(n byte) netip.Prefix { return netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 0, 2, n}), 32) }
	for n := range byte(100) {
		if b.take(at(n), now) != 0 {
			t.Fatalf("address %d was refused", n)
		}
	}
	if len(b.byAddr) != 2 || b.recent.Len() != 2 {
		t.Errorf("%d and %d are remembered", len(b.byAddr), b.recent.Len())
	}
	if b.take(at(99), now) == 0 || b.take(at(98), now) == 0 {
		t.Error("the newest were forgotten")
	}
	if b.take(at(97), now) != 0 {
		t.Error("an older one was not")
	}
	b = newBuckets(Rate{PerSecond: 0.001, Burst: 1}, 2)
	for _, n := range []byte{1, 2, 1, 3} {
		b.take(at(n), now)
	}
	if b.take(at(1), now) == 0 {
		t.Error("the one used last was forgotten")
	}
}

func TestAddressesThatAreNone(t *testing.T) {
	for _, address := range []string{"", "cafe.example", "ftp://cafe.example", "https://", "https://cafe.example/room", "https://a@cafe.example", "https://cafe.example?x=1", "https://cafe.example#x", "://"} {
		c := Config{PublicURL: address}
		f := newFake(identity.PublicKey{})
		c.Community, c.Invites, c.Rooms, c.Media, c.Log = f, f, f, f, slog.New(slog.DiscardHandler)
		if _, err := New(c); err == nil {
			t.Errorf("%q is taken for an address", address)
		}
	}
}

// A client that sends its headers, or its body, one byte at a time does not hold a connection for long.
func TestSlowClientsAreCutOff(t *testing.T) {
	inBubble(t, func(h *harness) {
		for name, send := range map[string]string{
			"headers": "POST /api/v1/join HTTP/1.1\r\nHost: node.test\r\nX-Slow: ",
			"body":    "POST /api/v1/join HTTP/1.1\r\nHost: node.test\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n",
		} {
			conn := h.dial()
			if _, err := io.WriteString(conn, send); err != nil {
				h.Fatal(err)
			}
			began := time.Now()
			gone := make(chan struct{})
			go func() {
				_, _ = io.Copy(io.Discard, conn)
				close(gone)
			}()
			for {
				_ = conn.SetWriteDeadline(time.Now().Add(time.Second))
				if _, err := io.WriteString(conn, "a"); err != nil {
					break
				}
				time.Sleep(500 * time.Millisecond) //nolint:forbidigo // virtual time
			}
			<-gone
			if held := time.Since(began); held > 15*time.Second {
				h.Errorf("slow %s held the connection for %s", name, held)
			}
		}
	})
}
