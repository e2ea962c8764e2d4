package statement

import "github.com/stoa-rooms/stoa/identity"

// Entry is how strangers may become members.
type Entry string

// The ways in: by a member's invite; by asking, which a steward approves; or by joining.
const (
	EntryInvite Entry = "invite"
	EntryAsk    Entry = "ask"
	EntryOpen   Entry = "open"
)

// Rules are the numbers a community lives by. Signed by the root; of several the highest order holds.
type Rules struct {
	Community   identity.PublicKey `json:"aud"`
	IssuedAt    int64              `json:"iat"`
	Order       int64              `json:"order"`
	Name        Commitment         `json:"name"` // of the community's name
	Entry       Entry              `json:"entry"`
	AdmitSlots  int64              `json:"admit_slots"`  // invites a member begins with
	PeriodSlots int64              `json:"period_slots"` // invites earned in a period
	Period      int64              `json:"period"`       // seconds, counted from the member's admit
	InviteLife  int64              `json:"invite_life"`  // the longest exp - iat of an invite, seconds
	HostPeople  int64              `json:"host_people"`  // people from different subtrees that make hosting count
	HostTime    int64              `json:"host_time"`    // seconds of hosting that earn
	SpeakTime   int64              `json:"speak_time"`   // seconds of speaking that earn
	Probation   int64              `json:"probation"`    // seconds since the admit
}

// Kind implements Body.
func (*Rules) Kind() Kind { return KindRules }

func (r *Rules) audience() string { return r.Community.String() }

func (r *Rules) check() error {
	return all(
		since(r.IssuedAt),
		within("order", r.Order, 1, MaxInt),
		oneOf("entry", r.Entry, EntryInvite, EntryAsk, EntryOpen),
		within("admit_slots", r.AdmitSlots, 0, MaxSlots),
		within("period_slots", r.PeriodSlots, 0, MaxSlots),
		within("period", r.Period, 3600, MaxSpan),
		within("invite_life", r.InviteLife, 60, MaxSpan),
		within("host_people", r.HostPeople, 1, 1000),
		within("host_time", r.HostTime, 0, MaxSpan),
		within("speak_time", r.SpeakTime, 0, MaxSpan),
		within("probation", r.Probation, 0, MaxSpan),
	)
}
