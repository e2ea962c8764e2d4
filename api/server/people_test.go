package server

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
)

// A picture comes from the node itself, as the image that it is, for images that can carry no session.
func TestPicturesAreServedAsWhatTheyAre(t *testing.T) {
	h := start(t)
	digest := api.DigestOf([]byte("x")).String()
	r := h.ask(request{method: "GET", path: "/api/v1/pictures/" + digest})
	r.wantStatus(t, http.StatusOK)
	for name, want := range map[string]string{
		"Content-Type": "image/png", "X-Content-Type-Options": "nosniff", "Cache-Control": "private, max-age=604800, immutable",
	} {
		if have := r.header.Get(name); have != want {
			t.Errorf("%s: %q, want %q", name, have, want)
		}
	}
	h.ask(request{method: "GET", path: "/api/v1/pictures/none"}).wantProblem(t, 404, "picture-unknown")
}

func TestWhatOneKeepsNeedsASession(t *testing.T) {
	h := start(t)
	for _, path := range []string{"/people", "/people/" + h.node.String(), "/me/settings", "/me/people"} {
		h.ask(request{method: "GET", path: "/api/v1" + path}).wantProblem(t, 401, "session-required")
	}
}

func TestRequestsAboutPeopleAreChecked(t *testing.T) {
	h := start(t)
	token := h.tokenOf(h.ana)
	key := identity.Generate().Public().String()
	for name, c := range map[string]struct{ method, path, body, kind, code string }{
		"oneself":         {"POST", "/me/people/" + h.ana.Public().String(), `{"follow":true,"block":false,"mute":false,"volume":100}`, "", "person-self"},
		"nobody":          {"POST", "/me/people/did:key:zNobody", `{"follow":true,"block":false,"mute":false,"volume":100}`, "", "person-unknown"},
		"too loud":        {"POST", "/me/people/" + key, `{"follow":true,"block":false,"mute":false,"volume":101}`, "", "request-invalid"},
		"no topic":        {"POST", "/me/settings", `{"topics":["A B"],"languages":[]}`, "", "request-invalid"},
		"no such person":  {"GET", "/people/me", "", "", "person-unknown"},
		"no such node":    {"GET", "/people/" + key + "?from=here", "", "", "person-unknown"},
		"a long search":   {"GET", "/people?q=" + strings.Repeat("a", 101), "", "", "request-invalid"},
		"a text as image": {"POST", "/me/picture", "picture", "text/plain", "request-media-type"},
		"a large image":   {"POST", "/me/picture", strings.Repeat("x", 64<<10+1), "image/png", "request-too-large"},
	} {
		t.Run(name, func(t *testing.T) {
			kind := c.kind
			if kind == "" && c.body != "" {
				kind = "application/json"
			}
			h.in(t).ask(request{method: c.method, path: "/api/v1" + c.path, token: token, body: c.body, kind: kind}).wantProblem(t, reason.Reason(c.code).Status(), c.code)
		})
	}
}

// What changes on one device is told to the others of the same member, and to nobody else.
func TestOwnChangesReachOwnDevices(t *testing.T) {
	h := start(t)
	leo := identity.Generate()
	h.fake.admit(leo.Public(), "Léo")
	ana := h.tokenOf(h.ana)
	devices := map[string]*listener{}
	for name, key := range map[string]identity.PrivateKey{"Ana": h.ana, "Léo": leo} {
		devices[name] = h.connect()
		devices[name].say(helloText(t, api.Hello{Type: "hello", Token: h.tokenOf(key)}))
		devices[name].hear() // the hallway
	}
	body, err := json.Marshal(api.Relation{Follow: true, Volume: 100})
	if err != nil {
		t.Fatal(err)
	}
	h.ask(request{
		method: "POST", path: "/api/v1/me/people/" + leo.Public().String(), token: ana,
		body: string(body),
	}).wantStatus(t, http.StatusOK)
	if event := devices["Ana"].hear(); event["type"] != "mine" {
		t.Errorf("Ana's other device was told %v", event)
	}
	h.fake.change(api.Room{ID: testRoom})
	if event := devices["Léo"].hear(); event["type"] != "hallway" {
		t.Errorf("Léo was told %v", event)
	}
}

// What a member is told comes wherever they are.
func TestANoticeComesOutsideAndInside(t *testing.T) {
	h := start(t)
	outside := h.connect()
	outside.say(helloText(t, api.Hello{Type: "hello", Token: h.token()}))
	outside.hear() // the hallway
	notice := api.Noticed{Head: api.Head{Type: api.EventNotice}, Notice: api.Notice{N: 3, Kind: api.NoticeTopic}, Unread: 2}
	h.fake.told <- notice
	if event := outside.hear(); event["type"] != "notice" || event["unread"] != 2.0 {
		t.Errorf("outside: %v", event)
	}
	_ = outside.conn.CloseNow()
	inside, _ := h.enter(h.token())
	for range 2 { // the one that is gone may take one before the server knows
		select {
		case h.fake.told <- notice:
		case <-t.Context().Done():
		}
	}
	if event := inside.hear(); event["type"] != "notice" {
		t.Errorf("inside: %v", event)
	}
}
