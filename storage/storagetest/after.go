package storagetest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/ledger"
	"github.com/stoa-rooms/stoa/statement"
	"github.com/stoa-rooms/stoa/storage"
)

// Full is the batch number n, from 1 on, with something of each kind: ten entries, and of everything else something
// new, something replaced and something gone.
func Full(l *Log, n int) storage.Batch {
	b := l.Append(10)
	b.Texts = []statement.Text{Text(n), Text(n + 1)}
	b.EraseTexts = []statement.Commitment{Text(n - 1).Commitment()}
	b.Profiles = []statement.Statement{l.Profile(n, "Ada"), l.Profile(0, fmt.Sprintf("Bob %d", n))}
	b.Rooms = []storage.Room{l.Room(n, "{}"), l.Room(0, record(n))}
	b.DropRooms = []statement.ID{l.Room(n-1, "").ID}
	if n == 1 {
		b.DropRooms = nil
	}
	b.Schedules = []storage.Schedule{l.Schedule(n, false), l.Schedule(0, n%2 == 0)}
	b.DropSchedules = []statement.ID{l.Schedule(n-1, false).ID}
	if n == 1 {
		b.DropSchedules = nil
	}
	b.Private = []storage.Private{l.Private(n, "kept"), l.Private(0, fmt.Sprintf("kept %d", n))}
	if n > 1 {
		b.ErasePrivate = []identity.PublicKey{Key(n - 1).Public()}
	}
	b.Snapshot = &storage.Snapshot{Size: l.Tree.Size, Fold: fold(n)}
	brief, one := Brief(n)
	if n%2 == 0 {
		one.Fork = brief.Fork()
	}
	b.Followed = []storage.Followed{l.Other.Followed(l.Other.Append(10)), one}
	gone, _ := Brief(n - 1)
	b.Unfollow = []ledger.Log{gone.Name()}
	b.Peers = []string{Peer(n), Peer(0)}
	return b
}

// record is of room 0; of every fourth batch a long one, so that Badger begins new files.
func record(n int) string { return strings.Repeat(fmt.Sprintf("%d ", n), 1+n%4/3*100_000) }

// fold is a long one in every fourth batch, so that it goes in pieces.
func fold(n int) []byte { return bytes.Repeat(fmt.Appendf(nil, "%d ", n), 1+(n+1)%4/3*150_000) }

// After is the state of a store after Full batches 1 to n.
func After(node identity.Signer, n int) State {
	l := NewLog(node)
	if n == 0 {
		return State{}
	}
	b, other := l.Skip(n)
	brief, one := Brief(n)
	if n%2 == 0 {
		one.Fork = brief.Fork()
	}
	state := State{
		Tree:       l.Tree,
		Checkpoint: b.Checkpoint,
		Entries:    l.Entries,
		Hashes:     l.hashes,
		Texts:      []statement.Text{Text(n), Text(n + 1)},
		Rooms:      []storage.Room{l.Room(n, "{}"), l.Room(0, record(n))},
		Snapshot:   &storage.Snapshot{Size: l.Tree.Size, Fold: fold(n)},
	}
	state.Followed = []Followed{
		{Log: l.Other.Name(), Tree: l.Other.Tree, Checkpoint: other.Checkpoint, Entries: l.Other.Entries, Hashes: l.Other.hashes},
		{Log: brief.Name(), Tree: brief.Tree, Checkpoint: one.Checkpoint, Fork: one.Fork, Entries: brief.Entries, Hashes: brief.hashes},
	}
	slices.SortFunc(state.Followed, func(a, b Followed) int { return bytes.Compare(a.Log.Node[:], b.Log.Node[:]) })
	state.Peers = PeersAfter(n)
	bob := l.Profile(0, fmt.Sprintf("Bob %d", n))
	state.Profiles = []storage.Profile{{Member: bob.Signer(), Text: bob.Text()}}
	for i := range n {
		ada := l.Profile(i+1, "Ada")
		state.Profiles = append(state.Profiles, storage.Profile{Member: ada.Signer(), Text: ada.Text()})
	}
	slices.SortFunc(state.Profiles, func(a, b storage.Profile) int { return bytes.Compare(a.Member[:], b.Member[:]) })
	state.Schedules = []storage.Schedule{l.Schedule(n, false), l.Schedule(0, n%2 == 0)}
	slices.SortFunc(state.Schedules, func(a, b storage.Schedule) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	state.Private = []storage.Private{l.Private(n, "kept"), l.Private(0, fmt.Sprintf("kept %d", n))}
	slices.SortFunc(state.Private, func(a, b storage.Private) int { return bytes.Compare(a.Member[:], b.Member[:]) })
	slices.SortFunc(state.Rooms, func(a, b storage.Room) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	return state
}

// PeersAfter are the addresses that are known after Full batches 1 to n.
func PeersAfter(n int) []string {
	peers := []string{Peer(n), Peer(0)}
	for i := n - 1; i > 0; i-- {
		peers = append(peers, Peer(i))
	}
	return peers[:min(len(peers), storage.MaxPeers)]
}
