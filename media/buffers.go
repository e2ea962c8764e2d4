package media

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"github.com/pion/transport/v2/packetio"
)

const (
	// maxStreams is how many SSRCs one far side may name in RTP and RTCP. pion keeps a buffer for each until the leg ends,
	// and an RTCP packet of a kilobyte names hundreds; no client needs as many as this for its slots and its microphone.
	maxStreams = 96

	rtpBufferSize  = 1_000_000 // bytes of packets that wait to be read, as pion has it
	rtcpBufferSize = 16_000    // of reports; those of SSRCs that nobody reads stay there
)

// streamBuffers makes the buffers of one leg: at most maxStreams, and then tells tooMany.
func streamBuffers(tooMany func()) func(packetio.BufferPacketType, uint32) io.ReadWriteCloser {
	var made atomic.Int32
	tell := sync.OnceFunc(func() { go tooMany() })
	return func(kind packetio.BufferPacketType, _ uint32) io.ReadWriteCloser {
		if made.Add(1) > maxStreams {
			tell()
			return nowhere{}
		}
		b := packetio.NewBuffer()
		if kind == packetio.RTCPBufferPacket {
			b.SetLimitSize(rtcpBufferSize)
		} else {
			b.SetLimitSize(rtpBufferSize)
		}
		return lossy{b}
	}
}

// lossy drops what comes while it is full. As an error that would keep a packet for several SSRCs from the others.
type lossy struct{ *packetio.Buffer }

// Write implements io.Writer.
func (l lossy) Write(packet []byte) (int, error) {
	if _, err := l.Buffer.Write(packet); err != nil && !errors.Is(err, packetio.ErrFull) {
		return 0, err //nolint:wrapcheck // pion's own, to pion
	}
	return len(packet), nil
}

// nowhere keeps nothing.
type nowhere struct{}

// Write implements io.Writer.
func (nowhere) Write(packet []byte) (int, error) { return len(packet), nil }

// Read implements io.Reader.
func (nowhere) Read([]byte) (int, error) { return 0, io.EOF }

// Close implements io.Closer.
func (nowhere) Close() error { return nil }
