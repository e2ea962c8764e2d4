package node_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/api/client/rtc"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/node/nodetest"
	"github.com/stoa-rooms/stoa/statement"
)

// porch is a public room with Ana, who moderates, and Léo, who has been on the stage from the start. Léo is at home at the
// node that hosts the room, as Ana is, or at another one of their community.
type porch struct {
	node     *nodetest.Node // hosts the room
	home     *nodetest.Node // Léo's; perhaps the same
	founder  *client.Client // Ana
	ana, leo *client.RoomSession
	ear      *rtc.Conn // Ana's
	leoKey   identity.PrivateKey
}

// newPorch is a porch on one node.
func newPorch(t *testing.T) *porch {
	t.Helper()
	n := nodetest.New(t)
	return porchOn(t, n, n, n.Found(t.Context()))
}

// newPorchAcross has Léo's home at another node than the room.
func newPorchAcross(t *testing.T) *porch {
	t.Helper()
	first, second, founder := newPair(t)
	return porchOn(t, first, second, founder)
}

func porchOn(t *testing.T, host, home *nodetest.Node, founder *client.Client) *porch {
	t.Helper()
	ctx := t.Context()
	room, err := founder.OpenRoom(ctx, client.RoomWish{Title: "On the porch", Language: "en", Entry: statement.RoomPublic})
	if err != nil {
		t.Fatal(err)
	}
	p := &porch{node: host, home: home, founder: founder, ana: host.Enter(ctx, founder, room.ID), leoKey: identity.Generate()}
	leo := p.leoAt(home)
	p.bring(t, leo, "Léo")
	p.leo = home.Enter(ctx, leo, room.ID)
	bringOnStage(t, p.ana, p.leo)
	p.ear = connect(t, p.ana)
	return p
}

// bring makes somebody a member, at the node that their client is for, and waits until that knows the room.
func (p *porch) bring(t *testing.T, who *client.Client, name string) {
	t.Helper()
	ctx := t.Context()
	link, err := p.founder.CreateInvite(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	soon(t, "the invite at the node of "+name, func() bool {
		_, err := who.PreviewInvite(ctx, link.ID)
		return err == nil
	})
	if _, err := who.Join(ctx, link.String(), name); err != nil {
		t.Fatal(err)
	}
	shown(t, who, p.ana.Room(), true)
}

// leoAt is Léo at another device: a client with sessions of its own.
func (p *porch) leoAt(n *nodetest.Node) *client.Client {
	return client.New(n.URL(), p.leoKey, client.Options{})
}

func (p *porch) hears(t *testing.T, what string) {
	t.Helper()
	before := heard(p.ear)
	eventually(t, what, func() bool { return heard(p.ear) >= before+10 })
}

func (p *porch) hearsNothing(t *testing.T, what string) {
	t.Helper()
	time.Sleep(silence) //nolint:forbidigo // the bound that is tested
	before := heard(p.ear)
	time.Sleep(500 * time.Millisecond) //nolint:forbidigo // 25 packets would have come
	if after := heard(p.ear); after != before {
		t.Errorf("%s: %d packets came", what, after-before)
	}
}

func (p *porch) muted(t *testing.T, want bool) {
	t.Helper()
	until(t, p.ana, fmt.Sprintf("Léo is muted: %v", want), func(s api.State) bool {
		who, ok := s.OnStage(p.leoKey.Public())
		return ok && who.Muted == want
	})
}
