package ledger_test

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/ledger"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// history is one history of a log, in memory.
type history struct {
	log     ledger.Log
	key     identity.PrivateKey
	entries []ledger.Entry
	tree    ledger.Tree
	memory
}

// write is a history of n entries, those from index branch on differing with the number of the history.
func write(tb testing.TB, n, branch, number int) *history {
	tb.Helper()
	node := key(tb, "node")
	h := &history{log: ledger.Log{Community: key(tb, "community").Public(), Node: node.Public()}, key: node}
	var ids []statement.ID
	for i := range n {
		grant := &statement.Grant{
			Community: h.log.Community, IssuedAt: 1_700_000_000, Member: h.log.Community,
			Slots: 1, Why: statement.WhySpeaking, Period: int64(i),
		}
		if i >= branch {
			grant.Period += int64(number) << 32
		}
		s, err := statement.Sign(grant, node)
		if err != nil {
			tb.Fatal(err)
		}
		h.entries = append(h.entries, ledger.Entry{Index: int64(i), ID: s.ID(), Text: s.Text()})
		ids = append(ids, s.ID())
	}
	h.add(tb, ids)
	return h
}

// add puts leaves on the end.
func (h *history) add(tb testing.TB, ids []statement.ID) {
	tb.Helper()
	tree, fresh, err := ledger.Append(h.tree, h.memory, ids)
	if err != nil {
		tb.Fatal(err)
	}
	for _, f := range fresh {
		h.memory = append(h.memory, f.Hash)
	}
	h.tree = tree
}

// at is the checkpoint that the history had at a size.
func (h *history) at(tb testing.TB, size int64) string {
	tb.Helper()
	root, err := tlog.TreeHash(size, h.memory)
	if err != nil {
		tb.Fatal(err)
	}
	return checkpoint(tb, h.log.Origin(), ledger.Tree{Size: size, Root: root}, h.key)
}

func (h *history) Head() ledger.Tree { return h.tree }

func (h *history) Checkpoint() string {
	text, err := ledger.SignCheckpoint(h.log.Origin(), h.tree, h.key)
	if err != nil {
		panic(err)
	}
	return text
}

func (h *history) Entries(from int64) iter.Seq2[ledger.Entry, error] {
	return func(yield func(ledger.Entry, error) bool) {
		for _, e := range h.entries[from:] {
			if !yield(e, nil) {
				return
			}
		}
	}
}

func (h *history) fetch(path string) ([]byte, error) { return ledger.Serve(h, path) }

// replica is a follower that has the first size entries, under the checkpoint of size signed.
func (h *history) replica(tb testing.TB, size, signed int64) (ledger.Replica, memory) {
	tb.Helper()
	root, err := tlog.TreeHash(size, h.memory)
	if err != nil {
		tb.Fatal(err)
	}
	r := ledger.Replica{Log: h.log, Checkpoint: h.at(tb, signed)}
	if size > 0 {
		r.Tree = ledger.Tree{Size: size, Root: root}
	}
	return r, h.memory[:tlog.StoredHashCount(size)]
}

func TestOrigin(t *testing.T) {
	h := write(t, 1, 0, 0)
	got, err := ledger.ParseOrigin(h.log.Origin())
	if err != nil || got != h.log {
		t.Errorf("have %v, %v", got, err)
	}
	if got, err := ledger.LogOf(h.Checkpoint()); err != nil || got != h.log {
		t.Errorf("of a checkpoint: %v, %v", got, err)
	}
	a, b := h.log.Community.String(), h.log.Node.String()
	for _, bad := range []string{"", "stoa/", "stoa/" + a, "stoa/" + a + "/", "stoa//" + b, a + "/" + b, "stoa/" + a + "/" + b + "/", "stoa/" + a + "/" + b + " "} {
		if got, err := ledger.ParseOrigin(bad); !errors.Is(err, ledger.ErrCheckpoint) {
			t.Errorf("%q is %v, %v", bad, got, err)
		}
	}
}

