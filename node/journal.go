package node

import (
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/invites"
	"github.com/stoa-rooms/stoa/ledger"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
	"github.com/stoa-rooms/stoa/storage"
)

// snapshotEvery is after how many log entries the fold is written out, so that a start replays no more than that.
const snapshotEvery = 1000

// journal is the node's log and the fold of it: one writer at a time, any number of readers.
//
// Every durable statement goes through append: it is folded, given its place in the log, hashed, covered by a new
// signed checkpoint and written in one synced transaction. Readers see the new fold only after the write.
type journal struct {
	key   identity.PrivateKey
	store *storage.Store
	log   *slog.Logger

	state    atomic.Pointer[invites.State] // nil until a community is founded
	appended func(checkpoint string)       // set before the first append; told after each, outside mu
	wrote    func(statement.Kind)          // set before the first append; told of each statement that is in the log now

	merging sync.Mutex // one fold of all logs at a time; taken before mu

	mu    sync.Mutex  // one writer
	tree  ledger.Tree // guarded by mu
	saved int64       // guarded by mu; the log's size at the last snapshot of the fold
}

// openJournal brings the fold up to the end of the stored log, and of those of the community's other nodes.
func openJournal(store *storage.Store, key identity.PrivateKey, log *slog.Logger) (*journal, error) {
	j := &journal{key: key, store: store, log: log, appended: func(string) {}, wrote: func(statement.Kind) {}}
	head := store.Head()
	_, restored, err := store.Restored()
	if err != nil {
		return nil, fmt.Errorf("node: %w", err)
	}
	if head.Size == 0 && !restored {
		return j, nil
	}
	if merged, err := j.openMerged(); err != nil || merged {
		return j, err
	}
	state, from, err := j.loadSnapshot()
	if err != nil {
		return nil, err
	}
	for entry := range parsed(store.Entries(from)) {
		if entry.err != nil {
			return nil, fmt.Errorf("node: entry %d of the log: %w", entry.Index, entry.err)
		}
		if entry.Index == 0 {
			state = invites.New(entry.statement.Signer()) // the founder's rules come first
		}
		if state, err = state.Apply(invites.Entry{Log: key.Public(), Index: entry.Index, Statement: entry.statement}); err != nil {
			return nil, fmt.Errorf("node: entry %d of the log: %w", entry.Index, err)
		}
	}
	j.tree, j.saved = head, from
	j.state.Store(&state)
	return j, nil
}

// loadSnapshot is the stored fold and the index of the first entry that is not in it. Without one it is the empty fold.
func (j *journal) loadSnapshot() (invites.State, int64, error) {
	snapshot, ok, err := j.store.Snapshot()
	if err != nil {
		return invites.State{}, 0, fmt.Errorf("node: %w", err)
	}
	if !ok {
		return invites.State{}, 0, nil
	}
	state, err := invites.Decode(snapshot.Fold)
	if err != nil {
		j.log.Warn("the snapshot cannot be read, so the whole log is replayed", "error", err)
		return invites.State{}, 0, nil
	}
	return state, snapshot.Size, nil
}

// fold is the community as it stands; false until one is founded.
func (j *journal) fold() (invites.State, bool) {
	if state := j.state.Load(); state != nil {
		return *state, true
	}
	return invites.State{}, false
}

// draft is what a decision wants written: statements for the log, and what goes with them in the same transaction.
type draft struct {
	statements []statement.Statement
	with       storage.Batch
}

// append lets decide look at the fold and writes what it decides, while nobody else writes. Nothing changes unless all
// of it is written.
func (j *journal) append(decide func(state invites.State) (draft, error)) error {
	return j.told(j.decide(decide))
}

func (j *journal) decide(decide func(state invites.State) (draft, error)) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	state, founded := j.fold()
	if !founded {
		return reason.Reject(reason.FoundedNot, "")
	}
	d, err := decide(state)
	if err != nil {
		return err
	}
	if j.unapproved(state) && !delegates(d.statements, j.key.Public()) {
		return reason.Reject(reason.NodeRestored, "")
	}
	return j.writeLocked(state, d)
}

