// Package server is a node's HTTP interface: handlers, sessions, events over WebSocket, limits and the static page.
//
// It knows no rules. What a community, an invite or a room is stands behind the small interfaces of this file,
// which package node implements; this package turns requests into calls on them, and their refusals into problem
// documents (RFC 9457). It decides only what belongs to the door: who is asking (session.go), from which page
// (origin.go), how often (limit.go) and how much (body and frame limits).
//
//	routes.go    the operations, declared once: router, checks and OpenAPI document come from that declaration
//	openapi.go   what the document says beyond the operations: events, keys, ids
//	guard.go     what every request passes on its way in
//	problem.go   how a refusal is written
//	session.go   challenges, tokens; sessions.go is what a member sees of their own
//	events.go    the WebSocket; hallway.go is what it carries outside rooms
//	checkup.go   the founder's page about the node
//	health.go    what load balancers ask
//	watch.go     what the metrics are told
//	people.go    profiles, pictures, and what a member keeps for themselves
//	notices.go   what members are told of, in the page and when it is closed
//	apps.go      tokens for other programs of members; whip.go and sdpfrag.go let them in
//	schedules.go rooms that are planned, and the feeds that calendars read
//	privacy.go   a member's own data; patience.go is for answers that take long
//	nodes.go     the founder withdraws a node
//	logs.go      what other nodes read of the logs kept here
//	static.go    the page
//	preview.go   what other programs show of a link
//
// A [Server] starts nothing when it is made. [Server.Serve] runs it on a listener until its context ends; [Server.Run]
// runs everything but the listener, for whoever mounts [Server.Handler] elsewhere.
package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/text/language"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

// Community is what the server asks about the node's community. Refusals are *reason.RejectError.
type Community interface {
	// Node says what is behind this address. Without a community it says so.
	Node() api.Node
	// Found founds the community.
	Found(ctx context.Context, req api.FoundRequest) (api.Member, error)
	// Join admits the signer of a join.
	Join(ctx context.Context, req api.JoinRequest) (api.Member, error)
	// Member finds a member, or says why somebody is none: member-unknown, founded-not, or admit-lost for somebody who
	// was one until another's use of the same invite won. It is asked on every request of a session.
	Member(key identity.PublicKey) (api.Member, error)
	// Me says what the node holds on a member.
	Me(ctx context.Context, member identity.PublicKey) (api.Me, error)
}

// Invites is what the server asks about invites.
type Invites interface {
	// Invites lists what a member gave away and has left.
	Invites(ctx context.Context, member identity.PublicKey) (api.Invites, error)
	// CreateInvite spends a slot.
	CreateInvite(ctx context.Context, member identity.PublicKey, req api.CreateInvite) (api.Invite, error)
	// RevokeInvite takes a pending invite back.
	RevokeInvite(ctx context.Context, member identity.PublicKey, id statement.ID, req api.RevokeInvite) (api.Invite, error)
	// Preview says what an invite leads to. Anybody may ask.
	Preview(ctx context.Context, id statement.ID) (api.InvitePreview, error)
}

// Rooms is what the server asks about rooms.
type Rooms interface {
	// List is the hallway: the live rooms that all members may enter.
	List() []api.Room
	// Changed is a channel that is closed at the next change of the hallway, and by then replaced by another.
	Changed() <-chan struct{}
	// Create opens a room.
	Create(ctx context.Context, member identity.PublicKey, req api.CreateRoom) (api.Room, error)
	// Room finds a live room, for a member who may enter it.
	Room(ctx context.Context, id statement.ID, member identity.PublicKey) (api.Room, error)
	// Audience is a page of the people who listen, for a member who may enter the room.
	Audience(id statement.ID, member identity.PublicKey, page api.AudiencePage) (api.Audience, error)
	// Log is what moderators did in a room, for a member who is in it.
	Log(ctx context.Context, id statement.ID, member identity.PublicKey) (api.RoomLog, error)
	// Act does what a member asked for. What it changed comes as events.
	Act(ctx context.Context, id statement.ID, member identity.PublicKey, action api.Action) error
	// Enter makes the member present in a room until the subscription ends. The context bounds only the call.
	Enter(ctx context.Context, id statement.ID, member identity.PublicKey, resume Resume) (Subscription, error)
}

// Resume says what a client that comes back has seen: the run of its last snapshot, and its last number. The zero value
// has seen nothing.
type Resume struct {
	Run   string
	Since int64
}

