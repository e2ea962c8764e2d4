package netlab_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/api/client/rtc"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/node/netlab"
)

// at is somebody with a new key at one node, who is in a namespace.
func at(n *netlab.Node, place *netlab.Namespace) *client.Client {
	return client.New(n.URL(), identity.Generate(), client.Options{HTTP: place.HTTP()})
}

// joins connects somebody's audio from a namespace.
func joins(t *testing.T, place *netlab.Namespace, s *client.RoomSession) *rtc.Conn {
	t.Helper()
	engine, err := rtc.NewEngineOn(place.Network())
	ok(t, err)
	conn, err := rtc.Join(t.Context(), s, rtc.Options{Engine: engine})
	ok(t, err)
	t.Cleanup(conn.Close)
	return conn
}

func talk() iter.Seq2[rtc.Frame, error] {
	return func(yield func(rtc.Frame, error) bool) {
		opus := append([]byte{15 << 3}, slices.Repeat([]byte{7}, 60)...) // hybrid, 20 ms, one frame
		for yield(rtc.Frame{Opus: opus, Duration: 20 * time.Millisecond, Level: -20}, nil) {
			continue
		}
	}
}

// TestPeopleBehindNodes: people of the Go SDK live at the addresses of their namespaces, with their audio.
func TestPeopleBehindNodes(t *testing.T) {
	lab := netlab.New(t, 2)
	node := lab.Node(0)
	node.Start() // which may have to build it
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	here, there := node.Members(), lab.Node(1).Members()
	ana, leo := at(node, here), at(node, there)
	_, err := ana.Found(ctx, node.Line("owner"), "Café", "Ana")
	ok(t, err)
	link, err := ana.CreateInvite(ctx, 0)
	ok(t, err)
	_, err = leo.Join(ctx, link.String(), "Léo")
	ok(t, err)
	room, err := ana.CreateRoom(ctx, "Evening talk", nil, "en")
	ok(t, err)
	host, err := ana.Enter(ctx, room.ID)
	ok(t, err)
	t.Cleanup(host.Close)
	guest, err := leo.Enter(ctx, room.ID)
	ok(t, err)
	t.Cleanup(guest.Close)
	ok(t, host.Unmute(ctx))
	speaker, listener := joins(t, here, host), joins(t, there, guest)
	node.ResetFlows()
	speaking, hush := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- speaker.Speak(speaking, talk()) }()
	eventually(t, "100 packets are heard", func() bool { return listener.Slots()[0].Packets >= 100 })
	hush()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	flows := node.Flows()
	if sent := netlab.Bytes(flows, node.Addr(), there.Addr(), "udp"); sent < 100*61 {
		t.Errorf("%d bytes of audio went to %s", sent, there.Addr())
	}
	for _, addr := range netlab.Addresses(flows) {
		if addr != node.Addr() && addr != there.Addr() {
			t.Errorf("%s is on the outer link", addr)
		}
	}
}
