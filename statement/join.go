package statement

import "github.com/stoa-rooms/stoa/identity"

// Join asks to become a member, by an invite or, without a redeem, by nobody's. Signed by the new member.
type Join struct {
	Community identity.PublicKey `json:"aud"`
	IssuedAt  int64              `json:"iat"`
	Redeem    string             `json:"redeem,omitzero"` // a Redeem in compact serialization

	redeem Statement // parsed by check
}

// Kind implements Body.
func (*Join) Kind() Kind { return KindJoin }

func (j *Join) audience() string { return j.Community.String() }

// Redeemed is the redeem that the join carries, the zero Statement without one: parsed, and signed by its kid. Whether that is the invite's key is for
// whoever knows the invite.
func (j *Join) Redeemed() Statement { return j.redeem }

func (j *Join) check() error {
	if err := since(j.IssuedAt); err != nil {
		return err
	}
	if j.Redeem == "" {
		return nil
	}
	redeem, err := ParseKind[*Redeem](j.Redeem)
	if err != nil {
		return err
	}
	j.redeem = redeem
	return nil
}
