package rooms_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/statement"
)

// world is some nodes around one room, in virtual time. They do what docs/protocol.md tells nodes to do, and decide
// everything with this package.
type world struct {
	t     testing.TB
	venue venue
	now   int64 // ms
	peers []*peer
	side  []int // of the partition, by node
	post  []letter
}

// letter is a message on its way.
type letter struct {
	at       int64
	from, to int
	open     func(to *peer)
}

// peer is one node.
type peer struct {
	w    *world
	n    int
	key  identity.PublicKey
	up   bool
	held bool // stopped: it does nothing, and its letters wait

	// What survives a kill.
	hosts  bool
	tenure rooms.Tenure // of the host it follows, or its own

	// What does not.
	since    int64 // when it started, seconds
	dir      *rooms.Directory
	list     statement.Statement
	pinged   map[int]int64 // at the host: who pinged when
	misses   int
	nextPing int64
	gone     int64 // when the host was found gone; 0 while it lives
	votes    rooms.Votes
	nextSay  int64
	lastSay  int64
	rivals   rooms.Rivals
}

const (
	tick  = 100 // ms; also how long a letter travels
	begin = int64(start)
)

func newWorld(tb testing.TB, nodes int) *world {
	tb.Helper()
	w := &world{t: tb, venue: newVenue(tb, ""), now: begin, side: make([]int, nodes)}
	first := rooms.First(w.venue.create)
	for n := range nodes {
		p := &peer{w: w, n: n, key: node(n), hosts: n == 0, tenure: first}
		w.peers = append(w.peers, p)
		p.boot()
	}
	return w
}

func (p *peer) boot() {
	p.up, p.since, p.dir = true, p.w.now/1000, rooms.NewDirectory()
	p.pinged, p.list, p.nextSay = map[int]int64{}, statement.Statement{}, p.w.now
	p.follow(p.tenure)
}

func (w *world) kill(n int) { w.peers[n].up = false }

func (w *world) restart(n int) {
	if p := w.peers[n]; !p.up {
		p.held = false
		p.boot()
	}
}

func (w *world) reach(a, b int) bool { return w.side[a] == w.side[b] && w.peers[b].up }

func (w *world) send(from, to int, open func(to *peer)) {
	w.post = append(w.post, letter{w.now + tick, from, to, open})
}

// run lets time pass.
func (w *world) run(ms int64) {
	for end := w.now + ms; w.now < end; w.now += tick {
		post := w.post
		w.post = nil
		for _, l := range post {
			to := w.peers[l.to]
			switch {
			case l.at > w.now || to.held && to.up:
				w.post = append(w.post, l)
			case w.reach(l.from, l.to):
				l.open(to)
			}
		}
		for _, p := range w.peers {
			if p.up && !p.held {
				p.step()
			}
		}
	}
}

func (p *peer) step() {
	p.dir.Expire(p.w.now)
	if p.hosts {
		p.stepHost()
		return
	}
	if p.w.now >= p.nextPing {
		p.nextPing += rooms.PingEvery
		p.misses++ // until the answer comes
		of := p.tenure
		p.w.send(p.n, nodeOf(of.Host), func(to *peer) { to.ping(p.n) })
	}
	if p.misses > rooms.MissesGone && p.gone == 0 {
		p.gone = p.w.now
		p.votes.Begin(p.w.now)
		p.sayLost()
	}
	if p.gone != 0 {
		p.stepClaim()
	}
}

func (p *peer) stepHost() {
	var line []int
	for n, at := range p.pinged {
		if p.w.now-at <= rooms.PingEvery*(rooms.MissesGone+1) {
			line = append(line, n)
		}
	}
	slices.Sort(line)
	line = line[:min(len(line), statement.MaxSuccessors)]
	if p.list.IsZero() || !slices.Equal(line, p.listed()) {
		p.list = list(p.w.t, p.tenure, p.w.now, line...)
	}
	if lost := p.rivals.Take(p.w.now); lost != nil {
		p.hearLost(lost...)
	}
	if p.w.now >= p.nextSay {
		p.say()
	}
}

