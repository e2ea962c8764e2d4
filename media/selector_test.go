package media

import (
	"bufio"
	"encoding/hex"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// trace is one recorded microphone of testdata/traces.txt: a level and a payload size every 20 ms.
type trace struct {
	name   string
	levels []byte
	sizes  []byte
}

func traces(tb testing.TB) []trace {
	tb.Helper()
	f, err := os.Open("testdata/traces.txt")
	check(tb, err)
	defer f.Close()
	var out []trace
	for lines := bufio.NewScanner(f); lines.Scan(); {
		part := strings.Fields(lines.Text())
		levels, err := hex.DecodeString(part[1])
		check(tb, err)
		sizes, err := hex.DecodeString(part[2])
		check(tb, err)
		out = append(out, trace{part[0], levels, sizes})
	}
	if len(out) != 6 {
		tb.Fatalf("%d traces", len(out))
	}
	return out
}

func (tr trace) packet(i int, withLevel bool) packet {
	i %= len(tr.levels)
	p := packet{level: noLevel, payload: make([]byte, tr.sizes[i])}
	p.payload[0] = 9 << 3
	if withLevel {
		p.level = 0x80 | tr.levels[i]
	}
	return p
}

const frameTime = 20 * time.Millisecond

// turnLog watches a selector for slots that change speakers, and fails at one that does so twice within 500 ms.
type turnLog struct {
	t       interface{ Fatalf(string, ...any) }
	speaker map[int]uint32
	changed map[int]time.Duration
	changes int
	heard   map[uint32]int // frames forwarded
}

func newTurnLog(t interface{ Fatalf(string, ...any) }) *turnLog {
	return &turnLog{t: t, speaker: map[int]uint32{}, changed: map[int]time.Duration{}, heard: map[uint32]int{}}
}

func (l *turnLog) hear(s *selector, person uint32, p packet, now time.Duration) bool {
	at, ok := s.hear(person, p, now)
	if !ok {
		return false
	}
	l.heard[person]++
	if l.speaker[at.slot] == person {
		return true
	}
	if last, ok := l.changed[at.slot]; ok && now-last < 500*time.Millisecond {
		l.t.Fatalf("slot %d went from %d to %d at %v, %v after it changed before", at.slot, l.speaker[at.slot], person, now, now-last)
	}
	for slot, other := range l.speaker {
		if other == person && slot != at.slot {
			delete(l.speaker, slot)
		}
	}
	l.speaker[at.slot], l.changed[at.slot] = person, now
	l.changes++
	return true
}

// TestNoSlotChangesTwiceIn500ms plays recorded conversations, shifted against each other in every way, into 1 to 3 slots.
func TestNoSlotChangesTwiceIn500ms(t *testing.T) {
	all := traces(t)
	for slots := 1; slots <= 3; slots++ {
		changes := 0
		for shift := range 40 {
			s, log := newSelector(slots), newTurnLog(t)
			for f := range 1500 {
				for i, tr := range all {
					now := time.Duration(f)*frameTime + time.Duration(i)*3*time.Millisecond
					log.hear(s, uint32(1+i), tr.packet(f+i*i*shift*7, true), now)
				}
			}
			changes += log.changes
		}
		t.Logf("%d slots: %.1f changes a minute", slots, float64(changes)/40/30*60)
		if changes < 100 {
			t.Errorf("%d slots: only %d changes: this tests nothing", slots, changes)
		}
	}
}

// TestSlotChangesAreRareUnderAnyLevels is the same promise for levels nobody recorded.
func TestSlotChangesAreRareUnderAnyLevels(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		slots := rapid.IntRange(1, 4).Draw(t, "slots")
		s, log := newSelector(slots), newTurnLog(t)
		now := time.Duration(0)
		for range rapid.IntRange(1, 400).Draw(t, "packets") {
			now += time.Duration(rapid.IntRange(0, 60).Draw(t, "ms")) * time.Millisecond
			person := uint32(rapid.IntRange(1, 7).Draw(t, "person"))
			switch rapid.IntRange(0, 30).Draw(t, "what") {
			case 0:
				s.quiet(person)
			case 1:
				s.forget(person)
			default:
				log.hear(s, person, packet{level: rapid.Uint8Range(0, 127).Draw(t, "level"), payload: speech}, now)
			}
			seated := map[uint32]bool{}
			for i, at := range s.seats {
				if at.voice == nil {
					continue
				}
				if seated[at.voice.person] || at.voice.seat != i || s.voices[at.voice.person] != at.voice {
					t.Fatalf("seats are inconsistent: %+v", s.seats)
				}
				seated[at.voice.person] = true
			}
		}
	})
}

