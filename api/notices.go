package api

import (
	"slices"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// Paths of what a member is told of: rooms that open, people who come on a stage, planned rooms that begin.
const (
	PathNotices        = "/me/notices"          // GET NoticeList
	PathNoticesRead    = "/me/notices/read"     // POST ReadNotices -> NoticeList
	PathNoticeSettings = "/me/notices/settings" // GET NoticeSettings; POST NoticeSettings -> NoticeSettings
	PathMyPush         = "/me/push"             // GET PushKey; POST PushSubscription -> 204: tell this browser too, when the page is closed
	PathMyPushRemove   = "/me/push/remove"      // POST PushRemoval -> 204
)

// NoticeKind is why a member is told.
type NoticeKind string

// The kinds, the strongest reason first.
const (
	NoticeReminder  NoticeKind = "reminder"
	NoticePerson    NoticeKind = "person"
	NoticeCommunity NoticeKind = "community"
	NoticeTopic     NoticeKind = "topic"
)

// Notice is one thing that a member was told. The node keeps only keys and references of it: names and titles are those
// that it knows now, and are absent once the room is over or the person has gone.
type Notice struct {
	N         int64        `json:"n" doc:"Its number among the member's; it only grows."`
	Kind      NoticeKind   `json:"kind" enum:"reminder,person,community,topic" doc:"Why they are told: they asked to be reminded; somebody whom they follow opened the room or came on its stage; it is of their community; it is on a topic that they follow."`
	At        int64        `json:"at" doc:"Unix milliseconds."`
	Read      bool         `json:"read"`
	Quiet     bool         `json:"quiet" doc:"It came in quiet hours: it is listed, and nothing rings."`
	Room      statement.ID `json:"room" doc:"The room, or the scheduled room: the link is /r/{room}."`
	Over      bool         `json:"over" doc:"Nobody can enter any more, as far as this node knows."`
	Title     string       `json:"title,omitempty"`
	By        *Member      `json:"by,omitempty" doc:"With kind person whom they follow, else who opened or planned it."`
	Topic     string       `json:"topic,omitempty" doc:"With kind topic: which one."`
	Community string       `json:"community,omitempty" doc:"The name of the room's community."`
	Start     int64        `json:"start,omitzero" doc:"With kind reminder: when it begins, Unix milliseconds."`
}

// NoticeList is what a member was told in the last seven days, the newest first, fifty at most.
type NoticeList struct {
	Notices []Notice `json:"notices" nullable:"false"`
	Unread  int      `json:"unread"`
}

// ReadNotices says what the member has seen.
type ReadNotices struct {
	Notices []int64 `json:"notices" nullable:"false" maxItems:"50" doc:"Their numbers."`
}

// QuietHours is the part of each day in which nothing rings.
type QuietHours struct {
	From string `json:"from" doc:"On the wall of the zone: 22:00."`
	To   string `json:"to" doc:"Across midnight where it is the earlier one."`
	Zone string `json:"zone" doc:"IANA name."`
}

// NoticeSettings are what a member wants to be told.
type NoticeSettings struct {
	Reminders bool                 `json:"reminders" doc:"Planned rooms that they asked to be reminded of."`
	People    bool                 `json:"people" doc:"Rooms of people whom they follow."`
	Community bool                 `json:"community" doc:"Every room of their community."`
	Topics    bool                 `json:"topics" doc:"Rooms on topics that they follow."`
	Quiet     *QuietHours          `json:"quiet,omitempty"`
	Hidden    []identity.PublicKey `json:"hidden" nullable:"false" maxItems:"200" doc:"Communities of which they want to hear nothing."`
}

// DefaultNotices are the settings of who has set nothing: whoever follows a topic or a person wants to hear of it.
func DefaultNotices() NoticeSettings {
	return NoticeSettings{Reminders: true, People: true, Topics: true, Hidden: []identity.PublicKey{}}
}

// Bounds of notices.
const (
	MaxHidden  = 200 // communities
	MaxNotices = 50  // that are listed
	MaxDevices = 8   // browsers of one member that are told when the page is closed
)

// Check refuses more, or the same twice. Whether quiet hours are some is for the node to say, which knows the zones.
func (s NoticeSettings) Check() error {
	if len(s.Hidden) > MaxHidden {
		return reason.Reject(reason.RequestInvalid, "%d communities; %d are allowed", len(s.Hidden), MaxHidden)
	}
	for i, key := range s.Hidden {
		if slices.Contains(s.Hidden[:i], key) {
			return reason.Reject(reason.RequestInvalid, "%s twice", key)
		}
	}
	return nil
}

// Noticed tells a member something. It comes on all of their connections, in rooms and outside.
type Noticed struct {
	Head
	Notice Notice `json:"notice"`
	Unread int    `json:"unread" doc:"How many they have not read, with this one."`
}

// PushKey is what a browser needs to subscribe.
type PushKey struct {
	Key string `json:"key" doc:"The node's VAPID key, for applicationServerKey: 65 bytes in base64url. Another one, after a restored backup, means: subscribe anew."`
}

// PushSubscription is where a browser takes messages while the page is closed (RFC 8030), as its PushSubscription says.
type PushSubscription struct {
	Endpoint string `json:"endpoint" maxLength:"1024" doc:"https, on port 443 of a public address."`
	P256DH   string `json:"p256dh" maxLength:"100" doc:"Its public key: 65 bytes in base64url."`
	Auth     string `json:"auth" maxLength:"30" doc:"Its secret: 16 bytes in base64url."`
	Language string `json:"language" enum:"en,fr" doc:"Of the page, so that the message can be shown in it."`
}

// PushRemoval ends a subscription.
type PushRemoval struct {
	Endpoint string `json:"endpoint" maxLength:"1024"`
}

// PushMessage is what a subscribed browser gets, encrypted for it (RFC 8291). JSON.
type PushMessage struct {
	Kind      NoticeKind   `json:"kind"`
	Room      statement.ID `json:"room"`
	Title     string       `json:"title,omitempty"`
	By        string       `json:"by,omitempty"` // a name
	Topic     string       `json:"topic,omitempty"`
	Community string       `json:"community,omitempty"`
	Start     int64        `json:"start,omitzero"`
	Language  string       `json:"language"`
}
