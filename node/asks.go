package node

import (
	"context"
	"fmt"
	"log/slog"
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

	// maxAsks is how many requests are kept: with their statements some 2 MB.
	maxAsks = 500

	// askEvery is how often what has expired is looked for.
	askEvery = 10 * time.Minute
)

// asking is one request to join by nobody's invite. Of one that was declined nothing is left but that it was.
type asking struct {
	ID       statement.ID `json:"id"`
	Join     string       `json:"join,omitempty"`
	Profile  string       `json:"profile,omitempty"`
	Name     string       `json:"name,omitempty"`
	Message  string       `json:"message,omitempty"`
	At       int64        `json:"at"` // milliseconds, as all times here
	Expires  int64        `json:"expires"`
	Declined bool         `json:"declined,omitempty"`
}

// queue is the requests that this node keeps, one for each person. They are no statements of the log until somebody is
// admitted by one.
type queue struct {
	store *storage.Store

	mu  sync.Mutex
	all map[identity.PublicKey]asking // guarded by mu
}

// openQueue goes on with the requests that were stored.
func openQueue(store *storage.Store) (*queue, error) {
	q := &queue{store: store, all: map[identity.PublicKey]asking{}}
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

// put keeps a request. A person's next one replaces the one before, unless that was declined.
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
	case !again && len(q.all) >= maxAsks:
		return asking{}, reason.Reject(reason.AsksFull, "%d wait", len(q.all))
	}
	return a, q.setLocked(key, a)
}

func (q *queue) setLocked(key identity.PublicKey, a asking) error {
	value, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("node: %w", err)
	}
	if err := q.store.Commit(storage.Batch{Private: []storage.Private{{Member: key, Name: askName, Value: value}}}); err != nil {
		return fmt.Errorf("node: %w", err)
	}
	q.all[key] = a
	return nil
}

// expire forgets the requests whose time is over.
func (q *queue) expire(now int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.expireLocked(now)
}

