package rtc

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pion/rtp"
)

// page makes an Ogg page; its checksum, which nobody looks at, is zero.
func page(segments []byte, body []byte) []byte {
	header := append([]byte("OggS"), make([]byte, 23)...)
	header[26] = byte(len(segments))
	return slices.Concat(header, segments, body)
}

// stream is an Ogg Opus stream: several packets on a page, one that runs over two pages, a long one, a silent one.
// The stream may end after the second and the fourth page, but not in the third's packet that goes on.
func stream() (data []byte, packets [][]byte, ends []int) {
	long := slices.Concat([]byte{0xfb, 2}, slices.Repeat([]byte{7}, 508)) // 510 bytes: two full segments and an empty one
	packets = [][]byte{{0xf8, 1, 2}, long, {0x0b, 3, 9}, {0xf8}}
	half, rest := long[:255], long[255:]
	for _, p := range [][]byte{
		page([]byte{19}, append([]byte("OpusHead"), make([]byte, 11)...)),
		page([]byte{12}, append([]byte("OpusTags"), make([]byte, 4)...)),
		page([]byte{3, 255}, slices.Concat(packets[0], half)),
		page([]byte{255, 0, 3}, slices.Concat(rest, packets[2])),
		page([]byte{1}, packets[3]),
	} {
		data = append(data, p...)
		ends = append(ends, len(data))
	}
	return data, packets, slices.Delete(ends, 2, 3)[1:]
}

func TestOggOpus(t *testing.T) {
	data, packets, ends := stream()
	var got []Frame
	for f, err := range OggOpus(bytes.NewReader(data), -25) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, f)
	}
	want := []Frame{
		{packets[0], 20 * time.Millisecond, -25},
		{packets[1], 40 * time.Millisecond, -25},
		{packets[2], 60 * time.Millisecond, -25}, // code 3, three frames of 20 ms
		{packets[3], 20 * time.Millisecond, Silence},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	for n := range len(data) {
		var last error
		for _, err := range OggOpus(bytes.NewReader(data[:n]), 0) {
			last = err
		}
		if whole := slices.Contains(ends, n); whole != (last == nil) {
			t.Errorf("cut at byte %d: %v", n, last)
		}
	}
	for name, text := range map[string][]byte{
		"nothing": nil, "noise": []byte("this is not an Ogg stream, but long enough to be one"),
		"vorbis": page([]byte{7}, []byte("\x01vorbis")),
	} {
		var last error
		for _, err := range OggOpus(bytes.NewReader(text), 0) {
			last = err
		}
		if !errors.Is(last, ErrOgg) {
			t.Errorf("%s: %v", name, last)
		}
	}
}

func FuzzOggOpus(f *testing.F) {
	data, _, _ := stream()
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		for frame, err := range OggOpus(bytes.NewReader(data), -30) {
			if err == nil && (frame.Duration < 0 || frame.Duration > 63*60*time.Millisecond) {
				t.Fatalf("a frame that cannot be: %+v", frame)
			}
		}
	})
}

func TestDuration(t *testing.T) {
	for _, tt := range []struct {
		packet []byte
		want   time.Duration
	}{
		{[]byte{0 << 3}, 10 * time.Millisecond},
		{[]byte{3 << 3}, 60 * time.Millisecond},
		{[]byte{12 << 3}, 10 * time.Millisecond},
		{[]byte{15 << 3}, 20 * time.Millisecond},
		{[]byte{16 << 3}, 2500 * time.Microsecond},
		{[]byte{31 << 3}, 20 * time.Millisecond},
		{[]byte{31<<3 | 1}, 40 * time.Millisecond},
		{[]byte{31<<3 | 3, 3}, 60 * time.Millisecond},
		{[]byte{31<<3 | 3}, 0},
	} {
		if got := duration(tt.packet); got != tt.want {
			t.Errorf("%x: %v, want %v", tt.packet, got, tt.want)
		}
	}
}

func TestCountingLoss(t *testing.T) {
	var h heard
	h.init(1)
	now := time.Now()
	for _, n := range []uint16{65533, 65534, 0, 65535, 1, 5, 3, 6} { // one late over the wrap; 2, 3 and 4 missing, 3 late
		h.count(now, 0, &rtp.Packet{Header: rtp.Header{SequenceNumber: n, Timestamp: uint32(n), CSRC: []uint32{9}}, Payload: []byte{1}}, -10)
	}
	h.count(now, 0, &rtp.Packet{Header: rtp.Header{SequenceNumber: 7, CSRC: []uint32{4}}, Payload: []byte{1, 2}}, 1)
	slot := h.slots[0].Heard
	if slot.Lost != 2 || slot.Packets != 9 || slot.Bytes != 10 || slot.Level != -10 {
		t.Errorf("the slot: %+v", slot)
	}
	if s := h.speakers[9]; s.Lost != 2 || s.Packets != 8 || s.Timestamp != 6 {
		t.Errorf("the first speaker: %+v", s)
	}
	if s := h.speakers[4]; s.Lost != 0 || s.Packets != 1 {
		t.Errorf("the second speaker: %+v", s)
	}
}

func TestTimestampsOfTheMicrophone(t *testing.T) {
	m := microphone{header: rtp.Header{Version: 2, SequenceNumber: 65535, Timestamp: 1000}, levelID: 1}
	at := time.Now()
	frame := Frame{Opus: []byte{1}, Duration: 20 * time.Millisecond, Level: -40}
	for i, tt := range []struct {
		after     time.Duration // since the first
		number    uint16
		timestamp uint32
		marker    bool
	}{
		{0, 65535, 1000, true},
		{20 * time.Millisecond, 0, 1960, false},
		{95 * time.Millisecond, 1, 2920, false},            // late, but the same stretch of speech
		{96 * time.Millisecond, 2, 3880, false},            // and catching up
		{1080 * time.Millisecond, 3, 1000 + 1080*48, true}, // a pause
		{1100 * time.Millisecond, 4, 1000 + 1100*48, false},
	} {
		p, err := m.packet(frame, at.Add(tt.after))
		if err != nil {
			t.Fatal(err)
		}
		if p.SequenceNumber != tt.number || p.Timestamp != tt.timestamp || p.Marker != tt.marker {
			t.Errorf("packet %d: %d %d %v", i, p.SequenceNumber, p.Timestamp, p.Marker)
		}
		if raw := p.GetExtension(1); len(raw) != 1 || raw[0] != 0x80|40 {
			t.Errorf("packet %d: level %x", i, raw)
		}
	}
	frame.Level = Silence
	if p, err := m.packet(frame, at); err != nil || p.GetExtension(1)[0] != 127 {
		t.Errorf("silence: %v, %v", p, err)
	}
}
