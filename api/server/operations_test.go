package server

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
)

const salt = "AAAAAAAAAAAAAAAAAAAAAA"

// removedKey is somebody's who is to be removed.
var removedKey = identity.Generate().Public()

// operationCase is one operation with a request that it takes.
type operationCase struct {
	name           string
	request        request
	member         bool // needs a session
	status         int
	args           func(ana identity.PublicKey) any // what reaches the other side; nil for operations that ask nothing
	answerContains string
}

func operationCases() []operationCase {
	room, invite := "/api/v1/rooms/"+testRoom.String(), "/api/v1/invites/"+testInvite.String()
	text := func(s string) string { return `{"salt":"` + salt + `","text":"` + s + `"}` }
	return []operationCase{
		{"node", request{method: "GET", path: "/api/v1/node"}, false, 200, nil, `"name":"Porch"`},
		{
			"found",
			request{method: "POST", path: "/api/v1/found", body: `{"secret":"s","delegate":"d","rules":"r","name":` + text("Porch") + `,"profile":"p"}`},
			false, 201,
			func(identity.PublicKey) any {
				return api.FoundRequest{Secret: "s", Delegate: "d", Rules: "r", Name: api.Text{Text: "Porch"}, Profile: "p"}
			},
			`"name":"founder"`,
		},
		{
			"join",
			request{method: "POST", path: "/api/v1/join", body: `{"join":"j","profile":"p"}`},
			false, 201,
			func(identity.PublicKey) any { return api.JoinRequest{Join: "j", Profile: "p"} }, `"name":"joined"`,
		},
		{
			"notices",
			request{method: "GET", path: "/api/v1/me/notices"},
			true, 200,
			func(ana identity.PublicKey) any { return memberCall{Member: ana} }, `"notices":[],"unread":7`,
		},
		{
			"read notices",
			request{method: "POST", path: "/api/v1/me/notices/read", body: `{"notices":[3,1]}`},
			true, 200,
			func(ana identity.PublicKey) any { return memberCall{Member: ana, Arg: []int64{3, 1}} }, "",
		},
		{
			"notice settings",
			request{method: "GET", path: "/api/v1/me/notices/settings"},
			true, 200,
			func(ana identity.PublicKey) any { return memberCall{Member: ana} }, `"reminders":true,"people":true,"community":false,"topics":true`,
		},
		{
			"set notice settings",
			request{
				method: "POST", path: "/api/v1/me/notices/settings",
				body: `{"reminders":true,"people":false,"community":true,"topics":false,"quiet":{"from":"22:00","to":"07:00","zone":"UTC"},"hidden":[]}`,
			},
			true, 200,
			func(ana identity.PublicKey) any {
				return memberCall{Member: ana, Arg: api.NoticeSettings{
					Reminders: true, Community: true, Quiet: &api.QuietHours{From: "22:00", To: "07:00", Zone: "UTC"}, Hidden: []identity.PublicKey{},
				}}
			},
			`"zone":"UTC"`,
		},
		{
			"push key",
			request{method: "GET", path: "/api/v1/me/push"},
			true, 200,
			func(identity.PublicKey) any { return "push key" }, `"key":"key"`,
		},
		{
			"subscribe",
			request{method: "POST", path: "/api/v1/me/push", body: `{"endpoint":"https://push.example/","p256dh":"p","auth":"a","language":"fr"}`},
			true, 204,
			func(ana identity.PublicKey) any {
				return memberCall{Member: ana, Arg: api.PushSubscription{Endpoint: "https://push.example/", P256DH: "p", Auth: "a", Language: "fr"}}
			},
			"",
		},
		{
			"unsubscribe",
			request{method: "POST", path: "/api/v1/me/push/remove", body: `{"endpoint":"https://push.example/"}`},
			true, 204,
			func(ana identity.PublicKey) any { return memberCall{Member: ana, Arg: "https://push.example/"} }, "",
		},
		{
			"add node",
			request{method: "POST", path: "/api/v1/nodes", body: `{"delegate":"d"}`},
			true, 204,
			func(ana identity.PublicKey) any { return memberCall{Member: ana, Arg: api.AddNode{Delegate: "d"}} }, "",
		},
		{
			"adopt",
			request{method: "POST", path: "/api/v1/adopt", body: `{"secret":"s","delegate":"d","peers":["/ip4/192.0.2.1"]}`},
			false, 201,
			func(identity.PublicKey) any {
				return api.AdoptRequest{Secret: "s", Delegate: "d", Peers: []string{"/ip4/192.0.2.1"}}
			},
			`"name":"Porch"`,
		},
		{
			"what withdraws a node",
			request{method: "GET", path: "/api/v1/nodes/" + removedKey.String() + "/withdrawal"},
			true, 200,
			func(ana identity.PublicKey) any { return memberCall{Member: ana, Arg: removedKey} }, `"size":7`,
		},
		{
			"withdraw a node",
			request{method: "POST", path: "/api/v1/nodes/" + removedKey.String() + "/withdrawal", body: `{"revokes":["r"]}`},
			true, 204,
			func(ana identity.PublicKey) any {
				return memberCall{Member: ana, Arg: api.WithdrawNode{Revokes: []string{"r"}}}
			}, "",
		},
		{"sessions", request{method: "GET", path: "/api/v1/me/sessions"}, true, 200, nil, `"current":true`},
		{"sign out elsewhere", request{method: "DELETE", path: "/api/v1/me/sessions"}, true, 204, nil, ""},
		{"challenge", request{method: "POST", path: "/api/v1/sessions/challenge"}, false, 201, nil, `"nonce":"`},
		{"me", request{method: "GET", path: "/api/v1/me"}, true, 200, func(ana identity.PublicKey) any { return ana }, `"chain":[]`},
		{
			"invites",
			request{method: "GET", path: "/api/v1/invites"},
			true, 200,
			func(ana identity.PublicKey) any { return memberCall{Member: ana} }, `"slots":[],"invites":[]`,
		},
		{
			"create invite",
			request{method: "POST", path: "/api/v1/invites", body: `{"invite":"i"}`},
			true, 201,
			func(ana identity.PublicKey) any { return memberCall{Member: ana, Arg: api.CreateInvite{Invite: "i"}} }, testInvite.String(),
		},
		{
			"create invite with a note",
			request{method: "POST", path: "/api/v1/invites", body: `{"invite":"i","note":` + text("for Léo") + `}`},
			true, 201,
			func(ana identity.PublicKey) any {
				return memberCall{Member: ana, Arg: api.CreateInvite{Invite: "i", Note: &api.Text{Text: "for Léo"}}}
			},
			testInvite.String(),
		},
		{
			"ask",
			request{method: "POST", path: "/api/v1/asks", body: `{"join":"j","profile":"p","message":"It is me"}`},
			false, 201,
			func(identity.PublicKey) any { return api.AskRequest{Join: "j", Profile: "p", Message: "It is me"} },
			`"state":"waiting"`,
		},
		{
			"how a request stands",
			request{method: "GET", path: "/api/v1/asks/" + testInvite.String()},
			false, 200,
			func(identity.PublicKey) any { return testInvite }, `"state":"waiting"`,
		},
		{
			"requests",
			request{method: "GET", path: "/api/v1/asks"},
			true, 200,
			func(ana identity.PublicKey) any { return memberCall{Member: ana} }, `"let me in"`,
		},
		{
			"approve",
			request{method: "POST", path: "/api/v1/asks/" + testInvite.String() + "/approve", body: `{"approve":"a"}`},
			true, 200,
			func(ana identity.PublicKey) any {
				return memberCall{ID: testInvite, Member: ana, Arg: api.Approve{Approve: "a"}}
			},
			`"approved"`,
		},
		{
			"decline",
			request{method: "POST", path: "/api/v1/asks/" + testInvite.String() + "/decline"},
			true, 204,
			func(ana identity.PublicKey) any { return memberCall{ID: testInvite, Member: ana} }, "",
		},
		{
			"change rules",
			request{method: "POST", path: "/api/v1/rules", body: `{"rules":"r","name":` + text("Stoa") + `}`},
			true, 200,
			func(ana identity.PublicKey) any {
				return memberCall{Member: ana, Arg: api.ChangeRules{Rules: "r", Name: api.Text{Text: "Stoa"}}}
			},
			`"name":"Stoa"`,
		},
		{
			"preview",
			request{method: "GET", path: invite},
			false, 200,
			func(identity.PublicKey) any { return memberCall{ID: testInvite} }, testInvite.String(),
		},
		{
			"revoke",
			request{method: "POST", path: invite + "/revoke", body: `{"revoke":"r"}`},
			true, 200,
			func(ana identity.PublicKey) any { return memberCall{testInvite, ana, api.RevokeInvite{Revoke: "r"}} }, `"state":"revoked"`,
		},
		{"rooms", request{method: "GET", path: "/api/v1/rooms"}, true, 200, nil, `{"rooms":[]}`},
		{
			"create room",
			request{method: "POST", path: "/api/v1/rooms", body: `{"create":"c","title":` + text("<b>👩‍👩‍👧 hé</b>") + `}`},
			true, 201,
			func(ana identity.PublicKey) any {
				return memberCall{Member: ana, Arg: api.CreateRoom{Create: "c", Title: api.Text{Text: "<b>👩‍👩‍👧 hé</b>"}}}
			},
			`"title":"<b>👩‍👩‍👧 hé</b>"`,
		},
		{
			"room",
			request{method: "GET", path: room},
			true, 200,
			func(ana identity.PublicKey) any { return memberCall{ID: testRoom, Member: ana} }, `"topics":[]`,
		},
		{
			"audience",
			request{method: "GET", path: room + "/audience?offset=5&limit=10"},
			true, 200,
			func(m identity.PublicKey) any {
				return memberCall{ID: testRoom, Member: m, Arg: api.AudiencePage{Offset: 5, Limit: 10}}
			}, `"people":[]`,
		},
		{
			"audience by name",
			request{method: "GET", path: room + "/audience?q=L%C3%A9o"},
			true, 200,
			func(m identity.PublicKey) any {
				return memberCall{ID: testRoom, Member: m, Arg: api.AudiencePage{Limit: 50, Query: "Léo"}}
			}, `"count":7`,
		},
		{
			"audience by default",
			request{method: "GET", path: room + "/audience"},
			true, 200,
			func(m identity.PublicKey) any {
				return memberCall{ID: testRoom, Member: m, Arg: api.AudiencePage{Limit: 50}}
			}, `"count":7`,
		},
		{
			"log",
			request{method: "GET", path: room + "/log"},
			true, 200,
			func(ana identity.PublicKey) any { return memberCall{ID: testRoom, Member: ana} }, `"orders":[]`,
		},
		{
			"removal",
			request{method: "POST", path: room + "/actions", body: `{"type":"remove","target":"` + removedKey.String() +
				`","duration":300,"reason":` + text("spam") + `,"act":"a"}`},
			true, 204,
			func(ana identity.PublicKey) any {
				return memberCall{testRoom, ana, api.Action{
					Type: api.ActRemove, Target: &removedKey, Duration: 300, Reason: &api.Text{Text: "spam"}, Act: "a",
				}}
			},
			"",
		},
		{
			"lock",
			request{method: "POST", path: room + "/actions", body: `{"type":"lock_stage","switch":"on"}`},
			true, 204,
			func(ana identity.PublicKey) any {
				return memberCall{testRoom, ana, api.Action{Type: api.ActLockStage, Switch: "on"}}
			},
			"",
		},
		{
			"act",
			request{method: "POST", path: room + "/actions", body: `{"type":"raise_hand","question":"Why?"}`},
			true, 204,
			func(ana identity.PublicKey) any {
				return memberCall{testRoom, ana, api.Action{Type: api.ActRaiseHand, Question: "Why?"}}
			},
			"",
		},
		{
			"signed act",
			request{method: "POST", path: room + "/actions", body: `{"type":"leave","act":"` + strings.Repeat("a", 4096) + `"}`},
			true, 204,
			func(ana identity.PublicKey) any {
				return memberCall{testRoom, ana, api.Action{Type: api.ActLeave, Act: strings.Repeat("a", 4096)}}
			},
			"",
		},
		{
			"media",
			request{method: "POST", path: room + "/media", body: "v=0", kind: "application/sdp"},
			true, 201,
			func(ana identity.PublicKey) any { return memberCall{testRoom, ana, offered{"v=0", true}} }, "v=0 answer",
		},
		{
			"media with GCM alone",
			request{method: "POST", path: room + "/media?srtp=gcm", body: "v=0", kind: "application/sdp"},
			true, 201,
			func(ana identity.PublicKey) any { return memberCall{testRoom, ana, offered{"v=0", false}} }, "v=0 answer",
		},
		{
			"close media",
			request{method: "DELETE", path: room + "/media/leg%2F1"},
			true, 204,
			func(ana identity.PublicKey) any { return memberCall{testRoom, ana, "leg/1"} }, "",
		},
	}
}

