package rooms_test

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/statement"
)

// view is all that can be seen of a room.
type view struct {
	Stage     []rooms.StagePerson
	Hands     []rooms.Hand
	Offers    []rooms.StageOffer
	Listeners []rooms.AudiencePerson
	Removals  []rooms.Removal
	Settings  rooms.Settings
	Ended     rooms.Ended
	Next      int64
	People    int
}

func look(s rooms.State) view {
	ended, _ := s.Ended()
	return view{
		Stage: s.Stage(), Hands: s.Hands(), Offers: s.Offers(), Listeners: s.Listeners(0, s.Listening()),
		Removals: s.Removals(), Settings: s.Settings(), Ended: ended, Next: s.Next(), People: s.People(),
	}
}

type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func same(t failer, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("want -, got +:\n%s", d)
	}
}

// population is small and the limits are smaller, so that people meet each other and every limit.
const population = 9

var tight = rooms.Limits{People: 7, Stage: 4, Hands: 3}

// drawCommand draws an action and, mostly, somebody who may do it and somebody it can be done to.
func drawCommand(t *rapid.T, s rooms.State, step int, at int64) rooms.Command {
	// Draws favour small numbers; turning them with the step spreads what they choose.
	index := func(label string, n int) int { return (rapid.IntRange(0, n-1).Draw(t, label) + 7*step) % n }
	who := func(label string, likely []identity.PublicKey) identity.PublicKey {
		if len(likely) > 0 && rapid.IntRange(0, 4).Draw(t, label+" is unlikely") < 4 {
			return likely[index(label, len(likely))]
		}
		return key(byte(index(label, population)))
	}
	var moderators, stage, listeners, offered, removed []identity.PublicKey
	for _, r := range s.Removals() {
		removed = append(removed, r.Key)
	}
	for _, p := range s.Stage() {
		stage = append(stage, p.Key)
		if p.Role == rooms.Moderator {
			moderators = append(moderators, p.Key)
		}
	}
	for _, l := range s.Listeners(0, population) {
		listeners = append(listeners, l.Key)
	}
	for _, o := range s.Offers() {
		offered = append(offered, o.Key)
	}
	target := func(likely []identity.PublicKey) identity.PublicKey { return who("target", likely) }
	kinds := []struct {
		weight int
		actors []identity.PublicKey
		draw   func() rooms.Action
	}{
		{12, nil, func() rooms.Action { return rooms.Enter{} }},
		{2, nil, func() rooms.Action { return rooms.Leave{} }},
		{3, stage, func() rooms.Action { return rooms.Disconnect{} }},
		{2, listeners, func() rooms.Action { return rooms.Disconnect{} }},
		{6, listeners, func() rooms.Action { return rooms.RaiseHand{Question: "?"} }},
		{2, listeners, func() rooms.Action { return rooms.LowerHand{} }},
		{8, offered, func() rooms.Action { return rooms.AcceptOffer{} }},
		{2, offered, func() rooms.Action { return rooms.DeclineOffer{} }},
		{2, stage, func() rooms.Action { return rooms.StepDown{} }},
		{2, stage, func() rooms.Action { return rooms.MuteSelf{} }},
		{6, stage, func() rooms.Action { return rooms.Unmute{} }},
		{3, stage, func() rooms.Action { return rooms.Speak{} }},
		{3, nil, func() rooms.Action { return rooms.Tick{} }},
		{10, moderators, func() rooms.Action { return rooms.Offer{Who: target(listeners)} }},
		{2, moderators, func() rooms.Action { return rooms.DismissHand{Who: target(listeners)} }},
		{3, moderators, func() rooms.Action { return rooms.Mute{Who: target(stage)} }},
		{2, moderators, func() rooms.Action { return rooms.Move{Who: target(stage)} }},
		{3, moderators, func() rooms.Action { return rooms.Appoint{Who: target(stage)} }},
		{2, moderators, func() rooms.Action { return rooms.Withdraw{Who: target(moderators)} }},
		{1, moderators, func() rooms.Action { return rooms.Remove{Who: target(nil)} }},
		{1, moderators, func() rooms.Action { return rooms.Remove{Who: target(nil), For: 20_000} }},
		{1, moderators, func() rooms.Action { return rooms.Lift{Who: target(removed)} }},
		{1, moderators, func() rooms.Action { return rooms.MuteAll{} }},
		{1, moderators, func() rooms.Action { return rooms.AskToUnmute{Who: target(stage)} }},
		{1, moderators, func() rooms.Action { return rooms.Lock{On: rapid.Bool().Draw(t, "on")} }},
		{1, moderators, func() rooms.Action { return rooms.AskMode{On: rapid.Bool().Draw(t, "on")} }},
		{1, moderators, func() rooms.Action { return rooms.SlowMode{Seconds: rapid.Int64Range(0, 20).Draw(t, "slow")} }},
		{1, moderators, func() rooms.Action {
			return rooms.SetEntry{Entry: []statement.RoomEntry{statement.RoomMembers, statement.RoomChosen, statement.RoomPublic}[index("entry", 3)]}
		}},
		{2, moderators, func() rooms.Action { return rooms.Choose{Who: target(nil)} }},
		{1, moderators, func() rooms.Action { return rooms.Unchoose{Who: target(listeners)} }},
		{1, nil, func() rooms.Action {
			return rooms.Unite{Removed: []rooms.Removal{{Key: target(stage), By: key(population), At: at}, {}}}
		}},
	}
	if _, ended := s.Ended(); step < population && !ended && !rapid.Bool().Draw(t, "not yet") {
		return rooms.Command{At: at, Actor: key(byte(step)), Do: rooms.Enter{}}
	}
	total := 0
	for _, k := range kinds {
		total += k.weight
	}
	pick := index("action", total)
	if step > 50 && rapid.IntRange(0, 99).Draw(t, "end") == 99 {
		return rooms.Command{At: at, Actor: who("actor", moderators), Do: rooms.End{}}
	}
	for _, k := range kinds {
		if pick -= k.weight; pick < 0 {
			return rooms.Command{At: at, Actor: who("actor", k.actors), Do: k.draw()}
		}
	}
	return rooms.Command{At: at, Do: rooms.Tick{}}
}

