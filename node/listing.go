package node

import (
	"cmp"
	"maps"
	"slices"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/statement"
)

// What the hallway shows of live rooms, those of other nodes among them.

// List implements server.Rooms: the live rooms, those with the most people first.
func (h *hallway) List() []api.Room {
	live := map[statement.ID]api.Room{}
	for _, a := range h.nodes.listed() {
		live[a.ID] = h.listed(&a)
	}
	for _, r := range h.live() {
		if view := *r.view.Load(); view.Why == api.WhyHere || live[r.id].ID.IsZero() {
			live[r.id] = view
		}
	}
	list := slices.DeleteFunc(slices.Collect(maps.Values(live)), func(r api.Room) bool {
		return r.Ended || r.Entry == statement.RoomChosen // see Private
	})
	slices.SortFunc(list, func(a, b api.Room) int {
		return cmp.Or(
			cmp.Compare(b.Stage+b.Listening, a.Stage+a.Listening),
			cmp.Compare(b.Created, a.Created),
			cmp.Compare(a.ID.String(), b.ID.String()),
		)
	})
	return list
}

// listed is a room of another node as the hallway shows it.
func (h *hallway) listed(a *rooms.Announcement) api.Room {
	r := api.Room{
		ID:        a.ID,
		Title:     a.Title,
		Topics:    append([]string{}, a.Create.Topics...),
		Language:  a.Create.Language,
		Entry:     a.Entry,
		Community: aboutAnnounced(*a),
		Host:      a.Host,
		Creator:   api.Member{Key: a.Creator},
		Created:   a.Create.IssuedAt * 1000,
		Speakers:  []api.Member{},
		Stage:     int(a.Stage),
		Listening: int(a.Listening),
		Ended:     a.State == statement.RoomEnded,
		Epoch:     a.Epoch,
	}
	for _, s := range a.Speakers {
		m := api.Member{Key: s.Key, Name: s.Name, Picture: s.Picture}
		h.people.heard(m, a.Host)
		r.Speakers = append(r.Speakers, m)
		if s.Key == a.Creator {
			r.Creator = m
		}
	}
	r.Schedule = h.nodes.plans.from(a.Create, a.Creator)
	r.Why, r.Topic = h.why(&r)
	return r
}

// aboutAnnounced is a community as an announcement tells of it.
func aboutAnnounced(a rooms.Announcement) api.Community {
	return api.Community{ID: a.Community, Name: a.Name, Entry: a.Rules.Entry, Rules: *a.Rules}
}

// why is why a room is in this hallway.
func (h *hallway) why(r *api.Room) (api.Why, string) {
	if r.Host == h.community.self.Node {
		return api.WhyHere, ""
	}
	if state, founded := h.community.journal.fold(); founded && state.Community() == r.Community.ID {
		return api.WhyCommunity, ""
	}
	for _, topic := range r.Topics {
		if h.nodes.followsTopic(topic) {
			return api.WhyTopic, topic
		}
	}
	return api.WhyGeneral, ""
}

// Changed implements server.Rooms.
func (h *hallway) Changed() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.changed
}
