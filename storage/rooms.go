package storage

import (
	"fmt"
	"iter"

	"github.com/stoa-rooms/stoa/statement"
)

// Room is what a restarted node needs to go on with a live room. It is dropped when the room ends.
type Room struct {
	ID     statement.ID   // of Create
	Create string         // the create statement, compact serialization
	Title  statement.Text // what Create commits to
	Record []byte         // of the package rooms; opaque here
}

// rooms plans the rooms of a batch.
func (p *plan) rooms(b Batch) error {
	for _, r := range b.Rooms {
		if idOf(r.Create) != r.ID {
			return fmt.Errorf("%w: room %s is not that of its create statement", ErrBatch, r.ID)
		}
		if err := p.put(named(kindRoom, p.head.epoch, r.ID), encodeRoom(r)); err != nil {
			return err
		}
	}
	for _, id := range b.DropRooms {
		if err := p.set(named(kindRoom, p.head.epoch, id), nil); err != nil {
			return err
		}
	}
	return nil
}

// Rooms are all rooms, by id, as of when the loop begins. After an error there are no more.
func (s *Store) Rooms() iter.Seq2[Room, error] {
	return list(s, kindRoom, func(id [32]byte, raw []byte) (Room, error) {
		r, err := decodeRoom(raw)
		r.ID = id
		if err == nil && idOf(r.Create) != r.ID {
			err = errValue
		}
		return r, err
	})
}
