package media

import (
	"sync/atomic"
	"time"
)

// The times and distances of speaker selection.
const (
	// A free slot is taken at once. To take over somebody else's, a newcomer's lead in loudness, less hysteresis in dB,
	// must add up to takeover in dB·s. So the attack time follows from how clear the case is: 60 ms for a lead of 18 dB,
	// 200 ms for 6 dB, 1 s for 2 dB; and two who are about equally loud do not toss a slot to and fro.
	hysteresis = 1.0
	takeover   = 1.0

	// hold is how long a speaker who has fallen silent is forwarded in full, if nobody else wants the slot. It bridges
	// the pauses between sentences. After it the slot rests: it is kept warm (see comfortEvery) and free for the taking.
	hold = 1200 * time.Millisecond

	// dwell is how long a slot stays with whoever got it, whatever happens. It keeps the promise that no slot changes
	// twice within 500 ms, with room for the jitter of whoever measures it.
	dwell = 600 * time.Millisecond

	// fresh is how long after their last packet somebody still counts as speaking: more than the jitter of most networks.
	fresh = 200 * time.Millisecond

	// A turn that keeps others waiting is free for freeTurn. From then on it costs handicap dB of loudness a second,
	// until even the quietest speaker outdoes the loudest. Turns are forgotten as fast as they add up, and pauseCredit
	// times as fast in pauses, in which others can step in anyway. So speech hardly ever pays, but nobody keeps a slot
	// for ever by declaring the loudest level without a break.
	freeTurn    = 15 * time.Second
	handicap    = 3.0
	pauseCredit = 10
	maxTurn     = freeTurn + (loudest-speechFloor+12)*time.Second/handicap // 12 dB more than the widest lead, for a quick takeover
)

// selector gives a fixed number of slots to the loudest of the people who speak. It is pure: time is what it is told.
type selector struct {
	seats  []seat
	voices map[uint32]*voice
	turns  uint64
	all    *atomic.Uint64 // counts switches for the whole server; nil: nobody does
}

// seat is one slot: who has it.
type seat struct {
	voice    *voice // nil: free
	turn     uint64 // of voice
	last     uint32 // who had it last, or has it
	changed  time.Duration
	switches uint64
}

// voice is one person who has been heard.
type voice struct {
	person  uint32
	loud    loudness
	heard   time.Duration // last packet
	spoke   time.Duration // last time above speechFloor
	seat    int           // -1: none
	lead    float64       // over the weakest seat, added up; in dB·s
	contest time.Duration // how long they have kept others waiting
}

// place is the selector's answer to one packet.
type place struct {
	slot  int
	turn  uint64 // a new one each time a slot is given away
	rests bool   // the speaker has been silent for hold
	level uint8
}

func newSelector(slots int) *selector {
	return &selector{seats: make([]seat, slots), voices: map[uint32]*voice{}}
}

// hear takes one packet of a person who may speak and says which slot it goes to, or false for none.
func (s *selector) hear(person uint32, p packet, now time.Duration) (place, bool) {
	v, since := s.voice(person, p, now)
	if v.seat < 0 && (v.loud.value < speechFloor || !s.find(v, since, now)) {
		return place{}, false
	}
	return s.place(v, p, now), true
}

// assign takes one packet of a person whom another node has given slot i, and gives it to them here too.
func (s *selector) assign(person uint32, i int, p packet, now time.Duration) place {
	v, _ := s.voice(person, p, now)
	if v.seat != i {
		if v.seat >= 0 {
			s.free(v)
		}
		s.take(v, i, now)
	}
	return s.place(v, p, now)
}

func (s *selector) place(v *voice, p packet, now time.Duration) place {
	given := place{slot: v.seat, turn: s.seats[v.seat].turn, rests: v.rests(now), level: p.level}
	if p.level == noLevel {
		given.level = v.loud.byte()
	}
	return given
}

