package node_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
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
	if got := actsInLog(t, n, ana.Key()); !slices.Equal(got, []string{"remove"}) {
		t.Errorf("the community's log has the acts %v", got)
	}

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
	if got := actsInLog(t, n, ana.Key()); !slices.Equal(got, []string{"remove", "lift_removal"}) {
		t.Errorf("afterwards the community's log has the acts %v", got)
	}
	if err := inAna.LiftRemoval(ctx, identity.Generate().Public()); !client.Refused(err, reason.RoomState) {
		t.Errorf("undoing nothing: %v", err)
	}
}

// forge is an action of somebody who signs whatever they like: under the entry of their session, with a number of their
// own.
type forge struct {
	t     *testing.T
	room  statement.ID
	nonce string
}

func forging(t *testing.T, s *client.RoomSession) forge {
	t.Helper()
	for event := range s.Events() {
		if snapshot, ok := event.(api.Snapshot); ok {
			return forge{t, s.Room(), snapshot.Nonce}
		}
	}
	t.Fatal("no snapshot")
	return forge{}
}

func (f forge) action(by identity.PrivateKey, number int64, do api.ActionType, target *identity.PublicKey, bend ...func(*statement.Act, *api.Action)) api.Action {
	f.t.Helper()
	body := &statement.Act{
		Room: f.room, IssuedAt: time.Now().Unix(), Nonce: f.nonce, Number: number, Do: string(do), Target: by.Public(),
	}
	action := api.Action{Type: do, Target: target}
	if target != nil {
		body.Target = *target
	}
	for _, b := range bend {
		b(body, &action)
	}
	action.Act = sign(f.t, body, by)
	return action
}

