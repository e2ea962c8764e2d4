package server

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// WHIP (RFC 9725) lets a member's other programs speak, WHEP (draft-ietf-wish-whep) lets them listen. Both are outside
// the API's base path: people type these addresses into other programs.
//
// Such a program may be a page of any origin, and is let in: what it may do hangs on the token in Authorization alone,
// which its member has given to it. There are no cookies that a page could make a browser send.
const mediaTypeFragment = "application/trickle-ice-sdpfrag" // RFC 8840

// endpoint is one of the two protocols.
type endpoint struct {
	direction api.Direction
	path      string // of the endpoint
	session   string // of one connection
}

func endpoints() []endpoint {
	return []endpoint{
		{api.DirectionSpeak, api.PathWHIP, api.PathWHIPSession},
		{api.DirectionListen, api.PathWHEP, api.PathWHEPSession},
	}
}

// forApps reports whether a path is of an endpoint.
func forApps(path string) bool {
	return strings.HasPrefix(path, "/whip/") || strings.HasPrefix(path, "/whep/")
}

// serveApps mounts the endpoints.
func (s *Server) serveApps(mux *http.ServeMux) {
	for _, e := range endpoints() {
		mux.HandleFunc(e.path, s.methods(map[string]appHandler{
			http.MethodPost: s.connectApp, http.MethodOptions: appOptions("Accept-Post", mediaTypeSDP),
		}, e))
		mux.HandleFunc(e.session, s.methods(map[string]appHandler{
			http.MethodPatch: s.patchApp, http.MethodDelete: s.closeApp, http.MethodOptions: appOptions("Accept-Patch", mediaTypeFragment),
		}, e))
	}
}

// appHandler answers one method of an endpoint.
type appHandler func(w http.ResponseWriter, r *http.Request, e endpoint) error

// methods answers those methods, and refuses the others: RFC 9725 keeps GET, HEAD and PUT for later.
func (s *Server) methods(by map[string]appHandler, e endpoint) http.HandlerFunc {
	allowed := "OPTIONS, POST"
	if by[http.MethodPost] == nil {
		allowed = "DELETE, OPTIONS, PATCH"
	}
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		do := by[r.Method]
		if do == nil {
			h.Set("Allow", allowed)
			s.refuse(w, r, reason.Reject(reason.MethodDenied, "%s is not among %s", r.Method, allowed))
			return
		}
		h.Set("Access-Control-Allow-Methods", allowed)
		if err := do(w, r, e); err != nil {
			s.refuse(w, r, err)
		}
	}
}

// letPagesRead lets pages of any origin read an answer, a refusal of whatever kind as well.
func letPagesRead(h http.Header) {
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", "Location, ETag, Accept-Patch, Retry-After, WWW-Authenticate")
}

