package rtc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v3"
)

// Silence is the level of a frame in which nobody speaks.
const Silence = -127

// Frame is one Opus packet (RFC 6716).
type Frame struct {
	Opus     []byte
	Duration time.Duration // how much audio it holds; at most 120 ms
	Level    int           // how loud it is, in dBov: 0 loudest, -127 silence (RFC 6464)
}

// microphone is the line that sends. It is the last of the offer.
type microphone struct {
	track *webrtc.TrackLocalStaticRTP
	line  *webrtc.RTPTransceiver

	mu      sync.Mutex
	header  rtp.Header // of the next packet; guarded by mu
	levelID uint8      // of the header extensions; 0 if not negotiated; guarded by mu
	midID   uint8      // guarded by mu
	mid     string     // of the line; guarded by mu
	due     time.Time  // when the next packet would follow without a pause; zero before the first; guarded by mu
	sent    uint64     // guarded by mu
	report  Report     // guarded by mu
}

// Report is what the node last said about the packets that it gets from this person (RFC 3550, section 6.4.1).
type Report struct {
	Count        uint64  // reports so far
	FractionLost float64 // of the packets since the report before; a node adds what the audience loses
	Jitter       time.Duration
}

func (m *microphone) open(pc *webrtc.PeerConnection) error {
	track, err := webrtc.NewTrackLocalStaticRTP(opus(), "microphone", "stoa")
	if err != nil {
		return fmt.Errorf("rtc: %w", err)
	}
	line, err := pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	if err != nil {
		return fmt.Errorf("rtc: %w", err)
	}
	m.track, m.line = track, line
	m.header = rtp.Header{
		Version: 2, SequenceNumber: uint16(rand.Uint32()), Timestamp: rand.Uint32(),
	}
	return nil
}

// negotiated learns the numbers that the answer gave to the header extensions.
func (m *microphone) negotiated() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mid = m.line.Mid()
	for _, e := range m.line.Sender().GetParameters().HeaderExtensions {
		switch e.URI {
		case sdp.AudioLevelURI:
			m.levelID = uint8(e.ID)
		case sdp.SDESMidURI:
			m.midID = uint8(e.ID)
		}
	}
}

// WriteOpus sends one frame now. Frames of a stretch of speech follow one another by their durations, whenever they are
// written; after a pause of more than 100 ms the timestamps jump by what has passed. Who writes keeps the pace.
func (c *Conn) WriteOpus(f Frame) error {
	select {
	case <-c.done:
		return ErrClosed
	default:
	}
	if len(f.Opus) == 0 || f.Duration <= 0 || f.Duration > 120*time.Millisecond || f.Level > 0 || f.Level < Silence {
		return fmt.Errorf("rtc: no frame: %d bytes, %v, %d dBov", len(f.Opus), f.Duration, f.Level)
	}
	packet, err := c.mic.packet(f, time.Now())
	if err != nil {
		return err
	}
	if err := c.mic.track.WriteRTP(packet); err != nil && !errors.Is(err, io.ErrClosedPipe) {
		return fmt.Errorf("rtc: sending: %w", err)
	}
	return nil
}

const maxPause = 100 * time.Millisecond

// packet makes the packet of a frame.
func (m *microphone) packet(f Frame, now time.Time) (*rtp.Packet, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	pause := now.Sub(m.due)
	m.header.Marker = m.due.IsZero() || pause > maxPause
	switch {
	case m.due.IsZero():
		m.due = now
	case pause > maxPause:
		m.header.Timestamp += samples(pause)
		m.due = now
	}
	header := m.header.Clone()
	header.Extension = false
	for id, value := range map[uint8][]byte{m.levelID: level(f.Level), m.midID: []byte(m.mid)} {
		if id == 0 {
			continue
		}
		if err := header.SetExtension(id, value); err != nil {
			return nil, fmt.Errorf("rtc: %w", err)
		}
	}
	m.sent++
	m.header.SequenceNumber++
	m.header.Timestamp += samples(f.Duration)
	m.due = m.due.Add(f.Duration)
	return &rtp.Packet{Header: header, Payload: f.Opus}, nil
}

// level is the RFC 6464 extension: the voice bit and the level.
func level(dBov int) []byte {
	raw := byte(-dBov)
	if dBov > Silence {
		raw |= 0x80
	}
	return []byte{raw}
}

func samples(d time.Duration) uint32 { return uint32(d * clockRate / time.Second) }

// Speak sends frames in real time, each when the one before is over, until they end, ctx ends or the connection is over.
// An error among the frames ends it.
func (c *Conn) Speak(ctx context.Context, frames iter.Seq2[Frame, error]) error {
	next := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for frame, err := range frames {
		if err != nil {
			return err
		}
		timer.Reset(time.Until(next))
		select {
		case <-timer.C:
		case <-c.done:
			return ErrClosed
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := c.WriteOpus(frame); err != nil {
			return err
		}
		next = next.Add(frame.Duration)
		if late := time.Since(next); late > maxPause { // this machine stood still: do not hurry after it
			next = next.Add(late)
		}
	}
	return nil
}

// Sent is how many packets were sent.
func (c *Conn) Sent() uint64 {
	c.mic.mu.Lock()
	defer c.mic.mu.Unlock()
	return c.mic.sent
}

// Report is what the node last said about what it gets from this person; Count is 0 while it has said nothing.
func (c *Conn) Report() Report {
	c.mic.mu.Lock()
	defer c.mic.mu.Unlock()
	return c.mic.report
}

// listen reads the reports on what is sent, until the connection ends.
func (m *microphone) listen() {
	buffer := make([]byte, 1500)
	for {
		n, _, err := m.line.Sender().Read(buffer)
		if err != nil {
			return
		}
		packets, err := rtcp.Unmarshal(buffer[:n])
		if err != nil {
			continue
		}
		for _, p := range packets {
			if r, ok := p.(*rtcp.ReceiverReport); ok && len(r.Reports) > 0 {
				m.noteReport(r.Reports[0])
			}
		}
	}
}

func (m *microphone) noteReport(r rtcp.ReceptionReport) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.report = Report{
		Count:        m.report.Count + 1,
		FractionLost: float64(r.FractionLost) / 256,
		Jitter:       time.Duration(r.Jitter) * time.Second / clockRate,
	}
}
