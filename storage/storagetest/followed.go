package storagetest

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/ledger"
	"github.com/stoa-rooms/stoa/statement"
	"github.com/stoa-rooms/stoa/storage"
)

// follow commits parts of followed logs.
func (r *run) follow(t *testing.T, parts ...storage.Followed) {
	t.Helper()
	r.commit(t, storage.Batch{Followed: parts})
}

// followed is a log that must be there.
func (r *run) followed(t *testing.T, log ledger.Log) storage.FollowedLog {
	t.Helper()
	f, ok, err := r.store.FollowedLog(log)
	if err != nil || !ok {
		t.Fatalf("the log of %s: %v, %v", log.Node, ok, err)
	}
	return f
}

// reopen closes the store and opens it again.
func (r *run) reopen(t *testing.T) {
	t.Helper()
	if err := r.store.Close(); err != nil {
		t.Fatal(err)
	}
	r.store = r.Open(t, r.dir)
}

func testFollowed(r *run) {
	t := r.t
	other := r.log.Other
	if _, ok, err := r.store.FollowedLog(other.Name()); ok || err != nil {
		t.Fatalf("a log nobody follows: %v, %v", ok, err)
	}
	brief, part := Brief(1)
	r.commit(t, r.log.Append(3)) // its own log is in nobody's way
	for _, n := range []int{1, 9, 300, 1} {
		r.follow(t, other.Followed(other.Append(n)))
	}
	r.follow(t, part)
	state := r.read(t)
	want := []Followed{
		{Log: other.Name(), Tree: other.Tree, Checkpoint: r.followed(t, other.Name()).Checkpoint(), Entries: other.Entries, Hashes: other.hashes},
		{Log: brief.Name(), Tree: brief.Tree, Checkpoint: part.Checkpoint, Entries: brief.Entries, Hashes: brief.hashes},
	}
	slices.SortFunc(want, func(a, b Followed) int { return strings.Compare(string(a.Log.Node[:]), string(b.Log.Node[:])) })
	Same(t, "two followed logs", State{Followed: state.Followed}, State{Followed: want})

	f := r.followed(t, other.Name())
	if target, err := f.Replica().Target(); err != nil || target != other.Tree {
		t.Errorf("the checkpoint signs %v, %v", target, err)
	}
	for _, from := range []int64{-1, 0, 255, 256, 310, 311, 400} {
		seen := min(max(from, 0), 311)
		for e, err := range f.Entries(from) {
			if err != nil || e != other.Entries[seen] {
				t.Fatalf("from %d: entry %d is %v, %v", from, seen, e, err)
			}
			seen++
		}
		if seen != 311 {
			t.Errorf("from %d: ends at %d", from, seen)
		}
	}
	if e, ok, err := f.Entry(300); err != nil || !ok || e != other.Entries[300] {
		t.Errorf("entry 300: %v, %v, %v", e, ok, err)
	}
	if _, ok, err := f.Entry(311); ok || err != nil {
		t.Errorf("an entry beyond the end: %v, %v", ok, err)
	}
	if _, err := f.ReadHashes([]int64{tlog.StoredHashCount(311)}); err == nil {
		t.Error("a hash beyond the tree was read")
	}
	r.commit(t, storage.Batch{Unfollow: []ledger.Log{other.Name(), {}}})
	if state := r.read(t); len(state.Followed) != 1 || state.Followed[0].Log != brief.Name() {
		t.Errorf("followed still: %v", state.Followed)
	}
	if _, err := f.ReadHashes([]int64{0}); !errors.Is(err, storage.ErrForgotten) {
		t.Errorf("a forgotten log is read with %v", err)
	}
}

