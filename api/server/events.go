package server

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	jsonv2 "github.com/go-json-experiment/json"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/reason"
)

// What a WebSocket may take.
const (
	maxHello    = 4 << 10          // bytes of the first message
	maxEnter    = 8 << 10          // bytes of an answer to an entry: a statement, with room to spare
	helloWithin = 5 * time.Second  // to send the hello in, or an answer that has begun
	writeWithin = 10 * time.Second // to take one event in
	pingEvery   = 20 * time.Second
	pongWithin  = 10 * time.Second
	enterWithin = 10 * time.Second        // for a room to let somebody in, or to take an answer
	closeWithin = 1500 * time.Millisecond // for the last words and the closing handshake; part of the 3 s to end in
)

// errGone says that the client is no longer there to be told anything.
var errGone = errors.New("server: the client is gone")

// socket is one WebSocket. Its handler's goroutine writes; one other reads; a ping has its own for the time it takes, and
// so has an answer to an entry.
type socket struct {
	conn *websocket.Conn
	raw  net.Conn // below conn, to end it whatever it is doing
	lang string   // of problem titles
	now  func() time.Time
	work sync.WaitGroup // the other goroutines

	hello   chan []byte   // the first message
	asked   atomic.Int32  // entries sent and not answered: what the client may still say
	answers chan string   // the enter statements that it said
	over    chan error    // the first of what ends the connection: the client went, or what it said was refused
	ended   chan struct{} // closed by end
}

func newSocket(lang string, now func() time.Time) *socket {
	return &socket{
		lang: lang, now: now,
		hello: make(chan []byte, 1), answers: make(chan string), over: make(chan error, 1), ended: make(chan struct{}),
	}
}

func (s *Server) serveEvents(w http.ResponseWriter, r *http.Request) {
	address := s.proxies.addressOf(r)
	if !s.sockets.enter(address) {
		s.refuse(w, r, &rateError{time.Second})
		return
	}
	c := newSocket(s.languageOf(r), s.now)
	defer s.sockets.leave(address, c)
	up := &upgrade{ResponseWriter: w}
	// The guard has compared Origin to the letter; the library's own rule is looser.
	conn, err := websocket.Accept(up, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		s.refuse(w, r, reason.Reject(reason.RequestInvalid, "not a WebSocket handshake"))
		return
	}
	c.conn, c.raw = conn, up.conn
	s.sockets.opened(c)
	// A server's base context may end before the handler; then there would be no last words.
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	defer cancel()
	c.work.Go(func() { c.read(ctx) })
	err = s.converse(ctx, c)
	s.record(ctx, r.URL.Path, err)
	c.end(ctx, err)
}

// converse takes the hello and sends events until something ends it: nil, errGone or a refusal.
func (s *Server) converse(ctx context.Context, c *socket) (err error) {
	defer caught(&err)
	hello, err := c.awaitHello(s.closing)
	if err != nil {
		return err
	}
	session, err := s.authenticate(hello.Token)
	if err != nil {
		return err
	}
	if !s.sessions.hold(session) {
		return &rateError{time.Second}
	}
	defer s.sessions.release(session)
	if err := session.reaches(hello.Room); err != nil {
		return err
	}
	if hello.Room == nil {
		return s.stream(ctx, c, session, nil)
	}
	limited, cancel := context.WithTimeout(ctx, enterWithin)
	defer cancel()
	enter := s.rooms.Enter
	if session.isGuest() {
		enter = s.doors.Listen
	}
	presence, err := enter(limited, *hello.Room, session.member, Resume{Run: hello.Run, Since: hello.Since})
	if err != nil {
		return err
	}
	defer presence.Close()
	return s.stream(ctx, c, session, presence)
}

// caught turns a panic into an error: the server's own recovery knows only requests.
func caught(err *error) {
	if v := recover(); v != nil {
		*err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
	}
}

