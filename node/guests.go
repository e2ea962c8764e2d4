package node

import (
	"context"
	"maps"
	"slices"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/link"
	"github.com/stoa-rooms/stoa/api/server"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/statement"
)

// homeGuests is how many guests another node may bring into a room.
const homeGuests = 500

// firstGuest is above every number that a host gives to people (see rooms.EpochNumbers). A guest's number is this node's
// own affair: they are never heard, so nobody else has to name them.
const firstGuest = 1 << 31

// guest is somebody at this node who only listens, under a throwaway key. They are in the memory of the room's loop and
// nowhere else: no state, no record, no log line has them. To the host, this node or another, they are a number.
type guest struct {
	sub    *subscription
	number uint32
	inside bool // the host counts them
}

// listen lets a guest into the room: their connection is their presence.
func (r *room) listen(ctx context.Context, key identity.PublicKey, from server.Resume) (*subscription, error) {
	sub := newSubscription(key, from.Run, from.Since)
	sub.guest = true
	sub.leave = func() { //nolint:contextcheck // leaving comes long after the request that entered
		_ = r.do(context.Background(), func() error { // the loop may be over: then nobody has left
			r.guestLeft(sub)
			return nil
		})
	}
	sub.answer = func(context.Context, string) error {
		return reason.Reject(reason.GuestListens, "guests sign nothing")
	}
	return sub, r.do(ctx, func() error { return r.role.admitGuest(sub) })
}

// seatGuest gives a guest a place. An earlier connection of the same key ends.
func (r *room) seatGuest(sub *subscription) *guest {
	r.dropGuest(sub.member, reason.Reject(reason.RoomReplaced, ""))
	r.lastGuest++
	g := &guest{sub: sub, number: firstGuest + r.lastGuest}
	r.guests[sub.member] = g
	return g
}

// dropGuest ends what a guest has here.
func (r *room) dropGuest(key identity.PublicKey, why error) {
	g := r.guests[key]
	if g == nil {
		return
	}
	delete(r.guests, key)
	delete(r.legs, key)
	r.media.Drop(g.number)
	r.stream.close(key, why)
	g.sub.end(why) // where it had not begun
}

// dropGuests ends what all guests have here.
func (r *room) dropGuests(why error) {
	for key := range r.guests {
		r.dropGuest(key, why)
	}
}

// guestLeft notes that a guest's connection is gone.
func (r *room) guestLeft(sub *subscription) {
	if g := r.guests[sub.member]; g != nil && g.sub == sub {
		r.dropGuest(sub.member, nil)
		r.role.guestsChanged()
	}
}

// guestActs is all that a guest can do beside listening.
func (r *room) guestActs(g *guest, action api.Action) error {
	if action.Type != api.ActLeave {
		return reason.Reject(reason.GuestListens, "")
	}
	r.guestLeft(g.sub)
	return nil
}

// guestCount is how many guests listen, here and at other nodes.
func (h *hosting) guestCount() int {
	n := len(h.guests)
	for _, o := range h.homes {
		n += o.guests
	}
	return n
}

// admitGuest implements role.
func (h *hosting) admitGuest(sub *subscription) error {
	others := h.guestCount()
	if h.guests[sub.member] != nil {
		others--
	}
	if err := h.state.AdmitsGuest(others); err != nil {
		return err
	}
	h.seatGuest(sub).inside = true
	h.welcome(sub, func() api.Snapshot { return h.snapshot(sub.member, millis(h.now())) })
	h.guestsChanged()
	return nil
}

// guestsChanged implements role: everybody is told how many guests there are, not more often than of other listeners.
func (h *hosting) guestsChanged() {
	h.people.stale = true
	h.tellAudience()
	h.show(h.summary(), h.state.Admits)
	h.announceSoon()
}

// guestsFrom takes in how many guests another node has in the room. It is the node's word alone, so it counts against the
// node and never against members.
func (h *hosting) guestsFrom(o *home, count int) error {
	switch {
	case count < 0:
		return reason.Reject(reason.StreamInvalid, "%d guests", count)
	case count > homeGuests:
		return reason.Reject(reason.RoomGuestsFull, "%d from one node", homeGuests)
	}
	if count > o.guests {
		if err := h.state.AdmitsGuest(h.guestCount() - o.guests + count - 1); err != nil {
			return err
		}
	}
	if o.guests != count {
		o.guests = count
		h.guestsChanged()
	}
	return nil
}

// closeToGuests puts all guests out if the room is no longer public. Other nodes do it when they hear of the change.
func (h *hosting) closeToGuests() {
	if h.state.Entry() == statement.RoomPublic {
		return
	}
	h.dropGuests(h.state.AdmitsGuest(0))
	for _, o := range h.homes {
		o.guests = 0
	}
	h.people.stale = true
}

// putOut ends the presence of somebody who may not be in the room any more, by whatever way they are here.
func (h *hosting) putOut(key identity.PublicKey) {
	if o := h.via[key]; o != nil {
		delete(o.visits, key)
		o.send(link.Left{Member: key, Reason: reason.RoomChosen})
		h.line.changed = true
	}
	h.dropApps(key)
	h.forget(key)
	h.stream.close(key, reason.Reject(reason.RoomChosen, ""))
}

