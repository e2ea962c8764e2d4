package ledger

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Kind is what a resource of a log holds.
type Kind byte

// The resources of a log. The first three are those of C2SP tlog-tiles (https://c2sp.org/tlog-tiles); the statements
// are beside the entries, under the same numbers.
const (
	KindCheckpoint Kind = iota // the signed head
	KindTile                   // up to 256 hashes of the tree
	KindEntries                // up to 256 leaves: ids of statements
	KindStatements             // the statements of up to 256 leaves, as texts
)

// How a log is cut up: tiles are 8 levels high, and as wide as that makes them.
const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
)

// Resource names one resource of a log. All but the checkpoint never change.
type Resource struct {
	Kind  Kind
	Level int   // of a tile: its hashes are over 256^Level leaves each
	N     int64 // which of its kind and level, from 0 on
	Width int   // how many hashes, leaves or statements it has: 256, or fewer in a partial one
}

const (
	checkpointPath   = "checkpoint"
	tilePrefix       = "tile/"
	entriesPrefix    = "tile/entries/"
	statementsPrefix = "statements/"

	// maxPath is longer than any path in a log of MaxSize.
	maxPath = 64
	// maxLevel is the highest level that MaxSize, of 53 bits, has a hash at.
	maxLevel = 6
)

// Path is the path of the resource below that of its log.
func (r Resource) Path() string {
	var prefix string
	switch r.Kind {
	case KindCheckpoint:
		return checkpointPath
	case KindTile:
		prefix = tilePrefix + strconv.Itoa(r.Level) + "/"
	case KindEntries:
		prefix = entriesPrefix
	case KindStatements:
		prefix = statementsPrefix
	}
	// Three digits an element, so that no directory of a mirror gets large; all but the last begin with an x.
	n := r.N
	index := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		index = fmt.Sprintf("x%03d/%s", n%1000, index)
	}
	if r.Width < tileWidth {
		index += ".p/" + strconv.Itoa(r.Width)
	}
	return prefix + index
}

// Leaves is how many leaves a log must have to have the resource.
func (r Resource) Leaves() int64 {
	if r.Kind == KindCheckpoint {
		return 0
	}
	return (r.N*tileWidth + int64(r.Width)) << (tileHeight * r.Level)
}

// MaxBytes is the most that the resource takes, so that nobody need read more.
func (r Resource) MaxBytes() int {
	switch r.Kind {
	case KindCheckpoint:
		return MaxCheckpoint
	case KindTile:
		return r.Width * tileHashSize
	case KindEntries:
		return r.Width * entrySize
	case KindStatements:
		return maxStatements(r.Width)
	}
	return 0
}

// ParsePath reads the path of a resource, in the only form it can be written. One that no log of MaxSize has is an
// error too.
func ParsePath(path string) (Resource, error) {
	none := fmt.Errorf("ledger: no resource of a log has the path %.80q", path)
	if path == checkpointPath {
		return Resource{}, nil
	}
	if len(path) > maxPath {
		return Resource{}, none
	}
	var r Resource
	index, ok := strings.CutPrefix(path, entriesPrefix)
	if ok {
		r.Kind = KindEntries
	} else if index, ok = strings.CutPrefix(path, statementsPrefix); ok {
		r.Kind = KindStatements
	} else {
		rest, isTile := strings.CutPrefix(path, tilePrefix)
		level, rest, cut := strings.Cut(rest, "/")
		n, err := strconv.ParseUint(level, 10, 8)
		if !isTile || !cut || err != nil || n > maxLevel {
			return Resource{}, none
		}
		r.Kind, r.Level, index = KindTile, int(n), rest
	}
	if r.N, r.Width, ok = parseIndex(index); !ok {
		return Resource{}, none
	}
	// The bound is on what is shifted, so that nothing overflows.
	if r.N > math.MaxInt64/tileWidth-1 || r.N*tileWidth+int64(r.Width) > MaxSize>>(tileHeight*r.Level) {
		return Resource{}, none
	}
	if r.Path() != path {
		return Resource{}, none
	}
	return r, nil
}

// parseIndex reads N[.p/W], loosely: its caller compares with the one form.
func parseIndex(text string) (n int64, width int, ok bool) {
	width = tileWidth
	if index, w, partial := strings.Cut(text, ".p/"); partial {
		value, err := strconv.ParseUint(w, 10, 8)
		if err != nil || value == 0 {
			return 0, 0, false
		}
		text, width = index, int(value)
	}
	elements := strings.Split(text, "/")
	if len(elements) > 6 { // 10^18 fits an int64
		return 0, 0, false
	}
	for _, e := range elements {
		digits := strings.TrimPrefix(e, "x")
		value, err := strconv.ParseUint(digits, 10, 16)
		if err != nil || len(digits) != 3 {
			return 0, 0, false
		}
		n = n*1000 + int64(value)
	}
	return n, width, true
}
