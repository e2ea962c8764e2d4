package media

import "time"

// Numbers of the rewriting rule. With them, four talkers over three slots make Chromium 156 conceal nothing, and a hard
// switch every 700 ms less than 0.6% of the samples; following the pure wall clock doubles that, a pause that is not
// followed lets the delay grow without end, and a step backwards makes the slot unusable.
const (
	clockRate = 48000 // Opus in RTP, RFC 7587 section 4.1
	frame     = 960   // samples in 20 ms, what browsers send
	longest   = 5760  // samples in an Opus packet, RFC 6716 section 3.2.5 [R5]

	// A packet that starts or resumes a slot follows the last one directly if its place lies within these bounds of
	// the wall clock, in samples. Further ahead it is skipped, further behind the slot jumps forward to the clock.
	maxLead = 1440
	maxLag  = 960

	// drift is the share of each packet's distance from the wall clock by which the anchor follows the speaker.
	drift = 256

	// Within one run of packets the input is trusted only so far. A jump of more than maxGap in sequence numbers
	// would upset the rollover counter of receivers (RFC 3711 section 3.3.1); a timestamp this far before or behind
	// the clock, in samples, would stall the slot for whoever talks next. Either starts a new run.
	maxGap    = 100
	maxEarly  = clockRate / 5
	maxLate   = clockRate
	reorder   = 64 // how far behind the newest a packet may come and still be forwarded
	seenFresh = ^uint64(0)
)

// source is one speaker's turn in a slot over one connection. A new turn, or a new connection with its own sequence
// numbers, is a new source.
type source struct{ turn, leg uint64 }

// build is one slot packet, made once for the whole audience. Each leg patches payload type, extension id, SSRC and
// sequence number.
type build struct {
	slot      int
	speaker   uint32 // CSRC
	run       uint32 // counts the times the slot was resumed; see cursor
	seq       uint16 // of the input
	timestamp uint32
	marker    bool
	level     uint8 // RFC 6464
	payload   []byte
}

// slot rewrites the packets of ever changing speakers into one continuous stream. The zero value is an unused slot.
type slot struct {
	used   bool
	source source
	run    uint32

	newest   uint16 // highest input sequence number of this run
	skipped  uint16 // input packets of this run that were left out on purpose
	seen     uint64 // bit i: newest-i was forwarded in this run, or lies before it
	tsOffset uint32 // output minus input timestamp in this run
	first    uint32 // lower bound for timestamps of late packets: the run's first, later a window behind last

	last     uint32 // highest timestamp sent
	duration uint32 // samples in the packet that had it

	anchor   int64 // the wall clock at anchorAt, in 1/256 sample
	anchorAt time.Duration

	rested  int           // silent frames sent since the speaker rests
	sentAt  time.Duration // the last packet
	heardAt time.Duration // the last packet that came in
}

// A slot that rests is kept as Opus keeps a silent stream (RFC 6716 section 2.1.9): a frame without content every
// 400 ms. Chromium's jitter buffer then makes comfort noise, conceals nothing, and plays the first word in full. After
// one second without any it would fall into concealment and swallow up to 300 ms of what comes next. A few at the
// start, because one alone may be lost, or be played faster and so not be recognised.
const (
	comfortEvery = 400 * time.Millisecond
	comfortStart = 3
)

// forward is rewrite for a speaker whose silence is thinned out. The level in p is forwarded. Silence that comes thinned
// out already, from another node or an encoder with discontinuous transmission, is not thinned out again: with a little
// jitter that would leave out every other frame.
func (s *slot) forward(from source, p packet, rests bool, now time.Duration) (build, bool) {
	sparse := now-s.heardAt >= comfortEvery/2
	s.heardAt = now
	switch {
	case len(p.payload) == 0:
		return build{}, false
	case !rests || from != s.source:
		s.rested = 0
	case s.rested >= comfortStart && now-s.sentAt < comfortEvery && !sparse:
		s.skip(p)
		return build{}, false
	default:
		s.rested++
	}
	if s.rested > 0 {
		p.payload = opusSilence(p.payload)
	}
	b, ok := s.rewrite(from, p, now)
	if ok {
		s.sentAt = now
	}
	return b, ok
}

// skip leaves out a packet of the present run without a gap in the sequence numbers.
func (s *slot) skip(p packet) {
	ahead := int16(p.seq - s.newest) // serial arithmetic
	if ahead <= 0 || ahead > maxGap {
		return
	}
	s.newest = p.seq
	s.skipped += uint16(ahead)
	s.seen = seenFresh // what was overtaken cannot be told from what was skipped
}

