package ledger

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// ErrOlder says that a checkpoint is of a size the log once had, on the history that is known: it is old, or what it
// was read from has shrunk.
var ErrOlder = errors.New("ledger: an older checkpoint of this log")

// ErrFetch says that a checkpoint cannot be judged without fetching.
var ErrFetch = errors.New("ledger: only the log's tiles can tell")

// ForkError is a proof that a log has forked. Its reason is log-fork.
type ForkError struct{ Fork Fork }

// Error implements error.
func (e *ForkError) Error() string { return "ledger: the log has forked" }

// Unwrap gives the reason.
func (e *ForkError) Unwrap() error { return reason.Reject(reason.LogFork, "two histories are signed") }

// Replica is how far a follower has come with a log.
//
// Checkpoint is the newest one that is known to go on from every one before it. Tree is the head of the entries that
// have been fetched: the log as Checkpoint signs it begins with them, and ends with them once all are here. Fetching may
// stop after any step and go on at another time; nothing else need be remembered. The zero values are a log of which
// nothing is known.
type Replica struct {
	Log        Log
	Tree       Tree
	Checkpoint string
}

// Step is what one fetch brought: entries that go on from Tree, and the head after them.
type Step struct {
	Entries []Entry
	Tree    Tree
}

// Target is the head that Checkpoint signs; the zero Tree without one.
func (r Replica) Target() (Tree, error) {
	if r.Checkpoint == "" {
		return Tree{}, nil
	}
	return ParseCheckpoint(r.Checkpoint, r.Log.Origin(), r.Log.Node)
}

// Accept judges a checkpoint of the log, and takes it in if it is newer and goes on from the one that is known; for
// that, somebody must have the tiles which show it. The same head again changes nothing. Errors are [ErrOlder], a
// *[ForkError], log-invalid, those of fetch, and those of hashes, which are the stored ones of r.Tree. Without fetch,
// what r alone cannot tell is [ErrFetch].
func (r Replica) Accept(text string, hashes tlog.HashReader, fetch Fetch) (Replica, error) {
	next, err := ParseCheckpoint(text, r.Log.Origin(), r.Log.Node)
	if err != nil {
		return r, reason.Reject(reason.LogInvalid, "%v", err)
	}
	known, err := r.Target()
	if err != nil {
		return r, err
	}
	switch {
	case r.Checkpoint == "" && next.Size == 0:
	case next.Size == known.Size && next.Root == rootOf(known):
		return r, nil
	case next.Size == known.Size:
		return r, &ForkError{Fork{First: r.Checkpoint, Second: text}}
	case next.Size < known.Size:
		return r, r.older(text, next, known, hashes, fetch)
	default:
		if err := r.newer(text, next, known, fetch); err != nil {
			return r, err
		}
	}
	r.Checkpoint = text
	return r, nil
}

// newer checks that next goes on from known.
func (r Replica) newer(text string, next, known Tree, fetch Fetch) error {
	if fetch == nil {
		return ErrFetch
	}
	served := &remote{tree: next, fetch: fetch}
	if known.Size == 0 {
		_, err := served.root(next.Size)
		return err
	}
	root, err := served.root(known.Size)
	if err != nil || root == known.Root {
		return err
	}
	proof, err := served.proof(known.Size)
	if err != nil {
		return err
	}
	return r.fork(Fork{First: r.Checkpoint, Second: text, Other: root, Proof: proof})
}

// older checks that known goes on from next.
func (r Replica) older(text string, next, known Tree, hashes tlog.HashReader, fetch Fetch) error {
	served := &remote{tree: known, fetch: fetch}
	here := next.Size <= r.Tree.Size
	if fetch == nil && !here {
		return ErrFetch
	}
	var root tlog.Hash
	var err error
	if here {
		root, err = tlog.TreeHash(next.Size, hashes)
	} else {
		root, err = served.root(next.Size)
	}
	if err != nil {
		return err
	}
	if root == next.Root {
		return ErrOlder
	}
	var proof tlog.TreeProof
	switch {
	case r.Tree.Size == known.Size:
		proof, err = ProveConsistency(hashes, next.Size, known.Size)
	case fetch == nil:
		return ErrFetch
	default:
		proof, err = served.proof(next.Size)
	}
	if err != nil {
		return err
	}
	return r.fork(Fork{First: text, Second: r.Checkpoint, Other: root, Proof: proof})
}

// fork is the error of a fork, if what has been put together proves it to everybody else too.
func (r Replica) fork(f Fork) error {
	if err := f.Check(r.Log.Origin(), r.Log.Node); err != nil {
		return fmt.Errorf("ledger: what is known of the log contradicts itself: %w", err)
	}
	return &ForkError{f}
}

// rootOf is the root of a tree, that of nothing included.
func rootOf(t Tree) tlog.Hash {
	if t.Size == 0 {
		return emptyRoot()
	}
	return t.Root
}

// Next fetches the entries that follow on Tree: those up to the next multiple of 256, or to the end that Checkpoint
// signs. When all are here it is the zero Step. Every entry is shown to be in the tree of Checkpoint, and has the text
// of its id. Whether a statement means anything is not looked at: kinds of later versions are kept, and have no force.
// But a text that is no JWS, or whose signature is wrong, is refused, for the id says nothing about the signature.
// Errors are log-invalid, fetch's, and those of hashes.
func (r Replica) Next(hashes tlog.HashReader, fetch Fetch) (Step, error) {
	target, err := r.Target()
	if err != nil || r.Tree.Size >= target.Size {
		return Step{}, err
	}
	at := Resource{Kind: KindStatements, N: r.Tree.Size / tileWidth, Width: tileWidth}
	at.Width = int(min(tileWidth, target.Size-at.N*tileWidth))
	data, err := fetch(at.Path())
	if err != nil {
		return Step{}, err
	}
	texts, err := ParseStatements(data, at.Width)
	if err != nil {
		return Step{}, err
	}
	var step Step
	var ids []statement.ID
	for _, text := range texts[r.Tree.Size%tileWidth:] {
		e := Entry{Index: r.Tree.Size + int64(len(ids)), ID: IDOf(text), Text: text}
		if err := checkText(e); err != nil {
			return Step{}, err
		}
		step.Entries, ids = append(step.Entries, e), append(ids, e.ID)
	}
	if step.Tree, _, err = Append(r.Tree, hashes, ids); err != nil {
		return Step{}, err
	}
	signed := target.Root
	if step.Tree.Size < target.Size {
		if signed, err = (&remote{tree: target, fetch: fetch}).root(step.Tree.Size); err != nil {
			return Step{}, err
		}
	}
	if step.Tree.Root != signed {
		return Step{}, reason.Reject(reason.LogInvalid, "the statements of %s are not those of the checkpoint", at.Path())
	}
	return step, nil
}

// checkText refuses a text whose signature cannot be right.
func checkText(e Entry) error {
	_, err := statement.Parse(e.Text)
	switch r := reason.Of(err); r {
	case reason.StatementSize, reason.StatementSyntax, reason.StatementSignature:
		return reason.Reject(reason.LogInvalid, "entry %d: %s", e.Index, r)
	default:
		return nil
	}
}

// IDOf is the id that a text has in a log, whatever the text: that of header.payload.
func IDOf(text string) statement.ID {
	if dot := strings.LastIndexByte(text, '.'); dot >= 0 {
		text = text[:dot]
	}
	return sha256.Sum256([]byte(text))
}
