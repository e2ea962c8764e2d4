package node

import (
	"context"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/media"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/rooms"
)

// enter takes a member into the room: their connection is their presence. It resumes after event number since of a run
// if it can, and begins with a snapshot else.
func (r *room) enter(ctx context.Context, member identity.PublicKey, run string, since int64) (*subscription, error) {
	var sub *subscription
	err := r.do(ctx, func() error { //nolint:contextcheck // leaving comes long after the request that entered
		// Entering from elsewhere must not read as leaving, so the old connection ends first.
		r.stream.close(member, reason.Reject(reason.RoomReplaced, ""))
		if err := r.apply(member, rooms.Enter{}); err != nil {
			return err
		}
		sub = r.stream.open(member, r.left(member))
		if missed, ok := r.stream.since(run, since); ok {
			for _, event := range missed {
				sub.offer(event)
			}
			return nil
		}
		sub.offer(r.snapshot(member, millis(r.now())))
		return nil
	})
	return sub, err
}

// left is what happens when a subscription is closed from the client's side.
func (r *room) left(member identity.PublicKey) func(*subscription) {
	return func(sub *subscription) {
		// The loop may be over, or the subscription may have been replaced; then nobody has left.
		_ = r.do(context.Background(), func() error {
			if r.stream.subs[member] != sub {
				return nil
			}
			r.stream.close(member, nil)
			r.must(rooms.Command{Actor: member, Do: rooms.Disconnect{}})
			return nil
		})
	}
}

// act is one command of a member.
func (r *room) act(ctx context.Context, actor identity.PublicKey, action api.Action) error {
	do, err := command(action)
	if err != nil {
		return err
	}
	return r.do(ctx, func() error {
		if err := r.apply(actor, do); err != nil {
			return err
		}
		if action.Type == api.ActLeave {
			r.stream.close(actor, nil)
		}
		return nil
	})
}

// command is an action of the API as the state machine takes it.
func command(action api.Action) (rooms.Action, error) {
	switch action.Type {
	case api.ActRaiseHand:
		if action.Question != "" {
			if err := api.CheckQuestion(action.Question); err != nil {
				return nil, err
			}
		}
		return rooms.RaiseHand{Question: action.Question}, nil
	case api.ActLowerHand:
		return rooms.LowerHand{}, nil
	case api.ActAcceptOffer:
		return rooms.AcceptOffer{}, nil
	case api.ActDeclineOffer:
		return rooms.DeclineOffer{}, nil
	case api.ActStepDown:
		return rooms.StepDown{}, nil
	case api.ActMuteSelf:
		return rooms.MuteSelf{}, nil
	case api.ActUnmute:
		return rooms.Unmute{}, nil
	case api.ActLeave:
		return rooms.Leave{}, nil
	case api.ActEnd:
		return rooms.End{}, nil
	default:
		return commandOn(action)
	}
}

// commandOn is an action on somebody else.
func commandOn(action api.Action) (rooms.Action, error) {
	if action.Target == nil {
		return nil, reason.Reject(reason.RequestInvalid, "the action %q needs a target", action.Type)
	}
	who := *action.Target
	switch action.Type {
	case api.ActOffer:
		return rooms.Offer{Who: who}, nil
	case api.ActDismissHand:
		return rooms.DismissHand{Who: who}, nil
	case api.ActMute:
		return rooms.Mute{Who: who}, nil
	case api.ActMove:
		return rooms.Move{Who: who}, nil
	case api.ActAppoint:
		return rooms.Appoint{Who: who}, nil
	case api.ActWithdraw:
		return rooms.Withdraw{Who: who}, nil
	case api.ActRemove:
		return rooms.Remove{Who: who}, nil
	default:
		return nil, reason.Reject(reason.RequestInvalid, "no such action: %q", action.Type)
	}
}

// offer connects a member's audio. Only somebody whose events are connected has a place in the room to connect it to.
func (r *room) offer(ctx context.Context, member identity.PublicKey, sdp string, compat bool) (answer, leg string, err error) {
	var number uint32
	if err := r.do(ctx, func() error {
		n, ok := r.state.Number(member)
		switch {
		case r.state.Removed(member):
			return reason.Reject(reason.RoomRemoved, "")
		case !ok || !r.state.Present(member):
			return reason.Reject(reason.RoomNotHere, "")
		}
		number = n
		r.numbers[member] = n
		return nil
	}); err != nil {
		return "", "", err
	}
	answer, id, err := r.media.Offer(ctx, number, sdp, media.Options{Compat: compat})
	if err != nil {
		return "", "", err
	}
	// The member may have gone while the answer was made; then the new connection goes too.
	if err := r.do(ctx, func() error {
		if r.numbers[member] != number {
			return reason.Reject(reason.RoomNotHere, "")
		}
		return nil
	}); err != nil {
		r.media.Drop(number)
		return "", "", err
	}
	return answer, string(id), nil
}

// closeLeg ends one media connection of a member, if it still is the one named.
func (r *room) closeLeg(ctx context.Context, member identity.PublicKey, leg string) error {
	return r.do(ctx, func() error {
		number, ok := r.numbers[member]
		if !ok {
			return reason.Reject(reason.MediaLegGone, "")
		}
		return r.media.Hangup(number, media.LegID(leg))
	})
}
