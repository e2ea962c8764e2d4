package rtc

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtp"
)

// voice is a frame of 20 ms that holds speech.
func voice(n byte) []byte { return []byte{0xf8, n, n, n} }

// spoken is how a run of frames reads: v for voice, . for silence.
func spoken(frames []Frame) string {
	var s strings.Builder
	for _, f := range frames {
		if bytes.Equal(f.Opus, quiet().Opus) {
			s.WriteByte('.')
		} else {
			s.WriteByte('v')
		}
	}
	return s.String()
}

func TestTapeKeepsTime(t *testing.T) {
	start := time.Unix(1_700_000_000, 0)
	at := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	ts := func(ms int) uint32 { return uint32(0xffff_ff00 + ms*48) } // it wraps at once
	type step struct {
		at      int    // ms
		packet  int    // ms of its timestamp; -1 for a tick
		payload []byte // voice(1) if nil
		want    string
	}
	for name, steps := range map[string][]step{
		"speech":                  {{0, 0, nil, "v"}, {20, 20, nil, "v"}, {40, 40, nil, "v"}},
		"nothing before speech":   {{0, -1, nil, ""}, {900, 0, nil, "v"}},
		"one is lost":             {{0, 0, nil, "v"}, {40, 40, nil, ".v"}},
		"two change places":       {{0, 0, nil, "v"}, {40, 40, nil, ".v"}, {41, 20, nil, ""}},
		"a pause":                 {{0, 0, nil, "v"}, {220, -1, nil, ""}, {300, -1, nil, "...."}, {320, 320, nil, "..........." + "v"}},
		"a late one has no place": {{0, 0, nil, "v"}, {300, -1, nil, "...."}, {301, 40, nil, ""}, {302, 100, nil, "v"}},
		"a slot at rest":          {{0, 0, []byte{0xf8}, ""}, {10, 0, nil, "v"}, {420, 400, []byte{0xf8}, ""}},
		"a leap":                  {{0, 0, nil, "v"}, {20, 10_000_000, nil, "v"}, {40, 10_000_020, nil, "v"}},
		"a leap back":             {{0, 0, nil, "v"}, {20, -5_000, nil, "v"}},
		"no Opus at all":          {{0, 0, []byte{}, ""}},
	} {
		t.Run(name, func(t *testing.T) {
			var tape tape
			for i, s := range steps {
				if s.payload == nil {
					s.payload = voice(1)
				}
				var got []Frame
				if s.packet == -1 {
					got = tape.pause(at(s.at))
				} else {
					got = tape.packet(at(s.at), ts(s.packet), s.payload)
				}
				if spoken(got) != s.want {
					t.Errorf("step %d: %q, want %q", i, spoken(got), s.want)
				}
			}
		})
	}
}

func TestOggWriterIsReadByOthers(t *testing.T) {
	var file bytes.Buffer
	o, err := NewOggWriter(&file)
	if err != nil {
		t.Fatal(err)
	}
	long := append([]byte{0xf8}, bytes.Repeat([]byte{7}, 254+255)...) // a whole number of segments, and an empty one
	for _, f := range []Frame{quiet(), frame(voice(3), 0), frame(long, 0)} {
		if err := o.Write(f); err != nil {
			t.Fatal(err)
		}
	}
	for range 100 {
		if err := o.Write(quiet()); err != nil {
			t.Fatal(err)
		}
	}
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
	n := 0
	for f, err := range OggOpus(bytes.NewReader(file.Bytes()), -20) {
		if err != nil {
			t.Fatal(err)
		}
		if n == 2 && !bytes.Equal(f.Opus, long) {
			t.Error("the long frame came back as another")
		}
		n++
	}
	if n != 104 || o.Played() != 104*frameTime {
		t.Errorf("%d frames of %v, want 104", n, o.Played())
	}
	path := t.TempDir() + "/live.ogg"
	cmd := exec.CommandContext(t.Context(), "sh", "-c", `cat > "$0" && opusinfo "$0"`, path)
	cmd.Stdin = &file
	said, err := cmd.CombinedOutput()
	if err != nil || strings.Contains(string(said), "WARNING") {
		t.Errorf("opusinfo: %v\n%s", err, said)
	}
	if !strings.Contains(string(said), "Playback length: 0m:02.00") { // 104 frames without the pre-skip of 80 ms
		t.Errorf("opusinfo tells another length:\n%s", said)
	}
}

// broken takes the head and then nothing.
type broken struct{ left int }

var errBroken = errors.New("the pipe is broken")

func (b *broken) Write(p []byte) (int, error) {
	if b.left--; b.left < 0 {
		return 0, errBroken
	}
	return len(p), nil
}

func TestLiveEndsWithItsPipe(t *testing.T) {
	o, err := NewOggWriter(&broken{left: 3})
	if err != nil {
		t.Fatal(err)
	}
	l := NewLive(o)
	for i := range uint32(3) {
		l.Packet(0, &rtp.Packet{Header: rtp.Header{Timestamp: i * 960}, Payload: voice(1)})
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := l.Run(ctx); !errors.Is(err, errBroken) {
		t.Errorf("it ends with %v", err)
	}
}
