//go:build container

// Package deploy has the files with which a node is deployed. What needs more than curl to be tried is tried here, by
// `make deployments`.
package deploy_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/identity"
)

// engine is the program that runs containers, with its options.
func engine() []string {
	if given := strings.Fields(os.Getenv("PODMAN")); len(given) > 0 {
		return given
	}
	return []string{"podman"}
}

// podman runs a command of the engine.
func podman(t *testing.T, args ...string) string {
	t.Helper()
	out, err := try(t, args...)
	if err != nil {
		t.Fatalf("podman %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func try(t *testing.T, args ...string) (string, error) {
	t.Helper()
	all := append(engine(), args...)
	out, err := exec.CommandContext(context.WithoutCancel(t.Context()), all[0], all[1:]...).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// free is a port of this machine that nobody has.
func free(t *testing.T) int {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// ready waits until the health check of a container says that the node may get visitors.
func ready(t *testing.T, name string) {
	t.Helper()
	var out string
	for range 600 {
		var err error
		if out, err = try(t, "healthcheck", "run", name); err == nil {
			return
		}
		time.Sleep(500 * time.Millisecond)
	}
	t.Fatalf("%s does not become ready: %s\n%s", name, out, podman(t, "logs", name))
}

// TestContainer runs the image as docs/operating.md says: not as root, on a root file system that cannot be written,
// without any capability. A community is founded in it, its health is asked, it is stopped and replaced by a new
// container on the same volume, and everything is still there.
func TestContainer(t *testing.T) {
	ctx := t.Context()
	name := fmt.Sprintf("stoa-test-%d", os.Getpid())
	volume, port := name+"-data", free(t)
	url := fmt.Sprintf("http://127.0.0.1:%d", port)
	run := append([]string{
		"run", "--detach", "--name", name, "--volume", volume + ":/data", "--read-only", "--cap-drop", "all",
		"--security-opt", "no-new-privileges", "--publish", fmt.Sprintf("127.0.0.1:%d:7080", port), "--env", "STOA_PUBLIC_URL=" + url,
	}, append(strings.Fields(os.Getenv("PODMAN_RUN")), "stoa-test")...)
	t.Cleanup(func() {
		_, _ = try(t, "rm", "--force", name)
		_, _ = try(t, "volume", "rm", "--force", volume)
	})

	podman(t, run...)
	ready(t, name)
	_, link, ok := strings.Cut(podman(t, "logs", name), "owner ")
	if !ok {
		t.Fatal("the node in the container prints no owner link")
	}
	link, _, _ = strings.Cut(link, "\n")
	key := identity.Generate()
	if _, err := client.New(url, key, client.Options{}).Found(ctx, link, "Café", "Ana"); err != nil {
		t.Fatal(err)
	}
	if out := podman(t, "exec", name, "/stoa", "invite", "tree"); !strings.HasPrefix(out, "Ana ") {
		t.Errorf("stoa invite tree in the container: %s", out)
	}
	if out := podman(t, "exec", name, "/stoa", "backup", "/data/backup"); !strings.Contains(out, "statements") {
		t.Errorf("stoa backup in the container: %s", out)
	}

	// The doctor finds that nobody comes from outside here, but nothing wrong with the directory.
	if out, _ := try(t, "exec", name, "/stoa", "doctor"); !strings.Contains(out, "ok   store") || strings.Contains(out, "FAIL data") {
		t.Errorf("stoa doctor in the container:\n%s", out)
	}

	began := time.Now()
	podman(t, "stop", "--time", "30", name)
	if code := podman(t, "inspect", "--format", "{{.State.ExitCode}}", name); code != "0" {
		t.Errorf("told to stop by SIGTERM, the node ends with status %s after %v", code, time.Since(began))
	}
	podman(t, "rm", name)

	podman(t, run...)
	ready(t, name)
	me, err := client.New(url, key, client.Options{}).Me(ctx)
	if err != nil || me.Member.Name != "Ana" {
		t.Errorf("after the container was replaced: %+v, %v", me.Member, err)
	}
	if out := podman(t, "exec", name, "/stoa", "verify"); !strings.Contains(out, "all signed and in their place") {
		t.Errorf("stoa verify in the container: %s", out)
	}
}
