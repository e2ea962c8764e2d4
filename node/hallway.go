package node

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/invites"
	"github.com/stoa-rooms/stoa/media"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/statement"
	"github.com/stoa-rooms/stoa/storage"
)

// maxRooms is how many rooms this node may host, or relay, at a time.
const maxRooms = 500

// hallway is all live rooms that this node knows of. It starts, finds and ends the loops of those that its members are
// in; the others are announcements of other nodes.
type hallway struct {
	community *community
	media     *media.Server
	nodes     *network
	people    *people
	bell      *bell // set before anything runs
	log       *slog.Logger

	ctx  context.Context //nolint:containedctx // the life of the room loops, which outlive the request that starts them
	wait sync.WaitGroup

	mu      sync.Mutex
	rooms   map[statement.ID]*room // guarded by mu
	changed chan struct{}          // guarded by mu; closed and replaced at each change
}

func newHallway(ctx context.Context, c *community, m *media.Server, nodes *network, log *slog.Logger) (*hallway, error) {
	known, err := newPeople(c, log)
	if err != nil {
		return nil, err
	}
	h := &hallway{
		people:    known,
		community: c,
		media:     m,
		nodes:     nodes,
		log:       log,
		ctx:       ctx,
		rooms:     map[statement.ID]*room{},
		changed:   make(chan struct{}),
	}
	c.places = h.roomsOf
	known.hallway, known.fetch, known.siblings = h, nodes.host.ReadLog, nodes.siblings
	return h, nil
}

// resume brings back the rooms that lived when the node stopped: everybody's place is held, muted. Another node may have
// taken one over meanwhile; then it prevails as soon as it is heard of.
func (h *hallway) resume() error {
	for stored, err := range h.community.journal.store.Rooms() {
		if err != nil {
			return fmt.Errorf("node: %w", err)
		}
		create, err := statement.ParseKind[*statement.Create](stored.Create)
		if err != nil {
			return fmt.Errorf("node: stored room %s: %w", stored.ID, err)
		}
		record, err := rooms.ParseRecord(stored.Record)
		if err != nil {
			return fmt.Errorf("node: stored room %s: %w", stored.ID, err)
		}
		r := h.room(create, stored.Title, rooms.First(create))
		if len(stored.Line) > 0 { // this node took the room over
			if err := r.announcedAs(stored.Line); err != nil {
				return fmt.Errorf("node: stored room %s: %w", stored.ID, err)
			}
		}
		state := rooms.Restore(record, millis(r.now()))
		if r.tenure.Epoch > 1 {
			state = rooms.Takeover(record, r.tenure.Epoch, millis(r.now()))
		}
		hosting := newHosting(r, state)
		hosting.announced.next = r.now().Add(restartQuiet)
		h.start(r, hosting, hosting.summary())
	}
	return nil
}

// announcedAs takes from an announcement what proves whose the room is and who hosts it.
func (r *room) announcedAs(bundle []byte) error {
	a, err := rooms.ParseAnnouncement(bundle)
	if err != nil {
		return err
	}
	if r.proof, err = a.Proof(); err != nil {
		return err
	}
	r.tenure, r.title, r.stated = a.Tenure, r.proof.Title, aboutAnnounced(a)
	return nil
}

// restartQuiet is how long a restarted host listens for a successor before it announces its rooms again.
const restartQuiet = 3 * time.Second

// room is a room without a role.
func (h *hallway) room(create statement.Statement, title statement.Text, tenure rooms.Tenure) *room {
	r := &room{
		id:      create.ID(),
		create:  create,
		title:   title,
		hallway: h,
		media:   h.media.Room(create.ID()),
		now:     h.community.now,
		born:    h.community.now(),
		log:     h.log,
		tasks:   make(chan func()),
		done:    make(chan struct{}),
		tenure:  tenure,
		stream:  newStream(),
		legs:    map[identity.PublicKey]uint32{},
		apps:    newApps(),
		guests:  map[identity.PublicKey]*guest{},
	}
	r.about = func() api.Community { return h.about(r) }
	r.media.OnLegClosed(func(_ uint32, leg media.LegID) { r.post(func() { r.legClosed(leg) }) })
	return r
}

// start begins the loop of a room in its first role.
func (h *hallway) start(r *room, first *hosting, summary *api.Room) {
	admits := first.state.Admits
	r.role = first
	r.admits.Store(&admits)
	r.view.Store(summary)
	h.mu.Lock()
	h.rooms[r.id] = r
	h.mu.Unlock()
	h.tell()
	h.loop(r)
}

// loop runs the loop of a room.
func (h *hallway) loop(r *room) {
	h.wait.Go(func() {
		r.run(h.ctx)
		h.mu.Lock()
		if h.rooms[r.id] == r {
			delete(h.rooms, r.id)
		}
		h.mu.Unlock()
		h.tell()
	})
}

