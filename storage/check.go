package storage

import (
	"encoding/binary"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/ledger"
)

// check reads the head of a database and verifies what can be verified without reading all of it. A new database gets
// its first commit.
func (s *Store) check(v *view, marked uint64) (head, error) {
	raw, ok, err := v.raw([]byte(keyLayout))
	if err != nil {
		return head{}, err
	}
	if !ok {
		if marked > 0 {
			return head{}, found(ErrDamaged, "its database is empty")
		}
		return s.initialise()
	}
	if len(raw) != 4 || binary.BigEndian.Uint32(raw) == 0 {
		return head{}, found(ErrDamaged, "it does not say what layout it has")
	}
	if version := binary.BigEndian.Uint32(raw); version > LayoutVersion {
		return head{}, found(ErrNewer, "it has layout %d, this version knows %d", version, LayoutVersion)
	}
	migrate := binary.BigEndian.Uint32(raw) < LayoutVersion
	if err := s.checkNode(v); err != nil {
		return head{}, err
	}
	raw, ok, err = v.get([]byte(keyHead))
	if err != nil {
		return head{}, err
	}
	if !ok {
		return head{}, found(ErrDamaged, "its head is missing")
	}
	h, err := decodeHead(raw)
	if err != nil {
		return head{}, spoiled([]byte(keyHead), err)
	}
	if h.number < marked {
		return head{}, found(ErrDamaged, "the last %d of %d commits are missing", marked-h.number, marked)
	}
	v.head = h
	if h.tree, err = v.checkLog(s.key.Public()); err != nil {
		return head{}, err
	}
	if err := v.checkSum(); err != nil {
		return head{}, err
	}
	if migrate {
		return h, s.migrate()
	}
	return h, nil
}

// migrate makes an earlier layout that has been checked into the present one. Nothing else changes: what came with each
// has keys of its own. Should this write get lost in a crash, so is everything after it, and it is made again.
func (s *Store) migrate() error {
	s.log.Info("the data directory is brought to a new layout; earlier versions will no longer open it", "layout", LayoutVersion)
	return s.transact(writes{keyLayout: layoutValue()})
}

func layoutValue() []byte { return binary.BigEndian.AppendUint32(nil, LayoutVersion) }

// initialise is the first commit.
func (s *Store) initialise() (head, error) {
	h := head{number: 1}
	public := s.key.Public()
	return h, s.transact(writes{
		keyLayout: layoutValue(),
		keyNode:   seal([]byte(keyNode), public[:]),
		keyHead:   seal([]byte(keyHead), h.encode()),
	})
}

func (s *Store) checkNode(v *view) error {
	raw, ok, err := v.get([]byte(keyNode))
	if err != nil {
		return err
	}
	if !ok {
		return found(ErrDamaged, "it does not say whose it is")
	}
	node, err := decodeKey(raw)
	if err != nil {
		return spoiled([]byte(keyNode), err)
	}
	if node != s.key.Public() {
		return found(ErrBadKeyFile, "it is not the key of the node this directory belongs to, %s: restore it from a backup", node)
	}
	return nil
}

// checkLog gives the head of the log, once the checkpoint is the node's own, of the right size, and over the stored
// hashes. It counts the index, which must have every statement or one could enter the log twice.
func (v *view) checkLog(node identity.PublicKey) (ledger.Tree, error) {
	h := v.head
	count, err := v.count(prefix(kindIndex, h.epoch))
	if err != nil {
		return ledger.Tree{}, err
	}
	if count != h.tree.Size {
		return ledger.Tree{}, found(ErrDamaged, "its log has %d statements and an index of %d", h.tree.Size, count)
	}
	if h.tree.Size == 0 {
		return ledger.Tree{}, nil
	}
	tree, err := parseOwn(h.checkpoint, node)
	if err != nil || tree.Size != h.tree.Size {
		return ledger.Tree{}, found(ErrDamaged, "its checkpoint is not for its log: %v", err)
	}
	root, err := tlog.TreeHash(tree.Size, v)
	if err != nil {
		return ledger.Tree{}, err
	}
	if root != tree.Root {
		return ledger.Tree{}, found(ErrDamaged, "its log is not the one its checkpoint signs")
	}
	return tree, nil
}

// count is how many keys begin with a prefix.
func (v *view) count(prefix []byte) (n int64, err error) {
	err = v.scan(prefix, prefix, false, func(_, _ []byte) (bool, error) {
		n++
		return true, nil
	})
	return n, err
}

// parseOwn reads a checkpoint of the node's own log, whatever the community: the first line says it.
func parseOwn(checkpoint string, node identity.PublicKey) (ledger.Tree, error) {
	return ledger.ParseCheckpoint(checkpoint, origin(checkpoint), node)
}

func origin(checkpoint string) string {
	first, _, _ := strings.Cut(checkpoint, "\n")
	return first
}

// checkSum adds up what is in the sum.
func (v *view) checkSum() error {
	var sum uint64
	for _, kind := range []byte(summed) {
		p := prefix(kind, v.head.epoch)
		if err := v.scan(p, p, true, func(key, value []byte) (bool, error) {
			if _, err := unseal(key, value); err != nil {
				return false, spoiled(key, err)
			}
			sum += weight(key, value)
			return true, nil
		}); err != nil {
			return err
		}
	}
	if sum != v.head.sum {
		return found(ErrDamaged, "texts, profiles, rooms, what is kept for members, erasures or what is known of other logs are missing, or of another time")
	}
	return nil
}
