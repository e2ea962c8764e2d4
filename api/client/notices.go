package client

import (
	"context"
	"net/http"

	"github.com/stoa-rooms/stoa/api"
)

// Notices is what this person was told in the last days, the newest first. What they are told from now on comes as
// api.Noticed, in Hallway and in the events of rooms.
func (c *Client) Notices(ctx context.Context) (api.NoticeList, error) {
	return callAs[api.NoticeList](ctx, c, http.MethodGet, api.PathNotices, nil)
}

// ReadNotices marks some as read, by their numbers.
func (c *Client) ReadNotices(ctx context.Context, numbers ...int64) (api.NoticeList, error) {
	return callAs[api.NoticeList](ctx, c, http.MethodPost, api.PathNoticesRead, api.ReadNotices{Notices: append([]int64{}, numbers...)})
}

// NoticeSettings is what this person wants to be told.
func (c *Client) NoticeSettings(ctx context.Context) (api.NoticeSettings, error) {
	return callAs[api.NoticeSettings](ctx, c, http.MethodGet, api.PathNoticeSettings, nil)
}

// SetNoticeSettings replaces it.
func (c *Client) SetNoticeSettings(ctx context.Context, s api.NoticeSettings) (api.NoticeSettings, error) {
	return callAs[api.NoticeSettings](ctx, c, http.MethodPost, api.PathNoticeSettings, s)
}

// PushKey is the node's VAPID key, with which a browser subscribes to what comes when the page is closed.
func (c *Client) PushKey(ctx context.Context) (api.PushKey, error) {
	return callAs[api.PushKey](ctx, c, http.MethodGet, api.PathMyPush, nil)
}

// Subscribe has what this person is told sent to one more of their browsers, as an api.PushMessage.
func (c *Client) Subscribe(ctx context.Context, s api.PushSubscription) error {
	return c.post(ctx, api.PathMyPush, s)
}

// Unsubscribe ends that.
func (c *Client) Unsubscribe(ctx context.Context, endpoint string) error {
	return c.post(ctx, api.PathMyPushRemove, api.PushRemoval{Endpoint: endpoint})
}

// post sends what is answered without a body.
func (c *Client) post(ctx context.Context, path string, body any) error {
	r := request{method: http.MethodPost, path: path}
	if err := r.set(body); err != nil {
		return err
	}
	_, err := c.sendAs(ctx, r)
	return err
}
