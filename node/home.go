package node

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/link"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/p2p"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/statement"
)

// What one other node may bring into a room.
const (
	homePeople = 2000 // people
	homeHands  = 100  // raised hands
	homeActs   = 50   // actions a second; with the burst, a room full of people who do one thing at once
	homeBurst  = 500  //
	homeNonces = 4096 // entries on their way

	homeMessages      = 500  // messages a second, whatever they are
	homeMessagesBurst = 5000 // a node with all its people coming at once

	homeFrames  = 1024             // messages unread before it counts as too slow
	nonceLife   = time.Minute      // from the nonce to the enter
	homeSilence = 10 * time.Second // without a ping, until its members count as gone
)

// home is another node with members in a room that this node hosts: the host's end of their stream.
type home struct {
	room   *room
	node   identity.PublicKey
	stream *p2p.Stream
	out    chan []byte
	latest chan []byte // the room's last record, if it has not been sent: an earlier one is of no use then
	quit   chan struct{}
	once   sync.Once
	why    error         // the last word; set before quit is closed
	flow   *rate.Limiter // of messages; of the reader alone

	// Owned by the room's loop.
	heard  time.Time                     // its last message
	log    int64                         // how far it follows the log that the room was created in
	visits map[identity.PublicKey]*visit // its members in the room
	nonces map[string]issued             // of entries on their way
	acts   *rate.Limiter
	guests int // how many listen there, as it says

	sees bool  // it has the room as it is, and is told what happens
	line int64 // the number of the list of successors that it has
}

// issued is a nonce that has been given out and not used.
type issued struct {
	member identity.PublicKey
	at     time.Time
}

func newHome(r *room, s *p2p.Stream) *home {
	return &home{
		room: r, node: s.Peer(), stream: s,
		out: make(chan []byte, homeFrames), latest: make(chan []byte, 1), quit: make(chan struct{}),
		flow:   rate.NewLimiter(homeMessages, homeMessagesBurst),
		heard:  r.now(),
		visits: map[identity.PublicKey]*visit{},
		nonces: map[string]issued{},
		acts:   rate.NewLimiter(homeActs, homeBurst),
	}
}

// name is what the media calls the node; "" for none.
func (o *home) name() string {
	if o == nil {
		return ""
	}
	return o.node.String()
}

// send queues a message without waiting. A node that does not read in time is dropped, and may come again.
func (o *home) send(m link.Message) {
	frame, err := link.Encode(m)
	if answer, ok := m.(link.Answer); ok && err != nil {
		o.room.log.Error("an answer to another node cannot be sent", "room", o.room.id, "error", err)
		frame, err = link.Encode(link.Refuse(answer.ID, err))
	}
	if err != nil {
		o.room.log.Error("a message to another node cannot be sent", "room", o.room.id, "error", err)
		return
	}
	select {
	case o.out <- frame:
	case <-o.quit:
	default:
		o.end(reason.Reject(reason.RoomTooSlow, "%d messages unread", homeFrames))
	}
}

// record queues the durable part of the room, in place of an earlier one that waits still. It is called by the room's loop
// alone.
func (o *home) record(m link.Record) {
	frame, err := link.Encode(m)
	if err != nil {
		o.room.log.Error("the room's record cannot be sent", "room", o.room.id, "error", err)
		return
	}
	select {
	case <-o.latest:
	default:
	}
	o.latest <- frame
}

// end closes the stream, saying why if there is a reason, after what is queued. The reader then takes the home out of
// the room.
func (o *home) end(why error) {
	o.once.Do(func() {
		o.why = why
		close(o.quit)
	})
}

// write sends what is queued, until the end.
func (o *home) write() {
	if !flush(o.stream, o.out, o.latest, o.quit) {
		return
	}
	if o.why != nil {
		if frame, err := link.Encode(link.Refused{Reason: reason.Of(o.why)}); err == nil {
			_ = o.stream.Send(frame)
		}
	}
	_ = o.stream.Close()
}

