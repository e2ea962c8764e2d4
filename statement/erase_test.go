package statement

import (
	"slices"
	"testing"

	"github.com/stoa-rooms/stoa/identity"
)

// TestConcernsAndCommits finds whom statements are about, and the texts that are to be forgotten with them.
func TestConcernsAndCommits(t *testing.T) {
	const at = 1_700_000_000
	root, leo := identity.Generate(), identity.Generate()
	sign := func(body Body, by identity.PrivateKey) Statement {
		st, err := Sign(body, by)
		if err != nil {
			t.Fatal(err)
		}
		return st
	}
	text := NewText("of the evening").Commitment()
	invite := &Invite{Community: root.Public(), IssuedAt: at, Expires: at + 1, Key: identity.Generate().Public()}
	noted := *invite
	noted.Note = text
	for name, c := range map[string]struct {
		st       Statement
		concerns bool
		texts    []Commitment
	}{
		"his own":         {sign(invite, leo), true, nil},
		"with a note":     {sign(&noted, leo), true, []Commitment{text}},
		"about him":       {sign(&Grant{Community: root.Public(), IssuedAt: at, Member: leo.Public(), Slots: 1, Why: WhyAdmission}, root), true, nil},
		"with a reason":   {sign(&Act{Room: ID{1}, IssuedAt: at, Nonce: "abcdefghijklmnopqrstuv", Number: 1, Do: "remove", Target: leo.Public(), Reason: &text}, root), true, []Commitment{text}},
		"somebody else's": {sign(&noted, root), false, []Commitment{text}},
		"a join":          {sign(&Join{Community: root.Public(), IssuedAt: at}, leo), true, nil},
		"an erase":        {sign(&Erase{Community: root.Public(), IssuedAt: at}, leo), true, nil},
	} {
		if have := c.st.Concerns(leo.Public()); have != c.concerns {
			t.Errorf("%s: concerns him: %t", name, have)
		}
		if have := c.st.Commitments(); !slices.Equal(have, c.texts) {
			t.Errorf("%s: commits to %v", name, have)
		}
	}
}
