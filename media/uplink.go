package media

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/stoa-rooms/stoa/reason"
)

const (
	// maxStrangers is how many people of other nodes a relay keeps in mind, to whom nothing but their voice belongs. At
	// any time no more than the host's slots are heard, so only a host that invents speakers makes any be forgotten.
	maxStrangers = 4 * maxSlots

	// goneFor is how long somebody who was dropped here stays unheard, though the host still sends them. It is longer
	// than any packet is on its way.
	goneFor = 2 * time.Second
)

// AnswerLink answers the offer of a home, a node with people in this room, which then has a new link in place of any
// earlier one. All the link's people are one listener here: they hear each other over it too, and their node leaves
// everybody out of what they hear themselves. Persons given to the home by Carry may be heard over it.
//
// Refusals are media-sdp, media-sdp-size, media-busy, room-ended, shutting-down, and room-host-lost when this node does
// not host the room.
func (r *Room) AnswerLink(ctx context.Context, home, sdp string) (answer string, err error) {
	if home == "" {
		return "", reason.Reject(reason.RequestInvalid, "a link of no node")
	}
	o, err := parseLinkOffer(sdp, r.server.config.Slots)
	if err != nil {
		return "", err
	}
	l := newLink(r, home, &o)
	g, here, err := r.server.open(l, &o, Options{})
	if err != nil {
		return "", err
	}
	if answer, err = g.negotiate(ctx, &o, here); err != nil {
		g.close()
		return "", err
	}
	old, err := r.installLink(l)
	if err != nil {
		g.close()
		return "", err
	}
	if old != nil {
		old.leg.close()
	}
	return answer, nil
}

// installLink makes l the link of its home and returns the one before.
func (r *Room) installLink(l *link) (old *link, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	old = r.links[l.home]
	switch {
	case r.closed:
		return nil, reason.Reject(reason.RoomEnded, "the room was closed during the offer")
	case r.following:
		return nil, reason.Reject(reason.RoomHostLost, "this node does not host the room")
	case old == nil && len(r.links) >= maxLinks:
		return nil, reason.Reject(reason.MediaBusy, "%d links", maxLinks)
	}
	if old != nil {
		old.detachLocked()
	}
	r.links[l.home] = l
	r.startLocked()
	return old, nil
}

// Carry says that a person is heard over the link of a home, and over nothing else; with home "", over a leg of their
// own, as everybody at first. It may come before there is such a link, and holds until Drop.
func (r *Room) Carry(number uint32, home string) {
	p := r.person(number)
	r.mu.Lock()
	defer r.mu.Unlock()
	p.home = home
}

// DropLink ends the link of a home. When it has returned, nothing more goes in or out.
func (r *Room) DropLink(home string) {
	r.mu.Lock()
	l := r.links[home]
	if l != nil {
		l.detachLocked()
	}
	r.mu.Unlock()
	if l != nil {
		l.leg.close()
	}
}

// detachLinksLocked takes all links of relays out of the room. The caller closes the legs.
func (r *Room) detachLinksLocked() (legs []leg) {
	for _, l := range r.links {
		l.detachLocked()
		legs = append(legs, l.leg)
	}
	return legs
}

// detachUplinkLocked takes the link to the host out of the room, and whom only the host knows. The caller closes the
// leg.
func (r *Room) detachUplinkLocked() (legs []leg) {
	if l := r.uplink; l != nil {
		l.detachLocked()
		r.uplink = nil
		legs = append(legs, l.leg)
	}
	for number := range r.strangers {
		r.forwarder.forget(number)
	}
	clear(r.strangers)
	clear(r.gone)
	return legs
}

