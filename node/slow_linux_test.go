package node_test

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/coder/websocket"
	"golang.org/x/sys/unix"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/statement"
)

// TestWhoDoesNotReadIsNotPresentForEver: somebody whose connection takes nothing in is dropped before it ends. When it
// does, they are gone, like anybody whose connection is lost.
func TestWhoDoesNotReadIsNotPresentForEver(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	p := newParlour(t, statement.RoomMembers)
	if _, err := p.founder.ChangeRules(ctx, "", func(r *statement.Rules) { r.AdmitSlots = 10 }); err != nil {
		t.Fatal(err)
	}
	mina, slow := p.Join(ctx, p.founder, "Mina"), p.Join(ctx, p.founder, "Léo")
	talkers := []*client.RoomSession{p.Enter(ctx, mina, p.room.ID)}
	for range 7 {
		talkers = append(talkers, p.Enter(ctx, p.Join(ctx, mina, "Ada"), p.room.ID))
	}
	token, err := slow.Token(ctx)
	if err != nil {
		t.Fatal(err)
	}
	// The system keeps 64 segments and more for a connection: with those of loopback, 4 MB.
	dialer := net.Dialer{Control: func(_, _ string, raw syscall.RawConn) error {
		return raw.Control(func(fd uintptr) {
			if err := errors.Join(
				unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, 4<<10),
				unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_MAXSEG, 536),
			); err != nil {
				t.Error(err)
			}
		})
	}}
	narrow := &http.Client{Transport: &http.Transport{DialContext: dialer.DialContext}}
	conn, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(p.URL(), "http")+api.Base+api.PathEvents, &websocket.DialOptions{HTTPClient: narrow})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	hello, err := json.Marshal(api.Hello{Type: "hello", Token: token, Room: &p.room.ID})
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Write(ctx, websocket.MessageText, hello); err != nil {
		t.Fatal(err)
	}
	until(t, p.ana, "all in the audience", func(s api.State) bool { return s.Audience.Count == len(talkers)+1 })

	question := strings.Repeat("👩🏽\u200d🚀", 130) // 2 kB
	var talk sync.WaitGroup
	for _, one := range talkers {
		talk.Go(func() {
			for range 45 { // all at once, and far more than the node and the system keep for a connection
				soon(t, "a hand up", func() bool { return one.RaiseHand(ctx, question) == nil })
				soon(t, "a hand down", func() bool { return one.LowerHand(ctx) == nil })
			}
		})
	}
	talk.Wait()
	until(t, p.ana, "who reads nothing is gone", func(s api.State) bool { return s.Audience.Count == len(talkers) })
	for _, here := range p.ana.State().Audience.People {
		if here.Key == slow.Key() {
			t.Error("somebody else is gone")
		}
	}
}
