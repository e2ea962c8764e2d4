package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/link"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/invites"
	"github.com/stoa-rooms/stoa/ledger"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
	"github.com/stoa-rooms/stoa/storage"
)

// Who asks to join at one node of a community waits at all of them, so that whoever answers may do it at any. Each node
// reads the others' queues when it is told that there is something new, and from time to time, for it may not have been there
// to be told. Somebody is let in by the logs, as everywhere; that somebody was declined is read like the rest. A request is
// forgotten at each node for the same reasons: it was answered, its time is over, or its person erased themselves.

// What the nodes of one community read of one another's queues, beside their logs.
const (
	besideAsks = "beside/asks" // the lines, JSON
	besideAsk  = "beside/ask/" // and an id: the request, JSON
)

// asksAtOnce is how many requests of another node are written in one commit.
const asksAtOnce = 50

// How often queues are read without anything said, how soon when some node did not answer, and how long that may take.
const (
	asksSeldom = time.Minute
	asksAgain  = 2 * time.Second
	asksWithin = 20 * time.Second
)

// readAsks gives the queue, or one request in it, to another node of this community.
func (n *network) readAsks(path string) ([]byte, error) {
	q := n.hallway.community.queue
	q.expire(millis(n.now()))
	if path == besideAsks {
		return json.Marshal(q.lines())
	}
	var id statement.ID
	if err := id.UnmarshalText([]byte(strings.TrimPrefix(path, besideAsk))); err != nil {
		return nil, reason.Reject(reason.NotFound, "%s", path)
	}
	_, a, ok := q.find(id)
	if !ok || a.Declined {
		return nil, reason.Reject(reason.NotFound, "%s", path)
	}
	return json.Marshal(a)
}

// tellAsks tells the other nodes that there is something new in the queue here, until ctx ends.
func (n *network) tellAsks(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-n.asked:
			for _, sibling := range n.siblings() {
				n.tell(sibling, nil, link.Asks{}) //nolint:contextcheck // not waited for
			}
			n.pause(ctx)
		}
	}
}

// hearAsks is told that another node has something new in its queue.
func (n *network) hearAsks(from identity.PublicKey) {
	state, founded := n.journal.fold()
	if sibling, ok := state.Node(from); founded && ok && !sibling.Revoked {
		wake(n.asks)
	}
}

// keepAsks reads the queues of the other nodes until ctx ends.
func (n *network) keepAsks(ctx context.Context) error {
	select {
	case <-n.ready:
	case <-ctx.Done():
	}
	again, reached := asksAgain, map[identity.PublicKey]bool{}
	for {
		now := n.gatherAsks(ctx)
		whole := true
		for sibling, answered := range now {
			if whole = whole && answered; answered && !reached[sibling] {
				n.tell(sibling, nil, link.Asks{}) //nolint:contextcheck // not waited for: it was not told, either, of what is new here
			}
		}
		reached = now
		if again = min(2*again, asksSeldom); whole {
			again = asksSeldom
		}
		n.pause(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-n.asks:
			again = asksAgain
		case <-time.After(again):
		}
	}
}

// gatherAsks reads the queues of all other nodes once, and says which of them answered.
func (n *network) gatherAsks(ctx context.Context) map[identity.PublicKey]bool {
	ctx, cancel := context.WithTimeout(ctx, asksWithin)
	defer cancel()
	state, _ := n.journal.fold()
	siblings := n.siblings()
	errs := make([]error, len(siblings))
	var group sync.WaitGroup
	for i, sibling := range siblings {
		group.Go(func() { errs[i] = n.gatherFrom(ctx, ledger.Log{Community: state.Community(), Node: sibling}) })
	}
	group.Wait()
	answered := map[identity.PublicKey]bool{}
	for i, sibling := range siblings {
		if answered[sibling] = errs[i] == nil; errs[i] != nil {
			n.log.Debug("who asks to join at another node is not known here", "node", sibling, "error", errs[i])
		}
	}
	return answered
}