// Follow makes the room a relay of the node that hosts it: local people's allowed packets go up to the host and
// nowhere else, and what the host sends is what local legs get. exchange carries the offer to the host, whose AnswerLink
// answers it.
//
// The earlier link to a host, links to relays, and what Carry said end at once. Local legs stay, and what they get goes on where it
// left off. Follow returns when audio can flow, or with what prevented it: room-host-lost if the connection fails,
// media-sdp for an answer that is none, media-leg-gone when another Follow or Lead came between, or the error of
// exchange. After a failure local people hear nobody until the next Follow or Lead.
func (r *Room) Follow(ctx context.Context, exchange func(ctx context.Context, offer string) (answer string, err error)) error {
	turn, err := r.cutOver(true)
	if err != nil {
		return err
	}
	slots := r.server.config.Slots
	l := &link{up: newForwarder(slots).countedIn(&r.server.tally), ready: make(chan struct{}), lost: make(chan struct{})}
	l.session = session{room: r, losses: make([]slotLoss, slots)}
	l.countedIn(&r.server.tally)
	g, here, err := r.server.dial(ctx, l)
	if err != nil {
		return err
	}
	if err := r.connectUp(ctx, l, g, here, turn, exchange); err != nil {
		r.abandon(l)
		return err
	}
	select {
	case <-l.ready:
		return nil
	case <-l.lost:
		err = reason.Reject(reason.RoomHostLost, "no connection to the host's media")
	case <-g.done():
		err = reason.Reject(reason.MediaLegGone, "the link was replaced before it connected")
	case <-ctx.Done():
		err = ctx.Err()
	}
	r.abandon(l)
	return err
}

// connectUp negotiates a link and makes it the room's.
func (r *Room) connectUp(ctx context.Context, l *link, g *peerLeg, here local, turn uint64,
	exchange func(ctx context.Context, offer string) (string, error),
) error {
	offer, err := g.offer(ctx, here)
	if err != nil {
		return err
	}
	text, err := exchange(ctx, offer)
	if err != nil {
		return err
	}
	answer, err := parseLinkAnswer(text, r.server.config.Slots)
	if err != nil {
		return err
	}
	answer.addresses = slices.DeleteFunc(answer.addresses, func(at netip.AddrPort) bool { return !r.server.mayCall(at.Addr()) })
	if len(answer.addresses) == 0 {
		return reason.Reject(reason.MediaSDP, "no address of the host that this node may call")
	}
	l.listen(&answer.offer)
	if err := r.installUplink(l, turn); err != nil {
		return err
	}
	return g.accept(&answer)
}

func (r *Room) installUplink(l *link, turn uint64) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.closed:
		return reason.Reject(reason.RoomEnded, "the room was closed during the offer")
	case r.turn != turn:
		return reason.Reject(reason.MediaLegGone, "the room took another turn during the offer")
	case l.over:
		return reason.Reject(reason.RoomHostLost, "the host took too long to answer")
	}
	r.uplink = l
	r.startLocked()
	return nil
}

// abandon ends a link that did not come about.
func (r *Room) abandon(l *link) {
	r.mu.Lock()
	l.detachLocked()
	if r.uplink == l {
		r.uplink = nil
	}
	r.mu.Unlock()
	l.leg.close()
}

// cutOver ends what belonged to the former host, this node or another. It returns the number of the new turn.
func (r *Room) cutOver(following bool) (uint64, error) {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return 0, reason.Reject(reason.RoomEnded, "the room is closed")
	}
	r.turn++
	r.following = following
	legs := r.detachUplinkLocked()
	if following {
		legs = append(legs, r.detachLinksLocked()...)
		r.disownLocked()
	}
	turn := r.turn
	r.mu.Unlock()
	for _, g := range legs {
		g.close()
	}
	return turn, nil
}

// disownLocked forgets the people of other nodes: the next host has other numbers for them.
func (r *Room) disownLocked() {
	for number, p := range r.people {
		switch {
		case p.home == "":
		case len(p.legs) > 0:
			p.home = ""
		default:
			p.may.Store(false)
			p.dropped = true
			r.forgetLocked(number)
			delete(r.people, number)
		}
	}
}

// Lead makes this node the host, as it is at first: local people hear each other without another node, and AnswerLink
// answers. It ends the link to the former host. Local legs stay, and what they get goes on where it left off.
func (r *Room) Lead() {
	_, _ = r.cutOver(false) // a closed room leads nobody
}

// UplinkLost is closed when the present link to the host has failed: the host is gone, or cannot be reached over UDP,
// for about ten seconds. It is nil while there is no link, so ask after Follow has returned.
func (r *Room) UplinkLost() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.uplink == nil {
		return nil
	}
	return r.uplink.lost
}

