package link_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/link"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/statement"
)

// samples has one message of each type.
func samples() []link.Message {
	who, room := identity.Generate().Public(), statement.ID{1}
	return []link.Message{
		link.Hello{Room: room, Epoch: 1},
		link.Ping{ID: 1, Log: 2},
		link.AskNonce{ID: 2, Member: who},
		link.Enter{ID: 3, Enter: "e", Ticket: "t", Profile: "p", Chain: []byte(`{"a":1}`)},
		link.Act{ID: 4, Act: "a"},
		link.Audience{ID: 5, Offset: 50, Limit: 50},
		link.Audience{ID: 5, Offset: 50, Limit: 50, Query: "ana"},
		link.Media{ID: 6, SDP: "v=0\r\n"},
		link.Guests{ID: 9, Count: 12},
		link.AskChosen{ID: 10, Member: who},
		link.Gone{Member: who},
		link.Speak{ID: 7, Lend: "l"},
		link.Silent{Member: who},
		link.Removals{Removed: []rooms.Removal{{Key: who, By: who, At: 7}}},
		link.Welcome{Epoch: 2, Tenure: []byte(`[]`), Room: []byte(`{}`)},
		link.Answer{ID: 8, Reason: reason.RoomFull, Detail: "d"},
		link.Event{Event: []byte(`{"type":"muted"}`)},
		link.Left{Member: who, Reason: reason.RoomReplaced},
		link.Line{List: "l", Addrs: map[identity.PublicKey][]string{who: {"/ip4/127.0.0.1/tcp/1"}}},
		link.Record{Record: []byte(`{}`)},
		link.Refused{Reason: reason.NodeDenied},
		link.Lost{Room: room, Lost: "l"},
		link.Takeover{Room: room, Tenure: []byte(`[]`)},
		link.Shown{Room: []byte(`{}`)},
		link.Invited{Bundle: []byte(`{}`), People: []identity.PublicKey{who}},
		link.Asks{},
	}
}

// TestAFullRoomFitsIntoOneMessage: with the longest names, and all that may be asked, of characters that JSON escapes.
func TestAFullRoomFitsIntoOneMessage(t *testing.T) {
	who := identity.Generate().Public()
	name := strings.Repeat(`"`, 400)
	person := api.Person{Key: who, Name: name, Picture: statement.Commitment{1}, CSRC: 1<<31 - 1, Home: &who}
	s := api.Snapshot{Run: strings.Repeat("r", 26), Create: strings.Repeat("c", 2000), You: who}
	for range 50 {
		s.Stage = append(s.Stage, api.StagePerson{Person: person, Role: api.RoleModerator})
		s.Offers = append(s.Offers, api.Offer{Key: who, By: who, Expires: 1 << 41})
		s.Audience.People = append(s.Audience.People, person)
	}
	const hands = 500
	for range hands {
		s.Hands = append(s.Hands, api.Hand{Person: person, Question: strings.Repeat(`"`, rooms.MaxAsked/hands), At: 1 << 41})
	}
	for range rooms.MaxLog {
		s.Roles = append(s.Roles, api.Order{At: 1 << 41, Act: strings.Repeat("a", 400)})
	}
	room, err := link.Raw(s)
	if err != nil {
		t.Fatal(err)
	}
	frame, err := link.Encode(link.Shown{Room: room})
	if err != nil || len(frame) < link.MaxFrame/2 {
		t.Errorf("%d bytes: %v", len(frame), err)
	}
}

func TestEveryMessageComesBack(t *testing.T) {
	for _, m := range samples() {
		frame, err := link.Encode(m)
		if err != nil {
			t.Fatalf("%T: %v", m, err)
		}
		got, err := link.Decode(frame)
		if err != nil {
			t.Fatalf("%T: %v", m, err)
		}
		if diff := cmp.Diff(m, got); diff != "" {
			t.Errorf("%T comes back as another:\n%s", m, diff)
		}
	}
}

