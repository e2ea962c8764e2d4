package node

import (
	"context"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/server"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// Door implements server.Doors.
func (h *hallway) Door(_ context.Context, id statement.ID) (api.Room, error) {
	id = h.resolve(id)
	var room api.Room
	if r := h.here(id); r != nil {
		room = *r.view.Load()
	} else if a, ok := h.nodes.announced(id); ok && a.Host != h.community.self.Node {
		room = h.listed(&a)
	} else if _, err := h.find(id); err != nil {
		return api.Room{}, err
	}
	if room.Ended {
		return api.Room{}, reason.Reject(reason.RoomEnded, "")
	}
	return room, guestsMay(room.Entry)
}

// Listen implements server.Doors.
func (h *hallway) Listen(ctx context.Context, id statement.ID, guest identity.PublicKey, from server.Resume) (server.Subscription, error) {
	if _, err := h.Door(ctx, id); err != nil {
		return nil, err // before a room of another node is relayed for nothing
	}
	return h.inside(h.resolve(id), func(r *room) (*subscription, error) { return r.listen(ctx, guest, from) })
}

// inside reaches a room and enters it.
func (h *hallway) inside(id statement.ID, enter func(*room) (*subscription, error)) (server.Subscription, error) {
	for {
		r, err := h.reach(id)
		if err != nil {
			return nil, err
		}
		sub, err := enter(r)
		switch {
		case err == nil:
			h.community.meters.entries.Inc()
			return sub, nil
		case reason.Of(err) == reason.RoomEnded && h.gone(r): // a relay without members went just then
			continue
		default:
			return nil, err
		}
	}
}

// Chosen implements server.Doors.
func (h *hallway) Chosen(ctx context.Context, id statement.ID, member identity.PublicKey) (api.Chosen, error) {
	r, err := h.find(h.resolve(id))
	if err != nil {
		return api.Chosen{}, err
	}
	return r.chosenFor(ctx, member)
}

// Private implements server.Doors.
func (h *hallway) Private(member identity.PublicKey) []api.Room {
	var list []api.Room
	live := map[statement.ID]bool{}
	for _, r := range h.live() {
		live[r.id] = true
		if view := r.view.Load(); view.Entry == statement.RoomChosen && !view.Ended && h.mayKnow(r.id, member) {
			list = append(list, *view)
		}
	}
	for _, a := range h.nodes.confidedTo(member) {
		if !live[a.ID] {
			list = append(list, h.listed(&a))
		}
	}
	return list
}

// mayKnow reports whether a room for chosen people, here or at another node, may be shown to a member.
func (h *hallway) mayKnow(id statement.ID, member identity.PublicKey) bool {
	r := h.here(id)
	return r != nil && r.knows(member) || h.nodes.invited(id, member)
}

// knows reports whether a room for chosen people may be shown to a member, as far as it is here.
func (r *room) knows(member identity.PublicKey) bool {
	admits := r.admits.Load()
	return admits != nil && (*admits)(member) == nil
}
