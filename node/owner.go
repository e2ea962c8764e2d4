package node

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"sync"
	"time"

	"github.com/stoa-rooms/stoa/reason"
)

// ownerLinkLife is how long a founding link is good for.
const ownerLinkLife = time.Hour

// ownerLink is the right to found a community on a node that has none. Its secret is new at each start, is accepted
// once, and is void after an hour. Only a hash is kept.
type ownerLink struct {
	mu      sync.Mutex
	hash    [sha256.Size]byte // guarded by mu; zero: no link is open
	expires time.Time         // guarded by mu
}

// open makes a new secret and voids the one before.
func (o *ownerLink) open(now time.Time) (secret string) {
	var raw [32]byte
	_, _ = rand.Read(raw[:]) // never fails since Go 1.24
	secret = base64.RawURLEncoding.EncodeToString(raw[:])
	o.mu.Lock()
	defer o.mu.Unlock()
	o.hash = sha256.Sum256([]byte(secret))
	o.expires = now.Add(ownerLinkLife)
	return secret
}

// check refuses a secret that is not the open link's.
func (o *ownerLink) check(secret string, now time.Time) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	hash := sha256.Sum256([]byte(secret))
	if o.hash == [sha256.Size]byte{} || subtle.ConstantTimeCompare(hash[:], o.hash[:]) != 1 {
		return reason.Reject(reason.OwnerLinkStale, "not the open owner link")
	}
	if !now.Before(o.expires) {
		return reason.Reject(reason.OwnerLinkStale, "the owner link expired at %s", o.expires.UTC().Format(time.RFC3339))
	}
	return nil
}

// close voids the link.
func (o *ownerLink) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.hash = [sha256.Size]byte{}
}
