package media

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v2"
)

// BenchmarkForward measures what one packet costs for each listener, from the forwarder to the kernel, in CPU time of
// its one thread, and compares it with a floor measured just before: AES-128-GCM and one sendto for each listener in a
// plain loop. Only the ratio can be compared between machines and hours.
//
//	go test -run '^$' -bench Forward ./media
func BenchmarkForward(b *testing.B) {
	for _, listeners := range []int{25, 100} {
		b.Run(fmt.Sprintf("listeners=%d", listeners), func(b *testing.B) { benchmarkForward(b, listeners) })
	}
}

func benchmarkForward(b *testing.B, listeners int) {
	b.Helper()
	s := startPatient(b, Config{}, patience{time.Minute, time.Hour, time.Hour})
	r := s.Room(roomID(1))
	var addresses []netip.AddrPort
	var conns []*stallConn
	for n := range uint32(listeners) {
		conn, api := stallable(b)
		join(b, r, 2+n, clientOptions{slots: 1, api: api})
		conns = append(conns, conn)
		addresses = append(addresses, conn.LocalAddr().(*net.UDPAddr).AddrPort()) //nolint:forcetypeassert // a UDP socket
	}
	for _, c := range conns {
		c.dead.Store(true) // the clients' own work would be measured with it
	}
	r.mu.Lock() // the room is ours
	defer r.mu.Unlock()
	p := &person{number: 1}
	p.may.Store(true)
	in := packet{level: 30, payload: speech}
	var now time.Duration

	plain := newFloor(b, addresses)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var floor, forward, frames time.Duration
	for b.Loop() {
		frames++
		start := cpuTime(b)
		plain.send(b, addresses, uint16(frames))
		middle := cpuTime(b)
		now += frameTime
		in.seq++
		in.timestamp += frame
		r.forwarder.forward(p, 1, in, now)
		floor, forward = floor+middle-start, forward+cpuTime(b)-middle
	}
	each := float64(frames) * float64(listeners)
	b.ReportMetric(float64(forward)/each, "cpu-ns/packet")
	b.ReportMetric(float64(floor)/each, "floor-ns/packet")
	b.ReportMetric(float64(forward)/float64(floor), "x-floor")
	if got := p.forwarded.Load(); got != uint64(frames) {
		b.Fatalf("%d of %d packets forwarded", got, frames)
	}
}

// floorState is what a plain loop needs: one socket, one key for each listener.
type floorState struct {
	conn *net.UDPConn
	keys map[netip.AddrPort]*srtp.Context
	buf  []byte
}

func newFloor(b *testing.B, addresses []netip.AddrPort) *floorState {
	b.Helper()
	var lc net.ListenConfig
	conn, err := lc.ListenPacket(context.Background(), "udp4", "127.0.0.1:0")
	check(b, err)
	f := &floorState{conn: conn.(*net.UDPConn), keys: map[netip.AddrPort]*srtp.Context{}} //nolint:forcetypeassert // a UDP socket
	b.Cleanup(func() { _ = conn.Close() })
	for _, a := range addresses {
		f.keys[a], err = srtp.CreateContext(make([]byte, 16), make([]byte, 12), srtp.ProtectionProfileAeadAes128Gcm)
		check(b, err)
	}
	return f
}

func (f *floorState) send(b *testing.B, addresses []netip.AddrPort, seq uint16) {
	b.Helper()
	h := rtp.Header{Version: 2, PayloadType: 109, SequenceNumber: seq, Timestamp: uint32(seq) * frame, SSRC: 1, CSRC: []uint32{1}}
	check(b, h.SetExtension(1, []byte{30}))
	raw, err := (&rtp.Packet{Header: h, Payload: speech}).Marshal()
	check(b, err)
	for _, a := range addresses {
		f.buf, err = f.keys[a].EncryptRTP(f.buf[:cap(f.buf)], raw, &h)
		check(b, err)
		_, err = f.conn.WriteToUDPAddrPort(f.buf, a)
		check(b, err)
	}
}

// cpuTime is the CPU time, user and system, of this thread.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	const thread = 1 // RUSAGE_THREAD
	check(b, syscall.Getrusage(thread, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
