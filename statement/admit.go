package statement

import "github.com/stoa-rooms/stoa/identity"

// Admit accepts one join and makes a member. Signed by a node, with force only in its log.
type Admit struct {
	Community identity.PublicKey `json:"aud"`
	IssuedAt  int64              `json:"iat"`
	Member    identity.PublicKey `json:"sub"`
	Join      ID                 `json:"join"`
	Way       Entry              `json:"way"` // "invite": the inviting member is the sponsor
}

// Kind implements Body.
func (*Admit) Kind() Kind { return KindAdmit }

func (a *Admit) audience() string { return a.Community.String() }

func (a *Admit) check() error {
	return all(since(a.IssuedAt), oneOf("way", a.Way, EntryInvite, EntryAsk, EntryOpen))
}
