package statement

import (
	"regexp"
	"slices"
	"time"

	"github.com/stoa-rooms/stoa/identity"
)

// Bounds on what is planned.
const (
	MinDuration   = 5 * 60       // seconds
	MaxDuration   = 24 * 60 * 60 // seconds
	MaxInterval   = 99           // days, weeks or months from one date to the next
	MaxDates      = 1000         // that a rule with a count may give
	MaxModerators = 5            // people besides its author who may open a scheduled room
	MaxExceptions = 24           // dates of a rule that are left out or moved
	maxZone       = 64           // bytes
)

// Schedule plans a room, once or again and again. The id of the first of a chain is the room's link; each later one
// names it, has a higher number, and replaces all before it. Signed by the member who plans; a cancellation by them or by
// the root. Never logged: it is kept until the last date is past.
//
// Times are those of a clock on the wall in Zone, so that a room stays at half past seven when summer time begins. A
// time that a clock skips is taken by the offset before the gap, one that comes twice is the first (RFC 5545 section
// 3.3.5). A month without the day has no date (section 3.3.10).
type Schedule struct {
	Community  identity.PublicKey   `json:"aud"`
	IssuedAt   int64                `json:"iat"`
	JTI        string               `json:"jti"`  // random, so that two of one second differ
	Node       identity.PublicKey   `json:"node"` // where the room will be hosted
	Title      Commitment           `json:"title"`
	Language   string               `json:"lang"` // as in a create
	Topics     []string             `json:"topics"`
	Entry      RoomEntry            `json:"entry"`
	Start      string               `json:"start"`    // the first date: 2026-11-24T19:30
	Zone       string               `json:"zone"`     // IANA: Europe/Paris
	Duration   int64                `json:"duration"` // about how long, in seconds
	Repeat     *Repeat              `json:"repeat,omitzero"`
	Moderators []identity.PublicKey `json:"moderators,omitzero"` // who may open the room besides its author
	Except     []Exception          `json:"except,omitzero"`     // dates of the rule that are left out or moved, by day
	State      PlanState            `json:"state"`
	Number     int64                `json:"n"`           // 0 for the first, then rising
	Of         *ID                  `json:"of,omitzero"` // the first; nil in that one
}

// PlanState is whether what is planned takes place.
type PlanState string

// The states of a plan.
const (
	PlanStands    PlanState = "planned"
	PlanCancelled PlanState = "cancelled" // for good: no later statement brings it back
)

// Repeat is when a room comes again: a part of the recurrence rules of RFC 5545 that people can choose from.
// Without Until and Dates it has no end.
type Repeat struct {
	Every    Frequency `json:"every"`
	Interval int64     `json:"interval"`       // every so many days, weeks or months
	Days     []Weekday `json:"days,omitzero"`  // of a weekly one, that of the start among them; weeks begin on Monday
	Until    string    `json:"until,omitzero"` // the last day on which there may be one: 2027-06-30
	Dates    int64     `json:"dates,omitzero"` // how many there are in all; not together with Until
}

// Exception is one date of a rule that takes place at another time or not at all: an EXDATE or a RECURRENCE-ID of RFC 5545.
// A later schedule without it undoes it. A day on which the rule has no date is no error, and changes nothing: a rule may
// be changed after its exceptions were made.
type Exception struct {
	Day   string `json:"day"`            // of the date as the rule has it, on the wall of the zone: 2027-02-09
	Start string `json:"start,omitzero"` // when it takes place instead: 2027-02-10T20:00; "" where it does not
}

// Frequency is the step of a repetition.
type Frequency string

// The frequencies. A monthly one is on the start's day of the month.
const (
	Daily   Frequency = "daily"
	Weekly  Frequency = "weekly"
	Monthly Frequency = "monthly"
)

// Weekday is a day of the week as RFC 5545 abbreviates it, in small letters.
type Weekday string

// The days of the week.
const (
	Monday    Weekday = "mo"
	Tuesday   Weekday = "tu"
	Wednesday Weekday = "we"
	Thursday  Weekday = "th"
	Friday    Weekday = "fr"
	Saturday  Weekday = "sa"
	Sunday    Weekday = "su"
)

// Weekdays are the days of the week, from Monday on.
func Weekdays() []Weekday {
	return []Weekday{Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday}
}

