package node

import (
	"fmt"

	"github.com/stoa-rooms/stoa/invites"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/statement"
)

// prove is what proves, to a node that knows nothing, whose a room is: of a room of this community from the log, of
// another's as it was announced.
func (n *network) prove(r *room) (rooms.Bundle, error) {
	if !r.proof.Create.IsZero() {
		return r.proof, nil
	}
	state, founded := n.journal.fold()
	if !founded || state.Community() != r.body().Community {
		return rooms.Bundle{}, reason.Reject(reason.RoomUnknown, "%s was never announced here", r.id)
	}
	host, ok := state.Node(r.body().Node)
	if !ok {
		return rooms.Bundle{}, reason.Reject(reason.StatementAuthority, "%s is no node of this community", r.body().Node)
	}
	b := rooms.Bundle{Create: r.create, Title: r.title}
	var err error
	if b.Delegate, err = n.journal.entry(host.Delegate); err != nil {
		return rooms.Bundle{}, err
	}
	if b.Rules, err = n.rules(state); err != nil {
		return rooms.Bundle{}, err
	}
	if b.Name, _, err = n.journal.store.Text(b.Rules.Body().(*statement.Rules).Name); err != nil {
		return rooms.Bundle{}, fmt.Errorf("node: %w", err)
	}
	return b, nil
}

// rules is the statement of the rules in force.
func (n *network) rules(state invites.State) (statement.Statement, error) {
	inForce, ok := state.Rules()
	if !ok {
		return statement.Statement{}, reason.Reject(reason.FoundedNot, "the community's rules are not here yet")
	}
	for _, id := range state.Roots() {
		st, err := n.journal.entry(id)
		if err != nil {
			return statement.Statement{}, err
		}
		if r, ok := st.Body().(*statement.Rules); ok && r.Order == inForce.Order {
			return st, nil
		}
	}
	return statement.Statement{}, reason.Reject(reason.FoundedNot, "the rules in force are in no log")
}