// flush sends what is queued until quit is closed, and then what is left. False: the other side does not take it.
func flush(s *p2p.Stream, out, latest <-chan []byte, quit <-chan struct{}) bool {
	for ending := false; ; {
		var frame []byte
		select {
		case frame = <-out: // first: a welcome comes before everything
		default:
			if ending {
				select {
				case frame = <-latest:
				default:
					return true
				}
				break
			}
			select {
			case frame = <-out:
			case frame = <-latest:
			case <-quit:
				ending = true
				continue
			}
		}
		if err := s.Send(frame); err != nil {
			s.Reset()
			return false
		}
	}
}

// read takes in what the other node sends, until the stream ends.
func (o *home) read(ctx context.Context, check entryCheck) {
	defer o.end(nil)
	for {
		frame, err := o.stream.Receive()
		if err != nil {
			return
		}
		m, err := link.Decode(frame)
		if err != nil {
			check.blame(o.node)
			o.end(reason.Reject(reason.StreamInvalid, "%v", err))
			return
		}
		if !o.flow.Allow() {
			o.end(reason.Reject(reason.HomeLimit, "more than %d messages a second", homeMessages))
			return
		}
		if !o.take(ctx, check, m) {
			return
		}
	}
}

// take prepares a message outside the loop, where signatures cost nobody's time, and hands it in. False ends the stream.
//
//nolint:contextcheck // what the loop does with it outlives the stream that brought it
func (o *home) take(ctx context.Context, check entryCheck, m link.Message) bool {
	switch m := m.(type) {
	case link.Enter:
		entry, err := check.enter(m, o.node, o.room.id, o.room.now())
		return o.post(func(h *hosting) { h.answerHome(o, m.ID, err, func() (any, error) { return h.enterFrom(o, entry) }) })
	case link.Act:
		act, err := readAct(m.Act, m.Reason, o.room.id, o.room.now())
		return o.post(func(h *hosting) { h.answerHome(o, m.ID, err, func() (any, error) { return nil, h.actFrom(o, act) }) })
	case link.Profile:
		profile, err := statement.ParseKind[*statement.Profile](m.Profile)
		if err == nil {
			err = api.CheckProfile(profile.Body().(*statement.Profile))
		}
		if err != nil {
			check.blame(o.node)
			return true
		}
		return o.post(func(h *hosting) { h.renamedFrom(o, profile) })
	case link.Speak:
		member, err := checkLend(m.Lend, o.room.id, o.node, o.room.now())
		return o.post(func(h *hosting) {
			h.answerHome(o, m.ID, err, func() (any, error) { return nil, h.speakFrom(o, member) })
		})
	case link.Media:
		return o.post(func(h *hosting) { h.mediaFrom(ctx, o, m) })
	case link.Removals:
		m.Removed = proven(m.Removed, o.room.id)
		return o.post(func(h *hosting) { h.takeFrom(o, m) })
	case link.Ping, link.AskNonce, link.Audience, link.Log, link.Gone, link.Silent, link.Guests, link.AskChosen:
		return o.post(func(h *hosting) { h.takeFrom(o, m) })
	default:
		check.blame(o.node)
		o.end(reason.Reject(reason.StreamInvalid, "%T out of turn", m))
		return false
	}
}

// post hands f to the loop if this node still hosts the room and the home is still in it.
func (o *home) post(f func(h *hosting)) bool {
	return o.room.post(func() {
		if h, ok := o.room.role.(*hosting); ok && h.homes[o.node] == o {
			o.heard = o.room.now()
			f(h)
		}
	})
}

// attach lets another node into the room. It replaces an earlier stream of the same node.
func (h *hosting) attach(o *home) error {
	proof, err := h.tenure.Encode()
	if err != nil {
		return err
	}
	welcome := link.Welcome{Epoch: h.tenure.Epoch, Tenure: proof}
	if o.sees = h.shows(o); o.sees {
		if welcome.Room, err = link.Raw(h.snapshot(o.node, millis(h.now()))); err != nil { // for the node: a snapshot is for somebody
			return err
		}
	}
	if _, err := link.Encode(welcome); err != nil { // or they would wait for it
		return err
	}
	if before := h.homes[o.node]; before != nil {
		h.detach(before)
		before.end(reason.Reject(reason.RoomReplaced, ""))
	}
	h.homes[o.node] = o
	o.send(welcome)
	h.line.changed = true
	return nil
}