// withoutSpent leaves out removals that were lifted and would be over by now: they go without a word, and whoever reads
// them from a record still drops them.
func withoutSpent(all []rooms.Removal, at int64) (list []rooms.Removal) {
	for _, r := range all {
		if r.Lifted == 0 || r.Until == 0 || r.Until > at {
			list = append(list, r)
		}
	}
	return list
}

func TestInvariants(t *testing.T) {
	steps := 100
	if testing.Short() {
		steps = 30
	}
	rapid.Check(t, func(t *rapid.T) {
		s := rooms.New(config(tight))
		m := mirror{view: look(s)}
		removed := map[identity.PublicKey]int64{} // until when
		var history []rooms.Command
		at, since := int64(start), int64(start)
		for i := range steps {
			at += rapid.SampledFrom([]int64{0, 0, 0, 1, 500, 5_000, 29_999, 30_000, 60_000}).Draw(t, "pause")
			c := drawCommand(t, s, i, at)
			before := look(s)
			next, events, err := s.Apply(c)
			same(t, before, look(s)) // a State is a value
			history = append(history, c)
			if err != nil {
				if !strings.HasPrefix(string(reason.Of(err)), "room-") || len(events) > 0 {
					t.Fatalf("%T: refused with %v and %d events", c.Do, err, len(events))
				}
				same(t, before, look(next))
				continue
			}
			for k, until := range removed {
				if until <= at {
					delete(removed, k)
				}
			}
			if _, ok := c.Do.(rooms.Enter); ok && removed[c.Actor] > 0 {
				t.Fatalf("somebody who was removed entered")
			}
			switch a := c.Do.(type) {
			case rooms.Remove:
				until := int64(math.MaxInt64)
				if a.For > 0 {
					until = at + a.For
				}
				removed[a.Who] = max(removed[a.Who], until)
			case rooms.Unite:
				removed[a.Removed[0].Key] = math.MaxInt64
			case rooms.Lift:
				delete(removed, a.Who)
			}
			if !rooms.Durable(events) {
				was, is := s.Record(), next.Record()
				if !rooms.Noted(events) {
					same(t, was.Log, is.Log)
				}
				was.Log, is.Log = nil, nil
				was.Removed = withoutSpent(was.Removed, at)
				same(t, was, is)
			}
			queueIsStable(t, s, next)
			onlyUnmuteLetsSend(t, c, s, next)
			m.apply(t, next, events)
			s = next
			checkInvariants(t, s, removed)
			since = hasModerator(t, s, at, since)
			checkRestore(t, s, at)
		}
		again := rooms.New(config(tight))
		for _, c := range history {
			again, _, _ = again.Apply(c)
		}
		same(t, look(s), look(again))
		same(t, s.Record(), again.Record())
	})
}

