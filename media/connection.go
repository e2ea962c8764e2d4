package media

import "bytes"

// connection is one leg of one person and what the room keeps about it. It is the leg's ear.
type connection struct {
	session
	id       LegID
	serial   uint64
	person   *person
	purpose  Purpose
	attached bool // guarded by room.mu; it is one of the person's

	payloadType, levelID uint8 // of the microphone
	ssrc                 uint32

	flow      bucket    // guarded by session.mu
	reception reception // guarded by session.mu
}

func newConnection(r *Room, p *person, o *offer, purpose Purpose) *connection {
	c := &connection{
		session: session{room: r, losses: make([]slotLoss, len(o.slots))},
		id:      newLegID(), serial: r.server.serial.Add(1), person: p, purpose: purpose,
		flow: newBucket(1),
	}
	if len(o.mics) > 0 {
		mic := o.sections[o.mics[0]]
		c.payloadType, c.levelID, c.ssrc = mic.payloadType, mic.levelID, mic.ssrc
	}
	return c
}

// opened implements ear.
func (c *connection) opened() {
	c.release()
	c.room.mu.Lock()
	defer c.room.mu.Unlock()
	if c.isOpen {
		return
	}
	c.isOpen = true
	if c.attached {
		c.listener = c.room.forwarder.add(c.person, c.leg)
	}
}

// closed implements ear.
func (c *connection) closed() {
	if tell, number, ok := c.room.endConnection(c); ok && tell != nil { // not replaced or dropped before
		tell(number, c.id)
	}
}

// heard implements ear.
func (c *connection) heard(raw []byte) {
	now := c.room.server.now()
	p, ok := parsePacket(raw, c.levelID)
	if !ok || p.ssrc != c.ssrc || p.payloadType != c.payloadType {
		c.person.unfit.Add(1)
		return
	}
	c.person.received.Add(1)
	c.room.server.tally.microphones.Add(1)
	c.mu.Lock()
	c.reception.hear(p, now)
	within := c.flow.take(now)
	c.mu.Unlock()
	if !c.person.may.Load() {
		c.person.refused.Add(1)
		return
	}
	if !within {
		c.person.excess.Add(1)
		return
	}
	p.payload = bytes.Clone(p.payload)
	if !c.room.enqueue(arrival{from: c, packet: p, at: now}) {
		c.person.excess.Add(1)
	}
}

// reported implements ear.
func (c *connection) reported(slot int, raw []byte) {
	if slot != microphone {
		c.reportedOn(slot, raw)
		return
	}
	if ntp, ok := senderReport(raw, c.ssrc); ok {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.reception.senderReported(ntp, c.room.server.now())
	}
}

// report tells the person how their microphone is received, by an audience that loses this much.
func (c *connection) report(audience float64) {
	c.mu.Lock()
	about, ok := c.reception.report(audience, c.room.server.now())
	c.mu.Unlock()
	if ok {
		c.leg.report(about)
	}
}
