package node_test

import (
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/checkup"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/node"
	"github.com/stoa-rooms/stoa/node/nodetest"
	"github.com/stoa-rooms/stoa/reason"
)

// person is a key, and whoever has it at a node.
type person struct{ identity.PrivateKey }

func (p person) at(n *nodetest.Node) *client.Client {
	return client.New(n.URL(), p.PrivateKey, client.Options{})
}

// joins brings a person in.
func (p person) joins(t *testing.T, n *nodetest.Node, by *client.Client, name string) {
	t.Helper()
	link, err := by.CreateInvite(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.at(n).Join(t.Context(), link.String(), name); err != nil {
		t.Fatal(err)
	}
}

// isMember waits until a node knows somebody by name.
func isMember(t *testing.T, n *nodetest.Node, p person, name string) {
	t.Helper()
	c := p.at(n)
	soon(t, name+" a member", func() bool {
		me, err := c.Me(t.Context())
		return err == nil && me.Member.Name == name
	})
}

// TestABackupIsRestoredElsewhere makes a backup while people talk, lets somebody join afterwards, loses the node, and
// restores it: everybody is there, also who joined after the backup, for another community's node has seen it; once the
// founder has approved the new node the evening goes on; and when the old node comes back after all, nothing forks.
func TestABackupIsRestoredElsewhere(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	ana, leo, mia, noa, zoe := newPerson(), newPerson(), newPerson(), newPerson(), newPerson()
	old := nodetest.New(t)
	other := nodetest.New(t, old)
	bea := other.Found(ctx)
	if _, err := ana.at(old).Found(ctx, old.Owner, "Café", "Ana"); err != nil {
		t.Fatal(err)
	}
	leo.joins(t, old, ana.at(old), "Léo")
	room, err := ana.at(old).CreateRoom(ctx, "While we talk", nil, "en")
	if err != nil {
		t.Fatal(err)
	}
	talking := old.Enter(ctx, ana.at(old), room.ID)
	shown(t, bea, room.ID, true)
	beas := other.Enter(ctx, bea, room.ID) // so her node follows the log
	if err := beas.RaiseHand(ctx, "May I?"); err != nil {
		t.Fatal(err)
	}
	backup := old.Backup(ctx)
	mia.joins(t, old, leo.at(old), "Mia")
	until(t, talking, "a raised hand", func(s api.State) bool { return len(s.Hands) == 1 })
	followed(t, old, other, ana.Public())
	old.Stop()

	anew := nodetest.Restored(t, backup, other, old)
	info, err := ana.at(anew).Node(ctx)
	if err != nil || !info.Restored || info.Community == nil || info.Community.Name != "Café" {
		t.Fatalf("the restored node says %+v, %v", info, err)
	}
	isMember(t, anew, ana, "Ana")
	isMember(t, anew, leo, "Léo")
	soon(t, "who joined after the backup is a member, by what another community's node has seen", func() bool {
		_, err := mia.at(anew).Me(ctx)
		return err == nil
	})
	notYet(t, anew, leo.at(anew))
	word(t, ana.at(anew), "delegate-restored")

	if err := ana.at(anew).ApproveNode(ctx); err != nil {
		t.Fatal(err)
	}
	if info, err = ana.at(anew).Node(ctx); err != nil || info.Restored {
		t.Errorf("approved, the node says %+v, %v", info, err)
	}
	about := word(t, ana.at(anew), "delegate-ok")
	if i := slices.IndexFunc(about.Nodes, func(n api.CommunityNode) bool { return n.Before }); len(about.Nodes) != 2 || i < 0 || about.Nodes[i].Self {
		t.Errorf("the nodes are %+v", about.Nodes)
	}
	noa.joins(t, anew, leo.at(anew), "Noa")
	again, err := noa.at(anew).CreateRoom(ctx, "Here again", nil, "en")
	if err != nil {
		t.Fatal(err)
	}
	shown(t, bea, again.ID, true)
	other.Enter(ctx, bea, again.ID)

	// The restored node starts again, and the old one, which was not lost, comes back and is told of it: both go on, each in
	// its own log.
	anew.Stop()
	anew.Start()
	isMember(t, anew, noa, "Noa")
	old.Start()
	if _, err := ana.at(old).AddNode(ctx, info.Node); err != nil {
		t.Fatal(err)
	}
	soon(t, "the old node knows who joined at the new one", func() bool {
		_, err := noa.at(old).Me(ctx)
		return err == nil
	})
	zoe.joins(t, old, ana.at(old), "Zoe")
	isMember(t, anew, zoe, "Zoe")
}

// word looks whether a node says of the founder's word for it what it should.
func word(t *testing.T, founder *client.Client, want string) api.Checkup {
	t.Helper()
	about, err := founder.Checkup(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(codes(about), want) {
		t.Errorf("%s is not among %v", want, codes(about))
	}
	return about
}

// TestTheDoctorOfARestoredNodeAsksForTheFounder, before it was ever started.
func TestTheDoctorOfARestoredNodeAsksForTheFounder(t *testing.T) {
	ctx := t.Context()
	old := nodetest.New(t)
	old.Found(ctx)
	dir := filepath.Join(t.TempDir(), "data")
	if err := node.Restore(old.Backup(ctx), dir, io.Discard); err != nil {
		t.Fatal(err)
	}
	found := node.Doctor(ctx, node.Config{Data: dir, HTTP: "127.0.0.1:0", Media: "127.0.0.1:0"})
	if !slices.ContainsFunc(found, func(f checkup.Finding) bool { return f.Code == checkup.DelegateRestored }) {
		t.Errorf("%+v", found)
	}
}

func newPerson() person { return person{identity.Generate()} }

// notYet tries what a restored node that is not approved must refuse.
func notYet(t *testing.T, anew *nodetest.Node, leo *client.Client) {
	t.Helper()
	ctx := t.Context()
	if _, err := leo.CreateInvite(ctx, 0); !client.Refused(err, reason.NodeRestored) {
		t.Errorf("an invite: %v", err)
	}
	if _, err := leo.CreateRoom(ctx, "Too soon", nil, "en"); !client.Refused(err, reason.NodeRestored) {
		t.Errorf("a room: %v", err)
	}
	if _, err := leo.AddNode(ctx, anew.Key(ctx)); !client.Refused(err, reason.StatementAuthority) {
		t.Errorf("a member approves the node: %v", err)
	}
}

// followed waits until a node has all of another's log.
func followed(t *testing.T, of, at *nodetest.Node, community identity.PublicKey) {
	t.Helper()
	key := of.Key(t.Context())
	want := readLog(t, of, community, key)
	soon(t, "the log at its follower", func() bool { return readLog(t, at, community, key) == want })
}

// readLog is the checkpoint of a node's log as a node serves it; "" where it has none.
func readLog(t *testing.T, at *nodetest.Node, community, node identity.PublicKey) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at.URL()+"/log/"+community.String()+"/"+node.String()+"/checkpoint", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return ""
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
