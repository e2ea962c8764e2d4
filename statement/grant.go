package statement

import "github.com/stoa-rooms/stoa/identity"

// Why says what a grant rewards.
type Why string

// What earns invites.
const (
	WhyAdmission Why = "admission"
	WhyHosting   Why = "hosting"
	WhySpeaking  Why = "speaking"
)

// Grant gives a member slots to invite with. Signed by a node. Grants of one (member, why, period) are one grant.
type Grant struct {
	Community identity.PublicKey `json:"aud"`
	IssuedAt  int64              `json:"iat"`
	Member    identity.PublicKey `json:"sub"`
	Slots     int64              `json:"slots"` // numbered 0 to Slots-1
	Why       Why                `json:"why"`
	Period    int64              `json:"period"` // 0 for admission, else the number of the period since the admit
}

// Kind implements Body.
func (*Grant) Kind() Kind { return KindGrant }

func (g *Grant) audience() string { return g.Community.String() }

func (g *Grant) check() error {
	if err := all(
		since(g.IssuedAt),
		within("slots", g.Slots, 1, MaxSlots),
		oneOf("why", g.Why, WhyAdmission, WhyHosting, WhySpeaking),
		within("period", g.Period, 0, MaxInt),
	); err != nil {
		return err
	}
	if (g.Why == WhyAdmission) && g.Period != 0 {
		return wrong("period", "a grant on admission has period 0")
	}
	return nil
}
