package p2p

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
)

const (
	topicPrefix = "/stoa/1/rooms/"
	logsTopic   = "/stoa/1/logs"
	maxTopic    = 32

	// General is the topic that every node follows and on which every room is announced.
	General = "general"

	// MaxBundle is the most bytes of one announcement.
	MaxBundle = 64 << 10
	// A checkpoint is a few hundred bytes; cosignatures add a hundred each.
	maxCheckpoint = 4 << 10

	// One RPC holds at least one message, with topic, author, number and signature around it.
	maxRPC = MaxBundle + 4<<10

	// Topics followed beside general: what the members of one node can be interested in.
	maxTopics = 64

	// An id is remembered until its announcement has expired (45 s).
	seenTime = time.Minute

	// What is verified at once, and what waits: 256 of 64 KiB are 16 MiB at worst. What does not find room is not
	// marked as seen, so that it comes again with the neighbours' next heartbeat.
	verifyWorkers = 4
	verifyQueue   = 256
	// What is judged at once, by gossip and for directories together, and for how long one may take. Judging is
	// arithmetic of about a millisecond; the bound is for a store that hangs.
	judges    = 4
	judgeWait = 2 * time.Second

	// A node that starts with many rooms says all at once. The queue holds pointers to what is cached anyway.
	outboundQueue = 256
)

// Who may say how much. The first bound is on what one connection delivers, before signatures are checked. It is
// meant for the useless: a message that is accepted gives nine tenths of its token back, and a copy of what is known
// all but a fiftieth, since copies from six neighbours are how gossip works. So a Sybil makes this node check two
// messages a second, and an honest neighbour may bring twenty that are new and a hundred that are not: 300 rooms by
// each, 1,800 by six of them. The operator's own peers may bring ten times as much: they may be the only ones.
const (
	messageRate   = 2
	messageBurst  = 64
	acceptedGives = 0.9
	copyGives     = 0.98
	trustedCost   = 0.1

	// RPCs of any kind: one heartbeat a second, one or two for each message.
	rpcRate  = 200
	rpcBurst = 1000

	// Authors, after their signature is verified: 16 rooms on general and three topics each, every 15 s, are 4.3 a
	// second.
	authorRate  = 8
	authorBurst = 128

	// Peers and authors that are kept apart. Beyond, all newcomers share one bucket.
	peersMost   = 4096
	authorsMost = 8192

	// Subscriptions taken from one peer: its own topics, and some.
	subscriptionsMost = 2 * maxTopics
)

var topicName = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)

func validTopic(name string) bool { return topicName.MatchString(name) }

// gossip is the part of the host that says and hears what is meant for everybody.
type gossip struct {
	ps      *pubsub.PubSub
	self    peer.ID
	gater   *gater
	scores  *scores
	log     *slog.Logger
	counts  *counters
	peers   *allowance[peer.ID]            // messages, by who delivers
	rpcs    *allowance[peer.ID]            // RPCs, by who delivers
	authors *allowance[identity.PublicKey] // messages, by who signed
	heard   *heard
	subs    *subscriptions
	hear    func(ctx context.Context, topic string, data []byte) error // judges what others say

	mu     sync.Mutex
	topics map[string]*pubsub.Topic          // joined, by full name
	relays map[string]pubsub.RelayCancelFunc // followed, by full name
	last   map[peer.ID]float64               // the scores of a moment ago
}