// testAhead follows a log whose checkpoint is ahead of what has been fetched, one entry after the other.
func testAhead(r *run) {
	t := r.t
	other := r.log.Other
	part := other.Followed(other.Append(7))
	all := part.Entries
	part.Entries = nil
	r.follow(t, part)
	old := r.followed(t, other.Name())
	for i, e := range all {
		if f := r.followed(t, other.Name()); f.Head().Size != int64(i) || f.Checkpoint() != part.Checkpoint {
			t.Fatalf("after %d entries: %v", i, f.Head())
		}
		r.follow(t, storage.Followed{Log: other.Name(), Entries: []storage.Entry{e}})
	}
	if f := r.followed(t, other.Name()); f.Head() != other.Tree {
		t.Errorf("at the end: %v, want %v", f.Head(), other.Tree)
	}
	// What was asked for before sees the log as it was.
	if _, ok, err := old.IndexOf(all[2].ID); ok || err != nil {
		t.Errorf("an empty log has an entry: %v, %v", ok, err)
	}
	for e, err := range old.Entries(0) {
		t.Errorf("an empty log has %v, %v", e, err)
	}
	// While it is behind again, what it has been proven to hold is as far as the checkpoint before.
	first := part.Checkpoint
	part = other.Followed(other.Append(3))
	all, part.Entries = append(all, part.Entries...), nil
	for i := 7; i < 10; i++ {
		if checkpoint, signed := r.followed(t, other.Name()).Signed(); checkpoint != first || signed.Size != 7 {
			t.Errorf("with %d of 10 entries %d are signed", i, signed.Size)
		}
		part.Entries = all[i : i+1]
		if i == 7 {
			r.follow(t, storage.Followed{Log: other.Name(), Checkpoint: part.Checkpoint})
			if !r.Forgets {
				r.reopen(t)
			}
		}
		if _, signed := r.followed(t, other.Name()).Signed(); signed.Size != 7 {
			t.Errorf("with a newer checkpoint %d are signed", signed.Size)
		}
		r.follow(t, part)
	}
	if checkpoint, signed := r.followed(t, other.Name()).Signed(); checkpoint != part.Checkpoint || signed != other.Tree {
		t.Errorf("with all entries %v is signed", signed)
	}
}

func testWrongFollowed(r *run) {
	t := r.t
	other := r.log.Other
	r.follow(t, other.Followed(other.Append(3)))
	before := r.read(t)
	fork := other.Fork()
	next := other.Followed(other.Append(2))
	stranger := newLog(identity.Generate())
	stranger.Append(3)
	strange := stranger.Followed(stranger.Append(2))
	changed := func(change func(*storage.Followed)) storage.Batch {
		f := next
		f.Entries = slices.Clone(next.Entries)
		change(&f)
		return storage.Batch{Followed: []storage.Followed{f}}
	}
	for name, b := range map[string]storage.Batch{
		"a gap":                changed(func(f *storage.Followed) { f.Entries[1].Index++ }),
		"entries again":        changed(func(f *storage.Followed) { f.Entries = other.Entries[:1] }),
		"another id":           changed(func(f *storage.Followed) { f.Entries[0].ID[0] ^= 1 }),
		"another text":         changed(func(f *storage.Followed) { f.Entries[0].Text = f.Entries[1].Text }),
		"more than is signed":  changed(func(f *storage.Followed) { f.Checkpoint = "" }),
		"another's checkpoint": changed(func(f *storage.Followed) { f.Checkpoint = strange.Checkpoint }),
		"a checkpoint of another history": changed(func(f *storage.Followed) {
			f.Entries, f.Checkpoint = nil, fork.Second
		}),
		"other entries":         changed(func(f *storage.Followed) { f.Entries[1].ID, f.Entries[1].Text = f.Entries[0].ID, f.Entries[0].Text }),
		"an older checkpoint":   changed(func(f *storage.Followed) { f.Checkpoint = newLog(other.Node).Append(1).Checkpoint }),
		"of nobody":             changed(func(f *storage.Followed) { f.Log = ledger.Log{} }),
		"twice":                 {Followed: []storage.Followed{next, next}},
		"no fork":               changed(func(f *storage.Followed) { f.Fork = &ledger.Fork{First: fork.First, Second: fork.First} }),
		"another's fork":        changed(func(f *storage.Followed) { f.Fork = stranger.Fork() }),
		"too many entries":      changed(func(f *storage.Followed) { f.Entries = slices.Repeat(f.Entries, 1500) }),
		"an address of nothing": {Peers: []string{""}},
		"an endless address":    {Peers: []string{strings.Repeat("x", 2000)}},
	} {
		t.Run(name, func(t *testing.T) {
			if err := r.store.Commit(b); !errors.Is(err, storage.ErrBatch) {
				t.Errorf("have %v, want ErrBatch", err)
			}
			Same(t, "after a wrong batch", r.read(t), before)
		})
	}
	r.follow(t, next)
}

// testDuplicates follows a log that has one statement twice: its node should not have done that, but did.
func testDuplicates(r *run) {
	t := r.t
	other := r.log.Other
	twice := other.Append(2).Entries
	entries := []storage.Entry{twice[0], twice[1], {Index: 2, ID: twice[0].ID, Text: twice[0].Text}}
	tree, _, err := ledger.Append(ledger.Tree{}, nil, []statement.ID{entries[0].ID, entries[1].ID, entries[2].ID})
	if err != nil {
		t.Fatal(err)
	}
	checkpoint, err := ledger.SignCheckpoint(other.Origin(), tree, other.Node)
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range entries {
		part := storage.Followed{Log: other.Name(), Entries: []storage.Entry{e}}
		if i == 0 {
			part.Checkpoint = checkpoint
		}
		r.follow(t, part)
	}
	f := r.followed(t, other.Name())
	if index, ok, err := f.IndexOf(entries[2].ID); err != nil || !ok || index != 0 {
		t.Errorf("the statement that is there twice: %d, %v, %v", index, ok, err)
	}
	before := r.read(t)
	if before.Followed[0].Tree != tree || !slices.Equal(before.Followed[0].Entries, entries) {
		t.Errorf("have %+v", before.Followed[0])
	}
	if r.Forgets {
		return
	}
	r.reopen(t)
	Same(t, "after reopening", r.read(t), before)
}

