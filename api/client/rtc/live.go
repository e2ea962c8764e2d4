package rtc

import (
	"context"
	"sync"
	"time"

	"github.com/pion/rtp"
)

// Live writes what one slot carries into an Ogg stream as it is heard, with silence where nobody speaks, so that it can
// be piped into a player or kept as a file whose time is that of the room. Join with one slot and [Live.Packet] as
// OnPacket.
type Live struct {
	mu    sync.Mutex
	out   *OggWriter // guarded by mu
	tape  tape       // guarded by mu
	err   error      // the first that writing met; guarded by mu
	ended chan struct{}
}

// NewLive begins a stream.
func NewLive(out *OggWriter) *Live { return &Live{out: out, ended: make(chan struct{})} }

// Packet takes a packet in. A failure of the writer ends Run.
func (l *Live) Packet(_ int, p *rtp.Packet) {
	l.write(func() []Frame { return l.tape.packet(time.Now(), p.Timestamp, p.Payload) })
}

// Run fills the pauses until ctx ends or the stream cannot be written, and closes the stream.
func (l *Live) Run(ctx context.Context) error {
	tick := time.NewTicker(frameTime)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			l.write(func() []Frame { return l.tape.pause(time.Now()) })
		case <-l.ended:
			l.mu.Lock()
			defer l.mu.Unlock()
			return l.err
		case <-ctx.Done():
			l.mu.Lock()
			defer l.mu.Unlock()
			return l.out.Close()
		}
	}
}

// Anew is for a new connection: its timestamps have nothing to do with those of the last.
func (l *Live) Anew() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tape.anew()
}

func (l *Live) write(next func() []Frame) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return
	}
	for _, f := range next() {
		if l.err = l.out.Write(f); l.err != nil {
			close(l.ended)
			return
		}
	}
}

// The tape's times.
const (
	frameTime = 20 * time.Millisecond
	// patience is how late a packet may come before silence stands in its place: the jitter buffers of browsers are
	// shorter.
	patience = 200 * time.Millisecond
)

// tape puts packets in their place in time. It has no clock.
type tape struct {
	begun   bool
	from    time.Time // when the first packet of the connection came
	last    uint32    // the latest timestamp
	place   int64     // of that, in samples since the first
	written int64     // how far the stream is, in the same count
}

// quiet is 20 ms of silence: what Opus's CELT layer writes for digital silence.
func quiet() Frame {
	return Frame{Opus: []byte{0xf8, 0xff, 0xfe}, Duration: frameTime, Level: Silence}
}

// packet is what to write when a packet comes: silence up to its place, and the packet; nothing if its place is taken,
// or if it is the empty frame of a slot at rest.
func (t *tape) packet(now time.Time, timestamp uint32, payload []byte) []Frame {
	f := frame(append([]byte{}, payload...), 0)
	if len(payload) <= 2 || f.Duration <= 0 {
		return nil
	}
	if !t.begun {
		*t = tape{begun: true, from: now, last: timestamp}
	}
	place := t.place + int64(int32(timestamp-t.last)) // a difference of timestamps is signed, as in RFC 1982
	if ahead := t.elapsed(now) + clockRate; place > ahead || place < t.place-clockRate {
		place = t.written // no clock of audio leaps by a second
	}
	if place >= t.place {
		t.last, t.place = timestamp, place
	}
	if place <= t.written-count(frameTime) {
		return nil
	}
	frames := t.fill(place)
	t.written = max(t.written, place) + count(f.Duration)
	return append(frames, f)
}

// pause is the silence that is due.
func (t *tape) pause(now time.Time) []Frame {
	if !t.begun {
		return nil
	}
	return t.fill(t.elapsed(now) - count(patience))
}

// elapsed is how long the connection has been heard, in samples.
func (t *tape) elapsed(now time.Time) int64 { return count(now.Sub(t.from)) }

// count is a time in samples.
func count(d time.Duration) int64 { return d.Microseconds() * (clockRate / 1000) / 1000 }

// fill is silence up to a place.
func (t *tape) fill(place int64) []Frame {
	var frames []Frame
	for step := count(frameTime); t.written+step <= place; t.written += step {
		frames = append(frames, quiet())
	}
	return frames
}

// anew forgets where it was; what has been written stays.
func (t *tape) anew() { *t = tape{} }