// gossipParams is gossipsub's defaults, with what differs named.
func gossipParams() pubsub.GossipSubParams {
	p := pubsub.DefaultGossipSubParams() // D 6, 5 to 12: at 50 nodes three hops
	// Neighbours are taken into the mesh, and what was lost is asked for, at heartbeats. With the default of a second a
	// loss could cost more than the two within which an announcement should be everywhere. What is counted in heartbeats
	// counts as long as before, but for promises of messages: those of the last two seconds will do.
	p.HeartbeatInterval = 500 * time.Millisecond
	p.HistoryLength, p.HistoryGossip = 10, 4
	p.IDontWantMessageTTL = 6
	p.OpportunisticGraftTicks = 120
	p.Connectors = 4             // dials on the word of others, at once
	p.MaxPendingConnections = 32 // and those that wait
	p.ConnectionTimeout = dialWait
	p.MaxIHaveLength = 1000 // ids per peer and heartbeat: 300 rooms on four topics every 15 s are 80 a second,
	// and two seconds of them are promised at once
	p.SlowHeartbeatWarning = 0.5
	return p
}

func newGossip(ctx context.Context, h *Host) (*gossip, error) {
	now := h.cfg.Now
	g := &gossip{
		self: h.host.ID(), gater: h.gater, scores: h.scores, log: h.log, counts: h.counts, hear: h.hear,
		peers:   newAllowance[peer.ID](messageRate, messageBurst, peersMost, now),
		rpcs:    newAllowance[peer.ID](rpcRate, rpcBurst, peersMost, now),
		authors: newAllowance[identity.PublicKey](authorRate, authorBurst, authorsMost, now),
		heard:   newHeard(now),
		subs:    &subscriptions{of: map[peer.ID]map[string]bool{}},
		topics:  map[string]*pubsub.Topic{},
		relays:  map[string]pubsub.RelayCancelFunc{},
	}
	var err error
	g.ps, err = pubsub.NewGossipSub(ctx, &guardedHost{Host: h.host, most: maxRPC, accuse: h.penalize},
		pubsub.WithMessageSignaturePolicy(pubsub.StrictSign),
		pubsub.WithGossipSubParams(gossipParams()),
		pubsub.WithPeerScore(scoreParams(g.appScore), scoreThresholds()),
		pubsub.WithPeerScoreInspect(g.inspectScores, scoreInterval),
		pubsub.WithPeerExchange(true),
		// Our own words go to all neighbours at once, not to the mesh alone: few Sybils in it cannot keep them back.
		pubsub.WithFloodPublish(true),
		pubsub.WithAppSpecificRpcInspector(g.inspect),
		pubsub.WithDefaultValidator(g.validate, pubsub.WithValidatorInline(true), pubsub.WithValidatorTimeout(judgeWait)),
		pubsub.WithValidateWorkers(verifyWorkers),
		pubsub.WithValidateQueueSize(verifyQueue),
		pubsub.WithSubscriptionFilter(g.subs),
		pubsub.WithRawTracer(&refunds{gossip: g}),
		pubsub.WithMaxMessageSize(maxRPC),
		pubsub.WithMaxControlMessageSize(maxRPC),
		pubsub.WithSeenMessagesTTL(seenTime),
		pubsub.WithPeerOutboundQueueSize(outboundQueue),
	)
	if err != nil {
		return nil, fmt.Errorf("p2p: gossip: %w", err)
	}
	return g, nil
}

// appScore is what gossip does not know by itself.
func (g *gossip) appScore(id peer.ID) float64 {
	score := -g.scores.points(id)
	if g.gater.trusts(id) {
		score += trustedBonus
	}
	return score
}

// inspectScores sends those away whom gossip does not listen to any more.
func (g *gossip) inspectScores(all map[peer.ID]float64) {
	g.mu.Lock()
	g.last = all
	g.mu.Unlock()
	for id, score := range all {
		if score < graylistThreshold && !g.scores.banished(id) {
			g.scores.banish(id)
		}
	}
}

// lastScore is the score a peer had at the last inspection; 0 for one that gossip does not know.
func (g *gossip) lastScore(id peer.ID) float64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.last[id]
}