// about is the community whose room it is: this node's, or what the room was announced with.
func (h *hallway) about(r *room) api.Community {
	if state, founded := h.community.journal.fold(); founded && state.Community() == r.body().Community {
		return h.community.about(state)
	}
	return r.stated
}

// own reports whether the room was created in this node's log, where its end belongs too.
func (h *hallway) own(r *room) bool {
	state, founded := h.community.journal.fold()
	return founded && state.Community() == r.body().Community && r.body().Node == r.self()
}

// renamed tells the rooms that a member of this node has another name or picture.
func (h *hallway) renamed(profile statement.Statement) {
	for _, r := range h.live() {
		go r.post(func() { r.role.renamed(profile) })
	}
	h.tell()
}

// tell wakes everybody who watches the hallway.
func (h *hallway) tell() {
	h.mu.Lock()
	defer h.mu.Unlock()
	close(h.changed)
	h.changed = make(chan struct{})
}

// finish writes the end of a room: to the log for ever, and out of the store what only a live room needs.
func (h *hallway) finish(r *room) error {
	drop := storage.Batch{DropRooms: []statement.ID{r.id}}
	if !h.own(r) {
		return h.community.journal.store.Commit(drop)
	}
	return h.community.journal.append(func(invites.State) (draft, error) {
		end, err := statement.Sign(&statement.End{Room: r.id, IssuedAt: seconds(r.now())}, h.community.journal.key)
		return draft{statements: []statement.Statement{end}, with: drop}, err
	})
}

// endedElsewhere notes in the log that a room of this node ended at the node that had taken it over.
func (h *hallway) endedElsewhere(r *room) {
	if !h.own(r) {
		return
	}
	if err := h.finish(r); err != nil {
		h.log.Error("the end of a room is not in the log", "room", r.id, "error", err)
	}
}

// endAll ends every room at once, without a word in the log: there is no community any more.
func (h *hallway) endAll() {
	h.nodes.plans.clear()
	h.bell.clear()
	for _, r := range h.live() {
		// A room that is over already is no error here.
		_ = r.do(h.ctx, func() error {
			r.over = true
			r.stream.closeAll(reason.Reject(reason.RoomEnded, ""))
			return nil
		})
	}
}

func (h *hallway) live() []*room {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Collect(maps.Values(h.rooms))
}

// said is what this node last said to all of the rooms that it hosts, on a topic or, with "", on any.
func (h *hallway) said(topic string) (bundles [][]byte) {
	for _, r := range h.live() {
		if last := r.public.Load(); last != nil && (topic == "" || slices.Contains(r.body().Topics, topic)) {
			bundles = append(bundles, *last)
		}
	}
	return bundles
}

// here is the loop of a room that this node hosts or relays, nil if there is none.
func (h *hallway) here(id statement.ID) *room {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.rooms[id]
}

// find is the loop of a room that this node hosts or relays; the refusal tells one that has ended from one that never
// was.
func (h *hallway) find(id statement.ID) (*room, error) {
	if r := h.here(id); r != nil {
		return r, nil
	}
	if _, logged, err := h.community.journal.store.IndexOf(id); err != nil {
		return nil, fmt.Errorf("node: %w", err)
	} else if logged {
		return nil, reason.Reject(reason.RoomEnded, "%s", id)
	}
	if err := h.nodes.plans.closed(id); err != nil {
		return nil, err
	}
	return nil, reason.Reject(reason.RoomUnknown, "%s", id)
}

// reach is the loop of a room, which this node begins to relay if another hosts it.
func (h *hallway) reach(id statement.ID) (*room, error) {
	if r := h.here(id); r != nil {
		return r, nil
	}
	a, ok := h.nodes.announced(id)
	if !ok || a.State != statement.RoomLive || a.Host == h.community.self.Node {
		return h.find(id)
	}
	if _, founded := h.community.journal.fold(); !founded {
		return nil, reason.Reject(reason.FoundedNot, "")
	}
	if len(h.live()) >= 2*maxRooms {
		return nil, reason.Reject(reason.RateLimited, "%d rooms on this node", 2*maxRooms)
	}
	create, err := statement.ParseKind[*statement.Create](a.CreateText)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if r := h.rooms[id]; r != nil {
		return r, nil
	}
	r := h.room(create, statement.Text{}, a.Tenure)
	if err := r.announcedAs(a.Raw); err != nil {
		return nil, err
	}
	r.role = newRelaying(r)
	listed := h.listed(&a)
	r.view.Store(&listed)
	h.rooms[id] = r
	h.loop(r)
	h.nodes.wantLog(create.Body().(*statement.Create).Community, create.Body().(*statement.Create).Node)
	return r, nil
}