// steady lets people talk at constant levels and returns who was forwarded in the last 200 ms.
func steady(s *selector, log *turnLog, from, length time.Duration, levels map[uint32]uint8) []uint32 {
	last := map[uint32]bool{}
	for now := from; now < from+length; now += frameTime {
		for _, person := range slices.Sorted(maps.Keys(levels)) {
			if log.hear(s, person, packet{level: levels[person], payload: speech}, now) && now >= from+length-200*time.Millisecond {
				last[person] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(last))
}

func TestThreeLoudestAreHeard(t *testing.T) {
	s, log := newSelector(3), newTurnLog(t)
	got := steady(s, log, 0, 3*time.Second, map[uint32]uint8{1: 36, 2: 25, 3: 34, 4: 28, 5: 31})
	if !slices.Equal(got, []uint32{2, 4, 5}) {
		t.Fatalf("heard %v", got)
	}
}

func TestFreeSlotIsTakenAtOnce(t *testing.T) {
	s := newSelector(1)
	if _, ok := s.hear(1, packet{level: 30, payload: speech}, time.Second); !ok {
		t.Fatal("the first packet of speech was not forwarded")
	}
}

func TestSilenceGetsNoSlot(t *testing.T) {
	s, log := newSelector(3), newTurnLog(t)
	if got := steady(s, log, 0, 2*time.Second, map[uint32]uint8{1: 75, 2: 127}); len(got) != 0 {
		t.Fatalf("heard %v", got)
	}
}

func TestHysteresis(t *testing.T) {
	for lead, want := range map[uint8]time.Duration{1: 0, 2: 1200 * time.Millisecond, 4: 500 * time.Millisecond, 6: 300 * time.Millisecond, 20: 100 * time.Millisecond} {
		s, log := newSelector(1), newTurnLog(t)
		steady(s, log, 0, 2*time.Second, map[uint32]uint8{1: 45})
		took := time.Duration(0)
		for now := 2 * time.Second; now < 9*time.Second && took == 0; now += frameTime {
			log.hear(s, 1, packet{level: 45, payload: speech}, now)
			if log.hear(s, 2, packet{level: 45 - lead, payload: speech}, now) {
				took = now - 2*time.Second
			}
		}
		if want == 0 && took != 0 || want > 0 && (took == 0 || took > want) {
			t.Errorf("%d dB louder took the slot after %v, want %v", lead, took, want)
		}
	}
}

// TestAttack: a single loud frame, such as a cough, takes nothing; a voice takes over within 200 ms.
func TestAttack(t *testing.T) {
	s, log := newSelector(1), newTurnLog(t)
	steady(s, log, 0, time.Second, map[uint32]uint8{1: 40})
	if log.hear(s, 2, packet{level: 20, payload: speech}, time.Second) {
		t.Fatal("one loud frame took the slot")
	}
	steady(s, log, time.Second+frameTime, time.Second, map[uint32]uint8{1: 40, 2: 127})
	if log.heard[2] != 0 {
		t.Fatal("the slot was taken after a single loud frame")
	}
	start := 3 * time.Second
	for now := start; ; now += frameTime {
		if now > start+200*time.Millisecond {
			t.Fatal("a louder voice did not take over within 200 ms")
		}
		log.hear(s, 1, packet{level: 40, payload: speech}, now)
		if log.hear(s, 2, packet{level: 20, payload: speech}, now) {
			break
		}
	}
}

func TestRestAfterHold(t *testing.T) {
	s := newSelector(1)
	rested := time.Duration(0)
	for now := time.Duration(0); now < 5*time.Second; now += frameTime {
		level := uint8(30)
		if now > time.Second {
			level = 90
		}
		at, ok := s.hear(1, packet{level: level, payload: speech}, now)
		if !ok {
			t.Fatalf("lost the slot at %v with nobody else there", now)
		}
		if at.rests && rested == 0 {
			rested = now - time.Second
		}
	}
	if rested < hold || rested > hold+600*time.Millisecond {
		t.Fatalf("rests %v after falling silent", rested)
	}
	if _, ok := s.hear(2, packet{level: 45, payload: speech}, 5*time.Second); !ok {
		t.Fatal("a resting slot is not free for the taking")
	}
}

// TestNobodyHoldsASlotForEver: three microphones that declare the loudest level all the time do not keep out somebody
// who speaks quietly.
func TestNobodyHoldsASlotForEver(t *testing.T) {
	s, log := newSelector(3), newTurnLog(t)
	liars := map[uint32]uint8{1: 0, 2: 0, 3: 0}
	steady(s, log, 0, 5*time.Second, liars)
	levels := maps.Clone(liars)
	levels[4] = 45
	steady(s, log, 5*time.Second, 30*time.Second, levels)
	if log.heard[4] == 0 {
		t.Fatal("30 s of quiet speech were never heard")
	}
	before := log.heard[4]
	steady(s, log, 35*time.Second, 60*time.Second, levels)
	if got := log.heard[4] - before; got < 600 {
		t.Fatalf("only %d of 3000 frames heard", got)
	}
	if log.changes > 200 {
		t.Fatalf("%d changes in 95 s", log.changes)
	}
}

// TestLoudSpeechKeepsItsSlots: five people who talk at once for two minutes, pausing for breath, are heard by loudness.
func TestLoudSpeechKeepsItsSlots(t *testing.T) {
	s, log := newSelector(3), newTurnLog(t)
	for f := range 6000 {
		for i := range 5 {
			level := uint8(20 + 5*i)
			if (f+31*i)%150 < 12 { // 240 ms of 3 s
				level = 80
			}
			log.hear(s, uint32(1+i), packet{level: level, payload: speech}, time.Duration(f)*frameTime)
		}
	}
	for i := range uint32(5) {
		share := float64(log.heard[1+i]) / 6000
		if loud := i < 3; loud && share < 0.8 || !loud && share > 0.4 {
			t.Errorf("%d was heard %.0f%% of the time: %v", 1+i, 100*share, log.heard)
		}
	}
}

// TestMuteDoesNotWashAway: being muted and unmuted does not reset how long somebody kept others waiting.
func TestMuteDoesNotWashAway(t *testing.T) {
	s, log := newSelector(1), newTurnLog(t)
	steady(s, log, 0, 25*time.Second, map[uint32]uint8{1: 0, 2: 60})
	was := s.voices[1].contest
	s.quiet(1)
	if was < freeTurn || s.voices[1].contest != was {
		t.Fatalf("contest went from %v to %v", was, s.voices[1].contest)
	}
}

// TestSizeStandsInForLevel compares who counts as speaking by payload size with the levels of the same frames.
func TestSizeStandsInForLevel(t *testing.T) {
	for _, tr := range traces(t) {
		var byLevel, bySize loudness
		byLevel.value, bySize.value = quietest, quietest
		agree, wasted, frames := 0, 0, 0
		for f := range 3 * len(tr.levels) {
			byLevel.hear(tr.packet(f, true).level, tr.packet(f, true).payload, frameTime)
			bySize.hear(noLevel, tr.packet(f, false).payload, frameTime)
			if f < len(tr.levels) { // it takes a while to know a microphone
				continue
			}
			speaks, guess := byLevel.value >= speechFloor, bySize.value >= speechFloor
			if speaks {
				frames++
				if guess {
					agree++
				}
			} else if guess {
				wasted++
			}
		}
		share := float64(agree) / float64(frames)
		t.Logf("%s: %.0f%% of the speech is noticed, %d of %d silent frames are not", tr.name, 100*share, wasted, 2*len(tr.levels)-frames)
		if share < 0.8 {
			t.Errorf("%s: only %.0f%% of the speech is noticed by size", tr.name, 100*share)
		}
	}
}

// TestClientWithoutLevelIsHeard: also one with a constant bit rate, whose sizes say nothing.
func TestClientWithoutLevelIsHeard(t *testing.T) {
	s := newSelector(1)
	for f := range 200 {
		at, ok := s.hear(1, packet{level: noLevel, payload: speech}, time.Duration(f)*frameTime)
		if f > 10 && !ok {
			t.Fatalf("not heard at frame %d", f)
		}
		if ok && (at.level == noLevel || at.level < 20 || at.level > 70) {
			t.Fatalf("forwarded with level %d", at.level)
		}
	}
	for f := range 200 { // discontinuous transmission is silence
		s.hear(1, packet{level: noLevel, payload: speech[:1]}, 4*time.Second+time.Duration(f)*frameTime)
	}
	if !s.voices[1].rests(8 * time.Second) {
		t.Fatal("DTX counts as speech")
	}
}
