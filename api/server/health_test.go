package server

import (
	"encoding/json"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/reason"
)

type parts struct {
	mu  sync.Mutex
	all []api.Condition
}

func (p *parts) Conditions() []api.Condition {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all
}

func (p *parts) are(all ...api.Condition) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = all
}

// A load balancer asks by address and all the time. Neither the host allow-list nor the rates may be in its way.
func TestProbesAnswerAnybody(t *testing.T) {
	p := &parts{}
	h := start(t, func(c *Config) { c.Health = p }, withLimits(Limits{Requests: Rate{PerSecond: 1, Burst: 1}}))
	for range 20 {
		for _, path := range []string{"/healthz", "/readyz"} {
			r := h.ask(request{method: "GET", path: path, host: "10.0.0.9:7080"})
			r.wantStatus(t, http.StatusOK)
		}
	}
	p.are(api.Condition{Name: "store", Why: "broken"}, api.Condition{Name: "media", Ready: true})
	r := h.ask(request{method: "GET", path: "/readyz"})
	r.wantStatus(t, http.StatusServiceUnavailable)
	var is api.Readiness
	if err := json.Unmarshal([]byte(r.body), &is); err != nil || is.Ready || len(is.Checks) != 2 || is.Checks[0].Why != "broken" {
		t.Errorf("%s, %v", r.body, err)
	}
	h.ask(request{method: "GET", path: "/healthz"}).wantStatus(t, http.StatusOK)
	h.ask(request{method: "POST", path: "/healthz"}).wantStatus(t, http.StatusMethodNotAllowed)
}

type heard struct {
	mu      sync.Mutex
	routes  map[string]int
	refused map[reason.Reason]int
}

func (h *heard) Answered(route, method, code string, took time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if took > 0 {
		h.routes[method+" "+route+" "+code]++
	}
}

func (h *heard) Refused(r reason.Reason) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.refused[r]++
}

// What strangers put into paths and methods must not make new labels.
func TestTheWatchHearsOfRoutesNotOfPaths(t *testing.T) {
	w := &heard{routes: map[string]int{}, refused: map[reason.Reason]int{}}
	h := start(t, func(c *Config) { c.Watch = w })
	h.ask(request{method: "GET", path: "/api/v1/node"})
	h.ask(request{method: "GET", path: "/api/v1/invites/" + "x"})
	h.ask(request{method: "GET", path: "/api/v1/secret-path"})
	h.ask(request{method: "BREW", path: "/coffee"})
	h.ask(request{method: "GET", path: "/api/v1/me"})
	_ = h.stop() // a request is counted after it was answered
	want := map[string]int{
		"GET /api/v1/node 200":         1,
		"GET /api/v1/invites/{id} 404": 1,
		"GET page 404":                 1,
		"other page 405":               1,
		"GET /api/v1/me 401":           1,
	}
	for route, n := range want {
		if w.routes[route] != n {
			t.Errorf("%s: %d times, not %d", route, w.routes[route], n)
		}
	}
	if len(w.routes) != len(want) {
		t.Errorf("heard %v", w.routes)
	}
	if w.refused[reason.SessionRequired] != 1 || w.refused[reason.InviteUnknown] != 1 || w.refused[reason.NotFound] != 1 {
		t.Errorf("refused %v", w.refused)
	}
}
