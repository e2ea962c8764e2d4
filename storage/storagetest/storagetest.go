// Package storagetest holds what a store must do, whatever it stands on, and what tests of stores have in common.
package storagetest

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/ledger"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
	"github.com/stoa-rooms/stoa/storage"
)

// Suite says what store to test.
type Suite struct {
	// Open opens the store in a directory, which is the same again when a test reopens it.
	Open func(tb testing.TB, dir string) *storage.Store
	// Forgets says that a closed store leaves nothing.
	Forgets bool
	// Fails says that writes may fail. What fails must change nothing, and succeed when it is tried again.
	Fails bool
}

// texts is how many numbered texts the tests look for.
const texts = 8

// Run tests a store.
func Run(t *testing.T, suite Suite) {
	t.Helper()
	for _, test := range []struct {
		name string
		run  func(*run)
	}{
		{"empty", testEmpty},
		{"log", testLog},
		{"ranges", testRanges},
		{"wrong batches", testWrong},
		{"texts", testTexts},
		{"profiles", testProfiles},
		{"rooms", testRooms},
		{"schedules", testSchedules},
		{"private", testPrivate},
		{"snapshot", testSnapshot},
		{"followed logs", testFollowed},
		{"a followed log ahead", testAhead},
		{"wrong followed logs", testWrongFollowed},
		{"a followed log twice over", testDuplicates},
		{"anew", testAnew},
		{"served", testServed},
		{"peers", testPeers},
		{"everything at once", testTogether},
		{"reset", testReset},
		{"copies", testCopies},
		{"one view", testView},
		{"readers beside a writer", testReaders},
		{"reopened", testReopen},
		{"closed", testClosed},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := &run{Suite: suite, t: t, dir: t.TempDir()}
			r.store = suite.Open(t, r.dir)
			t.Cleanup(func() {
				if err := r.store.Close(); err != nil {
					t.Errorf("close: %v", err)
				}
			})
			r.log = NewLog(r.store.Key())
			test.run(r)
		})
	}
}

// run is one test of a suite.
type run struct {
	Suite
	t     *testing.T
	dir   string
	store *storage.Store
	log   *Log
}

func (r *run) read(t *testing.T) State {
	t.Helper()
	return MustRead(t, r.store, texts)
}

// commit writes a batch, again and again where writes may fail.
func (r *run) commit(t *testing.T, b storage.Batch) {
	t.Helper()
	if r.Fails {
		Insist(t, r.store, b)
	} else if err := r.store.Commit(b); err != nil {
		t.Fatalf("commit: %v", err)
	}
}

// Insist commits a batch in a store whose writes may fail: a failure has the reason storage-failed and changes nothing
// that can be read, and trying again succeeds at last.
func Insist(tb testing.TB, s *storage.Store, b storage.Batch) {
	tb.Helper()
	before := MustRead(tb, s, texts)
	for try := 0; ; try++ {
		err := s.Commit(b)
		if err == nil {
			return
		}
		if reason.Of(err) != reason.StorageFailed || try == 10 {
			tb.Fatalf("commit, try %d: %v", try, err)
		}
		// While the database is closed for repair there is nothing to read.
		if after, err := Read(s, texts); err == nil {
			Same(tb, "after a failed commit", after, before)
		} else if reason.Of(err) != reason.StorageFailed {
			tb.Fatalf("after a failed commit: %v", err)
		}
	}
}

func testEmpty(r *run) {
	t := r.t
	Same(t, "a new store", r.read(t), State{})
	if _, ok, err := r.store.Entry(0); ok || err != nil {
		t.Errorf("entry 0 of an empty log: %v, %v", ok, err)
	}
	if _, ok, err := r.store.IndexOf(statement.ID{1}); ok || err != nil {
		t.Errorf("index in an empty log: %v, %v", ok, err)
	}
	if r.store.Key().Public().IsZero() {
		t.Error("no key")
	}
	r.commit(t, storage.Batch{})
	Same(t, "after an empty batch", r.read(t), State{})
}

