package server

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
)

func TestLogsAreReadByAnybody(t *testing.T) {
	h := start(t)
	community, node := identity.Generate().Public().String(), h.node.String()
	log := "/log/" + community + "/" + node + "/"
	const forever = "public, max-age=31536000, immutable"
	for path, want := range map[string]struct{ kind, cache string }{
		"checkpoint":                 {"text/plain; charset=utf-8", "no-store"},
		"tile/0/000":                 {"application/octet-stream", forever},
		"tile/1/x001/x234/067.p/255": {"application/octet-stream", forever},
		"tile/entries/000.p/3":       {"application/octet-stream", forever},
		"statements/x001/000":        {"application/json", forever},
	} {
		t.Run(path, func(t *testing.T) {
			h := h.in(t)
			r := h.ask(request{method: "GET", path: log + path})
			r.wantStatus(t, 200)
			if r.body != "of "+path || r.header.Get("Content-Type") != want.kind || r.header.Get("Cache-Control") != want.cache {
				t.Errorf("%q, %v", r.body, r.header)
			}
			if diff := cmp.Diff([2]string{"stoa/" + community + "/" + node, path}, h.fake.last()); diff != "" {
				t.Errorf("read (-want +got):\n%s", diff)
			}
			if r := h.ask(request{method: "HEAD", path: log + path}); r.status != 200 || r.body != "" {
				t.Errorf("HEAD: %d %q", r.status, r.body)
			}
		})
	}
}

func TestPathsThatNameNoLog(t *testing.T) {
	h := start(t)
	community, node := identity.Generate().Public().String(), h.node.String()
	log := "/log/" + community + "/" + node + "/"
	for name, path := range map[string]string{
		"nothing of the log": log,
		"another resource":   log + "key",
		"a longer word":      log + "checkpoints",
		"below a checkpoint": log + "checkpoint/0",
		"in capitals":        log + "TILE/0/000",
		"an endless path":    log + "tile/" + strings.Repeat("x001/", 40) + "000",
		"no community":       "/log/porch/" + node + "/checkpoint",
		"no node":            "/log/" + community + "/porch/checkpoint",
		"a slash in a key":   "/log/" + community + "%2F/" + node + "/checkpoint",
	} {
		t.Run(name, func(t *testing.T) {
			h := h.in(t)
			h.ask(request{method: "GET", path: path}).wantProblem(t, 404, "not-found")
		})
	}
	if n := h.fake.count(); n != 0 {
		t.Errorf("%d were looked for; the last was %v", n, h.fake.last())
	}
	h.fake.answer(reason.Reject(reason.NotFound, "no such tile"))
	r := h.ask(request{method: "GET", path: log + "tile/0/001"})
	r.wantProblem(t, 404, "not-found")
	if cache := r.header.Get("Cache-Control"); cache != "no-store" {
		t.Errorf("what is not there yet is kept by caches: %q", cache)
	}
	h.ask(request{method: "POST", path: log + "checkpoint"}).wantProblem(t, 405, "method-not-allowed")
}

func TestNodesWithoutLogsAndSiblings(t *testing.T) {
	h := start(t, func(c *Config) { c.Logs, c.Nodes = nil, nil })
	key := h.node.String()
	h.ask(request{method: "GET", path: "/log/" + key + "/" + key + "/checkpoint"}).wantProblem(t, 404, "not-found")
	h.ask(request{method: "POST", path: "/api/v1/nodes", body: `{"delegate":"d"}`, token: h.token()}).wantProblem(t, 404, "not-found")
	adopt := `{"secret":"s","delegate":"d","peers":[]}`
	h.ask(request{method: "POST", path: "/api/v1/adopt", body: adopt}).wantProblem(t, 404, "not-found")
}
