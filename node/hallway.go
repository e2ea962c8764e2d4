package node

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/server"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/invites"
	"github.com/stoa-rooms/stoa/media"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/statement"
	"github.com/stoa-rooms/stoa/storage"
)

// maxRooms is how many rooms may live on one node at a time.
const maxRooms = 500

// hallway is all live rooms of the node. It starts, finds and ends their loops.
type hallway struct {
	community *community
	media     *media.Server
	log       *slog.Logger

	ctx  context.Context //nolint:containedctx // the life of the room loops, which outlive the request that starts them
	wait sync.WaitGroup

	mu      sync.Mutex
	rooms   map[statement.ID]*room // guarded by mu
	changed chan struct{}          // guarded by mu; closed and replaced at each change
}

func newHallway(ctx context.Context, c *community, m *media.Server, log *slog.Logger) *hallway {
	return &hallway{
		community: c,
		media:     m,
		log:       log,
		ctx:       ctx,
		rooms:     map[statement.ID]*room{},
		changed:   make(chan struct{}),
	}
}

// resume brings back the rooms that lived when the node stopped: everybody's place is held, muted.
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
		h.start(create, stored.Title, rooms.Restore(record, millis(h.community.now())))
	}
	return nil
}

// start begins the loop of a room.
func (h *hallway) start(create statement.Statement, title statement.Text, state rooms.State) *room {
	r := &room{
		id:      create.ID(),
		create:  create.Body().(*statement.Create),
		text:    create.Text(),
		title:   title,
		names:   h.community.names,
		store:   h.community.journal.store,
		media:   h.media.Room(create.ID()),
		about:   h.about,
		changed: h.tell,
		finish:  h.finish,
		now:     h.community.now,
		log:     h.log,
		tasks:   make(chan func()),
		done:    make(chan struct{}),
		state:   state,
		stream:  newStream(),
		numbers: map[identity.PublicKey]uint32{},
		allowed: map[uint32]bool{},
	}
	r.view.Store(r.summary())
	h.mu.Lock()
	h.rooms[r.id] = r
	h.mu.Unlock()
	h.tell()
	h.wait.Go(func() {
		r.run(h.ctx)
		h.mu.Lock()
		delete(h.rooms, r.id)
		h.mu.Unlock()
		h.tell()
	})
	return r
}

func (h *hallway) about() api.Community {
	state, founded := h.community.journal.fold()
	if !founded {
		return api.Community{}
	}
	return h.community.about(state)
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
	return h.community.journal.append(func(invites.State) (draft, error) {
		end, err := statement.Sign(&statement.End{Room: r.id, IssuedAt: seconds(r.now())}, h.community.journal.key)
		return draft{
			statements: []statement.Statement{end},
			with:       storage.Batch{DropRooms: []statement.ID{r.id}},
		}, err
	})
}

// endAll ends every room at once, without a word in the log: there is no community any more.
func (h *hallway) endAll() {
	h.mu.Lock()
	live := slices.Collect(maps.Values(h.rooms))
	h.mu.Unlock()
	for _, r := range live {
		// A room that is over already is no error here.
		_ = r.do(h.ctx, func() error {
			r.abandoned = true
			r.stream.closeAll(reason.Reject(reason.RoomEnded, ""))
			return nil
		})
	}
}

// find is the loop of a live room; the refusal tells one that has ended from one that never was.
func (h *hallway) find(id statement.ID) (*room, error) {
	h.mu.Lock()
	r, ok := h.rooms[id]
	h.mu.Unlock()
	if ok {
		return r, nil
	}
	if _, logged, err := h.community.journal.store.IndexOf(id); err != nil {
		return nil, fmt.Errorf("node: %w", err)
	} else if logged {
		return nil, reason.Reject(reason.RoomEnded, "%s", id)
	}
	return nil, reason.Reject(reason.RoomUnknown, "%s", id)
}

// List implements server.Rooms: the live rooms, those with the most people first.
func (h *hallway) List() []api.Room {
	h.mu.Lock()
	live := make([]api.Room, 0, len(h.rooms))
	for _, r := range h.rooms {
		live = append(live, *r.view.Load())
	}
	h.mu.Unlock()
	live = slices.DeleteFunc(live, func(r api.Room) bool { return r.Ended })
	slices.SortFunc(live, func(a, b api.Room) int {
		return cmp.Or(
			cmp.Compare(b.Stage+b.Listening, a.Stage+a.Listening),
			cmp.Compare(b.Created, a.Created),
			cmp.Compare(a.ID.String(), b.ID.String()),
		)
	})
	return live
}

