package node

import (
	"context"
	"slices"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/link"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/invites"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/statement"
	"github.com/stoa-rooms/stoa/storage"
)

// removalsAtOnce is how many removals one message to the next host carries, so that it is never too large; and
// shownRemovals how many bytes of them, the newest first, an answer about the log.
const (
	removalsAtOnce = 50
	shownRemovals  = 64 << 10
)

// logAnswer is an answer of another node about a room's log.
type logAnswer struct {
	log api.RoomLog
	err error
}

// logFor is what moderators did, for somebody in the room.
func (r *room) logFor(ctx context.Context, member identity.PublicKey) (api.RoomLog, error) {
	var here api.RoomLog
	var later <-chan logAnswer
	if err := r.do(ctx, func() (err error) {
		here, later, err = r.role.history(member)
		return err
	}); err != nil || later == nil {
		return here, err
	}
	select {
	case there := <-later:
		return there.log, there.err
	case <-r.done:
		return api.RoomLog{}, reason.Reject(reason.RoomEnded, "")
	case <-ctx.Done():
		return api.RoomLog{}, context.Cause(ctx)
	}
}

// history implements role.
func (h *hosting) history(member identity.PublicKey) (api.RoomLog, <-chan logAnswer, error) {
	if !h.state.Present(member) || h.via[member] != nil {
		return api.RoomLog{}, nil, reason.Reject(reason.RoomNotHere, "")
	}
	return h.roomLog(), nil, nil
}

// history implements role.
func (r *relaying) history(member identity.PublicKey) (api.RoomLog, <-chan logAnswer, error) {
	switch l := r.locals[member]; {
	case l == nil:
		return api.RoomLog{}, nil, reason.Reject(reason.RoomNotHere, "")
	case r.up == nil || !l.inside:
		return api.RoomLog{}, nil, reason.Reject(reason.RoomHostLost, "")
	}
	later := make(chan logAnswer, 1)
	r.up.request(func(id int64) link.Message { return link.Log{ID: id} }, func(a link.Answer) {
		var there logAnswer
		there.err = r.reply(a, &there.log)
		there.log.Create = r.create.Text()
		later <- there
	})
	return api.RoomLog{}, later, nil
}

// roomLog is what moderators did, and whom they keep out.
func (h *hosting) roomLog() api.RoomLog {
	l := api.RoomLog{Create: h.create.Text(), Orders: []api.Order{}, Removals: []api.Removal{}, People: []api.Member{}}
	about := map[identity.PublicKey]bool{h.state.Config().Creator: true}
	for _, o := range h.state.Log() {
		l.Orders = append(l.Orders, wireOrder(o))
		if o.Act == "" {
			about[o.Made] = true
		} else if st, err := statement.ParseKind[*statement.Act](o.Act); err == nil {
			about[st.Signer()], about[st.Body().(*statement.Act).Target] = true, true
		}
	}
	removals := slices.DeleteFunc(h.state.Removals(), func(r rooms.Removal) bool { return r.Lifted != 0 })
	slices.SortFunc(removals, func(a, b rooms.Removal) int { return int(b.At - a.At) })
	size := 0
	for _, r := range removals {
		if size += 512 + len(r.Reason.Text); size > shownRemovals {
			break
		}
		w := h.wireRemoval(r)
		w.Act = "" // most are among the orders
		l.Removals = append(l.Removals, w)
	}
	for who := range about {
		if m := h.member(who); m.Name != "" {
			l.People = append(l.People, m)
		}
	}
	return l
}

func wireOrder(o rooms.Order) api.Order {
	return api.Order{At: o.At, Act: o.Act, Reason: beside(o.Reason), Made: someone(o.Made)}
}

func (h *hosting) wireRemoval(r rooms.Removal) api.Removal {
	return api.Removal{
		Person: h.member(r.Key), By: h.member(r.By), At: r.At, Until: r.Until, Act: r.Act, Reason: beside(r.Reason),
	}
}

// beside is a text, or nil for none.
func beside(t statement.Text) *api.Text {
	if t == (statement.Text{}) {
		return nil
	}
	return &t
}

// acted is an event with the act of the moderator who brought it about: that of the command, or the one that a removal has
// kept, which another host may have brought along.
func acted(e api.Event, from rooms.Event, c rooms.Command) api.Event {
	if removed, ok := from.(rooms.Removed); ok {
		return api.WithAct(e, removed.Removal.Act, beside(removed.Removal.Reason))
	}
	if by := api.By(e); by == nil || c.Act.IsZero() || *by != c.Act.Signer() {
		return e
	}
	return api.WithAct(e, c.Act.Text(), nil)
}

