package rooms_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/statement"
)

// key is a key that is only told apart, never used to sign.
func key(n byte) identity.PublicKey {
	seed := [32]byte{n}
	p, err := identity.FromSeed(seed[:])
	if err != nil {
		panic(err)
	}
	return p.Public()
}

const start = 1_790_000_000_000

func config(limits rooms.Limits) rooms.Config {
	return rooms.Config{ID: statement.ID{1}, Creator: key(0), At: start, Limits: limits}
}

// step is one command of a story; at is ms since the room was created.
type step struct {
	at    int64
	actor identity.PublicKey
	do    rooms.Action
}

// play applies steps that must all succeed.
func play(t *testing.T, s rooms.State, steps ...step) rooms.State {
	t.Helper()
	for i, c := range steps {
		next, _, err := s.Apply(rooms.Command{At: start + c.at, Actor: c.actor, Do: c.do})
		if err != nil {
			t.Fatalf("step %d, %T: %v", i, c.do, err)
		}
		s = next
	}
	return s
}

// cast is everybody that a target or actor of the table can be.
type cast map[string]identity.PublicKey

func scene(t *testing.T, limits rooms.Limits) (rooms.State, cast) {
	t.Helper()
	c := cast{
		"creator": key(0), "moderator": key(1), "second": key(2), "speaker": key(3), "listener": key(4),
		"hand": key(5), "offered": key(6), "lost": key(7), "losthand": key(8), "stranger": key(9), "removed": key(10),
	}
	s := rooms.New(config(limits))
	enter := func(names ...string) {
		for _, n := range names {
			s = play(t, s, step{0, c[n], rooms.Enter{}})
		}
	}
	stage := func(names ...string) {
		for _, n := range names {
			s = play(t, s, step{0, key(0), rooms.Offer{Who: c[n]}}, step{0, c[n], rooms.AcceptOffer{}},
				step{0, c[n], rooms.Unmute{}})
		}
	}
	enter("creator", "moderator", "second", "speaker", "listener", "hand", "offered", "lost", "losthand", "removed")
	stage("moderator", "second", "speaker", "lost")
	s = play(
		t, s,
		step{0, key(0), rooms.Unmute{}},
		step{0, c["creator"], rooms.Appoint{Who: c["moderator"]}},
		step{0, c["moderator"], rooms.Appoint{Who: c["second"]}},
		step{0, c["hand"], rooms.RaiseHand{Question: "why?"}},
		step{0, c["creator"], rooms.Offer{Who: c["offered"]}},
		step{0, c["lost"], rooms.Disconnect{}},
		step{0, c["losthand"], rooms.RaiseHand{}},
		step{0, c["losthand"], rooms.Disconnect{}},
		step{0, c["creator"], rooms.Remove{Who: c["removed"]}},
	)
	return s, c
}

// outcome is "ok" for a change, "-" for success without one, else the reason without its "room-".
func outcome(t *testing.T, s rooms.State, c rooms.Command) string {
	t.Helper()
	before := look(s)
	next, events, err := s.Apply(c)
	if err == nil && len(events) > 0 {
		return "ok"
	}
	if err != nil {
		var reject *reason.RejectError
		if !errors.As(err, &reject) || !strings.HasPrefix(string(reject.Reason), "room-") {
			t.Fatalf("%T: refused with %v, not with a room reason", c.Do, err)
		}
		if len(events) != 0 {
			t.Errorf("%T: refused, but with events %v", c.Do, events)
		}
	}
	same(t, before, look(next))
	if err != nil {
		return strings.TrimPrefix(string(reason.Of(err)), "room-")
	}
	return "-"
}

// What each person may do by themselves.
const selfTable = `
             creator moderator second speaker listener hand      offered       lost     losthand stranger removed
enter        ok      ok        ok     ok      -        -         -             ok       ok       ok       removed
leave        ok      ok        ok     ok      ok       ok        ok            ok       ok       -        -
disconnect   ok      ok        ok     ok      ok       ok        ok            -        -        -        -
tick         -       -         -      -       -        -         -             -        -        -        -
raisehand    role    role      role   role    ok       -         ok            not-here not-here not-here removed
lowerhand    -       -         -      -       -        ok        -             not-here not-here not-here removed
acceptoffer  -       -         -      -       offer-expired offer-expired ok   not-here not-here not-here removed
declineoffer -       -         -      -       -        -         ok            not-here not-here not-here removed
stepdown     ok      ok        ok     ok      -        -         -             not-here not-here not-here removed
muteself     ok      ok        ok     ok      role     role      role          not-here not-here not-here removed
unmute       -       -         -      -       role     role      role          not-here not-here not-here removed
speak        -       -         -      -       role     role      role          not-here not-here not-here removed
end          ok      ok        ok     role    role     role      role          not-here not-here not-here removed
muteall      ok      ok        ok     role    role     role      role          not-here not-here not-here removed
lock         ok      ok        ok     role    role     role      role          not-here not-here not-here removed
unlock       -       -         -      role    role     role      role          not-here not-here not-here removed
askmode      ok      ok        ok     role    role     role      role          not-here not-here not-here removed
slowmode     ok      ok        ok     role    role     role      role          not-here not-here not-here removed
`

