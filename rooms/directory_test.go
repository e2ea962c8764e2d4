package rooms_test

import (
	"encoding/binary"
	"maps"
	"runtime"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/statement"
)

// heard is one announcement that comes to a Directory, and what becomes of it.
type heard struct {
	at   int64 // seconds since now
	a    rooms.Announcement
	want string // the refusal, "changed" or "same"
	host int    // of the room afterwards; -1 for no room
}

func hear(t *testing.T, d *rooms.Directory, steps ...heard) {
	t.Helper()
	for i, s := range steps {
		d.Expire((now + s.at) * 1000)
		changed, err := d.Add(s.a, (now+s.at)*1000)
		got := refusal(err)
		switch {
		case err == nil && changed:
			got = "changed"
		case err == nil:
			got = "same"
		}
		if got != s.want {
			t.Errorf("step %d: %s (%v), want %s", i, got, err, s.want)
		}
		a, ok := d.Get(s.a.ID)
		if ok != (s.host >= 0) || ok && a.Host != node(s.host) {
			t.Errorf("step %d: the host is %d, %v; want %d", i, nodeOf(a.Host), ok, s.host)
		}
	}
}

func TestDirectoryHearsOneHost(t *testing.T) {
	v := newVenue(t, "")
	of := rooms.First(v.create)
	at := func(sec, n int64, edit ...func(*statement.Announce)) rooms.Announcement {
		return v.announce(t, of, now+sec, n, edit...)
	}
	more := func(b *statement.Announce) { b.Listening = 7 }
	for name, steps := range map[string][]heard{
		"repeated": {
			{0, at(0, 1), "changed", 0},
			{15, at(15, 2), "same", 0},
			{30, at(30, 3, more), "changed", 0},
			{74, at(74, 4, more), "same", 0},
		},
		"replayed": {
			{0, at(0, 5), "changed", 0},
			{1, at(0, 5), "announce-stale", 0},
			{2, at(0, 4), "announce-stale", 0},
			{3, at(0, 5, more), "announce-stale", 0},
		},
		"early": {
			{0, at(120, 1), "changed", 0},
			{0, at(121, 2), "announce-early", 0},
		},
		"late": {
			{0, at(-165, 1), "changed", 0},
			{0, at(-166, 2), "announce-stale", 0},
		},
		"ended": {
			{0, at(0, 5), "changed", 0},
			{1, at(1, 6, ends), "changed", -1},
			{2, at(0, 5), "announce-stale", -1},
			{2, at(2, 7), "announce-stale", -1},
			{2, at(1, 6, ends), "announce-stale", -1},
		},
		"the end first": {
			{1, at(1, 6, ends), "same", -1},
			{2, at(0, 5), "announce-stale", -1},
		},
		"an end from before": {
			{1, at(1, 6), "changed", 0},
			{2, at(0, 5, ends), "announce-stale", 0},
		},
		"unheard, and then replayed": {
			{0, at(0, 5), "changed", 0},
			{50, at(0, 5), "announce-stale", -1},
			{50, at(50, 6), "changed", 0},
		},
		"after the end, as long as a replay could be in time": {
			{0, at(0, 5), "changed", 0},
			{1, at(0, 6, ends, func(a *statement.Announce) { a.Expires = now + 1 }), "changed", -1},
			{240, at(0, 5, func(a *statement.Announce) { a.Expires = now + 120 }), "announce-stale", -1},
		},
	} {
		t.Run(name, func(t *testing.T) { hear(t, rooms.NewDirectory(), steps...) })
	}
}

