package main

import (
	"bufio"
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stoa-rooms/stoa/api/client/rtc"
)

// asDemo, set in the environment, makes the test binary the demo.
const asDemo = "STOA_TEST_DEMO"

func TestMain(m *testing.M) {
	if os.Getenv(asDemo) != "" {
		os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// stoa builds the node.
func stoa(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "stoa")
	if out, err := exec.Command("go", "build", "-o", binary, "../stoa").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return binary
}

// started is a running demo whose temporary directory is its own.
func started(t *testing.T, args ...string) (cmd *exec.Cmd, out *bytes.Buffer, tmp string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	tmp, out = t.TempDir(), &bytes.Buffer{}
	cmd = exec.Command(self, args...)
	cmd.Env = append(os.Environ(), asDemo+"=1", "TMPDIR="+tmp)
	cmd.Stdout, cmd.Stderr = out, out
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
	return cmd, out, tmp
}

// nothingLeft expects that the demo removed its data, which its nodes held a lock in until they ended.
func nothingLeft(t *testing.T, tmp string) {
	t.Helper()
	left, err := os.ReadDir(tmp)
	if err != nil {
		t.Fatal(err)
	}
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	processes, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range processes {
		if line, err := os.ReadFile(p); err == nil && strings.Contains(string(line), tmp) {
			t.Errorf("still runs: %s", strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
}

// TestCheck is the promise of the README: within a minute a newcomer hears a room that runs on somebody else's node.
func TestCheck(t *testing.T) {
	cmd, out, tmp := started(t, "--stoa", stoa(t), "--check")
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !strings.Contains(out.String(), "heard") {
		t.Errorf("%s", out)
	}
	nothingLeft(t, tmp)
}

// TestCtrlC ends a demo in the middle, as a terminal does: by a signal to the whole process group.
func TestCtrlC(t *testing.T) {
	cmd, _, tmp := started(t, "--stoa", stoa(t))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Stdout = nil
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var links int
	scan := bufio.NewScanner(pipe)
	for scan.Scan() {
		if strings.Contains(scan.Text(), "/i/") {
			links++
		}
		if strings.HasPrefix(scan.Text(), "Ctrl-C") {
			break
		}
	}
	if links != 3 {
		t.Errorf("%d invite links", links)
	}
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v", err)
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("it took %v to end", took)
	}
	nothingLeft(t, tmp)
}

func TestFailures(t *testing.T) {
	for name, tt := range map[string]struct {
		args   []string
		status int
		says   string
	}{
		"no binary":           {[]string{"--stoa", "/nowhere/stoa"}, 1, "make build"},
		"a binary that fails": {[]string{"--stoa", "/bin/false"}, 1, "starting node 1"},
		"an unknown flag":     {[]string{"--sing"}, 2, "sing"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd, out, tmp := started(t, tt.args...)
			var exit *exec.ExitError
			if err := cmd.Run(); !errors.As(err, &exit) || exit.ExitCode() != tt.status || !strings.Contains(out.String(), tt.says) {
				t.Errorf("%v\n%s", err, out)
			}
			nothingLeft(t, tmp)
		})
	}
}

func TestVoices(t *testing.T) {
	files, err := fs.Glob(voices, "voices/*.ogg")
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, file := range files {
		data, err := voices.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		total += len(data)
		var length time.Duration
		for frame, err := range rtc.OggOpus(bytes.NewReader(data), loudness) {
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			if frame.Duration != 20*time.Millisecond || len(frame.Opus) > 200 {
				t.Fatalf("%s: a frame of %v, %d bytes", file, frame.Duration, len(frame.Opus))
			}
			length += frame.Duration
		}
		if length < 10*time.Second || length > 20*time.Second {
			t.Errorf("%s lasts %v", file, length)
		}
	}
	if total > 400_000 {
		t.Errorf("the voices take %d bytes of the repository", total)
	}

	// Every file is said by somebody, and everything said is a file.
	source, err := os.ReadFile("evening.go")
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, match := range regexp.MustCompile(`line\{e\.\w+, "([^"]+)"\}`).FindAllSubmatch(source, -1) {
		said = append(said, "voices/"+string(match[1])+".ogg")
	}
	slices.Sort(said)
	if !slices.Equal(said, files) {
		t.Errorf("said: %v, files: %v", said, files)
	}
}
