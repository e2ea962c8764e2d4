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
	all := api.Invites{Slots: []api.Slot{}, Invites: []api.Invite{}}
	for _, slot := range state.FreeSlots(member, now) {
		all.Slots = append(all.Slots, api.Slot{Grant: slot.Grant, Slot: slot.Slot})
	}
	all.Left = len(all.Slots)
	for _, invite := range state.InvitesBy(member) {
		all.Invites = append(all.Invites, c.invite(invite, now))
	}
	return all, nil
}

// invite is an invite as its author sees it.
func (c *community) invite(invite invites.Invite, now int64) api.Invite {
	out := api.Invite{
		ID:      invite.ID,
		State:   api.InvitePending,
		Created: invite.Issued * 1000,
		Expires: invite.Expires * 1000,
	}
	switch {
	case !invite.UsedBy.IsZero():
		out.State = api.InviteJoined
		joined := c.names.member(invite.UsedBy)
		out.Joined = &joined
	case invite.Revoked:
		out.State = api.InviteRevoked
	case invite.Expires <= now:
		out.State = api.InviteExpired
	}
	return out
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
	return c.appendForInvite(st, st.ID())
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
	return c.appendForInvite(st, id)
}

// appendForInvite writes one statement about the invite id and says how the invite stands then.
func (c *community) appendForInvite(st statement.Statement, id statement.ID) (api.Invite, error) {
	var out api.Invite
	err := c.journal.append(func(invites.State) (draft, error) {
		return draft{statements: []statement.Statement{st}}, nil
	})
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
	switch c.invite(invite, seconds(c.now())).State {
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
