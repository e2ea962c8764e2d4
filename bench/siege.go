package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/coder/websocket"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/api/client/rtc"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

// siegeCmd measures what idle connections, slow readers and strangers at the door do to a room.
type siegeCmd struct {
	Idle  int           `help:"How many WebSockets stay open and idle." default:"10000"`
	Slow  int           `help:"How many of those in the room never read." default:"50"`
	Flood int           `help:"Requests to join, a second." default:"500"`
	For   time.Duration `help:"How long each kind of flood lasts." default:"20s"`
}

// Run lays the siege.
func (c *siegeCmd) Run(ctx context.Context, all *cli, r *report) (err error) {
	if err := openFiles(uint64(c.Idle + 4096)); err != nil {
		return err
	}
	const speakers, listeners, joiners = 3, 10, 40
	inRoom := speakers + listeners + joiners + c.Slow
	h, end, err := all.hall(ctx, inRoom+c.Idle/perMember+1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	if err := h.talk(ctx, speakers); err != nil {
		return err
	}
	people := h.members[speakers:]
	var inside []*guest
	for _, who := range people[:listeners] {
		g, err := h.enter(ctx, who, rtc.Options{})
		if err != nil {
			return err
		}
		defer g.close() //nolint:contextcheck // it tells the node also when ctx has ended
		inside = append(inside, g)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := siege{hall: h, inside: inside, joiners: people[listeners:][:joiners], report: r}
	s.quiet(ctx, "nothing else going on", c.For/4, func(context.Context) {})
	open := s.idle(ctx, c.Idle, h.keys[inRoom:])
	r.figure("idle WebSockets", fmt.Sprint(open), fmt.Sprint(c.Idle), open >= c.Idle*99/100)
	slow := s.slow(ctx, people[listeners+joiners:][:c.Slow])
	r.figure("people who never read", fmt.Sprint(slow), "", true)
	s.quiet(ctx, "the idle and the slow", c.For, func(context.Context) {})
	s.quiet(ctx, "and a flood from one address", c.For, func(ctx context.Context) { s.flood(ctx, c.Flood, 1) })
	s.quiet(ctx, "and a flood from 200 addresses", c.For, func(ctx context.Context) { s.flood(ctx, c.Flood, 200) })
	m, err := resident(h.node.PID())
	r.figure("memory of the node, the most", megabytes(m.most), "512 MB", m.most <= 512<<20)
	return err
}

// siege is a room, and what is done to it.
type siege struct {
	hall    *hall
	inside  []*guest
	joiners []*client.Client
	report  *report
}

// quiet measures the room while something goes on: what its listeners lose, and whether members come in.
func (s *siege) quiet(ctx context.Context, what string, lasts time.Duration, meanwhile func(context.Context)) {
	ctx, cancel := context.WithTimeout(ctx, lasts)
	defer cancel()
	var work sync.WaitGroup
	work.Go(func() { meanwhile(ctx) })
	before, cpu, began := count(s.inside), s.hall.cpu(), time.Now()
	came, failed, slowest := 0, 0, time.Duration(0)
	for i := 0; client.Pause(ctx, 500*time.Millisecond); i++ {
		g, took, err := s.hall.arrive(context.WithoutCancel(ctx), s.joiners[i%len(s.joiners)])
		if err != nil {
			failed++
			continue
		}
		came, slowest = came+1, max(slowest, took)
		g.close() //nolint:contextcheck // it tells the node also when ctx has ended
	}
	loss := count(s.inside).since(before)
	busy := 100 * (s.hall.cpu() - cpu).Seconds() / time.Since(began).Seconds()
	work.Wait()
	s.report.note("%s: %.0f%% of a core", what, busy)
	s.report.figure("  lost by listeners", percent(loss), "0.5%", loss <= 0.005)
	s.report.figure("  members who came in", fmt.Sprintf("%d of %d", came, came+failed), "99%", 100*failed <= came)
	s.report.figure("  the slowest of them", slowest.Round(time.Millisecond).String(), "3 s", slowest <= 3*time.Second)
}

// The node's own limits: what one member may have open.
const (
	perSession = 10
	perMember  = 20 * perSession
)

// idle opens WebSockets on the hallway that never read again after the first event.
func (s *siege) idle(ctx context.Context, n int, keys []identity.PrivateKey) int {
	var open atomic.Int64
	var work sync.WaitGroup
	gate := make(chan struct{}, 32)
	for i := 0; i < n; i += perSession {
		gate <- struct{}{}
		work.Go(func() {
			defer func() { <-gate }()
			by := from(2, i/perSession)
			token, err := client.New(s.hall.node.Line("web"), keys[i/perMember], client.Options{HTTP: by}).Token(ctx)
			if err != nil {
				return
			}
			for range min(perSession, n-i) {
				if s.listen(ctx, by, token, nil) == nil {
					open.Add(1)
				}
			}
		})
	}
	work.Wait()
	return int(open.Load())
}

// slow lets people into the room who never read an event.
func (s *siege) slow(ctx context.Context, people []*client.Client) (in int) {
	for i, who := range people {
		token, err := who.Token(ctx)
		if err == nil && s.listen(ctx, from(3, i), token, &s.hall.room.ID) == nil {
			in++
		}
	}
	return in
}

// listen opens a WebSocket, says hello, and reads nothing after the first event, until ctx ends.
func (s *siege) listen(ctx context.Context, by *http.Client, token string, room *statement.ID) error {
	url := strings.Replace(s.hall.node.Line("web"), "http", "ws", 1) + api.Base + api.PathEvents
	conn, _, err := websocket.Dial(ctx, url, &websocket.DialOptions{HTTPClient: by}) //nolint:bodyclose // the library does
	if err != nil {
		return err
	}
	hello := fmt.Sprintf(`{"type":"hello","token":%q}`, token)
	if room != nil {
		hello = fmt.Sprintf(`{"type":"hello","token":%q,"room":%q}`, token, room)
	}
	if err := conn.Write(ctx, websocket.MessageText, []byte(hello)); err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { _ = conn.CloseNow() })
	_, first, err := conn.Read(ctx)
	if err != nil || strings.Contains(string(first), `"refused"`) {
		return errors.Join(errors.New("refused"), err, conn.CloseNow())
	}
	return nil
}

// flood sends joins that are signed and void: each has to be read and refused.
func (s *siege) flood(ctx context.Context, perSecond, addresses int) {
	clients := make([]*http.Client, addresses)
	for i := range clients {
		clients[i] = from(4, i)
		clients[i].Timeout = 5 * time.Second
	}
	key := identity.Generate()
	community := s.hall.members[0].Key()
	redeem, err := statement.Sign(&statement.Redeem{Community: community, Member: key.Public()}, key)
	if err != nil {
		return
	}
	join, err := statement.Sign(&statement.Join{Community: community, IssuedAt: time.Now().Unix(), Redeem: redeem.Text()}, key)
	if err != nil {
		return
	}
	profile, err := statement.Sign(&statement.Profile{Community: community, IssuedAt: time.Now().Unix(), Name: "Nobody"}, key)
	if err != nil {
		return
	}
	body := fmt.Sprintf(`{"join":%q,"profile":%q}`, join.Text(), profile.Text())
	tick := time.NewTicker(time.Second / time.Duration(perSecond))
	defer tick.Stop()
	gate := make(chan struct{}, 200)
	for i := 0; ; i++ {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		select {
		case gate <- struct{}{}:
		default:
			continue // the node makes them wait
		}
		go func() {
			defer func() { <-gate }()
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.hall.node.Line("web")+api.Base+api.PathJoin, strings.NewReader(body))
			if err != nil {
				return
			}
			req.Header.Set("Content-Type", "application/json")
			if resp, err := clients[i%addresses].Do(req); err == nil {
				_ = resp.Body.Close()
			}
		}()
	}
}

// openFiles asks for so many open files, for this program and the node that it starts.
func openFiles(n uint64) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	limit.Cur = max(limit.Cur, min(n, limit.Max))
	if limit.Max < n {
		return fmt.Errorf("this needs %d open files, and the limit is %d; see ulimit -Hn", n, limit.Max)
	}
	return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
}
