package server

import (
	"cmp"
	"context"
	"crypto/sha256"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
)

// maxEnded is how many tokens that were ended from elsewhere are remembered. One that is not is refused as one that
// expired, and its client opens a new session.
const maxEnded = 10_000

type sessionPath struct {
	Session string `path:"session" doc:"The session's id." maxLength:"100"`
}

// sessionRoutes declares what a member does about their own sessions.
func (s *Server) sessionRoutes(a huma.API) {
	add(a, member(get(api.PathMySessions, "listSessions", "Where the member is signed in at this node")), s.listSessions)
	add(a, member(acts(remove(api.PathMySessions, "endOtherSessions", "Sign out everywhere else"))), s.endOtherSessions)
	add(a, member(acts(remove(api.PathMySession, "endSession", "Sign out somewhere"))), s.endSession)
}

func (s *Server) listSessions(ctx context.Context, _ *none) (*body[api.SessionList], error) {
	return &body[api.SessionList]{api.SessionList{Sessions: s.sessions.of(sessionOf(ctx))}}, nil
}

func (s *Server) endOtherSessions(ctx context.Context, _ *none) (*none, error) {
	s.sessions.endOthers(sessionOf(ctx))
	return nil, nil //nolint:nilnil // huma's way to answer without a body
}

func (s *Server) endSession(ctx context.Context, in *sessionPath) (*none, error) {
	if !s.sessions.endByID(sessionOf(ctx), in.Session) {
		return nil, reason.Reject(reason.SessionUnknown, "")
	}
	return nil, nil //nolint:nilnil // huma's way to answer without a body
}

// of are the open sessions of a member, for one of them.
func (s *sessions) of(asking *session) []api.OpenSession {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []api.OpenSession{}
	for _, one := range s.byMember[asking.member] {
		if s.expiredLocked(one, now) {
			continue
		}
		seen := now
		if one.sockets == 0 {
			seen = one.expires.Add(-one.idle())
		}
		all = append(all, api.OpenSession{
			ID: one.id, Program: one.program, Since: one.since.UnixMilli(), Seen: seen.UnixMilli(),
			Expires: one.expires.UnixMilli(), Sockets: one.sockets, Current: one == asking,
		})
	}
	slices.SortStableFunc(all, func(a, b api.OpenSession) int { return cmp.Compare(b.Seen, a.Seen) })
	return all
}

// endByID ends one session of the member who asks. What was made in it, such as tokens of other programs, ends by gone.
func (s *sessions) endByID(asking *session, id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.byMember[asking.member], func(o *session) bool { return o.id == id })
	if i < 0 {
		return false
	}
	s.endFromLocked(asking, s.byMember[asking.member][i])
	return true
}

// endOthers ends all sessions of a member but one.
func (s *sessions) endOthers(asking *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range slices.Clone(s.byMember[asking.member]) {
		if one != asking {
			s.endFromLocked(asking, one)
		}
	}
}

// endFromLocked ends a session from one of the same member's. Unless it ends itself, its token is remembered, so that its
// client is told that somebody ended it and does not open the next one by itself, as it does after a restart.
func (s *sessions) endFromLocked(asking, ended *session) {
	if asking == ended {
		s.endLocked(ended, reason.SessionRequired)
		return
	}
	if len(s.ended) < maxEnded {
		s.ended[ended.token] = s.now().Add(sessionIdle)
	}
	s.endLocked(ended, reason.SessionEnded)
}

// missing is why a token has no session.
func (s *sessions) missing(token string) reason.Reason {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ended := s.ended[sha256.Sum256([]byte(token))]; ended {
		return reason.SessionEnded
	}
	return reason.SessionRequired
}

// endAll ends all sessions of a member.
func (s *sessions) endAll(member identity.PublicKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range slices.Clone(s.byMember[member]) {
		s.endLocked(one, reason.SessionRequired)
	}
}