// unapproved reports whether this node was restored from a backup, and its key is not one of the community's nodes yet.
func (j *journal) unapproved(state invites.State) bool {
	_, ok := state.Node(j.key.Public())
	return !ok
}

// delegates reports whether statements begin with one that makes a key a node.
func delegates(statements []statement.Statement, node identity.PublicKey) bool {
	if len(statements) == 0 {
		return false
	}
	b, ok := statements[0].Body().(*statement.Delegate)
	return ok && b.Node == node
}

// told passes on the checkpoint after an append.
func (j *journal) told(err error) error {
	if err == nil {
		j.appended(j.store.Checkpoint())
	}
	return err
}

// found writes the first entries of a community that does not exist yet.
func (j *journal) found(community identity.PublicKey, d draft) error {
	return j.told(func() error {
		j.mu.Lock()
		defer j.mu.Unlock()
		if _, founded := j.fold(); founded {
			return reason.Reject(reason.FoundedAlready, "")
		}
		return j.writeLocked(invites.New(community), d)
	}())
}

func (j *journal) writeLocked(state invites.State, d draft) error {
	ids := make([]statement.ID, 0, len(d.statements))
	batch := d.with
	for i, st := range d.statements {
		entry := invites.Entry{Log: j.key.Public(), Index: j.tree.Size + int64(i), Statement: st}
		if _, twice, err := j.store.IndexOf(st.ID()); err != nil {
			return fmt.Errorf("node: %w", err)
		} else if twice {
			return reason.Reject(reason.StatementDuplicate, "%s", st.ID())
		}
		next, err := state.Apply(entry)
		if err != nil {
			return err
		}
		state = next
		ids = append(ids, st.ID())
		batch.Entries = append(batch.Entries, storage.Entry{Index: entry.Index, ID: st.ID(), Text: st.Text()})
	}
	tree, hashes, err := ledger.Append(j.tree, j.store, ids)
	if err != nil {
		return fmt.Errorf("node: %w", err)
	}
	batch.Hashes = hashes
	if batch.Checkpoint, err = ledger.SignCheckpoint(ledger.Origin(state.Community(), j.key.Public()), tree, j.key); err != nil {
		return fmt.Errorf("node: %w", err)
	}
	due := tree.Size-j.saved >= snapshotEvery
	if due {
		batch.Snapshot = &storage.Snapshot{Size: tree.Size, Fold: state.Encode()}
	}
	if err := j.store.Commit(batch); err != nil {
		return fmt.Errorf("node: %w", err)
	}
	j.tree = tree
	if due {
		j.saved = tree.Size
	}
	j.state.Store(&state)
	for _, st := range d.statements {
		j.wrote(st.Kind())
	}
	return nil
}

// reset forgets the community and its log, if check allows it.
func (j *journal) reset(check func(state invites.State) error) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	state, founded := j.fold()
	if !founded {
		return reason.Reject(reason.FoundedNot, "")
	}
	if err := check(state); err != nil {
		return err
	}
	if err := j.store.Commit(storage.Batch{Reset: true}); err != nil {
		return fmt.Errorf("node: %w", err)
	}
	j.tree, j.saved = ledger.Tree{}, 0
	j.state.Store(nil)
	return nil
}

// save writes a snapshot of the fold, so that the next start replays nothing.
func (j *journal) save() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	state, founded := j.fold()
	if !founded || j.saved == j.tree.Size {
		return nil
	}
	if err := j.store.Commit(storage.Batch{Snapshot: &storage.Snapshot{Size: j.tree.Size, Fold: state.Encode()}}); err != nil {
		return fmt.Errorf("node: %w", err)
	}
	j.saved = j.tree.Size
	return nil
}

// seconds is a time as statements carry it.
func seconds(t time.Time) int64 { return t.Unix() }

// millis is a time as the API carries it.
func millis(t time.Time) int64 { return t.UnixMilli() }
