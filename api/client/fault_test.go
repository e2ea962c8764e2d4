package client_test

import (
	"errors"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func until(t *testing.T, s *client.RoomSession, what string, condition func(client.State) bool) client.State {
	t.Helper()
	ctx, cancel := contextFor(t)
	defer cancel()
	state, err := s.Wait(ctx, condition)
	if err != nil {
		t.Fatalf("waiting until %s: %v", what, err)
	}
	return state
}

func TestResume(t *testing.T) {
	f := newFaulty(t)
	s, conn := f.entered()
	f.send(conn, audience(11, 4))
	until(t, s, "event 11 is there", func(s client.State) bool { return s.N == 11 })
	f.drop(conn)

	hello, conn := f.next()
	if hello.Run != "first" || hello.Since != 11 {
		t.Errorf("came back with %q, %d", hello.Run, hello.Since)
	}
	f.send(conn, audience(12, 5))
	state := until(t, s, "event 12 is there", func(s client.State) bool { return s.N == 12 })
	if state.Audience.Count != 5 || state.Run != "first" || !s.Connected() {
		t.Errorf("state: %+v, connected: %v", state, s.Connected())
	}
	s.Close()
	var got []int64
	for e := range s.Events() {
		got = append(got, e.Header().N)
	}
	if len(got) != 3 || got[0] != 10 || got[1] != 11 || got[2] != 12 {
		t.Errorf("events %v", got)
	}
}

func TestSilentResumeCounts(t *testing.T) {
	f := newFaulty(t)
	s, conn := f.entered()
	f.drop(conn)
	_, conn = f.next() // and nothing is sent
	until(t, s, "it is connected", func(client.State) bool { return s.Connected() })
	f.send(conn, audience(11, 1))
	until(t, s, "event 11 is there", func(s client.State) bool { return s.N == 11 })
}

func TestGapAsksForASnapshot(t *testing.T) {
	f := newFaulty(t)
	s, conn := f.entered()
	f.send(conn, audience(12, 99))
	hello, conn := f.next()
	if hello.Run != "" || hello.Since != 0 {
		t.Errorf("after a gap came back with %q, %d", hello.Run, hello.Since)
	}
	if n := s.State().Audience.Count; n == 99 {
		t.Error("an event after a gap was taken in")
	}
	f.send(conn, snapshot("first", 13))
	until(t, s, "the snapshot is there", func(s client.State) bool { return s.N == 13 })
}

func TestRestartOfTheNode(t *testing.T) {
	f := newFaulty(t)
	s, conn := f.entered()
	f.forgetSessions()
	f.send(conn, refusedEvent(reason.ShuttingDown))
	f.drop(conn)
	hello, conn := f.next() // it was refused once with the old token, and signed a new challenge
	if hello.Token != "b" {
		t.Errorf("came back with token %q", hello.Token)
	}
	f.send(conn, snapshot("second", 0))
	until(t, s, "the new run is there", func(s client.State) bool { return s.Run == "second" })
}

func TestForgottenSession(t *testing.T) {
	f := newFaulty(t)
	c := client.New(f.url, identity.Generate(), client.Options{})
	for range 3 {
		if me, err := c.Me(t.Context()); err != nil || me.Member.Name != "Ana" {
			t.Fatal(me, err)
		}
	}
	if f.challenges != 1 {
		t.Errorf("%d challenges for one session", f.challenges)
	}
	f.forgetSessions()
	if _, err := c.Me(t.Context()); err != nil {
		t.Error(err)
	}
	if f.challenges != 2 {
		t.Errorf("%d challenges after a restart", f.challenges)
	}
}

func TestPatience(t *testing.T) {
	f := newFaulty(t)
	c := client.New(f.url, identity.Generate(), client.Options{})
	f.busy = 3
	if _, err := c.Me(t.Context()); err != nil || f.busy != -1 {
		t.Errorf("%v, after %d refusals", err, 3-f.busy)
	}
	f.busy = 1000
	if _, err := c.Me(t.Context()); !client.Refused(err, reason.RateLimited) {
		t.Error(err)
	}
}

func TestManyCallersOneSession(t *testing.T) {
	f := newFaulty(t)
	c := client.New(f.url, identity.Generate(), client.Options{})
	errs := make(chan error)
	for range 20 {
		go func() {
			_, err := c.Me(t.Context())
			errs <- err
		}()
	}
	for range 20 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if f.challenges != 1 {
		t.Errorf("%d challenges", f.challenges)
	}
}

func TestSignsWithTheNodesTime(t *testing.T) {
	f := newFaulty(t)
	ahead := 10 * 365 * 24 * time.Hour
	f.now = func() time.Time { return time.Now().Add(ahead) }
	key := identity.Generate()
	c := client.New(f.url+"/some/page?x=y", key, client.Options{})
	if _, err := c.Me(t.Context()); err != nil {
		t.Fatal(err)
	}
	signed := f.statements[0]
	claim := signed.Body().(*statement.Session)
	now := f.now().Unix()
	if claim.IssuedAt < now-5 || claim.IssuedAt > now+5 || claim.Expires <= now {
		t.Errorf("signed at %d, the node's time is %d", claim.IssuedAt, now)
	}
	if claim.Origin != f.url || claim.Node != f.key || signed.Signer() != key.Public() {
		t.Errorf("a session for %q at %s by %s", claim.Origin, claim.Node, signed.Signer())
	}
	if off := c.Now().Sub(f.now()); off.Abs() > 5*time.Second {
		t.Errorf("the client's time is off by %v", off)
	}
}

func TestRefusalsForGood(t *testing.T) {
	for _, r := range []reason.Reason{
		reason.RoomReplaced, reason.RoomRemoved, reason.RoomUnknown, reason.RoomEnded, reason.MemberUnknown,
	} {
		t.Run(string(r), func(t *testing.T) {
			f := newFaulty(t)
			s, conn := f.entered()
			f.send(conn, refusedEvent(r))
			select {
			case <-s.Done():
			case <-time.After(10 * time.Second):
				t.Fatal("goes on")
			}
			if !client.Refused(s.Err(), r) {
				t.Errorf("ended with %v", s.Err())
			}
			ctx, cancel := contextFor(t)
			defer cancel()
			if _, err := s.Wait(ctx, func(client.State) bool { return false }); !errors.Is(err, client.ErrEnded) || !client.Refused(err, r) {
				t.Errorf("waiting ends with %v", err)
			}
		})
	}
}

func TestEndOfTheRoom(t *testing.T) {
	f := newFaulty(t)
	s, conn := f.entered()
	f.send(conn, api.Ended{Head: api.Head{Type: api.EventEnded, N: 11}, Why: "empty"})
	<-s.Done()
	if state := s.State(); s.Err() != nil || state.Ended == nil || state.Ended.Why != "empty" || s.Connected() {
		t.Errorf("%v; %+v", s.Err(), state)
	}
}

func TestRefusedUpgradeIsAProblem(t *testing.T) {
	f := newFaulty(t)
	f.refuse = reason.OriginDenied
	_, err := client.New(f.url, identity.Generate(), client.Options{}).Enter(t.Context(), statement.ID{7})
	if !client.Refused(err, reason.OriginDenied) {
		t.Error(err)
	}
}

func TestCloseWhileNobodyReads(t *testing.T) {
	f := newFaulty(t)
	s, conn := f.entered()
	s.Events() // claimed, but never read
	go func() {
		for n := range int64(400) {
			if conn.Write(t.Context(), 1, []byte(audienceText(n+11))) != nil {
				return
			}
		}
	}()
	until(t, s, "the queue is full", func(s client.State) bool { return s.N >= 10+250 })
	s.Close()
	s.Close()
	if s.Err() != nil {
		t.Error(s.Err())
	}
}

func TestOnlyTheLatestEventsWithoutAReader(t *testing.T) {
	f := newFaulty(t)
	s, conn := f.entered()
	for n := range int64(1000) {
		f.send(conn, audience(n+11, int(n)))
	}
	until(t, s, "all are taken in", func(s client.State) bool { return s.N == 1010 })
	s.Close()
	var last, count int64
	for e := range s.Events() {
		count++
		last = e.Header().N
	}
	if last != 1010 || count != 256 {
		t.Errorf("%d events kept, up to %d", count, last)
	}
}

func TestCloseWhileReconnecting(t *testing.T) {
	f := newFaulty(t)
	s, conn := f.entered()
	f.mu.Lock()
	f.refuse = reason.Internal
	f.mu.Unlock()
	f.drop(conn)
	until(t, s, "it reconnects", func(client.State) bool { return !s.Connected() })
	s.Close()
	if err := s.Leave(t.Context()); err != nil || s.Err() != nil {
		t.Errorf("%v, %v", err, s.Err())
	}
}

func TestNoAddress(t *testing.T) {
	c := client.New("cafe.example", identity.Generate(), client.Options{})
	if _, err := c.Me(t.Context()); err == nil {
		t.Error("Me succeeds without an address")
	}
	if _, err := c.Enter(t.Context(), statement.ID{}); err == nil {
		t.Error("Enter succeeds without an address")
	}
}
