package statement

import (
	"slices"

	"github.com/stoa-rooms/stoa/identity"
)

// MaxSuccessors is how many nodes may be in line for a room.
const MaxSuccessors = 5

// Succession is the list of nodes that may claim a room when its host is lost, the first one first. Signed by the host
// of the epoch. Never logged; a claim travels with it.
type Succession struct {
	Room     ID                   `json:"aud"`
	IssuedAt int64                `json:"iat"`
	Epoch    int64                `json:"epoch"`
	Number   int64                `json:"n"` // of this host's lists in this epoch, from 1, rising
	Nodes    []identity.PublicKey `json:"nodes"`
}

// Kind implements Body.
func (*Succession) Kind() Kind { return KindSuccession }

func (s *Succession) audience() string { return s.Room.String() }

func (s *Succession) check() error {
	if err := all(since(s.IssuedAt), epoch(s.Epoch), within("n", s.Number, 1, MaxInt)); err != nil {
		return err
	}
	if len(s.Nodes) > MaxSuccessors {
		return wrong("nodes", "too many")
	}
	for i, n := range s.Nodes {
		if slices.Contains(s.Nodes[:i], n) {
			return wrong("nodes", "one node twice")
		}
	}
	return nil
}
