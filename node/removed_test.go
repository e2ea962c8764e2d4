package node_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/go-json-experiment/json"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/api/client/rtc"
	"github.com/stoa-rooms/stoa/api/link"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/node"
	"github.com/stoa-rooms/stoa/node/nodetest"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// Somebody whom a moderator removed from a room is out: by whatever way they try, their key does not get in, is not heard
// and hears nothing, until the removal is over or lifted. waysBack has all the ways, each tried from the host's own node
// and from another; at once, after a restart of the host, and at the next host. The packets of connections that go on are
// tried in banish, a home that lies in TestAHomeBringsNobodyBack, and the command line in cmd/stoa,
// TestARemovedMemberCannotJoin.
//
// A removal is about a key, and goes as far as keys do. Anybody may listen in a public room, under a key for the occasion:
// so may whoever was removed, since nothing tells them from other guests. They are a number then, without a name, a hand
// or a voice; moderators who want the ears gone too make the room one for members. And who is given another invite is
// another member, for whom another sponsor answers.

// wayBack is one of the ways, and how it is answered.
type wayBack struct {
	what string
	try  func(x *banished) error
	want reason.Reason // "": they come in, as somebody else
	away reason.Reason // from another node than the host's, which leaves it to the host to say why they are not in the room
}

func waysBack() []wayBack {
	out, gone, token := reason.RoomRemoved, reason.RoomNotHere, reason.AppToken
	return []wayBack{
		{"the page reconnects, and says where it was", func(x *banished) error { return x.says(x.hello(), "") }, out, out},
		{"the page enters anew", func(x *banished) error { return x.enters(x.leo.Client()) }, out, out},
		{"another device that was signed in", func(x *banished) error { return x.enters(x.device) }, out, out},
		{"a new session", func(x *banished) error { return x.enters(x.leoAt(x.home)) }, out, out},
		{"the community's other node", func(x *banished) error { return x.enters(x.leoAt(x.other)) }, out, out},
		{"the enter statement of before", func(x *banished) error { return x.says(x.hello(), x.entered) }, out, reason.RequestInvalid},
		{"looking at the room, which is not being in it", (*banished).looks, out, ""},
		{"an invite link to the room", (*banished).joinsAgain, out, out},
		{"a hand", func(x *banished) error { return x.leo.RaiseHand(x.t.Context(), "") }, out, gone},
		{"the microphone", func(x *banished) error { return x.leo.Unmute(x.t.Context()) }, out, gone},
		{"the page's audio", (*banished).offersAudio, out, gone},
		{"a new token to speak", func(x *banished) error { return x.wantsToken(api.DirectionSpeak) }, out, gone},
		{"a new token to listen", func(x *banished) error { return x.wantsToken(api.DirectionListen) }, out, gone},
		{"the old token to speak", func(x *banished) error { return x.posts(x.whip, 0) }, token, token},
		{"the old token to listen", func(x *banished) error { return x.posts(x.whep, 3) }, token, token},
		{"a token that was not used yet", func(x *banished) error { return x.posts(x.unused, 1) }, token, token},
		{"trickled candidates", func(x *banished) error { return x.asks(http.MethodPatch, x.whip, x.whip.etag) }, token, token},
		{"an ICE restart, to speak", func(x *banished) error { return x.asks(http.MethodPatch, x.whip, "*") }, token, token},
		{"an ICE restart, to listen", func(x *banished) error { return x.asks(http.MethodPatch, x.whep, "*") }, token, token},
		{"ending the old connection", func(x *banished) error { return x.asks(http.MethodDelete, x.whip, "") }, token, token},
		{"a guest's key, to listen", func(x *banished) error { return x.isGuest(func(*client.RoomSession) error { return nil }) }, "", ""},
		{"a guest's key, to speak", func(x *banished) error {
			return x.isGuest(func(s *client.RoomSession) error { return s.RaiseHand(x.t.Context(), "") })
		}, reason.GuestListens, reason.GuestListens},
		{"another key, by another invite", (*banished).isSomebodyElse, "", ""},
	}
}

