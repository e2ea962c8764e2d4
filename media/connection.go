package media

import (
	"bytes"
	"sync"
	"time"
)

// A speaker may send packetRate packets a second, packetBurst at once: twice and more what browsers send, and enough
// for 10 ms frames. Everything above would be multiplied by the audience.
const (
	packetRate  = 120
	packetBurst = 60
)

// connection is one leg of one person and what the room keeps about it. It is the leg's ear.
type connection struct {
	id      LegID
	serial  uint64
	room    *Room
	person  *person
	leg     leg // set before anything can be heard
	release func()
	expiry  *time.Timer

	payloadType, levelID uint8 // of the microphone
	ssrc                 uint32

	isOpen   bool      // guarded by room.mu
	listener *listener // guarded by room.mu; nil while not open or not the person's leg

	mu        sync.Mutex
	flow      bucket
	reception reception
	losses    []slotLoss
}

// slotLoss is what a listener last reported about a slot.
type slotLoss struct {
	lost  float64
	at    time.Duration
	known bool
}

func newConnection(r *Room, p *person, o *offer) *connection {
	c := &connection{
		id: newLegID(), serial: r.server.serial.Add(1), room: r, person: p,
		losses: make([]slotLoss, len(o.slots)),
		flow:   bucket{tokens: packetBurst},
	}
	if o.mic >= 0 {
		mic := o.sections[o.mic]
		c.payloadType, c.levelID, c.ssrc = mic.payloadType, mic.levelID, mic.ssrc
	}
	return c
}

// begin gives the connection its leg, which has a while to connect. release is called when it has, or has ended.
func (c *connection) begin(g leg, release func()) {
	c.leg, c.release = g, release
	c.expiry = time.AfterFunc(c.room.server.wait.handshake, c.expire)
}

func (c *connection) expire() {
	c.room.mu.Lock()
	late := !c.isOpen
	c.room.mu.Unlock()
	if late {
		c.closed()
	}
}

// wait blocks until the leg and all it started have ended.
func (c *connection) wait() {
	<-c.leg.done()
	c.expiry.Stop()
	c.release()
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
	if c.room.legs[c.person.number] == c {
		c.listener = c.room.forwarder.add(c.person, c.leg)
	}
}

// closed implements ear.
func (c *connection) closed() {
	if !c.room.end(c.person.number, c.id) {
		return // replaced or dropped before
	}
	if tell := c.room.server.config.OnLegClosed; tell != nil {
		tell(c.room.id, c.person.number, c.id)
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
	select {
	case c.room.queue <- arrival{from: c, packet: p, at: now}:
	default:
		c.person.excess.Add(1)
	}
}

// reported implements ear.
func (c *connection) reported(slot int, raw []byte) {
	now := c.room.server.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if slot == microphone {
		if ntp, ok := senderReport(raw, c.ssrc); ok {
			c.reception.senderReported(ntp, now)
		}
		return
	}
	ssrc := c.leg.ssrc(slot)
	eachReport(raw, func(about uint32, lost uint8) {
		if about == ssrc {
			c.losses[slot] = slotLoss{lost: float64(lost) / 256, at: now, known: true}
		}
	})
}

// loss is what the listener lately reported of their worst slot, 0 to 1.
func (c *connection) loss(now time.Duration) (float64, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	worst, known := 0.0, false
	for _, l := range c.losses {
		if l.known && now-l.at <= lossFresh {
			worst, known = max(worst, l.lost), true
		}
	}
	return worst, known
}

func (c *connection) receiverReport(audience float64, now time.Duration) (report, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reception.report(audience, now)
}

// bucket is a token bucket.
type bucket struct {
	tokens float64
	at     time.Duration
}

func (b *bucket) take(now time.Duration) bool {
	b.tokens = min(packetBurst, b.tokens+packetRate*(now-b.at).Seconds())
	b.at = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
