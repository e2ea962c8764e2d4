package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"slices"
	"strings"
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
	name string
	file *os.File
	head *head
	next func() (rtc.Frame, error, bool)
	stop func()
}

// openSpeech opens a file, and reads all of it once if it can be read again: a bad one is better refused now than half
// said. No file is no speech.
func openSpeech(name string) (*speech, error) {
	if name == "" {
		return nil, nil //nolint:nilnil // nothing to say
	}
	s := &speech{name: "standard input", file: os.Stdin}
	if name != "-" {
		file, err := os.Open(name) //nolint:gosec // the file that the user names
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("there is no file %s; name one that is Opus in Ogg, such as this makes: %s", name, convert("song.mp3"))
		}
		if err != nil {
			return nil, fmt.Errorf("cannot read the speech: %w", err)
		}
		s.name, s.file = name, file
		if err := s.check(); err != nil {
			_ = file.Close()
			return nil, err
		}
	}
	s.begin()
	return s, nil
}

// begin goes to the first frame.
func (s *speech) begin() {
	s.head = &head{r: s.file}
	s.next, s.stop = iter.Pull2(rtc.OggOpus(bufio.NewReader(s.head), loudness))
}

// check reads a file to its end, and goes back to its beginning.
func (s *speech) check() error {
	if info, err := s.file.Stat(); err == nil && info.IsDir() {
		return fmt.Errorf("%s is a directory; name one file in it", s.name)
	}
	s.begin()
	defer s.stop()
	n := 0
	for _, err := range s.rest() {
		if err != nil {
			return err
		}
		n++
	}
	if n == 0 {
		return fmt.Errorf("%s holds no audio: it ends where it would begin", s.name)
	}
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("cannot read the speech: %w", err)
	}
	return nil
}

// unspeakable says what a file is that cannot be said, and what to do.
func (s *speech) unspeakable(err error) error {
	kind := kindOf(s.head.seen)
	switch {
	case !errors.Is(err, rtc.ErrOgg):
		return fmt.Errorf("cannot read the speech: %w", err)
	case len(s.head.seen) == 0:
		return fmt.Errorf("%s is empty; name a file that is Opus in Ogg, such as this makes: %s", s.name, convert("song.mp3"))
	case kind == kindOpus && errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%s is cut off in its middle; copy it once more, or keep what there is of it with: %s", s.name, convert(s.name))
	case kind == kindOpus:
		what := strings.TrimPrefix(err.Error(), rtc.ErrOgg.Error()+": ")
		return fmt.Errorf("%s is damaged (%s); copy it once more, or keep what can be read of it with: %s", s.name, what, convert(s.name))
	}
	return fmt.Errorf("%s is %s, not Opus in Ogg; make that with: %s", s.name, kind, convert(s.name))
}

// convert is the command that makes Opus in Ogg of a file, without the picture of its cover.
func convert(name string) string {
	if strings.Trim(name, plainLetters) != "" { // something that a shell could take for something else
		name = "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
	}
	return "ffmpeg -i " + name + " -vn -c:a libopus speech.ogg"
}

const plainLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/-"

// head reads on, and keeps the beginning.
type head struct {
	r    io.Reader
	seen []byte
}

const headLength = 64 // bytes: the header of an Ogg page, and the name of the codec in it

func (h *head) Read(p []byte) (int, error) {
	n, err := h.r.Read(p)
	h.seen = append(h.seen, p[:min(n, headLength-len(h.seen))]...)
	return n, err //nolint:wrapcheck // a reader passes on what it reads
}

const kindOpus = "Opus in Ogg"

// kindOf is what a file is, by how it begins: those that people have, and take for what they need.
func kindOf(head []byte) string {
	for _, k := range []struct {
		at   int
		sign string
		kind string
	}{
		{28, "OpusHead", kindOpus}, // after the header of a page with one segment (RFC 3533)
		{28, "\x01vorbis", "Vorbis in Ogg"},
		{28, "\x7fFLAC", "FLAC in Ogg"},
		{28, "Speex   ", "Speex in Ogg"},
		{0, "OggS", "another codec in Ogg"},
		{0, "ID3", "MP3"},
		{0, "fLaC", "FLAC"},
		{8, "WAVE", "WAV"},
		{4, "ftyp", "MP4"},
		{0, "\x1aE\xdf\xa3", "WebM or Matroska"},
	} {
		if len(head) >= k.at && bytes.HasPrefix(head[k.at:], []byte(k.sign)) {
			return k.kind
		}
	}
	if len(head) > 1 && head[0] == 0xff && head[1]&0xe0 == 0xe0 { // a frame, without a tag before it
		return "MP3 or AAC"
	}
	return "something else"
}

// rest is the frames that have not been taken yet.
func (s *speech) rest() iter.Seq2[rtc.Frame, error] {
	return func(yield func(rtc.Frame, error) bool) {
		for {
			frame, err, more := s.next()
			if err != nil {
				err = s.unspeakable(err)
			}
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
		case errors.Is(err, client.ErrEnded) && v.session.Err() == nil:
			return errUnsaid
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

// Why somebody who waited for the stage waits no more. What they would have said stays unsaid.
var (
	errDismissed = errors.New("a moderator has lowered your hand, so nothing was said; run the command again to raise it anew")
	errLowered   = errors.New("you have lowered your hand from another program, so nothing was said")
	errDeclined  = errors.New("you have declined the stage from another program, so nothing was said")
	errUnsaid    = errors.New("the room ended before all was said")
	errForgotten = errors.New("your hand is up no more: the room has forgotten it while the connection was lost; run the command again to raise it anew")
)

// awaited takes in what happens to somebody whose hand is up: what takes it down ends the visit, for nobody would ever
// invite them. It is called for every event, in their order, by one goroutine.
func (v *visit) awaited(event api.Event) error {
	if v.speech == nil {
		return nil
	}
	self := v.session.Client().Key()
	switch e := event.(type) {
	case api.HandRaised:
		v.handUp = v.handUp || e.Hand.Key == self
	case api.StageJoined:
		v.handUp = v.handUp && e.Person.Key != self
	case api.HandLowered:
		if v.handUp && e.Key == self {
			if e.By == nil || *e.By == self {
				return errLowered
			}
			return errDismissed
		}
	case api.OfferEnded:
		if v.handUp && e.Key == self && e.Why == "declined" {
			return errDeclined
		}
	case api.Snapshot:
		up := slices.ContainsFunc(e.Hands, func(h api.Hand) bool { return h.Key == self })
		staged := slices.ContainsFunc(e.Stage, func(p api.StagePerson) bool { return p.Key == self })
		if v.handUp && !up && !staged {
			return errForgotten
		}
		v.handUp = up
	}
	return nil
}

var errSilenced = errors.New("a moderator has muted you, or taken you off the stage")

// heard takes in what happens to somebody who speaks. A moderator's word ends the speech. Who was only away for a moment
// comes back muted, and goes on.
func (v *visit) heard(ctx context.Context, event api.Event) error {
	if err := v.awaited(event); err != nil {
		return err
	}
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
