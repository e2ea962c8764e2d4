package invites

import (
	"cmp"

	"github.com/benbjohnson/immutable"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

// state settles the union, tells of what is void, and puts the State together.
func (u *union) state(void func(Entry, error)) State {
	for _, v := range u.leftOver() {
		void(v.Entry, v.err)
	}
	u.settle()
	s := New(u.community)
	s.applied, s.roots = u.applied, u.roots
	for node, k := range u.keepers {
		if k.size > 0 {
			s.logs = s.logs.Set(node, extent{k.size, k.order()})
		}
	}
	if len(u.people) > 0 {
		s.rules, s.rulesID = u.rules[0].rules, u.rules[0].id
	}
	for _, d := range u.delegates {
		s.delegates = append(s.delegates, d.delegate)
	}
	u.records().into(&s)
	joins := immutable.NewMapBuilder[statement.ID, pending](byPrefix[statement.ID]{})
	for _, r := range u.requests {
		if !r.admitted {
			joins.Set(r.id, pending{member: r.member, log: r.src.first.log.node, invite: r.offer.at(), place: r.place})
		}
	}
	s.joins = joins.Map()
	return s.withErased(func(yield func(identity.PublicKey) bool) {
		for by := range u.erased {
			if !yield(by.key) {
				return
			}
		}
	})
}

// at is the number of an invite, and none of no invite.
func (v *offer) at() number {
	if v == nil {
		return none
	}
	return v.number
}

// records are the members, grants, invites and approvals, linked.
func (u *union) records() *records {
	r := newRecords()
	for _, p := range u.people {
		r.members.rows.Append(u.member(p))
		r.memberOf.Set(p.key, p.number)
	}
	for _, g := range u.grants {
		r.grants.rows.Append(grant{
			id: g.id, member: g.name.of.number, invites: none, slots: uint16(g.slots),
			why: g.name.why, period: g.name.period, issued: g.issued, place: g.place,
		})
		linkGrant(r.members, r.grants, g.number)
	}
	for _, v := range u.offers {
		r.invites.rows.Append(invite{
			id: v.id, key: v.key, grant: v.gift.number, used: none, slot: uint16(v.slot),
			revoked: v.revoked && v.used == nil, issued: v.issued, expires: v.expires, place: v.place,
		})
		r.inviteOf.Set(v.id, v.number)
		linkInvite(r.members, r.grants, r.invites, v.number)
	}
	for _, c := range u.consents {
		r.approvals.rows.Append(approval{id: c.id, join: c.request.id, by: c.by.number, place: c.place})
		r.approvalOf.Set(c.id, c.number)
	}
	for _, p := range u.people {
		if p.by != nil {
			linkMember(r.members, r.invites, p.number)
		}
	}
	for _, v := range u.offers {
		if v.used != nil && r.invites.at(v.number).used == none {
			redeem(r.invites, v.number, v.used.number)
		}
	}
	return &r
}

// member is a person as the State keeps them.
func (u *union) member(p *person) member {
	counts := cmp.Or(p.by, p.lost)
	if counts == nil {
		return founder(p.key, p.since, p.first.index, p.place)
	}
	m := newMember(p.key, counts.admission())
	m.sponsor, m.displaced = counts.sponsor().number, p.by == nil
	for _, c := range p.entrances {
		if c != counts {
			m.others = append(m.others, c.admission())
		}
	}
	return m
}

func (c *entrance) admission() admission {
	approval := none
	if c.consent != nil {
		approval = c.consent.number
	}
	return admission{
		join: c.request.id, admit: c.id, invite: c.request.offer.at(), approval: approval, sponsor: none,
		admitted: c.issued, order: c.order, index: c.at.index, joined: c.request.place, place: c.place,
	}
}
