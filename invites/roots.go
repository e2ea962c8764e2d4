package invites

import (
	"iter"
	"slices"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

// Roots are the ids of what the root said, in the order in which it was folded.
func (s State) Roots() []statement.ID {
	ids := make([]statement.ID, len(s.roots))
	for i, p := range s.roots {
		ids[i] = p.id
	}
	return ids
}

// Nodes are the nodes that the root ever delegated to, each once; see [State.Node].
func (s State) Nodes() iter.Seq[Node] {
	return func(yield func(Node) bool) {
		var seen []identity.PublicKey
		for _, d := range s.delegates {
			if slices.Contains(seen, d.node) {
				continue
			}
			seen = append(seen, d.node)
			if n, _ := s.Node(d.node); !yield(n) {
				return
			}
		}
	}
}
