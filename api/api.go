// Package api holds the wire types and paths of a node's HTTP and WebSocket interface.
//
// The server (api/server), the Go SDK (api/client), the OpenAPI document and, through it, the TypeScript types of the
// page all come from the types here. Times are Unix milliseconds (field At and the like); times inside statements are
// seconds (RFC 7519). Keys are did:key text, ids are base64url.
package api

import (
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

// Base is the prefix of every path below.
const Base = "/api/v1"

// Paths, relative to Base.
const (
	PathNode      = "/node"                   // GET  Node
	PathFound     = "/found"                  // POST FoundRequest -> Member, 201
	PathChallenge = "/sessions/challenge"     // POST -> Challenge, 201
	PathSessions  = "/sessions"               // POST SessionRequest -> Session, 201; DELETE signs out, 204
	PathMe        = "/me"                     // GET  Me
	PathInvites   = "/invites"                // GET  Invites; POST CreateInvite -> Invite, 201
	PathInvite    = "/invites/{id}"           // GET  InvitePreview, without a session
	PathRevoke    = "/invites/{id}/revoke"    // POST RevokeInvite -> Invite
	PathJoin      = "/join"                   // POST JoinRequest -> Member, 201
	PathRooms     = "/rooms"                  // GET  RoomList; POST CreateRoom -> Room, 201
	PathRoom      = "/rooms/{id}"             // GET  Room
	PathAudience  = "/rooms/{id}/audience"    // GET ?offset&limit -> Audience
	PathRoomLog   = "/rooms/{id}/log"         // GET  RoomLog, for those who are in the room
	PathActions   = "/rooms/{id}/actions"     // POST Action -> 204
	PathDoor      = "/rooms/{id}/door"        // GET  Room, without a session: a public room, or why not
	PathGuests    = "/rooms/{id}/guests"      // POST SessionRequest -> GuestSession, 201: to listen, without being a member
	PathChosen    = "/rooms/{id}/chosen"      // GET  Chosen, for moderators
	PathMedia     = "/rooms/{id}/media"       // POST application/sdp offer ?srtp -> 201 application/sdp answer, Location
	PathLeg       = "/rooms/{id}/media/{leg}" // DELETE, 204
	PathApps      = "/rooms/{id}/apps"        // GET  AppList; POST CreateApp -> NewApp, 201
	PathApp       = "/rooms/{id}/apps/{app}"  // DELETE, 204
	PathEvents    = "/events"                 // WebSocket
	PathNodes     = "/nodes"                  // POST AddNode -> 204: the founder delegates one more node
	PathAdopt     = "/adopt"                  // POST AdoptRequest -> Node, 201: a node without community becomes one of theirs
)

// Node says what is behind this address. Anybody may ask.
type Node struct {
	Node      identity.PublicKey `json:"node" doc:"The node's did:key."`
	Peer      string             `json:"peer" doc:"The same key as a libp2p peer id."`
	Version   string             `json:"version"`
	Now       int64              `json:"now" doc:"The node's clock, Unix milliseconds. Sign with this time, not your own."`
	Slots     int                `json:"slots" doc:"How many audio streams a listener receives (K)."`
	Community *Community         `json:"community,omitempty" doc:"Absent until somebody founds one."`
	Restored  bool               `json:"restored,omitzero" doc:"This node was restored from a backup and has a new key: until the founder adds it (POST /nodes), nothing new can be done."`
}

// Community is the community that a node runs.
type Community struct {
	ID      identity.PublicKey `json:"id" doc:"The root key's did:key."`
	Name    string             `json:"name"`
	Entry   statement.Entry    `json:"entry"`
	Rules   statement.Rules    `json:"rules"`
	Members int                `json:"members"`
}

// Text is a text with the salt that makes its commitment.
type Text = statement.Text

// FoundRequest founds the community. The statements are signed by the new root key.
type FoundRequest struct {
	Secret   string `json:"secret" doc:"From the owner link's fragment."`
	Delegate string `json:"delegate" doc:"A delegate statement for this node."`
	Rules    string `json:"rules" doc:"The community's first rules statement."`
	Name     Text   `json:"name" doc:"The community's name, to which the rules commit."`
	Profile  string `json:"profile" doc:"The founder's profile statement."`
}

// JoinRequest redeems an invite.
type JoinRequest struct {
	Join    string `json:"join" doc:"A join statement that carries its redeem."`
	Profile string `json:"profile" doc:"The new member's profile statement."`
}

// AddNode writes a delegate for another node into this community's log.
type AddNode struct {
	Delegate string `json:"delegate" doc:"A delegate statement for the other node, signed by the root, of an order not used before."`
}

// AdoptRequest makes a node without a community one more node of the founder's. It fetches the rest from the others.
type AdoptRequest struct {
	Secret   string   `json:"secret" doc:"From the owner link's fragment."`
	Delegate string   `json:"delegate" doc:"The delegate statement for this node."`
	Peers    []string `json:"peers" nullable:"false" maxItems:"20" doc:"Multiaddrs of nodes that keep the community's logs."`
}

// Member is a person of the community.
type Member struct {
	Key     identity.PublicKey   `json:"key"`
	Name    string               `json:"name"`
	Picture statement.Commitment `json:"picture,omitzero" doc:"Their picture at /pictures/{digest}, if they have one."`
}

// Challenge is what a session statement must carry. It can be used once.
type Challenge struct {
	Nonce   string             `json:"nonce"`
	Node    identity.PublicKey `json:"node"`
	Now     int64              `json:"now"`
	Expires int64              `json:"expires" doc:"Unix milliseconds."`
}

// SessionRequest answers a challenge.
type SessionRequest struct {
	Session string `json:"session" doc:"A session statement."`
	Program string `json:"program,omitempty" doc:"What opens the session, in its own words, such as Firefox on Linux: one line of at most 60 characters, shown to the member alone, among their sessions."`
}

// Session is an open session. The token goes into Authorization: Bearer, and into the WebSocket's hello.
type Session struct {
	Token   string `json:"token"`
	Expires int64  `json:"expires" doc:"Unix milliseconds. Each use moves it on."`
	Member  Member `json:"member"`
}

// Me is what the node holds on the member of the session.
type Me struct {
	Member  Member   `json:"member"`
	Founder bool     `json:"founder"`
	Chain   []Member `json:"chain" nullable:"false" doc:"The people who answer for one another, from this member to the founder."`
	Left    int      `json:"left" doc:"Invites left."`
	Joined  int64    `json:"joined" doc:"Unix milliseconds."`
	Steward bool     `json:"steward" doc:"Whether they answer those who ask to join."`
	Waiting int      `json:"waiting" doc:"How many wait for a steward's answer; 0 for who is none."`

	Founding *Founding `json:"founding,omitempty" doc:"For the founder alone."`
}

// Invites is what a member has given away and may still give.
type Invites struct {
	Left     int      `json:"left"`
	Slots    []Slot   `json:"slots" nullable:"false" doc:"Free slots: sign the invite over one of them."`
	Invites  []Invite `json:"invites" nullable:"false"`
	Grants   []Grant  `json:"grants" nullable:"false" doc:"What the member was given, and why; oldest first."`
	Earning  *Earning `json:"earning,omitempty" doc:"How the next invites come. Absent where the rules give none."`
	Standing Standing `json:"standing"`
}

// Slot is one right to invite.
type Slot struct {
	Grant statement.ID `json:"grant"`
	Slot  int64        `json:"slot"`
}

// InviteState is where an invite stands.
type InviteState string

// The states of an invite.
const (
	InvitePending InviteState = "pending"
	InviteJoined  InviteState = "joined"
	InviteRevoked InviteState = "revoked"
	InviteExpired InviteState = "expired"
)

// Invite is one invite of the asking member.
type Invite struct {
	ID      statement.ID `json:"id"`
	State   InviteState  `json:"state" enum:"pending,joined,revoked,expired"`
	Created int64        `json:"created"`
	Expires int64        `json:"expires"`
	Joined  *Member      `json:"joined,omitempty"`
	Note    string       `json:"note,omitempty" doc:"For whom it is, as its author wrote."`
}

// CreateInvite spends a slot.
type CreateInvite struct {
	Invite string `json:"invite" doc:"An invite statement."`
	Note   *Text  `json:"note,omitempty" doc:"The note that the invite commits to: at most 100 characters. Only its author is shown it."`
}

// RevokeInvite takes a pending invite back. Its slot is free again.
type RevokeInvite struct {
	Revoke string `json:"revoke" doc:"A revoke statement that names the invite."`
}

// InvitePreview is what the landing page of an invite link shows. A used, revoked or expired invite is a problem
// document instead.
type InvitePreview struct {
	ID        statement.ID `json:"id"`
	Community Community    `json:"community"`
	Sponsor   Member       `json:"sponsor"`
	Expires   int64        `json:"expires"`
}

// Problem is an error (RFC 9457, application/problem+json).
type Problem struct { //nolint:errname // the word of RFC 9457
	Type   string `json:"type" doc:"The reason as a URN: urn:stoa:reason:{code}."`
	Title  string `json:"title" doc:"One sentence for a person, in the language asked for (Accept-Language: en, fr)."`
	Status int    `json:"status"`
	Code   string `json:"code" doc:"The stable reason code."`
	Detail string `json:"detail,omitempty" doc:"For whoever debugs a client."`

	Removal *Removal `json:"removal,omitempty" doc:"With the code room-removed: by whom, why and until when."`
}

// Error implements error, so that the SDK can return what the node said.
func (p *Problem) Error() string { return p.Code + ": " + p.Title }
