package rooms

import (
	"bytes"
	"errors"

	"github.com/go-json-experiment/json"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// The life of the announcement of a scheduled room, in seconds. Nobody waits for it, so it is repeated seldom: three may
// be lost.
const (
	PlanEvery = 30 * 60
	PlanLife  = 2 * 60 * 60
)

// PlanBundle is what the announcement of a scheduled room is made of.
type PlanBundle struct {
	Announce statement.Statement // by a node of the community
	Plan     Plan
	Delegate statement.Statement // of the root for that node
	Rules    statement.Statement // of the root
	Name     statement.Text      // of the community, that the rules commit to
	Author   string              // how the author is called; "" where nobody knows
}

// PlanAnnouncement is the announcement of a scheduled room that has been read: its statements verify and belong together.
// Its time has not been looked at; see CheckTime. Whether the author is a member, the node that signs it vouches for.
type PlanAnnouncement struct {
	Plan
	Node    identity.PublicKey // that announces it
	Number  int64
	Name    string // of the community; text of a stranger, to be neutralised where it is shown
	Rules   *statement.Rules
	By      string // how the author is called, as the node says; text of a stranger, too
	Issued  int64  // Unix seconds
	Expires int64  // Unix seconds
	Raw     []byte // the bundle, as it was read
}

// planText is a PlanBundle on the wire. Its member schedule tells it from the bundle of a live room.
type planText struct {
	Announce string         `json:"announce"`
	Schedule string         `json:"schedule"`
	First    string         `json:"first,omitzero"` // where schedule is a later one
	Delegate string         `json:"delegate"`
	Rules    string         `json:"rules"`
	Title    statement.Text `json:"title"`
	Name     statement.Text `json:"name"`
	Author   string         `json:"author,omitzero"`
}

// IsPlan reports whether a bundle is that of a scheduled room, for ParsePlan, and not of a live one.
func IsPlan(data []byte) bool {
	var text struct {
		Schedule string `json:"schedule"`
	}
	return len(data) <= MaxBundle && json.Unmarshal(data, &text) == nil && text.Schedule != ""
}

// ParsePlan reads the bundle of a scheduled room and judges it. Unknown members are ignored, repeated ones refused. The
// refusals: announce-invalid for what is too large, malformed, or does not belong together; announce-host when the
// announce is not signed by a node of the community; for the statements as by statement.ParseKind; schedule-author and
// schedule-zone as by NewPlan.
func ParsePlan(data []byte) (PlanAnnouncement, error) {
	if len(data) > MaxBundle {
		return PlanAnnouncement{}, invalid("%d bytes", len(data))
	}
	var text planText
	if err := json.Unmarshal(data, &text); err != nil {
		return PlanAnnouncement{}, invalid("%v", err)
	}
	if len(text.Author) > maxSpeakerName {
		return PlanAnnouncement{}, invalid("an author's name of %d bytes", len(text.Author))
	}
	b := PlanBundle{Name: text.Name, Author: text.Author}
	latest, err := statement.ParseKind[*statement.Schedule](text.Schedule)
	if err != nil {
		return PlanAnnouncement{}, err
	}
	first := latest
	if text.First != "" {
		if first, err = statement.ParseKind[*statement.Schedule](text.First); err != nil {
			return PlanAnnouncement{}, err
		}
	}
	if b.Plan, err = NewPlan(first, latest, text.Title); err != nil {
		return PlanAnnouncement{}, foreign(err)
	}
	if b.Delegate, err = statement.ParseKind[*statement.Delegate](text.Delegate); err != nil {
		return PlanAnnouncement{}, err
	}
	if b.Rules, err = statement.ParseKind[*statement.Rules](text.Rules); err != nil {
		return PlanAnnouncement{}, err
	}
	if b.Announce, err = statement.ParseKind[*statement.Announce](text.Announce); err != nil {
		return PlanAnnouncement{}, err
	}
	a, err := b.announced()
	a.Raw = bytes.Clone(data)
	return a, err
}

// foreign is a refusal of NewPlan as it is held against another node: parts that do not belong together.
func foreign(err error) error {
	switch reason.Of(err) { //nolint:exhaustive // the rest says it already
	case reason.StatementAuthority, reason.StatementAudience, reason.TextMismatch:
		return invalid("%v", err)
	}
	return err
}

// NewPlanAnnouncement makes the announcement that a node sends; its bytes are Raw. It refuses what ParsePlan would.
func NewPlanAnnouncement(b PlanBundle) (PlanAnnouncement, error) {
	text := planText{
		Announce: b.Announce.Text(), Schedule: b.Plan.Latest.Text(), Delegate: b.Delegate.Text(), Rules: b.Rules.Text(),
		Title: b.Plan.Title, Name: b.Name, Author: b.Author,
	}
	if b.Plan.Latest.ID() != b.Plan.ID {
		text.First = b.Plan.Origin.Text()
	}
	raw, err := json.Marshal(text)
	a, refusal := b.announced()
	a.Raw = raw
	return a, errors.Join(err, refusal)
}

// announced judges whether the parts belong together.
func (b PlanBundle) announced() (PlanAnnouncement, error) {
	p := b.Plan
	announce, isAnnounce := b.Announce.Body().(*statement.Announce)
	delegate, isDelegate := b.Delegate.Body().(*statement.Delegate)
	rules, isRules := b.Rules.Body().(*statement.Rules)
	switch {
	case !isAnnounce || announce.State != statement.RoomScheduled || announce.Room != p.ID:
		return PlanAnnouncement{}, invalid("the announce is of another room, or not of a scheduled one")
	case !isDelegate || delegate.Community != p.Community || b.Delegate.Signer() != p.Community:
		return PlanAnnouncement{}, invalid("the delegate is not the root's")
	case delegate.Node != b.Announce.Signer():
		return PlanAnnouncement{}, reason.Reject(reason.AnnounceHost, "%s is no node of the community", b.Announce.Signer())
	case announce.IssuedAt > delegate.Expires+statement.Slack:
		return PlanAnnouncement{}, reason.Reject(reason.AnnounceHost, "the node is no longer one of its community")
	case !isRules || rules.Community != p.Community || b.Rules.Signer() != p.Community:
		return PlanAnnouncement{}, invalid("the rules are not the root's")
	case b.Name.Commitment() != rules.Name:
		return PlanAnnouncement{}, invalid("another name than was committed to")
	case p.Title.Text == "" || len(p.Title.Text) > maxTitleText || b.Name.Text == "" || len(b.Name.Text) > maxNameText:
		return PlanAnnouncement{}, invalid("a title of %d bytes, a name of %d", len(p.Title.Text), len(b.Name.Text))
	}
	return PlanAnnouncement{
		Plan: p, Node: b.Announce.Signer(), Number: announce.Number, Name: b.Name.Text, Rules: rules, By: b.Author,
		Issued: announce.IssuedAt, Expires: announce.Expires,
	}, nil
}

// CheckTime judges the announcement at a time in Unix seconds, as Announcement.CheckTime does.
func (a PlanAnnouncement) CheckTime(at int64) error {
	return Announcement{Issued: a.Issued, Expires: a.Expires}.CheckTime(at)
}

// size is about how much memory an announcement holds on to, in bytes.
func (a PlanAnnouncement) size() int {
	return 2048 + a.Plan.size() + len(a.Raw) + len(a.Name) + len(a.By)
}
