package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/link"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/ledger"
	"github.com/stoa-rooms/stoa/p2p"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/statement"
)

// network is this node among the others: what they announce, the streams they open, and the logs they keep.
type network struct {
	host    *p2p.Host
	journal *journal
	deny    denied
	topics  []string // those that its operator wants it to follow, beside general
	now     func() time.Time
	log     *slog.Logger

	ctx     context.Context //nolint:containedctx // the life of the node, for what other nodes start
	hallway *hallway        // set before the host runs

	followers *followers
	streams   *lru.Cache[identity.PublicKey, streamLimits] // how many a node may open
	started   int64                                        // Unix seconds
	ready     chan struct{}                                // closed when the rooms of an earlier run are back
	grown     chan struct{}                                // a token when this node's log has grown
	merge     chan struct{}                                // a token when the logs have to be folded anew
	asked     chan struct{}                                // a token when the others have to be told of who asks to join here
	asks      chan struct{}                                // a token when others have told of that

	plans *schedules // guards itself

	mu        sync.Mutex
	directory *rooms.Directory    // guarded by mu
	confided  confided            // guarded by mu
	chosen    map[string]bool     // topics that its members chose; guarded by mu
	wanted    map[ledger.Log]bool // logs to follow beside those of this community's nodes; guarded by mu
}

// openNetwork listens for other nodes; nothing is said or heard before run.
func openNetwork(cfg Config, c *community) (*network, error) {
	deny := denied{}
	for _, text := range cfg.Deny {
		key, err := identity.ParseDID(text)
		if err != nil {
			return nil, fmt.Errorf("--deny %q is not a did:key: %w", text, err)
		}
		deny[key] = true
	}
	n := &network{
		journal: c.journal, deny: deny, topics: cfg.Topics, now: cfg.Now, log: cfg.Log,
		started:   seconds(cfg.Now()),
		ready:     make(chan struct{}),
		grown:     make(chan struct{}, 1),
		merge:     make(chan struct{}, 1),
		asked:     make(chan struct{}, 1),
		asks:      make(chan struct{}, 1),
		plans:     newSchedules(c, cfg.Log),
		directory: rooms.NewDirectory(),
		confided:  newConfided(),
		wanted:    map[ledger.Log]bool{},
	}
	var err error
	if n.streams, err = lru.New[identity.PublicKey, streamLimits](streamPeers); err != nil {
		return nil, err
	}
	hostCfg := p2p.Config{
		Key: c.journal.key, Listen: cfg.P2P, Public: cfg.P2PPublic, Peers: cfg.Peers, MDNS: cfg.MDNS, Topics: cfg.Topics,
		Denied: func(node identity.PublicKey) bool { return deny[node] },
		Met:    func(node identity.PublicKey) { go n.plans.met(node) },
		Book:   book{c.journal.store}, Rooms: n, Logs: n, Now: cfg.Now, Log: cfg.Log,
	}
	if cfg.Metrics != "" {
		hostCfg.Metrics = c.meters.registry
	}
	if err = n.plans.load(); err != nil {
		return nil, err
	}
	if n.host, err = p2p.New(hostCfg); err != nil {
		return nil, err
	}
	n.followers = newFollowers(followConfig{
		store: c.journal.store, log: cfg.Log,
		fetch:    n.host.ReadLog,
		others:   func(log ledger.Log) []identity.PublicKey { return n.followersOf(log) },
		advanced: n.advanced,
		took:     func(log ledger.Log, entries []ledger.Entry) { n.plans.heardActs(log, entries) },
		forked:   n.forked,
	})
	c.journal.appended = func(string) { wake(n.grown) }
	c.queue.changed = func() { wake(n.asked) }
	return n, nil
}

// follow makes the topics that members chose those that this node hears of, beside general and its operator's.
func (n *network) follow(chosen []string) {
	set := map[string]bool{}
	for _, topic := range chosen {
		set[topic] = true
	}
	n.mu.Lock()
	n.chosen = set
	n.mu.Unlock()
	n.host.Follow(chosen)
}

// followsTopic reports whether this node hears of a topic because somebody here wants it to.
func (n *network) followsTopic(topic string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.chosen[topic] || slices.Contains(n.topics, topic)
}

