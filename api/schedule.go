package api

import (
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// Paths of scheduled rooms, relative to Base.
const (
	PathSchedules    = "/schedules"               // GET ScheduleList; POST PlanRoom -> Scheduled, 201
	PathSchedule     = "/schedules/{id}"          // GET Scheduled; POST PlanRoom -> Scheduled: changes or cancels it
	PathReminder     = "/schedules/{id}/reminder" // POST SetReminder -> 204; DELETE -> 204
	PathScheduleFile = "/schedules/{id}/calendar" // GET text/calendar
	PathCalendar     = "/calendar"                // GET Calendar; POST -> CalendarLink, 201; DELETE -> 204
)

// PathFeed is where calendars read a feed, relative to the node's origin: /calendar/public.ics, or the token of a
// CalendarLink in place of public. With ?room={id} it has that room alone.
const PathFeed = "/calendar/{feed}"

// PublicFeed is the feed of those rooms that anybody may listen to.
const PublicFeed = "public"

// Scheduled is a room that is planned: once, or again and again under one id, which is its link.
type Scheduled struct {
	ID        statement.ID        `json:"id" doc:"Of the first schedule statement: the room's link, /r/{id}."`
	Title     string              `json:"title"`
	Topics    []string            `json:"topics" nullable:"false"`
	Language  string              `json:"language"`
	Entry     statement.RoomEntry `json:"entry" enum:"members,public,chosen"`
	Community Community           `json:"community"`
	Host      identity.PublicKey  `json:"host" doc:"The node that will host it."`
	Author    Member              `json:"author" doc:"Who planned it, and may change it."`
	Openers   []Member            `json:"openers" nullable:"false" doc:"Who may open it besides the author."`
	Start     string              `json:"start" doc:"The first date on the wall of the zone: 2027-02-02T19:30."`
	Zone      string              `json:"zone" doc:"IANA name."`
	Duration  int64               `json:"duration" doc:"About how long, in seconds."`
	Repeat    *Repeat             `json:"repeat,omitempty"`
	Except    []Exception         `json:"except,omitempty" nullable:"false" doc:"The dates of the repetition that take place at another time or not at all, by day."`
	Number    int64               `json:"n" doc:"Of the schedule that holds; a change needs a higher one."`
	Cancelled bool                `json:"cancelled"`
	Dates     []Date              `json:"dates" nullable:"false" doc:"The next dates, five at most, that which is on among them. None when it is over."`
	Last      *Date               `json:"last,omitempty" doc:"Where there is no date left: the last there was."`
	Room      *statement.ID       `json:"room,omitempty" doc:"The live room, while it is open."`
	Why       Why                 `json:"why" enum:"here,community,topic,general" doc:"Why it is in this hallway."`
	Topic     string              `json:"topic,omitempty" doc:"With why topic: the topic that this node follows."`
	Reminder  *int64              `json:"reminder,omitempty" doc:"How many seconds before each date the asking member is reminded; absent when they are not, and in what everybody gets."`
	Chosen    []Member            `json:"chosen,omitempty" nullable:"false" doc:"Whom the author chose, for those who may open it; absent for everybody else."`
}

// Repeat is when a scheduled room comes again.
type Repeat struct {
	Every    statement.Frequency `json:"every" enum:"daily,weekly,monthly"`
	Interval int64               `json:"interval"`
	Days     []statement.Weekday `json:"days,omitempty" nullable:"false" enum:"mo,tu,we,th,fr,sa,su"`
	Until    string              `json:"until,omitempty" doc:"The last day: 2027-06-30."`
	Dates    int64               `json:"dates,omitzero" doc:"How many there are in all."`
}

// Date is one time at which a scheduled room takes place.
type Date struct {
	Start int64 `json:"start" doc:"Unix milliseconds."`
	End   int64 `json:"end" doc:"Unix milliseconds, as estimated."`
	// Day names the date for an exception, wherever it was moved.
	Day string `json:"day" doc:"On which the repetition has it, on the wall of the zone: 2027-02-09."`
}

// Exception is a date of a repetition that takes place at another time, or not at all.
type Exception struct {
	Day   string `json:"day" doc:"On which the repetition has it, on the wall of the zone: 2027-02-09."`
	Start string `json:"start,omitempty" doc:"When it takes place instead, on that wall: 2027-02-10T20:00. Absent where it does not."`
	Was   int64  `json:"was" doc:"When the repetition has it, Unix milliseconds."`
}

// ScheduleList is the rooms that are planned, the next one first.
type ScheduleList struct {
	Schedules []Scheduled `json:"schedules" nullable:"false"`
}

// PlanRoom plans a room, changes it or calls it off.
type PlanRoom struct {
	Schedule string `json:"schedule" doc:"A schedule statement."`
	Title    Text   `json:"title" doc:"The title, to which the statement commits."`
	// Chosen is in no statement, as with a room that is opened.
	Chosen []identity.PublicKey `json:"chosen,omitempty" nullable:"false" maxItems:"500" doc:"With entry chosen: who may enter, and know of it, beside the author and the openers. A change replaces the list; a cancellation leaves it."`
}

// SetReminder asks to be reminded before each date.
type SetReminder struct {
	Before int64 `json:"before" doc:"Seconds, up to a week."`
}

// MaxBefore is how long before a date somebody may be reminded, in seconds.
const MaxBefore = 7 * 24 * 60 * 60

// Check refuses a reminder that is none.
func (r SetReminder) Check() error {
	if r.Before < 0 || r.Before > MaxBefore {
		return reason.Reject(reason.RequestInvalid, "%d s before", r.Before)
	}
	return nil
}

// Calendar says whether a member has a calendar link.
type Calendar struct {
	Linked bool `json:"linked"`
}

// CalendarLink is a member's own feed. Who has the link reads what the member may see is planned; the node keeps only its
// hash, so it is told once. A new one ends the one before.
type CalendarLink struct {
	Path string `json:"path" doc:"Below the node's origin."`
}
