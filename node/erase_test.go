package node_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/invites"
	"github.com/stoa-rooms/stoa/node/nodetest"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// unmistakable is a name that is nowhere by chance.
const unmistakable = "Zénobie Quétsch"

// nameIn looks for a name in a file or in every file below a directory: as it is, and inside of signed statements, in each
// of the three ways in which base64 may lie across it.
func nameIn(t *testing.T, path, name string) (where []string) {
	t.Helper()
	needles := needles(name)
	if err := filepath.WalkDir(path, func(file string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			where = append(where, "a rewrite is under way")
			return nil
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		raw, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			where = append(where, "a rewrite is under way")
			return nil
		}
		for _, n := range needles {
			if bytes.Contains(raw, n) {
				where = append(where, filepath.Base(file))
			}
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return where
}

// needles are a name as it is, and as it is inside of signed statements.
func needles(name string) [][]byte {
	all := [][]byte{[]byte(name)}
	for shift := range 3 {
		text := base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat(" ", shift) + name))
		all = append(all, []byte(text[(shift*8+5)/6:len(text)-2]))
	}
	return all
}

// archive opens an export.
func archive(t *testing.T, who *client.Client) map[string]string {
	t.Helper()
	raw, err := who.Export(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range r.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(f.Name, ".json") && !json.Valid(text) {
			t.Errorf("%s is no JSON:\n%s", f.Name, text)
		}
		files[f.Name] = string(text)
	}
	return files
}

func TestAnExportHasEverythingOnAMember(t *testing.T) {
	ctx := t.Context()
	n := nodetest.New(t)
	ana := n.Found(ctx)
	zoe := n.Join(ctx, ana, unmistakable)
	if _, err := zoe.CreateInvite(ctx, 0); err != nil {
		t.Fatal(err)
	}
	room, err := zoe.CreateRoom(ctx, "Quince jam", nil, "en")
	if err != nil {
		t.Fatal(err)
	}
	files := archive(t, zoe)
	for name, wants := range map[string][]string{
		"README.txt":        {zoe.Key().String(), "stoa verify chain.json", "Voici"},
		"me.json":           {unmistakable, ana.Key().String()},
		"invites.json":      {`"pending"`},
		"rooms.json":        {"Quince jam", room.ID.String()},
		"schedules.json":    {"[]"},
		"sessions.json":     {`"expires"`},
		"statements.json":   {`"kind": "join"`, `"kind": "admit"`, `"kind": "grant"`, `"kind": "invite"`, `"kind": "create"`},
		"kept/profile.json": {unmistakable, `"kind": "profile"`},
	} {
		for _, want := range wants {
			if !strings.Contains(files[name], want) {
				t.Errorf("%s has no %q:\n%.600s", name, want, files[name])
			}
		}
	}
	report, err := invites.VerifyExport([]byte(files["chain.json"]))
	if err != nil || report.Member != zoe.Key() {
		t.Errorf("the chain proves %s, %v", report.Member, err)
	}
	for name, text := range archive(t, ana) {
		if name != "statements.json" && name != "invites.json" && strings.Contains(text, unmistakable) {
			t.Errorf("what the node holds on somebody else has the name too: %s", name)
		}
	}
}

