package node

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/link"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/statement"
)

// A room that only chosen people may enter is announced to nobody else. Its host tells the nodes at which they are at home,
// each of its own members alone, and shows a home the room only while one of them is in it by way of that home.

// confided is what other nodes told this one alone of such rooms.
type confided struct {
	rooms *rooms.Directory
	whom  map[statement.ID]map[identity.PublicKey]bool // the members of this community who may enter
	door  map[statement.ID]int64                       // rises when those are others
}

func newConfided() confided {
	return confided{
		rooms: rooms.NewDirectory(), whom: map[statement.ID]map[identity.PublicKey]bool{}, door: map[statement.ID]int64{},
	}
}

// maxInvited is how many people one message names: those whom moderators may choose, and those on the stage.
const maxInvited = rooms.MaxChosen + 100

// expire forgets the rooms that this node is told of no more.
func (c *confided) expire(at int64) []statement.ID {
	gone := c.rooms.Expire(at)
	for id := range c.whom {
		if _, live := c.rooms.Get(id); !live {
			delete(c.whom, id)
			delete(c.door, id)
		}
	}
	return gone
}

// hearInvited takes in that members of this community may enter a room for chosen people. The room's host says it, or
// of what is scheduled another node of the room's community.
func (n *network) hearInvited(from identity.PublicKey, m link.Invited) {
	state, founded := n.journal.fold()
	if !founded || len(m.People) > maxInvited {
		return
	}
	if rooms.IsPlan(m.Bundle) {
		if err := n.plans.invited(from, m, n.deny); err != nil {
			n.log.Debug("what is planned for chosen people is not taken", "from", from, "error", err)
		}
		return
	}
	whom := map[identity.PublicKey]bool{}
	for _, key := range m.People {
		if _, member := state.Member(key); member {
			whom[key] = true
		}
	}
	a, changed, err := n.takeConfided(from, m.Bundle, whom)
	if err == nil || reason.Of(err) == reason.ClaimAlive {
		n.pass(a, err == nil)
	} else {
		n.log.Debug("a room for chosen people is not taken", "from", from, "error", err)
	}
	if changed {
		n.hallway.tell()
	}
}

func (n *network) takeConfided(from identity.PublicKey, bundle []byte, whom map[identity.PublicKey]bool) (rooms.Announcement, bool, error) {
	a, err := n.parse(bundle, n.confided.rooms)
	if err == nil && (a.Host != from || a.Entry != statement.RoomChosen) {
		err = reason.Reject(reason.AnnounceHost, "told by another than its host, or not for chosen people")
	}
	if err != nil {
		return a, false, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	changed, err := n.confided.rooms.Add(a, millis(n.now()))
	if err != nil {
		return a, false, err
	}
	if !maps.Equal(n.confided.whom[a.ID], whom) {
		changed = true
		n.confided.door[a.ID]++
	}
	n.confided.whom[a.ID] = whom
	return a, changed, nil
}

// invited reports whether a member may enter a room for chosen people, as its host says.
func (n *network) invited(id statement.ID, member identity.PublicKey) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.confided.whom[id][member]
}

// confidedRooms are the rooms for chosen people at other nodes that somebody here may enter, each with a number that rises when
// others may than before.
func (n *network) confidedRooms() map[statement.ID]confidence {
	n.mu.Lock()
	defer n.mu.Unlock()
	all := map[statement.ID]confidence{}
	for _, a := range n.confided.rooms.Rooms("") {
		if now, opened := n.directory.Get(a.ID); len(n.confided.whom[a.ID]) > 0 && (!opened || now.Number < a.Number) {
			all[a.ID] = confidence{Announcement: a, door: n.confided.door[a.ID]}
		}
	}
	return all
}

// confidence is a room for chosen people, as its host told it.
type confidence struct {
	rooms.Announcement

	door int64
}

// confidedTo are the rooms for chosen people at other nodes that a member may enter.
func (n *network) confidedTo(member identity.PublicKey) []rooms.Announcement {
	n.mu.Lock()
	defer n.mu.Unlock()
	var list []rooms.Announcement
	for _, a := range n.confided.rooms.Rooms("") {
		if now, opened := n.directory.Get(a.ID); n.confided.whom[a.ID][member] && (!opened || now.Number < a.Number) {
			list = append(list, a)
		}
	}
	return list
}

// whose says which nodes are the homes of people, and whom of them each has, as far as this node knows: the other nodes of
// this community have all of its members, as any of them may be where somebody signs in.
func (n *network) whose(everybody []identity.PublicKey) map[identity.PublicKey][]identity.PublicKey {
	state, _ := n.journal.fold()
	homes := map[identity.PublicKey][]identity.PublicKey{}
	siblings := n.siblings()
	for _, key := range everybody {
		if _, own := state.Member(key); own {
			for _, sibling := range siblings {
				homes[sibling] = append(homes[sibling], key)
			}
			continue
		}
		switch home, known := n.hallway.people.home(key); {
		case !known:
			n.hallway.people.seek(key)
		case home != n.journal.key.Public():
			homes[home] = append(homes[home], key)
		}
	}
	return homes
}

