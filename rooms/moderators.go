package rooms

import (
	"slices"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
)

func (a Appoint) apply(t *turn) error {
	role, err := t.command(a.Who)
	if err != nil {
		return err
	}
	switch role {
	case Listener:
		return reason.Reject(reason.RoomState, "a listener becomes a speaker first")
	case Speaker:
		t.setRole(indexOf(t.stage, a.Who), Moderator, t.actor)
	case Moderator:
	}
	return nil
}

func (a Withdraw) apply(t *turn) error {
	role, err := t.command(a.Who)
	if err != nil {
		return err
	}
	if role != Moderator {
		return nil
	}
	i := indexOf(t.stage, a.Who)
	if a.Who != t.actor && t.config.Creator != t.actor && t.stage[i].By != t.actor {
		return reason.Reject(reason.RoomRank, "withdrawing a moderator whom another appointed")
	}
	if t.isLastModerator(a.Who) {
		return reason.Reject(reason.RoomRank, "withdrawing the last moderator")
	}
	t.setRole(i, Speaker, t.actor)
	return nil
}

// setRole changes the role of the i-th person on the stage. by is zero when the room does it.
func (t *turn) setRole(i int, role Role, by identity.PublicKey) {
	p := t.stage[i]
	p.Role = role
	p.By, p.Since = identity.PublicKey{}, 0
	if role == Moderator {
		p.By, p.Since = by, t.at
	}
	t.stage = replaced(t.stage, i, p)
	t.tell(RoleChanged{Key: p.Key, Role: role, By: by})
}

func isModerator(p StagePerson) bool { return p.Role == Moderator }

func (s State) isLastModerator(k identity.PublicKey) bool {
	others := func(p StagePerson) bool { return isModerator(p) && p.Key != k }
	i := indexOf(s.stage, k)
	return i >= 0 && isModerator(s.stage[i]) && !slices.ContainsFunc(s.stage, others)
}

// succeed makes sure that a living room has a moderator, connected or held: the stage is in the order of joining, so
// its first connected person has served longest. With an empty stage the room ends.
func (t *turn) succeed() {
	switch {
	case t.ended.Why != "" || slices.ContainsFunc(t.stage, isModerator):
	case len(t.stage) == 0:
		t.end(EndedEmpty, identity.PublicKey{})
	default:
		connected := func(p StagePerson) bool { return p.Connected }
		t.setRole(max(0, slices.IndexFunc(t.stage, connected)), Moderator, identity.PublicKey{})
	}
}
