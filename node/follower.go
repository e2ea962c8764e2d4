package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/ledger"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/storage"
)

// How a log is followed.
const (
	followEvery  = 10 * time.Second // gossip brings checkpoints within a second; this finds what gossip lost
	followRetry  = time.Second      // after the first failure; each one that follows doubles it
	followAtMost = 10 * time.Second // so that the logs agree soon after a partition has healed
	fetchTime    = 20 * time.Second // for one resource, of 1 MiB at most

	maxFollowed = 1_000_000 // entries of one log: what a node is meant to hold (promises, load)
	maxHeard    = 4         // checkpoints that wait to be judged
	heardTries  = 10        // rounds, until one that nobody can explain is dropped
	pieceSize   = storage.MaxBatch / 2
	memoSize    = 32 // tiles, of 8 KiB each
)

// followConfig is what followers need of the node around them.
type followConfig struct {
	store *storage.Store
	log   *slog.Logger
	// fetch reads a resource of the log with that origin from a node, be it the log's own or one that follows it too.
	// It ends with ctx and need not read more than ledger.MaxResource.
	fetch func(ctx context.Context, from identity.PublicKey, origin, path string) ([]byte, error)
	// others are a few nodes, beside the log's own, that may have what it does not give.
	others func(log ledger.Log) []identity.PublicKey
	// took is told of new entries that are durable, before advanced; nil for nobody.
	took func(log ledger.Log, entries []ledger.Entry)
	// advanced is told after new entries of a log are durable, from the log's own goroutine: it may read the store.
	advanced func(log ledger.Log)
	// forked is told once in a run that a log has forked, after the proof is durable. Whoever gossips both checkpoints
	// of the proof lets the other followers find it too.
	forked func(log ledger.Log, fork ledger.Fork)

	after   func(time.Duration) <-chan time.Time // nil: time.After
	timeout time.Duration                        // of a fetch; 0: fetchTime
	limit   int64                                // entries; 0: maxFollowed
}

// errForked ends a round: the log is followed no further.
var errForked = reason.Reject(reason.LogFork, "the log has forked")

// follower keeps one log of another node in step. It holds one bundle of statements and a few tiles at a time; all it
// knows is in the store, so it may end at any moment and go on later.
type follower struct {
	cfg  followConfig
	log  ledger.Log
	wake chan struct{} // a token while something heard waits

	mu        sync.Mutex
	heard     []heard       // guarded by mu; oldest first
	condition reason.Reason // guarded by mu; what is wrong with the log; "" for nothing
}

// heard is a checkpoint from gossip that only fetching can judge.
type heard struct {
	text  string
	tries int
}

func newFollower(cfg followConfig, log ledger.Log) *follower {
	if cfg.after == nil {
		cfg.after = time.After
	}
	if cfg.timeout == 0 {
		cfg.timeout = fetchTime
	}
	if cfg.limit == 0 {
		cfg.limit = maxFollowed
	}
	if cfg.others == nil {
		cfg.others = func(ledger.Log) []identity.PublicKey { return nil }
	}
	return &follower{cfg: cfg, log: log, wake: make(chan struct{}, 1)}
}

// Run follows the log until ctx ends.
func (f *follower) Run(ctx context.Context) error {
	fails := 0
	for poll := true; ; {
		err := f.round(ctx, poll)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // whatever err is: it was told to end
		}
		f.note(err)
		if errors.Is(err, errForked) {
			<-ctx.Done()
			return nil
		}
		pause := followEvery
		if err != nil {
			pause = min(followRetry<<min(fails, 10), followAtMost)
			fails++
		} else {
			fails = 0
		}
		// A fifth more or less, so that nodes which started together do not ask together.
		pause += time.Duration((rand.Float64() - 0.5) * 0.4 * float64(pause))
		select {
		case <-ctx.Done():
			return nil
		case <-f.wake:
			poll = false
		case <-f.cfg.after(pause):
			poll = true
		}
	}
}