func TestDirectoryHearsRivals(t *testing.T) {
	v := newVenue(t, "")
	first := rooms.First(v.create)
	three, one := list(t, first, 1, 1, 2), list(t, first, 2, 1)
	strong := claim(t, first, three, now+10, 1, 2) // prevails over the host
	weak := claim(t, first, three, now+10, 2)      // does not
	tie := claim(t, first, one, now+10, 1)
	next := claim(t, strong, list(t, strong, 1, 2, 3), now+30, 2, 3)
	say := func(of rooms.Tenure, sec int64, edit ...func(*statement.Announce)) rooms.Announcement {
		return v.announce(t, of, now+sec, sec+1, edit...)
	}
	for name, steps := range map[string][]heard{
		"a claim after the host fell silent": {
			{0, say(first, 0), "changed", 0},
			{10, say(weak, 10), "changed", 2},
			{25, say(weak, 25), "same", 2},
		},
		"a majority takes over": {
			{0, say(first, 0), "changed", 0},
			{10, say(strong, 10), "changed", 1},
			{15, say(first, 15), "claim-alive", 1},
			{30, say(next, 30), "changed", 2},
			{35, say(strong, 35), "claim-alive", 2},
		},
		"a minority has to give way to a host that lives": {
			{0, say(first, 0), "changed", 0},
			{10, say(weak, 10), "changed", 2},
			{15, say(first, 15), "changed", 0},
			{25, say(weak, 25), "claim-alive", 0},
		},
		"so does a tie": {
			{15, say(first, 15), "changed", 0},
			{16, say(tie, 10), "claim-alive", 0},
		},
		"unless the host says that it yields": {
			{15, say(first, 15), "changed", 0},
			{16, say(first, 16, leaves), "same", 0},
			{17, say(tie, 17), "changed", 1},
			{18, say(first, 15), "announce-stale", 1},
		},
		"a host that yields and comes back": {
			{15, say(first, 15), "changed", 0},
			{16, say(first, 16, leaves), "same", 0},
			{17, say(first, 17), "same", 0},
			{18, say(tie, 18), "claim-alive", 0},
		},
		"leaving is nothing to show": {
			{16, say(first, 16, leaves), "same", -1},
		},
		"claims against one another": {
			{10, say(weak, 10), "changed", 2},
			{11, say(strong, 10), "changed", 1},
			{25, say(weak, 25), "claim-alive", 1},
		},
		"no going back to what was heard of a host before": {
			{14, say(first, 14), "changed", 0},
			{15, say(strong, 15), "changed", 1},
			{70, say(first, 14), "announce-stale", -1},
		},
		"a minority ends its side": {
			{15, say(first, 15), "changed", 0},
			{16, say(weak, 16, ends), "claim-alive", 0},
		},
		"a majority ends the room": {
			{15, say(first, 15), "changed", 0},
			{16, say(strong, 16, ends), "changed", -1},
			{30, say(first, 30), "announce-stale", -1},
		},
		"a claim after the end": {
			{5, say(first, 5, ends), "same", -1},
			{10, say(strong, 10), "announce-stale", -1},
		},
		"a majority goes on though the host ends its side": {
			{0, say(first, 0), "changed", 0},
			{20, say(first, 20, ends), "changed", -1},
			{25, say(strong, 25), "changed", 1},
		},
	} {
		t.Run(name, func(t *testing.T) { hear(t, rooms.NewDirectory(), steps...) })
	}
}

func TestDirectoryExpires(t *testing.T) {
	v, w := newVenue(t, "one"), newVenue(t, "two")
	d := rooms.NewDirectory()
	if d.Next() != 0 || d.Expire(now*2000) != nil {
		t.Error("an empty directory waits for something")
	}
	hear(t, d,
		heard{0, v.announce(t, rooms.First(v.create), now, 1), "changed", 0},
		heard{10, w.announce(t, rooms.First(w.create), now+10, 1), "changed", 0},
	)
	if d.Next() != (now+45)*1000 {
		t.Errorf("next after %d ms", d.Next()-start)
	}
	if gone := d.Expire((now+45)*1000 - 1); gone != nil || d.Len() != 2 {
		t.Errorf("gone too early: %v", gone)
	}
	if gone := d.Expire((now + 45) * 1000); !slices.Equal(gone, []statement.ID{v.create.ID()}) || d.Len() != 1 {
		t.Errorf("gone: %v", gone)
	}
	// The first is forgotten when nothing older than its last announcement could be in time any more.
	for d.Next() != 0 && d.Next() <= (now+200)*1000 {
		d.Expire(d.Next())
	}
	if d.Len() != 0 || d.Size() != 0 || d.Next() != 0 {
		t.Errorf("something is left: %d rooms, %d bytes, next %d", d.Len(), d.Size(), d.Next())
	}
	// A clock that is ahead does not lengthen a life.
	hear(t, d, heard{300, v.announce(t, rooms.First(v.create), now+400, 3), "changed", 0})
	if d.Next() != (now+345)*1000 {
		t.Errorf("announced from the future, it lives %d ms", d.Next()-(now+300)*1000)
	}
}

