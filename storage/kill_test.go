package storage_test

import (
	"bufio"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/stoa-rooms/stoa/storage"
	"github.com/stoa-rooms/stoa/storage/storagetest"
)

var kills = flag.Int("kills", 20, "how often TestKill kills a process that writes")

// killsPerStore is how often one directory is used again: long enough that Badger begins new files in it.
const killsPerStore = 12

// TestKill kills a process with signal 9 while it writes, again and again. What it acknowledged must be there, what it
// did not acknowledge must be there whole or not at all, and the next process goes on from there.
func TestKill(t *testing.T) {
	var dir string
	acknowledged, unacknowledged := 0, 0
	rounds := *kills
	if testing.Short() {
		rounds = min(rounds, 5)
	}
	for round := range rounds {
		if round%killsPerStore == 0 {
			dir, acknowledged = t.TempDir(), 0 // on disk, where a commit takes its time
		}
		last := killOnce(t, dir)
		acknowledged = max(acknowledged, last)
		s := open(t, dir)
		n := int(s.Head().Size / 10)
		if n < acknowledged || n > acknowledged+1 {
			t.Fatalf("round %d: %d commits were acknowledged, %d are there", round, acknowledged, n)
		}
		if n > acknowledged {
			unacknowledged++
		}
		storagetest.Same(t, fmt.Sprintf("round %d, after %d commits", round, n),
			storagetest.MustRead(t, s, n+3), storagetest.After(s.Key(), n))
		acknowledged = n // it has been served now
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d kills; %d times the last commit was there without having been acknowledged", rounds, unacknowledged)
}

// killOnce runs a process that writes, kills it, and gives the number of the last commit that it acknowledged.
func killOnce(t *testing.T, dir string) (last int) {
	t.Helper()
	cmd := child(t, "write", dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	// Sometimes it is killed while it opens the store, mostly after some commits, and then a moment into the next.
	for range rand.IntN(12) {
		if !lines.Scan() {
			break
		}
		last = number(t, lines.Text())
	}
	pause := time.NewTimer(rand.N(8 * time.Millisecond))
	<-pause.C
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() { // what it had still said
		last = number(t, lines.Text())
	}
	if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() >= 0 {
		t.Fatalf("the process ended by itself: %v", cmd.ProcessState)
	}
	return last
}

func number(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("the process said %q", text)
	}
	return n
}

// childWrite commits for ever, saying the number of each commit once it has been acknowledged.
func childWrite(dir string) error {
	s, err := storage.Open(storage.Options{Dir: dir})
	if err != nil {
		return err
	}
	log := storagetest.NewLog(s.Key())
	n := int(s.Head().Size / 10)
	if n > 0 {
		log.Skip(n)
	}
	next := make(chan storage.Batch, 4) // made ahead, so that most of the time goes into commits
	go func() {
		for i := n + 1; ; i++ {
			next <- storagetest.Full(log, i)
		}
	}()
	for b := range next {
		n++
		if err := s.Commit(b); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(os.Stdout, n); err != nil {
			return err
		}
	}
	return nil
}

// children are what this test binary does when a test runs it as another process.
var children = map[string]func(dir string) error{
	"write": childWrite,
	"hold":  childHold,
	"open":  childOpen,
	"limit": childLimit,
	"stuck": childStuck,
	"small": childSmallDisk,
}

// child is this test binary as another process.
func child(t *testing.T, role, dir string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), "STOA_STORAGE_CHILD="+role, "STOA_STORAGE_DIR="+dir)
	cmd.Stderr = os.Stderr
	return cmd
}

func TestMain(m *testing.M) {
	if role := os.Getenv("STOA_STORAGE_CHILD"); role != "" {
		if err := children[role](os.Getenv("STOA_STORAGE_DIR")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}
