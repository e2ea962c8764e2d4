package storage

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/ledger"
	"github.com/stoa-rooms/stoa/statement"
)

// ErrForgotten says that what a [FollowedLog] reads is not kept any more: the log is followed no longer, or fetched anew.
var ErrForgotten = errors.New("storage: this log is kept no longer, or fetched anew")

// Followed is what a commit adds to the log of another node. What has been added stays consistent: entries go on from
// those that are there, and are those the checkpoint signs as far as they reach.
type Followed struct {
	Log ledger.Log

	// Anew gives up the entries that are there. The checkpoint and the proof of a fork stay.
	Anew bool
	// Checkpoint replaces the one before, which may not be of a larger size. That it goes on from that one, the caller
	// has seen; "" keeps it.
	Checkpoint string
	// Entries go on the end, numbered on from the log's size here. Their hashes are worked out by the store.
	Entries []Entry
	// Fork is kept for good; the first one that is found stays.
	Fork *ledger.Fork
}

// givesUp reports whether a batch leaves entries of followed logs behind.
func (b Batch) givesUp() bool {
	return len(b.Unfollow) > 0 || slices.ContainsFunc(b.Followed, func(f Followed) bool { return f.Anew })
}

// record is what is stored of a followed log beside its entries.
type record struct {
	generation uint64
	tree       ledger.Tree // the zero Tree while it has no entries
	distinct   int64       // statements in the index: a log may hold one twice
	checkpoint string
	signed     string // the newest checkpoint whose entries are all here; "" if that is checkpoint, or there is none
	fork       []byte // JSON; empty without a fork
}

const recordSize = 8 + 8 + 8 + tlog.HashSize

// maxFork bounds a fork proof: two checkpoints, each character of which JSON may write as six, and some 130 hashes of 47
// characters.
const maxFork = 12*ledger.MaxCheckpoint + 16<<10

func (r record) encode() []byte {
	out := make([]byte, 0, recordSize+2+len(r.checkpoint)+len(r.fork))
	out = binary.BigEndian.AppendUint64(out, r.generation)
	out = binary.BigEndian.AppendUint64(out, uint64(r.tree.Size))
	out = binary.BigEndian.AppendUint64(out, uint64(r.distinct))
	out = append(out, r.tree.Root[:]...)
	checkpoints := r.checkpoint
	if r.signed != "" {
		checkpoints += "\x00" + r.signed
	}
	out = binary.AppendUvarint(out, uint64(len(checkpoints)))
	out = append(out, checkpoints...)
	return append(out, r.fork...)
}

func decodeRecord(raw []byte) (record, error) {
	if len(raw) < recordSize {
		return record{}, errValue
	}
	r := record{generation: binary.BigEndian.Uint64(raw)}
	size, distinct := binary.BigEndian.Uint64(raw[8:]), binary.BigEndian.Uint64(raw[16:])
	copy(r.tree.Root[:], raw[24:])
	checkpoints, fork, err := field(raw[recordSize:])
	checkpoint, signed, _ := bytes.Cut(checkpoints, []byte{0})
	if len(signed) > ledger.MaxCheckpoint {
		err = errValue
	}
	if err != nil || size > ledger.MaxSize || distinct > size || len(checkpoint) > ledger.MaxCheckpoint || len(fork) > maxFork {
		return record{}, errValue
	}
	if (size == 0) != (distinct == 0) || size == 0 && r.tree.Root != (tlog.Hash{}) || size > 0 && len(checkpoint) == 0 {
		return record{}, errValue
	}
	r.tree.Size, r.distinct = int64(size), int64(distinct)
	r.checkpoint, r.signed, r.fork = string(checkpoint), string(signed), bytes.Clone(fork)
	return r, nil
}

// leaves is where the entries of a record lie.
func (r record) leaves(epoch uint32) leaves {
	at := func(kind byte) []byte { return numbered(kind, epoch, int64(r.generation)) }
	return leaves{
		name:    "followed log",
		entries: at(kindFollowedEntry), index: at(kindFollowedIndex), hashes: at(kindFollowedHash),
		size: r.tree.Size,
	}
}

