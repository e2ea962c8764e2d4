package invites_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/invites"
	"github.com/stoa-rooms/stoa/statement"
)

// busy is a State with something in every part of a snapshot.
func busy(tb testing.TB) invites.State {
	tb.Helper()
	c := grown(tb)
	c.Invite(c.Person("bob"))
	s, _ := c.Invite(c.Person("ann"))
	c.Log(revokeOf(c, s.ID(), c.Founder), delegateOf(c, other(c), nil))
	invite, key := c.Invite(c.Person("ann"))
	c.Log(c.Join(invite, key, c.Person("dee")))
	c.Change(func(r *statement.Rules) { r.Entry = statement.EntryAsk })
	join := c.Ask(c.Person("eve"))
	approve := c.Approve(join)
	c.Log(join, approve, c.Let(join, approve))
	c.Change(func(r *statement.Rules) { r.Entry = statement.EntryOpen })
	join, waits := c.Ask(c.Person("fay")), c.Ask(c.Person("gil"))
	c.Log(join, waits, c.Approve(waits), c.Let(join, statement.Statement{}))
	c.Log(revokeNode(c, firstDelegate(c), c.Tree().Size))
	return c.State
}

// walk asks a State everything it can answer.
func walk(s invites.State) {
	s.Rules()
	for m := range s.Members() {
		s.Lineage(m.Key)
		s.Displaced(m.Key)
		s.Children(m.Key)
		s.FreeSlots(m.Key, m.Admitted)
		for _, v := range s.InvitesBy(m.Key) {
			s.Invite(v.ID)
		}
		_, _ = s.Chain(m.Key)
		s.Node(m.Key)
	}
}

func TestSnapshotCutOrFlipped(t *testing.T) {
	data := busy(t).Encode()
	for n := range data {
		if _, err := invites.Decode(data[:n]); !errors.Is(err, invites.ErrSnapshot) {
			t.Fatalf("cut to %d of %d bytes: %v", n, len(data), err)
		}
	}
	if _, err := invites.Decode(append(bytes.Clone(data), 0)); !errors.Is(err, invites.ErrSnapshot) {
		t.Errorf("a byte too many: %v", err)
	}
	for i := range data {
		flipped := bytes.Clone(data)
		flipped[i] ^= 1 << (i % 8)
		if s, err := invites.Decode(flipped); err == nil {
			walk(s)
			if !bytes.Equal(s.Encode(), flipped) {
				t.Fatalf("byte %d: the snapshot changes when it is read", i)
			}
		}
	}
}

func TestSnapshotOfAnInviteUsedTwice(t *testing.T) {
	s := busy(t)
	data := s.Encode()
	// The number of the invite follows the admit's id, and is small enough for one byte here.
	var at []int
	for m := range s.Members() {
		if m.Way == statement.EntryInvite {
			at = append(at, bytes.Index(data, m.Admit[:])+len(m.Admit))
		}
	}
	for _, i := range at {
		for _, j := range at {
			if i == j {
				continue
			}
			bad := bytes.Clone(data)
			bad[i] = data[j]
			if _, err := invites.Decode(bad); !errors.Is(err, invites.ErrSnapshot) {
				t.Errorf("invite %d brought in two: %v", data[j], err)
			}
		}
	}
}

func TestSnapshotOfNothing(t *testing.T) {
	s := invites.New(identity.PublicKey{1})
	d, err := invites.Decode(s.Encode())
	if err != nil || d.Count() != 0 || d.Community() != s.Community() || !bytes.Equal(d.Encode(), s.Encode()) {
		t.Errorf("%d members, %v", d.Count(), err)
	}
}

// allocated is how many bytes f allocates.
func allocated(f func()) int {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int(after.TotalAlloc - before.TotalAlloc)
}

