package node

import (
	"fmt"
	"iter"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/invites"
	"github.com/stoa-rooms/stoa/ledger"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
	"github.com/stoa-rooms/stoa/storage"
)

// A community may have several nodes, each with its own log. What the community is, is the fold of all of them, and the
// same at each: package invites says how. The own log grows by append; when another has grown, all are folded anew.

// openMerged folds this node's log and those that it follows; false if it follows none of its community.
func (j *journal) openMerged() (bool, error) {
	community, err := j.community()
	if err != nil {
		return false, err
	}
	siblings, err := j.siblings(community)
	if err != nil || len(siblings) == 0 {
		return false, err
	}
	j.tree, j.saved = j.store.Head(), j.store.Head().Size
	state := j.foldAll(community, j.tree.Size, siblings)
	j.state.Store(&state)
	j.copyRulesLocked() // nobody else has the journal yet
	return true, nil
}

// community is whose log this is: of the backup that the node was restored from, or of the founder, whose word comes first.
func (j *journal) community() (identity.PublicKey, error) {
	was, restored, err := j.store.Restored()
	if err != nil || restored {
		return was.Community, err
	}
	first, ok, err := j.store.Entry(0)
	if err != nil || !ok {
		return was.Community, fmt.Errorf("node: read the log: %w", err)
	}
	st, err := statement.Parse(first.Text)
	if err != nil {
		return was.Community, fmt.Errorf("node: entry 0 of the log: %w", err)
	}
	return st.Signer(), nil
}

// merge folds all logs anew, if this node follows others of its community. Readers see the new fold at once.
func (j *journal) merge() error {
	before := j.store.Checkpoint()
	err := j.mergeAll()
	if now := j.store.Checkpoint(); err == nil && now != before {
		j.appended(now)
	}
	return err
}

// mergeAll folds while others write: what they have written by the end is applied as they applied it.
func (j *journal) mergeAll() error {
	j.merging.Lock()
	defer j.merging.Unlock()
	state, founded := j.fold()
	if !founded {
		return nil
	}
	siblings, err := j.siblings(state.Community())
	if err != nil || len(siblings) == 0 {
		return err
	}
	upto := j.store.Head().Size
	next := j.foldAll(state.Community(), upto, siblings)
	j.mu.Lock()
	defer j.mu.Unlock()
	if now, still := j.fold(); !still || now.Community() != state.Community() { // it was given up meanwhile
		return nil
	}
	if next, err = j.catchUpLocked(next, upto); err != nil { // what was written goes by a fold that is no more
		next = j.foldAll(state.Community(), j.tree.Size, siblings)
	}
	j.state.Store(&next)
	j.copyRulesLocked()
	return nil
}

// catchUpLocked applies to a fold of this node's log up to some size what has been written since.
func (j *journal) catchUpLocked(state invites.State, upto int64) (invites.State, error) {
	for e := range j.entriesOf(j.key.Public(), j.store.Entries(upto)) {
		var err error
		if state, err = state.Apply(e); err != nil {
			return state, err
		}
	}
	return state, nil
}

// siblings are the logs of the community's other nodes, as far as they are here.
func (j *journal) siblings(community identity.PublicKey) ([]storage.FollowedLog, error) {
	var all []storage.FollowedLog
	for f, err := range j.store.FollowedLogs() {
		if err != nil {
			return nil, fmt.Errorf("node: the logs of other nodes: %w", err)
		}
		if f.Log().Community == community && f.Log().Node != j.key.Public() {
			all = append(all, f)
		}
	}
	return all, nil
}

// foldAll folds this node's log up to a size, and those of the others as far as they are here.
func (j *journal) foldAll(community identity.PublicKey, upto int64, siblings []storage.FollowedLog) invites.State {
	own := invites.Log{Node: j.key.Public(), Entries: j.entriesOf(j.key.Public(), j.store.Entries(0)), Upto: upto}
	if upto == 0 {
		own.Upto = -1 // nothing of it
	}
	logs := []invites.Log{own}
	for _, f := range siblings {
		log := invites.Log{Node: f.Log().Node, Entries: j.entriesOf(f.Log().Node, f.Entries(0)), Upto: -1}
		if _, signed := f.Signed(); signed.Size > 0 { // what is beyond can be proven to nobody yet
			log.Upto = signed.Size
		}
		logs = append(logs, log)
	}
	return invites.Merge(community, logs, func(e invites.Entry, err error) {
		j.log.Debug("an entry has no force", "log", e.Log, "index", e.Index, "error", err)
	})
}

