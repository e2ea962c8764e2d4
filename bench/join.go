package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/pion/rtp"

	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/api/client/rtc"
	"github.com/stoa-rooms/stoa/node/process"
)

// joinCmd measures people who come into a live room.
type joinCmd struct {
	Joins    int           `help:"How many come." default:"200"`
	Within   time.Duration `help:"In how much time." default:"10s"`
	Inside   int           `help:"How many listen already." default:"20"`
	Speakers int           `help:"How many speak." default:"3"`
}

// Run brings people into a room.
func (c *joinCmd) Run(ctx context.Context, all *cli, r *report) (err error) {
	h, end, err := all.hall(ctx, 1+c.Speakers+c.Inside+c.Joins)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	if err := h.talk(ctx, c.Speakers); err != nil {
		return err
	}
	var inside []*guest
	for _, who := range h.members[c.Speakers : c.Speakers+c.Inside] {
		g, err := h.enter(ctx, who, rtc.Options{})
		if err != nil {
			return err
		}
		defer g.close() //nolint:contextcheck // it tells the node also when ctx has ended
		inside = append(inside, g)
	}
	client.Pause(ctx, 2*time.Second)
	before, cpuBefore := count(inside), h.cpu()
	began := time.Now()
	took, failed := h.come(ctx, h.members[c.Speakers+c.Inside:][:c.Joins], c.Within)
	spent := time.Since(began)
	loss := count(inside).since(before)
	used := h.cpu() - cpuBefore
	r.figure("joins that failed", fmt.Sprintf("%d of %d", failed, c.Joins), "0", failed == 0)
	if len(took) == 0 {
		return errors.New("nobody came in")
	}
	slices.Sort(took)
	p99 := took[len(took)*99/100]
	r.figure("join, from the click to the first packet, p50", took[len(took)/2].Round(time.Millisecond).String(), "", true)
	r.figure("the same, p99", p99.Round(time.Millisecond).String(), "2 s", p99 <= 2*time.Second)
	r.figure("lost by those inside meanwhile", percent(loss), "0.5%", loss <= 0.005)
	r.figure("processor time of the node", fmt.Sprintf("%.0f%% of one core", 100*used.Seconds()/spent.Seconds()), "", true)
	if m, err := resident(h.node.PID()); err == nil {
		r.figure("memory of the node, the most", megabytes(m.most), "", true)
	}
	return nil
}

// hall starts a node and fills a hall. end closes it.
func (c *cli) hall(ctx context.Context, people int) (h *hall, end func() error, err error) {
	dir, err := os.MkdirTemp("", "stoa-bench-")
	if err != nil {
		return nil, nil, err
	}
	n, err := process.Start(ctx, process.Config{
		Binary: c.Stoa, Data: dir, LogLevel: "error", Log: os.Stderr, Wrap: c.wrap(),
	})
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	ctx, cancel := context.WithCancel(ctx)
	end = func() error { //nolint:contextcheck // it tells the node also when ctx has ended
		cancel()
		if h != nil {
			for _, g := range h.stage {
				g.close()
			}
		}
		return errors.Join(n.Stop(), os.RemoveAll(dir))
	}
	h, err = openHall(ctx, n, people)
	if err != nil {
		return nil, nil, errors.Join(err, end())
	}
	return h, end, nil
}

// come brings people in, evenly spread over a time, and keeps them until all have come. It returns how long each took
// until they heard something.
func (h *hall) come(ctx context.Context, people []*client.Client, within time.Duration) (took []time.Duration, failed int) {
	var mu sync.Mutex
	var work sync.WaitGroup
	var guests []*guest
	each := within / time.Duration(len(people))
	start := time.Now()
	for i, who := range people {
		if !client.Pause(ctx, time.Until(start.Add(time.Duration(i)*each))) {
			break
		}
		work.Go(func() {
			g, t, err := h.arrive(ctx, who)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				failed++
				return
			}
			took, guests = append(took, t), append(guests, g)
		})
	}
	work.Wait()
	for _, g := range guests {
		g.close() //nolint:contextcheck // it tells the node also when ctx has ended
	}
	return took, failed
}

// hearWithin bounds waiting for the first packet.
const hearWithin = 20 * time.Second

// arrive is one person's way in, until they hear something.
func (h *hall) arrive(ctx context.Context, who *client.Client) (*guest, time.Duration, error) {
	began := time.Now()
	heard := make(chan struct{})
	var once sync.Once
	ctx, cancel := context.WithTimeout(ctx, hearWithin)
	defer cancel()
	g, err := h.enter(ctx, who, rtc.Options{OnPacket: func(int, *rtp.Packet) { once.Do(func() { close(heard) }) }})
	if err != nil {
		return nil, 0, err
	}
	select {
	case <-heard:
		return g, time.Since(began), nil
	case <-ctx.Done():
		g.close() //nolint:contextcheck // it tells the node also when ctx has ended
		return nil, 0, ctx.Err()
	}
}

// cpu is the processor time of the node.
func (h *hall) cpu() time.Duration {
	used, err := cpu(h.node.PID())
	if err != nil {
		return 0
	}
	return used
}
