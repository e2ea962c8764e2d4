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
	t.unname(a.Who)
	t.setRole(i, Speaker, t.actor)
	return nil
}

// Appointing is a new room whose creator appoints people with the opening: those whom its plan names. Each is on the stage
// as a moderator when they enter, muted, until they step down or are withdrawn.
func (s State) Appointing(people []identity.PublicKey) State {
	s.named = slices.DeleteFunc(slices.Clone(people), func(k identity.PublicKey) bool { return k == s.config.Creator })
	return s
}

// unname has somebody no more come in as a moderator.
func (t *turn) unname(k identity.PublicKey) {
	t.named = slices.DeleteFunc(slices.Clone(t.named), func(n identity.PublicKey) bool { return n == k })
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

// othersModerate reports whether a connected moderator is here beside k.
func (s State) othersModerate(k identity.PublicKey) bool {
	return slices.ContainsFunc(s.stage, func(p StagePerson) bool { return p.atWork() && p.Key != k })
}

// atWork reports whether somebody moderates now.
func (p StagePerson) atWork() bool { return isModerator(p) && p.Connected }

// succeed makes sure that a living room has a moderator on its stage, and a connected one within Grace if there is
// anybody who could be. The stage is in the order of joining, so its first connected person has served longest. With an
// empty stage the room ends.
func (t *turn) succeed() {
	if t.ended.Why != "" {
		return
	}
	if len(t.stage) == 0 {
		t.end(EndedEmpty, identity.PublicKey{})
		return
	}
	if slices.ContainsFunc(t.stage, StagePerson.atWork) {
		t.vacant = 0
		return
	}
	if t.vacant == 0 {
		t.vacant = t.at
	}
	next := slices.IndexFunc(t.stage, StagePerson.connected)
	awaited := slices.ContainsFunc(t.stage, isModerator)
	if awaited && (next < 0 || t.at < t.vacant+Grace) {
		return
	}
	t.setRole(max(0, next), Moderator, identity.PublicKey{})
	t.note(Order{At: t.at, Made: t.stage[max(0, next)].Key, Role: true})
	if next >= 0 {
		t.vacant = 0
	}
}

func (p StagePerson) connected() bool { return p.Connected }
