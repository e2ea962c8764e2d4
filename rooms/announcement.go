package rooms

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// The life of an announcement.
const (
	AnnounceEvery = 15_000 // ms between two announcements of a live room
	AnnounceLife  = 45     // seconds that one stands: two may be lost
	LastLife      = 1      // seconds that the last one of a host stands that yields the room to another
)

// MaxBundle is the largest announcement bundle, in bytes.
const MaxBundle = 64 << 10

// Bounds on what a bundle holds beside statements, in bytes and elements. Texts are longer than any that a node accepts
// of its members (package api counts characters and forbids control characters); a foreign node may announce others,
// and whoever shows them neutralises control and bidi characters.
const (
	maxTitleText   = 1000
	maxNameText    = 400
	maxSpeakers    = 4
	maxSpeakerName = 160
	maxAddrs       = 8
	maxAddr        = 256
)

// SpeakerHint is somebody on the stage, as the host says.
type SpeakerHint struct {
	Key     identity.PublicKey   `json:"key"`
	Name    string               `json:"name"`
	Picture statement.Commitment `json:"picture,omitzero"` // the SHA-256 of their picture, which the host has or can fetch
}

func (s SpeakerHint) unfit() bool {
	return s.Key.IsZero() || s.Name == "" || len(s.Name) > maxSpeakerName || !utf8.ValidString(s.Name)
}

// Bundle is what an announcement is made of.
type Bundle struct {
	Announce statement.Statement // by the present host
	Create   statement.Statement // of the room
	Delegate statement.Statement // of the root for the node that the create names
	Rules    statement.Statement // of the root
	Title    statement.Text      // that the create commits to
	Name     statement.Text      // of the community, that the rules commit to
	Speakers []SpeakerHint       // people on the stage
	Tenure   Tenure              // of the present host
	Addrs    []string            // multiaddrs of the present host
}

// Announcement is an announcement that has been read: its statements verify and belong together, and it is by the host
// that create and handovers prove. Its time has not been looked at; see CheckTime.
//
// Speakers and Addrs are signed by nobody: they are hints, good for showing and for dialling a node whose key the
// connection then proves.
type Announcement struct {
	ID         statement.ID
	Create     *statement.Create
	CreateText string
	Creator    identity.PublicKey
	Host       identity.PublicKey // the present one, who signed
	Epoch      int64
	Number     int64
	State      statement.RoomState
	Entry      statement.RoomEntry // as it is now
	Community  identity.PublicKey  // the root of the community the room was created in
	Name       string              // of that community; text of a stranger, to be neutralised where it is shown
	Rules      *statement.Rules
	Title      string        // text of a stranger, too
	Speakers   []SpeakerHint // texts of strangers, too
	Stage      int64
	Listening  int64
	Issued     int64 // Unix seconds
	Expires    int64 // Unix seconds
	Addrs      []string
	Tenure     Tenure
	Raw        []byte // the bundle, as it was read

	static        [sha256.Size]byte // of all that stays the same from one announcement to the next
	delegateUntil int64
}

// bundleText is a Bundle on the wire.
type bundleText struct {
	Announce  string         `json:"announce"`
	Create    string         `json:"create"`
	Delegate  string         `json:"delegate"`
	Rules     string         `json:"rules"`
	Title     statement.Text `json:"title"`
	Name      statement.Text `json:"name"`
	Speakers  jsontext.Value `json:"speakers,omitzero"`
	Handovers jsontext.Value `json:"handovers,omitzero"`
	Addrs     jsontext.Value `json:"addrs,omitzero"`
}

// ParseAnnouncement reads a bundle and judges it. Unknown members are ignored, repeated ones refused. The refusals:
// announce-invalid for what is too large, malformed, or does not belong together; announce-host when the announce is not
// signed by the host that create and handovers prove for its epoch, or the first host is not or no longer a node of the
// community; for the statements as by statement.ParseKind, for the handovers as by Tenure.Advance.
//
// It may verify as many signatures as a bundle holds, 116 at most; ParseKnown verifies one where the rest is known.
func ParseAnnouncement(data []byte) (Announcement, error) {
	return ParseKnown(data, func(statement.ID) (Announcement, bool) { return Announcement{}, false })
}

