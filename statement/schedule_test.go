package statement

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
)

// scheduleExample has every claim: the change of a room that comes on Tuesdays and Fridays of every other week.
func scheduleExample() *Schedule {
	first := ID(hash("first schedule"))
	return &Schedule{
		Community: public(rootName), IssuedAt: iat + 200, JTI: "c3RvYSBwbGFuIDE-_w", Node: public(nodeName),
		Title: hash("title"), Language: "fr", Topics: []string{"music"}, Entry: RoomMembers,
		Start: "2027-02-02T19:30", Zone: "Europe/Paris", Duration: 5_400,
		Repeat:     &Repeat{Every: Weekly, Interval: 2, Days: []Weekday{Tuesday, Friday}, Until: "2027-06-29"},
		Moderators: []identity.PublicKey{public(anaName)}, State: PlanStands, Number: 3, Of: &first,
	}
}

// optional names the claims that may be absent, whatever the kind.
func optional(claim string) bool {
	return slices.Contains([]string{"upto", "repeat", "moderators", "redeem", "except"}, claim)
}

// repeat writes a rule, with the given members beside frequency and interval.
func repeat(every, more string) string {
	if more != "" {
		more = "," + more
	}
	return fmt.Sprintf(`{"every":"%s","interval":1%s}`, every, more)
}

// validSchedules are the edges of what may be planned.
func validSchedules(tb testing.TB, add func(name, text string)) {
	tb.Helper()
	s := forge(tb, KindSchedule)
	add("schedule of one date", s.with(tb, "repeat", "").with(tb, "moderators", "").text())
	add("first schedule", s.with(tb, "n", "0").with(tb, "of", "").text())
	add("cancelled schedule", s.with(tb, "state", `"cancelled"`).with(tb, "n", "9007199254740991").text())
	add("schedule without moderators or topics", s.with(tb, "moderators", "[]").with(tb, "topics", "[]").text())
	add("schedule with five moderators", s.with(tb, "moderators", manyNodes(MaxModerators)).text())
	add("schedule with a date left out and one moved", s.with(tb, "except", `[{"day":"2027-02-16"},{"day":"2027-02-19","start":"2027-02-20T18:00"}]`).text())
	add("schedule with an empty list of exceptions", s.with(tb, "except", "[]").text())
	add("schedule with as many exceptions as there may be", s.with(tb, "except", manyExceptions(MaxExceptions)).text())
	add("schedule with an exception on a day without a date", s.with(tb, "except", `[{"day":"2020-01-01"}]`).text())
	add("daily, without an end", s.with(tb, "repeat", repeat("daily", "")).text())
	add("every 99 days, 1000 times", s.with(tb, "repeat", `{"every":"daily","interval":99,"dates":1000}`).text())
	add("monthly, twelve times", s.with(tb, "repeat", repeat("monthly", `"dates":12`)).text())
	add("on every day of the week", s.with(tb, "repeat", repeat("weekly", `"days":["su","mo","tu","we","th","fr","sa"]`)).text())
	add("until the day of the start", s.with(tb, "repeat", repeat("daily", `"until":"2027-02-02"`)).text())
	add("on a leap day", s.with(tb, "start", `"2028-02-29T00:00"`).with(tb, "repeat", repeat("monthly", "")).text())
	add("at the last minute of the year 9999", s.with(tb, "start", `"9999-12-31T23:59"`).with(tb, "repeat", "").text())
	add("for five minutes in a zone without a slash", s.with(tb, "zone", `"Etc/GMT+1"`).with(tb, "duration", "300").text())
	add("for a day in the zone with the longest name", s.with(tb, "zone", `"America/Argentina/ComodRivadavia"`).with(tb, "duration", "86400").text())
	add("room from a schedule", forge(tb, KindCreate).with(tb, "schedule", `"`+ID(hash("first schedule")).String()+`"`).text())
	add("room from a schedule, with moderators", forge(tb, KindCreate).with(tb, "schedule", `"`+ID(hash("first schedule")).String()+`"`).
		with(tb, "moderators", manyNodes(MaxModerators)).text())
	add("announcement of a scheduled room, for three hours", forge(tb, KindAnnounce).with(tb, "state", `"scheduled"`).
		with(tb, "stage", "0").with(tb, "listening", "0").with(tb, "iat", "1800000000").with(tb, "exp", "1800010800").text())
}

// manyExceptions are so many days that are left out.
func manyExceptions(n int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(`{"day":"2027-%02d-%02d"}`, 3+i/20, 1+i%20))
	}
	return "[" + strings.Join(list, ",") + "]"
}

