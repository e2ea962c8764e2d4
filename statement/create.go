package statement

import (
	"regexp"

	"github.com/stoa-rooms/stoa/identity"
)

// Create opens a room; the room's id is the id of this statement. Signed by the member who becomes its first moderator.
type Create struct {
	Community identity.PublicKey `json:"aud"`
	IssuedAt  int64              `json:"iat"`
	JTI       string             `json:"jti"`  // random, so that two rooms of one second differ
	Node      identity.PublicKey `json:"node"` // the host
	Title     Commitment         `json:"title"`
	Language  string             `json:"lang"` // BCP 47, a primary language and perhaps a region: "fr", "pt-BR"
	Topics    []string           `json:"topics"`
	Entry     RoomEntry          `json:"entry"`             // as the room opens; moderators may change it
	Schedule  ID                 `json:"schedule,omitzero"` // the first schedule of what this opens; none for a room of the moment
	// Moderators are whom the creator appoints with the opening: those whom the schedule names, where they come.
	Moderators []identity.PublicKey `json:"moderators,omitzero"`
}

// RoomEntry is who may enter a room.
type RoomEntry string

// Who may enter. Whom the moderators chose is in no statement that is logged: the host knows it while the room lives.
const (
	RoomMembers RoomEntry = "members" // members, of this community and of others
	RoomPublic  RoomEntry = "public"  // members, and anybody with the link to listen
	RoomChosen  RoomEntry = "chosen"  // only people whom the moderators chose
)

// MaxTopics is how many topics a room may have.
const MaxTopics = 3

var (
	topicPattern    = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)
	languagePattern = regexp.MustCompile(`^[a-z]{2,3}(-[A-Z]{2})?$`)
	jtiPattern      = regexp.MustCompile(`^[A-Za-z0-9_-]{16,43}$`)
)

func roomEntry(e RoomEntry) error { return oneOf("entry", e, RoomMembers, RoomPublic, RoomChosen) }

// roomEntryAgain is for claims that are there only where they say something new.
func roomEntryAgain(e RoomEntry) error {
	if e == "" {
		return nil
	}
	return roomEntry(e)
}

// Kind implements Body.
func (*Create) Kind() Kind { return KindCreate }

func (c *Create) audience() string { return c.Community.String() }

func (c *Create) check() error {
	if len(c.Moderators) > 0 && c.Schedule.IsZero() {
		return wrong("moderators", "of a room that nobody planned")
	}
	return all(
		since(c.IssuedAt),
		matches("jti", c.JTI, jtiPattern),
		matches("lang", c.Language, languagePattern),
		roomEntry(c.Entry),
		topics(c.Topics),
		several("moderators", c.Moderators, MaxModerators),
	)
}
