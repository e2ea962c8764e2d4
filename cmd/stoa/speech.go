package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/api/client/rtc"
	"github.com/stoa-rooms/stoa/reason"
)

// loudness is the level that files are announced at, in dBov: that of ordinary speech. An Opus file tells none.
const loudness = -25

// speech is what somebody says: the frames of a file, of which each is taken once.
type speech struct {
	next func() (rtc.Frame, error, bool)
	stop func()
	file *os.File
}

// openSpeech opens a file, and reads all of it once if it can be read again: a bad one is better refused now than half
// said. No file is no speech.
func openSpeech(name string) (*speech, error) {
	if name == "" {
		return nil, nil //nolint:nilnil // nothing to say
	}
	s := &speech{file: os.Stdin}
	if name != "-" {
		file, err := os.Open(name) //nolint:gosec // the file that the user names
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("there is no file %s", name)
		}
		if err != nil {
			return nil, fmt.Errorf("cannot read the speech: %w", err)
		}
		s.file = file
		if err := check(file, name); err != nil {
			_ = file.Close()
			return nil, err
		}
	}
	s.next, s.stop = iter.Pull2(rtc.OggOpus(bufio.NewReader(s.file), loudness))
	return s, nil
}

// check reads a file to its end, and goes back to its beginning.
func check(file *os.File, name string) error {
	n := 0
	for _, err := range rtc.OggOpus(bufio.NewReader(file), loudness) {
		if err != nil {
			return fmt.Errorf("%s is not Opus in Ogg: %w; make it with: ffmpeg -i %s -c:a libopus speech.ogg", name, err, name)
		}
		n++
	}
	if n == 0 {
		return fmt.Errorf("%s holds no audio", name)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("cannot read the speech: %w", err)
	}
	return nil
}

// rest is the frames that have not been taken yet.
func (s *speech) rest() iter.Seq2[rtc.Frame, error] {
	return func(yield func(rtc.Frame, error) bool) {
		for {
			frame, err, more := s.next()
			if !more || !yield(frame, err) {
				return
			}
		}
	}
}

func (s *speech) close() {
	if s != nil {
		s.stop()
		_ = s.file.Close()
	}
}

// talk connects the audio, again when the connection breaks, and says the speech or only listens.
func (v *visit) talk(ctx context.Context, live *rtc.Live) error {
	options := rtc.Options{Slots: 1}
	if live != nil {
		options.OnPacket = live.Packet
	}
	for {
		conn, err := rtc.Join(ctx, v.session, options)
		if err == nil {
			err = v.converse(ctx, conn)
			conn.Close() //nolint:contextcheck // it tells the node also when ctx has ended
		}
		switch {
		case ctx.Err() != nil:
			return nil //nolint:nilerr // told to stop is no failure
		case errors.Is(err, rtc.ErrClosed), client.Refused(err, reason.RoomNotHere), client.Refused(err, reason.MediaBusy):
			if !client.Pause(ctx, time.Second) {
				return nil
			}
		default:
			return err
		}
		if live != nil {
			live.Anew()
		}
	}
}

// converse uses one connection until it is over, or the speech is.
func (v *visit) converse(ctx context.Context, conn *rtc.Conn) error {
	if v.speech == nil {
		select {
		case <-conn.Done():
			return rtc.ErrClosed
		case <-ctx.Done():
			return nil
		}
	}
	if err := v.takeStage(ctx); err != nil {
		return err
	}
	v.speaking.Store(true) // before the microphone opens: a moderator may close it at once
	defer v.speaking.Store(false)
	if err := v.session.Unmute(ctx); err != nil {
		return err
	}
	if err := conn.Speak(ctx, v.speech.rest()); err != nil {
		return err
	}
	return errDone
}

var errSilenced = errors.New("a moderator has muted you, or taken you off the stage")

// heard takes in what happens to somebody who speaks. A moderator's word ends the speech. Who was only away for a moment
// comes back muted, and goes on.
func (v *visit) heard(ctx context.Context, event api.Event) error {
	if !v.speaking.Load() {
		return nil
	}
	self := v.session.Client().Key()
	switch e := event.(type) {
	case api.Muted:
		if e.Key == self && e.By != nil {
			return errSilenced
		}
	case api.StageLeft:
		if e.Key == self {
			return errSilenced
		}
	}
	if p, on := v.session.State().Self(); on && p.Muted && p.Connected {
		return v.session.Unmute(ctx)
	}
	return nil
}

// takeStage raises a hand and accepts the stage when it is offered.
func (v *visit) takeStage(ctx context.Context) error {
	onStage := func(s api.State) bool { _, on := s.Self(); return on }
	if onStage(v.session.State()) {
		return nil
	}
	if v.session.State().HandPosition() == 0 {
		if err := v.session.RaiseHand(ctx, v.question); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintln(v.notes, "your hand is up; waiting for a moderator to invite you to the stage"); err != nil {
		return err
	}
	for {
		state, err := v.session.Wait(ctx, func(s api.State) bool { _, offered := s.Offered(); return offered || onStage(s) })
		if err != nil {
			return err
		}
		if onStage(state) {
			return nil
		}
		if err := v.session.AcceptOffer(ctx); err != nil && !client.Refused(err, reason.RoomOfferExpired) {
			return err
		}
		answered := func(s api.State) bool { _, offered := s.Offered(); return !offered }
		if _, err := v.session.Wait(ctx, answered); err != nil {
			return err
		}
	}
}
