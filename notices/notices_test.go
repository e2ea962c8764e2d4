package notices_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/notices"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

const minute = 60_000

var (
	ana, leo, mia = identity.Generate().Public(), identity.Generate().Public(), identity.Generate().Public()
	cafe, port    = identity.Generate().Public(), identity.Generate().Public() // communities
)

// at is noon, in Unix milliseconds.
var at = time.Date(2027, 2, 2, 12, 0, 0, 0, time.UTC).UnixMilli()

func oneOf(list ...identity.PublicKey) func(identity.PublicKey) bool {
	return func(who identity.PublicKey) bool { return slices.Contains(list, who) }
}

// wishes are those of Ana, who has switched nothing off and follows nothing.
func wishes() notices.Wishes {
	return notices.Wishes{Member: ana, Home: cafe, OfReminders: true, OfPeople: true, OfCommunity: true, OfTopics: true}
}

// room is one that Léo has just opened elsewhere.
func room() notices.Room {
	return notices.Room{
		ID: statement.ID{1}, Creator: leo, Community: port, Topics: []string{"sea", "songs"}, Language: "fr", Created: at - minute,
	}
}

func TestWhoIsTold(t *testing.T) {
	songs := func(w *notices.Wishes, _ *notices.Room) { w.Topics = []string{"songs"} }
	both := func(all ...func(*notices.Wishes, *notices.Room)) func(*notices.Wishes, *notices.Room) {
		return func(w *notices.Wishes, r *notices.Room) {
			for _, one := range all {
				one(w, r)
			}
		}
	}
	told := func(kind notices.Kind, n int, ago int64) []notices.Told {
		var list []notices.Told
		for i := range n {
			list = append(list, notices.Told{Room: statement.ID{9, byte(i)}, Kind: kind, At: at - ago})
		}
		return list
	}
	for name, tt := range map[string]struct {
		edit func(*notices.Wishes, *notices.Room)
		told []notices.Told
		want notices.Word // none when it has no kind
	}{
		"nothing is followed":   {edit: func(*notices.Wishes, *notices.Room) {}},
		"a topic":               {edit: songs, want: notices.Word{Kind: notices.Topic, By: leo, Topic: "songs"}},
		"topics switched off":   {edit: both(songs, func(w *notices.Wishes, _ *notices.Room) { w.OfTopics = false })},
		"in a language unknown": {edit: both(songs, func(w *notices.Wishes, _ *notices.Room) { w.Languages = []string{"en"} })},
		"in a language known": {
			edit: both(songs, func(w *notices.Wishes, _ *notices.Room) { w.Languages = []string{"en", "fr"} }),
			want: notices.Word{Kind: notices.Topic, By: leo, Topic: "songs"},
		},
		"a person opens it": {
			edit: both(songs, func(w *notices.Wishes, _ *notices.Room) { w.Follows = oneOf(leo) }),
			want: notices.Word{Kind: notices.Person, By: leo},
		},
		"a person, whatever the language": {
			edit: func(w *notices.Wishes, _ *notices.Room) { w.Follows, w.Languages = oneOf(leo), []string{"en"} },
			want: notices.Word{Kind: notices.Person, By: leo},
		},
		"people switched off": {
			edit: both(songs, func(w *notices.Wishes, _ *notices.Room) { w.Follows, w.OfPeople = oneOf(leo), false }),
			want: notices.Word{Kind: notices.Topic, By: leo, Topic: "songs"},
		},
		"a person comes on the stage of an old room": {
			edit: func(w *notices.Wishes, r *notices.Room) {
				w.Follows, r.Came, r.Created = oneOf(mia), []identity.PublicKey{leo, mia}, at-300*minute
			},
			want: notices.Word{Kind: notices.Person, By: mia},
		},
		"oneself on a stage": {edit: func(w *notices.Wishes, r *notices.Room) { w.Follows, r.Came = oneOf(ana), []identity.PublicKey{ana} }},
		"a blocked person on a stage": {
			edit: func(w *notices.Wishes, r *notices.Room) {
				w.Follows, w.Blocks, r.Came = oneOf(mia), oneOf(mia), []identity.PublicKey{mia}
			},
		},
		"one's community": {
			edit: both(songs, func(_ *notices.Wishes, r *notices.Room) { r.Community = cafe }),
			want: notices.Word{Kind: notices.Community, By: leo},
		},
		"one's community, switched off": {edit: func(w *notices.Wishes, r *notices.Room) { r.Community, w.OfCommunity = cafe, false }},
		"one's own room":                {edit: both(songs, func(_ *notices.Wishes, r *notices.Room) { r.Creator, r.Community = ana, cafe })},
		"a blocked person's":            {edit: both(songs, func(w *notices.Wishes, _ *notices.Room) { w.Follows, w.Blocks = oneOf(leo), oneOf(leo) })},
		"a hidden community's":          {edit: both(songs, func(w *notices.Wishes, _ *notices.Room) { w.Follows, w.Hidden = oneOf(leo), []identity.PublicKey{port} })},
		"a room one is in":              {edit: both(songs, func(w *notices.Wishes, _ *notices.Room) { w.Inside = func(statement.ID) bool { return true } })},
		"an old room":                   {edit: both(songs, func(w *notices.Wishes, r *notices.Room) { w.Follows, r.Created = oneOf(leo), at-11*minute })},
		"a room of the day after":       {edit: both(songs, func(_ *notices.Wishes, r *notices.Room) { r.Created = at + 1440*minute })},
		"told before":                   {edit: songs, told: []notices.Told{{Room: statement.ID{1}, Kind: notices.Topic, At: at - 600*minute}}},
		"told of another":               {edit: songs, told: told(notices.Topic, 5, minute), want: notices.Word{Kind: notices.Topic, By: leo, Topic: "songs"}},
		"six on topics this hour":       {edit: songs, told: told(notices.Topic, 6, minute)},
		"six on topics the hour before": {edit: songs, told: told(notices.Topic, 6, 61*minute), want: notices.Word{Kind: notices.Topic, By: leo, Topic: "songs"}},
		"topics leave room for people": {
			edit: both(songs, func(w *notices.Wishes, _ *notices.Room) { w.Follows = oneOf(leo) }),
			told: told(notices.Topic, 50, minute), want: notices.Word{Kind: notices.Person, By: leo},
		},
		"reminded of it just now": {
			edit: both(songs, func(_ *notices.Wishes, r *notices.Room) { r.Schedule = statement.ID{5} }),
			told: []notices.Told{{Room: statement.ID{5}, Kind: notices.Reminder, At: at - 10*minute}},
		},
		"reminded of it yesterday": {
			edit: both(songs, func(_ *notices.Wishes, r *notices.Room) { r.Schedule = statement.ID{5} }),
			told: []notices.Told{{Room: statement.ID{5}, Kind: notices.Reminder, At: at - 1440*minute}},
			want: notices.Word{Kind: notices.Topic, By: leo, Topic: "songs"},
		},
	} {
		w, r := wishes(), room()
		tt.edit(&w, &r)
		if word, ok := w.Judge(r, tt.told, at); word != tt.want || ok != (tt.want.Kind != "") {
			t.Errorf("%s: %+v, %v; want %+v", name, word, ok, tt.want)
		}
	}
}

