package statement

import "github.com/stoa-rooms/stoa/identity"

// Approve lets somebody in who asked: the steward who signs it answers for them. It has force once a node has admitted
// them by it.
type Approve struct {
	Community identity.PublicKey `json:"aud"`
	IssuedAt  int64              `json:"iat"`
	Member    identity.PublicKey `json:"sub"`
	Join      ID                 `json:"join"` // without a redeem, signed by Member
}

// Kind implements Body.
func (*Approve) Kind() Kind { return KindApprove }

func (a *Approve) audience() string { return a.Community.String() }

func (a *Approve) check() error { return since(a.IssuedAt) }