func checkInvariants(t *rapid.T, s rooms.State, removed map[identity.PublicKey]int64) {
	if _, ended := s.Ended(); ended {
		if s.People() != 0 || s.Next() != 0 || len(s.Offers()) != 0 {
			t.Fatalf("an ended room remembers people")
		}
		return
	}
	limits := tight
	stage, hands := s.Stage(), s.Hands()
	if len(stage)+len(s.Offers()) > limits.Stage || len(hands) > limits.Hands || s.People() > limits.People {
		t.Fatalf("over the limits: %d on stage, %d offers, %d hands, %d people", len(stage), len(s.Offers()), len(hands), s.People())
	}
	if !slices.ContainsFunc(stage, func(p rooms.StagePerson) bool { return p.Role == rooms.Moderator }) {
		t.Fatalf("a living room without a moderator")
	}
	onStage := map[identity.PublicKey]rooms.StagePerson{}
	numbers := map[uint32]bool{}
	for _, p := range stage {
		if !p.Connected && !p.Muted || p.Connected != (p.Until == 0) || numbers[p.Number] {
			t.Fatalf("a wrong person on the stage: %+v", p)
		}
		onStage[p.Key], numbers[p.Number] = p, true
	}
	for _, l := range s.Listeners(0, 100) {
		if _, ok := onStage[l.Key]; ok || numbers[l.Number] {
			t.Fatalf("in two places, or a number given twice: %+v", l)
		}
		numbers[l.Number] = true
	}
	for i := range byte(population) {
		k := key(i)
		p, ok := onStage[k]
		if s.MaySend(k) != (ok && p.Connected && !p.Muted) {
			t.Fatalf("MaySend is %v for %+v", s.MaySend(k), p)
		}
		_, placed := s.Role(k)
		if s.Admits(k) != nil && placed {
			t.Fatalf("somebody is here who may not enter: %v", s.Admits(k))
		}
		if removed[k] > 0 && (placed || !s.Removed(k)) || removed[k] == 0 && s.Removed(k) {
			t.Fatalf("somebody who was removed is here")
		}
	}
	for _, o := range s.Offers() {
		if role, ok := s.Role(o.Key); !ok || role != rooms.Listener {
			t.Fatalf("an offer to somebody who is %q", role)
		}
	}
}

// hasModerator holds that a living room always has a connected moderator, or one is due within the grace: if anybody on
// the stage is connected. It takes and returns since when none is; 0 while one is.
func hasModerator(t *rapid.T, s rooms.State, at, since int64) int64 {
	connected := false
	for _, p := range s.Stage() {
		if p.Connected && p.Role == rooms.Moderator {
			return 0
		}
		connected = connected || p.Connected
	}
	if since == 0 {
		since = at
	}
	if _, ended := s.Ended(); connected && !ended && (at >= since+rooms.Grace || s.Next() > since+rooms.Grace) {
		t.Fatalf("nobody has moderated for %d ms, and the next tick is in %d", at-since, s.Next()-at)
	}
	return since
}

