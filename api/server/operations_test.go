package server

import (
	"errors"
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
