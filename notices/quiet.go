package notices

import (
	"time"

	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/rooms"
)

// Quiet is the part of each day in which nothing rings, by the clock on the wall of a zone: when that is put forward or
// back, the quiet hours go with it. The zero value is no part of any day.
type Quiet struct {
	from, to int // minutes since midnight; across it when from is the later one
	zone     *time.Location
}

// clockTime is how a time of day is written.
const clockTime = "15:04"

// NewQuiet reads quiet hours: two different times of day such as 22:00, and an IANA zone. The refusals: quiet-hours, and
// schedule-zone.
func NewQuiet(from, to, zone string) (Quiet, error) {
	q := Quiet{}
	for text, minutes := range map[string]*int{from: &q.from, to: &q.to} {
		t, err := time.Parse(clockTime, text)
		if err != nil || len(text) != len(clockTime) {
			return Quiet{}, reason.Reject(reason.QuietHours, "%q is no time of day", text)
		}
		*minutes = t.Hour()*60 + t.Minute()
	}
	if from == to {
		return Quiet{}, reason.Reject(reason.QuietHours, "from %s to the same time", from)
	}
	var err error
	q.zone, err = rooms.Zone(zone)
	return q, err
}

// Holds reports whether it is quiet at a time in Unix milliseconds.
func (q Quiet) Holds(at int64) bool {
	if q.zone == nil {
		return false
	}
	local := time.UnixMilli(at).In(q.zone)
	minute := local.Hour()*60 + local.Minute()
	if q.from < q.to {
		return q.from <= minute && minute < q.to
	}
	return q.from <= minute || minute < q.to
}
