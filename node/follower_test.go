package node

import (
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	badger "github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/ledger"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
	"github.com/stoa-rooms/stoa/storage"
	"github.com/stoa-rooms/stoa/storage/storagetest"
)

var errAway = errors.New("not reached")

// answer is how a node of the fake network answers.
type answer func(ctx context.Context, path string) ([]byte, error)

// following is a follower on a real store, and the network it sees.
type following struct {
	t     *testing.T
	log   *storagetest.Log // what the log's node really has
	store *storage.Store
	f     *follower

	pauses chan time.Duration // asked for by the follower
	ticks  chan time.Time     // ends a pause

	mu       sync.Mutex
	nodes    map[identity.PublicKey]answer // guarded by mu
	asked    []string                      // guarded by mu; every path, in order
	advanced int                           // guarded by mu
	forks    []ledger.Fork                 // guarded by mu
}

// honest answers with what a log holds.
func honest(log *storagetest.Log) answer {
	return func(_ context.Context, path string) ([]byte, error) { return log.Serve(path) }
}

func away(context.Context, string) ([]byte, error) { return nil, errAway }

// follow prepares to follow a log of n entries whose node is honest.
func follow(t *testing.T, n int) *following {
	t.Helper()
	log := storagetest.NewLog(storagetest.Key(1)).Other
	log.Append(n)
	x := &following{t: t, log: log, nodes: map[identity.PublicKey]answer{log.Node.Public(): honest(log)}}
	x.open(t.TempDir())
	return x
}

// open opens the store and makes a follower on it.
func (x *following) open(dir string) {
	x.t.Helper()
	s, err := storage.Open(storage.Options{Dir: dir})
	if err != nil {
		x.t.Fatal(err)
	}
	x.t.Cleanup(func() {
		if err := s.Close(); err != nil {
			x.t.Error(err)
		}
	})
	x.store = s
	x.pauses, x.ticks = make(chan time.Duration), make(chan time.Time)
	x.f = newFollower(x.config(), x.log.Name())
}

func (x *following) config() followConfig {
	return followConfig{
		store: x.store,
		log:   slog.New(slog.DiscardHandler),
		fetch: func(ctx context.Context, from identity.PublicKey, origin, path string) ([]byte, error) {
			x.mu.Lock()
			node := x.nodes[from]
			x.asked = append(x.asked, path)
			x.mu.Unlock()
			if node == nil || origin != x.log.Origin() {
				return nil, errAway
			}
			return node(ctx, path)
		},
		others: func(ledger.Log) []identity.PublicKey {
			x.mu.Lock()
			defer x.mu.Unlock()
			var others []identity.PublicKey
			for node := range x.nodes {
				if node != x.log.Node.Public() {
					others = append(others, node)
				}
			}
			return others
		},
		advanced: func(ledger.Log) {
			x.mu.Lock()
			defer x.mu.Unlock()
			x.advanced++
		},
		forked: func(_ ledger.Log, fork ledger.Fork) {
			x.mu.Lock()
			defer x.mu.Unlock()
			x.forks = append(x.forks, fork)
		},
		after: func(d time.Duration) <-chan time.Time {
			x.pauses <- d
			return x.ticks
		},
		timeout: time.Minute,
	}
}

// node sets how a node answers from now on.
func (x *following) node(key identity.PublicKey, a answer) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.nodes[key] = a
}

// own sets how the log's node answers.
func (x *following) own(a answer) { x.node(x.log.Node.Public(), a) }

// round is one round of the follower, as Run makes them.
func (x *following) round() error {
	err := x.f.round(x.t.Context(), true)
	x.f.note(err)
	return err
}

// kept is what is in the store.
func (x *following) kept() storage.FollowedLog {
	x.t.Helper()
	f, _, err := x.store.FollowedLog(x.log.Name())
	if err != nil {
		x.t.Fatal(err)
	}
	return f
}

// holds fails unless the store has the first size entries of a log and no others.
func (x *following) holds(log *storagetest.Log, size int64) {
	x.t.Helper()
	var have []ledger.Entry
	for e, err := range x.kept().Entries(0) {
		if err != nil {
			x.t.Fatal(err)
		}
		have = append(have, e)
	}
	if !slices.Equal(have, log.Entries[:size]) {
		x.t.Fatalf("%d entries are kept, want the first %d", len(have), size)
	}
}