func testLog(r *run) {
	t := r.t
	for _, n := range []int{1, 10, 5, 1} {
		r.commit(t, r.log.Append(n))
		state := r.read(t)
		if state.Tree != r.log.Tree || !slices.Equal(state.Entries, r.log.Entries) || !slices.Equal(state.Hashes, r.log.hashes) {
			t.Fatalf("the store does not hold the log of %d", r.log.Tree.Size)
		}
		tree, err := ledger.ParseCheckpoint(state.Checkpoint, r.log.Origin(), r.log.Node.Public())
		if err != nil || tree != r.log.Tree {
			t.Fatalf("checkpoint: %v, %v", tree, err)
		}
	}
	for _, e := range r.log.Entries {
		index, ok, err := r.store.IndexOf(e.ID)
		if err != nil || !ok || index != e.Index {
			t.Fatalf("index of entry %d: %d, %v, %v", e.Index, index, ok, err)
		}
		proof, err := ledger.ProveInclusion(r.store, r.log.Tree.Size, e.Index)
		if err != nil {
			t.Fatal(err)
		}
		if err := ledger.CheckInclusion(proof, r.log.Tree, e.Index, e.ID); err != nil {
			t.Fatal(err)
		}
		have, ok, err := r.store.Entry(e.Index)
		if err != nil || !ok || have != e {
			t.Fatalf("entry %d: %v, %v, %v", e.Index, have, ok, err)
		}
	}
	if _, err := r.store.ReadHashes([]int64{0, int64(len(r.log.hashes))}); err == nil {
		t.Error("a hash beyond the tree was read")
	}
	for _, index := range []int64{-1, r.log.Tree.Size} {
		if _, ok, err := r.store.Entry(index); ok || err != nil {
			t.Errorf("entry %d: %v, %v", index, ok, err)
		}
	}
}

func testRanges(r *run) {
	t := r.t
	r.commit(t, r.log.Append(300)) // indexes above 255 show whether keys sort as numbers
	for _, from := range []int64{-5, 0, 1, 254, 255, 256, 299, 300, 1000} {
		var have []storage.Entry
		for e, err := range r.store.Entries(from) {
			if err != nil {
				t.Fatal(err)
			}
			have = append(have, e)
		}
		if want := r.log.Entries[min(max(from, 0), 300):]; !slices.Equal(have, want) {
			t.Errorf("from %d: %d entries, want %d", from, len(have), len(want))
		}
	}
	seen := 0
	for _, err := range r.store.Entries(0) {
		if err != nil {
			t.Fatal(err)
		}
		if seen++; seen == 3 {
			break
		}
	}
	if seen != 3 {
		t.Errorf("stopped after %d", seen)
	}
}

func testWrong(r *run) {
	t := r.t
	r.commit(t, r.log.Append(3))
	before := r.read(t)
	profile, room := r.log.Profile(1, "Ada"), r.log.Room(1, "{}")
	next := r.log.Append(2)
	other := NewLog(identity.Generate())
	other.Append(3)
	stranger := other.Append(2)
	changed := func(change func(*storage.Batch)) storage.Batch {
		b := next
		b.Entries, b.Hashes = slices.Clone(next.Entries), slices.Clone(next.Hashes)
		change(&b)
		return b
	}
	for name, b := range map[string]storage.Batch{
		"no hashes":            changed(func(b *storage.Batch) { b.Hashes = nil }),
		"a hash too few":       changed(func(b *storage.Batch) { b.Hashes = b.Hashes[1:] }),
		"a hash of another":    changed(func(b *storage.Batch) { b.Hashes[0].Hash[3] ^= 1 }),
		"a hash elsewhere":     changed(func(b *storage.Batch) { b.Hashes[0].Index++ }),
		"no checkpoint":        changed(func(b *storage.Batch) { b.Checkpoint = "" }),
		"an older checkpoint":  changed(func(b *storage.Batch) { b.Checkpoint = before.Checkpoint }),
		"another's checkpoint": changed(func(b *storage.Batch) { b.Checkpoint = stranger.Checkpoint }),
		"a gap":                changed(func(b *storage.Batch) { b.Entries[1].Index++ }),
		"an entry too few":     changed(func(b *storage.Batch) { b.Entries = b.Entries[:1] }),
		"another id":           changed(func(b *storage.Batch) { b.Entries[0].ID[0] ^= 1 }),
		"another text":         changed(func(b *storage.Batch) { b.Entries[0].Text = b.Entries[1].Text }),
		"an entry twice":       changed(func(b *storage.Batch) { b.Entries[1].ID, b.Entries[1].Text = b.Entries[0].ID, b.Entries[0].Text }),
		"an entry again": changed(func(b *storage.Batch) {
			b.Entries[1].ID, b.Entries[1].Text = before.Entries[1].ID, before.Entries[1].Text
		}),
		"no entries":            changed(func(b *storage.Batch) { b.Entries = nil }),
		"a lonely checkpoint":   {Checkpoint: next.Checkpoint},
		"no profile":            {Profiles: []statement.Statement{profile, {}}},
		"a room of another id":  {Rooms: []storage.Room{{ID: statement.ID{1}, Create: room.Create}}},
		"a snapshot ahead":      {Snapshot: &storage.Snapshot{Size: 4}},
		"a snapshot before all": {Snapshot: &storage.Snapshot{Size: -1}},
		"a reset with more":     {Reset: true, Texts: []statement.Text{Text(0)}},
		"a reset with peers":    {Reset: true, Peers: []string{Peer(1)}},
		"too large":             {Rooms: []storage.Room{{ID: room.ID, Create: room.Create, Record: make([]byte, storage.MaxBatch)}}},
		"too many":              {EraseTexts: commitments(storage.MaxWrites)},
	} {
		t.Run(name, func(t *testing.T) {
			if err := r.store.Commit(b); !errors.Is(err, storage.ErrBatch) {
				t.Errorf("have %v, want ErrBatch", err)
			}
			Same(t, "after a wrong batch", r.read(t), before)
		})
	}
	r.commit(t, next) // a wrong batch is no failure of the store
}

