package node

import (
	"log/slog"
	"testing"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/link"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
)

// ticking is a role that does nothing but count how often time passes.
type ticking struct {
	role

	ticks int
}

func (c *ticking) tick(time.Time)              { c.ticks++ }
func (c *ticking) due(time.Time) time.Duration { return 5 * time.Millisecond }
func (c *ticking) leave()                      {}

// TestTimePassesHoweverMuchThereIsToDo gives a room's loop tasks without a pause: its clock goes on.
func TestTimePassesHoweverMuchThereIsToDo(t *testing.T) {
	t.Parallel()
	counts := &ticking{}
	r := &room{tasks: make(chan func(), 1001), done: make(chan struct{}), now: time.Now, role: counts, stream: newStream()}
	for range cap(r.tasks) - 1 { // there is a next one whenever one is done
		r.tasks <- func() { time.Sleep(100 * time.Microsecond) } //nolint:forbidigo // what a task takes
	}
	ticks := make(chan int, 1)
	r.tasks <- func() { ticks <- counts.ticks }
	go r.run(t.Context())
	if n := <-ticks; n < 3 { // a twentieth of what is due
		t.Errorf("time has passed %d times", n)
	}
}

// TestWhoStoodStillWaitsForTheHost: a relay that was itself stopped does not take that for the silence of the host.
func TestWhoStoodStillWaitsForTheHost(t *testing.T) {
	t.Parallel()
	now := time.Now()
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	for what, x := range map[string]struct {
		ticked, heard time.Time
		gone          bool
	}{
		"the host is silent":    {ago(pingEvery), ago(hostGone + pingEvery), true},
		"this node was stopped": {ago(20 * time.Second), ago(20 * time.Second), false},
		"both, the host first":  {ago(3 * time.Second), ago(3*time.Second + hostGone), true},
		"neither":               {ago(pingEvery), ago(pingEvery), false},
	} {
		r := &relaying{ticked: x.ticked, up: &uplink{heard: x.heard}}
		r.awake(now)
		if gone := now.Sub(r.up.heard) > hostGone+pingEvery/2; gone != x.gone {
			t.Errorf("%s: gone %v", what, gone)
		}
	}
}

// TestAHostFillsNoRelay: a relay takes no event that is larger than any, nor any more in a room of more people than there
// can be.
func TestAHostFillsNoRelay(t *testing.T) {
	t.Parallel()
	r := &relaying{}
	if err := r.swells(make([]byte, maxEvent)); err != nil {
		t.Errorf("the largest: %v", err)
	}
	if err := r.swells(make([]byte, maxEvent+1)); reason.Of(err) != reason.StreamInvalid {
		t.Errorf("a larger one: %v", err)
	}
	for len(r.state.Hands) <= maxPlaces {
		if err := r.swells(nil); err != nil {
			t.Fatalf("with %d hands: %v", len(r.state.Hands), err)
		}
		r.state = r.state.Apply(api.HandRaised{Head: api.Head{N: r.state.N + 1}, Hand: api.Hand{Person: api.Person{Key: identity.PublicKey{byte(r.state.N), byte(r.state.N >> 8)}}}})
	}
	if err := r.swells(nil); reason.Of(err) != reason.StreamInvalid {
		t.Errorf("with %d hands: %v", len(r.state.Hands), err)
	}
}

// TestOnlyTheLastRecordWaits: a node in line that reads slowly is not sent what has been overtaken.
func TestOnlyTheLastRecordWaits(t *testing.T) {
	t.Parallel()
	o := &home{room: &room{log: slog.New(slog.DiscardHandler)}, latest: make(chan []byte, 1)}
	for _, record := range []string{`{"n":1}`, `{"n":2}`, `{"n":3}`} {
		o.record(link.Record{Record: []byte(record)})
	}
	m, err := link.Decode(<-o.latest)
	if got, ok := m.(link.Record); err != nil || !ok || string(got.Record) != `{"n":3}` {
		t.Errorf("%+v, %v", m, err)
	}
	if len(o.latest) > 0 {
		t.Error("an earlier one waits as well")
	}
}

// TestAnotherNodeOpensSoManyStreams and no more; others have an allowance of their own.
func TestAnotherNodeOpensSoManyStreams(t *testing.T) {
	t.Parallel()
	streams, err := lru.New[identity.PublicKey, streamLimits](streamPeers)
	if err != nil {
		t.Fatal(err)
	}
	n, peer := &network{streams: streams}, identity.PublicKey{1}
	opened := 0
	for range 2 * streamsBurst {
		if n.limitsOf(peer).allow(link.Lost{}) {
			opened++
		}
	}
	if opened < streamsBurst || opened == 2*streamsBurst {
		t.Errorf("%d of %d", opened, 2*streamsBurst)
	}
	if !n.limitsOf(peer).allow(link.Hello{}) {
		t.Error("it cannot enter a room, for all that it said")
	}
	if !n.limitsOf(identity.PublicKey{2}).allow(link.Lost{}) {
		t.Error("another node pays for it")
	}
}
