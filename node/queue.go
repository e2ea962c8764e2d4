package node

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/invites"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
	"github.com/stoa-rooms/stoa/storage"
)

const (
	// askName is under what name a request to join is stored.
	askName = "ask"

	// askLife is how long a request is kept, answered or not. After it the person may ask again.
	askLife = 14 * 24 * time.Hour
)

// asking is one request to join by nobody's invite. Of one that was declined nothing is left but that it was.
type asking struct {
	ID       statement.ID       `json:"id"`
	Join     string             `json:"join,omitempty"`
	Profile  string             `json:"profile,omitempty"`
	Name     string             `json:"name,omitempty"`
	Message  string             `json:"message,omitempty"`
	At       int64              `json:"at"` // milliseconds, as all times here
	Expires  int64              `json:"expires"`
	Declined bool               `json:"declined,omitempty"`
	Node     identity.PublicKey `json:"node,omitzero"` // which other node of the community said so; zero: it was asked here
}

// of is what the rules see of somebody's request.
func (a asking) of(key identity.PublicKey) invites.Ask {
	return invites.Ask{Member: key, ID: a.ID, At: a.At, Expires: a.Expires, Declined: a.Declined}
}

// queue is the requests to join that wait at the nodes of this community, as far as this one knows, one for each person. They
// are no statements of the log until somebody is admitted by one.
type queue struct {
	store   *storage.Store
	changed func() // tells that the other nodes have something to read here; set before anything is asked

	mu  sync.Mutex
	all map[identity.PublicKey]asking // guarded by mu
}

// openQueue goes on with the requests that were stored.
func openQueue(store *storage.Store) (*queue, error) {
	q := &queue{store: store, changed: func() {}, all: map[identity.PublicKey]asking{}}
	for stored, err := range store.PrivatesNamed(askName) {
		if err != nil {
			return nil, fmt.Errorf("node: %w", err)
		}
		var a asking
		if err := json.Unmarshal(stored.Value, &a); err != nil {
			return nil, fmt.Errorf("node: the request of %s: %w", stored.Member, err)
		}
		q.all[stored.Member] = a
	}
	return q, nil
}

// put keeps a request that somebody makes here. A person's next one replaces the one before, unless that was declined.
func (q *queue) put(key identity.PublicKey, a asking) (asking, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.expireLocked(a.At)
	before, again := q.all[key]
	switch {
	case again && before.Declined:
		return asking{}, reason.Reject(reason.AskDeclined, "")
	case again && before.ID == a.ID:
		return before, nil
	}
	if err := q.placeLocked(request{asking: a, by: key}); err != nil {
		return asking{}, err
	}
	q.changed()
	return a, nil
}

// request is what somebody asked.
type request struct {
	asking

	by identity.PublicKey
}

// placeLocked keeps requests in one write, as far as there are places: for those that wait, and as many for those that were
// declined, of which the latest stay.
func (q *queue) placeLocked(some ...request) error {
	next, full := maps.Clone(q.all), false
	for _, one := range some {
		gives, ok := one.of(one.by).Place(asks(next))
		if !ok {
			full = full || !one.Declined
			continue
		}
		delete(next, gives) // the zero key is nobody's
		next[one.by] = one.asking
	}
	batch := storage.Batch{}
	for key := range q.all {
		if _, stays := next[key]; !stays {
			batch.Private = append(batch.Private, storage.Private{Member: key, Name: askName})
		}
	}
	for key, a := range next {
		if before, ok := q.all[key]; ok && before == a {
			continue
		}
		value, err := json.Marshal(a)
		if err != nil {
			return fmt.Errorf("node: %w", err)
		}
		batch.Private = append(batch.Private, storage.Private{Member: key, Name: askName, Value: value})
	}
	if len(batch.Private) > 0 {
		if err := q.store.Commit(batch); err != nil {
			return fmt.Errorf("node: %w", err)
		}
		q.all = next
	}
	if full {
		return reason.Reject(reason.AsksFull, "%d wait", invites.MaxAsks)
	}
	return nil
}

// expire forgets the requests whose time is over.
func (q *queue) expire(now int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.expireLocked(now)
}

func (q *queue) expireLocked(now int64) {
	var over []identity.PublicKey
	for key, a := range q.all {
		if a.Expires <= now {
			over = append(over, key)
		}
	}
	_ = q.dropLocked(over, storage.Batch{}) // the next time, then
}

// drop forgets requests, in one write with what is stored because of it.
func (q *queue) drop(keys []identity.PublicKey, with storage.Batch) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.dropLocked(keys, with)
}

func (q *queue) dropLocked(keys []identity.PublicKey, with storage.Batch) error {
	if len(keys) == 0 {
		return nil
	}
	for _, key := range keys {
		with.Private = append(with.Private, storage.Private{Member: key, Name: askName})
	}
	if err := q.store.Commit(with); err != nil {
		return fmt.Errorf("node: %w", err)
	}
	for _, key := range keys {
		delete(q.all, key)
	}
	return nil
}

// find is the request of an id.
func (q *queue) find(id statement.ID) (identity.PublicKey, asking, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for key, a := range q.all {
		if a.ID == id {
			return key, a, true
		}
	}
	return identity.PublicKey{}, asking{}, false
}

// copied is all that is kept.
func (q *queue) copied() map[identity.PublicKey]asking {
	q.mu.Lock()
	defer q.mu.Unlock()
	return maps.Clone(q.all)
}

// waiting are the requests without an answer, the oldest first.
func (q *queue) waiting() []api.Asking {
	out := []api.Asking{}
	for key, a := range q.copied() {
		if !a.Declined {
			out = append(out, api.Asking{
				Ask:    api.Ask{ID: a.ID, State: api.AskWaiting, At: a.At, Expires: a.Expires},
				Member: api.Member{Key: key, Name: a.Name}, Message: a.Message,
			})
		}
	}
	slices.SortFunc(out, func(a, b api.Asking) int { return cmp.Compare(a.At, b.At) })
	return out
}

// decline forgets all of a request but that it was declined.
func (q *queue) decline(id statement.ID) error {
	key, a, ok := q.find(id)
	if !ok || a.Declined {
		return reason.Reject(reason.AskUnknown, "%s", id)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	declined := asking{ID: id, At: a.At, Expires: a.Expires, Declined: true}
	if err := q.placeLocked(request{asking: declined, by: key}); err != nil {
		return err
	}
	q.changed()
	return nil
}

// answered forgets a request in memory; the store has forgotten it with the admit.
func (q *queue) answered(key identity.PublicKey) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.all, key)
}

func (q *queue) clear() {
	q.mu.Lock()
	defer q.mu.Unlock()
	clear(q.all)
}

// lines is what the other nodes of this community may read of all that is kept.
func (q *queue) lines() []invites.Ask { return slices.AppendSeq([]invites.Ask{}, asks(q.copied())) }

// asks is what the rules see of requests.
func asks(all map[identity.PublicKey]asking) iter.Seq[invites.Ask] {
	return func(yield func(invites.Ask) bool) {
		for key, a := range all {
			if !yield(a.of(key)) {
				return
			}
		}
	}
}

// wants reports whether a line of another node says more than is known here.
func (q *queue) wants(l invites.Ask) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.wantsLocked(l)
}

func (q *queue) wantsLocked(l invites.Ask) bool {
	have, known := q.all[l.Member]
	return !known || l.Prevails(have.of(l.Member))
}

// take keeps what another node of the community knows of requests, unless more is known here by now.
func (q *queue) take(some []request) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.placeLocked(slices.DeleteFunc(some, func(r request) bool {
		return !q.wantsLocked(r.of(r.by))
	})...)
}
