package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/transport/v2"
	"github.com/pion/transport/v2/stdnet"
)

// wire is one person's way to the network, which can be cut: no packet goes through, and connections break.
type wire struct {
	*stdnet.Net

	down atomic.Bool

	mu    sync.Mutex
	conns map[net.Conn]bool // guarded by mu
}

func newWire() (*wire, error) {
	base, err := stdnet.NewNet()
	if err != nil {
		return nil, err
	}
	return &wire{Net: base, conns: map[net.Conn]bool{}}, nil
}

var errCut = errors.New("the network is cut")

// cut takes the network away, or gives it back.
func (w *wire) cut(down bool) {
	w.down.Store(down)
	if !down {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.conns {
		_ = c.Close()
		delete(w.conns, c)
	}
}

// http is for requests and WebSockets.
func (w *wire) http() *http.Client {
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	return &http.Client{Timeout: 0, Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if w.down.Load() {
				return nil, errCut
			}
			c, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			w.mu.Lock()
			defer w.mu.Unlock()
			w.conns[c] = true
			return c, nil
		},
		MaxIdleConnsPerHost: 4, IdleConnTimeout: 30 * time.Second,
	}}
}

// ListenUDP implements transport.Net.
func (w *wire) ListenUDP(network string, local *net.UDPAddr) (transport.UDPConn, error) {
	c, err := w.Net.ListenUDP(network, local)
	return &cable{UDPConn: c, wire: w}, err
}

// ListenPacket implements transport.Net.
func (w *wire) ListenPacket(network, address string) (net.PacketConn, error) {
	c, err := w.Net.ListenPacket(network, address)
	if udp, ok := c.(transport.UDPConn); ok {
		return &cable{UDPConn: udp, wire: w}, err
	}
	return c, err
}

// cable is a socket of a wire.
type cable struct {
	transport.UDPConn

	wire *wire
}

// WriteTo implements net.PacketConn.
func (c *cable) WriteTo(p []byte, to net.Addr) (int, error) {
	if c.wire.down.Load() {
		return len(p), nil
	}
	return c.UDPConn.WriteTo(p, to)
}

// ReadFrom implements net.PacketConn.
func (c *cable) ReadFrom(p []byte) (int, net.Addr, error) {
	for {
		n, from, err := c.UDPConn.ReadFrom(p)
		if err != nil || !c.wire.down.Load() {
			return n, from, err
		}
	}
}
