package client

import (
	"context"
	"net/http"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

// NewGuest makes a client for somebody who only listens, in one public room, under a key made for it: Enter that room,
// and hear it with package rtc. Everything else is refused with guest-listens. No node keeps who guests are; they are
// gone when they leave.
func NewGuest(baseURL string, room statement.ID, opts Options) *Client {
	return NewGuestWith(baseURL, identity.Generate(), room, opts)
}

// NewGuestWith is NewGuest under a given key, which must be no member's.
func NewGuestWith(baseURL string, key identity.Signer, room statement.ID, opts Options) *Client {
	c := New(baseURL, key, opts)
	c.guest = room
	return c
}

// openAsGuest is the session of a guest, by an answered challenge as a member's is.
func (c *Client) openAsGuest(ctx context.Context, session string) (string, error) {
	guest, err := call[api.GuestSession](ctx, c, http.MethodPost, path(api.PathGuests, c.guest), api.SessionRequest{Session: session})
	return guest.Token, err
}

// Door is a live room as somebody sees it who is no member: a public one. Of any other the refusal says why not.
func (c *Client) Door(ctx context.Context, room statement.ID) (api.Room, error) {
	return call[api.Room](ctx, c, http.MethodGet, path(api.PathDoor, room), nil)
}

// Chosen is whom the moderators of a room chose, for one of them who is in it.
func (c *Client) Chosen(ctx context.Context, room statement.ID) ([]api.Member, error) {
	list, err := callAs[api.Chosen](ctx, c, http.MethodGet, path(api.PathChosen, room), nil)
	return list.People, err
}

// SetEntry lets others into the room than before. For moderators.
func (s *RoomSession) SetEntry(ctx context.Context, entry statement.RoomEntry) error {
	return s.act(ctx, api.Action{Type: api.ActSetEntry, Entry: entry})
}

// Choose lets somebody into a room for chosen people. For moderators.
func (s *RoomSession) Choose(ctx context.Context, who identity.PublicKey) error {
	return s.on(ctx, api.ActChoose, who)
}

// Unchoose takes that back. For moderators.
func (s *RoomSession) Unchoose(ctx context.Context, who identity.PublicKey) error {
	return s.on(ctx, api.ActUnchoose, who)
}