// onlyUnmuteLetsSend holds that nobody comes to be heard but by their own Unmute, or by a program of theirs where no
// moderator has muted them.
func onlyUnmuteLetsSend(t *rapid.T, c rooms.Command, before, after rooms.State) {
	for i := range byte(population) {
		k := key(i)
		if before.MaySend(k) || !after.MaySend(k) {
			continue
		}
		hushed := slices.ContainsFunc(before.Stage(), func(p rooms.StagePerson) bool { return p.Key == k && p.Hushed })
		switch c.Do.(type) {
		case rooms.Unmute:
		case rooms.Speak:
			if hushed {
				t.Fatal("a program unmuted somebody whom a moderator had muted")
			}
		default:
			t.Fatalf("%T made somebody heard", c.Do)
		}
		if c.Actor != k {
			t.Fatalf("%T by another made somebody heard", c.Do)
		}
	}
}

// queueIsStable holds that two hands that were up before and still are have kept their order.
func queueIsStable(t *rapid.T, before, after rooms.State) {
	var was, is []identity.PublicKey
	up := func(s rooms.State) map[identity.PublicKey]int64 {
		m := map[identity.PublicKey]int64{}
		for _, h := range s.Hands() {
			m[h.Key] = h.At
		}
		return m
	}
	then, now := up(before), up(after)
	for _, h := range before.Hands() {
		if at, ok := now[h.Key]; ok && at == h.At {
			was = append(was, h.Key)
		}
	}
	for _, h := range after.Hands() {
		if at, ok := then[h.Key]; ok && at == h.At {
			is = append(is, h.Key)
		}
	}
	same(t, was, is)
}

// checkRestore holds what a restart keeps: roles, stage, queue, removals; and what not: microphones and connections.
func checkRestore(t *rapid.T, s rooms.State, at int64) {
	if _, ended := s.Ended(); ended {
		return
	}
	data, err := s.Record().Encode()
	if err != nil {
		t.Fatalf("%v", err)
	}
	record, err := rooms.ParseRecord(data)
	if err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	same(t, s.Record(), record)
	restored := rooms.Restore(record, at)
	same(t, record, restored.Record())
	want := look(s)
	for i := range want.Stage {
		p := &want.Stage[i]
		p.Connected, p.Muted, p.Hushed, p.Until, p.Asked = false, true, true, at+rooms.Hold, 0
	}
	for i := range want.Hands {
		want.Hands[i].Until = at + rooms.Hold
	}
	want.Offers, want.Listeners = nil, []rooms.AudiencePerson{}
	want.People = len(want.Stage) + len(want.Hands)
	want.Next = at + rooms.Hold
	for _, r := range want.Removals {
		if r.Until != 0 {
			want.Next = min(want.Next, r.Until)
		}
	}
	same(t, want, look(restored))
	for i := range byte(population) {
		if restored.MaySend(key(i)) {
			t.Fatalf("somebody may send before they are back")
		}
	}
	entered, _, err := restored.Apply(rooms.Command{At: at, Actor: key(population), Do: rooms.Enter{}})
	if err != nil {
		return // full
	}
	number, _ := entered.Number(key(population))
	for i := range byte(population) {
		if n, ok := entered.Number(key(i)); ok && n == number {
			t.Fatalf("a person number given twice after a restart: %d", n)
		}
	}
}

// mirror is a room as a client keeps it: a first look, and then events only. What events do not say, clients cannot
// show.
type mirror struct{ view view }