func (p *peer) listed() (numbers []int) {
	if p.list.IsZero() {
		return nil
	}
	for _, k := range p.list.Body().(*statement.Succession).Nodes {
		numbers = append(numbers, nodeOf(k))
	}
	return numbers
}

// say announces the room.
func (p *peer) say(edit ...func(*statement.Announce)) {
	a := p.w.venue.announce(p.w.t, p.tenure, p.w.now/1000, p.w.now, edit...)
	p.nextSay, p.lastSay = p.w.now+rooms.AnnounceEvery, p.w.now
	for n := range p.w.peers {
		p.w.send(p.n, n, func(to *peer) { to.hear(a) })
	}
}

func (p *peer) ping(from int) {
	answer := p.tenure
	if !p.hosts {
		p.w.send(p.n, from, func(to *peer) { to.moved(p.key, answer) })
		return
	}
	p.pinged[from] = p.w.now
	l := p.list
	p.w.send(p.n, from, func(to *peer) { to.pong(answer, l) })
}

func (p *peer) pong(of rooms.Tenure, l statement.Statement) {
	if p.hosts || of.Host != p.tenure.Host || of.Epoch != p.tenure.Epoch {
		return
	}
	if p.gone != 0 { // found again
		p.votes = rooms.Votes{}
	}
	p.tenure, p.misses, p.gone = of, 0, 0
	if of.CheckList(l) == nil {
		p.list = l
	}
}

// moved is told by somebody who hosts no more, but follows.
func (p *peer) moved(by identity.PublicKey, of rooms.Tenure) {
	switch {
	case p.hosts || by != p.tenure.Host:
	case of.Host == p.key:
		p.tenure, p.hosts = of, true
		p.say()
	default:
		p.follow(of)
	}
}

func (p *peer) follow(of rooms.Tenure) {
	p.tenure, p.misses, p.gone, p.nextPing = of, 0, 0, p.w.now+int64(p.n*170%rooms.PingEvery)
	p.list, p.votes = statement.Statement{}, rooms.Votes{}
	p.rivals = rooms.Rivals{}
}

func (p *peer) sayLost() {
	if !slices.Contains(p.listed(), p.n) {
		return
	}
	s := lost(p.w.t, p.tenure, p.n) // the same bytes each time: it is signed once an epoch
	for n := range p.w.peers {
		p.w.send(p.n, n, func(to *peer) { to.hearLost(s) })
	}
}

func (p *peer) hearLost(lost ...statement.Statement) {
	if p.hosts {
		if renewed, ok := p.tenure.Renew(lost, p.w.now/1000, private(signer(p.key))); ok {
			p.tenure = renewed
			p.say()
		}
		return
	}
	for _, s := range lost {
		p.votes.Hear(p.tenure, p.list, s, p.w.now)
	}
}

func (p *peer) stepClaim() {
	listed := p.listed()
	place := slices.Index(listed, p.n)
	if place < 0 {
		return
	}
	ahead, all := 0, true
	for i, n := range listed {
		if !p.w.reach(p.n, n) {
			continue
		}
		if i < place {
			ahead++
		}
		all = all && p.votes.Said(node(n))
	}
	if p.w.now < p.gone+rooms.ClaimDelay(ahead) && (!all || ahead > 0) {
		return
	}
	if !p.votes.Said(p.key) {
		return // its own comes with the next tick
	}
	of, err := p.tenure.Claim(p.list, p.votes.For(p.tenure, p.list), p.w.now/1000, private(signer(p.key)))
	if err != nil {
		p.w.t.Fatalf("node %d claims: %v", p.n, err)
	}
	p.follow(of)
	p.hosts = true
	clear(p.pinged)
	p.say()
}