func (x *following) takeAsked() []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	asked := x.asked
	x.asked = nil
	return asked
}

func TestFollowsToTheEnd(t *testing.T) {
	x := follow(t, 600)
	if err := x.round(); err != nil {
		t.Fatal(err)
	}
	x.holds(x.log, 600)
	if x.advanced != 3 || x.f.state() != "" {
		t.Errorf("told %d times of new entries, state %q", x.advanced, x.f.state())
	}
	// Three bundles, and the tiles that show them: some do for several bundles.
	if asked := x.takeAsked(); len(asked) > 10 {
		t.Errorf("asked for %q", asked)
	}
	if err := x.round(); err != nil || x.advanced != 3 {
		t.Errorf("nothing new: %v, told %d times", err, x.advanced)
	}
	if asked := x.takeAsked(); !slices.Equal(asked, []string{"checkpoint"}) {
		t.Errorf("with nothing new, asked for %q", asked)
	}
	x.log.Append(1)
	if err := x.round(); err != nil {
		t.Fatal(err)
	}
	x.holds(x.log, 601)
}

func TestFollowsAnEmptyLog(t *testing.T) {
	x := follow(t, 0)
	x.own(func(context.Context, string) ([]byte, error) { return nil, reason.Reject(reason.NotFound, "") })
	if err := x.round(); err != nil {
		t.Errorf("a log that has not begun: %v", err)
	}
	x.own(honest(x.log))
	if err := x.round(); err != nil {
		t.Errorf("a log of nothing: %v", err)
	}
}

