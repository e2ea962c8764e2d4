package invites

import (
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// Who joins by nobody's invite asks. Where the rules say ask, a steward's approve lets them in, and the steward is their
// sponsor; where they say open, the node does, and the root is. Nobody vouched for those who came by the open door: they
// begin without slots, and are one subtree together (see [State.Branch]).

// approval is one approve statement.
type approval struct {
	id    statement.ID
	join  statement.ID
	by    number
	place int64
}

// CheckAsk says whether a node may keep a join without a redeem, to be answered later or at once. A refusal is a
// *reason.RejectError: about the community, entry-closed where the rules let people in by invite only, or
// member-already.
func (s State) CheckAsk(join statement.Statement) error {
	b, ok := join.Body().(*statement.Join)
	if !ok {
		return reason.Reject(reason.StatementKind, "a %q is no join", join.Kind())
	}
	return s.checkAsk(join.Signer(), b)
}

func (s State) checkAsk(signer identity.PublicKey, b *statement.Join) error {
	switch {
	case b.Community != s.community:
		return reason.Reject(reason.InviteCommunity, "a join of %s", b.Community)
	case !b.Redeemed().IsZero():
		return reason.Reject(reason.StatementAuthority, "a join by an invite asks nobody")
	}
	if s.Erased(signer) {
		return rejectErased(signer)
	}
	if _, member := s.current(signer); member {
		return rejectMember(signer)
	}
	if s.rules == nil || s.rules.Entry == statement.EntryInvite {
		return rejectClosed(statement.EntryAsk)
	}
	return nil
}

func rejectClosed(way statement.Entry) error {
	return reason.Reject(reason.EntryClosed, "the rules do not let people in by the way %q", way)
}

// Steward reports whether somebody may answer for the whole community: approve who asks, and decline.
func (s State) Steward(key identity.PublicKey) bool {
	_, member := s.current(key)
	return member && isSteward(s.community, key)
}

// isSteward is who may approve: the founder.
func isSteward(community, key identity.PublicKey) bool { return key == community }

func checkSteward(community identity.PublicKey, e Entry) error {
	if signer := e.Statement.Signer(); !isSteward(community, signer) {
		return reason.Reject(reason.StatementAuthority, "%s is no steward, and approves", signer)
	}
	return nil
}

// checkApproved holds an approve against the join that it names.
func checkApproved(member identity.PublicKey, redeemed bool, b *statement.Approve) error {
	switch {
	case redeemed:
		return reason.Reject(reason.StatementAuthority, "join %s is by an invite, and needs nobody's approval", b.Join)
	case member != b.Member:
		return reason.Reject(reason.StatementAuthority, "%s joined, %s is approved", member, b.Member)
	default:
		return nil
	}
}

// applyApprove keeps an approval until an admit goes by it.
func (s State) applyApprove(e Entry, b *statement.Approve) (State, error) {
	if err := checkAudience(s.community, b.Community); err != nil {
		return s, err
	}
	if err := checkSteward(s.community, e); err != nil {
		return s, err
	}
	by, ok := s.current(e.Statement.Signer())
	if !ok {
		return s, reason.Reject(reason.MemberUnknown, "%s approves", e.Statement.Signer())
	}
	id := e.Statement.ID()
	if _, known := s.approvals.find(id); known {
		return s, rejectKnown("approve", id)
	}
	join, ok := s.joins.Get(b.Join)
	if !ok {
		return s, reason.Reject(reason.AskUnknown, "no join that waits is called %s", b.Join)
	}
	if err := checkApproved(join.member, join.invite != none, b); err != nil {
		return s, err
	}
	if _, member := s.current(b.Member); member { // by an invite, meanwhile
		return s, rejectMember(b.Member)
	}
	s.approvals.append(id, approval{id: id, join: b.Join, by: by, place: s.applied})
	return s, nil
}

// checkUninvited says by which approval and sponsor somebody may be admitted who joined by nobody's invite.
func (s State) checkUninvited(b *statement.Admit) (by, sponsor number, err error) {
	if err := allowEntry(s.rules, b.Way); err != nil {
		return none, none, err
	}
	if b.Way == statement.EntryOpen {
		return none, 0, nil
	}
	n, ok := s.approvals.find(b.Approve)
	if !ok {
		return none, none, rejectUnapproved(b.Approve)
	}
	a := s.approvals.at(n)
	if a.join != b.Join {
		return none, none, rejectOtherApproval(b)
	}
	if sponsor := s.members.at(a.by); sponsor.displaced || s.Erased(sponsor.key) {
		return none, none, reason.Reject(reason.StatementAuthority, "%s approved, and is no member", sponsor.key)
	}
	return n, a.by, nil
}

// allowEntry holds a way in without an invite against rules.
func allowEntry(r *statement.Rules, way statement.Entry) error {
	if r == nil || r.Entry != way {
		return rejectClosed(way)
	}
	return nil
}

func rejectUnapproved(id statement.ID) error {
	return reason.Reject(reason.StatementAuthority, "no approve before this admit is called %s", id)
}

func rejectOtherApproval(b *statement.Admit) error {
	return reason.Reject(reason.StatementAuthority, "approve %s is not of join %s", b.Approve, b.Join)
}

// checkWay refuses the admit of a join by another way than it came.
func checkWay(invited bool, b *statement.Admit) error {
	if invited != (b.Way == statement.EntryInvite) {
		return reason.Reject(reason.StatementAuthority, "the way %q is not that of join %s", b.Way, b.Join)
	}
	return nil
}