// TestEveryWayBackOfARemovedMember tries them.
func TestEveryWayBackOfARemovedMember(t *testing.T) {
	t.Parallel()
	t.Run("at home at the host", func(t *testing.T) {
		host, other, founder := newPair(t)
		x := banish(t, porchOn(t, host, host, founder), other)
		x.tries("at once")
		x.restart()
		x.tries("after a restart")
	})
	t.Run("at home elsewhere", func(t *testing.T) {
		host, home, founder := newPair(t)
		x := banish(t, porchOn(t, host, home, founder), host)
		x.tries("at once")
		x.restart()
		x.tries("after a restart of the host")
		time.Sleep(4 * time.Second) //nolint:forbidigo // until the home follows the host's log, and is in line; nothing shows it
		host.Stop()
		until(t, x.mia, "the next host", func(s api.State) bool { return s.Room.Epoch > 1 })
		x.node, x.other, x.ears = home, home, x.ears[1:]
		x.tries("at the next host")
	})
}

// banished is Léo, whom Ana has removed, with all that he had.
type banished struct {
	*porch
	t       *testing.T
	other   *nodetest.Node // of the two, not Léo's home
	mia     *client.RoomSession
	ears    []*rtc.Conn // of those in the room
	link    client.InviteLink
	another *client.Client // whoever comes in by the link; nil before
	device  *client.Client // Léo's second
	run     string         // of the page's events
	seen    int64
	entered string // the last enter statement

	whip, whep, unused *program
}

// tries tries all ways. Whatever the answer, Léo is not in the room afterwards, and nobody hears anything.
func (x *banished) tries(when string) {
	x.t.Helper()
	leo, home := x.leoKey.Public(), x.home.Key(x.t.Context())
	for _, way := range waysBack() {
		want := way.want
		if x.mia.State().Room.Host != home { // where a restart took long, the next in line hosts the room
			want = way.away
		}
		if err := way.try(x); codeIn(err) != want {
			x.t.Errorf("%s, %s: %v, want %q", when, way.what, err, want)
		}
		s := x.mia.State()
		_, on := s.OnStage(leo)
		for _, p := range s.Audience.People {
			on = on || p.Key == leo
		}
		if on {
			x.t.Fatalf("%s, %s: Léo is in the room", when, way.what)
		}
	}
	for i, ear := range x.ears {
		if n := in500ms(func() uint64 { return heard(ear) }); n > 0 {
			x.t.Errorf("%s: ear %d got %d packets", when, i, n)
		}
	}
}

// in500ms is how many packets come in that time, of the 25 that are sent.
func in500ms(count func() uint64) uint64 {
	before := count()
	time.Sleep(500 * time.Millisecond) //nolint:forbidigo // the silence that is tested
	return count() - before
}

// codeIn is the code of a problem; "" for none.
func codeIn(err error) reason.Reason {
	var p *api.Problem
	switch {
	case err == nil:
		return ""
	case errors.As(err, &p):
		return reason.Reason(p.Code)
	}
	return "?"
}

