package media

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/ice/v2"
	"github.com/pion/webrtc/v3"

	"github.com/stoa-rooms/stoa/reason"
)

func TestConfigIsChecked(t *testing.T) {
	for _, c := range []Config{
		{Slots: -1},
		{Slots: maxSlots + 1},
		{Public: []netip.AddrPort{netip.MustParseAddrPort("0.0.0.0:1")}},
		{Public: []netip.AddrPort{{}}},
	} {
		if _, err := New(c); err == nil {
			t.Errorf("%+v was accepted", c)
		}
	}
}

func TestPortInUse(t *testing.T) {
	s := startServer(t, Config{})
	other, err := New(Config{Addr: s.LocalAddr().String()})
	check(t, err)
	if err := other.Run(t.Context()); err == nil || !strings.Contains(err.Error(), s.LocalAddr().String()) {
		t.Fatalf("listening twice: %v", err)
	}
}

func TestOfferBeforeRunAndAfter(t *testing.T) {
	s, err := New(Config{Addr: "127.0.0.1:0"})
	check(t, err)
	offer := offerOf("0", audioLine("0", "recvonly"))
	r := s.Room(roomID(1))
	if _, _, err := r.Offer(t.Context(), 1, offer, Options{}); reason.Of(err) != reason.ShuttingDown {
		t.Errorf("before Run: %v", err)
	}
	if s.LocalAddr() != nil {
		t.Error("an address before Run")
	}
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error)
	go func() { ran <- s.Run(ctx) }()
	<-s.Ready()
	if _, _, err := r.Offer(t.Context(), 1, offer, Options{}); err != nil { // never connects
		t.Fatal(err)
	}
	if _, _, err := r.Offer(t.Context(), 0, offer, Options{}); reason.Of(err) != reason.RequestInvalid {
		t.Errorf("person 0: %v", err)
	}
	cancel()
	start := time.Now()
	if err := <-ran; err != nil || time.Since(start) > 3*time.Second {
		t.Fatalf("Run: %v after %v", err, time.Since(start))
	}
	for name, r := range map[string]*Room{"old room": r, "new room": s.Room(roomID(2))} {
		if _, _, err := r.Offer(t.Context(), 1, offer, Options{}); err == nil {
			t.Errorf("%s: an offer after Run", name)
		}
	}
}

func TestRefusedOffersChangeNothing(t *testing.T) {
	r := startServer(t, Config{}).Room(roomID(1))
	r.Allow(1, true)
	speaker := join(t, r, 1, clientOptions{slots: 1, mic: true})
	listener := join(t, r, 2, clientOptions{slots: 1})
	for _, bad := range []string{"", "garbage", strings.Repeat("a=x\r\n", 300_000), offerOf("v", videoLine)} {
		start := time.Now()
		if _, _, err := r.Offer(t.Context(), 1, bad, Options{}); err == nil {
			t.Errorf("%.20q was answered", bad)
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("refusing %d bytes took %v", len(bad), took)
		}
	}
	talk(5, map[*client]uint8{speaker: 30})
	until(t, "still heard", func() bool { return len(listener.packets()) == 5 })
}

func TestHandshakesAreLimited(t *testing.T) {
	s := startPatient(t, Config{}, patience{200 * time.Millisecond, disconnectedAfter, failedAfter})
	r := s.Room(roomID(1))
	offer := offerOf("0", audioLine("0", "recvonly"))
	for n := range uint32(maxHandshakes) {
		if _, _, err := r.Offer(t.Context(), 1+n, offer, Options{}); err != nil {
			if reason.Of(err) == reason.MediaBusy && n > 10 { // the first have expired on a slow machine
				break
			}
			t.Fatal(err)
		}
	}
	s.mu.Lock()
	s.handshakes += maxHandshakes
	s.mu.Unlock()
	if _, _, err := r.Offer(t.Context(), 9999, offer, Options{}); reason.Of(err) != reason.MediaBusy {
		t.Errorf("one too many: %v", err)
	}
	s.mu.Lock()
	s.handshakes -= maxHandshakes
	s.mu.Unlock()
	until(t, "all expire", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.handshakes == 0
	})
	s.wait.handshake = handshakeTime // this one is to connect, on a slow machine too
	join(t, r, 1, clientOptions{slots: 1})
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.handshakes != 0 {
		t.Errorf("a connected leg counts as %d handshakes", s.handshakes)
	}
}

// TestGuestsLeaveHandshakesToMembers: however many guests are on their way, members and other nodes come in.
func TestGuestsLeaveHandshakesToMembers(t *testing.T) {
	s := startServer(t, Config{})
	r := s.Room(roomID(1))
	offer := offerOf("0", audioLine("0", "recvonly"))
	for n := range uint32(maxHandshakes / 2) {
		_, _, err := r.Offer(t.Context(), 1+n, offer, Options{Guest: true})
		check(t, err)
	}
	if _, _, err := r.Offer(t.Context(), 9999, offer, Options{Guest: true}); reason.Of(err) != reason.MediaBusy {
		t.Errorf("a guest too many: %v", err)
	}
	_, _, err := r.Offer(t.Context(), 9998, offer, Options{})
	check(t, err)
	r.Close()
	until(t, "places for guests again", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.handshakes == 0 && s.guests == 0
	})
}