// stream sends a room's events, or the hallway where there is no room.
func (s *Server) stream(ctx context.Context, c *socket, session *session, presence Subscription) error {
	present, leave := context.WithCancel(ctx) // what is asked of the presence ends with it
	defer leave()
	var events <-chan api.Event // stays nil in the hallway
	var changed <-chan struct{} // stays nil in a room
	mine, unwatch := s.mine.watch(session.member)
	defer unwatch()
	var told <-chan api.Noticed // stays nil for guests
	if s.notices != nil && !session.isGuest() {
		var stop func()
		told, stop = s.notices.Watch(session.member)
		defer stop()
	}
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	if presence != nil {
		events = presence.Events()
	} else {
		var frame []byte
		if frame, changed = s.hallway.latest(session.member); frame != nil {
			if err := c.write(ctx, frame); err != nil {
				return err
			}
		}
	}
	for {
		var err error
		select {
		case event, ok := <-events:
			if !ok {
				return presence.Err()
			}
			if _, entry := event.(api.Entry); entry {
				c.asked.Add(1)
			}
			err = c.send(ctx, event)
		case enter := <-c.answers: // of a client that was asked, so it is in a room
			c.work.Go(func() { c.fail(pass(present, presence, enter)) })
		case notice := <-told:
			err = c.send(ctx, notice)
		case <-changed:
			var frame []byte
			frame, changed = s.hallway.latest(session.member)
			err = c.write(ctx, frame)
		case <-mine:
			err = c.send(ctx, api.Mine{Head: api.Head{Type: api.EventMine, At: s.now().UnixMilli()}})
		case <-ping.C:
			c.work.Go(func() { c.ping(ctx) })
		case err = <-c.over:
		case <-session.gone:
			err = reason.Reject(session.why, "signed out")
		case <-s.closing:
			err = reason.Reject(reason.ShuttingDown, "")
		}
		if err != nil {
			return err
		}
	}
}

// pass hands on what a client answered to an entry.
func pass(ctx context.Context, presence Subscription, enter string) (err error) {
	defer caught(&err)
	limited, cancel := context.WithTimeout(ctx, enterWithin)
	defer cancel()
	return presence.Answer(limited, enter)
}

// fail ends the connection, unless something else already does or there is no error.
func (c *socket) fail(err error) {
	if err == nil {
		return
	}
	select {
	case c.over <- err:
	default:
	}
}

// read reads the first message, and then one answer for each entry that was sent; besides control frames nothing else is
// in order. It also is what answers pings and notices that the client has gone.
func (c *socket) read(ctx context.Context) {
	kind, r, err := c.conn.Reader(ctx)
	if err != nil {
		c.fail(errGone)
		return
	}
	first, err := c.message(kind, r, maxHello)
	if err != nil {
		c.fail(err)
		return
	}
	c.hello <- first
	for err == nil {
		err = c.readAnswer(ctx)
	}
	c.fail(err)
}

// readAnswer reads what a client answers to an entry. Whether one was sent is looked at before anything is read: so a
// client can say no more than it was asked for, and a node that does not ask reads nothing.
func (c *socket) readAnswer(ctx context.Context) error {
	kind, r, err := c.conn.Reader(ctx)
	if err != nil {
		return errGone
	}
	if c.asked.Add(-1) < 0 {
		return reason.Reject(reason.RequestInvalid, "after its hello a client sends nothing but an answer to an entry")
	}
	slow := time.AfterFunc(helloWithin, func() { _ = c.raw.Close() })
	defer slow.Stop()
	data, err := c.message(kind, r, maxEnter)
	if err != nil {
		return err
	}
	enter, err := parseEnter(data)
	if err != nil {
		return err
	}
	select {
	case c.answers <- enter:
		return nil
	case <-c.ended:
		return errGone
	}
}

// message reads one message to its end.
func (c *socket) message(kind websocket.MessageType, r io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	switch {
	case err != nil:
		return nil, errGone
	case int64(len(data)) > limit:
		return nil, reason.Reject(reason.RequestTooLarge, "more than %d bytes", limit)
	case kind != websocket.MessageText:
		return nil, reason.Reject(reason.RequestInvalid, "not a text message")
	}
	return data, nil
}

// awaitHello waits for the first message.
func (c *socket) awaitHello(closing <-chan struct{}) (api.Hello, error) {
	late := time.NewTimer(helloWithin)
	defer late.Stop()
	select {
	case first := <-c.hello:
		return parseHello(first)
	case err := <-c.over:
		return api.Hello{}, err
	case <-late.C:
		return api.Hello{}, reason.Reject(reason.SessionRequired, "no hello within %s", helloWithin)
	case <-closing:
		return api.Hello{}, reason.Reject(reason.ShuttingDown, "")
	}
}

