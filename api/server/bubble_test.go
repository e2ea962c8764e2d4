package server

import (
	"context"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// inBubble runs a test in virtual time, on connections that are pipes.
func inBubble(t *testing.T, run func(*harness)) {
	t.Helper()
	inBubbleWith(t, func(*Config) {}, run)
}

func inBubbleWith(t *testing.T, with option, run func(*harness)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		// Bubbles begin in the year 2000, when no statement could have been signed.
		time.Sleep(time.Until(time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC))) //nolint:forbidigo // virtual time
		ln := newPipes()
		transport := &http.Transport{DialContext: ln.dial, DisableCompression: true}
		run(startOn(t, ln, transport, "http://node.test", func(c *Config) { c.Clock = time.Now }, with))
	})
}

// pipes is a listener whose connections are in memory and hold nothing: what one end does not read, the other cannot
// write.
type pipes struct {
	incoming chan net.Conn
	closed   chan struct{}
	once     sync.Once
}

func newPipes() *pipes {
	return &pipes{incoming: make(chan net.Conn), closed: make(chan struct{})}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.incoming:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 80} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case p.incoming <- far:
		return near, nil
	case <-p.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// dial connects as a client that is no library would.
func (h *harness) dial() net.Conn {
	h.Helper()
	conn, err := h.client.Transport.(*http.Transport).DialContext(h.Context(), "tcp", "")
	if err != nil {
		h.Fatal(err)
	}
	h.Cleanup(func() { _ = conn.Close() })
	return conn
}
