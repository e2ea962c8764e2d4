package server

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/stoa-rooms/stoa/reason"
)

// Watch is told what the server does, for metrics. Its methods are called by many goroutines and must be quick.
type Watch interface {
	// Answered is told of each request: the pattern of its route ("page" for what is no operation), its method, the
	// status code, and how long it took. All of them are from small closed sets.
	Answered(route, method, code string, took time.Duration)
	// Refused is told of each refusal.
	Refused(r reason.Reason)
}

// blind watches nothing.
type blind struct{}

// Answered implements Watch.
func (blind) Answered(string, string, string, time.Duration) {}

// Refused implements Watch.
func (blind) Refused(reason.Reason) {}

// Sockets is how many WebSockets are open.
func (s *Server) Sockets() int {
	s.sockets.mu.Lock()
	defer s.sockets.mu.Unlock()
	return s.sockets.count
}

// Sessions is how many sessions are open.
func (s *Server) Sessions() int { return s.sessions.count() }

// answered tells the watch of a request that has been answered.
func (s *Server) answered(w *response, r *http.Request, start time.Time) {
	s.watch.Answered(routeOf(r), methodOf(r), strconv.Itoa(w.status), time.Since(start))
}

// routeOf is the pattern that the router matched, without its method.
func routeOf(r *http.Request) string {
	_, route, ok := strings.Cut(r.Pattern, " ")
	if forApps(r.Pattern) { // these answer every method themselves
		return r.Pattern
	}
	if !ok { // nothing of the router's own: the page, or nothing at all
		return "page"
	}
	return route
}

// methodOf is the method if it is one that anything here answers to; a stranger may send any word.
func methodOf(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodDelete, http.MethodPut, http.MethodPatch, http.MethodOptions:
		return r.Method
	}
	return "other"
}