func TestServe(t *testing.T) {
	h := write(t, 300, 0, 0)
	get := func(path string) []byte {
		t.Helper()
		data, err := h.fetch(path)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		at, err := ledger.ParsePath(path)
		if err != nil || len(data) > at.MaxBytes() {
			t.Errorf("%s has %d bytes, more than %d; %v", path, len(data), at.MaxBytes(), err)
		}
		return data
	}
	if text := get("checkpoint"); string(text) != h.at(t, 300) {
		t.Errorf("checkpoint %q", text)
	}
	var leaves []byte
	for _, e := range h.entries {
		l := ledger.Leaf(e.ID)
		leaves = append(leaves, l[:]...)
	}
	for path, want := range map[string][]byte{
		"tile/0/000":           leaves[:256*32],
		"tile/0/000.p/5":       leaves[:5*32],
		"tile/0/001.p/44":      leaves[256*32:],
		"tile/1/000.p/1":       h.memory[tlog.StoredHashIndex(8, 0)][:],
		"tile/entries/001.p/2": slices.Concat([]byte{0, 32}, h.entries[256].ID[:], []byte{0, 32}, h.entries[257].ID[:]),
		"statements/001.p/2":   fmt.Appendf(nil, `["%s","%s"]`, h.entries[256].Text, h.entries[257].Text),
	} {
		if have := get(path); !bytes.Equal(have, want) {
			t.Errorf("%s: %d bytes, want %d", path, len(have), len(want))
		}
	}
	for _, path := range []string{
		"", "/", "checkpoint/", "tile/0/001", "tile/0/001.p/45", "tile/1/000", "tile/1/000.p/2", "tile/2/000.p/1", "tile/0/002.p/1",
		"tile/entries/001", "tile/entries/002.p/1", "statements/001", "statements/x001/000", "log", "tile/8/0/000",
	} {
		if data, err := h.fetch(path); reason.Of(err) != reason.NotFound {
			t.Errorf("%q: %d bytes, %v", path, len(data), err)
		}
	}
	// A source whose checkpoint is ahead of its entries.
	ahead := write(t, 300, 0, 0)
	ahead.tree.Size = 299
	if _, err := ledger.Serve(stale{ahead, h.Checkpoint()}, "checkpoint"); reason.Of(err) != reason.NotFound {
		t.Errorf("a checkpoint ahead: %v", err)
	}
}

// stale is a history with another checkpoint.
type stale struct {
	*history
	text string
}

func (s stale) Checkpoint() string { return s.text }

// TestFollow follows a log from each size to a larger one, and has every entry at the end.
func TestFollow(t *testing.T) {
	h := write(t, 530, 0, 0)
	for _, c := range []struct{ old, next int64 }{
		{0, 0}, {0, 1}, {0, 255}, {0, 256}, {0, 257}, {1, 2}, {3, 530}, {255, 256}, {256, 257}, {256, 512}, {257, 530}, {511, 530}, {530, 530},
	} {
		served := *h
		served.entries, served.memory = h.entries[:c.next], h.memory[:tlog.StoredHashCount(c.next)]
		root, err := tlog.TreeHash(c.next, h.memory)
		if err != nil {
			t.Fatal(err)
		}
		served.tree = ledger.Tree{Size: c.next, Root: root}
		// What is here may be less than what is signed.
		for _, here := range []int64{0, c.old / 2, c.old} {
			r, m := h.replica(t, here, c.old)
			r, err = r.Accept(h.at(t, c.next), m, served.fetch)
			if err != nil {
				t.Fatalf("%d after %d: %v", c.next, c.old, err)
			}
			have := here
			for {
				step, err := r.Next(m, served.fetch)
				if err != nil {
					t.Fatalf("from %d to %d: %v", r.Tree.Size, c.next, err)
				}
				if len(step.Entries) == 0 {
					break
				}
				end := have + int64(len(step.Entries))
				if !slices.Equal(step.Entries, h.entries[have:end]) || end > (have/256+1)*256 {
					t.Fatalf("the step from %d ends at %d", have, end)
				}
				have, r.Tree, m = end, step.Tree, h.memory[:tlog.StoredHashCount(end)]
			}
			if have != c.next || c.next > 0 && r.Tree != served.tree {
				t.Errorf("from %d of %d: ends at %d of %d", here, c.old, have, c.next)
			}
		}
	}
}