// voice updates what is known of a person and says how long ago they were heard before.
func (s *selector) voice(person uint32, p packet, now time.Duration) (*voice, time.Duration) {
	v := s.voices[person]
	if v == nil {
		v = &voice{person: person, seat: -1, heard: now - 20*time.Millisecond, spoke: now - hold}
		v.loud.value = quietest
		s.voices[person] = v
	}
	since := now - v.heard
	v.heard = now
	switch speaks := v.loud.hear(p.level, p.payload, since) >= speechFloor; {
	case !speaks:
		v.contest = max(v.contest-pauseCredit*since, 0)
	case v.seat >= 0 && since <= fresh && s.someoneWaits(now):
		v.contest = min(v.contest+since, maxTurn)
	default:
		v.contest = max(v.contest-since, 0)
	}
	if v.loud.value >= speechFloor {
		v.spoke = now
	}
	return v, min(since, fresh)
}

func (s *selector) someoneWaits(now time.Duration) bool {
	for _, v := range s.voices {
		if v.seat < 0 && now-v.spoke <= fresh {
			return true
		}
	}
	return false
}

// rests reports whether the person has been silent for long enough to lose nothing by losing the slot.
func (v *voice) rests(now time.Duration) bool { return now-v.spoke > hold }

// find seats a speaker if there is a free slot or one to take over.
func (s *selector) find(v *voice, since, now time.Duration) bool {
	free, weakest := -1, -1
	var low float64
	for i := range s.seats {
		at := &s.seats[i]
		settled := at.last == 0 || now-at.changed >= dwell
		switch {
		case at.voice == nil && at.last == v.person: // back in their own
			s.take(v, i, now)
			return true
		case !settled:
		case at.voice == nil || at.voice.rests(now):
			if free < 0 || s.freer(i, free) {
				free = i
			}
		default:
			if score := at.voice.score(now); weakest < 0 || score < low {
				weakest, low = i, score
			}
		}
	}
	if free >= 0 {
		s.take(v, free, now)
		return true
	}
	if weakest < 0 {
		return false
	}
	v.lead = max(0, v.lead+(v.score(now)-low-hysteresis)*since.Seconds())
	if v.lead < takeover {
		return false
	}
	s.take(v, weakest, now)
	return true
}

// freer reports whether slot i is the better one to take of two that are free: nobody's before a resting one, then the
// one that changed longer ago.
func (s *selector) freer(i, than int) bool {
	a, b := &s.seats[i], &s.seats[than]
	if (a.voice == nil) != (b.voice == nil) {
		return a.voice == nil
	}
	return a.changed < b.changed
}

// score is the loudness with which a person competes.
func (v *voice) score(now time.Duration) float64 {
	score := v.loud.value
	if silence := now - v.heard; silence > fresh {
		score = v.loud.after(silence - fresh)
	}
	if over := v.contest - freeTurn; over > 0 {
		score -= handicap * over.Seconds()
	}
	return score
}

func (s *selector) take(v *voice, i int, now time.Duration) {
	at := &s.seats[i]
	if at.voice != nil {
		s.free(at.voice)
	}
	s.turns++
	if at.last != v.person {
		at.changed, at.last = now, v.person
		at.switches++
		if s.all != nil {
			s.all.Add(1)
		}
	}
	at.voice, at.turn = v, s.turns
	v.seat, v.lead = i, 0
}

func (s *selector) free(v *voice) {
	s.seats[v.seat].voice = nil
	v.seat = -1
}

// quiet takes the slot of somebody who may not speak now. How long they kept others waiting is remembered.
func (s *selector) quiet(person uint32) {
	v := s.voices[person]
	if v == nil {
		return
	}
	if v.seat >= 0 {
		s.free(v)
	}
	v.loud.value, v.spoke, v.lead = quietest, v.heard-hold, 0
}

// forget removes a person who has gone.
func (s *selector) forget(person uint32) {
	s.quiet(person)
	delete(s.voices, person)
}
