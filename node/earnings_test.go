package node_test

import (
	"testing"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/node/nodetest"
	"github.com/stoa-rooms/stoa/statement"
)

// earnFast are rules by which one second of hosting three people, or of speaking, earns.
func earnFast(t *testing.T, founder *client.Client, edit func(r *statement.Rules)) {
	t.Helper()
	if _, err := founder.ChangeRules(t.Context(), "", func(r *statement.Rules) {
		r.HostTime, r.SpeakTime, r.Probation = 1, 1, 0
		edit(r)
	}); err != nil {
		t.Fatal(err)
	}
}

func earning(t *testing.T, who *client.Client) (api.Invites, api.Earning) {
	t.Helper()
	all, err := who.Invites(t.Context())
	if err != nil || all.Earning == nil {
		t.Fatalf("%+v, %v", all, err)
	}
	return all, *all.Earning
}

func TestHostingEarnsInvites(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	n := nodetest.New(t)
	founder := n.Found(ctx)
	leo := n.Join(ctx, founder, "Léo")
	zoe := n.Join(ctx, founder, "Zoé")
	kim := n.Join(ctx, leo, "Kim") // of Léo's branch
	earnFast(t, founder, func(r *statement.Rules) { r.HostTime = 2 })
	room, err := leo.CreateRoom(ctx, "Porch", nil, "en")
	if err != nil {
		t.Fatal(err)
	}
	n.Enter(ctx, leo, room.ID)
	n.Enter(ctx, kim, room.ID)
	n.Enter(ctx, founder, room.ID)
	soon(t, "two branches in the room", func() bool {
		_, e := earning(t, leo)
		return e.People == 2
	})
	all, e := earning(t, leo)
	if e.Hosted != 0 || e.Earned != "" || e.Slots != 3 || e.HostPeople != 3 || all.Left != 1 || e.Ends-e.Begins != 7*86_400_000 {
		t.Errorf("with three people of two branches: %+v", e)
	}
	n.Enter(ctx, zoe, room.ID)
	soon(t, "the time that counts", func() bool {
		_, e := earning(t, leo)
		return e.Hosted > 0 || e.Earned != ""
	})
	soon(t, "the invites", func() bool {
		all, e = earning(t, leo)
		return all.Left == 4 && e.Earned == statement.WhyHosting
	})
	if got := all.Grants[len(all.Grants)-1]; got.Why != statement.WhyHosting || got.Slots != 3 || len(all.Grants) != 2 {
		t.Errorf("%+v", all.Grants)
	}
	if all, e := earning(t, zoe); all.Left != 2 || e.Earned != "" || e.Hosted != 0 {
		t.Errorf("a guest of the room has earned: %+v", e)
	}
	n.Join(ctx, leo, "Mina") // with what he earned, or had
	n.Join(ctx, leo, "Noé")
}

func TestSpeakingEarnsInvites(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	n := nodetest.New(t)
	founder := n.Found(ctx)
	leo := n.Join(ctx, founder, "Léo")
	earnFast(t, founder, func(*statement.Rules) {})
	room, err := founder.CreateRoom(ctx, "Porch", nil, "en")
	if err != nil {
		t.Fatal(err)
	}
	ana, there := n.Enter(ctx, founder, room.ID), n.Enter(ctx, leo, room.ID)
	bringOnStage(t, ana, there)
	connect(t, ana)
	talk(t, connect(t, there))              // muted: it does not count
	if err := ana.Unmute(ctx); err != nil { // and says nothing
		t.Fatal(err)
	}
	for since := time.Now(); time.Since(since) < 2500*time.Millisecond; {
		if _, e := earning(t, leo); e.Spoken != 0 {
			t.Fatalf("muted, and has spoken: %+v", e)
		}
		time.Sleep(100 * time.Millisecond) //nolint:forbidigo // a poll with a deadline
	}
	if err := there.Unmute(ctx); err != nil {
		t.Fatal(err)
	}
	soon(t, "the invites", func() bool {
		all, e := earning(t, leo)
		return all.Left == 5 && e.Earned == statement.WhySpeaking
	})
	if all, e := earning(t, founder); e.Spoken != 0 || e.Earned != "" || all.Left != 1 {
		t.Errorf("somebody who is silent has earned: %+v", e)
	}
}

// What was seen before a restart counts, and the founder's rules at the moment of the grant.
func TestATallySurvivesARestart(t *testing.T) {
	ctx := t.Context()
	n := nodetest.New(t)
	founder := n.Found(ctx)
	leo := n.Join(ctx, founder, "Léo")
	zoe := n.Join(ctx, founder, "Zoé")
	earnFast(t, founder, func(r *statement.Rules) { r.HostTime = 3600 })
	room, err := founder.CreateRoom(ctx, "Porch", nil, "en")
	if err != nil {
		t.Fatal(err)
	}
	var there []*client.RoomSession
	for _, who := range []*client.Client{founder, leo, zoe} {
		s, err := who.Enter(ctx, room.ID)
		if err != nil {
			t.Fatal(err)
		}
		there = append(there, s)
	}
	soon(t, "time in the tally", func() bool {
		_, e := earning(t, founder)
		return e.Hosted >= 1000
	})
	_, before := earning(t, founder)
	n.Stop()
	n.Start()
	soon(t, "the tally after a restart", func() bool {
		all, err := founder.Invites(ctx)
		return err == nil && all.Earning.Hosted >= before.Hosted
	})
	earnFast(t, founder, func(r *statement.Rules) { r.PeriodSlots = 7 })
	soon(t, "the invites", func() bool {
		all, err := founder.Invites(ctx)
		return err == nil && all.Earning.Earned == statement.WhyHosting && all.Left == 7
	})
	for _, s := range there {
		s.Close()
	}
}
