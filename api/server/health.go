package server

import (
	"net/http"

	"github.com/stoa-rooms/stoa/api"
)

// Health is what the server asks about the parts behind it. It is asked often and must not wait.
type Health interface {
	// Conditions are how the parts are.
	Conditions() []api.Condition
}

// probes answers those who ask how the node is, before anything that may refuse them: a load balancer calls it by its
// address and as often as it likes, and must not be told that it asks too often.
func (s *Server) probes(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reads := r.Method == http.MethodGet || r.Method == http.MethodHead
		switch {
		case reads && r.URL.Path == api.PathHealth:
			answerProbe(w, r, http.StatusOK, map[string]string{"status": "ok"})
		case reads && r.URL.Path == api.PathReady:
			is := s.readiness()
			status := http.StatusOK
			if !is.Ready {
				status = http.StatusServiceUnavailable
			}
			answerProbe(w, r, status, is)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func (s *Server) readiness() api.Readiness {
	is := api.Readiness{Ready: true, Checks: []api.Condition{}}
	if s.health != nil {
		is.Checks = append(is.Checks, s.health.Conditions()...)
	}
	if s.ending() {
		is.Checks = append(is.Checks, api.Condition{Name: "server", Why: "the node is shutting down"})
	}
	for _, c := range is.Checks {
		is.Ready = is.Ready && c.Ready
	}
	return is
}

func answerProbe(w http.ResponseWriter, r *http.Request, status int, body any) {
	h := w.Header()
	h.Set("Content-Type", mediaTypeJSON)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_ = marshal(w, body) // the client is gone, and nobody else wants to know
	}
}
