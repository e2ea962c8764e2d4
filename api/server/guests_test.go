package server

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

// openGuest asks to listen in a room.
func (h *harness) openGuest(room statement.ID, session string, header map[string]string) reply {
	h.Helper()
	path := fmt.Sprintf("/api/v1/rooms/%s/guests", room)
	return h.ask(request{method: "POST", path: path, body: encodeJSON(h.T, api.SessionRequest{Session: session}), header: header})
}

// tokenOnly is of a session what these tests use.
type tokenOnly struct {
	Token string `json:"token"`
}

// guestToken opens the session of a guest in the test's room, which is public from now on.
func (h *harness) guestToken(who identity.PrivateKey) string {
	h.Helper()
	h.fake.mu.Lock()
	h.fake.public[testRoom] = true
	h.fake.mu.Unlock()
	r := h.openGuest(testRoom, h.sign(h.claim(), who), nil)
	r.wantStatus(h.T, http.StatusCreated)
	return decode[tokenOnly](h.T, r).Token
}

func TestAGuestReachesOneRoomAndNothingElse(t *testing.T) {
	h := start(t)
	token := h.guestToken(identity.Generate())
	room, other := "/api/v1/rooms/"+testRoom.String(), "/api/v1/rooms/"+statement.ID{9}.String()
	post := func(path, body string) request { return request{method: "POST", path: path, body: body, token: token} }
	for name, r := range map[string]request{
		"rooms":            {method: "GET", path: "/api/v1/rooms", token: token},
		"me":               {method: "GET", path: "/api/v1/me", token: token},
		"invites":          {method: "GET", path: "/api/v1/invites", token: token},
		"the audience":     {method: "GET", path: room + "/audience", token: token},
		"the chosen":       {method: "GET", path: room + "/chosen", token: token},
		"another room":     {method: "GET", path: other, token: token},
		"a room of theirs": post("/api/v1/rooms", `{"create":"c","title":{"salt":"AAAAAAAAAAAAAAAAAAAAAA","text":"T"}}`),
		"a hand":           post(room+"/actions", `{"type":"raise_hand"}`),
		"an end":           post(room+"/actions", `{"type":"end"}`),
		"leaving another":  post(other+"/actions", `{"type":"leave"}`),
	} {
		t.Run(name, func(t *testing.T) { h.in(t).ask(r).wantProblem(t, 403, "guest-listens") })
	}
	if n := h.fake.count(); n != 0 {
		t.Errorf("%d calls of a guest went through", n)
	}
	h.ask(request{method: "GET", path: room, token: token}).wantStatus(t, 200)
	h.ask(post(room+"/actions", `{"type":"leave"}`)).wantStatus(t, 204)

	l := h.connect()
	l.say(helloText(t, api.Hello{Type: "hello", Token: token}))
	l.hearRefusal("guest-listens")
	id := statement.ID{9}
	l = h.connect()
	l.say(helloText(t, api.Hello{Type: "hello", Token: token, Room: &id}))
	l.hearRefusal("guest-listens")
	l, v := h.enter(token)
	h.ask(request{method: "DELETE", path: "/api/v1/sessions", token: token}).wantStatus(t, 204)
	l.hearRefusal("session-required")
	h.wantLeft(v)
}

func TestGuestSessionsThatAreRefused(t *testing.T) {
	h := start(t)
	stranger := identity.Generate()
	h.openGuest(testRoom, h.sign(h.claim(), stranger), nil).wantProblem(t, 403, "room-members")
	h.fake.mu.Lock()
	h.fake.public[testRoom] = true
	h.fake.mu.Unlock()
	h.openGuest(testRoom, h.sign(h.claim(), h.ana), nil).wantProblem(t, 409, "guest-member")
	h.openGuest(testRoom, h.sign(&statement.Profile{Community: h.node, IssuedAt: 1_800_000_000, Name: "x"}, stranger), nil).
		wantProblem(t, 400, "statement-kind")
	elsewhere := h.claim()
	elsewhere.Node = stranger.Public()
	h.openGuest(testRoom, h.sign(elsewhere, stranger), nil).wantProblem(t, 403, "statement-audience")
	h.openGuest(testRoom, h.sign(h.claim(), stranger), map[string]string{"Origin": "https://evil.example"}).
		wantProblem(t, 403, "origin-denied")
	used := h.sign(h.claim(), stranger)
	h.openGuest(testRoom, used, nil).wantStatus(t, 201)
	h.openGuest(testRoom, used, nil).wantProblem(t, 401, "session-challenge")
	h.open(h.sign(h.claim(), stranger)).wantProblem(t, 403, "member-unknown")
}

