package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/statement"
)

func contextFor(t *testing.T) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithTimeout(t.Context(), 10*time.Second)
}

func audienceText(n int64) string {
	data, err := json.Marshal(audience(n, 0))
	if err != nil {
		panic(err)
	}
	return string(data)
}

// each is one event of each type, in an order in which they make sense.
func each() []api.Event {
	me, other := person(1), person(2)
	n := int64(0)
	head := func(kind api.EventType) api.Head {
		n++
		return api.Head{Type: kind, N: n, At: 1000 + n}
	}
	speaker := api.StagePerson{Person: api.Person{Key: me, Name: "Ana", CSRC: 3}, Role: api.RoleSpeaker, Muted: true, Connected: true}
	first := snapshot("run", 0)
	first.Stage = []api.StagePerson{{Person: api.Person{Key: other, Name: "Léo", CSRC: 1}, Role: api.RoleModerator, Connected: true}}
	return []api.Event{
		first,
		api.HandRaised{Head: head(api.EventHandRaised), Hand: api.Hand{Person: api.Person{Key: other, Name: "Zoé"}, At: 5}},
		api.HandRaised{Head: head(api.EventHandRaised), Hand: api.Hand{Person: speaker.Person, Question: "why?", At: 6}},
		api.HandLowered{Head: head(api.EventHandLowered), Key: other, By: &other},
		api.StageOffered{Head: head(api.EventOffered), Offer: api.Offer{Key: me, By: other, Expires: 7}},
		api.OfferEnded{Head: head(api.EventOfferEnded), Key: me, Why: "accepted"},
		api.StageJoined{Head: head(api.EventStageJoined), Person: speaker},
		api.Unmuted{Head: head(api.EventUnmuted), Key: me},
		api.Muted{Head: head(api.EventMuted), Key: me, By: &other},
		api.RoleChanged{Head: head(api.EventRoleChanged), Key: me, Role: api.RoleModerator, By: &other},
		api.Connection{Head: head(api.EventConnection), Key: other, Connected: false},
		api.StageLeft{Head: head(api.EventStageLeft), Key: other, Why: "lost"},
		api.Removed{Head: head(api.EventRemoved), Key: other, By: me},
		audience(14, 3),
		api.Ended{Head: api.Head{Type: api.EventEnded, N: 15}, Why: "moderator", By: &me},
		api.Hallway{Head: api.Head{Type: api.EventHallway}, Rooms: []api.Room{}},
		api.Refused{Head: api.Head{Type: api.EventRefused}, Problem: api.Problem{Code: "x"}},
		api.Entry{Head: api.Head{Type: api.EventEntry}, Room: statement.ID{7}, Epoch: 2, Home: me, Host: other, Nonce: "nonce"},
		api.HostChanged{Head: api.Head{Type: api.EventHost}, Host: other, Epoch: 2, State: api.HostLost},
	}
}

func TestStateFollowsEvents(t *testing.T) {
	me, other := person(1), person(2)
	var s client.State
	at := map[int64]client.State{}
	for _, e := range each()[:15] {
		s = s.Apply(e)
		at[s.N] = s
	}
	if p := at[2].HandPosition(); p != 2 {
		t.Errorf("position %d in the queue", p)
	}
	if p := at[3].HandPosition(); p != 1 {
		t.Errorf("position %d after the first was dismissed", p)
	}
	if o, ok := at[4].Offered(); !ok || o.By != other {
		t.Error("no offer")
	}
	if _, ok := at[5].Offered(); ok {
		t.Error("an accepted offer stands")
	}
	self, ok := at[6].Self()
	if !ok || !self.Muted || at[6].Role() != api.RoleSpeaker || at[6].HandPosition() != 0 {
		t.Errorf("on the stage: %+v", at[6])
	}
	if at[5].Role() != api.RoleListener {
		t.Error("a listener is something else")
	}
	if self, _ := at[7].Self(); self.Muted {
		t.Error("muted after unmuting")
	}
	if self, _ := at[8].Self(); !self.Muted {
		t.Error("not muted after muting")
	}
	if at[9].Role() != api.RoleModerator {
		t.Error("no moderator after being appointed")
	}
	if p, _ := at[10].Speaker(1); p.Connected || p.Key != other {
		t.Errorf("after losing the connection: %+v", p)
	}
	if _, ok := at[11].OnStage(other); ok {
		t.Error("on the stage after leaving it")
	}
	if at[14].Audience.Count != 3 {
		t.Error("no audience")
	}
	for _, e := range each()[15:] {
		if d := cmp.Diff(s, s.Apply(e)); d != "" {
			t.Errorf("%T changes the room: %s", e, d)
		}
	}
	if s.Ended == nil || len(s.Stage) != 0 || s.You != me {
		t.Errorf("after the end: %+v", s)
	}
	// A State that was kept is as it was.
	if p, _ := at[6].OnStage(other); !p.Connected || len(at[2].Hands) != 2 {
		t.Error("a kept state has changed")
	}
}

