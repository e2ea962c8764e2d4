package client

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// sessionLife is how long, in seconds, a session statement is good for: as long as the challenge it answers.
const sessionLife = 60

// opening is a session that is being opened. Whoever needs one meanwhile waits for it.
type opening struct {
	done  chan struct{} // closed when token and err are set
	token string
	err   error
}

// session is the token of the open session. It opens one if there is none; of several callers only one does.
func (c *Client) session(ctx context.Context) (string, error) {
	for {
		c.mu.Lock()
		if c.token != "" {
			defer c.mu.Unlock()
			return c.token, nil
		}
		if other := c.opened; other != nil {
			c.mu.Unlock()
			select {
			case <-other.done:
			case <-ctx.Done():
				return "", ctx.Err()
			}
			if errors.Is(other.err, context.Canceled) || errors.Is(other.err, context.DeadlineExceeded) {
				continue // theirs, which is no reason for us to fail
			}
			return other.token, other.err
		}
		mine := &opening{done: make(chan struct{})}
		c.opened = mine
		c.mu.Unlock()

		mine.token, mine.err = c.open(ctx)
		c.mu.Lock()
		c.token, c.opened = mine.token, nil
		c.mu.Unlock()
		close(mine.done)
		return mine.token, mine.err
	}
}

// open answers a challenge.
func (c *Client) open(ctx context.Context) (string, error) {
	asked := time.Now()
	challenge, err := call[api.Challenge](ctx, c, http.MethodPost, api.PathChallenge, nil)
	if err != nil {
		return "", err
	}
	c.sawTime(challenge.Now, asked)
	c.mu.Lock()
	c.node = challenge.Node
	c.mu.Unlock()
	now := challenge.Now / 1000
	text, err := c.sign(&statement.Session{
		Node: challenge.Node, IssuedAt: now, Expires: now + sessionLife, Origin: c.origin, Nonce: challenge.Nonce,
	})
	if err != nil {
		return "", err
	}
	if !c.guest.IsZero() {
		return c.openAsGuest(ctx, text)
	}
	session, err := call[api.Session](ctx, c, http.MethodPost, api.PathSessions, api.SessionRequest{Session: text, Program: c.program})
	return session.Token, err
}

// Token is the token of this person's session, which is opened if it is not: what Authorization: Bearer and the
// WebSocket's hello carry, for whoever speaks to the node by other means than this package.
func (c *Client) Token(ctx context.Context) (string, error) { return c.session(ctx) }

// home is the node that this person's session is with.
func (c *Client) home() identity.PublicKey {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.node
}

// forget forgets a session that the node no longer knows.
func (c *Client) forget(token string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.token == token {
		c.token = ""
	}
}

// SignOut ends the session. Room sessions end with it. A later call opens another session, also where the one before was
// ended from elsewhere.
func (c *Client) SignOut(ctx context.Context) error {
	c.mu.Lock()
	token := c.token
	c.token = ""
	c.mu.Unlock()
	if token == "" {
		return nil
	}
	_, err := c.send(ctx, request{method: http.MethodDelete, path: api.PathSessions, token: token})
	if Refused(err, reason.SessionEnded) {
		return nil
	}
	return err
}
