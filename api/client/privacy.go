package client

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/statement"
)

// maxExport is the largest archive that Export takes, in bytes.
const maxExport = 256 << 20

// Export is everything that the node holds on this person: a zip archive, with a README.txt that explains it.
func (c *Client) Export(ctx context.Context) ([]byte, error) {
	a, err := c.sendAs(ctx, request{method: http.MethodGet, path: api.PathExport, most: maxExport})
	return a.body, err
}

// Erase leaves the community for good: the node forgets all that it holds on this person but their key and what refers to
// it, tells the community's other nodes, and ends all sessions. Nobody can undo it. The founder cannot (founder-stays).
func (c *Client) Erase(ctx context.Context) error {
	_, community, err := c.community(ctx)
	if err != nil {
		return err
	}
	text, err := c.sign(&statement.Erase{Community: community.ID, IssuedAt: c.Now().Unix()})
	if err != nil {
		return err
	}
	r := request{method: http.MethodPost, path: api.PathErase}
	if err := r.set(api.EraseRequest{Erase: text}); err != nil {
		return err
	}
	_, err = c.sendAs(ctx, r)
	return err
}

// Sessions are this person's open sessions at the node, the one used last first. One of them is this client's.
func (c *Client) Sessions(ctx context.Context) ([]api.OpenSession, error) {
	list, err := callAs[api.SessionList](ctx, c, http.MethodGet, api.PathMySessions, nil)
	return list.Sessions, err
}

// EndSession ends one of this person's sessions by its id, with its connections and what it let in. Whoever holds it is
// refused with session-ended; a Client opens no other by itself then, until SignOut.
func (c *Client) EndSession(ctx context.Context, id string) error {
	_, err := c.sendAs(ctx, request{method: http.MethodDelete, path: strings.Replace(api.PathMySession, "{session}", url.PathEscape(id), 1)})
	return err
}

// EndOtherSessions ends all of this person's sessions but this client's.
func (c *Client) EndOtherSessions(ctx context.Context) error {
	_, err := c.sendAs(ctx, request{method: http.MethodDelete, path: api.PathMySessions})
	return err
}
