package media

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func in(seq uint16, ts uint32) packet {
	return packet{seq: seq, timestamp: ts, level: 30, payload: speech}
}

var (
	ann = source{turn: 1, leg: 1}
	ben = source{turn: 2, leg: 2}
)

// feed rewrites 20 ms packets of one source and returns the last build.
func feed(t *testing.T, s *slot, from source, seq uint16, ts uint32, start time.Duration, n int) build {
	t.Helper()
	var b build
	for i := range n {
		var ok bool
		b, ok = s.rewrite(from, in(seq+uint16(i), ts+uint32(960*i)), start+time.Duration(i)*frameTime)
		if !ok {
			t.Fatalf("packet %d was skipped", i)
		}
	}
	return b
}

func TestSameSpeakerKeepsOffsets(t *testing.T) { // rule 1
	var s slot
	first := feed(t, &s, ann, 65530, 0xffff_f000, 0, 1)
	if !first.marker {
		t.Error("no marker at the start")
	}
	b := feed(t, &s, ann, 65531, 0xffff_f000+960, frameTime, 20) // both wrap
	if b.timestamp != first.timestamp+20*960 || b.marker {
		t.Errorf("timestamp moved by %d, marker %v", b.timestamp-first.timestamp, b.marker)
	}
	// One packet is lost: the gap stays, for FEC and concealment to see.
	b, ok := s.rewrite(ann, in(16, first.timestamp+22*960), 22*frameTime)
	if !ok || b.timestamp != first.timestamp+22*960 || b.seq-first.seq != 22 || b.marker {
		t.Errorf("after a loss: %+v", b)
	}
	// It comes late.
	b, ok = s.rewrite(ann, in(15, first.timestamp+21*960), 22*frameTime)
	if !ok || b.timestamp != first.timestamp+21*960 || b.seq-first.seq != 21 {
		t.Errorf("the late packet: %v %+v", ok, b)
	}
	if _, ok = s.rewrite(ann, in(15, first.timestamp+21*960), 22*frameTime); ok {
		t.Error("a copy was forwarded: its sequence number would be used twice")
	}
	if _, ok = s.rewrite(ann, in(65529, 0xffff_f000-960), 22*frameTime); ok {
		t.Error("a packet from before the run was forwarded")
	}
}

func TestSwitchContinuesTheStream(t *testing.T) { // rule 2
	tests := []struct {
		name string
		at   time.Duration // of the newcomer, after the last packet
		want int32         // timestamp step; 0: skipped
	}{
		{"at once", 0, 960},
		{"in step", 20 * time.Millisecond, 960},
		{"a little late", 39 * time.Millisecond, 960},
		{"after a pause", 500 * time.Millisecond, 24000},
		{"after a long pause", time.Hour, 172_800_000},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var s slot
			last := feed(t, &s, ann, 10, 5000, 0, 50)
			b, ok := s.rewrite(ben, in(40000, 77), 49*frameTime+tt.at)
			if got := int32(b.timestamp - last.timestamp); !ok || got != tt.want || !b.marker || b.run == last.run {
				t.Errorf("step %d (%v), %+v", got, ok, b)
			}
		})
	}
}

// TestTooEarlyNewcomerWaits: packets are skipped while the slot is more than 30 ms ahead of the clock.
func TestTooEarlyNewcomerWaits(t *testing.T) {
	var s slot
	last := feed(t, &s, ann, 10, 5000, 0, 50)
	for i := range 5 { // 100 ms of audio in an instant
		var ok bool
		if last, ok = s.rewrite(ann, in(uint16(60+i), uint32(5000+(50+i)*960)), 49*frameTime); !ok {
			t.Fatal("a burst of the same speaker was not forwarded")
		}
	}
	for i := range 10 {
		b, ok := s.rewrite(ben, in(uint16(i), uint32(960*i)), time.Duration(50+i)*frameTime)
		lead := int32(last.timestamp+960) - int32(5000+(50+i)*960)
		switch {
		case lead > maxLead+30 && ok:
			t.Fatalf("forwarded %d samples ahead", lead)
		case ok && b.timestamp != last.timestamp+960:
			t.Fatalf("step %d", b.timestamp-last.timestamp)
		case ok:
			return
		}
	}
	t.Fatal("never forwarded")
}