// What moderators may do to others. Rows: action and actor; columns: target.
const targetTable = `
                      creator moderator second speaker listener hand  offered lost  losthand stranger    removed
offer       creator   state   state     state  state   ok       ok    -       state ok       person-gone person-gone
offer       moderator state   state     state  state   ok       ok    -       state ok       person-gone person-gone
offer       second    state   state     state  state   ok       ok    -       state ok       person-gone person-gone
dismisshand creator   -       -         -      -       -        ok    -       -     ok       person-gone person-gone
dismisshand moderator -       -         -      -       -        ok    -       -     ok       person-gone person-gone
dismisshand second    -       -         -      -       -        ok    -       -     ok       person-gone person-gone
mute        creator   rank    rank      rank   ok      state    state state   -     state    person-gone person-gone
mute        moderator rank    rank      rank   ok      state    state state   -     state    person-gone person-gone
mute        second    rank    rank      rank   ok      state    state state   -     state    person-gone person-gone
move        creator   rank    rank      rank   ok      -        -     -       ok    -        person-gone person-gone
move        moderator rank    rank      rank   ok      -        -     -       ok    -        person-gone person-gone
move        second    rank    rank      rank   ok      -        -     -       ok    -        person-gone person-gone
appoint     creator   -       -         -      ok      state    state state   ok    state    person-gone person-gone
appoint     moderator -       -         -      ok      state    state state   ok    state    person-gone person-gone
appoint     second    -       -         -      ok      state    state state   ok    state    person-gone person-gone
withdraw    creator   ok      ok        ok     -       -        -     -       -     -        person-gone person-gone
withdraw    moderator rank    ok        ok     -       -        -     -       -     -        person-gone person-gone
withdraw    second    rank    rank      ok     -       -        -     -       -     -        person-gone person-gone
asktounmute creator   -       -         -      -       state    state state   ok    state    person-gone person-gone
asktounmute moderator -       -         -      -       state    state state   ok    state    person-gone person-gone
asktounmute second    -       -         -      -       state    state state   ok    state    person-gone person-gone
remove      creator   rank    rank      rank   ok      ok       ok    ok      ok    ok       person-gone -
remove      moderator rank    rank      rank   ok      ok       ok    ok      ok    ok       person-gone -
remove      second    rank    rank      rank   ok      ok       ok    ok      ok    ok       person-gone -
removefor   creator   rank    rank      rank   ok      ok       ok    ok      ok    ok       person-gone -
removefor   moderator rank    rank      rank   ok      ok       ok    ok      ok    ok       person-gone -
removefor   second    rank    rank      rank   ok      ok       ok    ok      ok    ok       person-gone -
lift        creator   state   state     state  state   state    state state   state state    state       ok
lift        moderator state   state     state  state   state    state state   state state    state       ok
lift        second    state   state     state  state   state    state state   state state    state       ok
`

// Whoever does not moderate is refused alike, whatever the action and the target.
var noModerators = map[string]string{
	"speaker": "role", "listener": "role", "hand": "role", "offered": "role",
	"lost": "not-here", "losthand": "not-here", "stranger": "not-here", "removed": "removed",
}

var selfActions = map[string]rooms.Action{
	"enter": rooms.Enter{}, "leave": rooms.Leave{}, "disconnect": rooms.Disconnect{}, "tick": rooms.Tick{},
	"raisehand": rooms.RaiseHand{}, "lowerhand": rooms.LowerHand{}, "acceptoffer": rooms.AcceptOffer{},
	"declineoffer": rooms.DeclineOffer{}, "stepdown": rooms.StepDown{}, "muteself": rooms.MuteSelf{},
	"unmute": rooms.Unmute{}, "speak": rooms.Speak{}, "end": rooms.End{}, "muteall": rooms.MuteAll{},
	"lock": rooms.Lock{On: true}, "unlock": rooms.Lock{}, "askmode": rooms.AskMode{On: true}, "slowmode": rooms.SlowMode{Seconds: 60},
}

