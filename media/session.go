package media

import (
	"sync"
	"time"
)

// session is one leg from its answer to its end, and what its far side reports about the slots it gets. It is the part
// that a person's connection and a link between nodes have in common.
type session struct {
	room    *Room
	leg     leg // set before anything can be heard
	release func()
	expiry  *time.Timer

	isOpen   bool      // guarded by room.mu
	listener *listener // guarded by room.mu; nil while not open or not part of the room

	mu     sync.Mutex
	losses []slotLoss
}

// slotLoss is what a listener last reported about a slot.
type slotLoss struct {
	lost  float64
	at    time.Duration
	known bool
}

// begin gives the session its leg, which has a while to connect; else expired is called. release is called when it has
// connected, or has ended.
func (s *session) begin(g leg, release, expired func()) {
	s.leg, s.release = g, release
	s.expiry = time.AfterFunc(s.room.server.wait.handshake, func() {
		s.room.mu.Lock()
		late := !s.isOpen
		s.room.mu.Unlock()
		if late {
			expired()
		}
	})
}

// wait blocks until the leg and all it started have ended.
func (s *session) wait() {
	<-s.leg.done()
	s.expiry.Stop()
	s.release()
}

// reportedOn takes in what the far side reports of a slot.
func (s *session) reportedOn(slot int, raw []byte) {
	now := s.room.server.now()
	ssrc := s.leg.ssrc(slot)
	s.mu.Lock()
	defer s.mu.Unlock()
	eachReport(raw, func(about uint32, lost uint8) {
		if about == ssrc {
			s.losses[slot] = slotLoss{lost: float64(lost) / 256, at: now, known: true}
		}
	})
}

// loss is what the far side lately reported of its worst slot, 0 to 1.
func (s *session) loss(now time.Duration) (float64, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	worst, known := 0.0, false
	for _, l := range s.losses {
		if l.known && now-l.at <= lossFresh {
			worst, known = max(worst, l.lost), true
		}
	}
	return worst, known
}

// A speaker may send packetRate packets a second, packetBurst at once: twice and more what browsers send, and enough
// for 10 ms frames. Everything above would be multiplied by the audience.
const (
	packetRate  = 120
	packetBurst = 60
)

// bucket is a token bucket.
type bucket struct {
	speakers float64 // for how many speakers it is
	tokens   float64
	at       time.Duration
}

func newBucket(speakers int) bucket {
	return bucket{speakers: float64(speakers), tokens: packetBurst * float64(speakers)}
}

func (b *bucket) take(now time.Duration) bool {
	b.tokens = min(packetBurst*b.speakers, b.tokens+packetRate*b.speakers*(now-b.at).Seconds())
	b.at = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
