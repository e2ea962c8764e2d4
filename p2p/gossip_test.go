package p2p

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
)

func TestAnnouncementsReachAll(t *testing.T) {
	a := start(t, Config{})
	b := start(t, Config{Peers: a.Addrs()[:1]})
	c := start(t, Config{Peers: b.Addrs()[1:], Topics: []string{"music"}}) // over TCP
	meet(t, a, b, c)
	if err := a.Announce(t.Context(), []string{"music", "Not A Topic"}, []byte("room")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "b and c hear of the room", func() bool { return b.rooms.has("room") && c.rooms.has("room") })
	if err := c.PublishCheckpoint(t.Context(), "log\n1\n"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a and b hear the checkpoint", func() bool { return len(a.logs.heard())+len(b.logs.heard()) == 2 })
	if live, calls := a.rooms.count(); live+calls != 0 {
		t.Errorf("a judged its own room %d times", calls)
	}
	if _, calls := c.rooms.count(); calls != 1 {
		t.Errorf("c judged what came on general and on music %d times, want once", calls)
	}
	for _, refused := range []error{
		a.Announce(t.Context(), nil, bundleOf("big", MaxBundle+1)),
		a.PublishCheckpoint(t.Context(), strings.Repeat("x", maxCheckpoint+1)),
	} {
		wantReason(t, refused, reason.RequestTooLarge)
	}
	if err := a.Announce(t.Context(), nil, bundleOf("large", MaxBundle)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the largest announcement arrives", func() bool { return c.rooms.has(string(bundleOf("large", MaxBundle))) })
}

func TestFollowReconcilesTopics(t *testing.T) {
	n := start(t, Config{Topics: []string{"books"}})
	followed := func() []string {
		n.gossip.mu.Lock()
		defer n.gossip.mu.Unlock()
		return slices.Sorted(maps.Keys(n.gossip.relays))
	}
	many := []string{}
	for i := range 2 * maxTopics {
		many = append(many, fmt.Sprintf("topic-%d", i))
	}
	for _, step := range []struct {
		follow []string
		want   []string
	}{
		{nil, []string{"books", "general"}},
		{[]string{"music", "general", "Bad!", "music"}, []string{"books", "general", "music"}},
		{[]string{"chess"}, []string{"books", "chess", "general"}},
	} {
		n.Follow(step.follow)
		want := []string{logsTopic}
		for _, topic := range step.want {
			want = append(want, topicPrefix+topic)
		}
		slices.Sort(want)
		eventually(t, fmt.Sprintf("after following %v, %v are followed, and not %v", step.follow, want, followed()), func() bool { return slices.Equal(followed(), want) })
	}
	n.Follow(many)
	if got := len(followed()); got != maxTopics+1 {
		t.Errorf("%d topics are followed, want %d and the logs", got, maxTopics)
	}
	for i := range 50 { // rooms on topics that nobody here follows leave nothing behind
		if err := n.Announce(t.Context(), []string{fmt.Sprintf("elsewhere-%d", i)}, []byte("room")); err != nil {
			t.Fatal(err)
		}
	}
	n.gossip.mu.Lock()
	defer n.gossip.mu.Unlock()
	if got := len(n.gossip.topics); got != maxTopics+1 {
		t.Errorf("%d topics are joined, want those followed", got)
	}
}

func TestVerdicts(t *testing.T) {
	ignored := []reason.Reason{
		reason.AnnounceEarly, reason.AnnounceStale, reason.AnnounceFull, reason.StatementTime, reason.StatementExpired,
		reason.RateLimited, reason.CommunityDenied, reason.NodeDenied, reason.ClaimAlive, reason.ClaimEpoch,
		reason.LogFork, reason.Internal, reason.StorageFailed, reason.ShuttingDown,
	}
	rejected := []reason.Reason{
		reason.AnnounceInvalid, reason.AnnounceHost, reason.StatementSyntax, reason.StatementSize, reason.StatementHeader,
		reason.StatementKind, reason.StatementKey, reason.StatementPayload, reason.StatementSignature,
		reason.StatementAudience, reason.StatementAuthority, reason.TextMismatch, reason.TextInvalid, reason.LogShrunk,
		reason.LogInvalid, reason.ClaimInvalid, reason.ClaimNotListed, reason.RequestTooLarge, reason.StreamInvalid,
	}
	for _, why := range ignored {
		if got := verdictOf(fmt.Errorf("wrapped: %w", reason.Reject(why, ""))); got != pubsub.ValidationIgnore {
			t.Errorf("%s: verdict %d, want ignore", why, got)
		}
	}
	for _, why := range rejected {
		if got := verdictOf(fmt.Errorf("wrapped: %w", reason.Reject(why, ""))); got != pubsub.ValidationReject {
			t.Errorf("%s: verdict %d, want reject", why, got)
		}
	}
	if got := verdictOf(nil); got != pubsub.ValidationAccept {
		t.Errorf("no error: verdict %d", got)
	}
	if got := verdictOf(errFake); got != pubsub.ValidationIgnore {
		t.Errorf("a failure of this node: verdict %d, want ignore", got)
	}
}

// What is rejected is not passed on and costs its sender; what is ignored is not passed on, and costs nothing.
func TestVerdictsInGossip(t *testing.T) {
	b := start(t, Config{})
	a := start(t, Config{Peers: b.Addrs()})
	c := start(t, Config{Peers: b.Addrs()})
	meet(t, a, b, c)
	for _, bundle := range []string{"announce-stale 1", "announce-full 2", "announce-host 3", "announce-invalid 4", "room"} {
		if err := a.Announce(t.Context(), nil, []byte(bundle)); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the good one arrives", func() bool { return c.rooms.has("room") })
	eventually(t, "b judged all five", func() bool { _, calls := b.rooms.count(); return calls == 5 })
	if _, calls := c.rooms.count(); calls != 1 {
		t.Errorf("c heard %d, want the good one only", calls)
	}
	eventually(t, "two rejected ones cost a its place, and no ignored one did", func() bool {
		score := scoreAt(b, a)
		return score < gossipThreshold+topicCap && score > graylistThreshold
	})
	for i := range 4 {
		if err := a.Announce(t.Context(), nil, fmt.Appendf(nil, "announce-invalid again %d", i)); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "b has had enough of a", func() bool { return !b.Connected(a.key.Public()) && b.scores.banished(a.host.ID()) })
	if !b.Connected(c.key.Public()) {
		t.Error("c went as well")
	}
}

// scoreAt is the score that n gives a peer.
func scoreAt(n, of *node) float64 {
	for _, p := range n.Peers() {
		if p.Key == of.key.Public() {
			return p.Score
		}
	}
	return 0
}

func TestHeard(t *testing.T) {
	now := time.Unix(1e9, 0)
	h := newHeard(func() time.Time { return now })
	calls := 0
	hear := func(topic, text string, verdict error) error {
		return h.judge(t.Context(), topic, []byte(text), func() error { calls++; return verdict })
	}
	for _, step := range []struct {
		name, topic, text string
		after             time.Duration
		verdict           error
		want              reason.Reason
		calls             int
	}{
		{"new", "general", "a", 0, nil, "", 1},
		{"the copy on another topic", "music", "a", 0, errFake, "", 1},
		{"a replay", "general", "a", 0, nil, reason.AnnounceStale, 1},
		{"an invalid one", "general", "b", 0, reason.Reject(reason.AnnounceHost, ""), reason.AnnounceHost, 2},
		{"again, elsewhere", "music", "b", 0, nil, reason.AnnounceHost, 2},
		{"an early one", "general", "c", 0, reason.Reject(reason.AnnounceEarly, ""), reason.AnnounceEarly, 3},
		{"in time", "general", "c", 0, nil, "", 4},
		{"a replay, nearly forgotten", "general", "a", heardTime - 1, nil, reason.AnnounceStale, 4},
		{"forgotten", "general", "a", 1, nil, "", 5},
	} {
		now = now.Add(step.after)
		wantReason(t, hear(step.topic, step.text, step.verdict), step.want)
		if calls != step.calls {
			t.Errorf("%s: judged %d times in all, want %d", step.name, calls, step.calls)
		}
	}
	for i := range 3 * heardMost {
		_ = hear("general", fmt.Sprint(i), nil)
	}
	if n := len(h.young) + len(h.old); n > heardMost {
		t.Errorf("%d texts are remembered, and %d is the most", n, heardMost)
	}
}

func TestSubscriptionsAreBounded(t *testing.T) {
	s := &subscriptions{of: map[peer.ID]map[string]bool{}}
	sub := func(on bool, topics ...string) []*pb.RPC_SubOpts {
		var opts []*pb.RPC_SubOpts
		for _, topic := range topics {
			opts = append(opts, &pb.RPC_SubOpts{Subscribe: new(on), Topicid: new(topic)})
		}
		return opts
	}
	kept, err := s.FilterIncomingSubscriptions("p", sub(true, topicPrefix+"general", logsTopic, "/other", topicPrefix+"BAD", topicPrefix+strings.Repeat("x", 33), topicPrefix))
	if err != nil || len(kept) != 2 {
		t.Errorf("kept %v, %v; want general and the logs", kept, err)
	}
	total := 2
	for i := range 10 {
		var topics []string
		for j := range subscriptionsMost / 2 {
			topics = append(topics, fmt.Sprintf("%s%d-%d", topicPrefix, i, j))
		}
		kept, err := s.FilterIncomingSubscriptions("p", sub(true, topics...))
		if err != nil {
			t.Fatal(err)
		}
		total += len(kept)
	}
	if total != subscriptionsMost {
		t.Errorf("%d subscriptions of one peer were kept, want %d", total, subscriptionsMost)
	}
	if _, err := s.FilterIncomingSubscriptions("p", sub(false, topicPrefix+"general")); err != nil || len(s.of["p"]) != subscriptionsMost-1 {
		t.Errorf("unsubscribing left %d, %v", len(s.of["p"]), err)
	}
	if _, err := s.FilterIncomingSubscriptions("p", make([]*pb.RPC_SubOpts, 2*subscriptionsMost+1)); err == nil {
		t.Error("a flood of subscriptions was looked at")
	}
	s.forget("p")
	if len(s.of) != 0 {
		t.Error("a peer that is gone is remembered")
	}
}

func TestDeniedAuthorsAndFloods(t *testing.T) {
	denied := identity.Generate()
	n := start(t, Config{Denied: func(k identity.PublicKey) bool { return k == denied.Public() }})
	message := func(author identity.PublicKey, data string) *pubsub.Message {
		id, err := peerOf(author)
		if err != nil {
			t.Fatal(err)
		}
		return &pubsub.Message{Message: &pb.Message{From: []byte(id), Data: []byte(data), Topic: new(topicPrefix + General)}}
	}
	wantReason(t, n.gossip.judge(t.Context(), message(denied.Public(), "room")), reason.NodeDenied)
	flooder := identity.Generate().Public()
	got := map[reason.Reason]int{}
	for i := range 2 * authorBurst {
		got[reason.Of(n.gossip.judge(t.Context(), message(flooder, fmt.Sprint(i))))]++
	}
	if got[""] < authorBurst || got[""] > authorBurst+authorRate*5 || got[reason.RateLimited] == 0 {
		t.Errorf("of a flood of one author: %v", got)
	}
	wantReason(t, n.gossip.judge(t.Context(), message(identity.Generate().Public(), "another")), "")
	wantReason(t, n.gossip.judge(t.Context(), message(identity.Generate().Public(), strings.Repeat("x", MaxBundle+1))), reason.RequestTooLarge)
}