// banish lets Léo speak and listen by all means, and removes him for good. His programs go on as if nothing had happened.
func banish(t *testing.T, p *porch, other *nodetest.Node) *banished {
	t.Helper()
	ctx := t.Context()
	x := &banished{porch: p, t: t, other: other, device: p.leoAt(p.home)}
	mia := x.away().Client()
	p.bring(t, mia, "Mia")
	x.mia = x.away().Enter(ctx, mia, p.ana.Room())
	x.ears = []*rtc.Conn{p.ear, connect(t, x.mia)}
	var err error
	if x.link, err = mia.CreateInvite(ctx, 0); err != nil {
		t.Fatal(err)
	}
	if err := x.says(x.hello(), ""); err != nil { // so that there is an enter statement to replay
		t.Fatal(err)
	}
	<-p.leo.Done() // replaced
	p.leo = p.home.Enter(ctx, p.leo.Client(), p.ana.Room())
	x.run, x.seen = p.leo.State().Run, p.leo.State().N

	x.whip, x.whep, x.unused = app(t, p.leo, api.DirectionSpeak), app(t, p.leo, api.DirectionListen), app(t, p.leo, api.DirectionListen)
	x.whip.socket, x.whep.socket = newStubborn(t), newStubborn(t)
	x.whip.connect(0)
	x.whip.talk()
	x.whep.connect(3)
	for _, ear := range x.ears {
		hears(t, ear, "of Léo")
	}
	anas := speaks(t, p.ana)
	soon(t, "Léo's program hears Ana", func() bool { return x.whep.heard.Load() > 10 })

	if err := p.ana.Remove(ctx, p.leoKey.Public(), 0, "Shouting"); err != nil {
		t.Fatal(err)
	}
	<-p.leo.Done()
	if err := p.leo.Err(); codeIn(err) != reason.RoomRemoved {
		t.Errorf("the page is told %v", err)
	}
	time.Sleep(silence) //nolint:forbidigo // the bound that is tested
	sent := x.whip.socket.sent.Load()
	if n := in500ms(func() uint64 { return uint64(x.whep.heard.Load()) }); n > 0 {
		t.Errorf("the removed member's program heard %d packets of Ana", n)
	}
	anas.end()
	for _, ear := range x.ears {
		soon(t, "silence", func() bool { return in500ms(func() uint64 { return heard(ear) }) == 0 })
	}
	if n := x.whip.socket.sent.Load() - sent; n < 25 {
		t.Errorf("the removed member's program did not go on: %d packets", n)
	}
	return x
}

// away is the node that does not host the room at first: Mia's.
func (x *banished) away() *nodetest.Node {
	if x.home != x.node {
		return x.home
	}
	return x.other
}

// restart restarts the node that hosts the room. The others come back.
func (x *banished) restart() {
	x.t.Helper()
	ctx := x.t.Context()
	x.node.Stop()
	x.node.Start()
	x.ana.Close()
	x.mia.Close()
	x.ana = x.node.Enter(ctx, x.founder, x.ana.Room())
	shown(x.t, x.mia.Client(), x.ana.Room(), true)
	x.mia = x.away().Enter(ctx, x.mia.Client(), x.ana.Room())
	x.ears = []*rtc.Conn{connect(x.t, x.ana), connect(x.t, x.mia)}
}

// hello is what a page of Léo's says that was in the room.
func (x *banished) hello() api.Hello {
	x.t.Helper()
	if _, err := x.device.Me(x.t.Context()); err != nil { // signs in anew after a restart
		x.t.Fatal(err)
	}
	token, err := x.device.Token(x.t.Context())
	if err != nil {
		x.t.Fatal(err)
	}
	room := x.ana.Room()
	return api.Hello{Type: "hello", Token: token, Room: &room, Run: x.run, Since: x.seen}
}

// says connects as a page does and signs what it is asked to. An old enter statement, if there is one, is tried first: it
// is nothing that the node asked for, and a second answer it does not take.
func (x *banished) says(hello api.Hello, old string) error {
	x.t.Helper()
	ctx, cancel := context.WithTimeout(x.t.Context(), time.Minute)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(x.home.URL(), "http")+api.Base+api.PathEvents, nil)
	if err != nil {
		return err
	}
	x.t.Cleanup(func() { _ = conn.CloseNow() })
	conn.SetReadLimit(1 << 20)
	say := func(message any) {
		data, err := json.Marshal(message)
		if err == nil {
			err = conn.Write(ctx, websocket.MessageText, data)
		}
		if err != nil {
			x.t.Fatal(err)
		}
	}
	say(hello)
	for {
		_, data, err := conn.Read(ctx)
		if err != nil {
			return err
		}
		event, err := api.DecodeEvent(data)
		if err != nil {
			return err
		}
		switch e := event.(type) {
		case api.Snapshot:
			return nil
		case api.Refused:
			return &e.Problem
		case api.Entry:
			if old != "" {
				say(api.EnterMessage{Type: "enter", Enter: old})
			}
			x.entered = sign(x.t, &statement.Enter{
				Room: e.Room, IssuedAt: time.Now().Unix(), Epoch: e.Epoch, Home: e.Home, Host: e.Host, Nonce: e.Nonce,
			}, x.leoKey)
			say(api.EnterMessage{Type: "enter", Enter: x.entered})
		}
	}
}

