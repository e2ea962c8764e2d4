package p2p

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/stoa-rooms/stoa/reason"
)

// offenceError marks what no honest peer sends: it costs score.
type offenceError struct{ error }

// Unwrap gives the refusal.
func (e offenceError) Unwrap() error { return e.error }

func offence(detail string, args ...any) error {
	return offenceError{reason.Reject(reason.StreamInvalid, detail, args...)}
}

func isOffence(err error) bool {
	_, ok := errors.AsType[offenceError](err)
	return ok
}

// readFrame reads one frame: its length as an unsigned varint in the shortest form, then that many bytes. io.EOF means
// that the sender ended before a frame; half a frame is stream-invalid; a length that is above most, or no varint, is
// an offence. Memory grows with what has arrived, never with what was promised.
func readFrame(r *bufio.Reader, most int) ([]byte, error) {
	size, err := readLength(r)
	if err != nil {
		return nil, err
	}
	if size > uint64(most) {
		return nil, offence("a frame of %d bytes, and %d is the most", size, most)
	}
	var body bytes.Buffer
	if _, err := io.CopyN(&body, r, int64(size)); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, reason.Reject(reason.StreamInvalid, "half a frame: %d bytes of %d", body.Len(), size)
		}
		return nil, fmt.Errorf("p2p: %w", err)
	}
	return body.Bytes(), nil
}

// readLength reads a varint as https://github.com/multiformats/unsigned-varint has it, of at most four bytes: no frame
// is near 256 MiB.
func readLength(r *bufio.Reader) (uint64, error) {
	var size uint64
	for i := range 4 {
		b, err := r.ReadByte()
		switch {
		case errors.Is(err, io.EOF) && i == 0:
			return 0, io.EOF
		case errors.Is(err, io.EOF):
			return 0, reason.Reject(reason.StreamInvalid, "half a length")
		case err != nil:
			return 0, fmt.Errorf("p2p: %w", err)
		}
		size |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			if b == 0 && i > 0 {
				return 0, offence("a length that is not in its shortest form")
			}
			return size, nil
		}
	}
	return 0, offence("a length of more than four bytes")
}

// appendFrame appends a frame to buf.
func appendFrame(buf, body []byte) []byte {
	return append(binary.AppendUvarint(buf, uint64(len(body))), body...)
}
