package invites

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/benbjohnson/immutable"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

// ErrSnapshot says that bytes are no snapshot of this version, or a damaged one. Fold the log anew.
var ErrSnapshot = errors.New("invites: not a snapshot")

// Decode reads what [State.Encode] wrote, in this version or the one before. Every number is checked, so damage gives an error and never a State that
// panics or loops; that keys are points and ids those of statements is taken on trust. The error is [ErrSnapshot].
func Decode(data []byte) (State, error) {
	body, ok := bytes.CutPrefix(data, []byte(magic))
	old := false
	if !ok {
		if body, old = bytes.CutPrefix(data, []byte(magic2)); !old {
			return State{}, fmt.Errorf("%w of this version", ErrSnapshot)
		}
	}
	d := decoder{reader: reader{data: body}, records: newRecords(), old: old}
	s := New(read32[identity.PublicKey](&d.reader))
	s.applied = d.int(statement.MaxInt)
	d.applied = s.applied
	s.logs = d.logs()
	s.roots = d.roots()
	if s.rules = d.rules(); s.rules != nil {
		s.rules.Community = s.community // not written twice
	}
	s.delegates = d.delegates()
	if s.rules != nil && !d.old {
		s.rulesID = read32[statement.ID](&d.reader)
	}
	d.readMembers(s.community, s.rules != nil)
	d.readGrants()
	d.readInvites()
	d.readApprovals()
	d.linkMembers()
	d.checkMembers()
	s.joins = d.joins()
	erased := d.erased()
	if d.err == nil && len(d.data) > 0 {
		d.fail("%d bytes too many", len(d.data))
	}
	if d.err != nil {
		return State{}, d.err
	}
	d.into(&s)
	return s.withErased(slices.Values(erased)), nil
}

// reader takes values off the front of data. After the first error all values are zero.
type reader struct {
	data []byte
	err  error
}

func (r *reader) fail(why string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: "+why, append([]any{ErrSnapshot}, args...)...)
	}
	r.data = nil
}

// int reads a number from 0 to most, in its shortest form.
func (r *reader) int(most int64) int64 {
	n, size := binary.Uvarint(r.data)
	if size <= 0 || (size > 1 && r.data[size-1] == 0) || n > uint64(most) {
		r.fail("%d is no number up to %d", n, most)
		return 0
	}
	r.data = r.data[size:]
	return int64(n)
}

func (r *reader) bool() bool { return r.int(1) == 1 }

// count reads how many records follow, none of which is shorter than size bytes: a few bytes cannot announce millions.
func (r *reader) count(size int) number {
	return number(r.int(int64(len(r.data) / size)))
}

// number reads the number of a record, of which there are so many.
func (r *reader) number(of int) number {
	if of == 0 {
		r.fail("the number of a record where there is none")
		return 0
	}
	return number(r.int(int64(of) - 1))
}

func read32[K ~[32]byte](r *reader) (k K) {
	if len(r.data) < len(k) {
		r.fail("cut short")
		return k
	}
	copy(k[:], r.data)
	r.data = r.data[len(k):]
	return k
}

// decoder holds what has been read while records still change.
type decoder struct {
	reader
	records
	applied int64
	old     bool // layout 2
}

// optional reads the number of a record, of which there are so many, or none.
func (d *decoder) optional(of int) number {
	if d.old {
		return d.number(of)
	}
	return number(d.int(int64(of))) - 1
}

// place reads a place after the one before.
func (d *decoder) place(before int64) int64 {
	place := before + 1 + d.int(statement.MaxInt)
	if place >= d.applied {
		d.fail("place %d of %d", place, d.applied)
	}
	return place
}

func (d *decoder) logs() *immutable.Map[identity.PublicKey, extent] {
	b := immutable.NewMapBuilder[identity.PublicKey, extent](byPrefix[identity.PublicKey]{})
	var last identity.PublicKey
	for i := range d.count(33) {
		k := read32[identity.PublicKey](&d.reader)
		if i > 0 && bytes.Compare(last[:], k[:]) >= 0 {
			d.fail("logs out of order")
		}
		in := extent{size: d.int(statement.MaxInt)}
		if !d.old {
			in.order = d.int(statement.MaxInt)
		}
		b.Set(k, in)
		last = k
		if d.err != nil {
			break
		}
	}
	return b.Map()
}

func (d *decoder) roots() (out []placed) {
	last := int64(-1)
	for range d.count(33) {
		id := read32[statement.ID](&d.reader)
		last = d.place(last)
		if d.err != nil {
			break
		}
		out = append(out, placed{id, last})
	}
	return out
}

