package node

import (
	"context"
	"fmt"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/link"
	"github.com/stoa-rooms/stoa/api/server"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// What clients ask of one room: the hallway finds it, and its loop answers.

// Room implements server.Rooms. Somebody who was removed learns it here, before they try to enter.
func (h *hallway) Room(ctx context.Context, id statement.ID, member identity.PublicKey) (api.Room, error) {
	id = h.resolve(id)
	if a, ok := h.nodes.announced(id); ok && h.here(id) == nil && a.State == statement.RoomLive {
		if a.Entry == statement.RoomChosen {
			if err := h.nodes.admits(id, member); err != nil {
				return api.Room{}, err
			}
		}
		return h.listed(&a), nil
	}
	r, err := h.find(id)
	if err != nil {
		return api.Room{}, err
	}
	return *r.view.Load(), r.do(ctx, func() error { return r.role.admits(member) })
}

// requestTime bounds how long a request waits for a room's loop.
const requestTime = 10 * time.Second

// Audience implements server.Rooms.
func (h *hallway) Audience(id statement.ID, member identity.PublicKey, of api.AudiencePage) (api.Audience, error) {
	id = h.resolve(id)
	r, err := h.find(id)
	if err != nil {
		return api.Audience{}, err
	}
	if r.view.Load().Entry == statement.RoomChosen && !r.knows(member) {
		return api.Audience{}, reason.Reject(reason.RoomChosen, "")
	}
	ctx, cancel := context.WithTimeout(h.ctx, requestTime)
	defer cancel()
	return r.audience(ctx, of)
}

// Log implements server.Rooms.
func (h *hallway) Log(ctx context.Context, id statement.ID, member identity.PublicKey) (api.RoomLog, error) {
	r, err := h.find(id)
	if err != nil {
		return api.RoomLog{}, err
	}
	return r.logFor(ctx, member)
}

// Act implements server.Rooms.
func (h *hallway) Act(ctx context.Context, id statement.ID, actor identity.PublicKey, action api.Action) error {
	id = h.resolve(id)
	r, err := h.find(id)
	if err != nil {
		return err
	}
	return r.act(ctx, actor, action)
}

// Enter implements server.Rooms.
func (h *hallway) Enter(ctx context.Context, id statement.ID, member identity.PublicKey, from server.Resume) (server.Subscription, error) {
	id = h.resolve(id)
	return h.inside(id, func(r *room) (*subscription, error) { return r.enter(ctx, member, from.Run, from.Since) })
}

// gone waits for the end of a loop that ends, and reports whether the room lives on at another node.
func (h *hallway) gone(r *room) bool {
	select {
	case <-r.done:
	default:
		return false
	}
	h.mu.Lock()
	if h.rooms[r.id] == r {
		delete(h.rooms, r.id)
	}
	h.mu.Unlock()
	a, ok := h.nodes.announced(r.id)
	return ok && a.State == statement.RoomLive && a.Host != h.community.self.Node
}

// papers are what brings a member of this node into a room of another: their own word, this node's ticket for it, their
// name, and the chain that proves that they belong here.
func (h *hallway) papers(enter statement.Statement, room statement.ID, host identity.PublicKey) (link.Enter, error) {
	journal, now := h.community.journal, seconds(h.community.now())
	ticket, err := statement.Sign(&statement.Ticket{
		Room: room, IssuedAt: now, Expires: now + statement.MaxTicketLife,
		Host: host, Member: enter.Signer(), Enter: enter.ID(),
	}, journal.key)
	if err != nil {
		return link.Enter{}, err
	}
	profile, ok, err := journal.store.Profile(enter.Signer())
	if err != nil {
		return link.Enter{}, fmt.Errorf("node: %w", err)
	}
	if !ok {
		return link.Enter{}, reason.Reject(reason.MemberUnknown, "no profile of %s", enter.Signer())
	}
	export, err := journal.export(enter.Signer())
	if err != nil {
		return link.Enter{}, err
	}
	chain, err := export.Encode()
	if err != nil {
		return link.Enter{}, err
	}
	return link.Enter{Enter: enter.Text(), Ticket: ticket.Text(), Profile: profile.Text, Chain: chain}, nil
}

// Offer implements server.Media.
func (h *hallway) Offer(ctx context.Context, id statement.ID, member identity.PublicKey, sdp string, compat bool) (answer, leg string, err error) {
	id = h.resolve(id)
	r, err := h.find(id)
	if err != nil {
		return "", "", err
	}
	return r.offer(ctx, member, sdp, compat)
}

// CloseLeg implements server.Media.
func (h *hallway) CloseLeg(ctx context.Context, id statement.ID, member identity.PublicKey, leg string) error {
	id = h.resolve(id)
	r, err := h.find(id)
	if err != nil {
		return err
	}
	return r.closeLeg(ctx, member, leg)
}
