package statement

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stoa-rooms/stoa/reason"
)

// wrongBetween is about what is said between nodes: claims of the right type that no statement may hold.
func wrongBetween(tb testing.TB, r *refusals) {
	tb.Helper()
	bad := func(kind Kind, claim string, values ...string) { r.bounds(tb, kind, claim, values...) }
	for _, kind := range []Kind{KindEnter, KindAnnounce, KindSuccession, KindLost} {
		bad(kind, "epoch", "0", "-1", fmt.Sprint(maxEpoch+1), "9007199254740991")
	}
	bad(KindClaim, "epoch", "0", "1", "-1", fmt.Sprint(maxEpoch+1))
	for _, kind := range []Kind{KindEnter, KindAct} {
		bad(kind, "nonce", `""`, `"123456789012345"`, `"0123456789abcde="`, `"0123456789abcde\n"`, `"0123456789abcde\n\n"`,
			`"0123456789 abcdef"`, `"`+strings.Repeat("n", 44)+`"`, `"0123456789abcdeé"`)
	}
	for _, kind := range []Kind{KindAct, KindAnnounce, KindSuccession} {
		bad(kind, "n", "0", "-1")
	}
	bad(KindAct, "do", `""`, `"Raise_hand"`, `"raise hand"`, `"raise-hand"`, `"act1"`, `"leave\n"`, `"`+strings.Repeat("z", 33)+`"`, `"ﬁ"`)
	bad(KindAct, "question", `"`+strings.Repeat("q", 2001)+`"`, `"`+strings.Repeat("é", 1000)+`q"`)
	bad(KindAnnounce, "state", `""`, `"Live"`, `"planned"`, `"live "`)
	bad(KindAct, "duration", "0", "-1", fmt.Sprint(MaxSpan+1), "9007199254740991")
	bad(KindAct, "switch", `""`, `"On"`, `"true"`, `"on "`)
	bad(KindAct, "reason", `""`, `"short"`, `"`+ID(hash("reason")).String()+`="`)
	for _, people := range []string{"stage", "listening"} {
		bad(KindAnnounce, people, "-1", fmt.Sprint(MaxPeople+1))
	}
	lives(tb, r, KindTicket, MaxTicketLife)
	lives(tb, r, KindLend, MaxLendLife)
	lives(tb, r, KindAnnounce, MaxAnnounceLife)
	bad(KindSuccession, "nodes", manyNodes(MaxSuccessors+1), twice(public(homeName).String()), `["did:key:z"`+`,0]`, `[[]]`, `[{}]`)
	bad(KindClaim, "lost", "[]", manyIDs(MaxSuccessors+1), twice(ID(hash("lost")).String()), `[""]`, `["short"]`,
		`["`+ID(hash("lost")).String()+`="]`, `["`+public(homeName).String()+`"]`, `[[]]`, `[{}]`)

	// A key in a list is a key like any other: it is looked at after the types, before the bounds.
	weak, good := did(unhex(torsion)), public(homeName).String()
	succession := forge(tb, KindSuccession)
	key := func(name, nodes string) { r.add(reason.StatementKey, name, succession.with(tb, "nodes", nodes).text()) }
	key("succession of a node of small order", `["`+good+`","`+weak+`"]`)
	key("succession of a node with a broken key", `["`+good[:len(good)-1]+`"]`)
	key("succession of two nodes of small order", twice(weak))
	key("succession of six nodes, one of small order", strings.Replace(manyNodes(MaxSuccessors), "[", `["`+weak+`",`, 1))
}

// twice is a list with one string twice.
func twice(s string) string { return fmt.Sprintf(`["%s","%s"]`, s, s) }

// lives is about a statement that stands for so many seconds at most, and never beyond the last year.
func lives(tb testing.TB, r *refusals, kind Kind, most int64) {
	tb.Helper()
	for _, c := range []struct {
		name     string
		iat, exp int64
	}{
		{"expires when it is said", iat, iat},
		{"stands a second too long", iat, iat + most + 1},
		{"stands a day", iat, iat + 86_400},
		{"stands beyond the year 9999", MaxTime, MaxTime + 1},
		{"is from before the year 2020", MinTime - 1, MinTime},
	} {
		f := forge(tb, kind).with(tb, "iat", fmt.Sprint(c.iat)).with(tb, "exp", fmt.Sprint(c.exp))
		r.add(reason.StatementPayload, fmt.Sprintf("%s: %s", kind, c.name), f.text())
	}
}
