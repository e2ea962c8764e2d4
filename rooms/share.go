package rooms

import (
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// count books an entry on its host, who is that of the announcement that counts.
func (d *Directory) count(e *entry) {
	h := d.hosts[e.now.Host]
	if h == nil {
		h = &holding{host: e.now.Host, rooms: map[*entry]struct{}{}}
		d.hosts[h.host] = h
	}
	e.size = e.now.size()
	h.rooms[e] = struct{}{}
	h.bytes += e.size
	d.bytes += e.size
	if e.phase == live {
		h.live++
		d.live++
	}
	d.heavy.put(h)
}

// uncount takes back what count did. It must be called before the host or the phase of the entry changes.
func (d *Directory) uncount(e *entry) {
	h := d.hosts[e.now.Host]
	delete(h.rooms, e)
	h.bytes -= e.size
	d.bytes -= e.size
	if e.phase == live {
		h.live--
		d.live--
	}
	if len(h.rooms) > 0 {
		d.heavy.put(h)
		return
	}
	d.heavy.drop(h)
	delete(d.hosts, h.host)
}

func (d *Directory) remove(e *entry) {
	d.uncount(e)
	d.due.drop(e)
	delete(d.rooms, e.id)
}

// limitGraves forgets the oldest rooms of a host that are not live any more: a host that opens and ends rooms as fast as
// it can only loses the protection of its own rooms from being replayed.
func (d *Directory) limitGraves(host identity.PublicKey) {
	if h := d.hosts[host]; len(h.rooms)-h.live > MaxHostRooms {
		d.remove(h.oldestGrave())
	}
}

func (h *holding) oldestGrave() *entry {
	var oldest *entry
	for e := range h.rooms {
		if e.phase != live && (oldest == nil || e.added < oldest.added) {
			oldest = e
		}
	}
	return oldest
}

func (h *holding) newestLive() *entry {
	var newest *entry
	for e := range h.rooms {
		if e.phase == live && (newest == nil || e.added > newest.added) {
			newest = e
		}
	}
	return newest
}

// makeRoom makes place for an announcement, which stands for the entry e of its room if that is not nil. Refused:
// announce-full.
func (d *Directory) makeRoom(e *entry, a Announcement) error {
	if a.State == statement.RoomEnded && e != nil {
		return nil // it takes less than what it stands for
	}
	rooms, bytes := 1, a.size()
	var hostRooms, hostBytes int
	if h := d.hosts[a.Host]; h != nil {
		hostRooms, hostBytes = h.live, h.bytes
	}
	if a.State == statement.RoomEnded {
		rooms = 0
	}
	hostRooms, hostBytes = hostRooms+rooms, hostBytes+bytes
	if e != nil {
		bytes -= e.size
		if e.phase == live {
			rooms--
		}
		if e.now.Host == a.Host {
			hostBytes -= e.size
			if e.phase == live {
				hostRooms--
			}
		}
	}
	if hostRooms > MaxHostRooms || hostBytes > MaxHostBytes {
		return reason.Reject(reason.AnnounceFull, "%d rooms of one host", hostRooms)
	}
	return d.evict(e, a.Host, hostBytes, rooms, bytes)
}

// evict makes place for that many more rooms and bytes, at the cost of hosts that take more than host will.
func (d *Directory) evict(e *entry, host identity.PublicKey, hostBytes, rooms, bytes int) error {
	over := func() bool { return d.live+rooms > MaxKnownRooms || d.bytes+bytes > MaxKnownBytes }
	if !over() {
		return nil
	}
	// Judged before anything goes, so that nothing goes in vain.
	if v := d.heavy.first(); v.host == host || v.bytes-max(0, d.bytes+bytes-MaxKnownBytes) <= hostBytes {
		return reason.Reject(reason.AnnounceFull, "%d rooms, %d bytes", d.live, d.bytes)
	}
	for over() {
		v := d.heavy.first()
		victim := v.oldestGrave()
		if victim == nil {
			victim = v.newestLive()
		}
		if victim == e {
			return reason.Reject(reason.AnnounceFull, "%d rooms, %d bytes", d.live, d.bytes)
		}
		d.remove(victim)
	}
	return nil
}
