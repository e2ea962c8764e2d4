//go:build linux

package storage_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
	"github.com/stoa-rooms/stoa/storage"
	"github.com/stoa-rooms/stoa/storage/storagetest"
)

// TestLockedByProcess opens a directory that another process has open.
func TestLockedByProcess(t *testing.T) {
	dir := t.TempDir()
	cmd := child(t, "hold", dir)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "open\n" {
		t.Fatalf("the process said %q, %v", line, err)
	}
	_, err = storage.Open(storage.Options{Dir: dir})
	wantOpenError(t, err, storage.ErrLocked, dir, fmt.Sprintf("process %d", cmd.Process.Pid), "stop that one")
	if err := errors.Join(in.Close(), cmd.Wait()); err != nil {
		t.Fatal(err)
	}
	if err := open(t, dir).Close(); err != nil {
		t.Fatal(err)
	}
}

// childHold has a store open until its standard input ends.
func childHold(dir string) error {
	s, err := storage.Open(storage.Options{Dir: dir})
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stdout, "open")
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err == nil {
		return errors.New("something was said")
	}
	return s.Close()
}

// TestPermission opens directories that the user may not use. Root may use them all, so root becomes somebody else.
func TestPermission(t *testing.T) {
	used := t.TempDir()
	if err := open(t, used).Close(); err != nil {
		t.Fatal(err)
	}
	for name, prepare := range map[string]func(dir string) error{
		"not writable": func(dir string) error { return os.Chmod(dir, 0o555) },
		"not readable": func(dir string) error { return os.Chmod(dir, 0) },
		"somebody's file": func(dir string) error {
			return errors.Join(os.WriteFile(filepath.Join(dir, "MANIFEST"), nil, 0), os.Chmod(dir, 0o777))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data")
			if err := errors.Join(os.Mkdir(dir, 0o755), prepare(dir)); err != nil {
				t.Fatal(err)
			}
			cmd := child(t, "open", dir)
			if os.Getuid() == 0 {
				for up := filepath.Dir(dir); up != os.TempDir() && up != "/"; up = filepath.Dir(up) {
					if err := os.Chmod(up, 0o755); err != nil {
						t.Fatal(err)
					}
				}
				cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
			}
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(string(out), "permission the data directory "+dir+" may not be written by this user: ") {
				t.Errorf("have %q", out)
			}
			if err := os.Chmod(dir, 0o755); err != nil { // so that it can be removed
				t.Fatal(err)
			}
		})
	}
}

// childOpen says what is wrong with a directory.
func childOpen(dir string) error {
	s, err := storage.Open(storage.Options{Dir: dir})
	if err == nil {
		return errors.Join(errors.New("it opened"), s.Close())
	}
	e := new(storage.OpenError)
	if !errors.As(err, &e) {
		return err
	}
	fmt.Fprintln(os.Stdout, string(e.Kind), err)
	return nil
}

