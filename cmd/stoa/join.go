package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/api/client/rtc"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

type joinCmd struct {
	asFlag

	Room     string `arg:"" help:"A room's link, its id or the beginning of its title; or an invite link, which makes you a member first."`
	Name     string `help:"With an invite link: the name that others see (default: that of --as)." placeholder:"NAME"`
	Speak    string `help:"Raise your hand, and when a moderator has invited you to the stage say this file, Opus in Ogg (- for standard input). Then leave." placeholder:"FILE.ogg"`
	Question string `help:"With --speak: what to ask as your hand goes up, one line." placeholder:"TEXT"`
	Listen   bool   `help:"Write what is heard to standard output, Opus in Ogg, for a player."`
	JSON     bool   `name:"json" help:"Print the room's events to standard output as JSON, one a line."`
}

// Help is what stoa join --help ends with.
func (c *joinCmd) Help() string {
	return `You stay until the speech is over, the room ends, or Ctrl-C. Without --speak, --listen and --json you read along in words.

Examples:

  stoa join 'https://cafe.example/i/…#…' --as bot --name 'Reading bot'
    becomes a member, once; from then on --as bot is you

  stoa join 'Open mic' --as bot --listen | mpv --no-video -
    plays what is said; > evening.ogg in the place of the player keeps it

  stoa join 'Open mic' --as bot --speak hello.ogg --question 'May I read a poem?'
    says a file, which ` + convert("song.mp3") + ` makes

The exit status is 0 when all was done or you left, 1 when it was refused or failed, 2 for arguments that make no sense.`
}

// Run goes into a room and stays until what was asked for is done, the room ends, or it is told to stop.
func (c *joinCmd) Run(ctx context.Context, out io.Writer) error {
	switch {
	case c.Listen && c.JSON:
		return errors.New("--listen and --json both write to standard output; choose one")
	case c.Question != "" && c.Speak == "":
		return errors.New("--question is for --speak")
	}
	speech, err := openSpeech(c.Speak)
	if err != nil {
		return err
	}
	defer speech.close()
	me, room, err := c.arrive(ctx)
	switch {
	case err != nil:
		return err
	case room.IsZero() && (c.Listen || c.JSON || c.Speak != ""):
		return errors.New("you are a member now, but the invite names no room: give a room's link or title, with the same flags")
	case room.IsZero():
		return nil
	}
	session, err := me.Enter(ctx, room)
	if err != nil {
		return explain(err)
	}
	defer session.Close()
	visit := &visit{session: session, speech: speech, question: c.Question, notes: os.Stderr}
	return visit.run(ctx, c.Listen, c.narrator(out), out)
}

// narrator is how events are told: as JSON or in words on standard output; in words beside audio.
func (c *joinCmd) narrator(out io.Writer) *narrator {
	if c.Listen {
		out = os.Stderr
	}
	return &narrator{out: out, json: c.JSON}
}

// arrive is the person and the room. An invite link makes them a member first; one that leads to no room is all there is
// to do, and the room is zero.
func (c *joinCmd) arrive(ctx context.Context) (*client.Client, statement.ID, error) {
	link, notInvite := client.ParseInviteLink(c.Room)
	if notInvite == nil {
		me, err := c.becomeMember(ctx, link)
		return me, link.Room, err
	}
	if strings.Contains(c.Room, "/i/") {
		return nil, statement.ID{}, fmt.Errorf("%w: quote it, for the part after # is a secret that belongs to it", notInvite)
	}
	p, err := c.load()
	if err != nil {
		return nil, statement.ID{}, err
	}
	me, err := p.client()
	if err != nil {
		return nil, statement.ID{}, err
	}
	room, err := find(ctx, me, c.Room)
	return me, room, err
}

// becomeMember redeems an invite, with a key that is kept first. Redeeming it again with the same key is no harm.
func (c *joinCmd) becomeMember(ctx context.Context, link client.InviteLink) (*client.Client, error) {
	name := c.Name
	if name == "" {
		name = c.As
	}
	if err := api.CheckName(name); err != nil {
		return nil, explain(problem(err))
	}
	p, err := c.load()
	if errors.Is(err, fs.ErrNotExist) {
		p = newPerson(link.URL, name)
		err = c.save(p)
	}
	if err != nil {
		return nil, err
	}
	if p.Node != link.URL {
		return nil, fmt.Errorf("%s is somebody at %s, and the invite is to %s; take another name with --as", c.As, p.Node, link.URL)
	}
	me, err := p.client()
	if err != nil {
		return nil, err
	}
	if _, err := me.Me(ctx); err == nil {
		return me, nil
	}
	member, err := me.Join(ctx, link.String(), p.Name)
	if err != nil {
		return nil, explain(err)
	}
	_, err = fmt.Fprintf(os.Stderr, "you are %s, a member at %s\n", plain(member.Name), p.Node)
	return me, err
}

// problem is a refusal in the form in which a node's come.
func problem(err error) error {
	r := reason.Of(err)
	return &api.Problem{Code: string(r), Status: r.Status(), Title: r.Sentence("en")}
}

// visit is one person's time in one room.
type visit struct {
	session  *client.RoomSession
	speech   *speech // nil to say nothing
	question string
	notes    io.Writer
	speaking atomic.Bool // while a microphone should be open
	handUp   bool        // as the events say; of the goroutine that reads them
}

// errDone ends a visit that has done what it came for.
var errDone = errors.New("done")

// run does all that was asked for, at once.
func (v *visit) run(ctx context.Context, listen bool, n *narrator, audio io.Writer) error {
	var live *rtc.Live
	if listen {
		out, err := rtc.NewOggWriter(audio)
		if err != nil {
			return err
		}
		live = rtc.NewLive(out)
	}
	group, inner := errgroup.WithContext(ctx)
	group.Go(func() error { return n.tell(inner, v) })
	if live != nil {
		group.Go(func() error { return live.Run(inner) })
	}
	if live != nil || v.speech != nil {
		group.Go(func() error { return v.talk(inner, live) })
	}
	err := group.Wait()
	if left := v.leave(ctx); err == nil || errors.Is(err, errDone) || ctx.Err() != nil { // told to stop is no failure
		return left
	}
	return explain(err)
}

// leaveWithin bounds telling the node that this person goes.
const leaveWithin = 3 * time.Second

// leave gives the place up, also when the program was told to stop.
func (v *visit) leave(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveWithin)
	defer cancel()
	_ = v.session.Leave(ctx) // the room may be over, or the node gone: then this person is too
	return nil
}