func (q *queue) expireLocked(now int64) {
	var over []storage.Private
	for key, a := range q.all {
		if a.Expires <= now {
			over = append(over, storage.Private{Member: key, Name: askName})
		}
	}
	if len(over) == 0 || q.store.Commit(storage.Batch{Private: over}) != nil { // the next time, then
		return
	}
	for _, p := range over {
		delete(q.all, p.Member)
	}
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

// waiting are the requests without an answer, the oldest first.
func (q *queue) waiting() []api.Asking {
	q.mu.Lock()
	defer q.mu.Unlock()
	out := []api.Asking{}
	for key, a := range q.all {
		if !a.Declined {
			out = append(out, api.Asking{
				Ask:    api.Ask{ID: a.ID, State: api.AskWaiting, At: a.At, Expires: a.Expires},
				Member: api.Member{Key: key, Name: a.Name}, Message: a.Message,
			})
		}
	}
	slices.SortFunc(out, func(a, b api.Asking) int { return int(a.At - b.At) })
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
	return q.setLocked(key, asking{ID: id, At: a.At, Expires: a.Expires, Declined: true})
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

// Ask implements server.Entry.
func (c *community) Ask(_ context.Context, req api.AskRequest) (api.Ask, error) {
	now := c.now()
	joinSt, join, err := submitted(req.Join, func(j *statement.Join) int64 { return j.IssuedAt }, now)
	if err != nil {
		return api.Ask{}, err
	}
	_, profile, err := c.profile(req.Profile, joinSt.Signer(), join.Community, now)
	if err != nil {
		return api.Ask{}, err
	}
	state, founded := c.journal.fold()
	if !founded {
		return api.Ask{}, reason.Reject(reason.FoundedNot, "")
	}
	if m, ok := state.Member(joinSt.Signer()); ok && m.Join == joinSt.ID() {
		return asked(asking{ID: m.Join, At: join.IssuedAt * 1000}, api.AskJoined), nil
	}
	if err := state.CheckAsk(joinSt); err != nil {
		return api.Ask{}, err
	}
	a := asking{
		ID: joinSt.ID(), Join: req.Join, Profile: req.Profile, Name: profile.Name, Message: req.Message,
		At: millis(now), Expires: millis(now.Add(askLife)),
	}
	if rules, _ := state.Rules(); rules.Entry == statement.EntryOpen {
		_, err := c.letIn(a, statement.Statement{})
		return asked(a, api.AskJoined), err
	}
	a, err = c.queue.put(joinSt.Signer(), a)
	return asked(a, api.AskWaiting), err
}

func asked(a asking, as api.AskState) api.Ask {
	out := api.Ask{ID: a.ID, State: as, At: a.At, Expires: a.Expires}
	if as == api.AskJoined {
		out.Expires = 0 // a membership is not forgotten
	}
	return out
}

// letIn admits who asked, by an approval, or with the zero Statement by the open door.
func (c *community) letIn(a asking, approve statement.Statement) (api.Member, error) {
	now := seconds(c.now())
	joinSt, err := statement.ParseKind[*statement.Join](a.Join)
	if err != nil {
		return api.Member{}, err
	}
	profileSt, err := statement.ParseKind[*statement.Profile](a.Profile)
	if err != nil {
		return api.Member{}, err
	}
	member := joinSt.Signer()
	err = c.journal.append(func(state invites.State) (draft, error) {
		body := &statement.Admit{
			Community: state.Community(), IssuedAt: now, Member: member, Join: joinSt.ID(), Way: statement.EntryOpen,
		}
		d := draft{
			statements: []statement.Statement{joinSt},
			with: storage.Batch{
				Profiles: []statement.Statement{profileSt},
				Private:  []storage.Private{{Member: member, Name: askName}},
			},
		}
		if !approve.IsZero() {
			body.Way, body.Approve = statement.EntryAsk, approve.ID()
			d.statements = append(d.statements, approve)
		}
		admit, err := statement.Sign(body, c.journal.key)
		if err != nil {
			return draft{}, err
		}
		d.statements = append(d.statements, admit)
		if approve.IsZero() { // who came by the open door begins without slots
			return d, nil
		}
		rules, _ := state.Rules()
		return d, c.grantOnAdmission(&d, member, state.Community(), &rules, c.now())
	})
	if err != nil {
		return api.Member{}, err
	}
	c.queue.answered(member)
	c.names.set(member, profileSt.Body().(*statement.Profile))
	return c.names.member(member), nil
}

// Asked implements server.Entry.
func (c *community) Asked(_ context.Context, id statement.ID) (api.Ask, error) {
	state, founded := c.journal.fold()
	if !founded {
		return api.Ask{}, reason.Reject(reason.FoundedNot, "")
	}
	c.queue.expire(millis(c.now()))
	c.openDoor()
	rules, _ := state.Rules()
	_, a, ok := c.queue.find(id)
	switch {
	case ok && a.Declined:
		return asked(a, api.AskDeclined), nil
	case ok && rules.Entry == statement.EntryInvite:
		return asked(a, api.AskClosed), nil
	case ok:
		return asked(a, api.AskWaiting), nil
	}
	if st, err := c.journal.entry(id); err == nil {
		if join, ok := st.Body().(*statement.Join); ok {
			if m, ok := state.Member(st.Signer()); ok && m.Join == id {
				return asked(asking{ID: id, At: join.IssuedAt * 1000}, api.AskJoined), nil
			}
		}
	}
	return api.Ask{}, reason.Reject(reason.AskUnknown, "")
}

// checkSteward refuses who may not answer requests.
func (c *community) checkSteward(key identity.PublicKey) error {
	state, founded := c.journal.fold()
	if !founded {
		return reason.Reject(reason.FoundedNot, "")
	}
	if !state.Steward(key) {
		return reason.Reject(reason.StatementAuthority, "only a steward answers those who ask")
	}
	return nil
}

// Asks implements server.Entry.
func (c *community) Asks(_ context.Context, steward identity.PublicKey) (api.Asks, error) {
	if err := c.checkSteward(steward); err != nil {
		return api.Asks{}, err
	}
	c.queue.expire(millis(c.now()))
	return api.Asks{Asks: c.queue.waiting()}, nil
}

// Approve implements server.Entry.
func (c *community) Approve(_ context.Context, steward identity.PublicKey, id statement.ID, req api.Approve) (api.Member, error) {
	if err := c.checkSteward(steward); err != nil {
		return api.Member{}, err
	}
	st, body, err := submitted(req.Approve, func(a *statement.Approve) int64 { return a.IssuedAt }, c.now())
	switch {
	case err != nil:
		return api.Member{}, err
	case st.Signer() != steward:
		return api.Member{}, reason.Reject(reason.StatementAuthority, "the approval is signed by somebody else")
	case body.Join != id:
		return api.Member{}, reason.Reject(reason.StatementAudience, "the approval names another request")
	}
	c.queue.expire(millis(c.now()))
	_, a, ok := c.queue.find(id)
	if !ok || a.Declined {
		return api.Member{}, reason.Reject(reason.AskUnknown, "%s", id)
	}
	return c.letIn(a, st)
}

// Decline implements server.Entry.
func (c *community) Decline(_ context.Context, steward identity.PublicKey, id statement.ID) error {
	if err := c.checkSteward(steward); err != nil {
		return err
	}
	return c.queue.decline(id)
}

// openDoor admits those who wait, once the rules leave the door open.
func (c *community) openDoor() {
	state, founded := c.journal.fold()
	if rules, _ := state.Rules(); !founded || rules.Entry != statement.EntryOpen {
		return
	}
	for _, waits := range c.queue.waiting() {
		_, a, ok := c.queue.find(waits.ID)
		if !ok || a.Declined {
			continue
		}
		if _, err := c.letIn(a, statement.Statement{}); reason.Of(err) == reason.MemberAlready {
			c.queue.answered(waits.Member.Key) // by an invite, meanwhile
		} else if err != nil {
			c.log.Warn("somebody who waits cannot be let in", "who", waits.Member.Key, "error", err)
			return
		}
	}
}

// warnBefore is how long before its end the node says that its delegate runs out.
const warnBefore = 60 * 24 * time.Hour

// run keeps the queue, and what is earned, until ctx ends.
func (c *community) run(ctx context.Context) error {
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	var warned time.Time
	for {
		c.queue.expire(millis(c.now()))
		c.openDoor()
		if c.now().Sub(warned) > 24*time.Hour {
			warned = c.now()
			warnOfExpiry(c.journal, c.now(), c.log)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// warnOfExpiry says in time that the founder has to come by, for their page renews the delegate.
func warnOfExpiry(j *journal, now time.Time, log *slog.Logger) {
	state, founded := j.fold()
	self, ok := state.Node(j.key.Public())
	if !founded || !ok {
		return
	}
	if ends := time.Unix(self.Expires, 0); ends.Sub(now) < warnBefore {
		log.Warn("the founder's delegate for this node runs out; after it nobody is admitted here and no room opens. "+
			"It is renewed when the founder opens the page", "on", ends.UTC().Format(time.DateOnly))
	}
}
