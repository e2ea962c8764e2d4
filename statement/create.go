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
	Entry     RoomEntry          `json:"entry"`
	Schedule  ID                 `json:"schedule,omitzero"` // the first schedule of what this opens; none for a room of the moment
}

// RoomEntry is who may enter a room.
type RoomEntry string

// RoomMembers lets the members of the community in.
const RoomMembers RoomEntry = "members"

// MaxTopics is how many topics a room may have.
const MaxTopics = 3

var (
	topicPattern    = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)
	languagePattern = regexp.MustCompile(`^[a-z]{2,3}(-[A-Z]{2})?$`)
	jtiPattern      = regexp.MustCompile(`^[A-Za-z0-9_-]{16,43}$`)
)

// Kind implements Body.
func (*Create) Kind() Kind { return KindCreate }

func (c *Create) audience() string { return c.Community.String() }

func (c *Create) check() error {
	return all(
		since(c.IssuedAt),
		matches("jti", c.JTI, jtiPattern),
		matches("lang", c.Language, languagePattern),
		oneOf("entry", c.Entry, RoomMembers),
		topics(c.Topics),
	)
}
