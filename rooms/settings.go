package rooms

import (
	"github.com/stoa-rooms/stoa/reason"
)

// MaxSlow is the most, in seconds, that slow mode asks of somebody between two raisings of a hand.
const MaxSlow = 3600

// Settings is how open the stage is to those who listen. Moderators change it; the zero value is a stage that anybody may
// ask to come to.
type Settings struct {
	Locked bool  `json:"locked,omitzero"` // no hand is raised
	Ask    bool  `json:"ask,omitzero"`    // a hand comes with a question
	Slow   int64 `json:"slow,omitzero"`   // least seconds between two raisings of a hand by one person
}

// Settings is how open the stage is.
func (s State) Settings() Settings { return s.settings }

func (a Lock) apply(t *turn) error { return t.set(func(s *Settings) { s.Locked = a.On }) }

func (a AskMode) apply(t *turn) error { return t.set(func(s *Settings) { s.Ask = a.On }) }

func (a SlowMode) apply(t *turn) error {
	if a.Seconds < 0 || a.Seconds > MaxSlow {
		return reason.Reject(reason.RequestInvalid, "%d seconds between two hands; up to %d", a.Seconds, MaxSlow)
	}
	return t.set(func(s *Settings) { s.Slow = a.Seconds })
}

func (t *turn) set(how func(*Settings)) error {
	if err := t.moderates(); err != nil {
		return err
	}
	next := t.settings
	how(&next)
	if next == t.settings {
		return nil
	}
	if next.Slow == 0 {
		t.raised = empty(t.config, t.at).raised
	}
	t.settings = next
	t.tell(SettingsChanged{Settings: next, By: t.actor})
	return nil
}

// mayAsk refuses a hand that the settings do not allow.
func (t *turn) mayAsk(question string) error {
	switch {
	case t.settings.Locked:
		return reason.Reject(reason.RoomLocked, "")
	case t.settings.Ask && question == "":
		return reason.Reject(reason.RoomQuestion, "")
	}
	if last, ok := t.raised.Get(t.actor); ok {
		if wait := last + t.settings.Slow*1000 - t.at; wait > 0 {
			return reason.Reject(reason.RoomSlow, "again in %d s", (wait+999)/1000)
		}
	}
	return nil
}

// noteRaised remembers, in slow mode, that the actor has raised a hand. Whoever may raise one again is forgotten when
// there are more of them than people can be in the room.
func (t *turn) noteRaised() {
	if t.settings.Slow == 0 {
		return
	}
	if t.raised.Len() >= t.config.Limits.people() {
		for it := t.raised.Iterator(); !it.Done(); {
			if k, at, _ := it.Next(); at+t.settings.Slow*1000 <= t.at {
				t.raised = t.raised.Delete(k)
			}
		}
	}
	if t.raised.Len() < t.config.Limits.people() {
		t.raised = t.raised.Set(t.actor, t.at)
	}
}

// isAboutRoles reports whether an action makes or unmakes moderators.
func isAboutRoles(do Action) bool {
	switch do.(type) {
	case Appoint, Withdraw:
		return true
	default:
		return false
	}
}
