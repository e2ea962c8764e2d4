package statement

import "github.com/stoa-rooms/stoa/identity"

// Invite spends one slot on a one-time key. Signed by a member. Whoever holds the private half may join, once.
type Invite struct {
	Community identity.PublicKey `json:"aud"`
	IssuedAt  int64              `json:"iat"`
	Expires   int64              `json:"exp"`
	Key       identity.PublicKey `json:"key"` // the one-time key; its private half is in the link's fragment
	Grant     ID                 `json:"grant"`
	Slot      int64              `json:"slot"`
	Note      Commitment         `json:"note,omitzero"` // of the author's note: for whom it is
}

// Kind implements Body.
func (*Invite) Kind() Kind { return KindInvite }

func (i *Invite) audience() string { return i.Community.String() }

func (i *Invite) check() error {
	return all(since(i.IssuedAt), after(i.IssuedAt, i.Expires), within("slot", i.Slot, 0, MaxSlots-1))
}
