package node_test

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	badger "github.com/dgraph-io/badger/v4"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/node/nodetest"
	"github.com/stoa-rooms/stoa/push/pushtest"
	"github.com/stoa-rooms/stoa/statement"
)

// secret is something of a member's that no disk may have once they erased themselves.
type secret struct {
	what, text string
	live       bool // of a live room, which no backup has
}

// in reports whether bytes have the secret: as it is, or inside a signed statement, in each of the three ways in which
// base64 may lie across it.
func (s secret) in(raw []byte) bool {
	if bytes.Contains(raw, []byte(s.text)) {
		return true
	}
	for shift := range 3 {
		text := base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat(" ", shift) + s.text))
		if bytes.Contains(raw, []byte(text[(shift*8+5)/6:len(text)-2])) {
			return true
		}
	}
	return false
}

// tables are the bytes of Badger's tables below a data directory: where what was written is once a node has ended.
func tables(t *testing.T, dir string) (all []byte) {
	t.Helper()
	for _, pattern := range []string{"*.sst", "*/*.sst"} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, raw...)
		}
	}
	return all
}

// versions are all keys and values that Badger itself finds in a data directory, decompressed if they were compressed,
// with their earlier versions and what was deleted.
func versions(t *testing.T, dir string) (all []byte) {
	t.Helper()
	if name, err := os.ReadFile(filepath.Join(dir, "database")); err == nil {
		dir = filepath.Join(dir, strings.TrimSpace(string(name)))
	}
	copied := filepath.Join(t.TempDir(), "badger")
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	db, err := badger.Open(badger.DefaultOptions(copied).WithLogger(nil))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	opt := badger.DefaultIteratorOptions
	opt.AllVersions = true
	if err := db.View(func(txn *badger.Txn) error {
		it := txn.NewIterator(opt)
		defer it.Close()
		for it.Rewind(); it.Valid(); it.Next() {
			value, err := it.Item().ValueCopy(nil)
			if err != nil {
				return err
			}
			all = append(append(append(all, it.Item().Key()...), '\n'), value...)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestNothingOfWhoErasedThemselvesIsOnTheDisk gives a node everything that a member can give it, erases the member, and
// looks for each of these things in every file, in what Badger finds in its own, and in a backup. Before that the same
// looking finds each, in tables that were written out: so it would find what is left.
func TestNothingOfWhoErasedThemselvesIsOnTheDisk(t *testing.T) {
	ctx := t.Context()
	n := nodetest.New(t)
	ana := n.Found(ctx)
	entry(t, ana, statement.EntryAsk)
	zoe := newPerson()
	she := zoe.at(n)
	const (
		bio, link     = "I carve quinces into owls", "https://quetsch.example/zenobie"
		likes, wants  = "quince-carving", "owl-spotting"
		note, message = "For Barnabé from the orchard", "We met under the medlar"
		plan, title   = "Pruning at dusk with Zénobie", "Quince jam by moonlight"
		endpoint      = "https://push.example.com/zenobie-subscription"
	)
	all := []secret{
		{what: "name", text: unmistakable},
		{what: "bio", text: bio},
		{what: "link", text: link},
		{what: "topic of the profile", text: likes},
		{what: "interest", text: wants},
		{what: "note of an invite", text: note},
		{what: "title of a plan", text: plan},
		{what: "title of a room", text: title, live: true},
		{what: "address of a browser", text: endpoint},
	}
	asked := secret{what: "message of the request", text: message}

	a := asks(t, she, unmistakable, message)
	if !asked.in(everything(t, n.Data())) {
		t.Error("the message of a request that waits is not found: so looking for it shows nothing")
	}
	if _, err := ana.Approve(ctx, a.ID, zoe.Public()); err != nil {
		t.Fatal(err)
	}
	sent, err := she.SetPicture(ctx, "image/png", picture(t, 64, 7))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := she.SetProfile(ctx, statement.Profile{
		Name: unmistakable, Bio: bio, Links: []string{link}, Topics: []string{likes}, Picture: sent.Digest,
	}); err != nil {
		t.Fatal(err)
	}
	_, kept, err := she.Picture(ctx, sent.Digest)
	if err != nil || len(kept) < 60 {
		t.Fatalf("%d bytes of picture, %v", len(kept), err)
	}
	all = append(all, secret{what: "picture", text: string(kept[30:])})
	if _, err := she.SetSettings(ctx, api.Settings{Topics: []string{wants}}); err != nil {
		t.Fatal(err)
	}
	if _, err := she.CreateInviteFor(ctx, note, 0); err != nil {
		t.Fatal(err)
	}
	evening := evening()
	evening.Title = plan
	planned(t, she, evening)
	if _, err := she.CreateRoom(ctx, title, nil, "en"); err != nil {
		t.Fatal(err)
	}
	browser := pushtest.NewBrowser(t)
	if err := she.Subscribe(ctx, api.PushSubscription{
		Endpoint: endpoint, P256DH: browser.P256DH(), Auth: browser.Auth(), Language: "en",
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := ana.SetRelation(ctx, zoe.Public(), api.Relation{Follow: true}); err != nil {
		t.Fatal(err)
	}

	n.Stop() // writes all of it into tables
	written, found := tables(t, n.Data()), versions(t, n.Data())
	before := n.Backup(ctx)
	raw, err := os.ReadFile(before)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if !s.in(written) || !s.in(found) || s.in(raw) == s.live {
			t.Errorf("the %s is not found although it is there (tables %v, Badger %v, backup %v)", s.what, s.in(written), s.in(found), s.in(raw))
		}
	}
	n.Start()
	if err := zoe.at(n).Erase(ctx); err != nil {
		t.Fatal(err)
	}

	all = append(all, asked)
	for round := range 2 { // the node runs, then it has ended: what it held in memory is on the disk
		live := everything(t, n.Data())
		after, err := os.ReadFile(n.Backup(ctx))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range all {
			if s.in(live) || s.in(after) {
				t.Errorf("round %d: the %s is still there (directory %v, backup %v)", round, s.what, s.in(live), s.in(after))
			}
		}
		n.Stop()
	}
	found = versions(t, n.Data())
	for _, s := range all {
		if s.in(found) {
			t.Errorf("Badger still finds the %s", s.what)
		}
	}
}

// everything is the bytes of all files below a directory. While a rewrite goes on it is read again.
func everything(t *testing.T, dir string) (all []byte) {
	t.Helper()
	soon(t, "the directory read", func() bool {
		all = all[:0]
		return filepath.WalkDir(dir, func(file string, d os.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			raw, err := os.ReadFile(file)
			all = append(append(all, raw...), '\n')
			return err
		}) == nil
	})
	return all
}
