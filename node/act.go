package node

import (
	"crypto/rand"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// act is a signed action that has been checked; only the nonce and the number are left to the room.
type act struct {
	member    identity.PublicKey
	nonce     string
	number    int64
	action    api.Action
	statement statement.Statement
}

// readAct checks a signed action in a room, with the reason beside it if there is one.
func readAct(text string, why *api.Text, room statement.ID, now time.Time) (act, error) {
	st, body, err := submitted(text, func(a *statement.Act) int64 { return a.IssuedAt }, now)
	if err != nil {
		return act{}, err
	}
	switch {
	case body.Room != room:
		return act{}, reason.Reject(reason.StatementAudience, "an act in another room")
	case body.IssuedAt < seconds(now)-fresh:
		return act{}, reason.Reject(reason.ActReplayed, "signed %d s ago", seconds(now)-body.IssuedAt)
	case (why == nil) != (body.Reason == nil), why != nil && why.Commitment() != *body.Reason:
		return act{}, reason.Reject(reason.TextMismatch, "the act does not commit to this reason")
	}
	a := act{member: st.Signer(), nonce: body.Nonce, number: body.Number, action: actionOf(st, why), statement: st}
	return a, a.action.Check()
}

// actionOf is a signed action as the API has it.
func actionOf(st statement.Statement, why *api.Text) api.Action {
	body := st.Body().(*statement.Act)
	action := api.Action{Type: api.ActionType(body.Do), Question: body.Question, Entry: body.Entry, Reaction: api.Reaction(body.Reaction), Reason: why}
	if target := body.Target; action.Type.Targeted() || target != st.Signer() {
		action.Target = &target
	}
	if body.Duration != nil {
		action.Duration = *body.Duration
	}
	if body.Switch != nil {
		action.Switch = *body.Switch
	}
	return action
}

// says refuses an act that is not the action it came with, by the member who asks for it.
func (a act) says(member identity.PublicKey, action api.Action) error {
	same := a.action.Type == action.Type && a.action.Question == action.Question && a.action.Reaction == action.Reaction &&
		a.action.Entry == action.Entry && a.action.Duration == action.Duration && a.action.Switch == action.Switch &&
		(a.action.Target == nil) == (action.Target == nil) && (action.Target == nil || *action.Target == *a.action.Target)
	switch {
	case a.member != member:
		return reason.Reject(reason.StatementAuthority, "the act is another's")
	case !same:
		return reason.Reject(reason.RequestInvalid, "the act says something else")
	}
	return nil
}

// visit is one entry of a member: the nonce that the host gave for it, and the number of their last act.
type visit struct {
	nonce  string
	number int64
}

// take takes an act if nobody has seen it: under the nonce of the entry, with a number above the last.
func (v *visit) take(a act) error {
	if v.nonce != a.nonce || a.number <= v.number {
		return reason.Reject(reason.ActReplayed, "number %d after %d", a.number, v.number)
	}
	v.number = a.number
	return nil
}

// maxVisits bounds the entries that a host remembers of its own members. Those whose listeners have gone are kept, because
// a client that comes back resumes with the nonce it has.
const maxVisits = 20_000

// visitOf begins a new entry of a member of this node: with the snapshot that tells them its nonce.
func (h *hosting) visitOf(member identity.PublicKey) *visit {
	if len(h.visits) >= maxVisits {
		for who := range h.visits {
			if _, here := h.state.Role(who); !here {
				delete(h.visits, who)
			}
		}
	}
	v := &visit{nonce: rand.Text()}
	h.visits[member] = v
	return v
}

// allow is a member's act, as the room may do it: signed where it has to be, and not said before.
func (h *hosting) allow(actor identity.PublicKey, action api.Action, signed *act) (statement.Statement, error) {
	if signed == nil {
		if action.Type.Moderates() {
			return statement.Statement{}, reason.Reject(reason.RoomUnsigned, "")
		}
		return statement.Statement{}, nil
	}
	v := h.visits[actor]
	switch {
	case h.state.Removed(actor):
		return statement.Statement{}, h.removedError(actor)
	case v == nil:
		return statement.Statement{}, reason.Reject(reason.RoomNotHere, "")
	}
	return signed.statement, v.take(*signed)
}
