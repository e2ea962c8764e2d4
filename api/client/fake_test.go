package client_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// faulty is a node that does what a good one does not: it loses connections, forgets sessions, skips events. Journeys
// through a good node are tested on a real one, in node_test.go.
type faulty struct {
	t   *testing.T
	url string
	key identity.PublicKey
	now func() time.Time // its clock

	hellos  chan api.Hello             // each hello, as it comes
	sockets chan *websocket.Conn       // and its connection
	said    chan []byte                // each message after a hello
	acted   chan api.Action            // each action
	posted  chan any                   // each AddNode and AdoptRequest
	gone    map[*websocket.Conn]func() // ends a handler; guarded by mu

	mu         sync.Mutex
	tokens     map[string]bool // guarded by mu
	challenges int             // guarded by mu
	statements []statement.Statement
	refuse     reason.Reason // what the next WebSocket upgrade is refused for; guarded by mu
	busy       int           // how many calls of Me are refused for their rate; guarded by mu
}

func newFaulty(t *testing.T) *faulty {
	t.Helper()
	f := &faulty{
		t: t, key: identity.Generate().Public(), now: time.Now, tokens: map[string]bool{},
		hellos: make(chan api.Hello, 100), sockets: make(chan *websocket.Conn, 100), gone: map[*websocket.Conn]func(){},
		said: make(chan []byte, 100), acted: make(chan api.Action, 100), posted: make(chan any, 100),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+api.Base+api.PathNode, f.node)
	mux.HandleFunc("POST "+api.Base+api.PathChallenge, f.challenge)
	mux.HandleFunc("POST "+api.Base+api.PathSessions, f.session)
	mux.HandleFunc("GET "+api.Base+api.PathMe, f.me)
	mux.HandleFunc("POST "+api.Base+api.PathActions, f.act)
	mux.HandleFunc("POST "+api.Base+api.PathNodes, func(w http.ResponseWriter, r *http.Request) {
		f.post(w, r, new(api.AddNode))
	})
	mux.HandleFunc("POST "+api.Base+api.PathAdopt, func(w http.ResponseWriter, r *http.Request) {
		f.post(w, r, new(api.AdoptRequest))
	})
	mux.HandleFunc("GET "+api.Base+api.PathEvents, f.events)
	server := httptest.NewServer(mux)
	t.Cleanup(func() {
		f.mu.Lock()
		for _, end := range f.gone {
			end()
		}
		f.mu.Unlock()
		server.Close()
	})
	f.url = server.URL
	return f
}

func (f *faulty) answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(v); err != nil {
		f.t.Error(err)
	}
}

func problem(r reason.Reason) api.Problem {
	return api.Problem{Type: "urn:stoa:reason:" + string(r), Title: "No.", Status: r.Status(), Code: string(r)}
}

func refusedEvent(r reason.Reason) api.Refused {
	return api.Refused{Head: api.Head{Type: api.EventRefused}, Problem: problem(r)}
}

func (f *faulty) refused(w http.ResponseWriter, r reason.Reason, status int) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(problem(r)); err != nil {
		f.t.Error(err)
	}
}

func (f *faulty) node(w http.ResponseWriter, _ *http.Request) {
	f.answer(w, http.StatusOK, api.Node{
		Node: f.key, Now: f.now().UnixMilli(), Community: &api.Community{ID: person(2), Rules: statement.Rules{Community: person(2)}},
	})
}

func (f *faulty) challenge(w http.ResponseWriter, _ *http.Request) {
	f.mu.Lock()
	f.challenges++
	f.mu.Unlock()
	f.answer(w, http.StatusCreated, api.Challenge{
		Nonce: "0123456789abcdef", Node: f.key, Now: f.now().UnixMilli(), Expires: f.now().Add(time.Minute).UnixMilli(),
	})
}

func (f *faulty) session(w http.ResponseWriter, r *http.Request) {
	var body api.SessionRequest
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		f.t.Error(err)
	}
	s, err := statement.ParseKind[*statement.Session](body.Session)
	if err != nil {
		f.refused(w, reason.Of(err), http.StatusBadRequest)
		return
	}
	f.mu.Lock()
	f.statements = append(f.statements, s)
	token := string(rune('a' + len(f.tokens)))
	f.tokens[token] = true
	f.mu.Unlock()
	f.answer(w, http.StatusCreated, api.Session{Token: token, Member: api.Member{Key: s.Signer()}})
}

// forgetSessions is what a restart does to them.
func (f *faulty) forgetSessions() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for token := range f.tokens {
		f.tokens[token] = false
	}
}

func (f *faulty) knows(token string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.tokens[token]
}

