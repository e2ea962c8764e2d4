package node

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"golang.org/x/sync/errgroup"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/notices"
	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/statement"
	"github.com/stoa-rooms/stoa/storage"
)

// bell tells members of this node of what they want to hear: rooms that open, wherever, people who come on a stage, and
// planned rooms that begin. It looks at the hallway whenever that changes, as anybody does, so a room of another node is
// told of exactly as one of this node's. Who is told of what is for package notices to say; the bell keeps who could be
// interested at all (interest.go), what each was told (notices.go), and the browsers to which it is sent (pushing.go).
type bell struct {
	community *community
	hallway   *hallway
	store     *storage.Store
	push      *pusher // nil where the operator wants none
	log       *slog.Logger

	seen map[statement.ID]*seen // each live room; owned by run

	writing sync.Mutex // held while something that is kept for a member is decided and written

	mu        sync.Mutex
	topics    map[string]audience                                  // who follows a topic; guarded by mu
	chose     map[identity.PublicKey][]string                      // the same, by member; guarded by mu
	followers map[identity.PublicKey]audience                      // of a person; guarded by mu
	neighbors audience                                             // who wants to hear of every room of the community; guarded by mu
	spent     map[identity.PublicKey]int64                         // who has heard enough of topics, and when; guarded by mu
	watchers  map[identity.PublicKey]map[chan api.Noticed]struct{} // guarded by mu
}

// seen is what the bell saw of a room.
type seen struct {
	stage audience // who was on it
	door  int64    // how often those who may enter have become others
}

// audience is a set of members.
type audience map[identity.PublicKey]struct{}

// Bounds of looking.
const (
	lookEvery     = time.Second // at most
	maxSeen       = 100         // people remembered of the stage of one room
	tellAtOnce    = 100         // members whose books are written in one commit
	insideTime    = 2 * time.Second
	forgetNotices = time.Hour
	noticeQueue   = 8 // notices that wait for one connection
)

// openBell reads who wants to hear of what.
func openBell(c *community, h *hallway, push *pusher, log *slog.Logger) (*bell, error) {
	b := &bell{
		community: c, hallway: h, store: c.journal.store, push: push, log: log,
		seen: map[statement.ID]*seen{},
	}
	b.clearLocked()
	for kept, err := range b.store.PrivatesNamed(ownSettings) {
		if err != nil {
			return nil, fmt.Errorf("node: %w", err)
		}
		s, err := readSettings(kept.Value)
		if err != nil {
			return nil, fmt.Errorf("node: settings of %s: %w", kept.Member, err)
		}
		b.choose(kept.Member, s.Topics)
	}
	for kept, err := range b.store.PrivatesNamed(keptNoticeSettings) {
		if err != nil {
			return nil, fmt.Errorf("node: %w", err)
		}
		s, err := readNoticeSettings(kept.Value)
		if err != nil {
			return nil, fmt.Errorf("node: what %s wants to be told: %w", kept.Member, err)
		}
		b.neighbor(kept.Member, s.Community)
	}
	for kept, err := range b.store.PrivatesBeginning(ownPeople) {
		if err != nil {
			return nil, fmt.Errorf("node: %w", err)
		}
		some, err := readRelations(kept)
		if err != nil {
			return nil, err
		}
		for who, r := range some {
			b.relate(kept.Member, who, r)
		}
	}
	return b, nil
}

// hang puts the bell up in the hallway, and has it and what it sends run until ctx ends.
func (h *hallway) hang(ctx context.Context, group *errgroup.Group, cfg Config, at address) error {
	var push *pusher
	var err error
	if !cfg.NoPush {
		if push, err = openPusher(h.community.journal.store, at.url, cfg.push, h.community.now, cfg.Log); err != nil {
			return err
		}
	}
	if h.bell, err = openBell(h.community, h, push, cfg.Log); err != nil {
		return err
	}
	h.nodes.plans.told = h.bell.remind
	group.Go(func() error { return h.bell.run(ctx) })
	if push != nil {
		group.Go(func() error { return push.run(ctx) })
	}
	return nil
}

// run looks at the hallway until ctx ends.
func (b *bell) run(ctx context.Context) error {
	forget := time.NewTicker(forgetNotices)
	defer forget.Stop()
	for {
		changed := b.hallway.Changed() // before the look, so that no change falls between
		b.look(ctx)
		select {
		case <-changed:
		case <-forget.C:
			b.forget()
		case <-ctx.Done():
			return nil
		}
		select {
		case <-time.After(lookEvery):
		case <-ctx.Done():
			return nil
		}
	}
}

// look finds the rooms that opened since the last look, to all or to more people than before, and the people who came on a
// stage.
func (b *bell) look(ctx context.Context) {
	live, doors := b.live()
	still := map[statement.ID]bool{}
	for _, r := range live {
		still[r.ID] = true
		before := b.seen[r.ID]
		opens := before == nil || before.door != doors[r.ID]
		if before == nil {
			before = &seen{stage: audience{}}
			b.seen[r.ID] = before
		}
		before.door = doors[r.ID]
		var came []identity.PublicKey
		for _, s := range r.Speakers {
			if _, known := before.stage[s.Key]; !known && len(before.stage) < maxSeen {
				before.stage[s.Key] = struct{}{}
				came = append(came, s.Key)
			}
		}
		if opens || len(came) > 0 {
			b.consider(ctx, r, came, opens)
		}
	}
	maps.DeleteFunc(b.seen, func(id statement.ID, _ *seen) bool { return !still[id] })
}

