package rooms_test

import (
	"testing"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/rooms"
)

const fiveMinutes = 300_000

func TestARemovalEnds(t *testing.T) {
	s, c := scene(t, rooms.Limits{})
	s = play(t, s, step{0, c["creator"], rooms.Remove{Who: c["listener"], For: fiveMinutes}}, step{fiveMinutes - 1, key(0), rooms.Tick{}})
	if r, ok := s.Removal(c["listener"]); !ok || r.Until != start+fiveMinutes || r.By != c["creator"] {
		t.Fatalf("removed: %v %+v", ok, r)
	}
	enter := func(at int64) string {
		return outcome(t, s, rooms.Command{At: start + at, Actor: c["listener"], Do: rooms.Enter{}})
	}
	if got := enter(fiveMinutes - 1); got != "removed" {
		t.Errorf("just before the end: %s", got)
	}
	if got := enter(fiveMinutes); got != "ok" {
		t.Errorf("at the end: %s", got)
	}
	if s.Next() != start+fiveMinutes {
		t.Errorf("the next tick is at %d", s.Next()-start)
	}
	s, events, _ := s.Apply(rooms.Command{At: start + fiveMinutes, Do: rooms.Tick{}})
	same(t, []rooms.Event{rooms.RemovalEnded{Key: c["listener"]}}, events)
	if s.Removed(c["listener"]) || !s.Removed(c["removed"]) || !rooms.Durable(events) {
		t.Errorf("after the end: %+v", s.Removals())
	}
	if got := outcome(t, play(t, s, step{1 << 40, key(0), rooms.Tick{}}), rooms.Command{At: start, Actor: c["removed"], Do: rooms.Enter{}}); got != "removed" && got != "ended" {
		t.Errorf("somebody removed for good, decades later: %s", got)
	}
}

func TestARemovalIsMadeLongerAndNotShorter(t *testing.T) {
	s, c := scene(t, rooms.Limits{})
	who := c["listener"]
	s = play(t, s, step{0, c["creator"], rooms.Remove{Who: who, For: fiveMinutes}})
	remove := func(ms int64) string {
		return outcome(t, s, rooms.Command{At: start, Actor: c["moderator"], Do: rooms.Remove{Who: who, For: ms}})
	}
	for ms, want := range map[int64]string{fiveMinutes: "-", fiveMinutes - 1: "-", fiveMinutes + 1: "ok", 0: "ok"} {
		if got := remove(ms); got != want {
			t.Errorf("again for %d ms: %s, want %s", ms, got, want)
		}
	}
	if got := outcome(t, s, rooms.Command{At: start, Actor: c["moderator"], Do: rooms.Remove{Who: c["removed"], For: fiveMinutes}}); got != "-" {
		t.Errorf("somebody removed for good, for five minutes: %s", got)
	}
}

func TestAModeratorLiftsARemoval(t *testing.T) {
	s, c := scene(t, rooms.Limits{})
	lift := rooms.Command{At: start + 5, Actor: c["moderator"], Do: rooms.Lift{Who: c["removed"]}}
	s, events, err := s.Apply(lift)
	same(t, []rooms.Event{rooms.RemovalEnded{Key: c["removed"], By: c["moderator"]}}, events)
	if err != nil || s.Removed(c["removed"]) || !rooms.Durable(events) {
		t.Fatalf("%v: %+v", err, s.Removals())
	}
	if got := outcome(t, s, lift); got != "-" {
		t.Errorf("twice: %s", got)
	}
	s = play(t, s, step{5, c["removed"], rooms.Enter{}})
	// The record holds that it was lifted, beside the person who is in the room again.
	s = play(t, s, step{5, c["removed"], rooms.RaiseHand{}})
	data, err := s.Record().Encode()
	if err != nil {
		t.Fatal(err)
	}
	record, err := rooms.ParseRecord(data)
	if err != nil {
		t.Fatal(err)
	}
	if rooms.Restore(record, start+10).Removed(c["removed"]) {
		t.Error("removed again by a restart")
	}
	// A new removal is a new one.
	s = play(t, s, step{10, c["creator"], rooms.Remove{Who: c["removed"], For: fiveMinutes}})
	if r, ok := s.Removal(c["removed"]); !ok || r.At != start+10 {
		t.Errorf("removed anew: %+v", r)
	}
}

// TestWhatWasLiftedStaysLifted is about two hosts of one room: one side of a partition lifts what both know of.
func TestWhatWasLiftedStaysLifted(t *testing.T) {
	s, c := scene(t, rooms.Limits{})
	here, there := s, play(t, s, step{1, c["creator"], rooms.Lift{Who: c["removed"]}})
	unite := func(s rooms.State, with rooms.State) rooms.State {
		s, _, _ = s.Apply(rooms.Command{At: start + 2, Do: rooms.Unite{Removed: with.Removals()}})
		return s
	}
	if unite(here, there).Removed(c["removed"]) || unite(there, here).Removed(c["removed"]) {
		t.Error("removed again by uniting")
	}
	// What the other side removed after it had lifted counts.
	there = play(t, there, step{2, c["removed"], rooms.Enter{}}, step{2, c["creator"], rooms.Remove{Who: c["removed"]}})
	lifted := play(t, s, step{1, c["creator"], rooms.Lift{Who: c["removed"]}})
	if !unite(lifted, there).Removed(c["removed"]) || !unite(there, lifted).Removed(c["removed"]) {
		t.Error("a removal after the lifting is lost")
	}
	// The longer of two counts.
	short := play(t, s, step{1, c["creator"], rooms.Remove{Who: c["hand"], For: fiveMinutes}})
	long := play(t, s, step{1, c["moderator"], rooms.Remove{Who: c["hand"]}})
	for name, s := range map[string]rooms.State{"short, long": unite(short, long), "long, short": unite(long, short)} {
		if r, _ := s.Removal(c["hand"]); r.Until != 0 || r.By != c["moderator"] {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func TestRemovalsAreBounded(t *testing.T) {
	s := play(t, rooms.New(config(rooms.Limits{})), step{0, key(0), rooms.Enter{}})
	number := func(n int) (k identity.PublicKey) {
		k = key(9)
		k[0], k[1] = byte(n), byte(n>>8) // no key that signs, but as good as one in a map
		return k
	}
	for n := range 2100 {
		s = play(t, s, step{int64(n), identity.PublicKey{}, rooms.Unite{Removed: []rooms.Removal{{Key: number(n), By: key(0), At: start + int64(n)}}}})
	}
	if n := len(s.Removals()); n != 2000 {
		t.Errorf("%d removals are remembered", n)
	}
	if s.Removed(number(99)) || !s.Removed(number(100)) {
		t.Error("it is not the oldest that are forgotten")
	}
	s = play(t, s, step{3000, key(0), rooms.Lift{Who: number(1500)}})
	s = play(t, s, step{3000, identity.PublicKey{}, rooms.Unite{Removed: []rooms.Removal{{Key: number(3000), By: key(0), At: start + 3000}}}})
	if !s.Removed(number(100)) {
		t.Error("a removal is forgotten before one that was lifted")
	}
}