func TestDirectoryLists(t *testing.T) {
	d := rooms.NewDirectory()
	var made []rooms.Announcement
	for i := range 6 {
		a := invented(byte(i%2), i)
		a.Create = &statement.Create{IssuedAt: now + int64(i/2), Topics: []string{[]string{"books", "music"}[i%2], "talk"}}
		a.Community, a.Raw = key(byte(i%3)), []byte{byte(i)}
		made = append(made, a)
		if _, err := d.Add(a, start); err != nil {
			t.Fatal(err)
		}
	}
	numbers := func(list []rooms.Announcement) (of []int) {
		for _, a := range list {
			of = append(of, int(a.Raw[0]))
		}
		return of
	}
	want := []int{4, 5, 2, 3, 0, 1}
	same(t, want, numbers(d.Rooms("")))
	same(t, want, numbers(d.Rooms("talk")))
	same(t, []int{5, 3, 1}, numbers(d.Rooms("music")))
	same(t, []int(nil), numbers(d.Rooms("nothing")))
	same(t, [][]byte{{4}, {2}, {0}}, d.Bundles("books"))
	again := made[0]
	again.Number++
	_, _ = d.Add(again, start+1000)
	same(t, want, numbers(d.Rooms("")))
}

// invented is the i-th room of a host: an announcement as ParseAnnouncement gives it, made without signatures.
func invented(host byte, i int) rooms.Announcement {
	var id statement.ID
	var node identity.PublicKey
	binary.BigEndian.PutUint32(id[1:], uint32(i))
	id[0], node[0] = host, host
	return rooms.Announcement{
		ID: id, Create: &statement.Create{}, Rules: &statement.Rules{}, Host: node, Epoch: 1, Number: 1,
		State: statement.RoomLive, Issued: now, Expires: now + 45,
		Tenure: rooms.Tenure{Room: id, Epoch: 1, Host: node}, Raw: make([]byte, 100),
	}
}

func TestDirectoryBoundsOneHost(t *testing.T) {
	d := rooms.NewDirectory()
	for i := range rooms.MaxHostRooms {
		if _, err := d.Add(invented(1, i), start); err != nil {
			t.Fatal(err)
		}
	}
	again := invented(1, 3)
	again.Number = 2
	if _, err := d.Add(again, start); err != nil {
		t.Errorf("a room that is known: %v", err)
	}
	if _, err := d.Add(invented(1, 1000), start); refusal(err) != "announce-full" {
		t.Errorf("a room too many: %v", err)
	}
	if _, err := d.Add(invented(2, 1000), start); err != nil {
		t.Errorf("another host's: %v", err)
	}
	end := invented(1, 3)
	end.Number, end.State = 3, statement.RoomEnded
	if _, err := d.Add(end, start); err != nil {
		t.Errorf("an end: %v", err)
	}
	if _, err := d.Add(invented(1, 1001), start); err != nil {
		t.Errorf("a room in place of one that ended: %v", err)
	}
	if d.Len() != rooms.MaxHostRooms+1 {
		t.Errorf("%d rooms", d.Len())
	}

	large := rooms.NewDirectory()
	n := 0
	for ; ; n++ {
		a := invented(1, n)
		a.Raw = make([]byte, rooms.MaxBundle)
		if _, err := large.Add(a, start); err != nil {
			break
		}
	}
	if n < 50 || large.Size() > rooms.MaxHostBytes {
		t.Errorf("%d large rooms, %d bytes", n, large.Size())
	}

	ended := rooms.NewDirectory()
	for i := range 3 * rooms.MaxHostRooms {
		a := invented(1, i)
		a.State = statement.RoomEnded
		if _, err := ended.Add(a, start); err != nil {
			t.Fatalf("end %d: %v", i, err)
		}
	}
	if !ended.Ended(invented(1, 3*rooms.MaxHostRooms-1).ID) || ended.Ended(invented(1, 0).ID) {
		t.Error("not the latest ends are remembered")
	}
}