// Subscription is one member's presence in one room. Its methods are called from several goroutines.
type Subscription interface {
	// Events carries the room's events. The room bounds it, never waits for it, and closes it when the subscription ends.
	Events() <-chan api.Event
	// Err says, once Events is closed, why the subscription ended: a refusal such as room-replaced, room-removed,
	// room-too-slow or shutting-down; nil when the room ended or the member left it.
	Err() error
	// Answer takes what the client answered to an entry: the text of an enter statement, not looked at yet. It is called
	// at most once for each entry that Events carried. An error ends the presence, and its reason is told. One that
	// answers an entry which another has replaced since is no error: the client could not know.
	Answer(ctx context.Context, enter string) error
	// Close ends the presence. It is idempotent.
	Close()
}

// Media is what the server asks of the forwarding core.
type Media interface {
	// Offer answers an SDP offer. With compat, older SRTP profiles are offered beside AEAD_AES_128_GCM.
	Offer(ctx context.Context, room statement.ID, member identity.PublicKey, sdp string, compat bool) (answer, leg string, err error)
	// CloseLeg ends a media connection.
	CloseLeg(ctx context.Context, room statement.ID, member identity.PublicKey, leg string) error
}

// Nodes is what the server asks about the nodes of the community.
type Nodes interface {
	// AddNode takes in a delegate for another node. Only the founder may.
	AddNode(ctx context.Context, member identity.PublicKey, req api.AddNode) error
	// Adopt makes this node, which has no community yet, one more of somebody's. It says what the node then is.
	Adopt(ctx context.Context, req api.AdoptRequest) (api.Node, error)
	// Withdrawal is what the founder signs to withdraw a node.
	Withdrawal(ctx context.Context, member, node identity.PublicKey) (api.Withdrawal, error)
	// WithdrawNode takes in the revokes of a node's delegates. Only the founder may.
	WithdrawNode(ctx context.Context, member, node identity.PublicKey, req api.WithdrawNode) error
}

// Logs is what the server asks about the logs that the node keeps and follows.
type Logs interface {
	// Read is one resource of a log: its checkpoint, a tile, or a page of its statements. What is not there is not-found.
	Read(origin, path string) ([]byte, error)
}

// Config is what a server is made from. Every field without "may be" is needed.
type Config struct {
	// Node is the node's key, which session statements must be meant for.
	Node identity.PublicKey
	// PublicURL is where people reach the node: scheme://host[:port].
	PublicURL string
	// Origins are further addresses of the same form at which the node answers; may be empty.
	Origins []string
	// Proxies may be nil: then those of this machine alone are believed.
	Proxies *Proxies
	// Web is the page: index.html, and what it loads. May be nil: then there is only the API.
	Web fs.FS

	Community Community
	Entry     Entry
	Invites   Invites
	Rooms     Rooms
	Doors     Doors
	Media     Media
	// People and Own may be nil: then there are only names.
	People People
	Own    Own
	// Notices may be nil: then nobody is told of anything.
	Notices Notices
	// Apps may be nil: then none is let in.
	Apps Apps
	// Nodes may be nil: then this node can neither add others nor be added.
	Nodes Nodes
	// Logs may be nil: then there is none to read.
	Logs Logs
	// Schedules and Calendars may be nil: then nothing is ever planned.
	Schedules Schedules
	Calendars Calendars

	// Operator may be nil: then the founder has no page about the node.
	Operator Operator
	// Privacy may be nil: then nothing is exported and nobody erased.
	Privacy Privacy

	// Health may be nil: then the node is ready while the server is.
	Health Health
	// Watch may be nil: then nobody is told what is asked and refused.
	Watch Watch

	// Limits may be the zero value; then DefaultLimits hold.
	Limits Limits
	Log    *slog.Logger
	// Clock tells the time that sessions and statements are judged by. May be nil: the system's.
	Clock func() time.Time
}

// Server is the HTTP interface of one node.
type Server struct {
	node      identity.PublicKey
	community Community
	entry     Entry
	invites   Invites
	rooms     Rooms
	doors     Doors
	media     Media
	people    People        // may be nil
	own       Own           // may be nil
	notices   Notices       // may be nil
	nodes     Nodes         // may be nil
	logs      Logs          // may be nil
	operator  Operator      // may be nil
	health    Health        // may be nil
	privacy   Privacy       // may be nil
	exports   chan struct{} // a place for each that is being made
	watch     Watch
	apps      Apps // may be nil
	log       *slog.Logger
	now       func() time.Time
	languages language.Matcher // of problem titles; immutable

	origins    origins     // immutable
	proxies    *Proxies    // guards itself
	challenges *challenges // guards itself
	sessions   *sessions   // guards itself
	addresses  *buckets    // general rate per address; guards itself
	costly     *buckets    // rate of costly requests per address; guards itself
	asks       *buckets    // rate of requests to join per address; guards itself
	sockets    *sockets    // open WebSockets; guards itself
	hallway    *hallway    // guards itself
	mine       *mine       // guards itself
	schedules  Schedules
	calendars  Calendars

	handler  http.Handler
	document []byte // the OpenAPI document

	closing chan struct{} // closed by Run when the server begins to end
}