// removedError tells somebody who may not enter by whom, why and until when.
func (h *hosting) removedError(member identity.PublicKey) error {
	r, ok := h.state.Removal(member)
	if !ok {
		return reason.Reject(reason.RoomRemoved, "")
	}
	return &api.RemovedError{Removal: h.wireRemoval(r)}
}

// removalOf is what the host told of a removal.
func (r *relaying) removalOf(e api.Removed) api.Removal {
	by := api.Member{Key: e.By}
	if p, ok := r.state.OnStage(e.By); ok {
		by.Name = p.Name
	}
	return api.Removal{Person: api.Member{Key: e.Key}, By: by, At: e.At, Until: e.Until, Act: e.Act, Reason: e.Reason}
}

// proven leaves out the removals whose act is not what they say. Those of earlier versions have none.
func proven(removals []rooms.Removal, room statement.ID) []rooms.Removal {
	return slices.DeleteFunc(removals, func(r rooms.Removal) bool {
		if r.Act == "" {
			return false
		}
		st, err := statement.ParseKind[*statement.Act](r.Act)
		if err != nil || st.Signer() != r.By {
			return true
		}
		body := st.Body().(*statement.Act)
		lasting := body.Duration == nil
		why := body.Reason == nil || r.Reason == (statement.Text{}) || r.Reason.Commitment() == *body.Reason
		of := room
		if !r.Room.IsZero() { // an earlier room of the series
			of = r.Room
		}
		return body.Room != of || body.Target != r.Key || api.ActionType(body.Do) != api.ActRemove || lasting != (r.Until == 0) || !why
	})
}

// logged is an act that belongs into the community's log, with the reason beside it.
type logged struct {
	act    statement.Statement
	reason statement.Text
}

// removalActs are the removals and liftings that a command brought about, as the log keeps them.
func removalActs(c rooms.Command, events []rooms.Event) (acts []logged) {
	for _, event := range events {
		switch e := event.(type) {
		case rooms.Removed:
			if st, err := statement.ParseKind[*statement.Act](e.Removal.Act); err == nil {
				acts = append(acts, logged{st, e.Removal.Reason})
			}
		case rooms.RemovalEnded:
			if !e.By.IsZero() && !c.Act.IsZero() {
				acts = append(acts, logged{act: c.Act})
			}
		}
	}
	return acts
}

// storeWith writes the room down, and removals into the log where the room was created.
func (h *hosting) storeWith(state rooms.State, removals []logged) error {
	if len(removals) == 0 || !h.hallway.own(h.room) {
		return h.store(state)
	}
	stored, err := h.stored(state)
	if err != nil {
		return err
	}
	err = h.hallway.keepRemovals(removals, storage.Batch{Rooms: []storage.Room{stored}})
	if err == nil || reason.Of(err) == reason.StorageFailed {
		return err
	}
	// The log may be closed to this node (its delegation is over, say): nobody is let in again for that.
	h.log.Error("a removal is in the room's record, and not in the log", "room", h.id, "error", err)
	return h.store(state)
}

// keepRemovals appends the acts to this node's log that are not in it, with what goes along.
func (h *hallway) keepRemovals(removals []logged, with storage.Batch) error {
	journal := h.community.journal
	return journal.append(func(invites.State) (draft, error) {
		d := draft{with: with}
		for _, r := range removals {
			if _, known, err := journal.store.IndexOf(r.act.ID()); err != nil {
				return draft{}, err
			} else if known || slices.ContainsFunc(d.statements, func(s statement.Statement) bool { return s.ID() == r.act.ID() }) {
				continue
			}
			d.statements = append(d.statements, r.act)
			if r.reason != (statement.Text{}) {
				d.with.Texts = append(d.with.Texts, r.reason)
			}
		}
		return d, nil
	})
}

// keepRemoval notes in the log of this node what was removed from a room of its own while another node hosts it.
func (r *relaying) keepRemoval(event api.Event) {
	verdict := r.authority.Take(event)
	switch event.(type) {
	case api.Removed, api.RemovalEnded:
	default:
		return
	}
	head := event.Header()
	if verdict == "" || verdict == api.VerdictRefused || !r.hallway.own(r.room) {
		return
	}
	st, err := statement.ParseKind[*statement.Act](head.Act)
	if err != nil {
		return
	}
	l := logged{act: st}
	if head.Reason != nil {
		l.reason = *head.Reason
	}
	if err := r.hallway.keepRemovals([]logged{l}, storage.Batch{}); err != nil {
		r.log.Error("a removal is not in the log", "room", r.id, "error", err)
	}
}