// followersOf are a few connected nodes that may have a log too: those of this community and, for a log of it, any other.
// Nodes of other communities follow the logs of rooms that they enter, and may be all that have seen the last entries of a
// node that was lost.
func (n *network) followersOf(log ledger.Log) []identity.PublicKey {
	var all []identity.PublicKey
	for _, node := range n.siblings() {
		if node != log.Node && n.host.Connected(node) && len(all) < 3 {
			all = append(all, node)
		}
	}
	if state, founded := n.journal.fold(); !founded || state.Community() != log.Community {
		return all
	}
	for _, peer := range n.host.Peers() {
		if peer.Key != log.Node && !slices.Contains(all, peer.Key) && len(all) < maxSources {
			all = append(all, peer.Key)
		}
	}
	return all
}

// maxSources is how many nodes beside its own are asked for a log.
const maxSources = 6

// begin gives the network the rooms, and the life it has.
func (n *network) begin(ctx context.Context, h *hallway) {
	n.ctx, n.hallway = ctx, h
	n.plans.nodes = n
	n.followSiblings()
}

// firstFrame is how long another node may take to say what its stream is for, and tellTime how long this one tries to
// reach another to tell it one thing.
const (
	firstFrame = 10 * time.Second
	tellTime   = 5 * time.Second
)

// announced is what is known of a room of another node: announced to all, or to this node because of its members.
func (n *network) announced(id statement.ID) (rooms.Announcement, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	a, known := n.directory.Get(id)
	if b, told := n.confided.rooms.Get(id); told && (!known || b.Number > a.Number) {
		return b, true
	}
	return a, known
}

// listed is all live rooms of other nodes.
func (n *network) listed() []rooms.Announcement {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.directory.Rooms("")
}

// told is all live rooms of other nodes that this one knows of, those that are for chosen people included.
func (n *network) told() []rooms.Announcement {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append(n.directory.Rooms(""), n.confided.rooms.Rooms("")...)
}

// Announced implements p2p.Rooms: it judges an announcement and takes it in. A room that this node is in hears of it
// too; a host also of what the directory does not take, for then there are two.
func (n *network) Announced(bundle []byte) error {
	if rooms.IsPlan(bundle) {
		return n.plans.heard(bundle, n.deny)
	}
	a, err := n.parse(bundle, n.directory)
	changed := false
	if err == nil {
		n.mu.Lock()
		changed, err = n.directory.Add(a, millis(n.now()))
		n.mu.Unlock()
	}
	if err == nil || reason.Of(err) == reason.ClaimAlive {
		n.pass(a, err == nil)
	}
	if changed {
		n.hallway.tell()
	}
	return err
}

// parse verifies an announcement, by what a directory knows of the room, without keeping anybody else from it.
func (n *network) parse(bundle []byte, known *rooms.Directory) (rooms.Announcement, error) {
	a, err := rooms.ParseKnown(bundle, func(id statement.ID) (rooms.Announcement, bool) {
		n.mu.Lock()
		defer n.mu.Unlock()
		return known.Get(id)
	})
	if err == nil {
		err = checkTexts(a)
	}
	if err == nil {
		err = n.deny.check(a.Host, a.Community, a.Creator)
	}
	return a, err
}

// checkTexts refuses names and titles that no node accepts of its members: they are shown as they are.
func checkTexts(a rooms.Announcement) error {
	err := errors.Join(api.CheckTitle(a.Title), api.CheckCommunityName(a.Name))
	for _, s := range a.Speakers {
		err = errors.Join(err, api.CheckName(s.Name))
	}
	if err != nil {
		return reason.Reject(reason.AnnounceInvalid, "%v", err)
	}
	return nil
}

// pass tells a room that is here of an announcement of it.
func (n *network) pass(a rooms.Announcement, taken bool) {
	r := n.hallway.here(a.ID)
	if r == nil || a.Host == n.journal.key.Public() {
		return
	}
	go r.post(func() {
		if _, hosts := r.role.(*hosting); hosts || taken {
			r.role.heard(a)
		}
	})
}

// Live implements p2p.Rooms: what this node announces, what it heard of, and what is planned.
func (n *network) Live(topic string) [][]byte {
	own := n.hallway.said(topic)
	planned := n.plans.bundles(topic)
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Concat(own, n.directory.Bundles(topic), planned)
}

// run is the network's work, until ctx ends: the host, the logs, and forgetting rooms that are no longer announced. It
// begins when the rooms of an earlier run are back, for others may ask for them at once.
func (n *network) run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		select {
		case <-n.ready:
		case <-ctx.Done():
		}
		return n.host.Run(ctx)
	})
	group.Go(func() error { return n.followers.Run(ctx) })
	group.Go(func() error { return n.keepLogs(ctx) })
	group.Go(func() error { return n.tellAsks(ctx) })
	group.Go(func() error { return n.keepAsks(ctx) })
	group.Go(func() error { return n.plans.run(ctx) })
	group.Go(func() error {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-tick.C:
				n.expire()
			}
		}
	})
	return group.Wait()
}

