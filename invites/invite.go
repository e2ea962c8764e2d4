package invites

import (
	"iter"
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
	UsedBy  identity.PublicKey // who was admitted by it; zero as long as nobody was
}

// invite is an Invite as it is kept.
type invite struct {
	id      statement.ID
	key     identity.PublicKey
	grant   number
	prev    number // its author's invite before this one
	next    number // the next on the grant
	used    number // the member who came in by it; else who was admitted by it, and is displaced or came in otherwise
	slot    uint16 // statement.MaxSlots at most
	revoked bool   // before anybody used it
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
		Issued: v.issued, Expires: v.expires, Revoked: v.revoked || v.used == none && s.Erased(s.members.at(g.member).key),
	}
	if v.used != none {
		out.UsedBy = s.members.at(v.used).key
	}
	return out
}

// InvitesBy are a member's invites in the order they were made.
func (s State) InvitesBy(key identity.PublicKey) []Invite {
	author, ok := s.current(key)
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

// onSlot are the invites that were ever made on one slot of a head. Mostly it is one, and another after it expired.
func onSlot(grants rows[grant], invites rows[invite], head number, slot uint16) iter.Seq[number] {
	return func(yield func(number) bool) {
		for n := grants.at(head).invites; n != none; {
			v := invites.at(n)
			if v.slot == slot && !yield(n) {
				return
			}
			n = v.next
		}
	}
}

// linkInvite puts invite n first among its author's, and among those on its grant.
func linkInvite(members rows[member], grants rows[grant], invites rows[invite], n number) {
	v := invites.at(n)
	of := grants.at(v.grant)
	author, head := members.at(of.member), grants.at(of.head)
	v.prev, author.invites = author.invites, n
	v.next, head.invites = head.invites, n
	members.put(of.member, author)
	grants.put(of.head, head)
	invites.put(n, v)
}

// redeem makes somebody the one who used invite n.
func redeem(invites rows[invite], n, by number) {
	v := invites.at(n)
	v.used = by
	invites.put(n, v)
}

// winnerOf is the member who came in on the slot of invite n.
func winnerOf(members rows[member], grants rows[grant], invites rows[invite], n number) (number, bool) {
	v := invites.at(n)
	for i := range onSlot(grants, invites, grants.at(v.grant).head, v.slot) {
		if by := invites.at(i).used; by != none && members.at(by).cameBy(i) {
			return by, true
		}
	}
	return none, false
}

// applyInvite lets a member spend a slot of their own.
func (s State) applyInvite(e Entry, b *statement.Invite) (State, error) {
	if err := checkAudience(s.community, b.Community); err != nil {
		return s, err
	}
	signer := e.Statement.Signer()
	author, ok := s.current(signer)
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
	if err := checkSlot(g.id, int64(g.slots), g.issued, b); err != nil {
		return err
	}
	if err := allowInvite(s.rules, b); err != nil {
		return err
	}
	for n := range onSlot(&s.grants, &s.invites, g.head, uint16(b.Slot)) {
		if v := s.invites.at(n); v.holds(b.IssuedAt) {
			return rejectTaken(b, v.id)
		}
	}
	return nil
}

// checkSlot holds an invite against its grant.
func checkSlot(grant statement.ID, slots, issued int64, b *statement.Invite) error {
	switch {
	case b.Slot >= slots:
		return reason.Reject(reason.InviteNone, "grant %s has %d slots, and none called %d", grant, slots, b.Slot)
	case b.IssuedAt+statement.Slack < issued:
		return reason.Reject(reason.StatementAuthority, "an invite of %d on a grant of %d", b.IssuedAt, issued)
	default:
		return nil
	}
}

// allowInvite holds an invite against rules.
func allowInvite(r *statement.Rules, b *statement.Invite) error {
	if life := b.Expires - b.IssuedAt; life > r.InviteLife {
		return reason.Reject(reason.StatementAuthority, "an invite for %d s, of %d s at most", life, r.InviteLife)
	}
	return nil
}

func rejectTaken(b *statement.Invite, by statement.ID) error {
	return reason.Reject(reason.InviteNone, "slot %d of grant %s is taken by invite %s", b.Slot, b.Grant, by)
}

// applyRevokeInvite takes an invite back, for its author or the root, as long as nobody has used it.
func (s State) applyRevokeInvite(n number, e Entry, b *statement.Revoke) (State, error) {
	v := s.invites.at(n)
	switch err := checkRevoker(s.community, s.members.at(s.authorOf(n)).key, e, b); {
	case err != nil:
		return s, err
	case v.used != none:
		return s, reason.Reject(reason.InviteUsed, "%s came in by it", s.members.at(v.used).key)
	case v.revoked:
		return s, rejectRevoked(v.id)
	}
	v.revoked = true
	s.invites.put(n, v)
	return s, nil
}

// checkRevoker refuses the revoke of an invite by who may not.
func checkRevoker(community, author identity.PublicKey, e Entry, b *statement.Revoke) error {
	switch signer := e.Statement.Signer(); {
	case signer != author && signer != community:
		return reason.Reject(reason.StatementAuthority, "%s revokes an invite of %s", signer, author)
	case len(b.Upto) > 0:
		return reason.Reject(reason.StatementPayload, "claim upto: is for delegates")
	default:
		return nil
	}
}

func rejectRevoked(id statement.ID) error {
	return reason.Reject(reason.InviteRevoked, "invite %s is revoked", id)
}
