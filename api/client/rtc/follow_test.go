package rtc

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

// entered is somebody in a room of a node that says what the test says.
func entered(t *testing.T) (session *client.RoomSession, say func(api.Event)) {
	t.Helper()
	node := identity.Generate().Public()
	answer := func(v any) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			if err := json.NewEncoder(w).Encode(v); err != nil {
				t.Error(err)
			}
		}
	}
	conns := make(chan *websocket.Conn, 1)
	over := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+api.Base+api.PathChallenge, answer(api.Challenge{
		Nonce: "0123456789abcdef", Node: node, Now: time.Now().UnixMilli(),
	}))
	mux.HandleFunc("POST "+api.Base+api.PathSessions, answer(api.Session{Token: "token", Member: api.Member{Key: node}}))
	mux.HandleFunc("GET "+api.Base+api.PathEvents, func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		_, _, _ = conn.Read(r.Context()) // the hello
		conns <- conn
		<-over
		_ = conn.CloseNow()
	})
	server := httptest.NewServer(mux)
	t.Cleanup(func() { close(over); server.Close() })

	done := make(chan error, 1)
	go func() {
		var err error
		session, err = client.New(server.URL, identity.Generate(), client.Options{}).Enter(t.Context(), statement.ID{7})
		done <- err
	}()
	conn := <-conns
	say = func(e api.Event) {
		t.Helper()
		data, err := json.Marshal(e)
		if err == nil {
			err = conn.Write(t.Context(), websocket.MessageText, data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	say(snapshotOf("first", 1, 1))
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return session, say
}

func snapshotOf(run string, n, epoch int64) api.Snapshot {
	key := identity.Generate().Public()
	return api.Snapshot{
		Head: api.Head{Type: api.EventSnapshot, N: n}, Run: run, You: key,
		Room: api.Room{
			Host: key, Epoch: epoch, Creator: api.Member{Key: key},
			Community: api.Community{ID: key, Rules: statement.Rules{Community: key}},
		},
	}
}

// When a room goes on at another host, its audio goes on: only a new run of this person's node ends the connection.
func TestAudioOutlivesTheHost(t *testing.T) {
	session, say := entered(t)
	c := &Conn{done: make(chan struct{}), ready: make(chan struct{})}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	c.readers.Go(func() { c.follow(ctx, session, "first") })

	say(snapshotOf("first", 2, 2))
	say(api.HostChanged{Head: api.Head{Type: api.EventHost}, Host: identity.Generate().Public(), Epoch: 2, State: api.HostLost})
	say(snapshotOf("first", 4, 3))
	if _, err := session.Wait(ctx, func(s client.State) bool { return s.N == 4 }); err != nil {
		t.Fatal(err)
	}
	select {
	case <-c.Done():
		t.Error("the audio ended with the host")
	default:
	}
	say(snapshotOf("second", 1, 3))
	select {
	case <-c.Done():
	case <-ctx.Done():
		t.Error("the audio outlived the node's run")
	}
	c.readers.Wait()
	session.Close()
}