// gatherFrom takes in what another node's queue says: first who was declined, for that makes places, and the oldest first.
func (n *network) gatherFrom(ctx context.Context, sibling ledger.Log) error {
	data, err := n.host.ReadLog(ctx, sibling.Node, sibling.Origin(), besideAsks)
	if err != nil {
		return err
	}
	var lines []invites.Ask
	if err := json.Unmarshal(data, &lines); err != nil {
		return fmt.Errorf("node: %w", err)
	}
	slices.SortFunc(lines, invites.Ask.Compare)
	for some := range slices.Chunk(lines[:min(len(lines), 2*invites.MaxAsks)], asksAtOnce) {
		var news []request
		for _, l := range some {
			one, err := n.gather(ctx, sibling, l)
			switch {
			case ctx.Err() != nil:
				return context.Cause(ctx)
			case err != nil:
				n.log.Debug("a request to join is not taken from another node", "node", sibling.Node, "error", err)
			case !one.by.IsZero():
				news = append(news, one)
			}
		}
		if err := n.hallway.community.queue.take(news); err != nil && reason.Of(err) != reason.AsksFull {
			return err // who finds no place here waits where they asked until there is one
		}
	}
	return nil
}

// gather is one request, if its line says more than is known here. It is checked as it was where it was made.
func (n *network) gather(ctx context.Context, sibling ledger.Log, l invites.Ask) (request, error) {
	c, now := n.hallway.community, millis(n.now())
	state, _ := n.journal.fold()
	l.Expires = min(l.Expires, now+askLife.Milliseconds())
	if _, member := state.Member(l.Member); member || state.Erased(l.Member) || l.Member.IsZero() || l.Expires <= now || !c.queue.wants(l) {
		return request{}, nil
	}
	one := request{asking: asking{ID: l.ID, At: l.At, Expires: l.Expires, Declined: l.Declined, Node: sibling.Node}, by: l.Member}
	if l.Declined {
		return one, nil
	}
	if rules, _ := state.Rules(); rules.Entry == statement.EntryInvite {
		return request{}, nil // it stands where it was made
	}
	data, err := n.host.ReadLog(ctx, sibling.Node, sibling.Origin(), besideAsk+l.ID.String())
	if err != nil {
		return request{}, err
	}
	var said asking
	if err := json.Unmarshal(data, &said); err != nil {
		return request{}, fmt.Errorf("node: %w", err)
	}
	joinSt, profile, err := c.readAsk(api.AskRequest{Join: said.Join, Profile: said.Profile})
	if err == nil {
		err = errors.Join(state.CheckAsk(joinSt), api.CheckMessage(said.Message))
	}
	if err == nil && (joinSt.ID() != l.ID || joinSt.Signer() != l.Member) {
		err = reason.Reject(reason.StatementAudience, "another request than was said")
	}
	one.Join, one.Profile, one.Message = said.Join, said.Profile, said.Message
	if profile != nil {
		one.Name = profile.Name
	}
	return one, err
}

// settle forgets the requests of those who are members by now, at whichever node they were let in, and of whoever erased
// themselves.
func (c *community) settle() {
	state, founded := c.journal.fold()
	if !founded {
		return
	}
	var over []identity.PublicKey
	var profiles []statement.Statement
	for key, a := range c.queue.copied() {
		m, member := state.Member(key)
		if !member && !state.Erased(key) {
			continue
		}
		over = append(over, key)
		if member && m.Join == a.ID && !a.Declined && c.names.member(key).Name == "" { // let in at another node
			if st, err := statement.ParseKind[*statement.Profile](a.Profile); err == nil {
				profiles = append(profiles, st)
			}
		}
	}
	if err := c.queue.drop(over, storage.Batch{Profiles: profiles}); err != nil {
		c.log.Error("requests to join that were answered are still here", "error", err)
		return
	}
	for _, st := range profiles {
		c.names.set(st.Signer(), st.Body().(*statement.Profile))
	}
}
