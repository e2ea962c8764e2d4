package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"slices"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/invites"
	"github.com/stoa-rooms/stoa/ledger"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/storage"
)

// Audit checks everything that the logs of a data directory hold, whether or not a node runs on it: each statement's form
// and signature, its place in the tree, the signed checkpoint, and that the community as the node knows it is what the
// statements say. It believes nothing that was stored but the checkpoints' signatures, and says what it found.
func Audit(ctx context.Context, dir string, w io.Writer) error {
	return ask(ctx, dir, w, http.MethodGet, "/audit", func(a *admin) error { return a.audit(w) })
}

// audit is what Audit does in the node, or offline. The node goes on meanwhile: what is checked is how far the logs are at
// the beginning.
func (a *admin) audit(w io.Writer) error {
	state, own, siblings, err := a.journal.standing()
	if err != nil {
		return err
	}
	fresh := invites.New(state.Community())
	if err := own.check(func(e invites.Entry) (err error) {
		if len(siblings) == 0 {
			fresh, err = fresh.Apply(e)
		} else {
			own.kept = append(own.kept, e)
		}
		return err
	}); err != nil {
		return err
	}
	logs := []*audited{own}
	for _, other := range siblings {
		if err := other.check(func(e invites.Entry) error {
			other.kept = append(other.kept, e)
			return nil
		}); err != nil {
			return err
		}
		logs = append(logs, other)
	}
	if len(siblings) > 0 {
		fresh = merged(state.Community(), logs)
	}
	if !bytes.Equal(fresh.Encode(), state.Encode()) {
		return errors.New("the community that the node goes by is not what its logs say; stop the node, keep its directory, and restore a backup elsewhere")
	}
	for _, l := range logs {
		if _, err := fmt.Fprintf(w, "log        %s, %d entries, all signed and in their place\n", l.log.Node, l.tree.Size); err != nil {
			return fmt.Errorf("node: %w", err)
		}
	}
	if _, err := fmt.Fprintf(w, "community  %s, %d members, as the logs say\n", state.Community(), state.Count()); err != nil {
		return fmt.Errorf("node: %w", err)
	}
	return nil
}

// standing is the community as it now is, and the logs that it rests on, this node's and the others'.
func (j *journal) standing() (state invites.State, own *audited, others []*audited, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	state, founded := j.fold()
	if !founded {
		return state, nil, nil, reason.Reject(reason.FoundedNot, "")
	}
	siblings, err := j.siblings(state.Community())
	if err != nil {
		return state, nil, nil, err
	}
	if len(siblings) > 0 {
		state = j.foldAll(state.Community(), j.tree.Size, siblings) // some may be ahead of the last merge
	}
	log := ledger.Log{Community: state.Community(), Node: j.key.Public()}
	own = &audited{log: log, checkpoint: j.store.Checkpoint(), entries: j.store.Entries(0)}
	for _, f := range siblings {
		if checkpoint, _ := f.Signed(); checkpoint != "" {
			others = append(others, &audited{log: f.Log(), checkpoint: checkpoint, entries: f.Entries(0), followed: true})
		}
	}
	return state, own, others, nil
}

// merged is the fold of all logs.
func merged(community identity.PublicKey, logs []*audited) invites.State {
	all := make([]invites.Log, 0, len(logs))
	for _, l := range logs {
		all = append(all, invites.Log{Node: l.log.Node, Entries: slices.Values(l.kept)})
	}
	return invites.Merge(community, all, func(invites.Entry, error) {})
}

// audited is a log that is being checked.
type audited struct {
	log        ledger.Log
	checkpoint string
	entries    iter.Seq2[storage.Entry, error]
	followed   bool            // another node's
	tree       ledger.Tree     // once it has been checked
	kept       []invites.Entry // where there are several logs
}

// check goes through a log from its first entry, and holds its end against the checkpoint. A follower keeps kinds that it
// does not know; this node's own log has none.
func (a *audited) check(take func(invites.Entry) error) error {
	tree, err := ledger.ParseCheckpoint(a.checkpoint, ledger.Origin(a.log.Community, a.log.Node), a.log.Node)
	if err != nil {
		return fmt.Errorf("the checkpoint of the log of %s: %w", a.log.Node, err)
	}
	var roll ledger.Roll
	for e := range parsed(a.entries) {
		if e.Index >= tree.Size {
			break // it came while the log was read
		}
		if err := a.one(e, &roll, take); err != nil {
			return fmt.Errorf("the log of %s, entry %d: %s", a.log.Node, e.Index, plain(err))
		}
	}
	if a.tree = roll.Tree(); a.tree != tree {
		return fmt.Errorf("the log of %s has %d entries, and not the hash that its checkpoint over %d has", a.log.Node, a.tree.Size, tree.Size)
	}
	return nil
}

func (a *audited) one(e entryRead, roll *ledger.Roll, take func(invites.Entry) error) error {
	unknown := a.followed && reason.Of(e.err) == reason.StatementKind
	if e.err != nil && !unknown {
		return e.err
	}
	roll.Add(e.ID)
	if unknown {
		return nil
	}
	return take(invites.Entry{Log: a.log.Node, Index: e.Index, Statement: e.statement})
}
