package media

import (
	"math"
	"time"
)

// Loudness is counted in dBov (RFC 6464): 0 is the loudest there is, -127 digital silence.
const (
	// speechFloor is the loudness below which nobody counts as speaking. Speech lies between -15 and -45, a quiet room
	// below -65 (testdata/traces.txt).
	speechFloor = -60.0

	// Levels are self-declared. Shouting past loudest gains nothing, and quietest bounds how long a rise takes.
	loudest  = -20.0
	quietest = -70.0

	// riseTime and release are the time constants with which loudness follows a rising and a falling level.
	riseTime = 20 * time.Millisecond
	release  = 300 * time.Millisecond
)

// loudness follows the level of one microphone.
type loudness struct {
	value float64 // dBov, within quietest and loudest
	size  sizeLevel
}

// hear takes one packet's RFC 6464 byte, or its size if there is none, and the time since the packet before it. It
// returns the loudness of the packet alone.
func (l *loudness) hear(level uint8, payload []byte, since time.Duration) float64 {
	target := quietest
	switch {
	case len(payload) <= 2: // Opus discontinuous transmission: silence, whatever was declared
	case level != noLevel:
		target = max(quietest, min(loudest, -float64(level&0x7f)))
	default:
		target = l.size.judge(payload, since)
	}
	follow := release
	if target > l.value {
		follow = riseTime
	}
	l.value += (target - l.value) * step(since, follow)
	return target
}

// after is what the loudness has fallen to when nothing was heard for a while.
func (l *loudness) after(silence time.Duration) float64 {
	return quietest + (l.value-quietest)*math.Exp(-float64(silence)/float64(release))
}

// byte is the value as RFC 6464 writes it, for slots of speakers who send no level.
func (l *loudness) byte() uint8 { return uint8(-l.value) }

// step is the share of the way that a first-order filter goes in d.
func step(d, timeConstant time.Duration) float64 {
	return 1 - math.Exp(-float64(d)/float64(timeConstant))
}

// sizeLevel guesses a level from payload sizes. A variable-rate encoder spends about a quarter more on speech than on
// the same microphone's silence (82 against 64 bytes at 32 kbit/s, testdata/traces.txt), so sizes are compared with
// the smallest of late. Until a difference has been seen, as with a constant rate, the guess is unsure: quiet speech.
type sizeLevel struct {
	mean   float64 // bytes in 20 ms, over sizeTime
	quiet  float64 // the smallest mean, rising by quietRise a second
	varies bool
}

const (
	sizeTime    = 150 * time.Millisecond
	quietRise   = 0.005
	sizeVaries  = 0.15 // excess over quiet that shows the encoder has a variable rate
	sizeSpeech  = 0.25 // excess that counts as full speech
	sizeLoudest = -30.0
	sizeUnsure  = -45.0
)

func (s *sizeLevel) judge(payload []byte, since time.Duration) float64 {
	samples, ok := opusSamples(payload)
	if !ok {
		return quietest
	}
	size := float64(len(payload)) * frame / float64(samples)
	if s.mean == 0 {
		s.mean, s.quiet = size, size
	}
	s.mean += (size - s.mean) * step(since, sizeTime)
	s.quiet = min(s.quiet*(1+quietRise*since.Seconds()), s.mean)
	excess := s.mean/s.quiet - 1
	s.varies = s.varies || excess > sizeVaries
	if !s.varies {
		return sizeUnsure
	}
	return quietest + (sizeLoudest-quietest)*min(1, excess/sizeSpeech)
}
