package invites_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/invites"
	"github.com/stoa-rooms/stoa/invites/invitestest"
	"github.com/stoa-rooms/stoa/ledger"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// grown is a community of a founder, ann, bob (by ann) and cy (by the founder), whose rules changed in between.
func grown(t invitestest.TB) *invitestest.Community {
	t.Helper()
	c := founded(t)
	c.Admit(c.Founder, c.Person("ann"))
	c.Admit(c.Founder, c.Person("cy"))
	strict := c.Rules
	strict.Order, strict.AdmitSlots = 2, 1
	c.Log(c.Sign(&strict, c.Founder))
	c.Rules = strict
	c.Now += day
	c.Admit(c.Person("ann"), c.Person("bob"))
	return c
}

func encoded(tb testing.TB, x *invites.Export) []byte {
	tb.Helper()
	data, err := x.Encode()
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func TestChainHoldsWhatProvesTheMember(t *testing.T) {
	c := grown(t)
	ids, err := c.State.Chain(c.Person("bob").Public())
	if err != nil {
		t.Fatal(err)
	}
	want := []statement.Kind{
		"delegate", "rules", "grant", "invite", "join", "admit", "grant", "rules", "invite", "join", "admit",
	}
	byID := map[statement.ID]invites.Entry{}
	for _, e := range c.Entries() {
		byID[e.Statement.ID()] = e
	}
	var kinds []statement.Kind
	s := invites.New(c.ID())
	for _, id := range ids {
		kinds = append(kinds, byID[id].Statement.Kind())
		if s, err = s.Apply(byID[id]); err != nil {
			t.Fatalf("%s: %v", byID[id].Statement.Kind(), err)
		}
	}
	if !slices.Equal(kinds, want) {
		t.Errorf("chain of %v, want %v", kinds, want)
	}
	if got, want := s.Lineage(c.Person("bob").Public()), c.State.Lineage(c.Person("bob").Public()); !slices.Equal(got, want) {
		t.Errorf("lineage %v, want %v", got, want)
	}
	if _, err := c.State.Chain(other(c)); reason.Of(err) != reason.MemberUnknown {
		t.Errorf("the chain of a stranger: %v", err)
	}
}

func TestVerifyExportOfAChain(t *testing.T) {
	c := grown(t)
	for name, line := range map[string][]string{
		"bob": {"bob", "ann", "founder"}, "cy": {"cy", "founder"}, "founder": {"founder"},
	} {
		r, err := invites.VerifyExport(encoded(t, c.Export(c.Person(name).Public())))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var want []identity.PublicKey
		for _, n := range line {
			want = append(want, c.Person(n).Public())
		}
		if !slices.Equal(r.Lineage, want) || r.Community != c.ID() || r.Checkpoints[c.Node.Public()] != c.Tree() || r.Void != 0 {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func TestVerifyExportOfAWholeLog(t *testing.T) {
	c := grown(t)
	r, err := invites.VerifyExport(encoded(t, c.Export(identity.PublicKey{})))
	if err != nil {
		t.Fatal(err)
	}
	if r.Statements != len(c.Entries()) || r.State.Count() != 4 || r.Lineage != nil || !r.Member.IsZero() {
		t.Errorf("%d statements, %d members", r.Statements, r.State.Count())
	}
}

func TestVerifyExportOfALogWhoseNodeWasRevoked(t *testing.T) {
	c := founded(t)
	c.Admit(c.Founder, c.Person("ann"))
	size := c.Tree().Size
	c.Admit(c.Person("ann"), c.Person("bob"))
	// The revoke reaches back before bob. The node keeps it in its log all the same; a fresh log shows how that verifies.
	revoke := revokeNode(c, firstDelegate(c), size)
	x := c.Export(identity.PublicKey{})
	var ids []statement.ID
	entries := append(slices.Clone(c.Entries()), c.Entry(revoke))
	for _, e := range entries {
		ids = append(ids, e.Statement.ID())
	}
	seal(t, c, x, entries)
	r, err := invites.VerifyExport(encoded(t, x))
	if err != nil {
		t.Fatal(err)
	}
	if r.Void != 2 || r.Statements != len(ids)-2 || r.State.Count() != 2 {
		t.Errorf("%d void, %d hold, %d members", r.Void, r.Statements, r.State.Count())
	}
	// A chain that needs what was voided does not verify.
	x.Member = c.Person("bob").Public()
	if _, err := invites.VerifyExport(encoded(t, x)); reason.Of(err) != reason.StatementAuthority {
		t.Errorf("bob's chain: %v", err)
	}
}

// seal makes x the export of a log of just these entries, whether or not they hold: what a dishonest node could do.
func seal(tb testing.TB, c *invitestest.Community, x *invites.Export, entries []invites.Entry) {
	tb.Helper()
	var tree ledger.Tree
	var m invitestest.Hashes
	for _, e := range entries {
		next, fresh, err := ledger.Append(tree, m, []statement.ID{e.Statement.ID()})
		if err != nil {
			tb.Fatal(err)
		}
		for _, h := range fresh {
			m = append(m, h.Hash)
		}
		tree = next
	}
	text, err := ledger.SignCheckpoint(ledger.Origin(c.ID(), c.Node.Public()), tree, c.Node)
	if err != nil {
		tb.Fatal(err)
	}
	x.Checkpoints, x.Statements = map[identity.PublicKey]string{c.Node.Public(): text}, nil
	for i, e := range entries {
		e.Index = int64(i)
		if err := x.Add(e, tree, m); err != nil {
			tb.Fatal(err)
		}
	}
}

// resealed is the export of a whole log in which statements were replaced.
func resealed(tb testing.TB, c *invitestest.Community, member string, replace func(statement.Statement) statement.Statement) *invites.Export {
	tb.Helper()
	entries := slices.Clone(c.Entries())
	for i := range entries {
		entries[i].Statement = replace(entries[i].Statement)
	}
	x := &invites.Export{Community: c.ID(), Member: c.Person(member).Public()}
	seal(tb, c, x, entries)
	return x
}

func TestVerifyExportRefuses(t *testing.T) {
	bobs := func(edit func(c *invitestest.Community, x *invites.Export)) func(*invitestest.Community) []byte {
		return func(c *invitestest.Community) []byte {
			x := c.Export(c.Person("bob").Public())
			edit(c, x)
			return encoded(t, x)
		}
	}
	text := func(from, to string) func(*invitestest.Community) []byte {
		return func(c *invitestest.Community) []byte {
			data := string(encoded(t, c.Export(c.Person("bob").Public())))
			changed := strings.Replace(data, from, to, 1)
			if changed == data {
				t.Fatalf("%q does not occur", from)
			}
			return []byte(changed)
		}
	}
	cases := []struct {
		name string
		want error
		says string
		make func(c *invitestest.Community) []byte
	}{
		{"nothing", reason.Reject(reason.RequestInvalid, ""), "", func(*invitestest.Community) []byte { return nil }},
		{"not JSON", reason.Reject(reason.RequestInvalid, ""), "", func(*invitestest.Community) []byte { return []byte("{]") }},
		{"another format", reason.Reject(reason.RequestInvalid, ""), "", text("stoa-export-1", "stoa-export-2")},
		{"an unknown field", reason.Reject(reason.RequestInvalid, ""), "", text(`"format"`, `"colour":1,"format"`)},
		{"a field twice", reason.Reject(reason.RequestInvalid, ""), "", text(`"format"`, `"format":"x","format"`)},
		{"no community", reason.Reject(reason.RequestInvalid, ""), "", func(*invitestest.Community) []byte {
			return []byte(`{"format":"stoa-export-1"}`)
		}},
		{"empty entries", reason.Reject(reason.RequestInvalid, ""), "", func(c *invitestest.Community) []byte {
			return []byte(`{"format":"stoa-export-1","community":"` + c.ID().String() + `","statements":[{},{}]}`)
		}},
		{"no checkpoint", ledger.ErrCheckpoint, "statement 1, leaf 0", bobs(func(_ *invitestest.Community, x *invites.Export) {
			x.Checkpoints = nil
		})},
		{"a checkpoint signed by another", ledger.ErrCheckpoint, "checkpoint of", bobs(func(c *invitestest.Community, x *invites.Export) {
			signed, err := ledger.SignCheckpoint(ledger.Origin(c.ID(), c.Node.Public()), c.Tree(), c.Founder)
			if err != nil {
				t.Fatal(err)
			}
			x.Checkpoints[c.Node.Public()] = signed
		})},
		{"a checkpoint of another community", ledger.ErrCheckpoint, "", bobs(func(c *invitestest.Community, x *invites.Export) {
			signed, err := ledger.SignCheckpoint(ledger.Origin(other(c), c.Node.Public()), c.Tree(), c.Node)
			if err != nil {
				t.Fatal(err)
			}
			x.Checkpoints[c.Node.Public()] = signed
		})},
		{"a checkpoint of a stranger", reason.Reject(reason.StatementAuthority, ""), "checkpoint of", bobs(func(c *invitestest.Community, x *invites.Export) {
			mallory := c.Person("mallory")
			signed, err := ledger.SignCheckpoint(ledger.Origin(c.ID(), mallory.Public()), c.Tree(), mallory)
			if err != nil {
				t.Fatal(err)
			}
			x.Checkpoints[mallory.Public()] = signed
		})},
		{"another community", ledger.ErrCheckpoint, "", bobs(func(c *invitestest.Community, x *invites.Export) {
			x.Community = other(c)
		})},
		{"a stranger's chain", reason.Reject(reason.MemberUnknown, ""), "", bobs(func(c *invitestest.Community, x *invites.Export) {
			x.Member = other(c)
		})},
		{"a proof that is cut", ledger.ErrProof, "statement 2, leaf 1", bobs(func(_ *invitestest.Community, x *invites.Export) {
			x.Statements[1].Proof = x.Statements[1].Proof[1:]
		})},
		{"another index", ledger.ErrProof, "leaf 2", bobs(func(_ *invitestest.Community, x *invites.Export) {
			x.Statements[1].Index++
		})},
		{"an index past the log", ledger.ErrProof, "", bobs(func(_ *invitestest.Community, x *invites.Export) {
			x.Statements[1].Index = statement.MaxInt
		})},
		{"a statement that is not in the log", ledger.ErrProof, "", bobs(func(c *invitestest.Community, x *invites.Export) {
			x.Statements[3].Statement = inviteBy(c, c.Founder, nil).Text()
		})},
		{"a broken signature", reason.Reject(reason.StatementSignature, ""), "statement 4", bobs(func(_ *invitestest.Community, x *invites.Export) {
			s := x.Statements[3].Statement
			dot := strings.LastIndex(s, ".")
			x.Statements[3].Statement = s[:dot+1] + strings.Repeat("A", len(s)-dot-1)
		})},
		{"out of order", reason.Reject(reason.StatementDuplicate, ""), "statement 11, leaf 11", bobs(func(_ *invitestest.Community, x *invites.Export) {
			rules := x.Statements[7]
			x.Statements = append(slices.Delete(x.Statements, 7, 8), rules)
		})},
		{"without the admit", reason.Reject(reason.MemberUnknown, ""), "", bobs(func(_ *invitestest.Community, x *invites.Export) {
			x.Statements = x.Statements[:len(x.Statements)-1]
		})},
		{"without the sponsor's admit", reason.Reject(reason.MemberUnknown, ""), "statement 6", bobs(func(_ *invitestest.Community, x *invites.Export) {
			x.Statements = slices.Delete(x.Statements, 5, 6)
		})},
		{"without the delegate", reason.Reject(reason.StatementAuthority, ""), "statement 2", bobs(func(_ *invitestest.Community, x *invites.Export) {
			x.Statements = slices.Delete(x.Statements, 0, 1)
		})},
		{"a redeem by another key", reason.Reject(reason.InviteForged, ""), "statement 5, leaf 4", func(c *invitestest.Community) []byte {
			return encoded(t, resealed(t, c, "ann", func(s statement.Statement) statement.Statement {
				j, ok := s.Body().(*statement.Join)
				if !ok || s.Signer() != c.Person("ann").Public() {
					return s
				}
				redeem := c.Sign(j.Redeemed().Body(), c.Person("thief"))
				return c.Sign(&statement.Join{Community: j.Community, IssuedAt: j.IssuedAt, Redeem: redeem.Text()}, c.Person("ann"))
			}))
		}},
		{"a delegate by another than the root", reason.Reject(reason.StatementAuthority, ""), "statement 1, leaf 0", func(c *invitestest.Community) []byte {
			return encoded(t, resealed(t, c, "ann", func(s statement.Statement) statement.Statement {
				if s.Kind() == statement.KindDelegate {
					return c.Sign(s.Body(), c.Person("thief"))
				}
				return s
			}))
		}},
	}
	for _, x := range cases {
		t.Run(x.name, func(t *testing.T) {
			_, err := invites.VerifyExport(x.make(grown(t)))
			if !errors.Is(err, x.want) || !strings.Contains(err.Error(), x.says) {
				t.Errorf("%v, want %v with %q", err, x.want, x.says)
			}
		})
	}
	if _, err := invites.VerifyExport(make([]byte, invites.MaxExport+1)); reason.Of(err) != reason.RequestTooLarge {
		t.Errorf("a file too large: %v", err)
	}
}

func TestExportAddRefusesWhatIsNotInTheLog(t *testing.T) {
	c := founded(t)
	x := c.Export(c.ID())
	if err := x.Add(c.Entry(c.Grant(c.ID())), c.Tree(), c.Hashes()); err == nil {
		t.Error("a leaf past the log has a proof")
	}
	if got := slices.Collect(maps.Keys(x.Checkpoints)); !slices.Equal(got, []identity.PublicKey{c.Node.Public()}) {
		t.Errorf("checkpoints of %v", got)
	}
}