func TestDecodeEvent(t *testing.T) {
	for _, want := range each() {
		data, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := api.DecodeEvent(data)
		if err != nil {
			t.Errorf("%T: %v", want, err)
			continue
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
		if reflect.TypeOf(got) != reflect.TypeOf(want) {
			t.Errorf("%T became %T", want, got)
		}
	}
	newer := `{"type":"muted","n":1,"at":2,"key":"` + person(1).String() + `","why":"a newer node says more"}`
	if _, err := api.DecodeEvent([]byte(newer)); err != nil {
		t.Error(err)
	}
	for name, text := range map[string]string{
		"nothing":        ``,
		"no object":      `[]`,
		"null":           `null`,
		"no type":        `{"n":1,"at":2}`,
		"unknown type":   `{"type":"exploded","n":1,"at":2}`,
		"case of a name": `{"Type":"unmuted","n":1,"at":2}`,
		"twice":          `{"type":"unmuted","type":"muted","n":1,"at":2}`,
		"bad key":        `{"type":"unmuted","n":1,"at":2,"key":"did:key:zabc"}`,
		"bad UTF-8":      "{\"type\":\"refused\",\"n\":0,\"at\":2,\"problem\":{\"title\":\"\xff\"}}",
		"text behind":    `{"type":"unmuted","n":1,"at":2}x`,
		"number as text": `{"type":"unmuted","n":"1","at":2}`,
	} {
		if e, err := api.DecodeEvent([]byte(text)); !errors.Is(err, api.ErrEvent) {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
	}
}

// FuzzDecodeEvent holds that whatever can be read can be taken in and is written as it was read.
func FuzzDecodeEvent(f *testing.F) {
	for _, e := range each() {
		data, err := json.Marshal(e)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := api.DecodeEvent(data)
		if err != nil {
			return
		}
		client.State{}.Apply(e)
		again, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		back, err := api.DecodeEvent(again)
		if err != nil {
			return // a member that was left out is a zero key, which is none
		}
		if d := cmp.Diff(e, back, cmpopts.EquateEmpty()); d != "" {
			t.Error(d)
		}
	})
}

func TestLinks(t *testing.T) {
	id, room := statement.ID{1, 2}, statement.ID{3}
	for _, want := range []client.InviteLink{
		{URL: "https://cafe.example", ID: id, Seed: [32]byte{9}},
		{URL: "http://127.0.0.1:7080", ID: id, Seed: [32]byte{9, 8}, Room: room},
	} {
		got, err := client.ParseInviteLink(" " + want.String() + "\n")
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v", want, got, err)
		}
	}
	owner, err := client.ParseOwnerLink("http://127.0.0.1:7080/#owner=abcdefghijklmnop_-")
	if err != nil || owner.Secret != "abcdefghijklmnop_-" || owner.String() != "http://127.0.0.1:7080/#owner=abcdefghijklmnop_-" {
		t.Errorf("%+v, %v", owner, err)
	}
	whole := client.InviteLink{URL: "https://cafe.example", ID: id, Seed: [32]byte{9}}.String()
	for _, text := range []string{
		"", "nonsense", "://", whole[:len(whole)-1], whole[:len(whole)-43], strings.Replace(whole, "/i/", "/r/", 1),
		whole + "&room=abc", strings.Replace(whole, "https:", "ftp:", 1), strings.Replace(whole, "#", "/more#", 1),
		"https://cafe.example/#owner=abcdefghijklmnop",
	} {
		if l, err := client.ParseInviteLink(text); !errors.Is(err, client.ErrLink) {
			t.Errorf("%q: %+v, %v", text, l, err)
		}
	}
	for _, text := range []string{"", whole, "https://cafe.example/#owner=", "https://cafe.example/#owner=a b", "https://cafe.example/x#owner=abcdefghijklmnop"} {
		if l, err := client.ParseOwnerLink(text); !errors.Is(err, client.ErrLink) {
			t.Errorf("%q: %+v, %v", text, l, err)
		}
	}
}