// expire forgets rooms that are no longer announced.
func (n *network) expire() {
	n.mu.Lock()
	expired := append(n.directory.Expire(millis(n.now())), n.confided.expire(millis(n.now()))...)
	n.mu.Unlock()
	if len(expired) > 0 {
		n.hallway.tell()
	}
}

// announcement is what this node says of a room that it hosts.
func (n *network) announcement(r *room, about *statement.Announce, speakers []rooms.SpeakerHint) ([]byte, error) {
	b, err := n.prove(r)
	if err != nil {
		return nil, err
	}
	if b.Announce, err = statement.Sign(about, n.journal.key); err != nil {
		return nil, err
	}
	b.Speakers, b.Tenure, b.Addrs = speakers, r.tenure, firstOf8(n.host.Addrs())
	a, err := rooms.NewAnnouncement(b)
	return a.Raw, err
}

// announce publishes an announcement of a room.
func (n *network) announce(r *room, bundle []byte) {
	ctx, topics := n.ctx, r.body().Topics
	go func() {
		ctx, cancel := context.WithTimeout(ctx, tellTime)
		defer cancel()
		if err := n.host.Announce(ctx, topics, bundle); err != nil {
			n.log.Debug("a room could not be announced", "room", r.id, "error", err)
		}
	}()
}

// maxAddrs is how many addresses an announcement carries.
const maxAddrs = 8

func firstOf8(addrs []string) []string { return addrs[:min(len(addrs), maxAddrs)] }

// What one other node may open of streams about rooms.
const (
	streamsEach  = 20   // a second
	streamsBurst = 1000 // both claims and losses of as many rooms as it may host, when a third node is lost to both
	streamPeers  = 4096 // of whom it is counted
)

// streamLimits are the allowances of one other node: for streams that stay, and are asked for again, and for those that say
// one thing once.
type streamLimits struct{ all, enter, say *rate.Limiter }

// limitsOf are the allowances of a node.
func (n *network) limitsOf(peer identity.PublicKey) streamLimits {
	limits, known := n.streams.Get(peer)
	if !known {
		limits = streamLimits{
			all:   rate.NewLimiter(2*streamsEach, 2*streamsBurst), // whatever they begin with
			enter: rate.NewLimiter(streamsEach, streamsBurst),
			say:   rate.NewLimiter(streamsEach, streamsBurst),
		}
		if other, before, _ := n.streams.PeekOrAdd(peer, limits); before {
			limits = other
		}
	}
	return limits
}

// allow takes a stream that begins with a message from the allowance.
func (l streamLimits) allow(first link.Message) bool {
	if _, enters := first.(link.Hello); enters {
		return l.enter.Allow()
	}
	return l.say.Allow()
}

// Stream implements p2p.Rooms: another node has something to say about a room.
func (n *network) Stream(peer identity.PublicKey, s *p2p.Stream) {
	limits, tooMany := n.limitsOf(peer), reason.Reject(reason.HomeLimit, "more than %d streams a second", streamsEach)
	if !limits.all.Allow() {
		refuse(s, tooMany)
		return
	}
	_ = s.SetReadDeadline(time.Now().Add(firstFrame))
	frame, err := s.Receive()
	if err != nil {
		s.Reset()
		return
	}
	_ = s.SetReadDeadline(time.Time{})
	m, err := link.Decode(frame)
	if err != nil {
		n.blame(peer)
		s.Reset()
		return
	}
	if !limits.allow(m) {
		refuse(s, tooMany)
		return
	}
	switch m := m.(type) {
	case link.Hello:
		if err := n.serve(s, m); err != nil {
			refuse(s, err)
		}
	case link.Lost:
		n.hear(peer, m.Room, m)
		_ = s.Close()
	case link.Takeover:
		n.hear(peer, m.Room, m)
		_ = s.Close()
	case link.Profile:
		n.hearProfile(peer, m)
		_ = s.Close()
	case link.Invited:
		n.hearInvited(peer, m)
		_ = s.Close()
	case link.Asks:
		n.hearAsks(peer)
		_ = s.Close()
	default:
		n.blame(peer)
		s.Reset()
	}
}

