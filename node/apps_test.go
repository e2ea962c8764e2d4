package node_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// TestAProgramSpeaks: a WHIP POST unmutes, takes the place of the page's microphone, and its end mutes.
func TestAProgramSpeaks(t *testing.T) {
	p := newPorch(t)
	ctx := t.Context()
	whip := speaks(t, p.leo)
	p.muted(t, false)
	p.hears(t, "the program")

	page := connect(t, p.leo) // the page's own microphone is not heard beside the program
	talk(t, page)
	before := p.ear.Slots()
	p.hears(t, "the program, with the page beside it")
	speaking := 0
	for i, s := range p.ear.Slots() {
		if s.Packets > before[i].Packets {
			speaking++
		}
	}
	if speaking != 1 {
		t.Errorf("Léo is heard in %d slots", speaking)
	}
	if list, err := p.leo.Client().Apps(ctx, p.leo.Room()); err != nil || len(list) != 1 || !list[0].Connected || list[0].ID != whip.id {
		t.Errorf("the list of apps is %+v, %v", list, err)
	}

	if got := whip.end(); got != http.StatusOK {
		t.Errorf("DELETE: %d", got)
	}
	p.muted(t, true)
	p.hearsNothing(t, "after the program's end, while the page still sends")
	if err := p.leo.Unmute(ctx); err != nil {
		t.Fatal(err)
	}
	p.hears(t, "the page")
}

// TestAProgramDoesNotUnmute what a moderator has muted, nor who is not on the stage.
func TestAProgramDoesNotUnmute(t *testing.T) {
	p := newPorch(t)
	ctx := t.Context()
	whip := speaks(t, p.leo)
	p.hears(t, "the program")
	if err := p.ana.Mute(ctx, p.leo.Client().Key()); err != nil {
		t.Fatal(err)
	}
	p.hearsNothing(t, "after a moderator's mute")
	again := whip.again()
	if status, code := again.post(0); status != http.StatusForbidden || code != string(reason.RoomHushed) {
		t.Errorf("a new connection after a moderator's mute: %d %s", status, code)
	}
	p.hearsNothing(t, "after a new connection was refused")
	if err := p.leo.Unmute(ctx); err != nil {
		t.Fatal(err)
	}
	p.hears(t, "the program, once Léo has unmuted himself")

	if err := p.ana.Move(ctx, p.leo.Client().Key()); err != nil {
		t.Fatal(err)
	}
	p.hearsNothing(t, "in the audience")
	if status, code := whip.again().post(0); status != http.StatusForbidden || code != string(reason.RoomRole) {
		t.Errorf("speaking from the audience: %d %s", status, code)
	}
	p.hearsNothing(t, "after a connection from the audience was refused")
}

// TestAProgramListens, with as many slots as it offers lines, and without the page.
func TestAProgramListens(t *testing.T) {
	p := newPorch(t)
	ctx := t.Context()
	speaks(t, p.leo)
	mina := p.node.Enter(ctx, p.node.Join(ctx, p.ana.Client(), "Mina"), p.ana.Room())
	key := mina.Client().Key()
	one, all := listens(t, mina, 1), listens(t, mina, 5)
	for _, listens := range []*program{one, all} {
		eventually(t, "the program hears", func() bool { return listens.heard.Load() > 10 })
	}
	if n := strings.Count(all.pc.RemoteDescription().SDP, "a=sendonly"); n != 3 {
		t.Errorf("a program that offers five lines got %d", n)
	}

	until(t, p.ana, "in the audience", func(s api.State) bool { return s.Audience.Count == 1 }) // it is said once a second
	mina.Close()                                                                                // the page
	gone := func(s api.State) bool { return s.Audience.Count == 0 }
	short, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	if _, err := p.ana.Wait(short, gone); err == nil {
		t.Fatal("who listens by a program left with the page")
	}
	before := one.heard.Load()
	eventually(t, "the program hears on", func() bool { return one.heard.Load() > before+10 })
	one.end()
	all.end()
	until(t, p.ana, "gone with the last program", gone)
	if _, ok := p.ana.State().OnStage(key); ok {
		t.Error("on the stage?")
	}
	one.again().connect(1) // and back, without the page
	until(t, p.ana, "back by a program alone", func(s api.State) bool { return s.Audience.Count == 1 })
}

// TestAProgramHoldsThePlace on the stage, without the page, and is not interrupted when the page comes back.
func TestAProgramHoldsThePlace(t *testing.T) {
	p := newPorch(t)
	ctx := t.Context()
	whip := speaks(t, p.leo)
	p.hears(t, "the program")
	p.leo.Close()
	p.hears(t, "the program, without the page")
	if who, _ := p.ana.State().OnStage(p.leo.Client().Key()); !who.Connected || who.Muted {
		t.Errorf("without the page Léo is %+v", who)
	}
	again, err := p.leo.Client().Enter(ctx, p.leo.Room())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(again.Close)
	p.hears(t, "the program, with the page again")
	if who, _ := again.State().Self(); who.Muted {
		t.Error("the page's coming back muted the program")
	}
	if err := again.Client().RevokeApp(ctx, again.Room(), whip.id); err != nil {
		t.Fatal(err)
	}
	p.muted(t, true)
	p.hearsNothing(t, "after the token was revoked")
	if status, code := whip.again().post(0); status != http.StatusUnauthorized || code != string(reason.AppToken) {
		t.Errorf("a revoked token: %d %s", status, code)
	}
}

