package p2p

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
)

// refunds gives the tokens of useful messages back. It is called by gossip at every step; most do not matter here.
type refunds struct{ gossip *gossip }

var _ pubsub.RawTracer = (*refunds)(nil)

// DeliverMessage implements pubsub.RawTracer.
func (r *refunds) DeliverMessage(msg *pubsub.Message) { r.gossip.refund(msg, acceptedGives) }

// DuplicateMessage implements pubsub.RawTracer.
func (r *refunds) DuplicateMessage(msg *pubsub.Message) { r.gossip.refund(msg, copyGives) }

// RejectMessage implements pubsub.RawTracer. Gossip itself scores only peers that let it open a stream to them, so what
// is invalid for ever is held against its bringer here as well.
func (r *refunds) RejectMessage(msg *pubsub.Message, why string) {
	if msg.ReceivedFrom == r.gossip.self {
		return
	}
	switch why {
	case pubsub.RejectValidationFailed, pubsub.RejectInvalidSignature, pubsub.RejectMissingSignature:
		r.gossip.scores.add(msg.ReceivedFrom, invalidPoints)
	}
}

// OnClosedOutboundStream implements pubsub.RawTracer.
func (r *refunds) OnClosedOutboundStream(id peer.ID) { r.gossip.subs.forget(id) }

// The rest implements pubsub.RawTracer and does nothing.

// OnNewOutboundStream does nothing.
func (r *refunds) OnNewOutboundStream(peer.ID, protocol.ID) {}

// Join does nothing.
func (r *refunds) Join(string) {}

// Leave does nothing.
func (r *refunds) Leave(string) {}

// Graft does nothing.
func (r *refunds) Graft(peer.ID, string) {}

// Prune does nothing.
func (r *refunds) Prune(peer.ID, string) {}

// ValidateMessage does nothing.
func (r *refunds) ValidateMessage(*pubsub.Message) {}

// ThrottlePeer does nothing.
func (r *refunds) ThrottlePeer(peer.ID) {}

// RecvRPC does nothing.
func (r *refunds) RecvRPC(*pubsub.RPC) {}

// SendRPC does nothing.
func (r *refunds) SendRPC(*pubsub.RPC, peer.ID) {}

// SendRPCCompleted does nothing.
func (r *refunds) SendRPCCompleted(*pubsub.RPC, peer.ID, time.Duration) {}

// DropRPC does nothing.
func (r *refunds) DropRPC(*pubsub.RPC, peer.ID) {}

// UndeliverableMessage does nothing.
func (r *refunds) UndeliverableMessage(*pubsub.Message) {}

// subscriptions bounds what peers may subscribe to: gossip itself would keep a record of any number of topics.
type subscriptions struct {
	mu sync.Mutex
	of map[peer.ID]map[string]bool
}

var _ pubsub.SubscriptionFilter = (*subscriptions)(nil)

// CanSubscribe implements pubsub.SubscriptionFilter: topics of Stoa only.
func (s *subscriptions) CanSubscribe(topic string) bool {
	name, isRooms := strings.CutPrefix(topic, topicPrefix)
	return isRooms && validTopic(name) || topic == logsTopic
}

// FilterIncomingSubscriptions implements pubsub.SubscriptionFilter.
func (s *subscriptions) FilterIncomingSubscriptions(id peer.ID, opts []*pb.RPC_SubOpts) ([]*pb.RPC_SubOpts, error) {
	if len(opts) > 2*subscriptionsMost {
		return nil, fmt.Errorf("p2p: %w: %d at once", pubsub.ErrTooManySubscriptions, len(opts))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	mine := s.of[id]
	if mine == nil {
		mine = map[string]bool{}
		s.of[id] = mine
	}
	kept := pubsub.FilterSubscriptions(opts, s.CanSubscribe)
	n := 0
	for _, opt := range kept {
		switch topic := opt.GetTopicid(); {
		case !opt.GetSubscribe():
			delete(mine, topic)
		case len(mine) >= subscriptionsMost && !mine[topic]:
			continue
		default:
			mine[topic] = true
		}
		kept[n] = opt
		n++
	}
	return kept[:n], nil
}

func (s *subscriptions) forget(id peer.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.of, id)
}
