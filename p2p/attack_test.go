package p2p

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"google.golang.org/protobuf/proto"

	"github.com/stoa-rooms/stoa/identity"
)

const gossipProtocol = "/meshsub/1.1.0"

// signed is a gossip message whose signature holds, of an author who was never seen before.
func signed(t *testing.T, data string) *pb.Message {
	t.Helper()
	key, pub, err := crypto.GenerateEd25519Key(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id, err := peer.IDFromPublicKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	m := &pb.Message{
		From: []byte(id), Data: []byte(data), Topic: new(topicPrefix + General),
		Seqno: binary.BigEndian.AppendUint64(nil, uint64(time.Now().UnixNano())),
	}
	raw, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	if m.Signature, err = key.Sign(append([]byte("libp2p-pubsub:"), raw...)); err != nil {
		t.Fatal(err)
	}
	return m
}

// rpc is the bytes of an RPC with messages.
func rpc(t *testing.T, messages ...*pb.Message) []byte {
	t.Helper()
	raw, err := proto.Marshal(&pb.RPC{Publish: messages})
	if err != nil {
		t.Fatal(err)
	}
	return appendFrame(nil, raw)
}

// Twenty Sybils, each on a connection of its own, flood a node in every way there is. The node hears of the rooms of
// honest nodes all the same, looks at no more of the flood than it said it would, and keeps no memory of it.
func TestFlood(t *testing.T) {
	const each = 200
	kinds := []struct {
		name   string
		flood  func(i int) []byte
		banned bool
	}{
		{name: "stale announcements, each by another author", flood: func(i int) []byte { return rpc(t, signed(t, fmt.Sprintf("announce-stale %d", i))) }},
		{name: "invalid announcements", banned: true, flood: func(i int) []byte { return rpc(t, signed(t, fmt.Sprintf("announce-host %d", i))) }},
		{name: "signatures that do not hold", banned: true, flood: func(i int) []byte {
			m := signed(t, "room")
			m.Signature[i%len(m.Signature)] ^= 1
			return rpc(t, m)
		}},
		{name: "many in one RPC", flood: func(i int) []byte {
			return rpc(t, signed(t, fmt.Sprintf("announce-stale a %d", i)), signed(t, fmt.Sprintf("announce-stale b %d", i)))
		}},
	}
	victim := start(t, Config{})
	honest := start(t, Config{Peers: victim.Addrs()})
	meet(t, victim, honest)
	before := heap()
	began := time.Now()
	var flood sync.WaitGroup
	sybils := map[peer.ID]bool{} // who is to be banned
	for i := range 5 * len(kinds) {
		kind := kinds[i%len(kinds)]
		var messages [][]byte
		for j := range each {
			messages = append(messages, kind.flood(i*each+j))
		}
		s, _ := stranger(t, victim)
		sybils[s.ID()] = kind.banned
		stream := say(t, s, victim, gossipProtocol, nil)
		flood.Go(func() {
			for _, m := range messages {
				if _, err := stream.Write(m); err != nil {
					return // sent away
				}
			}
		})
	}
	const rooms = 30
	for i := range rooms {
		if err := honest.Announce(t.Context(), nil, fmt.Appendf(nil, "honest-%d", i)); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "all honest rooms are heard of", func() bool { live, _ := victim.rooms.count(); return live == rooms })
	flood.Wait()
	for id, banned := range sybils {
		if banned {
			eventually(t, "who said what is invalid for ever is sent away", func() bool { return victim.scores.banished(id) })
		}
	}
	if victim.scores.banished(honest.host.ID()) || !victim.Connected(honest.key.Public()) {
		t.Error("the honest node was sent away")
	}
	_, calls := victim.rooms.count()
	most := float64(len(sybils))*(messageBurst+messageRate*time.Since(began).Seconds()) + rooms
	t.Logf("of %d messages %d were judged, %.0f allowed; heap %+.1f MB", len(sybils)*each*5/4, calls, most, float64(heap()-before)/1e6)
	if float64(calls) > most {
		t.Errorf("%d were judged, and %.0f is the most", calls, most)
	}
	if grown := heap() - before; grown > 32<<20 {
		t.Errorf("the heap grew by %d MB", grown>>20)
	}
}

// RPCs that are larger than allowed are cut, and cost; so do RPCs without end.
func TestHugeAndCountlessRPCs(t *testing.T) {
	n := start(t, Config{})
	points := func(s host.Host) float64 { return n.scores.points(s.ID()) }
	huge, _ := stranger(t, n)
	stream := say(t, huge, n, gossipProtocol, appendFrame(nil, make([]byte, 1<<20))[:4096])
	wasReset(t, stream)
	if got := points(huge); got < offencePoints*0.99 {
		t.Errorf("an RPC of 1 MiB cost %v", got)
	}
	countless, _ := stranger(t, n)
	empty, err := proto.Marshal(&pb.RPC{Control: &pb.ControlMessage{}})
	if err != nil {
		t.Fatal(err)
	}
	stream = say(t, countless, n, gossipProtocol, nil)
	one := appendFrame(nil, empty)
	for range 3 * rpcBurst {
		if _, err := stream.Write(one); err != nil {
			break
		}
	}
	eventually(t, "RPCs beyond the allowance cost", func() bool { return points(countless) > 10*floodPoints })
	large, _ := stranger(t, n)
	say(t, large, n, gossipProtocol, rpc(t, signed(t, string(bundleOf("large", MaxBundle)))))
	eventually(t, "the largest message is heard", func() bool { return n.rooms.has(string(bundleOf("large", MaxBundle))) })
	if got := points(large); got != 0 {
		t.Errorf("the largest message cost %v", got)
	}
}

// What turns out to be news, or a copy of it, uses up little of what its bringer may deliver.
func TestGoodServiceIsCheap(t *testing.T) {
	now := time.Unix(1e9, 0)
	n, err := New(Config{Key: identity.Generate(), Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = n.Close() }()
	g := n.gossip
	bring := func(from peer.ID, after func(*pubsub.Message)) int {
		m := signed(t, "room")
		for i := range 100_000 { // more than anybody may
			in := &pubsub.RPC{RPC: pb.RPC{Publish: []*pb.Message{m}}}
			if err := g.inspect(from, in); err != nil {
				now = now.Add(time.Millisecond * 5) // RPCs have a bound of their own
				continue
			}
			if len(in.Publish) == 0 {
				return i
			}
			after(&pubsub.Message{Message: m, ReceivedFrom: from})
		}
		return 100_000
	}
	trace := &refunds{g}
	useless := bring("useless", func(*pubsub.Message) {})
	news := bring("news", trace.DeliverMessage)
	copies := bring("copies", trace.DuplicateMessage)
	g.gater.trust("chosen")
	chosen := bring("chosen", func(*pubsub.Message) {})
	if useless < messageBurst || news < 9*useless || copies < 4*news || chosen < 9*useless {
		t.Errorf("useless %d, news %d, copies %d, chosen %d", useless, news, copies, chosen)
	}
	own := &pubsub.Message{Message: &pb.Message{}, ReceivedFrom: n.host.ID()}
	trace.DeliverMessage(own)
	if g.peers.of[n.host.ID()] != nil {
		t.Error("the host keeps an account of itself")
	}
}
