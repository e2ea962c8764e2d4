package p2p

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stoa-rooms/stoa/reason"
)

func FuzzReadFrame(f *testing.F) {
	f.Add([]byte{}, 10)
	f.Add(appendFrame(nil, []byte("hello")), 10)
	f.Add(appendFrame(nil, make([]byte, 200)), 100)
	f.Add([]byte{0x81, 0x00}, 10)
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0x01}, MaxFrame)
	f.Add([]byte{5, 'h'}, 10)
	f.Fuzz(func(t *testing.T, data []byte, most int) {
		most = max(0, min(most, MaxFrame))
		rest := bytes.NewReader(data)
		r := bufio.NewReader(rest)
		frame, err := readFrame(r, most)
		switch {
		case err == nil:
			if len(frame) > most {
				t.Fatalf("a frame of %d bytes, and %d is the most", len(frame), most)
			}
			if want := appendFrame(nil, frame); !bytes.HasPrefix(data, want) {
				t.Fatalf("%x was read from %x", want, data)
			}
			if cap(frame) > 4*len(data)+1024 {
				t.Fatalf("%d bytes of memory for %d of input", cap(frame), len(data))
			}
		case errors.Is(err, io.EOF):
			if len(data) != 0 {
				t.Fatalf("the end, and there was %x", data)
			}
		default:
			if reason.Of(err) != reason.StreamInvalid {
				t.Fatalf("refused for %v", err)
			}
		}
		again, err2 := readFrame(bufio.NewReader(iotest.OneByteReader(bytes.NewReader(data))), most)
		if !bytes.Equal(frame, again) || (err == nil) != (err2 == nil) || isOffence(err) != isOffence(err2) {
			t.Fatalf("byte by byte: %x, %v; at once: %x, %v", again, err2, frame, err)
		}
	})
}

func FuzzDirectoryAnswer(f *testing.F) {
	f.Add([]byte{})
	f.Add(appendFrame(appendFrame(nil, []byte("one")), []byte("announce-host two")))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff})
	f.Add(bytes.Repeat([]byte{0}, directoryRooms+1))
	f.Fuzz(func(t *testing.T, data []byte) {
		taken, bytesTaken := 0, 0
		n, err := readDirectory(bufio.NewReader(bytes.NewReader(data)), func(bundle []byte) error {
			taken, bytesTaken = taken+1, bytesTaken+len(bundle)
			if strings.HasPrefix(string(bundle), "bad") {
				return errFake
			}
			return nil
		})
		if n > directoryRooms || taken > directoryRooms || bytesTaken > directoryBytes || bytesTaken > len(data) {
			t.Fatalf("%d rooms, %d taken with %d bytes", n, taken, bytesTaken)
		}
		if err == nil && n != taken {
			t.Fatalf("%d rooms are said, %d taken", n, taken)
		}
		if err != nil && !errors.Is(err, errFake) && reason.Of(err) != reason.StreamInvalid {
			t.Fatalf("refused for %v", err)
		}
	})
}

func FuzzLogRequest(f *testing.F) {
	f.Add([]byte("stoa/a/b\ncheckpoint"))
	f.Add([]byte("stoa/a/b\ntile/0/x001/000.p/7"))
	f.Add([]byte("a\n../b"))
	f.Add([]byte("a\nb\nc"))
	f.Add([]byte("\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		origin, path, err := parseLogRequest(data)
		if err != nil {
			if !isOffence(err) || reason.Of(err) != reason.StreamInvalid {
				t.Fatalf("refused for %v", err)
			}
			return
		}
		if origin+"\n"+path != string(data) || len(data) > maxLogRequest {
			t.Fatalf("%q became %q and %q", data, origin, path)
		}
		if strings.HasPrefix(path, "/") || strings.Contains(path, "..") || strings.ContainsAny(origin+path, " \n\t\x00\x7f\u00e9") {
			t.Fatalf("%q of %q was let through", path, origin)
		}
	})
}

func FuzzLogAnswer(f *testing.F) {
	f.Add(appendFrame(appendFrame(nil, []byte(logOK)), []byte("body")))
	f.Add(appendFrame(nil, []byte("not-found")))
	f.Add(appendFrame(nil, []byte("ok ")))
	f.Fuzz(func(t *testing.T, data []byte) {
		body, err := readLogAnswer(bufio.NewReader(bytes.NewReader(data)))
		if err == nil && !bytes.HasPrefix(data, appendFrame(appendFrame(nil, []byte(logOK)), body)) {
			t.Fatalf("%x was read from %x", body, data)
		}
		if why := reason.Of(err); err != nil && (why == reason.Internal && !bytes.Contains(data, []byte(reason.Internal)) || !logReason.MatchString(string(why))) {
			t.Fatalf("refused for %v", err)
		}
	})
}

func FuzzTopic(f *testing.F) {
	for _, topic := range []string{"general", "", "-", "a b", "Music", "musiqué", strings.Repeat("x", 33), "general\n"} {
		f.Add(topic)
	}
	f.Fuzz(func(t *testing.T, name string) {
		ok := len(name) >= 1 && len(name) <= maxTopic
		for _, b := range []byte(name) {
			ok = ok && (b >= 'a' && b <= 'z' || b >= '0' && b <= '9' || b == '-')
		}
		if validTopic(name) != ok {
			t.Fatalf("%q: valid is %v", name, !ok)
		}
		full := fullTopics([]string{name, name})
		if full[0] != topicPrefix+General || len(full) > 2 || (len(full) == 2) != (ok && name != General) {
			t.Fatalf("%q became %v", name, full)
		}
		if (&subscriptions{}).CanSubscribe(topicPrefix+name) != ok {
			t.Fatalf("%q: subscribing to it is %v", name, !ok)
		}
	})
}

func FuzzLengthGuard(f *testing.F) {
	f.Add(appendFrame(appendFrame(nil, []byte("hello")), make([]byte, 400)), 1)
	f.Add([]byte{0x80, 0x80, 0x80, 0x80, 0x80}, 2)
	f.Fuzz(func(t *testing.T, data []byte, step int) {
		step = max(1, min(step, 64))
		whole := lengthGuard{most: 300}
		ok := whole.pass(data)
		parts, okParts := lengthGuard{most: 300}, true
		for i := 0; i < len(data) && okParts; i += step {
			okParts = parts.pass(data[i:min(i+step, len(data))])
		}
		if ok != okParts || ok && whole != parts {
			t.Fatalf("at once %v %+v, in parts %v %+v", ok, whole, okParts, parts)
		}
		if whole.left > 300 {
			t.Fatalf("%d bytes are let through", whole.left)
		}
	})
}
