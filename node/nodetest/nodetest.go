// Package nodetest runs real nodes for the tests of those who talk to one.
package nodetest

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/node"
	"github.com/stoa-rooms/stoa/statement"
)

// Node is a real node in this process.
type Node struct {
	t     *testing.T
	data  string
	http  string // host:port; kept over restarts
	p2p   string // multiaddr; kept over restarts
	cfg   node.Config
	Owner string // the owner link; "" once the node has a community
	stop  func()
}

// New starts a node in a fresh directory. It ends with the test. It knows the others.
func New(t *testing.T, others ...*Node) *Node {
	t.Helper()
	return With(t, node.Config{}, others...)
}

// With is New with more of a configuration: what it leaves out is as in New.
func With(t *testing.T, cfg node.Config, others ...*Node) *Node {
	t.Helper()
	n := &Node{t: t, data: filepath.Join(t.TempDir(), "data"), http: "127.0.0.1:0", p2p: "/ip4/127.0.0.1/tcp/0", cfg: cfg}
	for _, other := range others {
		n.cfg.Peers = append(n.cfg.Peers, other.p2p)
	}
	n.Start()
	t.Cleanup(n.Stop)
	return n
}

// Restored starts a node on what is restored from a backup. It knows the others.
func Restored(t *testing.T, backup string, others ...*Node) *Node {
	t.Helper()
	data := filepath.Join(t.TempDir(), "data")
	if err := node.Restore(backup, data, io.Discard); err != nil {
		t.Fatal(err)
	}
	n := &Node{t: t, data: data, http: "127.0.0.1:0", p2p: "/ip4/127.0.0.1/tcp/0"}
	for _, other := range others {
		n.cfg.Peers = append(n.cfg.Peers, other.p2p)
	}
	n.Start()
	t.Cleanup(n.Stop)
	return n
}

// Data is the data directory.
func (n *Node) Data() string { return n.data }

// Backup makes a backup of the node, whether or not it runs, and gives the file.
func (n *Node) Backup(ctx context.Context) string {
	n.t.Helper()
	file := filepath.Join(n.t.TempDir(), "backup")
	if err := node.Backup(ctx, n.data, file, io.Discard); err != nil {
		n.t.Fatal(err)
	}
	return file
}

// Addr is the multiaddr at which other nodes reach this one.
func (n *Node) Addr() string { return n.p2p }

// Start runs the node and waits until it answers.
func (n *Node) Start() {
	n.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out, lines := io.Pipe()
	done := make(chan error, 1)
	go func() {
		cfg := n.cfg
		listen, _, _ := strings.Cut(n.p2p, "/p2p/")
		cfg.Data, cfg.HTTP, cfg.Media, cfg.P2P, cfg.Out = n.data, n.http, "127.0.0.1:0", []string{listen}, lines
		cfg.Log = slog.New(slog.NewTextHandler(n.t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
		err := node.Run(ctx, cfg)
		_ = lines.CloseWithError(errors.Join(err, io.EOF))
		done <- err
	}()
	n.stop = func() {
		cancel()
		if err := <-done; err != nil {
			n.t.Error(err)
		}
		n.stop = func() {}
	}
	n.Owner = ""
	scan := bufio.NewScanner(out)
	for scan.Scan() {
		name, value, _ := strings.Cut(scan.Text(), " ")
		switch name {
		case "web":
			n.http = strings.TrimPrefix(value, "http://")
		case "owner":
			n.Owner = value
		case "p2p":
			n.p2p = value
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return
		}
	}
	n.t.Fatalf("the node does not start: %v", scan.Err())
}

// Stop ends the node and waits for it. Starting it again goes on with its data.
func (n *Node) Stop() { n.stop() }

// URL is where the node answers.
func (n *Node) URL() string { return "http://" + n.http }

// Client is somebody with a new key.
func (n *Node) Client() *client.Client {
	return client.New(n.URL(), identity.Generate(), client.Options{})
}

// Found founds the community.
func (n *Node) Found(ctx context.Context) *client.Client {
	n.t.Helper()
	founder := n.Client()
	if _, err := founder.Found(ctx, n.Owner, "Café", "Ana"); err != nil {
		n.t.Fatal(err)
	}
	return founder
}

// Join brings somebody in by an invite of a member's.
func (n *Node) Join(ctx context.Context, by *client.Client, name string) *client.Client {
	n.t.Helper()
	link, err := by.CreateInvite(ctx, 0)
	if err != nil {
		n.t.Fatal(err)
	}
	c := n.Client()
	if _, err := c.Join(ctx, link.String(), name); err != nil {
		n.t.Fatal(err)
	}
	return c
}

// Enter takes somebody into a room, until the test ends.
func (n *Node) Enter(ctx context.Context, c *client.Client, room statement.ID) *client.RoomSession {
	n.t.Helper()
	s, err := c.Enter(ctx, room)
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(s.Close)
	return s
}

// Key is the node's key.
func (n *Node) Key(ctx context.Context) identity.PublicKey {
	n.t.Helper()
	info, err := n.Client().Node(ctx)
	if err != nil {
		n.t.Fatal(err)
	}
	return info.Node
}

// Peer is the node's peer id.
func (n *Node) Peer(ctx context.Context) string {
	n.t.Helper()
	info, err := n.Client().Node(ctx)
	if err != nil {
		n.t.Fatal(err)
	}
	return info.Peer
}
