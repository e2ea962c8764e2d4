package node_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"strings"
	"testing"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/node/nodetest"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// picture is a picture in PNG.
func picture(t *testing.T, side int, tone uint8) []byte {
	t.Helper()
	img := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.RGBA{R: tone, A: 255}, color.White})
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// depict gives somebody a name and a picture.
func depict(t *testing.T, c *client.Client, name string, tone uint8) statement.Commitment {
	t.Helper()
	data := picture(t, 64, tone)
	sent, err := c.SetPicture(t.Context(), "image/png", data)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.SetProfile(t.Context(), statement.Profile{Name: name, Bio: "Here to listen.", Picture: sent.Digest}); err != nil {
		t.Fatal(err)
	}
	return sent.Digest
}

func TestAPersonIsKnownAcrossNodes(t *testing.T) {
	ctx := t.Context()
	s := newSquare(t)
	first := depict(t, s.bea, "Bea", 1)
	shown(t, s.bea, s.room.ID, true)
	shown(t, s.cleo, s.room.ID, true)
	ana := s.a.Enter(ctx, s.ana, s.room.ID)
	bea := s.b.Enter(ctx, s.bea, s.room.ID)
	cleo := s.c.Enter(ctx, s.cleo, s.room.ID)
	there := func(digest statement.Commitment, name string) func(api.State) bool {
		return func(st api.State) bool {
			for _, p := range st.Audience.People {
				if p.Key == s.bea.Key() && p.Name == name && p.Picture == digest {
					return true
				}
			}
			return false
		}
	}
	until(t, ana, "Bea with her picture at the host", there(first, "Bea"))
	until(t, cleo, "Bea with her picture at a third node", there(first, "Bea"))

	// The third node has the picture from the host, which has it from Bea's home; nobody asks further.
	media, data, err := s.cleo.Picture(ctx, first)
	if err != nil || media != "image/png" || !bytes.Equal(data, picture(t, 64, 1)) {
		t.Fatalf("the picture at a third node: %s, %d bytes, %v", media, len(data), err)
	}
	p, err := s.cleo.Person(ctx, s.bea.Key(), identity.PublicKey{})
	if err != nil {
		t.Fatal(err)
	}
	if p.Bio != "Here to listen." || p.Name != "Bea" || !p.Founder || p.Community.Name != "Café" || len(p.Chain) != 1 || p.Home != s.b.Key(ctx) {
		t.Errorf("the profile at a third node: %+v", p)
	}

	second := depict(t, s.bea, "Béatrice", 2)
	for who, session := range map[string]*client.RoomSession{"the host": ana, "her home": bea, "a third node": cleo} {
		until(t, session, "another name at "+who, there(second, "Béatrice"))
	}
	if _, data, err := s.cleo.Picture(ctx, second); err != nil || !bytes.Equal(data, picture(t, 64, 2)) {
		t.Errorf("the second picture: %d bytes, %v", len(data), err)
	}
	if _, _, err := s.bea.Picture(ctx, first); !client.Refused(err, reason.PictureUnknown) {
		t.Errorf("the first picture is still at her home: %v", err)
	}
}

func TestAReactionReachesEveryNodeAndIsCounted(t *testing.T) {
	ctx := t.Context()
	s := newSquare(t)
	shown(t, s.bea, s.room.ID, true)
	ana := s.a.Enter(ctx, s.ana, s.room.ID)
	bea := s.b.Enter(ctx, s.bea, s.room.ID)
	until(t, ana, "Bea", func(st api.State) bool { return st.Audience.Count == 1 })
	events := bea.Events()
	if err := ana.React(ctx, api.ReactHeart); err != nil {
		t.Fatal(err)
	}
	if err := bea.React(ctx, api.ReactHeart); err != nil {
		t.Fatal(err)
	}
	if err := bea.React(ctx, "applause"); !client.Refused(err, reason.RequestInvalid) {
		t.Errorf("a reaction that is none: %v", err)
	}
	hearts, named := 0, false
	for hearts < 2 {
		select {
		case event := <-events:
			if r, ok := event.(api.Reactions); ok {
				for _, c := range r.Counts {
					hearts += c.Count
				}
				for _, p := range r.Stage {
					named = named || p.Key == s.ana.Key()
				}
			}
		case <-ctx.Done():
			t.Fatal("no reactions")
		}
	}
	if !named {
		t.Error("the reaction of a person on the stage names nobody")
	}
}

func TestAFloodOfReactionsIsRefused(t *testing.T) {
	ctx := t.Context()
	n := nodetest.New(t)
	ana := n.Found(ctx)
	room, err := ana.CreateRoom(ctx, "Quiet please", nil, "en")
	if err != nil {
		t.Fatal(err)
	}
	s := n.Enter(ctx, ana, room.ID)
	refused := false
	for range 10 {
		refused = refused || client.Refused(s.React(ctx, api.ReactLaugh), reason.RateLimited)
	}
	if !refused {
		t.Error("ten reactions at once, and none refused")
	}
	if s.Err() != nil {
		t.Error(s.Err())
	}
}

