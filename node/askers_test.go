package node_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/api/link"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/ledger"
	"github.com/stoa-rooms/stoa/node/nodetest"
	"github.com/stoa-rooms/stoa/p2p"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
	"github.com/stoa-rooms/stoa/storage"
)

// waits waits until just so many requests are shown to the founder, and gives them.
func waits(t *testing.T, founder *client.Client, count int) []api.Asking {
	t.Helper()
	var list []api.Asking
	soon(t, fmt.Sprintf("%d requests", count), func() bool {
		var err error
		if list, err = founder.Asks(t.Context()); err != nil {
			t.Fatal(err)
		}
		return len(list) == count
	})
	return list
}

// at is the same person at another node.
func at(n *nodetest.Node, key identity.PrivateKey) *client.Client {
	return client.New(n.URL(), key, client.Options{})
}

// askPair is a community on two nodes that lets people ask, with somebody at the second who does.
func askPair(t *testing.T, key identity.PrivateKey) (first, second *nodetest.Node, founder, eve *client.Client) {
	t.Helper()
	first, second, founder = newPairOf(t, key)
	entry(t, founder, statement.EntryAsk)
	eve = second.Client()
	soon(t, "the rules at the second node", func() bool {
		info, err := eve.Node(t.Context())
		return err == nil && info.Community.Entry == statement.EntryAsk
	})
	return first, second, founder, eve
}

func stands(t *testing.T, who *client.Client, a api.Ask, want api.AskState) {
	t.Helper()
	soon(t, "an answer: "+string(want), func() bool {
		now, err := who.Asked(t.Context(), a.ID)
		if err != nil {
			t.Fatal(err)
		}
		return now.State == want
	})
}

