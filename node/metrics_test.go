package node_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/node"
	"github.com/stoa-rooms/stoa/node/nodetest"
)

// freePort is a TCP port that nobody listens on at the moment.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func fetch(ctx context.Context, t *testing.T, url string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(data)
}

var (
	sample   = regexp.MustCompile(`(?m)^(stoa_[a-z0-9_]+)(\{[^}]*\})? (\S+)$`)
	tableRow = regexp.MustCompile("(?m)^\\| `(stoa_[a-z0-9_]+)(?:\\{[^}]*\\})?` \\|")
)

// TestMetricsAreDocumented holds the table in docs/operating.md against what a node that was used serves, both ways, and
// looks for what must not be in it.
func TestMetricsAreDocumented(t *testing.T) {
	ctx := t.Context()
	at := freePort(t)
	n := nodetest.With(t, node.Config{Metrics: at, Version: "9.9.9"})
	ana := n.Found(ctx)
	leo := n.Join(ctx, ana, "Léo")
	room, err := ana.CreateRoom(ctx, "Evening", []string{"music"}, "en")
	if err != nil {
		t.Fatal(err)
	}
	n.Enter(ctx, ana, room.ID)
	n.Enter(ctx, leo, room.ID)
	if status, _ := fetch(ctx, t, n.URL()+"/api/v1/me"); status != http.StatusUnauthorized {
		t.Fatalf("me without a session: %d", status)
	}
	_, text := fetch(ctx, t, "http://"+at+"/metrics")

	values := map[string]string{}
	var served []string
	for _, m := range sample.FindAllStringSubmatch(text, -1) {
		values[m[1]+m[2]] = m[3]
		name := m[1]
		for _, part := range []string{"_bucket", "_sum", "_count"} {
			if base, ok := strings.CutSuffix(name, part); ok && strings.HasSuffix(base, "_seconds") {
				name = base
			}
		}
		if !slices.Contains(served, name) {
			served = append(served, name)
		}
	}
	for name, want := range map[string]string{
		`stoa_rooms{as="host"}`:                          "1",
		`stoa_people{role="moderator"}`:                  "1",
		`stoa_people{role="listener"}`:                   "1",
		`stoa_members`:                                   "2",
		`stoa_websockets`:                                "2",
		`stoa_room_entries_total`:                        "2",
		`stoa_log_statements_total{kind="admit"}`:        "1",
		`stoa_refusals_total{reason="session-required"}`: "1",
		`stoa_store_ready`:                               "1",
		`stoa_http_requests_total{code="201",method="POST",route="/api/v1/join"}`: "1",
	} {
		if values[name] != want {
			t.Errorf("%s is %q, not %s", name, values[name], want)
		}
	}
	if !strings.Contains(text, `stoa_build_info{goversion="go`) || !strings.Contains(text, `version="9.9.9"`) {
		t.Error("no build info")
	}
	for _, private := range []string{"did:key", room.ID.String(), "Ana", "Evening", leo.Key().String()[10:20]} {
		if strings.Contains(text, private) {
			t.Errorf("the metrics contain %q", private)
		}
	}

	doc, err := os.ReadFile("../docs/operating.md")
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, m := range tableRow.FindAllStringSubmatch(string(doc), -1) {
		told = append(told, m[1])
	}
	for _, name := range served {
		if !slices.Contains(told, name) {
			t.Errorf("docs/operating.md does not explain %s", name)
		}
	}
	for _, name := range told {
		if !slices.Contains(served, name) {
			t.Errorf("docs/operating.md explains %s, which is not served", name)
		}
	}
}

// TestProbes asks a node as a load balancer does.
func TestProbes(t *testing.T) {
	ctx := t.Context()
	n := nodetest.New(t)
	ready := func() api.Readiness {
		status, body := fetch(ctx, t, n.URL()+api.PathReady)
		var is api.Readiness
		if err := json.Unmarshal([]byte(body), &is); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		if is.Ready != (status == http.StatusOK) {
			t.Errorf("status %d says %s", status, body)
		}
		return is
	}
	is := ready()
	if !is.Ready || len(is.Checks) != 3 || !strings.Contains(fmt.Sprint(is.Checks), "owner link") {
		t.Errorf("a node without a community: %+v", is)
	}
	n.Found(ctx)
	if is = ready(); !is.Ready || is.Checks[2].Why != "" {
		t.Errorf("a founded node: %+v", is)
	}
	if status, body := fetch(ctx, t, n.URL()+api.PathHealth); status != http.StatusOK || body != `{"status":"ok"}` {
		t.Errorf("%d %s", status, body)
	}
}