// parseHello reads the first message of a client.
func parseHello(data []byte) (api.Hello, error) {
	var h api.Hello
	if err := jsonv2.Unmarshal(data, &h, jsonv2.RejectUnknownMembers(true)); err != nil {
		return api.Hello{}, reason.Reject(reason.RequestInvalid, "not a hello: %v", err)
	}
	switch {
	case h.Type != "hello":
		return api.Hello{}, reason.Reject(reason.RequestInvalid, "the first message is of type hello")
	case h.Room == nil && (h.Run != "" || h.Since != 0), h.Since < 0:
		return api.Hello{}, reason.Reject(reason.RequestInvalid, "run and since resume a room")
	case h.Token == "":
		return api.Hello{}, reason.Reject(reason.SessionRequired, "the hello has no token")
	}
	return h, nil
}

// parseEnter reads a client's answer to an entry. The statement in it is for the room to read.
func parseEnter(data []byte) (string, error) {
	var m api.EnterMessage
	if err := jsonv2.Unmarshal(data, &m, jsonv2.RejectUnknownMembers(true)); err != nil {
		return "", reason.Reject(reason.RequestInvalid, "not an answer to an entry: %v", err)
	}
	if m.Type != "enter" || m.Enter == "" {
		return "", reason.Reject(reason.RequestInvalid, "an answer to an entry is of type enter, with a statement")
	}
	return m.Enter, nil
}

func (c *socket) send(ctx context.Context, event api.Event) error {
	frame, err := encode(event)
	if err != nil {
		return err
	}
	return c.write(ctx, frame)
}

func (c *socket) write(ctx context.Context, frame []byte) error {
	limited, cancel := context.WithTimeout(ctx, writeWithin)
	defer cancel()
	if err := c.conn.Write(limited, websocket.MessageText, frame); err != nil {
		return errGone
	}
	return nil
}

// ping ends the connection of a client that does not answer.
func (c *socket) ping(ctx context.Context) {
	limited, cancel := context.WithTimeout(ctx, pongWithin)
	defer cancel()
	if err := c.conn.Ping(limited); err != nil {
		_ = c.raw.Close() // the reader notices
	}
}

// end says why, closes the connection, and waits for its goroutines.
func (c *socket) end(ctx context.Context, err error) {
	close(c.ended)
	defer c.work.Wait()
	if errors.Is(err, errGone) {
		_ = c.raw.Close()
		_ = c.conn.CloseNow() // errors of a connection that is gone
		return
	}
	// The library waits longer for the closing handshake, and without end for a frame that is half sent.
	limit := time.AfterFunc(closeWithin, func() { _ = c.raw.Close() })
	defer limit.Stop()
	code, why := websocket.StatusNormalClosure, ""
	if err != nil {
		p := problem(err, c.lang)
		code, why = closeCode(reason.Reason(p.Code)), p.Code
		_ = c.send(ctx, api.Refused{Head: api.Head{Type: api.EventRefused, At: c.now().UnixMilli()}, Problem: p})
	}
	_ = c.conn.Close(code, why) // whether or not the client still hears it
}

// closeCode is the status of the close frame (RFC 6455, section 7.4.1). The reason is in the refused event and, as a
// code, in the frame.
func closeCode(r reason.Reason) websocket.StatusCode {
	switch r {
	case reason.ShuttingDown:
		return websocket.StatusGoingAway
	case reason.RequestTooLarge:
		return websocket.StatusMessageTooBig
	case reason.Internal, reason.StorageFailed:
		return websocket.StatusInternalError
	default:
		return websocket.StatusPolicyViolation
	}
}

// encode writes an event as its frame.
func encode(event api.Event) ([]byte, error) {
	var frame bytes.Buffer
	if err := marshal(&frame, event); err != nil {
		return nil, fmt.Errorf("server: event %s: %w", event.Header().Type, err)
	}
	return frame.Bytes(), nil
}

// upgrade keeps the library's plain-text errors from the client, and the connection for the server.
type upgrade struct {
	http.ResponseWriter
	conn    net.Conn
	refused bool
}

// WriteHeader implements http.ResponseWriter.
func (u *upgrade) WriteHeader(status int) {
	if status != http.StatusSwitchingProtocols {
		u.refused = true
		return
	}
	u.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (u *upgrade) Write(p []byte) (int, error) {
	if u.refused {
		return len(p), nil
	}
	return u.ResponseWriter.Write(p)
}

// Hijack implements http.Hijacker.
func (u *upgrade) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(u.ResponseWriter).Hijack()
	u.conn = conn
	return conn, rw, err
}
