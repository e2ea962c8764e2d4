package rooms_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/rooms"
)

func TestUnite(t *testing.T) {
	by, nobody := key(50), identity.PublicKey{}
	for who, want := range map[string][]rooms.Event{
		"stranger": {},
		"listener": {rooms.AudienceChanged{}},
		"speaker":  {rooms.StageLeft{Why: rooms.LeftRemoved, By: by}},
		"lost":     {rooms.StageLeft{Why: rooms.LeftRemoved, By: by}},
		"hand":     {rooms.AudienceChanged{}, rooms.HandLowered{By: by}},
		"losthand": {rooms.HandLowered{By: by}},
		"offered":  {rooms.AudienceChanged{}, rooms.OfferEnded{Why: rooms.OfferWithdrawn}},
		"second":   {rooms.StageLeft{Why: rooms.LeftRemoved, By: by}}, // a moderator, too
	} {
		s, people := scene(t, rooms.Limits{})
		k := people[who]
		removal := rooms.Removal{Key: k, By: by, At: start - 5}
		for i, e := range want {
			switch e := e.(type) {
			case rooms.StageLeft:
				e.Key = k
				want[i] = e
			case rooms.HandLowered:
				e.Key = k
				want[i] = e
			case rooms.OfferEnded:
				e.Key = k
				want[i] = e
			}
		}
		want = append(want, rooms.Removed{Removal: removal})
		next, events, err := s.Apply(rooms.Command{At: start, Do: rooms.Unite{Removed: []rooms.Removal{removal}}})
		if err != nil || !rooms.Durable(events) {
			t.Fatalf("%s: %v, durable %v", who, err, rooms.Durable(events))
		}
		same(t, want, events)
		if _, here := next.Role(k); here || !slices.Contains(next.Removals(), removal) {
			t.Errorf("%s is here, or the removal is not kept as it was: %+v", who, next.Removals())
		}
		if got := outcome(t, next, rooms.Command{At: start, Actor: k, Do: rooms.Enter{}}); got != "removed" {
			t.Errorf("%s enters: %s", who, got)
		}
		if got := outcome(t, next, rooms.Command{At: start, Do: rooms.Unite{Removed: []rooms.Removal{{Key: k, By: key(51)}}}}); got != "-" {
			t.Errorf("%s removed again: %s", who, got)
		}
	}
	s, people := scene(t, rooms.Limits{})
	for name, r := range map[string]rooms.Removal{
		"nobody": {By: by}, "by nobody": {Key: people["hand"]}, "before all time": {Key: people["hand"], By: by, At: -1},
		"after all time": {Key: people["hand"], By: by, At: 1 << 53}, "known": {Key: people["removed"], By: by},
		"over": {Key: people["hand"], By: by, At: 1, Until: start}, "over before it began": {Key: people["hand"], By: by, At: start + 9, Until: start + 8},
		"known, for less": {Key: people["removed"], By: by, At: 3, Until: start + 9}, "lifted long ago": {Key: people["hand"], By: by, At: 1, Lifted: -1},
	} {
		if got := outcome(t, s, rooms.Command{At: start, Do: rooms.Unite{Removed: []rooms.Removal{r}}}); got != "-" {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := outcome(t, s, rooms.Command{At: start, Actor: nobody, Do: rooms.Unite{}}); got != "-" {
		t.Errorf("no removals: %s", got)
	}
}

func TestUniteLeavesAModeratorOrNothing(t *testing.T) {
	s, people := scene(t, rooms.Limits{})
	all := func(names ...string) (list []rooms.Removal) {
		for _, n := range names {
			list = append(list, rooms.Removal{Key: people[n], By: key(50)})
		}
		return list
	}
	next, _, _ := s.Apply(rooms.Command{At: start, Do: rooms.Unite{Removed: all("creator", "moderator", "second")}})
	if role, _ := next.Role(people["speaker"]); role != rooms.Moderator {
		t.Errorf("without moderators the speaker is %q", role)
	}
	next, _, _ = next.Apply(rooms.Command{At: start, Do: rooms.Unite{Removed: all("speaker", "lost")}})
	if e, over := next.Ended(); !over || e.Why != rooms.EndedEmpty {
		t.Errorf("without anybody on the stage: %v", e)
	}
	if got := outcome(t, next, rooms.Command{At: start, Do: rooms.Unite{Removed: all("hand")}}); got != "ended" {
		t.Errorf("in a room that has ended: %s", got)
	}
}

// TestUniteInAnyOrder holds that whatever the two sides of a partition removed, all are out afterwards, in whatever
// order and pieces the other side's removals come.
func TestUniteInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		removals := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) rooms.Removal {
			return rooms.Removal{Key: key(rapid.Byte().Draw(t, "who") % 12), By: key(50), At: 1}
		}), 0, 8).Draw(t, "removals")
		s := rooms.New(config(rooms.Limits{}))
		for n := range byte(6) {
			s, _, _ = s.Apply(rooms.Command{At: start, Actor: key(n), Do: rooms.Enter{}})
		}
		whole, _, _ := s.Apply(rooms.Command{At: start, Do: rooms.Unite{Removed: removals}})
		apart := s
		for _, r := range rapid.Permutation(removals).Draw(t, "order") {
			next, _, err := apart.Apply(rooms.Command{At: start, Do: rooms.Unite{Removed: []rooms.Removal{r}}})
			if _, over := apart.Ended(); err != nil && !over {
				t.Fatalf("%v", err)
			}
			apart = next
		}
		_, over := whole.Ended()
		if _, also := apart.Ended(); over != also {
			t.Fatalf("one ended, one did not")
		}
		if over {
			return
		}
		same(t, whole.Removals(), apart.Removals())
		same(t, look(whole), look(apart))
	})
}

