package node

import (
	"context"
	"sync"
	"time"

	"github.com/stoa-rooms/stoa/api/link"
	"github.com/stoa-rooms/stoa/p2p"
	"github.com/stoa-rooms/stoa/reason"
)

// uplinkRequests bounds the requests that wait for the host's answer, and uplinkFrames the messages that wait to be sent.
const (
	uplinkRequests = 4096
	uplinkFrames   = 8192
)

// dialTime bounds one attempt to reach a host, its welcome included.
const dialTime = 3 * time.Second

// uplink is a relay's end of the stream to the host.
type uplink struct {
	room   *room
	stream *p2p.Stream
	out    chan []byte
	quit   chan struct{}
	once   sync.Once

	// Owned by the room's loop.
	next    int64 // id of the last request
	waiting map[int64]func(link.Answer)
	heard   time.Time // the host's last message
	pinged  time.Time
	listens bool // the audio is connected, or tried to be
}

// dial opens the stream to a host, and returns it with the host's welcome.
func dial(ctx context.Context, open func(context.Context) (*p2p.Stream, error), hello link.Hello) (*p2p.Stream, link.Welcome, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	s, err := open(ctx)
	if err != nil {
		return nil, link.Welcome{}, reason.Reject(reason.RoomHostLost, "%v", err)
	}
	welcome, err := greet(s, hello)
	if err != nil {
		s.Reset()
		return nil, link.Welcome{}, err
	}
	return s, welcome, nil
}

func greet(s *p2p.Stream, hello link.Hello) (link.Welcome, error) {
	frame, err := link.Encode(hello)
	if err != nil {
		return link.Welcome{}, err
	}
	if err := s.Send(frame); err != nil {
		return link.Welcome{}, reason.Reject(reason.RoomHostLost, "%v", err)
	}
	_ = s.SetReadDeadline(time.Now().Add(dialTime))
	defer func() { _ = s.SetReadDeadline(time.Time{}) }()
	frame, err = s.Receive()
	if err != nil {
		return link.Welcome{}, reason.Reject(reason.RoomHostLost, "%v", err)
	}
	m, err := link.Decode(frame)
	if err != nil {
		return link.Welcome{}, reason.Reject(reason.StreamInvalid, "%v", err)
	}
	switch m := m.(type) {
	case link.Welcome:
		return m, nil
	case link.Refused:
		return link.Welcome{}, reason.Reject(link.Told(m.Reason), "%s", m.Detail)
	default:
		return link.Welcome{}, reason.Reject(reason.StreamInvalid, "%T instead of a welcome", m)
	}
}

func newUplink(r *room, s *p2p.Stream) *uplink {
	return &uplink{
		room: r, stream: s, out: make(chan []byte, uplinkFrames), quit: make(chan struct{}),
		waiting: map[int64]func(link.Answer){}, heard: r.now(), pinged: r.now(),
	}
}

// send queues a message without waiting. A host that does not read is as good as lost.
func (u *uplink) send(m link.Message) {
	if err := u.queue(m); err != nil {
		u.room.log.Error("a message to the host cannot be sent", "room", u.room.id, "error", err)
	}
}

func (u *uplink) queue(m link.Message) error {
	frame, err := link.Encode(m)
	if err != nil {
		return err
	}
	select {
	case u.out <- frame:
	case <-u.quit:
	default:
		u.end()
	}
	return nil
}

// request sends what build makes with a new id; answered is called in the loop, unless the link ends before.
func (u *uplink) request(build func(id int64) link.Message, answered func(link.Answer)) {
	if len(u.waiting) >= uplinkRequests {
		answered(link.Refuse(0, reason.Reject(reason.HomeLimit, "%d requests unanswered", uplinkRequests)))
		return
	}
	u.next++
	if err := u.queue(build(u.next)); err != nil {
		answered(link.Refuse(u.next, reason.Reject(reason.RequestTooLarge, "%v", err)))
		return
	}
	u.waiting[u.next] = answered
}

// answer hands an answer to whoever asked. False: nobody did.
func (u *uplink) answer(a link.Answer) bool {
	answered, ok := u.waiting[a.ID]
	delete(u.waiting, a.ID)
	if ok {
		answered(a)
	}
	return ok
}

// abandon tells everybody who waits that no answer comes.
func (u *uplink) abandon() {
	for id, answered := range u.waiting {
		delete(u.waiting, id)
		answered(link.Refuse(id, reason.Reject(reason.RoomHostLost, "")))
	}
}

// end closes the stream.
func (u *uplink) end() {
	u.once.Do(func() {
		close(u.quit)
	})
}

// write sends what is queued, until the end.
func (u *uplink) write() {
	if flush(u.stream, u.out, nil, u.quit) {
		_ = u.stream.Close()
	}
}

// read takes in what the host sends, until the stream ends: then lost is called.
func (u *uplink) read(take func(link.Message), lost func(error)) {
	defer u.end()
	for {
		frame, err := u.stream.Receive()
		if err != nil {
			lost(reason.Reject(reason.RoomHostLost, "%v", err))
			return
		}
		m, err := link.Decode(frame)
		if err != nil {
			lost(reason.Reject(reason.StreamInvalid, "%v", err))
			return
		}
		take(m)
	}
}
