package media

import (
	"bufio"
	"encoding/binary"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// frameRate is how many packets a second are taken from one connection, frameBurst at once: the microphone's, and as
	// many again for reports, checks and the handshake. The others are dropped.
	frameRate  = 2 * packetRate
	frameBurst = 2 * packetBurst

	// tcpQueue is how many packets wait for a slow connection, 0.6 s of one speaker; then the oldest are dropped. The
	// kernel is asked to keep tcpKernel bytes at most, so that what is sent is new.
	tcpQueue  = 32
	tcpKernel = 16 << 10

	tcpStalled  = 10 * time.Second // a connection that takes nothing for so long is closed
	tcpFarewell = time.Second      // for what is to be sent before the end
)

// tcpConn is one connection over TCP that has shown whose it is.
type tcpConn struct {
	port    *tcpPort
	conn    *net.TCPConn
	leg     *tcpLeg
	standIn *net.UDPAddr
	out     chan []byte
	ending  chan struct{}
	once    sync.Once
	heard   atomic.Int64 // when something came last, Unix nanoseconds
}

func newTCPConn(p *tcpPort, conn *net.TCPConn, at *net.UDPAddr) *tcpConn {
	_ = conn.SetWriteBuffer(tcpKernel) // best effort
	c := &tcpConn{port: p, conn: conn, standIn: at, out: make(chan []byte, tcpQueue), ending: make(chan struct{})}
	c.heard.Store(time.Now().UnixNano())
	return c
}

// silent reports whether nothing has come for so long.
func (c *tcpConn) silent(since time.Duration) bool {
	return time.Since(time.Unix(0, c.heard.Load())) > since
}

// far is where the client is.
func (c *tcpConn) far() netip.Addr {
	at, ok := c.conn.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	return at.AddrPort().Addr().Unmap()
}

// end closes the connection when what waits has been sent.
func (c *tcpConn) end() {
	c.once.Do(func() {
		close(c.ending)
		_ = c.conn.SetWriteDeadline(time.Now().Add(tcpFarewell)) // of a write under way
	})
}

// read delivers what comes until the connection ends.
func (c *tcpConn) read() {
	in := bufio.NewReaderSize(c.conn, 2+maxDatagram)
	b := make([]byte, maxDatagram)
	tokens, at := float64(frameBurst), time.Now()
	for {
		data, err := readFrame(in, b)
		if err != nil {
			return
		}
		now := time.Now()
		c.heard.Store(now.UnixNano())
		tokens = min(frameBurst, tokens+frameRate*now.Sub(at).Seconds())
		at = now
		if tokens < 1 || !c.port.socket.wanted(data) {
			continue
		}
		tokens--
		c.port.deliver(c, slices.Clone(data))
	}
}

// send queues one packet. It never blocks: when the client is slow, the oldest is dropped.
func (c *tcpConn) send(data []byte) {
	framed := make([]byte, 2+len(data))
	binary.BigEndian.PutUint16(framed, uint16(len(data)))
	copy(framed[2:], data)
	for {
		select {
		case c.out <- framed:
			return
		default:
		}
		select {
		case <-c.out:
		default:
		}
	}
}

// write sends what is queued until the connection ends, as much at once as there is.
func (c *tcpConn) write() {
	defer func() { _ = c.conn.Close() }() // which ends read, too
	var batch []byte
	for last := false; !last; {
		batch = batch[:0]
		select {
		case f := <-c.out:
			batch = append(batch, f...)
		case <-c.ending:
			last = true
		}
		batch = c.drain(batch)
		_ = c.conn.SetWriteDeadline(time.Now().Add(tcpStalled))
		select {
		case <-c.ending:
			_ = c.conn.SetWriteDeadline(time.Now().Add(tcpFarewell))
		default:
		}
		if _, err := c.conn.Write(batch); err != nil {
			return
		}
	}
}

// drain appends all that is queued.
func (c *tcpConn) drain(batch []byte) []byte {
	for {
		select {
		case f := <-c.out:
			batch = append(batch, f...)
		default:
			return batch
		}
	}
}
