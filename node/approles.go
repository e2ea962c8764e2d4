package node

import (
	"github.com/stoa-rooms/stoa/api/link"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/rooms"
)

// come implements role.
func (h *hosting) come(member identity.PublicKey) error {
	switch {
	case h.via[member] != nil:
		return reason.Reject(reason.RoomNotHere, "here by another node")
	case h.state.Present(member):
		return nil
	}
	if err := h.apply(rooms.Command{Actor: member, Do: rooms.Enter{}}); err != nil {
		return err
	}
	h.know(member)
	return nil
}

// absent implements role.
func (h *hosting) absent(member identity.PublicKey) {
	if h.stream.subs[member] == nil && h.via[member] == nil && h.state.Present(member) {
		h.must(rooms.Command{Actor: member, Do: rooms.Disconnect{}})
	}
}

// maySpeak implements role.
func (h *hosting) maySpeak(member identity.PublicKey) error {
	for _, p := range h.state.Stage() {
		switch {
		case p.Key != member:
		case p.Hushed:
			return reason.Reject(reason.RoomHushed, "")
		default:
			return nil
		}
	}
	if h.state.Removed(member) {
		return reason.Reject(reason.RoomRemoved, "")
	}
	return reason.Reject(reason.RoomRole, "not on the stage")
}

// speak implements role.
func (h *hosting) speak(member identity.PublicKey, _ string) (<-chan error, error) {
	if err := h.apply(rooms.Command{Actor: member, Do: rooms.Speak{}}); err != nil {
		return nil, err
	}
	if number, ok := h.state.Number(member); ok { // the media closed it with an app before
		h.media.Allow(number, h.state.MaySend(member))
	}
	return nil, nil
}

// silent implements role.
func (h *hosting) silent(member identity.PublicKey) {
	if h.onStage(member) && h.state.Present(member) {
		h.must(rooms.Command{Actor: member, Do: rooms.MuteSelf{}})
	}
}

// come implements role. Only members themselves can sign their way into a room of another node.
func (r *relaying) come(member identity.PublicKey) error {
	if l := r.locals[member]; l == nil || !l.inside && !l.held {
		return reason.Reject(reason.RoomNotHere, "the room is on another node, which lets in who signs")
	}
	return nil
}

// absent implements role.
func (r *relaying) absent(member identity.PublicKey) {
	if l := r.locals[member]; l != nil && l.sub.closed {
		r.left(l.sub)
	}
}

// maySpeak implements role. What the host knows beyond it, it says when it is asked.
func (r *relaying) maySpeak(member identity.PublicKey) error {
	if r.up == nil {
		return reason.Reject(reason.RoomHostLost, "")
	}
	if err := r.come(member); err != nil {
		return err
	}
	if _, on := r.state.OnStage(member); !on {
		return reason.Reject(reason.RoomRole, "not on the stage")
	}
	return nil
}

// speak implements role.
func (r *relaying) speak(member identity.PublicKey, lend string) (<-chan error, error) {
	if r.up == nil {
		return nil, reason.Reject(reason.RoomHostLost, "")
	}
	later := make(chan error, 1)
	r.up.request(func(id int64) link.Message { return link.Speak{ID: id, Lend: lend} }, func(a link.Answer) {
		if l := r.locals[member]; l != nil && a.Err() == nil {
			delete(r.allowed, l.number) // the media closed it with an app before
			r.permit()
		}
		later <- a.Err()
	})
	return later, nil
}

// silent implements role.
func (r *relaying) silent(member identity.PublicKey) {
	if l := r.locals[member]; l != nil && r.up != nil && r.isHeard(member) {
		r.up.send(link.Silent{Member: member})
	}
}

// isHeard reports whether the host lets a member speak.
func (r *relaying) isHeard(member identity.PublicKey) bool {
	p, on := r.state.OnStage(member)
	return on && p.Connected && !p.Muted
}
