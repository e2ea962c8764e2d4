package storage

import (
	"log/slog"

	badger "github.com/dgraph-io/badger/v4"
)

// WithFaults puts something between the store and each of its writes.
func (o Options) WithFaults(faults func(step string, do func() error) error) Options {
	o.faults = faults
	return o
}

// WithRoom replaces the free space of the disk.
func (o Options) WithRoom(room func(dir string) (uint64, error)) Options {
	o.room = room
	return o
}

// WithLarge replaces how many entries a large log has.
func (o Options) WithLarge(entries int64) Options {
	o.large = entries
	return o
}

// BadgerOptions are those the store in dir is opened with.
func BadgerOptions(dir string) badger.Options {
	return (&Store{files: dir, log: slog.New(slog.DiscardHandler)}).badgerOptions()
}

// Seal makes the stored value of a payload.
func Seal(key, payload []byte) []byte { return seal(key, payload) }
