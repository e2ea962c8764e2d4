package server

import (
	"context"
	"io"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
)

// Privacy is what the server asks about a member's own data.
type Privacy interface {
	// Export writes all that the node holds on a member as a zip archive. An error comes before the first byte, or leaves
	// an archive that cannot be opened.
	Export(ctx context.Context, member identity.PublicKey, sessions []api.OpenSession, w io.Writer) error
	// Erase takes a member's last word, and forgets them.
	Erase(ctx context.Context, member identity.PublicKey, req api.EraseRequest) error
}

// maxExports is how many archives are made at once: each reads the whole log. Whoever comes beside them may come again after
// exportAfter.
const (
	maxExports  = 2
	exportAfter = 5 * time.Second
)

func (s *Server) export(ctx context.Context, _ *none) (*huma.StreamResponse, error) {
	if s.privacy == nil {
		return nil, reason.Reject(reason.NotFound, "this node exports nothing")
	}
	select {
	case s.exports <- struct{}{}:
	default:
		return nil, &rateError{after: exportAfter}
	}
	asking := sessionOf(ctx)
	return &huma.StreamResponse{Body: func(to huma.Context) {
		defer func() { <-s.exports }()
		to.SetHeader("Content-Type", api.MediaTypeZip)
		to.SetHeader("Content-Disposition", `attachment; filename="stoa-export.zip"`)
		to.SetHeader("Cache-Control", "no-store")
		if err := s.privacy.Export(ctx, asking.member, s.sessions.of(asking), toward(to)); err != nil {
			s.log.Error("an export could not be finished", "error", err)
			panic(http.ErrAbortHandler) // so that nobody takes what has arrived for all of it
		}
	}}, nil
}

func (s *Server) erase(ctx context.Context, in *body[api.EraseRequest]) (*none, error) {
	if s.privacy == nil {
		return nil, reason.Reject(reason.NotFound, "this node erases nobody")
	}
	member := sessionOf(ctx).member
	if err := s.privacy.Erase(ctx, member, in.Body); err != nil {
		return nil, err
	}
	s.sessions.endAll(member)
	return nil, nil //nolint:nilnil // huma's way to answer without a body
}

// endFormer ends the sessions of who is no member any more, for they may have erased themselves at another node.
func (s *Server) endFormer() {
	for _, member := range s.sessions.members() {
		if _, err := s.community.Member(member); err != nil {
			s.sessions.endAll(member)
		}
	}
}

// members are all who have a session.
func (s *sessions) members() []identity.PublicKey {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.byMember))
}
