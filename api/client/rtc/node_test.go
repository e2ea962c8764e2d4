package rtc_test

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

// running is a real node in this process.
type running struct {
	t     *testing.T
	data  string
	http  string // host:port; kept over restarts
	owner string // the owner link; "" once the node has a community
	stop  func()
}

func startNode(t *testing.T) *running {
	t.Helper()
	n := &running{t: t, data: filepath.Join(t.TempDir(), "data"), http: "127.0.0.1:0"}
	n.start()
	t.Cleanup(func() { n.stop() })
	return n
}

// start runs the node and waits until it answers.
func (n *running) start() {
	n.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out, lines := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := node.Run(ctx, node.Config{
			Data: n.data, HTTP: n.http, Media: "127.0.0.1:0", P2P: []string{"/ip4/127.0.0.1/tcp/0"}, Out: lines,
			Log: slog.New(slog.NewTextHandler(n.t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
		})
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
	n.owner = ""
	scan := bufio.NewScanner(out)
	for scan.Scan() {
		name, value, _ := strings.Cut(scan.Text(), " ")
		switch name {
		case "web":
			n.http = strings.TrimPrefix(value, "http://")
		case "owner":
			n.owner = value
		case "p2p":
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return
		}
	}
	n.t.Fatalf("the node does not start: %v", scan.Err())
}

func (n *running) url() string { return "http://" + n.http }

func (n *running) client() *client.Client {
	return client.New(n.url(), identity.Generate(), client.Options{})
}

// found founds the community.
func (n *running) found(ctx context.Context) *client.Client {
	n.t.Helper()
	founder := n.client()
	if _, err := founder.Found(ctx, n.owner, "Café", "Ana"); err != nil {
		n.t.Fatal(err)
	}
	return founder
}

// join brings somebody in by an invite of a member's.
func (n *running) join(ctx context.Context, by *client.Client, name string) *client.Client {
	n.t.Helper()
	link, err := by.CreateInvite(ctx, 0)
	if err != nil {
		n.t.Fatal(err)
	}
	c := n.client()
	if _, err := c.Join(ctx, link.String(), name); err != nil {
		n.t.Fatal(err)
	}
	return c
}

func (n *running) enter(ctx context.Context, c *client.Client, room statement.ID) *client.RoomSession {
	n.t.Helper()
	s, err := c.Enter(ctx, room)
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(s.Close)
	return s
}

// ok fails the test on an error.
func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
