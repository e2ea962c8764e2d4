// Package client is the Go SDK of a node's API: what outsiders, bots, the load generator and the node's own tests use.
//
// A [Client] is one person, that is one key, at one node:
//
//	key := identity.Generate()
//	c := client.New("https://cafe.example", key, client.Options{})
//	me, err := c.Join(ctx, "https://cafe.example/i/…#…", "Ana")
//	room, err := c.CreateRoom(ctx, "Evening talk", []string{"music"}, "en")
//	session, err := c.Enter(ctx, room.ID)
//	defer session.Close()
//	err = session.Unmute(ctx)
//
// A Client opens its session with the node by itself, by signing a challenge, and again when the node has forgotten it.
// What it signs carries the node's time, so the clock of this machine need not be right.
//
// A [RoomSession] is the person's presence in a room, whichever node hosts it: it keeps the room's [State], hands on its
// events, signs what the host needs signed, and reconnects.
// Audio is in package rtc, beside.
//
// What a node refuses is an *api.Problem (errors.As): its Code is one of package reason. Everything else is a failure of
// the network, of the context, or of the node's manners.
package client

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// Options are what a Client can be told. The zero value is good.
type Options struct {
	// HTTP makes the requests and opens the WebSockets; http.DefaultClient if nil. For many clients in one process give
	// them all one whose Transport keeps enough idle connections.
	HTTP *http.Client
	// Language is what problems are explained in, "en" or "fr"; English if empty.
	Language string
	// Program is what this person sees among their sessions: the name of the program, of at most 60 characters.
	Program string
}

// Client is one person at one node. It is safe for concurrent use. It holds nothing that needs closing.
type Client struct {
	origin   string // scheme://host[:port]; "" if the address was none
	signer   identity.Signer
	key      identity.PublicKey
	http     *http.Client
	language string
	program  string
	guest    statement.ID // where a guest listens; zero: the person is a member, or on the way to be one

	mu     sync.Mutex
	token  string             // of the open session; "" for none; guarded by mu
	node   identity.PublicKey // with which it is, or was; guarded by mu
	opened *opening           // the session being opened; nil if none is; guarded by mu
	behind time.Duration      // the node's clock minus ours, as last seen; guarded by mu

	ordered int64 // the order of the last delegate that was signed; guarded by mu
}

// New makes a client for the node at an address such as https://cafe.example, of which only scheme and host count. It
// connects to nothing. An address that is none shows as an error of every call.
func New(baseURL string, signer identity.Signer, opts Options) *Client {
	c := &Client{
		origin: originOf(baseURL), signer: signer, key: signer.Public(), http: opts.HTTP, language: opts.Language, program: opts.Program,
	}
	if c.http == nil {
		c.http = http.DefaultClient
	}
	if c.language == "" {
		c.language = "en"
	}
	return c
}

func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return u.Scheme + "://" + strings.ToLower(u.Host)
}

// Key is the key of the person.
func (c *Client) Key() identity.PublicKey { return c.key }

// URL is the node's address: scheme://host[:port].
func (c *Client) URL() string { return c.origin }

// Node says what is behind the address.
func (c *Client) Node(ctx context.Context) (api.Node, error) {
	asked := time.Now()
	node, err := call[api.Node](ctx, c, http.MethodGet, api.PathNode, nil)
	if err == nil {
		c.sawTime(node.Now, asked)
	}
	return node, err
}

// community is the node and its community; founded-not if there is none.
func (c *Client) community(ctx context.Context) (api.Node, api.Community, error) {
	node, err := c.Node(ctx)
	if err != nil {
		return node, api.Community{}, err
	}
	if node.Community == nil {
		return node, api.Community{}, c.problem(reason.FoundedNot)
	}
	return node, *node.Community, nil
}

// sawTime notes the node's clock, in Unix milliseconds, as it told in answer to something asked at a time of ours.
func (c *Client) sawTime(told int64, asked time.Time) {
	middle := asked.Add(time.Since(asked) / 2)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.behind = time.UnixMilli(told).Sub(middle)
}

// Now is the node's time, as far as it is known. Statements carry it.
func (c *Client) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.behind)
}

// sign signs a body and returns the statement's text.
func (c *Client) sign(body statement.Body) (string, error) {
	s, err := statement.Sign(body, c.signer)
	if err != nil {
		return "", err
	}
	return s.Text(), nil
}

// problem is a refusal of this side, in the form in which the node's come.
func (c *Client) problem(r reason.Reason) error {
	return &api.Problem{
		Type: "urn:stoa:reason:" + string(r), Code: string(r), Status: r.Status(), Title: r.Sentence(c.language),
	}
}

// Refused reports whether an error is a node's refusal for the given reason.
func Refused(err error, why reason.Reason) bool {
	var p *api.Problem
	return errors.As(err, &p) && p.Code == string(why)
}
