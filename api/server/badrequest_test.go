package server

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
)

// TestBadRequests has requests that their operation does not take, each with its refusal.
func TestBadRequests(t *testing.T) {
	room := "/api/v1/rooms/" + testRoom.String()
	act := func(body string) request { return request{method: "POST", path: room + "/actions", body: body} }
	title := func(text string) request {
		return request{method: "POST", path: "/api/v1/rooms", body: `{"create":"c","title":{"salt":"` + salt + `","text":"` + text + `"}}`}
	}
	on := func(do, more string) request {
		return act(`{"type":"` + do + `","target":"` + removedKey.String() + `"` + more + `}`)
	}
	cases := []struct {
		name    string
		request request
		status  int
		code    string
	}{
		{"garbage", act(`{"type":`), 400, "request-invalid"},
		{"not an object", act(`[]`), 400, "request-invalid"},
		{"empty", request{method: "POST", path: room + "/actions", kind: "application/json"}, 400, "request-invalid"},
		{"two documents", act(`{"type":"leave"}{"type":"end"}`), 400, "request-invalid"},
		{"one name twice", act(`{"type":"leave","type":"end"}`), 400, "request-invalid"},
		{"one name in two cases", act(`{"type":"leave","Type":"end"}`), 400, "request-invalid"},
		{"a name in another case", act(`{"Type":"end"}`), 400, "request-invalid"},
		{"unknown name", act(`{"type":"leave","more":1}`), 400, "request-invalid"},
		{"missing name", act(`{}`), 400, "request-invalid"},
		{"wrong type", act(`{"type":1}`), 400, "request-invalid"},
		{"null", act(`{"type":null}`), 400, "request-invalid"},
		{"unknown action", act(`{"type":"dance"}`), 400, "request-invalid"},
		{"bad UTF-8", act("{\"type\":\"raise_hand\",\"question\":\"\xff\"}"), 400, "request-invalid"},
		{"deep", act(strings.Repeat("[", 30_000)), 400, "request-invalid"},
		{"no target", act(`{"type":"mute"}`), 400, "request-invalid"},
		{"target is no key", act(`{"type":"mute","target":"ana"}`), 400, "request-invalid"},
		{"target is no point", act(`{"type":"mute","target":"did:key:z6Mk` + strings.Repeat("1", 44) + `"}`), 400, "request-invalid"},
		{"target where none belongs", act(`{"type":"leave","target":"` + identity.Generate().Public().String() + `"}`), 400, "request-invalid"},
		{"question with another action", act(`{"type":"leave","question":"why?"}`), 400, "request-invalid"},
		{"question too long", act(`{"type":"raise_hand","question":"` + strings.Repeat("a", 201) + `"}`), 422, "text-invalid"},
		{"question of two lines", act(`{"type":"raise_hand","question":"a\nb"}`), 422, "text-invalid"},
		{"removal without a reason", on("remove", ``), 422, "text-invalid"},
		{"removal for an empty reason", on("remove", `,"reason":{"salt":"`+salt+`","text":""}`), 422, "text-invalid"},
		{"removal for a reason of 201 characters", on("remove", `,"reason":{"salt":"`+salt+`","text":"`+strings.Repeat("a", 201)+`"}`), 422, "text-invalid"},
		{"removal for a reason of two lines", on("remove", `,"reason":{"salt":"`+salt+`","text":"a\nb"}`), 422, "text-invalid"},
		{"removal for 59 s", on("remove", `,"duration":59,"reason":{"salt":"`+salt+`","text":"a"}`), 400, "request-invalid"},
		{"removal for a month and a second", on("remove", `,"duration":2592001,"reason":{"salt":"`+salt+`","text":"a"}`), 400, "request-invalid"},
		{"removal for less than no time", on("remove", `,"duration":-60,"reason":{"salt":"`+salt+`","text":"a"}`), 400, "request-invalid"},
		{"mute with a reason", on("mute", `,"reason":{"salt":"`+salt+`","text":"a"}`), 400, "request-invalid"},
		{"mute with a duration", on("mute", `,"duration":60`), 400, "request-invalid"},
		{"mute with a switch", on("mute", `,"switch":"on"`), 400, "request-invalid"},
		{"lock without a switch", act(`{"type":"lock_stage"}`), 400, "request-invalid"},
		{"lock, half", act(`{"type":"lock_stage","switch":"half"}`), 400, "request-invalid"},
		{"slow mode of 4 s", act(`{"type":"slow_mode","duration":4}`), 400, "request-invalid"},
		{"slow mode of more than an hour", act(`{"type":"slow_mode","duration":3601}`), 400, "request-invalid"},
		{"mute all, of somebody", on("mute_all", ``), 400, "request-invalid"},
		{"lift of nobody's removal", act(`{"type":"lift_removal"}`), 400, "request-invalid"},
		{"act over 4 KiB", act(`{"type":"leave","act":"` + strings.Repeat("a", 4097) + `"}`), 413, "statement-size"},
		{"21 peers", request{method: "POST", path: "/api/v1/adopt", body: `{"secret":"s","delegate":"d","peers":["a"` + strings.Repeat(`,"a"`, 20) + `]}`}, 400, "request-invalid"},
		{"no peers", request{method: "POST", path: "/api/v1/adopt", body: `{"secret":"s","delegate":"d"}`}, 400, "request-invalid"},
		{"title of 10,000 characters", title(strings.Repeat("a", 10_000)), 422, "text-invalid"},
		{"title with bidi", title(`a\u202eb`), 422, "text-invalid"},
		{"title with control", title(`a\u0000b`), 422, "text-invalid"},
		{"empty title", title(``), 422, "text-invalid"},
		{"salt too short", request{method: "POST", path: "/api/v1/rooms", body: `{"create":"c","title":{"salt":"AA","text":"t"}}`}, 400, "request-invalid"},
		{"media type of a form", request{method: "POST", path: room + "/actions", body: `{"type":"leave"}`, kind: "application/x-www-form-urlencoded"}, 415, "request-media-type"},
		{"media type of a plain text", request{method: "POST", path: room + "/actions", body: `{"type":"leave"}`, kind: "text/plain"}, 415, "request-media-type"},
		{"media type like JSON", request{method: "POST", path: room + "/actions", body: `{"type":"leave"}`, kind: "application/x+json"}, 415, "request-media-type"},
		{"media type malformed", request{method: "POST", path: room + "/actions", body: `{"type":"leave"}`, kind: ";;"}, 415, "request-media-type"},
		{"JSON as SDP", request{method: "POST", path: room + "/media", body: `{}`}, 415, "request-media-type"},
		{"SDP of unknown profile", request{method: "POST", path: room + "/media?srtp=none", body: `v=0`, kind: "application/sdp"}, 400, "request-invalid"},
		{"empty SDP", request{method: "POST", path: room + "/media", kind: "application/sdp"}, 400, "request-invalid"},
		{"SDP over 64 KiB", request{method: "POST", path: room + "/media", body: strings.Repeat("a", maxBody+1), kind: "application/sdp"}, 413, "media-sdp-size"},
		{"body over 64 KiB", act(strings.Repeat(" ", maxBody+1)), 413, "request-too-large"},
		{"body of 1 MiB", act(strings.Repeat(" ", 1<<20)), 413, "request-too-large"},
		{"offset", request{method: "GET", path: room + "/audience?offset=-1"}, 400, "request-invalid"},
		{"limit", request{method: "GET", path: room + "/audience?limit=201"}, 400, "request-invalid"},
		{"limit is no number", request{method: "GET", path: room + "/audience?limit=x"}, 400, "request-invalid"},
		{"a name that is none", request{method: "GET", path: room + "/audience?q=a%0Ab"}, 400, "request-invalid"},
		{"a name without end", request{method: "GET", path: room + "/audience?q=" + strings.Repeat("a", 101)}, 400, "request-invalid"},
		{"room id", request{method: "GET", path: "/api/v1/rooms/lobby"}, 404, "room-unknown"},
		{"room id in an action", request{method: "POST", path: "/api/v1/rooms/lobby/actions", body: `{"type":"leave"}`}, 404, "room-unknown"},
		{"room id in an offer", request{method: "POST", path: "/api/v1/rooms/lobby/media", body: `v=0`, kind: "application/sdp"}, 404, "room-unknown"},
		{"invite id", request{method: "GET", path: "/api/v1/invites/x"}, 404, "invite-unknown"},
		{"leg", request{method: "DELETE", path: room + "/media/other"}, 404, "media-leg-gone"},
		{"unknown path", request{method: "GET", path: "/api/v1/nothing"}, 404, "not-found"},
		{"path below the API", request{method: "GET", path: "/api/"}, 404, "not-found"},
		{"another version", request{method: "GET", path: "/api/v2/node"}, 404, "not-found"},
		{"method of a path", request{method: "POST", path: "/api/v1/node", body: "{}"}, 405, "method-not-allowed"},
		{"method of a path with an id", request{method: "PUT", path: room, body: "{}"}, 405, "method-not-allowed"},
		{"method of the page", request{method: "POST", path: "/"}, 405, "method-not-allowed"},
		{"CORS preflight", request{method: "OPTIONS", path: "/api/v1/node"}, 405, "method-not-allowed"},
		{"events without WebSocket", request{method: "GET", path: "/api/v1/events"}, 400, "request-invalid"},
	}
	h := start(t)
	token := h.token()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			h := h.in(t)
			c.request.token = token
			r := h.ask(c.request)
			r.wantProblem(t, c.status, c.code)
			if r.header.Get("Access-Control-Allow-Origin") != "" {
				t.Error("the answer invites other origins")
			}
			if r.status == 405 && r.header.Get("Allow") == "" {
				t.Error("no Allow")
			}
		})
	}
	if n := h.fake.count(); n != 0 {
		t.Errorf("%d calls went through; the last was %v", n, h.fake.last())
	}
}

