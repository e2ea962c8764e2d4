package media

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// queueSize is how many packets may wait for a room's goroutine: 3 speakers for more than a second. What comes when it
// is full is dropped, so an overloaded node loses packets but adds no delay.
const queueSize = 256

// Room forwards the audio of one room. All methods may be called from any goroutine.
type Room struct {
	id     statement.ID
	server *Server
	queue  chan arrival
	ended  chan struct{} // closed by Close

	// mu guards everything below and is held while one packet is forwarded. So when a method that takes something
	// away has returned, nothing more of it is sent.
	mu        sync.Mutex
	forwarder *forwarder         // to all who have a leg here, and at the host to the relays
	people    map[uint32]*person // whom the room was told of
	aside     map[uint32]*person // of them, who wait for a new number; see Renumber
	running   bool               // the goroutine has been started
	closed    bool
	tell      func(number uint32, leg LegID) // see OnLegClosed

	links map[string]*link // at the host: by home

	following bool                     // another node hosts the room
	turn      uint64                   // counts Follow and Lead: only the latest has an effect
	uplink    *link                    // while following: the link to the host, nil before it is there
	strangers map[uint32]*person       // while following: who is heard from the host, and not told of
	gone      map[uint32]time.Duration // while following: when people were dropped
}

// arrival is a packet on its way to the room's goroutine.
type arrival struct {
	from   *connection // nil if it came over a link
	link   *link
	line   int // of the link
	packet packet
	at     time.Duration
}

func newRoom(id statement.ID, s *Server) *Room {
	r := &Room{
		id: id, server: s,
		queue:     make(chan arrival, queueSize),
		ended:     make(chan struct{}),
		forwarder: newForwarder(s.config.Slots).countedIn(&s.tally),
		people:    map[uint32]*person{},
		aside:     map[uint32]*person{},
		links:     map[string]*link{},
		strangers: map[uint32]*person{},
		gone:      map[uint32]time.Duration{},
	}
	r.forwarder.layers[s.config.Slots].selector.all = &s.tally.switches
	return r
}

// Offer answers the SDP offer of a person, who then has a new leg in place of any earlier one of the same [Purpose],
// several of [Ear] excepted. The number is the CSRC by which the others recognise the person; it is not 0. What they send
// is not forwarded before Allow.
//
// Refusals are media-sdp, media-sdp-size, media-no-audio, media-busy, media-leg-gone when the person was dropped
// meanwhile, and shutting-down.
func (r *Room) Offer(ctx context.Context, number uint32, sdp string, options Options) (answer string, id LegID, err error) {
	if number == 0 {
		return "", "", reason.Reject(reason.RequestInvalid, "person 0")
	}
	o, err := parseOffer(sdp, r.server.config.Slots, options.For)
	if err != nil {
		return "", "", err
	}
	p := r.person(number)
	c := newConnection(r, p, &o, options.For)
	g, l, err := r.server.open(c, &o, options)
	if err != nil {
		return "", "", err
	}
	if answer, err = g.negotiate(ctx, &o, l); err != nil {
		g.close()
		return "", "", err
	}
	old, err := r.install(c)
	if err != nil {
		g.close()
		return "", "", err
	}
	if old != nil {
		old.leg.close()
	}
	return answer, c.id, nil
}

// maxLegs is how many connections one person may have.
const maxLegs = 10

// install makes c the person's leg and returns the one before.
func (r *Room) install(c *connection) (old *connection, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, reason.Reject(reason.RoomEnded, "the room was closed during the offer")
	}
	if c.person.dropped {
		return nil, reason.Reject(reason.MediaLegGone, "the person was dropped during the offer")
	}
	if c.purpose != Ear {
		old = c.person.leg(c.purpose)
	} else if n := len(c.person.legs); n >= maxLegs {
		return nil, reason.Reject(reason.MediaBusy, "%d connections of one person", n)
	}
	r.detachLocked(old)
	c.attached = true
	c.person.legs = append(c.person.legs, c)
	if c.isOpen {
		c.listener = r.forwarder.add(c.person, c.leg)
	}
	r.startLocked()
	return old, nil
}

