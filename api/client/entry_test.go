package client_test

import (
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

const (
	firstNonce  = "first-nonce-of-16"
	secondNonce = "second-nonce-of-16"
)

func (f *faulty) entry(epoch int64, nonce string) api.Entry {
	return api.Entry{
		Head: api.Head{Type: api.EventEntry}, Room: statement.ID{7}, Epoch: epoch, Home: f.key, Host: person(3), Nonce: nonce,
	}
}

func hosted(epoch int64, state api.HostState) api.HostChanged {
	return api.HostChanged{Head: api.Head{Type: api.EventHost}, Host: person(3), Epoch: epoch, State: state}
}

// wantEnter expects an enter statement, as an answer to an entry.
func (f *faulty) wantEnter(who identity.PrivateKey, epoch int64, nonce string) {
	f.t.Helper()
	select {
	case data := <-f.said:
		var m api.EnterMessage
		if err := json.Unmarshal(data, &m); err != nil || m.Type != "enter" {
			f.t.Fatalf("%s: %v", data, err)
		}
		s, err := statement.ParseKind[*statement.Enter](m.Enter)
		if err != nil {
			f.t.Fatal(err)
		}
		got := *s.Body().(*statement.Enter)
		want := statement.Enter{Room: statement.ID{7}, IssuedAt: got.IssuedAt, Epoch: epoch, Home: f.key, Host: person(3), Nonce: nonce}
		if off := got.IssuedAt - f.now().Unix(); got != want || s.Signer() != who.Public() || off < -5 || off > 5 {
			f.t.Errorf("signed %+v, %d s off the node's time, by %s", got, off, s.Signer())
		}
	case <-time.After(10 * time.Second):
		f.t.Fatal("an entry is not answered")
	}
}

// wantAct expects an action with its statement.
func (f *faulty) wantAct(who identity.PrivateKey, want statement.Act) {
	f.t.Helper()
	action := <-f.acted
	s, err := statement.ParseKind[*statement.Act](action.Act)
	if err != nil {
		f.t.Fatalf("%+v: %v", action, err)
	}
	got := *s.Body().(*statement.Act)
	off := got.IssuedAt - f.now().Unix()
	want.Room, want.IssuedAt = statement.ID{7}, got.IssuedAt
	if got != want || s.Signer() != who.Public() || off < -5 || off > 5 || string(action.Type) != want.Do {
		f.t.Errorf("%s: signed %+v, want %+v; %d s off the node's time, by %s", action.Type, got, want, off, s.Signer())
	}
}

// abroad is somebody in a room that another node hosts.
func (f *faulty) abroad(who identity.PrivateKey) (*client.RoomSession, *websocket.Conn) {
	f.t.Helper()
	done := f.entering(who)
	_, conn := f.next()
	f.send(conn, f.entry(1, firstNonce))
	f.wantEnter(who, 1, firstNonce)
	f.send(conn, hosted(1, api.HostLive), snapshot("first", 10))
	r := <-done
	if r.err != nil {
		f.t.Fatal(r.err)
	}
	f.t.Cleanup(r.session.Close)
	return r.session, conn
}

func TestActionsAreSignedForAnotherHost(t *testing.T) {
	f := newFaulty(t)
	f.now = func() time.Time { return time.Now().Add(1000 * time.Hour) }
	me, other := identity.Generate(), person(5)
	s, conn := f.abroad(me)
	ctx := t.Context()
	ok(t, s.RaiseHand(ctx, "why?"))
	f.wantAct(me, statement.Act{Nonce: firstNonce, Number: 1, Do: "raise_hand", Target: me.Public(), Question: "why?"})
	ok(t, s.Mute(ctx, other))
	f.wantAct(me, statement.Act{Nonce: firstNonce, Number: 2, Do: "mute", Target: other})

	f.send(conn, f.entry(2, secondNonce)) // another host
	f.wantEnter(me, 2, secondNonce)
	f.send(conn, audience(11, 4))
	until(t, s, "event 11 is there", func(s client.State) bool { return s.N == 11 })
	ok(t, s.Unmute(ctx))
	f.wantAct(me, statement.Act{Nonce: secondNonce, Number: 1, Do: "unmute", Target: me.Public()})

	f.drop(conn) // a break that the host does not notice
	_, conn = f.next()
	f.send(conn, f.entry(2, secondNonce), audience(12, 5))
	f.wantEnter(me, 2, secondNonce)
	until(t, s, "event 12 is there", func(s client.State) bool { return s.N == 12 })
	ok(t, s.MuteSelf(ctx))
	f.wantAct(me, statement.Act{Nonce: secondNonce, Number: 2, Do: "mute_self", Target: me.Public()})
	ok(t, s.Leave(ctx))
	f.wantAct(me, statement.Act{Nonce: secondNonce, Number: 3, Do: "leave", Target: me.Public()})
}

// However many act at once, their numbers rise in the order in which the node gets them.
func TestSignedActionsKeepTheirOrder(t *testing.T) {
	f := newFaulty(t)
	me := identity.Generate()
	s, _ := f.abroad(me)
	var work sync.WaitGroup
	for range 20 {
		work.Go(func() {
			if err := s.MuteSelf(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	work.Wait()
	for n := range int64(20) {
		f.wantAct(me, statement.Act{Nonce: firstNonce, Number: n + 1, Do: "mute_self", Target: me.Public()})
	}
}

func TestNothingIsSignedForTheNodesOwnRooms(t *testing.T) {
	f := newFaulty(t)
	s, _ := f.entered()
	ok(t, s.Unmute(t.Context()))
	if a := <-f.acted; a.Act != "" || a.Type != api.ActUnmute {
		t.Errorf("%+v", a)
	}
	if h := s.Host(); h.Host != person(3) || h.State != api.HostLive {
		t.Errorf("the host: %+v", h)
	}
}

// The room goes on at another host: the same run, the same connection, new state.
func TestHostChanges(t *testing.T) {
	f := newFaulty(t)
	me := identity.Generate()
	s, conn := f.abroad(me)
	if h := s.Host(); h != hosted(1, api.HostLive) {
		t.Errorf("at first: %+v", h)
	}
	f.send(conn, hosted(1, api.HostLost))
	until(t, s, "the host is lost", func(client.State) bool { return s.Host().State == api.HostLost })
	f.send(conn, f.entry(2, secondNonce))
	f.wantEnter(me, 2, secondNonce)
	moved := snapshot("first", 11)
	moved.Room.Epoch, moved.Room.Host = 2, person(4)
	f.send(conn, moved, audience(12, 4))
	state := until(t, s, "the new host's event is there", func(s client.State) bool { return s.N == 12 })
	if h := s.Host(); h.State != api.HostLive || h.Epoch != 2 || h.Host != person(4) {
		t.Errorf("after the snapshot: %+v", h)
	}
	if state.Run != "first" || state.Room.Epoch != 2 || !s.Connected() || len(f.hellos) != 0 {
		t.Errorf("%+v, %d more connections", state, len(f.hellos))
	}
	var types []api.EventType
	for e := range s.Events() {
		if types = append(types, e.Header().Type); e.Header().N == 12 {
			break
		}
	}
	want := []api.EventType{api.EventSnapshot, api.EventHost, api.EventEntry, api.EventSnapshot, api.EventAudience}
	if len(types) != len(want) {
		t.Fatalf("events %v", types)
	}
	for i := range want {
		if types[i] != want[i] {
			t.Errorf("events %v", types)
		}
	}
}

// A person signs their way into the room they asked for, by way of the node they are at, and nothing else.
func TestEntriesThatAreNotSigned(t *testing.T) {
	for name, spoil := range map[string]func(*api.Entry){
		"another room":  func(e *api.Entry) { e.Room = statement.ID{8} },
		"another home":  func(e *api.Entry) { e.Home = person(3) },
		"no nonce":      func(e *api.Entry) { e.Nonce = "" },
		"another nonce": func(e *api.Entry) { e.Nonce = "with a space, twice" },
		"no epoch":      func(e *api.Entry) { e.Epoch = 0 },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFaulty(t)
			done := f.entering(identity.Generate())
			_, conn := f.next()
			e := f.entry(1, firstNonce)
			spoil(&e)
			f.send(conn, e)
			if r := <-done; !errors.Is(r.err, api.ErrEvent) {
				t.Error(r.err)
			}
			if len(f.said) != 0 {
				t.Errorf("said %s", <-f.said)
			}
		})
	}
}

func TestEntryThatTheHostRefuses(t *testing.T) {
	f := newFaulty(t)
	me := identity.Generate()
	done := f.entering(me)
	_, conn := f.next()
	f.send(conn, f.entry(1, firstNonce))
	f.wantEnter(me, 1, firstNonce)
	f.send(conn, refusedEvent(reason.CommunityDenied))
	if r := <-done; !client.Refused(r.err, reason.CommunityDenied) {
		t.Error(r.err)
	}
}

// What passes by itself is tried again: the session stays.
func TestRefusalsOfHostsThatPass(t *testing.T) {
	for _, r := range []reason.Reason{reason.RoomHostLost, reason.EnterStale, reason.TicketExpired, reason.HomeLimit} {
		f := newFaulty(t)
		s, conn := f.abroad(identity.Generate())
		f.send(conn, refusedEvent(r))
		f.drop(conn)
		_, conn = f.next()
		f.send(conn, audience(11, 4))
		until(t, s, "event 11 is there", func(s client.State) bool { return s.N == 11 })
	}
}

func TestAddingANode(t *testing.T) {
	f := newFaulty(t)
	founder := identity.Generate()
	c := client.New(f.url, founder, client.Options{})
	text, err := c.AddNode(t.Context(), person(9))
	ok(t, err)
	again, err := c.AddNode(t.Context(), person(9))
	ok(t, err)
	if sent := (<-f.posted).(*api.AddNode); sent.Delegate != text {
		t.Errorf("sent %q, returned %q", sent.Delegate, text)
	}
	s, err := statement.ParseKind[*statement.Delegate](text)
	ok(t, err)
	other, err := statement.ParseKind[*statement.Delegate](again)
	ok(t, err)
	d, e := s.Body().(*statement.Delegate), other.Body().(*statement.Delegate)
	if d.Node != person(9) || d.Community != person(2) || s.Signer() != founder.Public() || d.Expires-d.IssuedAt != 365*24*60*60 {
		t.Errorf("%+v", d)
	}
	if d.Order <= 1 || e.Order <= d.Order {
		t.Errorf("orders %d, %d", d.Order, e.Order)
	}
	if next := client.NextOrder(c, time.UnixMilli(e.Order)); next <= e.Order { // in the same millisecond
		t.Errorf("order %d after %d", next, e.Order)
	}
	_, err = c.Adopt(t.Context(), f.url+"/#owner=abcdefghijklmnop_-", text, []string{"/ip4/192.0.2.1/tcp/4001"})
	ok(t, err)
	<-f.posted
	adopt := (<-f.posted).(*api.AdoptRequest)
	if adopt.Secret != "abcdefghijklmnop_-" || adopt.Delegate != text || len(adopt.Peers) != 1 {
		t.Errorf("%+v", adopt)
	}
	if _, err = c.Adopt(t.Context(), f.url, text, nil); !errors.Is(err, client.ErrLink) {
		t.Error(err)
	}
}