// record reads the record of a followed log.
func (v *view) record(log ledger.Log) (record, bool, error) {
	key := followedKey(v.head.epoch, log)
	raw, ok, err := v.get(key)
	if err != nil || !ok {
		return record{}, false, err
	}
	r, err := decodeRecord(raw)
	if err != nil {
		return record{}, false, spoiled(key, err)
	}
	return r, true, nil
}

// records reads all of them.
func (v *view) records() (map[ledger.Log]record, error) {
	all := map[ledger.Log]record{}
	p := prefix(kindFollowed, v.head.epoch)
	err := v.scan(p, p, true, func(key, value []byte) (bool, error) {
		log, r, err := openRecord(key[len(p):], key, value)
		all[log] = r
		return true, err
	})
	return all, err
}

// openRecord reads a stored record; name is the end of its key.
func openRecord(name, key, value []byte) (ledger.Log, record, error) {
	raw, err := unseal(key, value)
	if err != nil || len(name) != 2*len(identity.PublicKey{}) {
		return ledger.Log{}, record{}, spoiled(key, errValue)
	}
	community, errCommunity := decodeKey(name[:len(name)/2])
	node, errNode := decodeKey(name[len(name)/2:])
	r, err := decodeRecord(raw)
	if err := errors.Join(err, errCommunity, errNode); err != nil {
		return ledger.Log{}, record{}, spoiled(key, err)
	}
	return ledger.Log{Community: community, Node: node}, r, nil
}

// followed plans what a batch has for followed logs.
func (p *plan) followed(b Batch) error {
	if len(b.Followed) >= 1<<generationBits {
		return fmt.Errorf("%w: %d followed logs", ErrBatch, len(b.Followed))
	}
	for i, f := range b.Followed {
		if slices.ContainsFunc(b.Followed[:i], func(g Followed) bool { return g.Log == f.Log }) {
			return fmt.Errorf("%w: the log %s twice", ErrBatch, f.Log.Origin())
		}
		if err := p.follow(i, f); err != nil {
			return err
		}
	}
	for _, log := range b.Unfollow {
		if err := p.set(followedKey(p.head.epoch, log), nil); err != nil {
			return err
		}
	}
	return nil
}

// generationBits count the followed logs of a batch, of which there are fewer than writes.
const generationBits = 12

// follow plans one part; place is its place in the batch.
func (p *plan) follow(place int, f Followed) error {
	r, ok, err := p.before.record(f.Log)
	if err != nil {
		return err
	}
	if f.Anew || !ok {
		r.generation, r.tree, r.distinct = p.head.number<<generationBits|uint64(place), ledger.Tree{}, 0
		r.signed = ""
	}
	before, _ := r.head(f.Log)
	r, target, err := r.checkpointed(f)
	if err != nil {
		return err
	}
	if r, err = p.followedEntries(r, f.Entries); err != nil {
		return err
	}
	if r.tree.Size > target.Size || r.tree.Size == target.Size && r.tree.Size > 0 && r.tree.Root != target.Root {
		return fmt.Errorf("%w: %s has other entries than its checkpoint signs", ErrBatch, f.Log.Origin())
	}
	if r.signed = before; r.tree.Size == target.Size {
		r.signed = ""
	}
	if f.Fork != nil && len(r.fork) == 0 {
		if err := f.Fork.Check(f.Log.Origin(), f.Log.Node); err != nil {
			return fmt.Errorf("%w: %w", ErrBatch, err)
		}
		if r.fork, err = json.Marshal(f.Fork); err != nil || len(r.fork) > maxFork {
			return fmt.Errorf("%w: a proof of %d bytes: %w", ErrBatch, len(r.fork), err)
		}
	}
	return p.put(followedKey(p.head.epoch, f.Log), r.encode())
}

// checkpointed takes in the checkpoint of f, if it has one, and gives the head that is signed now.
func (r record) checkpointed(f Followed) (record, ledger.Tree, error) {
	known, err := ledger.Replica{Log: f.Log, Checkpoint: r.checkpoint}.Target()
	if err != nil || f.Checkpoint == "" || f.Checkpoint == r.checkpoint {
		return r, known, err
	}
	next, err := ledger.ParseCheckpoint(f.Checkpoint, f.Log.Origin(), f.Log.Node)
	if err != nil {
		return r, known, fmt.Errorf("%w: %w", ErrBatch, err)
	}
	if next.Size < known.Size || next.Size == known.Size && r.checkpoint != "" && next.Root != known.Root {
		return r, known, fmt.Errorf("%w: a checkpoint that does not go on from the one of %s", ErrBatch, f.Log.Origin())
	}
	r.checkpoint = f.Checkpoint
	return r, next, nil
}

