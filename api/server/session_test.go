package server

import (
	"crypto/sha256"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

func (h *harness) me(token string) reply {
	h.Helper()
	return h.ask(request{method: "GET", path: "/api/v1/me", token: token})
}

func TestSessionOpensLivesAndEnds(t *testing.T) {
	h := start(t)
	r := h.open(h.sign(h.claim(), h.ana))
	r.wantStatus(t, 201)
	session := decode[api.Session](t, r)
	if session.Member.Name != "Ana" || session.Member.Key != h.ana.Public() {
		t.Errorf("session of %+v", session.Member)
	}
	if want := h.clock.Now().Add(12 * time.Hour).UnixMilli(); session.Expires != want {
		t.Errorf("expires %d, want %d", session.Expires, want)
	}
	h.me(session.Token).wantStatus(t, 200)
	h.ask(request{method: "DELETE", path: "/api/v1/sessions", token: session.Token}).wantStatus(t, 204)
	h.me(session.Token).wantProblem(t, 401, "session-required")
}

func TestChallengeSaysWhatToSign(t *testing.T) {
	h := start(t)
	c := h.challenge()
	now := h.clock.Now().UnixMilli()
	if c.Node != h.node || c.Now != now || c.Expires != now+60_000 || len(c.Nonce) < 16 {
		t.Errorf("challenge is %+v", c)
	}
	if h.challenge().Nonce == c.Nonce {
		t.Error("one nonce twice")
	}
}

func TestSessionStatementsThatAreRefused(t *testing.T) {
	h := start(t)
	stranger := identity.Generate()
	cases := []struct {
		name   string
		spoil  func(*statement.Session)
		signer identity.Signer
		origin string // header
		status int
		code   string
	}{
		{"another node", func(s *statement.Session) { s.Node = stranger.Public() }, h.ana, "", 403, "statement-audience"},
		{"another origin", func(s *statement.Session) { s.Origin = "https://evil.example" }, h.ana, "", 403, "statement-audience"},
		{"origin with a path", func(s *statement.Session) { s.Origin += "/" }, h.ana, "", 403, "statement-audience"},
		{"not the page's origin", func(s *statement.Session) { s.Origin = "https://cafe.example" }, h.ana, h.url, 403, "statement-audience"},
		{"evil page with its own claim", func(s *statement.Session) { s.Origin = "https://evil.example" }, h.ana, "https://evil.example", 403, "origin-denied"},
		{"evil page with our claim", func(*statement.Session) {}, h.ana, "https://evil.example", 403, "origin-denied"},
		{"from the future", func(s *statement.Session) { s.IssuedAt += 121; s.Expires += 121 }, h.ana, "", 400, "statement-time"},
		{"expired", func(s *statement.Session) { s.IssuedAt -= 1000; s.Expires = s.IssuedAt + 10 }, h.ana, "", 403, "statement-expired"},
		{"nonce of another", func(s *statement.Session) { s.Nonce = strings.Repeat("A", 48) }, h.ana, "", 401, "session-challenge"},
		{"nonce with a letter changed", func(s *statement.Session) { s.Nonce = flip(s.Nonce) }, h.ana, "", 401, "session-challenge"},
		{"nonce shortened", func(s *statement.Session) { s.Nonce = s.Nonce[:40] }, h.ana, "", 401, "session-challenge"},
		{"stranger", func(*statement.Session) {}, stranger, "", 403, "member-unknown"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			h := h.in(t)
			claim := h.claim()
			c.spoil(claim)
			var header []string
			if c.origin != "" {
				header = []string{"Origin", c.origin}
			}
			h.open(h.sign(claim, c.signer), header...).wantProblem(t, c.status, c.code)
		})
	}
}

// flip changes one letter of a nonce's expiry, which would make it live longer.
func flip(nonce string) string {
	b := []byte(nonce)
	if b[5]++; b[5] == 'Z'+1 || b[5] == 'z'+1 || b[5] == '9'+1 {
		b[5] = 'Q'
	}
	return string(b)
}

func TestSessionStatementsThatJustHold(t *testing.T) {
	h := start(t)
	for name, c := range map[string]struct {
		spoil  func(*statement.Session)
		origin string
	}{
		"from a page":                {func(*statement.Session) {}, h.url},
		"another address, no page":   {func(s *statement.Session) { s.Origin = "https://cafe.example" }, ""},
		"another address, its page":  {func(s *statement.Session) { s.Origin = "https://cafe.example" }, "https://cafe.example"},
		"clock ahead within slack":   {func(s *statement.Session) { s.IssuedAt += 120; s.Expires += 120 }, ""},
		"expiry passed within slack": {func(s *statement.Session) { s.IssuedAt -= 200; s.Expires = s.IssuedAt + 100 }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			h := h.in(t)
			claim := h.claim()
			c.spoil(claim)
			var header []string
			if c.origin != "" {
				header = []string{"Origin", c.origin}
			}
			h.open(h.sign(claim, h.ana), header...).wantStatus(t, 201)
		})
	}
}

func TestOtherStatementsOpenNoSession(t *testing.T) {
	h := start(t)
	profile := &statement.Profile{Community: h.node, IssuedAt: h.clock.Now().Unix(), Name: "Ana"}
	h.open(h.sign(profile, h.ana)).wantProblem(t, 400, "statement-kind")
	h.open("a.b.c").wantProblem(t, 400, "statement-syntax")
	text := h.sign(h.claim(), h.ana)
	h.open(text[:len(text)-4]+"AAAA").wantProblem(t, 400, "statement-signature")
}

