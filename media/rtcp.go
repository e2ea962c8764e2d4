package media

import (
	"encoding/binary"
	"math"
	"slices"
	"time"
)

// Receiver reports make browsers send in-band forward error correction: Chromium adds it only while reports on its
// microphone show loss. So a speaker is told the loss of the worse-off part of the audience, as if it were on their
// own line.
const (
	// reportEvery is the time between two reports to a speaker.
	reportEvery = time.Second

	// lossFresh is how long a listener's report counts. Browsers report on audio every 5 s.
	lossFresh = 12 * time.Second

	// lossRank: the audience's loss is the smallest that is not exceeded for this share of the listeners. It covers
	// nearly everybody without letting one broken line cost all the others bandwidth; up to nine listeners, it is the
	// worst.
	lossRank = 0.9
)

// RTCP packet types, RFC 3550 section 12.1.
const (
	typeSenderReport   = 200
	typeReceiverReport = 201
)

// eachReport calls yield for each reception report in a compound RTCP packet (RFC 3550 section 6.4) with its subject
// and the fraction lost in 1/256. It stops at the first thing that is malformed.
func eachReport(raw []byte, yield func(ssrc uint32, lost uint8)) {
	for packet, kind, count := nextRTCP(&raw); packet != nil; packet, kind, count = nextRTCP(&raw) {
		var blocks []byte
		switch {
		case kind == typeSenderReport && len(packet) >= 28:
			blocks = packet[28:]
		case kind == typeReceiverReport && len(packet) >= 8:
			blocks = packet[8:]
		}
		for ; count > 0 && len(blocks) >= 24; count-- {
			yield(binary.BigEndian.Uint32(blocks), blocks[4])
			blocks = blocks[24:]
		}
	}
}

// senderReport finds the sender report of ssrc in a compound RTCP packet and returns the middle 32 bits of its NTP
// time, which a receiver report echoes as "last SR".
func senderReport(raw []byte, ssrc uint32) (uint32, bool) {
	for packet, kind, _ := nextRTCP(&raw); packet != nil; packet, kind, _ = nextRTCP(&raw) {
		if kind == typeSenderReport && len(packet) >= 28 && binary.BigEndian.Uint32(packet[4:]) == ssrc {
			return binary.BigEndian.Uint32(packet[10:]), true
		}
	}
	return 0, false
}

// nextRTCP cuts one packet off a compound one; nil at the end or at anything malformed.
func nextRTCP(raw *[]byte) (packet []byte, kind uint8, count int) {
	b := *raw
	if len(b) < 4 || b[0]>>6 != 2 {
		return nil, 0, 0
	}
	size := 4 * (int(binary.BigEndian.Uint16(b[2:])) + 1)
	if size > len(b) {
		return nil, 0, 0
	}
	*raw = b[size:]
	return b[:size], b[1], int(b[0] & 0x1f)
}

// report is the content of one reception report block, RFC 3550 section 6.4.1.
type report struct {
	ssrc      uint32
	lost      uint8  // fraction since the last report, in 1/256
	lostTotal uint32 // at most 24 bits
	highest   uint32 // sequence number, extended by the count of wraps
	jitter    uint32 // in samples
	lastSR    uint32
	sinceSR   uint32 // in 1/65536 s
}

// reception is the bookkeeping of one incoming stream: RFC 3550 appendices A.1, A.3 and A.8.
type reception struct {
	ssrc     uint32
	started  bool
	base     uint32 // first extended sequence number
	highest  uint32 // extended
	received uint32
	jitter   float64
	transit  int64

	lastExpected, lastReceived uint32 // at the last report

	lastSR   uint32
	lastSRAt time.Duration
}

// hear counts one packet.
func (r *reception) hear(p packet, now time.Duration) {
	transit := samplesIn(now) - int64(p.timestamp)
	if !r.started || r.ssrc != p.ssrc {
		*r = reception{ssrc: p.ssrc, started: true, base: 1<<16 | uint32(p.seq), highest: 1<<16 | uint32(p.seq), transit: transit}
	}
	r.received++
	if ahead := int16(p.seq - uint16(r.highest)); ahead > 0 { // serial arithmetic
		r.highest += uint32(ahead)
	}
	d := int64(int32(transit - r.transit)) // RTP time wraps
	r.transit = transit
	r.jitter += (math.Abs(float64(d)) - r.jitter) / 16
}

// senderReported remembers the sender's last report.
func (r *reception) senderReported(ntp uint32, now time.Duration) { r.lastSR, r.lastSRAt = ntp, now }

// report makes the next report, in which the audience's loss is added to that of the stream itself. False if nothing
// came since the last.
func (r *reception) report(audience float64, now time.Duration) (report, bool) {
	expected := r.highest - r.base + 1
	interval, received := expected-r.lastExpected, r.received-r.lastReceived
	if !r.started || received == 0 {
		return report{}, false
	}
	r.lastExpected, r.lastReceived = expected, r.received
	var own float64
	if interval > received {
		own = float64(interval-received) / float64(interval)
	}
	out := report{
		ssrc:    r.ssrc,
		lost:    uint8(min(255, 256*(1-(1-own)*(1-audience)))),
		highest: r.highest,
		jitter:  uint32(min(r.jitter, math.MaxInt32)),
		lastSR:  r.lastSR,
	}
	if expected > r.received {
		out.lostTotal = min(expected-r.received, 1<<23-1)
	}
	if r.lastSR != 0 {
		out.sinceSR = uint32((now - r.lastSRAt) * 65536 / time.Second) // wraps after 18 hours without a report
	}
	return out, true
}

// audienceLoss is the loss, 0 to 1, that lossRank of the listeners do not exceed. It reorders losses.
func audienceLoss(losses []float64) float64 {
	if len(losses) == 0 {
		return 0
	}
	slices.Sort(losses)
	return losses[int(math.Ceil(lossRank*float64(len(losses))))-1]
}
