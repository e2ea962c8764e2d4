package rtc

import (
	"sync"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v3"
)

// Heard counts the packets of one slot or of one speaker.
type Heard struct {
	Packets   uint64
	Bytes     uint64    // of Opus
	Lost      uint64    // gaps in the sequence numbers that nothing has filled
	Timestamp uint32    // of the last packet, 48 kHz
	Level     int       // of the last packet that told one: dBov, 0 loudest, -127 silence (RFC 6464)
	At        time.Time // when the last packet came; zero if none has
}

// Slots is what each slot has carried.
func (c *Conn) Slots() []Heard {
	c.heard.mu.Lock()
	defer c.heard.mu.Unlock()
	list := make([]Heard, len(c.heard.slots))
	for i, s := range c.heard.slots {
		list[i] = s.Heard
	}
	return list
}

// Speakers is what was heard of each person, by the number that names them in the room's audio: the CSRC of the events.
// A gap counts for the person heard after it.
func (c *Conn) Speakers() map[uint32]Heard {
	c.heard.mu.Lock()
	defer c.heard.mu.Unlock()
	all := make(map[uint32]Heard, len(c.heard.speakers))
	for csrc, h := range c.heard.speakers {
		all[csrc] = *h
	}
	return all
}

// heard is what all readers of a connection count into.
type heard struct {
	mu       sync.Mutex
	slots    []slot            // guarded by mu
	speakers map[uint32]*Heard // by CSRC; guarded by mu
}

// slot is one stream.
type slot struct {
	Heard
	begun bool
	last  uint16 // the highest sequence number so far, in the sense of RFC 1982
}

func (h *heard) init(slots int) {
	h.slots = make([]slot, slots)
	h.speakers = map[uint32]*Heard{}
}

// count counts one packet. level is 0 or less, or 1 if the packet tells none.
func (h *heard) count(at time.Time, index int, p *rtp.Packet, level int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := &h.slots[index]
	lost := s.gap(p.SequenceNumber)
	s.add(at, p, level, lost)
	for _, csrc := range p.CSRC {
		speaker, ok := h.speakers[csrc]
		if !ok {
			speaker = &Heard{}
			h.speakers[csrc] = speaker
		}
		speaker.add(at, p, level, lost)
	}
}

// gap is how many packets are missing before this one; -1 if this one was counted as missing and is only late.
func (s *slot) gap(number uint16) int {
	if !s.begun {
		s.begun, s.last = true, number
		return 0
	}
	ahead := int(int16(number - s.last))
	if ahead <= 0 {
		return -1
	}
	s.last = number
	return ahead - 1
}

func (h *Heard) add(at time.Time, p *rtp.Packet, level, lost int) {
	h.Packets++
	h.Bytes += uint64(len(p.Payload))
	h.Timestamp = p.Timestamp
	h.At = at
	if level <= 0 {
		h.Level = level
	}
	switch {
	case lost > 0:
		h.Lost += uint64(lost)
	case lost < 0 && h.Lost > 0:
		h.Lost--
	}
}

// hear reads one slot until the connection ends.
func (c *Conn) hear(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
	index := -1
	for i, line := range c.slots {
		if line.Receiver() == receiver {
			index = i
		}
	}
	c.mu.Lock()
	if index < 0 || c.over {
		c.mu.Unlock()
		return
	}
	c.readers.Add(1)
	c.mu.Unlock()
	defer c.readers.Done()

	var levelID uint8
	for _, e := range receiver.GetParameters().HeaderExtensions {
		if e.URI == sdp.AudioLevelURI {
			levelID = uint8(e.ID)
		}
	}
	buffer := make([]byte, 1500)
	for {
		n, _, err := track.Read(buffer)
		if err != nil {
			return
		}
		var p rtp.Packet
		if p.Unmarshal(buffer[:n]) != nil {
			continue
		}
		level := 1
		if raw := p.GetExtension(levelID); levelID != 0 && len(raw) > 0 {
			level = -int(raw[0] & 0x7f)
		}
		c.heard.count(time.Now(), index, &p, level)
		if c.onPacket != nil {
			c.onPacket(index, &p)
		}
	}
}
