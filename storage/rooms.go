package storage

import (
	"bytes"
	"fmt"
	"iter"

	"github.com/stoa-rooms/stoa/ledger"
	"github.com/stoa-rooms/stoa/statement"
)

// Room is what a restarted node needs to go on with a live room. It is dropped when the room ends.
type Room struct {
	ID     statement.ID   // of Create
	Create string         // the create statement, compact serialization
	Title  statement.Text // what Create commits to
	Record []byte         // of the package rooms; opaque here
	Line   []byte         // proof of succession, from the first host to this node; opaque here; nil where there is none
}

// rooms plans the rooms of a batch.
func (p *plan) rooms(b Batch) error {
	for _, r := range b.Rooms {
		if ledger.IDOf(r.Create) != r.ID {
			return fmt.Errorf("%w: room %s is not that of its create statement", ErrBatch, r.ID)
		}
		if err := p.put(named(kindRoom, p.head.epoch, r.ID), encodeRoom(r)); err != nil {
			return err
		}
		if err := p.line(r.ID, r.Line); err != nil {
			return err
		}
	}
	for _, id := range b.DropRooms {
		if err := p.set(named(kindRoom, p.head.epoch, id), nil); err != nil {
			return err
		}
		if err := p.line(id, nil); err != nil {
			return err
		}
	}
	return nil
}

// line plans the line of a room. A record changes with every raised hand, a line only with the host: so one that stays
// as it is is not written again.
func (p *plan) line(id statement.ID, line []byte) error {
	key := named(kindLine, p.head.epoch, id)
	var value []byte
	if len(line) > 0 {
		value = seal(key, line)
	}
	before, planned := p.writes[string(key)]
	if !planned {
		var err error
		if before, _, err = p.before.raw(key); err != nil {
			return err
		}
	}
	if bytes.Equal(before, value) {
		return nil
	}
	return p.set(key, value)
}

// Rooms are all rooms, by id, as of when the loop begins. After an error there are no more.
func (s *Store) Rooms() iter.Seq2[Room, error] {
	return list(s, kindRoom, func(v *view, id [32]byte, raw []byte) (Room, error) {
		r, err := decodeRoom(raw)
		r.ID = id
		if err == nil && ledger.IDOf(r.Create) != r.ID {
			err = errValue
		}
		if err == nil {
			r.Line, _, err = v.get(named(kindLine, v.head.epoch, id))
		}
		return r, err
	})
}
