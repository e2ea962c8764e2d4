package storage

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"github.com/stoa-rooms/stoa/reason"
)

// Kind is what is wrong with a data directory. It is an error, so that errors.Is(err, storage.ErrLocked) asks for it.
type Kind string //nolint:errname // it is a kind first

// What can be wrong with a data directory.
const (
	ErrLocked       Kind = "locked"          // another process has it open
	ErrReadOnly     Kind = "read-only"       // on a file system that takes no writes
	ErrPermission   Kind = "permission"      // this user may not read or write it
	ErrNewer        Kind = "newer"           // written by a later version
	ErrDamaged      Kind = "damaged"         // something in it is not what was written, or is missing
	ErrNotDirectory Kind = "not-a-directory" // the path is something else
	ErrDiskFull     Kind = "disk-full"       // too little room on the disk to work in
	ErrBadKeyFile   Kind = "key-file"        // node.key can be read by others, has the wrong length, or is another node's
	ErrUnavailable  Kind = "unavailable"     // the system refused for another reason
	ErrBackup       Kind = "backup"          // a file that is no backup, or not a whole one
	ErrNotEmpty     Kind = "not-empty"       // something is where a backup should be restored
)

// Error implements error.
func (k Kind) Error() string { return "data directory " + string(k) }

// ErrBatch says that a batch contradicts itself or the store, and that nothing was written. It is the caller's mistake.
var ErrBatch = errors.New("storage: wrong batch")

// ErrClosed says that the store has been closed.
var ErrClosed = errors.New("storage: closed")

// OpenError says why a data directory cannot be opened. Its text is for the person who started the node: what is
// wrong, and what to do. errors.Is finds its Kind.
type OpenError struct {
	Kind Kind
	Dir  string
	Err  error // the cause; for Locked it names the process, if that is known
}

// Unwrap makes errors.Is find the Kind and the cause.
func (e *OpenError) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

// Error implements error.
func (e *OpenError) Error() string {
	text := fmt.Sprintf("the data directory %s %s", e.Dir, e.sentence())
	if e.Err != nil {
		text += fmt.Sprintf(" (%v)", e.Err)
	}
	return text
}

func (e *OpenError) sentence() string {
	switch e.Kind {
	case ErrLocked:
		return "is in use by another process: stop that one, or give this node a directory of its own"
	case ErrReadOnly:
		return "is on a file system that is mounted read-only: mount it for writing, or choose another directory"
	case ErrPermission:
		return "may not be written by this user: give it to the user the node runs as, or choose another directory"
	case ErrNewer:
		return "was written by a later version of stoa: run that version, or choose another directory"
	case ErrDamaged:
		return "is damaged, and nothing in it is served: look after the disk, then restore the directory from a backup"
	case ErrNotDirectory:
		return "is not a directory: remove what is there, or choose another path"
	case ErrDiskFull:
		return "is on a full disk: make room, then start again"
	case ErrBadKeyFile:
		return "has a node.key that cannot be used"
	case ErrNotEmpty:
		return "is not empty: restore into a new directory"
	case ErrUnavailable, ErrBackup:
	}
	return "cannot be opened"
}

// kindOf sorts an error of the system or of Badger, which keeps only the text of what it wraps.
func kindOf(err error) Kind {
	has := func(errno syscall.Errno) bool {
		return errors.Is(err, errno) || strings.Contains(err.Error(), errno.Error())
	}
	switch {
	case strings.Contains(err.Error(), "Another process is using this Badger database"):
		return ErrLocked
	case has(syscall.EROFS):
		return ErrReadOnly
	case errors.Is(err, fs.ErrPermission), has(syscall.EACCES), has(syscall.EPERM):
		return ErrPermission
	case has(syscall.ENOTDIR):
		return ErrNotDirectory
	case has(syscall.ENOSPC), has(syscall.EDQUOT), has(syscall.EFBIG):
		return ErrDiskFull
	case has(syscall.EMFILE), has(syscall.ENFILE), has(syscall.ENOMEM), has(syscall.EIO):
		return ErrUnavailable
	case strings.Contains(err.Error(), "manifest has unsupported version"):
		return ErrNewer
	}
	return ErrDamaged
}

// openError makes an OpenError of an error, whose kind it finds itself unless the error says it.
func openError(dir string, err error) error {
	var kind Kind
	if !errors.As(err, &kind) {
		kind = kindOf(err)
	}
	return &OpenError{Kind: kind, Dir: dir, Err: err}
}

// finding is something wrong that this package found itself.
type finding struct {
	kind Kind
	text string
}

func (f *finding) Error() string { return f.text }
func (f *finding) Unwrap() error { return f.kind }

// found says what is wrong.
func found(kind Kind, what string, args ...any) error {
	return &finding{kind: kind, text: fmt.Sprintf(what, args...)}
}

// refused is the error of a write that the store does not take.
func refused(cause error) error {
	return fmt.Errorf("%w: %w", reason.Reject(reason.StorageFailed, "nothing is written"), cause)
}

// unreadable is the error of a read that failed.
func unreadable(cause error) error {
	return fmt.Errorf("%w: %w", reason.Reject(reason.StorageFailed, "nothing is read"), cause)
}
