package node

import (
	"fmt"
	"slices"
	"time"

	"golang.org/x/time/rate"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/link"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/storage"
)

// hosting is the role of the node that decides: it sequences the room and forwards its audio. All of it is owned by the
// room's loop.
//
// A command becomes real in this order: the pure transition; what it takes away is taken away in the media at once; the
// durable part is stored; what it gives is given in the media; everybody is told. If storing fails, the old state stays
// and the actor gets the error.
type hosting struct {
	*room

	state    rooms.State
	clock    clock                            // see [hosting.time]
	numbers  map[identity.PublicKey]uint32    // of everybody whom the media knows, here or at another node
	allowed  map[uint32]bool                  // whom the media forwards, by number
	homes    map[identity.PublicKey]*home     // the other nodes with members in the room
	via      map[identity.PublicKey]*home     // who is here by way of another node
	foreign  map[identity.PublicKey]foreigner // people who came by way of another node
	visits   map[identity.PublicKey]*visit    // the entries of members of this node
	line     line
	watching watching
	reacted  reactions
	rivals   rooms.Rivals
	people   struct {
		stale bool      // somebody came or went since the last audience event
		last  time.Time // when that was
	}
	announced struct {
		next time.Time // the next announcement at the latest
		last time.Time
		sum  int // people, when it was last announced

		number int64                       // of the last announcement
		bundle []byte                      // the last announcement
		told   map[identity.PublicKey]bool // the nodes that were told of it, where it was not for all
	}
}

func newHosting(r *room, state rooms.State) *hosting {
	return &hosting{
		room:    r,
		state:   state,
		numbers: map[identity.PublicKey]uint32{},
		allowed: map[uint32]bool{},
		homes:   map[identity.PublicKey]*home{},
		via:     map[identity.PublicKey]*home{},
		foreign: map[identity.PublicKey]foreigner{},
		visits:  map[identity.PublicKey]*visit{},
		reacted: reactions{limits: map[identity.PublicKey]*rate.Limiter{}},
	}
}

// time is what the machine's clock says, in Unix milliseconds. If that was set back, the room is too: what is held would be
// held for as much longer.
func (h *hosting) time(now time.Time) int64 {
	if by := h.clock.back(millis(now), now.Sub(h.born)); by > 0 {
		h.log.Warn("the clock was set back", "room", h.id, "by", ms(by))
		h.state = h.state.SetBack(by)
	}
	return millis(now)
}

// until is how long it is from one time in Unix milliseconds to a later one; idle, if it is longer.
func until(at, next int64) time.Duration { return ms(min(next-at, idle.Milliseconds())) }

// enter implements role.
func (h *hosting) enter(sub *subscription) error {
	// Entering from elsewhere must not read as leaving, so the old connection ends first.
	h.stream.close(sub.member, reason.Reject(reason.RoomReplaced, ""))
	h.comesBy(sub.member, nil)
	delete(h.foreign, sub.member) // a member of this node is called what their profile here says
	// Entering mutes. Whoever speaks by an app has been here all along.
	if h.apps.voice(sub.member) == nil || !h.state.Present(sub.member) {
		if err := h.apply(rooms.Command{Actor: sub.member, Do: rooms.Enter{}}); err != nil {
			return err
		}
	}
	h.know(sub.member)
	if h.visits[sub.member] == nil {
		sub.run = "" // they have no nonce that is good, so they begin with a snapshot
	}
	h.welcome(sub, func() api.Snapshot { return h.snapshotOf(sub.member) })
	return nil
}

// answer implements role. Nobody is asked to sign their way into a room of this node.
func (h *hosting) answer(*subscription, string) error {
	return reason.Reject(reason.RequestInvalid, "no entry was asked for")
}

// left implements role.
func (h *hosting) left(sub *subscription) {
	now, connected := h.stream.subs[sub.member]
	if connected && now != sub || h.via[sub.member] != nil {
		return // replaced: nobody has left
	}
	h.stream.close(sub.member, nil)
	if !h.state.Present(sub.member) { // they left, or were removed, before their connection ended
		return
	}
	if h.apps.connected(sub.member) { // an app holds the place
		if h.apps.voice(sub.member) == nil {
			h.silent(sub.member)
		}
		return
	}
	h.must(rooms.Command{Actor: sub.member, Do: rooms.Disconnect{}})
}

// act implements role.
func (h *hosting) act(actor identity.PublicKey, action api.Action, signed *act) (<-chan error, error) {
	if action.Type == api.ActReact {
		return nil, h.react(actor, action.Reaction)
	}
	do, err := command(action)
	if err != nil {
		return nil, err
	}
	c := rooms.Command{Actor: actor, Do: do}
	if c.Act, err = h.allow(actor, action, signed); err != nil {
		return nil, err
	}
	if action.Reason != nil {
		c.Reason = *action.Reason
	}
	if err := h.apply(c); err != nil {
		return nil, err
	}
	if action.Type == api.ActLeave {
		h.dropApps(actor)
		h.stream.close(actor, nil)
	}
	return nil, nil
}

