package statement

import "github.com/stoa-rooms/stoa/identity"

// Redeem binds an invite to the one member who uses it. Signed by the invite's one-time key, carried inside a join.
type Redeem struct {
	Community identity.PublicKey `json:"aud"`
	Invite    ID                 `json:"invite"`
	Member    identity.PublicKey `json:"sub"`
}

// Kind implements Body.
func (*Redeem) Kind() Kind { return KindRedeem }

func (r *Redeem) audience() string { return r.Community.String() }

func (*Redeem) check() error { return nil }