func commitments(n int) []statement.Commitment {
	out := make([]statement.Commitment, n)
	for i := range out {
		out[i] = Text(1000 + i).Commitment()
	}
	return out
}

func testTexts(r *run) {
	t := r.t
	r.commit(t, storage.Batch{Texts: []statement.Text{Text(0), Text(1), Text(2), {}}})
	have := r.read(t).Texts
	if !slices.Equal(have, []statement.Text{Text(0), Text(1), Text(2)}) {
		t.Errorf("have %v", have)
	}
	if empty, ok, err := r.store.Text(statement.Text{}.Commitment()); err != nil || !ok || empty != (statement.Text{}) {
		t.Errorf("the empty text: %v, %v, %v", empty, ok, err)
	}
	r.commit(t, storage.Batch{
		Texts:      []statement.Text{Text(3), Text(4)},
		EraseTexts: []statement.Commitment{Text(1).Commitment(), Text(4).Commitment(), Text(5).Commitment()},
	})
	if have := r.read(t).Texts; !slices.Equal(have, []statement.Text{Text(0), Text(2), Text(3)}) {
		t.Errorf("after erasing: %v", have)
	}
}

func testProfiles(r *run) {
	t := r.t
	ada, bob := r.log.Profile(1, "Ada"), r.log.Profile(2, "Bob")
	r.commit(t, storage.Batch{Profiles: []statement.Statement{ada, bob}})
	lovelace := r.log.Profile(1, "Lovelace")
	r.commit(t, storage.Batch{Profiles: []statement.Statement{lovelace}})
	want := map[identity.PublicKey]string{ada.Signer(): lovelace.Text(), bob.Signer(): bob.Text()}
	for p, err := range r.store.Profiles() {
		if err != nil || want[p.Member] != p.Text {
			t.Errorf("have %v, %v", p, err)
		}
		delete(want, p.Member)
	}
	if len(want) > 0 {
		t.Errorf("missing: %v", want)
	}
	if p, ok, err := r.store.Profile(bob.Signer()); err != nil || !ok || p.Text != bob.Text() || p.Member != bob.Signer() {
		t.Errorf("have %v, %v, %v", p, ok, err)
	}
	if _, ok, err := r.store.Profile(r.log.Profile(3, "Nobody").Signer()); ok || err != nil {
		t.Errorf("a profile nobody stored: %v, %v", ok, err)
	}
	for _, err := range r.store.Profiles() {
		if err != nil {
			t.Error(err)
		}
		break
	}
}

func testRooms(r *run) {
	t := r.t
	one, two := r.log.Room(1, "first"), r.log.Room(2, "")
	r.commit(t, storage.Batch{Rooms: []storage.Room{one, two}})
	one.Record, one.Line = bytes.Repeat([]byte("record "), 10_000), []byte("a new host")
	r.commit(t, storage.Batch{Rooms: []storage.Room{one}, DropRooms: []statement.ID{two.ID, {9}}})
	have := r.read(t).Rooms
	if len(have) != 1 || !bytes.Equal(have[0].Line, one.Line) || have[0].ID != one.ID || have[0].Create != one.Create || have[0].Title != one.Title || !bytes.Equal(have[0].Record, one.Record) {
		t.Errorf("have %v", have)
	}
	one.Line = nil
	r.commit(t, storage.Batch{Rooms: []storage.Room{one}})
	if have := r.read(t).Rooms; len(have) != 1 || have[0].Line != nil {
		t.Errorf("a line that was taken away: %v", have)
	}
}

