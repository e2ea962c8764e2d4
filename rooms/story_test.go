package rooms_test

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/rooms"
)

func TestCreatorIsAwaited(t *testing.T) {
	s := rooms.New(config(rooms.Limits{}))
	if s.Present(key(0)) || s.MaySend(key(0)) || s.Next() != start+rooms.Hold {
		t.Fatalf("a new room: %+v", look(s))
	}
	s = play(t, s, step{10, key(1), rooms.Enter{}})
	if here := play(t, s, step{rooms.Hold - 1, key(0), rooms.Enter{}}); !here.Present(key(0)) || here.Next() != 0 {
		t.Error("the creator came in time and is not there")
	}
	s = play(t, s, step{rooms.Hold, identity.PublicKey{}, rooms.Tick{}})
	if e, _ := s.Ended(); e.Why != rooms.EndedEmpty {
		t.Errorf("the creator never came, and the room goes on: %+v", look(s))
	}
}

func TestSuccession(t *testing.T) {
	open := func(t *testing.T) rooms.State {
		t.Helper()
		s := play(t, rooms.New(config(rooms.Limits{})), step{0, key(0), rooms.Enter{}})
		for n := byte(1); n < 4; n++ {
			s = play(
				t, s, step{0, key(n), rooms.Enter{}}, step{0, key(0), rooms.Offer{Who: key(n)}},
				step{0, key(n), rooms.AcceptOffer{}},
			)
		}
		return s
	}
	tests := []struct {
		name       string
		steps      []step
		moderators string // "": the room ended
	}{
		{"another moderator stays", []step{
			{0, key(0), rooms.Appoint{Who: key(3)}},
			{0, key(0), rooms.Leave{}},
			{rooms.Grace, key(0), rooms.Tick{}},
		}, "3"},
		{"who leaves is waited for", []step{{0, key(0), rooms.Leave{}}, {rooms.Grace - 1, key(0), rooms.Tick{}}}, "0"},
		{"and has their role again", []step{
			{0, key(0), rooms.Leave{}},
			{rooms.Grace - 1, key(0), rooms.Enter{}},
			{rooms.Hold, key(0), rooms.Tick{}},
		}, "0"},
		{"the longest-serving speaker follows", []step{{0, key(0), rooms.Leave{}}, {rooms.Grace, key(0), rooms.Tick{}}}, "1"},
		{"who comes back too late listens", []step{{0, key(0), rooms.Leave{}}, {rooms.Grace, key(0), rooms.Enter{}}}, "1"},
		{"one who is connected goes first", []step{
			{0, key(1), rooms.Disconnect{}},
			{0, key(0), rooms.Leave{}},
			{rooms.Grace, key(0), rooms.Tick{}},
		}, "2"},
		{"one who is reconnecting is better than the end", []step{
			{0, key(1), rooms.Disconnect{}},
			{0, key(2), rooms.Leave{}},
			{0, key(3), rooms.StepDown{}},
			{0, key(0), rooms.Leave{}},
			{rooms.Grace, key(0), rooms.Tick{}},
		}, "1"},
		{"a lost moderator is waited for", []step{
			{0, key(0), rooms.Disconnect{}},
			{rooms.Grace - 1, key(0), rooms.Tick{}},
		}, "0"},
		{"but somebody moderates after the grace, beside them", []step{
			{0, key(0), rooms.Disconnect{}},
			{rooms.Grace, key(0), rooms.Tick{}},
		}, "01"},
		{"and alone when they are gone for good", []step{
			{0, key(0), rooms.Disconnect{}},
			{rooms.Hold, key(0), rooms.Tick{}},
		}, "1"},
		{"with nobody there to moderate, the first who comes back does", []step{
			{0, key(0), rooms.Disconnect{}},
			{0, key(1), rooms.Disconnect{}},
			{0, key(2), rooms.Disconnect{}},
			{0, key(3), rooms.Disconnect{}},
			{rooms.Grace + 5, key(3), rooms.Enter{}},
		}, "03"},
		{"time passes with every command", []step{
			{0, key(0), rooms.Disconnect{}},
			{rooms.Hold, key(2), rooms.Unmute{}},
		}, "1"},
		{"lost together, the next who is here", []step{
			{0, key(0), rooms.Disconnect{}},
			{0, key(1), rooms.Disconnect{}},
			{rooms.Hold, key(0), rooms.Tick{}},
		}, "2"},
		{"two who leave together: the second is waited for", []step{
			{0, key(0), rooms.Appoint{Who: key(3)}},
			{0, key(0), rooms.Leave{}},
			{0, key(3), rooms.Leave{}},
			{rooms.Grace - 1, key(0), rooms.Tick{}},
		}, "3"},
		{"and neither longer than the grace", []step{
			{0, key(0), rooms.Appoint{Who: key(3)}},
			{0, key(0), rooms.Leave{}},
			{0, key(3), rooms.Leave{}},
			{rooms.Grace, key(0), rooms.Tick{}},
		}, "1"},
		{"lost, and then leaves: the grace begins with the leaving", []step{
			{0, key(0), rooms.Disconnect{}},
			{10, key(0), rooms.Leave{}},
			{rooms.Grace + 9, key(0), rooms.Tick{}},
		}, "01"},
		{"listeners do not moderate", []step{
			{0, key(1), rooms.StepDown{}},
			{0, key(2), rooms.StepDown{}},
			{0, key(3), rooms.StepDown{}},
			{0, key(0), rooms.Leave{}},
			{rooms.Grace - 1, key(0), rooms.Tick{}},
			{rooms.Grace, key(0), rooms.Tick{}},
		}, ""},
		{"nobody is waited for by nobody", []step{
			{0, key(1), rooms.Leave{}},
			{0, key(2), rooms.Leave{}},
			{0, key(3), rooms.Leave{}},
			{0, key(0), rooms.Leave{}},
		}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := play(t, open(t), tt.steps...)
			if e, over := s.Ended(); over != (tt.moderators == "") || over && e.Why != rooms.EndedEmpty {
				t.Fatalf("ended: %v %v", e, over)
			}
			moderators := ""
			for n := range byte(4) {
				if role, _ := s.Role(key(n)); role == rooms.Moderator {
					moderators += string('0' + n)
				}
			}
			if moderators != tt.moderators {
				t.Errorf("%q moderate, not %q", moderators, tt.moderators)
			}
		})
	}
}