// TestAnchorFollowsDrift: a speaker whose clock is 200 ppm fast for ten minutes leaves no jump behind (rule 3).
func TestAnchorFollowsDrift(t *testing.T) {
	var s slot
	var last build
	var now time.Duration
	for i := range 30_000 {
		now = time.Duration(float64(i) * 20e6 / 1.0002)
		b, ok := s.rewrite(ann, in(uint16(i), uint32(960*i)), now)
		if !ok || i > 0 && b.timestamp != last.timestamp+960 {
			t.Fatalf("packet %d: %v, step %d", i, ok, b.timestamp-last.timestamp)
		}
		last = b
	}
	b, ok := s.rewrite(ben, in(1, 1), now+frameTime)
	if !ok || b.timestamp != last.timestamp+960 {
		t.Fatalf("the next speaker: %v, step %d", ok, b.timestamp-last.timestamp)
	}
}

// TestHostileTimestamps: a speaker who jumps in time or in numbers neither stalls the slot nor moves it backwards.
func TestHostileTimestamps(t *testing.T) {
	for _, jump := range []packet{
		in(60, 5000+50*960+480_000), in(60, 5000+50*960-48_000), in(60, 5000+49*960), in(60+1000, 5000+50*960),
		in(30_060, 5000+50*960), in(60, 1<<31), in(65_400, 5000+50*960),
	} {
		var s slot
		last := feed(t, &s, ann, 10, 5000, 0, 50)
		b, ok := s.rewrite(ann, jump, 50*frameTime)
		if !ok || b.timestamp != last.timestamp+960 || b.run == last.run {
			t.Errorf("%+v: %v, step %d, run %d", jump, ok, int32(b.timestamp-last.timestamp), b.run)
		}
	}
}

func TestDTXGapIsMarked(t *testing.T) { // rule 4
	var s slot
	feed(t, &s, ann, 10, 5000, 0, 50)
	b, ok := s.rewrite(ann, in(60, 5000+69*960), 69*frameTime)
	if !ok || !b.marker || b.timestamp != 5000+69*960 {
		t.Errorf("%v %+v", ok, b)
	}
}

// TestRestThinsSilence: of a resting speaker one empty frame in 400 ms is sent, with no gap in the numbers, and the
// first word comes in its right place.
func TestRestThinsSilence(t *testing.T) {
	var s slot
	var c cursor
	var sent []build
	var seqs []uint16
	forward := func(i int, rests bool) {
		b, ok := s.forward(ann, in(uint16(i), uint32(960*i)), rests, time.Duration(i)*frameTime)
		if !ok {
			return
		}
		seq, ok := c.next(&b)
		if !ok {
			t.Fatal("no sequence number")
		}
		sent, seqs = append(sent, b), append(seqs, seq)
	}
	for i := range 50 {
		forward(i, false)
	}
	for i := 50; i < 150; i++ { // two seconds
		forward(i, true)
	}
	for i := 150; i < 160; i++ {
		forward(i, false)
	}
	rest := sent[50 : len(sent)-10]
	if len(rest) != comfortStart+4 {
		t.Errorf("%d packets in two seconds of rest", len(rest))
	}
	for _, b := range rest {
		if len(b.payload) != 1 || b.payload[0] != speech[0]&^3 {
			t.Errorf("payload %x", b.payload)
		}
	}
	for i, b := range sent[len(sent)-10:] {
		if b.timestamp != uint32(960*(150+i)) || len(b.payload) != len(speech) || b.marker != (i == 0) {
			t.Errorf("after the rest: %+v", b)
		}
	}
	for i, seq := range seqs {
		if seq != uint16(1+i) {
			t.Fatalf("packet %d has sequence number %d", i, seq)
		}
	}
}

func TestCursorsStartAtOne(t *testing.T) {
	var s slot
	var early, late cursor
	b, _ := s.rewrite(ann, in(30_000, 0), 0)
	if seq, ok := early.next(&b); seq != 1 || !ok {
		t.Errorf("starts at %d", seq)
	}
	for i := 1; i < 70_000; i++ { // wraps
		b, _ = s.rewrite(ann, in(uint16(30_000+i), uint32(960*i)), time.Duration(i)*frameTime)
		if seq, ok := early.next(&b); seq != uint16(1+i) || !ok {
			t.Fatalf("packet %d has %d", i, seq)
		}
	}
	if seq, ok := late.next(&b); seq != 1 || !ok {
		t.Errorf("the late comer starts at %d", seq)
	}
	b.seq--
	if _, ok := late.next(&b); ok {
		t.Error("a packet from before the late comer's first was given a number")
	}
}

