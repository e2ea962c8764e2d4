package node

import (
	"maps"
	"slices"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/link"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/statement"
	"github.com/stoa-rooms/stoa/storage"
)

// election is what a relay knows for the time when the host is lost. The rules are in package rooms.
type election struct {
	list   statement.Statement // the host's list of successors; zero: none
	addrs  map[identity.PublicKey][]string
	record jsontext.Value // the durable part of the room

	since time.Time // when the host was lost; zero while it is there
	votes rooms.Votes
}

// begin notes that the host is lost since some time before. So much has passed then, as for vote.
func (e *election) begin(since time.Time, ran int64) {
	if e.since.IsZero() {
		e.since = since
		e.votes.Begin(ran)
	}
}

// reset begins anew with a host.
func (e *election) reset() { *e = election{addrs: e.addrs} }

// place is a node's place in the line, from 0; -1 without one.
func (e *election) place(node identity.PublicKey) int {
	return slices.Index(e.nodes(), node)
}

// listed takes in the host's list.
func (e *election) listed(r *relaying, m link.Line) {
	st, err := statement.ParseKind[*statement.Succession](m.List)
	if err == nil {
		err = r.tenure.CheckList(st)
	}
	if err != nil {
		r.hostLost(r.attempt, reason.Reject(reason.StreamInvalid, "a list of successors that is not the host's: %v", err))
		return
	}
	e.list, e.addrs = st, m.Addrs
}

// elect does what a node in line has to, when the host is lost: it says so, and claims the room when its turn comes.
func (r *relaying) elect(now time.Time) {
	e := &r.election
	place := e.place(r.self())
	if e.since.IsZero() || r.up != nil || place < 0 || e.record == nil {
		return
	}
	gone := now.Sub(e.since) - hostGone
	if gone < 0 {
		return
	}
	if !e.votes.Said(r.self()) {
		r.sayLost(now)
	}
	ahead, all := 0, true
	for i, node := range e.nodes() {
		if !r.hallway.nodes.host.Connected(node) {
			continue
		}
		if i < place {
			ahead++
		}
		all = all && e.votes.Said(node)
	}
	if ahead == 0 && all || gone >= ms(rooms.ClaimDelay(ahead)) {
		r.claim(now)
	}
}

// hostGone is how long a host is silent before it is gone.
const hostGone = rooms.MissesGone * rooms.PingEvery * time.Millisecond

// pingEvery is how often a relay asks the host for a sign of life.
const pingEvery = rooms.PingEvery * time.Millisecond

