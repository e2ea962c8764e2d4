package invites

import (
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// pending is a join that no admit has accepted yet.
type pending struct {
	member identity.PublicKey
	invite number
	place  int64
}

// CheckJoin says whether a node may admit this join at that time (seconds since 1970). A refusal is a
// *reason.RejectError; what is wrong is looked for in this order: the community, the invite's being known, the redeem's
// key, the redeem's member, whether they are a member already, and whether the invite is used, revoked or expired.
func (s State) CheckJoin(join statement.Statement, at int64) error {
	b, ok := join.Body().(*statement.Join)
	if !ok {
		return reason.Reject(reason.StatementKind, "a %q is no join", join.Kind())
	}
	_, err := s.checkJoin(join.Signer(), b, max(at, b.IssuedAt))
	return err
}

func (s State) checkJoin(signer identity.PublicKey, b *statement.Join, at int64) (number, error) {
	redeem, ok := b.Redeemed().Body().(*statement.Redeem)
	if !ok {
		return none, reason.Reject(reason.InviteForged, "a join without a redeem")
	}
	if b.Community != s.community || redeem.Community != s.community {
		return none, reason.Reject(reason.InviteCommunity, "a join of %s by a redeem for %s", b.Community, redeem.Community)
	}
	n, ok := s.invites.find(redeem.Invite)
	if !ok {
		return none, reason.Reject(reason.InviteUnknown, "no invite is called %s", redeem.Invite)
	}
	if key := s.invites.at(n).key; b.Redeemed().Signer() != key {
		return none, reason.Reject(reason.InviteForged, "signed by %s, not by the one-time key %s", b.Redeemed().Signer(), key)
	}
	if redeem.Member != signer {
		return none, reason.Reject(reason.InviteRebound, "redeemed for %s, joined by %s", redeem.Member, signer)
	}
	if _, already := s.members.find(signer); already {
		return none, reason.Reject(reason.MemberAlready, "%s is a member", signer)
	}
	return n, s.checkUsable(n, at)
}

// checkUsable says whether somebody may come in by invite n at that time.
func (s State) checkUsable(n number, at int64) error {
	v := s.invites.at(n)
	if v.used != none {
		return reason.Reject(reason.InviteUsed, "%s came in by it", s.members.at(v.used).key)
	}
	if v.revoked {
		return reason.Reject(reason.InviteRevoked, "invite %s is revoked", v.id)
	}
	if at > v.expires+statement.Slack {
		return reason.Reject(reason.InviteExpired, "invite %s expired at %d", v.id, v.expires)
	}
	// Within the slack its slot may be spent again. A slot brings in one person at most, so the later invite counts.
	if last, _ := holder(&s.grants, &s.invites, v.grant, v.slot); last != n {
		return reason.Reject(reason.InviteExpired, "the slot of invite %s was spent again after %d", v.id, v.expires)
	}
	return nil
}

// applyJoin keeps a join until an admit accepts it.
func (s State) applyJoin(e Entry, b *statement.Join) (State, error) {
	n, err := s.checkJoin(e.Statement.Signer(), b, b.IssuedAt)
	if err != nil {
		return s, err
	}
	if _, known := s.joins.Get(e.Statement.ID()); known {
		return s, reason.Reject(reason.StatementDuplicate, "join %s is known", e.Statement.ID())
	}
	s.joins = s.joins.Set(e.Statement.ID(), pending{member: e.Statement.Signer(), invite: n, place: s.applied})
	return s, nil
}

// applyAdmit makes a member of who joined, by the join's invite.
func (s State) applyAdmit(e Entry, b *statement.Admit) (State, error) {
	if err := s.checkAudience(b.Community); err != nil {
		return s, err
	}
	s, order, err := s.applySpoken(e, b.IssuedAt)
	if err != nil {
		return s, err
	}
	if b.Way != statement.EntryInvite {
		return s, reason.Reject(reason.StatementAuthority, "the way %q leads to no sponsor", b.Way)
	}
	if _, already := s.members.find(b.Member); already {
		return s, reason.Reject(reason.MemberAlready, "%s is a member", b.Member)
	}
	join, ok := s.joins.Get(b.Join)
	if !ok {
		return s, reason.Reject(reason.StatementAuthority, "no join before this admit is called %s", b.Join)
	}
	if join.member != b.Member {
		return s, reason.Reject(reason.InviteRebound, "%s joined, %s is admitted", join.member, b.Member)
	}
	if err := s.checkUsable(join.invite, b.IssuedAt); err != nil {
		return s, err
	}
	n := s.members.append(b.Member, member{
		key: b.Member, join: b.Join, admit: e.Statement.ID(), invite: join.invite, grants: none, invites: none,
		admitted: b.IssuedAt, order: order, index: e.Index, joined: join.place, place: s.applied,
	})
	linkMember(&s.members, &s.grants, &s.invites, n)
	s.joins = s.joins.Delete(b.Join)
	return s, nil
}

// linkMember makes member n the one who used their invite, and its author the sponsor.
func linkMember(members rows[member], grants rows[grant], invites rows[invite], n number) {
	m := members.at(n)
	v := invites.at(m.invite)
	v.used, m.sponsor = n, grants.at(v.grant).member
	invites.put(m.invite, v)
	members.put(n, m)
}
