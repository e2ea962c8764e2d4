package rooms_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/statement"
)

// ordered is a command with its act.
func ordered(t *testing.T, by byte, target identity.PublicKey, do rooms.Action, name string, number int64) rooms.Command {
	t.Helper()
	act := sign(t, by, &statement.Act{
		Room: statement.ID{1}, IssuedAt: now, Nonce: "0123456789abcdef", Number: number, Do: name, Target: target,
	})
	return rooms.Command{At: start + number, Actor: key(by), Do: do, Act: act}
}

func TestTheLogHoldsWhatChangedSomething(t *testing.T) {
	s, c := scene(t, rooms.Limits{})
	mute := ordered(t, 0, c["speaker"], rooms.Mute{Who: c["speaker"]}, "mute", 1)
	s, events, err := s.Apply(mute)
	if err != nil {
		t.Fatal(err)
	}
	line := rooms.Order{At: start + 1, Act: mute.Act.Text()}
	same(t, []rooms.Event{rooms.Muted{Key: c["speaker"], By: c["creator"]}, rooms.Logged{Order: line}}, events)
	same(t, []rooms.Order{line}, s.Log())
	if !rooms.Noted(events) || rooms.Durable(events) {
		t.Error("a mute is noted, and not more")
	}
	s, _, _ = s.Apply(mute) // it is so already
	if _, _, err := s.Apply(ordered(t, 0, c["moderator"], rooms.Mute{Who: c["moderator"]}, "mute", 2)); err == nil || len(s.Log()) != 1 {
		t.Errorf("%v, %d lines", err, len(s.Log()))
	}
	reason := statement.NewText("spam")
	remove := ordered(t, 0, c["hand"], rooms.Remove{Who: c["hand"]}, "remove", 3)
	remove.Reason = reason
	s, _, _ = s.Apply(remove)
	if log := s.Log(); len(log) != 2 || log[1].Reason != reason {
		t.Errorf("%+v", log)
	}
	if r, _ := s.Removal(c["hand"]); r.Act != remove.Act.Text() || r.Reason != reason {
		t.Errorf("%+v", r)
	}
}

func TestTheLogSaysWhomTheRoomMadeAModerator(t *testing.T) {
	s := play(
		t, rooms.New(config(rooms.Limits{})), step{0, key(0), rooms.Enter{}}, step{0, key(1), rooms.Enter{}},
		step{0, key(0), rooms.Offer{Who: key(1)}}, step{0, key(1), rooms.AcceptOffer{}}, step{0, key(0), rooms.Leave{}},
	)
	s, events, _ := s.Apply(rooms.Command{At: start + rooms.Grace, Do: rooms.Tick{}})
	line := rooms.Order{At: start + rooms.Grace, Made: key(1), Role: true}
	same(t, []rooms.Event{
		rooms.StageLeft{Key: key(0), Why: rooms.LeftLost},
		rooms.RoleChanged{Key: key(1), Role: rooms.Moderator},
		rooms.Logged{Order: line},
	}, events)
	same(t, []rooms.Order{line}, s.Log())
}

func TestTheLogIsBounded(t *testing.T) {
	s, c := scene(t, rooms.Limits{})
	appoint := ordered(t, 0, c["speaker"], rooms.Appoint{Who: c["speaker"]}, "appoint_moderator", 1)
	s, _, _ = s.Apply(appoint)
	for n := range int64(300) {
		s, _, _ = s.Apply(ordered(t, 0, c["creator"], rooms.Lock{On: n%2 == 0}, "lock_stage", 2+n))
	}
	log := s.Log()
	if len(log) > rooms.MaxLog || len(log) < 100 || log[0].Act != appoint.Act.Text() || log[len(log)-1].At != start+301 {
		t.Errorf("%d lines, the first %+v", len(log), log[0])
	}
	data, err := s.Record().Encode()
	if err != nil || len(data) > 200<<10 {
		t.Fatalf("%v, %d bytes", err, len(data))
	}
	record, err := rooms.ParseRecord(data)
	if err != nil {
		t.Fatal(err)
	}
	same(t, log, rooms.Restore(record, start).Log())
	for _, size := range []int{100 << 10, 20 << 10, 5 << 10} {
		part := record.Within(size)
		data, err := part.Encode()
		if err != nil || len(data) > size {
			t.Errorf("within %d: %v, %d bytes", size, err, len(data))
		}
		same(t, record.Stage, part.Stage)
		if _, err := rooms.ParseRecord(data); err != nil {
			t.Error(err)
		}
	}
	if part := record.Within(50 << 10); len(part.Log) == 0 || part.Log[0].Act != appoint.Act.Text() {
		t.Error("the lines about roles do not stay longest")
	}
}

func TestParseRecordRefusesALogThatSaysNothing(t *testing.T) {
	s, c := scene(t, rooms.Limits{})
	s, _, _ = s.Apply(ordered(t, 0, c["speaker"], rooms.Mute{Who: c["speaker"]}, "mute", 1))
	s = play(t, s, step{1, c["creator"], rooms.SlowMode{Seconds: 7}})
	data, err := s.Record().Encode()
	if err != nil {
		t.Fatal(err)
	}
	act := s.Log()[0].Act
	for name, text := range map[string]string{
		"no act":          strings.Replace(string(data), `,"act":"`+act+`"`, "", 1),
		"two things":      strings.Replace(string(data), `"act":"`+act, `"made":"`+key(1).String()+`","act":"`+act, 1),
		"time":            strings.Replace(string(data), fmt.Sprintf(`"log":[{"at":%d`, start+1), `"log":[{"at":-1`, 1),
		"slow":            strings.Replace(string(data), `"slow":7`, `"slow":70000`, 1),
		"removed in time": strings.Replace(string(data), fmt.Sprintf(`"at":%d}],"settings"`, start), `"at":5,"until":4}],"settings"`, 1),
	} {
		if text == string(data) {
			t.Fatalf("%s: nothing replaced in %s", name, data)
		}
		if _, err := rooms.ParseRecord([]byte(text)); err == nil {
			t.Errorf("%s is read", name)
		}
	}
}
