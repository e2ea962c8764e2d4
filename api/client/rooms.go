package client

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

// Rooms lists the live rooms.
func (c *Client) Rooms(ctx context.Context) ([]api.Room, error) {
	list, err := callAs[api.RoomList](ctx, c, http.MethodGet, api.PathRooms, nil)
	return list.Rooms, err
}

// Room is one live room.
func (c *Client) Room(ctx context.Context, id statement.ID) (api.Room, error) {
	return callAs[api.Room](ctx, c, http.MethodGet, path(api.PathRoom, id), nil)
}

// CreateRoom opens a room with up to three topics, in a language such as "en" or "pt-BR". Its place is held for this
// person for 60 s: enter it.
func (c *Client) CreateRoom(ctx context.Context, title string, topics []string, language string) (api.Room, error) {
	return c.OpenRoom(ctx, RoomWish{Title: title, Topics: topics, Language: language})
}

// RoomWish is a room that somebody opens.
type RoomWish struct {
	Title    string
	Topics   []string
	Language string
	Entry    statement.RoomEntry  // who may enter; members if empty
	Chosen   []identity.PublicKey // with entry chosen: who, beside oneself
}

// OpenRoom is CreateRoom for a room that others than members may enter, or fewer.
func (c *Client) OpenRoom(ctx context.Context, w RoomWish) (api.Room, error) {
	if w.Entry == "" {
		w.Entry = statement.RoomMembers
	}
	node, community, err := c.community(ctx)
	if err != nil {
		return api.Room{}, err
	}
	text := statement.NewText(w.Title)
	create, err := c.sign(&statement.Create{
		Community: community.ID, IssuedAt: c.Now().Unix(), JTI: rand.Text(), Node: node.Node,
		Title: text.Commitment(), Language: w.Language, Topics: append([]string{}, w.Topics...), Entry: w.Entry,
	})
	if err != nil {
		return api.Room{}, err
	}
	return callAs[api.Room](ctx, c, http.MethodPost, api.PathRooms, api.CreateRoom{Create: create, Title: text, Chosen: w.Chosen})
}

// Audience is a page of the people who listen in a room, in the order in which they entered.
func (c *Client) Audience(ctx context.Context, room statement.ID, offset, limit int) (api.Audience, error) {
	return c.FindListeners(ctx, room, "", offset, limit)
}

// FindListeners is a page of those who listen in a room and whose names hold a text, whatever its accents and capitals; the
// count is of all of those.
func (c *Client) FindListeners(ctx context.Context, room statement.ID, name string, offset, limit int) (api.Audience, error) {
	query := url.Values{"offset": {fmt.Sprint(offset)}, "limit": {fmt.Sprint(limit)}}
	if name != "" {
		query.Set("q", name)
	}
	return callAs[api.Audience](ctx, c, http.MethodGet, path(api.PathAudience, room)+"?"+query.Encode(), nil)
}

// Act does something in a room that this person has entered. What it changes comes as events. A RoomSession has a method
// for each action; it also signs them where that is needed, for moderators' commands and where another node hosts the
// room, which Act does not.
func (c *Client) Act(ctx context.Context, room statement.ID, action api.Action) error {
	r := request{method: http.MethodPost, path: path(api.PathActions, room)}
	if err := r.set(action); err != nil {
		return err
	}
	_, err := c.sendAs(ctx, r)
	return err
}

// OfferMedia sends an SDP offer for a room that this person has entered. It returns the answer, and the path by which
// CloseMedia ends the connection. Package rtc does this for you.
func (c *Client) OfferMedia(ctx context.Context, room statement.ID, offer string) (sdp, location string, err error) {
	a, err := c.sendAs(ctx, request{
		method: http.MethodPost, path: path(api.PathMedia, room), contentType: "application/sdp", body: []byte(offer),
	})
	if err != nil {
		return "", "", err
	}
	location, ok := strings.CutPrefix(a.header.Get("Location"), api.Base)
	if !ok {
		return "", "", fmt.Errorf("client: the answer names no connection but %q", a.header.Get("Location"))
	}
	return string(a.body), location, nil
}

// CloseMedia ends a media connection that OfferMedia opened.
func (c *Client) CloseMedia(ctx context.Context, location string) error {
	_, err := c.sendAs(ctx, request{method: http.MethodDelete, path: location})
	return err
}
