package node_test

import (
	"testing"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

func TestSomebodyIsFoundInTheAudience(t *testing.T) {
	ctx := t.Context()
	s := newSquare(t)
	if _, err := s.bea.SetProfile(ctx, statement.Profile{Name: "Béatrice Noël"}); err != nil {
		t.Fatal(err)
	}
	shown(t, s.bea, s.room.ID, true)
	shown(t, s.cleo, s.room.ID, true)
	ana := s.a.Enter(ctx, s.ana, s.room.ID)
	s.b.Enter(ctx, s.bea, s.room.ID)
	s.c.Enter(ctx, s.cleo, s.room.ID)
	until(t, ana, "both in the audience", func(st api.State) bool { return st.Audience.Count == 2 })
	for where, who := range map[string]*client.Client{"the host": s.ana, "another node": s.cleo} {
		for query, want := range map[string]int{"BEATRICE": 1, "noel": 1, "x": 0, "": 2} {
			page, err := who.FindListeners(ctx, s.room.ID, query, 0, 10)
			if err != nil {
				t.Fatalf("%q at %s: %v", query, where, err)
			}
			if page.Count != want || len(page.People) != want || want == 1 && page.People[0].Key != s.bea.Key() {
				t.Errorf("%q at %s: %+v", query, where, page)
			}
		}
		if page, err := who.FindListeners(ctx, s.room.ID, "béa", 1, 10); err != nil || page.Count != 1 || len(page.People) != 0 {
			t.Errorf("a page beyond at %s: %+v, %v", where, page, err)
		}
	}
}

func TestAProfileNamesWhatThePersonPlanned(t *testing.T) {
	ctx := t.Context()
	s := newSquare(t)
	plan := planned(t, s.ana, evening())
	planned(t, s.bea, evening())
	soon(t, "the plan in the profile, at another node", func() bool {
		p, err := s.bea.Person(ctx, s.ana.Key(), s.a.Key(ctx))
		if err != nil {
			t.Fatal(err)
		}
		return len(p.Upcoming) == 1 && p.Upcoming[0].ID == plan.ID
	})
	if p, err := s.ana.Person(ctx, s.ana.Key(), identity.PublicKey{}); err != nil || len(p.Upcoming) != 1 {
		t.Errorf("at home: %+v, %v", p.Upcoming, err)
	}
}
