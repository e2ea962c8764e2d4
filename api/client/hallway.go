package client

import (
	"context"
	"iter"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/reason"
)

// Hallway carries what is told outside rooms, until ctx or the loop ends: an api.Hallway at once and whenever it changes,
// and this person's own events, such as an api.Noticed. An error ends it; come back then.
func (c *Client) Hallway(ctx context.Context) iter.Seq2[api.Event, error] {
	return func(yield func(api.Event, error) bool) {
		s, event, err := c.openHallway(ctx)
		if Refused(err, reason.SessionRequired) { // the node was restarted: the next session is a new one
			s, event, err = c.openHallway(ctx)
		}
		if err != nil {
			yield(nil, err)
			return
		}
		defer s.close()
		for yield(event, err) && err == nil {
			event, err = s.next(ctx)
		}
	}
}

// openHallway connects, and waits for the first event.
func (c *Client) openHallway(ctx context.Context) (*socket, api.Event, error) {
	token, err := c.session(ctx)
	if err != nil {
		return nil, nil, err
	}
	s, err := c.dial(ctx, api.Hello{Type: "hello", Token: token})
	if err != nil {
		return nil, nil, err
	}
	event, err := s.next(ctx)
	if err != nil {
		s.abandon()
		if Refused(err, reason.SessionRequired) {
			c.forget(token)
		}
		return nil, nil, err
	}
	return s, event, nil
}
