package ledger

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

const (
	tileHashSize = tlog.HashSize
	idSize       = len(statement.ID{})
	entrySize    = 2 + idSize // uint16 length, then the leaf
)

// MaxResource is the longest resource of a log, in bytes: 256 of the longest statements.
const MaxResource = 2 + tileWidth*(statement.MaxSize+3)

func maxStatements(width int) int { return 2 + width*(statement.MaxSize+3) }

// FormatEntries writes a bundle of leaves, as C2SP tlog-tiles has it: each with its length in front.
func FormatEntries(ids []statement.ID) []byte {
	out := make([]byte, 0, len(ids)*entrySize)
	for _, id := range ids {
		out = binary.BigEndian.AppendUint16(out, uint16(idSize))
		out = append(out, id[:]...)
	}
	return out
}

// ParseEntries reads a bundle of width leaves. The error is log-invalid.
func ParseEntries(data []byte, width int) ([]statement.ID, error) {
	if len(data) != width*entrySize {
		return nil, reason.Reject(reason.LogInvalid, "%d bytes are not %d entries", len(data), width)
	}
	ids := make([]statement.ID, width)
	for i := range ids {
		entry := data[i*entrySize : (i+1)*entrySize]
		if int(binary.BigEndian.Uint16(entry)) != idSize {
			return nil, reason.Reject(reason.LogInvalid, "entry %d is no id", i)
		}
		copy(ids[i][:], entry[2:])
	}
	return ids, nil
}

// FormatStatements writes a bundle of statements: a JSON array of their texts.
func FormatStatements(texts []string) []byte {
	size := 2
	for _, t := range texts {
		size += len(t) + 3
	}
	out := append(make([]byte, 0, size), '[')
	for i, t := range texts {
		if i > 0 {
			out = append(out, ',')
		}
		// Statements consist of letters, digits, hyphens, underscores and dots; nothing in them is to be escaped.
		out = append(append(append(out, '"'), t...), '"')
	}
	return append(out, ']')
}

// ParseStatements reads a bundle of width texts. They are not yet known to be statements. The error is log-invalid.
func ParseStatements(data []byte, width int) ([]string, error) {
	if len(data) > maxStatements(width) {
		return nil, reason.Reject(reason.LogInvalid, "%d bytes are more than %d statements", len(data), width)
	}
	texts, err := readTexts(json.NewDecoder(bytes.NewReader(data)), width)
	if err != nil {
		return nil, reason.Reject(reason.LogInvalid, "statements: %v", err)
	}
	return texts, nil
}

// readTexts reads no more of an array than it may have, whatever else is in it.
func readTexts(d *json.Decoder, width int) ([]string, error) {
	if begin, err := d.Token(); err != nil || begin != json.Delim('[') {
		return nil, errors.New("not an array")
	}
	texts := make([]string, 0, width)
	for d.More() {
		token, err := d.Token()
		text, ok := token.(string)
		if err != nil || !ok || len(texts) == width || len(text) > statement.MaxSize {
			return nil, fmt.Errorf("element %d of %d: %w", len(texts), width, errors.Join(err, errElement))
		}
		texts = append(texts, text)
	}
	if len(texts) != width {
		return nil, fmt.Errorf("%d of %d", len(texts), width)
	}
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more after the end")
	}
	return texts, nil
}

var errElement = errors.New("one too many, or not the text of a statement")
