package ledger

import (
	"fmt"
	"iter"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// Source is a log that can be read, whoever keeps it.
type Source interface {
	tlog.HashReader
	// Head is the head of what can be read.
	Head() Tree
	// Checkpoint is the newest checkpoint; "" if there is none. It may be ahead of Head.
	Checkpoint() string
	// Entries are those from an index on.
	Entries(from int64) iter.Seq2[Entry, error]
}

// Serve is the resource of a log at a path. What the log does not have, now or ever, is not-found; another error is the
// source's. A checkpoint is served only when everything under it is there: whoever is still fetching a log does not
// hand on a head that it could not explain.
func Serve(s Source, path string) ([]byte, error) {
	r, err := ParsePath(path)
	if err != nil {
		return nil, reason.Reject(reason.NotFound, "%v", err)
	}
	size := s.Head().Size
	if r.Leaves() > size {
		return nil, reason.Reject(reason.NotFound, "%s is not in a log of %d", path, size)
	}
	switch r.Kind {
	case KindCheckpoint:
		text := s.Checkpoint()
		if signed, ok := claimedSize(text); !ok || signed > size {
			return nil, reason.Reject(reason.NotFound, "no checkpoint")
		}
		return []byte(text), nil
	case KindTile:
		data, err := tlog.ReadTileData(r.tile(), s)
		if err != nil {
			return nil, fmt.Errorf("ledger: serve %s: %w", path, err)
		}
		return data, nil
	case KindEntries, KindStatements:
		return serveBundle(s, r)
	}
	return nil, reason.Reject(reason.NotFound, "%s", path)
}

func serveBundle(s Source, r Resource) ([]byte, error) {
	ids := make([]statement.ID, 0, r.Width)
	texts := make([]string, 0, r.Width)
	for e, err := range s.Entries(r.N * tileWidth) {
		if err != nil {
			return nil, fmt.Errorf("ledger: serve %s: %w", r.Path(), err)
		}
		ids, texts = append(ids, e.ID), append(texts, e.Text)
		if len(ids) == r.Width {
			break
		}
	}
	if len(ids) < r.Width {
		return nil, reason.Reject(reason.NotFound, "the log ends before %s", r.Path())
	}
	if r.Kind == KindEntries {
		return FormatEntries(ids), nil
	}
	return FormatStatements(texts), nil
}

// tile is the tile that r names, as tlog has it.
func (r Resource) tile() tlog.Tile {
	return tlog.Tile{H: tileHeight, L: r.Level, N: r.N, W: r.Width}
}

// claimedSize is the size in a checkpoint that has been verified before.
func claimedSize(checkpoint string) (int64, bool) {
	lines := strings.SplitN(checkpoint, "\n", 3)
	if len(lines) < 3 {
		return 0, false
	}
	n, err := strconv.ParseInt(lines[1], 10, 64)
	return n, err == nil
}