func TestWhoIsReminded(t *testing.T) {
	plan, start := statement.ID{5}, at+10*minute
	for name, tt := range map[string]struct {
		told []notices.Told
		off  bool
		want bool
	}{
		"for the first time":       {want: true},
		"switched off":             {off: true},
		"of this date before":      {told: []notices.Told{{Room: plan, Kind: notices.Reminder, Start: start, At: at - minute}}},
		"of the last date":         {told: []notices.Told{{Room: plan, Kind: notices.Reminder, Start: start - 1440*minute, At: at - 1440*minute}}, want: true},
		"told that it is open":     {told: []notices.Told{{Room: statement.ID{1}, Schedule: plan, Kind: notices.Person, At: at - minute}}},
		"told of another's":        {told: []notices.Told{{Room: statement.ID{1}, Kind: notices.Person, At: at - minute}}, want: true},
		"told that it was, before": {told: []notices.Told{{Room: statement.ID{1}, Schedule: plan, Kind: notices.Person, At: at - 1440*minute}}, want: true},
	} {
		w := wishes()
		w.OfReminders = !tt.off
		if got := w.Remind(plan, start, tt.told, at); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestQuietHours(t *testing.T) {
	for _, tt := range []struct {
		from, to, zone, now string // now in UTC
		want                bool
	}{
		{"22:00", "07:00", "UTC", "2027-02-02T21:59:59Z", false},
		{"22:00", "07:00", "UTC", "2027-02-02T22:00:00Z", true},
		{"22:00", "07:00", "UTC", "2027-02-03T00:00:00Z", true},
		{"22:00", "07:00", "UTC", "2027-02-03T06:59:59Z", true},
		{"22:00", "07:00", "UTC", "2027-02-03T07:00:00Z", false},
		{"12:30", "14:00", "UTC", "2027-02-02T12:29:00Z", false},
		{"12:30", "14:00", "UTC", "2027-02-02T13:59:00Z", true},
		{"12:30", "14:00", "UTC", "2027-02-02T14:00:00Z", false},
		{"00:00", "06:00", "UTC", "2027-02-02T00:00:00Z", true},
		{"18:00", "00:00", "UTC", "2027-02-02T23:59:00Z", true},
		{"18:00", "00:00", "UTC", "2027-02-02T00:00:00Z", false},
		{"22:00", "07:00", "Asia/Kolkata", "2027-02-02T16:29:00Z", false}, // 21:59 there
		{"22:00", "07:00", "Asia/Kolkata", "2027-02-02T16:30:00Z", true},
		// Paris puts the clock forward on 28 March 2027 at 01:00 UTC: seven in the morning comes an hour sooner.
		{"22:00", "07:00", "Europe/Paris", "2027-03-27T05:59:00Z", true},
		{"22:00", "07:00", "Europe/Paris", "2027-03-27T06:00:00Z", false},
		{"22:00", "07:00", "Europe/Paris", "2027-03-28T04:59:00Z", true},
		{"22:00", "07:00", "Europe/Paris", "2027-03-28T05:00:00Z", false},
		// It is put back on 31 October 2027 at 01:00 UTC: the hour from two to three is there twice, and quiet both times.
		{"02:00", "03:00", "Europe/Paris", "2027-10-31T00:30:00Z", true},
		{"02:00", "03:00", "Europe/Paris", "2027-10-31T01:30:00Z", true},
		{"02:00", "03:00", "Europe/Paris", "2027-10-31T02:00:00Z", false},
	} {
		q, err := notices.NewQuiet(tt.from, tt.to, tt.zone)
		if err != nil {
			t.Fatal(err)
		}
		now, err := time.Parse(time.RFC3339, tt.now)
		if err != nil {
			t.Fatal(err)
		}
		if got := q.Holds(now.UnixMilli()); got != tt.want {
			t.Errorf("from %s to %s in %s, at %s: %v", tt.from, tt.to, tt.zone, tt.now, got)
		}
	}
	if (notices.Quiet{}).Holds(at) {
		t.Error("it is quiet although nobody wants it to be")
	}
	for _, tt := range []struct {
		from, to, zone string
		want           reason.Reason
	}{
		{"22:00", "22:00", "UTC", reason.QuietHours},
		{"24:00", "07:00", "UTC", reason.QuietHours},
		{"22", "07:00", "UTC", reason.QuietHours},
		{"7:00", "22:00", "UTC", reason.QuietHours},
		{"", "", "UTC", reason.QuietHours},
		{"22:00", "07:00", "Mars/Olympus", reason.ScheduleZone},
		{"22:00", "07:00", "", reason.ScheduleZone},
		{"22:00", "07:00", "Local", reason.ScheduleZone},
		{"22:00", "07:00", "../../etc/passwd", reason.ScheduleZone},
	} {
		if _, err := notices.NewQuiet(tt.from, tt.to, tt.zone); reason.Of(err) != tt.want {
			t.Errorf("%+v: %v", tt, err)
		}
	}
}