// TestAnExportHasWhatRoomsOfOthersHold: a hand with its question, an offer, a role, also in a room of another node.
func TestAnExportHasWhatRoomsOfOthersHold(t *testing.T) {
	ctx := t.Context()
	n := nodetest.New(t)
	other := nodetest.New(t, n)
	ana, bea := n.Found(ctx), other.Found(ctx)
	zoe := n.Join(ctx, ana, unmistakable)
	leo := n.Join(ctx, ana, "Léo")
	in := func(at *nodetest.Node, host *client.Client, title string) (theirs, zoes *client.RoomSession) {
		t.Helper()
		room, err := host.CreateRoom(t.Context(), title, nil, "en")
		if err != nil {
			t.Fatal(err)
		}
		shown(t, zoe, room.ID, true)
		theirs = at.Enter(t.Context(), host, room.ID)
		zoes = n.Enter(t.Context(), zoe, room.ID)
		if err := zoes.RaiseHand(t.Context(), "Quinces of "+title+"?"); err != nil {
			t.Fatal(err)
		}
		until(t, theirs, "a raised hand", func(s api.State) bool { return len(s.Hands) == 1 })
		until(t, zoes, "her raised hand", func(s api.State) bool { return len(s.Hands) == 1 })
		return theirs, zoes
	}
	here, zoesHere := in(n, ana, "Orchard")
	there, _ := in(other, bea, "Garden")
	kept := func(when string, wants ...string) {
		t.Helper()
		got := archive(t, zoe)["rooms.json"]
		for _, want := range wants {
			if !strings.Contains(got, want) {
				t.Errorf("%s: no %q in\n%s", when, want, got)
			}
		}
	}
	kept("her hand is up", "Orchard", "Quinces of Orchard?", "Garden", "Quinces of Garden?")
	for _, s := range []*client.RoomSession{here, there} {
		if err := s.OfferStage(ctx, zoe.Key()); err != nil {
			t.Fatal(err)
		}
	}
	until(t, zoesHere, "the offer", func(s api.State) bool { _, open := s.Offered(); return open })
	kept("she is invited", `"offer"`, `"by": "`+ana.Key().String())
	if err := zoesHere.AcceptOffer(ctx); err != nil {
		t.Fatal(err)
	}
	until(t, here, "her on the stage", func(s api.State) bool { _, on := s.OnStage(zoe.Key()); return on })
	kept("she is on the stage", `"role": "speaker"`, `"here": true`)
	if err := here.Remove(ctx, zoe.Key(), 0, "Too many quinces"); err != nil {
		t.Fatal(err)
	}
	until(t, here, "her out", func(s api.State) bool { _, on := s.OnStage(zoe.Key()); return !on })
	kept("she is removed", `"removed"`, "Too many quinces")
	if got := archive(t, leo)["rooms.json"]; strings.TrimSpace(got) != "[]" {
		t.Errorf("who was in no room is told of %s", got)
	}
}

// TestThePrivacyTableNamesTheDirectory: what lies beside the store's own files is said.
func TestThePrivacyTableNamesTheDirectory(t *testing.T) {
	n := nodetest.New(t)
	n.Found(t.Context())
	doc, err := os.ReadFile("../docs/privacy.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(n.Data())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		named := func(name string) bool { return strings.Contains(string(doc), "`"+name+"`") }
		if !named(f.Name()) && !named("*"+filepath.Ext(f.Name())) {
			t.Errorf("docs/privacy.md says nothing of %s", f.Name())
		}
	}
}

