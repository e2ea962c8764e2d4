package server

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

const (
	challengeLife = time.Minute    // to sign and send back in
	sessionIdle   = 12 * time.Hour // an unused session ends; each use moves its end on
	guestIdle     = time.Minute    // the same of a guest: long enough for a page to load again
	sweepEvery    = time.Minute    // how often the dead are cleared away
	tokenSize     = 32             // random bytes of a token
	maxUsed       = 100_000        // nonces used in the last minute, each for a member's valid signature
)

// challenges hands out nonces and sees to it that each is used once. A nonce carries its own expiry and a MAC, so those
// that are never answered cost no memory; only the used ones are kept, until they expire. A restart voids them all.
type challenges struct {
	key [32]byte
	now func() time.Time

	mu   sync.Mutex
	used map[string]time.Time // the bytes of a nonce, and its expiry; guarded by mu
}

func newChallenges(now func() time.Time) *challenges {
	c := &challenges{now: now, used: map[string]time.Time{}}
	_, _ = rand.Read(c.key[:]) // never fails since Go 1.24
	return c
}

// A nonce is 8 bytes of expiry (Unix milliseconds), 12 random bytes, and 16 bytes of MAC over both.
const (
	nonceBody = 8 + 12
	nonceSize = nonceBody + 16
)

func (c *challenges) mac(body []byte) []byte {
	h := hmac.New(sha256.New, c.key[:])
	h.Write(body)
	return h.Sum(nil)[:nonceSize-nonceBody]
}

// next makes a nonce.
func (c *challenges) next() (nonce string, expires time.Time) {
	expires = c.now().Add(challengeLife)
	body := binary.BigEndian.AppendUint64(make([]byte, 0, nonceSize), uint64(expires.UnixMilli()))
	body = body[:nonceBody]
	_, _ = rand.Read(body[8:]) // never fails since Go 1.24
	return base64.RawURLEncoding.EncodeToString(append(body, c.mac(body)...)), expires
}

// use takes a nonce. It fails on one that this server did not make, that has expired or that was used before.
func (c *challenges) use(nonce string) error {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(nonce)
	if err != nil || len(raw) != nonceSize || !hmac.Equal(raw[nonceBody:], c.mac(raw[:nonceBody])) {
		return reason.Reject(reason.SessionChallenge, "not a nonce of this node")
	}
	now := c.now()
	expires := time.UnixMilli(int64(binary.BigEndian.Uint64(raw)))
	if now.After(expires) {
		return reason.Reject(reason.SessionChallenge, "the nonce has expired")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.used[string(raw)]; ok {
		return reason.Reject(reason.SessionChallenge, "the nonce was used before")
	}
	if len(c.used) >= maxUsed {
		return &rateError{challengeLife}
	}
	c.used[string(raw)] = expires
	return nil
}

// sweep forgets the nonces that have expired.
func (c *challenges) sweep() {
	now := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	for nonce, expires := range c.used {
		if now.After(expires) {
			delete(c.used, nonce)
		}
	}
}

// session is one open session.
type session struct {
	member  identity.PublicKey
	token   [sha256.Size]byte // the hash of the token; the token itself is nowhere
	actions *rate.Limiter     // guards itself
	gone    chan struct{}     // closed when the session ends
	why     reason.Reason     // why it ended; written before gone is closed
	id      string            // names the session to its member
	program string            // what opened it, in its own words; may be ""
	since   time.Time
	room    statement.ID // of a guest: where they listen; zero for a member
	address netip.Prefix // of a guest: whom they count against

	expires time.Time // guarded by sessions.mu
	sockets int       // open WebSockets; while there are any it does not expire; guarded by sessions.mu
}

// sessions are the open sessions. They live in memory: after a restart clients answer a new challenge.
type sessions struct {
	now    func() time.Time
	limits Limits

	mu       sync.Mutex
	byToken  map[[sha256.Size]byte]*session    // guarded by mu
	byMember map[identity.PublicKey][]*session // guarded by mu
	guests   int                               // open sessions of guests; guarded by mu
	guestsAt map[netip.Prefix]int              // the same by address; guarded by mu
	ended    map[[sha256.Size]byte]time.Time   // tokens that their members ended from elsewhere, until when; guarded by mu
}

func newSessions(now func() time.Time, limits Limits) *sessions {
	return &sessions{
		now: now, limits: limits,
		byToken: map[[sha256.Size]byte]*session{}, byMember: map[identity.PublicKey][]*session{},
		guestsAt: map[netip.Prefix]int{}, ended: map[[sha256.Size]byte]time.Time{},
	}
}

// fresh is a session with a token of its own, not open yet.
func (s *sessions) fresh(member identity.PublicKey) (token string, made *session) {
	var raw [tokenSize]byte
	_, _ = rand.Read(raw[:]) // never fails since Go 1.24
	token = base64.RawURLEncoding.EncodeToString(raw[:])
	now := s.now()
	return token, &session{
		member: member, token: sha256.Sum256([]byte(token)), actions: s.limits.Actions.limiter(),
		gone: make(chan struct{}), id: rand.Text(), since: now, expires: now.Add(sessionIdle),
	}
}

// count is how many sessions are open, those included that have expired and were not swept yet.
func (s *sessions) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.byToken)
}

// open opens a session. Of a member with too many, the one unused for longest ends.
func (s *sessions) open(member identity.PublicKey, program string) (token string, expires time.Time) {
	token, opened := s.fresh(member)
	opened.program = program
	s.mu.Lock()
	defer s.mu.Unlock()
	if others := s.byMember[member]; len(others) >= s.limits.Sessions {
		s.endLocked(slices.MinFunc(others, func(a, b *session) int { return a.expires.Compare(b.expires) }), reason.SessionRequired)
	}
	s.byToken[opened.token] = opened
	s.byMember[member] = append(s.byMember[member], opened)
	return token, opened.expires
}

