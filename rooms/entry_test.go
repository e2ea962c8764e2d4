package rooms_test

import (
	"testing"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/statement"
)

// why is the reason why a command is.
func why(s rooms.State, actor identity.PublicKey, do rooms.Action) reason.Reason {
	_, _, err := s.Apply(rooms.Command{At: start, Actor: actor, Do: do})
	return reason.Of(err)
}

func TestChosenRoomTakesWhomItsModeratorsChose(t *testing.T) {
	creator, chosen, other := key(0), key(1), key(2)
	s := rooms.New(config(rooms.Limits{})).Opened(rooms.Door{Entry: statement.RoomChosen, Chosen: []identity.PublicKey{chosen}})
	s = play(t, s, step{0, creator, rooms.Enter{}}, step{0, chosen, rooms.Enter{}})
	if got := why(s, other, rooms.Enter{}); got != reason.RoomChosen {
		t.Errorf("somebody whom nobody chose: %q", got)
	}
	if got := why(s, chosen, rooms.Choose{Who: other}); got != reason.RoomRole {
		t.Errorf("a listener chooses: %q", got)
	}
	s = play(t, s, step{0, creator, rooms.Choose{Who: other}}, step{0, other, rooms.Enter{}}, step{0, other, rooms.RaiseHand{}})
	restored := rooms.Restore(s.Record(), start)
	if got := why(restored, other, rooms.Enter{}); got != "" {
		t.Errorf("chosen before the restart: %q", got)
	}
	if got := why(restored, key(3), rooms.Enter{}); got != reason.RoomChosen {
		t.Errorf("not chosen before the restart: %q", got)
	}
	s = play(t, s, step{0, creator, rooms.Unchoose{Who: other}})
	if s.Present(other) || len(s.Hands()) != 0 {
		t.Error("who is no longer chosen is still here")
	}
	if got := why(s, other, rooms.Enter{}); got != reason.RoomChosen {
		t.Errorf("no longer chosen: %q", got)
	}
	if s.Removed(other) {
		t.Error("no longer chosen reads as removed")
	}
}

// TestClosingARoomKeepsTheStage: whoever is on the stage stays, and may come back from the audience; listeners whom nobody
// chose go, those included whose place is held for a raised hand.
func TestClosingARoomKeepsTheStage(t *testing.T) {
	s, c := scene(t, rooms.Limits{})
	next, events, err := s.Apply(rooms.Command{At: start, Actor: c["moderator"], Do: rooms.SetEntry{Entry: statement.RoomChosen}})
	if err != nil {
		t.Fatal(err)
	}
	if !rooms.Durable(events) {
		t.Error("a restart would open the room again")
	}
	out := map[identity.PublicKey]bool{}
	for _, e := range events {
		if p, ok := e.(rooms.PutOut); ok {
			out[p.Key] = true
		}
	}
	for _, name := range []string{"listener", "hand", "offered", "losthand"} {
		if _, here := next.Role(c[name]); here || !out[c[name]] {
			t.Errorf("%s: here %v, put out %v", name, here, out[c[name]])
		}
	}
	if len(next.Offers()) != 0 || len(next.Hands()) != 0 {
		t.Error("offers or hands of people who are not here")
	}
	next = play(t, next, step{0, c["speaker"], rooms.StepDown{}}, step{0, c["speaker"], rooms.Disconnect{}}, step{0, c["speaker"], rooms.Enter{}})
	if got := why(next, c["creator"], rooms.Unchoose{Who: c["second"]}); got != reason.RoomState {
		t.Errorf("somebody on the stage is not chosen any more: %q", got)
	}
	next = play(t, next, step{0, c["second"], rooms.SetEntry{Entry: statement.RoomMembers}}, step{0, c["listener"], rooms.Enter{}})
	if next.Entry() != statement.RoomMembers {
		t.Errorf("entry is %q", next.Entry())
	}
}

func TestOnlyModeratorsOpenAndClose(t *testing.T) {
	s, c := scene(t, rooms.Limits{})
	for name, want := range noModerators {
		for _, do := range []rooms.Action{
			rooms.SetEntry{Entry: statement.RoomPublic}, rooms.Choose{Who: key(77)}, rooms.Unchoose{Who: key(77)},
		} {
			if got := why(s, c[name], do); string(got) != "room-"+want {
				t.Errorf("%T by %s: %q, want %q", do, name, got, want)
			}
		}
	}
	if got := why(s, c["creator"], rooms.SetEntry{Entry: "everybody"}); got != reason.RequestInvalid {
		t.Errorf("an entry that is none: %q", got)
	}
}

func TestGuestsListenInPublicRoomsOnly(t *testing.T) {
	s := rooms.New(config(rooms.Limits{Guests: 2, People: 2}))
	for entry, want := range map[statement.RoomEntry]reason.Reason{
		statement.RoomMembers: reason.RoomMembers, statement.RoomChosen: reason.RoomChosen, statement.RoomPublic: "",
	} {
		if why := reason.Of(s.Opened(rooms.Door{Entry: entry}).AdmitsGuest(0)); why != want {
			t.Errorf("%s: %q", entry, why)
		}
	}
	s = s.Opened(rooms.Door{Entry: statement.RoomPublic})
	if why := reason.Of(s.AdmitsGuest(2)); why != reason.RoomGuestsFull {
		t.Errorf("the third of two: %q", why)
	}
	// However many guests listen, and though the room is full of people: a guest takes nobody's place, nor the other way.
	s = play(t, s, step{0, key(0), rooms.Enter{}}, step{0, key(1), rooms.Enter{}})
	if why := reason.Of(s.AdmitsGuest(1)); why != "" {
		t.Errorf("a guest beside a full room: %q", why)
	}
}

func TestListsThatNoRoomHas(t *testing.T) {
	many := make([]identity.PublicKey, rooms.MaxChosen+1)
	for i := range many {
		many[i] = identity.Generate().Public()
	}
	for name, d := range map[string]rooms.Door{
		"too many":     {Entry: statement.RoomChosen, Chosen: many},
		"one twice":    {Entry: statement.RoomChosen, Chosen: []identity.PublicKey{key(1), key(2), key(1)}},
		"nobody's key": {Entry: statement.RoomPublic, Chosen: []identity.PublicKey{{}}},
	} {
		if why := reason.Of(d.Check()); why != reason.RoomChosenList {
			t.Errorf("%s: %q", name, why)
		}
	}
	full := rooms.Door{Entry: statement.RoomChosen, Chosen: many[:rooms.MaxChosen]}
	if err := full.Check(); err != nil {
		t.Fatal(err)
	}
	s := play(t, rooms.New(config(rooms.Limits{})).Opened(full), step{0, key(0), rooms.Enter{}})
	if got := why(s, key(0), rooms.Choose{Who: many[rooms.MaxChosen]}); got != reason.RoomChosenList {
		t.Errorf("one more than there may be: %q", got)
	}
	data, err := s.Record().Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rooms.ParseRecord(data); err != nil {
		t.Errorf("the longest list does not survive a restart: %v", err)
	}
}

func TestRecordsOfEarlierVersionsAreOfMembersRooms(t *testing.T) {
	s, _ := scene(t, rooms.Limits{})
	record := s.Record()
	record.Door = rooms.Door{}
	data, err := record.Encode()
	if err != nil {
		t.Fatal(err)
	}
	read, err := rooms.ParseRecord(data)
	if err != nil {
		t.Fatal(err)
	}
	if entry := rooms.Restore(read, start).Entry(); entry != statement.RoomMembers {
		t.Errorf("entry is %q", entry)
	}
}
