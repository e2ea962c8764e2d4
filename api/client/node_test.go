package client_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/node/nodetest"
	"github.com/stoa-rooms/stoa/reason"
)

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
	n := nodetest.New(t)
	stranger := n.Client()
	_, err := stranger.Me(ctx)
	refused(t, err, reason.FoundedNot)
	_, err = stranger.CreateRoom(ctx, "Too early", nil, "en")
	refused(t, err, reason.FoundedNot)

	founder := n.Found(ctx)
	_, err = stranger.Found(ctx, n.Owner, "Another", "Eve")
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

	leo := n.Client()
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
	n := nodetest.New(t)
	ana := n.Found(ctx)
	leo := n.Join(ctx, ana, "Léo")
	room, err := ana.CreateRoom(ctx, "Evening talk", []string{"music"}, "en")
	ok(t, err)
	rooms, err := leo.Rooms(ctx)
	ok(t, err)
	if len(rooms) != 1 || rooms[0].ID != room.ID || rooms[0].Title != "Evening talk" {
		t.Errorf("rooms: %+v", rooms)
	}
	host := n.Enter(ctx, ana, room.ID)
	guest := n.Enter(ctx, leo, room.ID)
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

	ok(t, host.Remove(ctx, leo.Key(), 0, "spam"))
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
	n := nodetest.New(t)
	ana := n.Found(ctx)
	leo := n.Join(ctx, ana, "Léo")
	room, err := ana.CreateRoom(ctx, "Evening talk", nil, "en")
	ok(t, err)
	host := n.Enter(ctx, ana, room.ID)
	guest := n.Enter(ctx, leo, room.ID)
	until(t, host, "Léo listens", func(s client.State) bool { return s.Audience.Count == 1 })
	ok(t, guest.Leave(ctx))
	ok(t, guest.Leave(ctx))
	if guest.Err() != nil {
		t.Error(guest.Err())
	}
	until(t, host, "Léo has left", func(s client.State) bool { return s.Audience.Count == 0 })

	again := n.Enter(ctx, ana, room.ID)
	<-host.Done()
	refused(t, host.Err(), reason.RoomReplaced)
	ok(t, again.Unmute(ctx))
	again.Close()
	back := n.Enter(ctx, ana, room.ID)
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
	n := nodetest.New(t)
	ana := n.Found(ctx)
	leo := n.Join(ctx, ana, "Léo")
	room, err := ana.CreateRoom(ctx, "Evening talk", nil, "en")
	ok(t, err)
	host := n.Enter(ctx, ana, room.ID)
	guest := n.Enter(ctx, leo, room.ID)
	ok(t, host.OfferStage(ctx, leo.Key()))
	ok(t, guest.AcceptOffer(ctx))
	ok(t, guest.Unmute(ctx))
	ok(t, host.Unmute(ctx))
	until(t, guest, "all are unmuted", func(s client.State) bool {
		return len(s.Stage) == 2 && !s.Stage[0].Muted && !s.Stage[1].Muted
	})
	run := host.State().Run

	n.Stop()
	n.Start()

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