func TestOperationsReachTheOtherSide(t *testing.T) {
	h := start(t)
	token := h.token()
	for _, c := range operationCases() {
		t.Run(c.name, func(t *testing.T) {
			h := h.in(t)
			if c.member {
				c.request.token = token
			}
			before := h.fake.count()
			r := h.ask(c.request)
			r.wantStatus(t, c.status)
			if !strings.Contains(r.body, c.answerContains) {
				t.Errorf("the answer lacks %s: %s", c.answerContains, r.body)
			}
			if strings.Contains(r.body, "$schema") || strings.Contains(r.body, "null") {
				t.Errorf("the answer has what was not promised: %s", r.body)
			}
			if got := r.header.Get("Cache-Control"); got != "no-store" {
				t.Errorf("Cache-Control is %q", got)
			}
			if c.args == nil {
				if h.fake.count() != before {
					t.Errorf("it made a call: %v", h.fake.last())
				}
				return
			}
			if diff := cmp.Diff(c.args(h.ana.Public()), h.fake.last()); diff != "" {
				t.Errorf("call (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMediaAnswerSaysWhereItIs(t *testing.T) {
	h := start(t)
	r := h.ask(request{method: "POST", path: "/api/v1/rooms/" + testRoom.String() + "/media", body: "v=0", kind: "application/sdp", token: h.token()})
	r.wantStatus(t, 201)
	want := "/api/v1/rooms/" + testRoom.String() + "/media/leg%2F1"
	if got := r.header.Get("Location"); got != want {
		t.Errorf("Location is %q, want %q", got, want)
	}
	if got := r.header.Get("Content-Type"); got != "application/sdp" {
		t.Errorf("Content-Type is %q", got)
	}
}

func TestOperationsNeedTheirSession(t *testing.T) {
	h := start(t)
	for _, c := range operationCases() {
		if !c.member {
			continue
		}
		for name, authorization := range map[string]string{
			"none": "", "no token": "Bearer", "empty token": "Bearer ", "wrong token": "Bearer AAAA", "basic": "Basic QTpC",
		} {
			t.Run(c.name+" "+name, func(t *testing.T) {
				h := h.in(t)
				c.request.header = map[string]string{"Authorization": authorization}
				r := h.ask(c.request)
				r.wantProblem(t, 401, "session-required")
				if r.header.Get("WWW-Authenticate") != "Bearer" {
					t.Error("no WWW-Authenticate")
				}
			})
		}
	}
	if n := h.fake.count(); n != 0 {
		t.Errorf("%d calls went through", n)
	}
}

// Whatever the other side refuses, each operation says with its code, status and sentence.
func TestRefusalsArePassedOn(t *testing.T) {
	h := start(t)
	token := h.token()
	h.fake.answer(reason.Reject(reason.InviteUsed, "by somebody"))
	for _, c := range operationCases() {
		if c.args == nil {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			h := h.in(t)
			if c.member {
				c.request.token = token
			}
			c.request.header = map[string]string{"Accept-Language": "fr-CA, en;q=0.5"}
			r := h.ask(c.request)
			r.wantProblem(t, 409, "invite-used")
			if r.problem.Title != reason.InviteUsed.Sentence("fr") || r.problem.Detail != "by somebody" {
				t.Errorf("problem is %+v", r.problem)
			}
		})
	}
}

func TestTheNodesOwnTroublesStayInside(t *testing.T) {
	h := start(t)
	for name, err := range map[string]error{
		"plain error":    errors.New("open /var/lib/stoa/000001.vlog: no space left"),
		"storage failed": reason.Reject(reason.StorageFailed, "open /var/lib/stoa/000001.vlog: no space left"),
	} {
		t.Run(name, func(t *testing.T) {
			h := h.in(t)
			h.fake.answer(err)
			r := h.ask(request{method: "GET", path: "/api/v1/invites/" + testInvite.String()})
			r.wantProblem(t, reason.Of(err).Status(), string(reason.Of(err)))
			if strings.Contains(r.body, "vlog") {
				t.Errorf("the answer tells internals: %s", r.body)
			}
			if !strings.Contains(h.logs.String(), "000001.vlog") {
				t.Errorf("the log does not: %s", h.logs)
			}
		})
	}
}

func TestPanicIsAnAnswerAndALogLine(t *testing.T) {
	h := start(t)
	h.fake.mu.Lock()
	h.fake.panics = true
	h.fake.mu.Unlock()
	r := h.ask(request{method: "GET", path: "/api/v1/invites/" + testInvite.String()})
	r.wantProblem(t, 500, "internal")
	if log := h.logs.String(); !strings.Contains(log, "the fake was told to") || !strings.Contains(log, "fake_test.go") {
		t.Errorf("the log lacks the panic or its stack: %s", log)
	}
	h.ask(request{method: "GET", path: "/api/v1/node"}).wantStatus(t, 200)
}

// badRequests are requests that their operation does not take, each with its refusal.
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