func TestAccept(t *testing.T) {
	h, other := write(t, 300, 0, 0), write(t, 300, 100, 1)
	broken := errors.New("broken")
	fails := func(string) ([]byte, error) { return nil, broken }
	forged := strings.Replace(h.at(t, 300), "\n300\n", "\n301\n", 1)
	for name, c := range map[string]struct {
		here, signed int64
		text         string
		fetch        ledger.Fetch
		want         error
	}{
		"the first":                    {0, -1, h.at(t, 300), h.fetch, nil},
		"the first, of nothing":        {0, -1, h.at(t, 0), nil, nil},
		"the first, with no tiles":     {0, -1, h.at(t, 300), fails, broken},
		"larger":                       {200, 200, h.at(t, 300), h.fetch, nil},
		"larger, mid-sync":             {100, 200, h.at(t, 300), h.fetch, nil},
		"larger, nobody to ask":        {200, 200, h.at(t, 300), nil, ledger.ErrFetch},
		"larger, with no tiles":        {200, 200, h.at(t, 300), fails, broken},
		"larger, with another's tiles": {200, 200, h.at(t, 300), other.fetch, reason.Reject(reason.LogInvalid, "")},
		"larger, on a fork":            {200, 200, other.at(t, 300), other.fetch, reason.Reject(reason.LogFork, "")},
		"larger, on a fork, mid-sync":  {50, 200, other.at(t, 300), other.fetch, reason.Reject(reason.LogFork, "")},
		"larger, before a fork":        {100, 100, other.at(t, 300), other.fetch, nil},
		"the same":                     {200, 200, h.at(t, 200), nil, nil},
		"of one size, on a fork":       {0, 200, other.at(t, 200), nil, reason.Reject(reason.LogFork, "")},
		"older":                        {200, 200, h.at(t, 150), nil, ledger.ErrOlder},
		"older, of nothing":            {200, 200, h.at(t, 0), nil, ledger.ErrOlder},
		"older, mid-sync":              {100, 200, h.at(t, 150), nil, ledger.ErrFetch},
		"older, mid-sync, with tiles":  {100, 200, h.at(t, 150), h.fetch, ledger.ErrOlder},
		"older, on a fork":             {200, 200, other.at(t, 150), nil, reason.Reject(reason.LogFork, "")},
		"older, on a fork, mid-sync":   {150, 200, other.at(t, 140), nil, ledger.ErrFetch},
		"older, on a fork, with tiles": {150, 200, other.at(t, 140), h.fetch, reason.Reject(reason.LogFork, "")},
		"older, on a fork, far behind": {0, 200, other.at(t, 140), h.fetch, reason.Reject(reason.LogFork, "")},
		"older, before a fork":         {200, 200, other.at(t, 100), nil, ledger.ErrOlder},
		"not signed":                   {200, 200, forged, h.fetch, reason.Reject(reason.LogInvalid, "")},
		"of another log":               {0, -1, checkpoint(t, "log", h.tree, h.key), h.fetch, reason.Reject(reason.LogInvalid, "")},
		"no checkpoint":                {0, -1, "", h.fetch, reason.Reject(reason.LogInvalid, "")},
		"tiles of another length":      {0, -1, h.at(t, 300), func(string) ([]byte, error) { return []byte{1}, nil }, reason.Reject(reason.LogInvalid, "")},
		"tiles of the wrong hashes":    {0, -1, h.at(t, 300), zeros, reason.Reject(reason.LogInvalid, "")},
	} {
		t.Run(name, func(t *testing.T) {
			r, m := ledger.Replica{Log: h.log}, memory(nil)
			if c.signed >= 0 {
				r, m = h.replica(t, c.here, c.signed)
			}
			next, err := r.Accept(c.text, m, c.fetch)
			if !errors.Is(err, c.want) {
				t.Fatalf("have %v, want %v", err, c.want)
			}
			fork, forked := errors.AsType[*ledger.ForkError](err)
			if forked != (reason.Of(err) == reason.LogFork) {
				t.Errorf("a fork without a proof: %v", err)
			}
			if forked {
				if err := fork.Fork.Check(h.log.Origin(), h.log.Node); err != nil {
					t.Errorf("the proof: %v", err)
				}
			}
			if err != nil && next != r || err == nil && next.Checkpoint != c.text {
				t.Errorf("after %v the checkpoint is %q", err, next.Checkpoint)
			}
		})
	}
}