// TestWhoErasesThemselvesIsForgotten erases somebody who is in a room, has invited, and is known at a second node; then
// searches every byte that is left.
func TestWhoErasesThemselvesIsForgotten(t *testing.T) {
	ctx := t.Context()
	first, second, ana := newPair(t)
	zoe, guest := newPerson(), newPerson()
	zoe.joins(t, first, ana, unmistakable)
	guest.joins(t, first, zoe.at(first), "Guest")
	link, err := zoe.at(first).CreateInvite(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	isMember(t, second, zoe, unmistakable)
	hers, err := zoe.at(first).CreateRoom(ctx, "A room of "+unmistakable, nil, "en")
	if err != nil {
		t.Fatal(err)
	}
	room, err := ana.CreateRoom(ctx, "Evening", nil, "en")
	if err != nil {
		t.Fatal(err)
	}
	anas := first.Enter(ctx, ana, room.ID)
	she := zoe.at(first)
	zoes := first.Enter(ctx, she, room.ID)
	if err := zoes.RaiseHand(ctx, "Is this "+unmistakable+"?"); err != nil {
		t.Fatal(err)
	}
	until(t, anas, "her hand", func(s api.State) bool { return len(s.Hands) == 1 })
	if err := anas.Remove(ctx, zoe.Public(), 0, "because "+unmistakable+" sang"); err != nil {
		t.Fatal(err)
	}
	before := first.Backup(ctx)
	if len(nameIn(t, first.Data(), unmistakable)) == 0 || len(nameIn(t, second.Data(), unmistakable)) == 0 || len(nameIn(t, before, unmistakable)) == 0 {
		t.Fatal("the name was never there, so this test shows nothing")
	}

	if err := she.Erase(ctx); err != nil {
		t.Fatal(err)
	}
	until(t, anas, "her gone from the room", func(s api.State) bool { return len(s.Hands) == 0 && s.Audience.Count == 0 })
	if where := nameIn(t, first.Data(), unmistakable); len(where) > 0 {
		t.Errorf("at the first node: %q", where)
	}
	if where := nameIn(t, first.Backup(ctx), unmistakable); len(where) > 0 {
		t.Errorf("in a backup")
	}
	gone(t, zoe, first)
	if _, err := ana.Room(ctx, hers.ID); err == nil {
		t.Error("the room that she made goes on under her title")
	}
	if me, err := guest.at(first).Me(ctx); err != nil || len(me.Chain) != 3 || me.Chain[1].Name != "" {
		t.Errorf("her guest: %+v, %v", me.Chain, err)
	}
	if _, err := first.Client().PreviewInvite(ctx, link.ID); err == nil {
		t.Error("her invite is still good")
	}

	// The other node hears of it and does the same; so does one that slept, and one from a backup of before.
	soon(t, "the name gone at the second node", func() bool { return len(nameIn(t, second.Data(), unmistakable)) == 0 })
	gone(t, zoe, second)
	second.Stop()
	second.Start()
	if where := nameIn(t, second.Data(), unmistakable); len(where) > 0 {
		t.Errorf("after a restart: %q", where)
	}
	anew := nodetest.Restored(t, before, first, second)
	soon(t, "the name gone at a node from an older backup", func() bool { return len(nameIn(t, anew.Data(), unmistakable)) == 0 })
	gone(t, zoe, anew)
}

// TestAPlanGoesWithItsAuthor: what somebody planned who erased themselves is in nobody's hallway, at no node of theirs.
func TestAPlanGoesWithItsAuthor(t *testing.T) {
	ctx := t.Context()
	first, second, ana := newPair(t)
	zoe, guest := newPerson(), newPerson()
	zoe.joins(t, first, ana, unmistakable)
	guest.joins(t, first, ana, "Guest")
	isMember(t, second, zoe, unmistakable)
	isMember(t, second, guest, "Guest")
	p := planned(t, zoe.at(first), evening())
	for _, n := range []*nodetest.Node{first, second} {
		sees(t, guest.at(n), "her plan", p.ID, func(s api.Scheduled, listed bool) bool { return listed && s.Author.Name == unmistakable })
	}
	if err := zoe.at(first).Erase(ctx); err != nil {
		t.Fatal(err)
	}
	list, err := guest.at(first).Schedules(ctx)
	if err != nil || len(list) > 0 {
		t.Errorf("at once, at the node where she did it: %+v, %v", list, err)
	}
	sees(t, guest.at(second), "her plan gone at the other node", p.ID, func(_ api.Scheduled, listed bool) bool { return !listed })
}

// TestWhoErasesThemselvesHearsNothing erases people who listen, at the room's host and by way of another node.
func TestWhoErasesThemselvesHearsNothing(t *testing.T) {
	ctx := t.Context()
	first, second, ana := newPair(t)
	room, err := ana.CreateRoom(ctx, "Evening", nil, "en")
	if err != nil {
		t.Fatal(err)
	}
	anas := first.Enter(ctx, ana, room.ID)
	mouth := connect(t, anas)
	talk(t, mouth)
	if err := anas.Unmute(ctx); err != nil {
		t.Fatal(err)
	}
	for where, n := range map[string]*nodetest.Node{"at the host": first, "by way of another node": second} {
		zoe := newPerson()
		zoe.joins(t, first, ana, "Zoé")
		isMember(t, n, zoe, "Zoé")
		she := zoe.at(n)
		shown(t, she, room.ID, true)
		ear := connect(t, n.Enter(ctx, she, room.ID))
		hears(t, ear, where)
		until(t, anas, "her in the room", func(s api.State) bool { return s.Audience.Count == 1 })
		if err := zoe.at(first).Erase(ctx); err != nil {
			t.Fatal(err)
		}
		soon(t, "silence "+where, func() bool { return in500ms(func() uint64 { return heard(ear) }) == 0 })
		state := until(t, anas, "her gone from the room", func(s api.State) bool { return s.Audience.Count == 0 })
		if len(state.Audience.People) > 0 {
			t.Errorf("%s: %+v", where, state.Audience.People)
		}
	}
}

// gone expects that somebody is no member any more, and is told why.
func gone(t *testing.T, who person, n *nodetest.Node) {
	t.Helper()
	if _, err := who.at(n).Me(t.Context()); !client.Refused(err, reason.MemberErased) {
		t.Errorf("signing in: %v", err)
	}
}

// TestASleepingNodeErasesLater stops the second node while somebody erases themselves at the first.
func TestASleepingNodeErasesLater(t *testing.T) {
	ctx := t.Context()
	first, second, ana := newPair(t)
	zoe := newPerson()
	zoe.joins(t, first, ana, unmistakable)
	isMember(t, second, zoe, unmistakable)
	second.Stop()
	if err := zoe.at(first).Erase(ctx); err != nil {
		t.Fatal(err)
	}
	if len(nameIn(t, second.Data(), unmistakable)) == 0 {
		t.Fatal("the sleeping node has no name to lose")
	}
	second.Start()
	soon(t, "the name gone", func() bool { return len(nameIn(t, second.Data(), unmistakable)) == 0 })
	gone(t, zoe, second)
}

// TestErasingIsRefused tries to erase somebody else, the founder, with an old statement, and for another community.
func TestErasingIsRefused(t *testing.T) {
	ctx := t.Context()
	n := nodetest.New(t)
	ana := n.Found(ctx)
	zoe, leo := newPerson(), newPerson()
	zoe.joins(t, n, ana, unmistakable)
	leo.joins(t, n, ana, "Léo")
	if err := ana.Erase(ctx); !client.Refused(err, reason.FounderStays) {
		t.Errorf("the founder: %v", err)
	}
	erase := func(by person, community identity.PublicKey) string {
		return sign(t, &statement.Erase{Community: community, IssuedAt: ana.Now().Unix()}, by.PrivateKey)
	}
	p := signIn(t, n, leo)
	for name, c := range map[string]struct {
		text string
		want reason.Reason
	}{
		"somebody else's statement": {erase(zoe, ana.Key()), reason.StatementAuthority},
		"for another community":     {erase(leo, zoe.Public()), reason.StatementAudience},
		"no statement":              {"erase me", reason.StatementSyntax},
	} {
		if got := p.post(t, api.PathErase, api.EraseRequest{Erase: c.text}); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	if len(nameIn(t, n.Data(), unmistakable)) == 0 {
		t.Error("she was erased by somebody else")
	}
	isMember(t, n, zoe, unmistakable)
	last := erase(leo, ana.Key())
	if got := p.post(t, api.PathErase, api.EraseRequest{Erase: last}); got != "" {
		t.Errorf("erasing oneself: %s", got)
	}
	if got := p.post(t, api.PathErase, api.EraseRequest{Erase: last}); got != reason.SessionRequired {
		t.Errorf("the session goes on: %s", got)
	}
}

// signedIn is somebody with a session, who may send anything.
type signedIn struct{ url, token string }

func signIn(t *testing.T, n *nodetest.Node, who person) signedIn {
	t.Helper()
	p := signedIn{url: n.URL() + api.Base}
	var challenge api.Challenge
	p.call(t, api.PathChallenge, struct{}{}, &challenge)
	var session api.Session
	p.call(t, api.PathSessions, api.SessionRequest{Session: sign(t, &statement.Session{
		Node: challenge.Node, IssuedAt: challenge.Now / 1000, Expires: challenge.Now/1000 + 60, Origin: n.URL(), Nonce: challenge.Nonce,
	}, who.PrivateKey)}, &session)
	p.token = session.Token
	return p
}

// post sends a body and gives the reason of the refusal, "" for none.
func (p signedIn) post(t *testing.T, path string, body any) reason.Reason {
	t.Helper()
	var problem api.Problem
	p.call(t, path, body, &problem)
	return reason.Reason(problem.Code)
}

func (p signedIn) call(t *testing.T, path string, body, into any) {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+path, bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if p.token != "" {
		req.Header.Set("Authorization", "Bearer "+p.token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err == nil && len(data) > 0 {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		t.Fatalf("%s: %s: %v", path, data, err)
	}
}
