package api_test

import (
	"bytes"
	stdjson "encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

var update = flag.Bool("update", false, "write testdata anew")

// scene is a room with people whose keys are known: Ana made it, Léo was appointed by her, Mia listens.
type scene struct {
	room          statement.ID
	create        string
	ana, leo, mia identity.PrivateKey
	numbers       map[identity.PublicKey]int64
}

// at is the time of the first event, in seconds.
const at = 1_800_000_000

func private(n byte) identity.PrivateKey {
	p, err := identity.FromSeed(bytes.Repeat([]byte{n}, 32))
	if err != nil {
		panic(err)
	}
	return p
}

func newScene(t *testing.T, appointed ...identity.PublicKey) *scene {
	t.Helper()
	s := &scene{ana: private(1), leo: private(2), mia: private(3), numbers: map[identity.PublicKey]int64{}}
	create := &statement.Create{
		Community: s.ana.Public(), IssuedAt: at, JTI: "0123456789abcdef", Node: private(9).Public(), Language: "en",
		Topics: []string{}, Entry: statement.RoomMembers,
	}
	if len(appointed) > 0 {
		create.Schedule, create.Moderators = statement.ID{5}, appointed
	}
	st, err := statement.Sign(create, s.ana)
	if err != nil {
		t.Fatal(err)
	}
	s.room, s.create = st.ID(), st.Text()
	return s
}

// act is what somebody does, with the next number; bend may change it before it is signed.
func (s *scene) act(by identity.PrivateKey, do api.ActionType, target identity.PublicKey, bend ...func(*statement.Act)) string {
	s.numbers[by.Public()]++
	body := &statement.Act{
		Room: s.room, IssuedAt: at, Nonce: "0123456789abcdef", Number: s.numbers[by.Public()], Do: string(do), Target: target,
	}
	for _, b := range bend {
		b(body)
	}
	st, err := statement.Sign(body, by)
	if err != nil {
		panic(err)
	}
	return st.Text()
}

func (s *scene) person(who identity.PrivateKey, role api.Role) api.StagePerson {
	return api.StagePerson{Person: api.Person{Key: who.Public(), Name: "?", CSRC: 1}, Role: role, Muted: true, Connected: true}
}

// snapshot is the room with Ana and Léo as moderators, by an act of Ana's.
func (s *scene) snapshot() api.Snapshot {
	return api.Snapshot{
		Head: api.Head{Type: api.EventSnapshot, N: 1, At: at * 1000}, Run: "run", You: s.mia.Public(), Create: s.create,
		Room: api.Room{
			ID: s.room, Title: "?", Topics: []string{}, Speakers: []api.Member{}, Host: private(9).Public(),
			Community: api.Community{ID: s.ana.Public(), Rules: statement.Rules{Community: s.ana.Public()}},
			Creator:   api.Member{Key: s.ana.Public()},
		},
		Stage: []api.StagePerson{
			s.person(s.ana, api.RoleModerator), s.person(s.leo, api.RoleModerator), s.person(s.mia, api.RoleSpeaker),
		},
		Hands: []api.Hand{}, Offers: []api.Offer{}, Audience: api.Audience{People: []api.Person{}},
		Roles: []api.Order{{At: at * 1000, Act: s.act(s.ana, api.ActAppoint, s.leo.Public())}},
	}
}

func head(kind api.EventType, act string) api.Head {
	return api.Head{Type: kind, At: at*1000 + 5, Act: act}
}

func muted(who, by identity.PrivateKey, act string) api.Event {
	key := by.Public()
	return api.Muted{Head: head(api.EventMuted, act), Key: who.Public(), By: &key}
}

// example is a run of events with the verdict on each.
type example struct {
	Name     string           `json:"name"`
	Room     statement.ID     `json:"room"`
	Events   []jsontext.Value `json:"events"`
	Verdicts []api.Verdict    `json:"verdicts"`
}

// replayed is a log with the verdict on each line, after the events.
type replayed struct {
	Name     string           `json:"name"`
	Room     statement.ID     `json:"room"`
	Events   []jsontext.Value `json:"events"`
	Create   string           `json:"create"`
	Orders   []api.Order      `json:"orders"`
	Verdicts []api.Verdict    `json:"verdicts"`
}

const (
	proven  = api.VerdictProven
	vouched = api.VerdictVouched
	refused = api.VerdictRefused
)

func examples(t *testing.T) (list []example) {
	t.Helper()
	addTo := func(s *scene, name string, build func(s *scene) []api.Event, verdicts ...api.Verdict) {
		e := example{Name: name, Room: s.room, Verdicts: append([]api.Verdict{""}, verdicts...)}
		for i, event := range append([]api.Event{s.snapshot()}, build(s)...) {
			h := event.Header()
			h.N = int64(i + 1)
			raw, err := json.Marshal(api.WithHead(event, h))
			if err != nil {
				t.Fatal(err)
			}
			e.Events = append(e.Events, raw)
		}
		list = append(list, e)
	}
	add := func(name string, build func(s *scene) []api.Event, verdicts ...api.Verdict) {
		addTo(newScene(t), name, build, verdicts...)
	}
	one := func(e api.Event) []api.Event { return []api.Event{e} }
	hour := int64(3600)
	why := api.Text{Text: "spam"}
	commitment := why.Commitment()
	on := statement.SwitchOn
	removal := func(a *statement.Act) { a.Duration, a.Reason = &hour, &commitment }
	removed := func(s *scene, act string, until int64, r *api.Text) api.Event {
		h := head(api.EventRemoved, act)
		h.Reason = r
		return api.Removed{Head: h, Key: s.mia.Public(), By: s.ana.Public(), Until: until}
	}

	add("the creator mutes", func(s *scene) []api.Event { return one(muted(s.mia, s.ana, s.act(s.ana, api.ActMute, s.mia.Public()))) }, proven)
	add("whom she appointed mutes", func(s *scene) []api.Event { return one(muted(s.mia, s.leo, s.act(s.leo, api.ActMute, s.mia.Public()))) }, proven)
	add("all are muted at once", func(s *scene) []api.Event {
		act := s.act(s.ana, api.ActMuteAll, s.ana.Public())
		return []api.Event{muted(s.mia, s.ana, act), muted(private(4), s.ana, act)}
	}, proven, proven)
	add("somebody mutes themselves", func(s *scene) []api.Event {
		return one(api.Muted{Head: head(api.EventMuted, ""), Key: s.mia.Public()})
	}, "")
	add("an act of somebody else", func(s *scene) []api.Event { return one(muted(s.mia, s.ana, s.act(s.leo, api.ActMute, s.mia.Public()))) }, refused)
	add("no act", func(s *scene) []api.Event { return one(muted(s.mia, s.ana, "")) }, refused)
	add("no statement", func(s *scene) []api.Event { return one(muted(s.mia, s.ana, "a.b.c")) }, refused)
	add("another kind of statement", func(s *scene) []api.Event { return one(muted(s.mia, s.ana, s.create)) }, refused)
	add("an act with a broken signature", func(s *scene) []api.Event {
		act := s.act(s.ana, api.ActMute, s.mia.Public())
		other := s.act(s.ana, api.ActMute, s.mia.Public())
		return one(muted(s.mia, s.ana, act[:len(act)-86]+other[len(other)-86:]))
	}, refused)
	add("an act in another room", func(s *scene) []api.Event {
		return one(muted(s.mia, s.ana, s.act(s.ana, api.ActMute, s.mia.Public(), func(a *statement.Act) { a.Room[0] ^= 1 })))
	}, refused)
	add("an act upon somebody else", func(s *scene) []api.Event {
		return one(muted(s.mia, s.ana, s.act(s.ana, api.ActMute, private(4).Public())))
	}, refused)
	add("another action", func(s *scene) []api.Event { return one(muted(s.mia, s.ana, s.act(s.ana, api.ActMove, s.mia.Public()))) }, refused)
	add("an action that is nobody's command", func(s *scene) []api.Event {
		return one(muted(s.mia, s.ana, s.act(s.ana, api.ActMuteSelf, s.ana.Public())))
	}, refused)
	add("an act of hours ago", func(s *scene) []api.Event {
		return one(muted(s.mia, s.ana, s.act(s.ana, api.ActMute, s.mia.Public(), func(a *statement.Act) { a.IssuedAt -= 181 })))
	}, refused)
	add("an act from the future", func(s *scene) []api.Event {
		return one(muted(s.mia, s.ana, s.act(s.ana, api.ActMute, s.mia.Public(), func(a *statement.Act) { a.IssuedAt += 181 })))
	}, refused)
	add("an act said twice", func(s *scene) []api.Event {
		first := s.act(s.ana, api.ActMute, s.mia.Public())
		second := s.act(s.ana, api.ActMuteAll, s.ana.Public())
		return []api.Event{muted(s.mia, s.ana, first), muted(s.mia, s.ana, second), muted(s.mia, s.ana, first)}
	}, proven, proven, refused)
	add("somebody who does not moderate", func(s *scene) []api.Event {
		return one(muted(private(4), s.mia, s.act(s.mia, api.ActMute, private(4).Public())))
	}, refused)
	add("a moderator of equal rank", func(s *scene) []api.Event { return one(muted(s.leo, s.ana, s.act(s.ana, api.ActMute, s.leo.Public()))) }, refused)
	add("a withdrawn moderator moderates no more", func(s *scene) []api.Event {
		ana := s.ana.Public()
		return []api.Event{
			api.RoleChanged{Head: head(api.EventRoleChanged, s.act(s.ana, api.ActWithdraw, s.leo.Public())), Key: s.leo.Public(), Role: api.RoleSpeaker, By: &ana},
			muted(s.mia, s.leo, s.act(s.leo, api.ActMute, s.mia.Public())),
		}
	}, proven, refused)
	add("a moderator withdraws the creator, who appointed them", func(s *scene) []api.Event {
		leo := s.leo.Public()
		return one(api.RoleChanged{
			Head: head(api.EventRoleChanged, s.act(s.leo, api.ActWithdraw, s.ana.Public())), Key: s.ana.Public(), Role: api.RoleSpeaker, By: &leo,
		})
	}, refused)
	add("a moderator who left moderates no more", func(s *scene) []api.Event {
		return []api.Event{
			api.StageLeft{Head: head(api.EventStageLeft, ""), Key: s.leo.Public(), Why: "left"},
			muted(s.mia, s.leo, s.act(s.leo, api.ActMute, s.mia.Public())),
		}
	}, "", refused)
	add("a false appointment gives no authority", func(s *scene) []api.Event {
		ana := s.ana.Public()
		return []api.Event{
			api.RoleChanged{Head: head(api.EventRoleChanged, s.act(s.ana, api.ActAppoint, private(4).Public())), Key: s.mia.Public(), Role: api.RoleModerator, By: &ana},
			muted(private(4), s.mia, s.act(s.mia, api.ActMute, private(4).Public())),
		}
	}, refused, refused)
	add("the room makes a moderator, who is vouched for", func(s *scene) []api.Event {
		return []api.Event{
			api.RoleChanged{Head: head(api.EventRoleChanged, ""), Key: s.mia.Public(), Role: api.RoleModerator},
			muted(private(4), s.mia, s.act(s.mia, api.ActMute, private(4).Public())),
		}
	}, "", vouched)
	comes := func(s *scene, who identity.PrivateKey) api.Event {
		return api.StageJoined{Head: head(api.EventStageJoined, ""), Person: s.person(who, api.RoleModerator)}
	}
	late := private(5)
	addTo(newScene(t, late.Public()), "whom the creator appointed with the opening comes, and mutes", func(s *scene) []api.Event {
		return []api.Event{comes(s, late), muted(s.mia, late, s.act(late, api.ActMute, s.mia.Public()))}
	}, "", proven)
	addTo(newScene(t, late.Public()), "whom the creator appointed with the opening has not come yet", func(s *scene) []api.Event {
		return one(muted(s.mia, late, s.act(late, api.ActMute, s.mia.Public())))
	}, refused)
	addTo(newScene(t, late.Public()), "whom the creator appointed with the opening was withdrawn, and comes again as a moderator", func(s *scene) []api.Event {
		ana := s.ana.Public()
		return []api.Event{
			comes(s, late),
			api.RoleChanged{Head: head(api.EventRoleChanged, s.act(s.ana, api.ActWithdraw, late.Public())), Key: late.Public(), Role: api.RoleSpeaker, By: &ana},
			api.StageLeft{Head: head(api.EventStageLeft, ""), Key: late.Public(), Why: "left"},
			comes(s, late), muted(s.mia, late, s.act(late, api.ActMute, s.mia.Public())),
		}
	}, "", proven, "", "", vouched)
	addTo(newScene(t, late.Public()), "somebody whom nobody appointed comes as a moderator", func(s *scene) []api.Event {
		return []api.Event{comes(s, private(6)), muted(s.mia, private(6), s.act(private(6), api.ActMute, s.mia.Public()))}
	}, "", vouched)
	add("a removal with its reason", func(s *scene) []api.Event {
		return one(removed(s, s.act(s.ana, api.ActRemove, s.mia.Public(), removal), (at+hour)*1000, &why))
	}, proven)
	add("a removal whose reason was forgotten", func(s *scene) []api.Event {
		return one(removed(s, s.act(s.ana, api.ActRemove, s.mia.Public(), removal), (at+hour)*1000, nil))
	}, proven)
	add("a removal with another reason", func(s *scene) []api.Event {
		return one(removed(s, s.act(s.ana, api.ActRemove, s.mia.Public(), removal), (at+hour)*1000, &api.Text{Text: "ham"}))
	}, refused)
	add("a removal that is said to be for ever", func(s *scene) []api.Event {
		return one(removed(s, s.act(s.ana, api.ActRemove, s.mia.Public(), removal), 0, &why))
	}, refused)
	add("a removal for ever that is said to end", func(s *scene) []api.Event {
		return one(removed(s, s.act(s.ana, api.ActRemove, s.mia.Public()), (at+hour)*1000, nil))
	}, refused)
	add("a removal that a host brings along", func(s *scene) []api.Event {
		old := func(a *statement.Act) { a.IssuedAt -= 1000; a.Duration = &hour }
		return one(removed(s, s.act(s.ana, api.ActRemove, s.mia.Public(), old), (at+hour-1000)*1000, nil))
	}, vouched)
	add("settings", func(s *scene) []api.Event {
		lock := func(a *statement.Act) { a.Switch = &on }
		slow := func(a *statement.Act) { a.Duration = &hour }
		changed := func(act string, to api.RoomSettings) api.Event {
			return api.SettingsChanged{Head: head(api.EventSettings, act), Settings: to, By: s.ana.Public()}
		}
		return []api.Event{
			changed(s.act(s.ana, api.ActLockStage, s.ana.Public(), lock), api.RoomSettings{Locked: true}),
			changed(s.act(s.ana, api.ActAskMode, s.ana.Public(), lock), api.RoomSettings{Locked: true, Ask: true}),
			changed(s.act(s.ana, api.ActSlowMode, s.ana.Public(), slow), api.RoomSettings{Locked: true, Ask: true, Slow: hour}),
			changed(s.act(s.ana, api.ActSlowMode, s.ana.Public()), api.RoomSettings{Locked: true, Ask: true}),
			changed(s.act(s.ana, api.ActLockStage, s.ana.Public(), lock), api.RoomSettings{}),
			changed(s.act(s.ana, api.ActSlowMode, s.ana.Public(), slow), api.RoomSettings{Slow: 5}),
			changed(s.act(s.ana, api.ActLockStage, s.ana.Public()), api.RoomSettings{}),
		}
	}, proven, proven, proven, proven, refused, refused, refused)
	add("each other command", func(s *scene) []api.Event {
		ana, mia := s.ana.Public(), s.mia.Public()
		return []api.Event{
			api.HandLowered{Head: head(api.EventHandLowered, s.act(s.ana, api.ActDismissHand, mia)), Key: mia, By: &ana},
			api.StageOffered{Head: head(api.EventOffered, s.act(s.ana, api.ActOffer, mia)), Offer: api.Offer{Key: mia, By: ana}},
			api.UnmuteAsked{Head: head(api.EventUnmuteAsked, s.act(s.ana, api.ActAskToUnmute, mia)), Key: mia, By: ana},
			api.StageLeft{Head: head(api.EventStageLeft, s.act(s.ana, api.ActMove, mia)), Key: mia, Why: "moved", By: &ana},
			api.RemovalEnded{Head: head(api.EventPardoned, s.act(s.ana, api.ActLift, mia)), Key: mia, By: &ana},
			api.Ended{Head: head(api.EventEnded, s.act(s.ana, api.ActEnd, ana)), Why: "moderator", By: &ana},
		}
	}, proven, proven, proven, proven, proven, proven)
	return list
}

func replays(t *testing.T) (list []replayed) {
	t.Helper()
	add := func(name string, build func(s *scene) (string, []api.Order), verdicts ...api.Verdict) {
		s := newScene(t)
		first, err := json.Marshal(api.Event(s.snapshot()))
		if err != nil {
			t.Fatal(err)
		}
		r := replayed{Name: name, Room: s.room, Events: []jsontext.Value{first}, Verdicts: verdicts}
		s.numbers = map[identity.PublicKey]int64{}
		r.Create, r.Orders = build(s)
		list = append(list, r)
	}
	line := func(act string) api.Order { return api.Order{At: at * 1000, Act: act} }
	add("from the creator on", func(s *scene) (string, []api.Order) {
		return s.create, []api.Order{
			line(s.act(s.ana, api.ActAppoint, s.leo.Public())), line(s.act(s.leo, api.ActAppoint, s.mia.Public())),
			line(s.act(s.mia, api.ActMute, private(4).Public())), line(s.act(s.leo, api.ActWithdraw, s.mia.Public())),
			line(s.act(s.mia, api.ActMute, private(4).Public())), line(s.act(s.leo, api.ActWithdraw, s.ana.Public())),
		}
	}, proven, proven, proven, proven, refused, refused)
	add("a hostile log", func(s *scene) (string, []api.Order) {
		mute := s.act(s.ana, api.ActMute, s.mia.Public())
		return s.create, []api.Order{
			line(s.act(private(4), api.ActMute, s.mia.Public())), line("nothing"), line(s.create), line(mute),
			line(s.act(s.ana, api.ActMuteAll, s.ana.Public())), line(mute),
			{At: at*1000 + 181_000, Act: s.act(s.ana, api.ActMuteAll, s.ana.Public())},
			{At: at * 1000, Act: s.act(s.ana, api.ActRemove, s.mia.Public()), Reason: &api.Text{Text: "spam"}},
			line(s.act(s.ana, api.ActUnmute, s.ana.Public())),
			{At: at * 1000},
		}
	}, refused, refused, refused, proven, proven, refused, refused, refused, refused, vouched)
	add("the room made somebody a moderator", func(s *scene) (string, []api.Order) {
		mia := s.mia.Public()
		return s.create, []api.Order{
			{At: at * 1000, Made: &mia}, line(s.act(s.mia, api.ActAppoint, private(4).Public())), line(s.act(private(4), api.ActMuteAll, private(4).Public())),
		}
	}, vouched, vouched, vouched)
	add("without the create statement nothing is proven", func(s *scene) (string, []api.Order) {
		return "", []api.Order{line(s.act(s.ana, api.ActMute, s.mia.Public())), line(s.act(s.mia, api.ActMute, s.ana.Public()))}
	}, vouched, refused)
	add("the create statement of another room proves nothing", func(s *scene) (string, []api.Order) {
		st, err := statement.Sign(&statement.Create{
			Community: s.mia.Public(), IssuedAt: at, JTI: "0123456789abcdef", Node: s.mia.Public(), Language: "en", Topics: []string{},
			Entry: statement.RoomMembers,
		}, s.mia)
		if err != nil {
			t.Fatal(err)
		}
		return st.Text(), []api.Order{line(s.act(s.mia, api.ActMute, s.ana.Public()))}
	}, refused)
	return list
}

// TestAuthority holds the verdicts, and that the file which the page's tests read has the same examples.
func TestAuthority(t *testing.T) {
	all := struct {
		Events []example  `json:"events"`
		Logs   []replayed `json:"logs"`
	}{examples(t), replays(t)}
	for _, e := range all.Events {
		a := api.NewAuthority(e.Room)
		for i, raw := range e.Events {
			if got := a.Take(decode(t, raw)); got != e.Verdicts[i] {
				t.Errorf("%s: event %d is %q, want %q", e.Name, i, got, e.Verdicts[i])
			}
		}
	}
	for _, r := range all.Logs {
		a := api.NewAuthority(r.Room)
		for _, raw := range r.Events {
			a.Take(decode(t, raw))
		}
		if got := fmt.Sprint(a.Replay(r.Create, r.Orders)); got != fmt.Sprint(r.Verdicts) {
			t.Errorf("%s: %s, want %v", r.Name, got, r.Verdicts)
		}
	}
	want, err := stdjson.MarshalIndent(all, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", "authority.json")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(want, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if have, err := os.ReadFile(path); err != nil || !bytes.Equal(bytes.TrimSpace(have), want) {
		t.Errorf("%s is not what its generator makes (%v); after looking at the change: go test ./api -update", path, err)
	}
}

func decode(t *testing.T, raw []byte) api.Event {
	t.Helper()
	event, err := api.DecodeEvent(raw)
	if err != nil {
		t.Fatal(err)
	}
	return event
}