func TestLastModeratorStays(t *testing.T) {
	s, c := scene(t, rooms.Limits{})
	s = play(t, s, step{0, c["creator"], rooms.Withdraw{Who: c["second"]}}, step{0, c["creator"], rooms.Withdraw{Who: c["moderator"]}})
	for _, do := range []rooms.Action{rooms.StepDown{}, rooms.Withdraw{Who: c["creator"]}} {
		if got := outcome(t, s, rooms.Command{At: start, Actor: c["creator"], Do: do}); got != "rank" {
			t.Errorf("%T by the last moderator: %s", do, got)
		}
	}
}

func TestOfferEnds(t *testing.T) {
	s, c := scene(t, rooms.Limits{})
	accept := func(at int64) string {
		return outcome(t, s, rooms.Command{At: start + at, Actor: c["offered"], Do: rooms.AcceptOffer{}})
	}
	if got := accept(rooms.OfferLife - 1); got != "ok" {
		t.Errorf("in time: %s", got)
	}
	// No tick was needed for the offer to be over.
	if got := accept(rooms.OfferLife); got != "offer-expired" {
		t.Errorf("too late: %s", got)
	}
	if s.Next() != start+rooms.OfferLife {
		t.Errorf("next: %d", s.Next()-start)
	}
	_, events, err := s.Apply(rooms.Command{At: start + rooms.OfferLife, Do: rooms.Tick{}})
	same(t, []rooms.Event{rooms.OfferEnded{Key: c["offered"], Why: rooms.OfferExpired}}, events)
	if err != nil {
		t.Error(err)
	}
}