// live is all live rooms, with those for chosen people, which the list that everybody gets is without; and of those a number
// that rises when others may enter than before.
func (b *bell) live() ([]api.Room, map[statement.ID]int64) {
	live, doors := b.hallway.List(), map[statement.ID]int64{}
	confided := b.hallway.nodes.confidedRooms()
	for _, r := range b.hallway.live() {
		doors[r.id] = r.door.Load() + confided[r.id].door
		if view := r.view.Load(); view.Entry == statement.RoomChosen && !view.Ended {
			live = append(live, *view)
		}
		delete(confided, r.id)
	}
	for id, c := range confided {
		doors[id] = c.door
		live = append(live, b.hallway.listed(&c.Announcement))
	}
	return live, doors
}

// consider tells of a room whoever wants to hear of it.
func (b *bell) consider(ctx context.Context, r api.Room, came []identity.PublicKey, opens bool) {
	state, founded := b.community.journal.fold()
	if !founded {
		return
	}
	concerned := b.concerned(r, came, opens && r.Community.ID == state.Community(), opens)
	delete(concerned, r.Creator.Key)
	if len(concerned) == 0 {
		return
	}
	maps.DeleteFunc(concerned, func(member identity.PublicKey, _ struct{}) bool {
		_, is := state.Member(member)
		return !is || r.Entry == statement.RoomChosen && !b.hallway.mayKnow(r.ID, member)
	})
	inside := b.inside(ctx, b.hallway.here(r.ID))
	about := notices.Room{
		ID: r.ID, Creator: r.Creator.Key, Community: r.Community.ID, Topics: r.Topics, Language: r.Language, Created: r.Created, Came: came,
	}
	if r.Schedule != nil {
		about.Schedule = *r.Schedule
	}
	for some := range slices.Chunk(slices.Collect(maps.Keys(concerned)), tellAtOnce) {
		b.tellSome(some, about, inside)
	}
}

// spentFor is how long somebody who has heard enough of topics is left alone with them, in milliseconds.
const spentFor = 60_000

// tellSome judges for each of some members whether they are told, and tells those who are.
func (b *bell) tellSome(some []identity.PublicKey, r notices.Room, inside audience) {
	at := millis(b.community.now())
	b.writing.Lock()
	defer b.writing.Unlock()
	var written []storage.Private
	told := map[identity.PublicKey]noticeBook{}
	for _, member := range some {
		book, err := b.book(member, at)
		if err != nil {
			b.log.Error("what a member was told cannot be read", "member", member, "error", err)
			continue
		}
		w, quiet, err := b.wishes(member)
		if err != nil {
			b.log.Error("what a member wants to be told cannot be read", "member", member, "error", err)
			continue
		}
		w.Inside = func(statement.ID) bool { _, is := inside[member]; return is }
		history := book.history()
		word, ok := w.Judge(r, history, at)
		if notices.Spent(notices.Topic, history, at) {
			b.mu.Lock()
			b.spent[member] = at
			b.mu.Unlock()
		}
		if !ok {
			continue
		}
		book.add(notice{
			Kind: api.NoticeKind(word.Kind), Room: r.ID, Schedule: r.Schedule, By: word.By, Topic: word.Topic, Community: r.Community,
			At: at, Quiet: quiet.Holds(at),
		})
		kept, err := book.kept(member)
		if err != nil {
			b.log.Error("what a member is told cannot be written", "member", member, "error", err)
			continue
		}
		written, told[member] = append(written, kept), book
	}
	b.write(written, told)
}

// write stores what members are told, and then tells them. One who is gone in this moment does not keep it from the others.
func (b *bell) write(written []storage.Private, told map[identity.PublicKey]noticeBook) {
	if len(written) == 0 {
		return
	}
	err := b.store.Commit(storage.Batch{Private: written})
	for _, one := range written {
		if err != nil {
			if alone := b.store.Commit(storage.Batch{Private: []storage.Private{one}}); alone != nil {
				b.log.Warn("a member is not told: it cannot be stored", "member", one.Member, "error", alone)
				continue
			}
		}
		b.deliver(one.Member, told[one.Member])
	}
}

// remind tells a member of a planned room that they asked to be reminded of.
func (b *bell) remind(member identity.PublicKey, d due) {
	at, start := millis(b.community.now()), d.start*1000
	b.writing.Lock()
	defer b.writing.Unlock()
	book, err := b.book(member, at)
	if err == nil {
		var w notices.Wishes
		var quiet notices.Quiet
		if w, quiet, err = b.wishes(member); err == nil && w.Remind(d.schedule.ID, start, book.history(), at) {
			book.add(notice{
				Kind: api.NoticeReminder, Room: d.schedule.ID, By: d.schedule.Author, Community: d.schedule.Community,
				At: at, Start: start, Quiet: quiet.Holds(at),
			})
			var kept storage.Private
			if kept, err = book.kept(member); err == nil {
				b.write([]storage.Private{kept}, map[identity.PublicKey]noticeBook{member: book})
			}
		}
	}
	if err != nil {
		b.log.Error("a member is not reminded", "member", member, "error", err)
	}
}

