package invites

import (
	"slices"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// pending is a join that no admit has accepted yet.
type pending struct {
	member identity.PublicKey
	log    identity.PublicKey // that holds it
	invite number             // none without one
	place  int64
}

// CheckJoin says whether a node may admit this join at that time (seconds since 1970). A refusal is a
// *reason.RejectError; what is wrong is looked for in this order: the community, the invite's being known, the redeem's
// key, the redeem's member, whether they are a member already or lost this very slot to somebody else (admit-lost), and
// whether the invite is used, revoked or expired. The invites of who is displaced, or erased themselves, count as revoked. A join without a
// redeem is refused as [State.CheckAsk] does, and with entry-ask where somebody has to approve it.
func (s State) CheckJoin(join statement.Statement, at int64) error {
	b, ok := join.Body().(*statement.Join)
	if !ok {
		return reason.Reject(reason.StatementKind, "a %q is no join", join.Kind())
	}
	if b.Redeemed().IsZero() {
		if err := s.checkAsk(join.Signer(), b); err != nil || s.rules.Entry == statement.EntryOpen {
			return err
		}
		return reason.Reject(reason.EntryAsk, "")
	}
	_, err := s.checkJoin(join.Signer(), b, max(at, b.IssuedAt))
	return err
}

func (s State) checkJoin(signer identity.PublicKey, b *statement.Join, at int64) (number, error) {
	redeem, err := redeemed(s.community, b)
	if err != nil {
		return none, err
	}
	n, ok := s.invites.find(redeem.Invite)
	if !ok {
		return none, reason.Reject(reason.InviteUnknown, "no invite is called %s", redeem.Invite)
	}
	if err := checkRedeem(s.invites.at(n).key, signer, b, redeem); err != nil {
		return none, err
	}
	if err := s.checkNewcomer(signer, n); err != nil {
		return none, err
	}
	return n, s.checkUsable(n, at)
}

// redeemed is the redeem that a join carries.
func redeemed(community identity.PublicKey, b *statement.Join) (*statement.Redeem, error) {
	redeem, ok := b.Redeemed().Body().(*statement.Redeem)
	if !ok {
		return nil, reason.Reject(reason.InviteForged, "a join without a redeem")
	}
	if b.Community != community || redeem.Community != community {
		return nil, reason.Reject(reason.InviteCommunity, "a join of %s by a redeem for %s", b.Community, redeem.Community)
	}
	return redeem, nil
}

// checkRedeem holds a join against the one-time key of its invite.
func checkRedeem(key, signer identity.PublicKey, b *statement.Join, redeem *statement.Redeem) error {
	if b.Redeemed().Signer() != key {
		return reason.Reject(reason.InviteForged, "signed by %s, not by the one-time key %s", b.Redeemed().Signer(), key)
	}
	if redeem.Member != signer {
		return reason.Reject(reason.InviteRebound, "redeemed for %s, joined by %s", redeem.Member, signer)
	}
	return nil
}

// checkNewcomer refuses a member, and who was displaced from the very slot of invite n.
func (s State) checkNewcomer(key identity.PublicKey, n number) error {
	known, ok := s.members.find(key)
	if !ok {
		return nil
	}
	m := s.members.at(known)
	if s.Erased(key) {
		return rejectErased(key)
	}
	if !m.displaced {
		return rejectMember(key)
	}
	lost, fresh := s.invites.at(m.invite), s.invites.at(n)
	if s.grants.at(lost.grant).head == s.grants.at(fresh.grant).head && lost.slot == fresh.slot {
		return reason.Reject(reason.AdmitLost, "%s was displaced from slot %d of grant %s", key, lost.slot, s.grants.at(lost.grant).id)
	}
	return nil
}

func rejectMember(key identity.PublicKey) error {
	return reason.Reject(reason.MemberAlready, "%s is a member", key)
}

// checkUsable says whether somebody may come in by invite n at that time.
func (s State) checkUsable(n number, at int64) error {
	v := s.invites.at(n)
	if v.used != none {
		return reason.Reject(reason.InviteUsed, "%s came in by it", s.members.at(v.used).key)
	}
	if author := s.members.at(s.authorOf(n)); v.revoked || author.displaced || s.Erased(author.key) {
		return rejectRevoked(v.id)
	}
	if err := checkExpiry(v.id, v.expires, at); err != nil {
		return err
	}
	for i := range onSlot(&s.grants, &s.invites, s.grants.at(v.grant).head, v.slot) {
		switch o := s.invites.at(i); {
		case o.used != none: // two nodes took two invites on one slot; it brings in one person at most
			return reason.Reject(reason.InviteUsed, "%s came in on its slot", s.members.at(o.used).key)
		case at > v.expires && o.issued > v.expires: // within the slack
			return reason.Reject(reason.InviteExpired, "the slot of invite %s was spent again after %d", v.id, v.expires)
		}
	}
	return nil
}

// checkExpiry refuses what comes too long after an invite's expiry.
func checkExpiry(id statement.ID, expires, at int64) error {
	if at > expires+statement.Slack {
		return reason.Reject(reason.InviteExpired, "invite %s expired at %d", id, expires)
	}
	return nil
}

// applyJoin keeps a join until an admit accepts it.
func (s State) applyJoin(e Entry, b *statement.Join) (State, error) {
	n, err := none, error(nil)
	if b.Redeemed().IsZero() {
		err = s.checkAsk(e.Statement.Signer(), b)
	} else {
		n, err = s.checkJoin(e.Statement.Signer(), b, b.IssuedAt)
	}
	if err != nil {
		return s, err
	}
	if p, known := s.joins.Get(e.Statement.ID()); known {
		if p.log == e.Log {
			return s, rejectKnown("join", e.Statement.ID())
		}
		return s, nil // sent to two nodes
	}
	s.joins = s.joins.Set(e.Statement.ID(), pending{member: e.Statement.Signer(), log: e.Log, invite: n, place: s.applied})
	return s, nil
}

// applyAdmit makes a member of who joined, by the join's invite or by the way that the rules leave without one.
func (s State) applyAdmit(e Entry, b *statement.Admit) (State, error) {
	if err := checkAudience(s.community, b.Community); err != nil {
		return s, err
	}
	s, order, err := s.applySpoken(e, b.IssuedAt)
	if err != nil {
		return s, err
	}
	n, known := s.members.find(b.Member)
	if s.Erased(b.Member) {
		return s, rejectErased(b.Member)
	}
	if known && !s.members.at(n).displaced {
		return s, rejectMember(b.Member)
	}
	join, ok := s.joins.Get(b.Join)
	if !ok {
		return s, reason.Reject(reason.StatementAuthority, "no join before this admit is called %s", b.Join)
	}
	if err := checkJoined(join.member, b); err != nil {
		return s, err
	}
	if err := checkWay(join.invite != none, b); err != nil {
		return s, err
	}
	by := admission{
		join: b.Join, admit: e.Statement.ID(), invite: join.invite, approval: none,
		admitted: b.IssuedAt, order: order, index: e.Index, joined: join.place, place: s.applied,
	}
	if join.invite == none {
		by.approval, by.sponsor, err = s.checkUninvited(b)
	} else {
		by.sponsor, err = s.checkInvited(b, join.invite)
	}
	if err != nil {
		return s, err
	}
	if known {
		m := s.members.at(n)
		m.others = append(slices.Clip(m.others), m.admission)
		m.others[len(m.others)-1].sponsor = none
		m.admission, m.displaced = by, false
		s.members.put(n, m)
		s.displaced--
	} else {
		n = s.members.append(b.Member, newMember(b.Member, by))
	}
	linkMember(&s.members, &s.invites, n)
	s.joins = s.joins.Delete(b.Join)
	return s, nil
}

// checkInvited says by whose invite somebody may be admitted who joined by one.
func (s State) checkInvited(b *statement.Admit, invite number) (sponsor number, err error) {
	if err := s.checkNewcomer(b.Member, invite); err != nil {
		return none, err
	}
	return s.authorOf(invite), s.checkUsable(invite, b.IssuedAt)
}

// checkJoined refuses the admit of another person than who joined.
func checkJoined(member identity.PublicKey, b *statement.Admit) error {
	if member != b.Member {
		return reason.Reject(reason.InviteRebound, "%s joined, %s is admitted", member, b.Member)
	}
	return nil
}