// New makes a server. It fails on a configuration that cannot work: an address that is no origin, a page without index.
func New(c Config) (*Server, error) {
	if c.Community == nil || c.Entry == nil || c.Invites == nil || c.Rooms == nil || c.Doors == nil || c.Media == nil || c.Log == nil {
		return nil, errors.New("server: the configuration lacks a part")
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Schedules == nil {
		c.Schedules = unplanned{}
	}
	if c.Calendars == nil {
		c.Calendars = unplanned{}
	}
	if c.Watch == nil {
		c.Watch = blind{}
	}
	limits := c.Limits.orDefault()
	allowed, err := parseOrigins(append([]string{c.PublicURL}, c.Origins...))
	if err != nil {
		return nil, err
	}
	s := &Server{
		node: c.Node, community: c.Community, entry: c.Entry, invites: c.Invites, rooms: c.Rooms, doors: c.Doors, media: c.Media,
		people: c.People, own: c.Own, notices: c.Notices, apps: c.Apps, nodes: c.Nodes, logs: c.Logs, privacy: c.Privacy, exports: make(chan struct{}, maxExports),
		operator: c.Operator, health: c.Health, watch: c.Watch,
		log: c.Log, now: c.Clock,
		languages:  language.NewMatcher([]language.Tag{language.English, language.French}),
		origins:    allowed,
		proxies:    c.Proxies,
		challenges: newChallenges(c.Clock),
		sessions:   newSessions(c.Clock, limits),
		addresses:  newBuckets(limits.Requests, limits.Addresses),
		costly:     newBuckets(limits.Costly, limits.Addresses),
		asks:       newBuckets(limits.Asks, limits.Addresses),
		sockets:    newSockets(limits),
		hallway:    newHallway(c.Rooms, c.Doors, c.Schedules, c.Clock),
		schedules:  c.Schedules,
		calendars:  c.Calendars,
		mine:       newMine(),
		closing:    make(chan struct{}),
	}
	if err := s.build(c.Web); err != nil {
		return nil, err
	}
	return s, nil
}

// Handler serves everything. It works fully only while Run or Serve does.
func (s *Server) Handler() http.Handler { return s.handler }

// OpenAPI is the document that /openapi.json serves: OpenAPI 3.1, JSON.
func (s *Server) OpenAPI() []byte { return s.document }

// Times that a connection may take. Headers in 5 s is what keeps slow clients (slowloris) from holding connections; a
// body has its own limit, bodyWithin.
const (
	headerWithin = 5 * time.Second
	readWithin   = 20 * time.Second
	answerWithin = 60 * time.Second // the page over a slow line
	idleFor      = 2 * time.Minute
	maxHeader    = 16 << 10
	drainWithin  = 2 * time.Second // for requests under way when the server ends
)

// Serve serves on a listener until ctx ends; then it tells those connected, lets requests under way finish, and returns
// within three seconds. It closes the listener. With a TLS configuration the listener's connections are TLS.
func (s *Server) Serve(ctx context.Context, ln net.Listener, tls *tls.Config) error {
	h := &http.Server{
		Handler:           s.handler,
		TLSConfig:         tls,
		ReadHeaderTimeout: headerWithin,
		ReadTimeout:       readWithin,
		WriteTimeout:      answerWithin,
		IdleTimeout:       idleFor,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug), // what strangers do to connections
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.Run(ctx) })
	group.Go(func() error {
		var err error
		if tls == nil {
			err = h.Serve(ln)
		} else {
			err = h.ServeTLS(ln, "", "")
		}
		if errors.Is(err, http.ErrServerClosed) {
			return nil
		}
		return fmt.Errorf("server: %w", err)
	})
	group.Go(func() error {
		<-ctx.Done()
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainWithin)
		defer cancel()
		if h.Shutdown(limited) != nil {
			_ = h.Close() // those that are left had their time
		}
		return nil
	})
	return group.Wait()
}

// Run keeps the hallway current and clears away dead sessions until ctx ends; then it tells every WebSocket that the
// node is shutting down, and returns when all are closed, within two seconds. A server runs once.
func (s *Server) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.hallway.run(ctx) })
	group.Go(func() error {
		tick := time.NewTicker(sweepEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				s.sessions.sweep()
				s.endFormer()
				s.challenges.sweep()
			case <-ctx.Done():
				return nil
			}
		}
	})
	err := group.Wait()
	close(s.closing)
	s.sockets.drain(closeWithin)
	return err
}

// ending reports whether the server no longer takes requests.
func (s *Server) ending() bool {
	select {
	case <-s.closing:
		return true
	default:
		return false
	}
}