// TestDirectoryUnderFlood: hosts that announce all they may do not keep out, or drive out, one that announces little.
func TestDirectoryUnderFlood(t *testing.T) {
	d := rooms.NewDirectory()
	const honest, hosts = 255, 200
	for i := range 20 {
		if _, err := d.Add(invented(honest, i), start); err != nil {
			t.Fatal(err)
		}
	}
	flood := func() (taken, refused int) {
		for i := range rooms.MaxHostRooms {
			for host := range byte(hosts) {
				a := invented(host, i)
				a.Raw = make([]byte, 3000)
				switch _, err := d.Add(a, start); refusal(err) {
				case "ok":
					taken++
				case "announce-full":
					refused++
				case "announce-stale": // is there from the first flood
				default:
					t.Fatal(err)
				}
			}
		}
		return taken, refused
	}
	if taken, refused := flood(); refused < 10*hosts || taken < 20*hosts {
		t.Errorf("the flood is not one: %d taken, %d refused", taken, refused)
	}
	for i := range 40 {
		a := invented(honest, 20+i)
		a.Raw = make([]byte, 3000)
		if _, err := d.Add(a, start); i < 15 && err != nil {
			t.Errorf("the honest host's room %d: %v", i, err)
		}
	}
	flood()
	for i := range 35 {
		if _, ok := d.Get(invented(honest, i).ID); !ok {
			t.Errorf("the honest host's room %d is driven out", i)
		}
	}
	if d.Size() > rooms.MaxKnownBytes || d.Len() > rooms.MaxKnownRooms {
		t.Errorf("%d rooms, %d bytes", d.Len(), d.Size())
	}
	d.Expire((now + 45) * 1000)
	if d.Len() != 0 || d.Size() > rooms.MaxKnownBytes {
		t.Errorf("after its time: %d rooms, %d bytes", d.Len(), d.Size())
	}
	d.Expire((now + 1000) * 1000)
	if d.Size() != 0 || d.Next() != 0 {
		t.Errorf("at the end: %d bytes, next %d", d.Size(), d.Next())
	}
}

// TestDirectorySizeIsHonest holds Size to what the heap says.
func TestDirectorySizeIsHonest(t *testing.T) {
	if testing.Short() {
		t.Skip("makes 400 rooms with signatures")
	}
	var raw [][]byte
	for i := range 400 {
		v := newVenue(t, string([]byte{'a' + byte(i/26), 'a' + byte(i%26)}))
		of := rooms.First(v.create)
		if i%4 == 0 {
			of = line(t, v, 2)
		}
		raw = append(raw, v.announce(t, of, now, 1).Raw)
	}
	heap := func() int {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc)
	}
	before := heap()
	d := rooms.NewDirectory()
	for _, r := range raw {
		a, err := rooms.ParseKnown(r, d.Get)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Add(a, start); err != nil {
			t.Fatal(err)
		}
	}
	taken := heap() - before
	t.Logf("%d rooms: %d bytes, said %d", d.Len(), taken, d.Size())
	if taken > d.Size() || d.Size() > 2*taken {
		t.Errorf("the directory takes %d bytes and says %d", taken, d.Size())
	}
	d.Expire((now + 45) * 1000)
	t.Logf("expired: %d bytes, said %d", heap()-before, d.Size())
	if left := heap() - before; left > d.Size() {
		t.Errorf("after expiry it takes %d bytes and says %d", left, d.Size())
	}
	runtime.KeepAlive(raw)
	runtime.KeepAlive(d)
}