func TestNonceWorksOnce(t *testing.T) {
	h := start(t)
	text := h.sign(h.claim(), h.ana)
	h.open(text).wantStatus(t, 201)
	h.open(text).wantProblem(t, 401, "session-challenge")
	h.clock.advance(30 * time.Second)
	h.server.challenges.sweep()
	h.open(text).wantProblem(t, 401, "session-challenge")
}

// However it is written, a nonce is the same one.
func TestNonceInAnotherSpellingIsTheSame(t *testing.T) {
	h := start(t)
	claim := h.claim()
	h.open(h.sign(claim, h.ana)).wantStatus(t, 201)
	nonce := claim.Nonce
	for _, spelled := range []string{nonce + "\n", nonce[:10] + "\r\n" + nonce[10:], nonce + "="} {
		claim.Nonce = spelled
		h.open(h.sign(claim, h.ana)).wantProblem(t, 401, "session-challenge")
	}
}

// Of many who send one statement at once, one gets a session.
func TestNonceWorksOnceAtOnce(t *testing.T) {
	h := start(t)
	text := h.sign(h.claim(), h.ana)
	var wg sync.WaitGroup
	opened := make(chan int, 20)
	for range cap(opened) {
		wg.Go(func() { opened <- h.open(text).status })
	}
	wg.Wait()
	close(opened)
	good := 0
	for status := range opened {
		if status == 201 {
			good++
		}
	}
	if good != 1 {
		t.Errorf("%d sessions from one nonce", good)
	}
}

func TestNonceExpires(t *testing.T) {
	h := start(t)
	claim := h.claim()
	claim.Expires += 1000
	text := h.sign(claim, h.ana)
	h.clock.advance(61 * time.Second)
	h.open(text).wantProblem(t, 401, "session-challenge")
}

func TestNonceOfAnotherServer(t *testing.T) {
	h, other := start(t), start(t)
	claim := h.claim()
	claim.Nonce = other.challenge().Nonce
	h.open(h.sign(claim, h.ana)).wantProblem(t, 401, "session-challenge")
}

func TestUsedNoncesAreForgottenAndBounded(t *testing.T) {
	now := &clock{now: time.Unix(1_800_000_000, 0)}
	c := newChallenges(now.Now)
	for range maxUsed {
		nonce, _ := c.next()
		if err := c.use(nonce); err != nil {
			t.Fatal(err)
		}
	}
	nonce, _ := c.next()
	if err := c.use(nonce); err == nil {
		t.Error("there is no bound")
	}
	now.advance(61 * time.Second)
	c.sweep()
	if len(c.used) != 0 {
		t.Errorf("%d are kept after they expired", len(c.used))
	}
}

func TestNodeWithoutCommunityHasNoMembers(t *testing.T) {
	h := start(t)
	h.fake.mu.Lock()
	h.fake.node.Community = nil
	h.fake.mu.Unlock()
	h.fake.expel(h.ana.Public())
	h.open(h.sign(h.claim(), h.ana)).wantProblem(t, 409, "founded-not")
}

func TestSessionLivesWhileUsed(t *testing.T) {
	h := start(t)
	token := h.token()
	for range 3 {
		h.clock.advance(11 * time.Hour)
		h.me(token).wantStatus(t, 200)
	}
	h.clock.advance(12*time.Hour + time.Second)
	h.me(token).wantProblem(t, 401, "session-required")
	h.server.sessions.sweep()
	if n := len(h.server.sessions.byToken) + len(h.server.sessions.byMember); n != 0 {
		t.Errorf("%d remains of expired sessions", n)
	}
}

func TestSessionEndsWithMembership(t *testing.T) {
	h := start(t)
	token := h.token()
	h.fake.expel(h.ana.Public())
	h.me(token).wantProblem(t, 401, "session-required")
	h.fake.admit(h.ana.Public(), "Ana")
	h.me(token).wantProblem(t, 401, "session-required")
}

func TestOldestSessionOfTooManyEnds(t *testing.T) {
	h := start(t, withLimits(Limits{Sessions: 2}))
	first := h.token()
	h.clock.advance(time.Second)
	second := h.token()
	h.clock.advance(time.Second)
	h.me(first).wantStatus(t, 200) // so the second is the one unused for longest
	h.clock.advance(time.Second)
	third := h.token()
	h.me(first).wantStatus(t, 200)
	h.me(second).wantProblem(t, 401, "session-required")
	h.me(third).wantStatus(t, 200)
}

// Whoever reads the memory of the sessions finds no token.
func TestTokensAreNotKept(t *testing.T) {
	h := start(t)
	token := h.token()
	if len(token) != 43 {
		t.Errorf("a token of %d characters", len(token))
	}
	found := h.server.sessions.byToken[sha256.Sum256([]byte(token))]
	if found == nil {
		t.Fatal("the session is not found by the hash")
	}
	for field, value := range reflect.ValueOf(found).Elem().Fields() {
		if value.Kind() == reflect.String && strings.Contains(value.String(), token) {
			t.Errorf("a session has its token as %s", field.Name)
		}
	}
}

func TestNoCookies(t *testing.T) {
	h := start(t)
	r := h.open(h.sign(h.claim(), h.ana))
	if got := r.header.Values("Set-Cookie"); len(got) != 0 {
		t.Errorf("cookies: %v", got)
	}
	token := decode[api.Session](t, r).Token
	h.ask(request{method: http.MethodGet, path: "/api/v1/me", header: map[string]string{"Cookie": "token=" + token}}).
		wantProblem(t, 401, "session-required")
	h.ask(request{method: http.MethodGet, path: "/api/v1/me?token=" + token}).wantProblem(t, 401, "session-required")
}
