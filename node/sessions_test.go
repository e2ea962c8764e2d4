package node_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/reason"
)

// TestSigningOutElsewhere ends the session of another device, in which Léo is in a room and lets a program speak: the
// program is silent, both its token and its WebSocket are dead, and the device does not come back by itself.
func TestSigningOutElsewhere(t *testing.T) {
	p := newPorch(t)
	ctx := t.Context()
	device := p.leo.Client()
	whip := app(t, p.leo, api.DirectionSpeak)
	whip.connect(0)
	whip.talk()
	p.hears(t, "the program")

	here := client.New(p.node.URL(), p.leoKey, client.Options{Program: "Firefox, Linux"})
	there, err := device.Sessions(ctx)
	if err != nil || len(there) != 1 || !there[0].Current || there[0].Sockets != 1 {
		t.Fatalf("%+v, %v", there, err)
	}
	both, err := here.Sessions(ctx)
	if err != nil || len(both) != 2 {
		t.Fatalf("%+v, %v", both, err)
	}
	for _, s := range both {
		if s.Current != (s.Program == "Firefox, Linux") || s.Since == 0 || s.Seen < s.Since || s.Expires <= s.Seen {
			t.Errorf("%+v", s)
		}
	}
	if err := here.EndSession(ctx, "another's"); !client.Refused(err, reason.SessionUnknown) {
		t.Errorf("ending what is not theirs: %v", err)
	}
	if err := here.EndSession(ctx, there[0].ID); err != nil {
		t.Fatal(err)
	}
	p.hearsNothing(t, "after signing out elsewhere")
	if status, code := whip.again().post(0); status != http.StatusUnauthorized {
		t.Errorf("its token is answered with %d %s", status, code)
	}
	eventually(t, "the room session's end", func() bool { return client.Refused(p.leo.Err(), reason.SessionEnded) })
	if _, err := device.Me(ctx); !client.Refused(err, reason.SessionEnded) {
		t.Errorf("the device goes on: %v", err)
	}
	if err := device.SignOut(ctx); err != nil {
		t.Errorf("leaving what is over: %v", err)
	}
	if _, err := device.Me(ctx); err != nil {
		t.Errorf("signing in anew: %v", err)
	}
	if err := here.EndOtherSessions(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := device.Me(ctx); !client.Refused(err, reason.SessionEnded) {
		t.Errorf("all others are out: %v", err)
	}
	if left, err := here.Sessions(ctx); err != nil || len(left) != 1 || !left[0].Current {
		t.Errorf("%+v, %v", left, err)
	}
	if files := archive(t, here); !strings.Contains(files["sessions.json"], "Firefox, Linux") || strings.Contains(files["sessions.json"], "127.0.0.1") {
		t.Errorf("the export says of sessions:\n%s", files["sessions.json"])
	}
}
