package node

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
	"github.com/stoa-rooms/stoa/storage"
)

// names are what people see of the members wherever they are mentioned: name and picture, read on every event and so kept
// in memory.
type names struct {
	mu        sync.RWMutex
	byKey     map[identity.PublicKey]named                  // guarded by mu
	byPicture map[statement.Commitment][]identity.PublicKey // guarded by mu
	sorted    []identity.PublicKey                          // by name; nil when it is to be made anew; guarded by mu
}

// named is one member.
type named struct {
	name    string
	folded  string // for searches and for sorting
	picture statement.Commitment
	issued  int64 // of the profile, seconds
}

func newNames() *names {
	return &names{byKey: map[identity.PublicKey]named{}, byPicture: map[statement.Commitment][]identity.PublicKey{}}
}

// set takes a profile in. It reports whether others see a difference.
func (n *names) set(key identity.PublicKey, p *statement.Profile) bool {
	now := named{name: p.Name, folded: folded(p.Name), picture: p.Picture, issued: p.IssuedAt}
	n.mu.Lock()
	defer n.mu.Unlock()
	before, there := n.byKey[key]
	n.depictLocked(key, before.picture, now.picture)
	n.byKey[key] = now
	if !there || before.folded != now.folded {
		n.sorted = nil
	}
	return before.name != now.name || before.picture != now.picture
}

// depictLocked notes who has which picture. Two people may have the same.
func (n *names) depictLocked(key identity.PublicKey, before, now statement.Commitment) {
	if before == now {
		return
	}
	left := slices.DeleteFunc(slices.Clone(n.byPicture[before]), func(k identity.PublicKey) bool { return k == key })
	if n.byPicture[before] = left; len(left) == 0 {
		delete(n.byPicture, before)
	}
	if now != (statement.Commitment{}) {
		n.byPicture[now] = append(slices.Clone(n.byPicture[now]), key)
	}
}

// clear forgets everybody.
func (n *names) clear() {
	n.mu.Lock()
	defer n.mu.Unlock()
	clear(n.byKey)
	clear(n.byPicture)
	n.sorted = nil
}

// member is a key with its name and picture.
func (n *names) member(key identity.PublicKey) api.Member {
	n.mu.RLock()
	defer n.mu.RUnlock()
	m := n.byKey[key]
	return api.Member{Key: key, Name: m.name, Picture: m.picture}
}

// folded is a member's name without accents and capitals.
func (n *names) folded(key identity.PublicKey) string {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.byKey[key].folded
}

// issued is when the profile that is known of a member was signed.
func (n *names) issued(key identity.PublicKey) int64 {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.byKey[key].issued
}

// pictured is the members whose picture has a digest.
func (n *names) pictured(digest statement.Commitment) []identity.PublicKey {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.byPicture[digest]
}

// find is a page of those whose names hold a text, by name, and how many there are. Who is no member any more is left out.
func (n *names) find(query string, offset, limit int, isMember func(identity.PublicKey) bool) api.People {
	query = folded(query)
	page := api.People{People: []api.Member{}}
	n.mu.Lock()
	if n.sorted == nil {
		n.sortLocked()
	}
	sorted := n.sorted // never written to again
	n.mu.Unlock()
	n.mu.RLock()
	defer n.mu.RUnlock()
	for _, key := range sorted {
		m := n.byKey[key]
		if !strings.Contains(m.folded, query) || !isMember(key) {
			continue
		}
		if page.Count >= offset && len(page.People) < limit {
			page.People = append(page.People, api.Member{Key: key, Name: m.name, Picture: m.picture})
		}
		page.Count++
	}
	return page
}

func (n *names) sortLocked() {
	n.sorted = make([]identity.PublicKey, 0, len(n.byKey))
	for key := range n.byKey {
		n.sorted = append(n.sorted, key)
	}
	slices.SortFunc(n.sorted, func(a, b identity.PublicKey) int {
		return cmp.Or(cmp.Compare(n.byKey[a].folded, n.byKey[b].folded), cmp.Compare(a.String(), b.String()))
	})
}

// folded is a text without accents and capitals, for comparison only.
func folded(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKD.String(strings.TrimSpace(text)))
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
		n.set(st.Signer(), st.Body().(*statement.Profile))
	}
	return nil
}
