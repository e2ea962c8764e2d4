package invites_test

import (
	"slices"
	"testing"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/invites"
	"github.com/stoa-rooms/stoa/invites/invitestest"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// family is a community of the founder; ann with guests bob and cy; dee; and eve and fay, who came by the open door.
func family(t *testing.T) (c *invitestest.Community, keys map[string]identity.PublicKey) {
	t.Helper()
	c = invitestest.New(t)
	c.Rules.Probation = 0
	c.Found()
	person := c.Person
	c.Admit(c.Founder, person("ann"))
	c.Admit(c.Founder, person("dee"))
	c.Admit(person("ann"), person("bob"))
	c.Admit(person("ann"), person("cy"))
	c.Change(func(r *statement.Rules) { r.Entry = statement.EntryOpen })
	for _, name := range []string{"eve", "fay"} {
		join := c.Ask(person(name))
		c.Log(join, c.Let(join, statement.Statement{}))
	}
	keys = map[string]identity.PublicKey{"founder": c.ID()}
	for _, name := range []string{"ann", "bob", "cy", "dee", "eve", "fay", "nobody"} {
		keys[name] = person(name).Public()
	}
	return c, keys
}

func TestBranches(t *testing.T) {
	c, keys := family(t)
	for _, room := range []struct {
		people []string
		want   int
	}{
		{nil, 0},
		{[]string{"ann", "bob", "cy"}, 1}, // however many guests somebody fills a room with
		{[]string{"bob", "cy"}, 1},
		{[]string{"eve", "fay"}, 1}, // nobody vouched that they are two
		{[]string{"nobody"}, 0},
		{[]string{"founder", "ann", "dee"}, 3},
		{[]string{"bob", "dee", "eve", "fay", "founder"}, 4},
	} {
		var people []identity.PublicKey
		for _, name := range room.people {
			people = append(people, keys[name])
		}
		if got := c.State.Branches(slices.Values(people), c.Now, 10); got != room.want {
			t.Errorf("%v stand in %d branches, want %d", room.people, got, room.want)
		}
		if got := c.State.Branches(slices.Values(people), c.Now, 2); got != min(room.want, 2) {
			t.Errorf("%v counted up to two: %d", room.people, got)
		}
	}
	c.Change(func(r *statement.Rules) { r.Probation = 7 * day })
	two := slices.Values([]identity.PublicKey{keys["ann"], keys["dee"], c.ID()})
	if got := c.State.Branches(two, c.Now, 3); got != 1 {
		t.Errorf("on probation count %d, not the founder alone", got)
	}
	if got := c.State.Branches(two, c.Now+7*day, 3); got != 3 {
		t.Errorf("after probation count %d", got)
	}
}

func TestTally(t *testing.T) {
	c, keys := family(t)
	ann := keys["ann"]
	one, other := statement.ID{1}, statement.ID{2}
	start, ok := c.State.Tally(invites.Tally{}, ann, c.Now)
	if !ok || start.Period != 0 || start.Ends != c.Now+c.Rules.Period {
		t.Fatalf("%+v, %t", start, ok)
	}
	due := func(t invites.Tally, at int64) statement.Why {
		why, _ := c.State.Due(t, ann, at)
		return why
	}
	for name, row := range map[string]struct {
		tally invites.Tally
		at    int64
		want  statement.Why
	}{
		"nothing":                    {start, c.Now, ""},
		"nearly":                     {start.Speak(599_999).Host(one, 599_999), c.Now, ""},
		"spoken in all":              {start.Speak(300_000).Speak(300_000), c.Now, statement.WhySpeaking},
		"hosted":                     {start.Host(one, 300_000).Host(one, 300_000), c.Now, statement.WhyHosting},
		"half in one room, in other": {start.Host(one, 300_000).Host(other, 300_000), c.Now, ""},
		"a room that has ended":      {start.Host(one, 300_000).Forget(one).Host(one, 300_000), c.Now, ""},
		"in the period before":       {start.Speak(600_000), c.Now + c.Rules.Period, ""},
	} {
		if got := due(row.tally, row.at); got != row.want {
			t.Errorf("%s: %q is due, want %q", name, got, row.want)
		}
	}
	if start.Host(one, 1); len(start.Hosted) != 0 {
		t.Error("a tally was changed by its successor")
	}
	c.Log(c.Sign(&statement.Grant{
		Community: c.ID(), IssuedAt: c.Now, Member: ann, Slots: 3, Why: statement.WhySpeaking, Period: 0,
	}, c.Node))
	if _, ok := c.State.Tally(start, ann, c.Now); ok || due(start.Host(one, 600_000), c.Now) != "" {
		t.Error("a period is earned twice")
	}
	if next, ok := c.State.Tally(start, ann, c.Now+c.Rules.Period); !ok || next.Period != 1 {
		t.Errorf("%+v, %t", next, ok)
	}
	if _, ok := c.State.Tally(start, keys["nobody"], c.Now); ok {
		t.Error("a stranger earns")
	}
	c.Change(func(r *statement.Rules) { r.PeriodSlots = 0 })
	if _, ok := c.State.Tally(invites.Tally{}, keys["dee"], c.Now); ok {
		t.Error("there is something to earn under rules that give nothing")
	}
}

// Whatever a node signs, the fold gives no more than the rules.
func TestGrantAboveTheRules(t *testing.T) {
	c, keys := family(t)
	grant := func(edit func(g *statement.Grant)) statement.Statement {
		g := &statement.Grant{Community: c.ID(), IssuedAt: c.Now, Member: keys["ann"], Slots: 3, Why: statement.WhyHosting}
		edit(g)
		return c.Sign(g, c.Node)
	}
	for name, row := range map[string]struct {
		edit func(g *statement.Grant)
		want reason.Reason
	}{
		"more than a period gives":        {func(g *statement.Grant) { g.Slots = 4 }, reason.StatementAuthority},
		"of a period that has not begun":  {func(g *statement.Grant) { g.Period = 1 }, reason.StatementAuthority},
		"to nobody":                       {func(g *statement.Grant) { g.Member = keys["nobody"] }, reason.MemberUnknown},
		"on admission by the open door":   {func(g *statement.Grant) { g.Member, g.Slots, g.Why = keys["eve"], 2, statement.WhyAdmission }, reason.StatementAuthority},
		"on admission for a second time":  {func(g *statement.Grant) { g.Slots, g.Why = 2, statement.WhyAdmission }, reason.StatementDuplicate},
		"above what admission gives them": {func(g *statement.Grant) { g.Member, g.Slots, g.Why = keys["fay"], 3, statement.WhyAdmission }, reason.StatementAuthority},
	} {
		t.Run(name, func(t *testing.T) { refused(t, c, grant(row.edit), row.want) })
	}
	c.Log(grant(func(*statement.Grant) {}))
	refused(t, c, grant(func(*statement.Grant) {}), reason.StatementDuplicate)
	refused(t, c, grant(func(g *statement.Grant) { g.Why = statement.WhySpeaking }), reason.StatementAuthority) // bounded together
	if got := c.State.Grants(keys["ann"]); len(got) != 2 || got[1].Why != statement.WhyHosting || got[1].Slots != 3 {
		t.Errorf("%+v", got)
	}
}

func TestStanding(t *testing.T) {
	c, keys := family(t)
	for name, want := range map[string]invites.Standing{
		"founder": {Answers: 4}, "ann": {Answers: 2, Probation: c.Now}, "eve": {Probation: c.Now},
	} {
		got, ok := c.State.Standing(keys[name])
		if !ok || got.Answers != want.Answers || got.Probation != want.Probation {
			t.Errorf("%s stands at %+v", name, got)
		}
	}
	if _, ok := c.State.Standing(keys["nobody"]); ok {
		t.Error("a stranger has a standing")
	}
}
