package client

import (
	"context"
	"net/http"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

// What moderators do is signed, wherever the room is hosted, and the events that it brings about carry the signed act. A
// session verifies each, by the roles that it has seen: see Verdict.

// End ends the room.
func (s *RoomSession) End(ctx context.Context) error { return s.self(ctx, api.ActEnd) }

// MuteAll closes the microphones of all speakers; not those of moderators.
func (s *RoomSession) MuteAll(ctx context.Context) error { return s.self(ctx, api.ActMuteAll) }

// LockStage closes the stage to those who raise a hand, or opens it to them again.
func (s *RoomSession) LockStage(ctx context.Context, on bool) error {
	return s.act(ctx, api.Action{Type: api.ActLockStage, Switch: switched(on)})
}

// AskMode makes every hand come with a question, or no longer.
func (s *RoomSession) AskMode(ctx context.Context, on bool) error {
	return s.act(ctx, api.Action{Type: api.ActAskMode, Switch: switched(on)})
}

// SlowMode sets the least time between two raisings of a hand by one person, in whole seconds from 5 s to an hour; 0 for
// none.
func (s *RoomSession) SlowMode(ctx context.Context, least time.Duration) error {
	return s.act(ctx, api.Action{Type: api.ActSlowMode, Duration: int64(least / time.Second)})
}

func switched(on bool) statement.Switch {
	if on {
		return statement.SwitchOn
	}
	return statement.SwitchOff
}

// OfferStage invites a listener to the stage.
func (s *RoomSession) OfferStage(ctx context.Context, who identity.PublicKey) error {
	return s.on(ctx, api.ActOffer, who)
}

// DismissHand takes somebody from the queue.
func (s *RoomSession) DismissHand(ctx context.Context, who identity.PublicKey) error {
	return s.on(ctx, api.ActDismissHand, who)
}

// Mute closes a speaker's microphone.
func (s *RoomSession) Mute(ctx context.Context, who identity.PublicKey) error {
	return s.on(ctx, api.ActMute, who)
}

// AskToUnmute asks somebody on the stage to open their microphone, which nobody else can.
func (s *RoomSession) AskToUnmute(ctx context.Context, who identity.PublicKey) error {
	return s.on(ctx, api.ActAskToUnmute, who)
}

// Move takes a speaker into the audience.
func (s *RoomSession) Move(ctx context.Context, who identity.PublicKey) error {
	return s.on(ctx, api.ActMove, who)
}

// Appoint makes a speaker a moderator.
func (s *RoomSession) Appoint(ctx context.Context, who identity.PublicKey) error {
	return s.on(ctx, api.ActAppoint, who)
}

// Withdraw makes a moderator a speaker, for the creator, who appointed them, or themselves.
func (s *RoomSession) Withdraw(ctx context.Context, who identity.PublicKey) error {
	return s.on(ctx, api.ActWithdraw, who)
}

// Remove takes somebody out of the room, for a minute to thirty days, or with 0 for as long as the room lives. The reason
// is one line that everybody in the room can read.
func (s *RoomSession) Remove(ctx context.Context, who identity.PublicKey, how time.Duration, why string) error {
	text := statement.NewText(why)
	return s.act(ctx, api.Action{Type: api.ActRemove, Target: &who, Duration: int64(how / time.Second), Reason: &text})
}

// LiftRemoval lets somebody who was removed come back.
func (s *RoomSession) LiftRemoval(ctx context.Context, who identity.PublicKey) error {
	return s.on(ctx, api.ActLift, who)
}

func (s *RoomSession) on(ctx context.Context, do api.ActionType, who identity.PublicKey) error {
	return s.act(ctx, api.Action{Type: do, Target: &who})
}

// verdictsKept is how many verdicts a session remembers: twice as many as Events may hold back.
const verdictsKept = 2 * eventQueue

// Verdict is what this session made of an event that it has handed on: whether the moderator's act with it is good. It is
// "" for an event that is no moderator's command, and for one so long ago that it is forgotten.
func (s *RoomSession) Verdict(event api.Event) api.Verdict {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.verdicts[event.Header().N]
}

// judgeLocked verifies the act of an event that has come.
func (s *RoomSession) judgeLocked(event api.Event) {
	if aside(event) {
		return
	}
	n := event.Header().N
	delete(s.verdicts, n-verdictsKept)
	if v := s.authority.Take(event); v != "" {
		s.verdicts[n] = v
	}
}

// LogLine is one line of a room's log, and what this session makes of it.
type LogLine struct {
	api.Order
	Verdict api.Verdict
}

// Log is what moderators did in the room, the oldest first, as much of it as the host keeps; and whom they keep out. Each
// line has been verified, from the create statement on.
func (s *RoomSession) Log(ctx context.Context) ([]LogLine, []api.Removal, error) {
	log, err := callAs[api.RoomLog](ctx, s.client, http.MethodGet, path(api.PathRoomLog, s.room), nil)
	if err != nil {
		return nil, nil, err
	}
	s.mu.Lock()
	verdicts := s.authority.Replay(log.Create, log.Orders)
	s.mu.Unlock()
	lines := make([]LogLine, len(log.Orders))
	for i, o := range log.Orders {
		lines[i] = LogLine{Order: o, Verdict: verdicts[i]}
	}
	return lines, log.Removals, nil
}