// TestAGuestWhoJoinsIsAGuestNoMore: with their key they would otherwise be counted and known at the same time.
func TestAGuestWhoJoinsIsAGuestNoMore(t *testing.T) {
	h := start(t)
	who := identity.Generate()
	token := h.guestToken(who)
	h.fake.admit(who.Public(), "Mina")
	h.ask(request{method: "GET", path: "/api/v1/rooms/" + testRoom.String(), token: token}).wantProblem(t, 409, "guest-member")
}

func TestAFloodOfGuestsLeavesMembersTheirPlaces(t *testing.T) {
	h := start(t, func(c *Config) { c.Limits.Guests, c.Limits.GuestsPerAddress = 3, 2 })
	from := func(address string) map[string]string { return map[string]string{"X-Forwarded-For": address} }
	listen := func(who identity.PrivateKey, address string) reply {
		return h.openGuest(testRoom, h.sign(h.claim(), who), from(address))
	}
	again := identity.Generate()
	first := h.guestToken(again)
	second := listen(again, "127.0.0.1")
	second.wantStatus(t, 201)
	h.ask(request{method: "GET", path: "/api/v1/rooms/" + testRoom.String(), token: first}).wantProblem(t, 401, "session-required")

	listen(identity.Generate(), "127.0.0.1").wantStatus(t, 201)
	listen(identity.Generate(), "127.0.0.1").wantProblem(t, 503, "room-guests-full")
	listen(identity.Generate(), "192.0.2.1").wantStatus(t, 201)
	listen(identity.Generate(), "192.0.2.2").wantProblem(t, 503, "room-guests-full")
	h.token() // a member still gets in

	token := decode[tokenOnly](t, second).Token
	h.ask(request{method: "DELETE", path: "/api/v1/sessions", token: token}).wantStatus(t, 204)
	listen(identity.Generate(), "192.0.2.2").wantStatus(t, 201)
	h.clock.advance(2 * time.Minute)
	h.server.sessions.sweep()
	listen(identity.Generate(), "192.0.2.3").wantStatus(t, 201)
}

func TestRoomsForChosenPeopleAreInTheirHallwayAlone(t *testing.T) {
	h := start(t)
	leo := identity.Generate()
	h.fake.admit(leo.Public(), "Léo")
	h.fake.mu.Lock()
	h.fake.rooms = []api.Room{{ID: statement.ID{7}, Title: "Open"}}
	h.fake.private[h.ana.Public()] = []api.Room{{ID: testRoom, Title: "Private"}}
	h.fake.mu.Unlock()
	for who, want := range map[identity.PrivateKey]int{h.ana: 2, leo: 1} {
		token := h.tokenOf(who)
		r := h.ask(request{method: "GET", path: "/api/v1/rooms", token: token})
		r.wantStatus(t, 200)
		if n := len(decode[map[string][]any](t, r)["rooms"]); n != want {
			t.Errorf("the list has %d rooms, want %d", n, want)
		}
		l := h.connect()
		l.say(helloText(t, api.Hello{Type: "hello", Token: token}))
		// The first hallway after the list was told may still be the empty one of the start.
		for n := -1; n != want; {
			n = len(l.hear()["rooms"].([]any))
			if n > want {
				t.Fatalf("the hallway has %d rooms, want %d", n, want)
			}
			h.fake.mu.Lock()
			close(h.fake.changed)
			h.fake.changed = make(chan struct{})
			h.fake.mu.Unlock()
		}
	}
}
