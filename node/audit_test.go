package node_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/invites"
	"github.com/stoa-rooms/stoa/ledger"
	"github.com/stoa-rooms/stoa/node"
	"github.com/stoa-rooms/stoa/node/nodetest"
	"github.com/stoa-rooms/stoa/statement"
	"github.com/stoa-rooms/stoa/storage"
)

// settled is the data directory of a node that has stopped, with a community of two.
func settled(t *testing.T) (dir string, community identity.PublicKey) {
	t.Helper()
	ctx := context.Background()
	n := nodetest.New(t)
	founder := n.Found(ctx)
	n.Join(ctx, founder, "Léo")
	n.Stop()
	return n.Data(), founder.Key()
}

// tamper changes a stopped node's store.
func tamper(t *testing.T, dir string, with func(s *storage.Store) storage.Batch) {
	t.Helper()
	s, err := storage.Open(storage.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(with(s)); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// logged is a batch that appends a text to the log, whatever it says.
func logged(t *testing.T, s *storage.Store, community identity.PublicKey, text string) storage.Batch {
	t.Helper()
	id := ledger.IDOf(text)
	tree, hashes, err := ledger.Append(s.Head(), s, []statement.ID{id})
	if err != nil {
		t.Fatal(err)
	}
	checkpoint, err := ledger.SignCheckpoint(ledger.Origin(community, s.Key().Public()), tree, s.Key())
	if err != nil {
		t.Fatal(err)
	}
	entry := storage.Entry{Index: tree.Size - 1, ID: id, Text: text}
	snapshot, ok, err := s.Snapshot() // so that a start does not stumble over the entry before the audit does
	if err != nil || !ok {
		t.Fatal(err)
	}
	snapshot.Size = tree.Size
	return storage.Batch{Entries: []storage.Entry{entry}, Hashes: hashes, Checkpoint: checkpoint, Snapshot: &snapshot}
}

func TestAuditFindsWhatDoesNotHold(t *testing.T) {
	stranger := identity.Generate()
	sign := func(body statement.Body) string {
		st, err := statement.Sign(body, stranger)
		if err != nil {
			t.Fatal(err)
		}
		return st.Text()
	}
	now := time.Now().Unix()
	for name, c := range map[string]struct {
		with func(s *storage.Store, community identity.PublicKey) storage.Batch
		want string
	}{
		"an admit by a stranger": {func(s *storage.Store, community identity.PublicKey) storage.Batch {
			return logged(t, s, community, sign(&statement.Admit{Community: community, IssuedAt: now, Member: stranger.Public(), Way: statement.EntryInvite}))
		}, "entry 7: "},
		"a signature that is another's": {func(s *storage.Store, community identity.PublicKey) storage.Batch {
			text := sign(&statement.Revoke{Community: community, IssuedAt: now})
			return logged(t, s, community, text[:len(text)-8]+"AAAAAAAA")
		}, "entry 7: "},
		"a fold that forgot somebody": {func(s *storage.Store, community identity.PublicKey) storage.Batch {
			return storage.Batch{Snapshot: &storage.Snapshot{Size: s.Head().Size, Fold: foldWithout(t, s, community)}}
		}, "not what its logs say"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, community := settled(t)
			var out strings.Builder
			if err := node.Audit(t.Context(), dir, &out); err != nil || !strings.Contains(out.String(), "2 members, as the logs say") {
				t.Fatalf("before: %v\n%s", err, out.String())
			}
			tamper(t, dir, func(s *storage.Store) storage.Batch { return c.with(s, community) })
			if err := node.Audit(t.Context(), dir, &out); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the audit says %v, want %q", err, c.want)
			}
		})
	}
}

// foldWithout is the fold of the log but for its last grant.
func foldWithout(t *testing.T, s *storage.Store, community identity.PublicKey) []byte {
	t.Helper()
	state := invites.New(community)
	for e, err := range s.Entries(0) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Index == s.Head().Size-1 {
			break
		}
		st, err := statement.Parse(e.Text)
		if err != nil {
			t.Fatal(err)
		}
		if state, err = state.Apply(invites.Entry{Log: s.Key().Public(), Index: e.Index, Statement: st}); err != nil {
			t.Fatal(err)
		}
	}
	return state.Encode()
}

// TestAuditOfSeveralNodes holds the logs of another node to the same.
func TestAuditOfSeveralNodes(t *testing.T) {
	_, second, _ := newPair(t)
	var out strings.Builder
	soon(t, "both logs, whole", func() bool {
		out.Reset()
		err := node.Audit(t.Context(), second.Data(), &out)
		return err == nil && strings.Count(out.String(), "all signed") == 2 && strings.Contains(out.String(), "as the logs say")
	})
}
