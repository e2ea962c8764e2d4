package ledger

import (
	"fmt"
	"strings"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

// Log names one log: that which a node keeps for a community.
type Log struct {
	Community identity.PublicKey
	Node      identity.PublicKey
}

// originScheme begins every origin.
const originScheme = "stoa/"

// Origin names the log that a node keeps for a community. It is the first line of the log's checkpoints, and the name
// of the key that signs them.
func Origin(community, node identity.PublicKey) string {
	return originScheme + community.String() + "/" + node.String()
}

// Origin is the log's name as checkpoints have it.
func (l Log) Origin() string { return Origin(l.Community, l.Node) }

// ParseOrigin reads an origin, in the only form it can be written.
func ParseOrigin(origin string) (Log, error) {
	rest, ok := strings.CutPrefix(origin, originScheme)
	community, node, two := strings.Cut(rest, "/")
	if !ok || !two {
		return Log{}, fmt.Errorf("%w: not the origin of a log", ErrCheckpoint)
	}
	var l Log
	var err error
	if l.Community, err = identity.ParseDID(community); err != nil {
		return Log{}, fmt.Errorf("%w: community: %w", ErrCheckpoint, err)
	}
	if l.Node, err = identity.ParseDID(node); err != nil {
		return Log{}, fmt.Errorf("%w: node: %w", ErrCheckpoint, err)
	}
	if l.Origin() != origin {
		return Log{}, fmt.Errorf("%w: an origin in another form", ErrCheckpoint)
	}
	return l, nil
}

// LogOf tells which log a checkpoint says it is of. Nothing is verified.
func LogOf(checkpoint string) (Log, error) {
	first, _, _ := strings.Cut(checkpoint, "\n")
	return ParseOrigin(first)
}

// Entry is one leaf of a log with its body.
type Entry struct {
	Index int64
	ID    statement.ID
	Text  string // compact serialization; its signature is not verified again when it is read from a store
}
