package p2p

import (
	"math"
	"net"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/peer"
)

// Peers have a score. Gossip keeps most of it (what they delivered, and how); what they did on streams is added here.
// The scale: -20 is one thing that no honest peer does; nothing that can happen to an honest one adds up to -80.
const (
	// Below this a peer gets and gives no gossip of what was said: one proven offence.
	gossipThreshold = -20
	// Below this it is sent nothing of what is said here first.
	publishThreshold = -40
	// Below this nothing it says is looked at, and it is disconnected: four offences within minutes.
	graylistThreshold = -80
	// Above this the peers it names on pruning us are dialled. Only the operator's own choice comes so high
	// (trustedBonus), because whoever chooses our peers chooses what we hear.
	exchangeThreshold = 10
	// Where the middle of a mesh is below this, better peers are taken in. A quiet honest mesh has about 1 after two
	// minutes (timeInMesh).
	opportunisticThreshold = 1

	// Peers that the operator configured. It forgives one offence, not four.
	trustedBonus = 20
	// What topics together can earn: less than exchangeThreshold, so that no amount of good service buys that.
	topicCap = 8

	// One offence on a stream, and one RPC over the bound in gossip.
	offencePoints = 20
	// One message in gossip that is invalid for ever, beside what gossip counts itself (topicScore).
	invalidPoints = 5
	// One message or RPC beyond the allowance. A burst of 64 is free already (messageBurst); 800 more are a flood.
	floodPoints = 0.1
	// With this much held against it a peer is sent away, whatever gossip thinks of it: the fourth offence within two
	// minutes. It is less than four times 20 since the first ones are being forgotten meanwhile.
	banishPoints = 70
	// Half of what is held against a peer is forgotten in this time: a fixed bug is forgiven within the hour.
	penaltyHalf = 10 * time.Minute
	// A peer that was sent away may not come back for this long.
	banishment = 10 * time.Minute
	// Peers that something is held against. Beyond it the least guilty of a sample is forgotten.
	penaltiesMost = 4096

	// Gossip's counters decay each second; a rejected message is forgotten after scoreMemory.
	scoreInterval = time.Second
	scoreZero     = 0.01
	scoreMemory   = 10 * time.Minute
)

// scoreParams is what gossip scores. Its topics are added as they are followed.
func scoreParams(app func(peer.ID) float64) *pubsub.PeerScoreParams {
	return &pubsub.PeerScoreParams{
		Topics:            map[string]*pubsub.TopicScoreParams{},
		TopicScoreCap:     topicCap,
		AppSpecificScore:  app,
		AppSpecificWeight: 1, // its unit is the score itself
		// Sybils on one address: the resource manager holds them to connsPerIPv4, and this makes fewer than all of
		// them tolerable neighbours. Several nodes of one house share an address, and a LAN or a test is one house.
		IPColocationFactorWeight:    -10,
		IPColocationFactorThreshold: 6,
		IPColocationFactorWhitelist: houses(),
		// Grafting too early, and promises of messages (IHAVE) that are not kept: six are forgiven, since loss does that.
		BehaviourPenaltyWeight:    -2,
		BehaviourPenaltyThreshold: 6,
		BehaviourPenaltyDecay:     pubsub.ScoreParameterDecay(scoreMemory),
		DecayInterval:             scoreInterval,
		DecayToZero:               scoreZero,
		// Leaving and coming back does not wash clean. Longer than a banishment.
		RetainScore: 2 * banishment,
		SeenMsgTTL:  seenTime,
	}
}

// topicScore is the same for every topic: of each, all that is said is checked the same way.
func topicScore() *pubsub.TopicScoreParams {
	return &pubsub.TopicScoreParams{
		TopicWeight: 1,
		// Steadiness earns a little: 3 after five minutes.
		TimeInMeshWeight:  0.01,
		TimeInMeshQuantum: time.Second,
		TimeInMeshCap:     300,
		// Being the first to bring news earns as much again: 5 for a hundred.
		FirstMessageDeliveriesWeight: 0.05,
		FirstMessageDeliveriesDecay:  pubsub.ScoreParameterDecay(scoreMemory),
		FirstMessageDeliveriesCap:    100,
		// Not delivering enough is not held against anybody: how much there is to say depends on how many rooms are
		// live, and that may be none. So the weights of P3 and P3b stay 0.
		// What is invalid for ever, with invalidPoints: -10 for one, -30 for two, -100 for four. A neighbour that brings
		// this node's own words of before a restart, which is nobody's fault, has -5 and -20.
		InvalidMessageDeliveriesWeight: -5,
		InvalidMessageDeliveriesDecay:  pubsub.ScoreParameterDecay(scoreMemory),
	}
}

func scoreThresholds() *pubsub.PeerScoreThresholds {
	return &pubsub.PeerScoreThresholds{
		GossipThreshold:             gossipThreshold,
		PublishThreshold:            publishThreshold,
		GraylistThreshold:           graylistThreshold,
		AcceptPXThreshold:           exchangeThreshold,
		OpportunisticGraftThreshold: opportunisticThreshold,
	}
}

// houses are the networks in which many peers on one address are no sign of Sybils: loopback and private ones.
func houses() []*net.IPNet {
	var all []*net.IPNet
	for _, cidr := range []string{"127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fe80::/10"} {
		_, block, err := net.ParseCIDR(cidr)
		if err != nil {
			panic(err) // constants
		}
		all = append(all, block)
	}
	return all
}

// scores holds what streams and floods cost their senders.
type scores struct {
	now func() time.Time

	mu sync.Mutex
	of map[peer.ID]*penalty
}

type penalty struct {
	points float64 // at the time below; more is worse
	at     time.Time
	until  time.Time // banished until then
}

func newScores(now func() time.Time) *scores {
	return &scores{now: now, of: map[peer.ID]*penalty{}}
}

// add holds points against a peer, and banishes it when they are too many.
func (s *scores) add(id peer.ID, points float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, now := s.entryLocked(id), s.now()
	p.points, p.at = p.pointsAt(now)+points, now
	if p.points >= banishPoints {
		p.until = now.Add(banishment)
	}
}

// banish sends a peer away for a while, whatever is held against it here.
func (s *scores) banish(id peer.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entryLocked(id).until = s.now().Add(banishment)
}

func (s *scores) banished(id peer.ID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.of[id]
	return p != nil && s.now().Before(p.until)
}

// points is what is held against a peer now.
func (s *scores) points(id peer.ID) float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.of[id]
	if p == nil {
		return 0
	}
	return p.pointsAt(s.now())
}

func (s *scores) entryLocked(id peer.ID) *penalty {
	if p := s.of[id]; p != nil {
		return p
	}
	if len(s.of) >= penaltiesMost {
		s.forgetLocked()
	}
	p := &penalty{at: s.now()}
	s.of[id] = p
	return p
}

// forgetLocked forgets the least guilty of sixteen. Map order is random enough for a sample.
func (s *scores) forgetLocked() {
	now, sample := s.now(), 16
	var least peer.ID
	best := math.Inf(1)
	for id, p := range s.of {
		guilt := p.pointsAt(now)
		if now.Before(p.until) {
			guilt += banishPoints
		}
		if guilt < best {
			least, best = id, guilt
		}
		if sample--; sample == 0 {
			break
		}
	}
	delete(s.of, least)
}

func (p *penalty) pointsAt(now time.Time) float64 {
	passed := max(now.Sub(p.at), 0) // a clock that was set back forgives nothing and adds nothing
	left := p.points * math.Exp2(-float64(passed)/float64(penaltyHalf))
	if left < scoreZero {
		return 0
	}
	return left
}
