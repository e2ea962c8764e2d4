package storage

import (
	"slices"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// Kept is one kind of thing that a node stores: a row of the retention table (docs/privacy.md), and what an erasure, a
// backup and a restore do with it. Each key of the layout has one in [Keeping]; a test says so.
type Kept struct {
	Name  string // of the file in a member's export, and of the row
	What  string // the words of the table
	Why   string
	Until string // how long
	Seen  string // who sees it

	kind  byte   // of a key with an epoch; 0 for
	key   string // a key without
	owner owner
	bound restored
}

// owner says whose a stored pair is.
type owner uint8

const (
	nobodys   owner = iota
	keyed           // the key names its member: epoch, then 32 bytes
	committed       // a text: whoever signed, or is meant by, the statement that commits to it
	within          // a room, live or scheduled: whoever made it
)

// restored says what a restored backup has of a pair.
type restored uint8

const (
	stays  restored = iota // as it was
	theirs                 // the log of the node that was: followed from now on
	drops                  // nothing: it belongs to the process that was, or is made anew
)

// Keeping is all that a node stores: the one list that the export of a member, their erasure, backups, and the retention
// table are made from. Whoever gives the layout a new key gives it a row.
func Keeping() []Kept {
	return []Kept{
		{
			Name: "log", What: "statements: keys, references, numbers, times", Why: "chains, and what counts, can be checked by anybody",
			Until: "for ever", Seen: "anybody: the log is public", kind: kindEntry, bound: theirs,
		},
		{Name: "log index", What: "where in the log a statement is", Why: "to find it", Until: "as long as the log", Seen: "the node", kind: kindIndex, bound: theirs},
		{Name: "log hashes", What: "the hashes of the log's tree", Why: "proofs", Until: "as long as the log", Seen: "anybody", kind: kindHash, bound: theirs},
		{
			Name: "texts", What: "what a statement commits to: the community's name, reasons, notes, each with its salt",
			Why: "to be read beside the statement", Until: "erased by the member who signed it, or whom it is about",
			Seen: "whom the page shows it; the community's nodes", kind: kindText, owner: committed,
		},
		{
			Name: "profile", What: "the latest signed profile: name, bio, links, topics, languages, the digest of a picture", Why: "so that people know who speaks",
			Until: "replaced by the next; erased by the member", Seen: "members; hosts and people of rooms they enter", kind: kindProfile, owner: keyed,
		},
		{
			Name: "rooms", What: "a live room: title, stage, roles, raised hands with their questions, settings, removals and what moderators did, with the reasons", Why: "a restarted node goes on with it",
			Until: "the room's end", Seen: "whoever may enter; the nodes that would take over", kind: kindRoom, owner: within, bound: drops,
		},
		{Name: "room lines", What: "how a live room came to this node", Why: "proof for the others", Until: "the room's end", Seen: "anybody", kind: kindLine, bound: drops},
		{
			Name: "schedules", What: "a scheduled room: who plans it, when, its title", Why: "people come", Until: "some time after its last date",
			Seen: "members", kind: kindSchedule, owner: within,
		},
		{
			Name: "private", What: "what a member set, and what is kept for them alone: reminders, interests, whom they follow, block or mute, hashes of secrets, the picture of their profile; keys and references of what they were told, for 7 days, what they want to be told, and where their browsers take messages; whom they chose for a room that they plan, and who was removed from it, with the reasons; how long they hosted and spoke in the present period; of who asks to join, name and message, until the answer or 14 days, at each node of the community; that somebody was declined, until the 14 days are over",
			Why: "it is the same in every browser of theirs", Until: "changed or erased by the member", Seen: "the member alone; the picture: whoever sees the profile", kind: kindPrivate, owner: keyed,
		},
		{Name: "snapshot", What: "what the log says, summed up: keys, references, numbers", Why: "a quick start", Until: "the next one", Seen: "the node", kind: kindSnapshot, bound: drops},
		{Name: "snapshot parts", What: "pieces of it", Why: "as above", Until: "the next one", Seen: "the node", kind: kindPart, bound: drops},
		{Name: "followed logs", What: "how far other nodes' logs are here, their checkpoints, proof of a fork", Why: "one community on several nodes; rooms outlive their host", Until: "for ever", Seen: "anybody", kind: kindFollowed},
		{Name: "followed entries", What: "their statements: keys, references, numbers, times", Why: "as above", Until: "for ever", Seen: "anybody", kind: kindFollowedEntry},
		{Name: "followed index", What: "where in them a statement is", Why: "to find it", Until: "for ever", Seen: "the node", kind: kindFollowedIndex},
		{Name: "followed hashes", What: "the hashes of their trees", Why: "proofs", Until: "for ever", Seen: "anybody", kind: kindFollowedHash},
		{Name: "erased", What: "the keys of members who erased themselves", Why: "so that nothing of theirs comes back from another node or a backup", Until: "for ever", Seen: "the node", kind: kindErased},
		{Name: "layout", What: "the version of the layout", Why: "migrations", Until: "for ever", Seen: "the node", key: keyLayout},
		{Name: "node", What: "the node's public key", Why: "the key file must be its own", Until: "for ever", Seen: "anybody", key: keyNode, bound: drops},
		{Name: "head", What: "the log's size and signed checkpoint", Why: "to see damage", Until: "the next commit", Seen: "anybody", key: keyHead, bound: drops},
		{Name: "peers", What: "addresses of other nodes", Why: "to find them after a restart", Until: "200 newer ones", Seen: "the node", key: keyPeers},
		{Name: "restored", What: "whose backup this node was restored from: two keys", Why: "it goes on with that community", Until: "the community is forgotten", Seen: "members", key: keyRestored},
		{Name: "rewrite", What: "that an erasure has to be finished", Why: "a crash in between", Until: "seconds", Seen: "the node", key: keyRewrite, bound: drops},
	}
}

// keptOf finds the row of a stored key.
func keptOf(key []byte) (Kept, bool) {
	for _, k := range Keeping() {
		if k.key == string(key) || k.key == "" && len(key) > 4 && key[0] == k.kind {
			return k, true
		}
	}
	return Kept{}, false
}

// Held is one thing that a store holds on a member.
type Held struct {
	Kept Kept
	Name []byte // what follows the member in its key; empty for most
	Text []byte // the payload
}

// Held calls fn with all that the store keeps under a member's key, as of now.
func (s *Store) Held(member identity.PublicKey, fn func(Held) error) error {
	_, err := use(s, func(v *view) (struct{}, error) {
		return struct{}{}, v.held(member, func(kept Kept, key, value []byte) error {
			payload, err := unseal(key, value)
			if err != nil {
				return spoiled(key, err)
			}
			return fn(Held{Kept: kept, Name: key[len(named(kept.kind, 0, member)):], Text: payload})
		})
	})
	return err
}

// held finds the stored pairs whose key names a member.
func (v *view) held(member identity.PublicKey, fn func(kept Kept, key, value []byte) error) error {
	for _, kept := range Keeping() {
		if kept.owner != keyed {
			continue
		}
		p := named(kept.kind, v.head.epoch, member)
		if err := v.scan(p, p, true, func(key, value []byte) (bool, error) {
			err := fn(kept, key, value)
			return err == nil, err
		}); err != nil {
			return err
		}
	}
	return nil
}

// Erasure is what is forgotten of a member who erased themselves.
type Erasure struct {
	Member identity.PublicKey
	Texts  []statement.Commitment // that they signed, or that are about them; unknown ones are passed over
}

// erase plans to forget members: all that is stored under their keys, and the texts that are named. That they did is kept,
// so that nothing of theirs is taken in again. The bytes are gone after [Store.Rewrite].
func (p *plan) erase(b Batch) error {
	for _, e := range b.Erase {
		if err := p.before.held(e.Member, func(_ Kept, key, _ []byte) error { return p.set(key, nil) }); err != nil {
			return err
		}
		for _, c := range e.Texts {
			if err := p.set(named(kindText, p.head.epoch, c), nil); err != nil {
				return err
			}
		}
		if err := p.put(named(kindErased, p.head.epoch, e.Member), nil); err != nil {
			return err
		}
	}
	if len(b.Erase) == 0 {
		return nil
	}
	return p.put([]byte(keyRewrite), encodeUint64(p.head.number))
}

// refuseErased refuses what would be stored under the key of a member who erased themselves.
func (p *plan) refuseErased(key []byte) error {
	if !slices.Contains([]byte(personal), key[0]) {
		return nil
	}
	member := identity.PublicKey(key[len(prefix(0, 0)):])
	_, erased, err := p.before.raw(named(kindErased, p.head.epoch, member))
	if err == nil && erased {
		err = reason.Reject(reason.MemberErased, "%s", member)
	}
	return err
}

// Erased reports whether a member has been erased here.
func (s *Store) Erased(member identity.PublicKey) (bool, error) {
	return use(s, func(v *view) (bool, error) {
		_, ok, err := v.get(named(kindErased, v.head.epoch, member))
		return ok, err
	})
}
