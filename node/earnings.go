package node

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/invites"
	"github.com/stoa-rooms/stoa/statement"
	"github.com/stoa-rooms/stoa/storage"
)

const (
	// tallyName is under what name a member's tally is stored.
	tallyName = "tally"

	// tallyEvery is how often tallies are written down: so much may be lost when a node is killed. It is also how long a
	// grant that could not be signed or written waits.
	tallyEvery = 30 * time.Second

	// tallyBatch is how many tallies one commit writes.
	tallyBatch = 500
)

// earnings are what this node has seen its community's members do in the rooms that it hosts. What counts is decided by
// package invites; here it is kept, and the grants that are due are signed.
type earnings struct {
	journal *journal
	now     func() time.Time
	log     *slog.Logger
	wake    chan struct{} // holds one when a grant is due

	mu      sync.Mutex
	tallies map[identity.PublicKey]invites.Tally // guarded by mu
	stale   map[identity.PublicKey]bool          // whose stored tally is another; guarded by mu
	due     map[identity.PublicKey]bool          // guarded by mu
	branch  map[identity.PublicKey]int           // how many branches are in the member's room; guarded by mu
}

// openEarnings goes on with the tallies that were stored.
func openEarnings(j *journal, now func() time.Time, log *slog.Logger) (*earnings, error) {
	e := &earnings{
		journal: j, now: now, log: log, wake: make(chan struct{}, 1),
		tallies: map[identity.PublicKey]invites.Tally{}, stale: map[identity.PublicKey]bool{},
		due: map[identity.PublicKey]bool{}, branch: map[identity.PublicKey]int{},
	}
	for stored, err := range j.store.PrivatesNamed(tallyName) {
		if err != nil {
			return nil, fmt.Errorf("node: %w", err)
		}
		var t invites.Tally
		if err := json.Unmarshal(stored.Value, &t); err != nil {
			return nil, fmt.Errorf("node: the tally of %s: %w", stored.Member, err)
		}
		e.tallies[stored.Member] = t
	}
	return e, nil
}

// sight is what the host of a room saw in it during a span of time.
type sight struct {
	room   statement.ID
	host   identity.PublicKey // whose room it is, if they are in it; else zero
	span   time.Duration
	people iter.Seq[identity.PublicKey]
	spoke  map[identity.PublicKey]time.Duration
}

// saw adds what was seen to the tallies.
func (e *earnings) saw(s sight) {
	state, founded := e.journal.fold()
	rules, ruled := state.Rules()
	if !founded || !ruled {
		return
	}
	at := seconds(e.now())
	e.mu.Lock()
	defer e.mu.Unlock()
	for key, span := range s.spoke {
		if t, ok := state.Tally(e.tallies[key], key, at); ok {
			e.putLocked(state, key, t.Speak(span.Milliseconds()), at)
		}
	}
	if s.host.IsZero() {
		return
	}
	if t, ok := state.Tally(e.tallies[s.host], s.host, at); ok {
		enough := int(rules.HostPeople)
		e.branch[s.host] = state.Branches(s.people, at, enough)
		if e.branch[s.host] >= enough {
			e.putLocked(state, s.host, t.Host(s.room, s.span.Milliseconds()), at)
		}
	}
}

func (e *earnings) putLocked(state invites.State, key identity.PublicKey, t invites.Tally, at int64) {
	e.tallies[key], e.stale[key] = t, true
	if _, due := state.Due(t, key, at); due && !e.due[key] {
		e.due[key] = true
		select {
		case e.wake <- struct{}{}:
		default:
		}
	}
}

// left says that somebody's room is without them, or over.
func (e *earnings) left(room statement.ID, host identity.PublicKey, over bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.branch, host)
	if t, ok := e.tallies[host]; ok && over {
		e.tallies[host], e.stale[host] = t.Forget(room), true
	}
}

// clear forgets everything, with the community.
func (e *earnings) clear() {
	e.mu.Lock()
	defer e.mu.Unlock()
	clear(e.tallies)
	clear(e.stale)
	clear(e.due)
	clear(e.branch)
}

