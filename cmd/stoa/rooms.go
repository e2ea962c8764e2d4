package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

type roomsCmd struct {
	asFlag

	JSON bool `name:"json" help:"Print JSON, as the API has it."`
}

// Run lists the live rooms.
func (c *roomsCmd) Run(ctx context.Context, out io.Writer) error {
	p, err := c.load()
	if err != nil {
		return err
	}
	me, err := p.client()
	if err != nil {
		return err
	}
	rooms, err := me.Rooms(ctx)
	if err != nil {
		return explain(err)
	}
	if c.JSON {
		if err := json.MarshalWrite(out, rooms, jsontext.WithIndent("  ")); err != nil {
			return fmt.Errorf("cannot write: %w", err)
		}
		_, err = fmt.Fprintln(out)
		return err
	}
	return printRooms(out, p.Node, rooms)
}

// printRooms prints a table of rooms.
func printRooms(out io.Writer, node string, rooms []api.Room) error {
	if len(rooms) == 0 {
		_, err := fmt.Fprintln(out, "Nobody is talking.")
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "TITLE\tON STAGE\tLISTENING\tLANGUAGE\tCOMMUNITY\tLINK")
	for _, r := range rooms {
		_, _ = fmt.Fprintf(table, "%s\t%d\t%d\t%s\t%s\t%s\n",
			plain(r.Title), r.Stage, r.Listening, r.Language, plain(r.Community.Name), node+"/r/"+r.ID.String())
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("cannot write: %w", err)
	}
	return nil
}

// plain is a text without what a terminal would act on.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, text)
}

// find is the room that somebody means by a link, an id, or the beginning of its title.
func find(ctx context.Context, me *client.Client, what string) (statement.ID, error) {
	if id, ok := roomID(what); ok {
		return id, nil
	}
	if strings.Contains(what, "://") {
		return statement.ID{}, fmt.Errorf("%q is not the link of a room (…/r/…) or an invite (…/i/…#…)", what)
	}
	rooms, err := me.Rooms(ctx)
	if err != nil {
		return statement.ID{}, explain(err)
	}
	var found []api.Room
	for _, r := range rooms {
		if strings.HasPrefix(strings.ToLower(r.Title), strings.ToLower(what)) {
			found = append(found, r)
		}
	}
	switch len(found) {
	case 1:
		return found[0].ID, nil
	case 0:
		return statement.ID{}, fmt.Errorf("no room's title begins with %q; stoa rooms lists them", what)
	default:
		return statement.ID{}, fmt.Errorf("%d rooms' titles begin with %q; give one's link: stoa rooms lists them", len(found), what)
	}
}

// roomID reads a room's link or id.
func roomID(text string) (statement.ID, bool) {
	if u, err := url.Parse(text); err == nil && u.Host != "" {
		text, _ = strings.CutPrefix(u.Path, "/r/")
	}
	id, err := statement.ParseID(text)
	return id, err == nil
}

// explain is an error as a person at a terminal should read it.
func explain(err error) error {
	var p *api.Problem
	if !errors.As(err, &p) {
		return err
	}
	if p.Code == string(reason.MemberUnknown) {
		return fmt.Errorf("this key is no member at the node; an invite link makes you one (%s)", p.Code)
	}
	if p.Removal != nil {
		return fmt.Errorf("%s (%s) It was %s", p.Title, p.Code, removal(*p.Removal))
	}
	return fmt.Errorf("%s (%s)", p.Title, p.Code)
}

// removal is by whom somebody was removed from a room, why and until when.
func removal(r api.Removal) string {
	by := plain(r.By.Name)
	if by == "" {
		by = r.By.Key.String()
	}
	if r.Reason != nil {
		by += fmt.Sprintf(", because: “%s”", plain(r.Reason.Text))
	}
	if r.Until == 0 {
		return by + "; for as long as the room lives."
	}
	return by + "; until " + time.UnixMilli(r.Until).Format(time.RFC1123) + "."
}
