package node_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/node/nodetest"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// watch collects the events of a session, with what it made of them.
func watch(s *client.RoomSession) func(kind api.EventType) []api.Verdict {
	type seen struct {
		kind    api.EventType
		verdict api.Verdict
	}
	all := make(chan seen, 1000)
	go func() {
		for e := range s.Events() {
			all <- seen{e.Header().Type, s.Verdict(e)}
		}
	}()
	var list []seen
	return func(kind api.EventType) (verdicts []api.Verdict) {
		for more := true; more; {
			select {
			case e := <-all:
				list = append(list, e)
			default:
				more = false
			}
		}
		for _, e := range list {
			if e.kind == kind {
				verdicts = append(verdicts, e.verdict)
			}
		}
		return verdicts
	}
}

// raiseToStage brings somebody on the stage.
func raiseToStage(t *testing.T, by, who *client.RoomSession) {
	t.Helper()
	ctx := t.Context()
	if err := by.OfferStage(ctx, who.Client().Key()); err != nil {
		t.Fatal(err)
	}
	until(t, who, "the offer", func(s api.State) bool { _, ok := s.Offered(); return ok })
	if err := who.AcceptOffer(ctx); err != nil {
		t.Fatal(err)
	}
	until(t, by, "on the stage", onStage(who.Client().Key()))
}

// commands has a moderator do each thing once, with somebody on the stage and somebody in the audience.
func commands(t *testing.T, by, leo, mia *client.RoomSession) {
	t.Helper()
	ctx := t.Context()
	leoKey, miaKey := leo.Client().Key(), mia.Client().Key()
	try := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	try("unmute", leo.Unmute(ctx))
	try("mute", by.Mute(ctx, leoKey))
	try("unmute", leo.Unmute(ctx))
	try("mute all", by.MuteAll(ctx))
	try("ask to unmute", by.AskToUnmute(ctx, leoKey))
	try("raise", mia.RaiseHand(ctx, ""))
	try("dismiss", by.DismissHand(ctx, miaKey))
	try("lock", by.LockStage(ctx, true))
	if err := mia.RaiseHand(ctx, ""); !client.Refused(err, reason.RoomLocked) {
		t.Errorf("a hand at a locked stage: %v", err)
	}
	try("unlock", by.LockStage(ctx, false))
	try("ask mode", by.AskMode(ctx, true))
	if err := mia.RaiseHand(ctx, ""); !client.Refused(err, reason.RoomQuestion) {
		t.Errorf("a hand without a question: %v", err)
	}
	try("slow mode", by.SlowMode(ctx, time.Minute))
	try("raise", mia.RaiseHand(ctx, "why?"))
	try("lower", mia.LowerHand(ctx))
	if err := mia.RaiseHand(ctx, "why?"); !client.Refused(err, reason.RoomSlow) {
		t.Errorf("a second hand within the minute: %v", err)
	}
	try("appoint", by.Appoint(ctx, leoKey))
	try("withdraw", by.Withdraw(ctx, leoKey))
	try("move", by.Move(ctx, leoKey))
	try("remove", by.Remove(ctx, leoKey, 5*time.Minute, "spam"))
	try("lift", by.LiftRemoval(ctx, leoKey))
}

// ofCommands are the events that commands brings about, each a moderator's.
var ofCommands = map[api.EventType]int{
	api.EventMuted: 2, api.EventUnmuteAsked: 1, api.EventHandLowered: 1, api.EventSettings: 4, api.EventRoleChanged: 2,
	api.EventStageLeft: 1, api.EventRemoved: 1, api.EventPardoned: 1,
}

func proves(t *testing.T, who string, seen func(api.EventType) []api.Verdict) {
	t.Helper()
	soon(t, "the last command at "+who, func() bool { return len(seen(api.EventPardoned)) == 1 })
	for kind, n := range ofCommands {
		verdicts := slices.DeleteFunc(seen(kind), func(v api.Verdict) bool { return v == "" })
		if len(verdicts) != n || slices.ContainsFunc(verdicts, func(v api.Verdict) bool { return v != api.VerdictProven }) {
			t.Errorf("%s takes %s for %v", who, kind, verdicts)
		}
	}
}

