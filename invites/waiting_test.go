package invites_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/invites"
	"github.com/stoa-rooms/stoa/statement"
)

// Nodes hear of a person's requests in any order, and end at one.
func TestRequestsOfOnePersonInAnyOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		all := make([]invites.Ask, 2+rng.IntN(5))
		for i := range all {
			all[i] = invites.Ask{ID: statement.ID{byte(rng.IntN(4))}, At: rng.Int64N(3), Declined: rng.IntN(8) == 0}
		}
		type outcome struct {
			declined bool
			id       statement.ID
			at       int64
		}
		ends := func() outcome {
			one := all[0]
			for _, other := range all[1:] {
				if other.Prevails(one) {
					one = other
				}
			}
			if one.Declined {
				return outcome{declined: true} // of which request it was said does not matter
			}
			return outcome{id: one.ID, at: one.At}
		}
		sameIDs := map[statement.ID]int64{} // one statement says one time
		for i, a := range all {
			if at, ok := sameIDs[a.ID]; ok {
				all[i].At = at
			}
			sameIDs[a.ID] = all[i].At
		}
		want := ends()
		rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		if got := ends(); got != want {
			t.Fatalf("%v, and in another order %v: %v", want, got, all)
		}
	}
}

func TestPlaces(t *testing.T) {
	key := func(n int) identity.PublicKey { return identity.PublicKey{1, byte(n), byte(n >> 8)} }
	all := map[identity.PublicKey]invites.Ask{}
	place := func(a invites.Ask) (identity.PublicKey, bool) { return a.Place(maps.Values(all)) }
	for n := range invites.MaxAsks {
		waits := invites.Ask{Member: key(n), At: int64(1000 + n)}
		declined := invites.Ask{Member: key(1000 + n), At: int64(1000 + n), Declined: true}
		for _, a := range []invites.Ask{waits, declined} {
			if gives, ok := place(a); !ok || !gives.IsZero() {
				t.Fatalf("%d before: %v, and %v gives way", n, ok, gives)
			}
			all[a.Member] = a
		}
	}
	for _, c := range []struct {
		name  string
		ask   invites.Ask
		gives identity.PublicKey
		ok    bool
	}{
		{name: "nobody who waits gives way", ask: invites.Ask{Member: key(5000), At: 5000}},
		{name: "nor to who came before them", ask: invites.Ask{Member: key(5000), At: 1}},
		{name: "a person's own place", ask: invites.Ask{Member: key(7), At: 5000}, ok: true},
		{name: "a decline makes a place", ask: invites.Ask{Member: key(7), At: 1007, Declined: true}, gives: key(1000), ok: true},
		{name: "a later decline takes the oldest one's", ask: invites.Ask{Member: key(5000), At: 5000, Declined: true}, gives: key(1000), ok: true},
		{name: "an older one does not", ask: invites.Ask{Member: key(5000), At: 999, Declined: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if gives, ok := place(c.ask); ok != c.ok || gives != c.gives {
				t.Errorf("%v, and %v gives way; %v and %v are right", ok, gives, c.ok, c.gives)
			}
		})
	}
	lines := slices.SortedFunc(maps.Values(all), invites.Ask.Compare)
	if !lines[0].Declined || lines[invites.MaxAsks].Declined || lines[0].At > lines[1].At {
		t.Error("who was declined does not come first, or the oldest does not")
	}
}
