package client

import (
	"context"
	"fmt"

	"github.com/coder/websocket"
	"github.com/go-json-experiment/json"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// A room may be hosted by another node than the one this person is connected to, and its host may change. Then the host
// believes what the person signed and nothing else: their way in, over a nonce of the host's, and every action, over that
// nonce and a number that rises. A RoomSession does this by itself; its callers need not know where a room is.

// answer signs the way into the room that an entry asks for. It signs for this room by way of this node only, whatever
// the node asks.
func (s *RoomSession) answer(ctx context.Context, socket *socket, e api.Entry) error {
	if e.Room != s.room && s.entering {
		if led, err := s.client.Room(ctx, s.room); err == nil {
			s.lead(led)
		}
	}
	if e.Room != s.room || e.Home != s.client.home() {
		return fmt.Errorf("%w: an entry to another room, or by way of another node", api.ErrEvent)
	}
	text, err := s.client.sign(&statement.Enter{
		Room: s.room, IssuedAt: s.client.Now().Unix(), Epoch: e.Epoch, Home: e.Home, Host: e.Host, Nonce: e.Nonce,
	})
	if err != nil {
		return fmt.Errorf("%w: an entry that cannot be signed: %w", api.ErrEvent, err)
	}
	message, err := json.Marshal(api.EnterMessage{Type: "enter", Enter: text})
	if err != nil {
		return fmt.Errorf("client: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, dialWithin)
	defer cancel()
	if err := socket.conn.Write(ctx, websocket.MessageText, message); err != nil {
		return fmt.Errorf("client: answering an entry: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.beginLocked(e.Nonce, true)
	return nil
}

// lead goes to the room that is open from the scheduled one whose link this person followed.
func (s *RoomSession) lead(to api.Room) {
	if to.Schedule != nil && *to.Schedule == s.room {
		s.room, s.authority = to.ID, api.NewAuthority(to.ID)
	}
}

// beginLocked goes on under the nonce of another entry.
func (s *RoomSession) beginLocked(nonce string, abroad bool) {
	s.abroad = abroad
	if s.nonce != nonce {
		s.nonce, s.acts = nonce, 0
	}
}

// act does something in the room, signed if another node hosts it, or if it is a moderator's command. Signed actions go
// one after the other: the host takes none whose number is below that of one it has seen.
func (s *RoomSession) act(ctx context.Context, a api.Action) error {
	if !s.signs(a) {
		return s.client.Act(ctx, s.room, a)
	}
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return fmt.Errorf("client: waiting for an earlier action: %w", ctx.Err())
	}
	for {
		body := s.nextAct(a)
		var err error
		if a.Act, err = s.client.sign(body); err != nil {
			return err
		}
		err = s.client.Act(ctx, s.room, a)
		if !Refused(err, reason.ActReplayed) || !s.movedOn(body.Nonce) {
			return err
		}
	}
}

// movedOn reports whether another entry has begun since an act was signed: then nobody has seen the act.
func (s *RoomSession) movedOn(nonce string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.nonce != nonce
}

// signs reports whether an action is to be signed. Without a nonce it cannot be.
func (s *RoomSession) signs(a api.Action) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.nonce != "" && (s.abroad || a.Type.Moderates())
}

// nextAct is an action as its statement, with the next number.
func (s *RoomSession) nextAct(a api.Action) *statement.Act {
	s.mu.Lock()
	s.acts++
	act := &statement.Act{
		Room: s.room, Nonce: s.nonce, Number: s.acts, Do: string(a.Type), Target: s.client.key, Question: a.Question,
		Entry: a.Entry, Reaction: string(a.Reaction),
	}
	s.mu.Unlock()
	act.IssuedAt = s.client.Now().Unix()
	if a.Target != nil {
		act.Target = *a.Target
	}
	if a.Duration != 0 {
		act.Duration = &a.Duration
	}
	if a.Switch != "" {
		act.Switch = &a.Switch
	}
	if a.Reason != nil {
		c := a.Reason.Commitment()
		act.Reason = &c
	}
	return act
}

// Host is the node that hosts the room, and of which epoch. Its state is lost while this person's node cannot reach it:
// the room goes on at a backup node, if the host does not come back, and this session with it. Wait takes note of
// changes.
func (s *RoomSession) Host() api.HostChanged {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.host
}

// hostLocked takes in what an event says of the host. A snapshot of the epoch that is lost may still come, from what the
// node knows; one of a later epoch says that there is a host again.
func (s *RoomSession) hostLocked(event api.Event) {
	switch e := event.(type) {
	case api.HostChanged:
		s.host = e
	case api.Snapshot:
		if e.Nonce != "" {
			s.beginLocked(e.Nonce, false)
		}
		if e.Run != s.state.Run || e.Room.Epoch > s.host.Epoch {
			head := api.Head{Type: api.EventHost, At: e.At}
			s.host = api.HostChanged{Head: head, Host: e.Room.Host, Epoch: e.Room.Epoch, State: api.HostLive}
		}
	}
}
