package statement

import "github.com/stoa-rooms/stoa/identity"

// Admit accepts one join and makes a member. Signed by a node, with force only in its log.
type Admit struct {
	Community identity.PublicKey `json:"aud"`
	IssuedAt  int64              `json:"iat"`
	Member    identity.PublicKey `json:"sub"`
	Join      ID                 `json:"join"`
	Way       Entry              `json:"way"`              // "invite": the inviting member is the sponsor; "ask": who approved; "open": the root
	Approve   ID                 `json:"approve,omitzero"` // with "ask", and only then
}

// Kind implements Body.
func (*Admit) Kind() Kind { return KindAdmit }

func (a *Admit) audience() string { return a.Community.String() }

func (a *Admit) check() error {
	if err := all(since(a.IssuedAt), oneOf("way", a.Way, EntryInvite, EntryAsk, EntryOpen)); err != nil {
		return err
	}
	if (a.Way == EntryAsk) == a.Approve.IsZero() {
		return wrong("approve", "goes with the way ask, and only with it")
	}
	return nil
}
