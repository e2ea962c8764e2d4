package server

import (
	"context"
	"io"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// Schedules is what the server asks about rooms that are planned.
type Schedules interface {
	// Upcoming is what everybody may see in the hallway: the next scheduled rooms, fifty at most.
	Upcoming() []api.Scheduled
	// Invited is what a member may see beside: the next rooms for chosen people that they may enter.
	Invited(member identity.PublicKey) []api.Scheduled
	// Schedules lists all of them for a member, the next one first.
	Schedules(member identity.PublicKey) ([]api.Scheduled, error)
	// Schedule finds one, also one that is over or was called off a while ago.
	Schedule(id statement.ID, member identity.PublicKey) (api.Scheduled, error)
	// Public finds one that anybody may know of, because anybody may listen, and that has a date ahead.
	Public(id statement.ID) (api.Scheduled, error)
	// Plan plans a room.
	Plan(ctx context.Context, member identity.PublicKey, req api.PlanRoom) (api.Scheduled, error)
	// Change changes a planned room, or calls it off.
	Change(ctx context.Context, member identity.PublicKey, id statement.ID, req api.PlanRoom) (api.Scheduled, error)
	// Remind has a member reminded so many seconds before each date; nil ends that.
	Remind(member identity.PublicKey, id statement.ID, before *int64) error
}

// Calendars is what the server asks about the feeds that calendars read.
type Calendars interface {
	// Linked reports whether a member has a link of their own.
	Linked(member identity.PublicKey) (bool, error)
	// Link makes a new link, and ends the one before.
	Link(member identity.PublicKey) (token string, err error)
	// Unlink ends a member's link.
	Unlink(member identity.PublicKey) error
	// Feed is the calendar that a token leads to, of one room where an id is given. The token api.PublicFeed leads to the
	// rooms that anybody may listen to.
	Feed(token string, only *statement.ID) ([]byte, error)
	// File is the calendar of one room, for a member.
	File(id statement.ID, member identity.PublicKey) ([]byte, error)
}

const mediaTypeCalendar = "text/calendar; charset=utf-8"

type (
	schedulePath struct {
		ID string `path:"id" doc:"The scheduled room's id."`
	}
	scheduleChange struct {
		ID   string `path:"id" doc:"The scheduled room's id."`
		Body api.PlanRoom
	}
	scheduleReminder struct {
		ID   string `path:"id" doc:"The scheduled room's id."`
		Body api.SetReminder
	}
	calendarFile struct {
		ContentType string `header:"Content-Type" hidden:"true"`
		Disposition string `header:"Content-Disposition"`
		Body        []byte
	}
)

// scheduleRoutes declares the operations of scheduled rooms.
func (s *Server) scheduleRoutes(a huma.API) {
	add(a, member(get(api.PathSchedules, "listSchedules", "The rooms that are planned")), s.listSchedules)
	add(a, member(acts(post(api.PathSchedules, "planRoom", "Plan a room", http.StatusCreated))), s.planRoom)
	add(a, member(get(api.PathSchedule, "getSchedule", "One planned room")), s.getSchedule)
	add(a, member(acts(post(api.PathSchedule, "changeSchedule", "Change a planned room, or call it off", http.StatusOK))), s.changeSchedule)
	add(a, member(acts(post(api.PathReminder, "remindMe", "Be reminded before each date", http.StatusNoContent))), s.remindMe)
	add(a, member(remove(api.PathReminder, "forgetReminder", "No longer be reminded")), s.forgetReminder)
	add(a, member(calendar(get(api.PathScheduleFile, "getScheduleFile", "A planned room, for a calendar"))), s.getScheduleFile)
	add(a, member(get(api.PathCalendar, "getCalendar", "Whether the member has a calendar link")), s.getCalendar)
	add(a, member(acts(post(api.PathCalendar, "linkCalendar", "Make the address of a calendar feed", http.StatusCreated))), s.linkCalendar)
	add(a, member(remove(api.PathCalendar, "unlinkCalendar", "End the calendar link")), s.unlinkCalendar)
}

// calendar makes the answer text/calendar.
func calendar(op huma.Operation) huma.Operation {
	op.Responses["200"] = &huma.Response{
		Description: "An iCalendar (RFC 5545)",
		Content:     map[string]*huma.MediaType{"text/calendar": {Schema: &huma.Schema{Type: huma.TypeString}}},
	}
	return op
}

func (s *Server) listSchedules(ctx context.Context, _ *none) (*body[api.ScheduleList], error) {
	list, err := s.schedules.Schedules(sessionOf(ctx).member)
	return answer(api.ScheduleList{Schedules: list}, err)
}

func (s *Server) planRoom(ctx context.Context, in *body[api.PlanRoom]) (*body[api.Scheduled], error) {
	if err := api.CheckTitle(in.Body.Title.Text); err != nil {
		return nil, err
	}
	return answer(s.schedules.Plan(ctx, sessionOf(ctx).member, in.Body))
}

func (s *Server) getSchedule(ctx context.Context, in *schedulePath) (*body[api.Scheduled], error) {
	id, err := pathID(in.ID, reason.ScheduleUnknown)
	if err != nil {
		return nil, err
	}
	return answer(s.schedules.Schedule(id, sessionOf(ctx).member))
}

func (s *Server) changeSchedule(ctx context.Context, in *scheduleChange) (*body[api.Scheduled], error) {
	id, err := pathID(in.ID, reason.ScheduleUnknown)
	if err != nil {
		return nil, err
	}
	if err := api.CheckTitle(in.Body.Title.Text); err != nil {
		return nil, err
	}
	return answer(s.schedules.Change(ctx, sessionOf(ctx).member, id, in.Body))
}

func (s *Server) remindMe(ctx context.Context, in *scheduleReminder) (*none, error) {
	id, err := pathID(in.ID, reason.ScheduleUnknown)
	if err != nil {
		return nil, err
	}
	if err := in.Body.Check(); err != nil {
		return nil, err
	}
	return nil, s.schedules.Remind(sessionOf(ctx).member, id, &in.Body.Before)
}

func (s *Server) forgetReminder(ctx context.Context, in *schedulePath) (*none, error) {
	id, err := pathID(in.ID, reason.ScheduleUnknown)
	if err != nil {
		return nil, err
	}
	return nil, s.schedules.Remind(sessionOf(ctx).member, id, nil)
}

func (s *Server) getScheduleFile(ctx context.Context, in *schedulePath) (*calendarFile, error) {
	id, err := pathID(in.ID, reason.ScheduleUnknown)
	if err != nil {
		return nil, err
	}
	file, err := s.calendars.File(id, sessionOf(ctx).member)
	if err != nil {
		return nil, err
	}
	return &calendarFile{ContentType: mediaTypeCalendar, Disposition: `attachment; filename="room.ics"`, Body: file}, nil
}

func (s *Server) getCalendar(ctx context.Context, _ *none) (*body[api.Calendar], error) {
	linked, err := s.calendars.Linked(sessionOf(ctx).member)
	return answer(api.Calendar{Linked: linked}, err)
}

func (s *Server) linkCalendar(ctx context.Context, _ *none) (*body[api.CalendarLink], error) {
	token, err := s.calendars.Link(sessionOf(ctx).member)
	return answer(api.CalendarLink{Path: strings.Replace(api.PathFeed, "{feed}", token+".ics", 1)}, err)
}

func (s *Server) unlinkCalendar(ctx context.Context, _ *none) (*none, error) {
	return nil, s.calendars.Unlink(sessionOf(ctx).member)
}

// serveFeed answers a calendar that reads a feed. The token in the path is all it has to show.
func (s *Server) serveFeed(w http.ResponseWriter, r *http.Request) {
	token, isFile := strings.CutSuffix(r.PathValue("feed"), ".ics")
	r = r.Clone(r.Context())
	r.URL.Path = api.PathFeed // what is logged has no token in it
	var only *statement.ID
	if room := r.URL.Query().Get("room"); room != "" {
		id, err := pathID(room, reason.ScheduleUnknown)
		if err != nil {
			s.refuse(w, r, err)
			return
		}
		only = &id
	}
	if !isFile {
		s.refuse(w, r, reason.Reject(reason.CalendarUnknown, "no feed"))
		return
	}
	feed, err := s.calendars.Feed(token, only)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", mediaTypeCalendar)
	h.Set("Cache-Control", "private, max-age=300")
	h.Set("Referrer-Policy", "no-referrer")
	_, _ = io.Copy(w, strings.NewReader(string(feed))) // the client is gone, and nobody else wants to know
}

// unplanned stands where nothing is ever planned.
type unplanned struct{}

var errUnplanned = reason.Reject(reason.ScheduleUnknown, "this node plans no rooms")

// Upcoming implements Schedules.
func (unplanned) Upcoming() []api.Scheduled { return nil }

// Invited implements Schedules.
func (unplanned) Invited(identity.PublicKey) []api.Scheduled { return nil }

// Schedules implements Schedules.
func (unplanned) Schedules(identity.PublicKey) ([]api.Scheduled, error) { return nil, nil }

// Schedule implements Schedules.
func (unplanned) Schedule(statement.ID, identity.PublicKey) (api.Scheduled, error) {
	return api.Scheduled{}, errUnplanned
}

// Public implements Schedules.
func (unplanned) Public(statement.ID) (api.Scheduled, error) { return api.Scheduled{}, errUnplanned }

// Plan implements Schedules.
func (unplanned) Plan(context.Context, identity.PublicKey, api.PlanRoom) (api.Scheduled, error) {
	return api.Scheduled{}, errUnplanned
}

// Change implements Schedules.
func (unplanned) Change(context.Context, identity.PublicKey, statement.ID, api.PlanRoom) (api.Scheduled, error) {
	return api.Scheduled{}, errUnplanned
}

// Remind implements Schedules.
func (unplanned) Remind(identity.PublicKey, statement.ID, *int64) error { return errUnplanned }

// Linked implements Calendars.
func (unplanned) Linked(identity.PublicKey) (bool, error) { return false, nil }

// Link implements Calendars.
func (unplanned) Link(identity.PublicKey) (string, error) { return "", errUnplanned }

// Unlink implements Calendars.
func (unplanned) Unlink(identity.PublicKey) error { return nil }

// Feed implements Calendars.
func (unplanned) Feed(string, *statement.ID) ([]byte, error) { return nil, errUnplanned }

// File implements Calendars.
func (unplanned) File(statement.ID, identity.PublicKey) ([]byte, error) { return nil, errUnplanned }