// TestGossipBringsEntries tells a running follower of a checkpoint, and ends it.
func TestGossipBringsEntries(t *testing.T) {
	x := follow(t, 5)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- x.f.Run(ctx) }()
	first := <-x.pauses
	if first < 8*time.Second || first > 12*time.Second {
		t.Errorf("polls every %v", first)
	}
	x.holds(x.log, 5)
	x.log.Append(5)
	text := x.log.At(10)
	if err := x.f.told(text); err != nil {
		t.Errorf("news: %v", err)
	}
	<-x.pauses // the round it began has ended
	x.holds(x.log, 10)
	if asked := x.takeAsked(); slices.Contains(asked[1:], "checkpoint") {
		t.Errorf("polled for what it was told: %q", asked)
	}
	for _, old := range []string{text, x.log.At(5)} {
		if err := x.f.told(old); reason.Of(err) != reason.AnnounceStale {
			t.Errorf("told again: %v", err)
		}
	}
	if err := x.f.told(strings.Replace(text, "\n10\n", "\n11\n", 1)); reason.Of(err) != reason.LogInvalid {
		t.Errorf("an unsigned size: %v", err)
	}
	x.log.Append(1)
	x.ticks <- time.Time{}
	<-x.pauses
	x.holds(x.log, 11)
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestBacksOff asks a node that is away, less and less often.
func TestBacksOff(t *testing.T) {
	x := follow(t, 5)
	x.own(away)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- x.f.Run(ctx) }()
	for _, want := range []time.Duration{1, 2, 4, 8, 10, 10, 10} {
		if got := <-x.pauses; got < want*800*time.Millisecond || got > want*1200*time.Millisecond {
			t.Errorf("a pause of %v, want about %d s", got, want)
		}
		x.ticks <- time.Time{}
	}
	x.own(honest(x.log))
	<-x.pauses
	x.ticks <- time.Time{}
	if got := <-x.pauses; got < 8*time.Second || got > 12*time.Second {
		t.Errorf("a pause of %v once it is there", got)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestRestartInMidSync ends the process between two bundles. The next one goes on where that was, on its own checkpoint.
func TestRestartInMidSync(t *testing.T) {
	x := follow(t, 1000)
	dir := t.TempDir()
	x.open(dir)
	x.own(func(ctx context.Context, path string) ([]byte, error) {
		if path == "statements/002" {
			return nil, errAway
		}
		return honest(x.log)(ctx, path)
	})
	if err := x.round(); !errors.Is(err, errAway) {
		t.Fatalf("have %v", err)
	}
	x.holds(x.log, 512)
	if err := x.store.Close(); err != nil {
		t.Fatal(err)
	}
	x.takeAsked()
	x.open(dir)
	if r := x.kept().Replica(); r.Tree.Size != 512 || r.Checkpoint != x.log.At(1000) {
		t.Fatalf("restarted at %d", r.Tree.Size)
	}
	// Meanwhile the log has grown, and its node has gone; somebody else has it all.
	x.log.Append(30)
	x.own(away)
	x.node(storagetest.Key(5).Public(), honest(x.log))
	if err := x.round(); err != nil {
		t.Fatal(err)
	}
	x.holds(x.log, 1030)
	for _, path := range x.takeAsked() {
		if path == "statements/000" || path == "statements/001" {
			t.Errorf("asked again for %s", path)
		}
	}
}

// TestFollowsNoFurther stops at the limit.
func TestFollowsNoFurther(t *testing.T) {
	x := follow(t, 600)
	x.f.cfg.limit = 256
	if err := x.round(); reason.Of(err) != reason.LogInvalid {
		t.Errorf("have %v", err)
	}
	x.holds(x.log, 256)
}

// TestHeardIsBounded tells a follower of many checkpoints that nobody can explain.
func TestHeardIsBounded(t *testing.T) {
	x := follow(t, 3)
	if err := x.round(); err != nil {
		t.Fatal(err)
	}
	b := x.log.Branch(2)
	b.Append(20)
	for n := range int64(10) {
		if err := x.f.told(b.At(10 + n)); err != nil {
			t.Fatal(err)
		}
	}
	if len(x.f.heard) != maxHeard || x.f.heard[maxHeard-1].text != b.At(19) {
		t.Errorf("%d checkpoints wait", len(x.f.heard))
	}
	for range heardTries {
		if err := x.round(); reason.Of(err) != reason.LogInvalid {
			t.Errorf("have %v", err)
		}
	}
	if err := x.round(); err != nil || len(x.f.heard) != 0 || x.f.state() != "" {
		t.Errorf("given up: %v, %d wait, state %q", err, len(x.f.heard), x.f.state())
	}
}

// TestDamageIsFetchedAnew spoils a stored hash that a start does not look at. The follower meets it when it compares an
// older checkpoint, gives up what is stored, and fetches it again.
func TestDamageIsFetchedAnew(t *testing.T) {
	x := follow(t, 16)
	dir := t.TempDir()
	x.open(dir)
	if err := x.round(); err != nil {
		t.Fatal(err)
	}
	if err := x.store.Close(); err != nil {
		t.Fatal(err)
	}
	spoilHash(t, dir, tlog.StoredHashIndex(0, 8)) // the root of 9 entries is over it, that of 16 is stored whole
	x.open(dir)
	if size := x.kept().Head().Size; size != 16 {
		t.Fatalf("the start saw it: %d entries", size)
	}
	if err := x.f.told(x.log.At(9)); reason.Of(err) != reason.AnnounceStale {
		t.Errorf("what cannot be judged: %v", err)
	}
	x.own(func(ctx context.Context, path string) ([]byte, error) {
		if path == "checkpoint" {
			return []byte(x.log.At(9)), nil
		}
		return honest(x.log)(ctx, path)
	})
	if err := x.round(); err != nil {
		t.Fatal(err)
	}
	if kept := x.kept(); kept.Head().Size != 0 || kept.Checkpoint() != x.log.At(16) {
		t.Errorf("kept: %d entries, %q", kept.Head().Size, kept.Checkpoint())
	}
	x.own(honest(x.log))
	if err := x.round(); err != nil {
		t.Fatal(err)
	}
	x.holds(x.log, 16)
	if _, err := x.kept().ReadHashes([]int64{tlog.StoredHashIndex(0, 8)}); err != nil {
		t.Error(err)
	}
}

// spoilHash changes a stored hash of the only followed log behind the store's back.
func spoilHash(t *testing.T, dir string, index int64) {
	t.Helper()
	db, err := badger.Open(badger.DefaultOptions(dir).WithCompression(options.None).WithLogger(nil))
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(txn *badger.Txn) error {
		it := txn.NewIterator(badger.DefaultIteratorOptions)
		defer it.Close()
		it.Seek([]byte("H")) // then epoch, generation and index
		key := it.Item().KeyCopy(nil)
		return txn.Set(binary.BigEndian.AppendUint64(key[:len(key)-8], uint64(index)), []byte("spoiled"))
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestPieces follows the longest statements there are, which do not fit one batch.
func TestPieces(t *testing.T) {
	text := strings.Repeat("x", statement.MaxSize)
	for _, n := range []int{1, 127, 128, 129, 256} {
		entries := make([]ledger.Entry, n)
		for i := range entries {
			entries[i] = ledger.Entry{Index: int64(i), Text: text}
		}
		var all []ledger.Entry
		for piece := range pieces(entries) {
			size := 0
			for _, e := range piece {
				size += len(e.Text) + 300 // keys, index and hashes beside it
			}
			if size > storage.MaxBatch || len(piece) == 0 {
				t.Errorf("a piece of %d entries, %d bytes", len(piece), size)
			}
			all = append(all, piece...)
		}
		if !slices.Equal(all, entries) {
			t.Errorf("%d entries in pieces are %d", n, len(all))
		}
	}
}

// TestFollowers starts and ends followers as the logs to follow change.
func TestFollowers(t *testing.T) {
	x := follow(t, 10)
	cfg := x.config()
	at := make(chan ledger.Log, 10)
	cfg.advanced = func(log ledger.Log) { at <- log }
	cfg.after = nil
	fs := newFollowers(cfg)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- fs.Run(ctx) }()
	if err := fs.told(x.log.At(10)); reason.Of(err) != reason.CommunityDenied {
		t.Errorf("of a log that is not followed: %v", err)
	}
	if err := fs.told(forged(x.log.At(10))); reason.Of(err) != reason.LogInvalid {
		t.Errorf("of a log that is not followed, and unsigned: %v", err)
	}
	if err := fs.told("hello"); reason.Of(err) != reason.LogInvalid {
		t.Errorf("of no log: %v", err)
	}
	stranger := ledger.Log{Community: x.log.Name().Community, Node: storagetest.Key(9).Public()}
	fs.set([]ledger.Log{x.log.Name(), stranger})
	if log := <-at; log != x.log.Name() {
		t.Errorf("advanced: %v", log)
	}
	x.log.Append(5)
	if err := fs.told(x.log.At(15)); err != nil {
		t.Error(err)
	}
	<-at
	x.holds(x.log, 15)
	fs.set([]ledger.Log{stranger})
	if err := fs.told(x.log.At(15)); reason.Of(err) != reason.CommunityDenied {
		t.Errorf("of a log that is followed no longer: %v", err)
	}
	x.log.Append(5)
	fs.set([]ledger.Log{x.log.Name()})
	<-at
	x.holds(x.log, 20)
	if bad := fs.conditions(); len(bad) != 0 {
		t.Errorf("conditions: %v", bad)
	}
	b := x.log.Branch(3)
	b.Append(17)
	if err := fs.told(b.At(20)); err != nil {
		t.Error(err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	// Whether it has seen the fork before it ended or not, the next one has it.
	if err := errors.Join(x.f.told(b.At(20)), x.round()); !errors.Is(err, errForked) {
		t.Errorf("have %v", err)
	}
}

// TestServedAnything serves arbitrary bytes in the place of some resources. Nothing is kept but the log's own entries, in
// their order. (A fuzz target it cannot be: the goroutines of the store make every run look new. The core of it is one,
// FuzzHostileServer in package ledger.)
func TestServedAnything(t *testing.T) {
	x := follow(t, 300)
	rapid.Check(t, func(rt *rapid.T) {
		prefix := rapid.SampledFrom([]string{"", "checkpoint", "tile/", "tile/0/001", "tile/1", "statements/", "statements/001"}).Draw(rt, "prefix")
		x.own(x.change(prefix, func(data []byte) []byte {
			switch rapid.IntRange(0, 3).Draw(rt, "how") {
			case 0:
				return rapid.SliceOf(rapid.Byte()).Draw(rt, "bytes")
			case 1:
				return data[:rapid.IntRange(0, len(data)).Draw(rt, "cut")]
			case 2:
				at := rapid.IntRange(0, len(data)-1).Draw(rt, "at")
				data[at] = rapid.Byte().Draw(rt, "byte")
			}
			return data
		}))
		_ = x.round() // whatever it says
		x.holds(x.log, x.kept().Head().Size)
		if fork, err := x.kept().Fork(); err != nil || fork != nil {
			rt.Fatalf("an honest log has forked: %v, %v", fork, err)
		}
		if err := x.store.Commit(storage.Batch{Unfollow: []ledger.Log{x.log.Name()}}); err != nil {
			rt.Fatal(err)
		}
	})
}