func TestReconnecting(t *testing.T) {
	s, c := scene(t, rooms.Limits{})
	if !s.MaySend(c["speaker"]) {
		t.Fatal("the speaker is not heard")
	}
	before := s.Stage()
	s, events, _ := s.Apply(rooms.Command{At: start + 5, Actor: c["speaker"], Do: rooms.Disconnect{}})
	same(t, []rooms.Event{rooms.Muted{Key: c["speaker"]}, rooms.Connection{Key: c["speaker"]}}, events)
	if s.MaySend(c["speaker"]) {
		t.Error("heard without a connection")
	}
	s = play(t, s, step{rooms.Hold - 1, c["speaker"], rooms.Enter{}})
	i := slices.IndexFunc(before, func(p rooms.StagePerson) bool { return p.Key == c["speaker"] })
	want := before[i]
	want.Muted = true
	same(t, want, s.Stage()[i])

	// The queue keeps the place of a hand, and a new hand goes behind it.
	s = play(t, s, step{rooms.Hold - 1, c["listener"], rooms.RaiseHand{}})
	number, _ := s.Number(c["losthand"])
	s = play(t, s, step{rooms.Hold - 1, c["losthand"], rooms.Enter{}})
	var queue []identity.PublicKey
	for _, h := range s.Hands() {
		queue = append(queue, h.Key)
	}
	same(t, []identity.PublicKey{c["hand"], c["losthand"], c["listener"]}, queue)
	if n, _ := s.Number(c["losthand"]); n != number || !s.Present(c["losthand"]) {
		t.Errorf("back as number %d, was %d", n, number)
	}
}

func TestLostAndMovedIsGone(t *testing.T) {
	s, c := scene(t, rooms.Limits{})
	s = play(t, s, step{0, c["moderator"], rooms.Move{Who: c["lost"]}})
	if _, ok := s.Role(c["lost"]); ok || s.Present(c["lost"]) {
		t.Error("somebody without a connection became a listener")
	}
}

func TestHandIsHeldNoLonger(t *testing.T) {
	s, c := scene(t, rooms.Limits{})
	s = play(t, s, step{0, c["moderator"], rooms.Offer{Who: c["losthand"]}}, step{rooms.OfferLife, c["creator"], rooms.Offer{Who: c["losthand"]}})
	s, events, _ := s.Apply(rooms.Command{At: start + rooms.Hold, Do: rooms.Tick{}})
	gone := c["losthand"]
	for _, want := range []rooms.Event{rooms.HandLowered{Key: gone}, rooms.OfferEnded{Key: gone, Why: rooms.OfferExpired}} {
		if !slices.Contains(events, want) {
			t.Errorf("%+v is not among %+v", want, events)
		}
	}
	if _, ok := s.Role(gone); ok {
		t.Error("still there after the hold")
	}
}

func TestTimeNeverGoesBack(t *testing.T) {
	s, c := scene(t, rooms.Limits{})
	s = play(t, s, step{5_000, c["speaker"], rooms.MuteSelf{}}, step{0, c["listener"], rooms.RaiseHand{}})
	hands := s.Hands()
	if at := hands[len(hands)-1].At; at != start+5_000 {
		t.Errorf("raised %d ms after the start", at-start)
	}
}

func TestBranchesDoNotMeet(t *testing.T) {
	s := rooms.New(config(rooms.Limits{}))
	for n := range byte(8) {
		s = play(t, s, step{0, key(n), rooms.Enter{}})
	}
	s = play(t, s, step{0, key(1), rooms.RaiseHand{}}, step{0, key(2), rooms.RaiseHand{}}, step{0, key(3), rooms.RaiseHand{}})
	one := play(t, s, step{0, key(4), rooms.RaiseHand{}}, step{0, key(0), rooms.Offer{Who: key(1)}})
	before := look(one)
	play(t, s, step{0, key(5), rooms.RaiseHand{}}, step{0, key(0), rooms.Offer{Who: key(2)}})
	same(t, before, look(one))
}

func TestEnteringTwiceMutes(t *testing.T) {
	s, c := scene(t, rooms.Limits{})
	s, events, err := s.Apply(rooms.Command{At: start, Actor: c["speaker"], Do: rooms.Enter{}})
	if err != nil || s.MaySend(c["speaker"]) || !s.Present(c["speaker"]) {
		t.Errorf("%v; may send: %v", err, s.MaySend(c["speaker"]))
	}
	same(t, []rooms.Event{rooms.Muted{Key: c["speaker"]}}, events)
}

