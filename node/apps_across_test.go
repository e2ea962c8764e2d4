package node_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/reason"
)

// TestProgramsAcrossNodes: tokens are of the member's own node, wherever the room is.
func TestProgramsAcrossNodes(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	p := newPorchAcross(t)
	whip := speaks(t, p.leo)
	p.muted(t, false)
	p.hears(t, "the program, at the host")
	whep := listens(t, p.leo, 3)
	speaks(t, p.ana)
	soon(t, "the program hears Ana", func() bool { return whep.heard.Load() > 10 })

	if err := p.ana.Mute(ctx, p.leoKey.Public()); err != nil {
		t.Fatal(err)
	}
	deaf(t, p.ear, "after a moderator's mute")
	if status, code := whip.again().post(0); status != http.StatusForbidden || code != string(reason.RoomHushed) {
		t.Errorf("a program after a moderator's mute: %d %s", status, code)
	}
	if err := p.leo.Unmute(ctx); err != nil {
		t.Fatal(err)
	}
	whip = whip.again()
	whip.connect(0)
	whip.talk()
	p.hears(t, "after Léo has unmuted himself")

	p.leo.Close() // the page
	p.hears(t, "without the page")
	p.home.Enter(ctx, p.leo.Client(), p.leo.Room())
	p.hears(t, "with the page again")
	p.muted(t, false) // by the page's coming back
	whip.end()
	p.muted(t, true)
	deaf(t, p.ear, "after the program's end")
	whip = whip.again()
	whip.connect(0)
	whip.talk()
	p.hears(t, "once more")
}

// TestListeningByAProgramAloneAcrossNodes: whoever is in a room of another node by a program and nothing else is shown
// everywhere as if they had their page open, until the program ends, dies, or cannot stay because the link was lost.
func TestListeningByAProgramAloneAcrossNodes(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	p := newPorchAcross(t)
	room := p.ana.Room()
	mina := p.home.Client()
	p.bring(t, mina, "Mina")
	speaks(t, p.ana)
	shownAs := func(what string, there bool) {
		t.Helper()
		for _, seen := range []*client.RoomSession{p.ana, p.leo} { // at the host, and at Mina's home
			until(t, seen, what, func(s api.State) bool {
				return there && s.Audience.Count == 1 && s.Audience.People[0].Key == mina.Key() && s.Audience.People[0].Name == "Mina" ||
					!there && s.Audience.Count == 0 && len(s.Audience.People) == 0
			})
			soon(t, what+", in the hallway", func() bool {
				r, err := seen.Client().Room(t.Context(), room)
				return err == nil && (r.Listening == 1) == there
			})
		}
	}
	alone := func() *program { // with a socket of its own, which can be lost
		page := p.home.Enter(t.Context(), mina, room)
		whep := app(t, page, api.DirectionListen)
		whep.socket = newStubborn(t)
		whep.connect(1)
		page.Close()
		eventually(t, "the program hears Ana", func() bool { return whep.heard.Load() > 10 })
		return whep
	}

	whep := alone()
	shownAs("here by a program", true)
	short, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	if _, err := p.ana.Wait(short, func(s api.State) bool { return s.Audience.Count == 0 }); err == nil {
		t.Fatal("Mina left with her page")
	}
	before := whep.heard.Load()
	eventually(t, "the program hears on", func() bool { return whep.heard.Load() > before+10 })
	whep.end()
	shownAs("gone with the program", false)
	if status, code := whep.again().post(1); status != http.StatusConflict || code != string(reason.RoomNotHere) {
		t.Errorf("back without the page: %d %s", status, code)
	}

	whep = alone()
	shownAs("here by another program", true)
	if err := whep.socket.Close(); err != nil {
		t.Fatal(err)
	}
	shownAs("gone when the program died", false) // after 30 s without its consent (RFC 7675)

	whep = alone()
	shownAs("here once more", true)
	p.node.Stop()
	p.node.Start()
	p.ana.Close()
	p.ana = p.node.Enter(ctx, p.founder, room)
	if err := p.ana.Unmute(ctx); err != nil { // everybody comes back muted, and a program could not change it
		t.Fatal(err)
	}
	speaks(t, p.ana)
	hears(t, connect(t, p.leo), "of Ana, by Léo who came back by himself")
	if n := in500ms(func() uint64 { return uint64(whep.heard.Load()) }); n > 0 {
		t.Errorf("the program hears %d packets, and nobody sees that Mina listens", n)
	}
	<-whep.socket.over
	shownAs("gone with the link", false)
	p.home.Enter(ctx, mina, room)
	again := whep.again()
	again.connect(1)
	shownAs("back, with the token of before", true)
}

// TestAProgramAndANewHost: whoever is in the room by their page and speaks by a program is muted when the host is lost,
// and only they themselves unmute at the new one; then the program is heard over its old connection.
func TestAProgramAndANewHost(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := newSquare(t)
	shown(t, s.bea, s.room.ID, true)
	shown(t, s.cleo, s.room.ID, true)
	ana := s.a.Enter(ctx, s.ana, s.room.ID)
	bea, cleo := s.b.Enter(ctx, s.bea, s.room.ID), s.c.Enter(ctx, s.cleo, s.room.ID)
	bringOnStage(t, ana, bea)
	ear := connect(t, cleo)
	whip := app(t, bea, api.DirectionSpeak)
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