func TestLegThatNeverConnectsExpires(t *testing.T) {
	closed := make(chan string, 1)
	s := startPatient(t, Config{}, patience{50 * time.Millisecond, disconnectedAfter, failedAfter})
	r := s.Room(roomID(7))
	r.OnLegClosed(func(person uint32, leg LegID) { closed <- fmt.Sprint(person, leg) })
	_, leg, err := r.Offer(t.Context(), 3, offerOf("0", audioLine("0", "recvonly")), Options{})
	check(t, err)
	select {
	case got := <-closed:
		if got != fmt.Sprint(3, leg) {
			t.Errorf("closed %s", got)
		}
	case <-time.After(enough):
		t.Fatal("the leg does not expire")
	}
	if s := r.Stats().People[3]; s.Leg != "" {
		t.Errorf("%+v", s)
	}
}

// stallConn is a client's socket that can go dead: nothing more is read or sent.
type stallConn struct {
	net.PacketConn
	dead   atomic.Bool
	closed chan struct{}
	once   sync.Once
}

func (s *stallConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, addr, err := s.PacketConn.ReadFrom(b)
	if s.dead.Load() {
		<-s.closed
		return 0, nil, net.ErrClosed
	}
	return n, addr, err
}

func (s *stallConn) WriteTo(b []byte, addr net.Addr) (int, error) {
	if s.dead.Load() {
		return len(b), nil
	}
	return s.PacketConn.WriteTo(b, addr)
}

func (s *stallConn) Close() error {
	s.once.Do(func() { close(s.closed) })
	return s.PacketConn.Close()
}

// stallable makes a client's socket.
func stallable(tb testing.TB) (*stallConn, func(*webrtc.SettingEngine)) {
	tb.Helper()
	var lc net.ListenConfig
	conn, err := lc.ListenPacket(tb.Context(), "udp4", "127.0.0.1:0")
	check(tb, err)
	s := &stallConn{PacketConn: conn, closed: make(chan struct{})}
	mux := ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: s})
	tb.Cleanup(func() { _ = mux.Close() })
	return s, func(e *webrtc.SettingEngine) { e.SetICEUDPMux(mux) }
}

// TestLostListener: a listener who vanishes costs the others nothing, and their leg ends when consent is lost.
func TestLostListener(t *testing.T) {
	var closed atomic.Int32
	s := startPatient(t, Config{}, patience{handshakeTime, 3 * time.Second, time.Second})
	r := s.Room(roomID(1))
	r.OnLegClosed(func(person uint32, _ LegID) { closed.Add(int32(person)) })
	r.Allow(1, true)
	speaker := join(t, r, 1, clientOptions{slots: 1, mic: true})
	listener := join(t, r, 2, clientOptions{slots: 1})
	conn, api := stallable(t)
	join(t, r, 3, clientOptions{slots: 1, api: api})
	conn.dead.Store(true)
	sent := 0
	until(t, "the leg ends", func() bool {
		talk(5, map[*client]uint8{speaker: 30})
		sent += 5
		return r.Stats().People[3].Leg == ""
	})
	until(t, "told", func() bool { return closed.Load() == 3 })
	until(t, "the other heard all", func() bool { return len(listener.packets()) == sent })
	if s := r.Stats().People[2]; !s.Connected {
		t.Errorf("%+v", s)
	}
}

func TestSRTPProfiles(t *testing.T) {
	r := startServer(t, Config{}).Room(roomID(1))
	old := func(e *webrtc.SettingEngine) { e.SetSRTPProtectionProfiles(aes128CMSHA80) }
	join(t, r, 1, clientOptions{slots: 1, api: old, Options: Options{Compat: true}})
	join(t, r, 2, clientOptions{slots: 1, Options: Options{Compat: true}})
	r.server.wait.handshake = 2 * time.Second
	c := newClient(t, clientOptions{slots: 1, api: old})
	answer, _, err := r.Offer(t.Context(), 3, c.pc.LocalDescription().SDP, Options{})
	check(t, err)
	check(t, c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}))
	until(t, "the handshake fails", func() bool { return r.Stats().People[3].Leg == "" })
}

func TestAllInterfaces(t *testing.T) {
	for _, addr := range []string{":0", "0.0.0.0:0", "[::1]:0", "127.0.0.1:0"} {
		t.Run(addr, func(t *testing.T) {
			r := startServer(t, Config{Addr: addr}).Room(roomID(1))
			r.Allow(1, true)
			both := func(e *webrtc.SettingEngine) {
				e.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6})
			}
			speaker := join(t, r, 1, clientOptions{slots: 1, mic: true, api: both})
			listener := join(t, r, 2, clientOptions{slots: 1, api: both})
			talk(3, map[*client]uint8{speaker: 30})
			until(t, "heard", func() bool { return len(listener.packets()) == 3 })
		})
	}
}