// TestDirectoryInvariants: whatever is announced in whatever order, what is live is within the bounds, was announced,
// has not expired; and the books are right.
func TestDirectoryInvariants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := rooms.NewDirectory()
		at := int64(start)
		last := map[statement.ID]int64{} // by room: until when its latest stands
		highest := map[statement.ID]int64{}
		for range 60 {
			at += rapid.SampledFrom([]int64{0, 100, 5_000, 46_000, 200_000}).Draw(t, "pause")
			for _, id := range d.Expire(at) {
				if last[id] > at {
					t.Fatalf("a room went before its time")
				}
				delete(last, id)
			}
			a := invented(rapid.Byte().Draw(t, "host")%3, rapid.IntRange(0, 5).Draw(t, "room"))
			a.Number = rapid.Int64Range(1, 5).Draw(t, "number") + highest[a.ID]*rapid.Int64Range(0, 1).Draw(t, "after")
			a.Issued = at/1000 + rapid.Int64Range(-150, 100).Draw(t, "skew")
			a.Expires = a.Issued + rapid.SampledFrom([]int64{1, 45, 120}).Draw(t, "life")
			if rapid.IntRange(0, 5).Draw(t, "ends") == 0 {
				a.State = statement.RoomEnded
			}
			_, known := last[a.ID]
			_, err := d.Add(a, at)
			if err == nil && known && a.Number <= highest[a.ID] {
				t.Fatalf("number %d after %d", a.Number, highest[a.ID])
			}
			if err == nil && !a.Leaving() {
				highest[a.ID] = a.Number
				last[a.ID] = min(at+(a.Expires-a.Issued)*1000, (a.Expires+statement.Slack+1)*1000)
				if a.State == statement.RoomEnded {
					delete(last, a.ID)
				}
			}
			if got := slices.Collect(maps.Keys(last)); d.Len() != len(got) || len(d.Rooms("")) != len(got) {
				t.Fatalf("%d rooms, want %d", d.Len(), len(got))
			}
			if (d.Size() == 0) != (d.Next() == 0) || d.Next() != 0 && d.Next() < at-200_000 {
				t.Fatalf("%d bytes, next %d", d.Size(), d.Next())
			}
		}
		d.Expire(at + 1_000_000)
		if d.Len() != 0 || d.Size() != 0 || d.Next() != 0 {
			t.Fatalf("left at the end: %d rooms, %d bytes", d.Len(), d.Size())
		}
	})
}

// TestDirectoryRemembersSomeHosts holds that a room whose lists name ever new nodes does not take ever more memory: the
// last eight hosts cannot be replayed.
func TestDirectoryRemembersSomeHosts(t *testing.T) {
	d := rooms.NewDirectory()
	const hosts = 20
	by := func(host int) rooms.Announcement {
		a := invented(byte(host), 0)
		a.ID = statement.ID{1}
		a.Tenure.Room = a.ID
		a.Issued = now + int64(3*host)
		a.Expires = a.Issued + 2
		return a
	}
	for host := range hosts {
		d.Expire(by(host).Issued * 1000)
		if _, err := d.Add(by(host), by(host).Issued*1000); err != nil {
			t.Fatal(err)
		}
	}
	end := (now + int64(3*hosts)) * 1000
	d.Expire(end)
	for host := hosts - 8; host < hosts; host++ {
		if _, err := d.Add(by(host), end); refusal(err) != "announce-stale" {
			t.Errorf("host %d replayed: %v", host, err)
		}
	}
	if _, err := d.Add(by(hosts-9), end); err != nil {
		t.Errorf("more than eight hosts are remembered: %v", err)
	}
}
