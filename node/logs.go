package node

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/ledger"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/storage"
)

// Checkpointed implements p2p.Logs.
func (n *network) Checkpointed(text string) error { return n.followers.told(text) }

// Read implements p2p.Logs: one resource of a log that this node keeps or follows, or what it knows of a person.
func (n *network) Read(from identity.PublicKey, origin, path string) ([]byte, error) {
	if origin == clockOrigin && path == clockPath {
		return strconv.AppendInt(nil, millis(n.now()), 10), nil
	}
	if origin == originPeople && !from.IsZero() {
		if err := n.deny.check(from, identity.PublicKey{}, identity.PublicKey{}); err != nil {
			return nil, err
		}
		return n.hallway.people.read(from, path)
	}
	log, err := ledger.ParseOrigin(origin)
	if err != nil {
		return nil, reason.Reject(reason.NotFound, "%v", err)
	}
	state, founded := n.journal.fold()
	own := founded && log == (ledger.Log{Community: state.Community(), Node: n.journal.key.Public()})
	if own && strings.HasPrefix(path, "beside/") {
		return n.readBeside(from, path)
	}
	if own {
		return ledger.Serve(n.journal.store, path)
	}
	f, ok, err := n.journal.store.FollowedLog(log)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, reason.Reject(reason.NotFound, "%s is not followed here", origin)
	}
	return ledger.Serve(f, path)
}

// publicLogs is what anybody may read over HTTP.
type publicLogs struct{ *network }

// Read implements server.Logs.
func (l publicLogs) Read(origin, path string) ([]byte, error) {
	return l.network.Read(identity.PublicKey{}, origin, path)
}

// book remembers peers in the store. It implements p2p.Book.
type book struct{ store *storage.Store }

// Known implements p2p.Book.
func (b book) Known() ([]string, error) { return b.store.Peers() }

// Remember implements p2p.Book.
func (b book) Remember(addrs []string) error { return b.store.Commit(storage.Batch{Peers: addrs}) }

// gathering is the least time between two checkpoints in gossip, two folds of all logs, two readings of the others' queues.
const gathering = 200 * time.Millisecond

// How soon what stands beside the logs is asked for again when no node has given it, and how seldom at last.
const (
	completeAgain  = 2 * time.Second
	completeSeldom = 10 * time.Minute
)

// keepLogs publishes this node's checkpoints, and folds and completes what comes from the others, until ctx ends.
func (n *network) keepLogs(ctx context.Context) error {
	again := completeAgain // doubled as long as something is missing
	var missing <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-missing:
			missing = nil
			if !n.complete(ctx) {
				again = min(2*again, completeSeldom)
				missing = time.After(again)
			}
			n.hallway.tell()
		case <-n.grown:
			if err := n.host.PublishCheckpoint(ctx, n.journal.store.Checkpoint()); err != nil && ctx.Err() == nil {
				n.log.Debug("the checkpoint could not be published", "error", err)
			}
			if len(n.siblings()) > 0 {
				wake(n.merge) // on top of a fold is not always what the fold of all is
			}
			n.pause(ctx)
		case <-n.merge:
			n.foldAnew()
			if again, missing = completeAgain, nil; !n.complete(ctx) {
				missing = time.After(again) // the node that has it may not be in reach yet
			}
			n.hallway.tell()
			n.pause(ctx)
		}
	}
}

// foldAnew folds all logs, and does at once what they ask for.
func (n *network) foldAnew() {
	if err := n.journal.merge(); err != nil {
		n.log.Error("the logs of this community cannot be folded", "error", err)
	}
	if err := n.hallway.community.carryOut(); err != nil {
		n.log.Error("what was erased elsewhere is not erased here yet", "error", err)
	}
	n.hallway.community.settle()
	n.followSiblings()
}

// pause lets what comes at the same time gather, so that it is worked on at once.
func (n *network) pause(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(gathering):
	}
}

// wake leaves a token in a channel that holds one.
func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// siblings are the other nodes of this community, as far as the fold knows them.
func (n *network) siblings() []identity.PublicKey {
	state, founded := n.journal.fold()
	if !founded {
		return nil
	}
	var all []identity.PublicKey
	for node := range state.Nodes() {
		if node.Key != n.journal.key.Public() && !node.Revoked {
			all = append(all, node.Key)
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for log := range n.wanted {
		if log.Community == state.Community() && log.Node != n.journal.key.Public() && !slices.Contains(all, log.Node) {
			all = append(all, log.Node)
		}
	}
	return all
}

// wantLog follows a log from now on: that of a room's community, or of a node that is said to be one of ours.
func (n *network) wantLog(community, node identity.PublicKey) {
	if node == n.journal.key.Public() {
		return
	}
	log := ledger.Log{Community: community, Node: node}
	n.mu.Lock()
	if n.wanted[log] || len(n.wanted) >= maxLogs {
		n.mu.Unlock()
		return
	}
	n.wanted[log] = true
	n.mu.Unlock()
	n.followSiblings()
}

// maxLogs is how many logs of others a node follows at most.
const maxLogs = 200

// followSiblings follows the logs of this community's nodes, and those that are wanted beside.
func (n *network) followSiblings() {
	var logs []ledger.Log
	if state, founded := n.journal.fold(); founded {
		for _, node := range n.siblings() {
			logs = append(logs, ledger.Log{Community: state.Community(), Node: node})
		}
	}
	n.mu.Lock()
	for log := range n.wanted {
		if !slices.Contains(logs, log) {
			logs = append(logs, log)
		}
	}
	n.mu.Unlock()
	n.followers.set(logs)
}

// followed is how many entries are here of a log.
func (n *network) followed(community, node identity.PublicKey) int64 {
	state, founded := n.journal.fold()
	if founded && state.Community() == community && node == n.journal.key.Public() {
		return n.journal.store.Head().Size
	}
	f, ok, err := n.journal.store.FollowedLog(ledger.Log{Community: community, Node: node})
	if err != nil || !ok {
		return 0
	}
	return f.Head().Size
}

// advanced is told when another node's log has grown here.
func (n *network) advanced(log ledger.Log) {
	if state, founded := n.journal.fold(); founded && state.Community() == log.Community {
		wake(n.merge)
	}
}

// forked is told that another node has signed two histories. The proof is kept; both checkpoints go on, so that the
// other followers find it too.
func (n *network) forked(log ledger.Log, fork ledger.Fork) {
	n.log.Warn("a node has signed two histories of its log; nothing new is taken from it", "community", log.Community, "node", log.Node)
	ctx := n.ctx
	go func() {
		ctx, cancel := context.WithTimeout(ctx, tellTime)
		defer cancel()
		for _, text := range []string{fork.First, fork.Second} {
			if err := n.host.PublishCheckpoint(ctx, text); err != nil {
				n.log.Debug("a fork could not be passed on", "error", err)
			}
		}
	}()
	wake(n.merge)
}
