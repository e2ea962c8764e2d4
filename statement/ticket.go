package statement

import "github.com/stoa-rooms/stoa/identity"

// MaxTicketLife is how long, in seconds, a ticket may be good for.
const MaxTicketLife = 60

// Ticket says that a member of the signing home node is connected there and wants into a room: it vouches for one enter.
// Signed by the home node. Never logged.
type Ticket struct {
	Room     ID                 `json:"aud"`
	IssuedAt int64              `json:"iat"`
	Expires  int64              `json:"exp"` // at most MaxTicketLife after iat
	Host     identity.PublicKey `json:"host"`
	Member   identity.PublicKey `json:"sub"`
	Enter    ID                 `json:"enter"`
}

// Kind implements Body.
func (*Ticket) Kind() Kind { return KindTicket }

func (t *Ticket) audience() string { return t.Room.String() }

func (t *Ticket) check() error {
	return all(since(t.IssuedAt), soon(t.IssuedAt, t.Expires, MaxTicketLife))
}
