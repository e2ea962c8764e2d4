package server

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
)

// hoard holds much on everybody.
type hoard struct {
	size  int
	pause time.Duration // in the making of each byte of the last kilobyte of a hundred
	fail  bool
}

func (h *hoard) Export(_ context.Context, _ identity.PublicKey, _ []api.OpenSession, w io.Writer) error {
	for rest := h.size; rest > 0; rest -= 100 << 10 {
		time.Sleep(h.pause) //nolint:forbidigo // virtual time
		if _, err := w.Write(bytes.Repeat([]byte("x"), min(rest, 100<<10))); err != nil {
			return err
		}
	}
	if h.fail {
		return errors.New("the disk is gone")
	}
	return nil
}

func (h *hoard) Erase(context.Context, identity.PublicKey, api.EraseRequest) error {
	time.Sleep(h.pause) //nolint:forbidigo // virtual time
	return nil
}

// TestALargeExportIsNotCut lets a client read for an hour, at a third of the speed below which it would count as gone,
// from a node that itself takes minutes over the parts.
func TestALargeExportIsNotCut(t *testing.T) {
	const size = 8 << 20
	for name, c := range map[string]struct {
		hoard *hoard
		bytes int           // that the client reads at once
		every time.Duration // and how often
		all   bool          // whether it gets everything
	}{
		"a slow reader":           {&hoard{size: size}, 64 << 10, 25 * time.Second, true},
		"a slow node":             {&hoard{size: size, pause: 3 * time.Minute}, 1 << 20, 0, true},
		"a reader that stands":    {&hoard{size: size}, 64 << 10, 2 * time.Minute, false},
		"a node that cannot read": {&hoard{size: size, fail: true}, 1 << 20, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			inBubbleWith(t, func(config *Config) { config.Privacy = c.hoard }, func(h *harness) {
				token := h.token()
				conn := h.dial()
				req, err := http.NewRequestWithContext(h.Context(), http.MethodGet, h.url+"/api/v1/me/export", http.NoBody)
				if err != nil {
					h.Fatal(err)
				}
				req.Header.Set("Authorization", "Bearer "+token)
				if err := req.Write(conn); err != nil {
					h.Fatal(err)
				}
				res, err := http.ReadResponse(bufio.NewReaderSize(conn, 16), req)
				if err != nil || res.StatusCode != http.StatusOK {
					h.Fatalf("%v, %v", res, err)
				}
				defer func() { _ = res.Body.Close() }()
				got, began := 0, time.Now()
				buffer := make([]byte, c.bytes)
				for err == nil {
					var n int
					n, err = io.ReadFull(res.Body, buffer)
					got += n
					time.Sleep(c.every) //nolint:forbidigo // virtual time
				}
				whole := errors.Is(err, io.EOF) && got == size
				if whole != c.all {
					h.Errorf("%d of %d bytes in %s, then %v", got, size, time.Since(began), err)
				}
				if c.all && time.Since(began) < 50*time.Minute {
					h.Errorf("it took %s only", time.Since(began))
				}
			})
		})
	}
}

// TestErasingMayTakeLong waits for a node that writes a large store anew.
func TestErasingMayTakeLong(t *testing.T) {
	inBubbleWith(t, func(config *Config) { config.Privacy = &hoard{pause: 5 * time.Minute} }, func(h *harness) {
		token := h.token()
		h.ask(request{method: "POST", path: "/api/v1/me/erase", body: `{"erase":"e"}`, token: token}).wantStatus(h.T, 204)
	})
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	h := start(t)
	open := func(program string) string {
		t.Helper()
		r := h.ask(request{
			method: "POST", path: "/api/v1/sessions",
			body: `{"session":"` + h.sign(h.claim(), h.ana) + `","program":"` + program + `"}`,
		})
		r.wantStatus(t, 201)
		return decode[api.Session](t, r).Token
	}
	list := func(token string) []api.OpenSession {
		t.Helper()
		r := h.ask(request{method: "GET", path: "/api/v1/me/sessions", token: token})
		r.wantStatus(t, 200)
		if strings.Contains(r.body, "127.0.0.1") || strings.Contains(r.body, token) {
			t.Errorf("an address or the token is told: %s", r.body)
		}
		return decode[api.SessionList](t, r).Sessions
	}
	end := func(token, id string) reply {
		return h.ask(request{method: "DELETE", path: "/api/v1/me/sessions/" + id, token: token})
	}
	at := h.clock.Now().UnixMilli()
	first := open("Firefox, Linux")
	h.clock.advance(time.Hour)
	second, third := open(""), open("stoa join")
	h.clock.advance(time.Minute)
	all := list(first)
	if len(all) != 3 || !all[0].Current || all[0].Program != "Firefox, Linux" || all[0].Since != at || all[0].Seen != h.clock.Now().UnixMilli() {
		t.Fatalf("%+v", all)
	}
	of := func(program string) string {
		t.Helper()
		i := slices.IndexFunc(all, func(s api.OpenSession) bool { return s.Program == program })
		if i < 0 || all[i].Current != (program == "Firefox, Linux") {
			t.Fatalf("%q in %+v", program, all)
		}
		return all[i].ID
	}

	stranger := identity.Generate()
	h.fake.admit(stranger.Public(), "Eve")
	eve := decode[api.Session](t, h.open(h.sign(h.claim(), stranger))).Token
	end(eve, of("stoa join")).wantProblem(t, 404, "session-unknown")
	end(first, "nobody").wantProblem(t, 404, "session-unknown")

	end(first, of("stoa join")).wantStatus(t, 204)
	h.me(third).wantProblem(t, 401, "session-ended")
	h.me(second).wantStatus(t, 200)
	end(first, of("stoa join")).wantProblem(t, 404, "session-unknown")

	h.ask(request{method: "DELETE", path: "/api/v1/me/sessions", token: first}).wantStatus(t, 204)
	h.me(second).wantProblem(t, 401, "session-ended")
	h.me(first).wantStatus(t, 200)
	h.me(eve).wantStatus(t, 200)
	if left := list(first); len(left) != 1 || !left[0].Current {
		t.Errorf("%+v", left)
	}
	end(first, of("Firefox, Linux")).wantStatus(t, 204)
	h.me(first).wantProblem(t, 401, "session-required") // by itself: it need not be told

	// What was ended is remembered as long as its client could have gone on with it.
	h.clock.advance(13 * time.Hour)
	h.server.sessions.sweep()
	h.me(second).wantProblem(t, 401, "session-required")
}

func TestAProgramIsNamedInOneLine(t *testing.T) {
	h := start(t)
	for _, wrong := range []string{"two\\nlines", strings.Repeat("x", 61), "\u202eevil"} {
		h.ask(request{
			method: "POST", path: "/api/v1/sessions", body: `{"session":"` + h.sign(h.claim(), h.ana) + `","program":"` + wrong + `"}`,
		}).wantProblem(t, 422, "text-invalid")
	}
}