// startLocked starts the room's goroutine, once.
func (r *Room) startLocked() {
	if !r.running {
		r.running = true
		r.server.work.Go(r.run)
	}
}

// hushLocked takes the permission away with a program that speaks for somebody: nobody's own microphone is to open
// because a program has ended. Whoever gave the permission is told, and gives it anew.
func (r *Room) hushLocked(c *connection) {
	if c.purpose == Voice && c.attached {
		c.person.may.Store(false)
		r.forwarder.quiet(c.person.number)
	}
}

// detachLocked takes a leg out of the room, if it still is in it. The caller closes it.
func (r *Room) detachLocked(c *connection) {
	if c == nil || !c.attached {
		return
	}
	c.attached = false
	c.person.legs = slices.DeleteFunc(c.person.legs, func(o *connection) bool { return o == c })
	if c.listener != nil {
		r.forwarder.remove(c.listener)
		c.listener = nil
	}
}

// detachAllLocked takes all legs of a person out of the room. The caller closes them.
func (r *Room) detachAllLocked(p *person) []*connection {
	legs := slices.Clone(p.legs)
	for _, c := range legs {
		r.detachLocked(c)
	}
	return legs
}

func (r *Room) person(number uint32) *person {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.people[number]
	if p == nil {
		p = newPerson(number).countedIn(&r.server.tally)
		r.people[number] = p
		delete(r.strangers, number)
		delete(r.gone, number)
	}
	return p
}

// Allow says whether what a person sends is forwarded. It may come before the person's first offer and holds for all
// their legs until Drop. When Allow(person, false) has returned, not one more of their packets is sent to anybody.
//
// While another node hosts the room, the people of other nodes are heard without it: the host has judged them. But once
// something was said of one of them here, it holds.
func (r *Room) Allow(number uint32, may bool) {
	p := r.person(number)
	p.may.Store(may) // stops also the fan-out that is under way
	if may {
		return
	}
	r.mu.Lock() // waits for it
	defer r.mu.Unlock()
	r.forwarder.quiet(number)
	if r.uplink != nil {
		r.uplink.up.quiet(number)
	}
}

// Drop ends what the room has to do with a person: the permission and all legs. When it has returned, nothing more goes
// in or out.
func (r *Room) Drop(number uint32) {
	var legs []*connection
	r.mu.Lock()
	for _, p := range []*person{r.people[number], r.aside[number]} {
		if p == nil {
			continue
		}
		p.may.Store(false)
		p.dropped = true
		legs = append(legs, r.detachAllLocked(p)...)
	}
	delete(r.people, number)
	delete(r.aside, number)
	delete(r.strangers, number)
	r.forgetLocked(number)
	if r.following {
		r.gone[number] = r.server.now()
	}
	r.mu.Unlock()
	for _, c := range legs {
		c.leg.close()
	}
}

// forgetLocked frees what a number had.
func (r *Room) forgetLocked(number uint32) {
	r.forwarder.forget(number)
	if r.uplink != nil {
		r.uplink.up.forget(number)
	}
}

// Spoken is for how long a person has been heard since they were first mentioned: let through, and above silence by the
// level that they declare or, without one, by the size of their packets. Who is only unmuted has not spoken. It is 0 for
// who is not here.
func (r *Room) Spoken(number uint32) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p := r.people[number]; p != nil {
		return p.spoken
	}
	return 0
}

