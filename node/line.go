package node

import (
	"slices"
	"time"

	"github.com/stoa-rooms/stoa/api/link"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/statement"
)

// The times of a host.
const (
	announceEvery = rooms.AnnounceEvery * time.Millisecond // a live room is announced again
	announceSoon  = 2 * time.Second                        // least time between two, while people come and go
)

// recordSize is how much of a room's record goes to those in line, in bytes: what fits into one message.
const recordSize = link.MaxFrame - 4096

// line is who may succeed this node as the host, as it was last signed.
type line struct {
	changed bool // who is here, or who follows the log, may have changed since
	number  int64
	nodes   []identity.PublicKey
	list    statement.Statement // zero: none yet
}

// keepLine signs a new list of successors when it is another, and hands it to the homes with the room's record.
func (h *hosting) keepLine(now time.Time) {
	if !h.line.changed {
		return
	}
	h.line.changed = false
	nodes := rooms.Successors(h.state, h.self(), h.homeOf, h.follows)
	if slices.Equal(nodes, h.line.nodes) {
		h.tellLine()
		return
	}
	list, err := statement.Sign(&statement.Succession{
		Room: h.id, IssuedAt: seconds(now), Epoch: h.tenure.Epoch, Number: max(h.line.number+1, millis(now)), Nodes: nodes,
	}, h.hallway.community.journal.key)
	if err != nil {
		h.log.Error("the list of successors cannot be signed", "room", h.id, "error", err)
		return
	}
	h.line.number = list.Body().(*statement.Succession).Number
	h.line.nodes, h.line.list = nodes, list
	h.tellLine()
}

// tellLine hands the list to the homes that do not have it, and with it the room's record. A home that comes back, or is
// shown the room again, has forgotten it.
func (h *hosting) tellLine() {
	if h.line.list.IsZero() {
		return
	}
	addrs, told := map[identity.PublicKey][]string{}, false
	for _, n := range h.line.nodes {
		addrs[n] = h.hallway.nodes.addrsOf(n)
	}
	for _, o := range h.homes {
		if o.sees && o.line != h.line.number {
			o.line, told = h.line.number, true
			o.send(link.Line{List: h.line.list.Text(), Addrs: addrs})
		}
	}
	if told {
		h.sendRecord()
	}
}

// homeOf is the node by way of which somebody is here; the zero key for this one.
func (h *hosting) homeOf(member identity.PublicKey) identity.PublicKey {
	if o := h.via[member]; o != nil {
		return o.node
	}
	return identity.PublicKey{}
}

// follows reports whether a home follows the log of the room's community, so that its rules bind it.
func (h *hosting) follows(node identity.PublicKey) bool {
	o := h.homes[node]
	return o != nil && o.log > 0
}

// sendRecord hands the durable part of the room to those in line.
func (h *hosting) sendRecord() {
	if len(h.line.nodes) == 0 {
		return
	}
	if _, over := h.state.Ended(); over {
		return
	}
	record, err := h.state.Record().Within(recordSize).Encode()
	if err != nil {
		h.log.Error("the room's record cannot be encoded", "room", h.id, "error", err)
		return
	}
	for _, n := range h.line.nodes {
		if o := h.homes[n]; o != nil {
			o.record(link.Record{Record: record})
		}
	}
}

// announceSoon announces a room whose people are others than when it was last announced, though not at each of them.
func (h *hosting) announceSoon() {
	if h.over {
		h.announce(h.now())
		return
	}
	if sum := len(h.state.Stage()) + h.state.Listening() + h.guestCount(); sum != h.announced.sum {
		if at := h.announced.last.Add(announceSoon); at.Before(h.announced.next) {
			h.announced.next = at
		}
	}
}

// announce tells all nodes of the room, or of its end.
func (h *hosting) announce(now time.Time) { h.announceFor(now, rooms.AnnounceLife) }

// announceFor announces the room for some seconds.
func (h *hosting) announceFor(now time.Time, life int64) {
	stage := h.state.Stage()
	h.announced.number = max(millis(now), h.announced.number+2) // one between is for hide
	a := &statement.Announce{
		Room: h.id, IssuedAt: seconds(now), Expires: seconds(now) + life,
		Epoch: h.tenure.Epoch, Number: h.announced.number, State: statement.RoomLive,
		Stage: int64(len(stage)), Listening: int64(h.state.Listening() + h.guestCount()),
	}
	if entry := h.state.Entry(); entry != h.body().Entry {
		a.Entry = entry
	}
	if _, over := h.state.Ended(); over {
		a.State = statement.RoomEnded
	}
	private := h.state.Entry() == statement.RoomChosen
	if private && h.public.Load() != nil { // all know of it, and see once more that it is not for them
		h.hide(now)
	}
	var speakers []rooms.SpeakerHint
	for _, p := range stage[:min(len(stage), shownSpeakers)] {
		if m := h.member(p.Key); m.Name != "" {
			speakers = append(speakers, rooms.SpeakerHint{Key: p.Key, Name: m.Name, Picture: m.Picture})
		}
	}
	h.announced.last, h.announced.next = now, now.Add(announceEvery)
	h.announced.sum = len(stage) + h.state.Listening() + h.guestCount()
	bundle, err := h.hallway.nodes.announcement(h.room, a, speakers)
	if err != nil {
		h.log.Error("the room cannot be announced", "room", h.id, "error", err)
		return
	}
	h.announced.bundle = bundle
	h.public.Store(nil)
	if private {
		h.confide(bundle)
		return
	}
	h.hallway.nodes.announce(h.room, bundle)
	if a.State == statement.RoomLive && life == rooms.AnnounceLife {
		h.public.Store(&bundle)
	}
}
