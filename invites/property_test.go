package invites_test

import (
	"bytes"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/invites"
	"github.com/stoa-rooms/stoa/invites/invitestest"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// world is a community in which anybody says anything, honest or not, and an account of what the fold let through.
type world struct {
	*invitestest.Community
	people  []identity.PrivateKey
	invites []statement.Statement
	keys    map[statement.ID]identity.PrivateKey // one-time keys by invite
	joins   []statement.Statement
	asked   []statement.Statement               // joins by nobody's invite
	allowed []statement.Statement               // approvals
	slots   map[statement.ID]int64              // granted, by grant
	owner   map[statement.ID]identity.PublicKey // by grant
}

func newWorld(t *rapid.T) *world {
	w := &world{
		Community: invitestest.New(t),
		keys:      map[statement.ID]identity.PrivateKey{},
		slots:     map[statement.ID]int64{},
		owner:     map[statement.ID]identity.PublicKey{},
	}
	w.Rules.InviteLife = 600
	w.Rules.Period = 3600
	w.Found()
	w.account(w.Entries()[2].Statement)
	w.people = []identity.PrivateKey{w.Founder}
	for _, name := range []string{"ann", "bob", "cy", "dee", "eve", "fay"} {
		w.people = append(w.people, w.Person(name))
	}
	return w
}

func (w *world) account(s statement.Statement) {
	if g, ok := s.Body().(*statement.Grant); ok {
		w.slots[s.ID()], w.owner[s.ID()] = g.Slots, g.Member
	}
}

// say puts a statement to the fold and to its copy from a snapshot. Both must answer alike.
func (w *world) say(t *rapid.T, s statement.Statement) bool {
	before := w.State.Encode()
	decoded, err := invites.Decode(before)
	if err != nil {
		t.Fatalf("the snapshot cannot be read: %v", err)
	}
	if !bytes.Equal(decoded.Encode(), before) {
		t.Fatalf("the snapshot changes when it is read")
	}
	rules, have := w.State.Rules()
	if copied, has := decoded.Rules(); copied != rules || has != have {
		t.Fatalf("the rules are %+v, in the copy from a snapshot %+v", rules, copied)
	}
	entry, old := w.Entry(s), w.State
	errFold := w.Try(s)
	fromCopy, errCopy := decoded.Apply(entry)
	if reason.Of(errFold) != reason.Of(errCopy) || !bytes.Equal(fromCopy.Encode(), w.State.Encode()) {
		t.Fatalf("%s: the fold says %v, its copy from a snapshot %v", s.Kind(), errFold, errCopy)
	}
	if !bytes.Equal(old.Encode(), before) {
		t.Fatalf("%s changed the State before it", s.Kind())
	}
	if errFold != nil && !bytes.Equal(w.State.Encode(), before) {
		t.Fatalf("%s was refused (%v), and changed the State", s.Kind(), errFold)
	}
	if errFold == nil {
		w.account(s)
	}
	return errFold == nil
}

func (w *world) person(t *rapid.T) identity.PrivateKey {
	return rapid.SampledFrom(w.people).Draw(t, "person")
}

// iat is a little before now: the API refuses what is dated ahead.
func (w *world) iat(t *rapid.T) int64 { return w.Now - rapid.Int64Range(0, 300).Draw(t, "ago") }

func (w *world) invite(t *rapid.T) {
	by := w.person(t)
	free := w.State.FreeSlots(by.Public(), w.Now)
	b := &statement.Invite{Community: w.ID(), IssuedAt: w.iat(t), Slot: rapid.Int64Range(0, 3).Draw(t, "slot")}
	b.Expires = b.IssuedAt + rapid.Int64Range(1, 700).Draw(t, "life")
	switch {
	case len(free) > 0 && rapid.Bool().Draw(t, "on a free slot"):
		b.Grant, b.Slot, b.IssuedAt = free[0].Grant, free[0].Slot, w.Now
		b.Expires = w.Now + w.Rules.InviteLife
	default:
		b.Grant = rapid.SampledFrom(w.grants()).Draw(t, "grant")
	}
	key := w.OneTime()
	b.Key = key.Public()
	s := w.Sign(b, by)
	if w.say(t, s) {
		w.invites, w.keys[s.ID()] = append(w.invites, s), key
	}
}

// grants are the grants so far, in an order that a seed repeats.
func (w *world) grants() (ids []statement.ID) {
	for id := range w.slots {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b statement.ID) int { return bytes.Compare(a[:], b[:]) })
	return ids
}

