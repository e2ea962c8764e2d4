package node

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"golang.org/x/sync/errgroup"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/push"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/storage"
)

// pusher sends what members are told to those of their browsers that subscribed, through the push services that these
// named. A browser belongs to one member: to the last who subscribed in it.
type pusher struct {
	store  *storage.Store
	key    push.Key
	sender *push.Sender
	now    func() time.Time
	log    *slog.Logger
	jobs   chan pushJob

	writing sync.Mutex // held while the devices of a member are changed

	mu     sync.Mutex
	owners map[[sha256.Size]byte]identity.PublicKey // of endpoints, by their hashes; guarded by mu
	later  int                                      // jobs that wait to be tried again; guarded by mu
}

// device is a browser that subscribed.
type device struct {
	push.Subscription
	Language string `json:"language"`
	Added    int64  `json:"added"` // Unix milliseconds
}

// pushJob is a message to one browser.
type pushJob struct {
	member  identity.PublicKey
	to      push.Subscription
	message []byte
	topic   string // a later message about the same room replaces this one at the push service
	until   time.Time
	tried   int
}

// Bounds of sending.
const (
	pushWorkers = 16   // calls at a time: one may take 10 s
	pushQueue   = 1000 // messages that wait; those that find no place are not sent
	pushWorth   = 15 * time.Minute
	pushTries   = 4
	pushTopic   = 32 // letters (RFC 8030, section 5.4)
)

// pushAgain is how long to wait after so many tries.
func pushAgain(tried int) time.Duration { return []time.Duration{10, 60, 240}[tried-1] * time.Second }

// openPusher reads whose browsers subscribed. The contact is this node's page; the client is for tests.
func openPusher(store *storage.Store, contact string, client *http.Client, now func() time.Time, log *slog.Logger) (*pusher, error) {
	if !strings.HasPrefix(contact, "https:") { // a node on loopback: RFC 8292 wants an https or a mail address
		contact = "operator@localhost"
	}
	key, err := push.KeyFrom(store.Key().Seed())
	if err != nil {
		return nil, err
	}
	p := &pusher{
		store: store, key: key, now: now, log: log,
		sender: push.NewSender(key, push.Options{Contact: contact, Client: client}),
		jobs:   make(chan pushJob, pushQueue), owners: map[[sha256.Size]byte]identity.PublicKey{},
	}
	for kept, err := range store.PrivatesNamed(keptPush) {
		if err != nil {
			return nil, fmt.Errorf("node: %w", err)
		}
		list, err := readDevices(kept.Member, kept.Value)
		if err != nil {
			return nil, err
		}
		for _, d := range list {
			p.owners[sha256.Sum256([]byte(d.Endpoint))] = kept.Member
		}
	}
	return p, nil
}

func readDevices(member identity.PublicKey, raw []byte) ([]device, error) {
	var list []device
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &list); err != nil {
			return nil, fmt.Errorf("node: the browsers of %s: %w", member, err)
		}
	}
	return list, nil
}

func (p *pusher) devices(member identity.PublicKey) ([]device, error) {
	raw, _, err := p.store.Private(member, keptPush)
	if err != nil {
		return nil, err
	}
	return readDevices(member, raw)
}

// change replaces the browsers of a member. The caller holds writing.
func (p *pusher) change(member identity.PublicKey, edit func([]device) []device) error {
	before, err := p.devices(member)
	if err != nil {
		return err
	}
	after := edit(slices.Clone(before))
	kept := storage.Private{Member: member, Name: keptPush}
	if len(after) > 0 {
		if kept.Value, err = json.Marshal(after); err != nil {
			return fmt.Errorf("node: %w", err)
		}
	}
	if err := p.store.Commit(storage.Batch{Private: []storage.Private{kept}}); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, d := range before {
		delete(p.owners, sha256.Sum256([]byte(d.Endpoint)))
	}
	for _, d := range after {
		p.owners[sha256.Sum256([]byte(d.Endpoint))] = member
	}
	return nil
}

// without is a list of browsers less one.
func without(endpoint string) func([]device) []device {
	return func(list []device) []device {
		return slices.DeleteFunc(list, func(d device) bool { return d.Endpoint == endpoint })
	}
}

