package storage_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
	"github.com/stoa-rooms/stoa/storage"
	"github.com/stoa-rooms/stoa/storage/storagetest"
)

// personalData is what a test searches a disk for: a name, and the salt of a text.
type personalData struct {
	member identity.PrivateKey
	name   string
	text   statement.Text
}

func somebody(tb testing.TB) personalData {
	tb.Helper()
	p := personalData{member: storagetest.Key(77), name: "Zénobie Quétsch", text: statement.Text{Text: "because of the Wednesday quarrel"}}
	copy(p.text.Salt[:], "salt-of-zenobie!")
	return p
}

func (p personalData) profile(tb testing.TB, community identity.PublicKey, name string) statement.Statement {
	tb.Helper()
	st, err := statement.Sign(&statement.Profile{Community: community, IssuedAt: 1_700_000_000, Name: name}, p.member)
	if err != nil {
		tb.Fatal(err)
	}
	return st
}

// searchFor is every form in which the bytes of a person lie in a file: as they are, and within a statement.
func (p personalData) searchFor(profiles ...statement.Statement) [][]byte {
	all := [][]byte{[]byte(p.name), []byte(p.text.Text), p.text.Salt[:]}
	for _, st := range profiles {
		parts := strings.Split(st.Text(), ".")
		all = append(all, []byte(parts[1]), []byte(parts[2]))
	}
	return all
}

// files gives the bytes of every file below a directory.
func files(tb testing.TB, dir string) map[string][]byte {
	tb.Helper()
	out := map[string][]byte{}
	if err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		out[path] = raw
		return err
	}); err != nil {
		tb.Fatal(err)
	}
	return out
}

// findIn counts the files that have one of the needles.
func findIn(tb testing.TB, dir string, needles [][]byte) (where []string) {
	tb.Helper()
	for path, raw := range files(tb, dir) {
		for _, n := range needles {
			if bytes.Contains(raw, n) {
				where = append(where, filepath.Base(path)+": "+string(n[:min(len(n), 12)]))
			}
		}
	}
	return where
}

// TestErasedBytesAreGone writes somebody's name and text in several versions, through memtables and tables, erases them,
// and reads every byte of the directory: while the store is open, when it is closed, and of a backup.
func TestErasedBytesAreGone(t *testing.T) {
	dir := scratch(t)
	s := open(t, dir)
	log := storagetest.NewLog(s.Key())
	must(t, s.Commit(storagetest.Full(log, 1)))
	who := somebody(t)
	earlier, later := who.profile(t, log.Member.Public(), who.name+" at first"), who.profile(t, log.Member.Public(), who.name)
	must(t, s.Commit(storage.Batch{Profiles: []statement.Statement{earlier}, Texts: []statement.Text{who.text}}))
	must(t, s.Close()) // into a table
	s = open(t, dir)
	must(t, s.Commit(storage.Batch{Profiles: []statement.Statement{later}}))
	needles := who.searchFor(earlier, later)
	if len(findIn(t, dir, needles)) == 0 {
		t.Fatal("what is searched for was never there")
	}
	before := storagetest.MustRead(t, s, 6)

	must(t, s.Commit(storage.Batch{Erase: []storage.Erasure{{Member: who.member.Public(), Texts: []statement.Commitment{who.text.Commitment()}}}}))
	if len(findIn(t, dir, needles)) == 0 {
		t.Fatal("Badger forgot by itself, so this test shows nothing")
	}
	must(t, s.Rewrite())
	if where := findIn(t, dir, needles); len(where) > 0 {
		t.Errorf("still there: %q", where)
	}
	if _, ok, err := s.Profile(who.member.Public()); ok || err != nil {
		t.Errorf("the profile: %v, %v", ok, err)
	}
	if err := s.Commit(storage.Batch{Profiles: []statement.Statement{later}}); reason.Of(err) != reason.MemberErased {
		t.Errorf("a profile of who was erased: %v", err)
	}
	var backup bytes.Buffer
	if _, err := s.Backup(&backup); err != nil {
		t.Fatal(err)
	}
	for _, n := range needles {
		if bytes.Contains(backup.Bytes(), n) {
			t.Errorf("the backup has %q", n)
		}
	}
	must(t, s.Close())
	s = open(t, dir)
	if where := findIn(t, dir, needles); len(where) > 0 {
		t.Errorf("there again: %q", where)
	}
	after := storagetest.MustRead(t, s, 6)
	before.Profiles = after.Profiles // one fewer
	storagetest.Same(t, "after the erasure", after, before)
	must(t, s.Commit(storagetest.Full(log, 2))) // and it goes on
	must(t, s.Rewrite())
	must(t, s.Close())
}

// TestErasureIsFinishedByTheNextStart lets the process end at each step of the rewrite.
func TestErasureIsFinishedByTheNextStart(t *testing.T) {
	for _, step := range []string{"rewrite", "open", "change"} {
		t.Run(step, func(t *testing.T) {
			dir := scratch(t)
			broken := false
			s, err := storage.Open(storage.Options{Dir: dir}.WithFaults(func(at string, do func() error) error {
				if broken && at == step {
					return errors.New("no")
				}
				return do()
			}))
			must(t, err)
			log := storagetest.NewLog(s.Key())
			must(t, s.Commit(storagetest.Full(log, 1)))
			who := somebody(t)
			profile := who.profile(t, log.Member.Public(), who.name)
			must(t, s.Commit(storage.Batch{Profiles: []statement.Statement{profile}}))
			must(t, s.Commit(storage.Batch{Erase: []storage.Erasure{{Member: who.member.Public()}}}))
			broken = true
			if err := s.Rewrite(); reason.Of(err) != reason.StorageFailed {
				t.Errorf("the rewrite: %v", err)
			}
			broken = false
			must(t, s.Commit(storagetest.Full(log, 2))) // the store goes on
			must(t, s.Close())
			s = open(t, dir)
			if where := findIn(t, dir, who.searchFor(profile)); len(where) > 0 {
				t.Errorf("still there: %q", where)
			}
			storagetest.Same(t, "after the start", storagetest.MustRead(t, s, 6), storagetest.After(s.Key(), 2))
			must(t, s.Close())
		})
	}
}
