package client

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

const day = 24 * 60 * 60 // seconds

// firstRules are the rules a community begins with, as the page founds it.
func firstRules(community identity.PublicKey, name statement.Commitment, now int64) *statement.Rules {
	return &statement.Rules{
		Community: community, IssuedAt: now, Order: 1, Name: name, Entry: statement.EntryInvite,
		AdmitSlots: 2, PeriodSlots: 3, Period: 7 * day, InviteLife: 14 * day,
		HostPeople: 3, HostTime: 600, SpeakTime: 600, Probation: 7 * day,
	}
}

// Found founds the node's community: this client's key becomes its root, this person its first member. The owner link
// is what the node printed when it started.
func (c *Client) Found(ctx context.Context, ownerLink, communityName, name string) (api.Member, error) {
	link, err := ParseOwnerLink(ownerLink)
	if err != nil {
		return api.Member{}, err
	}
	node, err := c.Node(ctx)
	if err != nil {
		return api.Member{}, err
	}
	now := c.Now().Unix()
	title := statement.NewText(communityName)
	request := api.FoundRequest{Secret: link.Secret, Name: title}
	for to, body := range map[*string]statement.Body{
		&request.Delegate: &statement.Delegate{Community: c.key, IssuedAt: now, Expires: now + 365*day, Node: node.Node, Order: 1},
		&request.Rules:    firstRules(c.key, title.Commitment(), now),
		&request.Profile:  &statement.Profile{Community: c.key, IssuedAt: now, Name: name},
	} {
		if *to, err = c.sign(body); err != nil {
			return api.Member{}, err
		}
	}
	return call[api.Member](ctx, c, http.MethodPost, api.PathFound, request)
}

// nextOrder is above all earlier orders of delegates, and no other device need know which those are: the milliseconds of
// the node's clock, or one more than the last where two are signed within one.
func (c *Client) nextOrder(now time.Time) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ordered = max(c.ordered+1, now.UnixMilli())
	return c.ordered
}

// AddNode makes another node one of this community's, for its founder: it may admit, host and keep a log for a year. The
// delegate that it returns is for Adopt, which tells that node.
func (c *Client) AddNode(ctx context.Context, other identity.PublicKey) (delegate string, err error) {
	_, community, err := c.community(ctx)
	if err != nil {
		return "", err
	}
	now := c.Now()
	delegate, err = c.sign(&statement.Delegate{
		Community: community.ID, IssuedAt: now.Unix(), Expires: now.Unix() + 365*day, Node: other,
		Order: c.nextOrder(now),
	})
	if err != nil {
		return "", err
	}
	r := request{method: http.MethodPost, path: api.PathNodes}
	if err := r.set(api.AddNode{Delegate: delegate}); err != nil {
		return "", err
	}
	_, err = c.sendAs(ctx, r)
	return delegate, err
}

// ApproveNode makes the node that this client talks to, which was restored from a backup and has a new key, one of the
// community's, for its founder. The word for the node that was lost stands until WithdrawNode takes it back.
func (c *Client) ApproveNode(ctx context.Context) error {
	node, err := c.Node(ctx)
	if err != nil {
		return err
	}
	_, err = c.AddNode(ctx, node.Node)
	return err
}

// WithdrawNode takes the founder's word for a node back: what it has written so far, as this node knows it, goes on to
// count, and nothing that it writes from then on. It is for another node than the one that this client talks to.
func (c *Client) WithdrawNode(ctx context.Context, other identity.PublicKey) error {
	_, community, err := c.community(ctx)
	if err != nil {
		return err
	}
	at := strings.Replace(api.PathWithdrawal, "{node}", other.String(), 1)
	what, err := callAs[api.Withdrawal](ctx, c, http.MethodGet, at, nil)
	if err != nil {
		return err
	}
	request := request{method: http.MethodPost, path: at}
	var body api.WithdrawNode
	for _, id := range what.Delegates {
		text, err := c.sign(&statement.Revoke{Community: community.ID, IssuedAt: c.Now().Unix(), Statement: id, Upto: what.Upto})
		if err != nil {
			return err
		}
		body.Revokes = append(body.Revokes, text)
	}
	if err := request.set(body); err != nil {
		return err
	}
	_, err = c.sendAs(ctx, request)
	return err
}

// Adopt makes this node, which has no community yet, one more of the community whose founder signed the delegate; see
// AddNode. The owner link is what this node printed when it started. peers are multiaddrs of nodes of the community,
// from which it fetches the rest.
func (c *Client) Adopt(ctx context.Context, ownerLink, delegate string, peers []string) (api.Node, error) {
	link, err := ParseOwnerLink(ownerLink)
	if err != nil {
		return api.Node{}, err
	}
	return call[api.Node](ctx, c, http.MethodPost, api.PathAdopt, api.AdoptRequest{
		Secret: link.Secret, Delegate: delegate, Peers: append([]string{}, peers...),
	})
}