func (d *decoder) rules() *statement.Rules {
	if !d.bool() {
		return nil
	}
	r := new(statement.Rules)
	r.IssuedAt = d.int(statement.MaxInt)
	r.Order = d.int(statement.MaxInt)
	r.Name = read32[statement.Commitment](&d.reader)
	r.Entry = entries()[d.number(len(entries()))]
	for _, n := range numbersOf(r) {
		*n = d.int(statement.MaxInt)
	}
	if r.Period == 0 {
		d.fail("rules with a period of nothing")
	}
	return r
}

func (d *decoder) delegates() (out []delegate) {
	for range d.count(2*32 + 5) {
		v := delegate{id: read32[statement.ID](&d.reader), node: read32[identity.PublicKey](&d.reader)}
		v.order = d.int(statement.MaxInt)
		v.issued = d.int(statement.MaxInt)
		v.expires = v.issued + d.int(statement.MaxInt)
		v.said = d.int(statement.MaxInt)
		v.revoked = d.bool()
		if v.revoked {
			for range d.count(2*32 + 1) {
				p := statement.LogPrefix{Log: read32[identity.PublicKey](&d.reader), Size: d.int(statement.MaxInt)}
				p.Root = read32[statement.Commitment](&d.reader)
				v.upto = append(v.upto, p)
			}
		}
		if d.err != nil {
			break
		}
		out = append(out, v)
	}
	return out
}

func (d *decoder) readMembers(root identity.PublicKey, founded bool) {
	count := d.count(3)
	if founded != (count > 0) {
		d.fail("%d members, and founded: %t", count, founded)
	}
	for n := range count {
		var m member
		if n == 0 {
			place := d.place(-1)
			admitted := d.int(statement.MaxInt)
			m = founder(root, admitted, d.int(statement.MaxInt), place)
		} else {
			m = newMember(read32[identity.PublicKey](&d.reader), d.admission())
			m.displaced = d.bool()
			if sponsor := d.int(int64(none)); sponsor > 0 {
				m.sponsor = number(sponsor - 1)
			}
			for range d.count(2*32 + 6) {
				m.others = append(m.others, d.admission())
			}
		}
		if _, twice := d.memberOf.Get(m.key); twice {
			d.fail("member %s twice", m.key)
		}
		if d.err != nil {
			return
		}
		d.members.rows.Append(m)
		d.memberOf.Set(m.key, n)
	}
}

// maxRecords is how many records of a kind have numbers.
const maxRecords = int(none) - 1

// admission reads how somebody came in, without the sponsor.
func (d *decoder) admission() admission {
	a := admission{join: read32[statement.ID](&d.reader), admit: read32[statement.ID](&d.reader), sponsor: none, approval: none}
	a.invite = d.optional(maxRecords) // the records themselves come later
	if a.invite == none {
		a.approval = d.optional(maxRecords)
	}
	a.admitted = d.int(statement.MaxInt)
	a.order = d.int(statement.MaxInt)
	a.index = d.int(statement.MaxInt)
	a.joined = d.int(statement.MaxInt)
	a.place = a.joined + d.int(statement.MaxInt)
	if a.place >= d.applied {
		d.fail("place %d of %d", a.place, d.applied)
	}
	return a
}

func (d *decoder) readGrants() {
	count := d.count(32 + 6)
	last := int64(-1)
	for n := range count {
		last = d.place(last)
		g := grant{
			id: read32[statement.ID](&d.reader), invites: none, place: last,
			member: d.number(d.members.len()),
			slots:  uint16(d.int(statement.MaxSlots)),
			why:    reward(d.int(int64(rewards) - 1)),
			period: d.int(statement.MaxInt),
			issued: d.int(statement.MaxInt),
		}
		if d.err != nil {
			return
		}
		d.grants.rows.Append(g)
		linkGrant(d.members, d.grants, n)
	}
}

func (d *decoder) readInvites() {
	count := d.count(2*32 + 6)
	last := int64(-1)
	for n := range count {
		last = d.place(last)
		v := invite{
			id: read32[statement.ID](&d.reader), key: read32[identity.PublicKey](&d.reader), used: none, place: last,
			grant: d.number(d.grants.len()),
			slot:  uint16(d.int(statement.MaxSlots - 1)),
		}
		switch fate := d.int(inviteRedeemed + int64(d.members.len()) - 1); fate {
		case inviteOpen:
		case inviteRevoked:
			v.revoked = true
		default:
			v.used = number(fate - inviteRedeemed)
		}
		v.issued = d.int(statement.MaxInt)
		v.expires = v.issued + d.int(statement.MaxInt)
		if _, twice := d.inviteOf.Get(v.id); twice {
			d.fail("invite %s twice", v.id)
		}
		if d.err == nil && v.slot >= d.grants.at(v.grant).slots {
			d.fail("invite %s on a slot that was not granted", v.id)
		}
		if d.err != nil {
			return
		}
		d.invites.rows.Append(v)
		d.inviteOf.Set(v.id, n)
		linkInvite(d.members, d.grants, d.invites, n)
	}
}

