package media

import (
	"context"
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
	forwarder *forwarder
	people    map[uint32]*person
	legs      map[uint32]*connection // by person
	running   bool                   // the goroutine has been started
	closed    bool
}

// arrival is a packet on its way to the room's goroutine.
type arrival struct {
	from   *connection
	packet packet
	at     time.Duration
}

func newRoom(id statement.ID, s *Server) *Room {
	return &Room{
		id: id, server: s,
		queue:     make(chan arrival, queueSize),
		ended:     make(chan struct{}),
		forwarder: newForwarder(s.config.Slots),
		people:    map[uint32]*person{},
		legs:      map[uint32]*connection{},
	}
}

// Offer answers the SDP offer of a person, who then has a new leg in place of any earlier one. The number is the CSRC
// by which the others recognise the person; it is not 0. What they send is not forwarded before Allow.
//
// Refusals are media-sdp, media-sdp-size, media-no-audio, media-busy, media-leg-gone when the person was dropped
// meanwhile, and shutting-down.
func (r *Room) Offer(ctx context.Context, number uint32, sdp string, options Options) (answer string, id LegID, err error) {
	if number == 0 {
		return "", "", reason.Reject(reason.RequestInvalid, "person 0")
	}
	o, err := parseOffer(sdp, r.server.config.Slots)
	if err != nil {
		return "", "", err
	}
	p := r.person(number)
	c := newConnection(r, p, &o)
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

// install makes c the person's leg and returns the one before.
func (r *Room) install(c *connection) (old *connection, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, reason.Reject(reason.RoomEnded, "the room was closed during the offer")
	}
	number := c.person.number
	if r.people[number] != c.person {
		return nil, reason.Reject(reason.MediaLegGone, "the person was dropped during the offer")
	}
	old = r.detachLocked(number)
	r.legs[number] = c
	if c.isOpen {
		c.listener = r.forwarder.add(c.person, c.leg)
	}
	if !r.running {
		r.running = true
		r.server.work.Go(r.run)
	}
	return old, nil
}

// detachLocked takes a person's leg out of the room. The caller closes it.
func (r *Room) detachLocked(number uint32) *connection {
	c := r.legs[number]
	if c == nil {
		return nil
	}
	delete(r.legs, number)
	if c.listener != nil {
		r.forwarder.remove(c.listener)
		c.listener = nil
	}
	return c
}

func (r *Room) person(number uint32) *person {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.people[number]
	if p == nil {
		p = &person{number: number}
		r.people[number] = p
	}
	return p
}

// Allow says whether what a person sends is forwarded. It may come before the person's first offer and holds for all
// their legs until Drop. When Allow(person, false) has returned, not one more of their packets is sent to anybody.
func (r *Room) Allow(number uint32, may bool) {
	p := r.person(number)
	p.may.Store(may) // stops also the fan-out that is under way
	if may {
		return
	}
	r.mu.Lock() // waits for it
	defer r.mu.Unlock()
	r.forwarder.quiet(p)
}

// Drop ends what the room has to do with a person: the permission and the leg. When it has returned, nothing more goes
// in or out.
func (r *Room) Drop(number uint32) {
	r.mu.Lock()
	c := r.detachLocked(number)
	if p := r.people[number]; p != nil {
		p.may.Store(false)
		r.forwarder.forget(p)
		delete(r.people, number)
	}
	r.mu.Unlock()
	if c != nil {
		c.leg.close()
	}
}

// Hangup ends one leg, if it is still the person's. The permission stays.
func (r *Room) Hangup(number uint32, id LegID) error {
	if !r.end(number, id) {
		return reason.Reject(reason.MediaLegGone, "leg %s of person %d", id, number)
	}
	return nil
}

func (r *Room) end(number uint32, id LegID) bool {
	r.mu.Lock()
	c := r.legs[number]
	if c == nil || c.id != id {
		r.mu.Unlock()
		return false
	}
	r.detachLocked(number)
	r.mu.Unlock()
	c.leg.close()
	return true
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
	legs := r.legs
	r.legs = nil
	for _, p := range r.people {
		p.may.Store(false)
	}
	for _, c := range legs {
		if c.listener != nil {
			r.forwarder.remove(c.listener)
		}
	}
	r.mu.Unlock()
	for _, c := range legs {
		c.leg.close()
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

func (r *Room) forward(a arrival) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || r.legs[a.from.person.number] != a.from { // an earlier leg
		a.from.person.refused.Add(1)
		return
	}
	r.forwarder.forward(a.from.person, a.from.serial, a.packet, a.at)
}

// report sends each person who speaks a receiver report.
func (r *Room) report() {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.server.now()
	losses := make([]float64, 0, len(r.legs))
	var speakers []*connection
	for _, c := range r.legs {
		if loss, ok := c.loss(now); ok {
			losses = append(losses, loss)
		}
		if c.person.may.Load() {
			speakers = append(speakers, c)
		}
	}
	audience := audienceLoss(losses)
	for _, c := range speakers {
		if b, ok := c.receiverReport(audience, now); ok {
			c.leg.report(b)
		}
	}
}
