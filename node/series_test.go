package node_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/node"
	"github.com/stoa-rooms/stoa/node/nodetest"
	"github.com/stoa-rooms/stoa/reason"
)

// opens opens a planned room and enters it.
func opens(t *testing.T, n *nodetest.Node, who *client.Client, s api.Scheduled) (api.Room, *client.RoomSession) {
	t.Helper()
	fresh(t, who)
	room, err := who.OpenPlanned(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return room, n.Enter(t.Context(), who, room.ID)
}

// TestASeries follows a weekly room over three dates. Who may open it moderates it, whoever opened it, and every client can
// prove that. Whoever is removed for good stays out on the next date, also after a restart, until somebody undoes it.
func TestASeries(t *testing.T) {
	ctx, at := t.Context(), newClock(t, "2027-02-02T18:25")
	n := nodetest.With(t, node.Config{Now: at.now})
	ana := n.Found(ctx)
	leo, mia := n.Join(ctx, ana, "Léo"), n.Join(ctx, ana, "Mia")
	p := evening()
	p.Moderators = []identity.PublicKey{leo.Key()}
	s := planned(t, ana, p)

	first, host := opens(t, n, leo, s)
	anas := n.Enter(ctx, ana, s.ID)
	mias := n.Enter(ctx, mia, s.ID)
	moderates := func(who identity.PublicKey) func(api.State) bool {
		return func(st api.State) bool {
			return slices.ContainsFunc(st.Stage, func(p api.StagePerson) bool { return p.Key == who && p.Role == api.RoleModerator && p.Muted })
		}
	}
	until(t, mias, "the author, who came, moderates", moderates(ana.Key()))
	seen := watch(anas)
	if err := anas.Remove(ctx, mia.Key(), 0, "Enough."); err != nil {
		t.Fatalf("by an appointed moderator: %v", err)
	}
	soon(t, "a removal whose authority is proven", func() bool { return slices.Equal(seen(api.EventRemoved), []api.Verdict{api.VerdictProven}) })
	if err := host.End(ctx); err != nil {
		t.Fatal(err)
	}
	until(t, anas, "the end", func(st api.State) bool { return st.Ended != nil })

	n.Stop()
	n.Start()
	at.set(t, "2027-02-09T18:25")
	fresh(t, ana, leo, mia)
	second, host := opens(t, n, ana, s)
	if second.ID == first.ID {
		t.Fatal("the first room is still open")
	}
	if _, err := mia.Room(ctx, s.ID); !client.Refused(err, reason.RoomRemoved) {
		t.Fatalf("who was removed from the room before: %v", err)
	}
	_, removals, err := host.Log(ctx)
	if err != nil || len(removals) != 1 {
		t.Fatalf("removed people: %+v, %v", removals, err)
	}
	if r := removals[0]; r.Person.Name != "Mia" || r.By.Key != ana.Key() || r.Reason == nil || r.Reason.Text != "Enough." || r.Until != 0 {
		t.Errorf("the moderators see %+v", r)
	}
	if err := host.LiftRemoval(ctx, mia.Key()); err != nil {
		t.Fatal(err)
	}
	n.Enter(ctx, mia, s.ID)
	if err := host.Remove(ctx, mia.Key(), 24*time.Hour, "Till tomorrow."); err != nil {
		t.Fatal(err)
	}
	if err := host.End(ctx); err != nil {
		t.Fatal(err)
	}
	until(t, host, "the end", func(st api.State) bool { return st.Ended != nil })
	if _, err := mia.OpenPlanned(ctx, s); !client.Refused(err, reason.ScheduleHost) {
		t.Errorf("opened by somebody else: %v", err)
	}

	at.set(t, "2027-02-16T18:25") // a day has run out
	fresh(t, ana, leo, mia)
	opens(t, n, ana, s)
	n.Enter(ctx, mia, s.ID)
}

// TestWhoWasRemovedDoesNotOpenTheNextDate has somebody who may open a series removed from it.
func TestWhoWasRemovedDoesNotOpenTheNextDate(t *testing.T) {
	ctx, at := t.Context(), newClock(t, "2027-02-02T18:25")
	n := nodetest.With(t, node.Config{Now: at.now})
	ana := n.Found(ctx)
	leo := n.Join(ctx, ana, "Léo")
	p := evening()
	p.Moderators = []identity.PublicKey{leo.Key()}
	s := planned(t, ana, p)
	_, host := opens(t, n, ana, s)
	n.Enter(ctx, leo, s.ID)
	until(t, host, "who may open it moderates it", func(st api.State) bool { p, ok := st.OnStage(leo.Key()); return ok && p.Role == api.RoleModerator })
	if err := errors.Join(host.Withdraw(ctx, leo.Key()), host.Remove(ctx, leo.Key(), 0, "Enough.")); err != nil {
		t.Fatal(err)
	}
	if err := host.End(ctx); err != nil {
		t.Fatal(err)
	}
	until(t, host, "the end", func(st api.State) bool { return st.Ended != nil })
	if _, err := leo.OpenPlanned(ctx, s); !client.Refused(err, reason.RoomRemoved) {
		t.Errorf("opened: %v", err)
	}
}
