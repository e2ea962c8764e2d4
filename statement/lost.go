package statement

import "github.com/stoa-rooms/stoa/identity"

// Lost says that a listed node has lost the room's host. Signed by that node, at most once an epoch, and never while its
// own stream to the host lives. Never logged; a claim travels with it.
type Lost struct {
	Room     ID                 `json:"aud"`
	IssuedAt int64              `json:"iat"`
	Epoch    int64              `json:"epoch"` // of the host that is lost
	Host     identity.PublicKey `json:"sub"`
}

// Kind implements Body.
func (*Lost) Kind() Kind { return KindLost }

func (l *Lost) audience() string { return l.Room.String() }

func (l *Lost) check() error { return all(since(l.IssuedAt), epoch(l.Epoch)) }
