package statement

import "github.com/stoa-rooms/stoa/identity"

// Enter takes a member into one room by way of their home node, once. Signed by the member over the nonce that the host
// gave for this entry. Never logged.
type Enter struct {
	Room     ID                 `json:"aud"`
	IssuedAt int64              `json:"iat"`
	Epoch    int64              `json:"epoch"` // of the host, from 1
	Home     identity.PublicKey `json:"home"`
	Host     identity.PublicKey `json:"host"`
	Nonce    string             `json:"nonce"`
}

// Kind implements Body.
func (*Enter) Kind() Kind { return KindEnter }

func (e *Enter) audience() string { return e.Room.String() }

func (e *Enter) check() error {
	return all(since(e.IssuedAt), epoch(e.Epoch), matches("nonce", e.Nonce, jtiPattern))
}
