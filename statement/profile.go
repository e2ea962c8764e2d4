package statement

import "github.com/stoa-rooms/stoa/identity"

// Profile is what a member says of themselves. Signed by the member, replaced by a later one, never logged.
type Profile struct {
	Community identity.PublicKey `json:"aud"`
	IssuedAt  int64              `json:"iat"`
	Name      string             `json:"name"` // what a name may look like is the API's business; here 1 to 400 bytes
}

// Kind implements Body.
func (*Profile) Kind() Kind { return KindProfile }

func (p *Profile) audience() string { return p.Community.String() }

func (p *Profile) check() error { return all(since(p.IssuedAt), length("name", p.Name, 1, 400)) }
