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
	decode, ok := decoders[head.Type]
	if !ok {
		return nil, fmt.Errorf("%w: type %q", ErrEvent, head.Type)
	}
	event, err := decode(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrEvent, head.Type, err)
	}
	return event, nil
}

// decoders holds one for each type of event.
var decoders = map[EventType]func([]byte) (Event, error){
	EventSnapshot:    decodeAs[Snapshot],
	EventHandRaised:  decodeAs[HandRaised],
	EventHandLowered: decodeAs[HandLowered],
	EventOffered:     decodeAs[StageOffered],
	EventOfferEnded:  decodeAs[OfferEnded],
	EventStageJoined: decodeAs[StageJoined],
	EventStageLeft:   decodeAs[StageLeft],
	EventMuted:       decodeAs[Muted],
	EventUnmuted:     decodeAs[Unmuted],
	EventRoleChanged: decodeAs[RoleChanged],
	EventConnection:  decodeAs[Connection],
	EventRemoved:     decodeAs[Removed],
	EventAudience:    decodeAs[AudienceChanged],
	EventEnded:       decodeAs[Ended],
	EventHallway:     decodeAs[Hallway],
	EventRefused:     decodeAs[Refused],
}

func decodeAs[E Event](data []byte) (Event, error) {
	var e E
	err := json.Unmarshal(data, &e)
	return e, err
}
