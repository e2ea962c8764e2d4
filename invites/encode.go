package invites

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

// magic begins every snapshot, with the version of its layout. The one before is still read.
const (
	magic  = "stoa fold 3\n"
	magic2 = "stoa fold 2\n" // it knew no way in but invites
)

// Encode writes the State as a snapshot: a few bytes beside the keys and ids of every record, in the order of the fold,
// so that equal States have equal snapshots. Numbers are unsigned varints; times of expiry are written as a span,
// places as the distance from the place before. What follows from the rest (which member used an invite, which invites
// are on a slot, who the guests of a sponsor are) is left out. The snapshot proves nothing to others.
func (s State) Encode() []byte {
	w := writer{make([]byte, 0, 1024+120*s.members.len()+56*s.grants.len()+88*s.invites.len()+72*s.approvals.len())}
	w.data = append(w.data, magic...)
	w.key(s.community)
	w.int(s.applied)
	w.logs(s)
	w.roots(s)
	w.rules(s.rules)
	w.delegates(s)
	if s.rules != nil {
		w.key(s.rulesID)
	}
	w.members(s)
	w.grants(s)
	w.invites(s)
	w.approvals(s)
	w.joins(s)
	w.erased(s)
	return w.data
}

type writer struct{ data []byte }

func (w *writer) key(k [32]byte) { w.data = append(w.data, k[:]...) }
func (w *writer) int(n int64)    { w.data = binary.AppendUvarint(w.data, uint64(n)) }
func (w *writer) count(n int)    { w.int(int64(n)) }

func (w *writer) bool(b bool) {
	if b {
		w.int(1)
	} else {
		w.int(0)
	}
}

// place writes a place by its distance from the one before, and gives the place back.
func (w *writer) place(before, place int64) int64 {
	w.int(place - before - 1)
	return place
}

func (w *writer) logs(s State) {
	var logs []identity.PublicKey
	for it := s.logs.Iterator(); !it.Done(); {
		k, _, _ := it.Next()
		logs = append(logs, k)
	}
	slices.SortFunc(logs, func(a, b identity.PublicKey) int { return bytes.Compare(a[:], b[:]) })
	w.count(len(logs))
	for _, k := range logs {
		w.key(k)
		in, _ := s.logs.Get(k)
		w.int(in.size)
		w.int(in.order)
	}
}

func (w *writer) roots(s State) {
	w.count(len(s.roots))
	last := int64(-1)
	for _, p := range s.roots {
		w.key(p.id)
		last = w.place(last, p.place)
	}
}

func (w *writer) rules(r *statement.Rules) {
	w.bool(r != nil)
	if r == nil {
		return
	}
	w.int(r.IssuedAt)
	w.int(r.Order)
	w.key(r.Name)
	w.count(slices.Index(entries(), r.Entry))
	for _, n := range numbersOf(r) {
		w.int(*n)
	}
}

// entries are the ways in by their number in a snapshot.
func entries() []statement.Entry {
	return []statement.Entry{statement.EntryInvite, statement.EntryAsk, statement.EntryOpen}
}

// numbersOf are the plain numbers among the rules, in the order of a snapshot.
func numbersOf(r *statement.Rules) []*int64 {
	return []*int64{
		&r.AdmitSlots, &r.PeriodSlots, &r.Period, &r.InviteLife, &r.HostPeople, &r.HostTime, &r.SpeakTime, &r.Probation,
	}
}

func (w *writer) delegates(s State) {
	w.count(len(s.delegates))
	for _, d := range s.delegates {
		w.key(d.id)
		w.key(d.node)
		w.int(d.order)
		w.int(d.issued)
		w.int(d.expires - d.issued)
		w.int(d.said)
		w.bool(d.revoked)
		if !d.revoked {
			continue
		}
		w.count(len(d.upto))
		for _, p := range d.upto {
			w.key(p.Log)
			w.int(p.Size)
			w.key(p.Root)
		}
	}
}

func (w *writer) members(s State) {
	w.count(s.members.len())
	last := int64(-1)
	for n := range number(s.members.len()) {
		m := s.members.at(n)
		if n == 0 { // the founder is the community's key, and came in by nothing
			last = w.place(last, m.place)
			w.int(m.admitted)
			w.int(m.index)
			continue
		}
		w.key(m.key)
		w.admission(m.admission)
		w.bool(m.displaced)
		if m.sponsor == s.brought(m.admission) {
			w.int(0)
		} else {
			w.int(int64(m.sponsor) + 1)
		}
		w.count(len(m.others))
		for _, a := range m.others {
			w.admission(a)
		}
	}
}

func (w *writer) admission(a admission) {
	w.key(a.join)
	w.key(a.admit)
	w.optional(a.invite)
	if a.invite == none {
		w.optional(a.approval)
	}
	w.int(a.admitted)
	w.int(a.order)
	w.int(a.index)
	w.int(a.joined)
	w.int(a.place - a.joined)
}

// optional writes the number of a record, one higher, or 0 for none.
func (w *writer) optional(n number) { w.int(int64(n + 1)) }

func (w *writer) grants(s State) {
	w.count(s.grants.len())
	last := int64(-1)
	for n := range number(s.grants.len()) {
		g := s.grants.at(n)
		last = w.place(last, g.place)
		w.key(g.id)
		w.int(int64(g.member))
		w.int(int64(g.slots))
		w.int(int64(g.why))
		w.int(g.period)
		w.int(g.issued)
	}
}

func (w *writer) invites(s State) {
	w.count(s.invites.len())
	last := int64(-1)
	for n := range number(s.invites.len()) {
		v := s.invites.at(n)
		last = w.place(last, v.place)
		w.key(v.id)
		w.key(v.key)
		w.int(int64(v.grant))
		w.int(int64(v.slot))
		w.fate(s, n)
		w.int(v.issued)
		w.int(v.expires - v.issued)
	}
}

// What became of an invite, in a snapshot. From inviteRedeemed on it is the number of who was admitted by it and did not
// come in by it, being displaced or a member otherwise.
const (
	inviteOpen = iota // or used, if a member came in by it
	inviteRevoked
	inviteRedeemed
)

func (w *writer) fate(s State, n number) {
	switch v := s.invites.at(n); {
	case v.revoked:
		w.int(inviteRevoked)
	case v.used == none || s.members.at(v.used).cameBy(n):
		w.int(inviteOpen)
	default:
		w.int(inviteRedeemed + int64(v.used))
	}
}

func (w *writer) joins(s State) {
	type row struct {
		id statement.ID
		pending
	}
	var rows []row
	for it := s.joins.Iterator(); !it.Done(); {
		id, p, _ := it.Next()
		rows = append(rows, row{id, p})
	}
	slices.SortFunc(rows, func(a, b row) int { return cmp.Compare(a.place, b.place) })
	w.count(len(rows))
	last := int64(-1)
	for _, r := range rows {
		last = w.place(last, r.place)
		w.key(r.id)
		w.key(r.member)
		w.key(r.log)
		w.optional(r.invite)
	}
}

func (w *writer) approvals(s State) {
	w.count(s.approvals.len())
	last := int64(-1)
	for n := range number(s.approvals.len()) {
		a := s.approvals.at(n)
		last = w.place(last, a.place)
		w.key(a.id)
		w.key(a.join)
		w.int(int64(a.by))
	}
}