// detach takes another node out of the room: its members' connections are lost.
func (h *hosting) detach(o *home) {
	if h.homes[o.node] != o {
		return
	}
	delete(h.homes, o.node)
	h.media.DropLink(o.name())
	for member := range o.visits {
		h.goneFrom(o, member)
	}
	if o.guests > 0 {
		h.guestsChanged()
	}
	h.line.changed = true
}

// dropSilent gives up on nodes that do not ping any more.
func (h *hosting) dropSilent(now time.Time) {
	for _, o := range h.homes {
		if now.Sub(o.heard) > homeSilence {
			h.detach(o)
			o.end(reason.Reject(reason.RoomTooSlow, "no ping for %s", homeSilence))
		}
	}
}

// answerHome does what a request asks for, unless it was refused before, and answers it.
func (h *hosting) answerHome(o *home, id int64, refused error, do func() (any, error)) {
	if refused != nil {
		o.send(link.Refuse(id, refused))
		return
	}
	body, err := do()
	if err != nil {
		o.send(link.Refuse(id, err))
		return
	}
	answer := link.Answer{ID: id}
	if body != nil {
		if answer.Body, err = link.Raw(body); err != nil {
			answer = link.Refuse(id, err)
		}
	}
	o.send(answer)
}

// takeFrom takes in what needs no preparation.
func (h *hosting) takeFrom(o *home, m link.Message) {
	switch m := m.(type) {
	case link.Ping:
		if o.log != m.Log {
			o.log, h.line.changed = m.Log, true
		}
		o.send(link.Answer{ID: m.ID})
	case link.AskNonce:
		h.answerHome(o, m.ID, nil, func() (any, error) { return o.issue(m.Member, h.now()) })
	case link.Audience:
		page := api.AudiencePage{Offset: m.Offset, Limit: min(m.Limit, audiencePage*4), Query: m.Query}
		h.answerHome(o, m.ID, o.blind(), func() (any, error) { return h.listeners(page), nil })
	case link.Log:
		h.answerHome(o, m.ID, o.blind(), func() (any, error) { return h.roomLog(), nil })
	case link.Guests:
		h.answerHome(o, m.ID, nil, func() (any, error) { return nil, h.guestsFrom(o, m.Count) })
	case link.AskChosen:
		h.answerHome(o, m.ID, nil, func() (any, error) { return h.chosenBy(o, m.Member) })
	case link.Gone:
		h.goneFrom(o, m.Member)
	case link.Silent:
		if h.via[m.Member] == o {
			h.silent(m.Member)
		}
	case link.Removals:
		if h.tenure.Hosted(o.node) { // only who hosted the room knows of removals
			h.must(rooms.Command{Do: rooms.Unite{Removed: m.Removed}})
		}
	}
}

// issue gives out the nonce of one entry.
func (o *home) issue(member identity.PublicKey, now time.Time) (link.Nonce, error) {
	for nonce, i := range o.nonces {
		if now.Sub(i.at) > nonceLife {
			delete(o.nonces, nonce)
		}
	}
	if len(o.nonces) >= homeNonces {
		return link.Nonce{}, reason.Reject(reason.HomeLimit, "%d entries on their way", homeNonces)
	}
	nonce := rand.Text()
	o.nonces[nonce] = issued{member: member, at: now}
	return link.Nonce{Nonce: nonce}, nil
}

// enterFrom lets a member of another node in.
func (h *hosting) enterFrom(o *home, e entry) (any, error) {
	i, ok := o.nonces[e.nonce]
	delete(o.nonces, e.nonce)
	switch {
	case !ok || i.member != e.member || h.now().Sub(i.at) > nonceLife:
		return nil, reason.Reject(reason.EnterStale, "the nonce is not one that waits")
	case h.erased(e):
		return nil, reason.Reject(reason.MemberErased, "")
	case e.epoch != h.tenure.Epoch:
		return nil, reason.Reject(reason.EnterStale, "epoch %d, it is %d", e.epoch, h.tenure.Epoch)
	case o.visits[e.member] == nil && len(o.visits) >= homePeople:
		return nil, reason.Reject(reason.HomeLimit, "%d people", homePeople)
	}
	h.comesBy(e.member, o)
	before, known := h.foreign[e.member]
	h.via[e.member], h.foreign[e.member] = o, e.foreigner // before anybody is told
	h.hallway.people.heard(h.member(e.member), o.node)
	h.hallway.people.homes.Add(e.member, o.node)
	if err := h.apply(rooms.Command{Actor: e.member, Do: rooms.Enter{}}); err != nil {
		delete(h.via, e.member)
		if delete(h.foreign, e.member); known {
			h.foreign[e.member] = before
		}
		return nil, err
	}
	o.visits[e.member] = &visit{nonce: e.nonce}
	h.look(o)
	h.know(e.member)
	number, _ := h.state.Number(e.member)
	h.line.changed = true
	return link.Entered{Number: number}, nil
}