// TestSystemRefusesFiles lets the system refuse to make files of the size Badger wants, which works for any user: the
// memtable cannot be changed for a new one, nor written to a table.
func TestSystemRefusesFiles(t *testing.T) {
	for _, role := range []string{"limit", "stuck"} {
		t.Run(role, func(t *testing.T) {
			dir := scratch(t)
			if out, err := child(t, role, dir).Output(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			s := open(t, dir)
			storagetest.Same(t, "in the next process", storagetest.MustRead(t, s, 6), storagetest.After(s.Key(), 3))
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// limitFiles sets how long this process may make a file.
func limitFiles(size uint64) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	limit.Cur = min(size, limit.Max)
	return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit)
}

// childLimit meets the limit while it writes, and goes on when it is lifted.
func childLimit(dir string) error {
	s, err := storage.Open(storage.Options{Dir: dir})
	if err != nil {
		return err
	}
	log := storagetest.NewLog(s.Key())
	for n := 1; n <= 2; n++ {
		if err := s.Commit(storagetest.Full(log, n)); err != nil {
			return err
		}
	}
	if err := limitFiles(64 << 10); err != nil {
		return err
	}
	// Large records until Badger wants a new memtable; the room is put back as it was by the third batch.
	room := log.Room(0, strings.Repeat("x", 900_000))
	began := time.Now()
	for err == nil && time.Since(began) < time.Minute {
		err = s.Commit(storage.Batch{Rooms: []storage.Room{room}})
	}
	if reason.Of(err) != reason.StorageFailed {
		return fmt.Errorf("at the limit: %w", err)
	}
	// Now Badger has no memtable at all, and would panic on reading.
	if _, err := storagetest.Read(s, 6); err != nil && reason.Of(err) != reason.StorageFailed {
		return fmt.Errorf("reading at the limit: %w", err)
	}
	next := storagetest.Full(log, 3)
	if err := s.Commit(next); reason.Of(err) != reason.StorageFailed {
		return fmt.Errorf("still at the limit: %w", err)
	}
	if s.Head().Size != 20 {
		return fmt.Errorf("the head moved to %d", s.Head().Size)
	}
	if _, err := storagetest.Read(s, 6); err != nil && reason.Of(err) != reason.StorageFailed {
		return fmt.Errorf("reading while the database is closed: %w", err)
	}
	if err := limitFiles(1 << 40); err != nil {
		return err
	}
	for deadline := time.Now().Add(time.Minute); ; {
		err := s.Commit(next)
		if err == nil {
			break
		}
		if reason.Of(err) != reason.StorageFailed || time.Now().After(deadline) {
			return fmt.Errorf("without a limit: %w", err)
		}
	}
	return s.Close()
}

// childStuck meets the limit when it closes.
func childStuck(dir string) error {
	s, err := storage.Open(storage.Options{Dir: dir})
	if err != nil {
		return err
	}
	log := storagetest.NewLog(s.Key())
	for n := 1; n <= 3; n++ {
		if err := s.Commit(storagetest.Full(log, n)); err != nil {
			return err
		}
	}
	if err := limitFiles(4 << 10); err != nil {
		return err
	}
	began := time.Now()
	if err := s.Close(); err == nil {
		return errors.New("it closed without writing its memtable")
	}
	if took := time.Since(began); took > 10*time.Second {
		return fmt.Errorf("giving up took %s", took)
	}
	return nil
}

// TestSmallDisk fills a real disk, and mounts one read-only. That takes a mount namespace; where there is none to be
// had, TestFullDisk is what stands for the first half.
func TestSmallDisk(t *testing.T) {
	dir := t.TempDir()
	cmd := child(t, "small", dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.Output()
	if errors.Is(err, syscall.EPERM) || strings.HasPrefix(string(out), "no mount: ") {
		t.Logf("the system gives no mount namespace: %v %s", err, out)
		return
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func childSmallDisk(dir string) error {
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64m"); err != nil {
		fmt.Fprintln(os.Stdout, "no mount:", err)
		return nil
	}
	s, err := storage.Open(storage.Options{Dir: dir})
	if err != nil {
		return err
	}
	log := storagetest.NewLog(s.Key())
	if err := s.Commit(storagetest.Full(log, 1)); err != nil {
		return err
	}
	if err := fill(dir); err != nil {
		return err
	}
	next := storagetest.Full(log, 2)
	for range 3 {
		if err := s.Commit(next); reason.Of(err) != reason.StorageFailed || !errors.Is(err, storage.ErrDiskFull) {
			return fmt.Errorf("on a full disk: %w", err)
		}
	}
	if _, err := storagetest.Read(s, 4); err != nil {
		return fmt.Errorf("reading on a full disk: %w", err)
	}
	if err := os.Remove(filepath.Join(dir, "filler")); err != nil {
		return err
	}
	if err := s.Commit(next); err != nil {
		return fmt.Errorf("with room again: %w", err)
	}
	if err := s.Close(); err != nil {
		return err
	}
	if err := fill(dir); err != nil {
		return err
	}
	if _, err := storage.Open(storage.Options{Dir: dir}); !errors.Is(err, storage.ErrDiskFull) {
		return fmt.Errorf("opening on a full disk: %w", err)
	}
	if err := errors.Join(os.Remove(filepath.Join(dir, "filler")), syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, "")); err != nil {
		return err
	}
	if _, err := storage.Open(storage.Options{Dir: dir}); !errors.Is(err, storage.ErrReadOnly) {
		return fmt.Errorf("opening a read-only disk: %w", err)
	}
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT, "size=64m"); err != nil {
		return err
	}
	if s, err = storage.Open(storage.Options{Dir: dir}); err != nil {
		return err
	}
	if err := s.Commit(storage.Batch{Texts: []statement.Text{storagetest.Text(7)}}); err != nil {
		return err
	}
	if err := fill(dir); err != nil {
		return err
	}
	if err := s.Close(); !errors.Is(err, storage.ErrDiskFull) {
		return fmt.Errorf("closing on a full disk: %w", err)
	}
	return nil
}

// fill writes until nothing more fits.
func fill(dir string) error {
	f, err := os.Create(filepath.Join(dir, "filler"))
	if err != nil {
		return err
	}
	chunk := make([]byte, 64<<10)
	for err == nil {
		_, err = f.Write(chunk)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		return err
	}
	return f.Close()
}
