package rtc

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"time"
)

// OggWriter writes Opus into an Ogg stream (RFC 7845), each frame on a page of its own, so that whoever reads from a pipe
// has it at once.
type OggWriter struct {
	w       io.Writer
	serial  uint32
	page    uint32
	granule uint64 // samples so far, the pre-skip among them
}

// preSkip is how many samples a player throws away before it plays: the 80 ms that RFC 7845, section 4.2, has for a
// stream that begins in the middle.
const preSkip = 3840

// The flags of a page (RFC 3533, section 6).
const (
	oggFirst = 2
	oggLast  = 4
)

// NewOggWriter begins a stream: it writes the two packets that come before the audio.
func NewOggWriter(w io.Writer) (*OggWriter, error) {
	o := &OggWriter{w: w, serial: rand.Uint32()}
	head := append([]byte("OpusHead"), 1, 2) // version, channels: mono frames are played on both
	head = binary.LittleEndian.AppendUint16(head, preSkip)
	head = binary.LittleEndian.AppendUint32(head, clockRate)
	head = append(head, 0, 0, 0) // gain, one stream
	if err := o.write(head, oggFirst); err != nil {
		return nil, err
	}
	tags := binary.LittleEndian.AppendUint32([]byte("OpusTags"), uint32(len("stoa")))
	tags = append(tags, "stoa"...)
	return o, o.write(binary.LittleEndian.AppendUint32(tags, 0), 0)
}

// Write adds a frame.
func (o *OggWriter) Write(f Frame) error { return o.add(f, 0) }

func (o *OggWriter) add(f Frame, flags byte) error {
	o.granule += uint64(samples(f.Duration))
	return o.write(f.Opus, flags)
}

// Played is how much audio the stream holds.
func (o *OggWriter) Played() time.Duration {
	return time.Duration(o.granule/(clockRate/1000)) * time.Millisecond
}

// Close ends the stream, with one frame of silence to say it on. It does not close what it writes to.
func (o *OggWriter) Close() error { return o.add(quiet(), oggLast) }

// write puts a packet on a page.
func (o *OggWriter) write(packet []byte, flags byte) error {
	var lacing []byte
	for n := len(packet); n >= 0; n -= 255 { // one below 255 ends the packet
		lacing = append(lacing, byte(min(n, 255)))
	}
	if len(lacing) > 255 {
		return fmt.Errorf("rtc: a packet of %d bytes is too large for a page", len(packet))
	}
	page := append([]byte("OggS"), 0, flags)
	page = binary.LittleEndian.AppendUint64(page, o.granule)
	page = binary.LittleEndian.AppendUint32(page, o.serial)
	page = binary.LittleEndian.AppendUint32(page, o.page)
	page = append(page, 0, 0, 0, 0, byte(len(lacing)))
	page = append(append(page, lacing...), packet...)
	binary.LittleEndian.PutUint32(page[22:], oggChecksum(page))
	o.page++
	if _, err := o.w.Write(page); err != nil {
		return fmt.Errorf("rtc: writing audio: %w", err)
	}
	return nil
}

// oggChecksum is the CRC of a page whose checksum is zero: polynomial 0x04c11db7, unreflected (RFC 3533, section 6).
func oggChecksum(page []byte) uint32 {
	var crc uint32
	for _, b := range page {
		crc ^= uint32(b) << 24
		for range 8 {
			if crc&0x8000_0000 != 0 {
				crc = crc<<1 ^ 0x04c11db7
			} else {
				crc <<= 1
			}
		}
	}
	return crc
}
