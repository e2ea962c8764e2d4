package server

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/reason"
)

// What a preview shows beside words: a file of the page, in the size that chat programs show uncut.
const (
	previewImage  = "preview.png"
	previewWidth  = "1200"
	previewHeight = "630"
	previewAlt    = "A stoa at dusk"
)

const endOfHead = "</head>"

// preview is what other programs show of a link to this node. Whoever posts a link shows its preview to everybody who
// sees it there, and their programs ask without a session: so it says of a room what its door says to strangers, which is
// nothing unless it is public, and of an invite nothing but the community.
type preview struct {
	site, title, text, url, image string
}

// previewOf is the preview of a request's address. Its addresses are absolute and of the node's public origin, whatever
// name the request came by.
func (s *Server) previewOf(r *http.Request) preview {
	origin := s.origins.all[0]
	p := preview{site: "Stoa", title: "Stoa", text: said(s.languageOf(r)).nobody, url: origin + r.URL.EscapedPath(), image: origin + "/" + previewImage}
	if c := s.community.Node().Community; c != nil {
		p.site, p.title, p.text = c.Name, c.Name, said(s.languageOf(r)).community
	}
	text, isRoom := strings.CutPrefix(r.URL.Path, "/r/")
	if !isRoom {
		return p
	}
	id, err := pathID(text, reason.RoomUnknown)
	if err != nil {
		return p
	}
	if room, err := s.doors.Door(r.Context(), id); err == nil {
		p.site, p.title, p.text = room.Community.Name, room.Title, said(s.languageOf(r)).public
		return p
	}
	plan, err := s.schedules.Public(id)
	if err != nil || len(plan.Dates) == 0 {
		return p // members only, for chosen people, over, or none: which of them is not for everybody
	}
	p.site, p.title, p.text = plan.Community.Name, plan.Title, said(s.languageOf(r)).planned(dateIn(plan))
	return p
}

// dateIn is the next date of what is planned, on the wall of its zone: nobody knows where a preview is read.
func dateIn(plan api.Scheduled) (at time.Time, zone string) {
	in, err := time.LoadLocation(plan.Zone)
	if err != nil {
		in, plan.Zone = time.UTC, "UTC"
	}
	return time.UnixMilli(plan.Dates[0].Start).In(in), strings.ReplaceAll(plan.Zone, "_", " ")
}

// sentences are what a preview says beside names.
type sentences struct {
	nobody, community, public string
	planned                   func(at time.Time, zone string) string
}

func said(lang string) sentences {
	if lang == "fr" {
		return sentences{
			nobody:    "Des salons audio, sur un nœud à soi.",
			community: "On s’y parle de vive voix, dans des salons avec une scène et un public.",
			public:    "En direct : toute personne qui a ce lien peut écouter.",
			planned: func(at time.Time, zone string) string {
				day := strconv.Itoa(at.Day())
				if at.Day() == 1 {
					day += "er"
				}
				return fmt.Sprintf("Le %s %s %s %d à %s (%s) : toute personne qui a ce lien pourra écouter.",
					frenchDays[at.Weekday()], day, frenchMonths[at.Month()-1], at.Year(), at.Format("15:04"), zone)
			},
		}
	}
	return sentences{
		nobody:    "Audio rooms, on a node of one’s own.",
		community: "People talk here, live, in rooms with a stage and an audience.",
		public:    "Live: anyone with this link may listen.",
		planned: func(at time.Time, zone string) string {
			return at.Format("Monday, 2 January 2006, 15:04") + " (" + zone + "): anyone with this link may listen."
		},
	}
}

// The names of days and months in French; Go has the English ones.
//
//nolint:gochecknoglobals // never changed
var (
	frenchDays   = [...]string{"dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"}
	frenchMonths = [...]string{
		"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre",
	}
)

// tags are the preview in HTML: Open Graph, which nearly all programs read, and what some read of it under another name.
func (p preview) tags() []byte {
	var b bytes.Buffer
	for _, tag := range []struct{ attribute, name, content string }{
		{"property", "og:type", "website"},
		{"property", "og:site_name", p.site},
		{"property", "og:title", p.title},
		{"property", "og:description", p.text},
		{"property", "og:url", p.url},
		{"property", "og:image", p.image},
		{"property", "og:image:width", previewWidth},
		{"property", "og:image:height", previewHeight},
		{"property", "og:image:alt", previewAlt},
		{"name", "twitter:card", "summary_large_image"},
		{"name", "twitter:title", p.title},
		{"name", "twitter:description", p.text},
		{"name", "twitter:image", p.image},
	} {
		b.WriteString(`<meta ` + tag.attribute + `="` + tag.name + `" content="` + html.EscapeString(tag.content) + "\" />\n")
	}
	return b.Bytes()
}

// with is the page with a preview in its head.
func (f *file) with(p preview) *file {
	plain := f.encoded[""]
	at := bytes.Index(plain, []byte(endOfHead))
	if at < 0 {
		return f
	}
	shown := bytes.Join([][]byte{plain[:at], p.tags(), plain[at:]}, nil)
	sum := sha256.Sum256(shown)
	return &file{kind: f.kind, tag: base64.RawURLEncoding.EncodeToString(sum[:12]), encoded: map[string][]byte{"": shown}}
}