// TestTokensEnd with leaving, with the session that made them, and with the room.
func TestTokensEnd(t *testing.T) {
	p := newPorch(t)
	ctx := t.Context()
	dead := func(why string, whip *program, status int) {
		t.Helper()
		if got, code := whip.again().post(0); got != status {
			t.Errorf("after %s the token is answered with %d %s, not %d", why, got, code, status)
		}
	}
	whip := app(t, p.leo, api.DirectionSpeak)
	if err := p.leo.Leave(ctx); err != nil {
		t.Fatal(err)
	}
	p.leo = p.node.Enter(ctx, p.leo.Client(), p.leo.Room())
	bringOnStage(t, p.ana, p.leo)
	dead("leaving", whip, http.StatusUnauthorized)

	whip = speaks(t, p.leo)
	p.hears(t, "the program")
	if err := p.leo.Client().SignOut(ctx); err != nil {
		t.Fatal(err)
	}
	p.hearsNothing(t, "after signing out")
	dead("signing out", whip, http.StatusUnauthorized)

	whip = app(t, p.ana, api.DirectionSpeak)
	whip.connect(0)
	if err := p.ana.End(ctx); err != nil {
		t.Fatal(err)
	}
	dead("the end", whip, http.StatusGone)
}

// TestTokensAreNarrow: one member, one room, one direction, and few of them.
func TestTokensAreNarrow(t *testing.T) {
	p := newPorch(t)
	ctx := t.Context()
	other, err := p.ana.Client().CreateRoom(ctx, "In the yard", nil, "en")
	if err != nil {
		t.Fatal(err)
	}
	whip := app(t, p.leo, api.DirectionSpeak)
	whep := app(t, p.leo, api.DirectionListen)
	refused := func(what string, p *program, url string, lines, status int, code reason.Reason) {
		t.Helper()
		q := p.again()
		q.url = url
		if got, why := q.post(lines); got != status || why != string(code) {
			t.Errorf("%s: %d %s, want %d %s", what, got, why, status, code)
		}
	}
	base := p.node.URL()
	refused("another room", whip, base+"/whip/"+other.ID.String(), 0, 401, reason.AppToken)
	refused("no room", whip, base+"/whip/"+(statement.ID{1}).String(), 0, 404, reason.RoomUnknown)
	refused("no id", whip, base+"/whip/porch", 0, 404, reason.RoomUnknown)
	refused("to speak by a token to listen", whep, whip.url, 0, 403, reason.AppDirection)
	refused("to listen by a token to speak", whip, whep.url, 1, 403, reason.AppDirection)
	refused("to speak without sending", whip, whip.url, 1, 400, reason.MediaNoAudio)
	refused("to listen without receiving", whep, whep.url, 0, 400, reason.MediaNoAudio)
	session := whip.again()
	session.token = "a-session-is-no-app"
	refused("a token that is none", session, whip.url, 0, 401, reason.AppToken)

	whip.connect(0)
	anas := app(t, p.ana, api.DirectionSpeak)
	res, body := anas.ask(http.MethodDelete, base+whip.location, "", nil)
	if res.StatusCode != http.StatusNotFound {
		t.Errorf("DELETE by another's token: %d %s", res.StatusCode, body)
	}
	// The same token twice: the later connection takes the place of the earlier.
	second := whip.again()
	second.connect(0)
	if got := whip.end(); got != http.StatusNotFound {
		t.Errorf("DELETE of a connection that was replaced: %d", got)
	}
	second.talk()
	p.hears(t, "the second connection")

	for range 2 {
		app(t, p.leo, api.DirectionListen)
	}
	if _, err := p.leo.Client().CreateApp(ctx, p.leo.Room(), api.DirectionListen); !client.Refused(err, reason.AppLimit) {
		t.Errorf("a fifth app: %v", err)
	}
	bare := signIn(t, p.node, person{p.leoKey})
	if got := bare.post(t, "/rooms/"+p.leo.Room().String()+"/apps", api.CreateApp{Direction: api.DirectionSpeak}); got != reason.AppLend {
		t.Errorf("a token to speak, and no lend: %s", got)
	}
	stranger := p.node.Join(ctx, p.ana.Client(), "Mina")
	if _, err := stranger.CreateApp(ctx, p.leo.Room(), api.DirectionListen); !client.Refused(err, reason.RoomNotHere) {
		t.Errorf("a token for who is not in the room: %v", err)
	}
}