func TestMutedByModeratorUnmutesOneself(t *testing.T) {
	s, c := scene(t, rooms.Limits{})
	s, events, _ := s.Apply(rooms.Command{At: start, Actor: c["moderator"], Do: rooms.Mute{Who: c["speaker"]}})
	same(t, []rooms.Event{rooms.Muted{Key: c["speaker"], By: c["moderator"]}}, events)
	if s.MaySend(c["speaker"]) {
		t.Error("heard while muted")
	}
	if s = play(t, s, step{0, c["speaker"], rooms.Unmute{}}); !s.MaySend(c["speaker"]) {
		t.Error("not heard after unmuting")
	}
}

// TestAProgramDoesNotUnmuteAfterAModerator holds the difference between Unmute and Speak, also over a lost connection.
func TestAProgramDoesNotUnmuteAfterAModerator(t *testing.T) {
	s, c := scene(t, rooms.Limits{})
	speak := rooms.Command{At: start, Actor: c["speaker"], Do: rooms.Speak{}}
	s = play(t, s, step{0, c["speaker"], rooms.MuteSelf{}}, step{0, c["speaker"], rooms.Speak{}})
	if !s.MaySend(c["speaker"]) {
		t.Error("not heard by a program after having muted themselves")
	}
	s = play(t, s, step{0, c["moderator"], rooms.Mute{Who: c["speaker"]}})
	for range 2 {
		if got := outcome(t, s, speak); got != "hushed" {
			t.Errorf("a program after a moderator's mute: %s", got)
		}
		s = play(t, s, step{0, c["speaker"], rooms.Disconnect{}}, step{0, c["speaker"], rooms.Enter{}})
	}
	s = play(t, s, step{0, c["speaker"], rooms.Unmute{}}, step{0, c["speaker"], rooms.MuteSelf{}}, step{0, c["speaker"], rooms.Speak{}})
	if !s.MaySend(c["speaker"]) {
		t.Error("not heard by a program after having unmuted themselves")
	}
	record := s.Record()
	s = play(t, rooms.Restore(record, start), step{0, c["speaker"], rooms.Enter{}})
	if got := outcome(t, s, speak); got != "hushed" {
		t.Errorf("a program after a restart, which does not know who had been muted: %s", got)
	}
}

// TestQuestionsAreBounded: what all who raise a hand ask has to fit into one message to another node.
func TestQuestionsAreBounded(t *testing.T) {
	s, _ := scene(t, rooms.Limits{})
	raise := func(n int, question string) string {
		k := identity.PublicKey{200, byte(n >> 8), byte(n)}
		s = play(t, s, step{0, k, rooms.Enter{}})
		c := rooms.Command{At: start, Actor: k, Do: rooms.RaiseHand{Question: question}}
		if got := outcome(t, s, c); got != "ok" {
			return got
		}
		s = play(t, s, step{0, k, c.Do})
		return "ok"
	}
	long, n := strings.Repeat("ü", 1000), 0
	for size := len(long); size < rooms.MaxAsked; size += len(long) {
		if got := raise(n, long); got != "ok" {
			t.Fatalf("question %d: %s", n, got)
		}
		n++
	}
	if got := raise(n+1, long); got != "queue-full" {
		t.Errorf("one too many: %s", got)
	}
	if got := raise(n+2, ""); got != "ok" {
		t.Errorf("a hand without a question: %s", got)
	}
}

func TestLimits(t *testing.T) {
	s, c := scene(t, rooms.Limits{People: 10, Stage: 7, Hands: 2})
	try := func(actor string, do rooms.Action) string {
		return outcome(t, s, rooms.Command{At: start, Actor: c[actor], Do: do})
	}
	// Nine people have places, five on the stage and one of them invited there; two hands are up.
	if got := try("stranger", rooms.Enter{}); got != "ok" {
		t.Errorf("the tenth person: %s", got)
	}
	if got := try("listener", rooms.RaiseHand{}); got != "queue-full" {
		t.Errorf("the third hand: %s", got)
	}
	s = play(t, s, step{0, c["stranger"], rooms.Enter{}}, step{0, c["creator"], rooms.Offer{Who: c["hand"]}})
	if got := try("creator", rooms.Offer{Who: c["listener"]}); got != "stage-full" {
		t.Errorf("an eighth place: %s", got)
	}
	c["another"] = key(11)
	if got := try("another", rooms.Enter{}); got != "full" {
		t.Errorf("the eleventh person: %s", got)
	}
	s = play(t, s, step{0, c["hand"], rooms.AcceptOffer{}}, step{0, c["offered"], rooms.AcceptOffer{}})
	if n := len(s.Stage()); n != 7 {
		t.Errorf("%d on the stage", n)
	}
}

