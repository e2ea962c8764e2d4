package node

import (
	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/statement"
)

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
	default:
		return commandToAll(action)
	}
}

// commandToAll is a moderator's command to the whole room.
func commandToAll(action api.Action) (rooms.Action, error) {
	on := action.Switch == statement.SwitchOn
	switch action.Type {
	case api.ActEnd:
		return rooms.End{}, nil
	case api.ActMuteAll:
		return rooms.MuteAll{}, nil
	case api.ActLockStage:
		return rooms.Lock{On: on}, nil
	case api.ActAskMode:
		return rooms.AskMode{On: on}, nil
	case api.ActSlowMode:
		return rooms.SlowMode{Seconds: action.Duration}, nil
	case api.ActSetEntry:
		return rooms.SetEntry{Entry: action.Entry}, nil
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
		return rooms.Remove{Who: who, For: action.Duration * 1000}, nil
	case api.ActLift:
		return rooms.Lift{Who: who}, nil
	case api.ActAskToUnmute:
		return rooms.AskToUnmute{Who: who}, nil
	case api.ActChoose:
		return rooms.Choose{Who: who}, nil
	case api.ActUnchoose:
		return rooms.Unchoose{Who: who}, nil
	default:
		return nil, reason.Reject(reason.RequestInvalid, "no such action: %q", action.Type)
	}
}