// Changed implements server.Rooms.
func (h *hallway) Changed() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.changed
}

// Create implements server.Rooms.
func (h *hallway) Create(_ context.Context, member identity.PublicKey, req api.CreateRoom) (api.Room, error) {
	now := h.community.now()
	st, create, err := submitted(req.Create, func(c *statement.Create) int64 { return c.IssuedAt }, now)
	if err != nil {
		return api.Room{}, err
	}
	switch {
	case st.Signer() != member:
		return api.Room{}, reason.Reject(reason.StatementAuthority, "the room is signed by another member")
	case create.Node != h.community.self.Node:
		return api.Room{}, reason.Reject(reason.StatementAudience, "the room names another host")
	case create.IssuedAt < seconds(now)-createLife:
		return api.Room{}, reason.Reject(reason.StatementExpired, "the room was signed more than %d s ago", createLife)
	case req.Title.Commitment() != create.Title:
		return api.Room{}, reason.Reject(reason.TextMismatch, "the statement commits to another title")
	}
	if err := api.CheckTitle(req.Title.Text); err != nil {
		return api.Room{}, err
	}
	if len(h.List()) >= maxRooms {
		return api.Room{}, reason.Reject(reason.RateLimited, "%d rooms live on this node", maxRooms)
	}
	state := rooms.New(rooms.Config{ID: st.ID(), Creator: member, At: millis(now)})
	record, err := state.Record().Encode()
	if err != nil {
		return api.Room{}, fmt.Errorf("node: %w", err)
	}
	err = h.community.journal.append(func(fold invites.State) (draft, error) {
		if create.Community != fold.Community() {
			return draft{}, reason.Reject(reason.StatementAudience, "the room is for another community")
		}
		stored := storage.Room{ID: st.ID(), Create: st.Text(), Title: req.Title, Record: record}
		return draft{
			statements: []statement.Statement{st},
			with:       storage.Batch{Rooms: []storage.Room{stored}},
		}, nil
	})
	if err != nil {
		return api.Room{}, err
	}
	return *h.start(st, req.Title, state).view.Load(), nil
}

// createLife is how old, in seconds, a create statement may be when it is submitted: an old one is not replayed.
const createLife = 10 * 60

// Room implements server.Rooms. Somebody who was removed learns it here, before they try to enter.
func (h *hallway) Room(ctx context.Context, id statement.ID, member identity.PublicKey) (api.Room, error) {
	r, err := h.find(id)
	if err != nil {
		return api.Room{}, err
	}
	return *r.view.Load(), r.do(ctx, func() error {
		if r.state.Removed(member) {
			return reason.Reject(reason.RoomRemoved, "")
		}
		return nil
	})
}

// requestTime bounds how long a request waits for a room's loop.
const requestTime = 10 * time.Second

// Audience implements server.Rooms.
func (h *hallway) Audience(id statement.ID, offset, limit int) (api.Audience, error) {
	r, err := h.find(id)
	if err != nil {
		return api.Audience{}, err
	}
	ctx, cancel := context.WithTimeout(h.ctx, requestTime)
	defer cancel()
	var page api.Audience
	return page, r.do(ctx, func() error {
		page = r.page(offset, limit)
		return nil
	})
}

// Act implements server.Rooms.
func (h *hallway) Act(ctx context.Context, id statement.ID, actor identity.PublicKey, action api.Action) error {
	r, err := h.find(id)
	if err != nil {
		return err
	}
	return r.act(ctx, actor, action)
}

// Enter implements server.Rooms.
func (h *hallway) Enter(ctx context.Context, id statement.ID, member identity.PublicKey, from server.Resume) (server.Subscription, error) {
	r, err := h.find(id)
	if err != nil {
		return nil, err
	}
	sub, err := r.enter(ctx, member, from.Run, from.Since)
	if err != nil {
		return nil, err
	}
	return sub, nil
}

// Offer implements server.Media.
func (h *hallway) Offer(ctx context.Context, id statement.ID, member identity.PublicKey, sdp string, compat bool) (answer, leg string, err error) {
	r, err := h.find(id)
	if err != nil {
		return "", "", err
	}
	return r.offer(ctx, member, sdp, compat)
}

// CloseLeg implements server.Media.
func (h *hallway) CloseLeg(ctx context.Context, id statement.ID, member identity.PublicKey, leg string) error {
	r, err := h.find(id)
	if err != nil {
		return err
	}
	return r.closeLeg(ctx, member, leg)
}