func TestListenersInOrder(t *testing.T) {
	s := rooms.New(config(rooms.Limits{}))
	for _, n := range []byte{5, 3, 9, 1} {
		s = play(t, s, step{0, key(n), rooms.Enter{}})
	}
	s = play(t, s, step{0, key(3), rooms.Leave{}}, step{0, key(3), rooms.Enter{}})
	same(t, []rooms.AudiencePerson{{key(9), 4}, {key(1), 5}}, s.Listeners(1, 2))
	same(t, []rooms.AudiencePerson{{key(3), 6}}, s.Listeners(3, 10))
	same(t, []rooms.AudiencePerson{}, s.Listeners(4, 10))
}

func TestRecordNamesNoMereListener(t *testing.T) {
	s, c := scene(t, rooms.Limits{})
	data, err := s.Record().Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, named := range map[string]bool{
		"creator": true, "speaker": true, "lost": true, "hand": true, "losthand": true, "removed": true,
		"listener": false, "offered": false, "stranger": false,
	} {
		if strings.Contains(string(data), c[name].String()) != named {
			t.Errorf("%s is in the record: %v", name, !named)
		}
	}
}

func TestQuestionIsText(t *testing.T) {
	s, c := scene(t, rooms.Limits{})
	s = play(t, s, step{0, c["listener"], rooms.RaiseHand{Question: "a\xffb"}})
	data, err := s.Record().Encode()
	if err != nil || !strings.Contains(string(data), "a\uFFFDb") {
		t.Errorf("%v: %s", err, data)
	}
}

func TestParseRecordRefuses(t *testing.T) {
	s, _ := scene(t, rooms.Limits{})
	valid, err := s.Record().Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rooms.ParseRecord(valid); err != nil {
		t.Fatal(err)
	}
	edit := func(from, to string) string {
		out := strings.Replace(string(valid), from, to, 1)
		if out == string(valid) {
			t.Fatalf("the record has no %s: %s", from, valid)
		}
		return out
	}
	for name, text := range map[string]string{
		"nothing":          "",
		"no object":        "null",
		"more behind":      string(valid) + "{}",
		"unknown member":   edit(`{"room"`, `{"more":1,"room"`),
		"repeated member":  edit(`"hands":`, `"stage":[],"hands":`),
		"case":             edit(`"hands":`, `"Hands":`),
		"no moderator":     strings.NewReplacer(`"moderator","by"`, `"speaker","by"`, `"moderator"`, `"speaker"`).Replace(string(valid)),
		"role listener":    edit(`"role":"speaker"`, `"role":"listener"`),
		"number twice":     edit(`"number":2`, `"number":1`),
		"number none":      edit(`"number":1`, `"number":0`),
		"somebody twice":   edit(key(3).String(), key(7).String()),
		"removed but here": edit(key(10).String(), key(3).String()),
		"bad key":          edit(key(3).String(), key(3).String()+"1"),
		"negative time":    edit(`"at":`, `"at":-`),
		"over the limit":   edit(`"room":{`, `"room":{"limits":{"stage":2},`),
		"chosen twice":     edit(`"door":{"entry":"members"`, `"door":{"entry":"chosen","chosen":["`+key(3).String()+`","`+key(3).String()+`"]`),
		"no such entry":    edit(`"entry":"members"`, `"entry":"everybody"`),
		"chosen for none":  edit(`"entry":"members"`, `"entry":"","chosen":["`+key(3).String()+`"]`),
		"negative limit":   edit(`"room":{`, `"room":{"limits":{"people":-1},`),
	} {
		if r, err := rooms.ParseRecord([]byte(text)); err == nil {
			t.Errorf("%s: read as %+v", name, r)
		}
	}
}

