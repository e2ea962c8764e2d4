package client

import (
	"context"
	"net/http"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

// Ask joins the node's community by nobody's invite, with a word to whoever answers. Where the rules leave the door open,
// the answer is that this person has joined; else they wait: see Asked.
func (c *Client) Ask(ctx context.Context, name, message string) (api.Ask, error) {
	_, community, err := c.community(ctx)
	if err != nil {
		return api.Ask{}, err
	}
	now := c.Now().Unix()
	join, err := c.sign(&statement.Join{Community: community.ID, IssuedAt: now})
	if err != nil {
		return api.Ask{}, err
	}
	profile, err := c.sign(&statement.Profile{Community: community.ID, IssuedAt: now, Name: name})
	if err != nil {
		return api.Ask{}, err
	}
	return call[api.Ask](ctx, c, http.MethodPost, api.PathAsks, api.AskRequest{Join: join, Profile: profile, Message: message})
}

// Asked is how a request to join stands. Whoever knows its id may ask.
func (c *Client) Asked(ctx context.Context, id statement.ID) (api.Ask, error) {
	return call[api.Ask](ctx, c, http.MethodGet, path(api.PathAsk, id), nil)
}

// Asks are the requests that wait for a steward's answer.
func (c *Client) Asks(ctx context.Context) ([]api.Asking, error) {
	asks, err := callAs[api.Asks](ctx, c, http.MethodGet, api.PathAsks, nil)
	return asks.Asks, err
}

// Approve lets in who asked. This person, a steward, is their sponsor.
func (c *Client) Approve(ctx context.Context, id statement.ID, who identity.PublicKey) (api.Member, error) {
	_, community, err := c.community(ctx)
	if err != nil {
		return api.Member{}, err
	}
	text, err := c.sign(&statement.Approve{Community: community.ID, IssuedAt: c.Now().Unix(), Member: who, Join: id})
	if err != nil {
		return api.Member{}, err
	}
	return callAs[api.Member](ctx, c, http.MethodPost, path(api.PathApprove, id), api.Approve{Approve: text})
}

// Decline refuses who asked.
func (c *Client) Decline(ctx context.Context, id statement.ID) error {
	_, err := c.sendAs(ctx, request{method: http.MethodPost, path: path(api.PathDecline, id)})
	return err
}

// ChangeRules puts other rules into force, for the founder: those that the node has now, changed by edit. With a name,
// the community is called so from then on. Whoever changed them in between makes it fail with rules-stale.
func (c *Client) ChangeRules(ctx context.Context, name string, edit func(r *statement.Rules)) (api.Community, error) {
	node, err := c.Node(ctx)
	if err != nil {
		return api.Community{}, err
	}
	if node.Community == nil {
		_, _, err := c.community(ctx)
		return api.Community{}, err
	}
	if name == "" {
		name = node.Community.Name
	}
	title := statement.NewText(name)
	rules := node.Community.Rules
	edit(&rules)
	rules.Order, rules.IssuedAt, rules.Name = node.Community.Rules.Order+1, c.Now().Unix(), title.Commitment()
	text, err := c.sign(&rules)
	if err != nil {
		return api.Community{}, err
	}
	return c.SubmitRules(ctx, text, title)
}

// SubmitRules puts signed rules into force; see ChangeRules.
func (c *Client) SubmitRules(ctx context.Context, rules string, name statement.Text) (api.Community, error) {
	return callAs[api.Community](ctx, c, http.MethodPost, api.PathRules, api.ChangeRules{Rules: rules, Name: name})
}