// head is the newest checkpoint whose entries are all here, and what it says; "" and the empty tree if there is none.
func (r record) head(log ledger.Log) (string, ledger.Tree) {
	text := r.signed
	if text == "" {
		text = r.checkpoint
	}
	if text == "" {
		return "", ledger.Tree{}
	}
	tree, err := ledger.ParseCheckpoint(text, log.Origin(), log.Node)
	if err != nil || tree.Size == 0 || tree.Size > r.tree.Size {
		return "", ledger.Tree{}
	}
	return text, tree
}

// followedEntries plans entries on the end of a followed log.
func (p *plan) followedEntries(r record, entries []Entry) (record, error) {
	if len(entries) == 0 {
		return r, nil
	}
	l := r.leaves(p.head.epoch)
	ids := make([]statement.ID, len(entries))
	for i, e := range entries {
		if e.Index != l.size+int64(i) || len(e.Text) > statement.MaxSize || ledger.IDOf(e.Text) != e.ID {
			return r, fmt.Errorf("%w: entry %d, %s, of a followed log where %d is next", ErrBatch, e.Index, e.ID, l.size+int64(i))
		}
		ids[i] = e.ID
		if err := p.put(at(l.entries, e.Index), []byte(e.Text)); err != nil {
			return r, err
		}
		key := append(slices.Clip(l.index), e.ID[:]...)
		_, twice := p.writes[string(key)]
		if _, known, err := p.before.raw(key); err != nil {
			return r, err
		} else if twice || known {
			continue // the first one counts
		}
		r.distinct++
		if err := p.put(key, encodeUint64(uint64(e.Index))); err != nil {
			return r, err
		}
	}
	next, hashes, err := ledger.Append(r.tree, tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		return p.before.hashes(l, indexes)
	}), ids)
	if err != nil {
		return r, err
	}
	for _, h := range hashes {
		if err := p.put(at(l.hashes, h.Index), h.Hash[:]); err != nil {
			return r, err
		}
	}
	r.tree = next
	return r, nil
}

// checkFollowed looks whether the entries of each followed log are the ones its record says. Where they are not, that is
// logged, and they are given up, to be fetched anew.
func (s *Store) checkFollowed() error {
	v, err := s.acquire()
	if err != nil {
		return err
	}
	defer s.release(v)
	records, err := v.records()
	if err != nil {
		return err
	}
	var b Batch
	for log, r := range records {
		err := v.checkRecord(r)
		if err == nil {
			continue
		}
		if !errors.Is(err, ErrDamaged) {
			return err
		}
		s.log.Error("what was stored of another node's log is damaged; it is fetched anew",
			"community", log.Community, "node", log.Node, "error", err)
		b.Followed = append(b.Followed, Followed{Log: log, Anew: true})
	}
	if len(b.Followed) == 0 {
		return nil
	}
	p, err := s.plan(v, b)
	if err != nil {
		return err
	}
	return s.write(p)
}

// checkRecord compares a record with the stored hashes and the index.
func (v *view) checkRecord(r record) error {
	l := r.leaves(v.head.epoch)
	count, err := v.count(l.index)
	if err != nil {
		return err
	}
	if count != r.distinct {
		return found(ErrDamaged, "an index of %d statements has %d", r.distinct, count)
	}
	if l.size == 0 {
		return nil
	}
	root, err := tlog.TreeHash(l.size, tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		return v.hashes(l, indexes)
	}))
	if err != nil {
		return err
	}
	if root != r.tree.Root {
		return found(ErrDamaged, "its entries have another root")
	}
	return nil
}

// FollowedLog is what is kept of another node's log, as of when it was asked for: later entries are not in it.
type FollowedLog struct {
	store  *Store
	log    ledger.Log
	record record
}

// FollowedLog finds a followed log.
func (s *Store) FollowedLog(log ledger.Log) (f FollowedLog, ok bool, err error) {
	f, err = use(s, func(v *view) (FollowedLog, error) {
		r, there, err := v.record(log)
		ok = there && err == nil
		return FollowedLog{store: s, log: log, record: r}, err
	})
	return f, ok, err
}

