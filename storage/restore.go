package storage

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/ledger"
	"github.com/stoa-rooms/stoa/statement"
)

// restoring is the directory in which a data directory is put together from a backup. What is in it becomes the data
// directory file by file, the one that says where the database is last.
const restoring = "restoring"

// Restore makes a data directory of a backup. The directory must be empty, or not there; it is left as it was when there
// is an error. Everything is checked before it is put in place: the file to its end, then each log, hash by hash, against
// its signed checkpoint.
//
// The node of the new directory has a new key, and an empty log. The log of the node that was, which may have grown after
// the backup, goes on being that node's: it is followed like any other, and nobody can be shown two histories of it. See
// [Store.Restored].
func Restore(backup io.ReadSeeker, dir string, log *slog.Logger) (BackupInfo, error) {
	info, err := CheckBackup(backup)
	if err != nil {
		return info, err
	}
	if _, err := backup.Seek(0, io.SeekStart); err != nil {
		return info, err
	}
	made, err := emptyDir(dir)
	if err != nil {
		return info, openError(dir, err)
	}
	lock, err := lockDir(dir)
	if err != nil {
		return info, openError(dir, err)
	}
	within := filepath.Join(dir, restoring)
	err = restoreInto(backup, info, within, log)
	if err == nil {
		err = moveUp(dir)
	}
	if err != nil {
		err = errors.Join(err, os.RemoveAll(within), os.Remove(filepath.Join(dir, lockFile)), lock.Close())
		if made {
			err = errors.Join(err, os.Remove(dir))
		}
		return info, err
	}
	return info, lock.Close()
}

// emptyDir makes a directory, or sees that it is empty, but for what a file system puts into its root.
func emptyDir(dir string) (made bool, err error) {
	files, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return true, os.MkdirAll(dir, 0o700)
	}
	if err != nil {
		return false, err
	}
	for _, f := range files {
		switch f.Name() {
		case "lost+found":
		case restoring:
			return false, found(ErrNotEmpty, "an earlier restore did not come to its end")
		case KeyFile:
			return false, found(ErrNotEmpty, "a node's data is in it")
		default:
			return false, found(ErrNotEmpty, "%s is in it", f.Name())
		}
	}
	return false, nil
}

// restoreInto makes a whole data directory and checks it.
func restoreInto(backup io.Reader, info BackupInfo, dir string, log *slog.Logger) error {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	key, err := createKey(dir)
	if err != nil {
		return err
	}
	s := &Store{opt: Options{Dir: dir}, log: log, stuck: make(chan struct{}, 1)}
	r := &restore{info: info, key: key.Public(), head: head{number: info.Number + 1, epoch: info.Epoch}}
	if err := s.fillDatabase(filepath.Join(dir, databasePrefix+"1"), func(put func(key, value []byte) error) error {
		r.put = put
		if _, err := readBackup(backup, r.pair); err != nil {
			return err
		}
		return r.end()
	}); err != nil {
		return err
	}
	raw := make([]byte, markSlots*markStride)
	copy(raw, encodeMark(r.head.number))
	if err := errors.Join(writeFile(dir, markFile, raw), writeFile(dir, databaseFile, []byte(databasePrefix+"1\n"))); err != nil {
		return err
	}
	store, err := Open(Options{Dir: dir, Log: log})
	if err != nil {
		return err
	}
	return errors.Join(store.verify(), store.Close())
}

// restore turns the pairs of a backup into those of the new store.
type restore struct {
	info BackupInfo
	key  identity.PublicKey // of the new node
	head head
	put  func(key, value []byte) error
	was  head // of the old node
}

func (r *restore) pair(kept Kept, key, value []byte) error {
	switch {
	case kept.key == keyHead:
		payload, err := unseal(key, value)
		if err == nil {
			r.was, err = decodeHead(payload)
		}
		if err != nil || r.was.epoch != r.info.Epoch || r.was.number != r.info.Number {
			return found(ErrBackup, "its head is not what was written")
		}
		return nil
	case kept.bound == drops:
		return nil
	case kept.kind != 0 && len(key) < len(prefix(0, 0)):
		return found(ErrBackup, "it has a key that is cut short")
	case kept.bound == theirs:
		return r.theirs(kept.kind, key, value)
	default:
		return r.add(slices.Clone(key), slices.Clone(value))
	}
}

// theirs makes an entry of the old node's log one of a followed log.
func (r *restore) theirs(kind byte, key, value []byte) error {
	payload, err := unseal(key, value)
	if err != nil {
		return found(ErrBackup, "the value of %q is not what was written", key)
	}
	to := map[byte]byte{kindEntry: kindFollowedEntry, kindIndex: kindFollowedIndex, kindHash: kindFollowedHash}[kind]
	next := slices.Concat(numbered(to, r.head.epoch, r.generation()), key[len(prefix(0, 0)):])
	return r.add(next, seal(next, payload))
}

// generation is that of the old node's log among the followed ones.
func (r *restore) generation() int64 { return int64(r.head.number << generationBits) }

