package main

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/api/client/rtc"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/node/process"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// voices are the files that scripts/voices makes.
//
//go:embed voices/*.ogg
var voices embed.FS

// loudness is the level that the voices are announced at: that of ordinary speech, in dBov.
const loudness = -25

// person is somebody at one node. One goroutine at a time acts for them.
type person struct {
	*client.Client

	name    string
	session *client.RoomSession // nil while they are in no room
	audio   *rtc.Conn           // nil before they first speak or listen
}

// newPerson is somebody with a new key, at a node.
func newPerson(name string, at *process.Node) *person {
	return &person{name: name, Client: client.New(at.Line("web"), identity.Generate(), client.Options{})}
}

// join makes them a member by an invite of somebody's, who may be at another node of the community. Their own node
// learns of the invite from the others' logs, so it may take a moment.
func (p *person) join(ctx context.Context, by *person) error {
	link, err := by.CreateInvite(ctx, 0)
	if err != nil {
		return fmt.Errorf("%s invites %s: %w", by.name, p.name, err)
	}
	link.URL = p.URL()
	return p.joinBy(ctx, link.String())
}

// joinBy makes them a member by an invite link.
func (p *person) joinBy(ctx context.Context, link string) error {
	return until(ctx, p.name+" joins", func() (bool, error) {
		_, err := p.Join(ctx, link, p.name)
		return err == nil, passing(err, reason.InviteUnknown, reason.FoundedNot, reason.MemberUnknown)
	})
}

// enter goes into a room, which another node may host: then it may take a moment until theirs has heard of it.
func (p *person) enter(ctx context.Context, room statement.ID) error {
	return until(ctx, p.name+" enters a room", func() (done bool, err error) {
		p.session, err = p.Enter(ctx, room)
		return err == nil, passing(err, reason.RoomUnknown, reason.RoomHostLost)
	})
}

// passing is nil for a refusal that time heals, and else the error.
func passing(err error, heals ...reason.Reason) error {
	for _, r := range heals {
		if client.Refused(err, r) {
			return nil
		}
	}
	return err
}

// listen connects their audio.
func (p *person) listen(ctx context.Context) error {
	if p.audio != nil {
		select {
		case <-p.audio.Done():
			p.audio.Close() //nolint:contextcheck // it is over and tells nobody
		default:
			return nil
		}
	}
	var err error
	p.audio, err = rtc.Join(ctx, p.session, rtc.Options{})
	if err != nil {
		return fmt.Errorf("%s connects the audio: %w", p.name, err)
	}
	return nil
}

// speak says one of the files, from unmuting to muting.
func (p *person) speak(ctx context.Context, file string) error {
	data, err := voices.ReadFile("voices/" + file + ".ogg")
	if err != nil {
		return err
	}
	if err := p.listen(ctx); err != nil {
		return err
	}
	if err := p.session.Unmute(ctx); err != nil {
		return fmt.Errorf("%s unmutes: %w", p.name, err)
	}
	if err := p.audio.Speak(ctx, rtc.OggOpus(bytes.NewReader(data), loudness)); err != nil {
		return fmt.Errorf("%s speaks: %w", p.name, err)
	}
	if err := p.session.MuteSelf(ctx); err != nil {
		return fmt.Errorf("%s mutes: %w", p.name, err)
	}
	return nil
}

// takesStage brings a listener of a moderator's room onto the stage, with a question if they raise a hand for it.
func (p *person) takesStage(ctx context.Context, moderator *person, question string) error {
	if question != "" {
		if err := p.session.RaiseHand(ctx, question); err != nil {
			return fmt.Errorf("%s raises a hand: %w", p.name, err)
		}
	}
	seen := func(s api.State) bool {
		if question == "" {
			return s.Audience.Count > 0
		}
		for _, h := range s.Hands {
			if h.Key == p.Key() {
				return true
			}
		}
		return false
	}
	if _, err := moderator.session.Wait(ctx, seen); err != nil {
		return fmt.Errorf("%s waits for %s: %w", moderator.name, p.name, err)
	}
	if question != "" && !client.Pause(ctx, thought) { // a hand that is up for a moment is one that people see
		return ctx.Err()
	}
	if err := moderator.session.OfferStage(ctx, p.Key()); err != nil {
		return fmt.Errorf("%s offers %s the stage: %w", moderator.name, p.name, err)
	}
	if _, err := p.session.Wait(ctx, func(s api.State) bool { _, ok := s.Offered(); return ok }); err != nil {
		return fmt.Errorf("%s waits for the offer: %w", p.name, err)
	}
	if err := p.session.AcceptOffer(ctx); err != nil {
		return fmt.Errorf("%s accepts: %w", p.name, err)
	}
	_, err := p.session.Wait(ctx, func(s api.State) bool { _, on := s.Self(); return on })
	if err != nil {
		return fmt.Errorf("%s waits to be on the stage: %w", p.name, err)
	}
	return nil
}

// close ends their audio and their presence.
func (p *person) close() {
	if p.audio != nil {
		p.audio.Close()
	}
	if p.session != nil {
		p.session.Close()
	}
}

// look is how often a condition is looked at that nothing tells of.
const look = 100 * time.Millisecond

// until tries something until it succeeds, fails for good, or ctx ends.
func until(ctx context.Context, what string, try func() (done bool, err error)) error {
	for {
		done, err := try()
		switch {
		case err != nil:
			return fmt.Errorf("%s: %w", what, err)
		case done:
			return nil
		case !client.Pause(ctx, look):
			return fmt.Errorf("%s: %w", what, errors.Join(errTooLong, ctx.Err()))
		}
	}
}

var errTooLong = errors.New("it takes too long")