func testSchedules(r *run) {
	t := r.t
	one, two := r.log.Schedule(1, false), r.log.Schedule(2, false)
	r.commit(t, storage.Batch{Schedules: []storage.Schedule{one, two}})
	one = r.log.Schedule(1, true)
	r.commit(t, storage.Batch{Schedules: []storage.Schedule{one}, DropSchedules: []statement.ID{two.ID, {9}}})
	if have := r.read(t).Schedules; len(have) != 1 || have[0] != one || one.Latest == "" {
		t.Errorf("have %v", have)
	}
	two.ID = one.ID
	if err := r.store.Commit(storage.Batch{Schedules: []storage.Schedule{two}}); !errors.Is(err, storage.ErrBatch) {
		t.Errorf("a schedule under another's id: %v", err)
	}
}

func testPrivate(r *run) {
	t := r.t
	ana, leo := Key(1).Public(), Key(2).Public()
	r.commit(t, storage.Batch{Private: []storage.Private{
		{Member: ana, Name: "a", Value: []byte("1")},
		{Member: ana, Name: "b", Value: []byte{}},
		{Member: leo, Name: "a", Value: []byte("3")},
	}})
	r.commit(t, storage.Batch{Private: []storage.Private{{Member: ana, Name: "a", Value: []byte("2")}, {Member: ana, Name: "gone"}}})
	if have, ok, err := r.store.Private(ana, "a"); string(have) != "2" || !ok || err != nil {
		t.Errorf("have %q, %v, %v", have, ok, err)
	}
	var anas []string
	for one, err := range r.store.Privates(ana) {
		if err != nil || one.Member != ana {
			t.Fatalf("have %v, %v", one, err)
		}
		anas = append(anas, one.Name+"="+string(one.Value))
	}
	if !slices.Equal(anas, []string{"a=2", "b="}) {
		t.Errorf("Ana's are %q", anas)
	}
	for _, c := range []struct {
		prefix string
		want   int
	}{{"", 2}, {"a", 1}, {"aa", 0}} {
		have := 0
		for one, err := range r.store.PrivatesUnder(ana, c.prefix) {
			if err != nil || one.Member != ana || !strings.HasPrefix(one.Name, c.prefix) {
				t.Errorf("under %q: have %v, %v", c.prefix, one, err)
			}
			have++
		}
		if have != c.want {
			t.Errorf("under %q: have %d, want %d", c.prefix, have, c.want)
		}
	}
	named := map[identity.PublicKey]string{ana: "2", leo: "3"}
	for one, err := range r.store.PrivatesNamed("a") {
		if err != nil || one.Name != "a" || named[one.Member] != string(one.Value) {
			t.Errorf("named a: have %v, %v", one, err)
		}
		delete(named, one.Member)
	}
	if len(named) > 0 {
		t.Errorf("named a, and missing: %v", named)
	}
	for _, c := range []struct {
		prefix string
		want   int
	}{{"", 3}, {"a", 2}, {"b", 1}, {"aa", 0}} {
		have := map[string]bool{}
		for one, err := range r.store.PrivatesBeginning(c.prefix) {
			if err != nil || !strings.HasPrefix(one.Name, c.prefix) {
				t.Errorf("of all, beginning with %q: have %v, %v", c.prefix, one, err)
			}
			have[one.Member.String()+one.Name+string(one.Value)] = true
		}
		if len(have) != c.want {
			t.Errorf("of all, beginning with %q: have %d, want %d", c.prefix, len(have), c.want)
		}
	}
	r.commit(t, storage.Batch{ErasePrivate: []identity.PublicKey{ana}, Private: []storage.Private{{Member: ana, Name: "c", Value: []byte("4")}}})
	have := r.read(t).Private
	if len(have) != 2 || have[0].Name+have[1].Name != "ac" && have[0].Name+have[1].Name != "ca" {
		t.Errorf("after erasing, have %v", have)
	}
	for _, wrong := range []storage.Private{
		{Member: ana, Value: []byte("x")},
		{Member: ana, Name: strings.Repeat("n", 65), Value: []byte("x")},
		{Member: ana, Name: "n", Value: make([]byte, storage.MaxPrivate+1)},
	} {
		if err := r.store.Commit(storage.Batch{Private: []storage.Private{wrong}}); !errors.Is(err, storage.ErrBatch) {
			t.Errorf("%q of %d bytes: %v", wrong.Name, len(wrong.Value), err)
		}
	}
}