// deliver tells a member the last that is in their book: on each of their connections, and in each of their browsers that
// subscribed.
func (b *bell) deliver(member identity.PublicKey, book noticeBook) {
	last := book.Notices[len(book.Notices)-1]
	n := b.wire(member, last)
	event := api.Noticed{Head: api.Head{Type: api.EventNotice, At: last.At}, Notice: n, Unread: book.unread()}
	b.mu.Lock()
	for watcher := range b.watchers[member] {
		select {
		case watcher <- event:
		default: // somebody who does not read asks for the list when they come back
		}
	}
	b.mu.Unlock()
	if b.push != nil && !n.Quiet {
		b.push.tell(member, n)
	}
}

// Watch implements server.Notices.
func (b *bell) Watch(member identity.PublicKey) (<-chan api.Noticed, func()) {
	watcher := make(chan api.Noticed, noticeQueue)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.watchers[member] == nil {
		b.watchers[member] = map[chan api.Noticed]struct{}{}
	}
	b.watchers[member][watcher] = struct{}{}
	return watcher, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if delete(b.watchers[member], watcher); len(b.watchers[member]) == 0 {
			delete(b.watchers, member)
		}
	}
}

// wishes are what a member wants to be told, and when it is quiet for them.
func (b *bell) wishes(member identity.PublicKey) (notices.Wishes, notices.Quiet, error) {
	w := notices.Wishes{Member: member}
	if state, founded := b.community.journal.fold(); founded {
		w.Home = state.Community()
	}
	settings, err := b.NoticeSettings(member)
	if err != nil {
		return w, notices.Quiet{}, err
	}
	raw, _, err := b.store.Private(member, ownSettings)
	if err != nil {
		return w, notices.Quiet{}, err
	}
	chosen, err := readSettings(raw)
	if err != nil {
		return w, notices.Quiet{}, err
	}
	w.OfReminders, w.OfPeople, w.OfCommunity, w.OfTopics = settings.Reminders, settings.People, settings.Community, settings.Topics
	w.Topics, w.Languages, w.Hidden = chosen.Topics, chosen.Languages, settings.Hidden
	w.Follows = func(who identity.PublicKey) bool { return b.relation(member, who).Follow }
	w.Blocks = func(who identity.PublicKey) bool { return b.relation(member, who).Block }
	var quiet notices.Quiet
	if q := settings.Quiet; q != nil {
		if quiet, err = notices.NewQuiet(q.From, q.To, q.Zone); err != nil { // the list of zones is another one than it was
			b.log.Warn("the quiet hours of a member mean nothing here", "member", member, "error", err)
		}
	}
	return w, quiet, nil
}

// relation is what a member has with somebody. What cannot be read counts as a block: rather too little said than too much.
func (b *bell) relation(member, who identity.PublicKey) api.Relation {
	kept := storage.Private{Member: member, Name: bucketOf(who)}
	var err error
	if kept.Value, _, err = b.store.Private(member, kept.Name); err == nil {
		var some relations
		if some, err = readRelations(kept); err == nil {
			return some[who]
		}
	}
	b.log.Error("what a member has with others cannot be read", "member", member, "error", err)
	return api.Relation{Block: true}
}

// glimpse is a live room as a member may see it without asking its host.
func (h *hallway) glimpse(id statement.ID, member identity.PublicKey) (api.Room, bool) {
	if r := h.here(id); r != nil {
		view := *r.view.Load()
		return view, !view.Ended && (view.Entry != statement.RoomChosen || h.mayKnow(id, member))
	}
	a, ok := h.nodes.announced(id)
	if !ok || a.State != statement.RoomLive || a.Entry == statement.RoomChosen && !h.mayKnow(id, member) {
		return api.Room{}, false
	}
	return h.listed(&a), true
}

// planned is a scheduled room with one of its dates, and whether there is nothing to come to any more.
func (b *bell) planned(id statement.ID, start int64) (rooms.PlanAnnouncement, bool) {
	a, ok := b.hallway.nodes.plans.known(id)
	if !ok || a.Cancelled() {
		return a, true
	}
	if _, open := b.hallway.opened()[id]; open {
		return a, false
	}
	return a, millis(b.community.now()) > start+max(a.Schedule.Duration, rooms.OpenWithin)*1000
}

// readNoticeSettings reads settings of this version or an earlier one, which knew less.
func readNoticeSettings(raw []byte) (api.NoticeSettings, error) {
	s := api.DefaultNotices()
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &s); err != nil {
			return s, err
		}
	}
	if s.Hidden == nil {
		s.Hidden = []identity.PublicKey{}
	}
	return s, nil
}
