package rooms_test

import (
	"testing"

	"github.com/stoa-rooms/stoa/rooms"
)

func TestALockedStageTakesNoHands(t *testing.T) {
	s, c := scene(t, rooms.Limits{})
	s = play(t, s, step{0, c["moderator"], rooms.Lock{On: true}})
	try := func(actor string, do rooms.Action) string {
		return outcome(t, s, rooms.Command{At: start, Actor: c[actor], Do: do})
	}
	if got := try("listener", rooms.RaiseHand{Question: "?"}); got != "locked" {
		t.Errorf("a hand: %s", got)
	}
	if got := try("hand", rooms.RaiseHand{}); got != "-" {
		t.Errorf("a hand that is up: %s", got)
	}
	// What moderators want goes on: they invite whom they choose, and who was invited comes.
	if got := try("creator", rooms.Offer{Who: c["hand"]}); got != "ok" {
		t.Errorf("an offer: %s", got)
	}
	if got := try("offered", rooms.AcceptOffer{}); got != "ok" {
		t.Errorf("an offer from before: %s", got)
	}
	s = play(t, s, step{0, c["creator"], rooms.Lock{}})
	if got := try("listener", rooms.RaiseHand{}); got != "ok" {
		t.Errorf("a hand after the lock: %s", got)
	}
}

func TestAHandComesWithAQuestion(t *testing.T) {
	s, c := scene(t, rooms.Limits{})
	s, events, _ := s.Apply(rooms.Command{At: start, Actor: c["creator"], Do: rooms.AskMode{On: true}})
	same(t, []rooms.Event{rooms.SettingsChanged{Settings: rooms.Settings{Ask: true}, By: c["creator"]}}, events)
	for question, want := range map[string]string{"": "question", "why?": "ok"} {
		if got := outcome(t, s, rooms.Command{At: start, Actor: c["listener"], Do: rooms.RaiseHand{Question: question}}); got != want {
			t.Errorf("%q: %s, want %s", question, got, want)
		}
	}
}

func TestSlowModeIsBetweenTwoHandsOfOnePerson(t *testing.T) {
	s, c := scene(t, rooms.Limits{})
	s = play(
		t, s, step{0, c["creator"], rooms.SlowMode{Seconds: 60}},
		step{0, c["listener"], rooms.RaiseHand{}}, step{1, c["listener"], rooms.LowerHand{}},
	)
	raise := func(s rooms.State, who string, at int64) string {
		return outcome(t, s, rooms.Command{At: start + at, Actor: c[who], Do: rooms.RaiseHand{}})
	}
	if got := raise(s, "listener", 59_999); got != "slow" {
		t.Errorf("again within the minute: %s", got)
	}
	if got := raise(s, "listener", 60_000); got != "ok" {
		t.Errorf("after the minute: %s", got)
	}
	if got := raise(s, "offered", 2); got != "ok" {
		t.Errorf("somebody else: %s", got)
	}
	// Neither leaving nor coming back helps; the end of slow mode does.
	left := play(t, s, step{2, c["listener"], rooms.Leave{}}, step{3, c["listener"], rooms.Enter{}})
	if got := raise(left, "listener", 4); got != "slow" {
		t.Errorf("after leaving: %s", got)
	}
	fast := play(t, s, step{2, c["moderator"], rooms.SlowMode{}})
	if got := raise(fast, "listener", 2); got != "ok" {
		t.Errorf("without slow mode: %s", got)
	}
	for _, seconds := range []int64{-1, rooms.MaxSlow + 1, 1 << 62} {
		if _, _, err := s.Apply(rooms.Command{At: start, Actor: c["creator"], Do: rooms.SlowMode{Seconds: seconds}}); refusal(err) != "request-invalid" {
			t.Errorf("%d seconds: %v", seconds, err)
		}
	}
}

func TestMuteAllLeavesModeratorsAlone(t *testing.T) {
	s, c := scene(t, rooms.Limits{})
	s, events, err := s.Apply(rooms.Command{At: start, Actor: c["second"], Do: rooms.MuteAll{}})
	same(t, []rooms.Event{rooms.Muted{Key: c["speaker"], By: c["second"]}}, events)
	if err != nil || s.MaySend(c["speaker"]) || !s.MaySend(c["creator"]) || !s.MaySend(c["moderator"]) {
		t.Errorf("%v: %+v", err, s.Stage())
	}
	if s = play(t, s, step{0, c["speaker"], rooms.Unmute{}}); !s.MaySend(c["speaker"]) {
		t.Error("who was muted with all cannot unmute")
	}
}

func TestAskingToUnmuteOpensNothing(t *testing.T) {
	s, c := scene(t, rooms.Limits{})
	ask := func(s rooms.State, at int64) (rooms.State, []rooms.Event) {
		s, events, err := s.Apply(rooms.Command{At: start + at, Actor: c["creator"], Do: rooms.AskToUnmute{Who: c["speaker"]}})
		if err != nil {
			t.Fatal(err)
		}
		return s, events
	}
	if _, events := ask(s, 0); len(events) > 0 {
		t.Errorf("asked to unmute while heard: %+v", events)
	}
	s = play(t, s, step{0, c["speaker"], rooms.MuteSelf{}})
	s, events := ask(s, 0)
	same(t, []rooms.Event{rooms.UnmuteAsked{Key: c["speaker"], By: c["creator"]}}, events)
	if s.MaySend(c["speaker"]) {
		t.Error("asking opened the microphone")
	}
	if _, events := ask(s, rooms.AskAgain-1); len(events) > 0 {
		t.Error("asked again at once")
	}
	if _, events := ask(s, rooms.AskAgain); len(events) == 0 {
		t.Error("not asked again later")
	}
}

func TestSettingsSurviveARestart(t *testing.T) {
	s, c := scene(t, rooms.Limits{})
	s = play(t, s, step{0, c["creator"], rooms.Lock{On: true}}, step{0, c["creator"], rooms.SlowMode{Seconds: 9}}, step{0, c["creator"], rooms.AskMode{On: true}})
	data, err := s.Record().Encode()
	if err != nil {
		t.Fatal(err)
	}
	record, err := rooms.ParseRecord(data)
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]rooms.State{"restart": rooms.Restore(record, start), "takeover": rooms.Takeover(record, 2, start)} {
		if got := s.Settings(); got != (rooms.Settings{Locked: true, Ask: true, Slow: 9}) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	ended := play(t, s, step{0, c["creator"], rooms.End{}})
	if ended.Settings() != (rooms.Settings{}) || len(ended.Log()) != 0 || len(ended.Removals()) != 0 {
		t.Error("an ended room remembers something")
	}
}
