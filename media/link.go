package media

import (
	"bytes"
	"slices"
)

// link is a leg between two nodes about one room. The host sends its slots down it, once for all who listen at the
// other node, the relay, and hears that node's people on it. At the relay it is the other way round: the local people
// go up, in slots of their own, and the host's slots come down.
type link struct {
	session
	home                 string     // the relay, as the host calls it; "" at the relay
	up                   *forwarder // at the relay: chooses among the local people; nil at the host
	payloadType, levelID uint8      // of what comes in
	ssrcs                []uint32
	lines                []line // what comes in: one stream a slot of the other side, in the order of ssrcs

	// nobody is the person at the far end as the forwarder sees it: a link leaves nobody out.
	nobody person

	flow bucket // guarded by session.mu

	received, refused, unfit, excess counter

	ready chan struct{} // closed when packets can flow
	lost  chan struct{} // closed when the link has ended by itself, or never connected
	over  bool          // lost is closed; guarded by room.mu
}

// line is one stream that comes in over a link: a slot of the other node.
type line struct {
	run       run       // guarded by room.mu
	reception reception // guarded by session.mu
}

// run is an unbroken stretch of one speaker in a slot of another node. To the slots of this node each run is a source
// of its own. The zero value is before the first.
type run struct {
	speaker       uint32
	serial        uint64
	first, newest uint16
}

// maxLinks is how many relays may be linked to one room.
const maxLinks = 64

// newLink makes the link that answers o, for a home.
func newLink(r *Room, home string, o *offer) *link {
	l := &link{home: home, ready: make(chan struct{}), lost: make(chan struct{})}
	l.session = session{room: r, losses: make([]slotLoss, len(o.slots))}
	l.countedIn(&r.server.tally)
	l.listen(o)
	return l
}

// countedIn makes the server's tally count what comes over the link.
func (l *link) countedIn(t *tally) {
	l.received.all, l.refused.all, l.unfit.all, l.excess.all = &t.links, &t.refused, &t.unfit, &t.excess
}

// listen makes the link hear the lines that bring audio.
func (l *link) listen(o *offer) {
	l.flow = newBucket(len(o.mics))
	for _, i := range o.mics {
		s := o.sections[i]
		l.payloadType, l.levelID = s.payloadType, s.levelID // the same on all
		l.ssrcs = append(l.ssrcs, s.ssrc)
		l.lines = append(l.lines, line{})
	}
}

// opened implements ear.
func (l *link) opened() {
	l.release()
	l.room.mu.Lock()
	defer l.room.mu.Unlock()
	if l.isOpen || l.over {
		return
	}
	l.isOpen = true
	switch {
	case l.room.uplink == l:
		l.listener = l.up.add(&l.nobody, l.leg)
	case l.up == nil && l.room.links[l.home] == l:
		l.listener = l.room.forwarder.add(&l.nobody, l.leg)
	default:
		return
	}
	close(l.ready)
}

// closed implements ear.
func (l *link) closed() {
	l.room.mu.Lock()
	l.detachLocked()
	if !l.over {
		l.over = true
		close(l.lost)
	}
	l.room.mu.Unlock()
	l.leg.close()
}

// detachLocked stops what goes in and out. The caller closes the leg. An uplink stays the room's, so that whoever asks
// finds that it is lost.
func (l *link) detachLocked() {
	if l.up == nil && l.room.links[l.home] == l {
		delete(l.room.links, l.home)
	}
	if l.listener == nil {
		return
	}
	if l.up != nil {
		l.up.remove(l.listener)
	} else {
		l.room.forwarder.remove(l.listener)
	}
	l.listener = nil
}

// heard implements ear.
func (l *link) heard(raw []byte) {
	now := l.room.server.now()
	p, ok := parsePacket(raw, l.levelID)
	i := slices.Index(l.ssrcs, p.ssrc)
	if !ok || i < 0 || p.payloadType != l.payloadType || p.csrc == 0 {
		l.unfit.Add(1)
		return
	}
	l.received.Add(1)
	l.mu.Lock()
	l.lines[i].reception.hear(p, now)
	within := l.flow.take(now)
	l.mu.Unlock()
	if !within {
		l.excess.Add(1)
		return
	}
	p.payload = bytes.Clone(p.payload)
	if !l.room.enqueue(arrival{link: l, line: i, packet: p, at: now}) {
		l.excess.Add(1)
	}
}

// reported implements ear.
func (l *link) reported(slot int, raw []byte) {
	if slot != microphone {
		l.reportedOn(slot, raw)
		return
	}
	now := l.room.server.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.lines {
		if ntp, ok := senderReport(raw, l.ssrcs[i]); ok {
			l.lines[i].reception.senderReported(ntp, now)
		}
	}
}

// report tells the other node how its slots are received, by an audience that loses this much.
func (l *link) report(audience float64) {
	now := l.room.server.now()
	var due []report
	l.mu.Lock()
	for i := range l.lines {
		if about, ok := l.lines[i].reception.report(audience, now); ok {
			due = append(due, about)
		}
	}
	l.mu.Unlock()
	for _, about := range due {
		l.leg.report(about)
	}
}

// admit says to which source a packet belongs. When another speaker has got the slot, or the numbers start anew, that
// is a new one, numbered by next. What comes late counts only for the run under way: a packet of an earlier one would
// be taken for a new turn of a speaker who has gone.
func (r *run) admit(p packet, next func() uint64) (source uint64, ok bool) {
	ahead := int16(p.seq - r.newest) // serial arithmetic, RFC 1982
	switch {
	case r.serial == 0, ahead > 0 && p.csrc != r.speaker, ahead <= -maxGap:
		*r = run{speaker: p.csrc, serial: next(), first: p.seq, newest: p.seq}
	case ahead > 0:
		r.newest = p.seq
		if p.seq-r.first > maxGap {
			r.first = p.seq - maxGap // keeps within serial arithmetic
		}
	case p.csrc != r.speaker || int16(p.seq-r.first) < 0:
		return 0, false
	}
	return r.serial, true
}

// forwardLinked forwards what came over a link.
func (r *Room) forwardLinked(a arrival) {
	l, in := a.link, a.packet
	if r.closed || l.listener == nil { // replaced or lost
		l.refused.Add(1)
		return
	}
	at := &l.lines[a.line].run
	before := at.speaker
	source, ok := at.admit(in, func() uint64 { return r.server.serial.Add(1) })
	if !ok {
		l.unfit.Add(1)
		return
	}
	if l.up != nil {
		if before != at.speaker {
			r.leftLocked(l, before)
		}
		r.relayLocked(a, source)
		return
	}
	p := r.people[in.csrc]
	if p == nil || p.home != l.home { // not the other node's to speak for
		l.refused.Add(1)
		return
	}
	p.received.Add(1)
	switch {
	case !p.may.Load():
		l.refused.Add(1)
		p.refused.own.Add(1) // the server counts it with the link
	case !p.flow.take(a.at):
		p.excess.Add(1)
	default:
		r.forwarder.forward(p, source, in, a.at)
	}
}
