package api

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
)

// ErrEvent says that a message is no event of this version.
var ErrEvent = errors.New("api: not an event")

// DecodeEvent reads one message of the WebSocket. The event is one of the types of this file's neighbour event.go, as a
// value.
//
// Names must match to the letter, none may come twice, and the text must be valid UTF-8 (RFC 7493). Members that this
// version does not know are passed over, so that a node may say more than its older clients ask for; a type that it does
// not know is an error. Errors wrap ErrEvent.
func DecodeEvent(data []byte) (Event, error) {
	var head Head
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrEvent, err)
	}
	event, err := decodeBody(head.Type, data)
	if err != nil {
		return nil, fmt.Errorf("%w: %q: %w", ErrEvent, head.Type, err)
	}
	return event, nil
}

func decodeBody(kind EventType, data []byte) (Event, error) {
	switch kind {
	case EventSnapshot:
		return decodeAs[Snapshot](data)
	case EventHandRaised:
		return decodeAs[HandRaised](data)
	case EventHandLowered:
		return decodeAs[HandLowered](data)
	case EventOffered:
		return decodeAs[StageOffered](data)
	case EventOfferEnded:
		return decodeAs[OfferEnded](data)
	case EventStageJoined:
		return decodeAs[StageJoined](data)
	case EventStageLeft:
		return decodeAs[StageLeft](data)
	case EventMuted:
		return decodeAs[Muted](data)
	case EventUnmuted:
		return decodeAs[Unmuted](data)
	case EventRoleChanged:
		return decodeAs[RoleChanged](data)
	case EventConnection:
		return decodeAs[Connection](data)
	case EventRemoved:
		return decodeAs[Removed](data)
	case EventPardoned:
		return decodeAs[RemovalEnded](data)
	case EventUnmuteAsked:
		return decodeAs[UnmuteAsked](data)
	case EventSettings:
		return decodeAs[SettingsChanged](data)
	case EventAudience:
		return decodeAs[AudienceChanged](data)
	case EventEntryChange:
		return decodeAs[EntryChanged](data)
	case EventChosen:
		return decodeAs[ChosenChanged](data)
	case EventEnded:
		return decodeAs[Ended](data)
	case EventHallway:
		return decodeAs[Hallway](data)
	case EventRefused:
		return decodeAs[Refused](data)
	case EventEntry:
		return decodeAs[Entry](data)
	case EventHost:
		return decodeAs[HostChanged](data)
	case EventPerson:
		return decodeAs[PersonChanged](data)
	case EventReactions:
		return decodeAs[Reactions](data)
	case EventMine:
		return decodeAs[Mine](data)
	case EventApps:
		return decodeAs[AppsChanged](data)
	case EventNotice:
		return decodeAs[Noticed](data)
	default:
		return nil, errors.New("no type of event")
	}
}

func decodeAs[E Event](data []byte) (Event, error) {
	var e E
	err := json.Unmarshal(data, &e)
	return e, err
}