// keeps reports whether a word is in anything that a node which has stopped keeps for people.
func keeps(t *testing.T, n *nodetest.Node, word string) bool {
	t.Helper()
	store, err := storage.Open(storage.Options{Dir: n.Data()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	found := false
	for one, err := range store.Privates(identity.PublicKey{}) {
		if err != nil {
			t.Fatal(err)
		}
		found = found || strings.Contains(string(one.Value), word)
	}
	return found
}

func TestAskingAtAnotherNodeThanWhoeverAnswers(t *testing.T) {
	ctx := t.Context()
	first, second, founder, eve := askPair(t, identity.Generate())
	const word = "We met at the lighthouse"
	a := asks(t, eve, "Ève", word)
	b := asks(t, second.Client(), "Mallory", "Let me in")
	for _, one := range waits(t, founder, 2) {
		if one.ID == a.ID && (one.Message != word || one.Member.Name != "Ève" || one.Member.Key != eve.Key() || one.At != a.At || one.Expires != a.Expires) {
			t.Errorf("at the first node: %+v", one)
		}
	}
	if me, err := founder.Me(ctx); err != nil || me.Waiting != 2 {
		t.Errorf("the founder is told of %d who wait (%v)", me.Waiting, err)
	}
	if got, err := founder.Approve(ctx, a.ID, eve.Key()); err != nil || got.Name != "Ève" {
		t.Fatalf("%+v, %v", got, err)
	}
	stands(t, eve, a, api.AskJoined)
	soon(t, "her name at the node where she asked", func() bool { // which learns it a moment after the log
		me, err := eve.Me(ctx)
		return err == nil && me.Member.Name == "Ève" && len(me.Chain) == 2 && me.Left == 2
	})
	if err := founder.Decline(ctx, b.ID); err != nil {
		t.Fatal(err)
	}
	stands(t, eve, b, api.AskDeclined)
	for _, n := range []*nodetest.Node{first, second} {
		n.Stop()
		for _, text := range []string{word, "Let me in", "Mallory"} {
			if keeps(t, n, text) {
				t.Errorf("%q is kept after the answer", text)
			}
		}
	}
}

// TestWhoWasDeclinedIsSoEverywhere: nobody goes from node to node with the same wish.
func TestWhoWasDeclinedIsSoEverywhere(t *testing.T) {
	ctx := t.Context()
	first, second, founder := newPair(t)
	entry(t, founder, statement.EntryAsk)
	key := identity.Generate()
	here, there := at(first, key), at(second, key)
	if err := founder.Decline(ctx, asks(t, here, "Mallory", "").ID); err != nil {
		t.Fatal(err)
	}
	soon(t, "the refusal at the second node", func() bool {
		if _, err := there.Ask(ctx, "Mallory", ""); err != nil {
			return client.Refused(err, reason.AskDeclined)
		}
		return false
	})
	waits(t, founder, 0)
}

// TestAskingWhileANodeIsAway: what was asked and answered in the meantime is known when it is back.
func TestAskingWhileANodeIsAway(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	founderKey := identity.Generate()
	first, second, founder, eve := askPair(t, founderKey)
	a := asks(t, eve, "Ève", "before")
	waits(t, founder, 1)

	second.Stop()
	if _, err := founder.Approve(ctx, a.ID, eve.Key()); err != nil {
		t.Fatal(err)
	}
	key := identity.Generate()
	fay := at(first, key)
	b := asks(t, fay, "Fay", "meanwhile")
	second.Start()
	soon(t, "Ève, at the node that was away", func() bool {
		now, err := eve.Asked(ctx, a.ID)
		return err == nil && now.State == api.AskJoined
	})
	soon(t, "Fay, there too", func() bool {
		now, err := at(second, key).Asked(ctx, b.ID)
		return err == nil && now.State == api.AskWaiting
	})

	// The node where somebody asked is lost: she is let in at the other.
	first.Stop()
	if _, err := at(second, founderKey).Approve(ctx, b.ID, key.Public()); err != nil {
		t.Fatal(err)
	}
	if me, err := at(second, key).Me(ctx); err != nil || me.Member.Name != "Fay" {
		t.Errorf("%+v, %v", me, err)
	}
	first.Start()
	soon(t, "Fay, at the node where she asked", func() bool {
		now, err := fay.Asked(ctx, b.ID)
		return err == nil && now.State == api.AskJoined
	})
}

// from makes requests as a proxy on the same machine does for somebody at another address.
type from string

func (f from) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("X-Forwarded-For", string(f))
	return http.DefaultTransport.RoundTrip(r)
}

// TestTheQueueHas500Places, at all nodes of a community together, and a decline makes one.
func TestTheQueueHas500Places(t *testing.T) {
	ctx := t.Context()
	founderKey := identity.Generate()
	first, second, founder := newPairOf(t, founderKey)
	entry(t, founder, statement.EntryAsk)
	var group errgroup.Group
	group.SetLimit(4)
	for i := range 500 {
		group.Go(func() error {
			from := &http.Client{Transport: from(fmt.Sprintf("198.51.100.%d", 1+i/20))}
			_, err := client.New(first.URL(), identity.Generate(), client.Options{HTTP: from}).Ask(ctx, "Somebody", strings.Repeat("x", 300))
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	late, there := first.Client(), second.Client()
	if _, err := late.Ask(ctx, "Late", ""); !client.Refused(err, reason.AsksFull) {
		t.Errorf("the 501st: %v", err)
	}
	atSecond := at(second, founderKey)
	list := waits(t, atSecond, 500)
	if _, err := there.Ask(ctx, "Late", ""); !client.Refused(err, reason.AsksFull) {
		t.Errorf("the 501st, at the other node: %v", err)
	}
	if err := founder.Decline(ctx, list[0].ID); err != nil {
		t.Fatal(err)
	}
	if a := asks(t, late, "Late", ""); a.State != api.AskWaiting {
		t.Errorf("after one was declined: %+v", a)
	}
	if _, err := first.Client().Ask(ctx, "Later", ""); !client.Refused(err, reason.AsksFull) {
		t.Errorf("one more: %v", err)
	}
	soon(t, "who came late, at the other node", func() bool {
		list, err := atSecond.Asks(ctx)
		return err == nil && len(list) == 500 && list[499].Member.Name == "Late"
	})
}

// liar is a node of the community that says of who asks what it likes.
type liar struct {
	*p2p.Host

	key    identity.PrivateKey
	lines  []map[string]any
	bodies map[string]map[string]any // by id
}

func (l *liar) Checkpointed(string) error { return nil }

func (l *liar) Read(_ identity.PublicKey, _, path string) ([]byte, error) {
	if path == "beside/asks" {
		return json.Marshal(l.lines)
	}
	if body, ok := l.bodies[strings.TrimPrefix(path, "beside/ask/")]; ok {
		return json.Marshal(body)
	}
	return nil, reason.Reject(reason.NotFound, "")
}

// tells makes the liar tell a node that there is something to read, until it has been read as is wished.
func (l *liar) tells(t *testing.T, n *nodetest.Node, wish func() bool) {
	t.Helper()
	s, err := l.OpenRoom(t.Context(), n.Key(t.Context()), []string{n.Addr()})
	if err != nil {
		t.Fatal(err)
	}
	frame, err := link.Encode(link.Asks{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(frame); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	soon(t, "what another node says of who asks", wish)
}

func newLiar(t *testing.T) *liar {
	t.Helper()
	l := &liar{key: identity.Generate(), bodies: map[string]map[string]any{}}
	var err error
	if l.Host, err = p2p.New(p2p.Config{Key: l.key, Listen: []string{"/ip4/127.0.0.1/tcp/0"}, Logs: l}); err != nil {
		t.Fatal(err)
	}
	running, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- l.Run(running) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return l
}

// asker adds a request, as it ought to be and then changed.
func (l *liar) asker(t *testing.T, community identity.PublicKey, name string, change func(line, body map[string]any)) {
	t.Helper()
	key, now := identity.Generate(), time.Now()
	join := sign(t, &statement.Join{Community: community, IssuedAt: now.Unix()}, key)
	profile := sign(t, &statement.Profile{Community: community, IssuedAt: now.Unix(), Name: name}, key)
	id := ledger.IDOf(join)
	line := map[string]any{
		"member": key.Public(), "id": id, "at": now.UnixMilli(), "expires": now.Add(time.Hour).UnixMilli(),
	}
	body := map[string]any{"id": line["id"], "join": join, "profile": profile, "message": "Hello", "at": line["at"], "expires": line["expires"]}
	change(line, body)
	l.lines = append(l.lines, line)
	l.bodies[id.String()] = body
}

func TestWhatAnotherNodeSaysOfWhoAsksIsChecked(t *testing.T) {
	ctx := t.Context()
	n := nodetest.New(t)
	founder := n.Found(ctx)
	entry(t, founder, statement.EntryAsk)
	a := asks(t, n.Client(), "Ève", "We met at the lighthouse")
	l := newLiar(t)

	// A stranger reads nothing, and is not heard.
	l.asker(t, founder.Key(), "Stranger", func(_, _ map[string]any) {})
	if _, err := l.Connect(ctx, n.Addr()); err != nil {
		t.Fatal(err)
	}
	origin := ledger.Origin(founder.Key(), n.Key(ctx))
	for _, path := range []string{"beside/asks", "beside/ask/" + a.ID.String()} {
		if got, err := l.ReadLog(ctx, n.Key(ctx), origin, path); reason.Of(err) != reason.NodeDenied {
			t.Errorf("a stranger reads %s: %s, %v", path, got, err)
		}
	}
	l.tells(t, n, func() bool { return len(waits(t, founder, 1)) == 1 })

	// A node of the community reads them.
	if _, err := founder.AddNode(ctx, l.key.Public()); err != nil {
		t.Fatal(err)
	}
	if got, err := l.ReadLog(ctx, n.Key(ctx), origin, "beside/asks"); err != nil || strings.Contains(string(got), "lighthouse") {
		t.Errorf("a node of the community reads the list: %s, %v", got, err)
	}
	if got, err := l.ReadLog(ctx, n.Key(ctx), origin, "beside/ask/"+a.ID.String()); err != nil || !strings.Contains(string(got), "lighthouse") {
		t.Errorf("a node of the community reads a request: %s, %v", got, err)
	}

	l.lines = nil
	other := identity.Generate().Public()
	for name, change := range map[string]func(line, body map[string]any){
		"of somebody else":   func(line, _ map[string]any) { line["member"] = other },
		"of a member":        func(line, _ map[string]any) { line["member"] = founder.Key() },
		"over":               func(line, _ map[string]any) { line["expires"] = 1 },
		"without a profile":  func(_, body map[string]any) { body["profile"] = "" },
		"with a long word":   func(_, body map[string]any) { body["message"] = strings.Repeat("x", 301) },
		"with another join":  func(_, body map[string]any) { body["join"] = l.bodies[a.ID.String()]["join"] },
		"with a damaged one": func(_, body map[string]any) { body["join"] = body["join"].(string) + "A" },
	} {
		l.asker(t, founder.Key(), "False: "+name, change)
	}
	l.bodies[a.ID.String()] = map[string]any{}
	l.asker(t, founder.Key(), "True", func(line, _ map[string]any) { line["expires"] = time.Now().Add(10_000 * time.Hour).UnixMilli() })
	l.tells(t, n, func() bool { return len(waits(t, founder, 2)) == 2 })
	list := waits(t, founder, 2)
	if list[1].Member.Name != "True" || list[1].Expires > time.Now().Add(14*24*time.Hour).UnixMilli() {
		t.Errorf("%+v", list)
	}

	// However many it says were declined, there is a place for who asks.
	l.lines = nil
	for range 3000 {
		l.lines = append(l.lines, map[string]any{
			"member": identity.Generate().Public(), "id": statement.ID{1}, "at": 1, "expires": time.Now().Add(time.Hour).UnixMilli(), "declined": true,
		})
	}
	l.tells(t, n, func() bool { return true })
	soon(t, "what was declined there", func() bool {
		raw, err := l.ReadLog(ctx, n.Key(ctx), origin, "beside/asks")
		if err != nil {
			t.Fatal(err)
		}
		return strings.Count(string(raw), `"member"`) == 502 // two wait
	})
	if b := asks(t, n.Client(), "Fay", ""); b.State != api.AskWaiting {
		t.Errorf("%+v", b)
	}
	waits(t, founder, 3)
}
