package node_test

import (
	"slices"
	"testing"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/api/link"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/node/nodetest"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// parlour is a node with a community and one room of Ana's, who is in it.
type parlour struct {
	*nodetest.Node
	founder *client.Client
	ana     *client.RoomSession
	room    api.Room
}

func newParlour(t *testing.T, entry statement.RoomEntry, chosen ...identity.PublicKey) *parlour {
	t.Helper()
	p := &parlour{Node: nodetest.New(t)}
	p.founder = p.Found(t.Context())
	p.open(t, entry, chosen...)
	return p
}

func (p *parlour) open(t *testing.T, entry statement.RoomEntry, chosen ...identity.PublicKey) {
	t.Helper()
	var err error
	p.room, err = p.founder.OpenRoom(t.Context(), client.RoomWish{Title: "On the porch", Language: "en", Entry: entry, Chosen: chosen})
	if err != nil {
		t.Fatal(err)
	}
	p.ana = p.Enter(t.Context(), p.founder, p.room.ID)
}

// aGuest is somebody who listens at a node, until the test ends.
func aGuest(t *testing.T, at *nodetest.Node, room statement.ID) *client.RoomSession {
	t.Helper()
	s, err := client.NewGuest(at.URL(), room, client.Options{}).Enter(t.Context(), room)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func guests(n int) func(api.State) bool {
	return func(s api.State) bool { return s.Audience.Guests == n }
}

func TestAGuestListensAndDoesNothingElse(t *testing.T) {
	ctx := t.Context()
	p := newParlour(t, statement.RoomPublic)
	mina := p.Join(ctx, p.founder, "Mina")
	p.Enter(ctx, mina, p.room.ID)
	g := aGuest(t, p.Node, p.room.ID)
	ear, mouth := connect(t, g), connect(t, p.ana)
	talk(t, mouth)
	if err := p.ana.Unmute(ctx); err != nil {
		t.Fatal(err)
	}
	hears(t, ear, "by a guest")

	state := until(t, p.ana, "one guest", guests(1))
	if state.Audience.Count != 1 || len(state.Audience.People) != 1 || state.Audience.People[0].Key != mina.Key() {
		t.Errorf("the audience shows %+v", state.Audience)
	}
	for _, who := range []identity.PublicKey{g.Client().Key()} {
		if slices.ContainsFunc(state.Audience.People, func(a api.Person) bool { return a.Key == who }) {
			t.Error("a guest is among the people")
		}
	}
	seen := until(t, g, "the stage and the counts", func(s api.State) bool { return s.Audience.Count == 1 && len(s.Stage) == 1 })
	if len(seen.Audience.People) != 0 {
		t.Errorf("a guest is told who listens: %+v", seen.Audience.People)
	}

	for name, do := range map[string]func() error{
		"raise a hand": func() error { return g.RaiseHand(ctx, "") },
		"unmute":       func() error { return g.Unmute(ctx) },
		"accept":       func() error { return g.AcceptOffer(ctx) },
		"end":          func() error { return g.End(ctx) },
		"open doors":   func() error { return g.SetEntry(ctx, statement.RoomChosen) },
		"remove":       func() error { return g.Remove(ctx, mina.Key(), 0, "Noise") },
		"rooms":        func() error { _, err := g.Client().Rooms(ctx); return err },
		"audience":     func() error { _, err := g.Client().Audience(ctx, p.room.ID, 0, 50); return err },
		"invites":      func() error { _, err := g.Client().Invites(ctx); return err },
		"a room of their own": func() error {
			_, err := g.Client().CreateRoom(ctx, "Mine", nil, "en")
			return err
		},
	} {
		if err := do(); !client.Refused(err, reason.GuestListens) {
			t.Errorf("a guest may %s: %v", name, err)
		}
	}
	if err := p.ana.OfferStage(ctx, g.Client().Key()); !client.Refused(err, reason.RoomPersonGone) {
		t.Errorf("a guest is offered the stage: %v", err)
	}
	if err := g.Leave(ctx); err != nil {
		t.Errorf("a guest may not leave: %v", err)
	}
	until(t, p.ana, "no guest", guests(0))
}

// TestAGuestIsNotHeard: whatever a guest sends over the connection that is there to listen, nobody gets it.
func TestAGuestIsNotHeard(t *testing.T) {
	p := newParlour(t, statement.RoomPublic)
	g := aGuest(t, p.Node, p.room.ID)
	ear, mouth := connect(t, p.ana), connect(t, g)
	talk(t, mouth)
	deaf(t, ear, "from a guest who talks")
	if n := heard(ear); n != 0 {
		t.Errorf("%d packets of a guest were forwarded", n)
	}
}

func TestGuestsAreLetIntoPublicRoomsOnly(t *testing.T) {
	ctx := t.Context()
	p := newParlour(t, statement.RoomMembers)
	listen := func() error {
		_, err := client.NewGuest(p.URL(), p.room.ID, client.Options{}).Enter(ctx, p.room.ID)
		return err
	}
	if err := listen(); !client.Refused(err, reason.RoomMembers) {
		t.Errorf("a guest in a room for members: %v", err)
	}
	if _, err := p.Client().Door(ctx, p.room.ID); !client.Refused(err, reason.RoomMembers) {
		t.Errorf("a stranger sees a room for members: %v", err)
	}
	if err := p.ana.SetEntry(ctx, statement.RoomPublic); err != nil {
		t.Fatal(err)
	}
	if seen, err := p.Client().Door(ctx, p.room.ID); err != nil || seen.Title != "On the porch" || seen.Entry != statement.RoomPublic {
		t.Errorf("a stranger sees %+v, %v", seen, err)
	}
	g := aGuest(t, p.Node, p.room.ID)
	ear := connect(t, g)
	if _, err := g.Client().Enter(ctx, statement.ID{1}); !client.Refused(err, reason.GuestListens) {
		t.Errorf("a guest of one room in another: %v", err)
	}
	if err := p.ana.SetEntry(ctx, statement.RoomMembers); err != nil {
		t.Fatal(err)
	}
	<-g.Done()
	if err := g.Err(); !client.Refused(err, reason.RoomMembers) {
		t.Errorf("a guest is put out with %v", err)
	}
	<-ear.Done()
	until(t, p.ana, "no guest", guests(0))
	if err := listen(); !client.Refused(err, reason.RoomMembers) {
		t.Errorf("a guest after the room was closed: %v", err)
	}
	if _, err := client.NewGuest(p.URL(), statement.ID{1}, client.Options{}).Enter(ctx, statement.ID{1}); !client.Refused(err, reason.RoomUnknown) {
		t.Errorf("a guest in no room: %v", err)
	}
	if err := p.ana.End(ctx); err != nil {
		t.Fatal(err)
	}
	<-p.ana.Done()
	if err := listen(); !client.Refused(err, reason.RoomEnded) {
		t.Errorf("a guest in a room that has ended: %v", err)
	}
}

// TestChosenRooms: whom nobody chose sees nothing of the room and is refused, whatever they ask for.
func TestChosenRooms(t *testing.T) {
	ctx := t.Context()
	p := &parlour{Node: nodetest.New(t)}
	p.founder = p.Found(ctx)
	mina := p.Join(ctx, p.founder, "Mina")
	leo := p.Join(ctx, p.founder, "Léo")
	p.open(t, statement.RoomChosen, mina.Key())
	p.Enter(ctx, mina, p.room.ID)

	lists := func(who *client.Client) bool {
		list, err := who.Rooms(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(list, func(r api.Room) bool { return r.ID == p.room.ID })
	}
	if !lists(p.founder) || !lists(mina) || lists(leo) {
		t.Errorf("the hallway of the creator shows it: %v; of a chosen member: %v; of another: %v", lists(p.founder), lists(mina), lists(leo))
	}
	for name, ask := range map[string]func() error{
		"enter":    func() error { _, err := leo.Enter(ctx, p.room.ID); return err },
		"look":     func() error { _, err := leo.Room(ctx, p.room.ID); return err },
		"audience": func() error { _, err := leo.Audience(ctx, p.room.ID, 0, 10); return err },
		"a guest": func() error {
			_, err := client.NewGuest(p.URL(), p.room.ID, client.Options{}).Enter(ctx, p.room.ID)
			return err
		},
	} {
		if err := ask(); !client.Refused(err, reason.RoomChosen) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := mina.Chosen(ctx, p.room.ID); !client.Refused(err, reason.RoomRole) {
		t.Errorf("a listener sees the list: %v", err)
	}
	if err := p.ana.Choose(ctx, leo.Key()); err != nil {
		t.Fatal(err)
	}
	if list, err := p.founder.Chosen(ctx, p.room.ID); err != nil || len(list) != 2 {
		t.Errorf("the list is %+v, %v", list, err)
	}
	inside := p.Enter(ctx, leo, p.room.ID)
	if err := p.ana.Unchoose(ctx, leo.Key()); err != nil {
		t.Fatal(err)
	}
	<-inside.Done()
	if err := inside.Err(); !client.Refused(err, reason.RoomChosen) {
		t.Errorf("no longer chosen: %v", err)
	}

	p.Stop()
	p.Start()
	if _, err := leo.Enter(ctx, p.room.ID); !client.Refused(err, reason.RoomChosen) {
		t.Errorf("after a restart: %v", err)
	}
	p.Enter(ctx, mina, p.room.ID)
}

func TestListsOfChosenPeopleThatAreRefused(t *testing.T) {
	ctx := t.Context()
	p := newParlour(t, statement.RoomMembers)
	mina := p.Join(ctx, p.founder, "Mina")
	many := make([]identity.PublicKey, 501)
	for i := range many {
		many[i] = identity.Generate().Public()
	}
	wish := client.RoomWish{Title: "A table", Language: "en", Entry: statement.RoomChosen}
	for name, c := range map[string]struct {
		chosen []identity.PublicKey
		want   reason.Reason
	}{
		"too long":  {many, reason.RequestInvalid},
		"one twice": {[]identity.PublicKey{many[0], many[1], many[0]}, reason.RoomChosenList},
	} {
		wish.Chosen = c.chosen
		if _, err := p.founder.OpenRoom(ctx, wish); !client.Refused(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	listener := p.Enter(ctx, mina, p.room.ID)
	if err := listener.SetEntry(ctx, statement.RoomPublic); !client.Refused(err, reason.RoomRole) {
		t.Errorf("a listener opens the room: %v", err)
	}
	if err := listener.Choose(ctx, mina.Key()); !client.Refused(err, reason.RoomRole) {
		t.Errorf("a listener chooses: %v", err)
	}
}

func TestGuestsByWayOfAnotherNode(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := newSquare(t)
	ana := s.a.Enter(ctx, s.ana, s.room.ID)
	shown(t, s.bea, s.room.ID, true)
	if _, err := client.NewGuest(s.b.URL(), s.room.ID, client.Options{}).Enter(ctx, s.room.ID); !client.Refused(err, reason.RoomMembers) {
		t.Errorf("a guest at B in A's room for members: %v", err)
	}
	if err := ana.SetEntry(ctx, statement.RoomPublic); err != nil {
		t.Fatal(err)
	}
	soon(t, "the open door is announced", func() bool {
		r, err := s.b.Client().Door(ctx, s.room.ID)
		return err == nil && r.Entry == statement.RoomPublic
	})
	first, second := aGuest(t, s.b, s.room.ID), aGuest(t, s.b, s.room.ID)
	here := aGuest(t, s.a, s.room.ID)
	until(t, ana, "three guests at the host", guests(3))
	until(t, first, "three guests at B", guests(3))
	ear, mouth := connect(t, first), connect(t, ana)
	talk(t, mouth)
	if err := ana.Unmute(ctx); err != nil {
		t.Fatal(err)
	}
	hears(t, ear, "by a guest of another node")
	if err := first.RaiseHand(ctx, ""); !client.Refused(err, reason.GuestListens) {
		t.Errorf("a guest of another node raises a hand: %v", err)
	}
	second.Close()
	until(t, ana, "two guests", guests(2))
	if err := ana.SetEntry(ctx, statement.RoomMembers); err != nil {
		t.Fatal(err)
	}
	for _, g := range []*client.RoomSession{first, here} {
		<-g.Done()
		if err := g.Err(); !client.Refused(err, reason.RoomMembers) {
			t.Errorf("put out with %v", err)
		}
	}
	until(t, ana, "no guests", guests(0))
}

// TestWhatAHomeSaysOfItsGuests: its word counts up to a bound, in public rooms alone, and costs no member their place.
func TestWhatAHomeSaysOfItsGuests(t *testing.T) {
	s := newStranger(t)
	s.open()
	count := func(n int) reason.Reason { return s.ask(link.Guests{ID: s.id(), Count: n}, nil) }
	if why := count(1); why != reason.RoomMembers {
		t.Errorf("a guest in a room for members: %q", why)
	}
	if err := s.session.SetEntry(t.Context(), statement.RoomPublic); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		n    int
		want reason.Reason
		then int
	}{
		{12, "", 12},
		{10_000, reason.RoomGuestsFull, 12},
		{-1, reason.StreamInvalid, 12},
		{500, "", 500},
		{501, reason.RoomGuestsFull, 500},
		{3, "", 3},
	} {
		if why := count(c.n); why != c.want {
			t.Errorf("%d guests: %q, want %q", c.n, why, c.want)
		}
		until(t, s.session, "the count", guests(c.then))
	}
	if why := s.ask(s.papers(asIs), nil); why != "" {
		t.Errorf("a member beside guests: %q", why)
	}
	if why := s.ask(link.AskChosen{ID: s.id(), Member: s.member.Public()}, nil); why != reason.RoomRole {
		t.Errorf("a listener's home asks for the list: %q", why)
	}
	s.stream.Reset()
	until(t, s.session, "no guests without their home", guests(0))
}

func TestAMembersKeyIsNoGuests(t *testing.T) {
	ctx := t.Context()
	p := newParlour(t, statement.RoomPublic)
	key := identity.Generate()
	member := client.New(p.URL(), key, client.Options{})
	link, err := p.founder.CreateInvite(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := member.Join(ctx, link.String(), "Mina"); err != nil {
		t.Fatal(err)
	}
	as := client.NewGuestWith(p.URL(), key, p.room.ID, client.Options{})
	if _, err := as.Enter(ctx, p.room.ID); !client.Refused(err, reason.GuestMember) {
		t.Errorf("a member's key listens as a guest: %v", err)
	}
}
