package statement

import "github.com/stoa-rooms/stoa/identity"

// Delegate makes a key a node of the community. Signed by the root.
type Delegate struct {
	Community identity.PublicKey `json:"aud"`
	IssuedAt  int64              `json:"iat"` // seconds since 1970 (RFC 7519 NumericDate), as all times here
	Expires   int64              `json:"exp"` // after it the node says nothing new
	Node      identity.PublicKey `json:"sub"`
	Order     int64              `json:"order"` // unique among the root's delegates; of conflicting admits the lower wins
}

// Kind implements Body.
func (*Delegate) Kind() Kind { return KindDelegate }

func (d *Delegate) audience() string { return d.Community.String() }

func (d *Delegate) check() error {
	return all(since(d.IssuedAt), after(d.IssuedAt, d.Expires), within("order", d.Order, 1, MaxInt))
}
