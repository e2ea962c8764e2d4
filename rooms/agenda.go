package rooms

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// Bounds on an Agenda. The memory is counted by the size of what is kept.
const (
	MaxCommunityPlans = 500      // scheduled rooms of one community; of one author, MaxPlans
	MaxKnownPlans     = 5_000    // in all
	MaxPlanBytes      = 40 << 20 // in all
)

// Agenda is what a node knows of scheduled rooms, its own community's among them. Like a Directory it is for one
// goroutine, and its times are Unix milliseconds.
//
// A room leaves when it has not been announced for as long as its last announcement stands. One that was called off is
// remembered as long, so that no earlier announcement brings it back; and of each node, what it announced last.
//
// When it is full, a newcomer takes the place of one of the community that has most, as long as that has more than the
// newcomer's own.
type Agenda struct {
	plans       map[statement.ID]*entryOfPlan
	communities map[identity.PublicKey]int
	authors     map[identity.PublicKey]int
	bytes       int
}

// entryOfPlan is what is known of one scheduled room.
type entryOfPlan struct {
	now   PlanAnnouncement
	heads []head // the last heard of each node
	until int64  // when it is forgotten
	size  int
}

// NewAgenda is an empty Agenda.
func NewAgenda() *Agenda {
	return &Agenda{
		plans:       map[statement.ID]*entryOfPlan{},
		communities: map[identity.PublicKey]int{}, authors: map[identity.PublicKey]int{},
	}
}

// Add takes in an announcement. It reports whether what List shows is another than before, the lengthening of a life left
// aside. Refused: announce-early and announce-stale as by CheckTime; announce-stale for what is not newer than what the
// same node announced before, or than the plan that is known, or has no date left; announce-full.
func (g *Agenda) Add(a PlanAnnouncement, at int64) (changed bool, err error) {
	if err := a.CheckTime(at / 1000); err != nil {
		return false, err
	}
	e := g.plans[a.ID]
	if e != nil {
		if err := e.check(a); err != nil {
			return false, err
		}
	}
	if _, ok := a.Next(at / 1000); !ok && !a.Cancelled() {
		return false, reason.Reject(reason.AnnounceStale, "no date is left")
	}
	if e == nil {
		if err := g.makeRoom(a); err != nil {
			return false, err
		}
		e = &entryOfPlan{}
		g.plans[a.ID] = e
		g.communities[a.Community]++
		g.authors[a.Author]++
	}
	was, wasShown := e.now, !e.now.Latest.IsZero() && !e.now.Cancelled()
	g.bytes -= e.size
	e.take(a)
	e.size = a.size()
	g.bytes += e.size
	shown := !a.Cancelled()
	return shown != wasShown || shown && (was.Latest.ID() != a.Latest.ID() || was.By != a.By), nil
}

// check refuses an announcement because of what is known of the room.
func (e *entryOfPlan) check(a PlanAnnouncement) error {
	for _, h := range e.heads {
		if h.host == a.Node && a.Number <= h.number {
			return reason.Reject(reason.AnnounceStale, "number %d after %d", a.Number, h.number)
		}
	}
	if a.Latest.ID() != e.now.Latest.ID() && !e.now.Newer(a.Plan) {
		return reason.Reject(reason.AnnounceStale, "a newer schedule is known")
	}
	return nil
}

func (e *entryOfPlan) take(a PlanAnnouncement) {
	e.now = a
	e.heads = slices.DeleteFunc(e.heads, func(h head) bool { return h.host == a.Node })
	if len(e.heads) == maxHeads {
		e.heads = slices.Delete(e.heads, 0, 1)
	}
	until := outOfTime(a.Expires)
	if a.Cancelled() {
		until = outOfTime(a.Issued + statement.MaxPlanLife)
	}
	e.heads = append(e.heads, head{host: a.Node, number: a.Number})
	e.until = max(e.until, until)
}

// makeRoom sees to it that one more may be kept.
func (g *Agenda) makeRoom(a PlanAnnouncement) error {
	if g.communities[a.Community] >= MaxCommunityPlans || g.authors[a.Author] >= MaxPlans {
		return reason.Reject(reason.AnnounceFull, "%d of the community, %d of the author", g.communities[a.Community], g.authors[a.Author])
	}
	for len(g.plans) >= MaxKnownPlans || g.bytes+a.size() > MaxPlanBytes {
		most, has := identity.PublicKey{}, g.communities[a.Community]+1
		for community, n := range g.communities {
			if n > has || n == has && !most.IsZero() && bytes.Compare(community[:], most[:]) < 0 {
				most, has = community, n
			}
		}
		if most.IsZero() {
			return reason.Reject(reason.AnnounceFull, "%d scheduled rooms are known", len(g.plans))
		}
		g.remove(g.last(most))
	}
	return nil
}

// last is the room of a community that was planned last.
func (g *Agenda) last(community identity.PublicKey) *entryOfPlan {
	var last *entryOfPlan
	for _, e := range g.plans {
		if e.now.Community != community {
			continue
		}
		if last == nil || cmp.Or(cmp.Compare(e.now.Schedule.IssuedAt, last.now.Schedule.IssuedAt), bytes.Compare(e.now.ID[:], last.now.ID[:])) > 0 {
			last = e
		}
	}
	return last
}

func (g *Agenda) remove(e *entryOfPlan) {
	delete(g.plans, e.now.ID)
	g.bytes -= e.size
	for _, count := range []struct {
		of  map[identity.PublicKey]int
		key identity.PublicKey
	}{{g.communities, e.now.Community}, {g.authors, e.now.Author}} {
		if count.of[count.key]--; count.of[count.key] == 0 {
			delete(count.of, count.key)
		}
	}
}

// Expire lets the time until at pass: it forgets what has not been announced any more, and what has no date left. It
// reports whether List shows another than before.
func (g *Agenda) Expire(at int64) (changed bool) {
	for _, e := range g.plans {
		_, left := e.now.Next(at / 1000)
		if e.until > at && (left || e.now.Cancelled()) {
			continue
		}
		changed = changed || !e.now.Cancelled()
		g.remove(e)
	}
	return changed
}

// Forget drops what it is told to.
func (g *Agenda) Forget(which func(a PlanAnnouncement) bool) {
	for _, e := range g.plans {
		if which(e.now) {
			g.remove(e)
		}
	}
}

// Get is what was announced last of a scheduled room, one that was called off included.
func (g *Agenda) Get(id statement.ID) (PlanAnnouncement, bool) {
	if e := g.plans[id]; e != nil {
		return e.now, true
	}
	return PlanAnnouncement{}, false
}

// List is the scheduled rooms on a topic, "" for all, that were not called off.
func (g *Agenda) List(topic string) []PlanAnnouncement {
	list := make([]PlanAnnouncement, 0, len(g.plans))
	for _, e := range g.plans {
		if !e.now.Cancelled() && (topic == "" || slices.Contains(e.now.Schedule.Topics, topic)) {
			list = append(list, e.now)
		}
	}
	slices.SortFunc(list, func(a, b PlanAnnouncement) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	return list
}

// Bundles is the bundles on a topic, those that were called off included, for another node; none of what is Secret.
func (g *Agenda) Bundles(topic string) [][]byte {
	var raw [][]byte
	for _, e := range g.plans {
		if !e.now.Secret() && (topic == "" || slices.Contains(e.now.Schedule.Topics, topic)) {
			raw = append(raw, e.now.Raw)
		}
	}
	return raw
}

// Size is about how much memory the Agenda takes, in bytes: at most MaxPlanBytes.
func (g *Agenda) Size() int { return g.bytes }
