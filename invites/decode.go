package invites

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/benbjohnson/immutable"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

// ErrSnapshot says that bytes are no snapshot of this version, or a damaged one. Fold the log anew.
var ErrSnapshot = errors.New("invites: not a snapshot")

// Decode reads what [State.Encode] wrote. Every number is checked, so damage gives an error and never a State that
// panics or loops; that keys are points and ids those of statements is taken on trust. The error is [ErrSnapshot].
func Decode(data []byte) (State, error) {
	data, ok := bytes.CutPrefix(data, []byte(magic))
	if !ok {
		return State{}, fmt.Errorf("%w of this version", ErrSnapshot)
	}
	d := decoder{reader: reader{data: data}}
	s := New(read32[identity.PublicKey](&d.reader))
	s.applied = d.int(statement.MaxInt)
	d.applied = s.applied
	s.logs = d.logs()
	s.roots = d.roots()
	if s.rules = d.rules(); s.rules != nil {
		s.rules.Community = s.community // not written twice
	}
	s.delegates = d.delegates()
	d.readMembers(s.community, s.rules != nil)
	d.readGrants()
	d.readInvites()
	d.link()
	s.joins = d.joins()
	if d.err == nil && len(d.data) > 0 {
		d.fail("%d bytes too many", len(d.data))
	}
	if d.err != nil {
		return State{}, d.err
	}
	s.members = table[identity.PublicKey, member]{list[member]{d.members.rows.List()}, d.memberOf.Map()}
	s.grants = list[grant]{d.grants.rows.List()}
	s.invites = table[statement.ID, invite]{list[invite]{d.invites.rows.List()}, d.inviteOf.Map()}
	return s, nil
}

// building is a list on its way to be immutable.
type building[V any] struct{ rows *immutable.ListBuilder[V] }

func newBuilding[V any]() building[V] { return building[V]{immutable.NewListBuilder[V]()} }

func (b building[V]) len() int          { return b.rows.Len() }
func (b building[V]) at(n number) V     { return b.rows.Get(int(n)) }
func (b building[V]) put(n number, v V) { b.rows.Set(int(n), v) }

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
	applied  int64
	members  building[member]
	memberOf *immutable.MapBuilder[identity.PublicKey, number]
	grants   building[grant]
	invites  building[invite]
	inviteOf *immutable.MapBuilder[statement.ID, number]
}

// place reads a place after the one before.
func (d *decoder) place(before int64) int64 {
	place := before + 1 + d.int(statement.MaxInt)
	if place >= d.applied {
		d.fail("place %d of %d", place, d.applied)
	}
	return place
}

func (d *decoder) logs() *immutable.Map[identity.PublicKey, int64] {
	b := immutable.NewMapBuilder[identity.PublicKey, int64](byPrefix[identity.PublicKey]{})
	var last identity.PublicKey
	for i := range d.count(33) {
		k := read32[identity.PublicKey](&d.reader)
		if i > 0 && bytes.Compare(last[:], k[:]) >= 0 {
			d.fail("logs out of order")
		}
		b.Set(k, d.int(statement.MaxInt))
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

func (d *decoder) readMembers(founder identity.PublicKey, founded bool) {
	d.members = newBuilding[member]()
	d.memberOf = immutable.NewMapBuilder[identity.PublicKey, number](byPrefix[identity.PublicKey]{})
	count := d.count(3)
	if founded != (count > 0) {
		d.fail("%d members, and founded: %t", count, founded)
	}
	last := int64(-1)
	for n := range count {
		last = d.place(last)
		m := member{
			key: founder, sponsor: none, invite: none, grants: none, invites: none,
			place: last, joined: last, admitted: d.int(statement.MaxInt), index: d.int(statement.MaxInt),
		}
		if n > 0 {
			m.key = read32[identity.PublicKey](&d.reader)
			m.join = read32[statement.ID](&d.reader)
			m.admit = read32[statement.ID](&d.reader)
			m.invite = number(d.int(int64(none) - 1))
			m.order = d.int(statement.MaxInt)
			m.joined -= d.int(last)
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

func (d *decoder) readGrants() {
	d.grants = newBuilding[grant]()
	count := d.count(32 + 6)
	last := int64(-1)
	for n := range count {
		last = d.place(last)
		g := grant{
			id: read32[statement.ID](&d.reader), held: none, place: last,
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
	d.invites = newBuilding[invite]()
	d.inviteOf = immutable.NewMapBuilder[statement.ID, number](byPrefix[statement.ID]{})
	count := d.count(2*32 + 6)
	last := int64(-1)
	for n := range count {
		last = d.place(last)
		v := invite{
			id: read32[statement.ID](&d.reader), key: read32[identity.PublicKey](&d.reader), used: none, place: last,
			grant:   d.number(d.grants.len()),
			slot:    uint16(d.int(statement.MaxSlots - 1)),
			revoked: d.bool(),
			issued:  d.int(statement.MaxInt),
		}
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

// link finds the sponsors. Each is an earlier member than their guest, or lineages would not end.
func (d *decoder) link() {
	for n := number(1); d.err == nil && int(n) < d.members.len(); n++ {
		m := d.members.at(n)
		if int(m.invite) >= d.invites.len() {
			d.fail("member %s by an invite that is not there", m.key)
			return
		}
		v := d.invites.at(m.invite)
		last, _ := holder(d.grants, d.invites, v.grant, v.slot)
		if v.used != none || v.revoked || last != m.invite || d.grants.at(v.grant).member >= n {
			d.fail("member %s by an invite that brought in nobody", m.key)
			return
		}
		linkMember(d.members, d.grants, d.invites, n)
	}
}

func (d *decoder) joins() *immutable.Map[statement.ID, pending] {
	b := immutable.NewMapBuilder[statement.ID, pending](byPrefix[statement.ID]{})
	last := int64(-1)
	for range d.count(2*32 + 2) {
		last = d.place(last)
		id := read32[statement.ID](&d.reader)
		p := pending{member: read32[identity.PublicKey](&d.reader), invite: d.number(d.invites.len()), place: last}
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
