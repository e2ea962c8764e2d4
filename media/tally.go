package media

import (
	"slices"
	"sync/atomic"
	"time"
)

// tally counts for the whole server, whatever becomes of the rooms and people it counted. It is added to once for each
// packet that comes in and once for each fan-out, never once for each listener.
type tally struct {
	microphones atomic.Uint64 // well-formed packets from people
	links       atomic.Uint64 // the same from other nodes
	refused     atomic.Uint64
	unfit       atomic.Uint64
	excess      atomic.Uint64
	sent        atomic.Uint64
	sentBytes   atomic.Uint64
	switches    atomic.Uint64
}

// counter is a count of one person or link that is also part of the server's.
type counter struct {
	own atomic.Uint64
	all *atomic.Uint64 // nil: none
}

// Add adds to both.
func (c *counter) Add(n uint64) {
	c.own.Add(n)
	if c.all != nil {
		c.all.Add(n)
	}
}

// Load is the count of the one person or link.
func (c *counter) Load() uint64 { return c.own.Load() }

// Totals is what a server counts over all of its rooms, and what is the case in them now. Counters never go down.
type Totals struct {
	Rooms      int
	Handshakes int       // connections on their way
	Legs       int       // connections of people over which packets can flow
	Links      int       // the same with other nodes
	Speakers   int       // people who are heard now
	TCP        int       // connections over TCP that belong to somebody
	Losses     []float64 // 0 to 1, of the worst slot of each listener that lately reported, in order

	FromPeople, FromLinks uint64 // well-formed packets that came in
	Refused               uint64 // of them, from somebody who may not speak, or without anybody to send them to
	Excess                uint64 // of them, above the rate, or when the node could not keep up
	Unfit                 uint64 // packets that are malformed, or of a stream that was not negotiated
	Sent                  uint64 // slot packets that were sent to listeners and links
	SentBytes             uint64 // of Opus in them
	Switches              uint64 // how often a slot went to another speaker
	TCPRefused            uint64 // connections over TCP that were nobody's, or too many
}

// Totals takes the counters, and looks into each room for a moment.
func (s *Server) Totals() Totals {
	s.mu.Lock()
	rooms := make([]*Room, 0, len(s.rooms))
	for _, r := range s.rooms {
		rooms = append(rooms, r)
	}
	handshakes, sock := s.handshakes, s.socket
	s.mu.Unlock()
	c := &s.tally
	t := Totals{
		Rooms: len(rooms), Handshakes: handshakes,
		FromPeople: c.microphones.Load(), FromLinks: c.links.Load(),
		Refused: c.refused.Load(), Excess: c.excess.Load(), Unfit: c.unfit.Load(),
		Sent: c.sent.Load(), SentBytes: c.sentBytes.Load(), Switches: c.switches.Load(),
	}
	if sock != nil && sock.tcp != nil {
		t.TCP, t.TCPRefused = sock.tcp.count(), sock.tcp.refused.Load()
	}
	for _, r := range rooms {
		r.addTo(&t)
	}
	slices.Sort(t.Losses)
	return t
}

// addLegs adds one person's connections.
func (t *Totals) addLegs(legs []*connection, now time.Duration) {
	for _, c := range legs {
		if !c.isOpen {
			continue
		}
		t.Legs++
		if loss, ok := c.loss(now); ok {
			t.Losses = append(t.Losses, loss)
		}
	}
}

// addTo adds what is the case in the room now.
func (r *Room) addTo(t *Totals) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.server.now()
	for _, people := range []map[uint32]*person{r.people, r.aside} {
		for _, p := range people {
			t.addLegs(p.legs, now)
		}
	}
	for _, l := range r.links {
		if l.listener != nil {
			t.Links++
		}
	}
	if r.uplink != nil && r.uplink.listener != nil {
		t.Links++
	}
	for _, at := range r.forwarder.layers[len(r.forwarder.layers)-1].selector.seats {
		if at.voice != nil && !at.voice.rests(now) {
			t.Speakers++
		}
	}
}