// add stores a pair and keeps the sum.
func (r *restore) add(key, value []byte) error {
	if slices.Contains([]byte(summed), key[0]) {
		r.head.sum += weight(key, value)
	}
	return r.put(key, value)
}

// end adds what says how it all belongs together.
func (r *restore) end() error {
	if r.was.tree.Size > 0 {
		log, err := ledger.LogOf(r.was.checkpoint)
		if err != nil || log.Node != r.info.Node {
			return found(ErrBackup, "its checkpoint is not its node's")
		}
		tree, err := ledger.ParseCheckpoint(r.was.checkpoint, log.Origin(), log.Node)
		if err != nil || tree.Size != r.was.tree.Size {
			return found(ErrBackup, "its checkpoint is not its log's")
		}
		key := followedKey(r.head.epoch, log)
		of := record{generation: uint64(r.generation()), tree: tree, distinct: tree.Size, checkpoint: r.was.checkpoint}
		restored := slices.Concat(log.Community[:], log.Node[:])
		if err := errors.Join(r.add(key, seal(key, of.encode())), r.put([]byte(keyRestored), seal([]byte(keyRestored), restored))); err != nil {
			return err
		}
	}
	return errors.Join(
		r.put([]byte(keyNode), seal([]byte(keyNode), r.key[:])),
		r.put([]byte(keyHead), seal([]byte(keyHead), r.head.encode())),
	)
}

// verify reads all logs that are followed, each entry, and builds their trees anew: they must be what is stored, and what
// the checkpoints sign.
func (s *Store) verify() error {
	for f, err := range s.FollowedLogs() {
		if err != nil {
			return err
		}
		if err := f.verify(); err != nil {
			return fmt.Errorf("the log of %s: %w", f.log.Node, err)
		}
	}
	return nil
}

// verifyStep is how many entries are added to a tree at once.
const verifyStep = 1000

func (f FollowedLog) verify() error {
	var tree ledger.Tree
	var ids []statement.ID
	for e, err := range f.Entries(0) {
		if err != nil {
			return err
		}
		if first, ok, err := f.IndexOf(e.ID); err != nil || !ok || first > e.Index {
			return errors.Join(found(ErrDamaged, "entry %d is not in its index", e.Index), err)
		}
		if ids = append(ids, e.ID); len(ids) == verifyStep {
			if tree, err = f.verifyHashes(tree, ids); err != nil {
				return err
			}
			ids = ids[:0]
		}
	}
	tree, err := f.verifyHashes(tree, ids)
	if err != nil {
		return err
	}
	signed, err := f.Replica().Target()
	if err == nil && (tree != f.record.tree || signed.Size == tree.Size && signed.Root != tree.Root) {
		err = found(ErrDamaged, "it is not what its checkpoint signs")
	}
	return err
}

// verifyHashes grows a tree by entries, whose hashes must be the stored ones.
func (f FollowedLog) verifyHashes(tree ledger.Tree, ids []statement.ID) (ledger.Tree, error) {
	next, hashes, err := ledger.Append(tree, f, ids)
	if err != nil {
		return tree, err
	}
	indexes := make([]int64, len(hashes))
	for i, h := range hashes {
		indexes[i] = h.Index
	}
	stored, err := f.ReadHashes(indexes)
	if err == nil && !slices.EqualFunc(hashes, stored, func(h ledger.StoredHash, hash tlog.Hash) bool { return h.Hash == hash }) {
		err = found(ErrDamaged, "its hashes are not those of its statements")
	}
	return next, err
}

// moveUp puts what was restored in its place.
func moveUp(dir string) error {
	for _, name := range []string{KeyFile, markFile, databasePrefix + "1", databaseFile} {
		if err := os.Rename(filepath.Join(dir, restoring, name), filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return errors.Join(os.RemoveAll(filepath.Join(dir, restoring)), syncDir(dir))
}

// Restored says whose log the backup had that this store was restored from; false for a store that was not. The node with
// that store has a key of its own, which the root has not heard of until the own log says so.
func (s *Store) Restored() (log ledger.Log, ok bool, err error) {
	log, err = use(s, func(v *view) (log ledger.Log, err error) {
		log, ok, err = v.restored()
		return log, err
	})
	return log, ok && err == nil, err
}

func (v *view) restored() (log ledger.Log, ok bool, err error) {
	raw, ok, err := v.get([]byte(keyRestored))
	if err != nil || !ok {
		return log, false, err
	}
	if len(raw) != len(log.Community)+len(log.Node) {
		return log, false, spoiled([]byte(keyRestored), errValue)
	}
	community, errCommunity := decodeKey(raw[:len(log.Community)])
	node, errNode := decodeKey(raw[len(log.Community):])
	if err := errors.Join(errCommunity, errNode); err != nil {
		return log, false, spoiled([]byte(keyRestored), err)
	}
	return ledger.Log{Community: community, Node: node}, true, nil
}
