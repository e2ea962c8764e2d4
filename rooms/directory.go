package rooms

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// Bounds on a Directory. The memory is counted by the size of what is kept, close enough that a test can hold it to the
// heap.
const (
	MaxHostRooms  = 500      // live rooms of one host
	MaxHostBytes  = 6 << 20  // of one host: MaxHostRooms of them with a few handovers each
	MaxKnownRooms = 20_000   // live rooms in all
	MaxKnownBytes = 50 << 20 // in all
	maxHeads      = 8        // rival hosts of one room whose last announcement is remembered
)

// Directory is what a node knows of live rooms, its own among them. It is a plain struct for one goroutine, or for a
// lock of its owner: nothing in it is safe to use from two at once, but what its methods return may be kept and read
// anywhere. Times are Unix milliseconds.
//
// A room leaves when it has not been announced for as long as its last announcement stands, and when its end is
// announced. What was heard last of each of its hosts is remembered until no older announcement could still be in time,
// so that none can be replayed.
//
// When it is full, no host that has little in it is kept out by hosts that have much: a newcomer takes the place of the
// newest room of the host that takes most memory, as long as that one takes more than the newcomer's host then does.
// The share of a host is thus never less than what everybody's would be if all asked for all they can.
type Directory struct {
	rooms map[statement.ID]*entry
	hosts map[identity.PublicKey]*holding
	due   ranking[*entry]   // the earliest first
	heavy ranking[*holding] // the heaviest first
	live  int
	bytes int
	added uint64 // counts the entries made
}

// entry is what is known of one room.
type entry struct {
	id    statement.ID
	now   Announcement // the one that counts; only what comparing needs, unless live
	phase phase
	left  bool   // its host yields to whoever else announces the room
	heads []head // the last heard of each host; never empty
	due   int64  // when Expire has something to do
	size  int
	added uint64
	place int
}

type phase int

const (
	live    phase = iota // shown
	expired              // unheard for too long
	ended
)

// head is the last that was heard of one host in one epoch.
type head struct {
	host   identity.PublicKey
	epoch  int64
	number int64
	until  int64 // when no announcement up to this one can be in time any more
}

// holding is what one host takes of the Directory.
type holding struct {
	host  identity.PublicKey
	rooms map[*entry]struct{}
	live  int
	bytes int
	place int
}

func (e *entry) at() *int   { return &e.place }
func (h *holding) at() *int { return &h.place }

// NewDirectory is an empty Directory.
func NewDirectory() *Directory {
	return &Directory{
		rooms: map[statement.ID]*entry{},
		hosts: map[identity.PublicKey]*holding{},
		due:   ranking[*entry]{less: func(a, b *entry) bool { return a.due < b.due }},
		heavy: ranking[*holding]{less: func(a, b *holding) bool { return a.bytes > b.bytes }},
	}
}

// Add takes in an announcement. It reports whether what Rooms shows is another than before, the lengthening of a life
// left aside. Refused: announce-early and announce-stale as by CheckTime; announce-stale for what is not newer than what
// the same host announced before, or comes after the room's end; claim-alive when another host of the room is preferred
// (see Prefer); announce-full.
func (d *Directory) Add(a Announcement, at int64) (changed bool, err error) {
	if err := a.CheckTime(at / 1000); err != nil {
		return false, err
	}
	e := d.rooms[a.ID]
	if e != nil {
		if err := e.check(a); err != nil {
			return false, err
		}
	}
	if a.Leaving() {
		if e != nil {
			e.left = e.left || e.now.Host == a.Host && e.now.Epoch == a.Epoch
			e.hear(a)
			d.due.put(e)
		}
		return false, nil
	}
	if err := d.makeRoom(e, a); err != nil {
		return false, err
	}
	if e == nil {
		d.added++
		e = &entry{id: a.ID, phase: expired, added: d.added}
		d.rooms[a.ID] = e
	} else {
		d.uncount(e)
	}
	was, wasLive := e.now, e.phase == live
	e.take(a, at)
	d.count(e)
	d.due.put(e)
	d.limitGraves(a.Host)
	return wasLive != (e.phase == live) || wasLive && !looksLike(was, a), nil
}

// check refuses an announcement because of what is known of the room.
func (e *entry) check(a Announcement) error {
	for _, h := range e.heads {
		if h.host == a.Host && h.epoch == a.Epoch && a.Number <= h.number {
			return reason.Reject(reason.AnnounceStale, "number %d after %d", a.Number, h.number)
		}
	}
	same := e.now.Host == a.Host && e.now.Epoch == a.Epoch
	switch {
	case e.phase == expired, e.left && !same:
		return nil
	case Prefer(a, e.now):
		return nil
	case e.phase == ended:
		return reason.Reject(reason.AnnounceStale, "the room has ended")
	}
	return reason.Reject(reason.ClaimAlive, "%s hosts the room", e.now.Host)
}

