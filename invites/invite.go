package invites

import (
	"slices"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// Invite is one invite and what became of it.
type Invite struct {
	ID      statement.ID
	By      identity.PublicKey
	Key     identity.PublicKey // the one-time key
	Grant   statement.ID
	Slot    int64
	Issued  int64 // seconds since 1970
	Expires int64
	Revoked bool
	UsedBy  identity.PublicKey // who came in by it; zero as long as nobody did
}

// invite is an Invite as it is kept.
type invite struct {
	id      statement.ID
	key     identity.PublicKey
	grant   number
	prev    number // its author's invite before this one
	next    number // the next that holds a slot of the grant
	used    number // the member who came in by it
	slot    uint16 // statement.MaxSlots at most
	revoked bool
	issued  int64
	expires int64
	place   int64
}

// holds reports whether an invite keeps its slot from an invite made at that time.
func (v invite) holds(at int64) bool {
	return v.used != none || (!v.revoked && at <= v.expires)
}

// Invite finds an invite by id.
func (s State) Invite(id statement.ID) (Invite, bool) {
	n, ok := s.invites.find(id)
	if !ok {
		return Invite{}, false
	}
	return s.invite(n), true
}

func (s State) invite(n number) Invite {
	v := s.invites.at(n)
	g := s.grants.at(v.grant)
	out := Invite{
		ID: v.id, By: s.members.at(g.member).key, Key: v.key, Grant: g.id, Slot: int64(v.slot),
		Issued: v.issued, Expires: v.expires, Revoked: v.revoked,
	}
	if v.used != none {
		out.UsedBy = s.members.at(v.used).key
	}
	return out
}

// InvitesBy are a member's invites in the order they were made.
func (s State) InvitesBy(key identity.PublicKey) []Invite {
	author, ok := s.members.find(key)
	if !ok {
		return nil
	}
	var out []Invite
	for n := s.members.at(author).invites; n != none; n = s.invites.at(n).prev {
		out = append(out, s.invite(n))
	}
	slices.Reverse(out)
	return out
}

// holder is the invite that last took a slot: the only one of the slot that may still be used.
func holder(grants rows[grant], invites rows[invite], of number, slot uint16) (number, bool) {
	for n := grants.at(of).held; n != none; {
		v := invites.at(n)
		if v.slot == slot {
			return n, true
		}
		n = v.next
	}
	return none, false
}

// linkInvite puts invite n first among its author's, and lets it hold its slot in place of whichever did.
func linkInvite(members rows[member], grants rows[grant], invites rows[invite], n number) {
	v := invites.at(n)
	g := grants.at(v.grant)
	m := members.at(g.member)
	v.prev, m.invites = m.invites, n
	members.put(g.member, m)

	old, taken := holder(grants, invites, v.grant, v.slot)
	if taken {
		unlinkHolder(grants, invites, v.grant, old)
		g = grants.at(v.grant)
	}
	v.next, g.held = g.held, n
	invites.put(n, v)
	grants.put(v.grant, g)
}

// unlinkHolder takes invite old out of the list of those that hold a slot of the grant.
func unlinkHolder(grants rows[grant], invites rows[invite], of, old number) {
	after := invites.at(old).next
	g := grants.at(of)
	if g.held == old {
		g.held = after
		grants.put(of, g)
		return
	}
	n := g.held
	v := invites.at(n)
	for v.next != old {
		n = v.next
		v = invites.at(n)
	}
	v.next = after
	invites.put(n, v)
}

// applyInvite lets a member spend a slot of their own.
func (s State) applyInvite(e Entry, b *statement.Invite) (State, error) {
	if err := s.checkAudience(b.Community); err != nil {
		return s, err
	}
	signer := e.Statement.Signer()
	author, ok := s.members.find(signer)
	if !ok {
		return s, reason.Reject(reason.MemberUnknown, "%s invites", signer)
	}
	if _, known := s.invites.find(e.Statement.ID()); known {
		return s, reason.Reject(reason.StatementDuplicate, "invite %s is known", e.Statement.ID())
	}
	of, ok := s.findGrant(s.members.at(author), b.Grant)
	if !ok {
		return s, reason.Reject(reason.InviteNone, "%s has no grant %s", signer, b.Grant)
	}
	if err := s.checkInvite(of, b); err != nil {
		return s, err
	}
	n := s.invites.append(e.Statement.ID(), invite{
		id: e.Statement.ID(), key: b.Key, grant: of, used: none, slot: uint16(b.Slot),
		issued: b.IssuedAt, expires: b.Expires, place: s.applied,
	})
	linkInvite(&s.members, &s.grants, &s.invites, n)
	return s, nil
}

// checkInvite says whether an invite of the grant's member may take its slot.
func (s State) checkInvite(of number, b *statement.Invite) error {
	g := s.grants.at(of)
	switch {
	case b.Slot >= int64(g.slots):
		return reason.Reject(reason.InviteNone, "grant %s has %d slots, and none called %d", g.id, g.slots, b.Slot)
	case b.IssuedAt+statement.Slack < g.issued:
		return reason.Reject(reason.StatementAuthority, "an invite of %d on a grant of %d", b.IssuedAt, g.issued)
	case b.Expires-b.IssuedAt > s.rules.InviteLife:
		return reason.Reject(reason.StatementAuthority, "an invite for %d s, of %d s at most",
			b.Expires-b.IssuedAt, s.rules.InviteLife)
	}
	n, taken := holder(&s.grants, &s.invites, of, uint16(b.Slot))
	if taken && s.invites.at(n).holds(b.IssuedAt) {
		return reason.Reject(reason.InviteNone, "slot %d of grant %s is taken by invite %s", b.Slot, g.id, s.invites.at(n).id)
	}
	return nil
}

// applyRevokeInvite takes an invite back, for its author or the root, as long as nobody has used it.
func (s State) applyRevokeInvite(n number, e Entry, b *statement.Revoke) (State, error) {
	v := s.invites.at(n)
	author := s.members.at(s.grants.at(v.grant).member).key
	switch signer := e.Statement.Signer(); {
	case signer != author && signer != s.community:
		return s, reason.Reject(reason.StatementAuthority, "%s revokes an invite of %s", signer, author)
	case len(b.Upto) > 0:
		return s, reason.Reject(reason.StatementPayload, "claim upto: is for delegates")
	case v.used != none:
		return s, reason.Reject(reason.InviteUsed, "%s came in by it", s.members.at(v.used).key)
	case v.revoked:
		return s, reason.Reject(reason.InviteRevoked, "invite %s is revoked", v.id)
	}
	v.revoked = true
	s.invites.put(n, v)
	return s, nil
}
