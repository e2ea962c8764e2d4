package media

import "time"

// Stats is what a room counts. Counters start at the person's first mention and end with Drop.
type Stats struct {
	People map[uint32]PersonStats
	Slots  []SlotStats // of the listeners who take all slots
}

// PersonStats counts one person's packets, all legs together.
type PersonStats struct {
	Allowed   bool
	Leg       LegID // "" without one
	Connected bool
	Slots     int // that the leg takes

	Received      uint64    // well-formed packets from the microphone
	Refused       uint64    // of them, while not allowed or over an earlier leg
	Forwarded     uint64    // of them, sent on in a slot
	Unfit         uint64    // malformed packets, padding, or not the microphone's
	Excess        uint64    // packets above the rate, or when the node could not keep up
	LastForwarded time.Time // zero: never

	Sent uint64  // slot packets sent to the person over the present leg
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
	s := Stats{People: make(map[uint32]PersonStats, len(r.people))}
	for number, p := range r.people {
		n := PersonStats{
			Allowed:  p.may.Load(),
			Received: p.received.Load(), Refused: p.refused.Load(), Forwarded: p.forwarded.Load(),
			Unfit: p.unfit.Load(), Excess: p.excess.Load(),
		}
		if at := p.last.Load(); at != 0 {
			n.LastForwarded = r.server.start.Add(time.Duration(at))
		}
		if c := r.legs[number]; c != nil {
			n.Leg, n.Connected, n.Slots = c.id, c.isOpen, c.leg.slots()
			n.Loss, _ = c.loss(now)
			if c.listener != nil {
				n.Sent = c.listener.sent
			}
		}
		s.People[number] = n
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
