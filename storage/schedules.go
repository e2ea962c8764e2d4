package storage

import (
	"encoding/binary"
	"fmt"
	"iter"

	"github.com/stoa-rooms/stoa/ledger"
	"github.com/stoa-rooms/stoa/statement"
)

// Schedule is a scheduled room of this community. It is kept until some time after its last date, and no longer: what is
// planned is not in the log.
type Schedule struct {
	ID     statement.ID   // of First: the room's link
	First  string         // the schedule statement that began it, compact serialization
	Latest string         // the one that holds now; "" while that is First
	Title  statement.Text // what the one that holds commits to
}

// schedules plans the scheduled rooms of a batch.
func (p *plan) schedules(b Batch) error {
	for _, one := range b.Schedules {
		if ledger.IDOf(one.First) != one.ID {
			return fmt.Errorf("%w: schedule %s is not that of its first statement", ErrBatch, one.ID)
		}
		if err := p.put(named(kindSchedule, p.head.epoch, one.ID), encodeSchedule(one)); err != nil {
			return err
		}
	}
	for _, id := range b.DropSchedules {
		if err := p.set(named(kindSchedule, p.head.epoch, id), nil); err != nil {
			return err
		}
	}
	return nil
}

// Schedules are all scheduled rooms, by id, as of when the loop begins. After an error there are no more.
func (s *Store) Schedules() iter.Seq2[Schedule, error] {
	return list(s, kindSchedule, func(_ *view, id [32]byte, raw []byte) (Schedule, error) {
		one, err := decodeSchedule(raw)
		one.ID = id
		if err == nil && ledger.IDOf(one.First) != one.ID {
			err = errValue
		}
		return one, err
	})
}

func encodeSchedule(s Schedule) []byte {
	var out []byte
	out = binary.AppendUvarint(out, uint64(len(s.First)))
	out = append(out, s.First...)
	out = binary.AppendUvarint(out, uint64(len(s.Latest)))
	out = append(out, s.Latest...)
	out = append(out, s.Title.Salt[:]...)
	return append(out, s.Title.Text...)
}

// decodeSchedule reads all of a schedule but its id, which is in the key.
func decodeSchedule(raw []byte) (Schedule, error) {
	first, raw, err := field(raw)
	if err != nil {
		return Schedule{}, err
	}
	latest, raw, err := field(raw)
	if err != nil {
		return Schedule{}, err
	}
	title, err := decodeText(raw)
	return Schedule{First: string(first), Latest: string(latest), Title: title}, err
}