func TestAllowNamesTheMethods(t *testing.T) {
	h := start(t)
	r := h.ask(request{method: "PUT", path: "/api/v1/sessions"})
	r.wantProblem(t, 405, "method-not-allowed")
	if got := r.header.Get("Allow"); got != "POST, DELETE" {
		t.Errorf("Allow is %q", got)
	}
}

// What a client sent may be secret, and is not sent back.
func TestRefusalsEchoNoValues(t *testing.T) {
	h := start(t)
	r := h.ask(request{method: "POST", path: "/api/v1/sessions", body: `{"session":"x","token":"hunter2"}`})
	r.wantProblem(t, 400, "request-invalid")
	if strings.Contains(r.body, "hunter2") {
		t.Errorf("the answer echoes: %s", r.body)
	}
	if !strings.Contains(r.problem.Detail, "token") {
		t.Errorf("the detail does not name the member: %s", r.body)
	}
}

func TestHeadIsGetWithoutBody(t *testing.T) {
	h := start(t)
	for path, status := range map[string]int{"/api/v1/node": 200, "/": 200, "/api/v1/nothing": 404} {
		r := h.ask(request{method: http.MethodHead, path: path})
		if r.status != status || r.body != "" {
			t.Errorf("HEAD %s: %d %q", path, r.status, r.body)
		}
	}
}

func TestStatementsOfAnySizeReachTheirParser(t *testing.T) {
	h := start(t)
	long := strings.Repeat("a", 5<<10)
	r := h.open(long)
	if r.problem.Code != "statement-size" && r.problem.Code != "statement-syntax" {
		t.Errorf("5 KiB of session: %d %s", r.status, r.body)
	}
	h.ask(request{method: "POST", path: "/api/v1/join", body: `{"join":"` + long + `","profile":"p"}`}).wantStatus(t, 201)
	if got, _ := h.fake.last().(api.JoinRequest); len(got.Join) != len(long) {
		t.Error("the join did not arrive whole")
	}
}
