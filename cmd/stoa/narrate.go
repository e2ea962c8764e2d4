package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

// narrator tells what happens in a room.
type narrator struct {
	out   io.Writer
	json  bool
	names map[identity.PublicKey]string // of everybody who was seen
}

// tell goes on until the session is over. A room that ended is a good end of it.
func (n *narrator) tell(ctx context.Context, v *visit) error {
	n.names = map[identity.PublicKey]string{}
	for {
		select {
		case event, more := <-v.session.Events():
			if !more {
				if err := v.session.Err(); err != nil {
					return err
				}
				if v.speech != nil {
					return errUnsaid
				}
				return errDone
			}
			if err := n.one(event); err != nil {
				return fmt.Errorf("cannot write: %w", err)
			}
			if err := v.heard(ctx, event); err != nil {
				return err
			}
		case <-ctx.Done():
			return nil
		}
	}
}

func (n *narrator) one(event api.Event) error {
	if n.json {
		line, err := json.Marshal(event)
		if err != nil {
			return err
		}
		_, err = n.out.Write(append(line, '\n'))
		return err
	}
	n.meet(event)
	words := n.words(event)
	if words == "" {
		return nil
	}
	_, err := fmt.Fprintln(n.out, time.UnixMilli(event.Header().At).Local().Format(time.TimeOnly), plain(words)) //nolint:gosmopolitan // the clock of whoever reads it
	return err
}

// meet remembers the names of people.
func (n *narrator) meet(event api.Event) {
	switch e := event.(type) {
	case api.Snapshot:
		for _, p := range e.Stage {
			n.names[p.Key] = p.Name
		}
		for _, h := range e.Hands {
			n.names[h.Key] = h.Name
		}
	case api.HandRaised:
		n.names[e.Hand.Key] = e.Hand.Name
	case api.StageJoined:
		n.names[e.Person.Key] = e.Person.Name
	}
}

func (n *narrator) name(who identity.PublicKey) string {
	if name := n.names[who]; name != "" {
		return name
	}
	return who.String()
}

// words is an event as a sentence; "" for one that needs none.
func (n *narrator) words(event api.Event) string {
	switch e := event.(type) {
	case api.Snapshot:
		return fmt.Sprintf("%s: %d on the stage, %d listening", e.Room.Title, len(e.Stage), e.Audience.Count)
	case api.HandRaised:
		if e.Hand.Question != "" {
			return n.name(e.Hand.Key) + " raises a hand: " + e.Hand.Question
		}
		return n.name(e.Hand.Key) + " raises a hand"
	case api.HandLowered:
		if e.By != nil && *e.By != e.Key {
			return n.name(*e.By) + " lowers the hand of " + n.name(e.Key)
		}
		return n.name(e.Key) + " lowers their hand"
	case api.StageJoined:
		return n.name(e.Person.Key) + " comes on the stage"
	case api.StageLeft:
		return n.name(e.Key) + " goes off the stage"
	case api.Muted:
		if e.By != nil {
			return n.name(e.Key) + " is muted by " + n.name(*e.By)
		}
		return n.name(e.Key) + " mutes"
	case api.Unmuted:
		return n.name(e.Key) + " unmutes"
	case api.UnmuteAsked:
		return n.name(e.By) + " asks " + n.name(e.Key) + " to unmute"
	case api.RoleChanged:
		return n.name(e.Key) + " is now a " + string(e.Role)
	case api.Removed:
		return n.name(e.Key) + " is removed by " + n.name(e.By)
	case api.SettingsChanged:
		return n.name(e.By) + " changes the room: " + openness(e.Settings)
	case api.EntryChanged:
		return n.name(e.By) + " changes who may enter: " + who(e.Entry)
	case api.HostChanged:
		if e.State == api.HostLost {
			return "the room's host is lost; a backup node takes over"
		}
	case api.Ended:
		return "the room has ended"
	}
	return ""
}

// openness says how open the stage is.
func openness(s api.RoomSettings) string {
	switch {
	case s.Locked:
		return "nobody can raise a hand; the moderators invite whom they choose"
	case s.Ask && s.Slow > 0:
		return fmt.Sprintf("a hand comes with a question, and each person's %d seconds apart", s.Slow)
	case s.Ask:
		return "a hand comes with a question"
	case s.Slow > 0:
		return fmt.Sprintf("each person's hands are %d seconds apart", s.Slow)
	}
	return "everybody can raise a hand"
}

// who says who may enter a room.
func who(entry statement.RoomEntry) string {
	switch entry {
	case statement.RoomPublic:
		return "anybody with the link may listen"
	case statement.RoomChosen:
		return "whom the moderators chose"
	default:
		return "all members"
	}
}