// Join makes this person a member by an invite link. An invite that is used, revoked or expired is a problem.
func (c *Client) Join(ctx context.Context, inviteLink, name string) (api.Member, error) {
	link, err := ParseInviteLink(inviteLink)
	if err != nil {
		return api.Member{}, err
	}
	if _, _, err := c.community(ctx); err != nil { // for its clock; the community that counts is the invite's
		return api.Member{}, err
	}
	preview, err := c.PreviewInvite(ctx, link.ID)
	if err != nil {
		return api.Member{}, err
	}
	once, err := identity.FromSeed(link.Seed[:])
	if err != nil {
		return api.Member{}, err
	}
	redeem, err := statement.Sign(&statement.Redeem{Community: preview.Community.ID, Invite: link.ID, Member: c.key}, once)
	if err != nil {
		return api.Member{}, err
	}
	now := c.Now().Unix()
	join, err := c.sign(&statement.Join{Community: preview.Community.ID, IssuedAt: now, Redeem: redeem.Text()})
	if err != nil {
		return api.Member{}, err
	}
	profile, err := c.sign(&statement.Profile{Community: preview.Community.ID, IssuedAt: now, Name: name})
	if err != nil {
		return api.Member{}, err
	}
	return call[api.Member](ctx, c, http.MethodPost, api.PathJoin, api.JoinRequest{Join: join, Profile: profile})
}

// Me is what the node holds on this person.
func (c *Client) Me(ctx context.Context) (api.Me, error) {
	return callAs[api.Me](ctx, c, http.MethodGet, api.PathMe, nil)
}

// Checkup is how the node is run, for its founder.
func (c *Client) Checkup(ctx context.Context) (api.Checkup, error) {
	return callAs[api.Checkup](ctx, c, http.MethodGet, api.PathCheckup, nil)
}

// Invites is what this person has given away and may still give.
func (c *Client) Invites(ctx context.Context) (api.Invites, error) {
	return callAs[api.Invites](ctx, c, http.MethodGet, api.PathInvites, nil)
}

// PreviewInvite is who invites, and to what. Anybody may ask.
func (c *Client) PreviewInvite(ctx context.Context, id statement.ID) (api.InvitePreview, error) {
	return call[api.InvitePreview](ctx, c, http.MethodGet, path(api.PathInvite, id), nil)
}

// CreateInvite spends one of this person's slots on an invite that stands for life, or for as long as the community's
// rules allow if life is 0. The link holds a secret that no node has seen: whoever has it may join, once. Without a slot
// it is refused with invite-none.
func (c *Client) CreateInvite(ctx context.Context, life time.Duration) (InviteLink, error) {
	return c.CreateInviteFor(ctx, "", life)
}

// CreateInviteFor is CreateInvite with a note, which only this person is shown again.
func (c *Client) CreateInviteFor(ctx context.Context, note string, life time.Duration) (InviteLink, error) {
	_, community, err := c.community(ctx)
	if err != nil {
		return InviteLink{}, err
	}
	have, err := c.Invites(ctx)
	if err != nil {
		return InviteLink{}, err
	}
	if len(have.Slots) == 0 {
		return InviteLink{}, c.problem(reason.InviteNone)
	}
	seconds := int64(life / time.Second)
	if life == 0 {
		seconds = community.Rules.InviteLife
	}
	once := identity.Generate()
	now := c.Now().Unix()
	body := &statement.Invite{
		Community: community.ID, IssuedAt: now, Expires: now + seconds,
		Key: once.Public(), Grant: have.Slots[0].Grant, Slot: have.Slots[0].Slot,
	}
	var wish api.CreateInvite
	if note != "" {
		text := statement.NewText(note)
		body.Note, wish.Note = text.Commitment(), &text
	}
	if wish.Invite, err = c.sign(body); err != nil {
		return InviteLink{}, err
	}
	invite, err := callAs[api.Invite](ctx, c, http.MethodPost, api.PathInvites, wish)
	if err != nil {
		return InviteLink{}, err
	}
	return InviteLink{URL: c.origin, ID: invite.ID, Seed: [32]byte(once.Seed())}, nil
}

// RevokeInvite takes back an invite that nobody has used. Its slot is free again.
func (c *Client) RevokeInvite(ctx context.Context, id statement.ID) (api.Invite, error) {
	_, community, err := c.community(ctx)
	if err != nil {
		return api.Invite{}, err
	}
	text, err := c.sign(&statement.Revoke{Community: community.ID, IssuedAt: c.Now().Unix(), Statement: id})
	if err != nil {
		return api.Invite{}, err
	}
	return callAs[api.Invite](ctx, c, http.MethodPost, path(api.PathRevoke, id), api.RevokeInvite{Revoke: text})
}

// path puts an id into a path of package api.
func path(of string, id fmt.Stringer) string { return strings.Replace(of, "{id}", id.String(), 1) }
