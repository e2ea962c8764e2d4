package client

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/statement"
)

// CreateApp makes a token with which another program speaks for this person in a room, by WHIP, or listens, by WHEP. The
// endpoint is the node's origin followed by the path. Made to speak, it comes with this person's word, for twelve hours,
// that their node may open their microphone for it.
func (c *Client) CreateApp(ctx context.Context, room statement.ID, direction api.Direction) (api.NewApp, error) {
	req := api.CreateApp{Direction: direction}
	if direction == api.DirectionSpeak {
		if _, err := c.session(ctx); err != nil { // from then on home and clock are known
			return api.NewApp{}, err
		}
		now := c.Now().Unix()
		var err error
		if req.Lend, err = c.sign(&statement.Lend{
			Room: room, IssuedAt: now, Expires: now + statement.MaxLendLife, Home: c.home(),
		}); err != nil {
			return api.NewApp{}, err
		}
	}
	return callAs[api.NewApp](ctx, c, http.MethodPost, path(api.PathApps, room), req)
}

// Apps lists this person's other programs in a room.
func (c *Client) Apps(ctx context.Context, room statement.ID) ([]api.App, error) {
	list, err := callAs[api.AppList](ctx, c, http.MethodGet, path(api.PathApps, room), nil)
	return list.Apps, err
}

// RevokeApp ends a token, and what is connected by it.
func (c *Client) RevokeApp(ctx context.Context, room statement.ID, app string) error {
	at := strings.ReplaceAll(path(api.PathApp, room), "{app}", url.PathEscape(app))
	_, err := c.sendAs(ctx, request{method: http.MethodDelete, path: at})
	return err
}