// TestNextRefuses serves statements that are well signed, and not those of the checkpoint; and tiles that are not.
func TestNextRefuses(t *testing.T) {
	h, other := write(t, 300, 0, 0), write(t, 300, 0, 1)
	mixed := func(prefix string) ledger.Fetch {
		return func(path string) ([]byte, error) {
			if strings.HasPrefix(path, prefix) {
				return other.fetch(path)
			}
			return h.fetch(path)
		}
	}
	for _, c := range []struct {
		prefix string
		here   int64
	}{{"statements/", 0}, {"statements/", 100}, {"statements/", 256}, {"statements/", 299}, {"tile/", 0}, {"tile/1/", 17}} {
		r, m := h.replica(t, c.here, 300)
		if step, err := r.Next(m, mixed(c.prefix)); reason.Of(err) != reason.LogInvalid {
			t.Errorf("%s of another history after %d: %d entries, %v", c.prefix, c.here, len(step.Entries), err)
		}
		if _, err := r.Next(m, h.fetch); err != nil {
			t.Errorf("the truth after %d: %v", c.here, err)
		}
	}
}

// zeros answers with as many zeros as the resource has bytes.
func zeros(path string) ([]byte, error) {
	at, err := ledger.ParsePath(path)
	return make([]byte, at.MaxBytes()), err
}

// TestTextsThatAreKept follows a log with statements that this version cannot read, and one that nobody could have signed.
func TestTextsThatAreKept(t *testing.T) {
	h := write(t, 2, 0, 0)
	parts := strings.Split(h.entries[1].Text, ".")
	later := parts[0] + ".e30" + "." + parts[2] // claims of a later version
	for name, c := range map[string]struct {
		text string
		want reason.Reason
	}{
		"claims of a later version": {later, ""},
		"a wrong signature":         {parts[0] + "." + parts[1] + "." + strings.Repeat("A", 86), reason.LogInvalid},
		"no signature":              {parts[0] + "." + parts[1], reason.LogInvalid},
		"no statement":              {"hello", reason.LogInvalid},
		"nothing":                   {"", reason.LogInvalid},
	} {
		l := *h
		l.entries, l.tree, l.memory = nil, ledger.Tree{}, nil
		l.entries = []ledger.Entry{h.entries[0], {Index: 1, ID: ledger.IDOf(c.text), Text: c.text}}
		l.add(t, []statement.ID{l.entries[0].ID, l.entries[1].ID})
		r, err := ledger.Replica{Log: l.log}.Accept(l.Checkpoint(), nil, l.fetch)
		if err != nil {
			t.Fatal(err)
		}
		if step, err := r.Next(nil, l.fetch); reason.Of(err) != c.want || err == nil && !slices.Equal(step.Entries, l.entries) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestFollowingAnything follows a log as it grows and forks at random. An honest one is never called a fork and ends
// whole; a forked one is never followed past the fork without being noticed.
func TestFollowingAnything(t *testing.T) {
	const most = 40
	h := write(t, most, 0, 0)
	rapid.Check(t, func(t *rapid.T) {
		r := ledger.Replica{Log: h.log}
		var m memory
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			size := rapid.Int64Range(0, most).Draw(t, "size")
			root, err := tlog.TreeHash(size, h.memory)
			if err != nil {
				t.Fatal(err)
			}
			text, err := ledger.SignCheckpoint(h.log.Origin(), ledger.Tree{Size: size, Root: root}, h.key)
			if err != nil {
				t.Fatal(err)
			}
			before, err := r.Target()
			if err != nil {
				t.Fatal(err)
			}
			next, err := r.Accept(text, m, h.fetch)
			if size < before.Size != errors.Is(err, ledger.ErrOlder) || err != nil && !errors.Is(err, ledger.ErrOlder) {
				t.Fatalf("%d after %d: %v", size, before.Size, err)
			}
			r = next
			if rapid.Bool().Draw(t, "fetch") {
				step, err := r.Next(m, h.fetch)
				if err != nil {
					t.Fatal(err)
				}
				if len(step.Entries) > 0 {
					r.Tree, m = step.Tree, h.memory[:tlog.StoredHashCount(step.Tree.Size)]
				}
			}
			// Whatever has been reached, a different head of any size up to it is a fork.
			target, err := r.Target()
			if err != nil {
				t.Fatal(err)
			}
			if target.Size == 0 {
				continue
			}
			lie := ledger.Tree{Size: rapid.Int64Range(1, target.Size).Draw(t, "fork"), Root: tlog.Hash{1}}
			text, err = ledger.SignCheckpoint(h.log.Origin(), lie, h.key)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := r.Accept(text, m, h.fetch); reason.Of(err) != reason.LogFork {
				t.Fatalf("another head of %d beside %d: %v", lie.Size, target.Size, err)
			}
		}
	})
}
