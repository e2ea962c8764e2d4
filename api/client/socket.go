package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"
	"github.com/go-json-experiment/json"

	"github.com/stoa-rooms/stoa/api"
)

const (
	maxEvent     = 4 << 20          // bytes; a snapshot with 500 questions has about one million
	silence      = 50 * time.Second // a node pings every 20 s; after this long without a sign it is gone
	dialWithin   = 15 * time.Second // to connect in, or to send an answer
	enterWithin  = 30 * time.Second // to be let into a room, by another node perhaps: as long as that waits for an answer
	goodbyeLimit = time.Second      // for the closing handshake
)

// socket is one WebSocket connection. One goroutine reads from it.
type socket struct {
	conn  *websocket.Conn
	token string      // of the session it was opened in
	idle  *time.Timer // closes the connection after silence
}

// connect opens a connection and says hello: as one who comes back, if there is something to go on from. A node that
// has nothing to tell then stays silent.
func (s *RoomSession) connect(ctx context.Context) (*socket, error) {
	ctx, cancel := context.WithTimeout(ctx, dialWithin)
	defer cancel()
	token, err := s.client.session(ctx)
	if err != nil {
		return nil, err
	}
	hello := api.Hello{Type: "hello", Token: token, Room: &s.room}
	s.mu.Lock()
	if s.state.Run != "" && !s.anew {
		hello.Run, hello.Since = s.state.Run, s.state.N
	}
	s.mu.Unlock()
	return s.client.dial(ctx, hello)
}

// dial opens a WebSocket and says hello.
func (c *Client) dial(ctx context.Context, hello api.Hello) (*socket, error) {
	if c.origin == "" {
		return nil, errAddress
	}
	message, err := json.Marshal(hello)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	s := &socket{token: hello.Token}
	address := "ws" + strings.TrimPrefix(c.origin, "http") + api.Base + api.PathEvents
	conn, res, err := websocket.Dial(ctx, address, &websocket.DialOptions{ //nolint:bodyclose // the library closes it, or refusedUpgrade
		HTTPClient: c.http,
		HTTPHeader: map[string][]string{"Accept-Language": {c.language}},
		OnPingReceived: func(context.Context, []byte) bool {
			s.idle.Reset(silence)
			return true
		},
	})
	if err != nil {
		return nil, refusedUpgrade(res, err)
	}
	conn.SetReadLimit(maxEvent)
	s.conn = conn
	s.idle = time.AfterFunc(silence, func() { _ = conn.CloseNow() })
	if err := conn.Write(ctx, websocket.MessageText, message); err != nil {
		s.abandon()
		return nil, fmt.Errorf("client: saying hello: %w", err)
	}
	return s, nil
}

// refusedUpgrade is why there is no WebSocket: the problem that the node answered with, if it did.
func refusedUpgrade(res *http.Response, err error) error {
	if res != nil && res.Body != nil {
		defer func() { _ = res.Body.Close() }()                // the library has read it
		data, _ := io.ReadAll(io.LimitReader(res.Body, 1<<20)) // a part is no problem document
		var p *api.Problem
		if of := problemOf(request{method: http.MethodGet, path: api.PathEvents}, res, data); errors.As(of, &p) {
			return p
		}
	}
	return fmt.Errorf("client: connecting to the events: %w", err)
}

// next is the next event. A refused event is its problem, as an error.
func (s *socket) next(ctx context.Context) (api.Event, error) {
	kind, data, err := s.conn.Read(ctx)
	if err != nil {
		return nil, fmt.Errorf("client: reading events: %w", err)
	}
	s.idle.Reset(silence)
	if kind != websocket.MessageText {
		return nil, fmt.Errorf("%w: a binary message", api.ErrEvent)
	}
	event, err := api.DecodeEvent(data)
	if err != nil {
		return nil, err
	}
	if refused, ok := event.(api.Refused); ok {
		return nil, &refused.Problem
	}
	return event, nil
}

// close ends the connection with a closing handshake, if the other side still answers.
func (s *socket) close() {
	limit := time.AfterFunc(goodbyeLimit, s.abandon)
	defer limit.Stop()
	_ = s.conn.Close(websocket.StatusNormalClosure, "") // it is over either way
}

// abandon ends the connection at once.
func (s *socket) abandon() {
	s.idle.Stop()
	_ = s.conn.CloseNow() // it is over either way
}