// Renumber gives somebody with a leg here the number that a new host knows them by. Leg and permission stay.
//
// People come to a new host one after another, and it numbers them as it likes. Whoever has next until then is set
// aside: they keep their leg and hear everything, but are not heard until Renumber gives them, too, their number.
// Renumber, Hangup and Drop still know them by next; Drop means both.
func (r *Room) Renumber(old, next uint32) {
	if old == next || next == 0 {
		return
	}
	r.mu.Lock()
	p := r.aside[old]
	if p == nil {
		p = r.people[old]
		delete(r.people, old)
	}
	delete(r.aside, old)
	if p == nil {
		r.mu.Unlock()
		return
	}
	displaced := r.setAsideLocked(next)
	for _, number := range []uint32{old, next} {
		r.forgetLocked(number)
	}
	delete(r.strangers, next)
	delete(r.gone, next)
	p.number, p.aside = next, false
	r.people[next] = p
	r.mu.Unlock()
	for _, c := range displaced {
		c.leg.close()
	}
}

// setAsideLocked frees a number. It returns the legs, for the caller to close, of somebody who had been set aside under
// it before and was given no number since: they did not come along.
func (r *Room) setAsideLocked(number uint32) (displaced []*connection) {
	p := r.people[number]
	if p == nil {
		return nil
	}
	delete(r.people, number)
	if len(p.legs) == 0 { // known to the former host only
		p.may.Store(false)
		p.dropped = true
		return nil
	}
	if q := r.aside[number]; q != nil {
		q.may.Store(false)
		q.dropped = true
		displaced = r.detachAllLocked(q)
	}
	p.aside = true
	r.aside[number] = p
	return displaced
}

// relayLocked forwards what the host has sent to the local legs.
func (r *Room) relayLocked(a arrival, source uint64) {
	number := a.packet.csrc
	p := r.people[number]
	if p == nil {
		if p = r.strangerLocked(number, a.at); p == nil {
			a.link.refused.Add(1)
			return
		}
	}
	remote := len(p.legs) == 0 // what comes from here was counted on its way up
	if remote {
		p.received.Add(1)
	}
	switch {
	case !p.may.Load():
		a.link.refused.Add(1)
		if remote {
			p.refused.own.Add(1) // the server counts it with the link
		}
	case !p.flow.take(a.at):
		p.excess.Add(1)
	case r.forwarder.relay(p, a.line, source, a.packet, a.at) && remote:
		p.forwarded.Add(1)
		p.last.Store(int64(a.at))
	}
}

// strangerLocked is somebody of another node, or nil if they were dropped a moment ago.
func (r *Room) strangerLocked(number uint32, now time.Duration) *person {
	if at, ok := r.gone[number]; ok {
		if now-at < goneFor {
			return nil
		}
		delete(r.gone, number)
	}
	p := r.strangers[number]
	if p == nil {
		if len(r.strangers) >= maxStrangers {
			r.evictLocked()
		}
		p = newPerson(number).countedIn(&r.server.tally)
		p.may.Store(true)
		r.strangers[number] = p
	}
	p.heard = now
	return p
}

// evictLocked forgets the stranger who was heard the longest ago.
func (r *Room) evictLocked() {
	var oldest *person
	for _, p := range r.strangers {
		if oldest == nil || p.heard < oldest.heard {
			oldest = p
		}
	}
	delete(r.strangers, oldest.number)
	r.forwarder.forget(oldest.number)
}

// leftLocked says that a slot of the host is no longer a speaker's, unless another is.
func (r *Room) leftLocked(l *link, speaker uint32) {
	for i := range l.lines {
		if l.lines[i].run.speaker == speaker {
			return
		}
	}
	r.forwarder.left(speaker)
}

// reportUpLocked tells the host of the local audience's loss, and returns the one that local speakers are told of:
// that of everybody, as the host knows it. Their own node's legs are in it.
func (r *Room) reportUpLocked(audience float64, now time.Duration) float64 {
	for number, at := range r.gone {
		if now-at >= goneFor {
			delete(r.gone, number)
		}
	}
	if r.uplink == nil {
		return audience
	}
	r.uplink.report(audience)
	everybody, _ := r.uplink.loss(now)
	return everybody
}
