package statement

import "github.com/stoa-rooms/stoa/identity"

// Revoke withdraws an invite (signed by its author) or a delegate (signed by the root).
type Revoke struct {
	Community identity.PublicKey `json:"aud"`
	IssuedAt  int64              `json:"iat"`
	Statement ID                 `json:"sub"`
	// Upto names, for a delegate, how much of the node's log still counts: what lies outside is void, so nobody
	// backdates. Empty for an invite.
	Upto []LogPrefix `json:"upto,omitzero"`
}

// LogPrefix is the first Size leaves of the log that node Log keeps, with their tree head.
type LogPrefix struct {
	Log  identity.PublicKey `json:"log"`
	Size int64              `json:"size"`
	Root Commitment         `json:"root"` // RFC 6962 tree head of that size
}

// Kind implements Body.
func (*Revoke) Kind() Kind { return KindRevoke }

func (r *Revoke) audience() string { return r.Community.String() }

func (r *Revoke) check() error {
	if err := since(r.IssuedAt); err != nil {
		return err
	}
	if len(r.Upto) > MaxPrefixes {
		return wrong("upto", "too many logs")
	}
	for i, p := range r.Upto {
		if err := within("size", p.Size, 0, MaxInt); err != nil {
			return err
		}
		for _, q := range r.Upto[:i] {
			if p.Log == q.Log {
				return wrong("upto", "one log twice")
			}
		}
	}
	return nil
}
