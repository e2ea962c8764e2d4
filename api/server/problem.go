package server

import (
	"context"
	"errors"
	"maps"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"golang.org/x/text/language"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/reason"
)

// refusal carries a handler's error through huma to render, with the status and the media type of a problem.
type refusal struct{ error }

// Unwrap lets errors.As see the reason.
func (r *refusal) Unwrap() error { return r.error }

// GetStatus implements huma.StatusError.
func (r *refusal) GetStatus() int { return reason.Of(r.error).Status() }

// GetHeaders implements huma.HeadersError.
func (r *refusal) GetHeaders() http.Header { return refusalHeaders(r.error) }

// ContentType implements huma.ContentTypeFilter.
func (r *refusal) ContentType(string) string { return mediaTypeProblem }

// rateError is the refusal of a request that came too soon, with the time after which it may come again.
type rateError struct{ after time.Duration }

// Error implements error.
func (e *rateError) Error() string { return string(reason.RateLimited) }

// Unwrap is the refusal.
func (e *rateError) Unwrap() error {
	return reason.Reject(reason.RateLimited, "again in %s", e.after.Round(time.Millisecond))
}

// refusalHeaders are what HTTP wants said beside some refusals.
func refusalHeaders(err error) http.Header {
	h := http.Header{}
	var often *rateError
	switch {
	case errors.As(err, &often):
		h.Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(often.after.Seconds())))))
	case reason.Of(err) == reason.SessionRequired, reason.Of(err) == reason.AppToken:
		h.Set("WWW-Authenticate", "Bearer") // RFC 9110, section 11.6.1
	case reason.Of(err) == reason.ShuttingDown, reason.Of(err) == reason.MediaBusy:
		h.Set("Retry-After", "1")
	}
	return h
}

// problem is the document that tells a refusal. What went wrong inside the node is never in it.
func problem(err error, lang string) api.Problem {
	r := reason.Of(err)
	p := api.Problem{
		Type: "urn:stoa:reason:" + string(r), Title: r.Sentence(lang), Status: r.Status(), Code: string(r),
	}
	var refused *reason.RejectError
	if errors.As(err, &refused) && !ours(r) {
		p.Detail = refused.Detail
	}
	if removed, ok := errors.AsType[*api.RemovedError](err); ok {
		p.Removal = &removed.Removal
	}
	return p
}

// ours reports whether the node itself is to blame. Such things are logged, and not told in detail.
func ours(r reason.Reason) bool { return r == reason.Internal || r == reason.StorageFailed }

// languageOf is the language of problem titles that a request asks for: "en" or "fr".
func (s *Server) languageOf(r *http.Request) string {
	asked, _, err := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if err != nil {
		return "en"
	}
	if _, i, _ := s.languages.Match(asked...); i == 1 {
		return "fr"
	}
	return "en"
}

// refuse answers a request with a problem document.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	s.record(r.Context(), r.URL.Path, err)
	p := problem(err, s.languageOf(r))
	h := w.Header()
	maps.Copy(h, refusalHeaders(err))
	h.Set("Content-Type", mediaTypeProblem)
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	if r.Method != http.MethodHead {
		_ = marshal(w, p) // the client is gone, and nobody else wants to know
	}
}

// record counts a refusal, and logs what the node itself is to blame for.
func (s *Server) record(ctx context.Context, path string, err error) {
	if err != nil && !errors.Is(err, errGone) {
		s.watch.Refused(reason.Of(err))
	}
	if !ours(reason.Of(err)) || errors.Is(err, errGone) || errors.Is(err, context.Canceled) {
		return
	}
	s.log.ErrorContext(ctx, "request failed", "path", path, "error", err)
}

// render makes problem documents of refusals and of what huma itself found wrong.
func (s *Server) render(ctx huma.Context, _ string, v any) (any, error) {
	var err error
	switch v := v.(type) {
	case *refusal:
		err = v.error
	case *huma.ErrorModel:
		err = invalid(ctx.Operation(), v)
	default:
		return v, nil
	}
	r := requestOf(ctx)
	s.record(ctx.Context(), r.URL.Path, err)
	p := problem(err, s.languageOf(r))
	if g, ok := ctx.(*guarded); ok {
		g.status = p.Status
	}
	return p, nil
}

// invalid puts what huma found wrong with a request into a reason. The values themselves are left out: they may be
// secrets.
func invalid(op *huma.Operation, m *huma.ErrorModel) error {
	details := []string{m.Detail}
	for _, e := range m.Errors[:min(len(m.Errors), 3)] {
		details = append(details, e.Location+": "+e.Message)
	}
	detail := strings.Join(details, "; ")
	switch m.Status {
	case http.StatusRequestEntityTooLarge:
		return tooLarge(op)
	case http.StatusUnsupportedMediaType:
		return reason.Reject(reason.RequestMedia, "%s", detail)
	case http.StatusInternalServerError:
		return errors.New(detail)
	default:
		return reason.Reject(reason.RequestInvalid, "%s", strings.TrimPrefix(detail, "validation failed; "))
	}
}

// tooLarge is the refusal of a body over the limit.
func tooLarge(op *huma.Operation) error {
	if op.Path == api.PathMedia {
		return reason.Reject(reason.MediaSDPSize, "more than %d bytes", maxBody)
	}
	return reason.Reject(reason.RequestTooLarge, "more than %d bytes", maxBody)
}
