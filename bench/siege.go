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
	s := siege{hall: h, inside: inside, joiners: people[listeners:][:joiners], sponsors: h.leaves(), report: r}
	if s.void, err = voidJoin(h.members[0].Key()); err != nil {
		return err
	}
	peace := func(context.Context) *flooded { return nil }
	s.quiet(ctx, "nothing else going on", c.For/4, peace)
	open := s.idle(ctx, c.Idle, h.keys[inRoom:])
	r.figure("idle WebSockets", fmt.Sprint(open), fmt.Sprint(c.Idle), open >= c.Idle*99/100)
	slow := s.slow(ctx, people[listeners+joiners:][:c.Slow])
	r.figure("people who never read", fmt.Sprint(slow), "", true)
	s.quiet(ctx, "the idle and the slow", c.For, peace)
	s.quiet(ctx, "and a flood from one address", c.For, func(ctx context.Context) *flooded { return s.flood(ctx, c.Flood, 1) })
	s.quiet(ctx, "and a flood from 200 addresses", c.For, func(ctx context.Context) *flooded { return s.flood(ctx, c.Flood, 200) })
	m, err := resident(h.node.PID())
	r.figure("memory of the node, the most", megabytes(m.most), "512 MB", m.most <= 512<<20)
	return err
}

// siege is a room, and what is done to it.
type siege struct {
	hall     *hall
	inside   []*guest
	joiners  []*client.Client
	sponsors []*client.Client // each has two invites to give away
	joined   int              // by an invite, over all
	void     string           // a request to join that the node has to read and refuse
	report   *report
}

// quiet measures the room while something goes on: what its listeners lose, whether members come in, and whether people
// become members.
func (s *siege) quiet(ctx context.Context, what string, lasts time.Duration, meanwhile func(context.Context) *flooded) {
	ctx, cancel := context.WithTimeout(ctx, lasts)
	defer cancel()
	var work sync.WaitGroup
	var flood *flooded
	var entered, admitted arrivals
	work.Go(func() { flood = meanwhile(ctx) })
	before, cpu, began := count(s.inside), s.hall.cpu(), time.Now()
	var coming sync.WaitGroup
	coming.Go(func() { s.admit(ctx, &admitted) })
	for i := 0; client.Pause(ctx, 500*time.Millisecond); i++ {
		g, took, err := s.hall.arrive(context.WithoutCancel(ctx), s.joiners[i%len(s.joiners)])
		entered.add(took, err)
		if err == nil {
			g.close() //nolint:contextcheck // it tells the node also when ctx has ended
		}
	}
	coming.Wait()
	loss := count(s.inside).since(before)
	busy := 100 * (s.hall.cpu() - cpu).Seconds() / time.Since(began).Seconds()
	work.Wait()
	s.report.note("%s: %.0f%% of a core", what, busy)
	s.report.figure("  lost by listeners", percent(loss), "0.5%", loss <= 0.005)
	if flood != nil {
		flood.tell(s.report)
	}
	entered.tell(s.report, "members who entered the room")
	admitted.tell(s.report, "people who joined by an invite")
}

// admit lets somebody join by an invite twice a second, each from an address of their own, until ctx ends.
func (s *siege) admit(ctx context.Context, all *arrivals) {
	for client.Pause(ctx, 500*time.Millisecond) {
		by := s.sponsors[0]
		s.joined++
		who := client.New(s.hall.node.Line("web"), identity.Generate(), client.Options{HTTP: from(5, s.joined)})
		began := time.Now()
		// Both belong to it: who cannot invite brings nobody in.
		link, err := by.CreateInvite(context.WithoutCancel(ctx), 0)
		if err == nil {
			_, err = who.Join(context.WithoutCancel(ctx), link.String(), fmt.Sprintf("Newcomer %d", s.joined))
		}
		all.add(time.Since(began), err)
		s.sponsors = s.sponsors[1:]
		if err == nil {
			s.sponsors = append(s.sponsors, who, who)
		} else {
			s.sponsors = append(s.sponsors, by)
		}
	}
}

