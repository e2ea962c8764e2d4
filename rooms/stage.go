package rooms

import (
	"slices"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
)

// StagePerson is somebody on the stage.
type StagePerson struct {
	Key       identity.PublicKey
	Number    uint32
	Role      Role // Moderator or Speaker
	Muted     bool // always, while not connected
	Connected bool
	Until     int64              // for how long the place is held, Unix milliseconds; 0 while connected
	By        identity.PublicKey // the moderator who made them one; zero for the creator and whom the room appointed
	Since     int64              // when they became a moderator, Unix milliseconds; 0 for a speaker
	Asked     int64              // when they were last asked to unmute, Unix milliseconds
	Hushed    bool               // muted by a moderator: they may unmute themselves, but see Speak
}

func (p StagePerson) key() identity.PublicKey { return p.Key }

// Stage is the people on the stage, in the order in which they joined it.
func (s State) Stage() []StagePerson { return slices.Clone(s.stage) }

// MaySend reports whether k may be heard: on the stage, connected and not muted, in a room that lives. The permission
// to send audio comes from here and from nowhere else.
func (s State) MaySend(k identity.PublicKey) bool {
	i := indexOf(s.stage, k)
	return i >= 0 && s.stage[i].Connected && !s.stage[i].Muted
}

func (StepDown) apply(t *turn) error {
	if err := t.here(); err != nil {
		return err
	}
	if t.isLastModerator(t.actor) {
		return reason.Reject(reason.RoomRank, "the last moderator steps down")
	}
	t.unname(t.actor)
	t.toAudience(StageLeft{Key: t.actor, Why: LeftSteppedDown})
	return nil
}

func (MuteSelf) apply(t *turn) error { return t.setOwnMicrophone(true) }

func (Unmute) apply(t *turn) error { return t.setOwnMicrophone(false) }

func (Speak) apply(t *turn) error {
	if i := indexOf(t.stage, t.actor); i >= 0 && t.stage[i].Hushed {
		return reason.Reject(reason.RoomHushed, "")
	}
	return t.setOwnMicrophone(false)
}

func (a Mute) apply(t *turn) error {
	role, err := t.command(a.Who)
	if err != nil {
		return err
	}
	switch role {
	case Moderator:
		return reason.Reject(reason.RoomRank, "muting a moderator")
	case Listener:
		return reason.Reject(reason.RoomState, "a listener has no microphone")
	case Speaker:
		t.setMuted(indexOf(t.stage, a.Who), true, t.actor)
	}
	return nil
}

func (MuteAll) apply(t *turn) error {
	if err := t.moderates(); err != nil {
		return err
	}
	for i, p := range t.stage {
		if p.Role == Speaker {
			t.setMuted(i, true, t.actor)
		}
	}
	return nil
}

func (a AskToUnmute) apply(t *turn) error {
	role, err := t.command(a.Who)
	if err != nil {
		return err
	}
	if role == Listener {
		return reason.Reject(reason.RoomState, "a listener has no microphone")
	}
	i := indexOf(t.stage, a.Who)
	p := t.stage[i]
	if !p.Muted || p.Asked != 0 && t.at < p.Asked+AskAgain {
		return nil
	}
	p.Asked = t.at
	t.stage = replaced(t.stage, i, p)
	t.tell(UnmuteAsked{Key: p.Key, By: t.actor})
	return nil
}

func (a Move) apply(t *turn) error {
	role, err := t.command(a.Who)
	if err != nil {
		return err
	}
	if role == Moderator {
		return reason.Reject(reason.RoomRank, "moving a moderator")
	}
	t.toAudience(StageLeft{Key: a.Who, Why: LeftMoved, By: t.actor})
	return nil
}

func (End) apply(t *turn) error {
	if err := t.moderates(); err != nil {
		return err
	}
	t.end(EndedByModerator, t.actor)
	return nil
}

func (t *turn) setOwnMicrophone(muted bool) error {
	if err := t.here(); err != nil {
		return err
	}
	i := indexOf(t.stage, t.actor)
	if i < 0 {
		return reason.Reject(reason.RoomRole, "a listener has no microphone")
	}
	t.setMuted(i, muted, identity.PublicKey{})
	return nil
}

func (t *turn) setMuted(i int, muted bool, by identity.PublicKey) {
	p := t.stage[i]
	if p.Muted == muted {
		return
	}
	p.Muted, p.Hushed = muted, muted && !by.IsZero()
	t.stage = replaced(t.stage, i, p)
	if muted {
		t.tell(Muted{Key: p.Key, By: by})
	} else {
		t.tell(Unmuted{Key: p.Key})
	}
}

// connectStage gives somebody on the stage their place again. Whoever enters is muted, even if they were here.
func (t *turn) connectStage(i int) {
	t.setMuted(i, true, identity.PublicKey{})
	p := t.stage[i]
	if p.Connected {
		return
	}
	p.Connected, p.Until = true, 0
	t.stage = replaced(t.stage, i, p)
	t.tell(Connection{Key: p.Key, Connected: true})
}

// disconnectStage mutes somebody and holds their place that long.
func (t *turn) disconnectStage(i int, hold int64) {
	t.setMuted(i, true, identity.PublicKey{})
	p := t.stage[i]
	if !p.Connected {
		return
	}
	p.Connected, p.Until = false, t.at+hold
	t.stage = replaced(t.stage, i, p)
	t.tell(Connection{Key: p.Key, Connected: false})
}

// toAudience takes somebody, if they are on it, off the stage and lets them listen on.
func (t *turn) toAudience(e StageLeft) {
	i := indexOf(t.stage, e.Key)
	if i < 0 {
		return
	}
	p := t.stage[i]
	t.leaveStage(e)
	if p.Connected {
		t.seat(p.Key, p.Number)
	}
}

// leaveStage takes somebody off the stage and out of the room.
func (t *turn) leaveStage(e StageLeft) {
	if i := indexOf(t.stage, e.Key); i >= 0 {
		t.stage = without(t.stage, i)
		t.tell(e)
	}
}
