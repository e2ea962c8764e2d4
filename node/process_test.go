package node_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/node"
)

// asNode, set in the environment, makes the test binary run a node instead of tests.
const asNode = "STOA_TEST_NODE"

func TestMain(m *testing.M) {
	if raw := os.Getenv(asNode); raw != "" {
		os.Exit(beNode(raw))
	}
	os.Exit(m.Run())
}

func beNode(raw string) int {
	var cfg node.Config
	if err := json.Unmarshal([]byte(raw), &cfg); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	cfg.Out = os.Stdout
	cfg.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	if err := node.Run(context.Background(), cfg); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// process is a node in a process of its own, which can be killed.
type process struct {
	data  string
	addr  string // of the page; kept over restarts
	lines map[string]string
	cmd   *exec.Cmd
}

// startProcess starts a node on a data directory and waits until it has said all it says. It fails the test if that
// takes longer than a node may (promises: up again within 3 s).
func startProcess(t *testing.T, data, addr string) *process {
	t.Helper()
	raw, err := json.Marshal(map[string]any{
		"Data": data, "HTTP": addr, "Media": "127.0.0.1:0", "P2P": []string{"/ip4/127.0.0.1/tcp/0"},
	})
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{data: data, lines: map[string]string{}, cmd: exec.Command(self)}
	p.cmd.Env = append(os.Environ(), asNode+"="+string(raw))
	p.cmd.Stderr = t.Output()
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.kill(t) })
	said := make(chan error, 1)
	go func() {
		scan := bufio.NewScanner(out)
		for scan.Scan() {
			name, value, _ := strings.Cut(scan.Text(), " ")
			p.lines[name] = value
			if name == "p2p" {
				said <- nil
				_, _ = io.Copy(io.Discard, out)
				return
			}
		}
		said <- errors.Join(errors.New("the node ended"), scan.Err())
	}()
	select {
	case err := <-said:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("the node does not start")
	}
	p.addr = strings.TrimPrefix(p.lines["web"], "http://")
	return p
}

// kill ends the process as a power cut would, and waits for it.
func (p *process) kill(t *testing.T) {
	t.Helper()
	if p.cmd.ProcessState != nil {
		return
	}
	if err := p.cmd.Process.Signal(syscall.SIGKILL); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Error(err)
	}
	_ = p.cmd.Wait() // killed, as it should be
}

func (p *process) client() *client.Client { return p.clientOf(identity.Generate()) }

func (p *process) clientOf(key identity.PrivateKey) *client.Client {
	return client.New("http://"+p.addr, key, client.Options{})
}