func (m *mirror) apply(t *rapid.T, s rooms.State, events []rooms.Event) {
	v := &m.view
	person := func(k identity.PublicKey) *rooms.StagePerson {
		i := slices.IndexFunc(v.Stage, func(p rooms.StagePerson) bool { return p.Key == k })
		if i < 0 {
			t.Fatalf("an event about somebody who is not on the stage")
		}
		return &v.Stage[i]
	}
	noHand := func(k identity.PublicKey) {
		v.Hands = slices.DeleteFunc(v.Hands, func(h rooms.Hand) bool { return h.Key == k })
	}
	audience := false
	for _, e := range events {
		switch e := e.(type) {
		case rooms.HandRaised:
			v.Hands = append(v.Hands, e.Hand)
		case rooms.HandLowered:
			noHand(e.Key)
		case rooms.StageOffered:
			v.Offers = append(v.Offers, e.Offer)
		case rooms.OfferEnded:
			v.Offers = slices.DeleteFunc(v.Offers, func(o rooms.StageOffer) bool { return o.Key == e.Key })
		case rooms.StageJoined:
			v.Stage = append(v.Stage, e.Person)
			noHand(e.Person.Key)
		case rooms.StageLeft:
			person(e.Key)
			v.Stage = slices.DeleteFunc(v.Stage, func(p rooms.StagePerson) bool { return p.Key == e.Key })
		case rooms.Muted:
			p := person(e.Key)
			p.Muted, p.Hushed = true, !e.By.IsZero()
		case rooms.Unmuted:
			p := person(e.Key)
			p.Muted, p.Hushed = false, false
		case rooms.RoleChanged:
			person(e.Key).Role = e.Role
		case rooms.Connection:
			person(e.Key).Connected = e.Connected
		case rooms.AudienceChanged:
			audience = true
		case rooms.Ended:
			*v = view{Ended: e}
		case rooms.Removed:
			v.Removals = slices.DeleteFunc(v.Removals, func(r rooms.Removal) bool { return r.Key == e.Removal.Key })
			v.Removals = append(v.Removals, e.Removal)
		case rooms.RemovalEnded:
			v.Removals = slices.DeleteFunc(v.Removals, func(r rooms.Removal) bool { return r.Key == e.Key })
		case rooms.SettingsChanged:
			v.Settings = e.Settings
		case rooms.UnmuteAsked, rooms.Logged, rooms.EntryChanged, rooms.ChosenChanged, rooms.PutOut:
		}
	}
	now := look(s)
	if !audience && now.Ended.Why == "" {
		same(t, v.Listeners, now.Listeners)
	}
	v.Listeners = now.Listeners
	// Events do not tell how long places are held, or who appointed and when; clients do not show it.
	for i := range now.Stage {
		now.Stage[i].Until, now.Stage[i].By, now.Stage[i].Since, now.Stage[i].Asked = 0, identity.PublicKey{}, 0, 0
	}
	for i := range now.Hands {
		now.Hands[i].Until = 0
	}
	for i := range v.Stage {
		v.Stage[i].Until, v.Stage[i].Since, v.Stage[i].Asked = 0, 0, 0
	}
	inForce := slices.DeleteFunc(now.Removals, func(r rooms.Removal) bool { return r.Lifted != 0 })
	slices.SortFunc(v.Removals, func(a, b rooms.Removal) int { return bytes.Compare(a.Key[:], b.Key[:]) })
	same(t, append([]rooms.Removal{}, inForce...), append([]rooms.Removal{}, v.Removals...))
	same(t, now.Settings, v.Settings)
	same(t, [][]rooms.StagePerson{append([]rooms.StagePerson{}, now.Stage...)}, [][]rooms.StagePerson{append([]rooms.StagePerson{}, v.Stage...)})
	same(t, append([]rooms.Hand{}, now.Hands...), append([]rooms.Hand{}, v.Hands...))
	same(t, append([]rooms.StageOffer{}, now.Offers...), append([]rooms.StageOffer{}, v.Offers...))
	same(t, now.Ended, v.Ended)
}
