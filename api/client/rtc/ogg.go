package rtc

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"
)

// ErrOgg says that a stream is not Opus in Ogg.
var ErrOgg = errors.New("rtc: not Opus in Ogg")

// maxOggPacket bounds a packet of an Ogg stream, in bytes: three frames of the largest size, and tags with a picture.
const maxOggPacket = 1 << 20

// OggOpus reads the frames of an Ogg Opus stream (RFC 7845), such as a .opus file, one after the other. The stream tells
// no levels: all frames get the one given, in dBov, but those of at most two bytes, which hold no speech. An error ends
// the frames; it wraps ErrOgg, and io.ErrUnexpectedEOF as well where the stream is cut off, or is the reader's. The
// stream's checksums are not looked at.
func OggOpus(r io.Reader, level int) iter.Seq2[Frame, error] {
	return func(yield func(Frame, error) bool) {
		pages := oggPages{r: r}
		if err := pages.begin(); err != nil {
			yield(Frame{}, err)
			return
		}
		for {
			packet, err := pages.packet()
			if errors.Is(err, io.EOF) {
				return
			}
			if !yield(frame(packet, level), err) || err != nil {
				return
			}
		}
	}
}

// begin reads the two packets before the audio: the head, and the tags.
func (o *oggPages) begin() error {
	for _, want := range []string{"OpusHead", "OpusTags"} {
		packet, err := o.packet()
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("%w: it ends before the audio: %w", ErrOgg, io.ErrUnexpectedEOF)
		}
		if err != nil {
			return err
		}
		if !bytes.HasPrefix(packet, []byte(want)) {
			return fmt.Errorf("%w: no %s where it must be", ErrOgg, want)
		}
	}
	return nil
}

// frame is an Opus packet with its duration and level.
func frame(packet []byte, level int) Frame {
	if len(packet) <= 2 {
		level = Silence
	}
	return Frame{Opus: packet, Duration: duration(packet), Level: level}
}

// oggPages reads the packets of a stream out of its pages (RFC 3533, section 6).
type oggPages struct {
	r        io.Reader
	segments []byte // lengths of the segments of the present page that are not yet read
}

// packet reads the next packet, from as many pages as it takes. io.EOF says that there is none.
func (o *oggPages) packet() ([]byte, error) {
	var packet []byte
	for {
		if len(o.segments) == 0 {
			if err := o.page(); err != nil {
				if errors.Is(err, io.EOF) && packet != nil {
					return nil, fmt.Errorf("%w: it ends within a packet: %w", ErrOgg, io.ErrUnexpectedEOF)
				}
				return nil, err
			}
			continue
		}
		length := int(o.segments[0])
		o.segments = o.segments[1:]
		if len(packet)+length > maxOggPacket {
			return nil, fmt.Errorf("%w: a packet of more than %d bytes", ErrOgg, maxOggPacket)
		}
		start := len(packet)
		packet = append(packet, make([]byte, length)...)
		if _, err := io.ReadFull(o.r, packet[start:]); err != nil {
			return nil, fmt.Errorf("%w: it ends within a page: %w", ErrOgg, unexpected(err))
		}
		if length < 255 { // the last segment of a packet
			return packet, nil
		}
	}
}

// page reads the header of the next page.
func (o *oggPages) page() error {
	var header [27]byte
	if _, err := io.ReadFull(o.r, header[:]); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return fmt.Errorf("%w: it ends within a page: %w", ErrOgg, err)
		}
		return err
	}
	if string(header[:4]) != "OggS" || header[4] != 0 {
		return fmt.Errorf("%w: no page where one must begin", ErrOgg)
	}
	o.segments = make([]byte, header[26])
	if _, err := io.ReadFull(o.r, o.segments); err != nil {
		return fmt.Errorf("%w: it ends within a page: %w", ErrOgg, unexpected(err))
	}
	return nil
}

// unexpected keeps the end of a stream in its middle from looking like a good end.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// duration is how much audio an Opus packet holds (RFC 6716, section 3.1); 0 for one that is none.
func duration(packet []byte) time.Duration {
	if len(packet) == 0 {
		return 0
	}
	var each time.Duration
	config := packet[0] >> 3
	switch {
	case config < 12: // SILK: 10, 20, 40, 60 ms
		each = []time.Duration{10, 20, 40, 60}[config&3] * time.Millisecond
	case config < 16: // hybrid: 10, 20 ms
		each = []time.Duration{10, 20}[config&1] * time.Millisecond
	default: // CELT: 2.5, 5, 10, 20 ms
		each = 2500 * time.Microsecond << (config & 3)
	}
	switch packet[0] & 3 {
	case 0:
		return each
	case 1, 2:
		return 2 * each
	default:
		if len(packet) < 2 {
			return 0
		}
		return time.Duration(packet[1]&63) * each
	}
}
