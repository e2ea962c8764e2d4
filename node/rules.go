package node

import (
	"context"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/invites"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
	"github.com/stoa-rooms/stoa/storage"
)

// ChangeRules implements server.Entry. Of two changes that go out from the same rules the second is refused.
func (c *community) ChangeRules(_ context.Context, founder identity.PublicKey, req api.ChangeRules) (api.Community, error) {
	st, rules, err := submitted(req.Rules, func(r *statement.Rules) int64 { return r.IssuedAt }, c.now())
	switch {
	case err != nil:
		return api.Community{}, err
	case st.Signer() != founder:
		return api.Community{}, reason.Reject(reason.StatementAuthority, "the rules are signed by somebody else")
	case req.Name.Commitment() != rules.Name:
		return api.Community{}, reason.Reject(reason.TextMismatch, "the rules commit to another community name")
	}
	err = c.journal.append(func(state invites.State) (draft, error) {
		now, _ := state.Rules()
		switch {
		case founder != state.Community():
			return draft{}, reason.Reject(reason.StatementAuthority, "only the founder changes the rules")
		case rules.Community == state.Community() && rules.Order <= now.Order:
			return draft{}, reason.Reject(reason.RulesStale, "rules of order %d, and %d are in force", rules.Order, now.Order)
		}
		return draft{statements: []statement.Statement{st}, with: storage.Batch{Texts: []statement.Text{req.Name}}}, nil
	})
	if err != nil {
		return api.Community{}, err
	}
	c.log.Info("the founder changed the rules", "order", rules.Order, "entry", rules.Entry)
	c.openDoor()
	state, _ := c.journal.fold()
	return c.about(state), nil
}

// copyRulesLocked puts the rules in force into this node's log, if it has them only from another's: what it says from
// then on goes by them, everywhere. A node that nobody has delegated yet says nothing.
func (j *journal) copyRulesLocked() {
	state, founded := j.fold()
	if node, ok := state.Node(j.key.Public()); !ok || node.Revoked {
		return
	}
	id, missing := state.RulesMissing(j.key.Public())
	if !founded || !missing {
		return
	}
	st, err := j.entry(id)
	if err == nil {
		err = j.writeLocked(state, draft{statements: []statement.Statement{st}})
	}
	if err != nil {
		j.log.Warn("the rules in force are not in this node's log yet", "error", err)
	}
}
