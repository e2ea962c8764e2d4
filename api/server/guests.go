package server

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// Doors is what the server asks about who may enter a room.
type Doors interface {
	// Door shows a live room to somebody who is no member: a public one. Of any other it says why not: room-members,
	// room-chosen, room-ended, room-unknown.
	Door(ctx context.Context, id statement.ID) (api.Room, error)
	// Listen makes a guest present in a public room until the subscription ends. The context bounds only the call.
	Listen(ctx context.Context, id statement.ID, guest identity.PublicKey, resume Resume) (Subscription, error)
	// Chosen is whom the moderators of a room chose, for one of them.
	Chosen(ctx context.Context, id statement.ID, member identity.PublicKey) (api.Chosen, error)
	// Private lists the live rooms for chosen people that a member may enter. They are not in the hallway of others.
	Private(member identity.PublicKey) []api.Room
}

// guestRoom is a request about a room that a guest's session may be for, too.
func (s *Server) guestRoom(ctx context.Context, text string) (statement.ID, error) {
	id, err := pathID(text, reason.RoomUnknown)
	if err != nil {
		return id, err
	}
	return id, sessionOf(ctx).reaches(&id)
}

// isGuest reports whether the session is that of somebody who only listens.
func (s *session) isGuest() bool { return !s.room.IsZero() }

// reaches refuses a guest in another room than theirs; nil is no room, which is the hallway.
func (s *session) reaches(room *statement.ID) error {
	if s.isGuest() && (room == nil || *room != s.room) {
		return reason.Reject(reason.GuestListens, "the session is for listening in one room")
	}
	return nil
}

// mayAct refuses a guest everything but leaving.
func (s *session) mayAct(action api.ActionType) error {
	if s.isGuest() && action != api.ActLeave {
		return reason.Reject(reason.GuestListens, "")
	}
	return nil
}

func (s *Server) getDoor(ctx context.Context, in *roomPath) (*body[api.Room], error) {
	id, err := pathID(in.ID, reason.RoomUnknown)
	if err != nil {
		return nil, err
	}
	return answer(s.doors.Door(ctx, id))
}

func (s *Server) getChosen(ctx context.Context, in *roomPath) (*body[api.Chosen], error) {
	id, err := pathID(in.ID, reason.RoomUnknown)
	if err != nil {
		return nil, err
	}
	return answer(s.doors.Chosen(ctx, id, sessionOf(ctx).member))
}

// guestRequest is what somebody sends who wants to listen.
type guestRequest struct {
	ID   string `path:"id" doc:"The room's id."`
	Body api.SessionRequest
}

// openGuest opens the session of a guest. It is bound as a member's: to this node, the page that asks, and a challenge.
func (s *Server) openGuest(ctx context.Context, in *guestRequest) (*body[api.GuestSession], error) {
	id, err := pathID(in.ID, reason.RoomUnknown)
	if err != nil {
		return nil, err
	}
	signed, claim, err := s.readSession(ctx, in.Body.Session)
	if err != nil {
		return nil, err
	}
	if err := s.isNobody(signed.Signer()); err != nil {
		return nil, err
	}
	room, err := s.doors.Door(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := s.challenges.use(claim.Nonce); err != nil {
		return nil, err
	}
	token, expires, err := s.sessions.openGuest(signed.Signer(), room.ID, callOf(ctx).address)
	if err != nil {
		return nil, err
	}
	return &body[api.GuestSession]{api.GuestSession{Token: token, Expires: expires.UnixMilli(), Room: room}}, nil
}

// isNobody refuses a guest whose key is a member's: what they do would be counted and not known.
func (s *Server) isNobody(key identity.PublicKey) error {
	switch _, err := s.community.Member(key); reason.Of(err) {
	case "", reason.AdmitLost:
		return reason.Reject(reason.GuestMember, "")
	case reason.MemberUnknown:
		return nil
	default:
		return err
	}
}

// openGuest opens the session of a guest; an earlier one of the same key ends. Guests are bounded in all and by address,
// so that they leave sessions and sockets to the members.
func (s *sessions) openGuest(guest identity.PublicKey, room statement.ID, address netip.Prefix) (string, time.Time, error) {
	token, opened := s.fresh(guest)
	opened.room, opened.address = room, address
	opened.expires = s.now().Add(guestIdle)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, before := range slices.Clone(s.byMember[guest]) {
		s.endLocked(before, reason.SessionRequired)
	}
	if s.guests >= s.limits.Guests || s.guestsAt[address] >= s.limits.GuestsPerAddress {
		return "", time.Time{}, reason.Reject(reason.RoomGuestsFull, "on this node, or from one address")
	}
	s.guests++
	s.guestsAt[address]++
	s.byToken[opened.token] = opened
	s.byMember[guest] = append(s.byMember[guest], opened)
	return token, opened.expires, nil
}

// uncountLocked takes back what openGuest counted.
func (s *sessions) uncountLocked(of *session) {
	if !of.isGuest() {
		return
	}
	s.guests--
	if s.guestsAt[of.address]--; s.guestsAt[of.address] == 0 {
		delete(s.guestsAt, of.address)
	}
}