// keepGuests lets the guests of a relay that takes the room over listen on. Most followed it before.
func (h *hosting) keepGuests(before map[identity.PublicKey]*subscription) {
	others := 0
	for key, g := range h.guests {
		if err := h.state.AdmitsGuest(others); err != nil {
			h.dropGuest(key, err)
			continue
		}
		others++
		g.inside = true
		if before[key] == g.sub {
			h.stream.subs[key] = g.sub
			g.sub.offer(h.snapshot(key, millis(h.now())))
		} else {
			h.welcome(g.sub, func() api.Snapshot { return h.snapshot(key, millis(h.now())) })
		}
	}
}

// chosen implements role.
func (h *hosting) chosen(member identity.PublicKey) (api.Chosen, <-chan chosen, error) {
	if role, _ := h.state.Role(member); role != rooms.Moderator {
		return api.Chosen{}, nil, reason.Reject(reason.RoomRole, "only moderators see whom they chose")
	}
	list := api.Chosen{People: []api.Member{}}
	for _, key := range h.state.Chosen() {
		list.People = append(list.People, h.member(key))
	}
	return list, nil, nil
}

// admitGuest implements role. Their snapshot comes when the host counts them.
func (r *relaying) admitGuest(sub *subscription) error {
	if r.reached {
		if err := guestsMay(r.state.Room.Entry); err != nil {
			return err
		}
	}
	r.seatGuest(sub)
	if r.told {
		sub.offer(r.hostChanged(api.HostLost))
	}
	r.guestsChanged()
	return nil
}

// guestsMay says why no guest may be in a room of that entry; nil for a public one.
func guestsMay(entry statement.RoomEntry) error {
	switch entry {
	case statement.RoomPublic:
		return nil
	case statement.RoomChosen:
		return reason.Reject(reason.RoomChosen, "")
	default:
		return reason.Reject(reason.RoomMembers, "")
	}
}

// guestsChanged implements role: it tells the host how many guests there are, and lets in those for whom it says yes. A
// node that relays guests vouches for them: the host knows none of them.
func (r *relaying) guestsChanged() {
	r.vacant()
	u := r.up
	if u == nil {
		return // the next host is told when it welcomes this node
	}
	asked := slices.Collect(maps.Values(r.guests))
	u.request(func(id int64) link.Message { return link.Guests{ID: id, Count: len(asked)} }, func(a link.Answer) {
		if r.up != u {
			return // the next host is asked
		}
		err := a.Err()
		for _, g := range asked {
			switch here := r.guests[g.sub.member] == g; {
			case !here || g.inside && err == nil:
			case err == nil:
				g.inside = true
				r.welcomeGuest(g)
			case !g.inside || reason.Of(err) != reason.RoomGuestsFull:
				r.dropGuest(g.sub.member, err)
			}
		}
		if err != nil {
			r.vacant()
		}
	})
}

func (r *relaying) welcomeGuest(g *guest) {
	if r.stream.subs[g.sub.member] == g.sub { // at a new host: the state that has been told is the new one's
		return
	}
	r.welcome(g.sub, func() api.Snapshot { return r.snapshot(g.sub.member) })
}

// recount has a new host count this node's guests anew.
func (r *relaying) recount() {
	if len(r.guests) == 0 {
		return
	}
	for _, g := range r.guests {
		g.inside = false
	}
	r.guestsChanged()
}

// nobody reports that no one at this node is in the room.
func (r *relaying) nobody() bool { return len(r.locals) == 0 && len(r.guests) == 0 }

// chosen implements role.
func (r *relaying) chosen(member identity.PublicKey) (api.Chosen, <-chan chosen, error) {
	if r.up == nil {
		return api.Chosen{}, nil, reason.Reject(reason.RoomHostLost, "")
	}
	later := make(chan chosen, 1)
	r.up.request(func(id int64) link.Message { return link.AskChosen{ID: id, Member: member} }, func(a link.Answer) {
		var c chosen
		c.err = r.reply(a, &c.list)
		later <- c
	})
	return api.Chosen{}, later, nil
}

// chosen is an answer of another node about whom the moderators of a room chose.
type chosen struct {
	list api.Chosen
	err  error
}

// chosenFor asks the room's role for the list.
func (r *room) chosenFor(ctx context.Context, member identity.PublicKey) (api.Chosen, error) {
	var here api.Chosen
	var later <-chan chosen
	if err := r.do(ctx, func() (err error) {
		here, later, err = r.role.chosen(member)
		return err
	}); err != nil || later == nil {
		return here, err
	}
	select {
	case there := <-later:
		return there.list, there.err
	case <-r.done:
		return api.Chosen{}, reason.Reject(reason.RoomEnded, "")
	case <-ctx.Done():
		return api.Chosen{}, context.Cause(ctx)
	}
}

// chosenBy is the list, for a moderator who is here by way of that node.
func (h *hosting) chosenBy(o *home, member identity.PublicKey) (any, error) {
	if h.via[member] != o {
		return nil, reason.Reject(reason.RoomNotHere, "")
	}
	list, _, err := h.chosen(member)
	return list, err
}

// admitted says to whom a room for chosen people may be shown here: those who are in it. Whom else its moderators chose,
// only its host knows.
func (r *relaying) admitted() func(identity.PublicKey) error {
	if r.state.Room.Entry != statement.RoomChosen {
		return func(identity.PublicKey) error { return nil }
	}
	inside := map[identity.PublicKey]bool{}
	for key, l := range r.locals {
		inside[key] = l.inside
	}
	return func(key identity.PublicKey) error {
		if !inside[key] {
			return reason.Reject(reason.RoomChosen, "")
		}
		return nil
	}
}