func (x *banished) enters(who *client.Client) error {
	s, err := who.Enter(x.t.Context(), x.ana.Room())
	if err == nil {
		s.Close()
	}
	return err
}

func (x *banished) looks() error {
	_, err := x.leo.Client().Room(x.t.Context(), x.ana.Room())
	return err
}

// joinsAgain goes by the link of an invite, which leads on to the room.
func (x *banished) joinsAgain() error {
	x.t.Helper()
	who := x.leoAt(x.home)
	if _, err := who.Join(x.t.Context(), x.link.String(), "Léo"); err == nil {
		x.t.Error("a member is admitted once more")
	}
	return x.enters(who)
}

// isSomebodyElse comes in as a member that nobody knew, by the same invite.
func (x *banished) isSomebodyElse() error {
	ctx := x.t.Context()
	if x.another == nil {
		x.another = x.home.Client()
		soon(x.t, "the invite", func() bool { _, err := x.another.PreviewInvite(ctx, x.link.ID); return err == nil })
		if _, err := x.another.Join(ctx, x.link.String(), "Leonard"); err != nil {
			return err
		}
	}
	return x.enters(x.another)
}

func (x *banished) isGuest(and func(*client.RoomSession) error) error {
	s, err := client.NewGuest(x.home.URL(), x.ana.Room(), client.Options{}).Enter(x.t.Context(), x.ana.Room())
	if err != nil {
		return err
	}
	defer s.Close()
	return and(s)
}

func (x *banished) offersAudio() error {
	_, _, err := x.leo.Client().OfferMedia(x.t.Context(), x.ana.Room(), "v=0\r\n")
	return err
}

func (x *banished) wantsToken(direction api.Direction) error {
	_, err := x.leo.Client().CreateApp(x.t.Context(), x.ana.Room(), direction)
	return err
}

func (x *banished) posts(p *program, lines int) error {
	if status, code := p.again().post(lines); status != http.StatusCreated {
		return &api.Problem{Status: status, Code: code}
	}
	return nil
}

// asks says something about the connection that a program had.
func (x *banished) asks(method string, p *program, match string) error {
	fragment := "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n"
	res, body := p.ask(method, p.origin()+p.location, fragment, map[string]string{"Content-Type": fragmentType, "If-Match": match})
	if res.StatusCode >= http.StatusBadRequest {
		return &api.Problem{Status: res.StatusCode, Code: codeOf(body)}
	}
	return nil
}