// FollowedLogs are all followed logs, by community and node, as of when the loop begins. After an error there are no
// more.
func (s *Store) FollowedLogs() iter.Seq2[FollowedLog, error] {
	return func(yield func(FollowedLog, error) bool) {
		v, err := s.acquire()
		if err != nil {
			yield(FollowedLog{}, err)
			return
		}
		defer s.release(v)
		p := prefix(kindFollowed, v.head.epoch)
		if err := v.scan(p, p, true, func(key, value []byte) (bool, error) {
			log, r, err := openRecord(key[len(p):], key, value)
			if err != nil {
				return false, err
			}
			return yield(FollowedLog{store: s, log: log, record: r}, nil), nil
		}); err != nil {
			yield(FollowedLog{}, err)
		}
	}
}

// Log says whose log for which community it is.
func (f FollowedLog) Log() ledger.Log { return f.log }

// Head is the head of the entries that are here. The zero Tree is the empty log.
func (f FollowedLog) Head() ledger.Tree { return f.record.tree }

// Signed is the newest checkpoint whose entries are all here, and its head: what inclusion is proven against while the log
// is being fetched. "" and the empty tree before there is one.
func (f FollowedLog) Signed() (checkpoint string, tree ledger.Tree) { return f.record.head(f.log) }

// Checkpoint is the newest checkpoint, which may be ahead of Head; "" before there is one.
func (f FollowedLog) Checkpoint() string { return f.record.checkpoint }

// Replica is how far the follower has come.
func (f FollowedLog) Replica() ledger.Replica {
	return ledger.Replica{Log: f.log, Tree: f.record.tree, Checkpoint: f.record.checkpoint}
}

// Fork is the proof that the log has forked; nil while there is none.
func (f FollowedLog) Fork() (*ledger.Fork, error) {
	if len(f.record.fork) == 0 {
		return nil, nil //nolint:nilnil // no fork is what is hoped for
	}
	var fork ledger.Fork
	if err := json.Unmarshal(f.record.fork, &fork); err != nil {
		return nil, unreadable(found(ErrDamaged, "the proof of a fork of %s: %v", f.log.Origin(), err))
	}
	return &fork, nil
}

// read calls fn with the current view, if that still has the log, and where its entries lie.
func (f FollowedLog) read(fn func(v *view, l leaves) error) error {
	if f.store == nil {
		return ErrForgotten
	}
	_, err := use(f.store, func(v *view) (struct{}, error) {
		r, ok, err := v.record(f.log)
		if err == nil && (!ok || r.generation != f.record.generation) {
			err = ErrForgotten
		}
		if err == nil {
			err = fn(v, f.record.leaves(v.head.epoch))
		}
		return struct{}{}, err
	})
	return err
}

// Entry is one entry of the log; ok is false beyond its end.
func (f FollowedLog) Entry(index int64) (e Entry, ok bool, err error) {
	err = f.read(func(v *view, l leaves) (err error) {
		e, ok, err = v.entry(l, index)
		return err
	})
	return e, ok && err == nil, err
}

// Entries are those from index from on. After an error there are no more.
func (f FollowedLog) Entries(from int64) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		if f.record.tree.Size == 0 {
			return // whether or not it is still followed
		}
		if err := f.read(func(v *view, l leaves) error {
			v.each(l, from, yield)
			return nil
		}); err != nil {
			yield(Entry{}, err)
		}
	}
}

// IndexOf finds the first place of a statement in the log.
func (f FollowedLog) IndexOf(id statement.ID) (index int64, ok bool, err error) {
	err = f.read(func(v *view, l leaves) (err error) {
		l.size = ledger.MaxSize // the index may know later entries
		index, ok, err = v.indexOf(l, id)
		return err
	})
	if err != nil || index >= f.record.tree.Size {
		return 0, false, err
	}
	return index, ok, nil
}

// ReadHashes implements tlog.HashReader: stored hashes of the log's tree. One beyond Head is an error.
func (f FollowedLog) ReadHashes(indexes []int64) (hashes []tlog.Hash, err error) {
	err = f.read(func(v *view, l leaves) (err error) {
		hashes, err = v.hashes(l, indexes)
		return err
	})
	return hashes, err
}