func (p *peer) hear(a rooms.Announcement) {
	_, _ = p.dir.Add(a, p.w.now)
	if a.Host == p.key {
		return
	}
	if p.hosts {
		p.judge(a)
		return
	}
	now, ok := p.dir.Get(a.ID)
	if !ok || now.Host == p.key || now.Host == p.tenure.Host && now.Epoch == p.tenure.Epoch {
		return
	}
	// A stream that lives says more than the directory.
	if p.misses > 1 || now.Tenure.Compare(p.tenure) > 0 {
		p.follow(now.Tenure)
	}
}

func (p *peer) judge(a rooms.Announcement) {
	p.rivals.Hear(p.tenure, a.Tenure, p.w.now)
	switch p.tenure.Hear(a, p.since) {
	case rooms.Yield:
		p.yield(a.Tenure)
	case rooms.Ask:
		mine := p.tenure
		p.w.send(p.n, nodeOf(a.Host), func(to *peer) { to.asked(p.n, mine) })
	case rooms.Stay:
		if p.w.now-p.lastSay >= rooms.PingEvery && !a.Leaving() {
			p.say()
		}
	}
}

func (p *peer) asked(by int, of rooms.Tenure) {
	if !p.hosts {
		return
	}
	mine := p.tenure
	switch mine.Decide(of, p.since) {
	case rooms.Yield:
		p.yield(of)
	case rooms.Stay:
		p.w.send(p.n, by, func(to *peer) {
			if to.hosts && to.tenure.Compare(mine) < 0 {
				to.yield(mine)
			}
		})
	case rooms.Ask:
	}
}

func (p *peer) yield(to rooms.Tenure) {
	p.say(leaves)
	p.hosts = false
	p.follow(to)
}

// hosting is the nodes that are up and host.
func (w *world) hosting() (numbers []int) {
	for _, p := range w.peers {
		if p.up && p.hosts {
			numbers = append(numbers, p.n)
		}
	}
	return numbers
}

// agree fails unless exactly one node hosts, every node follows it, and every directory names it.
func (w *world) agree(story string) (host int) {
	w.t.Helper()
	hosts := w.hosting()
	if len(hosts) != 1 {
		w.t.Fatalf("%s: %v host", story, hosts)
	}
	h := w.peers[hosts[0]]
	for _, p := range w.peers {
		if p.tenure.Host != h.key || p.tenure.Epoch != h.tenure.Epoch || p.misses > 1 {
			w.t.Fatalf("%s: %d hosts, but %d follows %d and misses %d", story, h.n, p.n, nodeOf(p.tenure.Host), p.misses)
		}
		if a, ok := p.dir.Get(p.tenure.Room); !ok || a.Host != h.key {
			w.t.Fatalf("%s: %d hosts, but the directory of %d says %d, %v", story, h.n, p.n, nodeOf(a.Host), ok)
		}
	}
	return h.n
}

// TestOneHostRemains plays random kills, stops, partitions and restarts, and holds that when all is well again one host
// remains and everybody knows which.
func TestOneHostRemains(t *testing.T) {
	seeds := 15
	if testing.Short() {
		seeds = 5
	}
	handovers := 0
	for seed := range uint64(seeds) {
		r := rand.New(rand.NewPCG(seed, 1))
		w := newWorld(t, 3+r.IntN(4))
		w.run(5_000)
		for range 2 + r.IntN(5) {
			n := r.IntN(len(w.peers))
			switch r.IntN(6) {
			case 0:
				w.kill(n)
			case 1:
				w.restart(n)
			case 2:
				w.peers[n].held = !w.peers[n].held
			case 3:
				clear(w.side)
			default:
				for i := range w.side {
					w.side[i] = r.IntN(2)
				}
			}
			w.run(100 * r.Int64N(300))
		}
		clear(w.side)
		for _, p := range w.peers {
			p.held = false
			w.restart(p.n)
		}
		w.run(60_000)
		host := w.agree(fmt.Sprintf("seed %d", seed))
		handovers += len(w.peers[host].tenure.Line)
	}
	if handovers < seeds/3 {
		t.Errorf("%d handovers in %d stories: nothing happens in them", handovers, seeds)
	}
}
