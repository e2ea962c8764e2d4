package node

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/statement"
	"github.com/stoa-rooms/stoa/storage"
)

// Times of announcing what is planned, in seconds.
const (
	sayAgain    = 10     // at the earliest, after a change
	othersFirst = 5 * 60 // how much longer a node waits that will not be the host
	forgetEvery = 60
)

// heard judges the announcement of a scheduled room and takes it in; of this community, it is stored as well.
func (s *schedules) heard(bundle []byte, deny denied) error {
	a, err := rooms.ParsePlan(bundle)
	if err == nil {
		err = checkPlanTexts(a)
	}
	if err == nil {
		err = deny.check(a.Node, a.Community, a.Author)
	}
	if err != nil {
		return err
	}
	s.mu.Lock()
	if err := s.stillKnown(a.Plan); err != nil {
		s.mu.Unlock()
		return err
	}
	if own, ok := s.plans[a.ID]; ok && a.Newer(own) && own.Latest.ID() != a.Latest.ID() {
		s.mu.Unlock()
		return reason.Reject(reason.AnnounceStale, "a newer schedule is stored")
	}
	changed, err := s.agenda.Add(a, millis(s.community.now()))
	s.mu.Unlock()
	if err != nil {
		return err
	}
	if err := s.adopt(a.Plan, nil); err != nil {
		s.log.Error("a scheduled room of this community is not stored", "schedule", a.ID, "error", err)
	}
	if changed {
		s.nodes.hallway.tell()
	}
	return nil
}

// stillKnown refuses the plan of a member of this community who has erased themselves: another node may not have heard of
// it yet. Who holds mu while they ask cannot miss what erase does after that.
func (s *schedules) stillKnown(p rooms.Plan) error {
	if state, _ := s.community.journal.fold(); s.isOurs(p) && state.Erased(p.Author) {
		return reason.Reject(reason.AnnounceStale, "its author has erased themselves")
	}
	return nil
}

func checkPlanTexts(a rooms.PlanAnnouncement) error {
	err := errors.Join(api.CheckTitle(a.Title.Text), api.CheckCommunityName(a.Name))
	if a.By != "" {
		err = errors.Join(err, api.CheckName(a.By))
	}
	if err != nil {
		return reason.Reject(reason.AnnounceInvalid, "%v", err)
	}
	return nil
}

// adopt stores what another node of this community announced, of a member; with whom they chose, if it said so.
func (s *schedules) adopt(p rooms.Plan, chosen *[]identity.PublicKey) error {
	state, founded := s.community.journal.fold()
	if !founded || state.Community() != p.Community {
		return nil
	}
	if _, member := state.Member(p.Author); !member {
		return nil // or not yet, here: it will be said again
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.Lock()
	known, ok := s.plans[p.ID]
	same := ok && known.Latest.ID() == p.Latest.ID()
	more := chosen != nil && !slices.Equal(*chosen, s.chosen[p.ID])
	s.mu.Unlock()
	at := seconds(s.community.now())
	if same && !more || ok && !same && !known.Newer(p) || p.Past(at) {
		return nil
	}
	var drop []statement.ID
	if !ok {
		var err error
		if drop, err = s.place(p.Author, at); err != nil {
			return err
		}
	}
	if err := s.keep(p, chosen, drop...); err != nil {
		return err
	}
	if p.Schedule.Entry == statement.RoomChosen {
		s.mu.Lock()
		s.again[p.ID] = true // by this node, which may reach others than the one that said it
		s.mu.Unlock()
	}
	return nil
}

// bundles is what another node that asks gets of scheduled rooms.
func (s *schedules) bundles(topic string) [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.agenda.Bundles(topic)
}

// run is the work of time: what is planned is announced, one room a second at most, and forgotten; members are reminded.
func (s *schedules) run(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		at := seconds(s.community.now())
		s.mu.Lock()
		changed := s.agenda.Expire(at * 1000)
		s.mu.Unlock()
		if changed || s.looksOld(at) {
			s.nodes.hallway.tell()
		}
		if p, ok := s.unsaid(at); ok {
			if err := s.announce(p, at); err != nil && ctx.Err() == nil { //nolint:contextcheck // what is said outlives the tick
				s.log.Warn("a scheduled room is not announced", "schedule", p.ID, "error", err)
			}
		}
		s.remind(at)
		if n%forgetEvery == 0 {
			s.forget(at)
		}
	}
}

// unsaid is the plan of this community that it is time to announce: a changed one first, then the one that was announced
// longest ago, by whichever node; if it is for chosen people, by this one.
func (s *schedules) unsaid(at int64) (rooms.Plan, bool) {
	state, founded := s.community.journal.fold()
	if !founded {
		return rooms.Plan{}, false
	}
	self := s.community.self.Node
	s.mu.Lock()
	defer s.mu.Unlock()
	var most rooms.Plan
	longest := int64(0)
	for id, p := range s.plans {
		if _, member := state.Member(p.Author); !member || !p.Cancelled() && !stands(p, at) || p.Community != state.Community() {
			continue
		}
		last := s.said[id]
		over := at - last - rooms.PlanEvery
		a, heard := s.agenda.Get(id)
		switch {
		case at-last >= sayAgain && (s.again[id] || !heard || a.Latest.ID() != p.Latest.ID()):
			over = 1 << 40 // there are some who have not heard of it as it is now
		case !heard, p.Schedule.Entry == statement.RoomChosen: // which each node tells those whom it can reach
		default:
			over = at - max(a.Issued, last) - rooms.PlanEvery
			if p.Schedule.Node != self {
				over -= othersFirst
			}
		}
		if over > longest {
			most, longest = p, over
		}
	}
	return most, longest > 0
}

