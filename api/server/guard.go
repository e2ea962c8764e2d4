package server

import (
	"context"
	"io/fs"
	"mime"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/reason"
)

// What a request may be.
const (
	maxBody    = 64 << 10         // bytes of a body: a statement has 4 KiB, the largest browsers' SDP offers some 20
	bodyWithin = 10 * time.Second // to send a body in
)

// build puts the handler together: guard, then router, then operations, WebSocket and page.
func (s *Server) build(files fs.FS) error {
	mux := http.NewServeMux()
	a := newAPI(mux, s.render)
	a.UseMiddleware(s.guard)
	s.routes(a)
	document, err := describe(a)
	if err != nil {
		return err
	}
	s.document = document
	page, err := newPage(files, s.previewOf)
	if err != nil {
		return err
	}
	mux.HandleFunc("GET "+api.Base+api.PathEvents, s.serveEvents)
	mux.HandleFunc("GET "+pathLog, s.serveLog)
	s.serveApps(mux)
	mux.HandleFunc("GET "+api.PathFeed, s.serveFeed)
	mux.HandleFunc("GET /openapi.json", s.serveDocument)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { s.serveRest(w, r, mux, page) })
	s.handler = s.probes(s.secure(mux))
	return nil
}

// secure is what every request passes, whatever it asks for.
func (s *Server) secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w := &response{ResponseWriter: rw, status: http.StatusOK}
		defer s.answered(w, r, time.Now())
		defer s.recover(w, r)
		origin, known := s.origins.ofHost(r.Host)
		setHeaders(w.Header(), origin, r.TLS != nil)
		if forApps(r.URL.Path) {
			letPagesRead(w.Header())
		}
		switch {
		case !known:
			s.refuse(w, r, reason.Reject(reason.HostDenied, "this node does not answer to that name"))
			return
		case s.ending():
			s.refuse(w, r, reason.Reject(reason.ShuttingDown, ""))
			return
		}
		if after := s.addresses.take(s.proxies.addressOf(r), s.now()); after > 0 {
			s.refuse(w, r, &rateError{after})
			return
		}
		if changes(r) && !forApps(r.URL.Path) && !s.origins.allow(r.Header.Values("Origin")) {
			s.refuse(w, r, reason.Reject(reason.OriginDenied, "not a page of this node"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// changes reports whether a request may change something, or opens a channel that can.
func changes(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return r.Header.Get("Upgrade") != ""
	}
	return true
}

// recover turns a panic into a 500 and a log line. The other requests go on.
func (s *Server) recover(w *response, r *http.Request) {
	v := recover()
	if v == nil {
		return
	}
	if v == http.ErrAbortHandler { //nolint:errorlint // a sentinel that net/http compares in the same way
		panic(v)
	}
	s.log.ErrorContext(r.Context(), "panic in a handler", "path", r.URL.Path, "panic", v, "stack", string(debug.Stack()))
	if w.wrote {
		panic(http.ErrAbortHandler) // the answer is half out: end the connection
	}
	s.refuse(w, r, reason.Reject(reason.Internal, ""))
}

// response remembers whether an answer has begun, and with which status.
type response struct {
	http.ResponseWriter
	wrote  bool
	status int
}

// WriteHeader implements http.ResponseWriter.
func (w *response) WriteHeader(status int) {
	w.wrote = true
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *response) Write(p []byte) (int, error) {
	w.wrote = true
	return w.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController and the WebSocket library reach the connection.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// guarded is huma's context with the status of a problem, which the reason decides and not huma.
type guarded struct {
	humaContext
	status int
}

// humaContext is a name to embed by: a field called Context would hide the method of that name.
type humaContext = huma.Context

// SetStatus implements huma.Context.
func (g *guarded) SetStatus(status int) {
	if g.status != 0 {
		status = g.status
	}
	g.humaContext.SetStatus(status)
}

// Unwrap lets humago.Unwrap reach the request.
func (g *guarded) Unwrap() huma.Context { return g.humaContext }

func requestOf(ctx huma.Context) *http.Request {
	r, _ := humago.Unwrap(ctx)
	return r
}

// callKey finds the call in a handler's context.
type callKey struct{}

// call is what a handler may want to know of its request.
type call struct {
	session *session // nil for an operation that needs none
	lang    string   // "en" or "fr"
	origins []string // the Origin headers, as sent
	address netip.Prefix
}

func callOf(ctx context.Context) call {
	c, _ := ctx.Value(callKey{}).(call)
	return c
}

// sessionOf is the session of an operation that needs one: the guard saw to it that there is one.
func sessionOf(ctx context.Context) *session { return callOf(ctx).session }

// guard is what every operation passes: media type, size, rates, session.
func (s *Server) guard(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	w.Header().Set("Cache-Control", "no-store")
	c, err := s.admit(ctx.Operation(), r)
	if err != nil {
		if r.ContentLength > maxBody {
			w.Header().Set("Connection", "close") // do not wait for the rest
		}
		s.refuse(w, r, err)
		return
	}
	if ctx.Operation().Metadata[traitLong] != nil {
		unlimited(w)
	}
	next(&guarded{humaContext: huma.WithValue(ctx, callKey{}, c)})
}

// admit checks a request against its operation.
func (s *Server) admit(op *huma.Operation, r *http.Request) (call, error) {
	c := call{origins: r.Header.Values("Origin"), lang: s.languageOf(r), address: s.proxies.addressOf(r)}
	if op.RequestBody != nil {
		sent, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if err != nil || op.RequestBody.Content[sent] == nil {
			return c, reason.Reject(reason.RequestMedia, "not the media type of this operation")
		}
	}
	if r.ContentLength > maxBody {
		return c, tooLarge(op)
	}
	if op.Metadata[traitCostly] != nil {
		if after := s.costly.take(s.proxies.addressOf(r), s.now()); after > 0 {
			return c, &rateError{after}
		}
	}
	if op.Metadata[traitAsks] != nil {
		if after := s.asks.take(s.proxies.addressOf(r), s.now()); after > 0 {
			return c, &rateError{after}
		}
	}
	if len(op.Security) == 0 {
		return c, nil
	}
	token, ok := bearerToken(r)
	if !ok {
		return c, reason.Reject(reason.SessionRequired, "no bearer token")
	}
	session, err := s.authenticate(token)
	if err != nil {
		return c, err
	}
	if session.isGuest() && op.Metadata[traitGuests] == nil {
		return c, reason.Reject(reason.GuestListens, "")
	}
	if op.Metadata[traitActs] != nil {
		if after := take(session.actions, s.now()); after > 0 {
			return c, &rateError{after}
		}
	}
	c.session = session
	return c, nil
}

// bearerToken reads Authorization (RFC 6750, section 2.1).
func bearerToken(r *http.Request) (string, bool) {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	return token, ok && strings.EqualFold(scheme, "Bearer") && token != ""
}

func (s *Server) serveDocument(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", mediaTypeJSON)
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = w.Write(s.document) // the client is gone, and nobody else wants to know
}

// serveRest answers what no pattern matched: a page, a wrong method, or nothing.
func (s *Server) serveRest(w http.ResponseWriter, r *http.Request, mux *http.ServeMux, page *page) {
	if allowed := allowedMethods(mux, r); len(allowed) > 0 {
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		s.refuse(w, r, reason.Reject(reason.MethodDenied, "%s is not among %s", r.Method, strings.Join(allowed, ", ")))
		return
	}
	isAPI := strings.HasPrefix(r.URL.Path, "/api/")
	if page != nil && !isAPI && r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		s.refuse(w, r, reason.Reject(reason.MethodDenied, "%s is not among GET, HEAD", r.Method))
		return
	}
	if page == nil || isAPI || !page.serve(w, r) {
		s.refuse(w, r, reason.Reject(reason.NotFound, "no such path"))
	}
}

// allowedMethods are those for which the router has a pattern of its own at the request's path.
func allowedMethods(mux *http.ServeMux, r *http.Request) []string {
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodDelete} {
		probe := &http.Request{Method: method, URL: r.URL, Host: r.Host}
		if _, pattern := mux.Handler(probe); pattern != "/" && pattern != "" {
			allowed = append(allowed, method)
		}
	}
	return allowed
}
