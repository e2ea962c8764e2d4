package media

import "encoding/binary"

// MaxPayload is the longest Opus payload that is forwarded: one frame of the largest size, RFC 6716 section 3.4 [R2].
const MaxPayload = 1275

// noLevel marks a packet without a usable RFC 6464 audio level.
const noLevel = 0xff

// packet is what the room needs of one RTP packet from a microphone or another node.
type packet struct {
	payloadType uint8
	marker      bool
	seq         uint16
	timestamp   uint32
	ssrc        uint32
	csrc        uint32 // who speaks, on a link between nodes; 0 unless exactly one is named
	level       uint8  // the byte of RFC 6464: V bit and -dBov; noLevel if there is none
	payload     []byte
}

// parsePacket reads a decrypted RTP packet (RFC 3550 section 5.1). The level is looked for under the header extension
// id levelID; 0 looks for none. It reports false for anything that is malformed or carries no payload, padding-only
// probes included. The payload aliases raw.
func parsePacket(raw []byte, levelID uint8) (packet, bool) {
	const fixed = 12
	if len(raw) < fixed || raw[0]>>6 != 2 {
		return packet{}, false
	}
	p := packet{
		payloadType: raw[1] & 0x7f,
		marker:      raw[1]&0x80 != 0,
		seq:         binary.BigEndian.Uint16(raw[2:]),
		timestamp:   binary.BigEndian.Uint32(raw[4:]),
		ssrc:        binary.BigEndian.Uint32(raw[8:]),
		level:       noLevel,
	}
	padded, extended := raw[0]&0x20 != 0, raw[0]&0x10 != 0
	contributors := int(raw[0] & 0x0f)
	start := fixed + 4*contributors
	if contributors == 1 && len(raw) >= start {
		p.csrc = binary.BigEndian.Uint32(raw[fixed:])
	}
	if extended {
		if len(raw) < start+4 {
			return packet{}, false
		}
		profile := binary.BigEndian.Uint16(raw[start:])
		end := start + 4 + 4*int(binary.BigEndian.Uint16(raw[start+2:]))
		if len(raw) < end {
			return packet{}, false
		}
		if levelID != 0 {
			p.level = findLevel(profile, raw[start+4:end], levelID)
		}
		start = end
	}
	end := len(raw)
	if padded {
		end -= int(raw[end-1])
		if raw[len(raw)-1] == 0 {
			return packet{}, false
		}
	}
	if start >= end || end-start > MaxPayload {
		return packet{}, false
	}
	p.payload = raw[start:end]
	return p, true
}

// findLevel looks through header extension elements of either form of RFC 8285 section 4 for a level.
func findLevel(profile uint16, b []byte, id uint8) uint8 {
	oneByte := profile == 0xbede
	if !oneByte && profile>>4 != 0x100 {
		return noLevel
	}
	for len(b) > 0 {
		if b[0] == 0 { // padding between elements
			b = b[1:]
			continue
		}
		element, value, rest, ok := cutElement(b, oneByte)
		switch {
		case !ok:
			return noLevel
		case element != id || len(value) == 0:
			b = rest
		case value[0] == noLevel: // V bit and 127: silence, said in the one byte that means "none" here
			return 0x7f
		default:
			return value[0]
		}
	}
	return noLevel
}

// cutElement cuts one element off header extensions.
func cutElement(b []byte, oneByte bool) (id uint8, value, rest []byte, ok bool) {
	var size, head int
	if oneByte {
		id, size, head = b[0]>>4, int(b[0]&0x0f)+1, 1
		if id == 15 { // reserved: stop here
			return 0, nil, nil, false
		}
	} else {
		if len(b) < 2 {
			return 0, nil, nil, false
		}
		id, size, head = b[0], int(b[1]), 2
	}
	if len(b) < head+size {
		return 0, nil, nil, false
	}
	return id, b[head : head+size], b[head+size:], true
}

// opusSilence is the TOC byte of payload with the frame-count bits cleared: a packet whose one frame has no bytes. A
// decoder reads it as discontinuous transmission (RFC 6716 section 3.2.1), so the stream may stop after it without
// being taken for lost.
func opusSilence(payload []byte) []byte { return []byte{payload[0] &^ 3} }

// opusSamples is the duration of an Opus packet in samples at 48 kHz, from its TOC byte (RFC 6716 section 3.1), and
// false if the packet is malformed or longer than the 120 ms that are allowed [R5].
func opusSamples(payload []byte) (uint32, bool) {
	if len(payload) == 0 {
		return 0, false
	}
	var frame uint32
	switch config := payload[0] >> 3; {
	case config < 12: // SILK: 10, 20, 40, 60 ms
		frame = [4]uint32{480, 960, 1920, 2880}[config&3]
	case config < 16: // hybrid: 10, 20 ms
		frame = [2]uint32{480, 960}[config&1]
	default: // CELT: 2.5, 5, 10, 20 ms
		frame = [4]uint32{120, 240, 480, 960}[config&3]
	}
	count := uint32(1)
	switch payload[0] & 3 {
	case 1, 2:
		count = 2
	case 3:
		if len(payload) < 2 {
			return 0, false
		}
		count = uint32(payload[1] & 0x3f)
	}
	samples := frame * count
	return samples, samples > 0 && samples <= longest
}