// FuzzParseRecord holds that what ParseRecord accepts can be gone on with and is written again as it was.
func FuzzParseRecord(f *testing.F) {
	s := rooms.New(config(rooms.Limits{}))
	for _, c := range []rooms.Command{
		{Actor: key(0), Do: rooms.Enter{}},
		{Actor: key(1), Do: rooms.Enter{}},
		{Actor: key(2), Do: rooms.Enter{}},
		{Actor: key(3), Do: rooms.Enter{}},
		{Actor: key(2), Do: rooms.RaiseHand{Question: "why?"}},
		{Actor: key(0), Do: rooms.Offer{Who: key(1)}},
		{Actor: key(1), Do: rooms.AcceptOffer{}},
		{Actor: key(0), Do: rooms.Appoint{Who: key(1)}},
		{Actor: key(0), Do: rooms.Remove{Who: key(3)}},
	} {
		var err error
		if s, _, err = s.Apply(c); err != nil {
			f.Fatal(err)
		}
		data, err := s.Record().Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := rooms.ParseRecord(data)
		if err != nil {
			return
		}
		restored := rooms.Restore(r, start)
		again, err := restored.Record().Encode()
		if err != nil {
			t.Fatal(err)
		}
		back, err := rooms.ParseRecord(again)
		if err != nil {
			t.Fatalf("%v\n%s", err, again)
		}
		same(t, restored.Record(), back)
		if back.Stage[0].Role == rooms.Speaker {
			return
		}
		s, _, err := restored.Apply(rooms.Command{At: start, Actor: back.Stage[0].Key, Do: rooms.Enter{}})
		if err != nil || !s.Present(back.Stage[0].Key) || s.MaySend(back.Stage[0].Key) {
			t.Fatalf("the first moderator is not back, muted: %v", err)
		}
	})
}

// crowd is a room with n listeners.
func crowd(tb testing.TB, n int) rooms.State {
	tb.Helper()
	s := rooms.New(config(rooms.Limits{}))
	s, _, _ = s.Apply(rooms.Command{At: start, Actor: key(0), Do: rooms.Enter{}})
	for i := range n {
		var err error
		s, _, err = s.Apply(rooms.Command{At: start, Actor: number(i), Do: rooms.Enter{}})
		if err != nil {
			tb.Fatal(err)
		}
	}
	return s
}

// number is a made-up key, spread like real ones.
func number(i int) identity.PublicKey {
	var k identity.PublicKey
	binary.BigEndian.PutUint32(k[:], uint32(i)*2654435761)
	binary.BigEndian.PutUint32(k[4:], uint32(i))
	return k
}

func TestRoomOfTenThousand(t *testing.T) {
	s := crowd(t, 9_999)
	_, _, err := s.Apply(rooms.Command{At: start, Actor: number(10_000), Do: rooms.Enter{}})
	if !errors.Is(err, reason.Reject(reason.RoomFull, "")) {
		t.Errorf("person 10,001: %v", err)
	}
	// An action of one person copies a path of the tree, not the room.
	allocations := testing.AllocsPerRun(100, func() {
		_, _, _ = s.Apply(rooms.Command{At: start, Actor: number(5000), Do: rooms.Leave{}})
	})
	if allocations > 50 {
		t.Errorf("one person's leaving takes %v allocations", allocations)
	}
}

func BenchmarkEnterLeave(b *testing.B) {
	s := crowd(b, 9_000)
	b.ReportAllocs()
	for b.Loop() {
		next, _, _ := s.Apply(rooms.Command{At: start, Actor: number(9_500), Do: rooms.Enter{}})
		_, _, _ = next.Apply(rooms.Command{At: start, Actor: number(9_500), Do: rooms.Leave{}})
	}
}

func BenchmarkMute(b *testing.B) {
	s, creator := crowd(b, 9_000), key(0)
	b.ReportAllocs()
	for b.Loop() {
		s, _, _ = s.Apply(rooms.Command{At: start, Actor: creator, Do: rooms.Unmute{}})
		s, _, _ = s.Apply(rooms.Command{At: start, Actor: creator, Do: rooms.MuteSelf{}})
	}
}
