package node_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/api/link"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/node"
	"github.com/stoa-rooms/stoa/node/nodetest"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// known is a square on which the others have been before: the host knows where they are at home.
func known(t *testing.T) *square {
	t.Helper()
	s := newSquare(t)
	for _, who := range []struct {
		at *nodetest.Node
		is *client.Client
	}{{s.b, s.bea}, {s.c, s.cleo}} {
		shown(t, who.is, s.room.ID, true)
		who.at.Enter(t.Context(), who.is, s.room.ID)
	}
	return s
}

// table opens a room of Ana's for chosen people.
func (s *square) table(t *testing.T, chosen ...identity.PublicKey) (api.Room, *client.RoomSession) {
	t.Helper()
	room, err := s.ana.OpenRoom(t.Context(), client.RoomWish{Title: "A quiet table", Language: "en", Entry: statement.RoomChosen, Chosen: chosen})
	if err != nil {
		t.Fatal(err)
	}
	return room, s.a.Enter(t.Context(), s.ana, room.ID)
}

func lists(t *testing.T, who *client.Client, id statement.ID) bool {
	t.Helper()
	list, err := who.Rooms(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(list, func(r api.Room) bool { return r.ID == id })
}

// TestChosenPeopleAtOtherNodes: they find the room in their own hallway, and nobody else at their node or at another does.
func TestChosenPeopleAtOtherNodes(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := known(t)
	gil := s.b.Join(ctx, s.bea, "Gil")
	room, ana := s.table(t, s.bea.Key())

	card := shown(t, s.bea, room.ID, true)
	if card.Title != "A quiet table" || card.Entry != statement.RoomChosen || card.Host != room.Host {
		t.Errorf("B shows its chosen member %+v", card)
	}
	if lists(t, gil, room.ID) || lists(t, s.cleo, room.ID) {
		t.Error("the room is in the hallway of somebody who is not chosen")
	}
	for what, ask := range map[string]func() error{
		"look":  func() error { _, err := gil.Room(ctx, room.ID); return err },
		"enter": func() error { _, err := gil.Enter(ctx, room.ID); return err },
	} {
		if err := ask(); !client.Refused(err, reason.RoomChosen) {
			t.Errorf("another member of B may %s: %v", what, err)
		}
	}
	if _, err := s.cleo.Room(ctx, room.ID); !client.Refused(err, reason.RoomUnknown) {
		t.Errorf("C knows of the room: %v", err)
	}

	bea := s.b.Enter(ctx, s.bea, room.ID)
	ear, mouth := connect(t, bea), connect(t, ana)
	talk(t, mouth)
	if err := ana.Unmute(ctx); err != nil {
		t.Fatal(err)
	}
	hears(t, ear, "by a chosen member of another node")
	if _, err := gil.Enter(ctx, room.ID); !client.Refused(err, reason.RoomChosen) {
		t.Errorf("another member of B, beside one who is in: %v", err)
	}

	if err := ana.Choose(ctx, s.cleo.Key()); err != nil {
		t.Fatal(err)
	}
	shown(t, s.cleo, room.ID, true)
	s.c.Enter(ctx, s.cleo, room.ID)
	until(t, ana, "both", func(st api.State) bool { return st.Audience.Count == 2 })
	if err := ana.Unchoose(ctx, s.bea.Key()); err != nil {
		t.Fatal(err)
	}
	<-bea.Done()
	if err := bea.Err(); !client.Refused(err, reason.RoomChosen) {
		t.Errorf("no longer chosen: %v", err)
	}
	shown(t, s.bea, room.ID, false)
	if _, err := s.bea.Enter(ctx, room.ID); !client.Refused(err, reason.RoomChosen) {
		t.Errorf("no longer chosen, and back: %v", err)
	}

	if err := ana.SetEntry(ctx, statement.RoomMembers); err != nil {
		t.Fatal(err)
	}
	shown(t, gil, room.ID, true)
	if err := ana.SetEntry(ctx, statement.RoomChosen); err != nil {
		t.Fatal(err)
	}
	shown(t, gil, room.ID, false)
	shown(t, s.cleo, room.ID, true)
	if err := ana.End(ctx); err != nil {
		t.Fatal(err)
	}
	shown(t, s.cleo, room.ID, false)
}

// follows has somebody follow another.
func follows(t *testing.T, who, other *client.Client) {
	t.Helper()
	if _, err := who.SetRelation(t.Context(), other.Key(), api.Relation{Follow: true, Volume: api.FullVolume}); err != nil {
		t.Fatal(err)
	}
}

// TestWhoIsChosenElsewhereIsTold of the room by a notice, as a member of the host's node is: for the same reasons, and by
// their own node. Whoever is not chosen is not. What another moderator has open is up to date.
func TestWhoIsChosenElsewhereIsTold(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := known(t)
	leo, gil := s.a.Join(ctx, s.ana, "Léo"), s.b.Join(ctx, s.bea, "Gil")
	for _, who := range []*client.Client{leo, gil, s.bea, s.cleo} {
		follows(t, who, s.ana)
	}
	room, ana := s.table(t, leo.Key(), s.bea.Key())
	told := func(name string, who *client.Client) {
		t.Helper()
		soon(t, "a notice for "+name, func() bool {
			return slices.ContainsFunc(noticesOf(t, who).Notices, func(n api.Notice) bool {
				return n.Room == room.ID && n.Kind == api.NoticePerson && n.Title == room.Title && !n.Over && n.By.Key == s.ana.Key()
			})
		})
	}
	told("a member of the host's node", leo)
	told("a member of another", s.bea)
	bea := s.b.Enter(ctx, s.bea, room.ID)
	moderates(t, ana, bea, s.bea.Key())
	if len(slices.DeleteFunc(noticesOf(t, s.cleo).Notices, func(n api.Notice) bool { return n.Room != room.ID })) > 0 {
		t.Error("who is not chosen yet is told")
	}

	before := bea.State().Chosen
	if err := ana.Choose(ctx, s.cleo.Key()); err != nil {
		t.Fatal(err)
	}
	told("who is chosen later", s.cleo)
	chosen := until(t, bea, "another list of chosen people", func(st api.State) bool { return st.Chosen > before }).Chosen
	list, err := s.bea.Chosen(ctx, room.ID)
	if err != nil || !slices.ContainsFunc(list, func(m api.Member) bool { return m.Key == s.cleo.Key() }) {
		t.Errorf("the list for a moderator elsewhere: %+v, %v", list, err)
	}
	if err := bea.Unchoose(ctx, s.cleo.Key()); err != nil {
		t.Fatal(err)
	}
	until(t, bea, "the list without her", func(st api.State) bool { return st.Chosen > chosen })
	until(t, ana, "the same at the host", func(st api.State) bool { return st.Chosen > chosen })
	soon(t, "a notice that says no more", func() bool {
		list := noticesOf(t, s.cleo).Notices
		return len(list) > 0 && list[0].Room == room.ID && list[0].Over && list[0].Title == ""
	})
	if list := noticesOf(t, gil); slices.ContainsFunc(list.Notices, func(n api.Notice) bool { return n.Room == room.ID }) {
		t.Errorf("who is not chosen is told: %+v", list)
	}
	if list := noticesOf(t, s.bea).Notices; len(slices.DeleteFunc(list, func(n api.Notice) bool { return n.Room != room.ID })) != 1 {
		t.Errorf("she is told more than once: %+v", list)
	}
}

// TestAHostShowsAChosenRoomToNobodysHome: another node may open a stream, and hears nothing until a chosen member of its
// own is in the room.
func TestAHostShowsAChosenRoomToNobodysHome(t *testing.T) {
	ctx := t.Context()
	s := newStranger(t)
	if err := s.session.SetEntry(ctx, statement.RoomChosen); err != nil {
		t.Fatal(err)
	}
	s.stream = s.dial()
	s.send(link.Hello{Room: s.room.ID, Epoch: 1})
	next := func() link.Message {
		t.Helper()
		frame, err := s.stream.Receive()
		if err != nil {
			t.Fatal(err)
		}
		m, err := link.Decode(frame)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	if w, ok := next().(link.Welcome); !ok || len(w.Room) > 0 {
		t.Fatalf("welcomed with %s", w.Room)
	}
	if err := s.session.Unmute(ctx); err != nil { // an event of which it is not told
		t.Fatal(err)
	}
	for _, m := range []link.Message{
		link.Audience{ID: s.id(), Limit: 50}, link.Log{ID: s.id()}, link.Media{ID: s.id(), SDP: "v=0"}, link.Guests{ID: s.id(), Count: 1}, s.papers(asIs),
	} {
		s.send(m)
		if a, ok := next().(link.Answer); !ok || a.Reason != reason.RoomChosen {
			t.Errorf("%T: %+v", m, a)
		}
	}
	if err := s.session.Choose(ctx, s.member.Public()); err != nil {
		t.Fatal(err)
	}
	s.send(s.papers(asIs))
	m := next()
	room, ok := m.(link.Shown)
	if !ok {
		t.Fatalf("%T when a chosen member is in", m)
	}
	if snapshot, err := room.Snapshot(); err != nil || len(snapshot.Stage) != 1 || snapshot.Stage[0].Muted || snapshot.Audience.Count != 1 {
		t.Errorf("it is shown %+v, %v", snapshot, err)
	}
	if err := s.session.Unchoose(ctx, s.member.Public()); err != nil {
		t.Fatal(err)
	}
	for left := false; !left; {
		switch m := next().(type) {
		case link.Left:
			left = m.Member == s.member.Public()
		case link.Answer:
			if m.Reason != "" {
				t.Errorf("the chosen member is refused: %s", m.Reason)
			}
		case link.Event, link.Line, link.Record:
		default:
			t.Errorf("%T", m)
		}
	}
	if err := s.session.MuteSelf(ctx); err != nil {
		t.Fatal(err)
	}
	s.send(link.Ping{ID: s.id()})
	for {
		m := next()
		if _, answered := m.(link.Answer); answered {
			break
		}
		if e, is := m.(link.Event); is {
			if event, err := api.DecodeEvent(e.Event); err != nil || event.Header().Type == api.EventMuted {
				t.Errorf("told, with nobody of its own in the room: %s", e.Event)
			}
		}
	}
}

// moderates makes somebody of another node a moderator.
func moderates(t *testing.T, ana, who *client.RoomSession, key identity.PublicKey) {
	t.Helper()
	ctx := t.Context()
	if err := ana.OfferStage(ctx, key); err != nil {
		t.Fatal(err)
	}
	until(t, who, "the offer", func(st api.State) bool { _, ok := st.Offered(); return ok })
	if err := who.AcceptOffer(ctx); err != nil {
		t.Fatal(err)
	}
	until(t, ana, "them on the stage", onStage(key))
	if err := ana.Appoint(ctx, key); err != nil {
		t.Fatal(err)
	}
}

// TestAChosenRoomOutlivesItsHost: the successor lets in whom the moderators chose, and nobody else.
func TestAChosenRoomOutlivesItsHost(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := known(t)
	gil, dora := s.b.Join(ctx, s.bea, "Gil"), s.c.Join(ctx, s.cleo, "Dora")
	room, ana := s.table(t, s.bea.Key(), s.cleo.Key())
	shown(t, s.bea, room.ID, true)
	shown(t, s.cleo, room.ID, true)
	bea, cleo := s.b.Enter(ctx, s.bea, room.ID), s.c.Enter(ctx, s.cleo, room.ID)
	moderates(t, ana, bea, s.bea.Key())
	mouth, ear := connect(t, bea), connect(t, cleo)
	talk(t, mouth)
	if err := bea.Unmute(ctx); err != nil {
		t.Fatal(err)
	}
	hears(t, ear, "before")
	time.Sleep(4 * time.Second) //nolint:forbidigo // until B and C follow the log of A, and are in line; nothing shows it

	s.a.Stop()
	moved := func(st api.State) bool { return st.Room.Epoch == 2 }
	until(t, bea, "the next host, at B", moved)
	if st := until(t, cleo, "the next host, at C", moved); st.Room.Entry != statement.RoomChosen {
		t.Errorf("the room is for %s now", st.Room.Entry)
	}
	if err := bea.Unmute(ctx); err != nil {
		t.Fatal(err)
	}
	hears(t, ear, "after the host is gone")
	for name, who := range map[string]*client.Client{"the new host's": gil, "another node's": dora} {
		if _, err := who.Enter(ctx, room.ID); !client.Refused(err, reason.RoomChosen) {
			t.Errorf("%s member who is not chosen: %v", name, err)
		}
		if lists(t, who, room.ID) {
			t.Errorf("in the hallway of %s member who is not chosen", name)
		}
	}
	list, err := s.bea.Chosen(ctx, room.ID)
	if err != nil || !slices.ContainsFunc(list, func(m api.Member) bool { return m.Key == s.cleo.Key() }) {
		t.Errorf("the list at the next host: %+v, %v", list, err)
	}
	if err := bea.Choose(ctx, dora.Key()); err != nil {
		t.Fatal(err)
	}
	cleo.Close()
	shown(t, s.cleo, room.ID, true)
	s.c.Enter(ctx, s.cleo, room.ID)
}

// TestWhatIsPlannedForChosenPeople: they find it, at their nodes, and may enter when it opens; nobody else is told.
func TestWhatIsPlannedForChosenPeople(t *testing.T) {
	t.Parallel()
	ctx, at := t.Context(), newClock(t, "2027-02-02T12:00")
	first, second, ana := newPair(t, node.Config{Now: at.now})
	abroad := nodetest.With(t, node.Config{Now: at.now}, first)
	zoe := abroad.Found(ctx)
	yan, wim := abroad.Join(ctx, zoe, "Yan"), abroad.Join(ctx, zoe, "Wim")
	for _, who := range []*client.Client{zoe, yan, wim} {
		follows(t, who, ana)
	}
	key := identity.Generate()
	leo, leoThere := client.New(first.URL(), key, client.Options{}), client.New(second.URL(), key, client.Options{})
	link, err := ana.CreateInvite(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := leo.Join(ctx, link.String(), "Léo"); err != nil {
		t.Fatal(err)
	}
	gil := first.Join(ctx, ana, "Gil")
	p := evening()
	p.Entry, p.Chosen = statement.RoomChosen, []identity.PublicKey{leo.Key(), zoe.Key(), wim.Key()}
	s := planned(t, ana, p)
	if s.Entry != statement.RoomChosen || len(s.Chosen) != 3 || s.Chosen[0].Name != "Léo" {
		t.Fatalf("planned %+v", s)
	}
	yes := func(s api.Scheduled, listed bool) bool { return listed && s.Chosen == nil }
	sees(t, leo, "who is chosen", s.ID, yes)
	sees(t, zoe, "who is chosen, at another node", s.ID, yes)
	sees(t, wim, "another one there", s.ID, yes)
	soon(t, "the member at the second node", func() bool {
		_, err := leoThere.Me(ctx)
		return err == nil
	})
	sees(t, leoThere, "who is chosen, at the second node of the community", s.ID, yes)
	if err := leo.Remind(ctx, s.ID, 600); err != nil {
		t.Errorf("who is chosen wants to be reminded: %v", err)
	}
	for name, who := range map[string]*client.Client{"another member": gil, "another member abroad": yan} {
		if _, err := who.Schedule(ctx, s.ID); !client.Refused(err, reason.ScheduleUnknown) {
			t.Errorf("%s is shown what is planned: %v", name, err)
		}
		if err := who.Remind(ctx, s.ID, 600); !client.Refused(err, reason.ScheduleUnknown) {
			t.Errorf("%s is reminded: %v", name, err)
		}
		if list, err := who.Schedules(ctx); err != nil || len(list) != 0 {
			t.Errorf("%s sees %+v, %v", name, list, err)
		}
	}

	first.Stop()
	first.Start()
	at.set(t, "2027-02-02T18:21")
	fresh(t, ana, leo, gil, zoe, yan, wim)
	told := func(name string, who *client.Client, kind api.NoticeKind, room statement.ID) {
		t.Helper()
		soon(t, "a notice for "+name, func() bool {
			list := noticesOf(t, who).Notices
			return len(list) == 1 && list[0].Kind == kind && list[0].Room == room && list[0].Title == s.Title
		})
	}
	told("who is chosen and asked for it", leo, api.NoticeReminder, s.ID)
	room, err := ana.OpenPlanned(ctx, s)
	if err != nil {
		t.Fatal(err)
	}
	first.Enter(ctx, ana, room.ID)
	if room.Entry != statement.RoomChosen || !lists(t, leo, room.ID) || lists(t, gil, room.ID) {
		t.Errorf("opened %+v", room)
	}
	first.Enter(ctx, leo, s.ID)
	if _, err := gil.Enter(ctx, s.ID); !client.Refused(err, reason.RoomChosen) {
		t.Errorf("who is not chosen enters: %v", err)
	}
	shown(t, zoe, room.ID, true)
	told("who is chosen, at another node", zoe, api.NoticePerson, room.ID)
	told("who is chosen there too", wim, api.NoticePerson, room.ID)
	enterByLink(t, zoe, s.ID)
	if list := noticesOf(t, yan).Notices; len(list) > 0 {
		t.Errorf("who is not chosen is told %+v", list)
	}
}

// TestWhoWasAwayIsToldOfPlansForThem: a node that was down when something was planned for its members, or has forgotten it
// since, hears of it when it comes.
func TestWhoWasAwayIsToldOfPlansForThem(t *testing.T) {
	t.Parallel()
	ctx, at := t.Context(), newClock(t, "2027-02-02T12:00")
	here := nodetest.With(t, node.Config{Now: at.now})
	ana := here.Found(ctx)
	abroad := nodetest.With(t, node.Config{Now: at.now}, here)
	zoe := abroad.Found(ctx)
	follows(t, zoe, ana)
	p := evening()
	p.Entry, p.Chosen = statement.RoomChosen, []identity.PublicKey{zoe.Key()}
	listed := func(_ api.Scheduled, listed bool) bool { return listed }
	sees(t, zoe, "what was planned before", planned(t, ana, p).ID, listed)

	abroad.Stop()
	p.Title = "Songs of another week"
	s := planned(t, ana, p)
	abroad.Start()
	sees(t, zoe, "what was planned while their node was down", s.ID, listed)
	abroad.Stop()
	abroad.Start()
	sees(t, zoe, "what their node has forgotten", s.ID, listed)
}

// TestANodeOfTheCommunityReachesThem has something planned at a node that cannot reach the home of who is chosen; another node
// of the community can.
func TestANodeOfTheCommunityReachesThem(t *testing.T) {
	t.Parallel()
	ctx, at := t.Context(), newClock(t, "2027-02-02T12:00")
	key := identity.Generate()
	first, second, ana := newPairOf(t, key, node.Config{Now: at.now})
	zoe := nodetest.With(t, node.Config{Now: at.now}, first).Found(ctx)
	follows(t, zoe, ana)
	there := client.New(second.URL(), key, client.Options{})
	soon(t, "the founder at the second node", func() bool {
		_, err := there.Me(ctx)
		return err == nil
	})
	p := evening()
	p.Entry, p.Chosen = statement.RoomChosen, []identity.PublicKey{zoe.Key()}
	s := planned(t, there, p)
	sees(t, zoe, "what was planned at the node that does not know her", s.ID, func(_ api.Scheduled, listed bool) bool { return listed })
}
