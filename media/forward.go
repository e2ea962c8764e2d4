package media

import (
	"slices"
	"sync/atomic"
	"time"
)

// forwarder is the core of a room: who may speak, who listens, which packet goes to whom. It is told the time, starts
// nothing and locks nothing. It sends through legs.
//
// Listeners differ in how many slots they take. Those who take the same number form a layer, which selects its own
// speakers: a listener with one slot hears the dominant speaker, not the first of three.
type forwarder struct {
	layers []*layer // by number of slots; 0 is nobody's
}

// layer is a selection of speakers and everybody who hears it.
type layer struct {
	selector  *selector
	slots     []slot
	listeners []*listener
	tally     *tally // nil: nobody counts
}

// listener is one leg that takes slots.
type listener struct {
	person  *person
	leg     leg
	cursors []cursor // one a slot
	sent    uint64
}

// person is one person in the room, with or without a leg. Counters are read while they change.
type person struct {
	number uint32 // CSRC; guarded by the room's mu

	// may is the one switch that lets a microphone through. It is read for every single packet that is sent.
	may atomic.Bool

	legs    []*connection // guarded by the room's mu; at most one of each purpose but Ear
	home    string        // guarded by the room's mu; the node by whose link they are heard, "" for their own leg
	aside   bool          // guarded by the room's mu; see Renumber
	dropped bool          // guarded by the room's mu
	flow    bucket        // guarded by the room's mu; of what comes over links
	heard   time.Duration // guarded by the room's mu; last over the uplink
	spoken  time.Duration // guarded by the room's mu; how long they have spoken
	spokeAt time.Duration // guarded by the room's mu; when speech was last heard, 0 in silence

	received  atomic.Uint64 // well-formed packets from the microphone
	refused   counter       // of them, while the person might not speak or there was nobody to send them to
	forwarded atomic.Uint64 // of them, that went to a slot
	unfit     counter       // packets that are malformed or not the microphone's
	excess    counter       // packets above the rate, or when the room could not keep up
	last      atomic.Int64  // when a packet was forwarded last, in ns of the room's clock; 0 never
}

// leg is the person's connection of that purpose, the first if there are more; nil without one.
func (p *person) leg(purpose Purpose) *connection {
	for _, c := range p.legs {
		if c.purpose == purpose {
			return c
		}
	}
	return nil
}

// voice is the connection on which the person is heard, nil without one.
func (p *person) voice() *connection {
	if c := p.leg(Voice); c != nil {
		return c
	}
	return p.leg(Both)
}

func newPerson(number uint32) *person { return &person{number: number, flow: newBucket(1)} }

// countedIn makes the server's tally count the person too.
func (p *person) countedIn(t *tally) *person {
	p.refused.all, p.unfit.all, p.excess.all = &t.refused, &t.unfit, &t.excess
	return p
}

func newForwarder(slots int) *forwarder {
	f := &forwarder{layers: make([]*layer, slots+1)}
	for n := 1; n <= slots; n++ {
		f.layers[n] = &layer{selector: newSelector(n), slots: make([]slot, n)}
	}
	return f
}

// countedIn makes the server's tally count what is sent.
func (f *forwarder) countedIn(t *tally) *forwarder {
	for _, l := range f.layers[1:] {
		l.tally = t
	}
	return f
}

// forward sends one packet of p, who uses connection leg, to whoever is to hear it.
func (f *forwarder) forward(p *person, leg uint64, in packet, now time.Duration) {
	if !p.may.Load() {
		p.refused.Add(1)
		return
	}
	forwarded := false
	for n, l := range f.layers {
		if l == nil || len(l.listeners) == 0 && n != len(f.layers)-1 {
			continue
		}
		forwarded = l.forward(p, leg, in, now) || forwarded
	}
	if forwarded {
		p.forwarded.Add(1)
		p.last.Store(int64(now))
	}
	f.listen(p, now)
}

// listen adds to how long a person has spoken: while their packets come, are let through, and are louder than silence.
func (f *forwarder) listen(p *person, now time.Duration) {
	v := f.layers[len(f.layers)-1].selector.voices[p.number]
	if v == nil || v.loud.value < speechFloor {
		p.spokeAt = 0
		return
	}
	if p.spokeAt > 0 {
		p.spoken += min(now-p.spokeAt, fresh)
	}
	p.spokeAt = now
}

// relay sends one packet that has come down the given slot of another node. Whoever takes all slots gets the same
// speakers in the same slots: choosing again would only come later to the same result.
func (f *forwarder) relay(p *person, slot int, source uint64, in packet, now time.Duration) bool {
	forwarded := false
	all := len(f.layers) - 1
	for n, l := range f.layers {
		switch {
		case n == all:
			forwarded = l.pass(p, source, in, l.selector.assign(p.number, slot, in, now), now) || forwarded
		case l != nil && len(l.listeners) > 0:
			forwarded = l.forward(p, source, in, now) || forwarded
		}
	}
	return forwarded
}

// left says that another node has given somebody's slot away. Whoever takes fewer slots hears the others at once.
func (f *forwarder) left(number uint32) {
	for _, l := range f.layers[1 : len(f.layers)-1] {
		l.selector.quiet(number)
	}
}

func (l *layer) forward(p *person, leg uint64, in packet, now time.Duration) bool {
	at, ok := l.selector.hear(p.number, in, now)
	return ok && l.pass(p, leg, in, at, now)
}

// pass sends a packet to everybody but its speaker, in the slot it was given.
func (l *layer) pass(p *person, leg uint64, in packet, at place, now time.Duration) bool {
	in.level = at.level
	b, ok := l.slots[at.slot].forward(source{turn: at.turn, leg: leg}, in, at.rests, now)
	if !ok {
		return false
	}
	b.slot, b.speaker = at.slot, p.number
	sent := uint64(0)
	for _, to := range l.listeners {
		if to.person == p { // nobody hears themselves
			continue
		}
		if !p.may.Load() { // muted while this loop ran
			break
		}
		if seq, ok := to.cursors[b.slot].next(&b); ok {
			to.leg.send(&b, seq)
			to.sent++
			sent++
		}
	}
	if l.tally != nil {
		l.tally.sent.Add(sent)
		l.tally.sentBytes.Add(sent * uint64(len(b.payload)))
	}
	return true
}

// add makes a leg of p hear the room. A leg without slots hears nothing.
func (f *forwarder) add(p *person, g leg) *listener {
	n := g.slots()
	to := &listener{person: p, leg: g, cursors: make([]cursor, n)}
	if n > 0 {
		f.layers[n].listeners = append(f.layers[n].listeners, to)
	}
	return to
}

// remove undoes add.
func (f *forwarder) remove(to *listener) {
	l := f.layers[len(to.cursors)]
	if l == nil {
		return
	}
	if i := slices.Index(l.listeners, to); i >= 0 {
		last := len(l.listeners) - 1
		l.listeners[i] = l.listeners[last]
		l.listeners[last] = nil
		l.listeners = l.listeners[:last]
	}
}

// quiet frees the slots of somebody who may not speak.
func (f *forwarder) quiet(number uint32) {
	for _, l := range f.layers[1:] {
		l.selector.quiet(number)
	}
}

// forget removes somebody who has gone.
func (f *forwarder) forget(number uint32) {
	for _, l := range f.layers[1:] {
		l.selector.forget(number)
	}
}