// number implements role.
func (h *hosting) number(member identity.PublicKey) (uint32, error) {
	n, ok := h.state.Number(member)
	switch {
	case h.state.Removed(member):
		return 0, h.removedError(member)
	case !ok || !h.state.Present(member) || h.via[member] != nil:
		return 0, reason.Reject(reason.RoomNotHere, "")
	}
	return n, nil
}

// audience implements role.
func (h *hosting) audience(of api.AudiencePage) (api.Audience, <-chan page) {
	return h.listeners(of), nil
}

// admits implements role. Somebody who may not enter learns it before they try to.
func (h *hosting) admits(member identity.PublicKey) error {
	if h.state.Removed(member) {
		return h.removedError(member)
	}
	return h.state.Admits(member)
}

// tick implements role.
func (h *hosting) tick(now time.Time) {
	at := h.time(now)
	if next := h.state.Next(); next != 0 && next <= at {
		h.must(rooms.Command{Do: rooms.Tick{}})
	}
	h.tellAudience()
	h.tellReactions()
	h.dropSilent(now)
	h.watch(now)
	h.keepLine(now)
	h.renew(h.rivals.Take(h.ran(now))...)
	if !now.Before(h.announced.next) {
		h.announce(now)
	}
}

// due implements role.
func (h *hosting) due(now time.Time) time.Duration {
	wait := min(h.watchIn(now), h.announced.next.Sub(now))
	at := h.time(now)
	if next := h.state.Next(); next != 0 {
		wait = min(wait, until(at, next))
	}
	if next := h.rivals.Due(); next != 0 {
		wait = min(wait, until(h.ran(now), next))
	}
	if h.people.stale {
		wait = min(wait, h.people.last.Add(audienceEvery).Sub(now))
	}
	if h.reacted.waiting() {
		wait = min(wait, h.reacted.last.Add(reactionsEvery).Sub(now))
	}
	if len(h.homes) > 0 {
		wait = min(wait, pingEvery)
	}
	return wait
}

// leave implements role.
func (h *hosting) leave() {
	for _, home := range h.homes {
		h.media.DropLink(home.name())
		home.end(nil)
	}
	clear(h.homes)
	clear(h.via)
}

// must applies what happens to a room whether or not it can be written down: people go, time passes.
func (h *hosting) must(c rooms.Command) {
	c.At = h.time(h.now())
	next, events, err := h.state.Apply(c)
	if err != nil {
		h.log.Error("the room refused what cannot be refused", "room", h.id, "action", fmt.Sprintf("%T", c.Do), "error", err)
		return
	}
	h.silence(next)
	if err := h.save(c, next, events); err != nil {
		h.log.Error("the room goes on, but a restart will not know of the last change", "room", h.id, "error", err)
	}
	h.publish(c, next, events)
}

// apply is a command of a person.
func (h *hosting) apply(c rooms.Command) error {
	c.At = h.time(h.now())
	next, events, err := h.state.Apply(c)
	if reason.Of(err) == reason.RoomRemoved && h.state.Removed(c.Actor) {
		return h.removedError(c.Actor)
	}
	if err != nil {
		return err
	}
	h.silence(next)
	if err := h.save(c, next, events); err != nil {
		h.permit(h.state)
		return err
	}
	h.publish(c, next, events)
	return nil
}

// save stores what must survive a restart. The end of the room is written to the log instead, and removals to both. That
// a line of the room's log cannot be stored is no reason to refuse what a moderator did.
func (h *hosting) save(c rooms.Command, next rooms.State, events []rooms.Event) error {
	if _, over := next.Ended(); over {
		return h.hallway.finish(h.room)
	}
	if rooms.Durable(events) {
		err := h.storeWith(next, removalActs(c, events))
		if err == nil {
			h.carry(next, events)
		}
		return err
	}
	if rooms.Noted(events) {
		if err := h.store(next); err != nil {
			h.log.Error("a restart will not know what a moderator did", "room", h.id, "error", err)
		}
	}
	return nil
}

// carry keeps removals for the next room of the series.
func (h *hosting) carry(next rooms.State, events []rooms.Event) {
	id := h.body().Schedule
	if id.IsZero() || !slices.ContainsFunc(events, isAboutRemovals) {
		return
	}
	if err := h.hallway.nodes.plans.carry(id, h.id, next.Removals()); err != nil {
		h.log.Error("the next room of the series will not know of a removal", "room", h.id, "error", err)
	}
}

func isAboutRemovals(event rooms.Event) bool {
	switch event.(type) {
	case rooms.Removed, rooms.RemovalEnded:
		return true
	}
	return false
}

// store writes the room down.
func (h *hosting) store(state rooms.State) error {
	stored, err := h.stored(state)
	if err != nil {
		return err
	}
	return h.hallway.community.journal.store.Commit(storage.Batch{Rooms: []storage.Room{stored}})
}