// rewrite gives the input packet its place in the slot, or false if it has none. now is a monotonic time.
func (s *slot) rewrite(from source, p packet, now time.Duration) (build, bool) {
	samples, ok := opusSamples(p.payload)
	if !ok {
		return build{}, false
	}
	if !s.used {
		s.anchor, s.anchorAt = int64(p.timestamp)*drift, now
	}
	wall := uint32(s.anchor/drift + samplesIn(now-s.anchorAt)) // RTP time wraps

	var ts uint32
	var marker bool
	if s.used && from == s.source && s.continues(p, wall) {
		ts = p.timestamp + s.tsOffset
		ahead := int16(p.seq - s.newest) // serial arithmetic, RFC 1982
		if ahead <= 0 {
			return s.late(p, ts)
		}
		marker = p.marker || ahead == 1 && ts-s.last > s.duration // a gap without loss: the speaker was silent
		s.seen = s.seen<<ahead | 1
	} else {
		ts, ok = s.resume(wall)
		if !ok {
			return build{}, false
		}
		marker = true
		s.used, s.source, s.first = true, from, ts
		s.run++
		s.tsOffset = ts - p.timestamp
		s.seen, s.skipped = seenFresh, 0
	}
	s.newest, s.last, s.duration = p.seq, ts, samples
	if ts-s.first > reorder*longest {
		s.first = ts - reorder*longest
	}
	s.anchor += int64(int32(ts - wall)) // serial arithmetic
	return s.built(p, ts, marker), true
}

// continues reports whether p can go on in the present run under rule 1: same offsets as the packet before.
func (s *slot) continues(p packet, wall uint32) bool {
	ts := p.timestamp + s.tsOffset
	ahead := int16(p.seq - s.newest) // serial arithmetic
	if ahead <= 0 {
		return ahead > -maxGap // too old is late's business; further back is a restarted sender
	}
	early := int32(ts - wall) // serial arithmetic
	later := int32(ts - s.last)
	return ahead <= maxGap && later > 0 && early <= maxEarly && early >= -maxLate
}

// late forwards a packet that others have overtaken, if it belongs to this run, is not a copy, and its timestamp fits
// its place.
func (s *slot) late(p packet, ts uint32) (build, bool) {
	behind := int(s.newest - p.seq)
	if behind >= reorder || s.seen&(1<<behind) != 0 {
		return build{}, false
	}
	if int32(ts-s.last) >= 0 || int32(ts-s.first) <= 0 { // serial arithmetic
		return build{}, false
	}
	s.seen |= 1 << behind
	return s.built(p, ts, p.marker), true
}

// resume is rule 2: the timestamp for a packet that starts or resumes the slot, or false to skip the packet and look
// again at the next.
func (s *slot) resume(wall uint32) (uint32, bool) {
	if !s.used {
		return wall, true
	}
	next := s.last + s.duration
	lead := int32(next - wall) // serial arithmetic
	switch {
	case lead > maxLead:
		return 0, false
	case lead >= -maxLag:
		return next, true
	default:
		return wall, true
	}
}

func (s *slot) built(p packet, ts uint32, marker bool) build {
	return build{run: s.run, seq: p.seq - s.skipped, timestamp: ts, marker: marker, level: p.level, payload: p.payload}
}

func samplesIn(d time.Duration) int64 {
	return int64(d) * (clockRate / 8000) / (int64(time.Second) / 8000)
}

// cursor is one listener's sequence numbers in one slot. Own voices and packets from before the listener came are not
// sent to them, so the numbers are theirs alone. They start at 1: a listener's rollover counter starts at 0 with them,
// however often the slot has wrapped before (RFC 3711 section 3.3.1).
//
// No sequence number is ever used twice: with AEAD_AES_GCM that would give the key away (RFC 7714 section 8.3).
type cursor struct {
	run    uint32
	offset uint16 // output minus input in this run
	last   uint16 // highest sent
	span   uint16 // how many numbers before last belong to this run, up to reorder
}

// next is the listener's sequence number for b, or false if the listener may not get the packet.
func (c *cursor) next(b *build) (uint16, bool) {
	if c.run != b.run {
		c.run, c.span = b.run, 0
		c.last++
		c.offset = c.last - b.seq
		return c.last, true
	}
	seq := b.seq + c.offset
	ahead := int16(seq - c.last) // serial arithmetic
	if ahead > 0 {
		c.last = seq
		c.span = min(c.span+uint16(ahead), reorder)
		return seq, true
	}
	return seq, ahead < 0 && -int(ahead) <= int(c.span)
}
