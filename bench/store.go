package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/stoa-rooms/stoa/node/process"
	"github.com/stoa-rooms/stoa/storage"
)

// storeCmd measures a node with a large store.
type storeCmd struct {
	People int    `help:"How many members; ten statements each." default:"100000"`
	Dir    string `help:"Where the store is kept; made if it is not there, which takes minutes, and used again if it is. Without it, one is made and removed."`
}

// Run makes the store, starts a node on it, and verifies it.
func (c *storeCmd) Run(ctx context.Context, all *cli, r *report) (err error) {
	dir := c.Dir
	if dir == "" {
		if dir, err = os.MkdirTemp("", "stoa-bench-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	data := filepath.Join(dir, "data")
	if _, err := os.Stat(data); errors.Is(err, fs.ErrNotExist) {
		if err := c.make(ctx, data, r); err != nil {
			return err
		}
	}
	for _, what := range []string{"first start", "start after a clean end"} {
		if err := c.start(ctx, all.Stoa, data, what, r); err != nil {
			return err
		}
	}
	began := time.Now()
	cmd := exec.CommandContext(ctx, all.Stoa, "verify", "--data", data) //nolint:gosec // the binary is the caller's choice
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("verifying: %w\n%s", err, out)
	}
	took, used := time.Since(began), cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime()
	r.figure("full verification of the log", took.Round(100*time.Millisecond).String(), "60 s", took <= time.Minute)
	r.figure("processor time that it took", used.Round(100*time.Millisecond).String(), "", true)
	return nil
}

// make fills the store.
func (c *storeCmd) make(ctx context.Context, data string, r *report) (err error) {
	began := time.Now()
	store, err := storage.Open(storage.Options{Dir: data})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	crowd := crowd{store: store, start: time.Now().Unix() - 30*86400, people: c.People}
	if err := crowd.fill(ctx, func(people int) {
		if people%10_000 == 0 {
			r.note("    %d of %d members are in", people, c.People)
		}
	}); err != nil {
		return err
	}
	r.figure("made", fmt.Sprintf("%d statements in %v", crowd.tree.Size, time.Since(began).Round(time.Second)), "", true)
	return crowd.save()
}

// start starts a node and looks at it once it answers.
func (c *storeCmd) start(ctx context.Context, stoa, data, what string, r *report) error {
	began := time.Now()
	n, err := process.Start(ctx, process.Config{Binary: stoa, Data: data, LogLevel: "error", Log: os.Stderr})
	if err != nil {
		return err
	}
	took := time.Since(began)
	m, memErr := resident(n.PID())
	used, cpuErr := cpu(n.PID())
	if err := errors.Join(memErr, cpuErr, n.Stop()); err != nil {
		return err
	}
	r.figure(what, took.Round(10*time.Millisecond).String(), "5 s", took <= 5*time.Second)
	r.figure("processor time that it took", used.Round(10*time.Millisecond).String(), "", true)
	r.figure("memory then, with mapped files, and the most",
		megabytes(m.own)+", "+megabytes(m.now)+", "+megabytes(m.most), "300 MB", m.most <= 300e6)
	return nil
}