func TestModeratorsCommandsAreStatements(t *testing.T) {
	ctx := t.Context()
	n := nodetest.New(t)
	ana := n.Found(ctx)
	leo, mia := n.Join(ctx, ana, "Léo"), n.Join(ctx, ana, "Mia")
	room, err := ana.CreateRoom(ctx, "On the porch", nil, "en")
	if err != nil {
		t.Fatal(err)
	}
	inAna, inLeo, inMia := n.Enter(ctx, ana, room.ID), n.Enter(ctx, leo, room.ID), n.Enter(ctx, mia, room.ID)
	raiseToStage(t, inAna, inLeo)
	seen := watch(inMia)
	commands(t, inAna, inLeo, inMia)
	proves(t, "Mia", seen)
	<-inLeo.Done()

	// The log says it to whoever comes late, and after a restart.
	n.Stop()
	n.Start()
	inLeo = n.Enter(ctx, leo, room.ID) // the removal was lifted
	until(t, inAna, "back", func(s api.State) bool { return s.Settings == api.RoomSettings{Ask: true, Slow: 60} })
	lines, removals, err := inLeo.Log(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var did []string
	for _, l := range lines {
		if l.Verdict != api.VerdictProven {
			t.Errorf("%+v is %s", l.Order, l.Verdict)
		}
		st, err := statement.ParseKind[*statement.Act](l.Act)
		if err != nil {
			t.Fatal(err)
		}
		did = append(did, st.Body().(*statement.Act).Do)
		if do := did[len(did)-1]; (do == "remove") != (l.Reason != nil && l.Reason.Text == "spam") {
			t.Errorf("%s, with the reason %v", do, l.Reason)
		}
	}
	want := []string{
		"offer_stage", "mute", "mute_all", "ask_to_unmute", "dismiss_hand", "lock_stage", "lock_stage", "ask_mode",
		"slow_mode", "appoint_moderator", "withdraw_moderator", "move_to_audience", "remove", "lift_removal",
	}
	if !slices.Equal(did, want) || len(removals) != 0 {
		t.Errorf("the log is %v, with removals %v", did, removals)
	}
}

func TestWhoWasRemovedIsToldEverything(t *testing.T) {
	ctx := t.Context()
	n := nodetest.New(t)
	ana := n.Found(ctx)
	leo := n.Join(ctx, ana, "Léo")
	room, err := ana.CreateRoom(ctx, "On the porch", nil, "en")
	if err != nil {
		t.Fatal(err)
	}
	inAna, inLeo := n.Enter(ctx, ana, room.ID), n.Enter(ctx, leo, room.ID)
	before := time.Now().UnixMilli()
	if err := inAna.Remove(ctx, leo.Key(), 24*time.Hour, "Three times off topic"); err != nil {
		t.Fatal(err)
	}
	<-inLeo.Done()
	told := func(where string, err error) {
		t.Helper()
		var p *api.Problem
		if !errors.As(err, &p) || p.Code != string(reason.RoomRemoved) || p.Removal == nil {
			t.Fatalf("%s: %v", where, err)
		}
		r := p.Removal
		if r.By.Key != ana.Key() || r.By.Name == "" || r.Person.Key != leo.Key() || r.Reason == nil || r.Reason.Text != "Three times off topic" {
			t.Errorf("%s: %+v", where, r)
		}
		if d := r.Until - before - 24*3600*1000; d < -2000 || d > 60_000 {
			t.Errorf("%s: until %d ms from what was asked", where, d)
		}
	}
	told("while in the room", inLeo.Err())
	_, err = leo.Enter(ctx, room.ID)
	told("on entering", err)
	_, err = leo.Room(ctx, room.ID)
	told("at the door", err)
	n.Stop()
	n.Start()
	_, err = leo.Enter(ctx, room.ID)
	told("after a restart", err)

	inAna.Close() // it has come back by itself, or is about to
	inAna = n.Enter(ctx, ana, room.ID)
	_, removals, err := inAna.Log(ctx)
	if err != nil || len(removals) != 1 || removals[0].Person.Name != "Léo" || removals[0].Reason == nil {
		t.Fatalf("%v, %+v", err, removals)
	}
	if err := inAna.LiftRemoval(ctx, leo.Key()); err != nil {
		t.Fatal(err)
	}
	n.Enter(ctx, leo, room.ID)
	if err := inAna.LiftRemoval(ctx, identity.Generate().Public()); !client.Refused(err, reason.RoomState) {
		t.Errorf("undoing nothing: %v", err)
	}
}
