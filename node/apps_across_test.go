package node_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
)

// TestProgramsAcrossNodes: tokens are of the member's own node, wherever the room is. One community on two nodes, a room
// at the first; Léo is there by way of the second.
func TestProgramsAcrossNodes(t *testing.T) {
	ctx := t.Context()
	first, second, founder := newPair(t)
	link, err := founder.CreateInvite(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	key := identity.Generate()
	there := client.New(second.URL(), key, client.Options{})
	soon(t, "the invite at the second node", func() bool {
		_, err := there.PreviewInvite(ctx, link.ID)
		return err == nil
	})
	if _, err := there.Join(ctx, link.String(), "Léo"); err != nil {
		t.Fatal(err)
	}
	room, err := founder.CreateRoom(ctx, "Both", nil, "en")
	if err != nil {
		t.Fatal(err)
	}
	shown(t, there, room.ID, true)
	ana, leo := first.Enter(ctx, founder, room.ID), second.Enter(ctx, there, room.ID)
	who := there.Key()
	bringOnStage(t, ana, leo)
	ear := connect(t, ana)
	muted := func(what string, want bool) {
		t.Helper()
		until(t, ana, what, func(s api.State) bool {
			p, ok := s.OnStage(who)
			return ok && p.Muted == want
		})
	}

	whip, _ := app(t, second.URL(), leo, api.DirectionSpeak)
	whip.connect(0)
	whip.talk()
	muted("unmuted by the program", false)
	hears(t, ear, "of the program at the host")
	whep, _ := app(t, second.URL(), leo, api.DirectionListen)
	whep.connect(3)
	anas, _ := app(t, first.URL(), ana, api.DirectionSpeak)
	anas.connect(0)
	anas.talk()
	soon(t, "the program hears Ana", func() bool { return whep.heard.Load() > 10 })

	if err := ana.Mute(ctx, who); err != nil {
		t.Fatal(err)
	}
	deaf(t, ear, "after a moderator's mute")
	if status, code := whip.again().post(0); status != http.StatusForbidden || code != string(reason.RoomHushed) {
		t.Errorf("a program after a moderator's mute: %d %s", status, code)
	}
	if err := leo.Unmute(ctx); err != nil {
		t.Fatal(err)
	}
	whip = whip.again()
	whip.connect(0)
	whip.talk()
	hears(t, ear, "after Léo has unmuted himself")

	leo.Close() // the page
	hears(t, ear, "without the page")
	again := second.Enter(ctx, there, room.ID)
	hears(t, ear, "with the page again")
	muted("not muted by the page", false)
	whip.end()
	muted("muted with the program's end", true)
	deaf(t, ear, "after the program's end")
	whip = whip.again()
	whip.connect(0)
	whip.talk()
	hears(t, ear, "once more")

	if err := ana.Remove(ctx, who, 0, "Shouting"); err != nil {
		t.Fatal(err)
	}
	deaf(t, ear, "after the removal")
	<-again.Done()
	before := whep.heard.Load()
	time.Sleep(500 * time.Millisecond) //nolint:forbidigo // 25 packets would have come
	if n := whep.heard.Load() - before; n > 0 {
		t.Errorf("the removed member's program heard %d packets more", n)
	}
	for _, old := range []*program{whip, whep} {
		if status, code := old.again().post(1); status != http.StatusUnauthorized || code != string(reason.AppToken) {
			t.Errorf("an old token at the home: %d %s", status, code)
		}
	}
	if _, err := there.CreateApp(ctx, room.ID, api.DirectionListen); err == nil {
		t.Error("a new token at the home")
	}
	if _, err := there.Enter(ctx, room.ID); !client.Refused(err, reason.RoomRemoved) {
		t.Errorf("the removed member enters by their home: %v", err)
	}
	// The other node of the community as home: the room's host itself.
	here := client.New(first.URL(), key, client.Options{})
	if _, err := here.Enter(ctx, room.ID); !client.Refused(err, reason.RoomRemoved) {
		t.Errorf("the removed member enters at the host: %v", err)
	}
	if _, err := here.CreateApp(ctx, room.ID, api.DirectionSpeak); !client.Refused(err, reason.RoomRemoved) {
		t.Errorf("the removed member's token at the host: %v", err)
	}
	deaf(t, ear, "after all attempts")
}

// TestAProgramAndANewHost: whoever is in the room by their page and speaks by a program is muted when the host is lost,
// and only they themselves unmute at the new one; then the program is heard over its old connection.
func TestAProgramAndANewHost(t *testing.T) {
	ctx := t.Context()
	s := newSquare(t)
	shown(t, s.bea, s.room.ID, true)
	shown(t, s.cleo, s.room.ID, true)
	ana := s.a.Enter(ctx, s.ana, s.room.ID)
	bea, cleo := s.b.Enter(ctx, s.bea, s.room.ID), s.c.Enter(ctx, s.cleo, s.room.ID)
	bringOnStage(t, ana, bea)
	ear := connect(t, cleo)
	whip, _ := app(t, s.b.URL(), bea, api.DirectionSpeak)
	whip.connect(0)
	whip.talk()
	hears(t, ear, "of the program")
	time.Sleep(4 * time.Second) //nolint:forbidigo // until B and C follow the log of A, and are in line; nothing shows it
	s.a.Stop()
	moved := func(st api.State) bool {
		p, ok := st.OnStage(s.bea.Key())
		return ok && p.Muted && st.Room.Epoch > 1
	}
	until(t, bea, "muted at the new host", moved)
	until(t, cleo, "muted at the new host, as seen by another", moved)
	if status, code := whip.again().post(0); status != http.StatusForbidden || code != string(reason.RoomHushed) {
		t.Errorf("a program at the new host: %d %s", status, code)
	}
	deaf(t, ear, "before Bea has unmuted herself")
	if err := bea.Unmute(ctx); err != nil {
		t.Fatal(err)
	}
	hears(t, ear, "at the new host")
}