// entriesOf reads a log for the fold. What cannot be read ends it: a log counts as far as it is whole.
func (j *journal) entriesOf(log identity.PublicKey, stored iter.Seq2[storage.Entry, error]) iter.Seq[invites.Entry] {
	return func(yield func(invites.Entry) bool) {
		for e := range parsed(stored) {
			switch {
			case e.unreadable:
				j.log.Error("a log cannot be read to its end", "log", log, "error", e.err)
				return
			case e.err != nil:
				continue // a kind that this version does not know: kept, unapplied
			}
			if !yield(invites.Entry{Log: log, Index: e.Index, Statement: e.statement}) {
				return
			}
		}
	}
}

// export is a member's chain with its proofs, from all logs that it runs through.
func (j *journal) export(member identity.PublicKey) (*invites.Export, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	state, founded := j.fold()
	if !founded {
		return nil, reason.Reject(reason.FoundedNot, "")
	}
	if member.IsZero() {
		member = state.Community()
	}
	ids, err := state.Chain(member)
	if err != nil {
		return nil, err
	}
	siblings, err := j.siblings(state.Community())
	if err != nil {
		return nil, err
	}
	export := &invites.Export{
		Community: state.Community(), Member: member, Checkpoints: map[identity.PublicKey]string{},
	}
	rooted := make(map[statement.ID]bool)
	for _, id := range state.Roots() {
		rooted[id] = true
	}
	for _, id := range ids {
		if err := j.exportEntry(export, siblings, id, rooted[id]); err != nil {
			return nil, err
		}
	}
	return export, nil
}

// exportEntry adds one statement, from the first log that has it or from every one; see [invites.State.Chain].
func (j *journal) exportEntry(export *invites.Export, siblings []storage.FollowedLog, id statement.ID, every bool) error {
	logs := []kept{j.own()}
	for _, f := range siblings {
		logs = append(logs, others(f))
	}
	found := false
	for _, from := range logs {
		index, ok, err := from.indexOf(id)
		if err != nil {
			return fmt.Errorf("node: %w", err)
		}
		if !ok || index >= from.tree.Size {
			continue
		}
		if err := addEntry(export, from, index); err != nil {
			return err
		}
		if found = true; !every {
			break
		}
	}
	if !found {
		return fmt.Errorf("node: statement %s is in none of the logs", id)
	}
	return nil
}

// kept is a log that is kept here, this node's or another's, and its signed head: what its statements are proven against.
type kept struct {
	tlog.HashReader

	node       identity.PublicKey
	checkpoint string
	tree       ledger.Tree
	entry      func(index int64) (storage.Entry, bool, error)
	indexOf    func(id statement.ID) (int64, bool, error)
}

func (j *journal) own() kept {
	return kept{
		HashReader: j.store, node: j.key.Public(), checkpoint: j.store.Checkpoint(), tree: j.store.Head(),
		entry: j.store.Entry, indexOf: j.store.IndexOf,
	}
}

func others(f storage.FollowedLog) kept {
	checkpoint, tree := f.Signed()
	return kept{
		HashReader: f, node: f.Log().Node, checkpoint: checkpoint, tree: tree, entry: f.Entry, indexOf: f.IndexOf,
	}
}

func addEntry(export *invites.Export, from kept, index int64) error {
	stored, ok, err := from.entry(index)
	if err != nil || !ok {
		return fmt.Errorf("node: entry %d of the log of %s: %w", index, from.node, err)
	}
	st, err := statement.Parse(stored.Text)
	if err != nil {
		return fmt.Errorf("node: entry %d of the log of %s: %w", index, from.node, err)
	}
	export.Checkpoints[from.node] = from.checkpoint
	if err := export.Add(invites.Entry{Log: from.node, Index: index, Statement: st}, from.tree, from); err != nil {
		return fmt.Errorf("node: %w", err)
	}
	return nil
}

// entry reads a statement back, from whichever log has it.
func (j *journal) entry(id statement.ID) (statement.Statement, error) {
	state, _ := j.fold()
	siblings, err := j.siblings(state.Community())
	if err != nil {
		return statement.Statement{}, err
	}
	all := []interface {
		IndexOf(id statement.ID) (int64, bool, error)
		Entry(index int64) (storage.Entry, bool, error)
	}{j.store}
	for _, f := range siblings {
		all = append(all, f)
	}
	for _, log := range all {
		index, ok, err := log.IndexOf(id)
		if err != nil {
			return statement.Statement{}, fmt.Errorf("node: %w", err)
		}
		if !ok {
			continue
		}
		stored, _, err := log.Entry(index)
		if err != nil {
			return statement.Statement{}, fmt.Errorf("node: %w", err)
		}
		return statement.Parse(stored.Text)
	}
	return statement.Statement{}, fmt.Errorf("node: statement %s is in none of the logs", id)
}