// arrivals are people who came in while something went on.
type arrivals struct {
	came, failed int
	slowest      time.Duration
	last         error
}

func (a *arrivals) add(took time.Duration, err error) {
	if err != nil {
		a.failed, a.last = a.failed+1, err
		return
	}
	a.came, a.slowest = a.came+1, max(a.slowest, took)
}

func (a *arrivals) tell(r *report, who string) {
	r.figure("  "+who, fmt.Sprintf("%d of %d", a.came, a.came+a.failed), "99%", a.came > 0 && 99*a.failed <= a.came)
	r.figure("  the slowest of them", a.slowest.Round(time.Millisecond).String(), "3 s", a.slowest <= 3*time.Second)
	if a.last != nil {
		r.note("    the last who failed: %v", a.last)
	}
}

// flooded is what came of a flood.
type flooded struct {
	wanted   int // a second
	lasted   time.Duration
	sent     int
	held     int          // not sent: as many as may be were waiting for the node
	answered atomic.Int64 // with any status
	limited  atomic.Int64 // of these: with "later"
}

func (f *flooded) tell(r *report) {
	due := int(float64(f.wanted) * f.lasted.Seconds())
	r.figure("  requests of the flood, a second", fmt.Sprintf("%.0f of %d", float64(f.sent)/f.lasted.Seconds(), f.wanted), "", true)
	r.note("    %d sent, %d answered, of these %d with %d", f.sent, f.answered.Load(), f.limited.Load(), http.StatusTooManyRequests)
	if missing := due - f.sent; missing > due/100 {
		r.note("    %d were not sent: %d because %d waited for the node, the rest because this program came late",
			missing, f.held, floodAtOnce)
	}
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

// floodAtOnce is how many requests of a flood wait for the node at most.
const floodAtOnce = 200

// flood sends joins that are signed and void: each has to be read and refused.
func (s *siege) flood(ctx context.Context, perSecond, addresses int) *flooded {
	f := &flooded{wanted: perSecond}
	clients := make([]*http.Client, addresses)
	for i := range clients {
		clients[i] = from(4, i)
		clients[i].Timeout = 5 * time.Second
	}
	tick := time.NewTicker(time.Second / time.Duration(perSecond))
	defer tick.Stop()
	gate := make(chan struct{}, floodAtOnce)
	var work sync.WaitGroup
	began := time.Now()
	for i := 0; ; i++ {
		select {
		case <-tick.C:
		case <-ctx.Done():
			f.lasted = time.Since(began)
			work.Wait()
			return f
		}
		select {
		case gate <- struct{}{}:
		default:
			f.held++ // the node makes them wait
			continue
		}
		f.sent++
		work.Go(func() {
			defer func() { <-gate }()
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.hall.node.Line("web")+api.Base+api.PathJoin, strings.NewReader(s.void))
			if err != nil {
				return
			}
			req.Header.Set("Content-Type", "application/json")
			if resp, err := clients[i%addresses].Do(req); err == nil {
				_ = resp.Body.Close()
				f.answered.Add(1)
				if resp.StatusCode == http.StatusTooManyRequests {
					f.limited.Add(1)
				}
			}
		})
	}
}

// voidJoin is a request to join by an invite that there is not.
func voidJoin(community identity.PublicKey) (string, error) {
	key := identity.Generate()
	redeem, err := statement.Sign(&statement.Redeem{Community: community, Member: key.Public()}, key)
	if err != nil {
		return "", err
	}
	join, err := statement.Sign(&statement.Join{Community: community, IssuedAt: time.Now().Unix(), Redeem: redeem.Text()}, key)
	if err != nil {
		return "", err
	}
	profile, err := statement.Sign(&statement.Profile{Community: community, IssuedAt: time.Now().Unix(), Name: "Nobody"}, key)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf(`{"join":%q,"profile":%q}`, join.Text(), profile.Text()), nil
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
