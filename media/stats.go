package media

import "time"

// Stats is what a room counts. Counters start at the person's first mention and end with Drop.
type Stats struct {
	People map[uint32]PersonStats
	Slots  []SlotStats          // of the listeners who take all slots
	Links  map[string]LinkStats // at the host, by home
	Uplink *LinkStats           // at a relay; nil without a link to the host
}

// LinkStats counts the packets of one link between nodes.
type LinkStats struct {
	Connected bool

	Received uint64  // well-formed packets that came in
	Refused  uint64  // of them, in the name of people who are not allowed or are not the other node's
	Unfit    uint64  // malformed packets, of streams that were not negotiated, or overtaken by another speaker's
	Excess   uint64  // packets above the rate, or when the node could not keep up
	Sent     uint64  // slot packets sent
	Loss     float64 // 0 to 1, last reported for the worst slot
}

// PersonStats counts one person's packets, all legs together.
type PersonStats struct {
	Allowed   bool
	Leg       LegID // their own; "" without one
	Connected bool
	Slots     int   // that the leg takes
	Voice     LegID // of the program that speaks for the person; "" without one
	Ears      int   // programs that hear what the person hears, connected

	Received      uint64    // well-formed packets from the microphone, or over a link
	Refused       uint64    // of them, while not allowed, over an earlier leg, or without a host to send them to
	Forwarded     uint64    // of them, sent on in a slot
	Unfit         uint64    // malformed packets, padding, or not the microphone's
	Excess        uint64    // packets above the rate, or when the node could not keep up
	LastForwarded time.Time // zero: never

	Sent uint64  // slot packets sent to the person over their present legs
	Loss float64 // 0 to 1, last reported for the worst slot
}

// SlotStats is the state of one slot.
type SlotStats struct {
	Speaker  uint32 // 0: nobody speaks in it
	Switches uint64 // how often another speaker got it
}

// Stats takes a snapshot.
func (r *Room) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.server.now()
	s := Stats{People: make(map[uint32]PersonStats, len(r.people)), Links: make(map[string]LinkStats, len(r.links))}
	for _, people := range []map[uint32]*person{r.strangers, r.aside, r.people} {
		for number, p := range people {
			s.People[number] = r.personStatsLocked(p, now)
		}
	}
	for home, l := range r.links {
		s.Links[home] = l.statsLocked(now)
	}
	if r.uplink != nil {
		up := r.uplink.statsLocked(now)
		s.Uplink = &up
	}
	top := r.forwarder.layers[len(r.forwarder.layers)-1]
	for _, at := range top.selector.seats {
		n := SlotStats{Switches: at.switches}
		if at.voice != nil && !at.voice.rests(now) {
			n.Speaker = at.voice.person
		}
		s.Slots = append(s.Slots, n)
	}
	return s
}

func (r *Room) personStatsLocked(p *person, now time.Duration) PersonStats {
	n := PersonStats{
		Allowed:  p.may.Load(),
		Received: p.received.Load(), Refused: p.refused.Load(), Forwarded: p.forwarded.Load(),
		Unfit: p.unfit.Load(), Excess: p.excess.Load(),
	}
	if at := p.last.Load(); at != 0 {
		n.LastForwarded = r.server.start.Add(time.Duration(at))
	}
	for _, c := range p.legs {
		switch c.purpose {
		case Both:
			n.Leg, n.Connected, n.Slots = c.id, c.isOpen, c.leg.slots()
		case Voice:
			n.Voice = c.id
		case Ear:
			if c.isOpen {
				n.Ears++
			}
		}
		loss, _ := c.loss(now)
		n.Loss = max(n.Loss, loss)
		if c.listener != nil {
			n.Sent += c.listener.sent
		}
	}
	return n
}

func (l *link) statsLocked(now time.Duration) LinkStats {
	n := LinkStats{
		Connected: l.listener != nil,
		Received:  l.received.Load(), Refused: l.refused.Load(), Unfit: l.unfit.Load(), Excess: l.excess.Load(),
	}
	n.Loss, _ = l.loss(now)
	if l.listener != nil {
		n.Sent = l.listener.sent
	}
	return n
}
