package node

import (
	"fmt"
	"sync"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
	"github.com/stoa-rooms/stoa/storage"
)

// names are the display names of the members, read on every event and so kept in memory.
type names struct {
	mu    sync.RWMutex
	byKey map[identity.PublicKey]string // guarded by mu
}

func newNames() *names { return &names{byKey: map[identity.PublicKey]string{}} }

func (n *names) set(key identity.PublicKey, name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.byKey[key] = name
}

// clear forgets everybody.
func (n *names) clear() {
	n.mu.Lock()
	defer n.mu.Unlock()
	clear(n.byKey)
}

// member is a key with its name.
func (n *names) member(key identity.PublicKey) api.Member {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return api.Member{Key: key, Name: n.byKey[key]}
}

// load reads the stored profiles.
func (n *names) load(store *storage.Store) error {
	for stored, err := range store.Profiles() {
		if err != nil {
			return fmt.Errorf("node: read the profiles: %w", err)
		}
		st, err := statement.ParseKind[*statement.Profile](stored.Text)
		if err != nil {
			return fmt.Errorf("node: the profile of %s: %w", stored.Member, err)
		}
		n.set(st.Signer(), st.Body().(*statement.Profile).Name)
	}
	return nil
}