func TestTakeover(t *testing.T) {
	s, people := scene(t, rooms.Limits{})
	record := s.Record()
	// The old host goes on for a while; whom it lets in now, the copy does not know.
	s = play(t, s, step{0, key(20), rooms.Enter{}})
	late, _ := s.Number(key(20))
	for _, epoch := range []int64{2, 6, 1 + rooms.MaxHandovers*5} {
		at := start + int64(5_000)
		taken := rooms.Takeover(record, epoch, at)
		same(t, look(rooms.Restore(record, at)), look(taken))
		for name, k := range people {
			if _, here := s.Role(k); here && taken.MaySend(k) {
				t.Errorf("epoch %d: %s is heard before they are back", epoch, name)
			}
		}
		if got := outcome(t, taken, rooms.Command{At: at, Actor: people["removed"], Do: rooms.Enter{}}); got != "removed" {
			t.Errorf("epoch %d: whom the old host removed enters: %s", epoch, got)
		}
		taken = play(t, taken, step{5_000, people["speaker"], rooms.Enter{}}, step{5_000, key(30), rooms.Enter{}}, step{5_000, key(20), rooms.Enter{}})
		was, _ := s.Number(people["speaker"])
		if is, _ := taken.Number(people["speaker"]); is != was {
			t.Errorf("epoch %d: the speaker's number is %d, was %d", epoch, is, was)
		}
		for _, n := range []byte{20, 30} {
			number, _ := taken.Number(key(n))
			if int64(number) <= epoch*rooms.EpochNumbers || int64(number) > (epoch+1)*rooms.EpochNumbers || number == late {
				t.Errorf("epoch %d: person %d has number %d", epoch, n, number)
			}
		}
		// The next host's numbers are others again, and so are those after a restart in this epoch.
		again := rooms.Takeover(taken.Record(), epoch, at)
		again = play(t, again, step{6_000, key(31), rooms.Enter{}})
		if number, _ := again.Number(key(31)); int64(number) <= epoch*rooms.EpochNumbers {
			t.Errorf("epoch %d: after a restart number %d", epoch, number)
		}
	}
}

func TestRecordsOfEarlierVersions(t *testing.T) {
	s, people := scene(t, rooms.Limits{})
	data, err := s.Record().Encode()
	if err != nil {
		t.Fatal(err)
	}
	old := strings.ReplaceAll(string(data), `,"since":1790000000000`, "")
	if old == string(data) {
		t.Fatalf("no record of when somebody was appointed: %s", data)
	}
	record, err := rooms.ParseRecord([]byte(old))
	if err != nil {
		t.Fatal(err)
	}
	if role, _ := rooms.Restore(record, start).Role(people["moderator"]); role != rooms.Moderator {
		t.Errorf("the moderator is %q", role)
	}
	speaker := strings.Replace(string(data), `"role":"speaker"`, `"role":"speaker","since":5`, 1)
	if _, err := rooms.ParseRecord([]byte(speaker)); err == nil {
		t.Error("a speaker since whose appointment time passed is read")
	}
}