func TestPublicAddresses(t *testing.T) {
	s := startServer(t, Config{Public: []netip.AddrPort{netip.MustParseAddrPort("192.0.2.7:0"), netip.MustParseAddrPort("[2001:db8::7]:9")}})
	answer, _, err := s.Room(roomID(1)).Offer(t.Context(), 1, offerOf("0", audioLine("0", "recvonly")), Options{})
	check(t, err)
	port := s.LocalAddr().(*net.UDPAddr).Port //nolint:forcetypeassert // a UDP server
	for _, want := range []string{fmt.Sprintf(" 192.0.2.7 %d typ host\r\n", port), " 2001:db8::7 9 typ host\r\n"} {
		if !strings.Contains(answer, want) {
			t.Errorf("%q is missing in\n%s", want, answer)
		}
	}
	if strings.Contains(answer, "127.0.0.1") {
		t.Errorf("the private address is named:\n%s", answer)
	}
}

// TestRemoteCandidatesAreIgnored: an offer cannot make the node send to an address that did not ask for it.
func TestRemoteCandidatesAreIgnored(t *testing.T) {
	var lc net.ListenConfig
	victim, err := lc.ListenPacket(t.Context(), "udp4", "127.0.0.1:0")
	check(t, err)
	defer victim.Close()
	port := victim.LocalAddr().(*net.UDPAddr).Port //nolint:forcetypeassert // a UDP socket
	r := startServer(t, Config{}).Room(roomID(1))
	_, _, err = r.Offer(t.Context(), 1, offerOf("0", audioLine("0", "recvonly",
		fmt.Sprintf("a=candidate:1 1 udp 2130706431 127.0.0.1 %d typ host", port),
		"a=candidate:2 1 udp 2130706431 6ba7b810-9dad-11d1-80b4-00c04fd430c8.local 9 typ host", "a=end-of-candidates")), Options{})
	check(t, err)
	join(t, r, 2, clientOptions{slots: 1}) // by then the node would have sent
	check(t, victim.SetReadDeadline(time.Now().Add(300*time.Millisecond)))
	if n, _, err := victim.ReadFrom(make([]byte, 1500)); err == nil {
		t.Fatalf("%d bytes were sent to an address out of an offer", n)
	}
}

func TestSocketLetsPassOnlyWhatIsExpected(t *testing.T) {
	s := &socket{streams: map[uint32]int{}}
	packet := func(first, second byte, ssrc uint32) []byte {
		b := make([]byte, 40)
		b[0], b[1] = first, second
		binary.BigEndian.PutUint32(b[8:], ssrc)
		return b
	}
	stop, again := s.expect(7), s.expect(7)
	s.expect(0)()
	tests := []struct {
		name string
		b    []byte
		want bool
	}{
		{"STUN", packet(0, 1, 0), true},
		{"DTLS", packet(22, 254, 0), true},
		{"TURN channel", packet(64, 0, 7), false},
		{"RTP expected", packet(128, 111, 7), true},
		{"RTP with marker", packet(0x90, 0x80|111, 7), true},
		{"RTP unknown", packet(128, 111, 8), false},
		{"RTP of SSRC 0", packet(128, 111, 0), false},
		{"RTCP", packet(129, 201, 8), true},
		{"too short", packet(128, 111, 7)[:11], false},
		{"noise", packet(255, 0, 7), false},
	}
	for _, tt := range tests {
		if got := s.wanted(tt.b); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
	stop()
	stop()
	if !s.wanted(packet(128, 111, 7)) {
		t.Error("stopped for both")
	}
	again()
	if s.wanted(packet(128, 111, 7)) {
		t.Error("not stopped")
	}
}

// TestManyAtOnce runs everything against everything, for the race detector.
func TestManyAtOnce(t *testing.T) {
	s := startServer(t, Config{})
	r := s.Room(roomID(1))
	r.OnLegClosed(func(uint32, LegID) {})
	r.Allow(1, true)
	speaker := join(t, r, 1, clientOptions{slots: 2, mic: true})
	listener := join(t, r, 2, clientOptions{slots: 3})
	var work sync.WaitGroup
	stop := make(chan struct{})
	for i := range uint32(4) {
		work.Go(func() {
			for turn := i; ; turn += 4 {
				select {
				case <-stop:
					return
				default:
				}
				n := 10 + turn%16
				other := s.Room(roomID(byte(2 + n%3)))
				for _, r := range []*Room{r, other} {
					_, leg, err := r.Offer(context.Background(), n, offerOf("0 1", audioLine("0", "recvonly"), audioLine("1", "sendonly", ssrcLine)), Options{})
					_ = err // the room may be closed or the person dropped meanwhile
					r.Allow(n, n%2 == 0)
					r.Stats()
					if n%3 == 0 {
						_ = r.Hangup(n, leg)
					} else {
						r.Drop(n)
					}
				}
				if n%5 == 0 {
					other.Close()
				}
			}
		})
	}
	talk(60, map[*client]uint8{speaker: 30})
	close(stop)
	work.Wait()
	until(t, "all heard", func() bool { return len(listener.packets()) == 60 })
	r.Close()
	r.Close()
	if s.Room(roomID(1)) == r {
		t.Error("a closed room is still there")
	}
}