// wrongSchedule is about plans of the right types that nobody may make.
func wrongSchedule(tb testing.TB, r *refusals) {
	tb.Helper()
	bad := func(claim string, values ...string) { r.bounds(tb, KindSchedule, claim, values...) }
	bad("jti", `""`, `"123456789012345"`)
	bad("lang", `""`, `"French"`)
	bad("topics", `["Music"]`, `["a","b","a"]`, `["a","b","c","d"]`)
	bad("entry", `""`, `"Public"`)
	bad("start", `""`, `"2027-02-02"`, `"2027-02-02T19:30:00"`, `"2027-02-02 19:30"`, `"2027-02-02T19:30Z"`, `"2027-2-2T19:30"`,
		`"2027-02-30T19:30"`, `"2027-02-29T19:30"`, `"2027-13-01T19:30"`, `"2027-00-01T19:30"`, `"2027-02-02T24:00"`,
		`"2027-02-02T19:60"`, `"2019-12-31T23:59"`, `"12027-02-02T19:30"`, `"2027-02-02T19:30\n"`, `"2027-02-02t19:30"`)
	bad("zone", `""`, `"/Europe/Paris"`, `"Europe/"`, `"Europe//Paris"`, `"../../etc/passwd"`, `"Europe/Paris\n"`, `"Europe/Pâris"`,
		`"a/b/c/d"`, `"+02:00"`, `"`+strings.Repeat("z", 65)+`"`)
	bad("duration", "0", "299", "86401", "-3600")
	bad("state", `""`, `"Planned"`, `"live"`)
	bad("moderators", manyNodes(MaxModerators+1), twice(public(anaName).String()))
	bad("n", "-1", "0")
	bad("except", manyExceptions(MaxExceptions+1), `[{"day":""}]`, `[{"day":"2027-02-30"}]`, `[{"day":"2027-2-9"}]`, `[{"day":"2027-02-16T19:30"}]`,
		`[{"day":"2027-02-19"},{"day":"2027-02-16"}]`, `[{"day":"2027-02-16"},{"day":"2027-02-16"}]`,
		`[{"day":"2027-02-16","start":"2027-02-17"}]`, `[{"day":"2027-02-16","start":"2027-02-17T25:00"}]`, `[{"day":"2019-12-31"}]`)
	bad("repeat",
		repeat("", ""), repeat("secondly", ""), repeat("hourly", ""), repeat("yearly", ""), repeat("Daily", ""), repeat("weekly", ""),
		repeat("weekly", `"days":[]`), repeat("weekly", `"days":["we"]`), repeat("weekly", `"days":["tu","tu"]`),
		repeat("weekly", `"days":["tu","xx"]`), repeat("weekly", `"days":["TU"]`), repeat("weekly", `"days":["1tu","tu"]`),
		repeat("daily", `"days":["tu"]`), repeat("monthly", `"days":["tu"]`),
		repeat("daily", `"until":"2027-02-01"`), repeat("daily", `"until":"2027-02-30"`), repeat("daily", `"until":"2027-06-29T19:30"`),
		repeat("daily", `"until":"2027-06-29","dates":3`), repeat("daily", `"dates":1001`), repeat("daily", `"dates":-1`),
		`{"every":"daily","interval":0}`, `{"every":"daily","interval":-1}`, `{"every":"daily","interval":100}`,
		`{"every":"daily"}`, `{"interval":1}`, `{"every":"daily","interval":1,"count":3}`, `{"every":"daily","interval":1,"every":"daily"}`,
		`{"every":"daily","interval":"1"}`, `{"every":"daily","interval":1,"dates":"3"}`, `{"every":"weekly","interval":1,"days":"tu"}`)
	s := forge(tb, KindSchedule)
	r.add(reason.StatementPayload, "schedule: the first with a number", s.with(tb, "of", "").text())
	r.add(reason.StatementPayload, "schedule: an exception, and no repetition", s.with(tb, "repeat", "").with(tb, "except", `[{"day":"2027-02-16"}]`).text())
	r.add(reason.StatementPayload, "schedule: the first, cancelled", s.with(tb, "of", "").with(tb, "n", "0").with(tb, "state", `"cancelled"`).text())
	r.add(reason.StatementKey, "schedule: a moderator of small order", s.with(tb, "moderators", `["`+did(unhex(torsion))+`"]`).text())

	r.add(reason.StatementPayload, "create: moderators, and no schedule", forge(tb, KindCreate).with(tb, "moderators", manyNodes(1)).text())
	opened := forge(tb, KindCreate).with(tb, "schedule", `"`+ID(hash("first schedule")).String()+`"`)
	r.add(reason.StatementPayload, "create: six moderators", opened.with(tb, "moderators", manyNodes(MaxModerators+1)).text())
	r.add(reason.StatementPayload, "create: a moderator twice", opened.with(tb, "moderators", twice(public(anaName).String())).text())

	planned := forge(tb, KindAnnounce).with(tb, "state", `"scheduled"`).with(tb, "stage", "0").with(tb, "listening", "0")
	for name, f := range inOrder(
		"with somebody on the stage", planned.with(tb, "stage", "1").text(),
		"with somebody who listens", planned.with(tb, "listening", "1").text(),
		"in a second epoch", planned.with(tb, "epoch", "2").text(),
		"for a second more than three hours", planned.with(tb, "iat", "1800000000").with(tb, "exp", "1800010801").text(),
	) {
		r.add(reason.StatementPayload, "announce: a scheduled room "+name, f)
	}
}
