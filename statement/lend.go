package statement

import "github.com/stoa-rooms/stoa/identity"

// MaxLendLife is how long, in seconds, a member may lend their voice for: twelve hours.
const MaxLendLife = 12 * 3600

// Lend lets the member's home node open their microphone in one room, for programs of theirs that the home knows by a
// token and that hold no key. It does not lift a moderator's mute. Signed by the member. Never logged.
type Lend struct {
	Room     ID                 `json:"aud"`
	IssuedAt int64              `json:"iat"`
	Expires  int64              `json:"exp"` // at most MaxLendLife after iat
	Home     identity.PublicKey `json:"home"`
}

// Kind implements Body.
func (*Lend) Kind() Kind { return KindLend }

func (l *Lend) audience() string { return l.Room.String() }

func (l *Lend) check() error {
	return all(since(l.IssuedAt), soon(l.IssuedAt, l.Expires, MaxLendLife))
}