// A few bytes that announce millions of records must not cost what the records would.
func TestDecodeCostsNoMoreThanItsInput(t *testing.T) {
	good := busy(t).Encode()
	const header = 12 + 32
	for at := header; at < len(good); at++ {
		bad := binary.AppendUvarint(bytes.Clone(good[:at]), 1<<31)
		if n := allocated(func() { _, _ = invites.Decode(bad) }); n > 1<<20 {
			t.Errorf("%d bytes cost %d", len(bad), n)
		}
	}
}

func TestVerifyExportCostsNoMoreThanItsInput(t *testing.T) {
	c := founded(t)
	head := `{"format":"stoa-export-1","community":"` + c.ID().String() + `",`
	const size = 1 << 20
	for name, data := range map[string]string{
		"empty entries":   head + `"statements":[` + strings.Repeat("{},", size/3) + "{}]}",
		"deep":            head + `"statements":` + strings.Repeat("[", size),
		"short proofs":    head + `"statements":[{"proof":[` + strings.Repeat(`"",`, size/3) + `""]}]}`,
		"null proofs":     head + `"statements":[{"proof":[` + strings.Repeat(`null,`, size/5) + `null]}]}`,
		"null entries":    head + `"statements":[` + strings.Repeat("null,", size/5) + "null]}",
		"checkpoints":     head + `"checkpoints":{"` + c.ID().String() + `":"` + strings.Repeat(`\n`, size/2) + `"}}`,
		"long statements": head + `"statements":[{"statement":"` + strings.Repeat("A", size) + `"}]}`,
	} {
		var err error
		n := allocated(func() { _, err = invites.VerifyExport([]byte(data)) })
		if err == nil {
			t.Errorf("%s: verified", name)
		}
		if n > 10*len(data) {
			t.Errorf("%s: %d bytes cost %d", name, len(data), n)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(invites.New(identity.PublicKey{1}).Encode())
	f.Add(busy(f).Encode())
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := invites.Decode(data)
		if err != nil {
			if !errors.Is(err, invites.ErrSnapshot) {
				t.Errorf("an error of no kind: %v", err)
			}
			return
		}
		walk(s)
		if old := bytes.HasPrefix(data, []byte("stoa fold 2\n")); !old && !bytes.Equal(s.Encode(), data) {
			t.Error("the snapshot changes when it is read")
		}
	})
}

func FuzzVerifyExport(f *testing.F) {
	c := grown(f)
	f.Add(encoded(f, c.Export(c.Person("bob").Public())))
	f.Add(encoded(f, c.Export(identity.PublicKey{})))
	f.Add([]byte(`{"format":"stoa-export-1","community":"` + c.ID().String() + `","checkpoints":{},"statements":[]}`))
	members := map[identity.PublicKey]bool{}
	for m := range c.State.Members() {
		members[m.Key] = true
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := invites.VerifyExport(data)
		if err != nil {
			return
		}
		walk(r.State)
		// Nothing that verifies for this root key says what the root's log does not.
		if r.Community != c.ID() {
			return
		}
		for m := range r.State.Members() {
			if !members[m.Key] {
				t.Errorf("%s is proven a member, and is none", m.Key)
			}
		}
	})
}

func BenchmarkApply(b *testing.B) {
	c := founded(b)
	people := []identity.PrivateKey{c.Founder}
	for i := 0; len(people) < 500; i++ {
		for range 2 {
			p := c.Person(string(rune('a'+len(people)%26)) + strings.Repeat("x", len(people)))
			c.Admit(people[i], p)
			people = append(people, p)
		}
	}
	entries := c.Entries()
	b.ReportAllocs()
	n := 0
	s := invites.New(c.ID())
	for b.Loop() {
		if n == len(entries) {
			n, s = 0, invites.New(c.ID())
		}
		var err error
		if s, err = s.Apply(entries[n]); err != nil {
			b.Fatal(err)
		}
		n++
	}
}

// BenchmarkParse is what a full re-verification costs beside the fold.
func BenchmarkParse(b *testing.B) {
	text := founded(b).Entries()[2].Statement.Text()
	for b.Loop() {
		if _, err := statement.Parse(text); err != nil {
			b.Fatal(err)
		}
	}
}