// subscribe takes one more browser of a member in; the one that was added first makes place.
func (p *pusher) subscribe(member identity.PublicKey, s api.PushSubscription) error {
	d := device{
		Subscription: push.Subscription{Endpoint: s.Endpoint, P256DH: strings.TrimRight(s.P256DH, "="), Auth: strings.TrimRight(s.Auth, "=")},
		Language:     s.Language, Added: millis(p.now()),
	}
	if err := d.Check(); err != nil {
		return err
	}
	if s.Language != "en" && s.Language != "fr" {
		return reason.Reject(reason.RequestInvalid, "language %q", s.Language)
	}
	p.writing.Lock()
	defer p.writing.Unlock()
	p.mu.Lock()
	before, owned := p.owners[sha256.Sum256([]byte(s.Endpoint))]
	p.mu.Unlock()
	if owned && before != member { // the browser is another member's now
		if err := p.change(before, without(s.Endpoint)); err != nil {
			return err
		}
	}
	return p.change(member, func(list []device) []device {
		list = append(without(s.Endpoint)(list), d)
		return list[max(0, len(list)-api.MaxDevices):]
	})
}

// unsubscribe forgets a browser of a member.
func (p *pusher) unsubscribe(member identity.PublicKey, endpoint string) error {
	p.writing.Lock()
	defer p.writing.Unlock()
	p.mu.Lock()
	owner, owned := p.owners[sha256.Sum256([]byte(endpoint))]
	p.mu.Unlock()
	if !owned || owner != member {
		return nil
	}
	return p.change(member, without(endpoint))
}

// drop forgets whose browsers those of a member were, who erased themselves.
func (p *pusher) drop(member identity.PublicKey) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for hash, owner := range p.owners {
		if owner == member {
			delete(p.owners, hash)
		}
	}
}

// clear forgets all of them.
func (p *pusher) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.owners)
}

// tell sends a notice to each browser of a member that subscribed. It waits for none of them.
func (p *pusher) tell(member identity.PublicKey, n api.Notice) {
	list, err := p.devices(member)
	if err != nil {
		p.log.Error("the browsers of a member cannot be read", "member", member, "error", err)
		return
	}
	for _, d := range list {
		job, err := p.job(member, d, n)
		if err != nil {
			p.log.Error("a notice cannot be written", "error", err)
			return
		}
		select {
		case p.jobs <- job:
		default:
			p.log.Warn("a browser is not told: too many messages wait to be sent", "waiting", pushQueue)
		}
	}
}

func (p *pusher) job(member identity.PublicKey, d device, n api.Notice) (pushJob, error) {
	m := api.PushMessage{
		Kind: n.Kind, Room: n.Room, Title: n.Title, Topic: n.Topic, Community: n.Community, Start: n.Start, Language: d.Language,
	}
	if n.By != nil {
		m.By = n.By.Name
	}
	until := p.now().Add(pushWorth)
	if start := time.UnixMilli(n.Start); n.Start != 0 && start.After(p.now()) {
		until = start.Add(pushWorth)
	}
	message, err := json.Marshal(m)
	return pushJob{member: member, to: d.Subscription, message: message, topic: n.Room.String()[:pushTopic], until: until}, err
}

// run sends until ctx ends.
func (p *pusher) run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for range pushWorkers {
		group.Go(func() error {
			for {
				select {
				case <-ctx.Done():
					return nil
				case job := <-p.jobs:
					p.send(ctx, job)
				}
			}
		})
	}
	return group.Wait()
}

// send tries to send one message, and sees to it that it is tried again, or that a browser that is gone is forgotten.
func (p *pusher) send(ctx context.Context, job pushJob) {
	worth := job.until.Sub(p.now())
	if worth <= 0 || !p.stands(job) {
		return
	}
	err := p.sender.Send(ctx, job.to, job.message, worth, job.topic)
	job.tried++
	switch {
	case err == nil || ctx.Err() != nil:
	case errors.Is(err, push.ErrGone):
		if err := p.unsubscribe(job.member, job.to.Endpoint); err != nil {
			p.log.Error("a browser that is gone cannot be forgotten", "error", err)
		}
	case errors.Is(err, push.ErrRefused) || job.tried >= pushTries:
		p.log.Info("a browser could not be told", "tries", job.tried, "error", err)
	default:
		p.postpone(job)
	}
}

// stands reports whether a browser is still its member's.
func (p *pusher) stands(job pushJob) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	owner, owned := p.owners[sha256.Sum256([]byte(job.to.Endpoint))]
	return owned && owner == job.member
}

// postpone sends a message later, if not too many wait for that.
func (p *pusher) postpone(job pushJob) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.later >= pushQueue {
		return
	}
	p.later++
	time.AfterFunc(pushAgain(job.tried), func() {
		p.mu.Lock()
		p.later--
		p.mu.Unlock()
		select {
		case p.jobs <- job:
		default: // it had its chance
		}
	})
}