func (f *faulty) me(w http.ResponseWriter, r *http.Request) {
	token := r.Header.Get("Authorization")
	if len(token) < 8 || !f.knows(token[7:]) {
		f.refused(w, reason.SessionRequired, http.StatusUnauthorized)
		return
	}
	f.mu.Lock()
	f.busy--
	busy := f.busy >= 0
	f.mu.Unlock()
	if busy {
		w.Header().Set("Retry-After", "0")
		f.refused(w, reason.RateLimited, http.StatusTooManyRequests)
		return
	}
	f.answer(w, http.StatusOK, api.Me{Member: api.Member{Key: person(1), Name: "Ana"}})
}

func (f *faulty) act(w http.ResponseWriter, r *http.Request) {
	var action api.Action
	if err := json.NewDecoder(r.Body).Decode(&action); err != nil {
		f.t.Error(err)
	}
	f.acted <- action
	f.me(w, r)
}

func (f *faulty) post(w http.ResponseWriter, r *http.Request, body any) {
	if err := json.NewDecoder(r.Body).Decode(body); err != nil {
		f.t.Error(err)
	}
	f.posted <- body
	f.node(w, r)
}

func (f *faulty) events(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	refuse := f.refuse
	f.refuse = ""
	f.mu.Unlock()
	if refuse != "" {
		f.refused(w, refuse, http.StatusForbidden)
		return
	}
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		f.t.Error(err)
		return
	}
	_, data, err := conn.Read(r.Context())
	if err != nil {
		return
	}
	var hello api.Hello
	if err := json.Unmarshal(data, &hello); err != nil {
		f.t.Error(err)
	}
	if !f.knows(hello.Token) {
		f.send(conn, refusedEvent(reason.SessionRequired)) //nolint:contextcheck // the test's, which outlives the request
		_ = conn.Close(websocket.StatusPolicyViolation, "")
		return
	}
	over, end := context.WithCancel(context.Background())
	f.mu.Lock()
	f.gone[conn] = end
	f.mu.Unlock()
	f.hellos <- hello
	f.sockets <- conn
	for {
		_, data, err := conn.Read(over) //nolint:contextcheck // the test's, which ends it
		if err != nil {
			_ = conn.CloseNow()
			return
		}
		f.said <- data
	}
}

// next waits for the next connection.
func (f *faulty) next() (api.Hello, *websocket.Conn) {
	f.t.Helper()
	select {
	case hello := <-f.hellos:
		return hello, <-f.sockets
	case <-time.After(10 * time.Second):
		f.t.Fatal("nobody connects")
		return api.Hello{}, nil
	}
}

func (f *faulty) send(conn *websocket.Conn, events ...api.Event) {
	f.t.Helper()
	for _, e := range events {
		data, err := json.Marshal(e)
		if err == nil {
			err = conn.Write(f.t.Context(), websocket.MessageText, data)
		}
		if err != nil {
			f.t.Fatal(err)
		}
	}
}

// drop loses a connection, as a network does: without a word.
func (f *faulty) drop(conn *websocket.Conn) {
	f.mu.Lock()
	end := f.gone[conn]
	f.mu.Unlock()
	end()
}

// result is what became of entering.
type result struct {
	session *client.RoomSession
	err     error
}

// entering is somebody who enters a room of a faulty node.
func (f *faulty) entering(who identity.PrivateKey) <-chan result {
	done := make(chan result, 1)
	go func() {
		s, err := client.New(f.url, who, client.Options{}).Enter(f.t.Context(), statement.ID{7})
		done <- result{s, err}
	}()
	return done
}

// entered is somebody in a room of a faulty node, and the connection to them.
func (f *faulty) entered() (*client.RoomSession, *websocket.Conn) {
	f.t.Helper()
	done := f.entering(identity.Generate())
	hello, conn := f.next()
	if hello.Run != "" || hello.Since != 0 || *hello.Room != (statement.ID{7}) {
		f.t.Errorf("a first hello: %+v", hello)
	}
	f.send(conn, snapshot("first", 10))
	r := <-done
	if r.err != nil {
		f.t.Fatal(r.err)
	}
	f.t.Cleanup(r.session.Close)
	return r.session, conn
}

func snapshot(run string, n int64) api.Snapshot {
	return api.Snapshot{
		Head: api.Head{Type: api.EventSnapshot, N: n}, Run: run, You: person(1),
		Room: api.Room{
			Title: run, Epoch: 1, Topics: []string{}, Speakers: []api.Member{}, Host: person(3), Creator: api.Member{Key: person(2)},
			Community: api.Community{ID: person(2), Rules: statement.Rules{Community: person(2)}},
		},
		Stage: []api.StagePerson{}, Hands: []api.Hand{}, Offers: []api.Offer{}, Audience: api.Audience{People: []api.Person{}},
	}
}

func audience(n int64, count int) api.AudienceChanged {
	return api.AudienceChanged{
		Head: api.Head{Type: api.EventAudience, N: n}, Audience: api.Audience{Count: count, People: []api.Person{}},
	}
}

func person(n byte) identity.PublicKey {
	seed := [32]byte{n}
	p, err := identity.FromSeed(seed[:])
	if err != nil {
		panic(err)
	}
	return p.Public()
}