func (w *world) join(t *rapid.T) {
	if len(w.invites) == 0 {
		return
	}
	invite := rapid.SampledFrom(w.invites).Draw(t, "invite")
	member := w.person(t)
	key := w.keys[invite.ID()]
	if rapid.IntRange(0, 9).Draw(t, "forge") == 0 {
		key = w.OneTime()
	}
	s := w.Join(invite, key, member)
	can := w.State.CheckJoin(s, w.Now)
	_, err := w.State.Apply(w.Entry(s))
	if said := w.say(t, s); said {
		w.joins = append(w.joins, s)
	} else if can == nil && reason.Of(err) != reason.StatementDuplicate { // signed in the same second as one that waits
		t.Fatalf("CheckJoin let a join through that the fold refused: %v", err)
	}
	if can == nil && rapid.Bool().Draw(t, "admit at once") && !w.say(t, w.Accept(s)) {
		t.Fatalf("CheckJoin let a join through that could not be admitted")
	}
}

func (w *world) admit(t *rapid.T) {
	if len(w.joins) == 0 {
		return
	}
	s := rapid.SampledFrom(w.joins).Draw(t, "join")
	can := w.State.CheckJoin(s, w.Now)
	if w.say(t, w.Accept(s)) != (can == nil) {
		t.Fatalf("CheckJoin says %v, the admit the contrary", can)
	}
}

func (w *world) revoke(t *rapid.T) {
	if len(w.invites) == 0 {
		return
	}
	invite := rapid.SampledFrom(w.invites).Draw(t, "invite")
	by := w.person(t)
	s := w.Sign(&statement.Revoke{Community: w.ID(), IssuedAt: w.Now, Statement: invite.ID()}, by)
	if w.say(t, s) && by.Public() != w.ID() && by.Public() != invite.Signer() {
		t.Fatalf("%s revoked an invite of %s", by, invite.Signer())
	}
}

func (w *world) grant(t *rapid.T) {
	b := &statement.Grant{
		Community: w.ID(), IssuedAt: w.Now, Member: w.person(t).Public(),
		Slots:  rapid.Int64Range(1, 4).Draw(t, "slots"),
		Why:    rapid.SampledFrom([]statement.Why{statement.WhyAdmission, statement.WhyHosting, statement.WhySpeaking}).Draw(t, "why"),
		Period: rapid.Int64Range(0, 2).Draw(t, "period"),
	}
	if b.Why == statement.WhyAdmission {
		b.Period = 0
	}
	w.say(t, w.Sign(b, w.Node))
}

func (w *world) changeRules(t *rapid.T) {
	r := w.Rules
	r.Order = rapid.Int64Range(1, 9).Draw(t, "order")
	r.AdmitSlots = rapid.Int64Range(0, 4).Draw(t, "admit slots")
	r.Entry = rapid.SampledFrom([]statement.Entry{statement.EntryInvite, statement.EntryAsk, statement.EntryOpen}).Draw(t, "entry")
	if w.say(t, w.Sign(&r, w.Founder)) {
		w.Rules, _ = w.State.Rules()
	}
}

// ask joins by nobody's invite.
func (w *world) ask(t *rapid.T) {
	s := w.Ask(w.person(t))
	can := w.State.CheckAsk(s)
	_, err := w.State.Apply(w.Entry(s))
	if w.say(t, s) {
		w.asked = append(w.asked, s)
	} else if can == nil && reason.Of(err) != reason.StatementDuplicate {
		t.Fatalf("CheckAsk let a join through that the fold refused: %v", err)
	}
	if w.State.CheckJoin(s, w.Now) == nil && can == nil && !w.say(t, w.Let(s, statement.Statement{})) {
		t.Fatalf("CheckJoin let a join through that could not be admitted")
	}
}

// approve is somebody's, rightly or not.
func (w *world) approve(t *rapid.T) {
	if len(w.asked) == 0 {
		return
	}
	join, by := rapid.SampledFrom(w.asked).Draw(t, "ask"), w.Founder
	if rapid.IntRange(0, 4).Draw(t, "by anybody") == 0 {
		by = w.person(t)
	}
	s := w.Sign(&statement.Approve{Community: w.ID(), IssuedAt: w.iat(t), Member: join.Signer(), Join: join.ID()}, by)
	if !w.say(t, s) {
		return
	}
	if by.Public() != w.ID() {
		t.Fatalf("%s approved, and is no steward", by)
	}
	w.allowed = append(w.allowed, s)
	if w.Rules.Entry == statement.EntryAsk && !w.say(t, w.Let(join, s)) {
		t.Fatalf("an approval was taken that lets nobody in")
	}
}

// let admits somebody who asked, with an approval of theirs or another or none.
func (w *world) let(t *rapid.T) {
	if len(w.asked) == 0 {
		return
	}
	var by statement.Statement
	if len(w.allowed) > 0 && rapid.Bool().Draw(t, "approved") {
		by = rapid.SampledFrom(w.allowed).Draw(t, "approve")
	}
	join := rapid.SampledFrom(w.asked).Draw(t, "ask")
	if !w.say(t, w.Let(join, by)) {
		return
	}
	want := statement.EntryOpen
	if !by.IsZero() {
		want = statement.EntryAsk
		if by.Body().(*statement.Approve).Join != join.ID() {
			t.Fatalf("an approval of another join let somebody in")
		}
	}
	if w.Rules.Entry != want {
		t.Fatalf("somebody came in by the way %q under rules of %q", want, w.Rules.Entry)
	}
}

