package media

import (
	"bytes"
	"testing"

	"github.com/pion/rtp"
)

func marshal(tb testing.TB, p rtp.Packet) []byte {
	tb.Helper()
	b, err := p.Marshal()
	check(tb, err)
	return b
}

// withLevel is an RTP packet with extensions of either form around the level.
func withLevel(tb testing.TB, profile uint16, id uint8) []byte {
	tb.Helper()
	h := rtp.Header{Version: 2, PayloadType: 111, SequenceNumber: 7, Timestamp: 8, SSRC: 9, CSRC: []uint32{1, 2}, Extension: true, ExtensionProfile: profile}
	check(tb, h.SetExtension(3, []byte{1, 2, 3}))
	check(tb, h.SetExtension(id, []byte{0x80 | 33}))
	check(tb, h.SetExtension(5, []byte("0")))
	return marshal(tb, rtp.Packet{Header: h, Payload: speech})
}

func TestParsePacket(t *testing.T) {
	plain := marshal(t, rtp.Packet{Header: rtp.Header{Version: 2, Marker: true, PayloadType: 109, SequenceNumber: 65535, Timestamp: 1 << 31, SSRC: 5}, Payload: speech})
	p, ok := parsePacket(plain, 1)
	if !ok || !p.marker || p.payloadType != 109 || p.seq != 65535 || p.timestamp != 1<<31 || p.ssrc != 5 || p.level != noLevel || !bytes.Equal(p.payload, speech) {
		t.Errorf("plain: %v %+v", ok, p)
	}
	for name, raw := range map[string][]byte{"one-byte": withLevel(t, 0xbede, 1), "two-byte": withLevel(t, 0x1000, 1)} {
		if p, ok := parsePacket(raw, 1); !ok || p.level != 0x80|33 || !bytes.Equal(p.payload, speech) {
			t.Errorf("%s: %v level %#x", name, ok, p.level)
		}
		if p, ok := parsePacket(raw, 2); !ok || p.level != noLevel {
			t.Errorf("%s, another id: %v level %#x", name, ok, p.level)
		}
		if p, ok := parsePacket(raw, 0); !ok || p.level != noLevel {
			t.Errorf("%s, no id: %v level %#x", name, ok, p.level)
		}
	}
	padded := append(bytes.Clone(plain), 0, 0, 3)
	padded[0] |= 0x20
	if p, ok := parsePacket(padded, 0); !ok || !bytes.Equal(p.payload, speech) {
		t.Errorf("padded: %v %d bytes", ok, len(p.payload))
	}
	silence := marshal(t, rtp.Packet{Header: rtp.Header{Version: 2, Extension: true, ExtensionProfile: 0xbede, Extensions: nil}, Payload: speech})
	silence = append(silence[:12:12], append([]byte{0xbe, 0xde, 0, 1, 0x10, 0xff, 0, 0}, speech...)...)
	silence[0] |= 0x10
	if p, ok := parsePacket(silence, 1); !ok || p.level&0x7f != 127 || p.level == noLevel {
		t.Errorf("voiced silence: %v %#x", ok, p.level)
	}
}

func TestParsePacketRefuses(t *testing.T) {
	plain := marshal(t, rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 111}, Payload: speech})
	patch := func(at int, b byte, tail ...byte) []byte {
		out := append(bytes.Clone(plain), tail...)
		out[at] = b
		return out
	}
	for name, raw := range map[string][]byte{
		"empty":                      {},
		"short":                      plain[:11],
		"version 1":                  patch(0, 0x40),
		"header only":                plain[:12],
		"more CSRCs than bytes":      patch(0, 0x8f)[:40],
		"extension header cut":       patch(0, 0x90)[:14],
		"extension longer than that": append(patch(0, 0x90)[:12:12], 0xbe, 0xde, 0, 2, 0, 0, 0, 0, 1),
		"padding longer than packet": patch(0, 0xa0, 255),
		"padding of no length":       patch(0, 0xa0, 0),
		"padding only":               patch(0, 0xa0)[:12:12],
		"all payload is padding":     append(patch(0, 0xa0)[:12:12], 0, 0, 0, 4),
		"payload too long":           append(bytes.Clone(plain), make([]byte, MaxPayload)...),
	} {
		if p, ok := parsePacket(raw, 1); ok {
			t.Errorf("%s: accepted as %+v", name, p)
		}
	}
}

func TestOpusSamples(t *testing.T) {
	tests := []struct {
		payload []byte
		want    uint32
		ok      bool
	}{
		{nil, 0, false},
		{[]byte{0 << 3}, 480, true},
		{[]byte{1 << 3}, 960, true},
		{[]byte{2 << 3}, 1920, true},
		{[]byte{3 << 3}, 2880, true},
		{[]byte{12 << 3}, 480, true},
		{[]byte{15 << 3}, 960, true},
		{[]byte{16 << 3}, 120, true},
		{[]byte{31<<3 | 1}, 1920, true},
		{[]byte{31<<3 | 2}, 1920, true},
		{[]byte{31<<3 | 3}, 0, false},
		{[]byte{31<<3 | 3, 3}, 2880, true},
		{[]byte{31<<3 | 3, 0x80 | 6}, 5760, true},
		{[]byte{31<<3 | 3, 7}, 0, false},
		{[]byte{31<<3 | 3, 0}, 0, false},
	}
	for _, tt := range tests {
		if got, ok := opusSamples(tt.payload); ok != tt.ok || ok && got != tt.want {
			t.Errorf("%x: %d %v", tt.payload, got, ok)
		}
	}
	for _, name := range []string{"ann", "ben", "eve", "tom", "zoe"} {
		for _, f := range voiceFile(t, name) {
			if n, ok := opusSamples(f.payload); !ok || n != 960 {
				t.Fatalf("%s: a recorded frame has %d samples", name, n)
			}
		}
	}
}

// FuzzPacket compares with pion's parser: what both accept must mean the same.
func FuzzPacket(f *testing.F) {
	f.Add(withLevel(f, 0xbede, 1), uint8(1))
	f.Add(withLevel(f, 0x1000, 1), uint8(1))
	f.Add([]byte{0xb0, 111, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0xbe, 0xde, 0, 1, 0x10, 5, 0, 0, 9 << 3, 1, 0, 2}, uint8(1))
	f.Fuzz(func(t *testing.T, raw []byte, id uint8) {
		id &= 15
		p, ok := parsePacket(raw, id)
		if !ok {
			return
		}
		if len(p.payload) == 0 || len(p.payload) > MaxPayload {
			t.Fatalf("payload of %d bytes", len(p.payload))
		}
		opusSamples(p.payload)
		var theirs rtp.Packet
		if theirs.Unmarshal(bytes.Clone(raw)) != nil {
			return
		}
		if theirs.SequenceNumber != p.seq || theirs.Timestamp != p.timestamp || theirs.SSRC != p.ssrc || theirs.PayloadType != p.payloadType || theirs.Marker != p.marker {
			t.Fatalf("%+v, pion says %+v", p, theirs.Header)
		}
		if !bytes.Equal(theirs.Payload, p.payload) {
			t.Fatalf("payload %x, pion says %x", p.payload, theirs.Payload)
		}
	})
}