// Hangup ends one leg, if it is still the person's. The permission stays, unless the leg was a [Voice]: then the person
// is not heard, by another leg of theirs either, before the next Allow.
func (r *Room) Hangup(number uint32, id LegID) error {
	r.mu.Lock()
	var c *connection
	for _, p := range []*person{r.people[number], r.aside[number]} {
		if p == nil {
			continue
		}
		if i := slices.IndexFunc(p.legs, func(c *connection) bool { return c.id == id }); i >= 0 {
			c = p.legs[i]
			r.hushLocked(c)
			r.detachLocked(c)
		}
	}
	r.mu.Unlock()
	if c == nil {
		return reason.Reject(reason.MediaLegGone, "leg %s of person %d", id, number)
	}
	c.leg.close()
	return nil
}

// OnLegClosed says whom to tell of a leg that has ended by itself: it never connected, or consent was lost. Nobody is
// told of what Offer, Hangup, Drop and Close end.
func (r *Room) OnLegClosed(tell func(number uint32, leg LegID)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tell = tell
}

// endConnection ends a leg, if it is still its person's, and says what number the person has, and who is to be told.
func (r *Room) endConnection(c *connection) (tell func(uint32, LegID), number uint32, ok bool) {
	r.mu.Lock()
	tell, number, ok = r.tell, c.person.number, c.attached
	r.hushLocked(c)
	r.detachLocked(c)
	r.mu.Unlock()
	if ok {
		c.leg.close()
	}
	return tell, number, ok
}

// Close ends all legs and forgets the room. It does not wait for the other side.
func (r *Room) Close() {
	r.server.forget(r)
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return
	}
	r.closed = true
	close(r.ended)
	var legs []leg
	for _, people := range []map[uint32]*person{r.people, r.aside} {
		for _, p := range people {
			p.may.Store(false)
			for _, c := range r.detachAllLocked(p) {
				legs = append(legs, c.leg)
			}
		}
	}
	legs = append(legs, r.detachLinksLocked()...)
	legs = append(legs, r.detachUplinkLocked()...)
	r.mu.Unlock()
	for _, g := range legs {
		g.close()
	}
}

// run is the room's goroutine: the only one that forwards.
func (r *Room) run() {
	reports := time.NewTicker(reportEvery)
	defer reports.Stop()
	for {
		select {
		case <-r.ended:
			return
		case a := <-r.queue:
			r.forward(a)
		case <-reports.C:
			r.report()
		}
	}
}

// enqueue hands a packet to the room's goroutine, or reports that it is too far behind.
func (r *Room) enqueue(a arrival) bool {
	select {
	case r.queue <- a:
		return true
	default:
		return false
	}
}

func (r *Room) forward(a arrival) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if a.link != nil {
		r.forwardLinked(a)
		return
	}
	p := a.from.person
	switch {
	case r.closed || p.voice() != a.from || p.aside || p.home != "": // not, or no longer, how the person is heard
		p.refused.Add(1)
	case !r.following:
		r.forwarder.forward(p, a.from.serial, a.packet, a.at)
	case r.uplink == nil || r.uplink.listener == nil: // nobody to judge and number it
		p.refused.Add(1)
	default:
		r.uplink.up.forward(p, a.from.serial, a.packet, a.at)
	}
}

// report sends each person who speaks, and each linked node, receiver reports.
func (r *Room) report() {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.server.now()
	var losses []float64
	var speakers []*connection
	for _, people := range []map[uint32]*person{r.people, r.aside} {
		for _, p := range people {
			for _, c := range p.legs {
				if loss, ok := c.loss(now); ok {
					losses = append(losses, loss)
				}
			}
			if c := p.voice(); c != nil && p.may.Load() {
				speakers = append(speakers, c)
			}
		}
	}
	audience := audienceLoss(losses)
	for _, l := range r.links { // each speaks for many, so none is passed over
		if loss, ok := l.loss(now); ok {
			audience = max(audience, loss)
		}
	}
	for _, l := range r.links {
		l.report(audience)
	}
	if r.following {
		audience = r.reportUpLocked(audience, now)
	}
	for _, c := range speakers {
		c.report(audience)
	}
}