// ms is a duration in milliseconds as package rooms counts them.
func ms(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

// nodes are those in line.
func (e *election) nodes() []identity.PublicKey {
	if e.list.IsZero() {
		return nil
	}
	return e.list.Body().(*statement.Succession).Nodes
}

// sayLost signs that the host is lost, once an epoch, and tells the others in line.
func (r *relaying) sayLost(now time.Time) {
	st := r.said
	if st.IsZero() || r.tenure.CheckLost(r.election.list, st) != nil { // of an earlier epoch
		var err error
		if st, err = statement.Sign(&statement.Lost{
			Room: r.id, IssuedAt: seconds(now), Epoch: r.tenure.Epoch, Host: r.tenure.Host,
		}, r.hallway.community.journal.key); err != nil {
			r.log.Error("the loss of the host cannot be signed", "room", r.id, "error", err)
			return
		}
		r.said = st
	}
	r.vote(st)
	for _, node := range r.election.nodes() {
		if node != r.self() {
			r.hallway.nodes.tell(node, r.election.addrs[node], link.Lost{Room: r.id, Lost: st.Text()})
		}
	}
}

// ran is how long the room has been here, in milliseconds: whether a vote still stands is no matter of what the clock says.
func (r *room) ran(now time.Time) int64 { return now.Sub(r.born).Milliseconds() }

// vote counts a node's word that the host is lost.
func (r *relaying) vote(st statement.Statement) {
	r.election.votes.Hear(r.tenure, r.election.list, st, r.ran(r.now()))
}

// claim makes this node the host.
func (r *relaying) claim(now time.Time) {
	e := &r.election
	next, err := r.tenure.Claim(e.list, e.votes.For(r.tenure, e.list), seconds(now), r.hallway.community.journal.key)
	if err == nil {
		err = r.takeOver(next)
	}
	if err != nil {
		r.log.Error("the room cannot be taken over", "room", r.id, "error", err)
		e.since = now // and again, later
	}
}

// takeOver goes on as the host, with the room as the last one left it: everybody has their place, muted.
func (r *relaying) takeOver(t rooms.Tenure) error {
	record, err := rooms.ParseRecord(r.election.record)
	if err != nil {
		return err
	}
	h := newHosting(r.room, rooms.Takeover(record, t.Epoch, millis(r.now())))
	for _, p := range r.state.Stage {
		h.foreign[p.Key] = foreigner{name: p.Name, picture: p.Picture}
	}
	for _, hand := range r.state.Hands {
		h.foreign[hand.Key] = foreigner{name: hand.Name, picture: hand.Picture}
	}
	others := r.election.nodes()
	addrs := r.election.addrs
	locals := r.locals
	r.leave()
	r.tenure, r.role = t, h
	r.hallway.community.meters.succession(hostTaken)
	r.log.Info("this node hosts the room now", "room", r.id, "epoch", t.Epoch)
	h.media.Lead()
	h.stream.forget()
	if r.told {
		h.stream.tell(r.hostChanged(api.HostLive))
	}
	before := h.stream.takeOut()
	for member, l := range locals {
		h.receive(member, l, before[member] == l.sub)
	}
	h.keepGuests(before)
	h.announce(h.now())
	if err := h.store(h.state); err != nil {
		h.log.Error("the room goes on, but a restart will not know of it", "room", h.id, "error", err)
	}
	h.tellOthers(others, addrs)
	return nil
}

// receive takes in a member of this node who was in the room while another hosted it, and perhaps followed it.
func (h *hosting) receive(member identity.PublicKey, l *visitor, followed bool) {
	sub := l.sub
	if err := h.apply(rooms.Command{Actor: member, Do: rooms.Enter{}}); err != nil {
		sub.end(err)
		if l.number != 0 {
			h.media.Drop(l.number)
		}
		h.cutApps(member)
		delete(h.legs, member)
		return
	}
	number, _ := h.state.Number(member)
	if l.number != 0 && l.number != number {
		h.media.Renumber(l.number, number)
	}
	if _, has := h.legs[member]; has {
		h.legs[member] = number
	}
	h.know(member)
	if followed {
		h.stream.subs[member] = sub
		sub.offer(h.snapshotOf(member))
		return
	}
	sub.run = "" // they have no nonce of this host
	h.welcome(sub, func() api.Snapshot { return h.snapshotOf(member) })
}

// tellOthers says to nodes who hosts the room now. What they answer comes to [room.told].
func (h *hosting) tellOthers(nodes []identity.PublicKey, addrs map[identity.PublicKey][]string) {
	proof, err := h.tenure.Encode()
	if err != nil {
		h.log.Error("the claim cannot be encoded", "room", h.id, "error", err)
		return
	}
	for _, node := range nodes {
		if node != h.self() {
			h.hallway.nodes.tell(node, addrs[node], link.Takeover{Room: h.id, Tenure: proof})
		}
	}
}

// stepDown follows another host: everybody here stays connected, and signs their way in there.
func (h *hosting) stepDown(t rooms.Tenure) {
	for _, member := range slices.Collect(maps.Keys(h.apps.byMember)) {
		if h.stream.subs[member] == nil && h.apps.connected(member) { // only by the page can they sign their way in
			h.dropApps(member)
		}
	}
	h.announceFor(h.now(), rooms.LastLife)
	h.hallway.community.meters.succession(hostGiven)
	h.log.Info("another node hosts the room now", "room", h.id, "host", t.Host, "epoch", t.Epoch)
	r := newRelaying(h.room)
	r.bring = h.state.Removals()
	r.reached = true
	r.state = api.State{}.Apply(h.snapshot(identity.PublicKey{}, millis(h.now())))
	for member, sub := range h.stream.subs {
		if sub.guest {
			continue // counted by the next host
		}
		l := &visitor{sub: sub, asked: h.now()}
		if number, ok := h.numbers[member]; ok {
			l.number = number
		}
		r.locals[member] = l
	}
	for number, may := range h.allowed {
		if may {
			h.media.Allow(number, false)
		}
	}
	h.leave()
	if err := h.hallway.community.journal.store.Commit(storage.Batch{DropRooms: []statement.ID{h.id}}); err != nil {
		h.log.Error("the room that another node hosts cannot be forgotten; a restart will look for its host", "room", h.id, "error", err)
	}
	h.tenure, h.role = t, r
	r.dial()
}

// learn takes in what proves who hosts the room, if it prevails over what is known.
func (r *relaying) learn(proof jsontext.Value) error {
	t, err := rooms.ParseTenure(r.create, proof)
	if err != nil {
		return err
	}
	r.follow(t, true)
	return nil
}

// follow goes to another host, if its tenure counts more than the present one's, or if it is what announcements prefer
// and the present one is lost.
func (r *relaying) follow(t rooms.Tenure, preferred bool) {
	same := t.Host == r.tenure.Host && t.Epoch == r.tenure.Epoch
	if same || t.Host == r.self() || t.Compare(r.tenure) < 0 && (!preferred || r.up != nil) {
		return
	}
	if r.up != nil {
		u := r.up
		r.up = nil
		u.abandon()
		u.end()
	}
	if !r.told {
		r.told = true
		r.stream.tell(r.hostChanged(api.HostLost))
	}
	r.tenure = t
	r.attempt++
	r.election = election{addrs: r.election.addrs}
	r.dialing, r.failed, r.redial = false, 0, r.now()
}

// heard implements role.
func (r *relaying) heard(a rooms.Announcement) {
	r.follow(a.Tenure, true)
	if a.State == statement.RoomEnded && a.Host == r.tenure.Host && r.up == nil {
		r.hallway.endedElsewhere(r.room)
		r.endAll(reason.Reject(reason.RoomEnded, ""))
	}
}

// heard implements role. Two nodes that both host the room are apart no longer: one gives way.
func (h *hosting) heard(a rooms.Announcement) {
	if a.Host != h.self() {
		h.rivals.Hear(h.tenure, a.Tenure, h.ran(h.now()))
		h.decide(h.tenure.Hear(a, h.hallway.nodes.started), a.Tenure, a.Addrs)
	}
}

// decide does what the rules say about another host of the room.
func (h *hosting) decide(d rooms.Decision, other rooms.Tenure, addrs []string) {
	switch d {
	case rooms.Yield:
		h.stepDown(other)
	case rooms.Ask:
		h.tellOthers([]identity.PublicKey{other.Host}, map[identity.PublicKey][]string{other.Host: addrs})
	case rooms.Stay:
		h.announce(h.now())
	}
}

// hearLost takes in that a node in line has lost the host.
func (r *room) hearLost(st statement.Statement) {
	switch role := r.role.(type) {
	case *relaying:
		role.vote(st)
	case *hosting:
		role.renew(st)
	}
}

// hearTakeover takes in that another node hosts the room, as it says itself.
func (r *room) hearTakeover(t rooms.Tenure) {
	switch role := r.role.(type) {
	case *relaying:
		role.follow(t, true)
	case *hosting:
		role.met(t)
	}
}

// renew adds to the claim by which this node hosts the room what others say later of the host that was lost: it weighs
// more then, should that one come back.
func (h *hosting) renew(lost ...statement.Statement) {
	next, more := h.tenure.Renew(lost, seconds(h.now()), h.hallway.community.journal.key)
	if !more {
		return // not about that host, or known
	}
	h.tenure = next
	h.announce(h.now())
	if err := h.store(h.state); err != nil {
		h.log.Error("a restart will not know of the room's last claim", "room", h.id, "error", err)
	}
}

// met is what a host does about another that speaks to it. One that it would ask has just given its answer: it stays.
// Whoever stays says so.
func (h *hosting) met(other rooms.Tenure) {
	if other.Host == h.self() {
		return
	}
	h.rivals.Hear(h.tenure, other, h.ran(h.now()))
	switch d := h.tenure.Decide(other, h.hallway.nodes.started); d {
	case rooms.Yield, rooms.Ask:
		h.decide(rooms.Yield, other, nil)
	case rooms.Stay:
		h.tellOthers([]identity.PublicKey{other.Host}, nil)
	}
}
