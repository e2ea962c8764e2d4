package media

import (
	"testing"
)

func TestOneSpeakerThreeListeners(t *testing.T) {
	r := startServer(t, Config{}).Room(roomID(1))
	r.Allow(1, true)
	speaker := join(t, r, 1, clientOptions{slots: 3, mic: true})
	var audience []*client
	for n := range uint32(3) {
		audience = append(audience, join(t, r, 2+n, clientOptions{slots: 3, mic: true}))
	}
	talk(60, map[*client]uint8{speaker: 30}) // wraps sequence number and timestamp
	for _, c := range audience {
		until(t, "60 packets heard", func() bool { return len(c.packets()) == 60 })
		first := c.packets()[0].header
		for i, p := range c.packets() {
			switch {
			case len(p.header.CSRC) != 1 || p.header.CSRC[0] != 1:
				t.Fatalf("CSRC %v", p.header.CSRC)
			case p.level != 0x80|30:
				t.Fatalf("level %#x", p.level)
			case p.header.SequenceNumber != uint16(1+i):
				t.Fatalf("packet %d has sequence number %d", i, p.header.SequenceNumber)
			case p.header.Timestamp != first.Timestamp+uint32(960*i):
				t.Fatalf("packet %d has timestamp %d after %d", i, p.header.Timestamp, first.Timestamp)
			case p.header.Marker != (i == 0):
				t.Fatalf("marker of packet %d is %v", i, p.header.Marker)
			case p.size != len(speech):
				t.Fatalf("payload of %d bytes", p.size)
			}
		}
	}
	if got := speaker.packets(); len(got) != 0 {
		t.Fatalf("the speaker heard %d packets of their own", len(got))
	}
	if s := r.Stats().People[1]; s.Forwarded != 60 || s.Received != 60 || s.LastForwarded.IsZero() {
		t.Fatalf("stats %+v", s)
	}
}
