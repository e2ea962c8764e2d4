package node

import (
	"context"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/invites"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// Invites implements server.Invites.
func (c *community) Invites(_ context.Context, member identity.PublicKey) (api.Invites, error) {
	state, founded := c.journal.fold()
	if !founded {
		return api.Invites{}, reason.Reject(reason.FoundedNot, "")
	}
	now := seconds(c.now())
	all := api.Invites{Slots: []api.Slot{}, Invites: []api.Invite{}, Grants: []api.Grant{}}
	for _, slot := range state.FreeSlots(member, now) {
		all.Slots = append(all.Slots, api.Slot{Grant: slot.Grant, Slot: slot.Slot})
	}
	all.Left = len(all.Slots)
	for _, invite := range state.InvitesBy(member) {
		all.Invites = append(all.Invites, c.invite(invite, now))
	}
	for _, g := range state.Grants(member) {
		all.Grants = append(all.Grants, api.Grant{Why: g.Why, Slots: g.Slots, At: g.Issued * 1000})
	}
	all.Earning = c.earnings.earning(state, member)
	all.Standing = standing(state, member, now)
	return all, nil
}

func standing(state invites.State, member identity.PublicKey, now int64) api.Standing {
	s, _ := state.Standing(member)
	out := api.Standing{Way: s.Member.Way, Answers: s.Answers}
	if s.Probation > now {
		out.Probation = s.Probation * 1000
	}
	return out
}

// note is what the author of an invite wrote on it; "" where there is none, or it was erased, or it is at another node.
func (c *community) note(id statement.ID) string {
	st, err := c.journal.entry(id)
	if err != nil {
		return ""
	}
	body, ok := st.Body().(*statement.Invite)
	if !ok || body.Note == (statement.Commitment{}) {
		return ""
	}
	text, _, err := c.journal.store.Text(body.Note)
	if err != nil {
		c.log.Error("a note cannot be read", "invite", id, "error", err)
	}
	return text.Text
}

// invite is an invite as its author sees it.
func (c *community) invite(invite invites.Invite, now int64) api.Invite {
	out := api.Invite{
		ID:      invite.ID,
		Note:    c.note(invite.ID),
		State:   inviteState(invite, now),
		Created: invite.Issued * 1000,
		Expires: invite.Expires * 1000,
	}
	if out.State == api.InviteJoined {
		joined := c.names.member(invite.UsedBy)
		out.Joined = &joined
	}
	return out
}

func inviteState(invite invites.Invite, now int64) api.InviteState {
	switch {
	case !invite.UsedBy.IsZero():
		return api.InviteJoined
	case invite.Revoked:
		return api.InviteRevoked
	case invite.Expires <= now:
		return api.InviteExpired
	default:
		return api.InvitePending
	}
}

// CreateInvite implements server.Invites.
func (c *community) CreateInvite(_ context.Context, member identity.PublicKey, req api.CreateInvite) (api.Invite, error) {
	now := c.now()
	st, body, err := submitted(req.Invite, func(i *statement.Invite) int64 { return i.IssuedAt }, now)
	switch {
	case err != nil:
		return api.Invite{}, err
	case st.Signer() != member:
		return api.Invite{}, reason.Reject(reason.StatementAuthority, "the invite is signed by another member")
	case body.Expires <= seconds(now):
		return api.Invite{}, reason.Reject(reason.StatementExpired, "the invite would be expired at once")
	}
	d := draft{statements: []statement.Statement{st}}
	switch {
	case req.Note == nil && body.Note == (statement.Commitment{}):
	case req.Note == nil || req.Note.Commitment() != body.Note:
		return api.Invite{}, reason.Reject(reason.TextMismatch, "the invite commits to another note")
	default:
		d.with.Texts = []statement.Text{*req.Note}
	}
	return c.appendForInvite(d, st.ID())
}

// RevokeInvite implements server.Invites.
func (c *community) RevokeInvite(_ context.Context, member identity.PublicKey, id statement.ID, req api.RevokeInvite) (api.Invite, error) {
	st, body, err := submitted(req.Revoke, func(r *statement.Revoke) int64 { return r.IssuedAt }, c.now())
	switch {
	case err != nil:
		return api.Invite{}, err
	case st.Signer() != member:
		return api.Invite{}, reason.Reject(reason.StatementAuthority, "the revocation is signed by another member")
	case body.Statement != id:
		return api.Invite{}, reason.Reject(reason.StatementAudience, "the revocation names another invite")
	}
	return c.appendForInvite(draft{statements: []statement.Statement{st}}, id)
}

// appendForInvite writes one statement about the invite id and says how the invite stands then.
func (c *community) appendForInvite(d draft, id statement.ID) (api.Invite, error) {
	var out api.Invite
	err := c.journal.append(func(invites.State) (draft, error) { return d, nil })
	if err != nil {
		return out, err
	}
	state, _ := c.journal.fold()
	invite, ok := state.Invite(id)
	if !ok {
		return out, reason.Reject(reason.InviteUnknown, "%s", id)
	}
	return c.invite(invite, seconds(c.now())), nil
}

// Preview implements server.Invites.
func (c *community) Preview(_ context.Context, id statement.ID) (api.InvitePreview, error) {
	state, founded := c.journal.fold()
	if !founded {
		return api.InvitePreview{}, reason.Reject(reason.FoundedNot, "")
	}
	invite, ok := state.Invite(id)
	if !ok {
		return api.InvitePreview{}, reason.Reject(reason.InviteUnknown, "%s", id)
	}
	switch inviteState(invite, seconds(c.now())) {
	case api.InviteJoined:
		return api.InvitePreview{}, reason.Reject(reason.InviteUsed, "")
	case api.InviteRevoked:
		return api.InvitePreview{}, reason.Reject(reason.InviteRevoked, "")
	case api.InviteExpired:
		return api.InvitePreview{}, reason.Reject(reason.InviteExpired, "")
	case api.InvitePending:
	}
	return api.InvitePreview{
		ID:        id,
		Community: c.about(state),
		Sponsor:   c.names.member(invite.By),
		Expires:   invite.Expires * 1000,
	}, nil
}
