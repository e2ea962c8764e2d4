package node

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// socketBuffer is how many bytes of receive buffer the system grants a UDP socket that asks for so many.
func socketBuffer(wanted int) (granted int, ok bool) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return 0, false
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetReadBuffer(wanted)
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, false
	}
	if err := raw.Control(func(fd uintptr) {
		granted, err = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF)
	}); err != nil {
		return 0, false
	}
	return granted / 2, err == nil // the kernel doubles it for its own books (socket(7))
}

// fileLimit is how many descriptors this process may have.
func fileLimit() (uint64, bool) {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return 0, false
	}
	return limit.Cur, true
}

// clockSynced reports whether the kernel's clock is kept by NTP.
func clockSynced() (synced, ok bool) {
	var t unix.Timex
	if _, err := unix.Adjtimex(&t); err != nil {
		return false, false
	}
	return t.Status&unix.STA_UNSYNC == 0, true
}