// TestARemovalEnds: when the five minutes are over Léo may come back, to the audience, and is muted when he is on the stage
// again. Nothing of before lives on.
func TestARemovalEnds(t *testing.T) {
	t.Parallel()
	for where, across := range map[string]bool{"at home at the host": false, "at home elsewhere": true} {
		t.Run(where, func(t *testing.T) {
			ctx, at := t.Context(), newClock(t, "2027-02-02T12:00")
			host, home, founder := newPair(t, node.Config{Now: at.now})
			if !across {
				home = host
			}
			p := porchOn(t, host, home, founder)
			whip := speaks(t, p.leo)
			p.hears(t, "the program")
			if err := p.ana.Remove(ctx, p.leoKey.Public(), 5*time.Minute, "Shouting"); err != nil {
				t.Fatal(err)
			}
			<-p.leo.Done()
			at.set(t, "2027-02-02T12:04")
			fresh(t, p.founder, p.leo.Client())
			soon(t, "a refusal after four minutes", func() bool { // the link between the nodes takes the leap for a loss
				in, err := p.leo.Client().Enter(ctx, p.ana.Room())
				if err == nil {
					in.Close()
					t.Fatal("Léo is back after four minutes")
				}
				return client.Refused(err, reason.RoomRemoved)
			})
			at.set(t, "2027-02-02T12:06")
			fresh(t, p.founder, p.leo.Client())
			var back *client.RoomSession
			soon(t, "the end of the removal", func() (in bool) { // the host has to look at its clock
				var err error
				back, err = p.leo.Client().Enter(ctx, p.ana.Room())
				return err == nil
			})
			t.Cleanup(back.Close)
			until(t, p.ana, "Léo in the audience", func(s api.State) bool { return s.Audience.Count == 1 && len(s.Stage) == 1 })
			if status, code := whip.again().post(0); status != http.StatusUnauthorized || code != string(reason.AppToken) {
				t.Errorf("the old token: %d %s", status, code)
			}
			if status, code := app(t, back, api.DirectionSpeak).post(0); status != http.StatusForbidden || code != string(reason.RoomRole) {
				t.Errorf("a new token, in the audience: %d %s", status, code)
			}
			if err := back.Unmute(ctx); !client.Refused(err, reason.RoomRole) {
				t.Errorf("unmuting in the audience: %v", err)
			}
			p.hearsNothing(t, "from the audience")
			bringOnStage(t, p.ana, back)
			p.muted(t, true)
			if err := back.Unmute(ctx); err != nil {
				t.Fatal(err)
			}
			p.muted(t, false)
		})
	}
}

// TestAHomeBringsNobodyBack: a node that says to the host what it likes has no more ways than its members.
func TestAHomeBringsNobodyBack(t *testing.T) {
	s := newStranger(t)
	s.open()
	old := s.papers(asIs)
	if got := s.ask(old, nil); got != "" {
		t.Fatal(got)
	}
	waiting := s.papers(asIs) // signed and vouched for before the removal
	member := s.member.Public()
	if err := s.session.Remove(t.Context(), member, 0, "Shouting"); err != nil {
		t.Fatal(err)
	}
	now := time.Now().Unix()
	lend := s.sign(&statement.Lend{Room: s.room.ID, IssuedAt: now, Expires: now + 3600, Home: s.home.Node.Public()}, s.member)
	nonce := func(m link.Enter) string {
		st, err := statement.ParseKind[*statement.Enter](m.Enter)
		if err != nil {
			t.Fatal(err)
		}
		return st.Body().(*statement.Enter).Nonce
	}
	hand := s.sign(&statement.Act{Room: s.room.ID, IssuedAt: now, Nonce: nonce(old), Number: 1, Do: "raise_hand", Target: member}, s.member)
	for _, c := range []struct {
		what string
		say  link.Message
		want reason.Reason
	}{
		{"the same entry once more", old, reason.EnterStale},
		{"an entry whose nonce is of before", waiting, reason.RoomRemoved},
		{"a new entry", s.papers(asIs), reason.RoomRemoved},
		{"a ticket of another home", s.papers(func(_ *statement.Enter, k *statement.Ticket) { k.Member = identity.Generate().Public() }), reason.TicketForged},
		{"a hand, under the nonce of before", link.Act{Act: hand.Text()}, reason.RoomNotHere},
		{"a voice that was lent", link.Speak{Lend: lend.Text()}, reason.RoomNotHere},
		{"whom the moderators chose", link.AskChosen{Member: member}, reason.RoomNotHere},
	} {
		id := s.id()
		switch m := c.say.(type) {
		case link.Enter:
			m.ID, c.say = id, m
		case link.Act:
			m.ID, c.say = id, m
		case link.Speak:
			m.ID, c.say = id, m
		case link.AskChosen:
			m.ID, c.say = id, m
		}
		if got := s.ask(c.say, nil); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
	until(t, s.session, "nobody but the moderator", func(st api.State) bool {
		return st.Audience.Count == 0 && len(st.Stage) == 1 && len(st.Hands) == 0
	})
}
