package media

import (
	"net"
	"testing"
)

// TestAnyNumberIsFreeForBoth: where the system chooses the port, it is one that TCP can have too, though many are taken.
func TestAnyNumberIsFreeForBoth(t *testing.T) {
	const addr = "127.9.8.7:0" // nobody else's
	for range 1500 {           // one in nineteen
		taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", addr)
		check(t, err)
		defer taken.Close()
	}
	for range 120 {
		if s := startServer(t, Config{Addr: addr}); s.TCPAddr() == nil || s.TCPAddr().String() != s.LocalAddr().String() {
			t.Fatalf("UDP %v, TCP %v", s.LocalAddr(), s.TCPAddr())
		}
	}
}
