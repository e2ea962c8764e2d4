package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/identity"
)

func TestMain(m *testing.M) {
	if os.Getenv("STOA_COMMAND") != "" { // the test binary as the program, for the shell of join_test.go
		main()
	}
	testscript.Main(m, map[string]func(){"stoa": main})
}

// TestScripts runs testdata/*.txt: what the command line prints, as a person meets it.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			env.Defer(func() { _ = l.Close() })
			env.Setenv("BUSY", l.Addr().String())
			u, err := net.ListenPacket("udp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			env.Defer(func() { _ = u.Close() })
			env.Setenv("BUSYUDP", u.LocalAddr().String())
			recording, err := filepath.Abs(voice)
			if err != nil {
				return err
			}
			env.Setenv("VOICE", recording)
			page := httptest.NewUnstartedServer(http.NotFoundHandler())
			page.Config.ErrorLog = log.New(io.Discard, "", 0)
			page.StartTLS()
			env.Defer(page.Close)
			env.Setenv("SELFSIGNED", page.URL)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"node":    startNode,
			"found":   found,
			"flip":    flip,
			"begin":   begin,
			"refuses": refuses,
		},
	})
}

// startNode starts a node in the background: node DIR [flag…]. It ends with the script. What it
// printed is in the variables OWNER, WEB, PEER and NODE.
func startNode(ts *testscript.TestScript, _ bool, args []string) {
	program, err := exec.LookPath("stoa") // testscript puts it there
	ts.Check(err)
	cmd := exec.Command(program, append([]string{
		"run", "--http", "127.0.0.1:0", "--media", "127.0.0.1:0", "--data", ts.MkAbs(args[0]),
	}, args[1:]...)...)
	logs, err := os.Create(ts.MkAbs("node.log"))
	ts.Check(err)
	cmd.Stderr = logs
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	ts.Defer(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		start := time.Now()
		if err := cmd.Wait(); err != nil {
			ts.Fatalf("the node ended with %v", err)
		}
		if took := time.Since(start); took > 3*time.Second {
			ts.Fatalf("the node took %v to end", took)
		}
		_ = logs.Close()
	})
	scan := bufio.NewScanner(out)
	for scan.Scan() {
		name, value, _ := strings.Cut(scan.Text(), " ")
		ts.Setenv(strings.ToUpper(name), value)
		if name == "p2p" {
			return
		}
	}
	ts.Fatalf("the node does not start: %s", ts.ReadFile("node.log"))
}

// found founds the community of the node started last, and lets one guest in.
func found(ts *testscript.TestScript, _ bool, _ []string) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	web := ts.Getenv("WEB")
	ana := client.New(web, identity.Generate(), client.Options{})
	_, err := ana.Found(ctx, ts.Getenv("OWNER"), "Café", "Ana")
	ts.Check(err)
	link, err := ana.CreateInvite(ctx, 0)
	ts.Check(err)
	leo := client.New(web, identity.Generate(), client.Options{})
	_, err = leo.Join(ctx, link.String(), "Léo")
	ts.Check(err)
	ts.Setenv("LEO", leo.Key().String())
}

// flip damages a file: it inverts the bit 0 of every byte of the largest file that matches.
func flip(ts *testscript.TestScript, _ bool, args []string) {
	files, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(files) == 0 {
		ts.Fatalf("no file matches %s", args[0])
	}
	data, err := os.ReadFile(files[0])
	ts.Check(err)
	for i := range data {
		data[i] ^= 1
	}
	ts.Check(os.WriteFile(files[0], data, 0o600))
}

// refuses runs stoa join --speak FILE, and expects that it fails: with status 1, and nothing on standard output.
func refuses(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec("stoa", "join", "Open mic", "--speak", args[0])
	if ended, ok := errors.AsType[*exec.ExitError](err); !ok || ended.ExitCode() != 1 {
		ts.Fatalf("%s: %v", args[0], err)
	}
	if out := ts.ReadFile("stdout"); out != "" {
		ts.Fatalf("%s: it prints %q", args[0], out)
	}
}

// begin writes a file that begins so: begin FILE BYTES, these with the escapes of Go. With -ogg first they are the first
// packet of an Ogg stream.
func begin(ts *testscript.TestScript, _ bool, args []string) {
	packet := args[0] == "-ogg"
	if packet {
		args = args[1:]
	}
	text, err := strconv.Unquote(`"` + args[1] + `"`)
	ts.Check(err)
	data := []byte(text + strings.Repeat("\x00", 100))
	if packet {
		header := make([]byte, 28) // RFC 3533, section 6: one segment
		copy(header, "OggS\x00\x02")
		header[26], header[27] = 1, byte(len(data))
		data = append(header, data...)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o600))
}