// found repeats to the homes of those who may enter what was said before somebody's was known.
func (n *network) found(key identity.PublicKey) {
	for _, r := range n.hallway.live() {
		if r.view.Load().Entry == statement.RoomChosen {
			go r.post(func() {
				if h, ok := r.role.(*hosting); ok {
					h.announced.next = h.now()
				}
			})
		}
	}
	n.plans.repeat(key)
}

// confide tells the homes of those who may enter of the room; and the nodes that hosted it before, which may think that
// they still do, and those that were told the last time, for somebody may be chosen no more.
func (h *hosting) confide(bundle []byte) {
	everybody := append(h.state.Chosen(), h.state.Config().Creator)
	for _, p := range h.state.Stage() {
		if !slices.Contains(everybody, p.Key) {
			everybody = append(everybody, p.Key)
		}
	}
	homes := h.hallway.nodes.whose(everybody)
	for before, is := h.tenure.Before(); is; before, is = before.Before() {
		homes[before.Host] = everybody // who is no member there is passed over
	}
	for node := range h.homes {
		homes[node] = slices.Clip(homes[node])
	}
	for node := range h.announced.told {
		homes[node] = slices.Clip(homes[node])
	}
	delete(homes, h.self())
	h.announced.told = map[identity.PublicKey]bool{}
	for node, people := range homes {
		if h.homes[node] != nil || len(people) > 0 {
			h.announced.told[node] = true
		}
		h.hallway.nodes.tell(node, nil, link.Invited{Bundle: bundle, People: append([]identity.PublicKey{}, people...)})
	}
}

// hideLife is how long, in seconds, the last announcement stands of a room that is for all no more.
const hideLife = 2

// hide announces to all that the room is for chosen people now, and nothing else of it.
func (h *hosting) hide(now time.Time) {
	bundle, err := h.hallway.nodes.announcement(h.room, &statement.Announce{
		Room: h.id, IssuedAt: seconds(now), Expires: seconds(now) + hideLife, Epoch: h.tenure.Epoch, Number: h.announced.number - 1,
		State: statement.RoomLive, Entry: statement.RoomChosen,
	}, nil)
	if err != nil {
		h.log.Error("the room cannot be taken out of the hallways of others", "room", h.id, "error", err)
		return
	}
	h.hallway.nodes.announce(h.room, bundle)
}

// shows reports whether a home is told what happens in the room.
func (h *hosting) shows(o *home) bool {
	return h.state.Entry() != statement.RoomChosen || len(o.visits) > 0
}

// look shows a home the room, or no longer, when who may enter or who is here has changed.
func (h *hosting) look(o *home) {
	shows := h.shows(o)
	if shows == o.sees {
		return
	}
	o.sees, o.line = shows, 0
	if !shows {
		h.media.DropLink(o.name())
		return
	}
	room, err := link.Raw(h.snapshot(o.node, millis(h.now())))
	if err != nil {
		h.log.Error("the room cannot be shown to another node", "room", h.id, "error", err)
		return
	}
	o.send(link.Shown{Room: room})
	h.line.changed = true
}

// blind refuses what a home asks for that is not told of the room.
func (o *home) blind() error {
	if o.sees {
		return nil
	}
	return reason.Reject(reason.RoomChosen, "")
}

// begins takes the room over as the host shows it.
func (r *relaying) begins(snapshot api.Snapshot) {
	r.blind = false
	r.state = api.State{}.Apply(snapshot)
	r.authority = api.NewAuthority(r.id)
	r.authority.Take(snapshot)
	r.hearOf(snapshot)
	if r.reached {
		r.stream.forget()
		for member, sub := range r.stream.subs {
			sub.offer(r.snapshot(member))
		}
	}
	if !r.up.listens {
		r.up.listens = true
		r.listen(r.up)
	}
	r.permit()
}

// waits goes on without being told of the room, until the host lets one of those here in.
func (r *relaying) waits() {
	r.blind = true
	if r.state.Room.ID.IsZero() { // as it was told of
		r.state.Room = *r.view.Load()
	}
	r.state.Room.Entry = statement.RoomChosen
	for number, may := range r.allowed {
		if may {
			r.media.Allow(number, false)
			r.allowed[number] = false
		}
	}
}

// shown takes in that the host shows the room to this node.
func (r *relaying) shown(m link.Shown) {
	snapshot, err := m.Snapshot()
	if err != nil {
		r.hostLost(r.attempt, err)
		return
	}
	r.begins(snapshot)
	r.show(r.summary(), r.admitted())
}

// admits refuses who is not invited to a room for chosen people of another node.
func (n *network) admits(id statement.ID, member identity.PublicKey) error {
	if n.invited(id, member) {
		return nil
	}
	return reason.Reject(reason.RoomChosen, "")
}

// mediaFrom connects a home's audio. What comes of it is answered when it is there.
func (h *hosting) mediaFrom(ctx context.Context, o *home, m link.Media) {
	if err := o.blind(); err != nil {
		o.send(link.Refuse(m.ID, err))
		return
	}
	go func() {
		ctx, cancel := context.WithTimeout(ctx, requestTime)
		defer cancel()
		answer, err := o.room.media.AnswerLink(ctx, o.name(), m.SDP)
		o.post(func(h *hosting) {
			if err == nil && !o.sees {
				h.media.DropLink(o.name())
				err = o.blind()
			}
			h.answerHome(o, m.ID, err, func() (any, error) { return link.MediaAnswer{SDP: answer}, nil })
		})
	}()
}