func TestWhatAModeratorMayNotSign(t *testing.T) {
	ctx := t.Context()
	n := nodetest.New(t)
	key := identity.Generate()
	ana := client.New(n.URL(), key, client.Options{})
	if _, err := ana.Found(ctx, n.Owner, "Café", "Ana"); err != nil {
		t.Fatal(err)
	}
	other := identity.Generate()
	leo := client.New(n.URL(), other, client.Options{})
	link, err := ana.CreateInvite(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := leo.Join(ctx, link.String(), "Léo"); err != nil {
		t.Fatal(err)
	}
	room, err := ana.CreateRoom(ctx, "On the porch", nil, "en")
	if err != nil {
		t.Fatal(err)
	}
	inAna, inLeo := n.Enter(ctx, ana, room.ID), n.Enter(ctx, leo, room.ID)
	f, listener := forging(t, inAna), forging(t, inLeo)
	who := leo.Key()
	remove := func(bend ...func(*statement.Act, *api.Action)) api.Action {
		return f.action(key, 50, api.ActRemove, &who, append([]func(*statement.Act, *api.Action){func(a *statement.Act, action *api.Action) {
			why := statement.NewText("spam")
			c := why.Commitment()
			a.Reason, action.Reason = &c, &why
		}}, bend...)...)
	}
	for _, c := range []struct {
		name   string
		action api.Action
		want   reason.Reason
	}{
		{"unsigned", api.Action{Type: api.ActDismissHand, Target: &who}, reason.RoomUnsigned},
		{"no statement", api.Action{Type: api.ActDismissHand, Target: &who, Act: "a.b.c"}, reason.StatementSyntax},
		{"signed by another", f.action(other, 1, api.ActDismissHand, &who), reason.StatementAuthority},
		{"for another room", f.action(key, 1, api.ActDismissHand, &who, func(a *statement.Act, _ *api.Action) { a.Room[0] ^= 1 }), reason.StatementAudience},
		{"upon another", f.action(key, 1, api.ActDismissHand, &who, func(a *statement.Act, _ *api.Action) { a.Target = key.Public() }), reason.RequestInvalid},
		{"another action", f.action(key, 1, api.ActDismissHand, &who, func(a *statement.Act, _ *api.Action) { a.Do = string(api.ActOffer) }), reason.RequestInvalid},
		{"for longer", remove(func(_ *statement.Act, action *api.Action) { action.Duration = 60 }), reason.RequestInvalid},
		{"with another nonce", f.action(key, 1, api.ActDismissHand, &who, func(a *statement.Act, _ *api.Action) { a.Nonce = "0123456789abcdef" }), reason.ActReplayed},
		{"of hours ago", f.action(key, 1, api.ActDismissHand, &who, func(a *statement.Act, _ *api.Action) { a.IssuedAt -= 3600 }), reason.ActReplayed},
		{"from the future", f.action(key, 1, api.ActDismissHand, &who, func(a *statement.Act, _ *api.Action) { a.IssuedAt += 3600 }), reason.StatementTime},
		{"without a reason", remove(func(a *statement.Act, action *api.Action) { a.Reason, action.Reason = nil, nil }), reason.TextInvalid},
		{"with a reason that is not signed", remove(func(a *statement.Act, _ *api.Action) { a.Reason = nil }), reason.TextMismatch},
		{"with another reason", remove(func(_ *statement.Act, action *api.Action) { action.Reason = &api.Text{Text: "ham"} }), reason.TextMismatch},
		{"with a reason and none beside", remove(func(_ *statement.Act, action *api.Action) { action.Reason = nil }), reason.TextInvalid},
		{"for a span out of range", remove(func(a *statement.Act, action *api.Action) {
			span := int64(59)
			a.Duration, action.Duration = &span, span
		}), reason.RequestInvalid},
		{"in order", f.action(key, 10, api.ActDismissHand, &who), ""},
		{"the same again", f.action(key, 10, api.ActDismissHand, &who), reason.ActReplayed},
		{"a lower number", f.action(key, 9, api.ActDismissHand, &who), reason.ActReplayed},
		{"undoing nothing", f.action(key, 11, api.ActLift, &who), reason.RoomState},
	} {
		err := ana.Act(ctx, room.ID, c.action)
		if c.want == "" && err != nil || c.want != "" && !client.Refused(err, c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	creator := key.Public()
	on := func(a *statement.Act, action *api.Action) {
		lock := statement.SwitchOn
		a.Switch, action.Switch = &lock, lock
	}
	for i, action := range []api.Action{
		listener.action(other, 1, api.ActLockStage, nil, on), listener.action(other, 2, api.ActMute, &creator),
		listener.action(other, 3, api.ActLift, &creator), listener.action(other, 4, api.ActEnd, nil),
	} {
		if err := leo.Act(ctx, room.ID, action); !client.Refused(err, reason.RoomRole) {
			t.Errorf("a listener, %d: %v", i, err)
		}
	}
	if lines, _, err := inAna.Log(ctx); err != nil || len(lines) != 0 {
		t.Errorf("refusals are in the log: %v %v", lines, err)
	}
}

// TestARemovalTravels is about a room of A with a moderator of B: what is removed there is told here, is in the log of A,
// and holds when B hosts the room.
func TestARemovalTravels(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := newSquare(t)
	shown(t, s.bea, s.room.ID, true)
	shown(t, s.cleo, s.room.ID, true)
	ana, bea := s.a.Enter(ctx, s.ana, s.room.ID), s.b.Enter(ctx, s.bea, s.room.ID)
	cleo := s.c.Enter(ctx, s.cleo, s.room.ID)
	raiseToStage(t, ana, bea)
	seen := watch(cleo)
	if err := ana.Appoint(ctx, s.bea.Key()); err != nil {
		t.Fatal(err)
	}
	until(t, bea, "moderating", func(st api.State) bool { return st.Role() == api.RoleModerator })
	gil := s.b.Join(ctx, s.bea, "Gil")
	inGil := s.b.Enter(ctx, gil, s.room.ID)
	if err := bea.Remove(ctx, gil.Key(), 0, "Shouts"); err != nil {
		t.Fatal(err)
	}
	<-inGil.Done()
	told := func(where string, err error) {
		t.Helper()
		var p *api.Problem
		if !errors.As(err, &p) || p.Code != string(reason.RoomRemoved) || p.Removal == nil || p.Removal.Reason == nil ||
			p.Removal.Reason.Text != "Shouts" || p.Removal.By.Key != s.bea.Key() || p.Removal.Until != 0 {
			t.Errorf("%s: %v", where, err)
		}
	}
	told("while in the room", inGil.Err())
	_, err := gil.Enter(ctx, s.room.ID)
	told("on entering", err)
	soon(t, "the removal at C", func() bool { return len(seen(api.EventRemoved)) == 1 })
	if v := seen(api.EventRemoved); v[0] != api.VerdictProven {
		t.Errorf("Cleo takes the removal for %s", v[0])
	}
	lines, removals, err := cleo.Log(ctx)
	if err != nil || len(removals) != 1 || len(lines) < 3 || slices.ContainsFunc(lines, func(l client.LogLine) bool { return l.Verdict != api.VerdictProven }) {
		t.Errorf("%v: %+v, %+v", err, lines, removals)
	}
	time.Sleep(4 * time.Second) //nolint:forbidigo // until B and C follow the log of A, and are in line; nothing shows it

	s.a.Stop()
	until(t, bea, "the next host, at B", func(st api.State) bool { return st.Room.Epoch == 2 })
	until(t, cleo, "the next host, at C", func(st api.State) bool { return st.Room.Epoch == 2 })
	_, err = gil.Enter(ctx, s.room.ID)
	told("at the next host", err)
	soon(t, "the log at the next host", func() bool {
		after, _, err := cleo.Log(ctx)
		return err == nil && len(after) == len(lines)
	})
	if err := bea.LiftRemoval(ctx, gil.Key()); err != nil {
		t.Fatal(err)
	}
	s.b.Enter(ctx, gil, s.room.ID)
}

// actsInLog is what the acts in a node's own log do, as anybody reads it.
func actsInLog(t *testing.T, n *nodetest.Node, community identity.PublicKey) (did []string) {
	t.Helper()
	get := func(path string) []byte {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, n.URL()+"/log/"+community.String()+"/"+n.Key(t.Context()).String()+"/"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		data, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s %v", path, resp.Status, err)
		}
		return data
	}
	size := strings.Split(string(get("checkpoint")), "\n")[1]
	var texts []string
	if err := json.Unmarshal(get("statements/000.p/"+size), &texts); err != nil {
		t.Fatal(err)
	}
	for _, text := range texts {
		if st, err := statement.ParseKind[*statement.Act](text); err == nil {
			did = append(did, st.Body().(*statement.Act).Do)
		}
	}
	return did
}