func TestWhatIsNoMessage(t *testing.T) {
	for name, frame := range map[string]string{
		"nothing":            ``,
		"half":               `{"type":"ping","body":{"id":1`,
		"no JSON":            `hello`,
		"no type":            `{"body":{}}`,
		"an unknown type":    `{"type":"sing","body":{}}`,
		"a body of another":  `{"type":"ping","body":[]}`,
		"a name twice":       `{"type":"ping","body":{"id":1,"id":2}}`,
		"a type twice":       `{"type":"ping","type":"act","body":{}}`,
		"bad UTF-8":          "{\"type\":\"act\",\"body\":{\"act\":\"\xff\"}}",
		"a key that is none": `{"type":"gone","body":{"member":"did:key:z"}}`,
		"two messages":       `{"type":"ping","body":{"id":1}}{"type":"ping","body":{"id":2}}`,
		"too large":          `{"type":"act","body":{"act":"` + strings.Repeat("a", link.MaxFrame) + `"}}`,
	} {
		if m, err := link.Decode([]byte(frame)); !errors.Is(err, link.ErrMessage) {
			t.Errorf("%s: %v, %v", name, m, err)
		}
	}
}

func TestMembersOfALaterVersionArePassedOver(t *testing.T) {
	m, err := link.Decode([]byte(`{"type":"ping","later":1,"body":{"id":1,"log":2,"later":[]}}`))
	if err != nil || m != (link.Ping{ID: 1, Log: 2}) {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestWhatIsTooLargeIsNotSent(t *testing.T) {
	if _, err := link.Encode(link.Act{Act: strings.Repeat("a", link.MaxFrame)}); err == nil {
		t.Error("a frame above the limit was encoded")
	}
}

func TestAWelcomeNeedsASnapshot(t *testing.T) {
	for _, room := range []string{`{}`, `{"type":"muted","n":1,"at":1}`, `[]`} {
		if _, err := (link.Welcome{Room: []byte(room)}).Snapshot(); !errors.Is(err, link.ErrMessage) {
			t.Errorf("%s: %v", room, err)
		}
	}
}

func TestRefusalsKeepTheirReason(t *testing.T) {
	a := link.Refuse(9, reason.Reject(reason.HomeLimit, "too many"))
	if a.ID != 9 || reason.Of(a.Err()) != reason.HomeLimit {
		t.Errorf("%+v", a)
	}
	if err := (link.Answer{ID: 1}).Err(); err != nil {
		t.Errorf("an answer without a reason: %v", err)
	}
}

// FuzzDecode: whatever another node sends is a message or an error, and what was read is written as something that is
// read as the same.
func FuzzDecode(f *testing.F) {
	for _, m := range samples() {
		frame, err := link.Encode(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(frame)
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		m, err := link.Decode(frame)
		if err != nil {
			if !errors.Is(err, link.ErrMessage) {
				t.Fatalf("another error: %v", err)
			}
			return
		}
		again, err := link.Encode(m)
		if err != nil {
			return // a body near the limit may grow beyond it
		}
		back, err := link.Decode(again)
		if err != nil {
			t.Fatalf("%T does not come back: %v", m, err)
		}
		last, err := link.Encode(back)
		if err != nil || string(last) != string(again) {
			t.Fatalf("%s\nbecomes\n%s", again, last)
		}
	})
}

// TestTold: a host cannot speak to another node's members as their own node does.
func TestTold(t *testing.T) {
	for _, r := range []reason.Reason{reason.SessionEnded, reason.SessionRequired, reason.MemberErased, reason.AppToken, "made-up", ""} {
		if got := link.Told(r); got != reason.StreamInvalid {
			t.Errorf("%q is told as %q", r, got)
		}
		if err := (link.Answer{ID: 1, Reason: r}).Err(); r != "" && reason.Of(err) != reason.StreamInvalid {
			t.Errorf("%q: %v", r, err)
		}
	}
	for _, r := range []reason.Reason{reason.RoomChosen, reason.RoomReplaced, reason.RoomFull, reason.EnterStale} {
		if got := link.Told(r); got != r {
			t.Errorf("%q is told as %q", r, got)
		}
	}
}
