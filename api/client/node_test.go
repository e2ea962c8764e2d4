package client_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/node"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// running is a real node in this process.
type running struct {
	t     *testing.T
	data  string
	http  string // host:port; kept over restarts
	owner string // the owner link; "" once the node has a community
	stop  func()
}

func startNode(t *testing.T) *running {
	t.Helper()
	n := &running{t: t, data: filepath.Join(t.TempDir(), "data"), http: "127.0.0.1:0"}
	n.start()
	t.Cleanup(func() { n.stop() })
	return n
}

// start runs the node and waits until it answers.
func (n *running) start() {
	n.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out, lines := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := node.Run(ctx, node.Config{
			Data: n.data, HTTP: n.http, Media: "127.0.0.1:0", P2P: []string{"/ip4/127.0.0.1/tcp/0"}, Out: lines,
			Log: slog.New(slog.NewTextHandler(n.t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
		})
		_ = lines.CloseWithError(errors.Join(err, io.EOF))
		done <- err
	}()
	n.stop = func() {
		cancel()
		if err := <-done; err != nil {
			n.t.Error(err)
		}
		n.stop = func() {}
	}
	n.owner = ""
	scan := bufio.NewScanner(out)
	for scan.Scan() {
		name, value, _ := strings.Cut(scan.Text(), " ")
		switch name {
		case "web":
			n.http = strings.TrimPrefix(value, "http://")
		case "owner":
			n.owner = value
		case "p2p":
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return
		}
	}
	n.t.Fatalf("the node does not start: %v", scan.Err())
}

func (n *running) url() string { return "http://" + n.http }

func (n *running) client() *client.Client {
	return client.New(n.url(), identity.Generate(), client.Options{})
}

// found founds the community.
func (n *running) found(ctx context.Context) *client.Client {
	n.t.Helper()
	founder := n.client()
	if _, err := founder.Found(ctx, n.owner, "Café", "Ana"); err != nil {
		n.t.Fatal(err)
	}
	return founder
}

// join brings somebody in by an invite of a member's.
func (n *running) join(ctx context.Context, by *client.Client, name string) *client.Client {
	n.t.Helper()
	link, err := by.CreateInvite(ctx, 0)
	if err != nil {
		n.t.Fatal(err)
	}
	c := n.client()
	if _, err := c.Join(ctx, link.String(), name); err != nil {
		n.t.Fatal(err)
	}
	return c
}

func (n *running) enter(ctx context.Context, c *client.Client, room statement.ID) *client.RoomSession {
	n.t.Helper()
	s, err := c.Enter(ctx, room)
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(s.Close)
	return s
}

// ok fails the test on an error.
func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func refused(t *testing.T, err error, why reason.Reason) {
	t.Helper()
	var p *api.Problem
	if !errors.As(err, &p) || p.Code != string(why) {
		t.Errorf("%v, want %s", err, why)
	}
}

func TestFoundingAndInviting(t *testing.T) {
	ctx := t.Context()
	n := startNode(t)
	stranger := n.client()
	_, err := stranger.Me(ctx)
	refused(t, err, reason.FoundedNot)
	_, err = stranger.CreateRoom(ctx, "Too early", nil, "en")
	refused(t, err, reason.FoundedNot)

	founder := n.found(ctx)
	_, err = stranger.Found(ctx, n.owner, "Another", "Eve")
	if err == nil {
		t.Error("founded twice")
	}
	me, err := founder.Me(ctx)
	ok(t, err)
	if !me.Founder || me.Member.Name != "Ana" || me.Left != 2 || me.Member.Key != founder.Key() {
		t.Errorf("the founder: %+v", me)
	}
	_, err = stranger.Me(ctx)
	refused(t, err, reason.MemberUnknown)

	link, err := founder.CreateInvite(ctx, time.Hour)
	ok(t, err)
	preview, err := stranger.PreviewInvite(ctx, link.ID)
	ok(t, err)
	if preview.Sponsor.Name != "Ana" || preview.Community.Name != "Café" {
		t.Errorf("preview: %+v", preview)
	}
	forged := link
	forged.Seed[0] ^= 1
	_, err = stranger.Join(ctx, forged.String(), "Eve")
	refused(t, err, reason.InviteForged)

	leo := n.client()
	member, err := leo.Join(ctx, link.String(), "Léo")
	ok(t, err)
	if member.Name != "Léo" || member.Key != leo.Key() {
		t.Errorf("joined as %+v", member)
	}
	_, err = stranger.Join(ctx, link.String(), "Eve")
	refused(t, err, reason.InviteUsed)

	second, err := founder.CreateInvite(ctx, 0)
	ok(t, err)
	_, err = founder.CreateInvite(ctx, 0)
	refused(t, err, reason.InviteNone)
	revoked, err := founder.RevokeInvite(ctx, second.ID)
	ok(t, err)
	if revoked.State != api.InviteRevoked {
		t.Errorf("revoked: %+v", revoked)
	}
	_, err = stranger.Join(ctx, second.String(), "Eve")
	refused(t, err, reason.InviteRevoked)
	invites, err := founder.Invites(ctx)
	ok(t, err)
	if invites.Left != 1 || len(invites.Invites) != 2 {
		t.Errorf("invites: %+v", invites)
	}
	ok(t, founder.SignOut(ctx))
	if _, err := founder.Me(ctx); err != nil {
		t.Errorf("after signing out: %v", err)
	}
}

func TestStage(t *testing.T) {
	ctx := t.Context()
	n := startNode(t)
	ana := n.found(ctx)
	leo := n.join(ctx, ana, "Léo")
	room, err := ana.CreateRoom(ctx, "Evening talk", []string{"music"}, "en")
	ok(t, err)
	rooms, err := leo.Rooms(ctx)
	ok(t, err)
	if len(rooms) != 1 || rooms[0].ID != room.ID || rooms[0].Title != "Evening talk" {
		t.Errorf("rooms: %+v", rooms)
	}
	host := n.enter(ctx, ana, room.ID)
	guest := n.enter(ctx, leo, room.ID)
	if host.State().Role() != api.RoleModerator || guest.State().Role() != api.RoleListener {
		t.Errorf("roles: %s, %s", host.State().Role(), guest.State().Role())
	}
	until(t, host, "Léo listens", func(s client.State) bool { return s.Audience.Count == 1 })
	audience, err := ana.Audience(ctx, room.ID, 0, 10)
	ok(t, err)
	if audience.Count != 1 || audience.People[0].Name != "Léo" {
		t.Errorf("audience: %+v", audience)
	}

	refused(t, guest.Unmute(ctx), reason.RoomRole)
	refused(t, guest.Mute(ctx, ana.Key()), reason.RoomRole)
	ok(t, guest.RaiseHand(ctx, "May I?"))
	ok(t, guest.RaiseHand(ctx, "May I?"))
	state := until(t, host, "a hand is up", func(s client.State) bool { return len(s.Hands) == 1 })
	if state.Hands[0].Question != "May I?" || state.Hands[0].Name != "Léo" {
		t.Errorf("the queue: %+v", state.Hands)
	}
	until(t, guest, "the own hand is up", func(s client.State) bool { return s.HandPosition() == 1 })
	ok(t, host.OfferStage(ctx, leo.Key()))
	until(t, guest, "the stage is offered", func(s client.State) bool { _, is := s.Offered(); return is })
	ok(t, guest.DeclineOffer(ctx))
	refused(t, guest.AcceptOffer(ctx), reason.RoomOfferExpired)
	ok(t, host.OfferStage(ctx, leo.Key()))
	ok(t, guest.AcceptOffer(ctx))
	muted := func(want bool) func(client.State) bool {
		return func(s client.State) bool { p, is := s.OnStage(leo.Key()); return is && p.Muted == want }
	}
	until(t, host, "Léo is on the stage, muted", muted(true))
	ok(t, guest.Unmute(ctx))
	until(t, host, "Léo is unmuted", muted(false))
	ok(t, host.Mute(ctx, leo.Key()))
	until(t, guest, "Léo is muted", muted(true))
	refused(t, host.Mute(ctx, ana.Key()), reason.RoomRank)
	ok(t, host.Appoint(ctx, leo.Key()))
	until(t, guest, "Léo moderates", func(s client.State) bool { return s.Role() == api.RoleModerator })
	ok(t, host.Withdraw(ctx, leo.Key()))
	until(t, guest, "Léo speaks", func(s client.State) bool { return s.Role() == api.RoleSpeaker })
	ok(t, host.Move(ctx, leo.Key()))
	until(t, guest, "Léo listens", func(s client.State) bool { return s.Role() == api.RoleListener })
	ok(t, guest.RaiseHand(ctx, ""))
	ok(t, host.DismissHand(ctx, leo.Key()))
	until(t, guest, "the hand is down", func(s client.State) bool { return len(s.Hands) == 0 && s.N > 0 && s.HandPosition() == 0 })

	ok(t, host.Remove(ctx, leo.Key()))
	<-guest.Done()
	refused(t, guest.Err(), reason.RoomRemoved)
	_, err = leo.Enter(ctx, room.ID)
	refused(t, err, reason.RoomRemoved)

	ok(t, host.End(ctx))
	<-host.Done()
	if ended := host.State().Ended; ended == nil || ended.Why != "moderator" || host.Err() != nil {
		t.Errorf("ended: %+v, %v", ended, host.Err())
	}
	var last api.Event
	for e := range host.Events() {
		last = e
	}
	if _, is := last.(api.Ended); !is {
		t.Errorf("the last event is %T", last)
	}
}

func TestLeavingAndComingBack(t *testing.T) {
	ctx := t.Context()
	n := startNode(t)
	ana := n.found(ctx)
	leo := n.join(ctx, ana, "Léo")
	room, err := ana.CreateRoom(ctx, "Evening talk", nil, "en")
	ok(t, err)
	host := n.enter(ctx, ana, room.ID)
	guest := n.enter(ctx, leo, room.ID)
	until(t, host, "Léo listens", func(s client.State) bool { return s.Audience.Count == 1 })
	ok(t, guest.Leave(ctx))
	ok(t, guest.Leave(ctx))
	if guest.Err() != nil {
		t.Error(guest.Err())
	}
	until(t, host, "Léo has left", func(s client.State) bool { return s.Audience.Count == 0 })

	again := n.enter(ctx, ana, room.ID)
	<-host.Done()
	refused(t, host.Err(), reason.RoomReplaced)
	ok(t, again.Unmute(ctx))
	again.Close()
	back := n.enter(ctx, ana, room.ID)
	if self, is := back.State().Self(); !is || !self.Muted || self.Role != api.RoleModerator {
		t.Errorf("back as %+v", self)
	}
	back.Close()
	if back.Connected() || back.Err() != nil {
		t.Errorf("closed, but %v", back.Err())
	}
}

func TestRestart(t *testing.T) {
	ctx := t.Context()
	n := startNode(t)
	ana := n.found(ctx)
	leo := n.join(ctx, ana, "Léo")
	room, err := ana.CreateRoom(ctx, "Evening talk", nil, "en")
	ok(t, err)
	host := n.enter(ctx, ana, room.ID)
	guest := n.enter(ctx, leo, room.ID)
	ok(t, host.OfferStage(ctx, leo.Key()))
	ok(t, guest.AcceptOffer(ctx))
	ok(t, guest.Unmute(ctx))
	ok(t, host.Unmute(ctx))
	until(t, guest, "all are unmuted", func(s client.State) bool {
		return len(s.Stage) == 2 && !s.Stage[0].Muted && !s.Stage[1].Muted
	})
	run := host.State().Run

	n.stop()
	n.start()

	for name, s := range map[string]*client.RoomSession{"host": host, "guest": guest} {
		state := until(t, s, name+" is back", func(s client.State) bool {
			return s.Run != run && len(s.Stage) == 2 && s.Stage[0].Connected && s.Stage[1].Connected
		})
		if state.Stage[0].Key != ana.Key() || state.Stage[0].Role != api.RoleModerator || state.Stage[1].Role != api.RoleSpeaker {
			t.Errorf("%s: the stage is %+v", name, state.Stage)
		}
		if !state.Stage[0].Muted || !state.Stage[1].Muted {
			t.Errorf("%s: unmuted after a restart", name)
		}
	}
	ok(t, host.Unmute(ctx))
	until(t, guest, "the host is heard again", func(s client.State) bool { return !s.Stage[0].Muted })
}