// inspect is the first thing that happens to what a connection delivers.
func (g *gossip) inspect(from peer.ID, rpc *pubsub.RPC) error {
	if g.scores.banished(from) {
		return reason.Reject(reason.NodeDenied, "it is on its way out")
	}
	if !g.rpcs.take(from, 1) {
		g.scores.add(from, floodPoints)
		g.counts.dropped.Inc()
		return reason.Reject(reason.RateLimited, "RPCs")
	}
	cost := g.cost(from)
	for i := range rpc.Publish {
		if !g.peers.take(from, cost) {
			over := len(rpc.Publish) - i
			rpc.Publish = rpc.Publish[:i] // the rest of the RPC keeps the mesh alive
			g.scores.add(from, floodPoints*float64(over)*cost)
			g.counts.dropped.Add(float64(over))
			break
		}
	}
	return nil
}

func (g *gossip) cost(from peer.ID) float64 {
	if g.gater.trusts(from) {
		return trustedCost
	}
	return 1
}

// refund gives a part of a message's token back.
func (g *gossip) refund(msg *pubsub.Message, part float64) {
	if from := msg.ReceivedFrom; from != g.self {
		g.peers.give(from, part*g.cost(from))
	}
}

// validate judges a message whose signature holds.
func (g *gossip) validate(ctx context.Context, from peer.ID, msg *pubsub.Message) pubsub.ValidationResult {
	if from == g.self {
		g.heard.said(ctx, msg.GetTopic(), msg.Data)
		return pubsub.ValidationAccept
	}
	err := g.judge(ctx, msg)
	g.counts.verdict(err)
	if err != nil {
		g.log.Debug("p2p: heard and not taken", "peer", from, "topic", msg.GetTopic(), "err", err)
	}
	return verdictOf(err)
}

func (g *gossip) judge(ctx context.Context, msg *pubsub.Message) error {
	author, err := keyOf(msg.GetFrom())
	if err != nil {
		return reason.Reject(reason.StatementKey, "%v", err)
	}
	if !g.gater.allows(msg.GetFrom()) {
		return reason.Reject(reason.NodeDenied, "%s", author)
	}
	if !g.authors.take(author, 1) {
		return reason.Reject(reason.RateLimited, "messages of %s", author)
	}
	most := MaxBundle
	if msg.GetTopic() == logsTopic {
		most = maxCheckpoint
	}
	if len(msg.Data) > most {
		return reason.Reject(reason.RequestTooLarge, "%d bytes", len(msg.Data))
	}
	return g.heard.judge(ctx, msg.GetTopic(), msg.Data, func() error { return g.hear(ctx, msg.GetTopic(), msg.Data) })
}

// follow makes the followed topics exactly those named, by their full names.
func (g *gossip) follow(names []string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	var failed []error
	for _, name := range names {
		if g.relays[name] != nil {
			continue
		}
		topic, err := g.joinLocked(name)
		if err == nil {
			err = topic.SetScoreParams(topicScore())
		}
		if err != nil {
			failed = append(failed, err)
			continue
		}
		if g.relays[name], err = topic.Relay(); err != nil {
			delete(g.relays, name)
			failed = append(failed, err)
		}
	}
	for name, cancel := range g.relays {
		if !slices.Contains(names, name) {
			cancel()
			delete(g.relays, name)
			failed = append(failed, g.leaveLocked(name))
		}
	}
	return errors.Join(failed...)
}

// publish says something on topics. Those that are not followed are joined for the moment only.
func (g *gossip) publish(ctx context.Context, names []string, data []byte) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	var failed []error
	for _, name := range names {
		topic, err := g.joinLocked(name)
		if err == nil {
			err = topic.Publish(ctx, data)
		}
		if g.relays[name] == nil && topic != nil {
			err = errors.Join(err, g.leaveLocked(name))
		}
		failed = append(failed, err)
	}
	if err := errors.Join(failed...); err != nil {
		return fmt.Errorf("p2p: %w", err)
	}
	return nil
}

func (g *gossip) joinLocked(name string) (*pubsub.Topic, error) {
	if topic := g.topics[name]; topic != nil {
		return topic, nil
	}
	topic, err := g.ps.Join(name)
	if err != nil {
		return nil, err
	}
	g.topics[name] = topic
	return topic, nil
}