// TestStreamInvariants: whatever speakers send and whenever, each listener's numbers are contiguous but for what was
// lost on the way in, none is used twice, and time runs forward with them.
func TestStreamInvariants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s slot
		var cursors [3]cursor
		used := [3]map[uint64]uint32{{}, {}, {}} // extended sequence number: timestamp
		high := [3]uint64{}
		now := time.Duration(0)
		type speaker struct {
			src source
			seq uint16
			ts  uint32
		}
		speakers := []*speaker{{src: ann, seq: 65_000}, {src: ben, ts: 1 << 31}, {src: source{3, 3}, seq: 9}}
		at, last := speakers[0], packet{}
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			now += time.Duration(rapid.SampledFrom([]int{0, 5, 20, 20, 20, 25, 60, 900, 5000}).Draw(t, "ms")) * time.Millisecond
			missing := uint16(0)
			p := last
			switch what := rapid.SampledFrom([]string{"next", "next", "next", "next", "switch", "loss", "copy", "old", "hostile", "turn"}).Draw(t, "what"); what {
			case "switch":
				at = rapid.SampledFrom(speakers).Draw(t, "speaker")
			case "turn":
				at.src.turn += 10
			case "loss":
				missing = uint16(rapid.IntRange(1, 30).Draw(t, "lost"))
			case "copy":
			case "old":
				p.seq -= uint16(rapid.IntRange(1, 70).Draw(t, "back"))
				p.timestamp = at.ts - 960*uint32(at.seq-p.seq)
			case "hostile":
				p.seq, p.timestamp = rapid.Uint16().Draw(t, "seq"), rapid.Uint32().Draw(t, "ts")
				at.seq, at.ts = p.seq, p.timestamp
			}
			if p.payload == nil || p.seq == last.seq && p.timestamp == last.timestamp && missing == 0 {
				at.seq += 1 + missing
				at.ts += 960 * (1 + uint32(missing))
				p = in(at.seq, at.ts)
			}
			last = p
			before := s
			b, ok := s.forward(at.src, p, rapid.Bool().Draw(t, "rests"), now)
			if !ok {
				continue
			}
			for i := range cursors {
				if i == 2 && at.src.leg == ben.leg {
					continue // their own voice
				}
				seq, ok := cursors[i].next(&b)
				if !ok {
					continue
				}
				ext := high[i] + uint64(int64(int16(seq-uint16(high[i]))))
				if _, twice := used[i][ext]; twice {
					t.Fatalf("listener %d: sequence number %d used twice", i, ext)
				}
				if ext > high[i] {
					if high[i] > 0 && int32(b.timestamp-used[i][high[i]]) <= 0 {
						t.Fatalf("listener %d: time runs backwards, %d after %d", i, b.timestamp, used[i][high[i]])
					}
					if gap := ext - high[i] - 1; gap > maxGap || i < 2 && b.run != before.run && gap > 0 {
						t.Fatalf("listener %d: gap of %d", i, gap)
					}
					high[i] = ext
				}
				used[i][ext] = b.timestamp
			}
		}
	})
}

// TestSilenceOverSeveralNodes: however often the frames of a resting slot are passed on, over networks with jitter, none
// is thinned out so far that a receiver would fall into concealment.
func TestSilenceOverSeveralNodes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const nodes, frames = 3, 1500 // 30 s
		type arriving struct {
			packet
			at time.Duration
		}
		var in []arriving
		for i := range frames {
			in = append(in, arriving{packet{seq: uint16(i), timestamp: uint32(i) * frame, payload: speech}, time.Duration(i) * frameTime})
		}
		for range nodes {
			var s slot
			var out []arriving
			var free time.Duration // packets do not overtake each other
			for _, p := range in {
				free = max(free, p.at+time.Duration(rapid.IntRange(0, 60).Draw(t, "jitter"))*time.Millisecond)
				if b, ok := s.forward(source{1, 1}, p.packet, true, free); ok {
					out = append(out, arriving{packet{seq: b.seq, timestamp: b.timestamp, payload: b.payload}, free})
				}
			}
			in = out
		}
		for i, p := range in[1:] {
			if gap := p.at - in[i].at; gap > 700*time.Millisecond {
				t.Fatalf("%v without a frame", gap)
			}
		}
		if len(in) > 100 {
			t.Fatalf("%d frames in 30 s of silence", len(in))
		}
	})
}