var targetActions = map[string]func(identity.PublicKey) rooms.Action{
	"offer":       func(k identity.PublicKey) rooms.Action { return rooms.Offer{Who: k} },
	"dismisshand": func(k identity.PublicKey) rooms.Action { return rooms.DismissHand{Who: k} },
	"mute":        func(k identity.PublicKey) rooms.Action { return rooms.Mute{Who: k} },
	"move":        func(k identity.PublicKey) rooms.Action { return rooms.Move{Who: k} },
	"appoint":     func(k identity.PublicKey) rooms.Action { return rooms.Appoint{Who: k} },
	"withdraw":    func(k identity.PublicKey) rooms.Action { return rooms.Withdraw{Who: k} },
	"asktounmute": func(k identity.PublicKey) rooms.Action { return rooms.AskToUnmute{Who: k} },
	"remove":      func(k identity.PublicKey) rooms.Action { return rooms.Remove{Who: k} },
	"removefor":   func(k identity.PublicKey) rooms.Action { return rooms.Remove{Who: k, For: 300_000} },
	"lift":        func(k identity.PublicKey) rooms.Action { return rooms.Lift{Who: k} },
}

func rows(table string) (columns []string, lines [][]string) {
	for i, line := range strings.Split(strings.TrimSpace(table), "\n") {
		if i == 0 {
			columns = strings.Fields(line)
			continue
		}
		lines = append(lines, strings.Fields(line))
	}
	return columns, lines
}

func TestEveryoneByThemselves(t *testing.T) {
	s, people := scene(t, rooms.Limits{})
	columns, lines := rows(selfTable)
	if len(lines) != len(selfActions) || len(columns) != len(people) {
		t.Fatalf("the table has %d actions and %d people, not %d and %d", len(lines), len(columns), len(selfActions), len(people))
	}
	for _, line := range lines {
		for i, who := range columns {
			got := outcome(t, s, rooms.Command{At: start, Actor: people[who], Do: selfActions[line[0]]})
			if got != line[1+i] {
				t.Errorf("%s by %s: %s, want %s", line[0], who, got, line[1+i])
			}
		}
	}
}

func TestEveryoneOnEveryone(t *testing.T) {
	s, people := scene(t, rooms.Limits{})
	columns, lines := rows(targetTable)
	if len(lines) != 3*len(targetActions) || len(columns) != len(people) {
		t.Fatalf("the table has %d rows and %d people", len(lines), len(columns))
	}
	for _, line := range lines {
		for i, who := range columns {
			action := targetActions[line[0]](people[who])
			got := outcome(t, s, rooms.Command{At: start, Actor: people[line[1]], Do: action})
			if got != line[2+i] {
				t.Errorf("%s by %s on %s: %s, want %s", line[0], line[1], who, got, line[2+i])
			}
		}
	}
	for actor, want := range noModerators {
		for name, action := range targetActions {
			for _, who := range columns {
				if got := outcome(t, s, rooms.Command{At: start, Actor: people[actor], Do: action(people[who])}); got != want {
					t.Errorf("%s by %s on %s: %s, want %s", name, actor, who, got, want)
				}
			}
		}
	}
}

func TestNothingHappensInAnEndedRoom(t *testing.T) {
	s, people := scene(t, rooms.Limits{})
	s = play(t, s, step{0, people["moderator"], rooms.End{}})
	if e, ok := s.Ended(); !ok || e.Why != rooms.EndedByModerator || e.By != people["moderator"] {
		t.Fatalf("ended: %v, %v", e, ok)
	}
	for actor, k := range people {
		for name, action := range selfActions {
			want := "ended"
			if slices.Contains([]string{"leave", "disconnect", "tick"}, name) {
				want = "-"
			}
			if got := outcome(t, s, rooms.Command{At: start, Actor: k, Do: action}); got != want {
				t.Errorf("%s by %s: %s, want %s", name, actor, got, want)
			}
		}
		for name, action := range targetActions {
			if got := outcome(t, s, rooms.Command{At: start, Actor: k, Do: action(people["speaker"])}); got != "ended" {
				t.Errorf("%s by %s: %s, want ended", name, actor, got)
			}
		}
		if s.MaySend(k) || s.Present(k) {
			t.Errorf("%s is still in the room", actor)
		}
	}
	if s.Next() != 0 {
		t.Error("an ended room waits for a tick")
	}
}
