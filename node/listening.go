package node

import (
	"context"
	"time"

	"github.com/stoa-rooms/stoa/api/link"
	"github.com/stoa-rooms/stoa/reason"
)

// listen connects the audio, again and again while the stream to the host lives.
func (r *relaying) listen(u *uplink) {
	ctx, audio := r.ctx, r.media
	go func() {
		for {
			err := audio.Follow(ctx, func(ctx context.Context, offer string) (string, error) { return r.exchange(ctx, u, offer) })
			if err != nil {
				r.log.Debug("no audio from the host", "room", r.id, "error", err)
			}
			var lost <-chan struct{}
			if err == nil {
				lost = audio.UplinkLost()
			}
			wait := time.NewTimer(redialAfter)
			if err == nil {
				wait.Stop()
			}
			select {
			case <-u.quit:
				return
			case <-ctx.Done():
				return
			case <-r.done:
				return
			case <-lost:
			case <-wait.C:
			}
		}
	}()
}

// exchange brings an offer to the host and its answer back.
func (r *relaying) exchange(ctx context.Context, u *uplink, offer string) (string, error) {
	later := make(chan link.Answer, 1)
	if err := r.do(ctx, func() error {
		if r.up != u {
			return reason.Reject(reason.RoomHostLost, "")
		}
		u.request(func(id int64) link.Message { return link.Media{ID: id, SDP: offer} }, func(a link.Answer) { later <- a })
		return nil
	}); err != nil {
		return "", err
	}
	select {
	case a := <-later:
		var body link.MediaAnswer
		err := r.reply(a, &body)
		return body.SDP, err
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

// permit lets those up whom the host would hear: what a moderator there mutes stops here too.
func (r *relaying) permit() {
	may := map[uint32]bool{}
	for _, p := range r.state.Stage {
		if l := r.locals[p.Key]; l != nil && l.number == p.CSRC && p.Connected && !p.Muted {
			may[p.CSRC] = true
		}
	}
	for number, allowed := range r.allowed {
		if allowed && !may[number] {
			r.media.Allow(number, false)
			r.allowed[number] = false
		}
	}
	for number := range may {
		if !r.allowed[number] {
			r.media.Allow(number, true)
			r.allowed[number] = true
		}
	}
}
