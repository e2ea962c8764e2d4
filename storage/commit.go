package storage

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/ledger"
	"github.com/stoa-rooms/stoa/statement"
)

// MaxBatch and MaxWrites bound a batch, the fold of its snapshot left out: bytes of keys and values, and how many
// there are (an entry is four on average). Badger takes 15% of a memtable, 1.2 MiB.
const (
	MaxBatch  = 1 << 20
	MaxWrites = 4096
)

// Batch is what one commit writes. Its parts may be combined as the caller likes, but for Reset.
type Batch struct {
	// Entries go on the end of the log, numbered on from its size. With them come all Hashes that ledger.Append gave
	// for them and the Checkpoint of the new head, signed by this node's key.
	Entries    []Entry
	Hashes     []ledger.StoredHash
	Checkpoint string

	Texts      []statement.Text
	EraseTexts []statement.Commitment // after Texts, those of this batch included; unknown ones are passed over

	Profiles []statement.Statement // of kind profile; each replaces its signer's

	// Erase forgets members, after all else. Nothing is taken in under their keys any more; that has the reason
	// member-erased. [Store.Rewrite] then makes the bytes go.
	Erase []Erasure

	Rooms     []Room         // each replaces the one of its id
	DropRooms []statement.ID // after Rooms; unknown ones are passed over

	Schedules     []Schedule     // each replaces the one of its id
	DropSchedules []statement.ID // after Schedules; unknown ones are passed over

	Private      []Private            // each replaces the member's of its name
	ErasePrivate []identity.PublicKey // all that was kept for these members before this batch

	Snapshot *Snapshot // replaces the one before

	Followed []Followed   // each log once
	Unfollow []ledger.Log // after Followed; forgets all of them; unknown ones are passed over

	Peers []string // addresses of other nodes that were reached, newest first; go in front of those that are known

	// Reset forgets the log and everything above but Peers: what is left is that and the node's key. It stands alone.
	Reset bool
}

// Commit writes a batch: all of it, durably, or nothing. [ErrBatch] says that the batch is wrong; the reason
// storage-failed, that the store does not take it now (see the package comment). Commits run one after the other.
func (s *Store) Commit(b Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	start := time.Now()
	err := s.commit(b)
	if s.opt.Observe != nil && !errors.Is(err, ErrBatch) && !errors.Is(err, ErrClosed) {
		s.opt.Observe(time.Since(start), err)
	}
	return err
}

func (s *Store) commit(b Batch) error {
	if s.closed {
		return ErrClosed
	}
	if s.failed != nil {
		if err := s.resume(); err != nil {
			return refused(fmt.Errorf("%w (since: %w)", err, s.failed))
		}
	}
	v, err := s.acquire()
	if err != nil {
		return err
	}
	defer s.release(v)
	p, err := s.plan(v, b)
	if err != nil || len(p.writes) == 0 {
		return err
	}
	if err := s.checkRoom(p.size); err != nil {
		return refused(err)
	}
	if err := s.write(p); err != nil {
		s.fail(err, p.undo)
		return refused(err)
	}
	if b.Reset || b.Snapshot != nil || b.givesUp() {
		if err := s.sweep(); err != nil {
			s.fail(err, writes{}) // the commit itself stands
		}
	}
	return nil
}

// write makes a plan durable and visible, in this order: pieces of a snapshot, which nothing points to yet; the
// transaction; the mark; the view.
func (s *Store) write(p *plan) error {
	for _, piece := range p.pieces {
		if err := s.transact(piece); err != nil {
			return err
		}
	}
	if err := s.transact(p.writes); err != nil {
		return err
	}
	if err := s.acknowledge(p.head.number); err != nil {
		return err
	}
	s.publish(newView(s.db, p.head))
	return nil
}

// writes are stored values by key; nil deletes.
type writes map[string][]byte

// transact is one synced transaction.
func (s *Store) transact(w writes) error {
	return s.opt.faults("commit", func() error {
		txn := s.db.NewTransaction(true)
		defer txn.Discard()
		for key, value := range w {
			var err error
			if value == nil {
				err = txn.Delete([]byte(key))
			} else {
				err = txn.Set([]byte(key), value)
			}
			if err != nil {
				return err
			}
		}
		done := make(chan struct{})
		var err error
		txn.CommitWith(func(e error) {
			err = e
			close(done)
		})
		if !s.settled(done) {
			return errors.New("the database does not answer: it cannot write")
		}
		return errors.Join(err, s.noteRotation())
	})
}

// acknowledge makes it known, durably, that commit number is.
func (s *Store) acknowledge(number uint64) error {
	if s.mark == nil {
		return nil
	}
	return s.opt.faults("mark", func() error { return s.mark.set(number) })
}

// fail stops writing until resume has put back what undo holds.
func (s *Store) fail(err error, undo writes) {
	s.failed, s.undo = err, undo
	s.trouble.Store(&err)
	s.log.Error("writing failed; nothing is written until the disk answers again", "error", err)
}