// stored is the room as the store keeps it.
func (h *hosting) stored(state rooms.State) (storage.Room, error) {
	record, err := state.Record().Encode()
	if err != nil {
		return storage.Room{}, fmt.Errorf("node: %w", err)
	}
	stored := storage.Room{ID: h.id, Create: h.create.Text(), Title: h.title, Record: record}
	if h.tenure.Epoch > 1 { // the announcement proves how this node came to host the room
		stored.Line = h.announced.bundle
	}
	return stored, nil
}

// silence stops the media of everybody who may not be heard in next: before anything is written or told.
func (h *hosting) silence(next rooms.State) {
	for number, may := range h.allowed {
		if may && !maySend(next, number) {
			h.media.Allow(number, false)
			h.allowed[number] = false
		}
	}
}

// permit makes the media forward exactly those who may be heard in state.
func (h *hosting) permit(state rooms.State) {
	h.silence(state)
	for _, p := range state.Stage() {
		if may := state.MaySend(p.Key); may && !h.allowed[p.Number] {
			h.media.Allow(p.Number, true)
			h.allowed[p.Number] = true
		}
	}
}

func maySend(state rooms.State, number uint32) bool {
	for _, p := range state.Stage() {
		if p.Number == number {
			return state.MaySend(p.Key)
		}
	}
	return false
}

// publish makes next the state of the room and tells everybody, here and at the other nodes.
func (h *hosting) publish(c rooms.Command, next rooms.State, events []rooms.Event) {
	h.state = next
	h.permit(next)
	at := millis(h.now())
	for _, event := range events {
		switch event.(type) {
		case rooms.AudienceChanged:
			h.people.stale = true
			continue
		case rooms.PutOut: // for whom it concerns
			continue
		case rooms.EntryChanged, rooms.ChosenChanged: // for the homes of those whom it lets in, too
			h.announced.sum = -1
			h.doors++
		}
		if _, ok := event.(rooms.Logged); ok {
			continue // the events before it carry the act
		}
		h.broadcast(h.stream.send(at, func(head api.Head) api.Event { return acted(h.wire(event, head), event, c) }))
	}
	h.dropGone(c.Actor, events)
	for _, o := range h.homes {
		h.look(o)
	}
	h.tellAudience()
	if rooms.Durable(events) || rooms.Noted(events) {
		h.sendRecord()
	}
	h.show(h.summary(), h.state.Admits)
	h.announceSoon()
}

// broadcast passes an event on to the other nodes: once a node, however many of its members are here.
func (h *hosting) broadcast(event api.Event) {
	if len(h.homes) == 0 {
		return
	}
	raw, err := link.Raw(event)
	if err != nil {
		h.log.Error("an event cannot be encoded", "room", h.id, "error", err)
		return
	}
	for _, home := range h.homes {
		if home.sees {
			home.send(link.Event{Event: raw})
		}
	}
}

// dropGone ends the connections of those whom a command took out of the room. A place that is held keeps its media
// connection: it may outlive the loss of the other one.
func (h *hosting) dropGone(actor identity.PublicKey, events []rooms.Event) {
	h.forget(actor)
	for _, event := range events {
		switch e := event.(type) {
		case rooms.StageLeft:
			h.forget(e.Key)
		case rooms.Removed:
			h.forget(e.Removal.Key)
			h.dropApps(e.Removal.Key)
			h.stream.close(e.Removal.Key, h.removedError(e.Removal.Key))
		case rooms.PutOut:
			h.putOut(e.Key)
		case rooms.EntryChanged:
			h.closeToGuests()
		case rooms.Ended:
			h.hallway.community.earnings.left(h.id, h.state.Config().Creator, true)
			h.stream.closeAll(nil)
			h.over = true
		}
	}
}

// forget ends what the media has to do with somebody who has no place in the room any more.
func (h *hosting) forget(key identity.PublicKey) {
	if home := h.via[key]; home != nil && !h.state.Present(key) {
		delete(h.via, key)
	}
	number, known := h.numbers[key]
	if !known || h.onStage(key) || h.state.Present(key) {
		return
	}
	h.media.Drop(number)
	h.cutApps(key)
	delete(h.numbers, key)
	delete(h.legs, key)
	delete(h.allowed, number)
	delete(h.reacted.limits, key)
}

func (h *hosting) onStage(key identity.PublicKey) bool {
	role, ok := h.state.Role(key)
	return ok && role != rooms.Listener
}

// know notes somebody who has entered: their number, and the way their voice comes.
func (h *hosting) know(member identity.PublicKey) {
	number, ok := h.state.Number(member)
	if !ok {
		return
	}
	h.numbers[member] = number
	h.media.Carry(number, h.via[member].name())
}

// tellAudience sends the audience if it changed and the last such event is old enough.
func (h *hosting) tellAudience() {
	now := h.now()
	if !h.people.stale || now.Before(h.people.last.Add(audienceEvery)) {
		return
	}
	h.people.stale, h.people.last = false, now
	h.broadcast(h.stream.send(millis(now), func(head api.Head) api.Event {
		head.Type = api.EventAudience
		return api.AudienceChanged{Head: head, Audience: h.page(0, audiencePage)}
	}))
}