// take makes a the announcement that counts.
func (e *entry) take(a Announcement, at int64) {
	e.now, e.left, e.phase = a, false, live
	e.hear(a)
	e.due = min(at+(a.Expires-a.Issued)*1000, e.now.outOfTime())
	if a.State == statement.RoomEnded {
		e.bury(ended)
	}
}

// hear remembers a as the last that was heard of its host.
func (e *entry) hear(a Announcement) {
	h := head{host: a.Host, epoch: a.Epoch, number: a.Number, until: a.outOfTime()}
	if a.State == statement.RoomEnded {
		// An announcement from just before the end may stand for longer than that of the end.
		h.until = max(h.until, outOfTime(a.Issued+statement.MaxAnnounceLife))
	}
	e.heads = slices.DeleteFunc(e.heads, func(h head) bool { return h.host == a.Host && h.epoch == a.Epoch })
	if len(e.heads) == maxHeads {
		e.heads = slices.Delete(e.heads, 0, 1)
	}
	e.heads = append(e.heads, h)
	if e.phase != live {
		e.due = max(e.due, h.until)
	}
}

// outOfTime is the first moment, in Unix milliseconds, at which CheckTime refuses a for ever.
func (a Announcement) outOfTime() int64 { return outOfTime(a.Expires) }

func outOfTime(expires int64) int64 { return (expires + statement.Slack + 1) * 1000 }

// bury keeps of a room that is shown no more what keeps it from coming back by mistake.
func (e *entry) bury(why phase) {
	a := e.now
	e.phase = why
	e.now = Announcement{
		ID: a.ID, Host: a.Host, Epoch: a.Epoch, Number: a.Number, State: a.State, Issued: a.Issued, Expires: a.Expires,
		Tenure: Tenure{Room: a.Tenure.Room, Epoch: a.Tenure.Epoch, Host: a.Tenure.Host, steps: a.Tenure.steps},
	}
	e.due = 0
	for _, h := range e.heads {
		e.due = max(e.due, h.until)
	}
}

// Expire lets the time until at pass. It returns the rooms that are gone because they have not been heard of; those
// whose end was announced went with that.
func (d *Directory) Expire(at int64) []statement.ID {
	var gone []statement.ID
	for e := d.due.first(); e != nil && e.due <= at; e = d.due.first() {
		if e.phase != live {
			d.remove(e)
			continue
		}
		gone = append(gone, e.id)
		d.uncount(e)
		e.bury(expired)
		d.count(e)
		d.due.put(e)
		d.limitGraves(e.now.Host)
	}
	return gone
}

// Next is when Expire has something to do; 0 if never.
func (d *Directory) Next() int64 {
	if e := d.due.first(); e != nil {
		return e.due
	}
	return 0
}

// Get is the announcement that counts of a live room.
func (d *Directory) Get(id statement.ID) (Announcement, bool) {
	if e := d.rooms[id]; e != nil && e.phase == live {
		return e.now, true
	}
	return Announcement{}, false
}

// Ended reports whether the end of the room has been announced, in the last minutes.
func (d *Directory) Ended(id statement.ID) bool {
	e := d.rooms[id]
	return e != nil && e.phase == ended
}

// Rooms lists the live rooms on a topic, "" for all: the one created last first, and in an order that announcing does
// not change.
func (d *Directory) Rooms(topic string) []Announcement {
	return d.list(func(a Announcement) bool { return topic == "" || slices.Contains(a.Create.Topics, topic) })
}

// Bundles is the bundles of Rooms(topic), for another node.
func (d *Directory) Bundles(topic string) [][]byte {
	list := d.Rooms(topic)
	raw := make([][]byte, len(list))
	for i, a := range list {
		raw[i] = a.Raw
	}
	return raw
}

func (d *Directory) list(which func(Announcement) bool) []Announcement {
	list := make([]Announcement, 0, d.live)
	for _, e := range d.rooms {
		if e.phase == live && which(e.now) {
			list = append(list, e.now)
		}
	}
	slices.SortFunc(list, func(a, b Announcement) int {
		return cmp.Or(cmp.Compare(b.Create.IssuedAt, a.Create.IssuedAt), bytes.Compare(a.ID[:], b.ID[:]))
	})
	return list
}

// Len is the number of live rooms.
func (d *Directory) Len() int { return d.live }

// Size is about how much memory the Directory takes, in bytes: at most MaxKnownBytes.
func (d *Directory) Size() int { return d.bytes }

// looksLike reports whether a and b look the same in a list of rooms.
func looksLike(a, b Announcement) bool {
	return a.Host == b.Host && a.Epoch == b.Epoch && a.Name == b.Name && a.Stage == b.Stage && a.Listening == b.Listening &&
		slices.Equal(a.Speakers, b.Speakers)
}