// ParseKnown is ParseAnnouncement for somebody who knows earlier announcements, by room: Directory.Get is one such
// function. Where everything but the announce statement, the speakers and the addresses is the same to the byte, only
// the announce statement is verified, and the new Announcement shares the memory of the known one.
func ParseKnown(data []byte, known func(room statement.ID) (Announcement, bool)) (Announcement, error) {
	if len(data) > MaxBundle {
		return Announcement{}, invalid("%d bytes", len(data))
	}
	var text bundleText
	if err := json.Unmarshal(data, &text); err != nil {
		return Announcement{}, invalid("%v", err)
	}
	speakers, err := readSpeakers(text.Speakers)
	if err != nil {
		return Announcement{}, invalid("speakers: %v", err)
	}
	addrs, err := readTexts(text.Addrs, maxAddrs, maxAddr)
	if err != nil {
		return Announcement{}, invalid("addrs: %v", err)
	}
	announce, err := statement.ParseKind[*statement.Announce](text.Announce)
	if err != nil {
		return Announcement{}, err
	}
	static := text.static()
	a, ok := known(announce.Body().(*statement.Announce).Room)
	if !ok || a.static != static {
		if a, err = text.parseStatic(); err != nil {
			return Announcement{}, err
		}
		a.static = static
	}
	a.Speakers, a.Addrs, a.Raw = speakers, addrs, bytes.Clone(data)
	return a.announced(announce)
}

// parseStatic reads what stays the same from one announcement of a room to the next.
func (t bundleText) parseStatic() (Announcement, error) {
	var b Bundle
	var err error
	if b.Create, err = statement.ParseKind[*statement.Create](t.Create); err != nil {
		return Announcement{}, err
	}
	if b.Delegate, err = statement.ParseKind[*statement.Delegate](t.Delegate); err != nil {
		return Announcement{}, err
	}
	if b.Rules, err = statement.ParseKind[*statement.Rules](t.Rules); err != nil {
		return Announcement{}, err
	}
	b.Title, b.Name = t.Title, t.Name
	a, err := b.static()
	if err != nil {
		return Announcement{}, err
	}
	a.Tenure, err = First(b.Create).advanceAll(t.Handovers)
	return a, err
}

// static is the hash of all texts that stay the same, each after its length.
func (t bundleText) static() [sha256.Size]byte {
	h := sha256.New()
	for _, part := range []string{
		t.Create, t.Delegate, t.Rules, string(t.Title.Salt[:]), t.Title.Text, string(t.Name.Salt[:]), t.Name.Text,
		string(t.Handovers),
	} {
		_, _ = h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part)))) // a hash never fails
		_, _ = h.Write([]byte(part))
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// NewAnnouncement makes the announcement that a host sends; its bytes are Raw. It refuses what ParseAnnouncement would.
// It takes the names of the first speakers, without those that are longer than a bundle may hold: a name cut short may
// end in half a character, and others refuse it.
func NewAnnouncement(b Bundle) (Announcement, error) {
	speakers := slices.DeleteFunc(slices.Clone(b.Speakers), SpeakerHint.unfit)
	speakers = speakers[:min(len(speakers), maxSpeakers)]
	text := bundleText{
		Announce: b.Announce.Text(), Create: b.Create.Text(), Delegate: b.Delegate.Text(), Rules: b.Rules.Text(),
		Title: b.Title, Name: b.Name,
	}
	var errs [4]error
	text.Speakers, errs[0] = json.Marshal(speakers)
	text.Addrs, errs[1] = json.Marshal(b.Addrs)
	text.Handovers, errs[2] = b.Tenure.Encode()
	var raw []byte
	raw, errs[3] = json.Marshal(text)
	if err := errors.Join(errs[:]...); err != nil {
		return Announcement{}, invalid("%v", err)
	}
	a, err := b.static()
	if err != nil {
		return Announcement{}, err
	}
	if b.Tenure.Room != a.ID {
		return Announcement{}, reason.Reject(reason.AnnounceHost, "a tenure of another room")
	}
	a.Tenure, a.static = b.Tenure, text.static()
	return ParseKnown(raw, func(statement.ID) (Announcement, bool) { return a, true })
}

