package statement

import "github.com/stoa-rooms/stoa/identity"

// Join asks to become a member, by an invite or, without a redeem, by nobody's. Signed by the new member.
type Join struct {
	Community identity.PublicKey `json:"aud"`
	IssuedAt  int64              `json:"iat"`
	Redeem    string             `json:"redeem,omitzero"` // a Redeem in compact serialization

	redeem Statement // parsed by carry
}

// Kind implements Body.
func (*Join) Kind() Kind { return KindJoin }

func (j *Join) audience() string { return j.Community.String() }

// Redeemed is the redeem that the join carries, the zero Statement without one: parsed, and signed by its kid. Whether that is the invite's key is for
// whoever knows the invite.
func (j *Join) Redeemed() Statement { return j.redeem }

func (j *Join) check() error { return since(j.IssuedAt) }

// carry reads the redeem.
func (j *Join) carry(p *Parser) error {
	if j.Redeem == "" {
		return nil
	}
	redeem, err := p.parse(j.Redeem, KindRedeem)
	if err != nil {
		return err
	}
	j.redeem = redeem
	return nil
}