// told judges a checkpoint that was heard, as far as the store can tell. nil means that it is news, or evidence: it is
// taken in soon, and worth passing on. log-invalid is one that the log's node did not sign; announce-stale, what is known
// already, or cannot be judged here, which is not the fault of whoever passed it on.
func (f *follower) told(text string) error {
	kept, err := f.kept()
	if err != nil {
		return reason.Reject(reason.AnnounceStale, "cannot be judged: %v", err)
	}
	if fork, err := kept.Fork(); err != nil || fork != nil {
		return reason.Reject(reason.AnnounceStale, "the log has forked already")
	}
	_, err = kept.Replica().Accept(text, kept, nil)
	switch {
	case errors.Is(err, ledger.ErrFetch), reason.Of(err) == reason.LogFork:
	case reason.Of(err) == reason.LogInvalid:
		return err
	default:
		return reason.Reject(reason.AnnounceStale, "nothing new about the log: %v", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if !slices.ContainsFunc(f.heard, func(h heard) bool { return h.text == text }) {
		if len(f.heard) == maxHeard {
			f.heard = slices.Delete(f.heard, 0, 1)
		}
		f.heard = append(f.heard, heard{text: text})
	}
	select {
	case f.wake <- struct{}{}:
	default:
	}
	return nil
}

// state is what is wrong with the log: log-fork, log-shrunk, log-invalid, or "".
func (f *follower) state() reason.Reason {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.condition
}

// note keeps what a round says about the log. That its node cannot be reached says nothing.
func (f *follower) note(err error) {
	now := reason.Of(err)
	switch now {
	case "", reason.LogFork, reason.LogShrunk, reason.LogInvalid:
	default:
		f.cfg.log.Debug("a log was not followed", "node", f.log.Node, "error", err)
		return
	}
	f.mu.Lock()
	before := f.condition
	f.condition = now
	f.mu.Unlock()
	if now != before && now != "" {
		f.cfg.log.Warn("another node's log is not as it should be", "community", f.log.Community, "node", f.log.Node, "error", err)
	}
}

// round does all there is to do now: judge what was heard, ask for the newest checkpoint, fetch what is missing.
func (f *follower) round(ctx context.Context, poll bool) error {
	kept, err := f.kept()
	if err != nil {
		return err
	}
	fork, err := kept.Fork()
	if err != nil {
		return err
	}
	if fork != nil {
		f.cfg.forked(f.log, *fork) // found in an earlier run
		return errForked
	}
	strange := f.listen(ctx)
	if errors.Is(strange, errForked) {
		return strange
	}
	if poll {
		err = f.poll(ctx)
	}
	if !errors.Is(err, errForked) {
		// Others may have what is missing even where its own node does not answer.
		err = firstOf(err, f.catchUp(ctx))
	}
	if errors.Is(err, storage.ErrDamaged) {
		f.cfg.log.Error("what was stored of another node's log is damaged; it is fetched anew", "node", f.log.Node, "error", err)
		return f.cfg.store.Commit(storage.Batch{Followed: []storage.Followed{{Log: f.log, Anew: true}}})
	}
	return firstOf(err, strange)
}

// firstOf is the first of two errors.
func firstOf(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// kept is what the store has of the log, be it nothing.
func (f *follower) kept() (storage.FollowedLog, error) {
	kept, _, err := f.cfg.store.FollowedLog(f.log)
	return kept, err
}

// listen judges what was heard. What nobody can explain now is tried again in later rounds, for it may be the other half
// of a fork. The error is errForked, or says that the log's node signed what nobody has.
func (f *follower) listen(ctx context.Context) error {
	f.mu.Lock()
	waiting := slices.Clone(f.heard)
	f.mu.Unlock()
	var strange error
	for _, h := range waiting {
		err := f.accept(ctx, h.text)
		if errors.Is(err, errForked) {
			return err
		}
		if reason.Of(err) == reason.LogInvalid {
			strange = err
		}
		done := err == nil || errors.Is(err, ledger.ErrOlder)
		f.mu.Lock()
		for i := range f.heard {
			if f.heard[i].text != h.text {
				continue
			}
			if f.heard[i].tries++; done || f.heard[i].tries == heardTries {
				f.heard = slices.Delete(f.heard, i, i+1)
			}
			break
		}
		f.mu.Unlock()
	}
	return strange
}

// poll asks the log's node for its checkpoint, and others if that does not help. A node that serves an older one than
// it has signed has shrunk; another may merely be behind.
func (f *follower) poll(ctx context.Context) error {
	var first error
	for _, from := range f.sources() {
		text, err := f.fetcher(ctx, from)(ledger.Resource{Kind: ledger.KindCheckpoint}.Path())
		if err == nil {
			err = f.accept(ctx, string(text))
		}
		if from == f.log.Node && (errors.Is(err, ledger.ErrOlder) || reason.Of(err) == reason.NotFound) {
			return f.shrunk(err)
		}
		if err == nil || errors.Is(err, errForked) {
			return err
		}
		first = firstOf(first, err)
	}
	return first
}

// shrunk says what it means that the log's node serves an older checkpoint, or none.
func (f *follower) shrunk(err error) error {
	kept, broken := f.kept()
	if broken != nil || kept.Checkpoint() == "" {
		return broken // nothing is in the log yet
	}
	return reason.Reject(reason.LogShrunk, "its node has signed more than it serves: %v", err)
}

// sources are the nodes to ask, the log's own first.
func (f *follower) sources() []identity.PublicKey {
	return append([]identity.PublicKey{f.log.Node}, f.cfg.others(f.log)...)
}

// accept takes in a checkpoint, with the help of whoever has the tiles that explain it, and stores it.
func (f *follower) accept(ctx context.Context, text string) error {
	kept, err := f.kept()
	if err != nil {
		return err
	}
	next, err := kept.Replica().Accept(text, kept, nil)
	if errors.Is(err, ledger.ErrFetch) {
		var first error
		for _, from := range f.sources() {
			next, err = kept.Replica().Accept(text, kept, f.fetcher(ctx, from))
			if err == nil || errors.Is(err, ledger.ErrOlder) || reason.Of(err) == reason.LogFork {
				first = nil
				break
			}
			first = firstOf(first, err)
		}
		err = firstOf(first, err)
	}
	if fork, ok := errors.AsType[*ledger.ForkError](err); ok {
		if err := f.cfg.store.Commit(storage.Batch{Followed: []storage.Followed{{Log: f.log, Fork: &fork.Fork}}}); err != nil {
			return err
		}
		f.cfg.forked(f.log, fork.Fork)
		return errForked
	}
	if err != nil || next.Checkpoint == kept.Checkpoint() {
		return err
	}
	return f.cfg.store.Commit(storage.Batch{Followed: []storage.Followed{{Log: f.log, Checkpoint: next.Checkpoint}}})
}

// catchUp fetches entries until all that the checkpoint signs are durable.
func (f *follower) catchUp(ctx context.Context) error {
	var sources []ledger.Fetch
	for _, from := range f.sources() {
		sources = append(sources, f.fetcher(ctx, from))
	}
	for ctx.Err() == nil {
		kept, err := f.kept()
		if err != nil {
			return err
		}
		if kept.Head().Size >= f.cfg.limit {
			return reason.Reject(reason.LogInvalid, "more than %d entries", f.cfg.limit)
		}
		step, err := f.next(kept, sources)
		if err != nil || len(step.Entries) == 0 {
			return err
		}
		for piece := range pieces(step.Entries) {
			if err := f.cfg.store.Commit(storage.Batch{Followed: []storage.Followed{{Log: f.log, Entries: piece}}}); err != nil {
				return err
			}
			if f.cfg.took != nil {
				f.cfg.took(f.log, piece)
			}
		}
		f.cfg.advanced(f.log)
	}
	return ctx.Err()
}

// next is the next step by whichever source has it. The first source's error says most.
func (f *follower) next(kept storage.FollowedLog, sources []ledger.Fetch) (step ledger.Step, err error) {
	var first error
	for _, fetch := range sources {
		if step, err = kept.Replica().Next(kept, fetch); err == nil {
			return step, nil
		}
		first = firstOf(first, err)
	}
	return step, first
}

// pieces cuts entries into what fits a batch.
func pieces(entries []ledger.Entry) func(yield func([]ledger.Entry) bool) {
	return func(yield func([]ledger.Entry) bool) {
		size, from := 0, 0
		for i, e := range entries {
			if size += len(e.Text); size > pieceSize {
				if !yield(entries[from:i]) {
					return
				}
				size, from = len(e.Text), i
			}
		}
		yield(entries[from:])
	}
}

// foreign is the error of a fetch. Another node may give any reason for a refusal, that of a fork too; but for not-found,
// none of them says anything about the log.
func foreign(err error) error {
	if _, given := errors.AsType[*reason.RejectError](err); given && reason.Of(err) != reason.NotFound {
		return fmt.Errorf("refused: %s", err) //nolint:errorlint // so that nobody takes the reason for one found here
	}
	return err
}

// fetcher reads from one node. Tiles along the edge of the tree are wanted by every step, so it remembers a few; they are
// checked each time, and forgotten with the fetcher.
func (f *follower) fetcher(ctx context.Context, from identity.PublicKey) ledger.Fetch {
	memo := map[string][]byte{}
	return func(path string) ([]byte, error) {
		if data, ok := memo[path]; ok {
			return data, nil
		}
		at, err := ledger.ParsePath(path)
		if err != nil {
			return nil, err
		}
		ctx, cancel := context.WithTimeout(ctx, f.cfg.timeout)
		defer cancel()
		data, err := f.cfg.fetch(ctx, from, f.log.Origin(), path)
		switch {
		case reason.Of(err) == reason.NotFound && from == f.log.Node && at.Kind != ledger.KindCheckpoint:
			return nil, reason.Reject(reason.LogInvalid, "%s has signed for %s and does not have it", from, path)
		case err != nil:
			return nil, foreign(err)
		case len(data) > at.MaxBytes():
			return nil, reason.Reject(reason.LogInvalid, "%s has %d bytes", path, len(data))
		}
		if at.Kind == ledger.KindTile {
			if len(memo) == memoSize {
				clear(memo)
			}
			memo[path] = data
		}
		return data, nil
	}
}