// static judges what stays the same from one announcement of a room to the next.
func (b Bundle) static() (Announcement, error) {
	create, ok := b.Create.Body().(*statement.Create)
	if !ok {
		return Announcement{}, invalid("no create")
	}
	delegate, ok := b.Delegate.Body().(*statement.Delegate)
	if !ok || delegate.Community != create.Community || b.Delegate.Signer() != create.Community {
		return Announcement{}, invalid("the delegate is not the root's")
	}
	if delegate.Node != create.Node {
		return Announcement{}, reason.Reject(reason.AnnounceHost, "the delegate is for another node")
	}
	rules, ok := b.Rules.Body().(*statement.Rules)
	switch {
	case !ok || rules.Community != create.Community || b.Rules.Signer() != create.Community:
		return Announcement{}, invalid("the rules are not the root's")
	case b.Title.Commitment() != create.Title || b.Name.Commitment() != rules.Name:
		return Announcement{}, invalid("another title or name than was committed to")
	case b.Title.Text == "" || len(b.Title.Text) > maxTitleText || b.Name.Text == "" || len(b.Name.Text) > maxNameText:
		return Announcement{}, invalid("a title of %d bytes, a name of %d", len(b.Title.Text), len(b.Name.Text))
	}
	return Announcement{
		ID: b.Create.ID(), Create: create, CreateText: b.Create.Text(), Creator: b.Create.Signer(),
		Community: create.Community, Name: b.Name.Text, Rules: rules, Title: b.Title.Text,
		delegateUntil: delegate.Expires,
	}, nil
}

// announced adds to a what the announce statement says, and judges whether its signer may say it.
func (a Announcement) announced(s statement.Statement) (Announcement, error) {
	body := s.Body().(*statement.Announce)
	switch {
	case body.Room != a.ID:
		return Announcement{}, invalid("the announce is of another room")
	case body.State == statement.RoomScheduled:
		return Announcement{}, invalid("a room that lives is not scheduled")
	case a.Tenure.Host != s.Signer() || a.Tenure.Epoch != body.Epoch:
		return Announcement{}, reason.Reject(reason.AnnounceHost, "the host of epoch %d is %s", a.Tenure.Epoch, a.Tenure.Host)
	case body.Epoch == 1 && body.IssuedAt > a.delegateUntil+statement.Slack:
		return Announcement{}, reason.Reject(reason.AnnounceHost, "the host is no longer a node of its community")
	}
	a.Host, a.Epoch, a.Number, a.State = s.Signer(), body.Epoch, body.Number, body.State
	if a.Entry = a.Create.Entry; body.Entry != "" {
		a.Entry = body.Entry
	}
	a.Stage, a.Listening, a.Issued, a.Expires = body.Stage, body.Listening, body.IssuedAt, body.Expires
	return a, nil
}

// CheckTime judges the announcement at a time in Unix seconds. Refused: announce-early when it was issued more than
// statement.Slack later than that, announce-stale when it expired more than statement.Slack before.
func (a Announcement) CheckTime(at int64) error {
	switch {
	case a.Issued > at+statement.Slack:
		return reason.Reject(reason.AnnounceEarly, "issued %d s ahead", a.Issued-at)
	case a.Expires+statement.Slack < at:
		return reason.Reject(reason.AnnounceStale, "expired %d s ago", at-a.Expires)
	}
	return nil
}

// Leaving reports that the announcement is the last of a host that yields the room to another, after a partition: it
// stands for LastLife. A room's end is not meant.
func (a Announcement) Leaving() bool {
	return a.State == statement.RoomLive && a.Expires-a.Issued == LastLife
}

// size is about how much memory an announcement holds on to, in bytes.
func (a Announcement) size() int {
	const fixed = 2048 // the struct, its entry in a Directory, the bodies of create and rules; measured by a test
	n := fixed + len(a.Raw) + len(a.CreateText) + len(a.Title) + len(a.Name)
	for _, text := range a.Addrs {
		n += len(text)
	}
	for _, s := range a.Speakers {
		n += len(s.Key) + len(s.Name)
	}
	for _, h := range a.Tenure.Line {
		n += 2*h.size() + 1024
	}
	return n
}

func invalid(detail string, args ...any) error {
	return reason.Reject(reason.AnnounceInvalid, detail, args...)
}

func readSpeakers(raw jsontext.Value) ([]SpeakerHint, error) {
	list, err := readList[SpeakerHint](raw, maxSpeakers)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(list, SpeakerHint.unfit) {
		return nil, errors.New("a speaker without key or name, or with a long one")
	}
	return list, nil
}

// readTexts reads a list of texts, none empty.
func readTexts(raw jsontext.Value, limit, bytes int) ([]string, error) {
	list, err := readList[string](raw, limit)
	if err != nil {
		return nil, err
	}
	for _, text := range list {
		if text == "" || len(text) > bytes {
			return nil, fmt.Errorf("a text of %d bytes", len(text))
		}
	}
	return list, nil
}