// appOptions answers OPTIONS, of a browser before it lets a page ask and of a client that wants to know.
func appOptions(accepts, mediaType string) appHandler {
	return func(w http.ResponseWriter, _ *http.Request, _ endpoint) error {
		h := w.Header()
		h.Set(accepts, mediaType)
		h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, If-Match")
		h.Set("Access-Control-Max-Age", "86400")
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
}

// connectApp answers an offer.
func (s *Server) connectApp(w http.ResponseWriter, r *http.Request, e endpoint) error {
	room, token, err := s.admitApp(r)
	if err != nil {
		return err
	}
	offer, err := readSDP(w, r, mediaTypeSDP)
	if errors.Is(err, errTooLarge) {
		err = reason.Reject(reason.MediaSDPSize, "more than %d bytes", maxBody)
	}
	if err != nil {
		return err
	}
	answer, session, err := s.apps.ConnectApp(r.Context(), room, e.direction, token, offer)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", mediaTypeSDP)
	h.Set("Location", strings.NewReplacer("{room}", room.String(), "{session}", session).Replace(e.session))
	h.Set("ETag", quoted(session)) // of its first ICE session
	h.Set("Accept-Patch", mediaTypeFragment)
	w.WriteHeader(http.StatusCreated)
	_, _ = io.WriteString(w, answer) //nolint:gosec // SDP, not HTML, and nothing of the offer's; who is gone lets it expire
	return nil
}

// quoted is an entity tag.
func quoted(tag string) string { return `"` + tag + `"` }

// matches reports whether an If-Match names an entity tag (RFC 9110, section 13.1.1).
func matches(header, tag string) bool {
	for one := range strings.SplitSeq(header, ",") {
		if strings.TrimSpace(one) == quoted(tag) {
			return true
		}
	}
	return false
}

// patchApp takes trickled candidates, which a node does not need, and restarts ICE.
func (s *Server) patchApp(w http.ResponseWriter, r *http.Request, e endpoint) error {
	room, token, err := s.admitApp(r)
	if err != nil {
		return err
	}
	session := r.PathValue("session")
	ice, err := s.apps.AppSession(r.Context(), room, e.direction, token, session)
	if err != nil {
		return err
	}
	text, err := readSDP(w, r, mediaTypeFragment)
	if err != nil {
		return err
	}
	match := r.Header.Get("If-Match")
	switch {
	case match == "":
		return reason.Reject(reason.AppETag, "no If-Match")
	case match != "*" && !matches(match, ice):
		return reason.Reject(reason.AppStale, "")
	}
	f, err := parseFragment(text)
	if err != nil {
		return err
	}
	if match != "*" {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	// RFC 9725, section 4.3.3: an ICE restart
	if f.theirs.User == "" || f.theirs.Password == "" {
		return reason.Reject(reason.AppFragment, "no new credentials")
	}
	answer, ice, err := s.apps.RestartApp(r.Context(), room, e.direction, token, session, f.theirs)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", mediaTypeFragment)
	w.Header().Set("ETag", quoted(ice))
	w.WriteHeader(http.StatusOK)
	_, _ = io.WriteString(w, answer) //nolint:gosec // as above
	return nil
}

// closeApp ends a connection. The token goes on.
func (s *Server) closeApp(w http.ResponseWriter, r *http.Request, e endpoint) error {
	room, token, err := s.admitApp(r)
	if err != nil {
		return err
	}
	if err := s.apps.CloseApp(r.Context(), room, e.direction, token, r.PathValue("session")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

// admitApp is what a request of an app needs first: a rate within bounds, a room and a token.
func (s *Server) admitApp(r *http.Request) (room statement.ID, token string, err error) {
	if after := s.costly.take(s.proxies.addressOf(r), s.now()); after > 0 {
		return room, "", &rateError{after}
	}
	if s.apps == nil {
		return room, "", reason.Reject(reason.NotFound, "this node lets no apps in")
	}
	if room, err = pathID(r.PathValue("room"), reason.RoomUnknown); err != nil {
		return room, "", err
	}
	token, ok := bearerToken(r)
	if !ok {
		return room, "", reason.Reject(reason.AppToken, "no bearer token")
	}
	return room, token, nil
}

var errTooLarge = reason.Reject(reason.RequestTooLarge, "more than %d bytes", maxBody)

// readSDP reads a body of a media type.
func readSDP(w http.ResponseWriter, r *http.Request, mediaType string) (string, error) {
	if sent, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || sent != mediaType {
		return "", reason.Reject(reason.RequestMedia, "not %s", mediaType)
	}
	if r.ContentLength > maxBody {
		w.Header().Set("Connection", "close") // do not wait for the rest
		return "", errTooLarge
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyWithin)) // a test's recorder has none
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return "", errTooLarge
	}
	if err != nil {
		return "", reason.Reject(reason.RequestInvalid, "the body did not arrive")
	}
	return string(body), nil
}

// describeApps adds the endpoints to the document. They are relative to the node's origin.
func describeApps(a huma.API) {
	registry := a.OpenAPI().Components.Schemas
	text := registry.Schema(reflect.TypeFor[string](), true, "")
	param := func(name, doc string) *huma.Param {
		return &huma.Param{Name: name, In: "path", Required: true, Description: doc, Schema: text}
	}
	room, session := param("room", "The room's id."), param("session", "The connection, as Location named it.")
	for _, e := range endpoints() {
		name, standard := "WHIP", "RFC 9725: a program speaks for the member. It is unmuting, too."
		if e.direction == api.DirectionListen {
			name, standard = "WHEP", "draft-ietf-wish-whep: a program hears what the member hears."
		}
		add := func(op *huma.Operation, params ...*huma.Param) {
			op.OperationID += name
			op.Parameters = params
			op.Servers = []*huma.Server{{URL: "/"}}
			op.Security = []map[string][]string{{appToken: {}}}
			op.Responses["default"] = problemResponse(a)
			a.OpenAPI().AddOperation(op)
		}
		sdp := map[string]*huma.MediaType{mediaTypeSDP: {Schema: text}}
		fragments := map[string]*huma.MediaType{mediaTypeFragment: {Schema: text}}
		header := func(doc string) *huma.Param { return &huma.Param{Description: doc, Schema: text} }
		add(&huma.Operation{
			Method: http.MethodPost, Path: e.path, OperationID: "connect", Summary: "Connect an app by " + name, Description: standard,
			RequestBody: &huma.RequestBody{Required: true, Content: sdp},
			Responses: map[string]*huma.Response{"201": {Description: "The SDP answer", Content: sdp, Headers: map[string]*huma.Param{
				"Location":     header("The connection: PATCH and DELETE."),
				"ETag":         header("Its ICE session."),
				"Accept-Patch": header(mediaTypeFragment),
			}}},
		}, room)
		add(&huma.Operation{
			Method: http.MethodPatch, Path: e.session, OperationID: "patch", Summary: "Trickle ICE candidates, or restart ICE, by " + name,
			Description: "The node needs no candidates. With If-Match: * the fragment's credentials restart ICE.",
			RequestBody: &huma.RequestBody{Required: true, Content: fragments},
			Responses: map[string]*huma.Response{
				"200": {Description: "The node's side of the restarted connection", Content: fragments, Headers: map[string]*huma.Param{
					"ETag": header("Its new ICE session."),
				}},
				"204": {Description: "Taken note of"},
			},
		}, room, session, &huma.Param{Name: "If-Match", In: "header", Required: true, Description: "The ETag, or * to restart ICE.", Schema: text})
		add(&huma.Operation{
			Method: http.MethodDelete, Path: e.session, OperationID: "close", Summary: "End a connection by " + name,
			Responses: map[string]*huma.Response{"200": {Description: "It has ended; the token has not."}},
		}, room, session)
	}
}