// run signs what is due and writes the tallies down, until ctx ends.
func (e *earnings) run(ctx context.Context) error {
	tick := time.NewTicker(tallyEvery)
	defer tick.Stop()
	for {
		select {
		case <-e.wake:
			e.grant()
		case <-tick.C:
			e.grant()
			if err := e.save(); err != nil {
				e.log.Error("who has spoken and hosted for how long cannot be written down", "error", err)
			}
		case <-ctx.Done():
			return e.save()
		}
	}
}

// errNothingDue ends a decision without a statement.
var errNothingDue = errors.New("node: nothing is due")

// grant signs the grants that are due, each with the end of its tally.
func (e *earnings) grant() {
	e.mu.Lock()
	due := maps.Clone(e.due)
	tallies := maps.Clone(e.tallies)
	e.mu.Unlock()
	for key := range due {
		err := e.grantOne(key, tallies[key])
		if err != nil && !errors.Is(err, errNothingDue) {
			e.log.Error("a grant that was earned cannot be given yet", "member", key, "error", err)
			continue
		}
		e.mu.Lock()
		delete(e.due, key)
		delete(e.tallies, key)
		delete(e.stale, key)
		e.mu.Unlock()
	}
}

func (e *earnings) grantOne(key identity.PublicKey, t invites.Tally) error {
	return e.journal.append(func(state invites.State) (draft, error) {
		now := seconds(e.now())
		why, ok := state.Due(t, key, now)
		if !ok {
			return draft{}, errNothingDue
		}
		rules, _ := state.Rules()
		grant, err := statement.Sign(&statement.Grant{
			Community: state.Community(), IssuedAt: now, Member: key, Slots: rules.PeriodSlots, Why: why, Period: t.Period,
		}, e.journal.key)
		if err != nil {
			return draft{}, err
		}
		e.log.Info("a member has earned invites", "member", key, "why", why, "period", t.Period)
		return draft{
			statements: []statement.Statement{grant},
			with:       storage.Batch{Private: []storage.Private{{Member: key, Name: tallyName}}},
		}, nil
	})
}

// save writes down the tallies that have changed, and forgets those whose period is over.
func (e *earnings) save() error {
	batch := e.unsaved()
	for len(batch) > 0 {
		n := min(len(batch), tallyBatch)
		if err := e.journal.store.Commit(storage.Batch{Private: batch[:n]}); err != nil {
			e.mu.Lock()
			for _, p := range batch {
				e.stale[p.Member] = true
			}
			e.mu.Unlock()
			return fmt.Errorf("node: %w", err)
		}
		batch = batch[n:]
	}
	return nil
}

func (e *earnings) unsaved() (batch []storage.Private) {
	now := seconds(e.now())
	e.mu.Lock()
	defer e.mu.Unlock()
	for key, t := range e.tallies {
		if t.Ends <= now {
			delete(e.tallies, key)
			delete(e.due, key)
			e.stale[key] = true
		}
	}
	for key := range e.stale {
		p := storage.Private{Member: key, Name: tallyName}
		if t, ok := e.tallies[key]; ok {
			value, err := json.Marshal(t)
			if err != nil {
				e.log.Error("a tally cannot be encoded", "error", err)
				continue
			}
			p.Value = value
		}
		batch = append(batch, p)
	}
	clear(e.stale)
	return batch
}

// earning is how far a member has come; nil where there is nothing to earn.
func (e *earnings) earning(state invites.State, key identity.PublicKey) *api.Earning {
	rules, _ := state.Rules()
	now := seconds(e.now())
	p, ok := state.Period(key, now)
	if !ok || rules.PeriodSlots == 0 {
		return nil
	}
	out := &api.Earning{
		Slots: rules.PeriodSlots, Begins: p.Begins * 1000, Ends: p.Ends * 1000,
		HostPeople: rules.HostPeople, HostTime: rules.HostTime * 1000, SpeakTime: rules.SpeakTime * 1000,
	}
	for _, g := range state.Grants(key) {
		if g.Why != statement.WhyAdmission && g.Period == p.Number {
			out.Earned = g.Why
			return out
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if t, ok := state.Tally(e.tallies[key], key, now); ok {
		out.Hosted, out.Spoken = t.Longest(), t.Spoken
	}
	out.People = e.branch[key]
	return out
}
