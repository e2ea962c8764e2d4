package p2p

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
)

func TestReadLog(t *testing.T) {
	tile := bytes.Repeat([]byte{7}, maxLogResource)
	n := start(t, Config{Logs: &fakeLogs{resources: map[string][]byte{
		"checkpoint": []byte("log\n1\n"), "tile/0/000": tile, "tile/empty": {}, "tile/huge": make([]byte, maxLogResource+1),
	}}})
	reader := start(t, Config{Peers: n.Addrs()})
	eventually(t, "connected", func() bool { return reader.Connected(n.key.Public()) })
	for _, c := range []struct {
		origin, path string
		want         []byte
		reason       reason.Reason
	}{
		{"log", "checkpoint", []byte("log\n1\n"), ""},
		{"log", "tile/0/000", tile, ""},
		{"log", "tile/empty", nil, ""},
		{"log", "tile/0/001", nil, reason.NotFound},
		{"other", "checkpoint", nil, reason.NotFound},
		{"log", "tile/huge", nil, reason.Internal},
		{"log", "../secret", nil, reason.RequestInvalid},
		{"log", strings.Repeat("x", maxLogRequest), nil, reason.RequestInvalid},
		{"two lines\n", "x", nil, reason.RequestInvalid},
	} {
		body, err := reader.ReadLog(t.Context(), n.key.Public(), c.origin, c.path)
		wantReason(t, err, c.reason)
		if !bytes.Equal(body, c.want) {
			t.Errorf("%s %.20s: %d bytes, want %d", c.origin, c.path, len(body), len(c.want))
		}
	}
	if points := reader.scores.points(n.host.ID()) + n.scores.points(reader.host.ID()); points != 0 {
		t.Errorf("honest reading cost %v", points)
	}
	if len(reader.reads.of) != 0 {
		t.Error("reads that ended hold a place")
	}
	if _, err := reader.ReadLog(t.Context(), identity.Generate().Public(), "log", "checkpoint"); err == nil {
		t.Error("a log was read at a node that nobody knows")
	}
}

func TestBadLogRequests(t *testing.T) {
	n := start(t, Config{})
	for name, c := range map[string]struct {
		data []byte
		cost float64
	}{
		"too long":       {appendFrame(nil, bytes.Repeat([]byte("x"), maxLogRequest+1)), offencePoints},
		"without a path": {appendFrame(nil, []byte("log")), offencePoints},
		"out of the log": {appendFrame(nil, []byte("log\n../key")), offencePoints},
		"half":           {[]byte{9, 'l'}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s, key := stranger(t, n)
			stream := say(t, s, n, logProtocol, c.data)
			_ = stream.CloseWrite() // or it is refused already
			wasReset(t, stream)
			id, err := peerOf(key)
			if err != nil {
				t.Fatal(err)
			}
			eventually(t, "it costs what it should", func() bool { return (n.scores.points(id) > 0) == (c.cost > 0) })
		})
	}
}

func TestBadLogAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		answer []byte
		reason reason.Reason
		cost   float64
	}{
		"nothing":             {nil, reason.StreamInvalid, 0},
		"ok and nothing":      {appendFrame(nil, []byte(logOK)), reason.StreamInvalid, 0},
		"half a body":         {append(appendFrame(nil, []byte(logOK)), 9, 'x'), reason.StreamInvalid, 0},
		"no reason":           {appendFrame(nil, []byte("<b>no</b>")), reason.StreamInvalid, offencePoints},
		"a reason of later":   {appendFrame(nil, []byte("moon-phase")), "moon-phase", 0},
		"a status too long":   {appendFrame(nil, bytes.Repeat([]byte("x"), maxLogStatus+1)), reason.StreamInvalid, offencePoints},
		"a body that is huge": {append(appendFrame(nil, []byte(logOK)), 0xff, 0xff, 0xff, 0x7f), reason.StreamInvalid, offencePoints},
	} {
		t.Run(name, func(t *testing.T) {
			n := start(t, Config{})
			s, key := stranger(t, n)
			s.SetStreamHandler(logProtocol, func(s network.Stream) {
				_, _ = io.Copy(io.Discard, s)
				_, _ = s.Write(c.answer)
				_ = s.Close()
			})
			if err := s.Connect(t.Context(), peer.AddrInfo{ID: n.host.ID()}); err != nil {
				t.Fatal(err)
			}
			_, err := n.ReadLog(t.Context(), key, "log", "checkpoint")
			wantReason(t, err, c.reason)
			id, err := peerOf(key)
			if err != nil {
				t.Fatal(err)
			}
			if got := n.scores.points(id); (got > 0) != (c.cost > 0) {
				t.Errorf("it cost %v, want %v", got, c.cost)
			}
		})
	}
}
