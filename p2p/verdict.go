package p2p

import (
	"github.com/libp2p/go-libp2p-pubsub"

	"github.com/stoa-rooms/stoa/reason"
)

// verdictOf is what gossip does with a message that was judged with err. Rejecting costs whoever delivered it, honest
// forwarders too, so only what is invalid for everyone for ever is rejected; what is merely late, unknown here, or
// against this node's policy is ignored, and so is what this node could not judge because of itself.
func verdictOf(err error) pubsub.ValidationResult {
	if err == nil {
		return pubsub.ValidationAccept
	}
	switch reason.Of(err) { //nolint:exhaustive // the rest is for ever
	case reason.AnnounceEarly, reason.AnnounceStale, reason.StatementTime, reason.StatementExpired, reason.ClaimEpoch:
		return pubsub.ValidationIgnore // a matter of time: another node's clock or knowledge differs
	case reason.AnnounceFull, reason.RateLimited, reason.CommunityDenied, reason.NodeDenied, reason.ClaimAlive:
		return pubsub.ValidationIgnore // this node's own view
	case reason.ScheduleZone:
		return pubsub.ValidationIgnore // this node's list of zones may be an old one
	case reason.LogFork:
		return pubsub.ValidationIgnore // both branches are signed: the log's node is at fault, whoever delivers is not
	case reason.Internal, reason.StorageFailed, reason.ShuttingDown:
		return pubsub.ValidationIgnore // this node's own trouble
	}
	return pubsub.ValidationReject
}