// erased reports whether a member of this community has erased themselves, which the node that they come by may not know.
func (h *hosting) erased(e entry) bool {
	state, founded := h.hallway.community.journal.fold()
	return founded && state.Community() == e.foreigner.community && state.Erased(e.member)
}

// comesBy ends what a member had by another way than the one they come by now; nil is this node itself.
func (h *hosting) comesBy(member identity.PublicKey, by *home) {
	before := h.via[member]
	if before == by && by != nil {
		return
	}
	if before != nil {
		delete(h.via, member)
		delete(before.visits, member)
		before.send(link.Left{Member: member, Reason: reason.RoomReplaced})
		h.look(before)
	}
	if by != nil {
		h.stream.close(member, reason.Reject(reason.RoomReplaced, ""))
	}
	if number, known := h.numbers[member]; known && (before != nil || by != nil) {
		h.media.Drop(number)
		h.cutApps(member)
		delete(h.numbers, member)
		delete(h.legs, member)
		delete(h.allowed, number)
	}
}

// actFrom does what a member of another node asks for. The number must be above that of their last act, so nobody
// repeats one.
func (h *hosting) actFrom(o *home, a act) error {
	v := o.visits[a.member]
	switch {
	case v == nil || h.via[a.member] != o:
		return reason.Reject(reason.RoomNotHere, "")
	case !o.acts.AllowN(h.now(), 1):
		return reason.Reject(reason.HomeLimit, "more than %d actions a second", homeActs)
	case a.action.Type == api.ActRaiseHand && h.handsOf(o) >= homeHands:
		return reason.Reject(reason.HomeLimit, "%d hands", homeHands)
	}
	if err := v.take(a); err != nil {
		return err
	}
	if a.action.Type == api.ActReact {
		return h.react(a.member, a.action.Reaction)
	}
	do, err := command(a.action)
	if err != nil {
		return err
	}
	c := rooms.Command{Actor: a.member, Do: do}
	if a.action.Type.Moderates() {
		c.Act = a.statement
	}
	if a.action.Reason != nil {
		c.Reason = *a.action.Reason
	}
	if err := h.apply(c); err != nil {
		return err
	}
	if a.action.Type == api.ActLeave {
		delete(o.visits, a.member)
		h.line.changed = true
		h.look(o)
	}
	return nil
}

// speakFrom unmutes a member of another node by an app that their home has let in. They have lent their voice to it.
func (h *hosting) speakFrom(o *home, member identity.PublicKey) error {
	switch {
	case o.visits[member] == nil || h.via[member] != o:
		return reason.Reject(reason.RoomNotHere, "")
	case !o.acts.AllowN(h.now(), 1):
		return reason.Reject(reason.HomeLimit, "more than %d actions a second", homeActs)
	}
	return h.apply(rooms.Command{Actor: member, Do: rooms.Speak{}})
}

// goneFrom notes that a member's connection to their home is lost.
func (h *hosting) goneFrom(o *home, member identity.PublicKey) {
	if o.visits[member] == nil || h.via[member] != o {
		return
	}
	delete(o.visits, member)
	delete(h.via, member)
	h.line.changed = true
	h.must(rooms.Command{Actor: member, Do: rooms.Disconnect{}})
}

// handsOf counts the raised hands of a node's members.
func (h *hosting) handsOf(o *home) (n int) {
	for _, hand := range h.state.Hands() {
		if h.via[hand.Key] == o {
			n++
		}
	}
	return n
}