func TestWhatIsNoProfileIsRefused(t *testing.T) {
	ctx := t.Context()
	n := nodetest.New(t)
	ana := n.Found(ctx)
	for name, p := range map[string]statement.Profile{
		"a bio with a control character": {Name: "Ana", Bio: "a\u0007b"},
		"a bio that turns the text":      {Name: "Ana", Bio: "abc \u202e def"},
		"a bio of two paragraphs":        {Name: "Ana", Bio: "one\ntwo"},
		"a bio of 301 characters":        {Name: "Ana", Bio: strings.Repeat("b", 301)},
		"a name of 41 characters":        {Name: strings.Repeat("n", 41)},
	} {
		if _, err := ana.SetProfile(ctx, p); !client.Refused(err, reason.TextInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, p := range map[string]statement.Profile{
		"a link that runs":      {Name: "Ana", Links: []string{"javascript:alert(1)"}},
		"a link with a control": {Name: "Ana", Links: []string{"https://a.example/\u0001"}},
		"a link that turns":     {Name: "Ana", Links: []string{"https://a.example/\u202e"}},
		"five links":            {Name: "Ana", Links: []string{"https://a", "https://b", "https://c", "https://d", "https://e"}},
	} {
		if _, err := ana.SetProfile(ctx, p); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	other := statement.Profile{Name: "Ana", Picture: api.DigestOf([]byte("another picture"))}
	if _, err := ana.SetProfile(ctx, other); !client.Refused(err, reason.PictureUnknown) {
		t.Errorf("a picture that was not sent: %v", err)
	}
	me, err := ana.Me(ctx)
	if err != nil || me.Member.Name != "Ana" {
		t.Errorf("after all refusals: %+v, %v", me.Member, err)
	}
}

func TestWhomAMemberFollowsIsKeptForThemAlone(t *testing.T) {
	ctx := t.Context()
	n := nodetest.New(t)
	ana := n.Found(ctx)
	leo := n.Join(ctx, ana, "Léo")
	stranger := identity.Generate().Public()
	follow := api.Relation{Follow: true, Volume: api.FullVolume}
	for _, who := range []identity.PublicKey{leo.Key(), stranger} {
		if _, err := ana.SetRelation(ctx, who, follow); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := ana.SetRelation(ctx, ana.Key(), follow); !client.Refused(err, reason.PersonSelf) {
		t.Errorf("following oneself: %v", err)
	}
	if _, err := ana.SetRelation(ctx, identity.PublicKey{}, follow); !client.Refused(err, reason.PersonUnknown) {
		t.Errorf("following nobody: %v", err)
	}
	if _, err := ana.SetRelation(ctx, leo.Key(), api.Relation{Volume: 101}); err == nil {
		t.Error("a volume of 101 is taken")
	}
	if _, err := leo.SetRelation(ctx, ana.Key(), api.Relation{Block: true, Volume: 40}); err != nil {
		t.Fatal(err)
	}
	n.Stop()
	n.Start()
	of := func(c *client.Client) map[identity.PublicKey]api.PersonRelation {
		list, err := c.Relations(ctx)
		if err != nil {
			t.Fatal(err)
		}
		all := map[identity.PublicKey]api.PersonRelation{}
		for _, p := range list.People {
			all[p.Person.Key] = p
		}
		return all
	}
	if have := of(ana); len(have) != 2 || !have[leo.Key()].Relation.Follow || have[leo.Key()].Person.Name != "Léo" || have[stranger].Person.Name != "" {
		t.Errorf("Ana has %+v", have)
	}
	if have := of(leo); len(have) != 1 || !have[ana.Key()].Relation.Block || have[ana.Key()].Relation.Volume != 40 {
		t.Errorf("Léo has %+v", have)
	}
	if _, err := ana.SetRelation(ctx, stranger, api.Ordinary()); err != nil {
		t.Fatal(err)
	}
	if have := of(ana); len(have) != 1 {
		t.Errorf("after an end: %+v", have)
	}
}

func TestMembersChooseWhatTheirNodeHearsOf(t *testing.T) {
	ctx := t.Context()
	s := newSquare(t) // a room on "evening" at A
	if r := shown(t, s.bea, s.room.ID, true); r.Why != api.WhyGeneral {
		t.Errorf("before: %s", r.Why)
	}
	for name, wrong := range map[string]api.Settings{
		"a topic that is none":    {Topics: []string{"Evening !"}},
		"a topic twice":           {Topics: []string{"a", "a"}},
		"a language that is none": {Languages: []string{"english"}},
	} {
		if _, err := s.bea.SetSettings(ctx, wrong); !client.Refused(err, reason.RequestInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	want := api.Settings{Topics: []string{"evening"}, Languages: []string{"fr", "en"}}
	if _, err := s.bea.SetSettings(ctx, want); err != nil {
		t.Fatal(err)
	}
	if r := shown(t, s.bea, s.room.ID, true); r.Why != api.WhyTopic || r.Topic != "evening" {
		t.Errorf("after: %s %s", r.Why, r.Topic)
	}
	s.b.Stop()
	s.b.Start()
	have, err := s.bea.Settings(ctx)
	if err != nil || len(have.Topics) != 1 || len(have.Languages) != 2 {
		t.Errorf("after a restart: %+v, %v", have, err)
	}
	if r := shown(t, s.bea, s.room.ID, true); r.Why != api.WhyTopic {
		t.Errorf("after a restart: %s", r.Why)
	}
}

func TestPeopleAreFoundWhateverTheirAccents(t *testing.T) {
	ctx := t.Context()
	n := nodetest.New(t)
	ana := n.Found(ctx)
	n.Join(ctx, ana, "Léo Ångström")
	found, err := ana.People(ctx, "ANGST", 0, 10)
	if err != nil || found.Count != 1 || found.People[0].Name != "Léo Ångström" {
		t.Errorf("have %+v, %v", found, err)
	}
	if all, err := ana.People(ctx, "", 1, 1); err != nil || all.Count != 2 || len(all.People) != 1 || all.People[0].Name != "Léo Ångström" {
		t.Errorf("the second page: %+v, %v", all, err)
	}
	if none, err := ana.People(ctx, "zoe", 0, 10); err != nil || none.Count != 0 {
		t.Errorf("nobody: %+v, %v", none, err)
	}
}