// testAnew gives up the entries of a log and fetches them again. What cannot be fetched stays.
func testAnew(r *run) {
	t := r.t
	other := r.log.Other
	part := other.Followed(other.Append(5))
	part.Fork = other.Fork()
	r.follow(t, part)
	before := r.read(t)
	r.follow(t, storage.Followed{Log: other.Name(), Fork: &ledger.Fork{First: part.Fork.Second, Second: part.Fork.First}})
	Same(t, "after another proof", r.read(t), before)

	r.follow(t, storage.Followed{Log: other.Name(), Anew: true})
	f := r.followed(t, other.Name())
	if fork, err := f.Fork(); f.Head() != (ledger.Tree{}) || f.Checkpoint() != part.Checkpoint || err != nil || fork.First != part.Fork.First {
		t.Errorf("have %v, %q, %v, %v", f.Head(), f.Checkpoint(), fork, err)
	}
	if _, ok, err := f.IndexOf(part.Entries[0].ID); ok || err != nil {
		t.Errorf("an entry that was given up: %v, %v", ok, err)
	}
	r.follow(t, storage.Followed{Log: other.Name(), Entries: part.Entries[:2]})
	r.follow(t, storage.Followed{Log: other.Name(), Entries: part.Entries[2:]})
	Same(t, "fetched again", r.read(t), before)
	r.follow(t, storage.Followed{Log: other.Name(), Anew: true, Entries: part.Entries})
	Same(t, "fetched again at once", r.read(t), before)
}

// testServed lets others read the node's own log and a followed one.
func testServed(r *run) {
	t := r.t
	other := r.log.Other
	part := other.Followed(other.Append(270))
	rest := part.Entries[260:]
	part.Entries = part.Entries[:260]
	r.follow(t, part)
	if _, err := ledger.Serve(r.followed(t, other.Name()), "checkpoint"); err == nil {
		t.Error("a checkpoint is served before its entries are there")
	}
	r.follow(t, storage.Followed{Log: other.Name(), Entries: rest})
	own := r.log.Append(270)
	r.commit(t, own)
	for _, c := range []struct {
		log    *Log
		source ledger.Source
	}{{r.log, r.store}, {other, r.followed(t, other.Name())}} {
		fetch := func(path string) ([]byte, error) { return ledger.Serve(c.source, path) }
		text, err := fetch("checkpoint")
		if err != nil {
			t.Fatal(err)
		}
		replica, err := ledger.Replica{Log: c.log.Name()}.Accept(string(text), nil, fetch)
		if err != nil {
			t.Fatal(err)
		}
		var hashes []tlog.Hash
		reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
			out := make([]tlog.Hash, len(indexes))
			for i, index := range indexes {
				out[i] = hashes[index]
			}
			return out, nil
		})
		for replica.Tree.Size < 270 {
			step, err := replica.Next(reader, fetch)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(step.Entries, c.log.Entries[replica.Tree.Size:step.Tree.Size]) {
				t.Fatalf("other entries from %d on", replica.Tree.Size)
			}
			replica.Tree, hashes = step.Tree, c.log.hashes[:tlog.StoredHashCount(step.Tree.Size)]
		}
		if replica.Tree != c.log.Tree {
			t.Errorf("followed to %v", replica.Tree)
		}
	}
}

func testPeers(r *run) {
	t := r.t
	peers := func() []string {
		have, err := r.store.Peers()
		if err != nil {
			t.Fatal(err)
		}
		return have
	}
	r.commit(t, storage.Batch{Peers: []string{"a", "b", "a", "c"}})
	r.commit(t, storage.Batch{Peers: []string{"d", "b"}})
	if have := peers(); !slices.Equal(have, []string{"d", "b", "a", "c"}) {
		t.Errorf("have %q", have)
	}
	var many []string
	for n := range storage.MaxPeers - 1 {
		many = append(many, Peer(n))
	}
	r.commit(t, storage.Batch{Peers: many})
	if have := peers(); !slices.Equal(have, append(many, "d")) {
		t.Errorf("have %d, the last %q", len(have), have[len(have)-1])
	}
	r.commit(t, storage.Batch{Reset: true})
	if have := peers(); len(have) != storage.MaxPeers {
		t.Errorf("after a reset: %d", len(have))
	}
}
