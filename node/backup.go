package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"

	"github.com/stoa-rooms/stoa/storage"
)

// Backup writes a backup of a data directory into a file, whether or not a node runs on it, and says so. The file must not
// be there yet. It has its name only when all of it is on disk and has been read again.
func Backup(ctx context.Context, dir, file string, out io.Writer) (err error) {
	if _, err := os.Lstat(file); err == nil {
		return fmt.Errorf("%s is there already, and is not written over: give the backup a new name", file)
	}
	part := file + ".part"
	f, err := os.OpenFile(part, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600) //nolint:gosec // the operator says where
	if err != nil {
		return fmt.Errorf("the backup cannot be written: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close(), os.Remove(part))
		}
	}()
	if err := f.Chmod(0o600); err != nil {
		return fmt.Errorf("the backup cannot be kept from others: %w", err)
	}
	if err := backupTo(ctx, dir, f); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("the backup cannot be written: %w", err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("the backup cannot be read again: %w", err)
	}
	info, err := storage.CheckBackup(f)
	if err != nil {
		return fmt.Errorf("the backup did not arrive whole, try again: %w", err)
	}
	if err := errors.Join(f.Close(), os.Rename(part, file)); err != nil {
		return errors.Join(err, os.Remove(part))
	}
	if _, err := fmt.Fprintf(out, "%s has %d statements of the node %s\n%s", file, info.Size, info.Node,
		"The node's key is not in it. Whoever has the file can read what the node could: keep it safe.\n"); err != nil {
		return fmt.Errorf("node: %w", err)
	}
	return nil
}

// backupTo writes the backup: the running node does, or else the store is opened.
func backupTo(ctx context.Context, dir string, w io.Writer) error {
	resp, err := dialAdmin(ctx, dir, http.MethodGet, "/backup")
	if err != nil {
		return err
	}
	if resp == nil {
		return askStore(dir, func(a *admin) error { return a.backup(w) })
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		said, err := io.ReadAll(io.LimitReader(resp.Body, 4096))
		return errors.Join(errors.New(string(bytes.TrimSpace(said))), err)
	}
	if _, err := io.Copy(w, resp.Body); err != nil {
		return fmt.Errorf("the backup broke off: %w", err)
	}
	return nil
}

// dialAdmin puts a command to the node that runs on a data directory; nil if none does.
func dialAdmin(ctx context.Context, dir, method, path string) (*http.Response, error) {
	if _, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("there is no node's data in %s: %w; name the directory with --data", dir, err)
	}
	client := http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(dir, socketName))
		},
		DisableKeepAlives: true,
	}}
	req, err := http.NewRequestWithContext(ctx, method, "http://node"+path, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("node: %w", err)
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, nil //nolint:nilnil,nilerr // no node answers: the store says the rest
	}
	return resp, nil
}

// backup writes a backup of the store.
func (a *admin) backup(w io.Writer) error {
	_, err := a.journal.store.Backup(w)
	return err
}

// serveBackup streams a backup. What breaks off has no end, so nobody takes it for whole.
func (a *admin) serveBackup(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/octet-stream")
	if err := a.backup(w); err != nil {
		panic(http.ErrAbortHandler) // ends the connection, whatever was sent
	}
}

// Restore makes a data directory of a backup, and says how to go on.
func Restore(file, dir string, out io.Writer) error {
	f, err := os.Open(file) //nolint:gosec // the operator says which
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no file %s; stoa backup writes one", file)
	}
	if err != nil {
		return fmt.Errorf("the backup cannot be read: %w", err)
	}
	defer func() { _ = f.Close() }()
	info, err := storage.Restore(f, dir, slog.New(slog.DiscardHandler))
	switch {
	case errors.Is(err, storage.ErrBackup):
		return fmt.Errorf("%s cannot be restored: %w. Nothing was changed; take another backup", file, err)
	case errors.Is(err, storage.ErrNewer):
		return fmt.Errorf("%s was written by a later version of stoa: restore it with that one (%w)", file, err)
	case err != nil:
		return err
	}
	text := fmt.Sprintf("%s has %d statements in %s, all checked\n", file, info.Size, dir)
	if !info.Community.IsZero() {
		text += `This is a new node of the same community, with a key of its own. Start it with stoa run;
then the founder signs in on its page, with the key they have always had, and approves it there
at /node. Until then people can sign in, and nobody can join and no room can be opened.
Nodes that have seen more than the backup give it back.
`
	}
	if _, err := io.WriteString(out, text); err != nil {
		return fmt.Errorf("node: %w", err)
	}
	return nil
}