// Forms of a time on the wall, and of a day.
const (
	LocalTime = "2006-01-02T15:04"
	LocalDay  = "2006-01-02"
)

var zonePattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$`)

// Kind implements Body.
func (*Schedule) Kind() Kind { return KindSchedule }

func (s *Schedule) audience() string { return s.Community.String() }

func (s *Schedule) check() error {
	start, err := local("start", s.Start, LocalTime)
	if err != nil {
		return err
	}
	if err := all(
		since(s.IssuedAt),
		matches("jti", s.JTI, jtiPattern),
		matches("lang", s.Language, languagePattern),
		topics(s.Topics),
		roomEntry(s.Entry),
		length("zone", s.Zone, 1, maxZone),
		matches("zone", s.Zone, zonePattern),
		within("duration", s.Duration, MinDuration, MaxDuration),
		s.Repeat.check(start),
		oneOf("state", s.State, PlanStands, PlanCancelled),
		within("n", s.Number, 0, MaxInt),
	); err != nil {
		return err
	}
	switch {
	case (s.Of == nil) != (s.Number == 0):
		return wrong("of", "the first has the number 0, and names no other")
	case s.Of == nil && s.State == PlanCancelled:
		return wrong("state", "cancelled before it was planned")
	}
	if err := exceptions(s.Except, s.Repeat != nil); err != nil {
		return err
	}
	return several("moderators", s.Moderators, MaxModerators)
}

// exceptions checks that each names a day once, in order, so that equal plans have one form.
func exceptions(list []Exception, repeats bool) error {
	switch {
	case len(list) > MaxExceptions:
		return wrong("except", "too many")
	case len(list) > 0 && !repeats:
		return wrong("except", "of a room that does not come again")
	}
	last := ""
	for _, e := range list {
		if _, err := local("except", e.Day, LocalDay); err != nil {
			return err
		}
		if e.Day <= last {
			return wrong("except", "days out of order, or one twice")
		}
		last = e.Day
		if e.Start == "" {
			continue
		}
		if _, err := local("except", e.Start, LocalTime); err != nil {
			return err
		}
	}
	return nil
}

func (r *Repeat) check(start time.Time) error {
	if r == nil {
		return nil
	}
	if err := all(
		oneOf("every", r.Every, Daily, Weekly, Monthly),
		within("interval", r.Interval, 1, MaxInterval),
		within("dates", r.Dates, 0, MaxDates),
		several("days", r.Days, len(Weekdays())),
	); err != nil {
		return err
	}
	for _, day := range r.Days {
		if err := oneOf("days", day, Weekdays()...); err != nil {
			return err
		}
	}
	switch {
	case (r.Every == Weekly) != (len(r.Days) > 0):
		return wrong("days", "a weekly one has days, and no other")
	case r.Every == Weekly && !slices.Contains(r.Days, DayOf(start)):
		return wrong("days", "the day of the start is not among them")
	case r.Until == "":
		return nil
	case r.Dates != 0:
		return wrong("until", "together with dates")
	}
	until, err := local("until", r.Until, LocalDay)
	if err == nil && until.Before(start.Truncate(24*time.Hour)) {
		err = wrong("until", "before the start")
	}
	return err
}

// DayOf is the day of the week of a time.
func DayOf(t time.Time) Weekday { return Weekdays()[(int(t.Weekday())+6)%7] }

// local reads a time on the wall, in the one form it has, as if it were in UTC.
func local(claim, text, form string) (time.Time, error) {
	t, err := time.Parse(form, text)
	if err != nil || t.Format(form) != text || t.Unix() < MinTime || t.Unix() > MaxTime {
		return t, wrong(claim, "not a time in its form")
	}
	return t, nil
}

// topics checks the topics of a room.
func topics(list []string) error {
	for _, topic := range list {
		if err := matches("topics", topic, topicPattern); err != nil {
			return err
		}
	}
	return several("topics", list, MaxTopics)
}

// several checks that a list is not too long, and holds nothing twice.
func several[T comparable](claim string, list []T, most int) error {
	if len(list) > most {
		return wrong(claim, "too many")
	}
	for i, one := range list {
		if slices.Contains(list[:i], one) {
			return wrong(claim, "one twice")
		}
	}
	return nil
}
