package client

import (
	"context"
	"net/http"

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