// announce tells other nodes of a plan.
func (s *schedules) announce(p rooms.Plan, at int64) error {
	n, self := s.nodes, s.community.self.Node
	state, _ := s.community.journal.fold()
	host, ok := state.Node(self)
	if !ok || host.Revoked {
		return reason.Reject(reason.StatementAuthority, "this node is none of the community's")
	}
	b := rooms.PlanBundle{Plan: p, Author: s.community.names.member(p.Author).Name}
	var err error
	if b.Delegate, err = n.journal.entry(host.Delegate); err != nil {
		return err
	}
	if b.Rules, err = n.rules(state); err != nil {
		return err
	}
	if b.Name, _, err = n.journal.store.Text(b.Rules.Body().(*statement.Rules).Name); err != nil {
		return err
	}
	if b.Announce, err = statement.Sign(&statement.Announce{
		Room: p.ID, IssuedAt: at, Expires: at + rooms.PlanLife, Epoch: 1, Number: s.nextNumber(), State: statement.RoomScheduled,
	}, n.journal.key); err != nil {
		return err
	}
	a, err := rooms.NewPlanAnnouncement(b)
	if err != nil {
		return err
	}
	s.mu.Lock()
	if err = s.stillKnown(p); err == nil {
		s.said[p.ID] = at
		delete(s.again, p.ID)
		_, err = s.agenda.Add(a, at*1000)
	}
	s.mu.Unlock()
	if err != nil {
		return err
	}
	if p.Schedule.Entry == statement.RoomChosen {
		s.confide(a)
	}
	if p.Secret() {
		return nil
	}
	ctx, topics := n.ctx, p.Schedule.Topics
	go func() {
		ctx, cancel := context.WithTimeout(ctx, tellTime)
		defer cancel()
		if err := n.host.Announce(ctx, topics, a.Raw); err != nil {
			s.log.Debug("a scheduled room could not be announced", "schedule", a.ID, "error", err)
		}
	}()
	return nil
}

// nextNumber is the number of an announcement: the time, or one more than the last where the clock was set back. It is one
// goroutine's, which announces.
func (s *schedules) nextNumber() int64 {
	s.number = max(millis(s.community.now()), s.number+1)
	return s.number
}

// forget drops what has been over for long.
func (s *schedules) forget(at int64) {
	s.writing.Lock()
	defer s.writing.Unlock()
	var gone []statement.ID
	s.mu.Lock()
	s.forgetChosenLocked()
	for id, p := range s.plans {
		if p.Past(at) {
			gone = append(gone, id)
		}
	}
	s.mu.Unlock()
	if len(gone) == 0 {
		return
	}
	if err := s.community.journal.store.Commit(storage.Batch{DropSchedules: gone, Private: s.lists(gone)}); err != nil {
		s.log.Error("scheduled rooms that are over are not dropped", "error", err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropLocked(gone)
}

// clear forgets everything of this community: there is none any more.
func (s *schedules) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.agenda.Forget(func(a rooms.PlanAnnouncement) bool {
		_, own := s.plans[a.ID]
		return own
	})
	clear(s.plans)
	clear(s.said)
	clear(s.again)
	clear(s.reminded)
	clear(s.feeds)
	clear(s.chosen)
	clear(s.removed)
}

// erase forgets what a member planned, and what is kept for them. What other communities have heard of it they forget in
// PlanLife.
func (s *schedules) erase(member identity.PublicKey) {
	s.unchoose(member)
	s.pardon(member)
	s.writing.Lock()
	defer s.writing.Unlock()
	theirs := s.unplan(member)
	if len(theirs) == 0 {
		return
	}
	// Again, for one may have come in since the erasure was decided.
	if err := s.community.journal.store.Commit(storage.Batch{DropSchedules: theirs}); err != nil {
		s.log.Error("what somebody planned who erased themselves is dropped when its time is over", "error", err)
	}
}

// unplan takes somebody's plans, and what is kept for them, out of memory.
func (s *schedules) unplan(member identity.PublicKey) (theirs []statement.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, p := range s.plans {
		if p.Author == member {
			theirs = append(theirs, id)
		}
	}
	s.dropLocked(theirs)
	s.agenda.Forget(func(a rooms.PlanAnnouncement) bool { return a.Author == member && s.isOurs(a.Plan) })
	delete(s.reminded, member)
	for hash, of := range s.feeds {
		if of == member {
			delete(s.feeds, hash)
		}
	}
	return theirs
}