// leaveLocked closes a topic that nothing needs. While gossip still lets go of it, it stays joined and is closed the
// next time.
func (g *gossip) leaveLocked(name string) error {
	topic := g.topics[name]
	if err := topic.Close(); err != nil {
		return err
	}
	delete(g.topics, name)
	return nil
}

// fullTopics are the full names of topics, general first, each once; those that are no topics are left out.
func fullTopics(names []string) []string {
	full := []string{topicPrefix + General}
	for _, name := range names {
		if topic := topicPrefix + name; validTopic(name) && !slices.Contains(full, topic) {
			full = append(full, topic)
		}
	}
	return full
}

// Announce says on general and on the given topics that a room is live, or has ended. It returns once the announcement
// is on its way; nobody has to hear it.
func (h *Host) Announce(ctx context.Context, topics []string, bundle []byte) error {
	if len(bundle) > MaxBundle {
		return reason.Reject(reason.RequestTooLarge, "an announcement of %d bytes, and %d is the most", len(bundle), MaxBundle)
	}
	return h.gossip.publish(ctx, fullTopics(topics), bundle)
}

// PublishCheckpoint tells the followers of a log that it has grown.
func (h *Host) PublishCheckpoint(ctx context.Context, text string) error {
	if len(text) > maxCheckpoint {
		return reason.Reject(reason.RequestTooLarge, "a checkpoint of %d bytes, and %d is the most", len(text), maxCheckpoint)
	}
	return h.gossip.publish(ctx, []string{logsTopic}, []byte(text))
}

// Follow makes the topics whose rooms this node hears of exactly these, general and the configured ones. At most 64
// are followed; what is no topic is left out.
func (h *Host) Follow(topics []string) {
	h.mu.Lock()
	h.topics = slices.Clone(topics)
	running := h.running
	h.mu.Unlock()
	if running {
		h.follow()
	}
}

func (h *Host) follow() {
	h.following.Lock() // so that of two calls at once the later one counts
	defer h.following.Unlock()
	h.mu.Lock()
	names := fullTopics(slices.Concat(h.cfg.Topics, h.topics))
	h.mu.Unlock()
	if len(names) > maxTopics {
		h.log.Warn("p2p: too many topics to follow", "asked", len(names), "followed", maxTopics)
		names = names[:maxTopics]
	}
	if err := h.gossip.follow(append(names, logsTopic)); err != nil && !errors.Is(err, context.Canceled) {
		h.log.Warn("p2p: topics", "err", err)
	}
}

// hear judges what another said.
func (h *Host) hear(ctx context.Context, topic string, data []byte) error {
	return h.judge(ctx, func() error {
		switch {
		case topic == logsTopic && h.cfg.Logs != nil:
			return h.cfg.Logs.Checkpointed(string(data))
		case topic != logsTopic && h.cfg.Rooms != nil:
			return h.cfg.Rooms.Announced(slices.Clone(data))
		}
		return nil
	})
}

// judge runs a judgement among the few that run at once. One that takes too long is none; it goes on, and holds its
// place until it ends.
func (h *Host) judge(ctx context.Context, judgement func() error) error {
	ctx, stop := context.WithTimeout(ctx, judgeWait)
	defer stop()
	select {
	case h.judges <- struct{}{}:
	case <-ctx.Done():
		return reason.Reject(reason.RateLimited, "too much is judged at once")
	}
	if !h.enter() {
		<-h.judges
		return reason.Reject(reason.ShuttingDown, "")
	}
	verdict := make(chan error, 1)
	go func() {
		defer h.leave()
		defer func() { <-h.judges }()
		verdict <- judgement()
	}()
	select {
	case err := <-verdict:
		return err
	case <-ctx.Done():
		return reason.Reject(reason.RateLimited, "the judgement takes too long")
	}
}