// serve lets another node into a room that this one hosts, and reads until it goes.
func (n *network) serve(s *p2p.Stream, hello link.Hello) error {
	if err := n.deny.check(s.Peer(), identity.PublicKey{}, identity.PublicKey{}); err != nil {
		return err
	}
	r, err := n.hallway.find(hello.Room)
	if n.hallway.ctx.Err() != nil {
		return reason.Reject(reason.ShuttingDown, "") // whatever find says: the room goes on elsewhere, or here, later
	}
	if err != nil {
		return err
	}
	o := newHome(r, s)
	if err := r.do(n.ctx, func() error {
		h, ok := r.role.(*hosting)
		if !ok || hello.Epoch > r.tenure.Epoch {
			return reason.Reject(reason.RoomHostLost, "this node does not host the room")
		}
		return h.attach(o)
	}); err != nil {
		return err
	}
	go o.write()
	o.read(n.ctx, entryCheck{self: n.journal.key.Public(), deny: n.deny, blame: n.blame})
	r.post(func() {
		if h, ok := r.role.(*hosting); ok {
			h.detach(o)
			h.keepLine(h.now())
		}
	})
	return nil
}

// refuse says why a stream is not served.
func refuse(s *p2p.Stream, err error) {
	if frame, encodeErr := link.Encode(link.Refused{Reason: reason.Of(err)}); encodeErr == nil {
		_ = s.Send(frame)
	}
	_ = s.Close()
}

// hear hands what a node in line says to the room, once it has been verified: outside the loop, where that costs nobody's
// time.
func (n *network) hear(from identity.PublicKey, id statement.ID, m link.Message) {
	r := n.hallway.here(id)
	if r == nil {
		return
	}
	switch m := m.(type) {
	case link.Lost:
		if st, err := statement.ParseKind[*statement.Lost](m.Lost); err == nil {
			r.post(func() { r.hearLost(st) })
		}
	case link.Takeover:
		t, err := rooms.ParseTenure(r.create, m.Tenure)
		if err != nil || t.Host != from {
			n.log.Warn("a node claims a room that it does not host", "room", id, "node", from, "error", err)
			n.blame(from)
			return
		}
		r.post(func() { r.hearTakeover(t) })
	}
}

// hearProfile takes in that a member of this community changed their profile at another of its nodes.
func (n *network) hearProfile(from identity.PublicKey, m link.Profile) {
	state, founded := n.journal.fold()
	if !founded {
		return
	}
	st, err := statement.ParseKind[*statement.Profile](m.Profile)
	if err != nil {
		n.blame(from)
		return
	}
	if sibling, ok := state.Node(from); !ok || sibling.Revoked {
		return
	}
	if _, is := state.Member(st.Signer()); !is {
		return
	}
	if _, _, err := n.hallway.community.profile(m.Profile, st.Signer(), state.Community(), n.now()); err != nil {
		n.log.Debug("a profile of this community is not taken", "from", from, "error", err)
		return
	}
	if err := n.hallway.people.takeProfile(st); err != nil && reason.Of(err) != reason.ProfileStale {
		n.log.Warn("a profile of this community is not stored", "from", from, "error", err)
	}
}

// tellSiblings hands a member's new profile to the other nodes of this community.
func (n *network) tellSiblings(profile statement.Statement) {
	for _, sibling := range n.siblings() {
		n.tell(sibling, nil, link.Profile{Profile: profile.Text()})
	}
}

// blame costs another node its standing: it sent what is invalid for everyone for ever.
func (n *network) blame(peer identity.PublicKey) { n.host.Penalize(peer) }

// open opens a stream about a room to another node.
func (n *network) open(ctx context.Context, node identity.PublicKey, addrs []string) (*p2p.Stream, error) {
	return n.host.OpenRoom(ctx, node, addrs)
}

// tell says one thing to another node, without waiting for it.
func (n *network) tell(node identity.PublicKey, addrs []string, m link.Message) {
	frame, err := link.Encode(m)
	if err != nil {
		n.log.Error("a message to another node cannot be sent", "node", node, "error", err)
		return
	}
	go func() {
		ctx, cancel := context.WithTimeout(n.ctx, tellTime)
		defer cancel()
		s, err := n.open(ctx, node, addrs)
		if err != nil {
			n.log.Debug("a node cannot be told", "node", node, "error", err)
			return
		}
		if err := s.Send(frame); err != nil {
			s.Reset()
			return
		}
		_ = s.Close()
	}()
}

// addrs is where the host of a room can be reached, as far as it was announced.
func (n *network) addrs(room statement.ID, host identity.PublicKey) []string {
	if a, ok := n.announced(room); ok && a.Host == host {
		return append([]string{}, a.Addrs...)
	}
	return nil
}

// addrsOf is where a node is known to be.
func (n *network) addrsOf(node identity.PublicKey) []string { return n.host.AddrsOf(node) }