// resume ends a failure, or says why it cannot. Badger goes on after a failed sync as if nothing had been, in a log
// that may have a hole on disk; so it is closed, which writes what it holds into a new file, and opened again.
func (s *Store) resume() error {
	if err := s.checkRoom(0); err != nil {
		return err
	}
	if err := s.acknowledge(s.head.number); err != nil {
		return err
	}
	if !s.opt.InMemory {
		if err := s.closeBadger(readerWait); err != nil {
			return err
		}
		if _, err := inspect(s.files, s.badgerOptions(), s.log); err != nil {
			return err
		}
		if err := s.openBadger(); err != nil {
			return err
		}
	}
	v := newView(s.db, head{})
	h, err := s.check(v, s.head.number)
	v.txn.Discard()
	if err != nil {
		return err
	}
	back := s.head
	back.number = h.number + 1
	w := writes{keyHead: seal([]byte(keyHead), back.encode())}
	for key, value := range s.undo {
		if key != keyHead {
			w[key] = value
		}
	}
	if err := s.write(&plan{writes: w, head: back}); err != nil {
		return err
	}
	s.log.Info("writing again", "after", s.failed)
	s.failed, s.undo = nil, nil
	s.trouble.Store(nil)
	return nil
}

// plan is a batch turned into writes.
type plan struct {
	writes writes
	pieces []writes // of the snapshot
	undo   writes   // what the keys of writes have now
	head   head
	size   int // bytes of keys and values, pieces included

	before *view
}

// plan works out a batch without writing anything.
func (s *Store) plan(v *view, b Batch) (*plan, error) {
	p := &plan{writes: writes{}, undo: writes{}, head: s.head, before: v}
	p.head.number++
	if err := p.batch(b, s.key.Public()); err != nil {
		return nil, err
	}
	if len(p.writes) == 0 && !b.Reset {
		return p, nil
	}
	if err := p.put([]byte(keyHead), p.head.encode()); err != nil {
		return nil, err
	}
	for key, value := range p.writes {
		p.size += len(key) + len(value)
	}
	if p.size > MaxBatch || len(p.writes) > MaxWrites {
		return nil, fmt.Errorf("%w: %d writes of %d bytes, more than %d of %d", ErrBatch, len(p.writes), p.size, MaxWrites, MaxBatch)
	}
	for _, piece := range p.pieces {
		for key, value := range piece {
			p.size += len(key) + len(value)
		}
	}
	return p, nil
}

func (p *plan) batch(b Batch, node identity.PublicKey) error {
	if b.Reset {
		return p.reset(b)
	}
	if err := p.log(b, node); err != nil {
		return err
	}
	for _, t := range b.Texts {
		if err := p.put(named(kindText, p.head.epoch, t.Commitment()), encodeText(t)); err != nil {
			return err
		}
	}
	for _, c := range b.EraseTexts {
		if err := p.set(named(kindText, p.head.epoch, c), nil); err != nil {
			return err
		}
	}
	for _, profile := range b.Profiles {
		if profile.Kind() != statement.KindProfile {
			return fmt.Errorf("%w: a statement of kind %q among the profiles", ErrBatch, profile.Kind())
		}
		if err := p.put(named(kindProfile, p.head.epoch, profile.Signer()), []byte(profile.Text())); err != nil {
			return err
		}
	}
	if err := p.rooms(b); err != nil {
		return err
	}
	if err := p.schedules(b); err != nil {
		return err
	}
	if err := p.private(b); err != nil {
		return err
	}
	if err := p.followed(b); err != nil {
		return err
	}
	if err := p.peers(b.Peers); err != nil {
		return err
	}
	if err := p.erase(b); err != nil {
		return err
	}
	return p.snapshot(b.Snapshot)
}

func (p *plan) reset(b Batch) error {
	b.Reset = false
	if len(b.Entries)+len(b.Hashes)+len(b.Checkpoint)+len(b.Texts)+len(b.EraseTexts)+len(b.Profiles)+len(b.Erase)+len(b.Rooms)+len(b.DropRooms)+
		len(b.Schedules)+len(b.DropSchedules)+len(b.Private)+len(b.ErasePrivate)+len(b.Followed)+len(b.Unfollow)+len(b.Peers) > 0 || b.Snapshot != nil {
		return fmt.Errorf("%w: a reset stands alone", ErrBatch)
	}
	p.head = head{number: p.head.number, epoch: p.head.epoch + 1}
	return p.set([]byte(keyRestored), nil)
}

// put plans to store a payload.
func (p *plan) put(key, payload []byte) error {
	if err := p.refuseErased(key); err != nil {
		return err
	}
	return p.set(key, seal(key, payload))
}

// set plans to store a value, or with nil to delete it, and keeps the sum.
func (p *plan) set(key, value []byte) error {
	before, planned := p.writes[string(key)]
	if !planned {
		var err error
		if before, _, err = p.before.raw(key); err != nil {
			return err
		}
		p.undo[string(key)] = before
	}
	if slices.Contains([]byte(summed), key[0]) {
		if before != nil {
			p.head.sum -= weight(key, before)
		}
		if value != nil {
			p.head.sum += weight(key, value)
		}
	}
	p.writes[string(key)] = value
	return nil
}
