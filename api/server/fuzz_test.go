package server

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stoa-rooms/stoa/api"
)

// fuzzServer is a server without a network and without limits of rate.
func fuzzServer(f *testing.F, back *fake) *Server {
	f.Helper()
	free := Rate{PerSecond: 1e9, Burst: 1e9}
	s, err := New(Config{
		Node: back.node.Node, PublicURL: "http://node.test", Community: back, Entry: back, Invites: back, Rooms: back, Doors: back, Media: back,
		Limits: Limits{Requests: free, Costly: free, Asks: free, Actions: free}, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		f.Fatal(err)
	}
	return s
}

// fuzzPost posts JSON, and gives the status and the code of a problem.
func fuzzPost(t *testing.T, s *Server, path, token string, data []byte) (status int, code string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://node.test"+path, bytes.NewReader(data))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	var p api.Problem
	if w.Code >= 400 {
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	return w.Code, p.Code
}
