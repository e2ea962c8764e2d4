package client

import (
	"context"
	"crypto/rand"
	"net/http"
	"slices"
	"strings"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

// Planned is what somebody plans.
type Planned struct {
	Title      string
	Topics     []string
	Language   string
	Entry      statement.RoomEntry   // members, where it is empty
	Start      string                // on the wall of Zone: 2027-02-02T19:30
	Zone       string                // IANA name
	Duration   int64                 // seconds; an hour, where it is 0
	Repeat     *statement.Repeat     // nil for once
	Except     []statement.Exception // dates of Repeat that are left out or moved, by day
	Moderators []identity.PublicKey
	Chosen     []identity.PublicKey // with entry chosen: who may enter, and know of it, beside oneself and the moderators
}

// Schedules lists the rooms that are planned, the next one first.
func (c *Client) Schedules(ctx context.Context) ([]api.Scheduled, error) {
	list, err := callAs[api.ScheduleList](ctx, c, http.MethodGet, api.PathSchedules, nil)
	return list.Schedules, err
}

// Schedule is one planned room.
func (c *Client) Schedule(ctx context.Context, id statement.ID) (api.Scheduled, error) {
	return callAs[api.Scheduled](ctx, c, http.MethodGet, path(api.PathSchedule, id), nil)
}

// Plan plans a room. Its link is /r/ and the id.
func (c *Client) Plan(ctx context.Context, p Planned) (api.Scheduled, error) {
	body, title, err := c.schedule(ctx, p)
	if err != nil {
		return api.Scheduled{}, err
	}
	return c.planned(ctx, api.PathSchedules, body, title, p.Chosen)
}

// ChangePlan replaces what is planned. What p leaves out is left out.
func (c *Client) ChangePlan(ctx context.Context, known api.Scheduled, p Planned) (api.Scheduled, error) {
	body, title, err := c.schedule(ctx, p)
	if err != nil {
		return api.Scheduled{}, err
	}
	body.Of, body.Number = &known.ID, known.Number+1
	return c.planned(ctx, path(api.PathSchedule, known.ID), body, title, p.Chosen)
}

// PlannedOf is what is planned, to be changed.
func PlannedOf(known api.Scheduled) Planned {
	p := Planned{
		Title: known.Title, Topics: known.Topics, Language: known.Language, Entry: known.Entry,
		Start: known.Start, Zone: known.Zone, Duration: known.Duration,
	}
	if r := known.Repeat; r != nil {
		p.Repeat = &statement.Repeat{Every: r.Every, Interval: r.Interval, Days: r.Days, Until: r.Until, Dates: r.Dates}
	}
	for _, e := range known.Except {
		p.Except = append(p.Except, statement.Exception{Day: e.Day, Start: e.Start})
	}
	for _, m := range known.Openers {
		p.Moderators = append(p.Moderators, m.Key)
	}
	for _, m := range known.Chosen {
		p.Chosen = append(p.Chosen, m.Key)
	}
	return p
}

// CancelDate calls off one date of what comes again.
func (c *Client) CancelDate(ctx context.Context, known api.Scheduled, day string) (api.Scheduled, error) {
	return c.MoveDate(ctx, known, day, "")
}

// MoveDate has the date that the repetition has on a day take place at another time on the wall of the plan's zone.
func (c *Client) MoveDate(ctx context.Context, known api.Scheduled, day, start string) (api.Scheduled, error) {
	p := PlannedOf(known)
	p.Except = append(without(p.Except, day), statement.Exception{Day: day, Start: start})
	slices.SortFunc(p.Except, func(a, b statement.Exception) int { return strings.Compare(a.Day, b.Day) })
	p.Except = p.Except[max(0, len(p.Except)-statement.MaxExceptions):] // the earliest are over
	return c.ChangePlan(ctx, known, p)
}

// RestoreDate undoes that a date was called off or moved.
func (c *Client) RestoreDate(ctx context.Context, known api.Scheduled, day string) (api.Scheduled, error) {
	p := PlannedOf(known)
	p.Except = without(p.Except, day)
	return c.ChangePlan(ctx, known, p)
}

func without(list []statement.Exception, day string) []statement.Exception {
	return slices.DeleteFunc(list, func(e statement.Exception) bool { return e.Day == day })
}

// CancelPlan calls a planned room off, for good.
func (c *Client) CancelPlan(ctx context.Context, known api.Scheduled) (api.Scheduled, error) {
	body, title, err := c.schedule(ctx, PlannedOf(known))
	if err != nil {
		return api.Scheduled{}, err
	}
	body.Of, body.Number, body.State = &known.ID, known.Number+1, statement.PlanCancelled
	return c.planned(ctx, path(api.PathSchedule, known.ID), body, title, nil)
}

func (c *Client) schedule(ctx context.Context, p Planned) (*statement.Schedule, statement.Text, error) {
	node, community, err := c.community(ctx)
	if err != nil {
		return nil, statement.Text{}, err
	}
	title := statement.NewText(p.Title)
	body := &statement.Schedule{
		Community: community.ID, IssuedAt: c.Now().Unix(), JTI: rand.Text(), Node: node.Node,
		Title: title.Commitment(), Language: p.Language, Topics: append([]string{}, p.Topics...), Entry: p.Entry,
		Start: p.Start, Zone: p.Zone, Duration: p.Duration, Repeat: p.Repeat, Except: p.Except, Moderators: p.Moderators, State: statement.PlanStands,
	}
	if body.Entry == "" {
		body.Entry = statement.RoomMembers
	}
	if body.Duration == 0 {
		body.Duration = 60 * 60
	}
	return body, title, nil
}

func (c *Client) planned(ctx context.Context, path string, body *statement.Schedule, title statement.Text, chosen []identity.PublicKey) (api.Scheduled, error) {
	text, err := c.sign(body)
	if err != nil {
		return api.Scheduled{}, err
	}
	return callAs[api.Scheduled](ctx, c, http.MethodPost, path, api.PlanRoom{Schedule: text, Title: title, Chosen: chosen})
}

// OpenPlanned opens a planned room, from ten minutes before its time on. The link of the plan leads into it. Its author and
// those who may open it moderate it when they come: this person appoints them by opening it.
func (c *Client) OpenPlanned(ctx context.Context, known api.Scheduled) (api.Room, error) {
	node, community, err := c.community(ctx)
	if err != nil {
		return api.Room{}, err
	}
	var moderators []identity.PublicKey
	for _, m := range append([]api.Member{known.Author}, known.Openers...) {
		if m.Key != c.Key() {
			moderators = append(moderators, m.Key)
		}
	}
	title := statement.NewText(known.Title)
	create, err := c.sign(&statement.Create{
		Community: community.ID, IssuedAt: c.Now().Unix(), JTI: rand.Text(), Node: node.Node, Title: title.Commitment(),
		Language: known.Language, Topics: append([]string{}, known.Topics...), Entry: known.Entry, Schedule: known.ID,
		Moderators: moderators,
	})
	if err != nil {
		return api.Room{}, err
	}
	return callAs[api.Room](ctx, c, http.MethodPost, api.PathRooms, api.CreateRoom{Create: create, Title: title})
}

// Remind has this person reminded so many seconds before each date.
func (c *Client) Remind(ctx context.Context, id statement.ID, before int64) error {
	r := request{method: http.MethodPost, path: path(api.PathReminder, id)}
	if err := r.set(api.SetReminder{Before: before}); err != nil {
		return err
	}
	_, err := c.sendAs(ctx, r)
	return err
}

// LinkCalendar makes a link that a calendar can subscribe to; an earlier one no longer works.
func (c *Client) LinkCalendar(ctx context.Context) (string, error) {
	link, err := callAs[api.CalendarLink](ctx, c, http.MethodPost, api.PathCalendar, nil)
	return c.origin + link.Path, err
}

// ScheduleFile is a planned room as an iCalendar (RFC 5545).
func (c *Client) ScheduleFile(ctx context.Context, id statement.ID) ([]byte, error) {
	a, err := c.sendAs(ctx, request{method: http.MethodGet, path: path(api.PathScheduleFile, id)})
	return a.body, err
}
