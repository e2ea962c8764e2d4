package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/api/client/rtc"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/node/process"
)

// hall is a node with a founder and a room.
type hall struct {
	node    *process.Node
	engine  *rtc.Engine
	members []*client.Client // the founder first
	keys    []identity.PrivateKey
	room    api.Room
	stage   []*guest // who speaks; the founder first, who moderates
}

// guest is somebody in the room, with audio.
type guest struct {
	*client.Client

	session *client.RoomSession
	audio   *rtc.Conn
}

func (g *guest) close() {
	if g.audio != nil {
		g.audio.Close()
	}
	if g.session != nil {
		g.session.Close()
	}
}

// from is a way to make requests from an address of this machine: all of 127/8 is, on Linux. Limits that count by
// address see as many.
func from(group, n int) *http.Client {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, byte(group), byte(n/250), byte(n%250+1))}}
	return &http.Client{Transport: &http.Transport{
		DialContext: dialer.DialContext, MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute,
	}}
}

// openHall founds a community and brings so many people in.
func openHall(ctx context.Context, n *process.Node, people int) (*hall, error) {
	engine, err := rtc.NewEngine()
	if err != nil {
		return nil, err
	}
	h := &hall{node: n, engine: engine, members: make([]*client.Client, people), keys: make([]identity.PrivateKey, people)}
	for i := range h.members {
		h.keys[i] = identity.Generate()
		h.members[i] = client.New(n.Line("web"), h.keys[i], client.Options{HTTP: from(1, i)})
	}
	if _, err := h.members[0].Found(ctx, n.Line("owner"), "The hall", "Founder"); err != nil {
		return nil, fmt.Errorf("founding: %w", err)
	}
	for first := 1; first < people; { // everybody has two invites: each round doubles
		last := min(2*first+1, people)
		group, inner := errgroup.WithContext(ctx)
		group.SetLimit(8)
		for i := first; i < last; i += 2 { // the two of one sponsor after one another: both would take the first slot
			group.Go(func() error {
				for guest := i; guest < min(i+2, last); guest++ {
					if err := h.admit(inner, guest); err != nil {
						return err
					}
				}
				return nil
			})
		}
		if err := group.Wait(); err != nil {
			return nil, err
		}
		first = last
	}
	if h.room, err = h.members[0].CreateRoom(ctx, "The hall", nil, "en"); err != nil {
		return nil, fmt.Errorf("opening the room: %w", err)
	}
	return h, nil
}

// admit brings member i in, by an invite of the one above them in a binary tree.
func (h *hall) admit(ctx context.Context, i int) error {
	link, err := h.members[(i-1)/2].CreateInvite(ctx, 0)
	if err != nil {
		return fmt.Errorf("inviting: %w", err)
	}
	if _, err := h.members[i].Join(ctx, link.String(), fmt.Sprintf("Member %d", i)); err != nil {
		return fmt.Errorf("joining: %w", err)
	}
	return nil
}

// leaves are the members who have invited nobody yet, each twice, for two invites.
func (h *hall) leaves() []*client.Client {
	var all []*client.Client
	for i, who := range h.members {
		if 2*i+1 >= len(h.members) {
			all = append(all, who, who)
		}
	}
	return all
}

// enter takes a member into the room, with audio.
func (h *hall) enter(ctx context.Context, who *client.Client, opts rtc.Options) (*guest, error) {
	session, err := who.Enter(ctx, h.room.ID)
	if err != nil {
		return nil, err
	}
	opts.Engine, opts.Slots = h.engine, 3
	audio, err := rtc.Join(ctx, session, opts)
	if err != nil {
		session.Close()
		return nil, err
	}
	return &guest{Client: who, session: session, audio: audio}, nil
}

// talk brings the first members onto the stage, and lets them speak until ctx ends.
func (h *hall) talk(ctx context.Context, speakers int) error {
	for i := range speakers {
		g, err := h.enter(ctx, h.members[i], rtc.Options{})
		if err != nil {
			return err
		}
		h.stage = append(h.stage, g)
		if i > 0 {
			if err := h.stage[0].session.OfferStage(ctx, g.Key()); err != nil {
				return err
			}
			if _, err := g.session.Wait(ctx, func(s api.State) bool { _, ok := s.Offered(); return ok }); err != nil {
				return err
			}
			if err := g.session.AcceptOffer(ctx); err != nil {
				return err
			}
		}
		if err := g.session.Unmute(ctx); err != nil {
			return err
		}
		go func() { _ = g.audio.Speak(ctx, speech) }() // until ctx ends
	}
	return nil
}

// speech is packets as of somebody who speaks: 20 ms, 40 kbit/s, and as loud as ordinary speech.
func speech(yield func(rtc.Frame, error) bool) {
	frame := rtc.Frame{Opus: append([]byte{15 << 3}, make([]byte, 100)...), Duration: 20 * time.Millisecond, Level: -25}
	for yield(frame, nil) {
	}
}

// tally is what people have heard, and lost.
type tally struct{ packets, lost uint64 }

func count(guests []*guest) (t tally) {
	for _, g := range guests {
		for _, s := range g.audio.Slots() {
			t.packets += s.Packets
			t.lost += s.Lost
		}
	}
	return t
}

// since is the share of packets lost since an earlier tally.
func (t tally) since(before tally) float64 {
	return float64(t.lost-before.lost) / float64(max(t.packets-before.packets+t.lost-before.lost, 1))
}

func percent(f float64) string { return fmt.Sprintf("%.3f%%", 100*f) }
