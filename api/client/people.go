package client

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

// People is a page of the members of the community whose names hold a text, whatever its accents and capitals; all of them
// for "".
func (c *Client) People(ctx context.Context, query string, offset, limit int) (api.People, error) {
	q := url.Values{"q": {query}, "offset": {fmt.Sprint(offset)}, "limit": {fmt.Sprint(limit)}}
	return callAs[api.People](ctx, c, http.MethodGet, api.PathPeople+"?"+q.Encode(), nil)
}

// Person is somebody's profile. For somebody of another community, from is a node that knows them; the zero key leaves it
// to this node, which knows those whom it has met in rooms.
func (c *Client) Person(ctx context.Context, who, from identity.PublicKey) (api.Profile, error) {
	at := personPath(api.PathPerson, who)
	if !from.IsZero() {
		at += "?" + url.Values{"from": {from.String()}}.Encode()
	}
	return callAs[api.Profile](ctx, c, http.MethodGet, at, nil)
}

// SetProfile replaces what this person says of themselves. The community and the time are set here.
func (c *Client) SetProfile(ctx context.Context, p statement.Profile) (api.Member, error) {
	_, community, err := c.community(ctx)
	if err != nil {
		return api.Member{}, err
	}
	p.Community, p.IssuedAt = community.ID, c.Now().Unix()
	signed, err := c.sign(&p)
	if err != nil {
		return api.Member{}, err
	}
	return callAs[api.Member](ctx, c, http.MethodPost, api.PathMyProfile, api.ChangeProfile{Profile: signed})
}

// SetPicture sends a picture, a square of at most 256 pixels in PNG, JPEG or WebP, for this person's next profile to name.
func (c *Client) SetPicture(ctx context.Context, media string, data []byte) (api.Picture, error) {
	return read[api.Picture](c.sendAs(ctx, request{
		method: http.MethodPost, path: api.PathMyPicture, contentType: media, body: data,
	}))
}

// Picture is a picture by its digest, with its media type.
func (c *Client) Picture(ctx context.Context, digest statement.Commitment) (media string, data []byte, err error) {
	a, err := c.send(ctx, request{method: http.MethodGet, path: strings.Replace(api.PathPicture, "{digest}", digest.String(), 1)})
	return a.header.Get("Content-Type"), a.body, err
}

// Settings is what this person wants of their node, on all of their devices.
func (c *Client) Settings(ctx context.Context) (api.Settings, error) {
	return callAs[api.Settings](ctx, c, http.MethodGet, api.PathMySettings, nil)
}

// SetSettings replaces it.
func (c *Client) SetSettings(ctx context.Context, s api.Settings) (api.Settings, error) {
	s.Topics, s.Languages = append([]string{}, s.Topics...), append([]string{}, s.Languages...)
	return callAs[api.Settings](ctx, c, http.MethodPost, api.PathMySettings, s)
}

// Relations is what this person has with others: whom they follow, block or mute. Nobody else sees it.
func (c *Client) Relations(ctx context.Context) (api.Relations, error) {
	return callAs[api.Relations](ctx, c, http.MethodGet, api.PathMyPeople, nil)
}

// SetRelation replaces what this person has with somebody; api.Ordinary ends it.
func (c *Client) SetRelation(ctx context.Context, who identity.PublicKey, r api.Relation) (api.Relation, error) {
	return callAs[api.Relation](ctx, c, http.MethodPost, personPath(api.PathMyPerson, who), r)
}

func personPath(path string, who identity.PublicKey) string {
	return strings.Replace(path, "{key}", url.PathEscape(who.String()), 1)
}
