package server

import (
	"context"
	"maps"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/net/html"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// doors shows one room to strangers under a title.
type doors struct {
	Doors
	id        statement.ID
	title     string
	community string
}

func (d doors) Door(_ context.Context, id statement.ID) (api.Room, error) {
	if id != d.id {
		return api.Room{}, reason.Reject(reason.RoomChosen, "")
	}
	return api.Room{ID: id, Title: d.title, Community: api.Community{Name: d.community}, Entry: statement.RoomPublic}, nil
}

// headTags are the meta elements of a page by name, and how many elements beside the expected ones there are.
func headTags(t *testing.T, page string) (tags map[string]string, others int) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	tags = map[string]string{}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		at := map[string]string{}
		for _, a := range n.Attr {
			at[a.Key] = a.Val
		}
		switch name := at["property"] + at["name"]; {
		case n.Data == "meta" && name != "" && len(at) == 2:
			tags[name] = at["content"]
		case n.Data == "html" || n.Data == "head" || n.Data == "body" || n.Data == "title":
		default:
			others++
		}
	}
	return tags, others
}

func withDoors(d doors) option {
	return func(c *Config) {
		d.Doors = c.Doors
		c.Doors = d
		c.PublicURL, c.Origins = "https://porch.example:8443", append(c.Origins, c.PublicURL)
		c.Web = fstest.MapFS{"index.html": {Data: []byte("<!doctype html><html><head><title>Stoa</title></head><body></body></html>")}}
	}
}

func TestPreviewOfAPublicRoomHasItsTitle(t *testing.T) {
	h := start(t, withDoors(doors{id: testRoom, title: "Olives and figs", community: "The Porch"}))
	path := "/r/" + testRoom.String()
	r := h.ask(request{method: "GET", path: path})
	tags, others := headTags(t, r.body)
	want := map[string]string{
		"og:type": "website", "og:site_name": "The Porch", "og:title": "Olives and figs", "og:description": "Live: anyone with this link may listen.",
		"og:url": "https://porch.example:8443" + path, "og:image": "https://porch.example:8443/preview.png", "og:image:width": "1200",
		"og:image:height": "630", "og:image:alt": "A stoa at dusk", "twitter:card": "summary_large_image", "twitter:title": "Olives and figs",
		"twitter:description": "Live: anyone with this link may listen.", "twitter:image": "https://porch.example:8443/preview.png",
	}
	if !maps.Equal(tags, want) || others != 0 {
		t.Errorf("%d other elements; %v", others, tags)
	}
	if vary := r.header.Values("Vary"); len(vary) != 1 || vary[0] != "Accept-Language" {
		t.Errorf("Vary: %v", vary)
	}
	french := h.ask(request{method: "GET", path: path, header: map[string]string{"Accept-Language": "fr-CA, en;q=0.5"}})
	if tags, _ := headTags(t, french.body); !strings.Contains(tags["og:description"], "peut écouter") {
		t.Errorf("in French: %v", tags)
	}
	again := h.ask(request{method: "GET", path: path, header: map[string]string{"If-None-Match": r.header.Get("ETag")}})
	if again.status != 304 || french.header.Get("ETag") == r.header.Get("ETag") {
		t.Errorf("ETag: %d, %s and %s", again.status, r.header.Get("ETag"), french.header.Get("ETag"))
	}
}

func TestPreviewOfAnythingElseHasTheCommunityAlone(t *testing.T) {
	h := start(t, withDoors(doors{id: testRoom, title: "Olives and figs", community: "The Porch"}))
	other := statement.ID{1}.String()
	for _, path := range []string{"/", "/r/" + other, "/r/nonsense", "/i/" + testRoom.String(), "/i/" + other, "/invites"} {
		tags, others := headTags(t, h.ask(request{method: "GET", path: path}).body)
		if tags["og:title"] != "Porch" || tags["twitter:title"] != "Porch" || tags["og:site_name"] != "Porch" || others != 0 {
			t.Errorf("%s: %v", path, tags)
		}
		if tags["og:url"] != "https://porch.example:8443"+path {
			t.Errorf("%s: at %s", path, tags["og:url"])
		}
	}
}

func TestPreviewEscapes(t *testing.T) {
	for _, title := range []string{
		`"><script>alert(1)</script>`, `' onload='x`, `</head><body><h1>`, `<!--`, `]]>`, `&quot;&#34;&amp;`, `{{.}} ${x} %s %!d`, "a\"\u2028b", `\"`, `<meta http-equiv="refresh">`,
	} {
		h := start(t, withDoors(doors{id: testRoom, title: title, community: title}))
		tags, others := headTags(t, h.ask(request{method: "GET", path: "/r/" + testRoom.String()}).body)
		if tags["og:title"] != title || tags["twitter:title"] != title || tags["og:site_name"] != title || others != 0 {
			t.Errorf("%q: %d other elements; %q", title, others, tags)
		}
	}
}

// plans has one planned room that anybody may know of.
type plans struct {
	unplanned
	plan api.Scheduled
}

func (p plans) Public(id statement.ID) (api.Scheduled, error) {
	if id != p.plan.ID {
		return api.Scheduled{}, reason.Reject(reason.ScheduleUnknown, "")
	}
	return p.plan, nil
}

func TestPreviewOfAPlannedPublicRoomHasItsDate(t *testing.T) {
	id := statement.ID{3}
	h := start(t, withDoors(doors{id: testRoom}), func(c *Config) {
		c.Schedules = plans{plan: api.Scheduled{
			ID: id, Title: "Olives and figs", Zone: "America/New_York", Community: api.Community{Name: "The Porch"},
			Dates: []api.Date{{Start: 1_801_614_600_000}},
		}}
	})
	for language, want := range map[string]string{
		"en": "Tuesday, 2 February 2027, 19:30 (America/New York): anyone with this link may listen.",
		"fr": "Le mardi 2 février 2027 à 19:30 (America/New York) : toute personne qui a ce lien pourra écouter.",
	} {
		tags, others := headTags(t, h.ask(request{method: "GET", path: "/r/" + id.String(), header: map[string]string{"Accept-Language": language}}).body)
		if tags["og:title"] != "Olives and figs" || tags["og:site_name"] != "The Porch" || tags["og:description"] != want || others != 0 {
			t.Errorf("%s: %q", language, tags)
		}
		if tags["og:image"] != "https://porch.example:8443/preview.png" {
			t.Errorf("%s: the image is %q", language, tags["og:image"])
		}
	}
	if tags, _ := headTags(t, h.ask(request{method: "GET", path: "/r/" + statement.ID{4}.String()}).body); tags["og:title"] != "Porch" {
		t.Errorf("a plan that is not for everybody: %q", tags)
	}
}
