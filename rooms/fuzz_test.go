package rooms_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/statement"
)

// refused holds that a parser refuses with a reason, as whoever judges the sender needs it.
func refused(t *testing.T, err error) {
	t.Helper()
	if !errors.As(err, new(*reason.RejectError)) {
		t.Fatalf("refused without a reason: %v", err)
	}
}

// FuzzParseAnnouncement holds that what is accepted holds together, and is accepted and refused alike whether or not
// something is known of the room.
func FuzzParseAnnouncement(f *testing.F) {
	v := newVenue(f, "")
	known := v.announce(f, rooms.First(v.create), now, 1)
	for _, n := range []int{0, 1, 2} {
		f.Add(v.announce(f, line(f, v, n), now, 1).Raw)
	}
	f.Add(v.announce(f, rooms.First(v.create), now, 2, ends).Raw)
	lookup := func(id statement.ID) (rooms.Announcement, bool) { return known, id == known.ID }
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := rooms.ParseAnnouncement(data)
		b, again := rooms.ParseKnown(data, lookup)
		if refusal(err) != refusal(again) {
			t.Fatalf("%v where nothing is known, else %v", err, again)
		}
		if err != nil {
			refused(t, err)
			return
		}
		same(t, plainly(a), plainly(b))
		if a.ID != a.Tenure.Room || a.Host != a.Tenure.Host || a.Epoch != a.Tenure.Epoch || !bytes.Equal(a.Raw, data) {
			t.Fatalf("does not hold together: %+v", plainly(a))
		}
		d := rooms.NewDirectory()
		if _, err := d.Add(a, a.Issued*1000); err != nil {
			t.Fatalf("refused in its time: %v", err)
		}
	})
}

func FuzzParseHandover(f *testing.F) {
	v := newVenue(f, "")
	for _, h := range line(f, v, 2).Line {
		data, err := h.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := rooms.ParseHandover(data)
		if err != nil {
			refused(t, err)
			return
		}
		again := must[rooms.Handover](t)(rooms.ParseHandover(must[[]byte](t)(h.Encode())))
		if again.List.Text() != h.List.Text() || again.Claim.Text() != h.Claim.Text() || len(again.Lost) != len(h.Lost) {
			t.Fatal("comes back as another")
		}
		if next, err := rooms.First(v.create).Advance(h); err != nil {
			refused(t, err)
		} else if next.Host != h.Claim.Signer() || !next.Extends(rooms.First(v.create)) {
			t.Fatalf("leads to %+v", next)
		}
	})
}

func FuzzParseTenure(f *testing.F) {
	v := newVenue(f, "")
	first := rooms.First(v.create)
	for _, n := range []int{0, 1, 3} {
		data, err := line(f, v, n).Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		of, err := rooms.ParseTenure(v.create, data)
		if err != nil {
			refused(t, err)
			return
		}
		again := must[rooms.Tenure](t)(rooms.ParseTenure(v.create, must[[]byte](t)(of.Encode())))
		if again.Compare(of) != 0 || again.Host != of.Host || again.Epoch != of.Epoch || of.Extends(first) != (len(of.Line) > 0) {
			t.Fatalf("comes back as %+v", again)
		}
	})
}
