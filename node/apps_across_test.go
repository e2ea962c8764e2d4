package node_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/reason"
)

// TestProgramsAcrossNodes: tokens are of the member's own node, wherever the room is.
func TestProgramsAcrossNodes(t *testing.T) {
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