func (w *world) wait(t *rapid.T) { w.Now += rapid.Int64Range(1, 900).Draw(t, "seconds") }

func (w *world) again(t *rapid.T) {
	e := rapid.SampledFrom(w.Entries()).Draw(t, "entry")
	switch e.Statement.Kind() {
	case statement.KindRules: // of a lower order they may come at any time, and do nothing
	default:
		if w.say(t, e.Statement) {
			t.Fatalf("one %s twice", e.Statement.Kind())
		}
	}
}

// check holds the invariants of the invite tree.
func (w *world) check(t *rapid.T) {
	by := map[statement.ID]identity.PublicKey{} // members by the invite they used
	uninvited := map[identity.PublicKey]int{}   // members by no invite, by sponsor
	count := 0
	for m := range w.State.Members() {
		count++
		line := w.State.Lineage(m.Key)
		if line[0] != m.Key || line[len(line)-1] != w.ID() {
			t.Fatalf("the lineage of %s is %v", m.Key, line)
		}
		if m.Founder {
			continue
		}
		if m.Way != statement.EntryInvite {
			uninvited[m.Sponsor]++
			if m.Sponsor != w.ID() || line[1] != w.ID() || (m.Way == statement.EntryAsk) == m.Approve.IsZero() {
				t.Fatalf("%+v came in by nobody's word", m)
			}
			continue
		}
		if other, twice := by[m.Invite]; twice {
			t.Fatalf("invite %s brought in %s and %s", m.Invite, other, m.Key)
		}
		by[m.Invite] = m.Key
		if v, ok := w.State.Invite(m.Invite); !ok || v.UsedBy != m.Key || v.By != m.Sponsor || line[1] != m.Sponsor || v.Revoked {
			t.Fatalf("%+v came in by %+v", m, v)
		}
	}
	if count != w.State.Count() {
		t.Fatalf("%d members, counted %d", count, w.State.Count())
	}
	spent := map[statement.ID]int64{}
	for m := range w.State.Members() {
		var children int
		for _, v := range w.State.InvitesBy(m.Key) {
			if w.owner[v.Grant] != m.Key || v.By != m.Key {
				t.Fatalf("%s spends a slot of %s", m.Key, w.owner[v.Grant])
			}
			if v.UsedBy != by[v.ID] {
				t.Fatalf("invite %s is used by %s, and brought in %s", v.ID, v.UsedBy, by[v.ID])
			}
			if !v.UsedBy.IsZero() {
				children++
			}
			if !v.UsedBy.IsZero() || (!v.Revoked && w.Now <= v.Expires) {
				spent[v.Grant]++
			}
		}
		if children += uninvited[m.Key]; len(w.State.Children(m.Key)) != children {
			t.Fatalf("%s has %d children by %d invites", m.Key, len(w.State.Children(m.Key)), children)
		}
		var granted, used int64
		for id, owner := range w.owner {
			if owner == m.Key {
				granted, used = granted+w.slots[id], used+spent[id]
			}
			if spent[id] > w.slots[id] {
				t.Fatalf("grant %s of %d slots has %d invites, live or used", id, w.slots[id], spent[id])
			}
		}
		if free := int64(len(w.State.FreeSlots(m.Key, w.Now))); free != granted-used {
			t.Fatalf("%s has %d free slots of %d, %d spent", m.Key, free, granted, used)
		}
	}
	replayed := invites.Replay(w.ID(), slices.Values(w.Entries()), func(e invites.Entry, err error) {
		t.Fatalf("leaf %d is void in a replay: %v", e.Index, err)
	})
	if !bytes.Equal(replayed.Encode(), w.State.Encode()) {
		t.Fatalf("a replay gives another State")
	}
}

func TestTreeInvariants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		t.Repeat(map[string]func(*rapid.T){
			"invite":  w.invite,
			"invite2": w.invite,
			"join":    w.join,
			"join2":   w.join,
			"admit":   w.admit,
			"revoke":  w.revoke,
			"grant":   w.grant,
			"rules":   w.changeRules,
			"ask":     w.ask,
			"approve": w.approve,
			"let":     w.let,
			"wait":    w.wait,
			"again":   w.again,
			"":        w.check,
		})
	})
}

// Every member that a random community has can be proven from its export alone.
func TestEveryChainVerifies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		for range 40 {
			rapid.SampledFrom([]func(*rapid.T){w.invite, w.join, w.admit, w.grant, w.changeRules, w.ask, w.approve, w.let, w.wait, w.revoke}).Draw(t, "do")(t)
		}
		for m := range w.State.Members() {
			data, err := w.Export(m.Key).Encode()
			if err != nil {
				t.Fatal(err)
			}
			r, err := invites.VerifyExport(data)
			if err != nil || !slices.Equal(r.Lineage, w.State.Lineage(m.Key)) {
				t.Fatalf("the chain of %s: %v, %v", m.Key, r.Lineage, err)
			}
		}
	})
}