func testSnapshot(r *run) {
	t := r.t
	r.commit(t, r.log.Append(2))
	for i, length := range []int{0, 1, 256 << 10, 256<<10 + 1, 3_000_000, 10} {
		want := storage.Snapshot{Size: int64(i % 3), Fold: bytes.Repeat([]byte{byte(i), 1, 2}, length)[:length]}
		r.commit(t, storage.Batch{Snapshot: &want})
		have, ok, err := r.store.Snapshot()
		if err != nil || !ok || have.Size != want.Size || !bytes.Equal(have.Fold, want.Fold) {
			t.Fatalf("snapshot of %d bytes: have %d bytes of %d entries, %v, %v", length, len(have.Fold), have.Size, ok, err)
		}
	}
}

func testTogether(r *run) {
	t := r.t
	for n := range 5 {
		r.commit(t, Full(r.log, n+1))
		Same(t, "after a batch of everything", r.read(t), After(r.store.Key(), n+1))
	}
}

func testReset(r *run) {
	t := r.t
	key := r.store.Key()
	r.commit(t, Full(r.log, 1))
	r.commit(t, storage.Batch{Reset: true})
	Same(t, "after a reset", r.read(t), State{Peers: PeersAfter(1)}) // those are the node's, not the community's
	if r.store.Key().Public() != key.Public() {
		t.Error("another key")
	}
	r.log = NewLog(key)
	r.commit(t, Full(r.log, 1))
	Same(t, "a new beginning", r.read(t), After(key, 1))
}

func testCopies(r *run) {
	t := r.t
	b := Full(r.log, 1)
	record, fold := b.Rooms[0].Record, b.Snapshot.Fold
	r.commit(t, b)
	before := r.read(t)
	copy(record, "xx") // what was given to Commit is the caller's again
	copy(fold, "xx")
	state := r.read(t)
	Same(t, "after the batch was changed", state, before)
	for i := range state.Rooms {
		copy(state.Rooms[i].Record, "yy")
	}
	copy(state.Snapshot.Fold, "yy")
	r.commit(t, storage.Batch{Texts: []statement.Text{Text(7)}})
	after := r.read(t)
	after.Texts = before.Texts
	Same(t, "after what was read was changed", after, before)
}

func testView(r *run) {
	t := r.t
	r.commit(t, r.log.Append(5))
	seen := 0
	for _, err := range r.store.Entries(0) {
		if err != nil {
			t.Fatal(err)
		}
		// Repairing the store waits for readers: a commit that may fail is none to make inside a loop.
		if seen++; seen == 1 && !r.Fails {
			r.commit(t, r.log.Append(5))
		}
	}
	if seen != 5 {
		t.Errorf("a loop saw %d entries of the log that had 5 when it began", seen)
	}
}

func testReaders(r *run) {
	t := r.t
	r.commit(t, Full(r.log, 1))
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				// Each commit adds ten entries.
				size := r.store.Head().Size
				n := int64(0)
				for _, err := range r.store.Entries(size - 10) {
					if err != nil && !r.Fails {
						t.Errorf("read: %v", err)
					}
					n++
				}
				if n%10 != 0 && !r.Fails {
					t.Errorf("a reader saw %d entries of tens", n)
				}
			}
		})
	}
	for n := range 20 {
		if err := r.store.Commit(Full(r.log, n+2)); err != nil {
			if !r.Fails {
				t.Errorf("commit: %v", err)
			}
			break
		}
	}
	close(stop)
	readers.Wait()
}

func testReopen(r *run) {
	t := r.t
	for n := range 3 {
		r.commit(t, Full(r.log, n+1))
	}
	before, key := r.read(t), r.store.Key()
	for range 2 {
		if err := r.store.Close(); err != nil {
			t.Fatal(err)
		}
		r.store = r.Open(t, r.dir)
		if r.Forgets {
			before, key = State{}, r.store.Key()
		}
		Same(t, "after reopening", r.read(t), before)
		if r.store.Key().Public() != key.Public() {
			t.Error("another key after reopening")
		}
	}
	if !r.Forgets {
		r.commit(t, Full(r.log, 4))
	}
}

func testClosed(r *run) {
	t := r.t
	r.commit(t, Full(r.log, 1))
	var closers sync.WaitGroup
	for range 3 {
		closers.Go(func() {
			if err := r.store.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		})
	}
	closers.Wait()
	if err := r.store.Commit(storage.Batch{Texts: []statement.Text{Text(1)}}); !errors.Is(err, storage.ErrClosed) {
		t.Errorf("commit after close: %v", err)
	}
	if _, err := Read(r.store, 1); err == nil {
		t.Error("reading after close works")
	}
	if err := r.store.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
}