// find finds a session by its token, and moves its end on.
func (s *sessions) find(token string) (*session, bool) {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.byToken[sha256.Sum256([]byte(token))]
	if !ok || s.expiredLocked(found, now) {
		return nil, false
	}
	found.expires = now.Add(found.idle())
	return found, true
}

// hold counts a WebSocket of a session; false when it has too many or has ended. Who holds releases.
func (s *sessions) hold(held *session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byToken[held.token] != held || held.sockets >= s.limits.SocketsPerSession {
		return false
	}
	held.sockets++
	return true
}

func (s *sessions) release(held *session) {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	held.sockets--
	held.expires = now.Add(held.idle())
}

// idle is how long the session stands unused.
func (s *session) idle() time.Duration {
	if s.isGuest() {
		return guestIdle
	}
	return sessionIdle
}

// end ends a session; its WebSockets are told by gone.
func (s *sessions) end(ended *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endLocked(ended, reason.SessionRequired)
}

func (s *sessions) endLocked(ended *session, why reason.Reason) {
	if s.byToken[ended.token] != ended {
		return
	}
	ended.why = why
	close(ended.gone)
	s.uncountLocked(ended)
	delete(s.byToken, ended.token)
	left := slices.DeleteFunc(s.byMember[ended.member], func(o *session) bool { return o == ended })
	if s.byMember[ended.member] = left; len(left) == 0 {
		delete(s.byMember, ended.member)
	}
}

func (s *sessions) expiredLocked(of *session, now time.Time) bool {
	return of.sockets == 0 && now.After(of.expires)
}

// sweep ends the sessions that have expired.
func (s *sessions) sweep() {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, of := range s.byToken {
		if s.expiredLocked(of, now) {
			s.endLocked(of, reason.SessionRequired)
		}
	}
	maps.DeleteFunc(s.ended, func(_ [sha256.Size]byte, until time.Time) bool { return now.After(until) })
}

// authenticate finds the session of a token. A session ends with its member's membership.
func (s *Server) authenticate(token string) (*session, error) {
	found, ok := s.sessions.find(token)
	if !ok {
		return nil, reason.Reject(s.sessions.missing(token), "no open session has this token")
	}
	if found.isGuest() {
		if err := s.isNobody(found.member); err != nil {
			s.sessions.end(found) // they joined: what they do from now on, they do as a member
			return nil, err
		}
		return found, nil
	}
	if _, err := s.community.Member(found.member); err != nil {
		s.sessions.end(found) // the next challenge is refused with the reason
		return nil, reason.Reject(reason.SessionRequired, "the member is no more: %v", err)
	}
	return found, nil
}

func (s *Server) createChallenge(context.Context, *none) (*body[api.Challenge], error) {
	nonce, expires := s.challenges.next()
	return &body[api.Challenge]{api.Challenge{
		Nonce: nonce, Node: s.node, Now: s.now().UnixMilli(), Expires: expires.UnixMilli(),
	}}, nil
}

func (s *Server) openSession(ctx context.Context, in *body[api.SessionRequest]) (*body[api.Session], error) {
	signed, claim, err := s.readSession(ctx, in.Body.Session)
	if err != nil {
		return nil, err
	}
	if err := api.CheckProgram(in.Body.Program); err != nil {
		return nil, err
	}
	who, err := s.community.Member(signed.Signer())
	if err != nil {
		return nil, err
	}
	if err := s.challenges.use(claim.Nonce); err != nil {
		return nil, err
	}
	token, expires := s.sessions.open(who.Key, in.Body.Program)
	return &body[api.Session]{api.Session{Token: token, Expires: expires.UnixMilli(), Member: who}}, nil
}

// readSession reads a session statement and judges everything in it but its nonce and who may sign it.
func (s *Server) readSession(ctx context.Context, text string) (statement.Statement, *statement.Session, error) {
	signed, err := statement.ParseKind[*statement.Session](text)
	if err != nil {
		return statement.Statement{}, nil, err
	}
	claim, ok := signed.Body().(*statement.Session)
	if !ok {
		return statement.Statement{}, nil, reason.Reject(reason.StatementKind, "not a session statement")
	}
	return signed, claim, s.checkSession(claim, callOf(ctx).origins)
}

// checkSession judges everything in a session statement but its nonce: is it for this node, for the page that sends it,
// and of now? A browser says itself which page sends; another client may name any of the node's addresses.
func (s *Server) checkSession(claim *statement.Session, sender []string) error {
	now := s.now().Unix()
	switch {
	case claim.Node != s.node:
		return reason.Reject(reason.StatementAudience, "for another node")
	case !s.origins.has(claim.Origin), len(sender) == 1 && sender[0] != claim.Origin:
		return reason.Reject(reason.StatementAudience, "for another origin")
	case claim.IssuedAt > now+statement.Slack:
		return reason.Reject(reason.StatementTime, "dated %d s ahead", claim.IssuedAt-now)
	case claim.Expires < now-statement.Slack:
		return reason.Reject(reason.StatementExpired, "expired %d s ago", now-claim.Expires)
	}
	return nil
}

func (s *Server) closeSession(ctx context.Context, _ *none) (*none, error) {
	ended := sessionOf(ctx)
	s.sessions.end(ended)
	if s.apps != nil { // also those of sessions that the same person left open, by a reload of the page
		s.apps.DropApps(ctx, ended.member)
	}
	return nil, nil //nolint:nilnil // huma's way to answer without a body
}