func (d *decoder) readApprovals() {
	if d.old {
		return
	}
	last := int64(-1)
	for n := range d.count(2*32 + 2) {
		last = d.place(last)
		a := approval{id: read32[statement.ID](&d.reader), join: read32[statement.ID](&d.reader), place: last}
		a.by = d.number(d.members.len())
		if _, twice := d.approvalOf.Get(a.id); twice {
			d.fail("approve %s twice", a.id)
		}
		if d.err != nil {
			return
		}
		d.approvals.rows.Append(a)
		d.approvalOf.Set(a.id, n)
	}
}

// brought is by whose word somebody was admitted, as [State.brought]; false if that is not there.
func (d *decoder) brought(a admission) (number, bool) {
	switch {
	case a.invite != none && int(a.invite) < d.invites.len():
		return d.grants.at(d.invites.at(a.invite).grant).member, true
	case a.invite == none && a.approval != none && int(a.approval) < d.approvals.len():
		return d.approvals.at(a.approval).by, true
	default:
		return 0, a.invite == none && a.approval == none
	}
}

// linkMembers lets every member use their invite, and finds the sponsors that are left out.
func (d *decoder) linkMembers() {
	for n := number(1); d.err == nil && int(n) < d.members.len(); n++ {
		m := d.members.at(n)
		for _, a := range append(slices.Clip(m.others), m.admission) {
			if _, ok := d.brought(a); !ok {
				d.fail("member %s by an invite or approval that is not there", m.key)
				return
			}
		}
		author, _ := d.brought(m.admission)
		if m.sponsor == author || (m.sponsor != none && int(m.sponsor) >= d.members.len()) {
			d.fail("sponsor %d of %s", m.sponsor, m.key)
			return
		}
		if m.sponsor == none {
			m.sponsor = author
		}
		d.members.put(n, m)
		if m.displaced {
			continue
		}
		if m.invite != none && d.spent(m.invite) {
			d.fail("member %s by an invite that brought in nobody", m.key)
			return
		}
		linkMember(d.members, d.invites, n)
	}
}

// spent reports whether nobody more can have come in by invite n.
func (d *decoder) spent(n number) bool {
	v := d.invites.at(n)
	_, taken := winnerOf(d.members, d.grants, d.invites, n)
	return taken || v.used != none || v.revoked
}

// checkMembers expects that somebody came in where somebody is displaced, and that every lineage is of members and leads
// to the founder.
func (d *decoder) checkMembers() {
	const (
		unseen = iota
		walking
		good
	)
	seen := make([]uint8, d.members.len())
	var line []number
	for n := number(1); d.err == nil && int(n) < d.members.len(); n++ {
		m := d.members.at(n)
		won := !m.displaced
		if m.invite != none {
			_, won = winnerOf(d.members, d.grants, d.invites, m.invite)
		}
		if !won {
			d.fail("member %s lost to nobody", m.key)
		}
		if d.members.at(m.sponsor).displaced {
			d.fail("the sponsor of %s is displaced", m.key)
		}
		for up := n; up != 0 && seen[up] != good; up = d.members.at(up).sponsor {
			if seen[up] == walking {
				d.fail("member %d is their own sponsor", up)
				return
			}
			seen[up] = walking
			line = append(line, up)
		}
		for _, up := range line {
			seen[up] = good
		}
		line = line[:0]
	}
}

func (d *decoder) joins() *immutable.Map[statement.ID, pending] {
	b := immutable.NewMapBuilder[statement.ID, pending](byPrefix[statement.ID]{})
	last := int64(-1)
	for range d.count(3*32 + 2) {
		last = d.place(last)
		id := read32[statement.ID](&d.reader)
		p := pending{member: read32[identity.PublicKey](&d.reader), log: read32[identity.PublicKey](&d.reader), place: last}
		p.invite = d.optional(d.invites.len())
		if _, twice := b.Get(id); twice {
			d.fail("join %s twice", id)
		}
		if d.err != nil {
			break
		}
		b.Set(id, p)
	}
	return b.Map()
}
